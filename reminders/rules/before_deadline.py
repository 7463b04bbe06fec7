"""Reminds some working days before a deadline; how many is a setting."""

from config.settings import Settings
from config.workdays import Workdays
from reminders.rules import Due, Occurrence, sending_time

LABEL = "截止前提醒"


def reach(settings: Settings) -> tuple[int, int]:
    """Two calendar days for each working day, and the longest holiday with its weekends."""
    return 2 * max(settings.remind_before_workdays) + 14, 0


def due(occurrence: Occurrence, workdays: Workdays, settings: Settings) -> list[Due]:
    """A reminder on the n-th working day before the due day, for each n of the settings."""
    found = []
    for n in settings.remind_before_workdays:
        day = workdays.add(occurrence.due_on, -n)
        if occurrence.previous_on is not None and day <= occurrence.previous_on:
            continue  # 每周五: seven working days ahead would speak while the last one is still owed
        at = sending_time(day, settings)
        found.append(Due(f"before_deadline:{n}", at, useful_to=occurrence.due_on))
    return found
