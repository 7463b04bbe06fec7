"""Calls to vendors over HTTP: clients whose addresses nobody logs, calls that get no answer, files, tokens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from config.errors import MaybeSent, TryLater, UserError

if TYPE_CHECKING:
    import httpx

Json = dict[str, Any]
T = TypeVar("T")

TIMEOUT_S = 15.0
FIRST_WAIT_S = 1.0
RENEW_BEFORE_S = 300.0  # a token is renewed before it ends


def make_client(timeout_s: float, base_url: str = "") -> "httpx.AsyncClient":
    """A client; the addresses that it calls hold keys, so that nobody may log them."""
    import httpx

    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(base_url=base_url, timeout=timeout_s)


async def fetch(
    client: "httpx.AsyncClient", vendor: str, method: str, url: "str | httpx.URL",
    repeatable: bool, **content: Any,
) -> "httpx.Response":  # fmt: skip
    """The vendor's answer, whatever it says. `vendor` is its name for people.

    Without an answer raises TryLater where the call surely did not arrive, or is `repeatable` (it
    does no harm when done twice), and MaybeSent otherwise.
    """
    import httpx

    try:
        return await client.request(method, url, **content)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise TryLater(_unanswered(vendor, error), FIRST_WAIT_S) from None
    except httpx.HTTPError as error:
        words = _unanswered(vendor, error)
        raise (TryLater(words, FIRST_WAIT_S) if repeatable else MaybeSent(words)) from None


async def fetch_file(
    client: "httpx.AsyncClient", vendor: str, url: str, name: str, most_bytes: int, **query: Any
) -> "tuple[httpx.Response, bytes]":
    """An answer and its bytes; raises UserError when file 《name》 is larger than `most_bytes`, TryLater."""
    import httpx

    content = bytearray()
    try:
        async with client.stream("GET", url, **query) as response:
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > most_bytes:
                    size = most_bytes // 1024 // 1024
                    raise UserError(f"文件《{name}》超过 {size} MB，请拆分或压缩后再发。")
    except httpx.HTTPError as error:
        raise TryLater(_unanswered(vendor, error), FIRST_WAIT_S) from None
    return response, bytes(content)


class Token:
    """An access token: asked for when there is none or it is about to end, by one caller at a time.

    `ask` gives a new one and the seconds that it lives.
    """

    def __init__(self, ask: Callable[[], Awaitable[tuple[str, float]]]) -> None:
        self._ask = ask
        self._token, self._until = "", 0.0
        self._renewing = asyncio.Lock()

    async def use(self, call: Callable[[str], Awaitable[T]], has_ended: Callable[[T], bool]) -> T:
        """The answer to `call` with our token, or with a new one when that `has_ended` meanwhile."""
        token = await self._fresh()
        answer = await call(token)
        if has_ended(answer):
            if token == self._token:  # else somebody has renewed it
                self._until = 0.0
            answer = await call(await self._fresh())
        return answer

    async def _fresh(self) -> str:
        async with self._renewing:
            if monotonic() > self._until - RENEW_BEFORE_S:
                self._token, lives_s = await self._ask()
                self._until = monotonic() + lives_s
            return self._token


def _unanswered(vendor: str, error: Exception) -> str:
    # the error itself may hold the address, and that a key
    return f"{vendor}没有回应（{type(error).__name__}）"
