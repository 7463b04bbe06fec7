"""What became of the messages that were sent, in the terminal."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from bot import alarms
from bot.core import Core
from bot.verbs import as_json
from config.database import reading, writing
from config.errors import UserError
from reminders.models import OutboxMessage, OutboxState


def reminders_log(core: Core, *, json: bool = False) -> Iterator[str]:
    """What was sent, to whom, when, and what became of it."""
    zone = core.clock.zone
    with reading(core.engine) as session:
        rows = session.exec(
            select(OutboxMessage)
            .where(OutboxMessage.kind != "reply")
            .order_by(col(OutboxMessage.id))
        ).all()
        if not json:
            yield from (_line(session, row, zone) for row in rows)
            if not rows:
                yield "还没有发出过提醒。"
            return
    found = [
        {
            "id": row.id, "kind": row.kind, "platform": row.platform, "chat": row.chat_id,
            "due": row.due_at.astimezone(zone).isoformat(timespec="seconds"), "state": row.state,
            "attempts": row.attempts, "platform_words": row.platform_words,
            "finished": row.finished_at and row.finished_at.astimezone(zone).isoformat(timespec="seconds"),
            "text": row.text,
        }
        for row in rows
    ]  # fmt: skip
    yield as_json(found)


def _line(session: Session, row: OutboxMessage, zone: ZoneInfo) -> str:
    """12  2022-09-21 09:00  提醒  群“县消防救援大队”（钉钉）  已送达  2022-09-21 09:01"""
    state = alarms.STATES[row.state]
    if row.state is OutboxState.PENDING and row.attempts:
        state = f"等待重试（已试{row.attempts}次）"
    elif row.state is OutboxState.SENT and row.finished_at:
        state += f"  {row.finished_at.astimezone(zone):%Y-%m-%d %H:%M}"
        state += f"（第{row.attempts}次）" if row.attempts > 1 else ""
    chat = alarms.chat_name(session, row.platform, row.chat_id)
    cells = (
        str(row.id), f"{row.due_at.astimezone(zone):%Y-%m-%d %H:%M}", alarms.kind_name(row), chat,
        state, row.platform_words,
    )  # fmt: skip
    return "  ".join(cell for cell in cells if cell)


def reminders_resend(core: Core, *, id: int) -> Iterator[str]:
    """Send a message again that failed, or may not have arrived."""
    now = core.clock.now()
    with writing(core.engine) as session:
        if session.get(OutboxMessage, id) is None:
            raise UserError(f"没有编号{id}这条消息。duban reminders log 可看到全部。")
        yield alarms.send_again(session, id, now)
