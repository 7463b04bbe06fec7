"""Reminds of a report that did not come: on the next working day, then each working day, then no more."""

from collections.abc import Iterator
from datetime import timedelta

from config.workdays import Workdays
from corpus.values import Role
from reminders.choices import Choices
from reminders.rules import Due, Occurrence

LABEL = "逾期未报送"
OF_REPORTS = True


def reach(choices: Choices) -> tuple[int, int]:
    """Two calendar days for each working day, and the longest holiday with its weekends."""
    return 0, 2 * choices.report_missing_times + 14


def due(occurrence: Occurrence, _: Role, choices: Choices, workdays: Workdays) -> Iterator[Due]:
    """Each stands until the next working day; one that came was received, and asks for nothing."""
    day = occurrence.due_on
    for n in range(1, choices.report_missing_times + 1):
        day = workdays.add(day, 1)
        last = workdays.add(day, 1) - timedelta(days=1)
        yield Due(f"report_missing:{n}", choices.at(day), useful_to=last)
