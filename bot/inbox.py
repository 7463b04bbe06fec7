"""What came in: what a message did, its replies, and that it was handled are written as one."""

from datetime import datetime

from sqlmodel import Session

from bot.messages import Incoming
from bot.models import InboxMessage
from bot.router import Action
from config.clock import Clock
from reminders import outbox


def row_of(incoming: Incoming, received_at: datetime) -> InboxMessage:
    """A message as it is kept before it is acknowledged."""
    return InboxMessage(
        platform=incoming.platform, message_id=incoming.message_id, chat_id=incoming.chat_id,
        incoming=incoming.to_json(), received_at=received_at,
    )  # fmt: skip


def settle(session: Session, row: InboxMessage, action: Action, clock: Clock) -> None:
    """All or nothing: the caller's transaction. `row` is in the table."""
    for n, (platform, message) in enumerate(action(session)):
        outbox.add(
            session, dedup_key=f"reply:{row.id}:{n}", kind="reply", platform=platform,
            chat_id=message.chat_id, facts={"outgoing": message.to_json()},
            due_at=clock.now(), now=clock.now(),
        )  # fmt: skip
    row.handled_at = clock.wall()
    session.add(row)
