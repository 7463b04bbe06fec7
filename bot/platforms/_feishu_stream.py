"""Feishu's long connection: the official SDK, in a thread with an event loop of its own."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog

from bot.platforms._feishu_events import EVENTS
from config.errors import TryLater

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 60.0
ACKED_WITHIN_S = 10.0  # longer than storing may take
STOP_WITHIN_S = 2.0
# returns once an event is stored; raises when it was not, so that it comes again
Take = Callable[[dict[str, Any]], Awaitable[None]]
log = structlog.get_logger()


class Stream:
    """A connection that is opened again whenever it ends.

    The SDK blocks its event loop while it asks for a connection and while an event is handled, and
    takes the loop of the thread that imports it: so it gets a thread and a loop. Its own way of
    coming back waits up to two minutes, and ends for good when it is refused once: each connection
    gets a new client.
    """

    def __init__(self, base_url: str, app_id: str, secret: str, take: Take) -> None:
        self._base_url, self._app_id, self._secret, self._take = base_url, app_id, secret, take

    async def run(self) -> None:
        """Until cancelled."""
        wait_s = FIRST_WAIT_S
        while True:
            began = monotonic()
            connection = _Connection(asyncio.get_running_loop(), self._take)
            arguments = (self._base_url, self._app_id, self._secret)
            thread = threading.Thread(target=connection.serve, args=arguments, daemon=True)
            thread.start()
            try:
                await connection.ended.wait()
            finally:
                connection.stop()
                if not connection.ended.is_set():
                    with suppress(TimeoutError):  # it may be loading, or asking for a connection
                        async with asyncio.timeout(STOP_WITHIN_S):
                            await connection.ended.wait()
            if monotonic() - began > LONGEST_WAIT_S:
                wait_s = FIRST_WAIT_S
            log.warning("feishu.connection_ended", words=connection.words, retry_after_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)


class _Words(logging.Handler):
    """Keeps the SDK's own words on why a connection failed."""

    words = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.words = record.getMessage()[:300]


class _Connection:
    """One connection, from its thread's beginning to its end."""

    def __init__(self, home: asyncio.AbstractEventLoop, take: Take) -> None:
        self.ended = asyncio.Event()
        self._said = _Words(logging.ERROR)
        self._home, self._take = home, take
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._is_ending = False
        self._storing: Future[None] | None = None  # the event that the SDK waits for

    def serve(self, base_url: str, app_id: str, secret: str) -> None:
        """Connects and hands on what comes, until the connection breaks or `stop` is called."""
        asyncio.set_event_loop(self._loop)
        client: Any = None
        try:
            client = self._client(base_url, app_id, secret)
            if not self._is_ending:
                client.start()
        except Exception as error:
            # stopping the loop ends `start` with a RuntimeError; the reason was logged before
            if not isinstance(error, RuntimeError):
                self._said.words = f"{type(error).__name__} {error}"
        finally:
            self._tidy(client)
            with suppress(RuntimeError):  # the product has ended meanwhile
                self._home.call_soon_threadsafe(self.ended.set)

    def stop(self) -> None:
        """Ends the connection, from any thread; what is not stored by now comes again."""
        with self._lock:
            self._is_ending = True
            if self._storing is not None:
                self._storing.cancel()
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._loop.stop)

    @property
    def words(self) -> str:
        """Why it ended, as far as the SDK tells."""
        return self._said.words

    def _client(self, base_url: str, app_id: str, secret: str) -> Any:
        from lark_oapi import EventDispatcherHandler, LogLevel
        from lark_oapi.core.log import logger
        from lark_oapi.ws import client as sdk

        logger.handlers = [
            self._said
        ]  # it would print people's messages, and addresses with tickets
        logger.propagate = False
        sdk.loop = self._loop  # it has the one of the thread that imported it first
        builder = EventDispatcherHandler.builder("", "")
        for kind in EVENTS:
            builder.register_p2_customized_event(kind, self._handle)
        client = sdk.Client(
            app_id, secret, event_handler=builder.build(), domain=base_url,
            log_level=LogLevel.ERROR,
        )  # fmt: skip
        client.on_reconnecting = self._loop.stop
        return client

    def _handle(self, event: Any) -> None:
        """Stores an event; when this raises the SDK answers that it failed."""
        told = {"header": vars(event.header), "event": event.event}
        with self._lock:
            if self._is_ending:
                raise TryLater("系统正在停止", 1)
            self._storing = asyncio.run_coroutine_threadsafe(self._stored(told), self._home)
        self._storing.result(ACKED_WITHIN_S)

    async def _stored(self, event: dict[str, Any]) -> None:
        await self._take(event)

    def _tidy(self, client: Any) -> None:
        """Closes what the SDK leaves open."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        with suppress(Exception):
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            if client is not None:
                self._loop.run_until_complete(client._disconnect())
        with self._lock:
            self._loop.close()
