"""The reporting duties 报送 in force: those that stand in the plans, and those that admins set."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, select

from corpus import ledger
from corpus.models import PlanVersion, Responsibility, Task, Timing, Unit, VersionState
from corpus.reporting import without_subject
from corpus.values import Role, TimingKind
from reminders import periods
from reminders.debtors import Debtor, debtors_of, members_of
from reminders.models import ReportDuty
from reminders.periods import Period
from reminders.recurrence import occurrences
from reminders.rules import Occurrence

_YEARLY = re.compile(r"FREQ=YEARLY;BYMONTH=(\d+);BYMONTHDAY=(-?\d+)")
_REST_OF_TIME = re.compile(
    r"^(?:[上下中]午|晚上?)?\d{1,2}(?:[:：]\d\d|[时点])(?:之?前)?|^(?:之?前)?[，和及]"
)
# 各责任单位: the plan itself says who they are, task by task
_BY_TASKS = re.compile(r"(?:[市县区]级)?各(?:任务)?(?:责任|牵头|主办|承办)(?:单位|部门)")
OWING = (Role.LEAD, Role.RESPONSIBLE, Role.JOINT)
OF_ADMIN = "duty:"  # a lineage of this form names a row of ReportDuty


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty to report, of one plan in force; `since` and `until` bound its days, both included."""

    version: PlanVersion
    lineage: str
    timing: Timing
    text: str  # what is reported
    task: Task | None = None  # None: an admin set it
    # the days (of any year) of all single reports that the same words of the task ask for
    others: frozenset[date] = frozenset()
    since: date | None = None
    until: date | None = None
    unit_text: str = ""  # of an admin's duty: names joined by 、, "" for each unit that leads

    def days(self, first: date, last: date) -> list[Occurrence]:
        """The days on which it is owed, none outside the plan's period; not yet moved off holidays."""
        first = max(first, self.since or first)
        last = min(last, self.until or last)
        if first > last:
            return []
        if self.timing.kind is TimingKind.RECURRING:
            start, end = self.version.period_start_on, self.version.period_end_on
            return occurrences(self.timing, first, last, start, end)
        due = self.timing.due_on
        return [Occurrence(due)] if due is not None and first <= due <= last else []

    def period(self, day: Occurrence) -> Period:
        """What the report that is due on `day` is about."""
        words = f"{self.timing.text} {self.timing.about or self.text}"
        if self.timing.kind is TimingKind.RECURRING:
            assert self.timing.rule is not None
            others = [one.replace(year=day.due_on.year) for one in self.others]
            return periods.of_recurring(
                self.timing.rule, words, day.due_on, day.previous_on, others
            )
        if self.timing.start_on:
            found = periods.of_day(words, day.due_on)
            own = periods.between(self.timing.start_on, day.due_on)
            return replace(own, name=found.name) if found else own
        found = periods.of_day(words, day.due_on, self.others)
        return found or periods.between(min(self.since or day.due_on, day.due_on), day.due_on)


def duties_in_force(session: Session, plan_ids: Collection[str] | None = None) -> list[Duty]:
    """All duties to report of the plans in force, or of those named."""
    versions = {v.plan_id: v for v in ledger.versions_in_force(session, plan_ids)}
    issued = _first_issued(session)
    found = [
        replace(duty, since=_latest(issued.get(duty.version.plan_id), duty.since))
        for duty in [*_of_plans(session, versions), *_of_admins(session, versions)]
    ]
    return [
        replace(
            duty,
            since=_latest(duty.since, duty.version.period_start_on),
            until=_earliest(duty.until, duty.version.period_end_on),
        )
        for duty in found
    ]


def owed_since(session: Session, day: date, plan_ids: Collection[str] | None = None) -> date:
    """The first day since which a report may be owed, as seen on `day`."""
    first_days = (duty.since for duty in duties_in_force(session, plan_ids) if duty.since)
    return min(first_days, default=date(day.year, 1, 1))


def units_of(session: Session, duties: Collection[Duty]) -> dict[tuple[str, str], list[Debtor]]:
    """(plan, lineage) → the units that owe the reports; collective ones by their members."""
    found: dict[tuple[str, str], list[Debtor]] = {}
    tasks = {d.task.id: d for d in duties if d.task is not None and d.task.id is not None}
    printed = debtors_of(session, list(tasks))
    of_plans: dict[str, list[Debtor]] = {}
    for duty in duties:
        owing = printed.get(duty.task.id, []) if duty.task and duty.task.id else []
        if duty.unit_text:
            owing = _named(session, duty)
        plan_id = duty.version.plan_id
        # whoever leads a task of the plan reports of it
        if all(not one.has_members and _is_said_by_tasks(session, one.unit_id) for one in owing):
            if plan_id not in of_plans:
                of_plans[plan_id] = _leading(session, duty.version)
            owing = of_plans[plan_id]
        found[plan_id, duty.lineage] = [
            one for one in owing if one.role in OWING and not one.has_members
        ]
    return found


