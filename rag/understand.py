"""A question → what is asked for: units, plan, span of time, role, kind of row, and the subject."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from corpus.directory import all_names, bare, organ_of, other_names
from corpus.models import PlanVersion, Task
from corpus.phrases import Reading, read_spans
from corpus.values import IndicatorKind, Role, TimingKind
from rag.english import to_chinese
from rag.homophones import Homophones
from rag.question import Question
from rag.views import VersionView
from rag.words import is_english, normal, nouns, segments, spoken_to_written


class Intent(StrEnum):
    """What kind of answer is wanted."""

    FACT = "fact"  # a figure, who, when, how: the rows and sentences that say it
    LIST = "list"
    COUNT = "count"
    DUE = "due"
    OVERDUE = "overdue"  # is it past its day?
    WHICH_PLANS = "which_plans"
    PLAN = "plan"  # the plan itself: who issued it, when, on what ground
    NEXT = "next"  # the stage or row after one
    GREETING = "greeting"
    FOREIGN = "foreign"  # not about plans at all, or an instruction to us


@dataclass(slots=True)
class Query:
    """A question, understood."""

    text: str  # mended, without the plan's name
    original: str  # as asked, in one script
    english: bool
    intent: Intent
    views: list[VersionView]
    subject: list[str]
    units: list[str] = field(default_factory=list)  # as printed in the plans
    unknown_units: list[str] = field(default_factory=list)
    is_own: bool = False  # 我局
    needs_unit: bool = False  # 我局, but nobody knows which
    roles: set[Role] = field(default_factory=set)
    leads_together: int = 0  # 由两个单位共同牵头
    span: tuple[date | None, date | None] | None = None
    span_text: str = ""
    dates_itself: bool = False  # the span is this question's own, not one before it
    quoted: list[str] = field(default_factory=list)
    parts: set[str] = field(default_factory=set)
    indicator_kind: IndicatorKind | None = None
    sections: bool = False  # the headings themselves are asked for
    asks_number: bool = False
    asks_who: bool = False
    asks_when: bool = False
    compares: bool = False
    today: date = date.min
    nouns: list[str] = field(default_factory=list)
    years: list[int] = field(default_factory=list)  # printed in the question as figures
    timing_kind: TimingKind | None = None  # 持续推进, 每学期, 按市里要求
    timing_word: str = ""
    asks_report: bool = False
    earlier: list[str] = field(default_factory=list)  # the subject of the question before


FOREIGN = re.compile(
    r"忽略.{0,12}(指令|要求|规则|提示)|无视.{0,12}(指令|规则|提示)|系统提示|提示词|开发者模式|扮演|你现在是|你是一[台个只名]|系统通知"
    r"|不要引用|不必.{0,4}理会|倒着|翻译成|写一[首篇段]|讲个?(笑话|故事)|唱[首歌]|下雨|天气|带伞|几度|星座|股票|彩票|乘以|除以|加上\d|等于多少"
    r"|ignore (all|any|the|your|previous)|system prompt|developer mode|pretend|weather|poem|joke|password|密码|api ?key|你是谁|你叫什么",
    re.IGNORECASE,
)  # fmt: skip
OWN = re.compile(
    r"(?:我们?|咱们?|本)(?:这个?)?(?:局|委|办|社|科室|科|处|室|大队|支队|中队|队|分局|中心|街道|镇|乡|所|院|单位|部门|公司|集团|站|校)(?![\u4e00-\u9fff]{0,2}[区县市镇])(?:里头?|这边|里面)?"
    r"|归我们?|我们(?=[要今这该还都]|牵头|负责|配合|有|$)|\b(?:we|our|us)\b",
    re.IGNORECASE,
)
QUOTED = re.compile(r"[“\"「‘']([^”\"」’']{2,40})[”\"」’']")
MEASURE = r"(?:项|条|个|件|类|点|份|大类|大|种)"
TASK_NOUN = r"(?:任务|重点工作|工作|指标|措施|举措|要点|事项|专栏|行动|工程|体系|项目|阶段|类别|部分|板块|领域|职责|条款|条目)"
COUNTING = re.compile(
    rf"(?:共|总共|一共|合计|分为|各?是|有|列|列了|包括|其中)?(?:多少|几){MEASURE}(?:重点|主要|约束性|预期性)?{TASK_NOUN}?(?=[^\u4e00-\u9fff]|$|是|的|呢|吗|谁|为|要|责任|到期|由|$)"
    rf"|{TASK_NOUN}(?:一共|总共|共|分别|各)?(?:有|是)?(?:多少|几){MEASURE}|有几{MEASURE}$|几{MEASURE}$|how many (?:tasks|indicators|items|points|stages)",
    re.IGNORECASE,
)  # fmt: skip
SECTIONS = re.compile(r"(?:多少|几|哪些|哪几)(?:个|大|类|项)*(?:行动|类别|部分|板块|领域|章|大类|方面)|按.{0,8}(?:一栏|栏目|栏)|专栏(?:分别|都)?(?:是|有)?(?:哪|什么|啥)|\d个专栏")
LISTING = re.compile(
    r"哪些|那些|哪几|哪一项|哪项|哪条|有哪|都有啥|啥活|什么活|哪样|职责|干什么|干啥|做什么|负责什么|管什么|管哪|任务清单|列出|列一下|有什么任务|有啥任务|交哪|哪个指标|全部任务|所有任务|什么任务|是什么\?*$|分别是什么|是指"
    r"|\bwhich (?:tasks|items|indicators|duties)|\blist\b|what (?:are|tasks|duties|does)|responsibilities of",
    re.IGNORECASE,
)  # fmt: skip
DUE = re.compile(r"到期|了结|交差|收尾|干完|要完的|要办结|截止|期满|期限的|写明时限|明确期限|要交|交账|月底交|该交|要完成|需完成|应完成|完成的|要达标|未完成|逾期|过期|超期|falls? due|\bdue\b|overdue|deadlines?", re.IGNORECASE)
OVERDUE = re.compile(r"(是不是|是否|有没有|算不算|已经?).{0,12}(过了?期|逾期|到期|超期|过了?.{0,2}期限|过时)|(过期|逾期|到期|超期)了?(吗|没有|没|么)|is .* overdue", re.IGNORECASE)
LATE = re.compile(r"逾期|过期|超期|已经?到期|过了期|过了没|overdue", re.IGNORECASE)
WHICH_PLANS = re.compile(r"(哪几?(?:份|个|些|部|地)|哪里的|哪几个地方|哪些地方|几份).{0,8}(文件|方案|计划|规划|清单|地方|地区|区县|地).{0,10}(提|写|有|含|涉及|规定|要求|搞)|which (?:of the )?(?:plans|documents)", re.IGNORECASE)
REPORT = re.compile(r"报送(?!部门|单位)|上报|报给|交给|要交什么|交什么|报什么|报哪些|材料|进展.{0,4}(?:报|交)|submit|report to", re.IGNORECASE)
GREETING = re.compile(r"(?:你好|您好|hi|hello|在吗|谢谢|多谢|早上好|下午好|帮助|help|怎么用|你会什么|你能做什么)[!！。.?？~～]*", re.IGNORECASE)
NEXT = re.compile(r"(下|上|前|后)一?个?(阶段|步骤|步|项|条|行动)|next (stage|phase|step)|(previous) (stage|phase)", re.IGNORECASE)
NUMBER = re.compile(r"多少|几(?!乎)|百分之|目标|指标值|率$|率\?*$|数量|比例|占比|权重|达标|how (?:many|much)|percentage|what (?:rate|share|proportion|percent)|target", re.IGNORECASE)
WHO = re.compile(r"谁|哪个?(?:单位|部门|局|家|科室)|哪些(?:单位|部门)|哪几个(?:单位|部门)|什么(?:单位|部门)|由哪|责任单位|牵头单位|牵头还是|配合单位|找哪|\bwho\b|which (?:unit|bureau|department|agency|office|body)|responsible for|in charge", re.IGNORECASE)
WHEN = re.compile(r"什么时候|几时|几号|最晚|最迟|啥时|何时|时限|期限|多久|哪天|哪一天|哪年|哪一年|几月|时间要求|时间节点|截止|时间表|什么时间|完成时间|从什么时候|时间是|\bwhen\b|by what date|deadline|on what date|what date", re.IGNORECASE)
COMPARE = re.compile(r"分别|各自|各是|各怎么|各有|各安排|不同|区别|相比|比较|对比|谁更|哪个更|各")
PLAN = re.compile(
    r"(?:根据|依据|按照).{0,10}(?:文件|什么|哪).{0,12}(?:制定|编制|出台|印发)|(?:制定|编制|出台).{0,6}(?:依据|根据)|发文(?:单位|机关|字号|日期)|文号|成文日期|印发(?:日期|时间|单位)"
    r"|(?:谁|哪个单位|什么单位|哪里|什么时候|何时|哪天)(?:制定|印发|发布|发|出台)的|(?:方案|规划|文件|要点|清单|计划)(?:的)?(?:全称|名称|标题|有效期|执行期|期限)|执行期|有效期"
    r"|document number|who issued|when was .{0,30}issued|issued by",
    re.IGNORECASE,
)  # fmt: skip
FOLLOW = re.compile(r"^(那|那么|它|其中|这|该|此|还有|另外|and\b|then\b|what about)|呢[?？]?$|它的|这个|这项|那个|里面|其中", re.IGNORECASE)
UNIT_LIKE = re.compile(r"(?:[市区县省]|[\u4e00-\u9fff]{2,3}[市区县])?[\u4e00-\u9fff]{2,10}?(?:局|委员会|办公室|管委会|分局|支队|大队|集团|协会)(?![\u4e00-\u9fff]{0,1}部)")


def understand(question: Question, views: Sequence[VersionView]) -> Query:
    """What a question asks for within the plans that the chat may see."""
    query = _one(question.text, question, list(views))
    follows = bool(question.history) and _follows(query)
    if follows:
        _carry(query, question)
    return query


def _one(text: str, question: Question, views: list[VersionView]) -> Query:
    text = normal(text)
    english = is_english(text)
    if GREETING.fullmatch(text) or not re.search(r"\w", text):
        return Query(text, text, english, Intent.GREETING, views, [], today=question.today)
    if FOREIGN.search(text):
        return Query(text, text, english, Intent.FOREIGN, views, [], today=question.today)
    views, text_without_plan = _plans(text, views)
    is_own = bool(OWN.search(text_without_plan))
    text_without_plan = OWN.sub(",", text_without_plan)
    if not english:
        text_without_plan = _mended(_written(text_without_plan, views), views)
    query = Query(text_without_plan, text, english, Intent.FACT, views, [], today=question.today)
    query.is_own = is_own
    rest = _units(query, question)
    rest = _span(query, rest)
    _flags(query)
    if not english:
        query.nouns = nouns(rest)
    query.quoted = QUOTED.findall(text_without_plan)
    if english:
        known, unknown = to_chinese(rest)
        query.subject, query.nouns = known + unknown, known
    else:
        query.subject = segments(rest)
    query.intent = _intent(query)
    return query


# ---- the parts of a question


def _plans(text: str, views: list[VersionView]) -> tuple[list[VersionView], str]:
    """Narrow to the plans that are named; their names are taken out of the text."""
    named, spans = [], []
    for view in views:
        found = _plan_name(view.version).search(text)
        if found:
            named.append(view)
            spans.append(found.span())
    if not named:
        return views, text
    if len(views) == 1:
        return views, _plan_name(views[0].version).sub("", text)
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + "," + text[end:]
    return named, text


def _plan_name(version: PlanVersion) -> re.Pattern[str]:
    place = (version.jurisdiction or "").rstrip("市区县省") or "\0"
    full = re.escape(version.jurisdiction or "\0")
    title = re.escape(normal(version.title))
    kind = r"(?:[^,。?？;；]{0,16}?(?:工作方案|方案|规划|工作要点|要点|任务清单|清单|分工表|一览表|计划|文件))?"
    latin = version.plan_id.split("-")[0] if version.plan_id.split("-")[0].isalpha() else "\0"
    year = r"(?:20\d\d年?)?"
    return re.compile(
        rf"《?{title}》?|{year}(?:{full}|{re.escape(place)})(?:[市区县])?(?:的)?{year}{kind}(?:里|中)?"
        rf"|\b(?:the )?{latin}(?: 20\d\d)?(?: plan)?\b",
        re.IGNORECASE,
    )


def _written(text: str, views: Sequence[VersionView]) -> str:
    return spoken_to_written(text)


def _mended(text: str, views: Sequence[VersionView]) -> str:
    known = {pair for view in views for pair in view.frequency}
    known |= {name[i : i + 2] for name in unit_names(views) for i in range(len(name) - 1)}
    everyday = {w[i : i + 2] for w in _EVERYDAY for i in range(len(w) - 1)}
    return Homophones(known | everyday).mend(text, lambda piece: any(piece in view.text for view in views))


_EVERYDAY = (
    "什么时候 完成 哪些 多少 单位 任务 负责 牵头 目标 到期 本月 今年 年底 期限 我们 咱们 分别 一共 要求 指标 哪个 是不是 有没有 "
    "怎么 如何 时间 为什么 规定 现在 目前 工作 职责 哪几 几项 几条 几家 几个 我局 我单位 本单位 我们局 应当 需要 可以 得到 具体 "
    "什么 时限 达到 百分之 多少家 由谁 谁管 谁来 打造 那个 这个 活儿 还有 要交 明确 下个月 上个月 季度 上半年 下半年 每年 全年"
).split()


def unit_names(views: Sequence[VersionView]) -> dict[str, set[str]]:
    """Every way to name a unit of these plans → the units as printed."""
    printed = {r.unit_text for view in views for task in view.tasks for r in task.responsibilities}
    names: dict[str, set[str]] = {}
    for unit in printed:
        names.setdefault(unit, set()).add(unit)
        stem = bare(unit)
        if len(stem) >= 2:
            names.setdefault(stem, set()).add(unit)
        organ = organ_of(unit)
        if organ is not None:
            for other in other_names(organ):
                names.setdefault(other, set()).add(unit)
    return names


def _units(query: Query, question: Question) -> str:
    """Find the units that are named; the text without them."""
    text = query.text
    names = unit_names(query.views)
    excluded = [m.span(1) for m in re.finditer(r"(?:不含|不包括|不算|除了?)([^)，,)）]{2,30})", text)]
    rest, taken = text, []
    for name in sorted(names, key=len, reverse=True):
        for match in re.finditer(rf"(?:[市区县省](?!{re.escape(name[0])}))?{re.escape(name)}", text):
            start, end = match.span()
            if any(start < b and a < end for a, b in taken):
                continue
            taken.append((start, end))
            if any(a <= start < b for a, b in excluded):
                continue
            exact = match[0] if match[0] in names else name
            query.units += sorted(names[exact] - set(query.units))
    for start, end in taken:
        rest = rest[:start] + "," * (end - start) + rest[end:]
    if query.is_own:
        if question.unit:
            own = match_unit(question.unit, names)
            query.units = query.units or own
            query.unknown_units = [] if own else [question.unit]
        elif not query.units:
            query.needs_unit = True
    if not query.units and not query.english:
        query.unknown_units += _strangers(rest, query.views)
    return rest


def match_unit(name: str, names: dict[str, set[str]]) -> list[str]:
    """The printed units that a unit's own name means."""
    name = normal(name)
    for form in (name, bare(name)):
        if form in names:
            return sorted(names[form])
    organ = organ_of(name)
    if organ is not None:
        return sorted({u for other in other_names(organ) for u in names.get(other, ())})
    return []


