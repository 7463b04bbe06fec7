"""Lets the next message of a chat pass one that its platform will not take, and tells which of them is at fault."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from reminders.models import OutboxMessage
from reminders.owed import row_id

FAIR_ATTEMPTS = 3  # in which the others of its chat wait; and again, once one of them has arrived


class Verdict(Enum):
    """What becomes of a message that was not taken."""

    LATER = "later"  # it is tried again
    UNTRIED = "untried"  # nothing is taken in this chat: the message before it goes first again
    GIVEN_UP = "given up"  # the others of its chat arrive, and it alone does not


@dataclass(frozen=True, slots=True)
class _Aside:
    message_id: int
    since: datetime  # not before: the platform may have told us to wait
    attempts: int


class Overtaking:
    """What one dispatcher has seen; forgotten at its end, and soon found out again.

    After a few attempts at a message the next one of its chat is tried while the first one waits.
    Does that arrive, then the first is at fault, and after some more attempts is given up; else the
    platform is, and the order is kept.
    """

    def __init__(self) -> None:
        self._aside: dict[tuple[str, str], _Aside] = {}  # by chat: the message that may be passed
        self._passed: dict[int, int] = {}  # one that was passed → the attempt that is its last

    def aside(self, now: datetime) -> list[int]:
        """The messages that hold up no other while they wait."""
        return [one.message_id for one in self._aside.values() if one.since <= now] + [
            *self._passed
        ]

    def arrived(self, message: OutboxMessage) -> None:
        """The platform took it."""
        before = self._aside.pop((message.platform, message.chat_id), None)
        if before is not None:
            self._passed[before.message_id] = before.attempts + FAIR_ATTEMPTS
        self.ended(message)

    def ended(self, message: OutboxMessage) -> None:
        """It is not tried any more, whatever the reason."""
        message_id, chat = row_id(message.id), (message.platform, message.chat_id)
        self._passed.pop(message_id, None)
        if chat in self._aside and self._aside[chat].message_id == message_id:
            del self._aside[chat]

    def not_taken(self, message: OutboxMessage, now: datetime, retry_after_s: float) -> Verdict:
        """The platform did not take it, and wants it no sooner than in so many seconds."""
        message_id, chat = row_id(message.id), (message.platform, message.chat_id)
        if message_id in self._passed:
            if message.attempts < self._passed[message_id]:
                return Verdict.LATER
            del self._passed[message_id]
            return Verdict.GIVEN_UP
        before = self._aside.pop(chat, None)
        if before is not None and before.message_id != message_id:
            return Verdict.UNTRIED
        if message.attempts >= FAIR_ATTEMPTS:
            since = now + timedelta(seconds=retry_after_s)
            self._aside[chat] = _Aside(message_id, since, message.attempts)
        return Verdict.LATER
