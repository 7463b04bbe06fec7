"""Answers read out of rows and sentences: a figure, who, when, how; quoted, or not given at all."""

import re
from collections.abc import Sequence
from dataclasses import replace

from corpus.models import Timing
from corpus.values import TimingKind
from rag import phrasing
from rag.choices import by_plan
from rag.evidence import (
    Found,
    Ranker,
    answers_number,
    asked_measure,
    covered,
    has_measure,
    of_other_period,
    of_other_place,
    timings_of,
    whole_roll,
)
from rag.filters import falls_in, is_report
from rag.measures import of_asked_kind
from rag.patterns import LISTING, NEXT
from rag.persons import PERSON, names_column, row_words
from rag.query import Query
from rag.question import Answer, Citation
from rag.retrieve import Hit
from rag.views import Line, Row
from rag.words import squeezed

ENOUGH = 0.5  # share of the subject that a row must hold to answer
ENOUGH_NUMBER = 0.58  # a figure of something else is worse than none
ENOUGH_SOLE = 0.4  # who does it, where no other row speaks of it
ENOUGH_ENGLISH = 0.4  # a glossary loses some words
CLOSE = 0.92  # of the best score: as good an answer as the best
ENOUGH_REPORT = 0.2
WHOLE = 600  # characters of a row that are shown whole
NEAR = 0.7  # of the best score: still an answer
CLOSE_KIN = 0.6
CLOSE_ENGLISH = 0.85
NAMED = 0.8  # share of a thing asked for that a sentence must hold to speak of it
SAME = 0.85  # share of the shorter sentence
# somebody who acts: 主要负责人负总责, 由市教育局会同, 各镇要
_SOMEBODY = re.compile(
    r"负责|负总责|牵头|主管|承担|会同|配合|[局委办院部厅]\w{0,2}(?:要|应|须)|责任(?:单位|人|科室)|组长|主任|设在"
)
MOST = 3  # rows in one answer


def fact(query: Query, hits: Sequence[Hit]) -> Answer | None:
    """The rows that answer, best first; None when none holds what is asked."""
    found = supported(query, Ranker(query, hits).rank())
    if not found:
        return None
    best = _with_all_asked(query, whole_roll(found[0]))
    chosen = [best]
    for other in found[1:]:
        close = CLOSE_ENGLISH if query.english else CLOSE_KIN if _kin(best, other) else CLOSE
        if len(chosen) < MOST and other.score >= best.score * close and not _said(other, chosen):
            chosen.append(other)
    rows: list[str] = []
    cited: list[Citation] = []
    for one in chosen:
        rows += fact_rows(query, one)
        cited.append(one.entry.cite())
        if squeezed(one.sentence) not in squeezed(one.entry.printed):
            cited.append(one.entry.cite(one.sentence))
    rows += phrasing.over_row(query.views, query.today, query.english)
    if query.asks_when and not query.asks_number and not any(_has_time(one) for one in chosen):
        head = (
            "Not found: the original gives no date for it."
            if query.english
            else "未找到具体日期：原文没有写明。相关内容是："
        )
        return Answer((head, *rows), False, tuple(cited))
    asks_who_alone = query.asks_who and not query.asks_number and not query.asks_when
    if asks_who_alone and not any(_has_unit(one) for one in chosen):
        return Answer((phrasing.no_unit(query.english), *rows), False, tuple(cited))
    answer = Answer(tuple(rows), True, tuple(cited))
    if query.compares:
        return answer
    rivals = [f.entry.version for f in found if f.score >= best.score * CLOSE]
    return by_plan(query, answer, rivals)


def _with_all_asked(query: Query, best: Found) -> Found:
    """The sentence, and its neighbours in the row where they give the figures of other things asked for."""
    lines = best.entry.lines
    if not query.asks_number or len(query.subject) < 2 or best.line not in lines:
        return best
    first = last = lines.index(best.line)
    for thing in query.subject:
        held = frozenset[str]().union(*(line.pairs for line in lines[first : last + 1]))
        if covered(thing, held) >= NAMED:
            continue
        saying = [
            n
            for n, line in enumerate(lines)
            if covered(thing, line.pairs) >= NAMED and answers_number(query, line.text)
        ]
        if saying:
            first, last = min(first, saying[0]), max(last, saying[0])
    near = lines[first : last + 1]
    if len(near) == 1 or sum(len(line.text) for line in near) > WHOLE:
        return best
    words = "".join(line.text for line in near)
    return replace(best, line=Line(words, frozenset[str]().union(*(line.pairs for line in near))))


