"""Feishu 飞书 and Lark: hears by the long connection or by signed calls, and answers with cards."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from typing import Any

import structlog
from sqlalchemy import Engine

from bot.messages import (
    Attachment,
    Call,
    CallReply,
    Incoming,
    Limits,
    Outgoing,
    Platform,
    Receipt,
)
from bot.platforms._feishu_api import FILE_BYTES, FeishuApi, compact
from bot.platforms._feishu_cards import TEXT_BYTES, card_content, post_content, written
from bot.platforms._feishu_crypto import FORGED, check_signature, decrypt
from bot.platforms._feishu_events import MESSAGE, NAME, is_group, read_event, read_ref
from bot.platforms._feishu_robots import FeishuRobots
from bot.platforms._feishu_stream import Stream
from bot.platforms._pushed import Pushed
from bot.platforms._robots import read_robots
from config.clock import Clock
from config.errors import DubanError, Refused, UserError
from config.settings import Settings

STORED_WITHIN_S = 2.5  # after three seconds Feishu counts a call as failed
NAMED_WITHIN_S = 1.0  # a name is worth no more
REDELIVERS_FOR_S = 7 * 3600  # after 15 s, 5 min, 1 h and 6 h
# what was signed longer ago is refused; until then the same event has the same id, and is answered once
FRESH_S = 8 * 3600
DONE = CallReply(body=b"{}")

Json = dict[str, Any]
log = structlog.get_logger()


def from_settings(settings: Settings, store: Engine) -> list[Platform]:
    """The app when its settings are there, the group robots when they are; raises UserError for a part.

    They keep nothing in the database themselves.
    """
    clock = Clock(settings.timezone)
    found: list[Platform] = []
    secret = settings.feishu_app_secret.get_secret_value()
    key = settings.feishu_encrypt_key.get_secret_value()
    token = settings.feishu_verification_token.get_secret_value()
    if settings.feishu_app_id or secret:
        needed = {"APP_ID": settings.feishu_app_id, "APP_SECRET": secret}
        if settings.feishu_mode == "callback":
            needed |= {"ENCRYPT_KEY": key, "VERIFICATION_TOKEN": token}
        missing = [f"DUBAN_FEISHU_{name}" for name, value in needed.items() if not value]
        if missing:
            raise UserError(f"飞书还缺这几项设置：{'、'.join(missing)}。")
        api = FeishuApi(settings.feishu_base_url, settings.feishu_app_id, secret)
        if settings.feishu_mode == "callback":
            found.append(Feishu(api, clock, key, token))
        elif find_spec("lark_oapi") is None:
            raise UserError(
                "飞书的长连接还缺一个组件。请运行："
                ".venv/bin/python -m pip install -c requirements.lock -e '.[feishu]'"
                "，或把 DUBAN_FEISHU_MODE 设为 callback"
            )
        else:
            found.append(Feishu(api, clock))
    robots = read_robots(settings.feishu_webhooks.get_secret_value())
    return [*found, FeishuRobots(robots, clock)] if robots else found


class Feishu:
    """One app's robot; with an `encrypt_key` Feishu calls us, without one we connect to it.

    A group's chat id is Feishu's, a private chat's is the open_id of the person. What has buttons
    is a card, the rest is a rich text, whose words can be copied and are seen in the list of chats.
    """

    name = NAME
    limits = Limits(
        text_units=TEXT_BYTES,
        measure="bytes",
        markup="card",
        written=written,
        buttons=20,
        button_bytes=64,
        can_edit=True,
        file_bytes=FILE_BYTES,
        receives_files=True,
        hears_only_mentions=True,  # unless an administrator allows the app to hear all
        can_mention=True,
        messages_per_s=15,
        chat_messages_per_min=240,
        group_messages_per_min=240,
        redelivers_for_s=REDELIVERS_FOR_S,
        is_idempotent=True,
    )

    def __init__(
        self, api: FeishuApi, clock: Clock, encrypt_key: str = "", verification_token: str = ""
    ) -> None:
        self._api, self._clock = api, clock
        self._encrypt_key, self._verification_token = encrypt_key, verification_token
        self._pushed = Pushed()
        self._own_id = ""
        self._names: dict[str, str] = {}  # of people and groups: events do not tell them

    # ---- in

    async def receive(self) -> AsyncIterator[Incoming]:
        """Each event; it is acknowledged once the next one is asked for."""
        stream = Stream(self._api.base_url, self._api.app_id, self._api.secret, self._take)
        listening = None if self._encrypt_key else asyncio.create_task(stream.run())
        try:
            async for incoming in self._pushed.receive():
                yield incoming
        finally:
            if listening is not None:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def called(self, call: Call) -> CallReply:
        """Answers the check of our address, and takes an event in; refuses what Feishu did not sign."""
        if not self._encrypt_key:
            return CallReply(404)
        try:
            event = self._open(call)
        except Refused as error:
            log.warning("feishu.call_refused", why=str(error))
            return CallReply(int(error.code))
        except (KeyError, TypeError, ValueError, AttributeError):
            return CallReply(400)
        if event.get("type") == "url_verification":
            return CallReply(body=compact({"challenge": event.get("challenge", "")}).encode())
        try:
            await self._take(event)
        except DubanError as error:
            log.warning("feishu.event_not_taken", why=str(error))
            return CallReply(503)  # it comes again
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("feishu.not_understood", error=type(error).__name__)
            return CallReply(400)
        return DONE

    def _open(self, call: Call) -> Json:
        """The event of a call, once it is sure that Feishu sent it, and not long ago."""
        event: Json = json.loads(decrypt(self._encrypt_key, json.loads(call.body)["encrypt"]))
        if event.get("token", (event.get("header") or {}).get("token")) != self._verification_token:
            raise Refused("Verification Token 不对", FORGED)
        if event.get("type") == "url_verification":
            return event  # comes without a signature, and changes nothing
        check_signature(self._encrypt_key, call.headers, call.body)
        timestamp = call.headers.get("x-lark-request-timestamp", "")
        now = self._clock.wall().timestamp()
        if not timestamp.isdecimal() or abs(now - int(timestamp)) > FRESH_S:
            raise Refused("签名的时间太早或太晚，若属误报请校准本机时钟", FORGED)
        return event

    async def _take(self, event: Json) -> None:
        """Returns once an event is stored, or is none for us; raises when it comes again."""
        if event["header"]["event_type"] == MESSAGE and not self._own_id:
            self._own_id = await self._ask_own_id()
        incoming = read_event(event, self._own_id)
        if incoming is not None:
            await self._pushed.store(await self._named(incoming), STORED_WITHIN_S)

    async def download(self, attachment: Attachment) -> bytes:
        """The bytes of a file that a person sent; raises UserError above 20 MB."""
        return await self._api.download(*read_ref(attachment.ref), attachment.name)

    # ---- out

    async def send(self, message: Outgoing) -> Receipt:
        """Sends one message of at most `limits`, or changes the one that `edits` names."""
        if message.edits and await self._change(message):
            return Receipt(message.edits)
        if message.files:
            kind, content = await self._api.upload(message.files[0])
        elif message.buttons:
            kind, content = "interactive", card_content(message)
        else:
            kind, content = "post", post_content(message.rows, message.mentions)
        body = {"receive_id": message.chat_id, "msg_type": kind, "content": content}
        if message.key:
            body["uuid"] = _unique(message)
        where = "chat_id" if is_group(message.chat_id) else "open_id"
        answer = await self._api.ask(
            "POST", "im/v1/messages", repeatable=False, params={"receive_id_type": where}, json=body
        )
        return Receipt(str(answer["data"]["message_id"]))

    async def _change(self, message: Outgoing) -> bool:
        """Whether the message could be changed: a card, or else a rich text that stays one."""
        path = f"im/v1/messages/{message.edits}"
        rich = {"msg_type": "post", "content": post_content(message.rows, message.mentions)}
        ways = [("PATCH", {"content": card_content(message)})]
        ways += [("PUT", rich)] if not message.buttons else []
        for method, body in ways:
            try:
                await self._api.ask(method, path, repeatable=True, json=body)
                return True
            except Refused as error:
                if error.code != "400":
                    raise
                log.info("feishu.not_changed", method=method, words=str(error))
        return False  # too old, changed too often, withdrawn …

    async def check(self) -> str:
        """The robot's name, asked once; raises Refused for wrong settings, TryLater without an answer."""
        robot = await self._api.ask("GET", "bot/v3/info", repeatable=True)
        return f"机器人“{robot['bot'].get('app_name', '')}”可用"

    async def close(self) -> None:
        """Ends the connections; who waits for an event to be stored is told that it is not."""
        self._pushed.close()
        await self._api.close()

    # ---- who is who

    async def _ask_own_id(self) -> str:
        robot = await self._api.ask("GET", "bot/v3/info", repeatable=True)
        return str(robot["bot"]["open_id"])

    async def _named(self, incoming: Incoming) -> Incoming:
        """The same with the names of person and group, as far as our rights and a second reach."""
        person, group = incoming.account_id, incoming.chat_id if incoming.is_group else ""
        asked = {
            person: (f"contact/v3/users/{person}", {"user_id_type": "open_id"}),
            group: (f"im/v1/chats/{group}", {}),
        }
        unknown = [one for one in asked if one and one not in self._names]
        with suppress(TimeoutError):
            async with asyncio.timeout(NAMED_WITHIN_S):
                names = (self._ask_name(one, *asked[one]) for one in unknown)
                await asyncio.gather(*names, return_exceptions=True)
        return replace(
            incoming,
            account_name=self._names.get(person, ""),
            chat_title=incoming.chat_title or self._names.get(group or person, ""),
        )

    async def _ask_name(self, one: str, path: str, query: Json) -> None:
        try:
            answer = await self._api.ask("GET", path, repeatable=True, params=query)
        except Refused:  # no right to it: not asked again
            self._names[one] = ""
            return
        data = answer["data"]
        self._names[one] = str(data.get("user", data).get("name") or "")


def _unique(message: Outgoing) -> str:
    """What Feishu shows once within an hour: the same words of the same attempt to the same chat.

    The key alone would not do: a new database counts its messages from one again.
    """
    parts = [message.key, message.chat_id, *message.rows]
    parts += [file.name + sha256(file.content).hexdigest() for file in message.files]
    return sha256("\n".join(parts).encode()).hexdigest()[:40]
