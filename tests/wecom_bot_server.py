"""The AI bot's end of the wire: what people do in its chats and what they see, strictly by its documentation."""

import base64
import itertools
import os
import re
import threading
import time
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from dingtalk_calls import seen
from http_wire import Answer, HttpWire
from vendor import BOSS, CLERK, Deliver, NotHere, Shown
from wecom_bot_wire import BotWire, Json, Rejected, Silence

from bot.platforms._wecom_card import NO_TITLE

GROUP = "wrkSFfCgAAtestsOnlyGroup"
TEXT_BYTES, CHUNK_BYTES, CHUNKS, FILE_BYTES = 20_480, 512 * 1024, 100, 20 * 1024 * 1024
PICTURE_BYTES = 2 * 1024 * 1024
TITLE, BODY, LABEL, BUTTONS = 26, 112, 10, 6  # what a card shows, in characters
MESSAGE, EVENT = "aibot_msg_callback", "aibot_event_callback"
FIELDS = {
    "aibot_send_msg": {"chatid", "chat_type", "msgtype"},  # and what the type is called
    "aibot_respond_update_msg": {"response_type", "template_card"},
    "aibot_upload_media_init": {"type", "filename", "total_size", "total_chunks", "md5"},
    "aibot_upload_media_chunk": {"upload_id", "chunk_index", "base64_data"},
    "aibot_upload_media_finish": {"upload_id"},
}


@dataclass
class Upload:
    """A file on its way."""

    about: Json
    chunks: dict[int, bytes] = field(default_factory=dict)


