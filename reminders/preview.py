"""What the rules will send between two days, asked ahead of time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import structlog
from sqlmodel import Session, col, select

from config.errors import UserError
from config.settings import Settings
from config.workdays import Workdays
from corpus import ledger
from corpus.models import Unit
from reminders.owed import History, Owed, batches, debtors_of, row_id
from reminders.planner import ask_rules

log = structlog.get_logger()


@dataclass(slots=True)
class PlannedReminder:
    """What one unit would be told of one plan at one moment by one rule for one due day."""

    at: datetime
    unit_id: int
    unit: str
    rule: str
    plan_id: str
    due_on: date
    owed: list[Owed] = field(default_factory=list)
    text: str = ""

    def to_json(self) -> dict[str, Any]:
        """The form that `duban reminders preview --json` prints."""
        tasks = {(o.task.part, o.task.no, o.task.id): None for o in self.owed}
        return {
            "at": self.at.isoformat(), "unit": self.unit, "rule": self.rule, "plan": self.plan_id,
            "tasks": [{"part": part, "no": no} for part, no, _ in tasks],
            "due": self.due_on.isoformat(), "text": self.text,
        }  # fmt: skip


def preview(
    session: Session, start: date, end: date, workdays: Workdays, settings: Settings, *,
    unit: str | None = None, plan_id: str | None = None, version_id: int | None = None,
    text_of: Callable[[PlannedReminder], str],
) -> list[PlannedReminder]:  # fmt: skip
    """Every reminder that would be sent between two local days, whether a chat is bound or not.

    Of the plans in force, or of the plan or version named, whatever its state; to all units, or to those
    named `unit`. Raises UserError when there is no such plan or unit.
    """
    if plan_id:
        version_id = ledger.version_to_show(session, plan_id).id
    only = {row_id(u.id) for u in ledger.find_units(session, unit)} if unit else None
    if only is not None and not only:
        raise UserError(f"没有叫“{unit}”的单位。duban units list 可看到全部单位。")
    asked, missing = ask_rules(session, start, end, workdays, settings, version_id)
    for year in sorted(missing):
        log.warning("reminders.calendar_missing", year=year)
    wanted = [(owed, due) for owed, dues in asked for due in dues if start <= due.at.date() <= end]
    debtors = debtors_of(session, {row_id(owed.task.id) for owed, _ in wanted})
    history = History(session, {owed.task.lineage for owed, _ in wanted})
    names = _unit_names(session, {d.unit_id for some in debtors.values() for d in some})
    found: dict[tuple[Any, ...], PlannedReminder] = {}
    for owed, due in wanted:
        owing = debtors.get(row_id(owed.task.id), [])
        for debtor in owing:
            if only is not None and debtor.unit_id not in only:
                continue
            if history.is_done(owed, debtor, owing, due.at):
                continue
            due_on = owed.occurrence.due_on
            key = (due.at, owed.task.plan_id, debtor.unit_id, due.rule, due_on)
            item = found.setdefault(
                key,
                PlannedReminder(
                    due.at,
                    debtor.unit_id,
                    names[debtor.unit_id],
                    due.rule,
                    owed.task.plan_id,
                    due_on,
                ),
            )
            item.owed.append(owed)
    items = [found[key] for key in sorted(found)]
    for item in items:
        item.text = text_of(item)
    return items


def _unit_names(session: Session, unit_ids: Iterable[int]) -> dict[int, str]:
    return {
        row_id(unit.id): unit.name
        for some in batches(unit_ids)
        for unit in session.exec(select(Unit).where(col(Unit.id).in_(some)))
    }
