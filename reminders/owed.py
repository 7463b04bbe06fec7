"""What is owed on some days: reminders ask the ledger here, and never for more than they need."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from config.database import batches
from corpus import ledger
from corpus.models import (
    EventKind,
    PlanVersion,
    Responsibility,
    Task,
    TaskEvent,
    Timing,
    VersionState,
)
from corpus.progress import Moment, extensions
from corpus.values import Role, TimingKind
from reminders.models import ReportWindow
from reminders.recurrence import occurrences, rules_on
from reminders.rules import Occurrence

Row = tuple[Timing, Task, PlanVersion]
DATED = (TimingKind.DEADLINE, TimingKind.PERIOD)


@dataclass(frozen=True, slots=True)
class Owed:
    """One day on which a task is owed, with the rows of the ledger that say so."""

    version: PlanVersion
    task: Task
    timing: Timing
    occurrence: Occurrence
    printed_on: date  # the day in the plan, before anybody put it off

    @property
    def key(self) -> Moment:
        """What stays the same when the wording of the task changes."""
        return self.task.plan_id, self.task.lineage, self.timing.key, self.occurrence.due_on

    @property
    def title(self) -> str:
        """What is owed, in as few words as the plan has."""
        return self.timing.about or self.task.name


@dataclass(frozen=True, slots=True)
class OwedWindow:
    """A report 报送 that one unit owes, with the version of its plan that is in force."""

    version: PlanVersion
    window: ReportWindow
    role: Role
    text: str  # what is reported
    occurrence: Occurrence
    task: Task | None = None  # None: the duty was set by an admin
    timing: Timing | None = None

    @property
    def key(self) -> Moment:
        """As that of a task."""
        one = self.window
        return one.plan_id, one.lineage, one.timing_key, one.due_on

    @property
    def printed_on(self) -> date:
        """As that of a task."""
        return self.window.occurrence_on

    @property
    def title(self) -> str:
        """What is reported."""
        return self.text


Thing = Owed | OwedWindow


def owed_between(
    session: Session, first: date, last: date, *,
    version_id: int | None = None, lineages: Collection[str] | None = None,
    plan_ids: Collection[str] | None = None, unit_ids: Collection[int] | None = None,
    once: bool = False,
) -> list[Owed]:  # fmt: skip
    """Everything owed from `first` to `last`, both included, in the order of the days.

    Of the plans in force, or of the one version named; of all tasks, or of the `lineages`, of the
    `plan_ids`, of those in which one of `unit_ids` has a part. `once` leaves out what recurs.
    """
    dated = col(Timing.kind).in_(DATED) & col(Timing.due_on).between(first, last)
    recurring = (col(Timing.kind) == TimingKind.RECURRING) & col(Timing.rule).is_not(None)
    in_span = dated if once else or_(dated, recurring)
    put_off = _put_off(session, col(TaskEvent.until_on).between(first, last))
    rows: dict[int | None, Row] = {}
    for some in _narrowed(lineages, plan_ids, unit_ids):
        rows |= {row[0].id: row for row in _rows(session, in_span & some, version_id)}
        for batch in batches(put_off):
            moved = col(Task.lineage).in_(batch) & some
            rows |= {row[0].id: row for row in _rows(session, moved, version_id)}
    return _on_their_days(session, rows.values(), first, last)


def owed_on(session: Session, days: Collection[date]) -> list[Owed]:
    """Everything owed on some days by the plans in force; found by index, whatever else there is."""
    if not days:
        return []
    on_days: list[ColumnElement[bool]] = [
        (col(Timing.kind).in_(DATED)) & col(Timing.due_on).in_(days)
    ]
    for batch in batches(rules_on(session, days)):
        on_days.append((col(Timing.kind) == TimingKind.RECURRING) & col(Timing.rule).in_(batch))
    for batch in batches(_put_off(session, col(TaskEvent.until_on).in_(days))):
        on_days.append(col(Task.lineage).in_(batch))
    rows = {row[0].id: row for some in on_days for row in _rows(session, some, None)}
    found = _on_their_days(session, rows.values(), min(days), max(days))
    return [owed for owed in found if owed.occurrence.due_on in days]


def _narrowed(
    lineages: Collection[str] | None,
    plan_ids: Collection[str] | None,
    unit_ids: Collection[int] | None,
) -> Iterable[ColumnElement[bool]]:
    if lineages is not None:
        return [col(Task.lineage).in_(some) for some in batches(lineages)]
    if plan_ids is not None:
        return [col(Task.plan_id).in_(some) for some in batches(plan_ids)]
    if unit_ids is not None:
        return [
            col(Task.id).in_(
                select(Responsibility.task_id).where(col(Responsibility.unit_id).in_(some))
            )
            for some in batches(unit_ids)
        ]
    return [col(Task.id).is_not(None)]


def _rows(session: Session, which: ColumnElement[bool], version_id: int | None) -> list[Row]:
    query = (
        select(Timing, Task, PlanVersion)
        .options(*ledger.WITHOUT_DOCUMENT)
        .join(Task, col(Task.id) == Timing.task_id)
        .join(PlanVersion, col(PlanVersion.id) == Task.version_id)
        .where(which)
    )
    if version_id is None:
        query = query.where(PlanVersion.state == VersionState.IN_FORCE)
    else:
        query = query.where(PlanVersion.id == version_id)
    return list(session.exec(query))


def _put_off(session: Session, which: ColumnElement[bool]) -> set[str]:
    """The tasks of which a day was put off to one of those asked for."""
    query = select(TaskEvent.lineage).where(TaskEvent.kind == EventKind.EXTENSION_GRANTED, which)
    return set(session.exec(query))


def _on_their_days(session: Session, rows: Iterable[Row], first: date, last: date) -> list[Owed]:
    """The days of some timings in a span, each as it stands after what was put off."""
    found = []
    rows = list(rows)
    moved = extensions(session, {task.lineage for _, task, _ in rows})
    of_timing: dict[tuple[str, str, str], list[date]] = {}
    for plan_id, lineage, key, day in moved:
        of_timing.setdefault((plan_id, lineage, key), []).append(day)
    for timing, task, version in rows:
        put_off = of_timing.get((task.plan_id, task.lineage, timing.key), [])
        spans = [(first, last)]
        spans += [(day, day) for day in put_off if not first <= day <= last]
        planned = [one for span in spans for one in _days(timing, version, *span)]
        here = {one.due_on for one in planned}
        for one in planned:
            until = moved.get((task.plan_id, task.lineage, timing.key, one.due_on), one.due_on)
            if first <= until <= last and (until == one.due_on or until not in here):
                on_its_day = replace(one, due_on=until)
                found.append(Owed(version, task, timing, on_its_day, one.due_on))
    return sorted(
        found, key=lambda o: (o.occurrence.due_on, o.task.plan_id, o.task.seq, o.timing.seq)
    )


def _days(timing: Timing, version: PlanVersion, first: date, last: date) -> list[Occurrence]:
    if timing.kind is TimingKind.RECURRING:
        return occurrences(timing, first, last, version.period_start_on, version.period_end_on)
    if timing.kind in DATED and timing.due_on is not None and first <= timing.due_on <= last:
        return [Occurrence(timing.due_on)]
    return []


def row_id(value: int | None) -> int:
    """The id of a row that the database gave us."""
    assert value is not None
    return value
