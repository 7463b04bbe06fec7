"""The ledger as the page shows it: which tasks a filter finds, and the words in its cells."""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field
from sqlmodel import Session, col, func, select

from bot.answering.orders import LABELS
from bot.render import PARTS
from corpus import ledger
from corpus.models import (
    PlanVersion,
    Responsibility,
    Target,
    Task,
    TaskEvent,
    Timing,
    Unit,
    VersionState,
)
from corpus.progress import Progress
from corpus.values import Role, TimingKind
from rag.phrasing import chinese_day

PAGE_ROWS = 100
ROLES = {
    Role.LEAD: "牵头",
    Role.SUPPORT: "配合",
    Role.JOINT: "共同",
    Role.RESPONSIBLE: "责任",
}
OPS = {">=": "≥", "<=": "≤", ">": "＞", "<": "＜", "=": "＝"}
OFTEN = {"DAILY": "每日", "WEEKLY": "每周", "MONTHLY": "每月", "YEARLY": "每年"}


class LedgerFilter(BaseModel):
    """What the page is asked for; empty means all."""

    plan: str = ""
    version: int | None = None  # a version that is not in force, when a source leads to it
    unit: str = ""  # as printed
    month: str = Field("", pattern=r"^(\d{4}-(0[1-9]|1[0-2]))?$")
    part: str = ""
    page: int = Field(1, ge=1, le=10_000)

    def query(self, **changed: Any) -> str:
        """The part of a link after `?`, with some values changed."""
        values = {**self.model_dump(), **changed}
        return urlencode({name: value for name, value in values.items() if value not in ("", None)})


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the history of a task; the page knows no one, and so names units and no people."""

    at: datetime  # local
    unit: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """One page of tasks."""

    tasks: list[Task]
    total: int
    pages: int
    titles: dict[int, str]  # of the plans, by version id
    closed: set[str]  # lineages of the tasks that were reported done
    version: PlanVersion | None  # the version asked for, if it is not in force
    steps: dict[str, list[Step]]  # what was answered and decided, by lineage, the newest first


def find_tasks(session: Session, asked: LedgerFilter, now: datetime) -> Found:
    """The tasks that the filter lets through, one page of them, as they stand at `now`."""
    versions = _versions(session, asked)
    query = select(Task).where(col(Task.version_id).in_(versions))
    if asked.part:
        query = query.where(Task.part == asked.part)
    if asked.unit:
        of_unit = select(Responsibility.task_id).where(Responsibility.unit_text == asked.unit)
        query = query.where(col(Task.id).in_(of_unit))
    if asked.month:
        first = date.fromisoformat(f"{asked.month}-01")
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        due = select(Timing.task_id).where(col(Timing.due_on).between(first, last))
        query = query.where(col(Task.id).in_(due))
    total = session.exec(select(func.count()).select_from(query.subquery())).one()
    tasks = session.exec(
        query.order_by(Task.plan_id, col(Task.seq))
        .offset((asked.page - 1) * PAGE_ROWS)
        .limit(PAGE_ROWS)
        .options(*ledger.LOADED)
    ).all()
    progress = Progress(session, lineages=[task.lineage for task in tasks])
    titles = session.exec(
        select(PlanVersion.id, PlanVersion.title).where(col(PlanVersion.id).in_(versions))
    )
    return Found(
        tasks=list(tasks),
        total=total,
        pages=max(1, -(-total // PAGE_ROWS)),
        titles={number: title for number, title in titles if number is not None},
        closed={task.lineage for task in tasks if progress.is_closed(task, now)},
        version=session.get(PlanVersion, asked.version) if asked.version else None,
        steps=_steps(session, tasks, now),
    )


def _steps(session: Session, tasks: Sequence[Task], now: datetime) -> dict[str, list[Step]]:
    plans = {task.plan_id for task in tasks}
    query = (
        select(TaskEvent, Unit.name)
        .join(Unit, col(Unit.id) == TaskEvent.unit_id, isouter=True)
        .where(
            col(TaskEvent.lineage).in_([task.lineage for task in tasks]),
            col(TaskEvent.plan_id).in_(plans),
            TaskEvent.at <= now,
        )
        .order_by(col(TaskEvent.id).desc())
    )
    found: dict[str, list[Step]] = {}
    for event, unit in session.exec(query):
        until = f"延至{chinese_day(event.until_on)}" if event.until_on else ""
        words = "，".join(part for part in (until, event.text) if part)
        step = Step(event.at.astimezone(now.tzinfo), unit or "", LABELS[event.kind], words)
        found.setdefault(event.lineage, []).append(step)
    return found


@dataclass(frozen=True, slots=True)
class Offered:
    """What the filter's lists hold."""

    plans: list[PlanVersion]
    units: list[str]
    months: list[str]
    parts: list[str]


def offered_filters(session: Session, asked: LedgerFilter) -> Offered:
    """The plans in force, and the units, months and parts of the plan that is chosen."""
    versions = _versions(session, asked)
    units = session.exec(
        select(Responsibility.unit_text)
        .join(Task)
        .where(col(Task.version_id).in_(versions))
        .group_by(Responsibility.unit_text)
        .order_by(func.count().desc(), Responsibility.unit_text)
    ).all()
    due = session.exec(
        select(col(Timing.due_on))
        .join(Task)
        .where(col(Task.version_id).in_(versions), col(Timing.due_on).is_not(None))
        .distinct()
    ).all()
    parts = session.exec(
        select(Task.part).where(col(Task.version_id).in_(versions)).distinct()
    ).all()
    return Offered(
        plans=ledger.versions_in_force(session),
        units=list(units),
        months=sorted({f"{day:%Y-%m}" for day in due if day}),
        parts=[part for part in PARTS if part in parts],
    )


def page_of_task(session: Session, task: Task) -> int:
    """The page of its plan's unfiltered ledger on which a task stands, from 1."""
    before = session.exec(
        select(func.count())
        .select_from(Task)
        .where(Task.version_id == task.version_id, Task.seq < task.seq)
    ).one()
    return before // PAGE_ROWS + 1


def timing_words(timing: Timing) -> str:
    """What was read in the printed words; both days are included."""
    if timing.start_on and timing.due_on:
        return f"{chinese_day(timing.start_on)}至{chinese_day(timing.due_on)}"
    if timing.due_on:
        return f"{chinese_day(timing.due_on)}前（含当日）"
    if timing.kind is TimingKind.AS_DIRECTED:
        return "按通知安排"
    often = re.search(r"FREQ=(\w+)", timing.rule or "")
    return OFTEN.get(often[1], "定期") if often else "长期"


def target_words(target: Target) -> str:
    """检测合格率 ≥ 98%"""
    return f"{target.indicator} {OPS.get(target.op, target.op)}\u00a0{target.value}{target.measure_unit}"


def _versions(session: Session, asked: LedgerFilter) -> list[int]:
    """Ids of the versions looked at."""
    if asked.version is not None:
        query = select(PlanVersion.id).where(PlanVersion.id == asked.version)
    else:
        query = select(PlanVersion.id).where(PlanVersion.state == VersionState.IN_FORCE)
    if asked.plan:
        query = query.where(PlanVersion.plan_id == asked.plan)
    return [number for number in session.exec(query) if number is not None]
