"""Reminds some working days before a deadline; how many depends on the unit's role."""

from collections.abc import Iterator

from config.workdays import Workdays
from corpus.values import Role
from reminders.choices import Choices
from reminders.rules import Due, Occurrence

LABEL = "截止前提醒"
OF_REPORTS = False


def reach(choices: Choices) -> tuple[int, int]:
    """Two calendar days for each working day, and the longest holiday with its weekends."""
    steps = (*choices.remind_lead_workdays, *choices.remind_support_workdays)
    return 2 * max(steps, default=0) + 14, 0


def due(occurrence: Occurrence, role: Role, choices: Choices, workdays: Workdays) -> Iterator[Due]:
    """A reminder on the n-th working day before the due day, for each n of the unit's role."""
    supports = role is Role.SUPPORT
    for n in choices.remind_support_workdays if supports else choices.remind_lead_workdays:
        day = workdays.add(occurrence.due_on, -n)
        if occurrence.previous_on is not None and day <= occurrence.previous_on:
            continue  # 每周五: seven working days ahead would speak while the last one is still owed
        yield Due(f"before_deadline:{n}", choices.at(day), useful_to=occurrence.due_on)
