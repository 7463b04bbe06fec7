"""Where the versions of a plan stand: a draft is published or discarded, what is in force is retired.

Every step is one transaction of the caller's: until it is committed the old version answers.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from config.errors import UserError
from corpus import ledger
from corpus.models import PlanVersion, Touched, VersionState


def publish(
    session: Session, plan_id: str, *, now: datetime, by: str, version_id: int | None = None
) -> PlanVersion:
    """Put the newest draft in force in one step; the version before it is retired.

    Raises UserError when `version_id` names another version than the newest draft.
    """
    newest = _newest_draft(session, plan_id)
    version = session.get(PlanVersion, version_id) if version_id is not None else newest
    if version is None or version.plan_id != plan_id:
        ledger.known_plan(session, plan_id)
        raise UserError(f"“{plan_id}”没有待发布的草稿。先用 duban ingest 送入新文件。")
    if version.state is not VersionState.DRAFT:
        raise UserError(_why_not_draft(version))
    if newest is not None and newest.number > version.number:
        raise UserError(
            f"《{version.title}》第{version.number}版之后又读入了第{newest.number}版草稿，没有发布。"
            f"请发布第{newest.number}版，或先放弃第{newest.number}版。"
        )
    current = ledger.version_in_force(session, plan_id)
    if current is not None:
        _move(session, current, VersionState.RETIRED)
    version.published_at, version.published_by = now, by
    _move(session, version, VersionState.IN_FORCE)
    return version


def retire(session: Session, plan_id: str) -> PlanVersion:
    """Take the plan out of force: it reminds no more, and answers only when it is asked for."""
    version = ledger.version_in_force(session, plan_id)
    if version is None:
        ledger.known_plan(session, plan_id)
        raise UserError(f"“{plan_id}”没有在执行的版本。")
    _move(session, version, VersionState.RETIRED)
    return version


def rollback(session: Session, plan_id: str, *, now: datetime, by: str) -> PlanVersion:
    """Put the version published before the one in force back in force."""
    current = ledger.version_in_force(session, plan_id)
    earlier = session.exec(
        select(PlanVersion)
        .where(PlanVersion.plan_id == plan_id, PlanVersion.state == VersionState.RETIRED)
        .order_by(col(PlanVersion.published_at).desc())
    ).first()
    if earlier is None:
        ledger.known_plan(session, plan_id)
        raise UserError(f"“{plan_id}”没有更早的版本可以恢复。")
    if current is not None:
        # a draft again, so that it can be corrected and published once more
        _move(session, current, VersionState.DRAFT)
    earlier.published_at, earlier.published_by = now, by
    _move(session, earlier, VersionState.IN_FORCE)
    return earlier


def discard(session: Session, plan_id: str, *, version_id: int | None = None) -> PlanVersion:
    """Throw the newest draft away, or the one named; the version in force is not touched."""
    version = session.get(PlanVersion, version_id) if version_id is not None else None
    version = version or _newest_draft(session, plan_id)
    if version is None or version.plan_id != plan_id:
        ledger.known_plan(session, plan_id)
        raise UserError(f"“{plan_id}”没有草稿可以放弃。")
    if version.state is not VersionState.DRAFT:
        raise UserError(_why_not_draft(version))
    _move(session, version, VersionState.DISCARDED)
    return version


def _newest_draft(session: Session, plan_id: str) -> PlanVersion | None:
    return session.exec(
        select(PlanVersion)
        .where(PlanVersion.plan_id == plan_id, PlanVersion.state == VersionState.DRAFT)
        .order_by(col(PlanVersion.number).desc())
    ).first()


def _why_not_draft(version: PlanVersion) -> str:
    words = {
        VersionState.IN_FORCE: "已经在执行",
        VersionState.RETIRED: "已停用，要恢复请用 duban plans rollback",
        VersionState.DISCARDED: "已放弃，要重新发布请再送入一次文件",
    }[version.state]
    return f"《{version.title}》第{version.number}版{words}。"


def _move(session: Session, version: PlanVersion, state: VersionState) -> None:
    version.state = state
    session.add(version)
    if state is VersionState.IN_FORCE:
        session.add(Touched(plan_id=version.plan_id))
    # at once: the database lets only one version be in force, and would see two in between
    session.flush()
