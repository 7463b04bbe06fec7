"""A question → what is asked for: units, plan, span of time, role, kind of row, and the subject."""

import re
from collections.abc import Sequence
from datetime import date
from functools import cache

from corpus.phrases import Reading, read_spans
from corpus.values import IndicatorKind, Role, TimingKind
from rag.english import to_chinese, with_chinese_units
from rag.filters import matching_sections, plain
from rag.homophones import Homophones, Sounds
from rag.names import find_units, narrow_to_plans, unit_sounds
from rag.patterns import (
    ASKS_STATE,
    COMPARE,
    COUNTING,
    DONE,
    DUE,
    EVERYDAY,
    EVERYTHING,
    FOLLOW,
    FOREIGN,
    GENERAL,
    GREETING,
    LATE,
    LISTING,
    MEASURE,
    NEXT,
    NUMBER,
    OFF_TOPIC,
    ON_FILE,
    OVERDUE,
    OWN,
    PLAN,
    QUOTED,
    REPORT,
    SECTIONS,
    TASK_NOUN,
    UNDONE,
    WHEN,
    WHICH_PLANS,
    WHO,
)
from rag.query import Intent, Query
from rag.question import Question
from rag.views import VersionView
from rag.words import is_english, joints, normal, nouns, segments, spoken_to_written


def understand(question: Question, views: Sequence[VersionView]) -> Query:
    """What a question asks for within the plans that the chat may see."""
    query = _one(question.text, question, list(views))
    if question.history and _follows(query):
        _carry(query, question)
    return query


def _one(text: str, question: Question, views: list[VersionView]) -> Query:
    text = normal(text)
    english = is_english(text)
    if GREETING.fullmatch(text) or not re.search(r"\w", text):
        return Query(text, text, english, Intent.GREETING, views, [], today=question.today)
    beside = OFF_TOPIC.search(text)
    if FOREIGN.search(text) or (beside is not None and not _knows(views, beside[0])):
        return Query(text, text, english, Intent.FOREIGN, views, [], today=question.today)
    views, text_without_plan = narrow_to_plans(text, views)
    names_several = len(views) > 1 and text_without_plan != text
    is_own = bool(OWN.search(text_without_plan))
    text_without_plan = OWN.sub(",", text_without_plan)
    if english:
        text_without_plan = with_chinese_units(text_without_plan)
    else:
        text_without_plan = _mended(_written(text_without_plan, views), views)
    query = Query(text_without_plan, text, english, Intent.FACT, views, [], today=question.today)
    query.is_own = is_own
    rest = find_units(query, question)
    rest = _state(query, _span(query, rest))
    _flags(query)
    query.compares = query.compares or names_several
    if query.compares and query.partners:
        query.units, query.partners = query.units + query.partners, []
    if query.compares and query.is_own and not question.unit:
        query.needs_unit = True
    if not english:
        query.nouns, query.joints = nouns(rest), joints(rest)
    query.quoted = QUOTED.findall(text_without_plan)
    if english:
        known, unknown = to_chinese(rest, lambda word: _knows(views, word))
        query.subject, query.nouns = known + unknown, known
    else:
        query.subject = segments(rest)
    query.intent = _intent(query)
    return query


# ---- the parts of a question


def _knows(views: Sequence[VersionView], word: str) -> bool:
    """Whether one of the plans writes a word."""
    return any(word in view.text for view in views)


def _written(text: str, views: Sequence[VersionView]) -> str:
    return spoken_to_written(text, lambda word: _knows(views, word))


def _mended(text: str, views: Sequence[VersionView]) -> str:
    books = [_everyday(), *(book for v in views for book in (v.sounds, unit_sounds(v.units)))]
    return Homophones(books).mend(text, lambda piece: _knows(views, piece))


@cache
def _everyday() -> Sounds:
    return Sounds(w[i : i + 2] for w in EVERYDAY for i in range(len(w) - 1))


def _span(query: Query, text: str) -> str:
    readings = [r for r in read_spans(text, query.today) if r.start or r.end]
    if not readings:
        return text
    last = readings[-1]
    query.span_text = last.text
    query.dates_itself = True
    query.span = _window(last, query.today)
    query.years = [
        int(year) for r in readings for year in re.findall(r"(?<!\d)(20\d\d)(?!\d)", r.text)
    ]
    until = text[max(0, last.start_at - 2) : last.start_at] + last.text
    if until.startswith(("截至", "截止", "到")) and LATE.search(query.text):
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
    if (
        found.start
        and (found.start - today).days == 1
        and re.match("未来|近|接下来|今后|之后", found.text)
    ):
        return today, found.end  # what is due today is still to be done
    return found.start, found.end


