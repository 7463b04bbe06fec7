"""Reads the ledger again just before a digest is sent: is its reason still there?"""

from datetime import datetime

from sqlmodel import Session, col, select

from corpus import ledger
from reminders.models import OutboxMessage, Reminder
from reminders.owed import History, debtors_of, owed_between, row_id
from reminders.planner import ChatsOf


def recheck(session: Session, message: OutboxMessage, now: datetime, chats_of: ChatsOf) -> str:
    """Mark the reminders of a digest that have lost their reason; why, in Chinese, if none is left.

    One whose task is done, changed or no longer in force, or whose chat speaks for its unit no
    more, becomes "dropped"; one that is too late, or followed by a newer one, "skipped".
    `now` is aware local time.
    """
    query = select(Reminder).where(Reminder.outbox_id == message.id, Reminder.state == "planned")
    reminders = session.exec(query).all()
    if not reminders:
        return "没有可发的内容"
    days = [r.occurrence_on for r in reminders]
    lineages = {r.lineage for r in reminders}
    current = {o.key: o for o in owed_between(session, min(days), max(days), lineages=lineages)}
    debtors = debtors_of(session, {row_id(owed.task.id) for owed in current.values()})
    history = History(session, lineages)
    chats = chats_of({r.unit_id for r in reminders})
    reasons: dict[str, None] = {}
    for r in reminders:
        owed = current.get((r.plan_id, r.lineage, r.timing_key, r.occurrence_on))
        owing = debtors.get(row_id(owed.task.id), []) if owed else []
        debtor = next((d for d in owing if d.unit_id == r.unit_id), None)
        state = "dropped"
        if owed is None or debtor is None:
            reason = "在执行的方案中已没有这项责任或时限"
        elif history.is_done(owed, debtor, owing, now):
            reason = "任务已办结"
        elif (r.platform, r.chat_id) not in chats.get(r.unit_id, []):
            reason = "会话已失效或不再绑定该单位"
        elif r.occurrence_on < now.date() or ledger.is_over(owed.version, now.date()):
            state, reason = "skipped", "期限已过"
        elif _is_followed(session, r):
            state, reason = "skipped", "已有更新的提醒"
        else:
            continue
        r.state = state
        session.add(r)
        reasons[reason] = None
    return "；".join(reasons) if all(r.state != "planned" for r in reminders) else ""


def _is_followed(session: Session, reminder: Reminder) -> bool:
    newer = select(Reminder.id).where(
        Reminder.plan_id == reminder.plan_id,
        Reminder.lineage == reminder.lineage,
        Reminder.timing_key == reminder.timing_key,
        Reminder.occurrence_on == reminder.occurrence_on,
        Reminder.platform == reminder.platform,
        Reminder.chat_id == reminder.chat_id,
        Reminder.state == "planned",
        col(Reminder.at) > reminder.at,
    )
    return session.exec(newer).first() is not None
