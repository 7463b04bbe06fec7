"""What a question wants: the kind of answer, the role and the kind of rows, by its turns of speech."""

import re
from dataclasses import replace

from corpus.values import IndicatorKind, Role, TimingKind
from rag.filters import is_report, matching_sections, names_section, plain
from rag.patterns import (
    AGAIN,
    COMPARE,
    COUNTING,
    DUE,
    EVERYTHING,
    HOW_MANY,
    LATE,
    LISTING,
    MEASURE,
    NEXT,
    NUMBER,
    ON_FILE,
    OVERDUE,
    PLAN,
    RANK,
    RANK_SECTIONS,
    REPORT,
    SECTIONS,
    TARGETS,
    TASK_NOUN,
    UNITS,
    UNITS_COUNTED,
    WHEN,
    WHICH_PLANS,
    WHO,
)  # fmt: skip
from rag.persons import named
from rag.query import Intent, Query, Span
from rag.words import segments

_DIRECTED = re.compile(
    r"(?:按照?|依照?|照着?|根据)(国家|省|市|县|区|上级)[级里]?.{0,6}(?:要求|部署|安排)"
    r"|^(国家|省|市|县|区|上级)[级里]?的?(?:要求|部署|安排)(?:开展|办理?|做|落实|推进)?的"
)
_LASTING = re.compile(
    r"(?:没有?|无).{0,6}(?:日期|期限|时限)|持续(?:开展|推进|进行)|常年|日常工作"
    r"|长期(?:坚持|推进|开展|实施|落实|保持|有效|性)*(?=[的或和、有]|任务|工作|事项|\W|$)"
)
_ROWS_COUNTED = re.compile(
    rf"{HOW_MANY}[项条]|{HOW_MANY}{MEASURE}(?:任务|工作|事|活)|(?:任务|工作|事项|事情?|活儿?)(?:一共|总共|共)?(?:有|是)?{HOW_MANY}"
)
_DOING = re.compile(
    "开展|进行|推进|实施|落实|执行|坚持|[要需应]?[做办抓搞]好?|安排|一次|[的都要需]"
)


def read_flags(query: Query) -> None:
    """Put the role, the kinds of rows and of time, and whether a figure, who or when is asked, into `query`."""
    text = query.text
    query.asks_number = bool(NUMBER.search(text))
    query.asks_who = bool(WHO.search(text))
    query.asks_when = bool(WHEN.search(text))
    query.compares = bool(COMPARE.search(text))
    query.sections = bool(SECTIONS.search(text))
    if not query.shares:  # each unit has its own role there
        query.roles = roles_said(text)
    together = re.search(
        r"([两二三四2-4])个?(?:单位|部门)?(?:共同|联合|一起)牵头|([两二三四2-4])[个家](?:单位|部门)牵头|共同牵头",
        text,
    )
    if together and not query.shares and "含共同牵头" not in text:
        query.leads_together = {"两": 2, "二": 2, "2": 2, "三": 3, "3": 3, "四": 4, "4": 4}.get(
            together[1] or together[2] or "两", 2
        )
    told_apart = re.search("其中.{0,3}(约束性|预期性)", text) and not LISTING.search(text)
    if told_apart or ("约束性" in text and "预期性" in text):
        pass  # all of them, told apart by kind
    elif "约束性" in text:
        query.indicator_kind = IndicatorKind.BINDING
    elif "预期性" in text:
        query.indicator_kind = IndicatorKind.ANTICIPATORY
    query.people = named(query)
    if query.people:
        query.roles = set()  # who leads is a person, not a unit
    query.asks_report = bool(REPORT.search(text))
    query.targets = bool(TARGETS.search(text))
    _timing_kind(query)
    for word, part in (
        (r"指标|\bindicators?\b", "indicator"),
        ("专栏", "box"),
        ("阶段|步骤", "stage"),
    ):
        if re.search(word, text) and any(row.task.part == part for row in query.rows):
            query.parts.add(part)
    if "indicator" in query.parts:
        query.asks_report = (
            False  # 由谁报送 of an indicator is who counts it, not a report that is due
        )


def roles_said(text: str) -> set[Role]:
    """The roles that a text asks for; none where it asks for any, or for both."""
    if re.search(r"单独(?:负责|承担)|独立负责|一家负责|solely", text):
        return {Role.RESPONSIBLE}
    if re.search(r"牵头.{0,2}(?:或|和|、).{0,2}(?:责任|配合|参与)|参与.{0,3}牵头", text):
        return set()
    leads_or_bears = re.search(
        r"牵头.{0,6}(?:负责|承担)|牵头.{0,12}(?:或|和|以及).{0,4}(?:负责|承担)|(?:负责|承担).{0,3}牵头",
        text,
    )
    if leads_or_bears and "配合" not in text:
        return {Role.LEAD, Role.RESPONSIBLE, Role.JOINT}
    if re.search(r"牵头.{0,6}配合|配合.{0,6}牵头", text):
        return set()  # both, or which of the two is asked
    if re.search(r"牵头|主办|\bleads?\b", text) and not re.search(r"除牵头|牵头单位外", text):
        return {Role.LEAD}
    if re.search(r"配合|协办|协助|\bsupport(?:s|ing)?\b", text):
        return {Role.SUPPORT}
    return set()