def _state(query: Query, text: str) -> str:
    """Whether rows that are done are asked for, or the others; the text without those words."""
    if LATE.search(text):
        return text
    found = UNDONE.search(text) or DONE.search(text)
    asks = LISTING.search(text) or COUNTING.search(text) or ASKS_STATE.search(text)
    if found is None or not asks:
        return text
    query.done = UNDONE.search(text) is None
    return text[: found.start()] + "," + text[found.end() :]


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
    elif re.search(r"配合|协办|协助|\bsupport(?:s|ing)?\b", text):
        query.roles = {Role.SUPPORT}
    together = re.search(r"([两二三四2-4])个?(?:单位|部门)?(?:共同|联合|一起)牵头|共同牵头", text)
    if together and "含共同牵头" not in text:
        query.leads_together = {"两": 2, "二": 2, "2": 2, "三": 3, "3": 3, "四": 4, "4": 4}.get(
            together[1] or "两", 2
        )
    if re.search("其中.{0,3}(约束性|预期性)", text):
        pass  # a count of all, told apart by kind
    elif "约束性" in text:
        query.indicator_kind = IndicatorKind.BINDING
    elif "预期性" in text:
        query.indicator_kind = IndicatorKind.ANTICIPATORY
    query.asks_report = bool(REPORT.search(text))
    _timing_kind(query)
    for word, part in (("指标", "indicator"), ("专栏", "box"), ("阶段|步骤", "stage")):
        if re.search(word, text) and any(
            task.part == part for view in query.views for task in view.tasks
        ):
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
    elif re.search(
        r"(?:没有?|无).{0,6}(?:日期|期限|时限)|持续(?:开展|推进|进行)|长期|常年|日常工作", text
    ):
        query.timing_kind = TimingKind.RECURRING
    elif again and not re.search(r"\d", text[again.start() :]) and query.span is None:
        query.timing_kind, query.timing_word = TimingKind.RECURRING, again[0]


def _intent(query: Query) -> Intent:
    text = query.text
    if NEXT.search(text):
        return Intent.NEXT
    if ON_FILE.search(query.original):
        return Intent.ON_FILE
    if PLAN.search(query.original):
        return Intent.PLAN
    if query.done is not None:
        return Intent.STATE
    if query.timing_kind is not None:
        return Intent.LIST
    if (
        query.asks_report
        and query.span is None
        and any(
            t.part == "report" or any(x.is_report for x in t.timings)
            for v in query.views
            for t in v.tasks
        )
    ):
        return Intent.FACT
    if OVERDUE.search(text) and (query.subject or query.units) and not LISTING.search(text):
        return Intent.OVERDUE
    if re.search("设在|挂靠", text) or (text.rstrip("?？").endswith("吗") and query.subject):
        query.asks_who = True
        query.subject = segments(text)
        query.quoted += re.findall("设在|挂靠", text)
        return Intent.FACT
    if WHICH_PLANS.search(text) and len(query.views) > 1:
        return Intent.WHICH_PLANS
    if query.sections and re.search("多少|几", text) and not LISTING.search(text):
        return Intent.COUNT
    if COUNTING.search(text) and not query.asks_report and _countable(query):
        return Intent.COUNT
    lists = bool(LISTING.search(text))
    if lists and not DUE.search(text) and _is_year(query.span):
        query.span = None  # “what have we to do this year”: all of it, dated or not
    if (DUE.search(text) or lists) and query.span is not None and plain(query):
        return Intent.DUE
    if DUE.search(text) and LATE.search(text) and plain(query):
        return Intent.DUE
    if query.leads_together:
        return Intent.LIST
    if query.sections and lists:
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
    everything = EVERYTHING.search(text) or (lists and re.search(TASK_NOUN, text) and plain(query))
    if everything and not any((query.asks_number, query.asks_who, query.asks_when)):
        # all of several plans is too much to read: which there are, and how many rows each
        return Intent.LIST if len(query.views) == 1 or query.roles else Intent.ON_FILE
    return Intent.FACT


def _is_year(span: tuple[date | None, date | None] | None) -> bool:
    """Whether a span is one whole year."""
    start, end = span or (None, None)
    return bool(start and end and (end - start).days >= 364)


def _countable(query: Query) -> bool:
    """Whether rows are counted: nothing else is the subject, or the subject is a heading."""
    if plain(query) or matching_sections(query):
        return True
    rows = re.search(rf"(?:多少|几)(?:项|条|{MEASURE}{TASK_NOUN})", query.text)
    return bool(
        rows and (query.units or query.sections or query.quoted or query.roles or query.span)
    )


# ---- follow-ups


def _follows(query: Query) -> bool:
    if query.intent in (Intent.FOREIGN, Intent.GREETING):
        return False
    if FOLLOW.search(query.text):
        return True
    if query.intent is Intent.LIST and query.units and query.roles:
        return False  # 市教育局牵头哪些任务: nothing is left out
    return sum(map(len, query.subject)) <= 4


def _carry(query: Query, question: Question) -> None:
    """Fill what the question leaves out from the questions before it."""
    for earlier_text in reversed(question.history):
        earlier = _one(earlier_text, question, query.views)
        if earlier.intent in (Intent.FOREIGN, Intent.GREETING):
            continue
        if not query.earlier:
            query.earlier = [s for s in earlier.subject if s not in GENERAL]
        if len(earlier.views) < len(query.views):
            query.views = earlier.views  # 其中哪些: of the plan just spoken of
        query.units = query.units or earlier.units
        if (
            query.span is None
            and query.intent in (Intent.LIST, Intent.DUE, Intent.FACT)
            and earlier.span
        ):
            query.span, query.span_text = earlier.span, earlier.span_text
        if (
            not any((query.asks_number, query.asks_who, query.asks_when))
            and query.intent is Intent.FACT
        ):
            query.asks_number, query.asks_who, query.asks_when = (
                earlier.asks_number,
                earlier.asks_who,
                earlier.asks_when,
            )
        query.parts = query.parts or earlier.parts
        listed = earlier.intent in (Intent.DUE, Intent.LIST) and query.intent is not Intent.STATE
        if listed and query.units and not query.subject:
            query.intent, query.earlier = Intent.LIST, []  # of the rows just listed, one unit's
        if query.roles and not query.subject and earlier.intent is Intent.FACT and earlier.subject:
            # 配合的是哪些: of the row just spoken of
            query.intent, query.asks_who = Intent.FACT, True
        if query.earlier or query.units:
            return
