"""DingTalk's stream: the official SDK reads frames and answers them, we keep the connection."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import structlog

from bot.platforms._dingtalk_api import DingTalkApi
from config.errors import DubanError, TryLater

if TYPE_CHECKING:
    from dingtalk_stream import CallbackMessage, DingTalkStreamClient
    from websockets.asyncio.client import ClientConnection

MESSAGES = "/v1.0/im/bot/messages/get"
PRESSES = "/v1.0/card/instances/callback"
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
# (topic, the id of this push, data) → whether it is taken; it returns once the event is stored
Take = Callable[[str, str, dict[str, Any]], Awaitable[bool]]
log = structlog.get_logger()


class Stream:
    """A connection that is opened again whenever it ends.

    The SDK's own loop is not used: it blocks the event loop while it asks for a connection, waits
    ten seconds after each break, in which messages are lost, and writes tickets into its log.
    """

    def __init__(self, api: DingTalkApi, take: Take) -> None:
        self._api = api
        self._client = _client(api, take)

    async def run(self) -> None:
        """Until cancelled."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        wait_s = FIRST_WAIT_S
        while True:
            pause_s = wait_s
            try:
                endpoint, ticket = await self._api.open_stream([MESSAGES, PRESSES])
                async with connect(f"{endpoint}?ticket={quote_plus(ticket)}") as connection:
                    log.info("dingtalk.ready")
                    wait_s = pause_s = FIRST_WAIT_S
                    await self._listen(connection)
                log.info("dingtalk.closed")  # as DingTalk does from time to time
            except TryLater as error:
                pause_s = max(pause_s, error.retry_after_s)
                log.warning("dingtalk.unreachable", words=str(error), retry_after_s=pause_s)
            except (DubanError, OSError, TimeoutError, ValueError, WebSocketException) as error:
                # our own errors hold no secret; an address in another's may hold the ticket
                words = str(error) if isinstance(error, DubanError) else type(error).__name__
                log.warning("dingtalk.unreachable", words=words, retry_after_s=pause_s)
            await asyncio.sleep(pause_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _listen(self, connection: ClientConnection) -> None:
        """Hands each frame to the SDK, which answers it; none waits for the one before."""
        self._client.websocket = connection
        under_way: set[asyncio.Task[None]] = set()
        try:
            async for frame in connection:
                task = asyncio.create_task(self._client.background_task(json.loads(frame)))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)


def _client(api: DingTalkApi, take: Take) -> DingTalkStreamClient:
    from dingtalk_stream import AckMessage, CallbackHandler, Credential, DingTalkStreamClient

    class Handler(CallbackHandler):  # type: ignore[misc]
        """Stores an event; only then it is acknowledged."""

        async def process(self, message: CallbackMessage) -> tuple[int, dict[str, Any]]:
            headers = message.headers
            try:
                taken = await take(headers.topic, headers.message_id, message.data)
            except Exception as error:  # the SDK would swallow it; its words may be a person's
                kind = type(error).__name__
                log.warning("dingtalk.event_failed", push=headers.message_id, error=kind)
                raise
            return (AckMessage.STATUS_OK if taken else AckMessage.STATUS_BAD_REQUEST), {}

    quiet = logging.getLogger("dingtalk_stream.client")  # it would write messages into the log
    quiet.setLevel(logging.CRITICAL)
    client = DingTalkStreamClient(Credential(api.client_id, ""), quiet)
    for topic in (MESSAGES, PRESSES):
        client.register_callback_handler(topic, Handler())
    client.pre_start()
    return client