def _strangers(text: str, views: Sequence[VersionView]) -> list[str]:
    """Names of units that no plan in scope speaks of."""
    found = []
    for match in UNIT_LIKE.finditer(text):
        name = match[0]
        known = next((organ for organ in all_names() if name.endswith(organ)), None)
        if known and not any(known in entry.printed for view in views for entry in view.entries):
            found.append(name)
    return found


def _span(query: Query, text: str) -> str:
    readings = [r for r in read_spans(text, query.today) if r.start or r.end]
    if not readings:
        return text
    last = readings[-1]
    query.span_text = last.text
    query.dates_itself = True
    query.span = _window(last, query.today)
    query.years = [int(year) for r in readings for year in re.findall(r"(?<!\d)(20\d\d)(?!\d)", r.text)]
    if re.search(rf"(?:截至|截止到?|到){re.escape(last.text)}", text) and LATE.search(query.text):
        query.span = (None, query.span[1])
    for r in sorted(readings, key=lambda r: r.start_at, reverse=True):
        text = text[: r.start_at] + "," + text[r.end_at :]
    return text


def _window(found: Reading, today: date) -> tuple[date | None, date | None]:
    """The days in which something must fall due to be meant."""
    if found.kind is TimingKind.DEADLINE and found.end is not None:
        # 年底前: from today on; asked later, of the year that ended then
        start = today if today <= found.end else date(found.end.year, 1, 1)
        return start, found.end
    if found.start and (found.start - today).days == 1 and re.match("未来|近|接下来|今后|之后", found.text):
        return today, found.end  # what is due today is still to be done
    return found.start, found.end


