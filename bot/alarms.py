"""What the admins are told without asking: chats that are gone, messages that did not arrive, faults."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlmodel import Session, col, select

from bot import people
from bot.messages import Button, Incoming, Outgoing
from bot.models import Chat
from bot.naming import platform_name, web_chat_name
from corpus.models import Unit
from reminders import outbox
from reminders.models import OutboxMessage, OutboxState, PlannerState

log = structlog.get_logger()

GATHER = timedelta(minutes=5)  # messages that fail one after the other are told in one notice
BRIEF = timedelta(minutes=1)  # a fault of the database that is over so soon is not told
SILENT = timedelta(hours=1)  # a platform that takes nothing for so long is told
SET_BACK = timedelta(minutes=5)
SHOWN = 5  # messages of a notice that get a button
KINDS = {
    "reminder": "提醒", "reply": "答复", "notice": "通知", "report_list": "未报送名单", "periodic": "汇总或通报",
    "undelivered": "发送情况",
}  # fmt: skip


def tell_admins(
    session: Session, key: str, text: str, now: datetime, but: tuple[str, str] = ("", "")
) -> int:
    """A notice to every admin who can be written to, once for each `key`; how many will hear it.

    `but` is the (platform, chat id) of a chat that is of no use any more.
    """
    chats = [chat for chat in people.admin_chats(session) if chat[1:] != but]
    for account, platform, chat_id in chats:
        outbox.add(
            session, dedup_key=f"{key}:{account}", kind="notice", platform=platform,
            chat_id=chat_id, facts={"text": text}, due_at=now, now=now,
        )  # fmt: skip
    if not chats:
        log.warning("alarm.nobody_to_tell", key=key)
    return len(chats)


# ---- chats


def chat_gone(
    session: Session, platform: str, chat_id: str, code: str, now: datetime,
    message: OutboxMessage | None = None,
) -> bool:  # fmt: skip
    """Follow a chat that moved, or mark it dead and say so, once; whether the admins are told.

    `code` is the platform's, `message` what could not be sent. That a stranger blocks us concerns
    nobody: they are told of groups, of chats that speak for a unit, and of each other.
    """
    chat = people.chat_gone(session, platform, chat_id, code)
    if chat is None:
        return False
    is_admin = any(
        account.platform == platform and account.private_chat_id == chat_id
        for account in people.admins(session)
    )
    if chat.kind != "group" and chat.unit_id is None and not is_admin:
        return False
    unit = session.get(Unit, chat.unit_id) if chat.unit_id else None
    rows = [f"{chat_name(session, platform, chat_id)}已无法送达：机器人被移出，或会话已不存在。"]
    if unit is not None:
        rows.append(
            f"它绑定的是“{unit.name}”，该单位的提醒不会再发到这里。请联系对方重新拉入机器人，或另绑一个会话。"
        )
    if message is not None:
        rows.append(
            f"这次未送达的{kind_name(message)}编号为{message.id}，恢复后可以重发：duban reminders resend {message.id}"
        )
    key = f"gone:{chat.id}:{now:%Y-%m-%dT%H}"
    return bool(tell_admins(session, key, "\n".join(rows), now, but=(platform, chat_id)))


def chat_left(session: Session, incoming: Incoming, now: datetime) -> None:
    """The platform tells that we were put out of a chat, or that it moved."""
    chat_gone(session, incoming.platform, incoming.chat_id, incoming.event, now)
    _, moved, new_id = incoming.event.partition("migrated:")
    if moved:
        outbox.follow(session, incoming.platform, incoming.chat_id, new_id)


def chat_name(session: Session, platform: str, chat_id: str) -> str:
    """群“县消防救援大队”（钉钉）, or the chat's id where nobody gave it a title."""
    chat = people.find_chat(session, platform, chat_id)
    if platform == "web" and not (chat and chat.title):
        return web_chat_name(chat_id)
    title = chat.title if chat and chat.title else chat_id
    return (
        f"{'群' if chat and chat.kind == 'group' else '会话'}“{title}”（{platform_name(platform)}）"
    )


# ---- messages


