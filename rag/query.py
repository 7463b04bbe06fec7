"""A question, understood: what kind of answer is wanted, of which plans, units, days and rows."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from corpus.values import IndicatorKind, Role, TimingKind
from rag.views import Row, VersionView

Span = tuple[date | None, date | None]  # first and last day, both included; None is open


class Intent(StrEnum):
    """What kind of answer is wanted."""

    FACT = "fact"  # a figure, who, when, how: the rows and sentences that say it
    LIST = "list"
    COUNT = "count"
    UNITS = "units"  # how many units there are
    RANK = "rank"  # who has the most rows
    DUE = "due"
    OVERDUE = "overdue"  # is it past its day?
    STATE = "state"  # what has been done, or not
    WHICH_PLANS = "which_plans"
    PLAN = "plan"  # the plan itself: who issued it, when, on what ground
    ON_FILE = "on_file"  # which plans there are
    NEXT = "next"  # the stage or row after one
    GREETING = "greeting"
    FOREIGN = "foreign"  # not about plans at all, or an instruction to us


@dataclass(frozen=True, slots=True)
class Mention:
    """Units that one name of a question may mean, and where it stands."""

    start: int
    end: int
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """A part that a row must give to one of `units`, or must not; any unit's if there are none."""

    units: frozenset[str]
    roles: frozenset[Role] = frozenset()  # any if empty
    absent: bool = False
    alone: bool = False  # nobody else has a part in the row


@dataclass(frozen=True, slots=True)
class Value:
    """What the target of a row must be: 低于100%."""

    op: str  # < <= = != >= >
    number: Decimal
    measure_unit: str  # "" where none is said
    text: str


@dataclass(slots=True)
class Query:
    """A question, understood."""

    text: str  # mended, without the plan's name
    original: str  # as asked, in one script
    english: bool
    intent: Intent
    views: list[VersionView]
    subject: list[str]
    units: list[str] = field(default_factory=list)  # as printed in the plans
    mentions: list[Mention] = field(default_factory=list)  # where they are named
    excepted: list[Mention] = field(default_factory=list)  # 除A外
    shares: list[Share] = field(default_factory=list)  # what else units must have a part in, or not
    unknown_units: list[str] = field(default_factory=list)
    left_out: int = 0  # plans not looked at that may hold a part of the answer
    is_own: bool = False  # 我局
    needs_unit: bool = False  # 我局, but nobody knows which
    roles: set[Role] = field(default_factory=set)
    value: Value | None = None
    leads_together: int = 0  # 由两个单位共同牵头
    span: Span | None = None
    span_text: str = ""
    dates_itself: bool = False  # the span is this question's own, not one before it
    quoted: list[str] = field(default_factory=list)
    parts: set[str] = field(default_factory=set)
    indicator_kind: IndicatorKind | None = None
    sections: bool = False  # the headings themselves are asked for
    asks_number: bool = False
    asks_who: bool = False
    asks_when: bool = False
    compares: bool = False
    today: date = date.min
    nouns: list[str] = field(default_factory=list)
    joints: set[str] = field(default_factory=set)  # pairs across the border of two words
    years: list[int] = field(default_factory=list)  # printed in the question as figures
    timing_kind: TimingKind | None = None  # 持续推进, 每学期, 按市里要求
    timing_word: str = ""
    asks_report: bool = False
    targets: bool = False  # the rows with a figure to reach are asked for
    done: bool | None = None  # 已办结, 还没办结的
    people: frozenset[str] = frozenset()  # whose rows are asked for: 责任领导为某某的
    # words that one English word may mean → how many they are
    among: dict[str, int] = field(default_factory=dict)
    earlier: list[str] = field(default_factory=list)  # the subject of the question before
    written_out: dict[str, str] = field(default_factory=dict)  # 长护险 → 长期护理保险

    @property
    def rows(self) -> list[Row]:
        """All rows of the plans, in order."""
        return [row for view in self.views for row in view.rows]

    @property
    def title_pairs(self) -> frozenset[str]:
        """What the plans are about as wholes: it tells no row from another."""
        return frozenset[str]().union(*(view.title_pairs for view in self.views))
