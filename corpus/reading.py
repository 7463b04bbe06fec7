"""From a document to the facts and the tasks of a plan, with a list of what could not be read."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from corpus.deadlines import DateContext, read_timings, unreadable_time
from corpus.document import Document
from corpus.facts import PlanFacts, read_facts
from corpus.indicators import read_targets
from corpus.prose import Prose
from corpus.tables import TableKind, TaskTable, read_tables
from corpus.values import Place, TaskRow, TimingKind, TimingValue


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
    for row in stages:
        row.timings = read_timings(row.text, DateContext(facts.year, facts.issued_on))
    facts = read_facts(document, stages, name_hint)
    start = facts.period_start_on
    tables = read_tables(document, start.year if start else None)
    tasks = [*_main(prose.points(), tables), *prose.duties(), *stages]
    tasks += [*prose.boxes(), *prose.reports()]
    for table in tables:
        tasks += table.rows if table.kind is not TableKind.TASKS else []
    for row in tasks:
        if row.part != "stage":
            _read_times(row, facts)
        if row.part != TableKind.INDICATORS:
            row.targets += read_targets(row.text)
    if all(row.place.line_start is not None for row in tasks):
        tasks.sort(key=lambda row: row.place.line_start or 0)
    return ReadPlan(facts, tasks, list(_review(document, tables, tasks)))


def _main(points: Sequence[TaskRow], tables: Sequence[TaskTable]) -> list[TaskRow]:
    """The tasks of the prose, of the tables, or of both.

    A table that names units or days says again what the points say: then only points with units
    of their own that the table lacks are tasks as well. A table that names neither lists the
    projects of a plan whose points are its tasks.
    """
    lists = [table for table in tables if table.kind is TableKind.TASKS]
    bound = [table for table in lists if table.is_bound]
    rows: list[TaskRow] = []
    for table in lists:
        if not table.is_bound and (points or bound):
            for row in table.rows:
                row.part = "annex"
        rows += table.rows
    if bound:
        known = _squeeze("".join(f"{row.section}{row.title}{row.text}" for row in rows))
        points = [p for p in points if p.unit_text and not _is_covered(p, known)]
    return [*points, *rows]


def _is_covered(point: TaskRow, known: str) -> bool:
    """Whether a table holds the title of a point, or most of its sentences."""
    if point.title and _squeeze(point.title) in known:
        return True
    pieces = [p for p in map(_squeeze, re.split(r"[，。；\n]", point.text)) if len(p) >= 6]
    return 2 * sum(piece in known for piece in pieces) >= len(pieces) > 0


def _squeeze(text: str) -> str:
    return re.sub(r"[\s“”\"'‘’《》、,，。;；:：()（）]+", "", text)


def _read_times(row: TaskRow, facts: PlanFacts) -> None:
    """The timings of a task: of its cell of time and of its words, each once."""
    found = list(row.timings)
    if row.timing_text:
        found += read_timings(
            row.timing_text, DateContext(facts.year, facts.issued_on, in_prose=False)
        )
    if row.part == TableKind.INDICATORS:
        if not found and row.section:
            found += read_timings(row.section, DateContext(facts.year, facts.issued_on))
    else:
        found += read_timings(row.text, DateContext(facts.year, facts.issued_on))
    seen: set[tuple[object, ...]] = set()
    row.timings = []
    for timing in found:
        key = (timing.kind, timing.start_on, timing.due_on, timing.rule)
        if (
            key not in seen
            or timing.about
            and row.part != "report"
            and not _same(timing, row.timings)
        ):
            seen.add(key)
            row.timings.append(replace(timing, is_report=True) if row.part == "report" else timing)


def _same(timing: TimingValue, others: Sequence[TimingValue]) -> bool:
    """Whether a cell already says what the words say again."""
    return any(
        (other.kind, other.start_on, other.due_on) == (timing.kind, timing.start_on, timing.due_on)
        and (not other.about or other.about == timing.about)
        for other in others
    )


def _review(
    document: Document, tables: Sequence[TaskTable], tasks: Sequence[TaskRow]
) -> Iterator[ReviewItem]:
    if document.needs_review:
        yield ReviewItem("文字由图像识别得来，请逐条核对。", "")
    with_units = {id(row) for table in tables if table.is_bound for row in table.rows}
    for row in tasks:
        name = f"第{row.no}项" if row.no else f"“{(row.title or row.text)[:12]}”"
        where = describe_place(row.place)
        if row.timing_text and unreadable_time(row.timing_text):
            yield ReviewItem(f"{name}的完成时限“{row.timing_text}”无法确定日期。", where)
        for timing in row.timings:
            if (
                timing.kind in (TimingKind.DEADLINE, TimingKind.PERIOD)
                and timing.due_on is None
                and timing.start_on is None
            ):
                yield ReviewItem(f"{name}的时间“{timing.text}”没有写明年份。", where)
        if id(row) in with_units and not row.responsibilities:
            yield ReviewItem(f"{name}没有读到责任单位。", where)


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
