"""Tells ever higher places of a unit that is past its day and silent; an answer of any kind ends it."""

from collections.abc import Iterator
from datetime import timedelta

from config.workdays import Workdays
from corpus.values import Role
from reminders.choices import Choices
from reminders.rules import Due, Occurrence

LABEL = "逾期未答复"
OF_REPORTS = False
USEFUL_FOR = timedelta(days=13)  # over the longest holiday with its weekends


def reach(choices: Choices) -> tuple[int, int]:
    """Two calendar days for each working day, and the longest holiday with its weekends."""
    return 0, 2 * max((days for days, _ in choices.escalation), default=0) + 14


def due(occurrence: Occurrence, role: Role, choices: Choices, workdays: Workdays) -> Iterator[Due]:
    """A step on the n-th working day after the due day, for who leads or answers for the task."""
    if role is Role.SUPPORT:
        return
    for n, receiver in choices.escalation:
        day = workdays.add(occurrence.due_on, n)
        if occurrence.next_on is not None and day >= occurrence.next_on:
            continue
        rule = f"escalation:{n}:{receiver}"
        last = day + USEFUL_FOR
        yield Due(rule, choices.at(day), last, receiver=receiver, if_silent=True)
