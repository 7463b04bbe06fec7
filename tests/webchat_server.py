"""A browser that visits the web chat as the conformance suite speaks to every vendor: one private chat."""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
from vendor import Deliver, NotHere, Shown

NO_VENDOR = "there is no vendor between the page and us"


class Browser:
    """One browser with its cookie."""

    name = "web"

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._first_read: dict[int, list[str]] = {}

    def visit(self, address: Callable[[], str]) -> None:
        self._address = address

    def settings(self) -> dict[str, Any]:
        return {}

    def start(self, deliver: Deliver) -> None:
        self._http = httpx.Client(trust_env=False, timeout=60)
        self._last: dict[str, Any] = {}

    def stop(self) -> None:
        self._http.close()

    def chat_id(self, chat: str) -> str:
        self._only_private(chat)
        self.shown("private")
        token = self._http.cookies["duban_chat"]
        return hashlib.sha256(token.encode()).hexdigest()[:24]

    def say(self, chat: str, account: str, text: str, *, addressed: bool = True) -> None:
        self._only_private(chat)
        if len(text) > 4000:
            assert self._post({"id": uuid4().hex, "text": text}).status_code == 422
            raise NotHere("the page itself takes no more than 4,000 characters")
        self._last = {"id": uuid4().hex, "text": text}
        assert self._post(self._last).status_code == 202

    def send_file(self, chat: str, account: str, name: str, content: bytes) -> None:
        query = {"id": uuid4().hex, "name": name}
        url, origin = f"{self._address()}/api/files", {"Origin": self._address()}
        sent = self._http.post(url, params=query, content=content, headers=origin)
        assert sent.status_code == 202, sent.text

    def send_other(self, chat: str, account: str) -> None:
        raise NotHere("the page sends texts and files")

    def press(self, chat: str, message_id: str, account: str, label: str) -> None:
        message = next(one for one in self._all() if str(one["id"]) == message_id)
        keys = [button for row in message["buttons"] for button in row]
        data = next(button["data"] for button in keys if button["label"] == label)
        press = {"id": uuid4().hex, "button": data, "pressed": int(message_id)}
        assert self._post(press).status_code == 202

    def shown(self, chat: str) -> list[Shown]:
        self._only_private(chat)
        return [self._shown(one) for one in self._all() if one["direction"] == "out"]

    def redeliver(self) -> None:
        assert self._post(self._last).status_code == 202  # as after a broken connection

    def forge(self, chat: str, account: str, text: str) -> bool:
        post = {"id": uuid4().hex, "text": text}
        foreign = self._post(post, Origin="https://evil.example.com")
        rebound = self._post(post, Host="evil.example.com", Origin="http://evil.example.com")
        return (foreign.status_code, rebound.status_code) == (403, 421)

    def replay(self) -> bool:
        return self._post(self._last).status_code != 202  # it is the same message still

    def fail(self, kind: str, times: int = 1) -> None:
        raise NotHere(NO_VENDOR)

    def gone(self, chat: str) -> None:
        raise NotHere(NO_VENDOR)

    def _only_private(self, chat: str) -> None:
        if chat != "private":
            raise NotHere("the web chat has no groups")

    def _post(self, body: dict[str, Any], **headers: str) -> httpx.Response:
        url = f"{self._address()}/api/messages"
        return self._http.post(url, json=body, headers={"Origin": self._address(), **headers})

    def _all(self) -> list[dict[str, Any]]:
        """The whole chat, page by page."""
        found: list[dict[str, Any]] = []
        more = True
        while more:
            query = {"before": found[0]["id"]} if found else {}
            page = self._http.get(f"{self._address()}/api/messages", params=query).json()
            found, more = [*page["messages"], *found], page["more"]
        return found

    def _shown(self, message: dict[str, Any]) -> Shown:
        first = self._first_read.setdefault(message["id"], message["rows"])
        files = {
            one["name"]: self._http.get(self._address() + one["href"]).content
            for one in message["files"]
        }
        return Shown(
            message_id=str(message["id"]), text="\n".join(message["rows"]),
            buttons=[button["label"] for row in message["buttons"] for button in row],
            files=files, edited=message["rows"] != first,
        )  # fmt: skip


def make() -> Browser:
    return Browser()
