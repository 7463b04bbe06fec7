"""The wiring, and nothing else: platforms, inbox, router, outbox, scheduler and web page in one process."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import Session

from bot import alarms, delivery_report, inbox, people, report_list
from bot.core import Core
from bot.degrading import degrade
from bot.delivery import Delivery
from bot.dispatch import Dispatcher
from bot.drafts import drafting
from bot.manners import Manners
from bot.messages import Incoming, Limits, Platform, ShowsTime
from bot.models import InboxMessage
from bot.numbered import as_press
from bot.platforms import load_platforms
from bot.router import Action, Router
from bot.uploads import Uploads
from bot.working import showing_work
from config.database import reading, writing
from config.errors import DubanError
from rag.beginnings import Show
from reminders import outbox, planner
from reminders.past import Tell
from reminders.scheduler import Scheduler

log = structlog.get_logger()
T = TypeVar("T")

# a platform that fails is tried again ever more slowly
RESTART_AFTER_S = (1.0, 2.0, 5.0, 15.0, 60.0)
ATTEMPTS = 3  # a message whose handling fails so often is set aside, and those after it go on
# and one that was begun so often, for it may be what kills us; a process killed by others leaves
# innocent ones begun too
BEGINNINGS = 25
AGAIN_AFTER_S = 1.0
TICK_S = 60.0
# messages handled at the same time: few where each is work, more where each waits for a model
AT_ONCE, AT_ONCE_WITH_MODEL = 3, 8


class App:
    """One serving process. All truth is in the database: it may be killed between any two lines."""

    def __init__(self, core: Core, platforms: dict[str, Platform] | None = None) -> None:
        self.core = core
        self.engine, self.clock, self.settings = core.engine, core.clock, core.settings
        self._manners = Manners(core.settings.messages_per_minute)
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
        self._arrived = asyncio.Event()
        at_once = AT_ONCE_WITH_MODEL if core.settings.has_llm else AT_ONCE
        self._hands = asyncio.Semaphore(at_once)
        # threads of their own: what comes in need not wait for one that an answer has
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="inbox")
        # nor need what is read and written before and after an answer
        self._workers = ThreadPoolExecutor(at_once + 2, thread_name_prefix="answers")
        self.uploads = Uploads(core, self.router, self.platforms, self._in_hand, self.new_passages)
        self._handling: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._started_at = core.clock.wall()
        self._begun: set[int | None] = set()  # messages that this process is at
        self._new_passages = threading.Event()
        self._stop = threading.Event()

    # ---- inbound

    async def accept(self, incoming: Incoming) -> bool:
        """Keep a message before it is acknowledged; False when it was here before."""
        loop = asyncio.get_running_loop()
        new = await loop.run_in_executor(self._keeper, self._keep, incoming)
        if new:
            self._arrived.set()
        return new

    def _keep(self, incoming: Incoming) -> bool:
        try:
            with writing(self.engine) as session:
                session.add(inbox.row_of(incoming, self.clock.wall()))
        except IntegrityError:
            return False
        return True

    async def _start_waiting(self, attempted: int = 0, *, one_by_one: bool = False) -> None:
        """Start to handle what waits: in order within a chat, and no chat holds up another."""
        try:
            chats = await asyncio.to_thread(inbox.waiting_chats, self.engine, attempted)
        except DBAPIError as error:  # it is there again some time, and so is what waits
            log.warning("inbox.unreadable", error=type(error).__name__)
            return
        for chat in chats:
            if chat not in self._handling:
                self._handling[chat] = asyncio.create_task(self._handle_all(chat))
                if one_by_one:
                    await asyncio.wait([self._handling[chat]])

    async def _handle_all(self, chat: tuple[str, str]) -> None:
        try:
            for row in await self._in_hand(inbox.waiting_in, self.engine, *chat):
                is_settled = await self._handle(row)
                if not is_settled:  # before those after it: they may lean on it
                    await asyncio.sleep(AGAIN_AFTER_S)
                    return
        finally:
            del self._handling[chat]
            self._arrived.set()  # what came in meanwhile

    async def _handle(self, row: InboxMessage) -> bool:
        """Whether it is settled, by its answer or by an apology; else it is to be tried again."""
        try:
            since = max(self._started_at, self.clock.wall() - outbox.LEASE)
            if row.id not in self._begun and inbox.is_elsewhere(self.engine, row, since):
                return False
            attempt = await self._write(inbox.begin, row)
            if attempt is None:
                return False
            self._begun.add(row.id)
            is_settled = not attempt or await self._attempt(row, attempt)
        except OperationalError as error:  # the database is at fault, and not the message
            self.delivery.recorder.failed(error)
            return False
        if is_settled:
            self._begun.discard(row.id)
        await self._in_hand(self.keep_lists)
        self.dispatcher.wake()
        return is_settled

    async def _attempt(self, row: InboxMessage, attempt: int) -> bool:
        incoming = Incoming.from_json(row.incoming)
        try:
            if attempt <= BEGINNINGS:
                await self._write(inbox.settle, row, await self._answer(row, incoming), self.clock)
                return True
        except asyncio.CancelledError:
            with suppress(DBAPIError):
                await self._write(inbox.take_back, row)
            raise
        except Exception:
            log.exception("inbox.failed", inbox=row.id, attempt=attempt)
            if attempt < ATTEMPTS:
                return False
        action = inbox.setting_aside(row, incoming, self.clock.now())
        await self._write(inbox.settle, row, action, self.clock)
        return True

    async def _answer(self, row: InboxMessage, incoming: Incoming) -> Action:
        refusal = self._manners.refusal(incoming, row.received_at)
        if refusal is not None:
            return inbox.saying(incoming, refusal)
        async with self._drafting(row, incoming) as show:
            return await self._action(incoming, show)

    async def _write(self, step: Callable[..., T], *args: Any) -> T:
        return await self._in_hand(self._in_transaction, step, *args)

    def _in_transaction(self, step: Callable[..., T], *args: Any) -> T:
        with writing(self.engine) as session:
            return step(session, *args)

    async def _in_hand(self, function: Callable[..., T], *args: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, partial(function, *args))

    def _drafting(
        self, row: InboxMessage, incoming: Incoming
    ) -> AbstractAsyncContextManager[Show | None]:
        async def keep(message_id: str) -> None:
            # not on the threads that answer: each of them may be waiting for a model
            loop = asyncio.get_running_loop()
            step = partial(self._in_transaction, inbox.begun, row, message_id)
            await loop.run_in_executor(self._keeper, step)

        limits = self._limits(incoming.platform) if self.settings.has_llm else None
        send = partial(self.delivery.show, incoming.platform)
        return drafting(incoming, limits, row.draft_id, send, keep)

    async def _action(self, incoming: Incoming, show: Show | None) -> Action:
        platform = self.platforms.get(incoming.platform)
        has_buttons = platform is not None and platform.limits.buttons > 0
        async with self._hands, showing_work(platform, incoming):
            now = self.clock.now()
            incoming = await self._in_hand(as_press, self.engine, incoming, now, has_buttons)
            wanted = await self._in_hand(self.router.answers.files_of, incoming)
            if not wanted and not (incoming.attachments and incoming.addressed):
                return await self._in_hand(self.router.route, incoming, show)
        # a platform may hang while it is asked for a file: those who wait for a hand need not
        async with showing_work(platform, incoming):
            if wanted:
                return await self.uploads.answer_with(incoming, wanted)
            return await self.uploads.take_in(incoming)

    # ---- outbound

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

    def _limits(self, name: str) -> Limits | None:
        """What a platform can carry; None for one that is no longer set up."""
        platform = self.platforms.get(name)
        return platform.limits if platform is not None else None

    def _can_edit(self, platform: str) -> bool:
        limits = self._limits(platform)
        return limits is not None and limits.can_edit and not limits.edits_cards_only

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
            asyncio.create_task(self._handle_forever()),
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
            tasks += self._handling.values()
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task
            for platform in self.platforms.values():
                await platform.close()
            await asyncio.to_thread(syncing.join, 1)
            for threads in (self._keeper, self._workers):
                threads.shutdown(wait=False)

    async def _tick(self) -> None:
        try:
            await asyncio.to_thread(self.watch)
            await asyncio.to_thread(self.plan_reminders)
        except OperationalError as error:
            self.delivery.recorder.failed(error)

    async def _handle_forever(self) -> None:
        # what the last process died over, if it did, one by one: each is to blame for itself alone
        await self._start_waiting(attempted=1, one_by_one=True)
        while True:
            self._arrived.clear()
            await self._start_waiting()
            # wait_for would lose our cancellation when both come at the same moment
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._arrived.wait()

    async def _receive(self, platform: Platform) -> None:
        failures = 0
        while True:
            try:
                async for incoming in platform.receive():
                    await self.accept(incoming)
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

    def new_passages(self) -> None:
        """Tell the background thread that there is something to compute."""
        self._new_passages.set()

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