class WecomBotServer:
    """One bot, which BOSS has written to alone and which is in a group with BOSS and CLERK."""

    name = "wecom_bot"
    bot_id, secret = "aibInventedForTests", "an-invented-secret-for-tests"

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.faults: list[str] = []  # of the next messages
        self._numbers = itertools.count(1)
        self._chats: dict[str, dict[str, Shown]] = {BOSS: {}, CLERK: {}, GROUP: {}}
        self._cards: dict[str, tuple[str, dict[str, str]]] = {}  # task id → (chat, label → key)
        self._presses: dict[str, str] = {}  # the id of a press → the card it may change
        self._uploads: dict[str, Upload] = {}
        self._media: dict[str, tuple[str, str, bytes]] = {}
        self._files: dict[str, tuple[str, bytes]] = {}
        self._gone: set[str] = set()
        self._last: tuple[str, Json] = ("", {})
        self._lock = threading.RLock()

    def settings(self) -> dict[str, Any]:
        return {
            "wecom_bot_id": self.bot_id, "wecom_bot_secret": self.secret,
            "wecom_bot_url": self.wire.url,
        }  # fmt: skip

    def start(self, deliver: Deliver | None = None) -> None:
        self.http = HttpWire(self._download)
        credentials = {"bot_id": self.bot_id, "secret": self.secret}
        self.wire = BotWire(self.complaints, credentials, self._do)

    def stop(self) -> None:
        self.wire.stop()
        self.http.stop()

    def chat_id(self, chat: str) -> str:
        return {"private": BOSS, "group": f"group:{GROUP}"}[chat]

    # ---- what people do

    def say(self, chat: str, account: str, text: str, *, addressed: bool = True) -> None:
        if chat == "group" and not addressed:
            return  # WeCom tells a bot only what is meant for it
        content = f"@督办助手 {text}" if chat == "group" else text
        self.message(chat, account, msgtype="text", text={"content": content})

    def send_file(self, chat: str, account: str, name: str, content: bytes) -> None:
        if chat == "group":
            raise NotHere("a bot gets no files in a group")
        self.message(chat, account, msgtype="file", file=self.sealed(name, content))

    def send_other(self, chat: str, account: str) -> None:
        video = self.sealed("现场.mp4", b"moving pictures")
        self.message(chat, account, msgtype="video", video=video)

    def press(self, chat: str, message_id: str, account: str, label: str) -> None:
        where, keys = self._cards[message_id]
        assert where == self._key(chat)
        pressed = {"card_type": "button_interaction", "event_key": keys[label], "task_id": message_id}  # fmt: skip
        event = {"eventtype": "template_card_event", "template_card_event": pressed}
        self.call(EVENT, {
            **self._from(chat, account), "create_time": int(time.time()), "msgtype": "event",
            "event": event,
        })  # fmt: skip

    def message(self, chat: str, account: str, **content: Any) -> None:
        """A message; nothing of when it was said."""
        self.call(MESSAGE, {**self._from(chat, account), **content})

    def call(self, cmd: str, body: Json) -> None:
        self._last = cmd, body
        call_id = f"call-{next(self._numbers)}"
        if cmd == EVENT:
            self._presses[call_id] = body["event"].get("template_card_event", {}).get("task_id", "")
        self.wire.push(cmd, call_id, body)

    def sealed(self, name: str, content: bytes) -> Json:
        """A file that lies ready for five minutes, and the key it is sealed with."""
        key, path = os.urandom(32), f"/{next(self._numbers)}"
        padding = PKCS7(256).padder()
        cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        padded = padding.update(content) + padding.finalize()
        self._files[path] = (name, cipher.update(padded) + cipher.finalize())
        return {
            "url": f"{self.http.url}{path}?sign=s%3D1",
            "aeskey": base64.b64encode(key).decode(),
        }

    def forget_files(self) -> None:
        """The five minutes are over."""
        self._files.clear()

    def shown(self, chat: str) -> list[Shown]:
        with self._lock:
            return list(self._chats[self._key(chat)].values())

    def redeliver(self) -> None:
        self.call(*self._last)

    def forge(self, chat: str, account: str, text: str) -> bool:
        raise NotHere("the product calls WeCom, and nobody calls the product")

    def replay(self) -> bool:
        self.call(*self._last)
        return False

    def fail(self, kind: str, times: int = 1) -> None:
        self.faults += [kind] * times

    def gone(self, chat: str) -> None:
        self._gone.add(self._key(chat))

    def _key(self, chat: str) -> str:
        return self.chat_id(chat).removeprefix("group:")

    def _from(self, chat: str, account: str) -> Json:
        where = (
            {"chatid": GROUP, "chattype": "group"} if chat == "group" else {"chattype": "single"}
        )
        return {
            "msgid": f"CAIQ{next(self._numbers)}/==", "aibotid": self.bot_id, **where,
            "from": {"userid": account}, "response_url": f"{self.http.url}/response",
        }  # fmt: skip

    # ---- what the product does

    def _download(self, method: str, path: str, query: Json, headers: Json, body: bytes) -> Answer:
        if path not in self._files:
            return 403, {"Code": "AccessDenied"}
        name, content = self._files[path]
        return 200, content, {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}

    def _do(self, cmd: str, call_id: str, body: Json) -> Json:
        fault = self.faults.pop(0) if cmd == "aibot_send_msg" and self.faults else ""
        if fault == "busy":
            raise Rejected(45033, "api concurrent out of limit")
        if fault == "error":
            raise Rejected(-1, "system busy")
        wanted = FIELDS.get(cmd)
        if wanted is None or body.keys() != wanted | ({body.get("msgtype")} - {None}):
            self.complaints.append(f"{cmd} with {sorted(body)}")
            raise Rejected(40058, "invalid Request Parameter")
        with self._lock:
            match cmd:
                case "aibot_send_msg":
                    found = self._send(body)
                case "aibot_respond_update_msg":
                    found = self._update(call_id, body)
                case _:
                    found = self._upload(cmd.rpartition("_")[2], body)
        if fault:
            raise Silence(breaks=fault == "drop")
        return found

    def _send(self, body: Json) -> Json:
        chat, kind = body["chatid"], body["msgtype"]
        if body["chat_type"] != (2 if chat == GROUP else 1):
            self.complaints.append(f"chat_type {body['chat_type']} for {chat}")
        if chat not in self._chats or chat in self._gone:
            raise Rejected(93006, "invalid chatid")
        content = body[kind]
        shown = Shown(f"msg-{next(self._numbers)}", "")
        match kind:
            case "markdown":
                if content.keys() != {"content"} or not 0 < len(content["content"].encode()) <= TEXT_BYTES:  # fmt: skip
                    self.complaints.append("a text of no or too many bytes")
                shown.text = seen(content["content"])
            case "template_card":
                if not re.fullmatch(r"[\w@-]{1,128}", content["task_id"], re.ASCII):
                    raise Rejected(41045, "invalid task_id")
                if content["task_id"] in self._cards:
                    self.complaints.append("a task id used twice")
                shown = self._draw(chat, content)
            case "file" | "image":
                found_kind, name, there = self._media[content["media_id"]]
                assert found_kind == kind
                shown.files[name] = there
            case _:
                raise Rejected(40008, "invalid message type")
        self._chats[chat][shown.message_id] = shown
        return {}

    def _update(self, call_id: str, body: Json) -> Json:
        card = body["template_card"]
        if self._presses.pop(call_id, None) != card["task_id"]:
            raise Rejected(846605, "invalid req_id")
        chat, _ = self._cards[card["task_id"]]
        shown = self._draw(chat, card)
        shown.edited = True
        self._chats[chat][shown.message_id] = shown
        return {}

    def _draw(self, chat: str, card: Json) -> Shown:
        title, body = card["main_title"]["title"], card.get("sub_title_text", "")
        buttons = card["button_list"]
        fields = {"card_type", "main_title", "button_list", "task_id"}
        if (
            not fields <= card.keys() <= fields | {"sub_title_text"}
            or card["card_type"] != "button_interaction"
            or any(button.keys() != {"text", "style", "key"} for button in buttons)
            or not 0 < len(title) <= TITLE
            or len(body) > BODY
            or not 0 < len(buttons) <= BUTTONS
            or any(len(b["text"]) > LABEL or len(b["key"].encode()) > 1024 for b in buttons)
        ):
            self.complaints.append(f"a card that can't be shown: {card}")
        self._cards[card["task_id"]] = chat, {b["text"]: b["key"] for b in buttons}
        words = [text for text in (title if title != NO_TITLE else "", body) if text]
        return Shown(card["task_id"], "\n".join(words), [b["text"] for b in buttons])

    def _upload(self, step: str, body: Json) -> Json:
        if step == "init":
            chunks = -(-body["total_size"] // CHUNK_BYTES)
            limit = PICTURE_BYTES if body["type"] == "image" else FILE_BYTES
            if body["type"] not in ("image", "file") or not 5 <= body["total_size"] <= limit:
                raise Rejected(40006, "invalid media size")
            if body["total_chunks"] != chunks or chunks > CHUNKS:
                self.complaints.append(f"{body['total_chunks']} chunks, not {chunks}")
            upload_id = f"upload-{next(self._numbers)}"
            self._uploads[upload_id] = Upload(body)
            return {"upload_id": upload_id}
        upload = self._uploads[body["upload_id"]]
        if step == "chunk":
            chunk = base64.b64decode(body["base64_data"], validate=True)
            if not 0 < len(chunk) <= CHUNK_BYTES:
                self.complaints.append(f"a chunk of {len(chunk)} bytes")
            upload.chunks[body["chunk_index"]] = chunk
            return {}
        content = b"".join(chunk for _, chunk in sorted(upload.chunks.items()))
        about = upload.about
        if sorted(upload.chunks) != list(range(about["total_chunks"])):
            raise Rejected(40058, "chunks are missing")
        if md5(content).hexdigest() != about["md5"] or len(content) != about["total_size"]:
            raise Rejected(40009, "invalid md5")
        media_id = f"media-{next(self._numbers)}"
        self._media[media_id] = about["type"], about["filename"], content
        return {"type": about["type"], "media_id": media_id, "created_at": "1380000000"}


def make() -> WecomBotServer:
    return WecomBotServer()
