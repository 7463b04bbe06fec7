"""The AI bot's long connection: WeCom calls us on a websocket, and answers each of our commands on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from bot.platforms._http import FIRST_WAIT_S, TIMEOUT_S
from bot.platforms._wecom_api import BUSY, VENDOR
from bot.platforms._wecom_bot_events import DISPLACED, Json, event_type
from config.errors import DubanError, MaybeSent, Refused, TryLater

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

PING_EVERY_S = 30.0
READY_WITHIN_S = 5.0  # a message waits so long for a connection that is being opened again
CLOSED_WITHIN_S = 1.0
LONGEST_WAIT_S = 60.0
DISPLACED_WAIT_S = 300.0  # each new connection ends the one before: two programs would take turns
SUBSCRIBE, PING = "aibot_subscribe", "ping"
CALLBACKS = ("aibot_msg_callback", "aibot_event_callback")
NO_SUCH_CHAT, NOT_SUBSCRIBED = 93006, 846609
CREDENTIALS = "请核对 DUBAN_WECOM_BOT_ID 和 DUBAN_WECOM_BOT_SECRET"
TWO_OF_US = "另一个程序用同一个机器人连上了企业微信，这里的连接被断开；一个机器人只能有一个程序连接"
# (the id of a call, what it says); returns once it is dealt with
Take = Callable[[str, Json], Awaitable[None]]
log = structlog.get_logger()


class Line:
    """A connection that is opened again whenever it ends.

    The vendor's own SDK is not used: it gives up after ten attempts, takes the end that a second
    program brings for a fault of the net, and does not tell what was surely not sent from what may
    have arrived.
    """

    def __init__(self, url: str, bot_id: str, secret: str, take: Take) -> None:
        self._url, self._take = url, take
        self._credentials = {"bot_id": bot_id, "secret": secret}
        self._connection: ClientConnection | None = None
        self._ready = asyncio.Event()
        self._fault: DubanError | None = None  # why there is no connection
        self._wait_s = FIRST_WAIT_S
        self._answers: dict[str, asyncio.Future[Json]] = {}  # by the id of the command
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                try:
                    await self._hold()
                except TryLater as error:
                    self._fault, pause_s = error, max(self._wait_s, error.retry_after_s)
                except Refused as error:
                    self._fault, pause_s = error, LONGEST_WAIT_S
                except Exception as error:  # of a library, a proxy …: we must not stay deaf
                    words = f"与{VENDOR}的连接出错（{type(error).__name__}）"
                    self._fault, pause_s = TryLater(words, FIRST_WAIT_S), self._wait_s
                log.warning("wecom_bot.no_line", why=str(self._fault), retry_after_s=pause_s)
                await asyncio.sleep(pause_s)
                self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)
        finally:
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def ask(self, cmd: str, body: Json, *, repeatable: bool, call_id: str = "") -> Json:
        """What a command is answered with; `call_id` names the call that it replies to.

        `repeatable` is one that does no harm when done twice. Raises TryLater, Refused, MaybeSent.
        """
        if not isinstance(self._fault, Refused):
            with suppress(TimeoutError):
                async with asyncio.timeout(READY_WITHIN_S):
                    await self._ready.wait()
        if self._connection is None:
            raise self._fault or TryLater(f"还没有连上{VENDOR}", FIRST_WAIT_S)
        return await self._exchange(self._connection, cmd, body, repeatable, call_id)

    async def reach(self) -> None:
        """Connects without a word, which ends nobody's connection; raises TryLater where it can't."""
        async with self._connected():
            pass

    # ---- one connection, from its beginning to its end

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[ClientConnection]:
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        try:
            # WeCom asks for pings of its own kind, below
            async with connect(
                self._url, ping_interval=None, close_timeout=CLOSED_WITHIN_S
            ) as connection:
                yield connection
        except (OSError, WebSocketException) as error:
            words = f"与{VENDOR}的连接不通（{type(error).__name__}）"
            raise TryLater(words, FIRST_WAIT_S) from None

    async def _hold(self) -> None:
        """Raises TryLater or Refused for why it ended."""
        async with self._connected() as connection:
            tasks = [asyncio.create_task(part(connection)) for part in (self._listen, self._keep)]
            try:
                ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in ended:
                    task.result()
            finally:
                self._connection = None
                self._ready.clear()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                for answer in self._answers.values():
                    if not answer.done():
                        answer.set_exception(ConnectionError())

    async def _keep(self, connection: ClientConnection) -> None:
        """Says who we are, then that we are there, again and again."""
        try:
            await self._exchange(connection, SUBSCRIBE, self._credentials, True)
        except Refused as error:
            raise Refused(f"{error}。{CREDENTIALS}", "401") from None
        self._connection, self._wait_s = connection, FIRST_WAIT_S
        self._fault = None
        self._ready.set()
        log.info("wecom_bot.ready")
        while True:
            await asyncio.sleep(PING_EVERY_S)
            await self._exchange(connection, PING, None, True)

    async def _listen(self, connection: ClientConnection) -> None:
        async for text in connection:
            try:
                self._hear(json.loads(text))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                log.warning("wecom_bot.not_understood", error=type(error).__name__)
        raise TryLater(f"{VENDOR}断开了连接", FIRST_WAIT_S)

    def _hear(self, frame: Json) -> None:
        """Takes a call in, or an answer to where it is waited for; raises TryLater for the end of us."""
        call_id, body = str(frame["headers"]["req_id"]), frame.get("body") or {}
        if frame.get("cmd") in CALLBACKS:
            if event_type(body) == DISPLACED:
                raise TryLater(TWO_OF_US, DISPLACED_WAIT_S)
            # WeCom waits for no answer: no chat waits for another
            task = asyncio.create_task(self._deal(call_id, body))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        elif (answer := self._answers.get(call_id)) and not answer.done():
            answer.set_result(frame)

    async def _deal(self, call_id: str, body: Json) -> None:
        try:
            await self._take(call_id, body)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("wecom_bot.not_understood", error=type(error).__name__)

    async def _exchange(
        self, connection: ClientConnection, cmd: str, body: Json | None, repeatable: bool,
        call_id: str = "",
    ) -> Json:  # fmt: skip
        """The body of the answer to one command."""
        from websockets.exceptions import WebSocketException
        from websockets.protocol import State

        if connection.state is not State.OPEN:
            raise TryLater(f"与{VENDOR}的连接刚断开", FIRST_WAIT_S)
        own_id = call_id or f"{cmd}_{uuid4().hex}"
        frame: Json = {"cmd": cmd, "headers": {"req_id": own_id}}
        if body is not None:
            frame["body"] = body
        answer = self._answers[own_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await connection.send(json.dumps(frame, ensure_ascii=False))
                found = await answer
        except (OSError, WebSocketException) as error:
            words = f"{VENDOR}没有回应（{type(error).__name__}）"
            raise (TryLater(words, FIRST_WAIT_S) if repeatable else MaybeSent(words)) from None
        finally:
            self._answers.pop(own_id, None)
        if found.get("errcode") == NOT_SUBSCRIBED:
            self._ready.clear()
            await connection.close()  # it is open, and good for nothing
        if found.get("errcode") != 0:
            raise _failure(found)
        return found.get("body") or {}


def _failure(answer: Json) -> DubanError:
    """What an errcode other than 0 means; one that nobody has told of is a plain refusal."""
    code = answer.get("errcode")
    words = f"{VENDOR}答复 {code}：{answer.get('errmsg', '')}"
    if code == NOT_SUBSCRIBED or code in BUSY:
        return TryLater(words, BUSY.get(code, FIRST_WAIT_S))
    return Refused(words, "403" if code == NO_SUCH_CHAT else "400")