def _flags(query: Query) -> None:
    text = query.text
    query.asks_number = bool(NUMBER.search(text))
    query.asks_who = bool(WHO.search(text))
    query.asks_when = bool(WHEN.search(text))
    query.compares = bool(COMPARE.search(text))
    query.sections = bool(SECTIONS.search(text))
    if re.search(r"单独(?:负责|承担)|独立负责|一家负责|solely", text):
        query.roles = {Role.RESPONSIBLE}
    elif re.search(r"牵头.{0,6}(?:负责|承担)|(?:负责|承担).{0,3}牵头", text) and "配合" not in text:
        query.roles = {Role.LEAD, Role.RESPONSIBLE, Role.JOINT}
    elif re.search(r"牵头.{0,6}配合|配合.{0,6}牵头", text):
        pass  # both, or which of the two is asked
    elif re.search(r"牵头|主办|\bleads?\b", text) and not re.search(r"除牵头|牵头单位外", text):
        query.roles = {Role.LEAD}
    elif re.search(r"配合|协办|协助", text):
        query.roles = {Role.SUPPORT}
    together = re.search(r"([两二三四2-4])个?(?:单位|部门)?(?:共同|联合|一起)牵头|共同牵头", text)
    if together and "含共同牵头" not in text:
        query.leads_together = {"两": 2, "二": 2, "2": 2, "三": 3, "3": 3, "四": 4, "4": 4}.get(together[1] or "两", 2)
    if re.search("其中.{0,3}(约束性|预期性)", text):
        pass  # a count of all, told apart by kind
    elif "约束性" in text:
        query.indicator_kind = IndicatorKind.BINDING
    elif "预期性" in text:
        query.indicator_kind = IndicatorKind.ANTICIPATORY
    query.asks_report = bool(REPORT.search(text))
    _timing_kind(query)
    for word, part in (("指标", "indicator"), ("专栏", "box"), ("阶段|步骤", "stage")):
        if re.search(word, text) and any(task.part == part for view in query.views for task in view.tasks):
            query.parts.add(part)


