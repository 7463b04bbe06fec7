"""Feishu's REST interface on loopback, strictly as its documentation has it, with its faults.

What no correct program sends, a wrong path, an unknown or missing field, a message that is too
large, is kept in `complaints` besides the code that the vendor answers with.
"""

import base64
import hashlib
import hmac
import itertools
import json
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from http_wire import HttpWire, Json, form
from vendor import BOSS, CLERK, Shown

GROUP = "oc_a0553eda9014c201e6969b478895c230"
ROBOT = "ou_the_robot_itself"
MESSAGE_BYTES, ROBOT_BYTES = 30 * 1024, 20 * 1024
FILE_TYPES = {"opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"}
SENDS = ("POST messages", "hook")


@dataclass
class Kept:
    """What the vendor keeps of a message: its kind, and what its buttons bring back."""

    shown: Shown
    kind: str
    values: dict[str, Json] = field(default_factory=dict)  # label → value
    edits: int = 0


class Rejected(Exception):
    """A code as the vendor answers with it; the HTTP status is often 400."""

    def __init__(self, code: int, msg: str, status: int = 400) -> None:
        super().__init__(msg)
        self.answer = status, {"code": code, "msg": msg, "error": {"log_id": "2024"}}


class FeishuApi:
    """One tenant with one app, a group in which its robot is, and one group robot."""

    app_id, secret = "cli_invented_for_tests", "s3cret-of-tests"
    robot_key, robot_secret = "7e1b-key", "robot-s3cret"

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.calls: Counter[str] = Counter()
        self.faults: list[str] = []  # of the next calls that send
        self.names = {BOSS: "王主任", CLERK: "李科长"}
        self.tells_names = True
        self.gone: set[str] = set()
        self.chats: dict[str, list[str]] = {BOSS: [], GROUP: [], "robot": []}  # message ids
        self.messages: dict[str, Kept] = {}
        self.files: dict[tuple[str, str], bytes] = {}  # (message id, key) → what people sent
        self.uploaded: dict[str, tuple[str, bytes]] = {}  # key → (name, content)
        self.pointed_at: list[str] = []
        self._uuids: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._token = ""
        self._closed = threading.Event()
        self._lock = threading.Lock()

    def start(self) -> None:
        self.http = HttpWire(self._handle)
        self.url = self.http.url

    def stop(self) -> None:
        self._closed.set()
        self.http.stop()

    def expire_token(self) -> None:
        """The token ends before its time."""
        self._token = "ended"

    def new(self, kind: str) -> str:
        """An id that was never given out before."""
        return f"{kind}_{next(self._numbers):032x}"

    # ---- one call

    def _handle(
        self, method: str, path: str, query: Json, headers: Json, body: bytes
    ) -> tuple[int, Any] | None:
        route = next((r for r in self._routes() if re.fullmatch(r[1], f"{method} {path}")), None)
        name = route[0] if route else f"{method} {path}"
        self.calls[name] += 1
        fault = self.faults.pop(0) if name in SENDS and self.faults else ""
        if fault == "busy":
            return Rejected(230020, "This operation triggers the frequency limit.").answer
        if fault == "error":
            return 502, b"<html>bad gateway</html>"
        with self._lock:
            try:
                if route is None:
                    self.complaints.append(name)
                    raise Rejected(99991001, "no such path", 404)
                found: Any = self._act(route, path, query, headers, body)
            except Rejected as error:
                found = error.answer
        if fault == "hang":
            self._closed.wait()
        return None if fault in ("hang", "drop") else found

    def _routes(self) -> list[tuple[str, str, Any]]:
        api = "/open-apis"
        return [
            ("token", f"POST {api}/auth/v3/tenant_access_token/internal", self._make_token),
            ("endpoint", "POST /callback/ws/endpoint", self.endpoint),
            ("hook", f"POST {api}/bot/v2/hook/[^/]+", self._robot_says),
            ("bot", f"GET {api}/bot/v3/info", self._bot),
            ("user", f"GET {api}/contact/v3/users/[^/]+", self._user),
            ("chat", f"GET {api}/im/v1/chats/[^/]+", self._chat),
            ("POST messages", f"POST {api}/im/v1/messages", self._send),
            ("PATCH messages", f"PATCH {api}/im/v1/messages/[^/]+", self._patch),
            ("PUT messages", f"PUT {api}/im/v1/messages/[^/]+", self._put),
            ("images", f"POST {api}/im/v1/images", self._upload),
            ("files", f"POST {api}/im/v1/files", self._upload),
            ("resources", f"GET {api}/im/v1/messages/[^/]+/resources/[^/]+", self._resource),
        ]

    def _act(
        self, route: tuple[str, str, Any], path: str, query: Json, headers: Json, body: bytes
    ) -> tuple[int, Any]:
        name, _, act = route
        if name not in ("token", "endpoint", "hook"):
            if "authorization" not in headers:
                raise Rejected(99991661, "Missing access token for authorization.")
            if headers["authorization"] != f"Bearer {self._token}":
                raise Rejected(99991663, "Invalid access token for authorization.")
        if name in ("images", "files"):
            sent: Any = form(headers["content-type"], body)
        else:
            largest = ROBOT_BYTES if name == "hook" else MESSAGE_BYTES
            if len(body) > largest:
                self.complaints.append(f"{name}: {len(body)} bytes")
                raise Rejected(230025, "The length of the message content reaches its limit.")
            sent = json.loads(body) if body else {}
        found = act(path.rpartition("/")[2], query, sent, path)
        return found if isinstance(found, tuple) else (200, {"code": 0, "msg": "success", **found})

    def endpoint(self, _: str, query: Json, sent: Json, path: str) -> Any:
        raise Rejected(1000040343, "the long connection is not chosen")

    def _make_token(self, _: str, query: Json, sent: Json, path: str) -> Json:
        self.fields("token", sent, {"app_id", "app_secret"})
        if sent["app_id"] != self.app_id:
            raise Rejected(10003, "invalid param", 200)
        if sent["app_secret"] != self.secret:
            raise Rejected(10014, "app secret invalid", 200)
        self._token = self.new("t")
        return {"tenant_access_token": self._token, "expire": 7200}

    def _bot(self, _: str, query: Json, sent: Json, path: str) -> Json:
        return {"bot": {"activate_status": 2, "app_name": "督办助手", "open_id": ROBOT}}

    def _user(self, account: str, query: Json, sent: Json, path: str) -> Json:
        if not self.tells_names:
            raise Rejected(99991672, "Access denied. One of the following scopes is required")
        return {"data": {"user": {"open_id": account, "name": self.names[account]}}}

    def _chat(self, chat: str, query: Json, sent: Json, path: str) -> Json:
        return {"data": {"name": "安全生产专班", "chat_mode": "group"}}

    # ---- messages

    def _send(self, _: str, query: Json, sent: Json, path: str) -> Json:
        self.fields("send", sent, {"receive_id", "msg_type", "content"}, {"uuid"})
        wanted = "chat_id" if sent["receive_id"].startswith("oc_") else "open_id"
        if query != {"receive_id_type": wanted} or len(sent.get("uuid", "")) > 50:
            self.complaints.append(f"send with {query} {sent.get('uuid')}")
        chat = sent["receive_id"]
        if chat in self.gone:
            raise Rejected(230002, "The bot can not be outside the group.")
        if chat not in self.chats:
            raise Rejected(230001, "Your request contains an invalid request parameter, ext=invalid receive_id.")  # fmt: skip
        uuid = sent.get("uuid", "")
        if uuid and uuid in self._uuids:
            return {"data": {"message_id": self._uuids[uuid]}}
        message_id = self.new("om")
        self._uuids[uuid] = message_id
        kept = Kept(Shown(message_id, ""), sent["msg_type"])
        self._draw(kept, json.loads(sent["content"]))
        self.messages[message_id] = kept
        self.chats[chat].append(message_id)
        return {"data": {"message_id": message_id, "msg_type": kept.kind, "chat_id": chat}}

    def _patch(self, message_id: str, query: Json, sent: Json, path: str) -> Json:
        self.fields("patch", sent, {"content"})
        return self._edit(message_id, "interactive", sent)

    def _put(self, message_id: str, query: Json, sent: Json, path: str) -> Json:
        self.fields("put", sent, {"msg_type", "content"})
        if (kept := self.messages.get(message_id)) and kept.edits >= 20:
            raise Rejected(230072, "The message has reached the number of times it can be edited.")
        return self._edit(message_id, sent["msg_type"], sent)

    def _edit(self, message_id: str, kind: str, sent: Json) -> Json:
        kept = self.messages.get(message_id)
        if kept is None:
            raise Rejected(230001, "invalid message_id")
        if kept.kind != kind:
            raise Rejected(230054, "This operation is NOT supported for this message type.")
        self._draw(kept, json.loads(sent["content"]))
        kept.shown.edited, kept.edits = True, kept.edits + 1
        return {"data": {}}

    def _draw(self, kept: Kept, content: Json) -> None:
        shown = kept.shown
        match kept.kind:
            case "post":
                shown.text = self._read_post(content)
            case "interactive":
                self._read_card(kept, content)
            case "image" | "file":
                key = content[f"{kept.kind}_key"]
                if not key.startswith("img" if kept.kind == "image" else "file"):
                    raise Rejected(230055, "The type of file upload does not match")
                name, there = self.uploaded[key]
                shown.files[name] = there
            case _:
                self.complaints.append(f"msg_type {kept.kind}")
                raise Rejected(230001, "invalid msg_type")

    def _read_post(self, content: Json) -> str:
        self.fields("post", content, {"zh_cn"})
        self.fields("zh_cn", content["zh_cn"], {"content"}, {"title"})
        lines = []
        for line in content["zh_cn"]["content"]:
            for part in line:
                wanted = {"tag", "text"} if part["tag"] == "text" else {"tag", "user_id"}
                self.fields(part["tag"], part, wanted)
            self.pointed_at += [part["user_id"] for part in line if part["tag"] == "at"]
            lines.append("".join(part.get("text", "") for part in line))
        return "\n".join(lines)

    def _read_card(self, kept: Kept, card: Json) -> None:
        self.fields("card", card, {"config", "elements"}, {"header"})
        if card["config"].get("update_multi") is not True:
            self.complaints.append("a card that can't be changed for all")
        words, kept.values = [], {}
        if "header" in card:
            words.append(card["header"]["title"]["content"])
        for element in card["elements"]:
            match element["tag"]:
                case "div":
                    self.fields("div", element, {"tag", "text"})
                    words.append(element["text"]["content"])
                case "markdown":
                    self.pointed_at += re.findall(r"<at id=(\w+)></at>", element["content"])
                case "action":
                    for button in element["actions"]:
                        self.fields("button", button, {"tag", "text", "type", "value"})
                        kept.values[button["text"]["content"]] = button["value"]
                case tag:
                    self.complaints.append(f"card element {tag}")
        if not words:
            self.complaints.append("an empty card")
        kept.shown.text, kept.shown.buttons = "\n".join(words), list(kept.values)

    def _robot_says(self, key: str, query: Json, sent: Json, path: str) -> Any:
        self.fields("hook", sent, {"timestamp", "sign", "msg_type", "content"})
        if key != self.robot_key or "robot" in self.gone:
            raise Rejected(19001, "param invalid: incoming webhook access token invalid", 200)
        signed = f"{sent['timestamp']}\n{self.robot_secret}".encode()
        wanted = base64.b64encode(hmac.new(signed, b"", hashlib.sha256).digest()).decode()
        if sent["sign"] != wanted or abs(time.time() - int(sent["timestamp"])) > 3600:
            raise Rejected(19021, "sign match fail or timestamp is not within one hour", 200)
        self.fields("content", sent["content"], {"post"})
        message_id = self.new("om")
        text = self._read_post(sent["content"]["post"])
        self.messages[message_id] = Kept(Shown(message_id, text), "post")
        self.chats["robot"].append(message_id)
        return {"data": {}, "StatusCode": 0, "StatusMessage": "success"}

    # ---- files

    def _upload(
        self, kind: str, query: Json, sent: dict[str, tuple[str, bytes]], path: str
    ) -> Json:
        plain = {name: content.decode() for name, (file, content) in sent.items() if not file}
        if kind == "images":
            self.fields("images", sent, {"image_type", "image"})
            name, content = sent["image"]
            key = self.new("img")
            right = plain["image_type"] == "message" and len(content) <= 10 * 1024 * 1024
        else:
            self.fields("files", sent, {"file_type", "file_name", "file"})
            name, content = plain["file_name"], sent["file"][1]
            key = self.new("file")
            right = plain["file_type"] in FILE_TYPES and len(content) <= 30 * 1024 * 1024
        if not right or not content:
            self.complaints.append(f"upload {plain}")
            raise Rejected(234006, "The file size exceed the max value.")
        self.uploaded[key] = (name, content)
        return {"data": {"image_key" if kind == "images" else "file_key": key}}

    def _resource(self, key: str, query: Json, sent: Json, path: str) -> Any:
        message_id = path.split("/")[-3]
        if query.get("type") not in ("file", "image") or (message_id, key) not in self.files:
            raise Rejected(234003, "File not in msg.")
        return 200, self.files[message_id, key]

    def fields(
        self, what: str, found: Json, required: set[str], optional: set[str] = frozenset()
    ) -> None:  # fmt: skip
        if not required <= found.keys() <= required | optional:
            self.complaints.append(f"{what}: {sorted(found)}, not {sorted(required)}")
            raise Rejected(230001, "Your request contains an invalid request parameter")
