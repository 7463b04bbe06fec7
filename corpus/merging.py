"""Makes two units of the directory one: everything that named the second names the first."""

from sqlalchemy import Table, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from config.errors import UserError
from config.tables import SQLModel
from corpus.models import PlanVersion, Touched, Unit, UnitAlias, UnitMember


def merge(session: Session, keep: Unit, gone: Unit) -> None:
    """Give `keep` all that belongs to `gone`, whose names become aliases; printed words stay.

    Raises UserError when they are of two places, or one stands for several units.
    """
    if keep.id == gone.id:
        raise UserError(f"“{keep.name}”和“{gone.name}”已经是同一个单位。")
    if keep.jurisdiction != gone.jurisdiction:
        raise UserError(
            f"“{keep.name}”在{keep.jurisdiction or '（无地区）'}，“{gone.name}”在{gone.jurisdiction or '（无地区）'}，"
            "两地的单位不能合并。"
        )
    if keep.is_collective != gone.is_collective:
        raise UserError(f"“{keep.name}”和“{gone.name}”一个是集体单位，一个不是，不能合并。")
    session.flush()
    assert keep.id is not None
    names = [gone.name, *(alias.name for alias in gone.aliases)]
    known = {keep.name, *(alias.name for alias in keep.aliases)}
    _merge_members(session, keep, gone)
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in ("unitalias", "unitmember"):
            _move(session, table, keep, gone)
    session.execute(delete(UnitAlias).where(UnitAlias.unit_id == gone.id))  # type: ignore[arg-type]
    session.execute(delete(Unit).where(Unit.id == gone.id))  # type: ignore[arg-type]
    session.execute(
        update(Unit).where(Unit.id == keep.id, Unit.parent_id == keep.id).values(parent_id=None)  # type: ignore[arg-type]
    )
    for name in names:
        if name not in known:
            session.add(UnitAlias(unit_id=keep.id, name=name))
    session.add(Touched(unit_id=keep.id))
    keep.contact, keep.phone = keep.contact or gone.contact, keep.phone or gone.phone
    session.add(keep)
    session.execute(
        update(PlanVersion)
        .where(PlanVersion.jurisdiction == (keep.jurisdiction or None))  # type: ignore[arg-type]
        .values(revision=PlanVersion.revision + 1)
    )
    session.flush()
    session.expire_all()


def _move(session: Session, table: Table, keep: Unit, gone: Unit) -> None:
    """Every column that points to `gone` points to `keep`; of two rows that then say the same one stays."""
    for column in table.columns:
        if not any(key.target_fullname == "unit.id" for key in column.foreign_keys):
            continue
        (key,) = table.primary_key.columns
        for (row,) in session.execute(select(key).where(column == gone.id)).all():
            try:
                with session.begin_nested():
                    session.execute(update(table).where(key == row).values({column: keep.id}))
            except IntegrityError:
                session.execute(delete(table).where(key == row))


def _merge_members(session: Session, keep: Unit, gone: Unit) -> None:
    assert keep.id is not None
    pairs = session.execute(select(UnitMember.collective_id, UnitMember.member_id)).all()  # type: ignore[call-overload]
    wanted = {tuple(keep.id if side == gone.id else side for side in pair) for pair in pairs}
    there = {tuple(pair) for pair in pairs}
    for collective, member in there - wanted:
        session.execute(
            delete(UnitMember).where(
                UnitMember.collective_id == collective, UnitMember.member_id == member
            )
        )  # fmt: skip
    for collective, member in wanted - there:
        if collective != member:
            session.add(UnitMember(collective_id=collective, member_id=member))
    session.flush()