def _timing_kind(query: Query) -> None:
    """How a task is bound to time, where that is what is asked."""
    text = query.text
    if not LISTING.search(text):
        return
    directed = re.search(r"按照?(国家|省|市|县|区|上级)[级里]?.{0,6}(?:要求|部署|安排)", text)
    again = re.search(r"每(?:学期|季度|季|半年|个?月|周|年|[天日])", text)
    if directed:
        query.timing_kind, query.timing_word = TimingKind.AS_DIRECTED, directed[1]
    elif re.search(r"(?:没有?|无).{0,6}(?:日期|期限|时限)|持续(?:开展|推进|进行)|长期|常年|日常工作", text):
        query.timing_kind = TimingKind.RECURRING
    elif again and not re.search(r"\d", text[again.start() :]) and query.span is None:
        query.timing_kind, query.timing_word = TimingKind.RECURRING, again[0]


def _intent(query: Query) -> Intent:
    text = query.text
    if NEXT.search(text):
        return Intent.NEXT
    if PLAN.search(query.original):
        return Intent.PLAN
    if query.timing_kind is not None:
        return Intent.LIST
    if query.asks_report and query.span is None and any(t.part == "report" or any(x.is_report for x in t.timings) for v in query.views for t in v.tasks):
        return Intent.FACT
    if re.search("设在|挂靠", text) or (text.rstrip("?？").endswith("吗") and query.subject):
        query.asks_who = True
        query.subject = segments(text)
        return Intent.FACT
    if OVERDUE.search(text) and (query.subject or query.units) and not LISTING.search(text):
        return Intent.OVERDUE
    if WHICH_PLANS.search(text) and len(query.views) > 1:
        return Intent.WHICH_PLANS
    if query.sections and re.search("多少|几", text) and not LISTING.search(text):
        return Intent.COUNT
    if COUNTING.search(text) and not query.asks_report and _countable(query):
        return Intent.COUNT
    lists = bool(LISTING.search(text))
    if lists and not DUE.search(text) and _is_year(query.span):
        query.span = None  # “what have we to do this year”: all of it, dated or not
    if (DUE.search(text) or lists) and query.span is not None and _plain(query):
        return Intent.DUE
    if DUE.search(text) and LATE.search(text) and _plain(query):
        return Intent.DUE
    if query.leads_together:
        return Intent.LIST
    if query.sections and lists:
        return Intent.LIST
    if query.units and (lists or not (query.asks_number or query.asks_who or query.asks_when)):
        return Intent.LIST
    if (query.units or query.is_own) and re.search(r"任务|职责|工作|活儿?|指标", text) and not query.asks_number:
        return Intent.LIST
    if lists and (query.parts or (query.roles and not query.subject)):
        return Intent.LIST
    return Intent.FACT