def _kin(one: Found, other: Found) -> bool:
    """Whether two rows stand under one number: the second goes on where the first ends."""
    a, b = one.entry.task, other.entry.task
    return bool(
        a
        and b
        and a.no
        and (a.version_id, a.no, a.section) == (b.version_id, b.no, b.section)
        and "continuation" in (a.part, b.part)
    )


def _has_time(found: Found) -> bool:
    timed = timings_of(found.entry, found.line) or phrasing.undated_words(found.entry)
    return bool(timed) or bool(
        re.search(
            r"\d+[月日号天]|\d年[底末内前]|每[年月周季日]|工作日|及时|随时|立即", found.sentence
        )
    )


def _has_unit(found: Found) -> bool:
    """Whether a row names those who do it: a unit, or anybody in its words."""
    task = found.entry.task
    return bool(task and task.responsibilities) or bool(_SOMEBODY.search(found.entry.printed))


def _said(one: Found, others: Sequence[Found]) -> bool:
    """Whether a sentence says nearly what another one says."""
    return any(
        len(one.line.pairs & o.line.pairs) >= SAME * min(len(one.line.pairs), len(o.line.pairs))
        and one.entry.version.id == o.entry.version.id
        for o in others
    )


def supported(query: Query, found: Sequence[Found]) -> list[Found]:
    """Those that hold enough of the subject, and the measure where one is asked for."""
    enough = ENOUGH_ENGLISH if query.english else ENOUGH_NUMBER if query.asks_number else ENOUGH
    measure = (
        asked_measure(query)
        if query.asks_number or query.english or len(query.subject) <= 2
        else None
    )
    who_alone = query.asks_who and not (query.asks_number or query.asks_when)
    kept = []
    for one in found:
        if (
            query.asks_report
            and one.entry.task
            and is_report(one.entry.task)
            and (one.coverage >= ENOUGH_REPORT or not query.subject)
        ):
            kept.append(one)
            continue
        least = ENOUGH_SOLE if who_alone and _is_sole(one, found) else enough
        if one.coverage < least or _is_heading(one):
            continue
        strict = query.asks_number or query.asks_when
        if strict and one.missing and not (query.earlier or query.english or query.compares):
            continue
        if not _of_year(query, one) or of_other_period(query, one):
            continue
        if query.asks_number and of_other_place(query, one):
            continue
        if query.asks_number and not query.asks_when and not answers_number(query, one.sentence):
            continue
        if not (query.asks_when or of_asked_kind(query.text, one.sentence)):
            continue
        if measure and not has_measure(measure, one.entry, one.line):
            continue
        kept.append(one)
    if query.earlier:  # 保健食品的呢: its own words come before those that it carries on
        kept = [f for f in kept if not f.missing] or kept
    # of rows that answer, those of the day that was asked for, and those that say who
    near = [f for f in kept if f.score >= kept[0].score * NEAR]
    dated = [
        f
        for f in near
        if query.dates_itself and query.span and f.entry.task and falls_in(f.entry.task, query.span)
    ]
    if not dated and who_alone:
        return [f for f in near if f.entry.task and f.entry.task.responsibilities] or kept
    return dated or kept


def _is_sole(one: Found, found: Sequence[Found]) -> bool:
    """Whether a row alone speaks of every thing that is asked about."""
    return not one.missing and len(found) > 1 and all(o.missing for o in found if o is not one)


def _is_heading(found: Found) -> bool:
    return (
        found.entry.task is None
        and len(found.sentence) < 16
        and not re.search("[。；，：]", found.sentence)
    )


def _of_year(query: Query, found: Found) -> bool:
    """Whether a row can speak of the years that a question prints; its own days say, else the plan's period."""
    if not query.years or not query.dates_itself:
        return True
    version = found.entry.version
    if any(str(year) in found.entry.printed for year in query.years):
        return True
    timings = found.entry.task.timings if found.entry.task else []
    days = [*phrasing.planned_days(found.entry), *(t.due_on for t in timings if t.due_on)]
    if days:
        return any(
            min(d.year for d in days) <= year <= max(d.year for d in days) for year in query.years
        )
    start, end = version.period_start_on, version.period_end_on
    return any(
        (start is None or start.year <= year) and (end is None or year <= end.year)
        for year in query.years
    )


