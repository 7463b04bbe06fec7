"""The days on which what recurs falls: those of an iCalendar RRULE, each moved off the holidays."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import structlog
from sqlmodel import Session, col, func, select

from config.workdays import CalendarMissing, Workdays
from corpus.models import Timing
from corpus.values import TimingKind
from reminders.rules import Occurrence

log = structlog.get_logger()

# without one of these a monthly or yearly rule takes its day from where it starts, which is a guess
DAY_PARTS = {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYEASTER"}
ANCHORED_PARTS = {"INTERVAL", "COUNT"}  # these count from a start: without one we do not guess
A_YEAR = timedelta(days=400)  # back from the first day asked for, so that the one before it is seen


def occurrences(
    timing: Timing, first: date, last: date, start_on: date | None, end_on: date | None
) -> list[Occurrence]:
    """The days of `timing` from `first` to `last`, both included, none outside its own span.

    `start_on` and `end_on` are the plan's period, for a timing that has no span of its own. A
    rule that names no day, or that cannot be read, has no days.
    """
    start, end = timing.start_on or start_on, timing.due_on or end_on
    if not timing.rule or not _names_its_days(timing.rule, start):
        return []
    try:
        return list(_days_of(timing.rule, first, last, start, end))
    except (ValueError, TypeError) as error:
        log.warning("reminders.rule_unreadable", timing=timing.id, error=type(error).__name__)
        return []


@lru_cache(maxsize=4096)  # thousands of timings have few rules
def _days_of(
    text: str, first: date, last: date, start: date | None, end: date | None
) -> tuple[Occurrence, ...]:
    from dateutil.rrule import rrulestr

    rule = rrulestr(text, dtstart=datetime.combine(start or first - A_YEAR, time()))
    days = rule.between(_at(first), _at(min(last, end) if end else last), inc=True)
    if not days:
        return ()
    before, after = rule.before(_at(first)), rule.after(days[-1])
    if after is not None and end is not None and after.date() > end:
        after = None
    known = [before, *days, after]
    return tuple(
        Occurrence(day.date(), before and before.date(), after and after.date())
        for before, day, after in zip(known[:-2], days, known[2:], strict=True)
    )


def rules_on(session: Session, days: Collection[date]) -> list[str]:
    """The rules in use that may fall on one of some days; each is looked up once, by index."""
    recurring = col(Timing.kind) == TimingKind.RECURRING
    # a loose index scan: from each rule straight to the next one, however many timings have it
    rules = (
        select(func.min(Timing.rule).label("rule")).where(recurring).cte("rules", recursive=True)
    )
    following = select(func.min(Timing.rule)).where(recurring, col(Timing.rule) > rules.c.rule)
    rules = rules.union_all(
        select(following.scalar_subquery()).select_from(rules).where(rules.c.rule.is_not(None))
    )
    in_use = session.exec(select(rules.c.rule).where(rules.c.rule.is_not(None)))
    return [rule for rule in in_use if _may_fall_on(rule, days)]


def _may_fall_on(rule: str, days: Collection[date]) -> bool:
    if ANCHORED_PARTS & _parts(rule).keys():
        return True  # the day it counts from decides
    timing = Timing(seq=0, key="", text="", kind=TimingKind.RECURRING, rule=rule)
    return any(one.due_on in days for one in occurrences(timing, min(days), max(days), None, None))


def _names_its_days(rule: str, start: date | None) -> bool:
    parts = _parts(rule)
    if start is None and ANCHORED_PARTS & parts.keys():
        return False
    return parts.get("FREQ") == "DAILY" or bool(DAY_PARTS & parts.keys())


def _parts(rule: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in rule.upper().split(";"))


def _at(day: date) -> datetime:
    return datetime.combine(day, time())


def off_holidays(day: Occurrence, off_days: str, workdays: Workdays) -> date | None:
    """The working day on which it is due; None where it falls together with another one.

    After the holiday where the plan says so, else before it. A year without a calendar stays as it
    is printed, and is put right once its calendar is there.
    """
    due_on = day.due_on
    try:
        move = workdays.on_or_after if off_days == "after" else workdays.on_or_before
        moved = move(due_on)
    except CalendarMissing:
        return due_on
    if moved < due_on and day.previous_on is not None and moved <= day.previous_on:
        return None  # 每日报送: nothing is owed on the days off
    if moved > due_on and day.next_on is not None and moved >= day.next_on:
        return None
    return moved