def _is_year(span: tuple[date | None, date | None] | None) -> bool:
    """Whether a span is one whole year."""
    start, end = span or (None, None)
    return bool(start and end and (end - start).days >= 364)


def _countable(query: Query) -> bool:
    """Whether rows are counted: nothing else is the subject, or the subject is a heading."""
    if _plain(query) or matching_sections(query):
        return True
    rows = re.search(rf"(?:多少|几)(?:项|条|{MEASURE}{TASK_NOUN})", query.text)
    return bool(rows and (query.units or query.sections or query.quoted or query.roles or query.span))


def _plain(query: Query) -> bool:
    """Whether nothing is asked about but time, units and kinds of rows."""
    general = "工作要点 要点 重点任务 主要任务 任务清单 清单 分工表 指标表 主要指标表 重点任务分工表 任务分工表 重点工作 具体 措施 具体措施 日期 明确 活 已经 截至 没有 还没 交差 了结 收尾 要干完 要完 表 任务 指标 主要 主要指标 食品安全 重点 约束性 预期性 约束性指标 预期性指标 专栏 期末 阶段 条款 序号 省级 所有 全部 task tasks falls 局 牵头 单位 项 完成 item items indicator indicators bureau".split()
    titles = set().union(*(view.title_pairs for view in query.views)) if query.views else set()
    return all(
        s in general or all(s[i : i + 2] in titles for i in range(len(s) - 1)) for s in query.subject
    )


