"""Plans, units and chats written by hand, for tests that start from a ledger."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sqlmodel import Session, col, select

from bot.models import Chat, Purpose
from corpus import ledger
from corpus.models import (
    EventKind,
    Plan,
    PlanVersion,
    Responsibility,
    Task,
    TaskEvent,
    Timing,
    Touched,
    Unit,
    UnitMember,
    VersionState,
)
from corpus.values import Role, TimingKind

WRITTEN_AT = datetime(2022, 1, 5, 1, 0, tzinfo=UTC)


@dataclass
class Row:
    """A task: its words, its units by role, and either a due day or a rule."""

    text: str
    units: dict[str, Role]
    due: date | None = None
    kind: TimingKind = TimingKind.DEADLINE
    rule: str | None = None
    lineage: str = ""
    ambiguous: bool = False
    extra: list[date] = field(default_factory=list)  # more deadlines of the same task
    is_report: bool = False
    when: str = "按期完成"  # the words of time, as printed
    about: str = ""


def add_plan(
    session: Session, plan_id: str, rows: list[Row], *, title: str = "",
    state: VersionState = VersionState.IN_FORCE, period: tuple[date, date] | None = None,
) -> PlanVersion:  # fmt: skip
    """A new version of a plan; the version that was in force is retired."""
    if session.get(Plan, plan_id) is None:
        session.add(Plan(id=plan_id, created_at=WRITTEN_AT))
        session.flush()
    earlier = session.exec(select(PlanVersion).where(PlanVersion.plan_id == plan_id)).all()
    if state is VersionState.IN_FORCE:
        for one in earlier:
            one.state = VersionState.RETIRED
    version = PlanVersion(
        plan_id=plan_id, number=len(earlier) + 1, state=state, title=title or plan_id,
        period_start_on=period and period[0], period_end_on=period and period[1],
        file_name=f"{plan_id}.docx", sha256=f"{plan_id}-{len(earlier)}", document={}, review=[],
        read_at=WRITTEN_AT, published_at=WRITTEN_AT,
    )  # fmt: skip
    session.add(version)
    session.flush()
    assert version.id is not None
    for seq, row in enumerate(rows):
        task = Task(
            version_id=version.id, plan_id=plan_id, lineage=row.lineage or f"{plan_id}-{seq}",
            seq=seq, part="main", no=str(seq + 1), text=row.text,
        )  # fmt: skip
        session.add(task)
        session.flush()
        assert task.id is not None
        for n, (name, role) in enumerate(row.units.items()):
            unit_id = unit_named(session, name)
            session.add(
                Responsibility(task_id=task.id, seq=n, unit_text=name, unit_id=unit_id, role=role)
            )
        for n, due in enumerate([row.due, *row.extra]):
            session.add(
                Timing(
                    task_id=task.id, seq=n, key=f"k{n}", text=row.when, kind=row.kind,
                    due_on=due, rule=row.rule, ambiguous=row.ambiguous, about=row.about,
                    is_report=row.is_report,
                )
            )  # fmt: skip
    session.flush()
    return version


def unit_named(session: Session, name: str) -> int:
    """The unit's id; a new name becomes a new unit."""
    unit = session.exec(select(Unit).where(Unit.name == name)).first()
    if unit is None:
        unit = Unit(name=name)
        session.add(unit)
        session.flush()
    assert unit.id is not None
    return unit.id


def add_members(session: Session, collective: str, *members: str) -> None:
    """Make units members of a collective one."""
    for member in members:
        session.add(
            UnitMember(
                collective_id=unit_named(session, collective), member_id=unit_named(session, member)
            )
        )


def bind(
    session: Session, unit: str, chat_id: str, platform: str = "console",
    purpose: Purpose = Purpose.UNIT,
) -> None:  # fmt: skip
    """A group that speaks for a unit, its head, or its leader."""
    unit_id = unit_named(session, unit)
    session.add(
        Chat(platform=platform, chat_id=chat_id, kind="group", unit_id=unit_id, purpose=purpose)
    )
    session.add(Touched(unit_id=unit_id))


def say(
    session: Session, lineage: str, kind: EventKind, at: datetime, *, unit: str | None = None,
    timing_key: str = "", occurrence_on: date | None = None, until_on: date | None = None,
) -> None:  # fmt: skip
    """Someone reports of a task; the plan's id is the lineage's first part."""
    session.add(
        TaskEvent(
            plan_id=lineage.rsplit("-", 1)[0], lineage=lineage, kind=kind, by="cli", at=at,
            unit_id=unit_named(session, unit) if unit else None, timing_key=timing_key,
            occurrence_on=occurrence_on, until_on=until_on,
        )
    )  # fmt: skip
    if kind in ledger.RENEWING:
        session.add(Touched(plan_id=lineage.rsplit("-", 1)[0], lineage=lineage))


def chats_of(
    session: Session, unit_ids: Collection[int], purpose: str = "unit"
) -> dict[int, list[tuple[str, str]]]:
    """Unit id → the live chats bound to it for a purpose."""
    found: dict[int, list[tuple[str, str]]] = {}
    for chat in session.exec(select(Chat).where(col(Chat.is_dead).is_(False))):
        if chat.unit_id in unit_ids and chat.purpose == purpose:
            found.setdefault(chat.unit_id, []).append((chat.platform, chat.chat_id))
    return found
