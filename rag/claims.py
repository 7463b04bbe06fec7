"""The figures and days that a text states, and the tape on which two texts are laid side by side."""

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from corpus.numerals import DIGITS, read_number

_HAN_DIGITS = "零〇一二两三四五六七八九十"
_N = rf"(?:\d+|[{_HAN_DIGITS}]+)"
_YEAR = r"(?:\d{4}|[〇零一二三四五六七八九]{4})年"
_DAY = re.compile(
    rf"(?P<year>(?:{_YEAR}|\d{{4}}(?=[-—–~至到]\d{{4}}年)|[每今明去当本次全]年)度?(?:{_N}月份?(?:{_N}[日号])?|第?{_N}季度|[上下]半年)?"
    rf"|{_N}月份?(?:{_N}[日号])?|第?{_N}季度|[上下]半年|{_N}[日号]|每(?:半年|季度?|个?月|周|日|天|学期|旬)|[年月季]度?(?=[底末初内])|学期)"
    r"(?P<tail>(?:[上中下]旬|年?底|末|初)?(?:以前|之前|前|以内|之内|内|起|以后|之后|后|止)?)"
)
_SAME_WORDS = (("以前", "前"), ("之前", "前"), ("以内", "内"), ("之内", "内"), ("以后", "后"), ("之后", "后"), ("号", "日"), ("末", "底"), ("份", ""), ("第", ""), ("度", ""))  # fmt: skip

_BEFORE = {
    ">=": "不得?低于|不得?少于|不得?小于|至少|最少|≥|>=",
    "<=": "不得?超过|不得?高于|不得?大于|不得?多于|至多|最多|≤|<=",
    ">": "高于|大于|超过|多于|>", "<": "低于|小于|少于|<", "第": "第", "≈": "大?约|近",
    "=": "达到?|控制在|提高到|下降到|=",
}  # fmt: skip
_AFTER = {">=": "及?以上|余|多", "<=": "及?以下|以内|之内|内", "≈": "左右|上下"}
_HAN_NUMBER = rf"[{_HAN_DIGITS}百千]+"
_COUNTED = "个家所处座条件名人次场期轮项支批户份种类级成星倍套张辆台间元天周年万亿"
_FIGURE = re.compile(
    rf"(?P<before>(?:{'|'.join(_BEFORE.values())})+)?"
    rf"(?:百分之(?P<share>{_HAN_NUMBER}(?:点{_HAN_NUMBER})?|\d+(?:\.\d+)?)"
    rf"|(?P<below>{_N})分之(?P<above>{_N})"
    rf"|(?P<value>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    rf"|(?P<han>{_HAN_NUMBER})(?=[{_COUNTED}%])|(?<=第)(?P<place>{_HAN_NUMBER}))"
    r"(?P<unit>[百千万亿]{0,2}(?:个百分点|个工作日|个月|小时|分钟|公里|平方米|批次|人次|[%‰]|(?!以|及|之|余|多|左|上|下|内|至|到|和|的|由|为|是)[\u4e00-\u9fff])?(?:/[\d百千万]*[\u4e00-\u9fff]{1,2})?)"
    rf"(?P<after>{'|'.join(_AFTER.values())})?"
)

