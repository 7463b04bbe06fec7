"""What a vendor pushes: each event waits here until it is stored, and only then is its call answered."""

import asyncio
from collections.abc import AsyncIterator

from bot.messages import Incoming
from config.errors import TryLater

STORED_WITHIN_S = 15.0


class Pushed:
    """Between who brings events, a call or a stream, and who stores them, the platform's `receive`."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[tuple[Incoming, asyncio.Future[None]]] = asyncio.Queue()
        self._closed = False

    async def store(self, incoming: Incoming, within_s: float = STORED_WITHIN_S) -> None:
        """Returns once the event is stored; raises TryLater when it was not, so that it comes again."""
        if self._closed:
            raise TryLater("系统正在停止，请稍后再发一次。", 1)
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((incoming, stored))
        try:
            async with asyncio.timeout(within_s):
                await stored
        except TimeoutError:
            raise TryLater("系统正忙，消息还没有存下，请稍后再发一次。", within_s) from None

    async def receive(self) -> AsyncIterator[Incoming]:
        """Each event; its call is answered once the next one is asked for."""
        while True:
            incoming, stored = await self._waiting.get()
            if stored.done():
                continue  # nobody waits for it any more: it comes again
            try:
                yield incoming
            except BaseException:
                # the consumer failed: whoever brought it is told, and may bring it again
                if not stored.done():
                    stored.set_exception(TryLater("消息没有存下，请再发一次。", 1))
                raise
            if not stored.done():
                stored.set_result(None)

    def close(self) -> None:
        """Nobody stores any more: whoever waits is told at once, and those who come."""
        self._closed = True
        while not self._waiting.empty():
            _, stored = self._waiting.get_nowait()
            if not stored.done():
                stored.set_exception(TryLater("系统正在停止，请稍后再发一次。", 1))
