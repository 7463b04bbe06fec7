"""Reminds of a report some working days before it is due, and on its day."""

from collections.abc import Iterator

from config.workdays import Workdays
from corpus.values import Role
from reminders.choices import Choices
from reminders.rules import Due, Occurrence

LABEL = "报送截止前提醒"
OF_REPORTS = True


def reach(choices: Choices) -> tuple[int, int]:
    """Two calendar days for each working day, and the longest holiday with its weekends."""
    return 2 * max(choices.report_workdays, default=0) + 14, 0


def due(occurrence: Occurrence, _: Role, choices: Choices, workdays: Workdays) -> Iterator[Due]:
    """The n-th working day before the due day, if the window is open by then; 0 is the day itself."""
    for n in (*choices.report_workdays, *([0] if choices.remind_on_due_day else [])):
        day = workdays.add(occurrence.due_on, -n)
        if n == 0 and choices.reminder_workdays_only and not workdays.is_workday(day):
            continue  # a day put off by an extension may be one on which nobody is there
        if occurrence.opens_on is None or day >= occurrence.opens_on:
            yield Due(f"report_due:{n}", choices.at(day), useful_to=occurrence.due_on)
