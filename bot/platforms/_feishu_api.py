"""Feishu's REST interface: one tenant token, files up and down, and errors by the code in the body."""

import json
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import Any

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
from config.errors import DubanError, MaybeSent, Refused, TryLater

VENDOR = "飞书"
FILE_BYTES = 30 * 1024 * 1024
INCOMING_BYTES = 20 * 1024 * 1024
PICTURE_BYTES = 10 * 1024 * 1024
FILE_TYPES = {
    ".pdf": "pdf", ".doc": "doc", ".docx": "doc", ".xls": "xls", ".xlsx": "xls",
    ".ppt": "ppt", ".pptx": "ppt",
}  # fmt: skip
# the codes of open.feishu.cn by what they mean here
BUSY = (99991400, 230020, 230049, 11232, 11233, 11247)
TOKEN_ENDED = (99991661, 99991663, 99991664, 99991665, 99991668, 99991671, 99991677)
# the id and the secret, our address, rights, an app that is switched off or is no robot
NOT_US = (10003, 10012, 10014, 99991401, 99991543, 99991662, 99991672, 99991673, 230006, 230027)
# not in the group, out of the app's range, resigned, robot blocked, group dissolved
GONE = (230002, 230013, 230029, 230053, 232009)
NO_SUCH_CHAT = "invalid receive_id"  # 230001 has many meanings, and tells which in its words
WHAT_TO_DO = {
    10003: "请核对 DUBAN_FEISHU_APP_ID",
    10014: "请核对 DUBAN_FEISHU_APP_SECRET",
    99991401: "请把本机的公网 IP 加进应用“安全设置”的 IP 白名单",
    99991672: "请到应用的“权限管理”开通，再发布一个版本",
    230006: "请给应用添加“机器人”能力，再发布一个版本",
    230013: "请把这个人加进应用的可用范围",
    230027: "请到应用的“权限管理”开通，再发布一个版本",
}
RESET_HEADER = "x-ogw-ratelimit-reset"  # the seconds until we may call again


class FeishuApi:
    """One app of one tenant. Neither the secret nor the token is ever part of an error."""

    def __init__(
        self, base_url: str, app_id: str, secret: str, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.app_id, self.secret, self.base_url = app_id, secret, base_url.rstrip("/")
        self._http = make_client(timeout_s, f"{self.base_url}/open-apis/")
        self._token = Token(self._new_token)

    async def ask(self, method: str, path: str, *, repeatable: bool, **content: Any) -> Json:
        """The answer to a call, with a fresh token when the old one has ended.

        `repeatable` is one that does no harm when done twice. Raises TryLater, Refused, MaybeSent.
        """
        answer = await self._with_token(
            lambda head: request(self._http, method, path, repeatable, headers=head, **content)
        )
        assert isinstance(answer, dict)
        return answer

    async def upload(self, file: File) -> tuple[str, str]:
        """(message type, content) of a message that shows the file."""
        suffix = PurePath(file.name).suffix.lower()
        part = (f"file{suffix}", file.content)  # its real name goes in a field: it may be Chinese
        if file.is_picture and len(file.content) <= PICTURE_BYTES:
            answer = await self.ask(
                "POST", "im/v1/images", repeatable=True,
                data={"image_type": "message"}, files={"image": part},
            )  # fmt: skip
            return "image", compact({"image_key": answer["data"]["image_key"]})
        fields = {"file_type": FILE_TYPES.get(suffix, "stream"), "file_name": file.name}
        answer = await self.ask(
            "POST", "im/v1/files", repeatable=True, data=fields, files={"file": part}
        )
        return "file", compact({"file_key": answer["data"]["file_key"]})

    async def download(self, message_id: str, kind: str, key: str, name: str) -> bytes:
        """The bytes of a file that a person sent, "file" or "image"; raises UserError above 20 MB."""
        path = f"im/v1/messages/{message_id}/resources/{key}"
        content = await self._with_token(lambda head: self._fetch(path, kind, name, head))
        assert isinstance(content, bytes)  # an error has been raised
        return content

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.aclose()

    async def _fetch(self, path: str, kind: str, name: str, head: Json) -> bytes | Json:
        response, content = await fetch_file(
            self._http, VENDOR, path, name, INCOMING_BYTES, params={"type": kind}, headers=head
        )
        if response.status_code == 200:
            return content
        return read_answer(response.status_code, content, "", repeatable=True)

    async def _with_token(self, call: Callable[[Json], Awaitable[T]]) -> T:
        """The answer to a call under our token."""
        answer = await self._token.use(
            lambda token: call({"Authorization": f"Bearer {token}"}),
            lambda answer: isinstance(answer, dict) and answer["code"] in TOKEN_ENDED,
        )
        if isinstance(answer, dict):
            check(answer)
        return answer

    async def _new_token(self) -> tuple[str, float]:
        answer = await request(
            self._http, "POST", "auth/v3/tenant_access_token/internal", True,
            json={"app_id": self.app_id, "app_secret": self.secret},
        )  # fmt: skip
        check(answer)
        return str(answer["tenant_access_token"]), float(answer["expire"])


async def request(
    client: Any, method: str, path: str, repeatable: bool, **content: Any
) -> Json:  # fmt: skip
    """Feishu's JSON, whatever its code; raises TryLater, Refused or MaybeSent without one."""
    response = await fetch(client, VENDOR, method, path, repeatable, **content)
    reset = response.headers.get(RESET_HEADER, "")
    return read_answer(response.status_code, response.content, reset, repeatable)


def read_answer(status: int, content: bytes, reset: str, repeatable: bool) -> Json:
    """The JSON of an answer, which has a code; the HTTP status says little."""
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    wait_s = float(reset) if reset.isdecimal() else FIRST_WAIT_S
    if isinstance(answer, dict) and isinstance(answer.get("code"), int):
        if answer["code"] in BUSY:
            raise failure(answer["code"], str(answer.get("msg", "")), wait_s)
        return answer
    if status == 429 or status >= 500:
        raise TryLater(f"{VENDOR}答复 HTTP {status}", wait_s)
    words = f"{VENDOR}的答复（HTTP {status}）读不懂"
    if status >= 400:
        raise Refused(words, "400")
    raise TryLater(words, FIRST_WAIT_S) if repeatable else MaybeSent(words)


def check(answer: Json) -> None:
    """Raises what a code other than 0 means."""
    if answer["code"] != 0:
        raise failure(answer["code"], str(answer.get("msg", "")))


def failure(code: int, msg: str, wait_s: float = FIRST_WAIT_S) -> DubanError:
    """The vendor's words and code, and what to do about it."""
    advice = f"。{WHAT_TO_DO[code]}" if code in WHAT_TO_DO else ""
    words = f"{VENDOR}答复 {code}：{msg}{advice}"
    if code in BUSY:
        return TryLater(words, wait_s)
    if code in NOT_US or code in TOKEN_ENDED:
        return Refused(words, "401")
    return Refused(words, "403" if code in GONE or NO_SUCH_CHAT in msg else "400")


def compact(value: Json) -> str:
    """JSON in one line, Han as themselves."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
