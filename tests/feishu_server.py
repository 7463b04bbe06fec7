"""Feishu's end of the wire: it tells the product of messages and presses, by signed calls or by the long connection."""

import base64
import hashlib
import json
import os
import time
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from feishu_api import GROUP, ROBOT, FeishuApi, Json
from feishu_wire import LongConnection, url_of
from vendor import BOSS, Deliver, NotHere, OnlySpeaks, Shown

from bot.messages import Call, CallReply

ENCRYPT_KEY, TOKEN = "kudryavka-of-tests", "verification-token-of-tests"
P2P = "oc_private_chat_of_the_boss"
UNIT = "市农业农村局"


class FeishuServer:
    """One tenant, its app, and the people who speak to it; the product is called by HTTP."""

    name = "feishu"

    def __init__(self) -> None:
        self.api = FeishuApi()
        self.complaints = self.api.complaints
        self._last: Json = {}

    def settings(self) -> dict[str, Any]:
        return {
            "feishu_app_id": self.api.app_id, "feishu_app_secret": self.api.secret,
            "feishu_mode": "callback", "feishu_encrypt_key": ENCRYPT_KEY,
            "feishu_verification_token": TOKEN, "feishu_base_url": self.api.url,
        }  # fmt: skip

    def start(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self.api.start()

    def stop(self) -> None:
        self.api.stop()

    def chat_id(self, chat: str) -> str:
        return {"private": BOSS, "group": GROUP}[chat]

    def say(self, chat: str, account: str, text: str, *, addressed: bool = True) -> None:
        mentions: list[Json] = []
        if chat == "group" and addressed:
            mentions = [{"key": "@_user_1", "id": {"open_id": ROBOT}, "name": "督办助手"}]
            text = f"@_user_1 {text}"
        self.message(chat, account, "text", {"text": text}, mentions)

    def send_file(self, chat: str, account: str, name: str, content: bytes) -> None:
        message_id, key = self.api.new("om"), self.api.new("file_v2")
        self.api.files[message_id, key] = content
        told = {"file_key": key, "file_name": name}
        self.message(chat, account, "file", told, message_id=message_id)

    def send_other(self, chat: str, account: str) -> None:
        self.message(chat, account, "hologram", {"beam": "up"})

    def press(self, chat: str, message_id: str, account: str, label: str) -> None:
        kept = self.api.messages[message_id]
        event = {
            "operator": {"tenant_key": "t", "open_id": account, "union_id": "on_1"},
            "token": "c-1", "host": "im_message",
            "action": {"value": kept.values[label], "tag": "button", "timezone": "Asia/Shanghai"},
            "context": {
                "open_message_id": message_id,
                "open_chat_id": GROUP if chat == "group" else P2P,
            },
        }  # fmt: skip
        self.tell("card.action.trigger", event, stamp=str(int(time.time() * 1e6)))

    def shown(self, chat: str) -> list[Shown]:
        kept = [self.api.messages[one].shown for one in self.api.chats[self.chat_id(chat)]]
        return [Shown(m.message_id, m.text, list(m.buttons), dict(m.files), m.edited) for m in kept]

    def redeliver(self) -> None:
        """After three seconds without an answer; everything but the envelope is the same."""
        assert self.deliver(self._last).status == 200

    def forge(self, chat: str, account: str, text: str) -> bool:
        event = self._message(chat, account, "text", {"text": text}, [], "om_forged")
        complete = self._complete("im.message.receive_v1", event, "")
        # who has learnt the encryption by some leak still can't sign a body of his own
        call = sealed_call(complete, signed_with="guessed")
        return self._deliver(call).status == 403

    def replay(self) -> bool:
        """Whoever listened in can't sign the call anew: it carries the time of yesterday."""
        return self._deliver(sealed_call(self._last, at=time.time() - 86_400)).status == 403

    def fail(self, kind: str, times: int = 1) -> None:
        self.api.faults += [kind] * times

    def gone(self, chat: str) -> None:
        self.api.gone.add(self.chat_id(chat))

    # ---- telling the product

    def message(
        self, chat: str, account: str, kind: str, content: Json,
        mentions: list[Json] | None = None, message_id: str = "",
    ) -> None:  # fmt: skip
        """What a person sends, of any kind."""
        message_id = message_id or self.api.new("om")
        event = self._message(chat, account, kind, content, mentions or [], message_id)
        self.tell("im.message.receive_v1", event)

    def tell(self, kind: str, event: Json, stamp: str = "") -> None:
        """Calls until the product says yes, at most four times more."""
        self._last = self._complete(kind, event, stamp)
        statuses: list[int] = []
        while not statuses or (statuses[-1] != 200 and len(statuses) < 5):
            statuses.append(self.deliver(self._last).status)
        assert statuses[-1] == 200, statuses

    def deliver(self, event: Json) -> CallReply:
        """One call, in an envelope of its own."""
        return self._deliver(sealed_call(event))

    def _message(
        self, chat: str, account: str, kind: str, content: Json, mentions: list[Json],
        message_id: str,
    ) -> Json:  # fmt: skip
        in_group = chat == "group"
        return {
            "sender": {
                "sender_id": {"open_id": account, "union_id": "on_1", "user_id": "e1"},
                "sender_type": "user", "tenant_key": "t",
            },
            "message": {
                "message_id": message_id, "create_time": str(int(time.time() * 1000)),
                "update_time": str(int(time.time() * 1000)),
                "chat_id": GROUP if in_group else P2P, "chat_type": "group" if in_group else "p2p",
                "message_type": kind, "content": json.dumps(content), "user_agent": "Mozilla/5.0",
                **({"mentions": mentions} if mentions else {}),
            },
        }  # fmt: skip

    def _complete(self, kind: str, event: Json, stamp: str) -> Json:
        header = {
            "event_id": self.api.new("event"), "token": TOKEN, "event_type": kind,
            "create_time": stamp or str(int(time.time() * 1000)), "tenant_key": "t",
            "app_id": self.api.app_id,
        }  # fmt: skip
        return {"schema": "2.0", "header": header, "event": event}


class StreamServer(FeishuServer):
    """The same, heard by the long connection; there the connection vouches for who speaks."""

    def settings(self) -> dict[str, Any]:
        callback = ("feishu_encrypt_key", "feishu_verification_token")
        settings = {k: v for k, v in super().settings().items() if k not in callback}
        return {**settings, "feishu_mode": "stream"}

    def start(self, deliver: Deliver) -> None:
        super().start(deliver)
        self.wire = LongConnection(self.complaints)
        self.api.endpoint = self._endpoint  # type: ignore[method-assign]

    def stop(self) -> None:
        self.wire.stop()
        super().stop()

    def tell(self, kind: str, event: Json, stamp: str = "") -> None:
        self._last = self._complete(kind, event, stamp)
        self.wire.push(self._last["header"]["event_id"], self._last)

    def redeliver(self) -> None:
        self.wire.push(self._last["header"]["event_id"], self._last)

    def forge(self, chat: str, account: str, text: str) -> bool:
        raise NotHere("nobody but Feishu speaks on the long connection")

    def replay(self) -> bool:
        raise NotHere("nobody can listen in to the long connection")

    def _endpoint(self, _: str, query: Json, sent: Json, path: str) -> Any:
        self.api.fields("endpoint", sent, {"AppID", "AppSecret"})
        if (sent["AppID"], sent["AppSecret"]) != (self.api.app_id, self.api.secret):
            return 200, {"code": 1000040346, "msg": "app_id or app_secret is invalid"}
        pace = {"ReconnectCount": -1, "ReconnectInterval": 1, "ReconnectNonce": 30}
        url = url_of(self.wire, self.api.new("ticket"))
        return {"data": {"URL": url, "ClientConfig": {**pace, "PingInterval": 120}}}


class RobotServer(OnlySpeaks, FeishuServer):
    """The group robot alone: it speaks into "group", and nobody can answer."""

    name = "feishu-robot"

    def settings(self) -> dict[str, Any]:
        url = f"{self.api.url}/open-apis/bot/v2/hook/{self.api.robot_key}"
        return {"feishu_webhooks": f"{UNIT}={url}|{self.api.robot_secret}"}

    def chat_id(self, chat: str) -> str:
        return UNIT

    def shown(self, chat: str) -> list[Shown]:
        # the first thing it says is that its group is to be bound to the unit of its name
        kept = [self.api.messages[one].shown for one in self.api.chats["robot"]]
        return [m for m in kept if "绑定" not in m.text]

    def gone(self, chat: str) -> None:
        self.api.gone.add("robot")


def make() -> FeishuServer:
    return FeishuServer()


def make_stream() -> StreamServer:
    return StreamServer()


def make_robot() -> RobotServer:
    return RobotServer()


def sealed_call(
    event: Json | bytes, *, key: str = ENCRYPT_KEY, signed_with: str = ENCRYPT_KEY,
    at: float | None = None, nonce: str = "1372623149",
) -> Call:  # fmt: skip
    """A call of the vendor: the event as JSON, encrypted with AES, the call signed."""
    plain = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
    body = json.dumps({"encrypt": seal(plain, key)}).encode()
    stamp = str(int(time.time() if at is None else at))
    signed = f"{stamp}{nonce}{signed_with}".encode() + body
    headers = {
        "content-type": "application/json", "x-lark-request-timestamp": stamp,
        "x-lark-request-nonce": nonce, "x-lark-signature": hashlib.sha256(signed).hexdigest(),
    }  # fmt: skip
    return Call("POST", {}, headers, body)


def seal(plain: bytes, key: str) -> str:
    """16 random bytes, then AES-256-CBC of the padded text under the key's SHA-256, as base64."""
    start = os.urandom(16)
    padding = PKCS7(128).padder()
    secret = hashlib.sha256(key.encode()).digest()
    cipher = Cipher(algorithms.AES(secret), modes.CBC(start)).encryptor()
    padded = padding.update(plain) + padding.finalize()
    return base64.b64encode(start + cipher.update(padded) + cipher.finalize()).decode()
