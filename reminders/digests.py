"""Gathers the reminders of one run into one message a chat, at an hour when it may be written to."""

import hashlib
from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime

from sqlmodel import Session, col, select

from config.database import batches
from config.settings import Settings
from config.workdays import Workdays
from reminders.choices import Choices
from reminders.decency import Caps, Hours
from reminders.models import OutboxMessage, OutboxState, Reminder
from reminders.receivers import Chat
from reminders.rules import Due


class Digests:
    """The reminders of one run of the planner, not written yet."""

    def __init__(self, now: datetime, workdays: Workdays, settings: Settings) -> None:
        self._now, self._workdays, self._settings = now, workdays, settings
        self._reminders: dict[tuple[Chat, datetime], list[Reminder]] = defaultdict(list)
        self._useful_to: dict[tuple[Chat, datetime], date] = {}
        self._hours = Hours(now, workdays, settings)

    @property
    def messages(self) -> int:
        """How many messages there are."""
        return len(self._reminders)

    def take(self, reminder: Reminder, due: Due, choices: Choices) -> bool:
        """Send it with the others of its chat; False when it is of no use any more."""
        at = self._hours.when(choices.reminder_workdays_only, due.useful_to)
        if at is None:
            return False
        key = (reminder.platform, reminder.chat_id), at
        self._reminders[key].append(reminder)
        self._useful_to[key] = min(self._useful_to.get(key, due.useful_to), due.useful_to)
        return True

    def write(self, session: Session) -> int:
        """Put the messages into the outbox; how many reminders they hold."""
        chats = {chat for chat, _ in self._reminders}
        waiting = _waiting(session, chats, self._now)
        caps = Caps(session, chats, self._now, self._workdays, self._settings)
        new: list[tuple[OutboxMessage, list[Reminder]]] = []
        for (chat, at), reminders in sorted(self._reminders.items(), key=lambda item: item[0]):
            last = self._useful_to[chat, at]
            message = waiting.get(chat) if at > self._now else None
            if message is None:
                due_at = caps.take(chat, at, last)
                message = waiting.get(chat) if due_at > self._now else None
            if message is not None and _local_day(message, at) <= last:
                for reminder in reminders:  # it has not been read yet: they go along
                    reminder.outbox_id = message.id
                    session.add(reminder)
            else:
                new.append((_message(reminders, due_at, self._now), reminders))
        session.add_all(message for message, _ in new)
        session.flush()
        for message, reminders in new:
            for reminder in reminders:
                reminder.outbox_id = message.id
        session.add_all(reminder for _, reminders in new for reminder in reminders)
        session.flush()
        return sum(map(len, self._reminders.values()))


def _message(reminders: list[Reminder], due_at: datetime, now: datetime) -> OutboxMessage:
    # a reminder is written once, so the first one names its message; together with the message in
    # which it was dropped, if it was
    r = reminders[0]
    name = f"{r.plan_id}|{r.lineage}|{r.timing_key}|{r.occurrence_on}|{r.rule}|{r.unit_id}|"
    name += f"{r.platform}|{r.chat_id}|{r.outbox_id or ''}"
    return OutboxMessage(
        dedup_key=f"reminder:{hashlib.sha256(name.encode()).hexdigest()}",
        kind="reminder", platform=r.platform, chat_id=r.chat_id, facts={},
        due_at=due_at, created_at=now,
    )  # fmt: skip


def _waiting(session: Session, chats: Collection[Chat], now: datetime) -> dict[Chat, OutboxMessage]:
    """The digest of each chat that waits for its hour, and that nobody has begun to send."""
    found: dict[Chat, OutboxMessage] = {}
    for some in batches({chat_id for _, chat_id in chats}):
        query = select(OutboxMessage).where(
            col(OutboxMessage.chat_id).in_(some),
            OutboxMessage.kind == "reminder",
            OutboxMessage.state == OutboxState.PENDING,
            OutboxMessage.attempts == 0,
            col(OutboxMessage.claimed_by).is_(None),
            OutboxMessage.due_at > now.astimezone(UTC),
        )
        for message in session.exec(query.order_by(col(OutboxMessage.id).desc()).with_for_update()):
            found[message.platform, message.chat_id] = message
    return found


def _local_day(message: OutboxMessage, like: datetime) -> date:
    return message.due_at.astimezone(like.tzinfo).date()
