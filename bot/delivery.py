"""Delivers one message of the outbox: its words are made, sent, and what became of them is recorded."""

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from bot import alarms, people
from bot.messages import Limits, Outgoing, Platform, Receipt
from bot.overtaking import Overtaking
from bot.pace import Pace
from bot.recorder import Recorder
from config.clock import Clock
from config.database import reading
from config.errors import MaybeSent, Refused, TryLater
from reminders import outbox
from reminders.models import OutboxMessage, OutboxState
from reminders.recheck import NOTHING_TO_SAY, Look

log = structlog.get_logger()

Render = Callable[[Session, OutboxMessage], Outgoing | None]
Split = Callable[[Outgoing, Limits], list[Outgoing]]
Recheck = Callable[[Session, OutboxMessage, datetime], Look]  # the last look at what waited

PATIENCE_S = 5.0  # a message that must wait longer for its pace gives its slot to others
SEND_TIMEOUT_S = 45.0  # half a lease
SHOWN_WITHIN_S = 15.0  # a beginning; the answer waits for it
OWN_FAULT = timedelta(minutes=10)  # an error of ours is not cured by days of waiting
# what nobody waits for, and what may have lost its reason
LOOKED_AT_AGAIN = ("reminder", "periodic")
CHAT_GONE = "403"
MOVED = "migrated:"
NOT_SO = "400"
NOT_US = "401"  # our own key is wrong: what waits is kept until somebody mends it


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours for a while, and what its pace depends on."""

    message: OutboxMessage
    is_group: bool


class Delivery:
    """Sends what a dispatcher has claimed; it may be stopped anywhere, and nothing is lost."""

    def __init__(
        self, *, engine: Engine, clock: Clock, platforms: dict[str, Platform], render: Render,
        split: Split, recheck: Recheck, send_timeout_s: float = SEND_TIMEOUT_S,
    ) -> None:  # fmt: skip
        self.engine, self.clock, self.platforms = engine, clock, platforms
        self._render, self._split, self._recheck = render, split, recheck
        self.send_timeout_s = send_timeout_s
        self._paces = {name: Pace(platform.limits) for name, platform in platforms.items()}
        self._overtaking = Overtaking()
        self.recorder = Recorder(engine, clock)
        # platforms that take nothing: since when, and their words
        self.failing: dict[str, tuple[datetime, str]] = {}

    def aside(self, now: datetime) -> list[int]:
        """The messages that hold up no other of their chat while they wait."""
        return self._overtaking.aside(now)

    async def deliver(self, claimed: Claimed) -> None:
        """Send it, or give it back for later, or be done with it; never raises for its sake."""
        message = claimed.message
        try:
            await self._attempt(claimed)
        except DBAPIError as error:
            await self._later(message, 0, type(error).__name__)
        except Exception as error:
            # its words may be what people wrote: only the kind of error and its place are kept
            place = traceback.extract_tb(error.__traceback__)[-1]
            fault = f"{type(error).__name__} {Path(place.filename).name}:{place.lineno}"
            log.error("outbox.fault", outbox=message.id, error=fault)
            await self._not_taken(message, 0, fault, OWN_FAULT)

    async def show(self, name: str, message: Outgoing) -> Receipt:
        """Send to a private chat past the outbox, at the platform's pace: what nobody would miss.

        Raises what platforms raise, or TimeoutError.
        """
        async with asyncio.timeout(SHOWN_WITHIN_S):
            await self._paces[name].wait(message.chat_id, False)
            return await self.platforms[name].send(message)

    async def _attempt(self, claimed: Claimed) -> None:
        message = claimed.message
        try:
            await self._send(claimed)
        except TryLater as error:
            self.failing.setdefault(message.platform, (self.clock.now(), str(error)))
            await self._not_taken(message, error.retry_after_s, str(error))
        except Refused as error:
            await self._refused(message, error)
        except (MaybeSent, TimeoutError) as error:
            words = str(error) or f"{self.send_timeout_s:g}秒内没有回音，可能已送达"
            self.failing.setdefault(message.platform, (self.clock.now(), words))
            if self.platforms[message.platform].limits.is_idempotent:
                await self._not_taken(message, 0, words)  # its key makes two of them one
            else:
                await self._fail(message, OutboxState.UNKNOWN, words)

    async def _send(self, claimed: Claimed) -> None:
        message, chat = claimed.message, (claimed.message.chat_id, claimed.is_group)
        platform, pace = self.platforms[message.platform], self._paces[message.platform]
        delay = pace.delay(*chat)
        if delay > PATIENCE_S:
            until = self.clock.now() + timedelta(seconds=delay)
            await self.recorder.record(outbox.put_back, message, until)
            return
        outgoing = await self._prepared(message)
        if outgoing is None:
            self._overtaking.ended(message)
            log.info("outbox.held_back", outbox=message.id)
            return
        outgoing = replace(outgoing, chat_id=message.chat_id)  # the chat may have moved since
        parts = [
            replace(part, key=f"duban-{message.id}-{n}")
            for n, part in enumerate(self._split(outgoing, platform.limits))
        ]
        receipt_id = message.platform_message_id or ""
        for n, part in enumerate(parts[message.parts_sent :], message.parts_sent):
            await pace.wait(*chat)
            receipt = await self._send_part(platform, part)
            if part.rows:  # people press and quote the text, not a file that comes with it
                receipt_id = receipt.message_id
            self.failing.pop(message.platform, None)
            if n + 1 < len(parts):
                await self.recorder.record(outbox.part_sent, message, n + 1, receipt_id)
        buttons = [asdict(button) for row in outgoing.buttons for button in row]
        await self.recorder.record(
            outbox.finish_sent, message, receipt_id, outgoing.text, buttons, self.clock.now()
        )
        self._overtaking.arrived(message)
        log.info("outbox.sent", outbox=message.id, platform=message.platform)

    async def _send_part(self, platform: Platform, part: Outgoing) -> Receipt:
        async with asyncio.timeout(self.send_timeout_s):
            try:
                return await platform.send(part)
            except Refused as error:
                if not part.edits or error.code != NOT_SO:
                    raise
            # what it would have replaced was deleted, or is too old to be changed
            return await platform.send(replace(part, edits=""))

    async def _prepared(self, message: OutboxMessage) -> Outgoing | None:
        """The words, made from the ledger as it is at this moment; None when it is not sent now."""
        if message.kind in LOOKED_AT_AGAIN and not message.parts_sent:
            goes_now = await self.recorder.record(self._look_again, message)
            if not goes_now:
                return None
        outgoing = await asyncio.to_thread(self._read, message)
        if outgoing is None:
            await self.recorder.record(self._drop, message, NOTHING_TO_SAY)
        return outgoing

    def _look_again(self, session: Session, message: OutboxMessage) -> bool:
        """Whether it still has its reason, and this is its hour."""
        look = self._recheck(session, message, self.clock.now())
        if look.why:
            self._drop(session, message, look.why)
        elif look.until is not None:
            outbox.put_back(session, message, look.until, afresh=True)
        return look == Look()

    def _read(self, message: OutboxMessage) -> Outgoing | None:
        # outside of any write transaction: a picture takes its time
        with reading(self.engine) as session:
            return self._render(session, message)

    def _drop(self, session: Session, message: OutboxMessage, why: str) -> None:
        outbox.finish(session, message, OutboxState.DROPPED, why, self.clock.now())

    async def _refused(self, message: OutboxMessage, error: Refused) -> None:
        words = f"{error}（{error.code}）" if error.code else str(error)
        if error.code == NOT_US:
            self.failing.setdefault(message.platform, (self.clock.now(), words))
            await self._later(message, outbox.LONGEST_WAIT_S, words)
        elif error.code.startswith(MOVED):
            await self.recorder.record(self._follow, message, error.code)
        else:
            await self._fail(message, OutboxState.FAILED, words, error.code)

    def _follow(self, session: Session, message: OutboxMessage, code: str) -> None:
        people.chat_gone(session, message.platform, message.chat_id, code)
        outbox.follow(session, message.platform, message.chat_id, code.removeprefix(MOVED))

    async def _not_taken(
        self, message: OutboxMessage, retry_after_s: float, words: str,
        give_up_after: timedelta = outbox.GIVE_UP_AFTER,
    ) -> None:  # fmt: skip
        """Try it again later, and before those after it where they can't be sent either."""
        now = self.clock.now()
        if self._overtaking.is_its_own(message, now, retry_after_s):
            await self._later(message, retry_after_s, words, give_up_after)
        else:
            soon = now + timedelta(seconds=retry_after_s)
            await self.recorder.record(outbox.put_back, message, soon)

    async def _later(
        self, message: OutboxMessage, retry_after_s: float, words: str,
        give_up_after: timedelta = outbox.GIVE_UP_AFTER,
    ) -> None:  # fmt: skip
        now = self.clock.now()

        def put_off(session: Session) -> OutboxState:
            state = outbox.try_later(session, message, retry_after_s, words, now, give_up_after)
            if state is OutboxState.FAILED:
                alarms.undelivered(session, message, now)
            return state

        state = await self.recorder.record(put_off)
        if state is OutboxState.FAILED:
            self._overtaking.ended(message)
        log.info("outbox.try_later", outbox=message.id, attempts=message.attempts, state=state)

    async def _fail(
        self, message: OutboxMessage, state: OutboxState, words: str, code: str = ""
    ) -> None:
        """Note that it failed or may not have arrived, and have the admins told, all in one."""
        now = self.clock.now()

        def note(session: Session) -> None:
            outbox.finish(session, message, state, words, now)
            told = code == CHAT_GONE and alarms.chat_gone(
                session, message.platform, message.chat_id, code, now, message
            )
            # whoever waits for an answer asks again
            minor = message.kind == "reply" and (code == CHAT_GONE or state is OutboxState.UNKNOWN)
            if not told and not minor:
                alarms.undelivered(session, message, now)

        await self.recorder.record(note)
        self._overtaking.ended(message)
        log.warning("outbox.not_sent", outbox=message.id, state=state, code=code)
