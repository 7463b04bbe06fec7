"""A question → what is asked for: units, plan, span of time, role, kind of row, and the subject."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

from corpus.phrases import Reading, read_spans
from corpus.values import TimingKind
from rag.english import to_chinese, with_chinese_units
from rag.following import carry, follows
from rag.homophones import Homophones, Sounds
from rag.intents import intent_of, read_flags
from rag.measures import read_value
from rag.names import find_units, narrow_to_plans, unit_names, unit_sounds
from rag.patterns import (
    ASKS_STATE,
    COUNTING,
    DONE,
    EVERYDAY,
    FOREIGN,
    GREETING,
    LATE,
    LATE_SAID,
    LISTING,
    OFF_TOPIC,
    OWN,
    OWN_MARK,
    QUOTED,
    UNDONE,
    WE,
)  # fmt: skip
from rag.query import Intent, Query, Span
from rag.question import Question
from rag.shares import read_shares
from rag.shortenings import write_out
from rag.views import VersionView
from rag.words import is_english, joints, normal, nouns, segments, spoken_to_written

CARRIED = 3  # questions before one that it may lean on


def understand(question: Question, views: Sequence[VersionView]) -> Query:
    """What a question asks for within the plans that the chat may see."""
    query = _one(question.text, question, list(views))
    if question.history and follows(query):
        carry(query, _before(question, query.views))
    return query


def _before(question: Question, views: list[VersionView]) -> Iterator[Query]:
    """The questions before it, the latest first, each with what it left out itself."""
    for n in range(len(question.history) - 1, -1, -1):
        earlier = replace(
            question, text=question.history[n], history=question.history[max(0, n - CARRIED) : n]
        )
        yield understand(earlier, views)


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
    text_without_plan = OWN.sub(OWN_MARK, text_without_plan.replace(OWN_MARK, ","))
    if question.unit and OWN_MARK not in text_without_plan:
        text_without_plan = WE.sub(OWN_MARK, text_without_plan, count=1)
    is_own = OWN_MARK in text_without_plan
    terms: dict[str, str] = {}
    if english:
        text_without_plan = with_chinese_units(text_without_plan)
    else:
        text_without_plan = _mended(_written(text_without_plan, views), views)
        plans, names = [view.text for view in views], unit_names(views)
        text_without_plan, terms = write_out(text_without_plan, plans, names)
    query = Query(text_without_plan, text, english, Intent.FACT, views, [], today=question.today)
    query.written_out = terms
    query.is_own = is_own
    rest = read_shares(query, find_units(query, question))
    rest = _state(query, _span(query, read_value(query, rest)))
    if not english:
        query.nouns, query.joints = nouns(rest), joints(rest)
    query.quoted = [q for q in QUOTED.findall(text_without_plan) if not (english and q.isascii())]
    if english:
        known, unknown, query.among = to_chinese(rest, lambda word: _knows(views, word))
        query.subject, query.nouns = known + unknown, known
    else:
        query.subject = segments(rest)
    read_flags(query)
    query.compares = query.compares or names_several
    if query.compares and query.is_own and not question.unit:
        query.needs_unit = True
    query.intent = intent_of(query)
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
    titles = [match.span() for match in re.finditer("《[^》]*》", text)]
    readings = [
        r
        for r in read_spans(text, query.today)
        if (r.start or r.end) and not any(a < r.start_at < b for a, b in titles)
    ]
    if not readings:
        return text
    last = readings[-1]
    if LATE.search(query.text) and re.match("现在|目前|今天|眼下|如今", last.text):
        return text.replace(last.text, ",", 1)  # overdue by now, however long
    query.span_text = last.text
    query.dates_itself = True
    query.span = _window(last, query.today)
    query.years = [
        int(year) for r in readings for year in re.findall(r"(?<!\d)(20\d\d)(?!\d)", r.text)
    ]
    until = text[max(0, last.start_at - 2) : last.start_at] + last.text
    done_by = LATE.search(query.text) or re.search("应[当该]?已", query.text)
    if query.span[1] and until.startswith(("截至", "截止", "到")) and done_by:
        query.span = (None, query.span[1])
        if last.end == query.today:
            query.span, query.span_text = None, ""  # overdue by now
    for r in sorted(readings, key=lambda r: r.start_at, reverse=True):
        text = text[: r.start_at] + "," + text[r.end_at :]
    return text


def _window(found: Reading, today: date) -> Span:
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
    if found.start == found.end and found.text.startswith("再过"):
        return today, found.end  # 再过两个月有哪些到期
    return found.start, found.end


def _state(query: Query, text: str) -> str:
    """Whether rows that are done are asked for, or the others; the text without those words."""
    if LATE.search(text):
        return LATE_SAID.sub(",", text)
    found = UNDONE.search(text) or DONE.search(text)
    asks = LISTING.search(text) or COUNTING.search(text) or ASKS_STATE.search(text)
    if found is None or not asks:
        return text
    query.done = UNDONE.search(text) is None
    return text[: found.start()] + "," + text[found.end() :]
