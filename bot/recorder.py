"""The dispatcher's one thread for the database: what waits to be written shares one transaction."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot import alarms
from config.clock import Clock
from config.database import writing

log = structlog.get_logger()
T = TypeVar("T")
AGAIN_AFTER_S = 1.0


@dataclass(slots=True)
class _Step:
    """What somebody wants done inside a transaction, and waits for."""

    work: Callable[[Session], Any]
    done: asyncio.Future[Any]


class Recorder:
    """Carries out steps on the database; where it is full or locked, again and again.

    A step has happened when `record` returns: its transaction is committed. A step that fails by
    itself fails alone, and must do no harm when it is done twice. Once the database works again
    after a while, the admins are told.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._waiting: list[_Step] = []
        self._writing: asyncio.Task[None] | None = None
        self._trouble: tuple[datetime, str] | None = None  # since when, and the database's words

    async def record(self, work: Callable[..., T], *arguments: Any) -> T:
        """The result of `work(session, *arguments)`, once it is committed."""
        loop = asyncio.get_running_loop()
        step = _Step(lambda session: work(session, *arguments), loop.create_future())
        self._waiting.append(step)
        if self._writing is None or self._writing.done():
            self._writing = loop.create_task(self._write_all())
        result: T = await step.done
        return result

    def failed(self, error: OperationalError) -> None:
        """The database refused somebody; may be called from any thread."""
        if self._trouble is None:
            self._trouble = self._clock.now(), str(error.orig)
        log.warning("database.failed", error=type(error.orig).__name__)

    @property
    def is_in_trouble(self) -> bool:
        """Whether the database refused the last thing that it was asked."""
        return self._trouble is not None

    async def _write_all(self) -> None:
        while self._waiting:
            steps, self._waiting = self._waiting, []
            if await self._write(steps):
                continue
            for step in steps:  # one of them is at fault, and the others are not
                await self._write([step])

    async def _write(self, steps: list[_Step]) -> bool:
        """Whether the steps are settled, or wait for better times; a step alone always is."""
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._thread, self._carry_out, steps)
        except OperationalError as error:
            self.failed(error)
            self._waiting = steps + self._waiting
            await asyncio.sleep(AGAIN_AFTER_S)
        except Exception as error:
            if len(steps) > 1:
                return False
            if not steps[0].done.done():
                steps[0].done.set_exception(error)
        else:
            for step, result in zip(steps, results, strict=True):
                if not step.done.done():  # else whoever waited is gone
                    step.done.set_result(result)
        return True

    def _carry_out(self, steps: list[_Step]) -> list[Any]:
        with writing(self._engine) as session:
            if self._trouble is not None:
                alarms.database_failed(session, *self._trouble, self._clock.now())
            results = [step.work(session) for step in steps]
        self._trouble = None
        return results
