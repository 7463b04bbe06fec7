"""Reminds on the due day itself."""

from collections.abc import Iterator

from config.workdays import Workdays
from corpus.values import Role
from reminders.choices import Choices
from reminders.rules import Due, Occurrence

LABEL = "当天到期"
OF_REPORTS = False


def reach(_: Choices) -> tuple[int, int]:
    """The day itself."""
    return 0, 0


def due(occurrence: Occurrence, _: Role, choices: Choices, workdays: Workdays) -> Iterator[Due]:
    """A reminder on the due day, unless nobody is in the office: then the day before said it."""
    day = occurrence.due_on
    if not choices.remind_on_due_day:
        return
    if choices.reminder_workdays_only and not workdays.is_workday(day):
        return
    yield Due("due_today", choices.at(day), useful_to=day)
