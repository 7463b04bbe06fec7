"""What the readers find in a plan's words, before anything is stored.

Every value stands beside the words it was read from, so that an official can check it.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Role(StrEnum):
    """What a unit does for a task."""

    LEAD = "lead"  # ▲, 牵头, 主办
    SUPPORT = "support"  # beside a lead: unmarked, 配合, 协办, 按职责分工负责
    JOINT = "joint"  # several units, none marked lead
    RESPONSIBLE = "responsible"  # one unit alone


class TimingKind(StrEnum):
    """How a task is bound to time."""

    DEADLINE = "deadline"  # finished by `due_on`, that day included
    PERIOD = "period"  # done between `start_on` and `due_on`, both included
    RECURRING = "recurring"  # again and again: 每年, 年度日常工作, 长期坚持
    AS_DIRECTED = "as_directed"  # when somebody says so: 按市里任务要求开展, 印发后10个工作日内


class IndicatorKind(StrEnum):
    """The 属性 column of an indicator table."""

    BINDING = "binding"  # 约束性
    ANTICIPATORY = "anticipatory"  # 预期性


@dataclass(frozen=True, slots=True)
class TimingValue:
    """When something is owed. Days are local dates of Asia/Shanghai, the last day included."""

    text: str  # as printed
    kind: TimingKind
    start_on: date | None = None
    due_on: date | None = None
    rule: str | None = None  # an iCalendar RRULE without the "RRULE:" prefix
    ambiguous: bool = False  # X月前, 到X年: sensible people read two days
    hedged: bool = False  # 争取, 力争
    about: str = ""  # the clause that it dates
    is_report: bool = False  # a reporting duty 报送


@dataclass(frozen=True, slots=True)
class TargetValue:
    """A number that someone must reach."""

    indicator: str
    op: str  # ">=", ">", "<=", "<" or "="
    value: Decimal
    measure_unit: str  # "%", "批次/千人", "家"; "" where none is printed
    text: str  # as printed


@dataclass(frozen=True, slots=True)
class ResponsibilityValue:
    """A unit as printed, and what it does."""

    unit_text: str
    role: Role


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the document something stands; lines and pages count from 1."""

    line_start: int | None = None
    line_end: int | None = None
    page: int | None = None
    table: int | None = None
    row: int | None = None


@dataclass(slots=True)
class TaskRow:
    """One task as read: a row of a table, a numbered point, a duty, a stage, an indicator."""

    part: str  # main, continuation, duty, stage, indicator, box, annex, report
    no: str | None  # the number as printed
    section: str | None
    title: str | None
    text: str  # the measure, verbatim
    responsibilities: list[ResponsibilityValue] = field(default_factory=list)
    timings: list[TimingValue] = field(default_factory=list)
    targets: list[TargetValue] = field(default_factory=list)
    indicator_kind: IndicatorKind | None = None
    unit_text: str = ""  # the cell of units, as printed
    timing_text: str = ""  # the cell of time, as printed
    place: Place = field(default_factory=Place)