def _timing_kind(query: Query) -> None:
    """How a task is bound to time, where that is what is asked."""
    text = query.text
    directed, lasting, again = _DIRECTED.search(text), _LASTING.search(text), AGAIN.search(text)
    said = directed or lasting or again
    names = said is not None and said.end() == len(text.rstrip("?？"))  # the rows of that kind
    if said is None or not (names or LISTING.search(text) or _counts_rows(query, said[0])):
        return
    if directed:
        query.timing_kind, query.timing_word = TimingKind.AS_DIRECTED, directed[1] or directed[2]
    elif lasting:
        query.timing_kind = TimingKind.RECURRING
    elif again and not re.search(r"\d", text[again.start() :]) and query.span is None:
        query.timing_kind, query.timing_word = TimingKind.RECURRING, again[0]


def _counts_rows(query: Query, said: str) -> bool:
    """Whether rows are counted, 每月要做的任务有几项, and not what they speak of, 每月公布几件."""
    if not COUNTING.search(query.text) or not _ROWS_COUNTED.search(query.text):
        return False
    left = [_DOING.sub("", s.replace(said, "")) for s in query.subject if s not in said]
    return plain(replace(query, subject=[s for s in left if s]))


def intent_of(query: Query) -> Intent:
    """What kind of answer is wanted."""
    text = query.text
    if NEXT.search(text):
        return Intent.NEXT
    if ON_FILE.search(query.original):
        return Intent.ON_FILE
    if PLAN.search(query.original):
        return Intent.PLAN
    if RANK.search(text) or RANK_SECTIONS.search(text):
        return Intent.RANK
    if UNITS_COUNTED.search(text) and (plain(query) or "职责" in text):
        return Intent.UNITS
    whole = plain(query) and query.span is None and not (query.units or query.is_own)
    if UNITS.search(text) and whole:
        return Intent.RANK
    if query.targets and whole:
        return Intent.LIST
    if query.value is not None:
        return Intent.LIST if LISTING.search(text) else Intent.COUNT
    if query.done is not None:
        return Intent.STATE
    if query.timing_kind is not None:
        return Intent.LIST if LISTING.search(text) else Intent.COUNT
    if query.asks_report and query.span is None and any(is_report(row.task) for row in query.rows):
        return Intent.FACT
    if OVERDUE.search(text) and not LISTING.search(text) and not plain(query):
        return Intent.OVERDUE
    if re.search("设在|挂靠", text) or (text.rstrip("?？").endswith("吗") and query.subject):
        query.asks_who = True
        query.subject = segments(text)
        query.quoted += re.findall("设在|挂靠", text)
        return Intent.FACT
    if query.mentions and re.search(r"指(?:的[是哪]|哪|什么|谁)|是指(?![导标定])", text):
        query.subject, query.units = segments(text), []
        query.quoted += [text[m.start : m.end] for m in query.mentions]
        return Intent.FACT  # “有关乡镇”指哪些: what the words mean, not their rows
    if WHICH_PLANS.search(text) and len(query.views) > 1:
        return Intent.WHICH_PLANS
    if query.sections and re.search("多少|几", text) and not LISTING.search(text):
        return Intent.COUNT
    if COUNTING.search(text) and not query.asks_report and _countable(query):
        return Intent.COUNT
    lists = bool(LISTING.search(text))
    if lists and not DUE.search(text) and is_year(query.span):
        query.span = None  # “what have we to do this year”: all of it, dated or not
    if (DUE.search(text) or lists) and query.span is not None and plain(query):
        return Intent.DUE
    if DUE.search(text) and LATE.search(text) and plain(query):
        return Intent.DUE
    if query.leads_together or (lists and query.people):
        return Intent.LIST
    if query.sections and lists:
        return Intent.LIST
    if query.shares and lists:
        return Intent.LIST
    if query.units and (lists or not (query.asks_number or query.asks_who or query.asks_when)):
        return Intent.LIST
    if (
        (query.units or query.is_own)
        and re.search(r"任务|职责|工作|活儿?|指标", text)
        and not query.asks_number
    ):
        return Intent.LIST
    if lists and (query.parts or (query.roles and not query.subject)):
        return Intent.LIST
    if lists and names_section(query):
        return Intent.LIST
    everything = EVERYTHING.search(text) or (
        lists and re.search(rf"{TASK_NOUN}|\b(?:tasks|items|list)\b", text) and plain(query)
    )
    if everything and not any((query.asks_number, query.asks_who, query.asks_when)):
        # all of several plans is too much to read: which there are, and how many rows each
        return Intent.LIST if len(query.views) == 1 or query.roles else Intent.ON_FILE
    return Intent.FACT


def is_year(span: Span | None) -> bool:
    """Whether a span is one whole year."""
    start, end = span or (None, None)
    return bool(start and end and (end - start).days >= 364)


def _countable(query: Query) -> bool:
    """Whether rows are counted: nothing else is the subject, or the subject is a heading."""
    if plain(query) or matching_sections(query) or query.people:
        return True
    rows = re.search(rf"(?:多少|几)(?:项|条|{MEASURE}{TASK_NOUN})", query.text)
    return bool(
        rows
        and (
            query.units
            or query.shares
            or query.sections
            or query.quoted
            or query.roles
            or query.span
        )
    )
