"""From the outbox to the platforms: claims, reads the ledger again, sends, records what became of it."""

import asyncio
import os
import socket
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from bot import people
from bot.messages import Limits, Outgoing, Platform
from bot.pace import Pace
from config.clock import Clock
from config.database import reading, writing
from config.errors import MaybeSent, Refused, TryLater
from reminders import outbox
from reminders.models import OutboxMessage, OutboxState
from reminders.owed import row_id
from reminders.recheck import recheck

log = structlog.get_logger()
T = TypeVar("T")

Render = Callable[[Session, OutboxMessage], Outgoing | None]
Split = Callable[[Outgoing, Limits], list[Outgoing]]
ChatGone = Callable[[Session, str, str, str], None]  # platform, chat id, the platform's code

SLOTS = 32  # messages of one platform on their way at once
POLL_S = 1.0  # for what another process put in, and for what came due
PATIENCE_S = 5.0  # a message that must wait longer for its pace gives its slot to others
SEND_TIMEOUT_S = 45.0  # half a lease
STOP_WITHIN_S = 5.0  # for messages on their way when we are stopped
OWN_FAULT = timedelta(minutes=10)  # an error of ours is not cured by days of waiting
NOTHING_TO_SAY = "没有可发的内容"
CHAT_GONE = "403"
MOVED = "migrated:"
NOT_US = "401"  # our own key is wrong: what waits is kept until somebody mends it


