"""Shares out what waits in the outbox: a lane for each platform claims, holds and lets go of messages."""

import asyncio
import os
import socket
from contextlib import suppress
from uuid import uuid4

import structlog
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from bot import people
from bot.delivery import Claimed, Delivery
from reminders import outbox
from reminders.owed import row_id

log = structlog.get_logger()

SLOTS = 32  # messages of one platform on their way at once
POLL_S = 1.0  # for what another process put in, and for what came due
STOP_WITHIN_S = 5.0  # for messages on their way when we are stopped


class Dispatcher:
    """Sends what is due, each platform on its own lane, so that a hanging one delays nobody else."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self._clock, self._recorder = delivery.clock, delivery.recorder
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._woken = {name: asyncio.Event() for name in delivery.platforms}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_their_way: set[int] = set()

    def wake(self) -> None:
        """There is something to send; may be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            for woken in self._woken.values():
                self._loop.call_soon_threadsafe(woken.set)

    async def run(self) -> None:
        """Send until cancelled; what is on its way then has a moment to arrive."""
        self._loop = asyncio.get_running_loop()
        if self.delivery.engine.dialect.name == "sqlite":
            # one process serves a SQLite file: whoever held these claims is dead
            await self._recorder.record(outbox.release, list(self._woken))
        lanes = [asyncio.create_task(self._lane(name)) for name in self._woken]
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
            with suppress(DBAPIError, TimeoutError):  # then the leases run out
                async with asyncio.timeout(STOP_WITHIN_S):
                    await self._recorder.record(outbox.give_back, self._worker, arriving)

    async def drain(self, chat_id: str | None = None) -> int:
        """Send everything that is due now, or what is due in one chat; how many were taken up."""
        count = 0
        while True:
            taken = [c for name in self._woken for c in await self._claim(name, SLOTS, chat_id)]
            if not taken:
                return count
            await asyncio.gather(*(self._deliver(claimed) for claimed in taken))
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
                for claimed in taken:
                    task = asyncio.create_task(self._deliver(claimed))
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
            with suppress(DBAPIError):  # it is tried again soon
                await self._recorder.record(outbox.renew, self._worker, self._clock.wall())

    async def _claim(self, name: str, limit: int, chat_id: str | None = None) -> list[Claimed]:
        now, wall = self._clock.now(), self._clock.wall()
        aside = self.delivery.aside(now)

        def take(session: Session) -> list[Claimed]:
            taken = outbox.claim(session, self._worker, name, limit, now, wall, chat_id, aside)
            groups = people.groups_among(session, name, {message.chat_id for message in taken})
            return [Claimed(message, message.chat_id in groups) for message in taken]

        try:
            taken = await self._recorder.record(take)
        except DBAPIError as error:
            log.warning("outbox.claim_failed", platform=name, error=type(error).__name__)
            return []
        # after a long fault of the database our own lease may have run out under our hands
        return [claimed for claimed in taken if claimed.message.id not in self._on_their_way]

    async def _deliver(self, claimed: Claimed) -> None:
        message_id = row_id(claimed.message.id)
        self._on_their_way.add(message_id)
        try:
            await self.delivery.deliver(claimed)
        finally:
            self._on_their_way.discard(message_id)
