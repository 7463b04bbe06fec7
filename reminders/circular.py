"""How every unit stands in each plan at the end of a month: counts, and a red, yellow or green light."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from config.settings import Settings
from config.workdays import CalendarMissing, Workdays
from corpus import ledger
from corpus.models import PlanVersion
from reminders.debtors import Debtor, collective_among, debtors_of
from reminders.duties import OWING
from reminders.history import History
from reminders.owed import Owed, OwedWindow, owed_between, row_id
from reminders.periods import Period
from reminders.reports import windows_due, without_past
from reminders.told import LONG_AGO

NEAR_WORKDAYS = 5  # due so soon without a word on it is yellow
LATE_DAYS = 3  # a report that is no later than this is yellow
A_WEEK = timedelta(days=7)
_A_DAY = timedelta(days=1)


class Light(StrEnum):
    """How a unit stands; the worst comes first."""

    RED = "red"  # something is overdue, or a report is missing
    YELLOW = "yellow"  # something is due soon without a word on it, or a report is a little late
    GREEN = "green"
    NONE = "none"  # it stands for units that the directory does not name: nobody can be judged


@dataclass(slots=True)
class Standing:
    """One unit in one plan: what was due by the day, and what became of it."""

    version: PlanVersion
    unit_id: int
    unit: str
    due: int = 0  # 应办结
    done: int = 0  # 已办结
    overdue: int = 0  # 逾期; what waits for a decision is neither
    reports_due: int = 0  # 应报送
    reports_in: int = 0  # 已报送, those that came late too
    late: int = 0  # reports a little late
    missing: int = 0  # reports later than that
    near: int = 0  # due soon without a word on it
    is_collective: bool = False

    def to_json(self) -> dict[str, Any]:
        """The form that `duban reminders circular --json` prints."""
        return {
            "plan": self.version.plan_id, "unit": self.unit, "light": self.light,
            "due": self.due, "done": self.done, "overdue": self.overdue, "near": self.near,
            "reports_due": self.reports_due, "reports_in": self.reports_in,
            "reports_late": self.late, "reports_missing": self.missing,
        }  # fmt: skip

    @property
    def light(self) -> Light:
        """Its light."""
        if self.is_collective:
            return Light.NONE
        if self.overdue or self.missing:
            return Light.RED
        return Light.YELLOW if self.near or self.late else Light.GREEN

    @property
    def counts(self) -> bool:
        """Whether anything was asked of the unit by then, or is soon."""
        return bool(self.due or self.reports_due or self.near)


def standings(
    session: Session, month: Period, versions: Sequence[PlanVersion], now: datetime,
    workdays: Workdays, settings: Settings,
) -> list[Standing]:  # fmt: skip
    """Every unit of some plans in force on the last day of a month, or now if that is not over.

    Counted from the beginning of each plan. Units that lead or answer for a task are judged,
    supporting ones are not; a collective unit by its members, and where none are known it is
    counted without a light. In the order of the plans, the worst light first; of a plan outside
    its period nothing.
    """
    day = day_of(month, now)
    at = min(now, datetime.combine(month.last + _A_DAY, time(), ZoneInfo(settings.timezone)))
    found: list[Standing] = []
    for version in versions:
        if not _runs_in(version, month):
            continue
        of_plan: dict[int, Standing] = {}
        _count_tasks(session, version, of_plan, day, at, workdays)
        _count_reports(session, version, of_plan, day, at, workdays)
        names = ledger.unit_names(session, of_plan)
        collective = collective_among(session, of_plan)
        some = [one for one in of_plan.values() if one.counts]
        for one in some:
            one.unit, one.is_collective = names[one.unit_id], one.unit_id in collective
        found += sorted(some, key=_worst_first)
    return found


def day_of(month: Period, now: datetime) -> date:
    """The day on which the standings of a month are taken."""
    return min(month.last, now.date())


def _worst_first(one: Standing) -> tuple[int, int]:
    return list(Light).index(one.light), -(one.overdue + one.missing)


def _runs_in(version: PlanVersion, month: Period) -> bool:
    start, end = _start(version, month.last), version.period_end_on
    return start <= month.last and (end is None or end >= month.first)


def _start(version: PlanVersion, day: date) -> date:
    """Since when things count: the plan's beginning, or else the year's."""
    return version.period_start_on or version.issued_on or date(day.year, 1, 1)


def _count_tasks(
    session: Session, version: PlanVersion, of_plan: dict[int, Standing], day: date, at: datetime,
    workdays: Workdays,
) -> None:  # fmt: skip
    near = _add_workdays(day, NEAR_WORKDAYS, workdays)
    between = owed_between(session, _start(version, day), near, version_id=version.id)
    owed = _counted((one for one in between if not one.timing.is_report), day)
    history = History(session, {one.task.lineage for one in owed})
    debtors = debtors_of(session, {row_id(one.task.id) for one in owed})
    for one in owed:
        owing = debtors.get(row_id(one.task.id), [])
        for debtor in owing:
            if _is_judged(debtor) and not history.is_muted(one, debtor, owing, at):
                standing = _of(of_plan, version, debtor.unit_id)
                _count(standing, one, debtor, owing, history, day, at)


def _count(
    standing: Standing, one: Owed, debtor: Debtor, owing: Sequence[Debtor], history: History,
    day: date, at: datetime,
) -> None:  # fmt: skip
    due_on = one.occurrence.due_on
    is_done = history.is_done(one, debtor, owing, at)
    if due_on > day:
        answered = history.answered_since(one, debtor, owing, LONG_AGO, at)
        standing.near += not is_done and not answered
        return
    standing.due += 1
    standing.done += is_done
    waits = history.is_paused(one, debtor, owing, at)
    standing.overdue += not is_done and not waits and due_on < at.date()


def _counted(owed: Iterable[Owed], day: date) -> list[Owed]:
    """What has a day of its own, and of a repeated task the last day, which replaces those before.

    What comes back every week or day is nobody's to close, and is left out.
    """
    last: dict[tuple[str, str], Owed] = {}
    found = []
    for one in owed:
        next_on = one.occurrence.next_on
        if one.timing.rule is None:
            found.append(one)
        elif one.occurrence.due_on <= day and (
            next_on is None or next_on - one.occurrence.due_on > A_WEEK
        ):
            last[one.task.lineage, one.timing.key] = one
    return found + list(last.values())


def _count_reports(
    session: Session, version: PlanVersion, of_plan: dict[int, Standing], day: date, at: datetime,
    workdays: Workdays,
) -> None:  # fmt: skip
    owed: list[OwedWindow] = windows_due(
        session, _start(version, day), day, workdays, [version.plan_id]
    )
    for one in without_past(session, owed, at.date(), at.tzinfo):
        window = one.window
        standing = _of(of_plan, version, window.unit_id)
        standing.reports_due += 1
        if window.received_on is not None and window.received_on <= day:
            standing.reports_in += 1
        elif window.due_on < at.date():
            is_late = (day - window.due_on).days <= LATE_DAYS
            standing.late += is_late
            standing.missing += not is_late


def _is_judged(debtor: Debtor) -> bool:
    return debtor.role in OWING and not debtor.has_members


def _of(of_plan: dict[int, Standing], version: PlanVersion, unit_id: int) -> Standing:
    return of_plan.setdefault(unit_id, Standing(version, unit_id, ""))


def _add_workdays(day: date, n: int, workdays: Workdays) -> date:
    try:
        return workdays.add(day, n)
    except CalendarMissing:
        return day  # a year whose holidays nobody knows: what is soon is not guessed
