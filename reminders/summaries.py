"""What a unit's weekly or monthly digest is about: overdue, ahead, to be reported, and done of late."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from config.settings import Settings
from config.workdays import Workdays
from corpus import ledger
from corpus.models import EventKind, PlanVersion, Task, TaskEvent
from corpus.values import Role
from reminders.asking import reach
from reminders.choices import ChoiceBook
from reminders.debtors import debtors_of, with_collectives
from reminders.history import History
from reminders.owed import Owed, OwedWindow, owed_between, row_id
from reminders.past import first_days, was_past
from reminders.reports import windows_due, without_past
from reminders.rules import Digest

LOOK_BACK = timedelta(days=366)  # what has been overdue for longer is the circular's
_A_DAY = timedelta(days=1)


@dataclass(slots=True)
class Summary:
    """What one unit is told of one period, the most urgent first in each list."""

    overdue: list[tuple[Owed, Role]] = field(default_factory=list)
    missing: list[OwedWindow] = field(default_factory=list)  # reports past their day
    ahead: list[tuple[Owed, Role]] = field(default_factory=list)
    reports: list[OwedWindow] = field(default_factory=list)  # to be handed in
    done: list[Task] = field(default_factory=list)  # in the period before
    reported: int = 0  # reports handed in in the period before

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        lists = (self.overdue, self.missing, self.ahead, self.reports, self.done)
        return not any(lists) and not self.reported


def summary(
    session: Session, unit_id: int, rule: Digest, first: date, now: datetime, workdays: Workdays,
    settings: Settings, plan_ids: Collection[str] = (),
) -> Summary:  # fmt: skip
    """The digest of the period that begins on `first`, as the ledger stands at `now`, a local time.

    Of `plan_ids` alone where a chat is scoped to some.
    """
    book = ChoiceBook(session, settings)
    period = rule.period(first)
    before = rule.period(first - _A_DAY)
    versions = _plans_of(session, unit_id, rule, book, now.date())
    if plan_ids:
        versions = {plan: one for plan, one in versions.items() if plan in plan_ids}
    if not versions:
        return Summary()
    found = Summary()
    _add_tasks(found, session, unit_id, versions, rule.until(period), now)
    _add_reports(found, session, unit_id, versions, rule.until(period), now, workdays)
    start, end = (_midnight(day, now) for day in (before.first, before.last + _A_DAY))
    found.done = _done_between(session, unit_id, versions, start, end)
    found.reported = _reported(session, unit_id, versions, start, end)
    return found


def _plans_of(
    session: Session, unit_id: int, rule: Digest, book: ChoiceBook, today: date
) -> dict[str, PlanVersion]:
    """The plans in force of which the unit wants to hear in its digest.

    One whose period is over stays in it for as long as it may still be followed up.
    """
    _, after = reach(book.in_use(), is_report=False)
    return {
        version.plan_id: version
        for version in ledger.versions_in_force(session)
        if rule.is_chosen(book.of(version.plan_id, unit_id))
        and not ledger.is_over(version, today - timedelta(days=after))
    }


def _add_tasks(
    found: Summary, session: Session, unit_id: int, versions: Collection[str], until: date,
    now: datetime,
) -> None:  # fmt: skip
    units = with_collectives(session, {unit_id})
    owed = [
        one
        for one in owed_between(session, now.date() - LOOK_BACK, until, unit_ids=units)
        if one.version.plan_id in versions and not one.timing.is_report
    ]
    history = History(session, {one.task.lineage for one in owed})
    debtors = debtors_of(session, {row_id(one.task.id) for one in owed})
    known_since = first_days(session, owed, now.tzinfo)
    for one in owed:
        owing = debtors.get(row_id(one.task.id), [])
        mine = next((d for d in owing if d.unit_id == unit_id), None)
        if mine is None or history.why_quiet(one, mine, owing, now):
            continue
        if one.occurrence.due_on >= now.date():
            found.ahead.append((one, mine.role))
        elif _is_followed_up(one, known_since, now.date()):
            found.overdue.append((one, mine.role))


def _is_followed_up(one: Owed, known_since: dict[tuple[str, str], date], today: date) -> bool:
    """Not what was past when its plan came in force, nor what a newer occurrence has replaced."""
    due_on, next_on = one.occurrence.due_on, one.occurrence.next_on
    known_on = known_since.get((one.task.plan_id, one.task.lineage))
    return (next_on is None or next_on >= today) and not was_past(due_on, known_on, today)


def _add_reports(
    found: Summary, session: Session, unit_id: int, versions: Collection[str], until: date,
    now: datetime, workdays: Workdays,
) -> None:  # fmt: skip
    today = now.date()
    windows = windows_due(session, today - LOOK_BACK, until, workdays, versions)
    for owed in without_past(session, windows, today, now.tzinfo):
        if owed.window.unit_id == unit_id and owed.window.received_on is None:
            (found.reports if owed.window.due_on >= today else found.missing).append(owed)


def _done_between(
    session: Session, unit_id: int, versions: dict[str, PlanVersion], start: datetime, end: datetime
) -> list[Task]:
    """The tasks that the unit reported done and that still are, in the order of the plans."""
    steps = select(TaskEvent).where(
        TaskEvent.unit_id == unit_id, TaskEvent.at >= start, TaskEvent.at < end,
        col(TaskEvent.kind).in_([EventKind.DONE, EventKind.REOPENED]),
    )  # fmt: skip
    last = {
        (event.plan_id, event.lineage): event.kind
        for event in session.exec(steps.order_by(col(TaskEvent.id)))
    }
    lineages = {lineage for (_, lineage), kind in last.items() if kind is EventKind.DONE}
    if not lineages:
        return []
    tasks = select(Task).where(
        col(Task.version_id).in_([version.id for version in versions.values()]),
        col(Task.lineage).in_(lineages),
    )
    return list(session.exec(tasks.order_by(Task.plan_id, col(Task.seq))))


def _reported(
    session: Session, unit_id: int, versions: Collection[str], start: datetime, end: datetime
) -> int:
    steps = select(TaskEvent.id).where(
        TaskEvent.unit_id == unit_id, TaskEvent.kind == EventKind.REPORTED,
        TaskEvent.at >= start, TaskEvent.at < end, col(TaskEvent.plan_id).in_(list(versions)),
    )  # fmt: skip
    return len(session.exec(steps).all())


def _midnight(day: date, like: datetime) -> datetime:
    return datetime.combine(day, datetime.min.time(), like.tzinfo)
