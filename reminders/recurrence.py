"""The days of a recurring timing: an iCalendar RRULE between two days."""

from datetime import date, datetime, time, timedelta

import structlog

from corpus.models import Timing
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
    from dateutil.rrule import rrulestr

    start, end = timing.start_on or start_on, timing.due_on or end_on
    if not timing.rule or not _names_its_days(timing.rule, start):
        return []
    anchor = datetime.combine(start or first - A_YEAR, time())
    try:
        rule = rrulestr(timing.rule, dtstart=anchor)
        last = min(last, end) if end else last
        days = rule.between(_at(first), _at(last), inc=True)
        before = rule.before(_at(first)) if days else None
    except (ValueError, TypeError) as error:
        log.warning("reminders.rule_unreadable", timing=timing.id, error=type(error).__name__)
        return []
    found = []
    for day in days:
        found.append(Occurrence(day.date(), before.date() if before else None))
        before = day
    return found


def _names_its_days(rule: str, start: date | None) -> bool:
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    if start is None and ANCHORED_PARTS & parts.keys():
        return False
    return parts.get("FREQ") == "DAILY" or bool(DAY_PARTS & parts.keys())


def _at(day: date) -> datetime:
    return datetime.combine(day, time())
