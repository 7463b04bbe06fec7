"""Wakes the planner at even intervals, and keeps nothing itself."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from config.clock import Clock


class Scheduler:
    """Calls `tick` at once and then every `every_s` seconds, never twice at the same time.

    What is due is read from the database at each tick: one that is missed or late loses nothing,
    and one that fails is logged and followed by the next.
    """

    def __init__(self, tick: Callable[[], Awaitable[None]], every_s: float) -> None:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        async def once() -> None:
            # the end of the process ends a tick too: the library would log that as a fault
            with suppress(asyncio.CancelledError):
                await tick()

        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._scheduler.add_job(
            once, "interval", seconds=every_s, next_run_time=Clock().wall(),
            coalesce=True, max_instances=1, misfire_grace_time=None,
        )  # fmt: skip

    def start(self) -> None:
        """Begin to tick in the running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more; a tick that runs is not waited for."""
        self._scheduler.shutdown(wait=False)
