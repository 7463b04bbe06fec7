"""DingTalk's server API: the access token and its renewal, calls, files, and what a refusal means."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from bot.platforms._http import RENEW_BEFORE_S, TIMEOUT_S, Json, fetch, fetch_file, make_client
from config.clock import Clock
from config.errors import DubanError, Refused, TryLater

VENDOR = "钉钉"
CLOUD, OLD_CLOUD = "https://api.dingtalk.com", "https://oapi.dingtalk.com"
FILE_LIMIT_BYTES = 20 * 1024 * 1024
SOON_S, NEXT_MINUTE_S = 1.0, 60.0  # their limits count within a second or a minute

# the codes of the documentation by what they mean here; what is not listed is a plain refusal
_STALE_TOKEN = {"InvalidAuthentication", "invalidParameter.token.invalid", "40014", "42001"}
_TOO_FAST = re.compile(r"QpsLimit|QpmLimit|[Tt]hrottl|[Ff]lowControl|^90002$|^90018$|^88\.90018$")
_BUSY = {"-1", "system.err", "systemError", "ServiceUnavailable", "InternalError", "unknownError"}
_GONE = {
    "group.disbanded", "bot.stopped", "chatbotNotInstall", "chatbotNotFound", "chatbot.notFound",
    "staffId.notExisted", "userNotExist", "param.userIdNotExist",
    "invalidParameter.robotCode.notExsit",  # their spelling: the robot is not in the group
    "invalid.openConversationId", "invalidParameter.openConversationId.invalid",
    "param.openSpaceIdInvalid", "decryptOpenconversationIdFailed", "cidDecryptError",
}  # fmt: skip
# our application's own set-up: kept until somebody mends it
_NOT_US = re.compile(
    r"^(invalidClientIdOrSecret|authFailed|Forbidden\.AccessDenied|invalidParameter\.robotCode"
    r"|resource\.not\.found|40089$|60011$)"
)
_NO_CARD = re.compile(r"[Tt]emplate|PermissionDenied|^permission\.check|^cardInstance\.wrong$")


class NoCard(Refused):
    """Cards are not ours to send: their template is unknown, or the right to them is not granted."""


def refusal(status: int, code: str, words: str) -> DubanError:
    """What an answer that is no success means; `words` are DingTalk's own, without secrets."""
    said = f"{VENDOR}：{words or '没有说明'}（{code or status}）"
    if status == 429 or _TOO_FAST.search(code):
        return TryLater(said, NEXT_MINUTE_S if status == 429 or "Qpm" in code else SOON_S)
    if status >= 500 or code in _BUSY:
        return TryLater(said, SOON_S)
    if code in _GONE:
        return Refused(said, "403")
    if _NO_CARD.search(code):
        return NoCard(said, "401")
    if status == 401 or code in _STALE_TOKEN or _NOT_US.search(code):
        return Refused(said, "401")
    return Refused(said, "400")


class DingTalkApi:
    """One application of one organisation. `timeout_s` is in seconds."""

    def __init__(
        self, client_id: str, client_secret: str, base_url: str, oapi_url: str, clock: Clock,
        timeout_s: float = TIMEOUT_S,
    ) -> None:  # fmt: skip
        self.client_id, self._secret = client_id, client_secret
        self._base_url, self._oapi_url = base_url or CLOUD, oapi_url or OLD_CLOUD
        self._clock = clock
        self._http = make_client(timeout_s)
        self._token, self._token_until = "", 0.0
        self._renewing = asyncio.Lock()

    async def call(self, method: str, path: str, body: Json, repeatable: bool = False) -> Json:
        """The answer of a call under the access token, which is renewed once if it is not taken.

        `repeatable` is a call that does no harm when done twice. Raises TryLater, Refused, and,
        unless it is repeatable, MaybeSent.
        """
        return await self._with_token(
            lambda token: self._request(
                method, self._base_url + path, repeatable, json=body,
                headers={"x-acs-dingtalk-access-token": token},
            )
        )  # fmt: skip

    async def upload(self, name: str, content: bytes, kind: str) -> str:
        """The media id of a file; `kind` is "image" or "file"."""
        answer = await self._with_token(
            lambda token: self._request(
                "POST", f"{self._oapi_url}/media/upload", True,
                params={"access_token": token, "type": kind},
                files={"media": (name, content)},
            )
        )  # fmt: skip
        return str(answer["media_id"])

    async def open_stream(self, topics: list[str]) -> tuple[str, str]:
        """The address of a new stream and its ticket, which is good for one connection."""
        body = {
            "clientId": self.client_id,
            "clientSecret": self._secret,
            "subscriptions": [{"type": "CALLBACK", "topic": topic} for topic in topics],
            "ua": "duban/1.0",
        }
        url = f"{self._base_url}/v1.0/gateway/connections/open"
        answer = await self._request("POST", url, True, json=body)
        return str(answer["endpoint"]), str(answer["ticket"])

    async def download(self, code: str, robot_code: str, name: str) -> bytes:
        """The bytes of a file that a person sent; raises UserError above 20 MB."""
        body = {"downloadCode": code, "robotCode": robot_code}
        answer = await self.call("POST", "/v1.0/robot/messageFiles/download", body, repeatable=True)
        url = answer["downloadUrl"]
        file, content = await fetch_file(self._http, VENDOR, url, name, FILE_LIMIT_BYTES)
        if file.status_code != 200:
            raise refusal(file.status_code, "", f"文件《{name}》取不到")
        return content

    async def token(self) -> str:
        """The access token, asked for when there is none or it is about to end."""
        async with self._renewing:
            now = self._clock.wall().timestamp()
            if now >= self._token_until:
                body = {"appKey": self.client_id, "appSecret": self._secret}
                url = f"{self._base_url}/v1.0/oauth2/accessToken"
                answer = await self._request("POST", url, True, json=body)
                self._token = str(answer["accessToken"])
                lives_s = float(answer["expireIn"])
                self._token_until = now + max(lives_s - RENEW_BEFORE_S, lives_s / 2)
            return self._token

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.aclose()

    async def _with_token(self, request: Any) -> Json:
        token = await self.token()
        try:
            answer: Json = await request(token)
        except _TokenNotTaken:
            if token == self._token:  # nobody has renewed it meanwhile
                self._token_until = 0.0
            answer = await request(await self.token())
        return answer

    async def _request(self, method: str, url: str, repeatable: bool, **content: Any) -> Json:
        response = await fetch(self._http, VENDOR, method, url, repeatable, **content)
        try:
            answer = json.loads(response.content)
        except ValueError:
            answer = {}
        if not isinstance(answer, dict):
            answer = {}
        code = str(answer.get("code") or answer.get("errcode") or "")
        if response.status_code == 200 and code in ("", "0") and answer.get("success", True):
            if answer:
                return answer
            raise refusal(502, "", "回音读不懂")
        words = str(answer.get("message") or answer.get("errmsg") or "").replace(
            self._secret, "***"
        )
        if code in _STALE_TOKEN:
            raise _TokenNotTaken(words, "401")
        raise refusal(response.status_code, code, words)


class _TokenNotTaken(Refused):
    """The access token is not, or no more, good."""
