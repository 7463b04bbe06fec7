"""The words of a question: what is asked about, without what every question says."""

import itertools
import json
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path
from sys import intern

_WORKER = re.compile(r"[\u3400-\u9fff]{2}(?<![成委党会])员")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff〇]")
LATIN = re.compile(r"[a-z0-9]+(?:\.\d+)?%?")

FILLER = """
请问 请教 麻烦 一下 帮我 帮忙 查一查 查一下 查查 我想知道 想问 告诉我 说说 介绍 列出 列一下 具体 究竟 到底 大概 目前 现在 现阶段
是不是 是否 有没有 能不能 会不会 可不可以 需不需要 要不要 什么时候 啥时候 啥时侯 什么时侯 何时 多会儿 哪一天 哪天 几月份 几月 几号 多久 时间要求 时间节点 完成时限 完成时间 时限 期限 截止日期 截止时间 截止 时间表 时间
多少家 多少个 多少次 多少项 多少条 多少件 多少批次 多少批 多少份 多少名 多少人 多少所 多少起 多少张 多少元 多少 几家 几个 几次 几项 几条 几件 几批 几份 几名 几所 几起 几张 几成 几种 几类 几样 几 百分之 百分比
哪些单位 哪几个单位 哪个单位 哪家单位 什么单位 哪些部门 哪个部门 哪几个部门 什么部门 哪个局 哪些 那些 哪一类 哪类 哪一种 更多 更少 哪几个 哪几项 哪几样 哪几条 哪几种 哪几 哪一项 哪项 哪个 哪种 哪里 哪儿 哪 什么样 什么 啥 怎么样 怎么办 怎么 怎样 如何 为何 为什么 谁来 是谁 由谁 找谁 谁管 谁 盯着 管着
单独负责 独立负责 两个单位共同牵头 三个单位共同牵头 几个单位共同牵头 共同牵头 含共同牵头 责任单位 牵头单位 负责单位 配合单位 主管部门 主管单位 数据报送部门 报送部门 牵头 配合 负责 承担 分管 主管 参与 掺和 协助 归口
要求达到 要达到 应达到 需达到 须达到 达到 要做到 做到 得到 得做到 目标值 目标 指标值 要求 规定 标准是 怎么定 怎么规定 定的 定为 安排了 安排 明确 才算达标 算达标 才算 才行 才够 够 达标
任务 重点工作 工作 职责 事项 事情 活儿 活 事儿 事 内容 措施 举措 包括 包含 涵盖 指的是 是指 指什么 指哪 具体指 涉及 提出 列明 部署了 设置了 分为 那一块 这一块 一个月 一天 一周 一个星期 一个学期 得跑 下面 里边 哪一年 哪年 哪月 最晚 最迟 最早 之前
一共 总共 总计 共计 共有 共列 共 合计 分别 各自 各是 各 都有 都是 都得 都要 都 还有 还要 还 有关 关于 相关 方面 范围内 这块 那块 这些 这项 该项 此项 这个 那个 那些 它的 它 其中 里面 里头 当中 之中 中的 里的 除了 除 另外 以及 和 与 跟 及 或 的话 的是 的 了 吗 呢 吧 啊 呀 嘛 哦 么 是 有 在 把 被 让 由 从 到 按照 根据 应当 应该 必须 须 需要 可以 想要
进行 完成 到期 交账 出来 下来 上报 报数 要报 今年 本年度 年度 全年 每年 一年 咱们区 咱们市 咱们县 咱们 我们区 我们市 我区 我市 我县 本区 本市 本县 全区 全市 全县 三地 两地 各地
地方 材料 文件 方案里 规划里 清单里 计划里 表里 方案 规划 清单 计划 要点 一览表 分工表 分解表 表中 文中 提到 写明 写到 讲的 说的 我是说 份过了 过了没 没交差 叫什么 属于 名称 名字 不同 区别 相比 比较 情况 数量 数目
"""
_FILLERS = sorted(set(FILLER.split()), key=len, reverse=True)
_FILLER = re.compile("|".join(map(re.escape, _FILLERS)))
_LONG_FILLER = re.compile(
    "(?:多少|几)(?:个|万|亿|人|平方)?(?:小时|钟头|学时|课时|分钟|工作日|天|年|户|次|场|期|轮|元|公里|米|亩|公顷|吨|公斤|辆"
    "|台|组|只|棵|株|套|座|处|块|支|艘|位|分)|"
    + "|".join(re.escape(word) for word in _FILLERS if len(word) > 1)
)
_ONE_CHARACTER = frozenset(word for word in _FILLERS if len(word) == 1)
_EDGE = re.compile(
    r"^(?:的|了|将|那么?(?!些)|这|它|其|对(?!象|接)|为(?!民)|于|以(?!上|下|内)|按|要(?!点|素)|会(?!议|同|商)|能(?!力|源|效)|应(?!急|用|收|对|届)|需(?!求)|得|就(?!业|医|近)|也|都(?!市)|还|只|才|可(?!持|追|再)|做|搞|弄|干(?!部|净|线)|给(?!水|排)|各|怎|说|讲|再|又)+"
    r"|(?:的|了|吗|呢|吧|啊|呀|要|得|应|需|会|能|都|各|来|(?<![规线网海水陆])上|中|里|做|搞|弄|着|过)+$"
)


