"""What a reminder spoke of, item by item, and which reminder an answer means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from bot.answering.words import Said
from bot.messages import Incoming
from corpus import ledger
from corpus.models import PlanVersion, Task, Timing
from reminders.models import OutboxMessage, OutboxState, Reminder, ReportDuty, ReportWindow
from reminders.rules import urgency


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a reminder spoke of, as the ledger has it now."""

    number: int  # as the reminder counts it, from 1
    reminders: tuple[Reminder, ...]  # one for each unit of the chat that owes it
    version: PlanVersion
    title: str
    task: Task | None = None  # None: a report that an admin asks for
    timing: Timing | None = None
    window: ReportWindow | None = None  # of a report

    @property
    def due_on(self) -> date:
        """The day it is owed."""
        return self.reminders[0].occurrence_on

    @property
    def recurs(self) -> bool:
        """Whether what is said of it holds for this day alone, and not for the days after."""
        return self.window is not None or (self.timing is not None and bool(self.timing.rule))


def items(session: Session, message: OutboxMessage) -> list[Item]:
    """What a reminder spoke of and what is still in force, in the order and with the numbers printed.

    A chat that speaks for two units hears of a task of both but once.
    """
    reminders = session.exec(
        select(Reminder)
        .where(Reminder.outbox_id == message.id, Reminder.state == "planned")
        .order_by(col(Reminder.occurrence_on), col(Reminder.id))
    ).all()
    reminders = sorted(reminders, key=lambda r: urgency(r.rule))
    same: dict[tuple[str, str, date, int | None], list[Reminder]] = {}
    for r in reminders:
        same.setdefault((r.lineage, r.timing_key, r.occurrence_on, r.window_id), []).append(r)
    found = [_item(session, number, some) for number, some in enumerate(same.values(), 1)]
    return [item for item in found if item is not None]


def _item(session: Session, number: int, reminders: Sequence[Reminder]) -> Item | None:
    first = reminders[0]
    version = ledger.version_in_force(session, first.plan_id)
    if version is None:
        return None
    window = session.get(ReportWindow, first.window_id) if first.window_id else None
    row = session.exec(
        select(Task, Timing)
        .where(Task.version_id == version.id, Task.lineage == first.lineage)
        .where(Timing.task_id == Task.id, Timing.key == first.timing_key)
    ).first()
    if row is not None:
        task, timing = row
        title = timing.about or task.name
        return Item(number, tuple(reminders), version, title, task, timing, window)
    _, _, duty_id = first.lineage.partition("duty:")
    duty = session.get(ReportDuty, int(duty_id)) if window and duty_id else None
    if duty is None:
        return None
    return Item(number, tuple(reminders), version, duty.text, window=window)


def last_reached(session: Session, platform: str, chat_id: str) -> OutboxMessage | None:
    """The last reminder that reached a chat, or may have: it is on its way, or its yes was lost.

    One that the platform refused and that waits for another attempt has not been seen by anybody.
    """
    waits = and_(
        col(OutboxMessage.state) == OutboxState.PENDING,
        col(OutboxMessage.attempts) > 0,
        or_(
            col(OutboxMessage.claimed_by).is_not(None),
            col(OutboxMessage.parts_sent) > 0,
            # let go without a word: its sender died, maybe after the platform's yes
            col(OutboxMessage.platform_words) == "",
        ),
    )
    arrived = col(OutboxMessage.state).in_([OutboxState.SENT, OutboxState.UNKNOWN])
    return session.exec(
        select(OutboxMessage)
        .where(
            OutboxMessage.platform == platform,
            OutboxMessage.chat_id == chat_id,
            OutboxMessage.kind == "reminder",
            or_(arrived, waits),
        )
        .order_by(col(OutboxMessage.id).desc())
    ).first()


def meant(session: Session, incoming: Incoming) -> OutboxMessage | None:
    """The reminder that a message quotes, else the last one that reached its chat."""
    if incoming.replied_to:
        quoted = session.exec(
            select(OutboxMessage).where(
                OutboxMessage.platform == incoming.platform,
                OutboxMessage.chat_id == incoming.chat_id,
                OutboxMessage.kind == "reminder",
                OutboxMessage.platform_message_id == incoming.replied_to,
            )
        ).first()
        if quoted is not None:
            return quoted
    return last_reached(session, incoming.platform, incoming.chat_id)


def chosen(found: Sequence[Item], said: Said) -> list[Item] | None:
    """The items that somebody names by number; None when one can't be told, [] when none is named.

    第8项 may be the eighth of the reminder, or the one that is number 8 in its plan.
    """
    picked: dict[int, Item] = {}
    for number in said.numbers:
        counted = [item for item in found if item.number == number]
        printed = [i for i in found if said.is_row and i.task and i.task.no == str(number)]
        both = {item.number: item for item in counted + printed}
        if len(both) != 1:
            return None
        picked |= both
    return list(picked.values())
