"""The wiring, and nothing else: platforms, inbox, router, outbox, scheduler and web page in one process."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from bot import alarms, delivery_report, people, report_list
from bot.core import Core
from bot.degrading import degrade
from bot.delivery import Delivery
from bot.dispatch import Dispatcher
from bot.messages import Platform, ShowsTime
from bot.platforms import load_platforms
from bot.reception import Reception
from bot.router import Router
from config.database import reading, writing
from config.errors import DubanError
from reminders import planner
from reminders.past import Tell
from reminders.scheduler import Scheduler

log = structlog.get_logger()

# a platform that fails is tried again ever more slowly
RESTART_AFTER_S = (1.0, 2.0, 5.0, 15.0, 60.0)
TICK_S = 60.0


class App:
    """One serving process. All truth is in the database: it may be killed between any two lines."""

    def __init__(self, core: Core, platforms: dict[str, Platform] | None = None) -> None:
        self.core = core
        self.engine, self.clock, self.settings = core.engine, core.clock, core.settings
        self.platforms = (
            load_platforms(core.settings, core.engine) if platforms is None else platforms
        )
        only_mentions = {n for n, p in self.platforms.items() if p.limits.hears_only_mentions}
        self.router = Router(core, only_mentions)
        for platform in self.platforms.values():
            if isinstance(platform, ShowsTime):
                platform.stand_by(core.clock)
        self.delivery = Delivery(
            engine=core.engine, clock=core.clock, platforms=self.platforms,
            render=core.words, split=degrade, recheck=core.recheck,
        )  # fmt: skip
        self.dispatcher = Dispatcher(self.delivery)
        self._vectors = core.vectors  # here: two threads that ask for it first would make two
        self.vectors_done, self.vectors_total = 0, 0
        self._new_passages = threading.Event()
        self.reception = Reception(
            core, self.router, self.platforms, self.delivery,
            new_passages=self._new_passages.set, settled=self._answered,
        )  # fmt: skip
        self._stop = threading.Event()

    # ---- outbound

    def _answered(self) -> None:
        """After a message was handled: what it changed is shown, and its replies go out."""
        self.keep_lists()
        self.dispatcher.wake()

    def _tell_admins(self, session: Session) -> Tell:
        return lambda key, text: alarms.tell_admins(session, key, text, self.clock.now())

    def plan_reminders(self) -> int:
        """One run of the planner: what is due by now goes into the outbox."""
        with writing(self.engine) as session:
            planned = planner.plan(
                session, self.clock.now(), self.core.workdays, self.settings,
                partial(people.chats_of, session), self._tell_admins(session),
            )  # fmt: skip
            posted = report_list.post_due(
                session, self.clock.now(), self.core.workdays, self.settings,
                partial(people.chats_of, session),
            )  # fmt: skip
        self.keep_lists()
        if planned or posted:
            self.dispatcher.wake()
        return planned

    def keep_lists(self) -> None:
        """Bring the lists of who has not reported up to date."""
        try:
            with reading(self.engine) as session:
                if not report_list.has_news(session):
                    return
            with writing(self.engine) as session:
                report_list.refresh(session, self.clock.now(), self.core.workdays, self._can_edit)
            self.dispatcher.wake()
        except DBAPIError as error:  # the next tick does it
            log.warning("report_lists.not_kept", error=type(error).__name__)

    def _can_edit(self, name: str) -> bool:
        platform = self.platforms.get(name)  # None: it is no longer set up
        return (
            platform is not None
            and platform.limits.can_edit
            and not platform.limits.edits_cards_only
        )

    def watch(self) -> None:
        """Tell the admins what is wrong, and on Mondays how the messages of the week fared."""
        now = self.clock.now()
        with writing(self.engine) as session:
            alarms.clock_set_back(session, now)
            for platform, (since, words) in list(self.delivery.failing.items()):
                alarms.platform_failing(session, platform, since, words, now)
            delivery_report.add(session, now, self.settings.reminder_hour)

    # ---- running

    @asynccontextmanager
    async def running(self) -> AsyncIterator["App"]:
        """All background work, from the first yield to its end."""
        scheduler = Scheduler(self._tick, TICK_S)
        tasks = [asyncio.create_task(self._receive(p)) for p in self.platforms.values()]
        tasks += [
            asyncio.create_task(self.reception.run()),
            asyncio.create_task(self.dispatcher.run()),
        ]
        syncing = threading.Thread(target=self._sync_vectors, name="vectors", daemon=True)
        syncing.start()
        scheduler.start()
        try:
            yield self
        finally:
            scheduler.stop()
            self._stop.set()
            self._new_passages.set()
            tasks += self.reception.handling.values()
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task
            for platform in self.platforms.values():
                await platform.close()
            await asyncio.to_thread(syncing.join, 1)
            self.reception.close()

    async def _tick(self) -> None:
        try:
            await asyncio.to_thread(self.watch)
            await asyncio.to_thread(self.plan_reminders)
        except OperationalError as error:
            self.delivery.recorder.failed(error)

    async def _receive(self, platform: Platform) -> None:
        failures = 0
        while True:
            try:
                async for incoming in platform.receive():
                    await self.reception.accept(incoming)
                    failures = 0
                return
            except Exception as error:
                wait = RESTART_AFTER_S[min(failures, len(RESTART_AFTER_S) - 1)]
                failures += 1
                # our own errors say what to do and hold no secret; a library's may hold the token
                words = str(error) if isinstance(error, DubanError) else type(error).__name__
                log.warning("platform.failed", platform=platform.name, error=words, again_in_s=wait)
                await asyncio.sleep(wait)

    # ---- vectors

    def _sync_vectors(self) -> None:
        self.core.load()
        while not self._stop.is_set():
            self._new_passages.clear()
            try:
                self._vectors.sync(self.engine, self._progress, self._stop)
            except Exception:
                # answers go on with the ledger and the lexical index
                log.exception("vectors.failed")
            self._new_passages.wait(timeout=60)

    def _progress(self, done: int, total: int) -> None:
        self.vectors_done, self.vectors_total = done, total
