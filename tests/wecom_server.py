"""WeCom's end of the wire: it calls the product with sealed XML, and is written to over its REST interface."""

import base64
import hashlib
import os
import time
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from vendor import BOSS, Deliver, NotHere, OnlySpeaks, Shown
from wecom_api import WecomApi

from bot.messages import Call, CallReply

TOKEN, AES_KEY = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
NO_GROUP = "an app hears nothing of groups"


class WecomServer:
    """One corporation and its app; a member's chat with the app is the only kind of chat."""

    name = "wecom"

    def __init__(self) -> None:
        self.api = WecomApi()
        self.complaints = self.api.complaints
        self._last: dict[str, Any] = {}

    def settings(self) -> dict[str, Any]:
        return {
            "wecom_corp_id": self.api.corp_id, "wecom_agent_id": str(self.api.agent_id),
            "wecom_secret": self.api.secret, "wecom_token": TOKEN, "wecom_aes_key": AES_KEY,
            "wecom_base_url": self.api.url,
        }  # fmt: skip

    def start(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self.api.start()

    def stop(self) -> None:
        self.api.stop()

    def chat_id(self, chat: str) -> str:
        if chat != "private":
            raise NotHere(NO_GROUP)
        return BOSS

    def say(self, chat: str, account: str, text: str, *, addressed: bool = True) -> None:
        self.message(chat, account, MsgType="text", Content=text)

    def send_file(self, chat: str, account: str, name: str, content: bytes) -> None:
        media_id = self.api.new("media")
        self.api.media[media_id] = (name, content)
        self.message(chat, account, MsgType="file", MediaId=media_id, FileName=name)

    def send_other(self, chat: str, account: str) -> None:
        self.message(chat, account, MsgType="sphfeed", FeedId="7")

    def press(self, chat: str, message_id: str, account: str, label: str) -> None:
        self.chat_id(chat)
        card = self.api.cards[message_id]
        assert label in card.shown.buttons and not card.is_grey, f"there is no {label}"
        code = self.api.new("code")
        self.api.codes[code] = message_id
        self.call(
            FromUserName=account, MsgType="event", Event="template_card_event",
            EventKey=card.keys[label], TaskId=message_id, CardType="button_interaction",
            ResponseCode=code,
        )  # fmt: skip

    def shown(self, chat: str) -> list[Shown]:
        return [
            Shown(m.message_id, m.text, list(m.buttons), dict(m.files), m.edited)
            for m in self.api.chats.get(self.chat_id(chat), [])
        ]

    def redeliver(self) -> None:
        """After five seconds without an answer; everything but the envelope is the same."""
        assert self.deliver(self._last).status == 200

    def forge(self, chat: str, account: str, text: str) -> bool:
        event = self._complete(FromUserName=account, MsgType="text", Content=text, MsgId="99")
        call = sealed_call(event, token="guessed", corp_id=self.api.corp_id)
        return self._deliver(call).status == 403

    def replay(self) -> bool:
        """Whoever listened in can't sign the call anew: it carries the time of an hour ago."""
        call = sealed_call(self._last, at=time.time() - 3600, corp_id=self.api.corp_id)
        return self._deliver(call).status == 403

    def fail(self, kind: str, times: int = 1) -> None:
        self.api.faults += [kind] * times

    def gone(self, chat: str) -> None:
        self.chat_id(chat)
        self.api.members.discard(BOSS)

    # ---- calling the product

    def message(self, chat: str, account: str, **tags: str) -> None:
        """What a member sends to the app; messages have an id, events have none."""
        self.chat_id(chat)
        self.call(
            FromUserName=account, MsgId=str(4561255354251345929 + len(self.api.calls)), **tags
        )

    def call(self, **tags: str) -> None:
        """Calls until the product says yes, at most three times more."""
        self._last = self._complete(**tags)
        statuses = []
        while not statuses or (statuses[-1] != 200 and len(statuses) < 4):
            statuses.append(self.deliver(self._last).status)
        assert statuses[-1] == 200, statuses

    def deliver(self, event: dict[str, Any]) -> CallReply:
        """One call, in an envelope of its own."""
        return self._deliver(sealed_call(event, corp_id=self.api.corp_id))

    def _complete(self, **tags: str) -> dict[str, Any]:
        when, agent = str(int(time.time())), str(self.api.agent_id)
        return {"ToUserName": self.api.corp_id, "CreateTime": when, **tags, "AgentID": agent}


class RobotServer(OnlySpeaks, WecomServer):
    """The group robot alone: it speaks into "group", and nobody can answer."""

    name = "wecom-robot"

    def settings(self) -> dict[str, Any]:
        url = f"{self.api.url}/cgi-bin/webhook/send?key={self.api.robot_key}"
        return {"wecom_webhooks": f"市农业农村局={url}"}

    def chat_id(self, chat: str) -> str:
        return "市农业农村局"

    def shown(self, chat: str) -> list[Shown]:
        # the first thing it says is that its group is to be bound to the unit of its name
        return [m for m in self.api.chats["robot"] if "绑定" not in m.text]

    def gone(self, chat: str) -> None:
        self.api.has_robot = False


def make() -> WecomServer:
    return WecomServer()


def make_robot() -> RobotServer:
    return RobotServer()


def sealed_call(
    event: dict[str, Any] | bytes, *, token: str = TOKEN, key: str = AES_KEY, corp_id: str,
    at: float | None = None, nonce: str = "1372623149",
) -> Call:  # fmt: skip
    """A call of the vendor: the event as XML, sealed with AES, its envelope signed."""
    xml = event if isinstance(event, bytes) else _xml(event)
    text = seal(xml, key, corp_id)
    stamp = str(int(time.time() if at is None else at))
    body = f"<xml><ToUserName><![CDATA[{corp_id}]]></ToUserName><Encrypt><![CDATA[{text}]]></Encrypt><AgentID>1</AgentID></xml>"  # fmt: skip
    query = {"msg_signature": sign(token, stamp, nonce, text), "timestamp": stamp, "nonce": nonce}
    return Call("POST", query, {"content-type": "text/xml"}, body.encode())


def seal(message: bytes, key: str, corp_id: str) -> str:
    """16 random bytes, the length, the message, the receiver; padded to 32 bytes, AES-256-CBC, base64."""
    secret = base64.b64decode(f"{key}=")
    plain = os.urandom(16) + len(message).to_bytes(4, "big") + message + corp_id.encode()
    padding = PKCS7(256).padder()
    cipher = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).encryptor()
    padded = padding.update(plain) + padding.finalize()
    return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()


def sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def _xml(tags: dict[str, Any]) -> bytes:
    inner = "".join(f"<{tag}><![CDATA[{value}]]></{tag}>" for tag, value in tags.items())
    return f"<xml>{inner}</xml>".encode()