def _of_plans(session: Session, versions: dict[str, PlanVersion]) -> Iterator[Duty]:
    query = (
        select(Timing, Task)
        .join(Task, col(Task.id) == Timing.task_id)
        .join(PlanVersion, col(PlanVersion.id) == Task.version_id)
        .options(defer(Task.as_read))  # type: ignore[arg-type]
        .where(Timing.is_report, PlanVersion.state == VersionState.IN_FORCE)
        .order_by(col(Task.id), col(Timing.seq))
    )
    rows = [(timing, task) for timing, task in session.exec(query) if task.plan_id in versions]
    once: dict[tuple[int, str], set[date]] = defaultdict(set)
    for timing, _ in rows:
        if day := timing.due_on if timing.kind is TimingKind.DEADLINE else _day_of_year(timing):
            once[timing.task_id, timing.about].add(day)
    for timing, task in rows:
        if timing.kind is TimingKind.AS_DIRECTED or not (timing.rule or timing.due_on):
            continue
        yield Duty(
            versions[task.plan_id], task.lineage, _with_day(timing), _what(timing, task), task,
            frozenset(once[timing.task_id, timing.about]),
        )  # fmt: skip


def _day_of_year(timing: Timing) -> date | None:
    """The day of 每年12月20日, in some leap year."""
    found = _YEARLY.fullmatch(timing.rule or "")
    if found is None:
        return None
    month, day = int(found[1]), int(found[2])
    return date(2000, month, day if 0 < day <= 28 else 28)


def _what(timing: Timing, task: Task) -> str:
    """What is reported, in the plan's words without those of time."""
    about = without_subject(_REST_OF_TIME.sub("", timing.about)).removeprefix("于").strip("，、：")
    return about or task.name


def _of_admins(session: Session, versions: dict[str, PlanVersion]) -> Iterator[Duty]:
    for row in session.exec(select(ReportDuty).order_by(col(ReportDuty.id))):
        timing = Timing(
            seq=0, key="", text=row.timing_text, kind=TimingKind.RECURRING, rule=row.rule
        )
        for plan_id, version in versions.items():
            if row.plan_id in (None, plan_id):
                yield Duty(
                    version, f"{OF_ADMIN}{row.id}", _with_day(timing), row.text,
                    since=row.since_on, until=row.ended_on, unit_text=row.unit_text,
                )  # fmt: skip


def _with_day(timing: Timing) -> Timing:
    """每季度报送 names no day: the report is owed by the last one of the period."""
    if timing.kind is not TimingKind.RECURRING or not timing.rule:
        return timing
    parts = dict(part.partition("=")[::2] for part in timing.rule.upper().split(";"))
    frequency, step = parts.get("FREQ"), int(parts.get("INTERVAL", 1))
    if any(name.startswith("BY") and name != "BYMONTH" for name in parts):
        return timing
    if frequency == "WEEKLY":
        rule = f"{timing.rule};BYDAY=SU"
    elif "BYMONTH" in parts or (frequency == "MONTHLY" and step == 1):
        rule = f"{timing.rule};BYMONTHDAY=-1"
    elif frequency == "YEARLY" and step == 1:
        rule = "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1"
    elif frequency == "MONTHLY" and 12 % step == 0:
        months = ",".join(map(str, range(step, 13, step)))
        rule = f"FREQ=YEARLY;BYMONTH={months};BYMONTHDAY=-1"
    else:
        return timing
    # a copy, lest the row of the ledger be written back
    return Timing(**{**timing.model_dump(), "rule": rule})


def _leading(session: Session, version: PlanVersion) -> list[Debtor]:
    query = (
        select(Responsibility.unit_id)
        .join(Task, col(Task.id) == Responsibility.task_id)
        .where(
            Task.version_id == version.id,
            Task.part != "report",
            col(Responsibility.role).in_(OWING),
        )
        .group_by(col(Responsibility.unit_id))
        .order_by(func.min(Responsibility.id))
    )
    units = [unit for unit in session.exec(query) if not _is_said_by_tasks(session, unit)]
    return _with_members(session, units)


def _is_said_by_tasks(session: Session, unit_id: int) -> bool:
    unit = session.get(Unit, unit_id)
    return unit is not None and _BY_TASKS.fullmatch(unit.name) is not None


def _named(session: Session, duty: Duty) -> list[Debtor]:
    place = duty.version.jurisdiction or ""
    found: dict[int, None] = {}
    for name in duty.unit_text.split("、"):
        units = ledger.find_units(session, name, place) or ledger.find_units(session, name)
        found |= {unit.id: None for unit in units[:1] if unit.id is not None}
    return _with_members(session, list(found))


def _with_members(session: Session, unit_ids: list[int]) -> list[Debtor]:
    members = members_of(session, unit_ids)
    found: dict[int, Debtor] = {}
    for unit_id in unit_ids:
        if unit_id not in members:
            found.setdefault(unit_id, Debtor(unit_id, Role.LEAD))
        for member in members.get(unit_id, ()):
            found.setdefault(member, Debtor(member, Role.LEAD, through=unit_id))
    return list(found.values())


def _first_issued(session: Session) -> dict[str, date]:
    """Plan → when its first version in force was issued: nobody owed a report before that day."""
    query = (
        select(PlanVersion.plan_id, func.min(PlanVersion.issued_on))
        .where(col(PlanVersion.published_at).is_not(None), col(PlanVersion.issued_on).is_not(None))
        .group_by(col(PlanVersion.plan_id))
    )
    return {plan_id: first for plan_id, first in session.exec(query) if first is not None}


def _latest(*days: date | None) -> date | None:
    return max((day for day in days if day is not None), default=None)


def _earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)