# words of grammar, and those by which every answer names its parts: they say nothing of their own
_GLUE = """
的 地 是 为 在 于 由 要 应 应当 应该 需 需要 须 必须 要求 将 并 并且 和 与 及 以及 即 该 此 这 这项 本 其 其中 也 同时
任务 目标 时限 时间 期限 截止 截至 完成 达到 达 单位 牵头 主办 配合 协办 负责 责任 规定 根据 按照 按 明确 提出 写明 原文 方案
文件 具体 如下 来 到 至 对 向 共同
"""
SILENT = re.compile("|".join(sorted(map(re.escape, _GLUE.split()), key=len, reverse=True)))
_ISO = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure or a day: equal claims say the same, however they are written."""

    said: str  # "2022年12月前", ">=98%"
    unit: str  # "%", "家"; "day" of a day


@dataclass(frozen=True, slots=True)
class Placed:
    """A claim where it stands on a tape."""

    claim: Claim
    at: int
    is_gloss: bool  # computed from the claim before it: （即2022年11月30日前）


@dataclass(frozen=True, slots=True)
class Tape:
    """A text without white space, punctuation and words of grammar."""

    items: list["str | Claim"]  # characters and claims, in order
    ends: set[int]  # where a clause ended: before the item of this number
    claims: list[Placed]


def flat(text: str) -> str:
    """One form of every character, no white space or quotation marks, days written the Chinese way."""
    text = re.sub(r"[\s“”\"]+", "", unicodedata.normalize("NFKC", text))
    return _ISO.sub(lambda m: f"{m[1]}年{int(m[2])}月{int(m[3])}日", text)


def claims_in(text: str) -> list[tuple[int, int, Claim]]:
    """(start, end, claim) of every figure and day of a `flat` text, in order."""
    found = [(m.start(), m.end(), _day(m)) for m in _DAY.finditer(text) if m["year"] or m["tail"]]
    taken = {i for start, end, _ in found for i in range(start, end)}
    found += [
        (m.start(), m.end(), _figure(m))
        for m in _FIGURE.finditer("".join("□" if i in taken else c for i, c in enumerate(text)))
    ]
    return sorted(found, key=lambda one: one[0])


def lay(text: str) -> Tape:
    """The tape of a text."""
    text = flat(text)
    tape = Tape([], set(), [])
    end = 0
    for start, stop, claim in claims_in(text):
        _speak(tape, text[end:start])
        tape.claims.append(Placed(claim, len(tape.items), text[:start].endswith("(即")))
        tape.items.append(claim)
        end = stop
    _speak(tape, text[end:])
    return tape


def alike(one: Tape, at: int, other: Tape, there: int) -> int:
    """How many items around two places are the same: those before, and those after in the same clause."""
    before = itertools.takewhile(
        lambda two: two[0] == two[1],
        zip(reversed(one.items[:at]), reversed(other.items[:there]), strict=False),
    )
    after = 0
    for i, (mine, its) in enumerate(
        zip(one.items[at + 1 :], other.items[there + 1 :], strict=False), 1
    ):
        if mine != its or at + i in one.ends or there + i in other.ends:
            break
        after = i
    return sum(1 for _ in before) + after


def unheard(tape: Tape, sources: Sequence[Tape]) -> str:
    """The first character that stands in no stretch of two or more items shared with a source; "" if none."""
    pairs = {pair for source in sources for pair in itertools.pairwise(source.items)}
    for at, item in enumerate(tape.items):
        beside = (tuple(tape.items[max(at - 1, 0) : at + 1]), tuple(tape.items[at : at + 2]))
        if isinstance(item, str) and not any(pair in pairs for pair in beside):
            return item
    return ""


def _speak(tape: Tape, text: str) -> None:
    for clause in re.split(r"([^\u3400-\u9fff〇A-Za-z0-9]+)", text):
        if clause and not re.match(r"[\u3400-\u9fff〇A-Za-z0-9]", clause):
            tape.ends.add(len(tape.items))
        else:
            tape.items.extend(SILENT.sub("", clause).casefold())


def _day(match: re.Match[str]) -> Claim:
    said = re.sub(rf"[{_HAN_DIGITS}]+(?=[年月日号季])", lambda m: str(read_number(m[0])), match[0])
    for word, plain in _SAME_WORDS:
        said = said.replace(word, plain)
    return Claim(re.sub(r"(?<!\d)0+(?=\d)", "", said), "day")


def _figure(match: re.Match[str]) -> Claim:
    unit = match["unit"] or ""
    if match["share"]:
        value, unit = _number(match["share"]), "%"
    elif match["below"]:
        value, unit = _number(match["above"]), f"/{_number(match['below'])}{unit}"
    else:
        value = _number(match["value"] or match["han"] or match["place"])
    sign = _sign(match["after"] or "", _AFTER) or _sign(match["before"] or "", _BEFORE) or "="
    return Claim(f"{sign}{value.normalize():f}{unit}", unit)


def _sign(words: str, meanings: dict[str, str]) -> str:
    return next((sign for sign, pattern in meanings.items() if re.search(pattern, words)), "")


def _number(words: str) -> Decimal:
    if words[0].isascii():
        return Decimal(words.replace(",", ""))
    whole, _, fraction = words.partition("点")
    decimals = "".join(str(DIGITS[c]) for c in fraction if c in DIGITS)
    return Decimal(f"{read_number(whole) or 0}.{decimals or 0}")
