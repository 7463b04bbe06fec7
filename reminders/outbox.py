"""What must be sent, and what became of it: messages are added, claimed for a while, and finished.

Everything here is part of the caller's write transaction.
"""

import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select

from reminders.models import OutboxMessage, OutboxState, Reminder, ReportList

LEASE = timedelta(seconds=90)  # renewed while its holder lives; longer than one call of a platform
LONGEST_WAIT_S = 600.0  # between two attempts, unless the platform asks for more
GIVE_UP_AFTER = timedelta(days=3)
FEWEST_ATTEMPTS = 5  # however old a message is after we were down, it gets these


def add(
    session: Session, *, dedup_key: str, kind: str, platform: str, chat_id: str,
    facts: dict[str, Any], due_at: datetime, now: datetime,
) -> bool:  # fmt: skip
    """Put a message in; False when its `dedup_key` was there before."""
    if session.exec(select(OutboxMessage.id).where(OutboxMessage.dedup_key == dedup_key)).first():
        return False
    session.add(
        OutboxMessage(
            dedup_key=dedup_key, kind=kind, platform=platform, chat_id=chat_id, facts=facts,
            due_at=due_at, created_at=now,
        )
    )  # fmt: skip
    return True


def claim(
    session: Session, worker: str, platform: str, limit: int, now: datetime, wall: datetime,
    chat_id: str | None = None, aside: Collection[int] = (),
) -> list[OutboxMessage]:  # fmt: skip
    """Take up to `limit` messages of `platform` (of one chat) that are due, for LEASE; nobody else gets them.

    Of each chat only the oldest that waits, so that its order is kept while other chats go on; what
    is meant for a later hour and was never tried holds up nothing, nor do the ids `aside` while
    they wait for theirs.
    `now` is the product's time, `wall` the real one, which leases are counted in.
    """
    earlier = aliased(OutboxMessage)
    waits = (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.state == OutboxState.PENDING,
            OutboxMessage.platform == platform,
            OutboxMessage.due_at <= now,
            or_(col(OutboxMessage.lease_until).is_(None), col(OutboxMessage.lease_until) < wall),
            ~exists().where(
                col(earlier.platform) == OutboxMessage.platform,
                col(earlier.chat_id) == OutboxMessage.chat_id,
                col(earlier.state) == OutboxState.PENDING,
                col(earlier.id) < col(OutboxMessage.id),
                or_(
                    col(earlier.due_at) <= now,
                    and_(col(earlier.attempts) > 0, col(earlier.id).not_in(aside)),
                ),
            ),
        )
        .order_by(col(OutboxMessage.due_at), col(OutboxMessage.id))
        .limit(limit)
        .with_for_update(skip_locked=True)  # left out on SQLite, where there is one writer
    )
    if chat_id is not None:
        waits = waits.where(OutboxMessage.chat_id == chat_id)
    taken = (
        update(OutboxMessage)
        .where(col(OutboxMessage.id).in_(waits))
        .values(
            claimed_by=worker,
            lease_until=wall + LEASE,
            attempts=col(OutboxMessage.attempts) + 1,
        )
        .returning(OutboxMessage)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted(session.scalars(taken), key=lambda m: (m.due_at, m.id))


def renew(session: Session, worker: str, wall: datetime) -> None:
    """Hold what `worker` has claimed for another LEASE."""
    _update(session, _held_by(worker), lease_until=wall + LEASE)


def release(session: Session, platforms: Collection[str]) -> None:
    """Free every claim on these platforms: for one who starts and knows that nobody else sends."""
    ours = col(OutboxMessage.platform).in_(platforms)
    _update(session, ours, claimed_by=None, lease_until=None)


def give_back(session: Session, worker: str, but: Collection[int]) -> None:
    """Free what `worker` holds, for it stops; all but the messages `but`, which may arrive yet."""
    idle = col(OutboxMessage.id).not_in(but)
    _update(session, _held_by(worker), idle, claimed_by=None, lease_until=None)


def part_sent(
    session: Session, message: OutboxMessage, parts_sent: int, receipt_id: str
) -> None:  # fmt: skip
    """Note how many parts of a long message have arrived, so that they are not sent again."""
    message.parts_sent = parts_sent
    _update(session, _this(message), parts_sent=parts_sent, platform_message_id=receipt_id)


def put_back(
    session: Session, message: OutboxMessage, until: datetime, *, afresh: bool = False
) -> None:
    """Give a claim back as if untried: our own pace, or the message before it, is in its way.

    With `afresh` as if it had never been tried: it holds up no other until its hour comes.
    """
    _update(
        session,
        _this(message),
        _held_by(message.claimed_by),
        due_at=until,
        claimed_by=None,
        lease_until=None,
        attempts=0 if afresh else message.attempts - 1,
    )


def try_later(
    session: Session, message: OutboxMessage, retry_after_s: float, words: str, now: datetime,
    give_up_after: timedelta = GIVE_UP_AFTER,
) -> OutboxState:  # fmt: skip
    """Wait at least `retry_after_s`, longer with each attempt; FAILED when it has gone on too long.

    It surely did not arrive. Returns the state it is in now.
    """
    if now - message.created_at > give_up_after and message.attempts >= FEWEST_ATTEMPTS:
        why = f"试了{message.attempts}次仍未送达：{words}"
        finish(session, message, OutboxState.FAILED, why, now)
        return OutboxState.FAILED
    longest = min(2.0 ** min(message.attempts - 1, 20), LONGEST_WAIT_S)
    wait_s = max(retry_after_s, longest * random.uniform(0.5, 1.0))  # not all at the same moment
    _update(
        session,
        _this(message),
        _held_by(message.claimed_by),
        due_at=now + timedelta(seconds=wait_s),
        claimed_by=None,
        lease_until=None,
        platform_words=words,
    )
    return OutboxState.PENDING


def finish_sent(
    session: Session, message: OutboxMessage, receipt_id: str, text: str,
    buttons: Sequence[dict[str, Any]], now: datetime,
) -> None:  # fmt: skip
    """The platform said yes; `receipt_id` is its id of the message, `text` and `buttons` what was sent."""
    sent: dict[str, Any] = {"platform_message_id": receipt_id, "text": text, "buttons": buttons}
    finish(session, message, OutboxState.SENT, "", now, **sent)


def finish(
    session: Session, message: OutboxMessage, state: OutboxState, words: str, now: datetime,
    **more: Any,
) -> None:  # fmt: skip
    """DROPPED, FAILED or UNKNOWN, with the words that say why."""
    _update(
        session,
        _this(message),
        state=state,
        platform_words=words,
        finished_at=now,
        claimed_by=None,
        lease_until=None,
        **more,
    )


def send_again(session: Session, message: OutboxMessage, now: datetime) -> bool:
    """A person asks for one that failed, or may not have arrived; False for any other."""
    if message.state not in (OutboxState.FAILED, OutboxState.UNKNOWN):
        return False
    message.state, message.due_at, message.finished_at = OutboxState.PENDING, now, None
    message.attempts = 0  # it gets its full number of them again
    session.add(message)
    return True


def follow(session: Session, platform: str, old_chat_id: str, new_chat_id: str) -> None:
    """A chat moved: what waits for it, and what it has been told and shown, moves along."""
    waiting = (
        update(OutboxMessage)
        .where(
            col(OutboxMessage.platform) == platform,
            col(OutboxMessage.chat_id) == old_chat_id,
            col(OutboxMessage.state) == OutboxState.PENDING,
        )
        .values(chat_id=new_chat_id, claimed_by=None, lease_until=None)
    )
    session.exec(waiting)
    for table in (Reminder, ReportList):
        of_platform = col(table.platform) == platform
        known = select(table.id).where(of_platform, table.chat_id == new_chat_id)
        if session.exec(known).first() is None:
            here = update(table).where(of_platform, col(table.chat_id) == old_chat_id)
            session.exec(here.values(chat_id=new_chat_id))


def _update(session: Session, *which: ColumnElement[bool], **values: Any) -> None:
    still_waits = col(OutboxMessage.state) == OutboxState.PENDING
    # not carried over to rows that the session holds: nobody reads them again
    session.exec(
        update(OutboxMessage)
        .where(still_waits, *which)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _this(message: OutboxMessage) -> ColumnElement[bool]:
    return col(OutboxMessage.id) == message.id


def _held_by(worker: str | None) -> ColumnElement[bool]:
    # one whose lease ran out must not free what another has claimed since
    return col(OutboxMessage.claimed_by) == worker
