"""WeCom 企业微信: an app that its members write to, over calls that WeCom signs and seals."""

from collections.abc import AsyncIterator
from functools import partial

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
from bot.platforms._http import Json
from bot.platforms._pushed import Pushed
from bot.platforms._robots import read_robots
from bot.platforms._wecom_api import FILE_BYTES, TEXT_BYTES, WecomApi
from bot.platforms._wecom_card import OF_APP, SAID_BELOW, holds, is_wanted, make_card, send_card
from bot.platforms._wecom_crypto import FORGED, check_signature, read_key, unseal
from bot.platforms._wecom_events import NAME, card_id, read_card_id, read_event, read_xml
from bot.platforms._wecom_robots import WecomRobots
from config.clock import Clock
from config.errors import Refused, TryLater, UserError
from config.settings import Settings

FRESH_S = 300  # a call that was signed longer ago, or so far ahead, is refused
STORED_WITHIN_S = 4.0  # after five seconds WeCom calls again
APP = ("corp_id", "agent_id", "secret", "token", "aes_key")

log = structlog.get_logger()


def from_settings(settings: Settings, store: Engine) -> list[Platform]:
    """The app when its five settings are there, the robots when they are; raises UserError for a part.

    They keep nothing in the database themselves.
    """
    clock = Clock(settings.timezone)
    given = {name: _value(settings, f"wecom_{name}") for name in APP}
    missing = [f"DUBAN_WECOM_{name.upper()}" for name, value in given.items() if not value]
    if missing and len(missing) < len(APP):
        raise UserError(f"企业微信还缺这几项设置：{'、'.join(missing)}。")
    found: list[Platform] = []
    if not missing:
        api = WecomApi(settings.wecom_base_url, given["corp_id"], given["secret"])
        key = read_key(given["aes_key"])
        found.append(Wecom(api, given["corp_id"], given["agent_id"], given["token"], key, clock))
    robots = read_robots(settings.wecom_webhooks.get_secret_value())
    return [*found, WecomRobots(robots, clock)] if robots else found


