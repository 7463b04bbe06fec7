"""DingTalk 钉钉: hears by the stream, which needs no public address, and answers with cards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePath
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import Engine

from bot.degrading import numbers
from bot.messages import Attachment, Incoming, Limits, Outgoing, Platform, Receipt
from bot.platforms._dingtalk_api import (
    FILE_LIMIT_BYTES,
    NEXT_MINUTE_S,
    DingTalkApi,
    NoCard,
    refusal,
)
from bot.platforms._dingtalk_messages import (
    NAME,
    PICTURES,
    card_data,
    card_id,
    chat_of_card,
    compact,
    file_message,
    is_group,
    packed,
    read_message,
    read_press,
    title,
    written,
)
from bot.platforms._dingtalk_robots import DingTalkRobots
from bot.platforms._dingtalk_stream import MESSAGES, PRESSES, Stream
from bot.platforms._pushed import Pushed
from bot.platforms._robots import read_robots
from config.clock import Clock
from config.errors import TryLater, UserError
from config.settings import Settings

NO_CARDS = "无"
CARDS = Limits(
    text_units=12_000,  # 15,000 for all, and a card's buttons need room
    measure="bytes",
    markup="card",
    written=written,
    buttons=6,
    button_bytes=64,
    can_edit=True,
    file_bytes=FILE_LIMIT_BYTES,
    receives_files=True,
    hears_only_mentions=True,
    can_mention=True,
    messages_per_s=20,
    group_messages_per_min=20,
    redelivers_for_s=60,
)
TEXTS = replace(CARDS, markup="plain", buttons=0, can_edit=False, can_mention=False)
log = structlog.get_logger()


def from_settings(settings: Settings, store: Engine) -> list[Platform]:
    """The application when its id and secret are set, and the group robots that are set."""
    found: list[Platform] = []
    clock = Clock(settings.timezone)
    if settings.dingtalk_client_id:
        secret = settings.dingtalk_client_secret.get_secret_value()
        if not secret:
            raise UserError("设置了 DUBAN_DINGTALK_CLIENT_ID，还缺 DUBAN_DINGTALK_CLIENT_SECRET。")
        if find_spec("dingtalk_stream") is None:
            raise UserError(
                "接入钉钉还缺一个组件。请运行："
                ".venv/bin/python -m pip install -c requirements.lock -e '.[dingtalk]'"
            )
        api = DingTalkApi(
            settings.dingtalk_client_id, secret, settings.dingtalk_base_url,
            settings.dingtalk_oapi_url, clock,
        )  # fmt: skip
        robot_code = settings.dingtalk_robot_code or settings.dingtalk_client_id
        found.append(DingTalk(api, robot_code, settings.dingtalk_card_template, clock))
    robots = settings.dingtalk_webhooks.get_secret_value()
    if robots:
        found.append(DingTalkRobots(read_robots(robots), clock))
    return found


class DingTalk:
    """One application's robot.

    A group's chat id is its openConversationId, a private chat's is the staff id of the person. A
    message is a card, whose id names its chat, because only cards can be changed, have buttons
    that answer, and point at people; without a template it is a plain text.
    """

    name = NAME
    limits = CARDS

    def __init__(self, api: DingTalkApi, robot_code: str, template: str, clock: Clock) -> None:
        self._api, self._robot_code, self._clock = api, robot_code, clock
        self._template = "" if template == NO_CARDS else template
        self._pushed = Pushed()
        self._names: dict[str, str] = {}  # of accounts; a card that points at one shows it
        self.limits = CARDS if self._template else TEXTS

    async def receive(self) -> AsyncIterator[Incoming]:
        """Every message to the robot and every button pressed, over a stream that is kept open."""
        await asyncio.to_thread(import_module, "dingtalk_stream")  # it takes most of a second
        listening = asyncio.create_task(Stream(self._api, self._take).run())
        try:
            async for incoming in self._pushed.receive():
                yield incoming
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _take(self, topic: str, push_id: str, data: dict[str, Any]) -> bool:
        """Whether a push is ours; it returns once it is stored, and raises when it was not."""
        if topic == PRESSES:
            incoming = read_press(push_id, data, self._clock.wall())
        else:
            incoming = read_message(data, self._robot_code)
        if incoming is None:
            log.warning("dingtalk.not_for_us", push=push_id, robot=data.get("robotCode", ""))
            return False
        if incoming.account_name:
            self._names[incoming.account_id] = incoming.account_name
        await self._pushed.store(incoming)
        return True

    async def send(self, message: Outgoing) -> Receipt:
        """Sends a text with its buttons, or one file; replaces the card that `edits` names."""
        if message.files:
            return await self._send_file(message)
        if not self._template:
            return await self._send_text(message)
        if chat_of_card(message.edits):
            body = {"outTrackId": message.edits, "cardData": {"cardParamMap": card_data(message)}}
            await self._api.call("PUT", "/v1.0/card/instances", body, repeatable=True)
            return Receipt(message.edits)
        try:
            return await self._send_card(message)
        except NoCard as error:
            log.warning("dingtalk.no_card", words=str(error))
            return await self._send_text(message)

    async def _send_card(self, message: Outgoing) -> Receipt:
        track_id = card_id(uuid4().hex, message.chat_id)
        summary = title(message.rows)
        shown = {
            "supportForward": False,  # a button pressed elsewhere would count as pressed here
            "lastMessageI18n": {"ZH_CN": summary},
            "notification": {"alertContent": summary, "notificationOff": False},
        }
        body: dict[str, Any] = {
            "cardTemplateId": self._template,
            "outTrackId": track_id,
            "callbackType": "STREAM",
            "cardData": {"cardParamMap": card_data(message)},
            "userIdType": 1,  # staff ids
        }
        if is_group(message.chat_id):
            people = {account: self._names.get(account, account) for account in message.mentions}
            body["openSpaceId"] = f"dtv1.card//IM_GROUP.{message.chat_id}"
            body["imGroupOpenSpaceModel"] = shown
            body["imGroupOpenDeliverModel"] = {"robotCode": self._robot_code} | (
                {"atUserIds": people} if people else {}
            )
        else:
            body["openSpaceId"] = f"dtv1.card//IM_ROBOT.{message.chat_id}"
            body["imRobotOpenSpaceModel"] = shown
            body["imRobotOpenDeliverModel"] = {
                "spaceType": "IM_ROBOT",
                "robotCode": self._robot_code,
            }
        answer = await self._api.call("POST", "/v1.0/card/instances/createAndDeliver", body)
        for delivered in (answer.get("result") or {}).get("deliverResults") or []:
            if not delivered.get("success"):  # HTTP 200 and success=true all the same
                words = str(delivered.get("errorMsg") or "卡片没有送达")
                raise refusal(200, words, words)
        return Receipt(track_id)

    async def _send_text(self, message: Outgoing) -> Receipt:
        buttons = tuple(button for row in message.buttons for button in row)
        rows = (*message.rows, *([numbers(buttons)] if buttons else []))
        return await self._say(message.chat_id, "sampleText", {"content": "\n".join(rows)})

    async def _send_file(self, message: Outgoing) -> Receipt:
        (file,) = message.files
        file = packed(file)
        is_picture = PurePath(file.name).suffix.lower() in PICTURES
        media_id = await self._api.upload(
            file.name, file.content, "image" if is_picture else "file"
        )
        return await self._say(message.chat_id, *file_message(file, media_id))

    async def _say(self, chat_id: str, kind: str, content: dict[str, Any]) -> Receipt:
        """A message of one of the robot's kinds; its id is DingTalk's key for asking who has read it."""
        body = {"robotCode": self._robot_code, "msgKey": kind, "msgParam": compact(content)}
        if is_group(chat_id):
            body["openConversationId"] = chat_id
            answer = await self._api.call("POST", "/v1.0/robot/groupMessages/send", body)
        else:
            answer = await self._api.call(
                "POST", "/v1.0/robot/oToMessages/batchSend", {**body, "userIds": [chat_id]}
            )
            if answer.get("invalidStaffIdList"):
                raise refusal(200, "staffId.notExisted", "没有这个员工")
            if answer.get("flowControlledStaffIdList"):
                raise TryLater("钉钉：给这个人发得太快了", NEXT_MINUTE_S)
        return Receipt(str(answer.get("processQueryKey") or ""))

    async def download(self, attachment: Attachment) -> bytes:
        """The bytes of a file that a person sent; raises UserError above 20 MB."""
        return await self._api.download(attachment.ref, self._robot_code, attachment.name)

    async def check(self) -> str:
        """Whether the id and the secret are good; raises Refused or TryLater."""
        await self._api.token()
        await self._api.open_stream([MESSAGES, PRESSES])
        return "应用凭证可用，Stream 可以连接"

    async def close(self) -> None:
        """Ends the connections; who waits for an event to be stored is told that it is not."""
        self._pushed.close()
        await self._api.close()
