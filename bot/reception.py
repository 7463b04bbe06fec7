"""What comes in: kept before it is acknowledged, then answered, in order within its chat."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from bot import inbox
from bot.core import Core
from bot.delivery import Delivery
from bot.drafts import drafting
from bot.manners import Manners
from bot.messages import Incoming, Platform
from bot.models import InboxMessage
from bot.numbered import as_press
from bot.router import Action, Router
from bot.uploads import Uploads
from bot.working import showing_work
from config.database import writing
from rag.beginnings import Show
from reminders import outbox

log = structlog.get_logger()
T = TypeVar("T")

ATTEMPTS = 3  # a message whose handling fails so often is set aside, and those after it go on
# and one that was begun so often, for it may be what kills us; a process killed by others leaves
# innocent ones begun too
BEGINNINGS = 25
AGAIN_AFTER_S = 1.0
# messages handled at the same time: few where each is work, more where each waits for a model
AT_ONCE, AT_ONCE_WITH_MODEL = 3, 8


class Reception:
    """Takes messages of all platforms; `settled` is called, on a thread, after each that is handled."""

    def __init__(
        self, core: Core, router: Router, platforms: Mapping[str, Platform], delivery: Delivery,
        *, new_passages: Callable[[], None], settled: Callable[[], None],
    ) -> None:  # fmt: skip
        self._engine, self._clock = core.engine, core.clock
        self._router, self._platforms, self._delivery = router, platforms, delivery
        self._settled = settled
        self._streams = core.settings.has_llm
        self._manners = Manners(core.settings.messages_per_minute)
        self._arrived = asyncio.Event()
        at_once = AT_ONCE_WITH_MODEL if core.settings.has_llm else AT_ONCE
        self._hands = asyncio.Semaphore(at_once)
        # threads of their own: what comes in need not wait for one that an answer has
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="inbox")
        # nor need what is read and written before and after an answer
        self._workers = ThreadPoolExecutor(at_once + 2, thread_name_prefix="answers")
        self.uploads = Uploads(core, router, platforms, self._in_hand, new_passages)
        self.handling: dict[tuple[str, str], asyncio.Task[None]] = {}  # by platform and chat
        self._started_at = core.clock.wall()
        self._begun: set[int | None] = set()  # messages that this process is at

    async def run(self) -> None:
        """Handle what waits and what comes in, until cancelled."""
        # what the last process died over, if it did, one by one: each is to blame for itself alone
        await self._start_waiting(attempted=1, one_by_one=True)
        while True:
            self._arrived.clear()
            await self._start_waiting()
            # wait_for would lose our cancellation when both come at the same moment
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._arrived.wait()

    async def accept(self, incoming: Incoming) -> bool:
        """Keep a message before it is acknowledged; False when it was here before."""
        loop = asyncio.get_running_loop()
        new = await loop.run_in_executor(self._keeper, self._keep, incoming)
        if new:
            self._arrived.set()
        return new

    def _keep(self, incoming: Incoming) -> bool:
        try:
            with writing(self._engine) as session:
                session.add(inbox.row_of(incoming, self._clock.wall()))
        except IntegrityError:
            return False
        return True

    async def _start_waiting(self, attempted: int = 0, *, one_by_one: bool = False) -> None:
        """Start to handle what waits: in order within a chat, and no chat holds up another."""
        try:
            chats = await asyncio.to_thread(inbox.waiting_chats, self._engine, attempted)
        except DBAPIError as error:  # it is there again some time, and so is what waits
            log.warning("inbox.unreadable", error=type(error).__name__)
            return
        for chat in chats:
            if chat not in self.handling:
                self.handling[chat] = asyncio.create_task(self._handle_all(chat))
                if one_by_one:
                    await asyncio.wait([self.handling[chat]])

    async def _handle_all(self, chat: tuple[str, str]) -> None:
        try:
            for row in await self._in_hand(inbox.waiting_in, self._engine, *chat):
                is_settled = await self._handle(row)
                if not is_settled:  # before those after it: they may lean on it
                    await asyncio.sleep(AGAIN_AFTER_S)
                    return
        finally:
            del self.handling[chat]
            self._arrived.set()  # what came in meanwhile

    async def _handle(self, row: InboxMessage) -> bool:
        """Whether it is settled, by its answer or by an apology; else it is to be tried again."""
        try:
            since = max(self._started_at, self._clock.wall() - outbox.LEASE)
            if row.id not in self._begun and inbox.is_elsewhere(self._engine, row, since):
                return False
            attempt = await self._write(inbox.begin, row)
            if attempt is None:
                return False
            self._begun.add(row.id)
            is_settled = not attempt or await self._attempt(row, attempt)
        except OperationalError as error:  # the database is at fault, and not the message
            self._delivery.recorder.failed(error)
            return False
        if is_settled:
            self._begun.discard(row.id)
        await self._in_hand(self._settled)
        return is_settled

    async def _attempt(self, row: InboxMessage, attempt: int) -> bool:
        incoming = Incoming.from_json(row.incoming)
        try:
            if attempt <= BEGINNINGS:
                await self._write(inbox.settle, row, await self._answer(row, incoming), self._clock)
                return True
        except asyncio.CancelledError:
            with suppress(DBAPIError):
                await self._write(inbox.take_back, row)
            raise
        except Exception:
            log.exception("inbox.failed", inbox=row.id, attempt=attempt)
            if attempt < ATTEMPTS:
                return False
        action = inbox.setting_aside(row, incoming, self._clock.now())
        await self._write(inbox.settle, row, action, self._clock)
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
        with writing(self._engine) as session:
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

        platform = self._platforms.get(incoming.platform)
        limits = platform.limits if platform is not None and self._streams else None
        send = partial(self._delivery.show, incoming.platform)
        return drafting(incoming, limits, row.draft_id, send, keep)

    async def _action(self, incoming: Incoming, show: Show | None) -> Action:
        platform = self._platforms.get(incoming.platform)
        has_buttons = platform is not None and platform.limits.buttons > 0
        async with self._hands, showing_work(platform, incoming):
            now = self._clock.now()
            incoming = await self._in_hand(as_press, self._engine, incoming, now, has_buttons)
            wanted = await self._in_hand(self._router.answers.files_of, incoming)
            if not wanted and not (incoming.attachments and incoming.addressed):
                return await self._in_hand(self._router.route, incoming, show)
        # a platform may hang while it is asked for a file: those who wait for a hand need not
        async with showing_work(platform, incoming):
            if wanted:
                return await self.uploads.answer_with(incoming, wanted)
            return await self.uploads.take_in(incoming)

    def close(self) -> None:
        """Let the threads go; what they are at is finished."""
        for threads in (self._keeper, self._workers):
            threads.shutdown(wait=False)
