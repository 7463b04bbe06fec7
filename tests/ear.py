"""An inbox for tests of one platform: what it receives is stored, then let go."""

import asyncio
from collections.abc import Callable
from typing import Any

from bot.messages import Incoming, Platform


class Ear:
    """Takes in what a platform receives."""

    def __init__(self, platform: Platform) -> None:
        self.inbox: list[Incoming] = []
        self._task = asyncio.create_task(self._listen(platform))

    async def _listen(self, platform: Platform) -> None:
        async for incoming in platform.receive():
            self.inbox.append(incoming)

    async def has(self, count: int) -> list[Incoming]:
        """The inbox once it holds so many."""
        async with asyncio.timeout(60):
            while len(self.inbox) < count:
                if self._task.done():
                    self._task.result()
                await asyncio.sleep(0.01)
        return self.inbox

    async def hears(self) -> Incoming:
        """The next message."""
        return (await self.has(len(self.inbox) + 1))[-1]

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def until(claim: Callable[[], Any]) -> None:
    """Waits for something that happens on the server."""
    async with asyncio.timeout(60):
        while not claim():
            await asyncio.sleep(0.01)
