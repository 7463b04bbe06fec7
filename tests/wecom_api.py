"""WeCom's REST interface on loopback, strictly as its documentation has it, with its faults.

What no correct program sends, a wrong path, an unknown or missing field, a text that is too long, is
kept in `complaints` besides the errcode that the vendor answers with.
"""

import base64
import json
import re
import threading
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

from http_wire import Answer, HttpWire, Json, form
from vendor import BOSS, CLERK, Shown

TEXT_BYTES, FILE_BYTES, PICTURE_BYTES = 2048, 20 * 1024 * 1024, 10 * 1024 * 1024
TITLE, BODY, LABEL, BUTTONS = 36, 160, 10, 6  # what a card shows, in characters
FILLER = "督办助手"  # a title that the vendor asks for, and nobody wrote


@dataclass
class Card:
    """What the vendor keeps of a card: who has it, and what its buttons bring back."""

    to: str
    shown: Shown
    keys: dict[str, str] = field(default_factory=dict)  # label → key
    is_grey: bool = False


class Rejected(Exception):
    """An errcode, as the vendor answers with it; the HTTP status is 200."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errmsg)
        self.body = {"errcode": errcode, "errmsg": f"{errmsg}, hint: [16], from ip: 127.0.0.1"}


class WecomApi:
    """One corporation with one app and one group robot: open it with `start`."""

    corp_id, secret, agent_id, robot_key = "ww5823bf96d3bd56c7", "s3cret-of-tests", 1000002, "k-1"

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.calls: list[str] = []  # the paths, failed ones too
        self.faults: list[str] = []  # of the next calls that send
        self.members = {BOSS, CLERK}
        self.has_robot, self.knows_address = True, True
        self.chats: dict[str, list[Shown]] = {"robot": []}
        self.cards: dict[str, Card] = {}  # by task id
        self.codes: dict[str, str] = {}  # response code → task id
        self.media: dict[str, tuple[str, bytes]] = {}
        self.pointed_at: list[str] = []
        self._token, self._made = "", 0
        self._closed = threading.Event()
        self._lock = threading.Lock()

    def start(self) -> None:
        self._server = HttpWire(self._handle)
        self.url = self._server.url

    def stop(self) -> None:
        self._closed.set()
        self._server.stop()

    def expire_token(self) -> None:
        """The token ends before its time, as when another program asks for one."""
        self._token = "ended"

    def new(self, kind: str) -> str:
        """An id that was never given out before."""
        self._made += 1
        return f"{kind}-{self._made}"

    # ---- one call

    def _handle(
        self, method: str, path: str, query: dict[str, str], headers: Json, body: bytes
    ) -> Answer:
        name = path.removeprefix("/cgi-bin/")
        self.calls.append(name)
        fault = ""
        if name in ("message/send", "webhook/send") and self.faults:
            fault = self.faults.pop(0)
        if fault == "busy":
            return 200, Rejected(45033, "api concurrent out of limit").body
        if fault == "error":
            return 502, {}
        with self._lock:
            try:
                found = self._route(method, name, query, body, headers.get("content-type", ""))
            except Rejected as error:
                found = error.body
        if fault == "hang":
            self._closed.wait()
        if fault in ("hang", "drop"):
            return None
        if isinstance(found, bytes):
            return 200, found, {"Content-Disposition": 'attachment; filename="media"'}
        # the vendor writes Han as themselves
        return 200, json.dumps(found, ensure_ascii=False).encode()

    def _route(
        self, method: str, name: str, query: dict[str, str], body: bytes, content_type: str
    ) -> Any:
        routes = {
            "gettoken": ("GET", {"corpid", "corpsecret"}, self._gettoken),
            "agent/get": ("GET", {"access_token", "agentid"}, self._agent),
            "message/send": ("POST", {"access_token"}, self._send),
            "message/update_template_card": ("POST", {"access_token"}, self._update),
            "media/upload": ("POST", {"access_token", "type"}, self._upload),
            "media/get": ("GET", {"access_token", "media_id"}, self._download),
            "webhook/send": ("POST", {"key"}, self._robot_says),
            "webhook/upload_media": ("POST", {"key", "type"}, self._upload),
        }
        wanted, names, act = routes.get(name, ("", set(), None))
        if act is None or method != wanted or query.keys() != names:
            self.complaints.append(f"{method} {name} with {sorted(query)}")
            raise Rejected(-1, "no such call")
        if "access_token" in names and query["access_token"] != self._token:
            raise Rejected(40014, "invalid access_token")
        if "key" in names and (query["key"] != self.robot_key or not self.has_robot):
            raise Rejected(93000, "invalid webhook url")
        if name.endswith(("upload", "upload_media")):
            ((field, (name, content)),) = form(content_type, body).items()
            return act(query, (field, name, content))
        if b"\\u" in body:
            raise Rejected(40033, "invalid charset, \\uxxxx is not allowed")
        return act(query, json.loads(body) if method == "POST" else {})

    def _gettoken(self, query: dict[str, str], _: Json) -> Json:
        if query["corpid"] != self.corp_id:
            raise Rejected(40013, "invalid corpid")
        if query["corpsecret"] != self.secret:
            raise Rejected(40001, "invalid credential")
        self._token = self.new("token")
        return ok(access_token=self._token, expires_in=7200)

    def _agent(self, query: dict[str, str], _: Json) -> Json:
        if query["agentid"] != str(self.agent_id):
            raise Rejected(301002, "not allow operate another agent with this accesstoken")
        return ok(agentid=self.agent_id, name="督办助手")

    # ---- messages

    def _send(self, _: dict[str, str], message: Json) -> Json:
        if not self.knows_address:
            raise Rejected(60020, "not allow to access from your ip")
        kind = str(message.get("msgtype"))
        self._fields("message/send", message, {"touser", "msgtype", "agentid", kind})
        if message["agentid"] != self.agent_id:
            raise Rejected(40056, "invalid agentid")
        to = message["touser"]
        if to not in self.members:
            raise Rejected(81013, "user & party & tag all invalid")
        msgid = self.new("msg")
        if kind != "template_card":
            self.chats.setdefault(to, []).append(self._shown(msgid, kind, message[kind]))
            return ok(msgid=msgid)
        card = message[kind]
        task_id, code = card.pop("task_id", ""), self.new("code")
        if not re.fullmatch(r"[\w@-]{1,128}", task_id, re.ASCII) or task_id in self.cards:
            self.complaints.append(f"task_id {task_id}")
            raise Rejected(41045, "invalid task_id")
        kept = Card(to, Shown(task_id, ""))
        self._draw(kept, card)
        self.cards[task_id], self.codes[code] = kept, task_id
        self.chats.setdefault(to, []).append(kept.shown)
        return ok(msgid=msgid, response_code=code)

    def _update(self, _: dict[str, str], change: Json) -> Json:
        what = "template_card" if "template_card" in change else "button"
        self._fields("update", change, {"userids", "agentid", "response_code", what})
        task_id = self.codes.pop(change["response_code"], "")
        if not task_id:
            raise Rejected(42045, "response_code expired or already used")
        card = self.cards[task_id]
        if change["userids"] != [card.to]:
            self.complaints.append(f"update for {change['userids']}")
        if what == "button":
            self._fields("button", change["button"], {"replace_name"})
            card.shown.buttons, card.is_grey = [change["button"]["replace_name"]], True
        else:
            self._draw(card, change["template_card"])
        card.shown.edited = True
        return ok()

    def _draw(self, kept: Card, card: Json) -> None:
        required = {"card_type", "main_title", "button_list"}
        self._fields("card", card, required, {"sub_title_text"})
        title, body = card["main_title"]["title"], card.get("sub_title_text", "")
        buttons = card["button_list"]
        for button in buttons:
            self._fields("button", button, {"text", "key"}, {"style", "type"})
        if (
            card["card_type"] != "button_interaction"
            or not 0 < len(title) <= TITLE
            or len(body) > BODY
            or not 0 < len(buttons) <= BUTTONS
            or any(len(b["text"]) > LABEL or len(b["key"].encode()) > 1024 for b in buttons)
        ):
            self.complaints.append(f"a card that can't be shown: {card}")
        words = [text for text in (title if title != FILLER else "", body) if text]
        kept.shown.text = "\n".join(words)
        kept.keys = {button["text"]: button["key"] for button in buttons}
        kept.shown.buttons = list(kept.keys)

    def _robot_says(self, _: dict[str, str], message: Json) -> Json:
        kind = str(message.get("msgtype"))
        self._fields("webhook/send", message, {"msgtype", kind})
        self.chats["robot"].append(self._shown(self.new("msg"), kind, message[kind]))
        return ok()

    def _shown(self, msgid: str, kind: str, content: Json) -> Shown:
        match kind:
            case "text":
                self._fields(kind, content, {"content"}, {"mentioned_list"})
                text = content["content"].encode()
                if not 0 < len(text) <= TEXT_BYTES:
                    self.complaints.append(f"a text of {len(text)} bytes")
                self.pointed_at += content.get("mentioned_list", [])
                return Shown(msgid, text[:TEXT_BYTES].decode(errors="ignore"))
            case "image" if "base64" in content:
                self._fields(kind, content, {"base64", "md5"})
                picture = base64.b64decode(content["base64"])
                if md5(picture).hexdigest() != content["md5"]:
                    raise Rejected(40009, "invalid image md5")
                return Shown(msgid, "", files={"picture.png": picture})
            case "image" | "file":
                self._fields(kind, content, {"media_id"})
                if content["media_id"] not in self.media:
                    raise Rejected(40007, "invalid media_id")
                name, there = self.media[content["media_id"]]
                return Shown(msgid, "", files={name: there})
        self.complaints.append(f"msgtype {kind}")
        raise Rejected(40008, "invalid message type")

    # ---- files

    def _upload(self, query: dict[str, str], part: tuple[str, str, bytes]) -> Json:
        field_name, name, content = part
        limit = PICTURE_BYTES if query["type"] == "image" else FILE_BYTES
        if field_name != "media" or query["type"] not in ("image", "file") or not name:
            self.complaints.append(f"upload of {field_name} {name} as {query['type']}")
            raise Rejected(40004, "invalid media type")
        if not 5 < len(content) <= limit:
            raise Rejected(40006, "invalid media size")
        media_id = self.new("media")
        self.media[media_id] = (name, content)
        return ok(type=query["type"], media_id=media_id, created_at="1380000000")

    def _download(self, query: dict[str, str], _: Json) -> bytes:
        if query["media_id"] not in self.media:
            raise Rejected(40007, "invalid media_id")
        return self.media[query["media_id"]][1]

    def _fields(
        self, what: str, found: Json, required: set[str], optional: set[str] = frozenset()
    ) -> None:  # fmt: skip
        if not required <= found.keys() <= required | optional:
            self.complaints.append(f"{what}: {sorted(found)}, not {sorted(required)}")
            raise Rejected(40063, "some parameters are empty")


def ok(**more: Any) -> Json:
    """The vendor's yes."""
    return {"errcode": 0, "errmsg": "ok", **more}
