"""Tells the supervising office on the first working day of each month how every unit stood at the end of the last."""

from datetime import date

from reminders.choices import Choices
from reminders.periods import Period, months

LABEL = "每月通报"
RECEIVER = "office"
COVERS: tuple[str, ...] = ()


def period(day: date) -> Period:
    """The month in which it is sent; it is about the one before."""
    return months(day, 1)


def is_chosen(choices: Choices) -> bool:
    """Whether it is wanted."""
    return choices.circular
