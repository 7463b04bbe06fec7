"""Lets the next message of a chat pass one that its platform will not take, while that is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from reminders.models import OutboxMessage
from reminders.owed import row_id

FAIR_ATTEMPTS = 3  # in which the others of its chat wait
REMEMBERED = 1000  # messages that were passed; another process may have come to their end


@dataclass(frozen=True, slots=True)
class _Aside:
    message_id: int
    since: datetime  # not before: the platform may have told us to wait


class Overtaking:
    """What one dispatcher has seen; forgotten at its end, and soon found out again.

    After a few attempts at a message the next one of its chat is tried while the first one waits.
    Does that arrive, then the first holds up no other any more; else the platform is at fault, and
    the order is kept. Nothing is given up here: one that was passed may have been so by chance.
    """

    def __init__(self) -> None:
        self._aside: dict[tuple[str, str], _Aside] = {}  # by chat: the message that may be passed
        self._passed: dict[int, None] = {}  # in the order in which they were

    def aside(self, now: datetime) -> list[int]:
        """The messages that hold up no other while they wait."""
        return [one.message_id for one in self._aside.values() if one.since <= now] + [
            *self._passed
        ]

    def arrived(self, message: OutboxMessage) -> None:
        """The platform took it."""
        before = self._aside.pop((message.platform, message.chat_id), None)
        if before is not None:
            self._passed[before.message_id] = None
            if len(self._passed) > REMEMBERED:
                del self._passed[next(iter(self._passed))]
        self.ended(message)

    def ended(self, message: OutboxMessage) -> None:
        """It is not tried any more, whatever the reason."""
        message_id, chat = row_id(message.id), (message.platform, message.chat_id)
        self._passed.pop(message_id, None)
        if chat in self._aside and self._aside[chat].message_id == message_id:
            del self._aside[chat]

    def is_its_own(self, message: OutboxMessage, now: datetime, retry_after_s: float) -> bool:
        """Whether the failed attempt counts: not where the message before it could not be sent either."""
        message_id, chat = row_id(message.id), (message.platform, message.chat_id)
        if message_id in self._passed:
            return True
        before = self._aside.pop(chat, None)
        if before is not None and before.message_id != message_id:
            return False
        if message.attempts >= FAIR_ATTEMPTS:
            self._aside[chat] = _Aside(message_id, now + timedelta(seconds=retry_after_s))
        return True
