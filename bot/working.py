"""Shows in a chat that an answer is being worked on, where that takes longer than a moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.messages import Incoming, Platform, ShowsWork

AFTER_S = 1.0
AGAIN_S = 4.0  # a platform shows it for about five seconds
log = structlog.get_logger()


@asynccontextmanager
async def showing_work(
    platform: Platform | None, incoming: Incoming, after_s: float = AFTER_S
) -> AsyncIterator[None]:
    """Until its end; nothing on a platform that can't, and for what needs no answer."""
    if not isinstance(platform, ShowsWork) or not incoming.addressed or incoming.event:
        yield
        return
    task = asyncio.create_task(_show(platform, incoming.chat_id, after_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _show(platform: ShowsWork, chat_id: str, after_s: float) -> None:
    await asyncio.sleep(after_s)
    while True:
        try:
            await platform.working(chat_id)
        except Exception as error:  # no answer may fail for it
            log.info("working.not_shown", error=type(error).__name__)
        await asyncio.sleep(AGAIN_S)
