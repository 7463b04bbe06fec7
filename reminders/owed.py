"""What is owed in a span of days, by which units, and what is done: reminders ask the ledger here."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import defer
from sqlmodel import Session, col, or_, select

from config.database import batches as batches
from corpus.models import (
    PlanVersion,
    Responsibility,
    Task,
    Timing,
    UnitMember,
    VersionState,
)
from corpus.values import Role, TimingKind
from reminders.history import History as History
from reminders.recurrence import occurrences
from reminders.rules import Occurrence


@dataclass(frozen=True, slots=True)
class Owed:
    """One day on which a task is owed, with the rows of the ledger that say so."""

    version: PlanVersion
    task: Task
    timing: Timing
    occurrence: Occurrence

    @property
    def key(self) -> tuple[str, str, str, date]:
        """What stays the same when the wording of the task changes."""
        return self.task.plan_id, self.task.lineage, self.timing.key, self.occurrence.due_on


@dataclass(frozen=True, slots=True)
class Debtor:
    """A unit that owes a task; `through` is the collective unit that it is a member of."""

    unit_id: int
    role: Role
    through: int | None = None


def owed_between(
    session: Session, first: date, last: date, *,
    version_id: int | None = None, lineages: Collection[str] | None = None,
) -> list[Owed]:  # fmt: skip
    """Everything owed from `first` to `last`, both included, in the order of the days.

    Of the plans in force, or of the one version named; of all tasks, or of the `lineages`.
    """
    query = (
        select(Timing, Task, PlanVersion)
        # a version's document is large, and of no use here
        .options(defer(PlanVersion.document), defer(PlanVersion.review))  # type: ignore[arg-type]
        .join(Task, col(Task.id) == Timing.task_id)
        .join(PlanVersion, col(PlanVersion.id) == Task.version_id)
        .where(
            or_(
                col(Timing.kind).in_([TimingKind.DEADLINE, TimingKind.PERIOD])
                & col(Timing.due_on).between(first, last),
                (col(Timing.kind) == TimingKind.RECURRING) & col(Timing.rule).is_not(None),
            )
        )
    )
    if version_id is None:
        query = query.where(PlanVersion.state == VersionState.IN_FORCE)
    else:
        query = query.where(PlanVersion.id == version_id)
    if lineages is None:
        rows = list(session.exec(query))
    else:
        rows = [
            row
            for some in batches(lineages)
            for row in session.exec(query.where(col(Task.lineage).in_(some)))
        ]
    found = []
    for timing, task, version in rows:
        if timing.kind is TimingKind.RECURRING:
            days = occurrences(timing, first, last, version.period_start_on, version.period_end_on)
        else:
            assert timing.due_on is not None
            days = [Occurrence(timing.due_on)]
        found += [Owed(version, task, timing, day) for day in days]
    return sorted(
        found, key=lambda o: (o.occurrence.due_on, o.task.plan_id, o.task.seq, o.timing.seq)
    )


def debtors_of(session: Session, task_ids: Collection[int]) -> dict[int, list[Debtor]]:
    """Task id → its units in the order printed, each once, then the members of collective ones."""
    printed: dict[int, list[Responsibility]] = defaultdict(list)
    for some in batches(task_ids):
        query = select(Responsibility).where(col(Responsibility.task_id).in_(some))
        for row in session.exec(query.order_by(col(Responsibility.seq))):
            printed[row.task_id].append(row)
    members = _members(session, {row.unit_id for rows in printed.values() for row in rows})
    found: dict[int, list[Debtor]] = {}
    for task_id, rows in printed.items():
        debtors: dict[int, Debtor] = {}
        for row in rows:
            debtors.setdefault(row.unit_id, Debtor(row.unit_id, row.role))
        for row in rows:
            for member in members.get(row.unit_id, ()):
                debtors.setdefault(member, Debtor(member, row.role, through=row.unit_id))
        found[task_id] = list(debtors.values())
    return found


def _members(session: Session, unit_ids: set[int]) -> dict[int, list[int]]:
    """Collective unit → all its members, those of its collective members too."""
    direct: dict[int, list[int]] = defaultdict(list)
    asked: set[int] = set()
    ask = unit_ids
    while ask:
        asked |= ask
        rows = [
            row
            for some in batches(ask)
            for row in session.exec(
                select(UnitMember).where(col(UnitMember.collective_id).in_(some))
            )
        ]
        for row in sorted(rows, key=lambda r: r.member_id):
            direct[row.collective_id].append(row.member_id)
        ask = {row.member_id for row in rows} - asked
    found = {}
    for unit_id in unit_ids & direct.keys():
        reached: dict[int, None] = {}
        ahead = list(direct[unit_id])
        while ahead:
            member = ahead.pop(0)
            if member not in reached and member != unit_id:
                reached[member] = None
                ahead += direct.get(member, [])
        found[unit_id] = list(reached)
    return found


def row_id(value: int | None) -> int:
    """The id of a row that the database gave us."""
    assert value is not None
    return value
