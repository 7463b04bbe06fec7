"""WeCom's REST interface: one access token, files up and down, and errors by the code in the body."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from bot.messages import File
from bot.platforms._http import (
    FIRST_WAIT_S,
    TIMEOUT_S,
    Json,
    T,
    Token,
    fetch,
    fetch_file,
    make_client,
)
from config.errors import DubanError, MaybeSent, Refused, TryLater, UserError

if TYPE_CHECKING:
    import httpx

VENDOR = "企业微信"
TEXT_BYTES = 2048
FILE_BYTES = 20 * 1024 * 1024
PICTURE_BYTES = 10 * 1024 * 1024
# developer.work.weixin.qq.com/document/path/90313
BUSY = {-1: FIRST_WAIT_S, 45009: 60.0, 45033: FIRST_WAIT_S}  # seconds to wait
TOKEN_ENDED = (40014, 42001)
NOT_US = (40001, 40013, 40056, 48002, 60020, 301002)  # secret, corp, agent, rights, address
NO_SUCH_FILE = 40007
GONE = (40003, 60011, 60111, 81013, 93000, 93004, 93008)  # people and robots that are no more
WHAT_TO_DO = {
    40001: "请核对 DUBAN_WECOM_SECRET",
    40013: "请核对 DUBAN_WECOM_CORP_ID",
    40056: "请核对 DUBAN_WECOM_AGENT_ID",
    60020: "请把本机的公网 IP 加进应用的“企业可信IP”",
}


class WecomApi:
    """One app of one corporation. Neither the secret nor the token is ever part of an error."""

    def __init__(
        self, base_url: str, corp_id: str, secret: str, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._client = make_client(timeout_s, f"{base_url}/cgi-bin/")
        self._corp = {"corpid": corp_id, "corpsecret": secret}
        self._token = Token(self._new_token)

    async def ask(
        self, method: str, path: str, *, repeatable: bool, query: Json | None = None, **content: Any
    ) -> Json:
        """The answer to a call, with a fresh token when the old one has ended.

        `repeatable` is one that does no harm when done twice. Raises TryLater, Refused, MaybeSent.
        """
        return await self._with_token(
            lambda key: request(
                self._client, method, path, repeatable, {**key, **(query or {})}, **content
            )
        )

    async def upload(self, file: File) -> tuple[str, str]:
        """(kind, media id) of a file, which the vendor keeps for three days."""
        kind = kind_of(file)
        answer = await self.ask(
            "POST", "media/upload", repeatable=True, query={"type": kind},
            files={"media": (file.name, file.content)},
        )  # fmt: skip
        return kind, str(answer["media_id"])

    async def download(self, media_id: str, name: str) -> bytes:
        """The bytes of a file that a person sent; raises UserError when it is too large or too old."""
        content = await self._with_token(
            lambda key: self._fetch({**key, "media_id": media_id}, name)
        )
        assert isinstance(content, bytes)  # an error has been raised
        return content

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.aclose()

    async def _fetch(self, query: Json, name: str) -> bytes | Json:
        response, content = await fetch_file(
            self._client, VENDOR, "media/get", name, FILE_BYTES, params=query
        )
        if "content-disposition" in response.headers:
            return content
        answer = read_answer(response.status_code, content, repeatable=True)
        if answer["errcode"] == NO_SUCH_FILE:
            raise UserError(f"文件《{name}》在企业微信那边已经过期（只保留三天），请重新发一次。")
        return answer

    async def _with_token(self, call: Callable[[Json], Awaitable[T]]) -> T:
        """The answer to a call under our token."""
        answer = await self._token.use(
            lambda token: call({"access_token": token}),
            lambda answer: isinstance(answer, dict) and answer["errcode"] in TOKEN_ENDED,
        )
        if isinstance(answer, dict):
            check(answer)
        return answer

    async def _new_token(self) -> tuple[str, float]:
        answer = await request(self._client, "GET", "gettoken", True, self._corp)
        check(answer)
        return str(answer["access_token"]), float(answer["expires_in"])


async def request(
    client: "httpx.AsyncClient", method: str, path: str, repeatable: bool, query: Json,
    **content: Any,
) -> Json:  # fmt: skip
    """The vendor's JSON, whatever its errcode; raises TryLater, Refused or MaybeSent without one."""
    response = await fetch(
        client, VENDOR, method, path, repeatable, params=query or None, **content
    )
    return read_answer(response.status_code, response.content, repeatable)


def read_answer(status: int, content: bytes, repeatable: bool) -> Json:
    """The JSON of an answer, which has an errcode; 200 alone says nothing."""
    import json

    if status == 429 or status >= 500:
        raise TryLater(f"{VENDOR}答复 HTTP {status}", FIRST_WAIT_S)
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if isinstance(answer, dict) and isinstance(answer.get("errcode"), int):
        return answer
    words = f"{VENDOR}的答复（HTTP {status}）读不懂"
    if status >= 400:
        raise Refused(words, "400")
    raise TryLater(words, FIRST_WAIT_S) if repeatable else MaybeSent(words)


def check(answer: Json) -> None:
    """Raises what an errcode other than 0 means."""
    if answer["errcode"] != 0:
        raise failure(answer["errcode"], str(answer.get("errmsg", "")))


def failure(errcode: int, errmsg: str) -> DubanError:
    """The vendor's words and code, and what to do about it."""
    advice = f"。{WHAT_TO_DO[errcode]}" if errcode in WHAT_TO_DO else ""
    words = f"{VENDOR}答复 {errcode}：{errmsg}{advice}"
    if errcode in BUSY:
        return TryLater(words, BUSY[errcode])
    if errcode in NOT_US or errcode in TOKEN_ENDED:
        return Refused(words, "401")
    return Refused(words, "403" if errcode in GONE else "400")


def kind_of(file: File, picture_bytes: int = PICTURE_BYTES) -> str:
    """How the vendor calls a file: what can be shown at once is an image."""
    return "image" if file.is_picture and len(file.content) <= picture_bytes else "file"
