"""What a person was asked for and may send next, kept so that a restart in between loses nothing."""

from datetime import datetime, timedelta

from sqlmodel import Session, select

from bot.answering.words import Verb
from bot.messages import Incoming
from bot.models import Expected

PATIENCE = timedelta(minutes=10)
MORE_FILES = "files"  # the verb of a step that further files go to
BY_FILE = frozenset({Verb.PROGRESS, Verb.REPORT, MORE_FILES})  # a file without a word is enough


def expect(
    session: Session, incoming: Incoming, verb: str, now: datetime, *,
    outbox_id: int | None = None, reminder_id: int | None = None, window_id: int | None = None,
    event_id: int | None = None, said: Incoming | None = None,
) -> None:  # fmt: skip
    """The next message of this person in this chat is `verb`; it takes the place of what was expected."""
    found = _row(session, incoming) or Expected(
        platform=incoming.platform, chat_id=incoming.chat_id, account_id=incoming.account_id,
        verb=verb, until=now,
    )  # fmt: skip
    found.verb, found.until = verb, now + PATIENCE
    found.outbox_id, found.reminder_id, found.window_id = outbox_id, reminder_id, window_id
    found.event_id, found.said = event_id, said.to_json() if said else None
    session.add(found)


def how_to_send(verb: str, incoming: Incoming, hears_only_mentions: bool) -> str:
    """How what is asked for is to be sent, as far as this chat hears it."""
    by_file = verb in BY_FILE
    if not incoming.is_group:
        words = "，文字、文件都可以" if by_file else ""
        return f"请在10分钟内发来{words}。不发了请说“取消”。"
    if hears_only_mentions:
        picture = "，照片可以放在同一条里" if by_file else ""
        others = "，文件请在绑定了本单位的单独对话里发" if by_file else ""
        return f"请在10分钟内@我写明{picture}；没有@我的话不算答复{others}。不发了请@我说“取消”。"
    file = "，也可以单独发文件" if by_file else ""
    return f"请在10分钟内回复本条消息（或@我）写明{file}；其他的话不算答复。不发了请回复“取消”。"


def more_files(session: Session, incoming: Incoming, now: datetime, event_id: int | None) -> None:
    """Files that follow at once, as an album sends them, belong to the same step."""
    if event_id is not None:
        expect(session, incoming, MORE_FILES, now, event_id=event_id)


def expected(session: Session, incoming: Incoming, now: datetime) -> Expected | None:
    """What this person was asked for here, if they may still send it."""
    found = _row(session, incoming)
    return found if found is not None and found.until > now else None


def forget(session: Session, incoming: Incoming) -> None:
    """Expect nothing of this person here."""
    found = _row(session, incoming)
    if found is not None:
        session.delete(found)
        session.flush()


def _row(session: Session, incoming: Incoming) -> Expected | None:
    return session.exec(
        select(Expected).where(
            Expected.platform == incoming.platform,
            Expected.chat_id == incoming.chat_id,
            Expected.account_id == incoming.account_id,
        )
    ).first()
