"""The only writer of plans and tasks, and the questions that are asked of them."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import uuid4

from sqlalchemy import func
from sqlalchemy.orm import defer, selectinload
from sqlmodel import Session, col, select

from config.database import batches
from config.errors import UserError
from corpus import corrections
from corpus.compare import pair_tasks, timing_keys
from corpus.directory import UnitNames
from corpus.document import Document
from corpus.models import (
    EventKind,
    Plan,
    PlanVersion,
    Responsibility,
    Target,
    Task,
    TaskEvent,
    Timing,
    Touched,
    Unit,
    UnitAlias,
    VersionState,
)
from corpus.naming import short
from corpus.reading import ReadPlan
from corpus.values import TaskRow

LOADED = (
    selectinload(Task.responsibilities),  # type: ignore[arg-type]
    selectinload(Task.timings),  # type: ignore[arg-type]
    selectinload(Task.targets),  # type: ignore[arg-type]
)
# a version's document is large, and of no use but to those who quote from it
WITHOUT_DOCUMENT = (
    defer(PlanVersion.document),  # type: ignore[arg-type]
    defer(PlanVersion.review),  # type: ignore[arg-type]
)
RENEWING = (
    EventKind.REOPENED, EventKind.UNMUTED, EventKind.EXTENSION_GRANTED,
    EventKind.COMPLETION_REFUSED, EventKind.RETURN_SETTLED,
)  # fmt: skip
NUMBER = re.compile(r"[\d.．\-()（）一二三四五六七八九十百]*")


# ---- writing


def store_version(
    session: Session, plan_id: str, read: ReadPlan, document: Document, *,
    file_name: str, sha256: str, now: datetime,
) -> PlanVersion:  # fmt: skip
    """A new draft of the plan, its tasks linked by lineage to those of the version before."""
    if session.get(Plan, plan_id) is None:
        session.add(Plan(id=plan_id, created_at=now))
        session.flush()
    before = newest_version(session, plan_id)
    last = session.exec(
        select(func.max(PlanVersion.number)).where(PlanVersion.plan_id == plan_id)
    ).one()
    facts = read.facts
    version = PlanVersion(
        plan_id=plan_id, number=(last or 0) + 1, state=VersionState.DRAFT,
        title=facts.title, issuer=facts.issuer, doc_number=facts.doc_number,
        issued_on=facts.issued_on, jurisdiction=facts.jurisdiction,
        period_start_on=facts.period_start_on, period_end_on=facts.period_end_on,
        basis=list(facts.basis), leading_group=facts.leading_group,
        off_days=facts.off_days, file_name=file_name, sha256=sha256, document=document.to_json(),
        review=[item.to_json() for item in read.review], read_at=now,
    )  # fmt: skip
    session.add(version)
    session.flush()
    assert version.id is not None
    old = _known_tasks(session, before, version_in_force(session, plan_id))
    pairs = pair_tasks(old, read.tasks)
    units = UnitNames(session, facts.jurisdiction or "")
    for seq, row in enumerate(read.tasks):
        earlier = old[pairs[seq]] if seq in pairs else None
        session.add(_task(version, seq, earlier, row, units))
    session.flush()
    corrections.hold(session, version)
    return version


def _known_tasks(
    session: Session, newest: PlanVersion | None, current: PlanVersion | None
) -> list[Task]:
    """The tasks that a new version may carry on: those of the newest one, then of that in force.

    A wrong file that was sent for the plan in between does not tear a task from its history.
    """
    known: dict[str, Task] = {}
    for version in (newest, current):
        for task in tasks_of(session, version.id) if version and version.id else []:
            known.setdefault(task.lineage, task)
    return list(known.values())


def _task(
    version: PlanVersion, seq: int, earlier: Task | None, row: TaskRow, units: UnitNames
) -> Task:
    assert version.id is not None
    lineage = earlier.lineage if earlier else uuid4().hex
    keys = timing_keys(row.timings, earlier.timings if earlier else [])
    return Task(
        version_id=version.id, plan_id=version.plan_id, lineage=lineage, seq=seq,
        part=row.part, no=row.no, section=row.section, title=row.title, text=row.text,
        unit_text=row.unit_text, timing_text=row.timing_text, indicator_kind=row.indicator_kind,
        line_start=row.place.line_start, line_end=row.place.line_end, page=row.place.page,
        responsibilities=[
            Responsibility(seq=i, unit_text=r.unit_text, unit_id=units.id_of(r.unit_text), role=r.role)
            for i, r in enumerate(row.responsibilities)
        ],
        timings=[
            Timing(
                seq=i, key=keys[i], text=t.text, about=t.about, kind=t.kind,
                start_on=t.start_on, due_on=t.due_on, rule=t.rule, ambiguous=t.ambiguous,
                hedged=t.hedged, is_report=t.is_report,
            )
            for i, t in enumerate(row.timings)
        ],
        targets=[
            Target(seq=i, indicator=t.indicator, op=t.op, value=f"{t.value.normalize():f}", measure_unit=t.measure_unit, text=t.text)
            for i, t in enumerate(row.targets)
        ],
    )  # fmt: skip


class InHistory(Protocol):
    """Whatever names a task over all versions of its plan: a task, a reminder, an earlier step."""

    plan_id: str
    lineage: str


def record_event(
    session: Session, of: InHistory, kind: EventKind, *, by: str, by_name: str, at: datetime,
    unit_id: int | None = None, timing_key: str = "", occurrence_on: date | None = None,
    text: str = "", until_on: date | None = None, decides: int | None = None,
) -> TaskEvent:  # fmt: skip
    """Add one step to the history of a task; of a recurring timing, of its one day `occurrence_on`.

    `until_on` is the new day of an extension, `decides` the step that asked for this decision.
    After a step from which reminders may follow again the planner looks at the task.
    """
    event = TaskEvent(
        plan_id=of.plan_id, lineage=of.lineage, timing_key=timing_key,
        occurrence_on=occurrence_on, kind=kind, unit_id=unit_id, by=by, by_name=by_name, text=text,
        at=at, until_on=until_on, decides=decides,
    )  # fmt: skip
    session.add(event)
    if kind in RENEWING:
        session.add(Touched(plan_id=of.plan_id, lineage=of.lineage))
    session.flush()
    return event


# ---- questions


def known_plan(session: Session, plan_id: str) -> Plan:
    """The plan, or a UserError that names those there are."""
    plan = session.get(Plan, plan_id)
    if plan is None:
        known = "、".join(session.exec(select(Plan.id).order_by(Plan.id))) or "还没有"
        raise UserError(f"没有叫“{plan_id}”的方案。已有：{known}。")
    return plan


def version_in_force(session: Session, plan_id: str) -> PlanVersion | None:
    """The version that answers and reminds."""
    return session.exec(
        select(PlanVersion).where(
            PlanVersion.plan_id == plan_id, PlanVersion.state == VersionState.IN_FORCE
        )
    ).first()


def newest_version(session: Session, plan_id: str) -> PlanVersion | None:
    """The version read last, unless it was thrown away."""
    return session.exec(
        select(PlanVersion)
        .where(PlanVersion.plan_id == plan_id, PlanVersion.state != VersionState.DISCARDED)
        .order_by(col(PlanVersion.number).desc())
    ).first()


def version_to_show(session: Session, plan_id: str) -> PlanVersion:
    """The version in force, else the newest; a UserError when the plan is unknown."""
    known_plan(session, plan_id)
    version = version_in_force(session, plan_id) or newest_version(session, plan_id)
    if version is None:
        raise UserError(f"“{plan_id}”还没有读入任何文件。")
    return version


def versions_in_force(session: Session, plan_ids: Iterable[str] | None = None) -> list[PlanVersion]:
    """What answers: all plans in force, or those of `plan_ids`, in the order of their ids.

    Their documents are not loaded: they are long, and every question comes by here.
    """
    query = select(PlanVersion).where(PlanVersion.state == VersionState.IN_FORCE)
    query = query.options(*WITHOUT_DOCUMENT)
    if plan_ids is not None:
        query = query.where(col(PlanVersion.plan_id).in_(list(plan_ids)))
    return list(session.exec(query.order_by(PlanVersion.plan_id)))


def marks_in_force(
    session: Session, plan_ids: Iterable[str] | None = None
) -> list[tuple[int, int]]:
    """(version id, revision) of each of `versions_in_force`, in its order: whether a copy still holds."""
    query = select(PlanVersion.id, PlanVersion.revision).where(
        PlanVersion.state == VersionState.IN_FORCE
    )
    if plan_ids is not None:
        query = query.where(col(PlanVersion.plan_id).in_(list(plan_ids)))
    found = session.exec(query.order_by(PlanVersion.plan_id)).all()
    return [(id_, revision) for id_, revision in found if id_ is not None]


def tasks_of(session: Session, version_id: int) -> list[Task]:
    """All tasks of a version in the order of the document, everything loaded."""
    return list(
        session.exec(
            select(Task)
            .where(Task.version_id == version_id)
            .order_by(col(Task.seq))
            .options(*LOADED)
        )
    )


def tasks_with(session: Session, task_ids: Sequence[int]) -> list[Task]:
    """Those of these tasks that are still there, in this order, everything loaded."""
    found = session.exec(select(Task).where(col(Task.id).in_(task_ids)).options(*LOADED))
    by_id = {task.id: task for task in found}
    return [by_id[id_] for id_ in task_ids if id_ in by_id]


def find_row(session: Session, version: PlanVersion, words: str, part: str | None = None) -> Task:
    """The one task that a person means: its printed number, its place “#12”, or words of it.

    Raises UserError when there is none, or more than one; it lists those it could be.
    """
    assert version.id is not None
    tasks = [t for t in tasks_of(session, version.id) if part in (None, t.part)]
    if words.startswith("#"):
        found = [t for t in tasks if str(t.seq + 1) == words[1:]]
    else:
        found = [t for t in tasks if t.no == words]
        if len(found) > 1 and part is None:
            found = [t for t in found if t.part == "main"] or found
        if not found and not NUMBER.fullmatch(words):  # an unknown number is no word of a text
            found = [t for t in tasks if words in f"{t.title or ''}\n{t.text}"]
    return only_row(found, version, words)


def only_row(found: Sequence[Task], version: PlanVersion, words: str) -> Task:
    """The one row that was found; raises UserError where it is none, or not the only one."""
    if not found:
        raise UserError(
            f"《{version.title}》里没有“{words}”这一行。duban plans show {version.plan_id} 可看到全部行。"
        )
    if len(found) > 1:
        listed = "；".join(f"#{t.seq + 1} {short(t.name, 20)}" for t in found[:10])
        raise UserError(f"“{words}”有{len(found)}行，请用 # 加行次指明：{listed}")
    return found[0]


def is_over(version: PlanVersion, today: date) -> bool:
    """Whether the plan's period has ended before `today`."""
    return version.period_end_on is not None and version.period_end_on < today


def unit_names(session: Session, unit_ids: Iterable[int]) -> dict[int, str]:
    """Unit id → its name; one that does not exist is left out."""
    found: dict[int, str] = {}
    for some in batches(unit_ids):
        query = select(Unit.id, Unit.name).where(col(Unit.id).in_(some))
        found |= {id_: name for id_, name in session.exec(query) if id_ is not None}
    return found


def find_units(session: Session, name: str, jurisdiction: str | None = None) -> list[Unit]:
    """Units with this name or alias, in one jurisdiction or in all."""
    by_alias = select(UnitAlias.unit_id).where(UnitAlias.name == name)
    query = select(Unit).where((col(Unit.name) == name) | col(Unit.id).in_(by_alias))
    if jurisdiction is not None:
        query = query.where(Unit.jurisdiction == jurisdiction)
    return list(session.exec(query.order_by(Unit.jurisdiction, Unit.name)))


def count_tasks(session: Session, version_id: int) -> int:
    """How many tasks a version has."""
    return session.exec(select(func.count()).where(Task.version_id == version_id)).one()
