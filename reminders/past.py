"""Finds what was past before its task was first in force: the admins hear of it once, the units never."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta, tzinfo

from sqlmodel import Session, col, func, select, update

from config.database import batches
from corpus import ledger
from corpus.models import PlanVersion, Responsibility, Task, VersionState
from corpus.naming import short
from corpus.values import Role
from reminders.debtors import debtors_of
from reminders.history import History
from reminders.models import VersionSeen
from reminders.owed import Owed, Thing, owed_between, row_id

# tells every admin a text, once for each key
Tell = Callable[[str, str], object]

LISTED = 5
EARLIEST = date(2000, 1, 1)


def note_versions(session: Session, now: datetime) -> list[PlanVersion]:
    """Note the versions that the planner finds in force for the first time, and return them."""
    # the clock may have been set back, or have stood at another day
    session.exec(update(VersionSeen).where(col(VersionSeen.at) > now).values(at=now))
    unseen = select(PlanVersion).where(
        PlanVersion.state == VersionState.IN_FORCE,
        col(PlanVersion.id).not_in(select(VersionSeen.version_id)),
    )
    versions = list(
        session.exec(unseen.order_by(col(PlanVersion.id)).options(*ledger.WITHOUT_DOCUMENT))
    )
    session.add_all(
        VersionSeen(version_id=row_id(version.id), plan_id=version.plan_id, at=now)
        for version in versions
    )
    session.flush()
    return versions


def first_days(
    session: Session, things: Collection[Thing], zone: tzinfo | None, *, published: bool = False
) -> dict[tuple[str, str], date]:
    """(plan, lineage) → the local day on which it was first in force, as the planner found it.

    With `published` the day on which it was put in force, where that was earlier or no planner has
    run. A report that an admin set is no task of the plan: of that the plan's first day counts.
    """
    days = func.min(VersionSeen.at), func.min(PlanVersion.published_at)
    seen = col(VersionSeen.version_id) == PlanVersion.id
    found: dict[tuple[str, str], date] = {}

    def note(key: tuple[str, str], *moments: datetime | None) -> None:
        known = [at for at in (moments if published else moments[:1]) if at is not None]
        if known:
            found[key] = min(known).astimezone(zone).date()

    of_admins = {thing.key[:2] for thing in things if thing.task is None}
    for some in batches({plan_id for plan_id, _ in of_admins}):
        plans = select(PlanVersion.plan_id, *days).join(VersionSeen, seen, isouter=True)
        plans = plans.where(col(PlanVersion.plan_id).in_(some))
        for plan_id, *moments in session.exec(plans.group_by(col(PlanVersion.plan_id))):
            for key in of_admins:
                if key[0] == plan_id:
                    note(key, *moments)
    for some in batches({thing.key[1] for thing in things}):
        tasks = (
            select(Task.plan_id, Task.lineage, *days)
            .join(PlanVersion, col(PlanVersion.id) == Task.version_id)
            .join(VersionSeen, seen, isouter=True)
            .where(col(Task.lineage).in_(some))
            .group_by(col(Task.plan_id), col(Task.lineage))
        )
        for plan_id, lineage, *moments in session.exec(tasks):
            note((plan_id, lineage), *moments)
    return found


def was_past(due_on: date, known_on: date | None, day: date) -> bool:
    """Whether a day was past before what it dates came in force; nobody asks that before it did."""
    return known_on is not None and due_on < known_on <= day


def tell_of_past(
    session: Session, versions: Sequence[PlanVersion], now: datetime, tell: Tell
) -> None:
    """One summary of what was past its day in versions newly in force, and not reported done."""
    today = now.date()
    running = [version for version in versions if not ledger.is_over(version, today)]
    past: list[tuple[PlanVersion, list[Owed]]] = []
    for version in running:
        owed = owed_between(
            session, EARLIEST, today - timedelta(days=1), version_id=row_id(version.id), once=True
        )
        tasks = [one for one in owed if not one.timing.is_report]
        open_ones = _still_open(session, _new(session, tasks, version), now)
        if open_ones:
            past.append((version, open_ones))
    if not past:
        return
    key = "past:" + ",".join(str(version.id) for version, _ in past)
    tell(key, "\n".join(line for version, owed in past for line in _lines(session, version, owed)))


def _new(session: Session, owed: Collection[Owed], version: PlanVersion) -> list[Owed]:
    """Those that no earlier version had: of the others the units have been told."""
    known: set[str] = set()
    for some in batches({one.task.lineage for one in owed}):
        query = (
            select(Task.lineage)
            .join(VersionSeen, col(VersionSeen.version_id) == Task.version_id)
            .where(col(Task.lineage).in_(some), Task.version_id != version.id)
        )
        known |= set(session.exec(query))
    return [one for one in owed if one.task.lineage not in known]


def _still_open(session: Session, owed: Collection[Owed], now: datetime) -> list[Owed]:
    history = History(session, {one.task.lineage for one in owed})
    debtors = debtors_of(session, {row_id(one.task.id) for one in owed})
    return [
        one
        for one in owed
        if any(
            not history.is_done(one, debtor, owing, now)
            for owing in [debtors.get(row_id(one.task.id), [])]
            for debtor in owing
            if debtor.role is not Role.SUPPORT
        )
    ]


def _lines(session: Session, version: PlanVersion, owed: Sequence[Owed]) -> list[str]:
    tasks = {row_id(one.task.id) for one in owed}
    units: set[int] = set()
    for some in batches(tasks):
        query = select(Responsibility.unit_id).where(col(Responsibility.task_id).in_(some))
        units |= set(session.exec(query))
    lines = [
        f"《{version.title}》开始执行时，有{len(tasks)}项任务的时限已过（共{len(owed)}处，涉及{len(units)}个单位）。"
        "这些不逐一催办，请核实：已办结的请标为办结，时限有误的请更正。"
    ]
    for one in owed[:LISTED]:
        day = one.occurrence.due_on
        number = f"第{one.task.no}项 " if one.task.no else ""
        lines.append(f"· {day.year}年{day.month}月{day.day}日 {number}{short(one.title)}")
    if len(owed) > LISTED:
        lines.append(f"另有{len(owed) - LISTED}处，可问“{version.title}有哪些任务已过时限”。")
    return lines