def _value(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return str(getattr(value, "get_secret_value", lambda: value)())


class Wecom:
    """One app. A chat is a member's with the app: WeCom tells an app nothing of what groups say.

    A card's message id holds the code that WeCom gives to change it once; a press brings a new one.
    """

    name = NAME
    limits = Limits(
        text_units=TEXT_BYTES,
        measure="bytes",
        buttons=6,
        can_edit=True,
        edits_cards_only=True,
        file_bytes=FILE_BYTES,
        receives_files=True,
        chat_messages_per_min=30,
        redelivers_for_s=15,
    )

    def __init__(
        self, api: WecomApi, corp_id: str, agent_id: str, token: str, key: bytes, clock: Clock
    ) -> None:
        if not agent_id.isdecimal():
            raise UserError("DUBAN_WECOM_AGENT_ID 应为应用页上的 AgentId，全是数字。")
        self._api, self._clock = api, clock
        self._corp_id, self._agent_id, self._token, self._key = corp_id, int(agent_id), token, key
        self._pushed = Pushed()
        self._spoken: set[str] = set()  # keys of messages of which only the card is still to go

    # ---- in

    async def called(self, call: Call) -> CallReply:
        """Answers the check of our address, and takes an event in; refuses what WeCom did not sign."""
        try:
            if call.method == "GET":
                echo = self._open(call.query, call.query.get("echostr", ""))
                return CallReply(body=echo, media_type="text/plain")
            sealed = read_xml(call.body).get("Encrypt", "")
            event = read_event(self._open(call.query, sealed))
        except Refused as error:
            log.warning("wecom.call_refused", why=str(error))
            return CallReply(int(error.code), media_type="text/plain")
        if event is not None:
            try:
                await self._pushed.store(event, STORED_WITHIN_S)
            except TryLater:
                return CallReply(503, media_type="text/plain")  # it comes again
        return CallReply(media_type="text/plain")

    def receive(self) -> AsyncIterator[Incoming]:
        """Each event; its call is answered once the next one is asked for."""
        return self._pushed.receive()

    async def download(self, attachment: Attachment) -> bytes:
        """The bytes of a file that a person sent; raises UserError above 20 MB or after three days."""
        return await self._api.download(attachment.ref, attachment.name)

    def _open(self, query: dict[str, str], sealed: str) -> bytes:
        check_signature(self._token, query, sealed)
        timestamp = query.get("timestamp", "")
        now = self._clock.wall().timestamp()
        # whoever listens in can send a call once more, but can't sign another time; within these
        # minutes the same event has the same id, and is answered once
        if not timestamp.isdecimal() or abs(now - int(timestamp)) > FRESH_S:
            raise Refused("时间相差五分钟以上，若属误报请校准本机时钟", FORGED)
        return unseal(self._key, sealed, self._corp_id)

    # ---- out

    async def send(self, message: Outgoing) -> Receipt:
        """Sends one message of at most `limits`, or changes the card that `edits` names."""
        if message.files:
            kind, media_id = await self._api.upload(message.files[0])
            return Receipt(await self._say(message.chat_id, kind, {"media_id": media_id}))
        if message.edits:
            changed = await self._change(message)
            if changed is not None:
                return changed
        if not message.buttons or not is_wanted(message, OF_APP):
            return Receipt(await self._say(message.chat_id, "text", {"content": message.text}))
        return await self._send_card(message)

    async def check(self) -> str:
        """The app's name, asked once; raises Refused for wrong settings, TryLater without an answer."""
        query = {"agentid": self._agent_id}
        app = await self._api.ask("GET", "agent/get", repeatable=True, query=query)
        return f"应用“{app.get('name', self._agent_id)}”可用"

    async def close(self) -> None:
        """Ends the connections; what is not stored by then comes again."""
        self._pushed.close()
        await self._api.close()

    async def _send_card(self, message: Outgoing) -> Receipt:
        task_id, _, answer = await send_card(
            message, OF_APP, self._spoken,
            partial(self._say, message.chat_id, "text", {"content": message.text}),
            partial(self._post, message.chat_id, "template_card"),
        )  # fmt: skip
        return Receipt(card_id(task_id, str(answer.get("response_code", ""))))

    async def _change(self, message: Outgoing) -> Receipt | None:
        """The card changed; None when it can't be, or can't hold the words: a new message says them."""
        task_id, code = read_card_id(message.edits)
        if not code:
            return None
        fits = holds(message.rows, OF_APP)
        change: Json = {"userids": [message.chat_id], "agentid": self._agent_id}
        change["response_code"] = code
        if fits:
            change["template_card"] = make_card(message.rows, message.buttons, OF_APP)
        else:
            change["button"] = {"replace_name": SAID_BELOW}
        try:
            await self._api.ask(
                "POST", "message/update_template_card", repeatable=True, json=change
            )
        except Refused as error:
            if error.code != "400":
                raise
            log.info("wecom.card_not_changed", words=str(error))  # changed before, or too old
            return None
        return Receipt(card_id(task_id, "")) if fits else None

    async def _say(self, chat_id: str, kind: str, content: Json) -> str:
        return str((await self._post(chat_id, kind, content)).get("msgid", ""))

    async def _post(self, chat_id: str, kind: str, content: Json) -> Json:
        message = {"touser": chat_id, "msgtype": kind, "agentid": self._agent_id, kind: content}
        answer = await self._api.ask("POST", "message/send", repeatable=False, json=message)
        if answer.get("invaliduser"):
            raise Refused(f"企业微信找不到成员 {chat_id}，或他不在应用的可见范围内", "403")
        if answer.get("unlicenseduser"):
            raise Refused(f"成员 {chat_id} 没有企业微信的基础接口许可", "400")
        return answer
