"""Finds the reminder rules: every module of this folder is one, under its own name."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Protocol, cast

from config.workdays import Workdays
from corpus.values import Role
from reminders.choices import Choices
from reminders.periods import Period


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One local day on which something is owed, that day included."""

    due_on: date
    previous_on: date | None = None  # of a recurring timing: the day it was owed last
    next_on: date | None = None  # and the day it is owed next
    is_report: bool = False  # a report 报送 is owed, and not the task itself
    opens_on: date | None = None  # of a report: the first day on which it is awaited


@dataclass(frozen=True, slots=True)
class Due:
    """What a rule asks for: a reminder at `at`, which is of use until the end of `useful_to`."""

    rule: str  # the rule with its step, "before_deadline:7"; no other of one occurrence has it
    at: datetime
    useful_to: date
    receiver: str = "unit"  # "unit" that owes, its "head", the supervising "office", its "leader"
    if_silent: bool = False  # only if the unit has answered nothing since it was first reminded


class Rule(Protocol):
    """What a module of this folder holds. It knows days alone, and asks no database."""

    LABEL: str  # Chinese, for people
    OF_REPORTS: bool  # whether it is asked of reports, or else of tasks

    def reach(self, choices: Choices) -> tuple[int, int]:
        """At most how many calendar days before and after a due (or opening) day it reminds."""

    def due(
        self, occurrence: Occurrence, role: Role, choices: Choices, workdays: Workdays
    ) -> Iterable[Due]:
        """Every reminder of an occurrence to a unit of that role, whether past or to come.

        Raises CalendarMissing where it would need the working days of an unknown year; what it
        yielded before that holds.
        """


class Periodic(Protocol):
    """What a module of this folder holds that tells something once a week or month, due or not."""

    LABEL: str
    RECEIVER: str  # "unit", or the supervising "office" of a plan
    COVERS: tuple[str, ...]  # the rules whose message it replaces where both go out together

    def period(self, day: date) -> Period:
        """The period that holds `day`; in each one message leaves, on its first working day."""

    def is_chosen(self, choices: Choices) -> bool:
        """Whether it is wanted."""


class Digest(Periodic, Protocol):
    """A periodic message that sums up what one unit owes."""

    AHEAD: str  # the days it looks ahead to, 本周和下周
    BEFORE: str  # the period it looks back on, 上周

    def until(self, period: Period) -> date:
        """The last day it looks ahead to."""


# what a digest tells first; a rule that is not named here comes last
URGENT_FIRST = (
    "escalation", "overdue", "report_missing", "due_today", "report_due", "before_deadline",
    "report_opens",
)  # fmt: skip


@cache
def all_rules() -> dict[str, Rule]:
    """Name → rule about what is owed, in the order of the names."""
    return {name: cast(Rule, rule) for name, rule in _modules().items() if hasattr(rule, "due")}


@cache
def periodic_rules() -> dict[str, Periodic]:
    """Name → rule that speaks once a week or month, in the order of the names."""
    return {n: cast(Periodic, rule) for n, rule in _modules().items() if hasattr(rule, "period")}


def _modules() -> dict[str, ModuleType]:
    names = sorted(module.name for module in iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}") for name in names}


def rules_of(is_report: bool) -> list[Rule]:
    """The rules that are asked of reports, or of tasks."""
    return [rule for rule in all_rules().values() if rule.OF_REPORTS is is_report]


def rule_named(step: str) -> Rule:
    """The rule of a step, `before_deadline:7`."""
    return all_rules()[step.partition(":")[0]]


def receiver_of(step: str) -> str:
    """Whom a step is for: the last word of `escalation:7:office`, else the unit."""
    words = step.split(":")
    return words[2] if len(words) > 2 else "unit"


def urgency(step: str) -> int:
    """The place of a step among those that a digest tells, the most urgent first."""
    name = step.partition(":")[0]
    return URGENT_FIRST.index(name) if name in URGENT_FIRST else len(URGENT_FIRST)
