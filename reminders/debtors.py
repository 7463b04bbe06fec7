"""Who owes a task: its units, and the members of those that stand for several."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select

from config.database import batches
from corpus.models import Responsibility, Task, Unit, UnitMember
from corpus.values import Role


@dataclass(frozen=True, slots=True)
class Debtor:
    """A unit that owes a task; `through` is the collective unit that it is a member of."""

    unit_id: int
    role: Role
    through: int | None = None
    is_collective: bool = False  # it stands for others: 各乡镇（街道）
    has_members: bool = False  # and the directory knows for whom


def debtors_of(session: Session, task_ids: Collection[int]) -> dict[int, list[Debtor]]:
    """Task id → its units in the order printed, each once, then the members of collective ones."""
    printed: dict[int, list[Responsibility]] = defaultdict(list)
    for some in batches(task_ids):
        query = select(Responsibility).where(col(Responsibility.task_id).in_(some))
        for row in session.exec(query.order_by(col(Responsibility.seq))):
            printed[row.task_id].append(row)
    unit_ids = {row.unit_id for rows in printed.values() for row in rows}
    members = members_of(session, unit_ids)
    collective = collective_among(session, unit_ids)
    found: dict[int, list[Debtor]] = {}
    for task_id, rows in printed.items():
        debtors: dict[int, Debtor] = {}
        for row in rows:
            known = row.unit_id in members
            debtors.setdefault(
                row.unit_id,
                Debtor(
                    row.unit_id, row.role,
                    is_collective=known or row.unit_id in collective, has_members=known,
                ),
            )  # fmt: skip
        for row in rows:
            for member in members.get(row.unit_id, ()):
                debtors.setdefault(member, Debtor(member, row.role, through=row.unit_id))
        found[task_id] = list(debtors.values())
    return found


def debtors_of_task(session: Session, task: Task) -> list[Debtor]:
    """As `debtors_of`, of one task."""
    assert task.id is not None
    return debtors_of(session, [task.id]).get(task.id, [])


def collective_among(session: Session, unit_ids: Collection[int]) -> set[int]:
    """Those of some units that stand for others, whether the directory knows for whom or not."""
    return {
        unit_id
        for some in batches(unit_ids)
        for unit_id in session.exec(
            select(Unit.id).where(col(Unit.id).in_(some), col(Unit.is_collective))
        )
        if unit_id is not None
    }


def members_of(session: Session, unit_ids: Collection[int]) -> dict[int, list[int]]:
    """Collective unit → all its members, those of its collective members too."""
    direct: dict[int, list[int]] = defaultdict(list)
    asked: set[int] = set()
    ask = set(unit_ids)
    while ask:
        asked |= ask
        rows = [
            row
            for some in batches(ask)
            for row in session.exec(
                select(UnitMember).where(col(UnitMember.collective_id).in_(some))
            )
        ]
        for row in sorted(rows, key=lambda r: r.member_id):
            direct[row.collective_id].append(row.member_id)
        ask = {row.member_id for row in rows} - asked
    found = {}
    for unit_id in set(unit_ids) & direct.keys():
        reached: dict[int, None] = {}
        ahead = list(direct[unit_id])
        while ahead:
            member = ahead.pop(0)
            if member not in reached and member != unit_id:
                reached[member] = None
                ahead += direct.get(member, [])
        found[unit_id] = list(reached)
    return found


def with_collectives(session: Session, unit_ids: Collection[int]) -> set[int]:
    """Some units, and every collective unit of which one of them is a member."""
    found, ask = set(unit_ids), set(unit_ids)
    while ask:
        above = {
            unit_id
            for some in batches(ask)
            for unit_id in session.exec(
                select(UnitMember.collective_id).where(col(UnitMember.member_id).in_(some))
            )
        }
        ask = above - found
        found |= above
    return found