def matching_sections(query: Query) -> list[str]:
    """Headings over rows of the ledger that the subject names."""
    found: dict[str, None] = {}
    for view in query.views:
        for task in view.tasks:
            section = normal(task.section or "")
            if section and any(len(s) >= 3 and (s in section or section in s) for s in query.subject + query.quoted):
                found.setdefault(task.section or "", None)
    return list(found)


# ---- follow-ups


def _follows(query: Query) -> bool:
    short = sum(map(len, query.subject)) <= 4
    return bool(FOLLOW.search(query.text)) or short or not query.subject


def _carry(query: Query, question: Question) -> None:
    """Fill what the question leaves out from the questions before it."""
    for earlier_text in reversed(question.history):
        earlier = _one(earlier_text, question, query.views)
        if earlier.intent in (Intent.FOREIGN, Intent.GREETING):
            continue
        if not query.earlier:
            query.earlier = list(earlier.subject)
        query.units = query.units or earlier.units
        if query.span is None and query.intent in (Intent.LIST, Intent.DUE, Intent.FACT) and earlier.span:
            query.span, query.span_text = earlier.span, earlier.span_text
        if not any((query.asks_number, query.asks_who, query.asks_when)) and query.intent is Intent.FACT:
            query.asks_number, query.asks_who, query.asks_when = earlier.asks_number, earlier.asks_who, earlier.asks_when
        query.parts = query.parts or earlier.parts
        if query.roles and not query.subject and earlier.intent is Intent.FACT and earlier.subject:
            query.intent, query.asks_who = Intent.FACT, True  # 配合的是哪些: of the row just spoken of
        if query.earlier or query.units:
            return


def with_views(query: Query, views: list[VersionView]) -> Query:
    """The same query for some of the plans."""
    return replace(query, views=views)


def concerns(task: Task, units: Sequence[str], roles: set[Role]) -> bool:
    """Whether one of `units` has one of `roles` (any if empty) in a task."""
    return any(
        r.unit_text in units and (not roles or r.role in roles) for r in task.responsibilities
    )

