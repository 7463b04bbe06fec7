"""Reminds when a report can be handed in, on the first working day of its window."""

from collections.abc import Iterator

from config.workdays import Workdays
from corpus.values import Role
from reminders.choices import Choices
from reminders.rules import Due, Occurrence

LABEL = "报送开始"
OF_REPORTS = True


def reach(_: Choices) -> tuple[int, int]:
    """The longest holiday with its weekends."""
    return 0, 14


def due(occurrence: Occurrence, _: Role, choices: Choices, workdays: Workdays) -> Iterator[Due]:
    """Nothing where the window is so short that the report is asked for on that day anyway."""
    if occurrence.opens_on is None or not choices.report_opens:
        return
    day = workdays.on_or_after(occurrence.opens_on)
    steps = max(choices.report_workdays, default=0)
    if day < workdays.add(workdays.on_or_before(occurrence.due_on), -steps):
        yield Due("report_opens", choices.at(day), useful_to=occurrence.due_on)