def normal(text: str) -> str:
    """NFKC, one kind of quotation marks, no white space inside Chinese."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(
        r"(?<=[\u3400-\u9fff\d%,。;:])\s+(?=[\u3400-\u9fff\d])|(?<=\d)\s+(?=[\u3400-\u9fff])",
        "",
        text,
    )
    return text.strip()


def squeezed(text: str) -> str:
    """Without white space: how two printings of the same words are compared."""
    return re.sub(r"\s+", "", text)


def unquoted(text: str) -> str:
    """Without quotation marks and white space: how a heading is known again in a question."""
    return re.sub(r"[“”\"'‘’《》\s]", "", text)


def is_english(text: str) -> bool:
    """Whether somebody wrote English: more Latin words than Han characters."""
    return len(re.findall(r"[A-Za-z]{2,}", text)) > 2 and len(HAN.findall(text)) < len(text) * 0.4


def spoken_to_written(text: str, knows: Callable[[str], bool]) -> str:
    """Replace what people say by what plans write, the longest words first.

    A word for a thing is replaced only if the plans do not know it and know what is written for
    it; turns of asking always are, but no piece of other words: 屋顶多少. Nothing is replaced by
    what the text says already.
    """
    asking, plans = _spoken()
    for worker in set(_WORKER.findall(text)):  # 监管员, where plans write 监管人员
        people = f"{worker[:-1]}人员"
        if not knows(worker) and knows(people):
            text = text.replace(worker, people)

    ends = _word_ends(text)

    def written(match: re.Match[str]) -> str:
        said = match[0]
        if said in asking and not {match.start(), match.end()} <= ends:
            return said
        words = asking.get(said) or [w for w in plans[said] if knows(w) and not knows(said)]
        return said if not words or any(word in text for word in words) else words[0]

    return _spoken_pattern().sub(written, text)


def _word_ends(text: str) -> set[int]:
    import rjieba

    return {0, *itertools.accumulate(map(len, rjieba.cut(text, False)))}


@cache
def _spoken() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """(turns of asking, words for things), each with what is written for it, the usual one first."""
    path = Path(__file__).parent / "spoken.json"
    parts: dict[str, dict[str, str | list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    asking, plans = (
        {said: [w] if isinstance(w, str) else w for said, w in parts[part].items()}
        for part in ("asking", "plans")
    )
    return asking, plans


@cache
def _spoken_pattern() -> re.Pattern[str]:
    words = sorted(itertools.chain(*_spoken()), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))


def segments(text: str) -> list[str]:
    """The stretches of a question that say what it is about, in order."""
    found = []
    for piece in re.split(r"[^\u3400-\u9fff〇A-Za-z0-9.%+\-]+", normal(text)):
        for part in _said(piece):
            part = _EDGE.sub("", part.strip(".-+"))
            if len(part) >= 2 or LATIN.fullmatch(part.casefold()):
                found.append(part)
    return found


def _said(piece: str) -> list[str]:
    """What is left of a piece between what every question says; 有 stays in 有机肥, 事 in 刑事."""
    import rjieba

    return [
        part
        for stretch in _LONG_FILLER.split(piece)
        for part in "".join(
            "," if word in _ONE_CHARACTER else word for word in rjieba.cut(stretch, False)
        ).split(",")
    ]


def pairs(text: str) -> set[str]:
    """Pairs of neighbouring Han characters, and words of letters and digits."""
    found: set[str] = set()
    for run in re.findall(
        r"[\u3400-\u9fff〇]+|[a-z0-9]+(?:\.\d+)?", unicodedata.normalize("NFKC", text).casefold()
    ):
        if HAN.match(run):
            found.update(intern(run[i : i + 2]) for i in range(len(run) - 1))
        else:
            found.add(run)
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a text, each a verbatim piece of it."""
    return [s.strip() for s in re.findall(r"[^。；;！？\n]+[。；;！？]?", text) if s.strip()]


def nouns(text: str) -> list[str]:
    """The nouns of a text, neighbours joined: what a row must speak of to be about the same thing."""
    import rjieba

    found, joined = [], ""
    for word, tag in [*rjieba.tag(normal(text)), ("", "x")]:
        is_noun = (tag[0] in "nj" or tag in ("eng", "vn", "l")) and not _FILLER.fullmatch(word)
        if is_noun:
            joined += word
        elif joined:
            found.append(joined)
            joined = ""
    return [noun for noun in found if len(noun) >= 2]


def joints(text: str) -> set[str]:
    """Pairs of characters where one word ends and another begins: they say less than a word."""
    import rjieba

    words = rjieba.cut(normal(text), False)
    inside = {p for word in words for p in pairs(word)}
    return {a[-1] + b[0] for a, b in itertools.pairwise(words)} - inside
