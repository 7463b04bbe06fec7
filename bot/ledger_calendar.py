"""A plan's due days as an iCalendar file, for the calendar on a desk or a phone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bot.render import ROLES, row_name
from corpus import ledger
from corpus.models import PlanVersion, Responsibility, Task, Timing, Unit, VersionState
from corpus.progress import Matter, Progress, deciding_units, extensions
from corpus.values import TimingKind
from reminders.debtors import with_collectives
from reminders.recurrence import occurrences

# nine in the morning, seven days and one day before the day of the event
ALARMS = (timedelta(days=-7, hours=9), timedelta(days=-1, hours=9))
LOOK_AHEAD = timedelta(days=800)  # in which a recurring day must come once to be put down


def to_ics(session: Session, version: PlanVersion) -> bytes:
    """All-day events with alarms, in CRLF lines.

    An event's UID is its task's lineage and its timing's key: the next version's file changes the
    event in a calendar that holds it already.
    """
    assert version.id is not None
    calendar = _calendar(version.title)
    for task in ledger.tasks_of(session, version.id):
        for event in _events(version, task):
            calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def unit_ics(session: Session, unit: Unit, now: datetime) -> bytes:
    """The same of all that one unit has a part in, by the plans in force, and that is not done.

    Days that were put off are the new ones; the members of a collective unit have its tasks.
    """
    assert unit.id is not None
    calendar = _calendar(f"{unit.name}的任务")
    tasks = _tasks_of(session, unit.id)
    lineages = {task.lineage for task in tasks}
    progress, moved = Progress(session, lineages=lineages), extensions(session, lineages)
    for task in tasks:
        deciding = deciding_units(task.responsibilities)
        for timing in task.timings:
            recurs = timing.kind is TimingKind.RECURRING
            day = _first_day(task.version, timing) if recurs else timing.due_on
            key = task.plan_id, task.lineage, timing.key
            if day is not None and not recurs:
                day = moved.get((*key, day), day)
            matter = Matter(*key, None if recurs else day, unit.id, deciding)
            if day is not None and not progress.is_done(matter, now):
                calendar.add_component(_event(task.version, task, timing, day))
    content: bytes = calendar.to_ical()
    return content


def _tasks_of(session: Session, unit_id: int) -> list[Task]:
    units = with_collectives(session, {unit_id})
    found = (
        select(Responsibility.task_id)
        .join(Task, col(Task.id) == Responsibility.task_id)
        .join(PlanVersion, col(PlanVersion.id) == Task.version_id)
        .where(PlanVersion.state == VersionState.IN_FORCE, col(Responsibility.unit_id).in_(units))
        .distinct()
    )
    return ledger.tasks_with(session, list(session.exec(found)))


def _calendar(name: str) -> Any:
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//duban//ledger//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    return calendar


def _events(version: PlanVersion, task: Task) -> Iterator[Any]:
    for timing in task.timings:
        if timing.kind is TimingKind.RECURRING:
            first = _first_day(version, timing)
        else:
            first = timing.due_on
        if first is not None:
            yield _event(version, task, timing, first)


def _first_day(version: PlanVersion, timing: Timing) -> date | None:
    start = timing.start_on or version.period_start_on or version.read_at.date()
    days = occurrences(
        timing, start, start + LOOK_AHEAD, version.period_start_on, version.period_end_on
    )
    return days[0].due_on if days else None


def _event(version: PlanVersion, task: Task, timing: Timing, day: date) -> Any:
    from icalendar import Alarm, Event, vRecur

    event = Event()
    event.add("uid", f"{task.lineage}-{timing.key}@duban")
    event.add("sequence", version.number)
    event.add("dtstamp", (version.published_at or version.read_at).astimezone(UTC))
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    if timing.kind is TimingKind.RECURRING and timing.rule:
        rule = vRecur.from_ical(timing.rule)
        end = timing.due_on or version.period_end_on
        if end is not None and "UNTIL" not in rule and "COUNT" not in rule:
            rule["UNTIL"] = [end]
        event.add("rrule", rule)
    name = f"{row_name(task)} {timing.about or task.name}".strip()
    event.add("summary", name if len(name) <= 80 else name[:79] + "…")
    event.add("description", "\n".join(_words(version, task, timing)))
    event.add("transp", "TRANSPARENT")  # a due day does not make anybody busy
    event.add("categories", [r.unit_text for r in task.responsibilities] or [version.title])
    for before in ALARMS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", name[:80])
        alarm.add("trigger", before)
        event.add_component(alarm)
    return event


def _words(version: PlanVersion, task: Task, timing: Timing) -> Iterator[str]:
    yield task.text
    units = "、".join(f"{r.unit_text}（{ROLES[r.role]}）" for r in task.responsibilities)
    if units:
        yield f"责任单位：{units}"
    yield f"原文时限：{timing.text}{'（有歧义，按较早的理解）' if timing.ambiguous else ''}"
    yield f"出处：《{version.title}》{row_name(task)}"
