"""Shows the checked beginning of an answer while the rest is written, in the message that becomes the answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import structlog

from bot.messages import Incoming, Limits, Outgoing, Receipt
from config.errors import Refused, TryLater
from rag.beginnings import Show

GOES_ON = "……（还没写完）"
log = structlog.get_logger()

Send = Callable[[Outgoing], Awaitable[Receipt]]
Keep = Callable[[str], Awaitable[None]]  # takes the platform's id of the message


@asynccontextmanager
async def drafting(
    incoming: Incoming, limits: Limits | None, draft_id: str, send: Send, keep: Keep
) -> AsyncIterator[Show | None]:
    """What takes the beginnings, from any thread; None where nothing is seen before the answer.

    `draft_id` is the message of an earlier attempt at this answer, "" for none. When the block has
    ended, `keep` has been told of the message that the answer takes the place of.
    """
    if limits is None or not limits.draft_every_s or incoming.is_group or not incoming.addressed:
        yield None
        return
    reply_to = "" if incoming.button else incoming.message_id
    message = Outgoing(incoming.chat_id, (), reply_to=reply_to, edits=draft_id)
    draft = _Draft(message, limits.draft_every_s, send, keep)
    showing = asyncio.create_task(draft.run())
    try:
        yield draft.take
    except asyncio.CancelledError:  # we stop, and the answer is made at the next start
        showing.cancel()
        raise
    finally:
        draft.end()
        await asyncio.gather(showing, return_exceptions=True)


class _Draft:
    """One message; of beginnings that come faster than they may be shown, the last one counts."""

    def __init__(self, message: Outgoing, every_s: float, send: Send, keep: Keep) -> None:
        self._message, self._every_s = message, every_s
        self._send, self._keep = send, keep
        self._kept = message.edits
        self._loop = asyncio.get_running_loop()
        self._news, self._over = asyncio.Event(), asyncio.Event()

    def take(self, text: str) -> None:
        """May be called from any thread."""
        self._loop.call_soon_threadsafe(self._change, text)

    def _change(self, text: str) -> None:
        self._message = replace(self._message, rows=(text, GOES_ON))
        self._news.set()

    def end(self) -> None:
        self._over.set()
        self._news.set()

    async def run(self) -> None:
        """Until the end; given up when the platform is in trouble, for the answer comes anyway."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                if self._over.is_set():
                    return
                await self._show()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._every_s):
                        await self._over.wait()
        except Exception as error:
            log.info("draft.not_shown", error=type(error).__name__)
            await self._remember()  # the database may have been at fault, and only for a moment

    async def _show(self) -> None:
        try:
            receipt = await self._send(self._message)
        except Exception as error:
            if not _surely_not_sent(error):
                # it may still be on its way, and would take the answer's place
                self._message = replace(self._message, edits="")
            raise
        self._message = replace(self._message, edits=receipt.message_id)
        await self._remember()

    async def _remember(self) -> None:
        if self._message.edits != self._kept:
            await self._keep(self._message.edits)
            self._kept = self._message.edits


def _surely_not_sent(error: Exception) -> bool:
    return isinstance(error, Refused) or (
        isinstance(error, TryLater) and not error.may_have_arrived
    )
