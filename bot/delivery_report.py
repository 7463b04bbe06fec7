"""How the reminders of a week fared: told to the admins on Monday."""

from datetime import datetime, time, timedelta
from statistics import median

from sqlmodel import Session, col, select

from bot import alarms
from bot.models import KeyValue
from reminders.models import OutboxMessage, OutboxState

WEEK = timedelta(days=7)
DONE = "delivery_report"  # the week that was reported last, by its Monday
UNCOUNTED = ("reply", "notice", "undelivered")  # between one person and us


def add(session: Session, now: datetime, hour: int) -> bool:
    """Put the report of last week into the outbox, once it is `hour` o'clock on Monday; whether it did.

    A process that was down on Monday reports later in the week. A week without reminders has no report.
    """
    monday = datetime.combine(now.date() - timedelta(days=now.weekday()), time(hour), now.tzinfo)
    state = session.get(KeyValue, DONE) or KeyValue(key=DONE, value="")
    this_week = monday.date().isoformat()
    if now < monday or state.value == this_week:
        return False
    state.value = this_week
    session.add(state)
    rows = report_rows(session, monday - WEEK, monday)
    if not rows:
        return False
    alarms.tell_admins(session, f"{DONE}:{this_week}", "\n".join(rows), now)
    return True


def report_rows(session: Session, first: datetime, last: datetime) -> list[str]:
    """The messages that came to an end in [first, last), and the chats that can't be reached."""
    found = session.exec(
        select(OutboxMessage)
        .where(
            col(OutboxMessage.finished_at) >= first,
            col(OutboxMessage.finished_at) < last,
            col(OutboxMessage.kind).not_in(UNCOUNTED),
        )
        .order_by(col(OutboxMessage.id))
    ).all()
    if not found:
        return []
    by_state = {state: [m for m in found if m.state is state] for state in OutboxState}
    sent = by_state[OutboxState.SENT]
    failed, unknown = by_state[OutboxState.FAILED], by_state[OutboxState.UNKNOWN]
    rows = [
        f"上周（{first:%m月%d日}至{last - timedelta(days=1):%m月%d日}）的提醒：送达{len(sent)}条，未送达{len(failed)}条，"
        f"不能确定是否送达{len(unknown)}条，到时已不必发{len(by_state[OutboxState.DROPPED])}条。"
    ]
    if sent:
        late = sorted((m.finished_at - m.created_at).total_seconds() for m in sent if m.finished_at)
        rows.append(f"从应发到送达，半数在{_span(median(late))}以内，最慢{_span(late[-1])}。")
    for message in (failed + unknown)[: alarms.SHOWN]:
        chat = alarms.chat_name(session, message.platform, message.chat_id)
        rows.append(
            f"编号{message.id} {chat}：{alarms.STATES[message.state]}（{message.platform_words}）"
        )
    dead = alarms.dead_chats(session)
    if dead:
        names = "、".join(alarms.chat_name(session, c.platform, c.chat_id) for c in dead)
        rows.append(f"无法送达的会话{len(dead)}个：{names}。")
    rows.append("全部记录：duban reminders log")
    return rows


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f}秒"
    if seconds < 3600:
        return f"{seconds / 60:.0f}分钟"
    return f"{seconds / 3600:.1f}小时"
