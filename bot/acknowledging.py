"""收到 and 办结: what a person answers to a reminder goes into the history of its tasks."""

from datetime import datetime

from sqlmodel import Session, select

from bot import people, render
from bot.messages import Button, Incoming
from corpus import ledger
from corpus.models import EventKind
from reminders.models import OutboxMessage, Reminder

Buttons = tuple[tuple[Button, ...], ...]


def answer_reminder(
    session: Session, incoming: Incoming, message: OutboxMessage | None, verb: str, now: datetime
) -> tuple[str, Buttons]:
    """Record `verb` ("ack" or "done") for what a reminder spoke of; (the reply, its buttons)."""
    here = (incoming.platform, incoming.chat_id)
    if message is None or message.kind != "reminder" or (message.platform, message.chat_id) != here:
        return "这里没有待答复的提醒。", ()
    account = people.account_of(session, incoming)
    kind = EventKind.ACK if verb == "ack" else EventKind.DONE
    reminders = session.exec(
        select(Reminder).where(Reminder.outbox_id == message.id, Reminder.state == "planned")
    ).all()
    found = [
        (reminder, live)
        for reminder in reminders
        if (live := render.live_timing(session, reminder))
    ]
    chosen = incoming.button.split(":")[2:] if verb == "done" else []
    if verb == "done" and len(found) > 1 and not chosen:
        buttons = tuple(
            (
                Button(
                    f"{n}. {(live[2].about or live[1].title or live[1].text)[:20]}",
                    f"done:{message.id}:{r.id}",
                ),
            )
            for n, (r, live) in enumerate(found, 1)
        )
        return "哪一项办结了？", buttons
    if chosen:
        found = [pair for pair in found if str(pair[0].id) == chosen[0]]
    if not found:
        return "这条提醒中的任务已不在执行的方案里。", ()
    for reminder, (_, task, timing) in found:
        ledger.record_event(
            session, task, kind, by=f"{incoming.platform}:{incoming.account_id}",
            by_name=account.name, at=now, unit_id=reminder.unit_id,
            timing_key=timing.key,
            occurrence_on=reminder.occurrence_on if timing.rule else None,
        )  # fmt: skip
    names = "；".join((live[2].about or live[1].title or live[1].text)[:40] for _, live in found)
    if verb == "ack":
        return f"已记录：{account.name}收到（{len(found)}项）。", ()
    return f"已记录：{account.name}报告办结：{names}。此项不再提醒。", ()
