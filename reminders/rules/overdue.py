"""Reminds of what is past its day and not done: on the next working day, then weekly, and then no more."""

from collections.abc import Iterator
from datetime import timedelta

from config.workdays import Workdays
from corpus.values import Role
from reminders.choices import Choices
from reminders.rules import Due, Occurrence

LABEL = "逾期提醒"
OF_REPORTS = False
A_WEEK = timedelta(days=7)


def reach(choices: Choices) -> tuple[int, int]:
    """A week for each time, and the longest holiday with its weekends."""
    return 0, 7 * choices.overdue_times + 14


def due(occurrence: Occurrence, _: Role, choices: Choices, workdays: Workdays) -> Iterator[Due]:
    """The n-th reminder stands for a week; a new one of a recurring duty takes the place of the last."""
    first = workdays.add(occurrence.due_on, 1) if choices.overdue_times else occurrence.due_on
    for n in range(choices.overdue_times):
        day = first + n * A_WEEK
        day = workdays.on_or_after(day) if choices.reminder_workdays_only else day
        if occurrence.next_on is not None and day >= occurrence.next_on:
            break
        last = day + A_WEEK - timedelta(days=1)
        yield Due(f"overdue:{n + 1}", choices.at(day), useful_to=last)