class Dispatcher:
    """Sends what is due, each platform on its own lane, so that a hanging one delays nobody else."""

    def __init__(
        self, *, engine: Engine, clock: Clock, platforms: dict[str, Platform], render: Render,
        split: Split, chat_gone: ChatGone, send_timeout_s: float = SEND_TIMEOUT_S,
    ) -> None:  # fmt: skip
        self._engine, self._clock, self._platforms = engine, clock, platforms
        self._render, self._split, self._chat_gone = render, split, chat_gone
        self._send_timeout_s = send_timeout_s
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._paces = {name: Pace(platform.limits) for name, platform in platforms.items()}
        self._woken = {name: asyncio.Event() for name in platforms}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_their_way: set[int] = set()
        # one thread: our own writers need not wait for each other inside the database
        self._database = ThreadPoolExecutor(1, thread_name_prefix="outbox")

    def wake(self) -> None:
        """There is something to send; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            for woken in self._woken.values():
                self._loop.call_soon_threadsafe(woken.set)

    async def run(self) -> None:
        """Send until cancelled; what is on its way then has a moment to arrive."""
        self._loop = asyncio.get_running_loop()
        if self._engine.dialect.name == "sqlite":
            # one process serves a SQLite file: whoever held these claims is dead
            await self._surely(outbox.release, self._engine, list(self._platforms))
        lanes = [asyncio.create_task(self._lane(name)) for name in self._platforms]
        lanes.append(asyncio.create_task(self._hold_leases()))
        try:
            # not gather, which would pass our end on to the lanes before we do
            ended, _ = await asyncio.wait(lanes, return_when=asyncio.FIRST_EXCEPTION)
            for lane in ended:
                lane.result()
        finally:
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)
            arriving = list(self._on_their_way)
            with suppress(DBAPIError):  # then the leases run out
                await self._query(outbox.give_back, self._engine, self._worker, arriving)

    async def drain(self, chat_id: str | None = None) -> int:
        """Send everything that is due now, or what is due in one chat; how many were taken up."""
        count = 0
        while True:
            taken = [m for name in self._platforms for m in await self._claim(name, SLOTS, chat_id)]
            if not taken:
                return count
            await asyncio.gather(*(self._deliver(message) for message in taken))
            count += len(taken)

    async def _lane(self, name: str) -> None:
        under_way: set[asyncio.Task[None]] = set()
        woken = self._woken[name]

        def arrived(task: asyncio.Task[None]) -> None:
            under_way.discard(task)
            woken.set()  # its slot is free, and the next message of its chat may go

        try:
            while True:
                woken.clear()
                free = SLOTS - len(under_way)
                taken = await self._claim(name, free) if free else []
                for message in taken:
                    task = asyncio.create_task(self._deliver(message))
                    under_way.add(task)
                    task.add_done_callback(arrived)
                if not taken:
                    # wait_for would lose our cancellation when both come at the same moment
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_S):
                            await woken.wait()
        finally:
            if under_way:
                await asyncio.wait(under_way, timeout=STOP_WITHIN_S)

    async def _hold_leases(self) -> None:
        while True:
            await asyncio.sleep(outbox.LEASE.total_seconds() / 3)
            await self._surely(outbox.renew, self._engine, self._worker, self._clock.wall())

    async def _claim(
        self, name: str, limit: int, chat_id: str | None = None
    ) -> list[OutboxMessage]:
        now, wall = self._clock.now(), self._clock.wall()
        try:
            taken = await self._query(
                outbox.claim, self._engine, self._worker, name, limit, now, wall, chat_id
            )
        except DBAPIError as error:
            log.warning("outbox.claim_failed", platform=name, error=type(error).__name__)
            return []
        # after a long fault of the database our own lease may have run out under our hands
        return [message for message in taken if message.id not in self._on_their_way]

    async def _deliver(self, message: OutboxMessage) -> None:
        message_id = row_id(message.id)
        self._on_their_way.add(message_id)
        try:
            await self._attempt(message)
        except DBAPIError as error:
            await self._later(message, 0, type(error).__name__)
        except Exception as error:
            # its words may be what people wrote: only the kind of error and its place are kept
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            kind = type(error).__name__
            log.error("outbox.fault", outbox=message.id, error=kind, where=where)
            await self._later(message, 0, f"{kind} {where}", OWN_FAULT)
        finally:
            self._on_their_way.discard(message_id)

    async def _attempt(self, message: OutboxMessage) -> None:
        try:
            await self._send(message)
        except TryLater as error:
            await self._later(message, error.retry_after_s, str(error))
        except Refused as error:
            await self._refused(message, error)
        except (MaybeSent, TimeoutError) as error:
            words = str(error) or f"{self._send_timeout_s:g}秒内没有回音，可能已送达"
            await self._finish(message, OutboxState.UNKNOWN, words)

    async def _send(self, message: OutboxMessage) -> None:
        platform, pace = self._platforms[message.platform], self._paces[message.platform]
        delay = pace.delay(message.chat_id)
        if delay > PATIENCE_S:
            until = self._clock.now() + timedelta(seconds=delay)
            await self._surely(outbox.put_back, self._engine, message, until)
            return
        await asyncio.sleep(pace.take(message.chat_id))
        outgoing = await self._query(self._prepare, message)
        if outgoing is None:
            return
        parts = self._split(outgoing, platform.limits)
        receipt_id = ""
        first = message.parts_sent
        for n, part in enumerate(parts[first:], first):
            if n > first:
                await asyncio.sleep(pace.take(message.chat_id))
            async with asyncio.timeout(self._send_timeout_s):
                receipt_id = (await platform.send(part)).message_id
            if n + 1 < len(parts):
                await self._surely(outbox.part_sent, self._engine, message, n + 1)
        await self._surely(
            outbox.finish_sent, self._engine, message, receipt_id, outgoing.text, self._clock.now()
        )
        log.info("outbox.sent", outbox=message.id, platform=message.platform)

    def _prepare(self, message: OutboxMessage) -> Outgoing | None:
        """The words, made from the ledger as it is at this moment; None when there is no reason left."""
        now, why = self._clock.now(), ""
        if message.kind == "reminder" and not message.parts_sent:
            with writing(self._engine) as session:
                why = recheck(session, message, now, partial(people.chats_of, session))
        outgoing = None
        if not why:
            with reading(self._engine) as session:
                outgoing = self._render(session, message)
        if outgoing is None:
            words = why or NOTHING_TO_SAY
            outbox.finish(self._engine, message, OutboxState.DROPPED, words, now)
            log.info("outbox.dropped", outbox=message.id)
            return None
        return replace(outgoing, chat_id=message.chat_id)  # the chat may have moved since

    async def _refused(self, message: OutboxMessage, error: Refused) -> None:
        words = f"{error}（{error.code}）" if error.code else str(error)
        if error.code == NOT_US:
            await self._later(message, outbox.LONGEST_WAIT_S, words)
            return
        if error.code == CHAT_GONE or error.code.startswith(MOVED):
            await self._surely(self._note_gone, message, error.code)
        if not error.code.startswith(MOVED):
            await self._finish(message, OutboxState.FAILED, words)

    def _note_gone(self, message: OutboxMessage, code: str) -> None:
        with writing(self._engine) as session:
            self._chat_gone(session, message.platform, message.chat_id, code)
            if code.startswith(MOVED):
                new_chat_id = code.removeprefix(MOVED)
                outbox.follow(session, message.platform, message.chat_id, new_chat_id)
        log.warning("outbox.chat_gone", outbox=message.id, platform=message.platform)

    async def _later(
        self, message: OutboxMessage, retry_after_s: float, words: str,
        give_up_after: timedelta = outbox.GIVE_UP_AFTER,
    ) -> None:  # fmt: skip
        state = await self._surely(
            outbox.try_later, self._engine, message, retry_after_s, words, self._clock.now(),
            give_up_after,
        )  # fmt: skip
        log.info("outbox.try_later", outbox=message.id, attempts=message.attempts, state=state)

    async def _finish(self, message: OutboxMessage, state: OutboxState, words: str) -> None:
        now = self._clock.now()
        await self._surely(outbox.finish, self._engine, message, state, words, now)
        log.warning("outbox.not_sent", outbox=message.id, state=state)

    async def _query(self, function: Callable[..., T], *args: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._database, partial(function, *args))

    async def _surely(self, function: Callable[..., T], *args: Any) -> T:
        """Record what has happened already: again and again while the database is full or locked."""
        while True:
            try:
                return await self._query(function, *args)
            except OperationalError as error:
                log.warning("outbox.not_recorded", error=type(error).__name__)
                await asyncio.sleep(POLL_S)
