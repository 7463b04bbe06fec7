"""From a document to the facts and the tasks of a plan, with a list of what could not be read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

from corpus import reporting
from corpus.deadlines import DateContext, counts_up, read_timings, unreadable_time
from corpus.document import Document
from corpus.facts import PlanFacts, read_facts
from corpus.indicators import read_targets
from corpus.prose import Prose
from corpus.table_rows import TableKind, TaskTable
from corpus.tables import read_tables
from corpus.values import Place, TaskRow, TimingKind, TimingValue

_DATED = (TimingKind.DEADLINE, TimingKind.PERIOD)


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """Something that a person should look at, in Chinese, and where it stands: （第12行）."""

    text: str
    where: str

    def to_json(self) -> dict[str, str]:
        """Plain data for the database."""
        return asdict(self)


@dataclass(slots=True)
class ReadPlan:
    """What was read out of one document."""

    facts: PlanFacts
    tasks: list[TaskRow]
    review: list[ReviewItem]


def read_plan(document: Document, name_hint: str = "") -> ReadPlan:
    """The plan in a document; `name_hint` is its title where none is printed."""
    facts = read_facts(document, name_hint=name_hint)
    prose = Prose(document)
    stages = prose.stages()
    if facts.period_start_on is None:
        facts.period_start_on, facts.period_end_on = _period(stages, facts)
    start = facts.period_start_on
    dates = DateContext(facts.year, facts.issued_on)
    tables = read_tables(document, start.year if start else None, dates)
    tasks = [*_main(prose.points(), tables), *prose.duties(), *stages]
    tasks += [*prose.boxes(), *prose.reports()]
    for table in tables:
        tasks += table.rows if table.kind is not TableKind.TASKS else []
    undated: list[tuple[TaskRow, TimingValue]] = []
    for row in tasks:
        undated += [(row, timing) for timing in _read_times(row, facts)]
        if row.part != TableKind.INDICATORS:
            row.targets += read_targets(row.text)
    if all(row.place.line_start is not None for row in tasks):
        tasks.sort(key=lambda row: row.place.line_start or 0)
    review = [*_several(facts), *_review(document, tables, tasks, undated)]
    return ReadPlan(facts, tasks, review)


def _period(stages: Sequence[TaskRow], facts: PlanFacts) -> tuple[date | None, date | None]:
    """From the first day of the first stage to the last of the last, open where that one is."""
    context = DateContext(facts.year, facts.issued_on)
    timings = [found[0] for row in stages if (found := read_timings(row.text, context))]
    starts = [timing.start_on for timing in timings if timing.start_on]
    return (min(starts), timings[-1].due_on) if starts else (None, None)


def _main(points: Sequence[TaskRow], tables: Sequence[TaskTable]) -> list[TaskRow]:
    """The tasks of the prose, of the tables, or of both.

    A table that names units or days says again what the points say: then only points with units
    of their own that the table lacks are tasks as well. A table that names neither lists the
    projects of a plan whose points are its tasks, and so does one in an annex that has nothing
    in common with points that name their own units.
    """
    lists = [table for table in tables if table.kind is TableKind.TASKS]
    said = _squeeze("".join(f"{point.title}{point.text}" for point in points))
    complete = 2 * sum(bool(point.unit_text) for point in points) >= len(points) > 0
    bound = [
        table
        for table in lists
        if table.is_bound
        and not (complete and table.in_annex and not any(_is_covered(r, said) for r in table.rows))
    ]
    for table in lists:
        if table not in bound and (points or bound):
            for row in table.rows:
                row.part = "annex"
    rows = [row for table in lists for row in table.rows]
    if bound:
        known = _squeeze("".join(f"{row.section}{row.title}{row.text}" for row in rows))
        points = [p for p in points if p.unit_text and not _is_covered(p, known)]
    return [*points, *rows]


def _is_covered(row: TaskRow, known: str) -> bool:
    """Whether other words hold the title of a task, or most of its clauses."""
    if row.title and _squeeze(row.title) in known:
        return True
    pieces = [p for p in map(_squeeze, re.split(r"[，。；\n]", row.text)) if len(p) >= 6]
    return 2 * sum(piece in known for piece in pieces) >= len(pieces) > 0


def _squeeze(text: str) -> str:
    return re.sub(r"[\s“”\"'‘’《》、,，。;；:：()（）]+", "", text)


def _read_times(row: TaskRow, facts: PlanFacts) -> list[TimingValue]:
    """Put the timings of a task's cell and words in place; those that no day is known for come back.

    The words of a measure often repeat the day of its cell, or how often it comes; then it stands
    once, but what is only hoped for by that day 争取 is another thing than what is owed.
    """
    prose = DateContext(_year_of(row, facts), facts.issued_on)
    is_report = row.part == TableKind.REPORTS
    found = list(row.timings)
    if row.timing_text:
        found += read_timings(row.timing_text, replace(prose, in_prose=False))
        counted = "\n".join([row.text, *(target.text for target in row.targets)])
        if row.timing_text.strip() in ("全年", "全年度") and counts_up(counted):
            found = [replace(t, kind=TimingKind.DEADLINE, start_on=None) for t in found]
    if row.part == TableKind.INDICATORS:
        found = found or _of_table(row.section or "", facts)
    else:
        dated = [t for t in found if t.kind is not TimingKind.RECURRING]
        said = {(t.kind, t.start_on, t.due_on, t.hedged) for t in dated}
        words = {t.text for t in found}
        rules = tuple(t.rule for t in found if t.rule)
        found += [
            timing
            for timing in read_timings(row.text, prose)
            if timing.text not in words
            and (timing.kind, timing.start_on, timing.due_on, timing.hedged) not in said
            and not (timing.rule and any(rule.startswith(timing.rule) for rule in rules))
        ]
    if is_report:
        found = list({(t.kind, t.start_on, t.due_on, t.rule): t for t in found}.values())
    if is_report and any("BY" in (t.rule or "") for t in found):
        # 每月 beside 每月5日前 says nothing more
        found = [t for t in found if t.kind is not TimingKind.RECURRING or "BY" in (t.rule or "")]
    undated = [t for t in found if t.kind in _DATED and t.due_on is None and t.start_on is None]
    row.timings = [
        replace(timing, is_report=is_report or _is_of_report(timing, row))
        for timing in found
        if timing not in undated
    ]
    if not row.responsibilities and any(timing.is_report for timing in row.timings):
        row.responsibilities = reporting.subjects(row.text)
    return undated


def _year_of(row: TaskRow, facts: PlanFacts) -> int | None:
    """The year of the days in a row that print none: that of a stage, where it lies in one year."""
    first = read_timings(row.text, DateContext(facts.year, facts.issued_on))[:1]
    if row.part != "stage" or not first or not first[0].start_on or not first[0].due_on:
        return facts.year
    start, end = first[0].start_on.year, first[0].due_on.year
    return end if start == end else facts.year


def _is_of_report(timing: TimingValue, row: TaskRow) -> bool:
    """Whether a time inside a task is that of a report on it."""
    if row.part == TableKind.INDICATORS or timing.kind is TimingKind.AS_DIRECTED:
        return False
    in_cell = timing.text in row.timing_text
    return reporting.is_report(timing.about) or (in_cell and reporting.is_all_report(row.text))


def _of_table(caption: str, facts: PlanFacts) -> list[TimingValue]:
    """What the name of a table of indicators dates; the year that it or the plan is of ends them."""
    found = read_timings(caption, DateContext(facts.year, facts.issued_on))
    own = facts.year if facts.period_start_on else None
    years = [*([str(own)] if own else []), *re.findall(r"20\d\d(?=年)", caption)]
    if found or not years:
        return found
    year = int(years[-1])
    return [TimingValue(f"{year}年", TimingKind.DEADLINE, due_on=date(year, 12, 31))]


def _several(facts: PlanFacts) -> Iterator[ReviewItem]:
    if facts.other_papers:
        numbers = "、".join(facts.other_papers)
        text = f"文件里不止一份公文（另有{numbers}），都读进了这一份方案。如果是几份方案，请拆成几个文件分别发送。"
        yield ReviewItem(text, "")


def _review(
    document: Document,
    tables: Sequence[TaskTable],
    tasks: Sequence[TaskRow],
    undated: Sequence[tuple[TaskRow, TimingValue]],
) -> Iterator[ReviewItem]:
    """What a person should look at, in the order of the document's parts."""
    if document.needs_review:
        yield ReviewItem("文字由图像识别得来，请逐条核对。", "")
    for row in tasks:
        if row.timing_text and unreadable_time(row.timing_text):
            yield _item(row, f"的完成时限“{row.timing_text}”无法确定日期")
    for row, timing in undated:
        if re.search(r"\d", timing.text):  # 中秋 and 汛期 name no day that somebody must keep
            yield _item(row, f"的时间“{timing.text}”没有写明年份")
    for table in tables:
        for row in table.rows:
            if table.is_bound and not row.responsibilities:
                yield _item(row, "没有读到责任单位")


def _item(row: TaskRow, fault: str) -> ReviewItem:
    name = f"第{row.no}项" if row.no else f"“{(row.title or row.text)[:12]}”"
    return ReviewItem(f"{name}{fault}。", describe_place(row.place))


def describe_place(place: Place) -> str:
    """（第3页，第2张表第12行） for people, "" where nothing is known."""
    words = []
    if place.page:
        words.append(f"第{place.page}页")
    if place.table and place.row:
        words.append(f"第{place.table}张表第{place.row}行")
    elif place.line_start:
        words.append(f"第{place.line_start}行")
    return f"（{'，'.join(words)}）" if words else ""
