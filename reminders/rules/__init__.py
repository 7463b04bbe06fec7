"""Finds the reminder rules: every module of this folder is one, under its own name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from config.settings import Settings
from config.workdays import Workdays


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One local day on which something is owed, that day included."""

    due_on: date
    previous_on: date | None = None  # of a recurring timing: the day it was owed last


@dataclass(frozen=True, slots=True)
class Due:
    """What a rule asks for: a reminder at `at`, which is of use until the end of `useful_to`."""

    rule: str  # the rule with its step, "before_deadline:7"
    at: datetime
    useful_to: date


class Rule(Protocol):
    """What a module of this folder holds."""

    LABEL: str  # Chinese, for people

    def reach(self, settings: Settings) -> tuple[int, int]:
        """At most how many calendar days before and after a due day this rule reminds."""

    def due(self, occurrence: Occurrence, workdays: Workdays, settings: Settings) -> list[Due]:
        """Every reminder of an occurrence, whether past or to come.

        Raises CalendarMissing when it would need the working days of an unknown year.
        """


@cache
def all_rules() -> dict[str, Rule]:
    """Name → rule, in the order of the names."""
    names = sorted(module.name for module in iter_modules(__path__))
    return {name: cast(Rule, import_module(f"{__name__}.{name}")) for name in names}


def furthest(rules: Sequence[Rule], settings: Settings) -> tuple[int, int]:
    """The furthest reach of several rules: calendar days before and after a due day."""
    reaches = [rule.reach(settings) for rule in rules]
    return max(before for before, _ in reaches), max(after for _, after in reaches)


def sending_time(day: date, settings: Settings) -> datetime:
    """When reminders leave on a local day."""
    return datetime.combine(day, time(settings.reminder_hour), ZoneInfo(settings.timezone))