def undelivered(session: Session, message: OutboxMessage, now: datetime) -> None:
    """Have the admins told, within GATHER, of a message that failed or may not have arrived."""
    if message.kind in ("notice", "undelivered"):
        return  # whoever can't be told can't be told of that either
    waiting = session.exec(
        select(OutboxMessage)
        .where(
            OutboxMessage.kind == "undelivered",
            OutboxMessage.state == OutboxState.PENDING,
            OutboxMessage.attempts == 0,
        )
        # a dispatcher that takes it at this moment has read it without this message
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    gathering = {(row.platform, row.chat_id): row for row in waiting}
    for account, platform, chat_id in people.admin_chats(session):
        row = gathering.get((platform, chat_id))
        if row is not None:
            row.facts = {**row.facts, "messages": [*row.facts["messages"], message.id]}
            session.add(row)
            continue
        outbox.add(
            session, dedup_key=f"undelivered:{message.id}:{now.isoformat()}:{account}",
            kind="undelivered", platform=platform, chat_id=chat_id,
            facts={"messages": [message.id], "timezone": str(now.tzinfo)}, due_at=now + GATHER, now=now,
        )  # fmt: skip


def undelivered_notice(session: Session, notice: OutboxMessage) -> Outgoing | None:
    """The notice of messages that did not arrive, as of now; None when all of them have since."""
    found = session.exec(
        select(OutboxMessage)
        .where(
            col(OutboxMessage.id).in_(notice.facts["messages"]),
            col(OutboxMessage.state).in_([OutboxState.FAILED, OutboxState.UNKNOWN]),
        )
        .order_by(col(OutboxMessage.id))
    ).all()
    if not found:
        return None
    zone = ZoneInfo(notice.facts["timezone"])
    rows = [f"有{len(found)}条消息未送达，或不能确定是否送达："]
    for row in found[:SHOWN]:
        chat = chat_name(session, row.platform, row.chat_id)
        rows.append(
            f"编号{row.id} {row.due_at.astimezone(zone):%m月%d日%H:%M} 给{chat}的{kind_name(row)}："
            f"{STATES[row.state]}（{row.platform_words}）"
        )
    if len(found) > SHOWN:
        rows.append(f"另有{len(found) - SHOWN}条，用 duban reminders log 看全部。")
    rows.append("请先向对方核实是否收到，再点“重发”，或用命令 duban reminders resend 编号。")
    buttons = [Button(f"重发 {row.id}", f"resend:{row.id}") for row in found[:SHOWN]]
    return Outgoing(notice.chat_id, tuple(rows), buttons=(tuple(buttons),))


def resend_by(session: Session, incoming: Incoming, message_id: int, now: datetime) -> str:
    """The answer to the button “重发”, which is for admins."""
    if not people.is_admin(session, incoming.platform, incoming.account_id):
        return "只有管理员可以重发。"
    return send_again(session, message_id, now)


def send_again(session: Session, message_id: int, now: datetime) -> str:
    """Put a message that did not arrive into the outbox again; the answer to whoever asked."""
    message = session.get(OutboxMessage, message_id)
    if message is None:
        return f"没有编号为{message_id}的消息。"
    if outbox.send_again(session, message, now):
        return f"编号{message_id}将重发（夜间和休息日等到可发的时间）；任务已办结、方案已停用等不必再提醒的，不会发出。"
    return f"编号{message_id}{STATES[message.state]}，不需要重发。"


def kind_name(message: OutboxMessage) -> str:
    """What a message is, for people."""
    return KINDS.get(message.kind, "消息")


STATES = {
    OutboxState.PENDING: "等待发送", OutboxState.SENT: "已送达", OutboxState.DROPPED: "不必再发",
    OutboxState.FAILED: "未送达", OutboxState.UNKNOWN: "不能确定是否送达",
}  # fmt: skip


# ---- faults


def database_failed(session: Session, since: datetime, words: str, now: datetime) -> None:
    """The database works again after a time in which it did not."""
    if now - since >= BRIEF:
        text = (
            f"{since:%m月%d日%H:%M}到{now:%m月%d日%H:%M}数据库无法写入（{words}），现已恢复。"
            "其间的消息和提醒没有丢失，会接着处理。请检查磁盘空间和数据库。"
        )
        tell_admins(session, f"database:{since.isoformat()}", text, now)


def platform_failing(
    session: Session, platform: str, since: datetime, words: str, now: datetime
) -> None:
    """A platform has taken nothing since an instant; told once a day."""
    if now - since < SILENT:
        return
    waiting = session.exec(
        select(OutboxMessage.id).where(
            OutboxMessage.state == OutboxState.PENDING, OutboxMessage.platform == platform
        )
    ).all()
    text = (
        f"{platform_name(platform)}从{since:%m月%d日%H:%M}起无法发送任何消息（{words}），有{len(waiting)}条待发。"
        "恢复后会自动补发；请检查网络和该平台的设置：duban doctor"
    )
    tell_admins(session, f"down:{platform}:{now:%Y-%m-%d}", text, now)


def clock_set_back(session: Session, now: datetime) -> None:
    """The clock stands before the moment up to which reminders are planned."""
    state = session.get(PlannerState, 1)
    if state is None or state.planned_to is None or state.planned_to - now < SET_BACK:
        return
    planned_to = state.planned_to.astimezone(now.tzinfo)
    text = (
        f"本机时钟被往回调：现在是{now:%m月%d日%H:%M}，而提醒已经排到{planned_to:%m月%d日%H:%M}。"
        "提醒不会重发，也不会遗漏，但待发的会晚到。请检查本机时间。"
    )
    tell_admins(session, f"clock:{planned_to.isoformat(timespec='minutes')}", text, now)


def dead_chats(session: Session) -> list[Chat]:
    """The chats that speak for a unit and can't be reached."""
    query = select(Chat).where(col(Chat.is_dead), col(Chat.unit_id).is_not(None))
    return list(session.exec(query.order_by(col(Chat.id))))
