"""Tells a unit on the first working day of each month what is overdue, what is ahead, and what it has done."""

from datetime import date

from reminders.choices import Choices
from reminders.periods import Period, months

LABEL = "每月汇总"
RECEIVER = "unit"
COVERS = ("weekly_digest",)
AHEAD, BEFORE = "本月", "上月"


def period(day: date) -> Period:
    """The month."""
    return months(day, 1)


def until(period: Period) -> date:
    """The last day looked ahead to: the month's."""
    return period.last


def is_chosen(choices: Choices) -> bool:
    """Whether it is wanted."""
    return choices.monthly_digest
