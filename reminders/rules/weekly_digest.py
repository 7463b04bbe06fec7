"""Tells a unit on the first working day of each week what is overdue, what is ahead, and what it has done."""

from datetime import date, timedelta

from reminders.choices import Choices
from reminders.periods import Period, week

LABEL = "每周汇总"
RECEIVER = "unit"
COVERS: tuple[str, ...] = ()
AHEAD, BEFORE = "本周和下周", "上周"


def period(day: date) -> Period:
    """The week from Monday to Sunday."""
    return week(day)


def until(period: Period) -> date:
    """The last day looked ahead to: the Sunday of the next week."""
    return period.last + timedelta(days=7)


def is_chosen(choices: Choices) -> bool:
    """Whether it is wanted."""
    return choices.weekly_digest