def fact_rows(query: Query, found: Found) -> list[str]:
    """One row of the ledger, or one clause: what it says, who, by when, where."""
    entry, task = found.entry, found.entry.task
    english = query.english
    rows = []
    sentence = found.sentence
    if (
        task is not None
        and LISTING.search(query.text)
        and task.part != "indicator"
        and len(task.text) <= WHOLE
    ):
        sentence = task.text  # what is listed may go on over several sentences
    if task is None or not task.title or task.title in sentence or len(task.title) > 40:
        said = f"“{sentence}”"
    else:
        said = f"{task.title.rstrip('。')}：“{sentence}”"
    rows.append(said)
    if isinstance(entry, Row) and entry.task.part == "indicator":
        rows = [f"{entry.task.text}：{phrasing.target_words(entry, english)}"]
        rows.append(f"{'Row: ' if english else '原表：'}{'｜'.join(entry.printed.split(chr(10)))}")
    if task is not None:
        who = phrasing.units_of(task, english)
        timings = timings_of(entry, found.line)
        if task.part == "indicator" and len(timings) > 1:
            timings = []  # each value already stands beside its year
        when = phrasing.when_words(entry, timings, english)
        if who and query.asks_who:
            rows.insert(0, who)
        elif who:
            rows.append(who)
        if when:
            row = f"{'Time: ' if english else '时限：'}{when}"
            rows.insert(0, row) if query.asks_when else rows.append(row)
    if (PERSON.search(query.text) or names_column(query, entry)) and (cells := row_words(entry)):
        rows.insert(1, f"原表：{cells}")
    where = f"{phrasing.name_of(entry.version)}{entry.passage.ref}"
    section = (
        f"“{task.section}”"
        if task and task.section and task.section not in entry.passage.ref
        else ""
    )
    rows.append(f"Source: {where} {section}".rstrip() if english else f"出处：{where}{section}")
    return ["\n".join(rows)]


def overdue(query: Query, hits: Sequence[Hit]) -> Answer | None:
    """Whether a row is past its day."""
    found = [
        f
        for f in supported(replace(query, asks_number=False), Ranker(query, hits).rank())
        if _deadline(f)
    ]
    if not found:
        return None
    best = found[0]
    timing = _deadline(best)
    assert timing is not None and timing.due_on is not None
    days = (query.today - timing.due_on).days
    words = phrasing.timing_words(best.entry, timing, query.english)
    if query.english:
        head = (
            f"Yes, it is {days} days past its day: {words}."
            if days > 0
            else f"No, {-days} days are left: {words}."
        )
    elif days > 0:
        head = f"是的，已过期限{days}天：{words}。是否已办结以报送为准。"
    else:
        head = f"没有过期，还有{-days}天：{words}。"
    rows = [head, *fact_rows(replace(query, asks_when=False), best)]
    return Answer(tuple(rows), True, (best.entry.cite(),))


def _deadline(found: Found) -> Timing | None:
    timings = timings_of(found.entry, found.line) or (
        found.entry.task.timings if found.entry.task else []
    )
    return next((t for t in timings if t.due_on and t.kind is not TimingKind.RECURRING), None)


def neighbour(query: Query, hits: Sequence[Hit]) -> Answer | None:
    """The row after (or before) the one that the subject names."""
    subject = query.earlier or query.subject
    ranked = Ranker(replace(query, subject=list(subject), earlier=[]), hits).rank()
    asked = NEXT.search(query.text)
    is_stage = (
        "阶段" in query.text or "stage" in query.text.lower() or "phase" in query.text.lower()
    )
    rows = [f for f in ranked if f.entry.task and (not is_stage or f.entry.task.part == "stage")]
    if not rows or asked is None:
        return None
    task = rows[0].entry.task
    assert task is not None
    view = next(v for v in query.views if v.version.id == task.version_id)
    same = [row for row in view.rows if row.task.part == task.part]
    at = next(n for n, row in enumerate(same) if row.task is task)
    step = (
        -1
        if asked[0][0] in ("上", "前")
        or re.search("之前|以前|前面", asked[0])
        or asked[0].lower().startswith("previous")
        else 1
    )
    if not 0 <= at + step < len(same):
        return None
    entry = same[at + step]
    line = entry.lines[0]
    found = Found(entry, line, 1.0, 1.0, [])
    name = entry.task.title or entry.task.text[:40]
    return Answer(
        (f"{name}", *fact_rows(replace(query, asks_when=True), found)), True, (entry.cite(),)
    )
