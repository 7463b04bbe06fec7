"""What came in: what a message did, its replies, and that it was handled are written as one."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from bot import alarms
from bot.messages import Incoming, Outgoing
from bot.models import InboxMessage
from bot.router import Action
from config.clock import Clock
from config.database import reading
from reminders import outbox

SORRY = "抱歉，这条消息处理出错，已告诉管理员。请换个说法再试。"


def row_of(incoming: Incoming, received_at: datetime) -> InboxMessage:
    """A message as it is kept before it is acknowledged."""
    return InboxMessage(
        platform=incoming.platform, message_id=incoming.message_id, chat_id=incoming.chat_id,
        incoming=incoming.to_json(), received_at=received_at,
    )  # fmt: skip


def waiting_chats(engine: Engine, attempted: int = 0) -> list[tuple[str, str]]:
    """Platform and id of each chat with something that is not handled, who waits longest first.

    Of what was tried at least `attempted` times alone.
    """
    query = (
        select(InboxMessage.platform, InboxMessage.chat_id)
        .where(col(InboxMessage.handled_at).is_(None), InboxMessage.attempts >= attempted)
        .group_by(col(InboxMessage.platform), col(InboxMessage.chat_id))
        .order_by(func.min(InboxMessage.id))
    )
    with reading(engine) as session:
        return [(platform, chat_id) for platform, chat_id in session.exec(query)]


def waiting_in(engine: Engine, platform: str, chat_id: str) -> list[InboxMessage]:
    """What is not handled of one chat, in the order in which it came."""
    query = (
        select(InboxMessage)
        .where(InboxMessage.platform == platform, InboxMessage.chat_id == chat_id)
        .where(col(InboxMessage.handled_at).is_(None))
        .order_by(col(InboxMessage.id))
    )
    with reading(engine) as session:
        return list(session.exec(query))


def is_elsewhere(engine: Engine, row: InboxMessage, since: datetime) -> bool:
    """Whether what we have not begun ourselves is in the hands of another process.

    Whoever began a message that came before `since` is taken for dead, as is everybody else who was
    on a SQLite file.
    """
    return engine.dialect.name != "sqlite" and row.attempts > 0 and row.received_at > since


def begin(session: Session, row: InboxMessage) -> int | None:
    """Count an attempt before it is made, for it may kill us; which one it is, 0 if it is settled.

    None if another process has begun it since `row` was read.
    """
    waiting = _locked(session, row)
    if waiting.handled_at is not None:
        return 0
    if waiting.attempts != row.attempts:
        return None
    waiting.attempts += 1
    session.add(waiting)
    return waiting.attempts


def take_back(session: Session, row: InboxMessage) -> None:
    """An attempt was cut short for no fault of the message."""
    waiting = _locked(session, row)
    waiting.attempts -= 1
    session.add(waiting)


def begun(session: Session, row: InboxMessage, message_id: str) -> None:
    """The person sees the beginning of the answer to `row`, in a message of this id."""
    waiting = session.get(InboxMessage, row.id)
    assert waiting is not None
    waiting.draft_id = message_id
    session.add(waiting)


def settle(session: Session, row: InboxMessage, action: Action, clock: Clock) -> None:
    """All or nothing: the caller's transaction. What somebody else has settled stays as it is."""
    row = _locked(session, row)
    if row.handled_at is not None:
        return
    for n, (platform, message) in enumerate(action(session)):
        if n == 0 and (platform, message.chat_id) == (row.platform, row.chat_id):
            message = replace(message, edits=message.edits or row.draft_id)
        outbox.add(
            session, dedup_key=f"reply:{row.id}:{n}", kind="reply", platform=platform,
            chat_id=message.chat_id, facts={"outgoing": message.to_json()},
            due_at=clock.now(), now=clock.now(),
        )  # fmt: skip
    row.handled_at = clock.wall()
    session.add(row)


def _locked(session: Session, row: InboxMessage) -> InboxMessage:
    # of two processes that answer the same message the second one finds it settled
    return session.get_one(InboxMessage, row.id, with_for_update=True)


def saying(incoming: Incoming, words: str) -> Action:
    """Answers with one line, or with nothing where that is empty."""
    message = Outgoing(incoming.chat_id, (words,))
    return lambda _: [(incoming.platform, message)] if words else []


def setting_aside(row: InboxMessage, incoming: Incoming, now: datetime) -> Action:
    """Apologises to who meant us, and has the admins told: its handling failed again and again."""

    def set_aside(session: Session) -> list[tuple[str, Outgoing]]:
        text = (
            f"{alarms.chat_name(session, row.platform, row.chat_id)}里的一条消息（收件编号{row.id}）"
            f"几次处理都出错，已搁置，其后的消息照常处理。详情见运行日志中的 inbox.failed inbox={row.id}。"
        )
        alarms.tell_admins(session, f"inbox:{row.id}", text, now)
        is_meant = incoming.addressed and not incoming.event
        return saying(incoming, SORRY if is_meant else "")(session)

    return set_aside
