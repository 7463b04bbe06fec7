"""The settings of the reminder rules as they hold for a plan and a unit: defaults, and what admins chose."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from config.errors import UserError
from config.lists import read_days, read_steps
from config.settings import Settings
from corpus.models import Touched
from reminders.models import RuleChoice


@dataclass(frozen=True, slots=True)
class Choices:
    """What holds for one plan and one unit; each field is named as its setting."""

    timezone: str
    reminder_hour: int
    remind_lead_workdays: tuple[int, ...]
    remind_support_workdays: tuple[int, ...]
    remind_on_due_day: bool
    reminder_workdays_only: bool
    overdue_times: int
    report_opens: bool
    report_workdays: tuple[int, ...]
    report_missing_times: int
    escalation: tuple[tuple[int, str], ...]  # (working day after the due day, receiver)
    office: str
    completion: str  # "unit" or "office"
    weekly_digest: bool
    monthly_digest: bool
    circular: bool

    def at(self, day: date) -> datetime:
        """When reminders leave on a local day."""
        return datetime.combine(day, time(self.reminder_hour), ZoneInfo(self.timezone))


def _number(least: int, most: int, text: str) -> int:
    if not text.strip().isdecimal() or not least <= int(text) <= most:
        raise ValueError(f"应为{least}至{most}的整数")
    return int(text)


def _yes_or_no(text: str) -> bool:
    yes, no = ("true", "on", "是", "1"), ("false", "off", "否", "0")
    words = {**dict.fromkeys(yes, True), **dict.fromkeys(no, False)}
    if text.strip().lower() not in words:
        raise ValueError("应为 是 或 否")
    return words[text.strip().lower()]


def _one_of(*names: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.strip() not in names:
            raise ValueError(f"应为 {' 或 '.join(names)}")
        return text.strip()

    return read


# name → how it is read from text, which raises ValueError with what it should be
NAMES: dict[str, Callable[[str], Any]] = {
    "remind_lead_workdays": read_days,
    "remind_support_workdays": read_days,
    "remind_on_due_day": _yes_or_no,
    "reminder_hour": partial(_number, 0, 23),
    "reminder_workdays_only": _yes_or_no,
    "overdue_times": partial(_number, 0, 52),
    "report_opens": _yes_or_no,
    "report_workdays": read_days,
    "report_missing_times": partial(_number, 0, 20),
    "escalation": read_steps,
    "office": str.strip,
    "completion": _one_of("unit", "office"),
    "weekly_digest": _yes_or_no,
    "monthly_digest": _yes_or_no,
    "circular": _yes_or_no,
}


def defaults(settings: Settings) -> Choices:
    """What holds where nobody chose."""
    values = {name: read(str(getattr(settings, name))) for name, read in NAMES.items()}
    return Choices(timezone=settings.timezone, **values)


def read_value(name: str, text: str) -> Any:
    """The value of a setting as a person writes it; raises UserError for what it can't be."""
    if name not in NAMES:
        raise UserError(f"没有“{name}”这项提醒设置。可用：{'、'.join(NAMES)}。")
    try:
        return NAMES[name](text)
    except ValueError as error:
        raise UserError(f"{name} 不能是“{text}”：{error}。") from None


class ChoiceBook:
    """All choices, read once: of those that fit, plan and unit together win, then unit, then plan."""

    def __init__(
        self, session: Session, settings: Settings, changed: dict[str, Any] | None = None
    ) -> None:
        """`changed` are values tried out for all plans and units, whatever else was chosen."""
        self.zone = ZoneInfo(settings.timezone)
        self._defaults, self._changed = defaults(settings), changed or {}
        self._rows: dict[tuple[str | None, int | None], dict[str, Any]] = {}
        for row in all_rows(session):
            # a choice kept from a version that had another form of it is no reason to stop
            if row.name in NAMES:
                place = self._rows.setdefault((row.plan_id, row.unit_id), {})
                place[row.name] = NAMES[row.name](row.value)
        self._plans = {plan for plan, _ in self._rows} | {None}
        self._units = {unit for _, unit in self._rows} | {None}
        self._known: dict[tuple[str | None, int | None], Choices] = {}

    def of(self, plan_id: str | None, unit_id: int | None = None) -> Choices:
        """What holds for a unit in a plan; for a plan as a whole, where no unit is named."""
        key = (
            plan_id if plan_id in self._plans else None,
            unit_id if unit_id in self._units else None,
        )
        if key not in self._known:
            found: dict[str, Any] = {}
            for place in ((None, None), (key[0], None), (None, key[1]), key):
                found.update(self._rows.get(place, {}))
            self._known[key] = replace(self._defaults, **{**found, **self._changed})
        return self._known[key]

    def of_unit(self, unit_id: int) -> set[Choices]:
        """All that may hold for a unit, whatever the plan."""
        return {self.of(plan, unit_id) for plan in self._plans}

    def in_use(self) -> set[Choices]:
        """All that may hold anywhere."""
        return {self.of(plan, unit) for plan in self._plans for unit in self._units}


def all_rows(session: Session) -> list[RuleChoice]:
    """Every choice, the general ones first."""
    rows = session.exec(select(RuleChoice).order_by(col(RuleChoice.id))).all()
    return sorted(rows, key=lambda r: (r.unit_id is not None, r.plan_id is not None))


def choose(
    session: Session, name: str, text: str, *, plan_id: str | None, unit_id: int | None, by: str,
    at: datetime,
) -> None:  # fmt: skip
    """Set a value for a plan, a unit, both, or all; raises UserError when it can't be that."""
    read_value(name, text)
    row = _chosen(session, name, plan_id, unit_id)
    if row is None:
        row = RuleChoice(plan_id=plan_id, unit_id=unit_id, name=name, value=text, by=by, at=at)
    row.value, row.by, row.at = text.strip(), by, at
    session.add(row)
    session.add(Touched(plan_id=plan_id, unit_id=unit_id))


def unchoose(session: Session, name: str, *, plan_id: str | None, unit_id: int | None) -> None:
    """Take a value back, so that the more general one holds; raises UserError if there is none."""
    row = _chosen(session, name, plan_id, unit_id)
    if row is None:
        raise UserError(
            f"{name} 在这个范围里没有另外设置。duban reminders rules list 可看到全部设置。"
        )
    session.delete(row)
    session.add(Touched(plan_id=plan_id, unit_id=unit_id))


def _chosen(
    session: Session, name: str, plan_id: str | None, unit_id: int | None
) -> RuleChoice | None:
    return session.exec(
        select(RuleChoice).where(
            RuleChoice.name == name,
            col(RuleChoice.plan_id).is_(None) if plan_id is None else RuleChoice.plan_id == plan_id,
            col(RuleChoice.unit_id).is_(None) if unit_id is None else RuleChoice.unit_id == unit_id,
        )
    ).first()
