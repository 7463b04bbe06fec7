"""Telegram beyond plain chats: topics, files out, typing, links that carry a code, webhook, several bots."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botapi import BotApi, Fault
from botapi_people import User
from ear import Ear, until
from pydantic import SecretStr
from sqlalchemy import create_engine
from world import ADMIN, World

from bot import people
from bot.messages import Call, File, Incoming, Outgoing, ShowsWork, TakesCalls
from bot.platforms import load_platforms
from bot.platforms.telegram import Telegram
from bot.working import showing_work
from config.clock import Clock
from config.database import writing
from config.errors import MaybeSent, Refused, UserError
from config.settings import Settings, load_settings

pytestmark = pytest.mark.anyio
LI = User(71, "李河长")
GROUP, TOPIC = -1009001, 45
PLACE = f"{GROUP}/{TOPIC}"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ASKED = Incoming(
    "telegram", "u1.1", str(LI.id), False, "71", "李河长", "谁牵头？", datetime.now(UTC)
)


@pytest.fixture(autouse=True)
def _chats(botapi: BotApi) -> None:
    botapi.open_private(LI)
    botapi.add_to_group(GROUP, "河长制专班", by=LI)
    botapi.open_topic(GROUP, TOPIC)


async def test_a_topic_is_a_chat_of_its_own(botapi: BotApi, telegram: Telegram, ear: Ear) -> None:
    botapi.put(GROUP, LI, text="/due", message_thread_id=TOPIC, is_topic_message=True)
    # a thread of replies in a group without topics has such an id too
    botapi.put(GROUP, LI, text="/due", message_thread_id=3)
    asked, plain = (await ear.has(3))[1:]
    assert (asked.chat_id, plain.chat_id) == (PLACE, str(GROUP))
    receipt = await telegram.send(Outgoing(PLACE, ("本月到期：3项",), reply_to=asked.message_id))
    await telegram.send(Outgoing(PLACE, (), files=(File("台账.xlsx", b"PK"),)))
    answer, file = botapi.sent(GROUP)
    assert (answer["message_thread_id"], file["message_thread_id"]) == (TOPIC, TOPIC)
    await telegram.send(Outgoing(PLACE, ("本月到期：2项",), edits=receipt.message_id))
    assert botapi.sent(GROUP)[0]["text"] == "本月到期：2项"


async def test_a_topic_that_was_deleted_is_gone(telegram: Telegram) -> None:
    with pytest.raises(Refused, match="thread not found") as refusal:
        await telegram.send(Outgoing(f"{GROUP}/46", ("提醒",)))
    assert refusal.value.code == "403"


async def test_pictures_are_seen_and_files_keep_their_names(
    botapi: BotApi, telegram: Telegram
) -> None:
    files = (
        File("6月通报 终稿.xlsx", b"PK\x03\x04" * 100),
        File("红黄绿灯.PNG", PICTURE),
        File("不是图片.png", b"not a picture"),  # then it is sent as a file
    )
    for file in files:
        await telegram.send(Outgoing(str(LI.id), (), files=(file,)))
    sheet, picture, other = botapi.sent(LI.id)
    assert sheet["document"]["file_name"] == "6月通报 终稿.xlsx"
    assert botapi.contents[sheet["document"]["file_id"]] == files[0].content
    assert botapi.contents[picture["photo"][0]["file_id"]] == PICTURE
    assert other["document"]["file_name"] == "不是图片.png"
    botapi.fail("sendDocument", Fault("drop"))
    with pytest.raises(MaybeSent):
        await telegram.send(Outgoing(str(LI.id), (), files=files[:1]))


async def test_typing_is_shown_while_an_answer_takes_long(
    botapi: BotApi, telegram: Telegram
) -> None:
    assert isinstance(telegram, ShowsWork)
    async with showing_work(telegram, replace(ASKED, chat_id=PLACE), after_s=0):
        await until(lambda: botapi.shown_at_work == [PLACE])
    botapi.fail("sendChatAction", Fault("500"))
    async with showing_work(telegram, ASKED, after_s=0):
        await until(lambda: botapi.calls["sendChatAction"] == 2)
    async with showing_work(telegram, ASKED):  # not for what takes but a moment
        pass
    async with showing_work(telegram, replace(ASKED, addressed=False), after_s=0):
        await telegram.send(Outgoing(str(LI.id), ("提醒",)))
    assert botapi.shown_at_work == [PLACE]


async def test_a_link_carries_its_code(world: World) -> None:
    with writing(world.core.engine) as session:
        code = people.claim_code(session)
    world.botapi.open_private(ADMIN)
    assert "管理员" in await world.ask(ADMIN.id, ADMIN, f"/start {code}")
    assert "口令有误" in await world.ask(ADMIN.id, ADMIN, f"/start {code}")
    assert "我是督办助手" in await world.ask(ADMIN.id, ADMIN, "/start")


@pytest.fixture
async def called(botapi: BotApi) -> AsyncIterator[Telegram]:
    """A bot that Telegram calls."""
    platform = Telegram(
        botapi.token, botapi.url, Clock(), timeout_s=60, webhook_url="https://duban.example.cn"
    )
    yield platform
    await platform.close()


async def test_a_webhook_is_set_with_a_secret_and_taken_back(
    botapi: BotApi, called: Telegram, telegram: Telegram
) -> None:
    ear = Ear(called)
    await until(lambda: botapi.webhook)
    assert botapi.webhook["url"] == "https://duban.example.cn/hooks/telegram"
    assert set(botapi.webhook["allowed_updates"]) == {"message", "callback_query", "my_chat_member"}
    secret = botapi.webhook["secret_token"]
    assert botapi.token.partition(":")[2] not in secret
    assert isinstance(called, TakesCalls)

    message = {"message_id": 5, "date": 1, "text": "谁牵头？", "from": LI.to_json()}
    update = {"update_id": 7, "message": {**message, "chat": {"id": 71, "type": "private"}}}
    header = "x-telegram-bot-api-secret-token"
    signed = Call("POST", {}, {header: secret}, json.dumps(update).encode())
    while (reply := await called.called(signed)).status == 503:  # it is set, but not yet listening
        await asyncio.sleep(0.01)
    assert reply.status == 200
    assert [incoming.text for incoming in ear.inbox] == ["谁牵头？"]
    for body in (b"", b"[]", b"{", b'{"update_id": "x", "message": 5}'):
        assert (await called.called(replace(signed, body=body))).status == 400
    for headers in ({}, {header: secret[:-1]}, {header: "密"}):
        assert (await called.called(replace(signed, headers=headers))).status == 403
    # one that polls is called by nobody, whoever knows its secret
    assert (await telegram.called(signed)).status == 403
    assert len(ear.inbox) == 1

    assert await called.check() == "机器人 @duban_test_bot 可用"
    botapi.push_error = "Connection timed out"
    assert "Connection timed out" in await called.check()
    await ear.close()
    again = Ear(telegram)
    await until(lambda: not botapi.webhook)
    await again.close()


async def test_before_it_knows_its_name_it_takes_no_call(botapi: BotApi, called: Telegram) -> None:
    secret = called._secret
    call = Call("POST", {}, {"x-telegram-bot-api-secret-token": secret}, b"{}")
    assert (await called.called(call)).status == 503


async def test_several_bots_have_names_of_their_own(botapi: BotApi) -> None:
    store = create_engine("sqlite://")
    tokens = SecretStr(f"{botapi.token}, {botapi.token},")
    settings = Settings(telegram_token=tokens, telegram_base_url=botapi.url)
    found = load_platforms(settings, store)
    assert [name for name in found if name != "web"] == ["telegram", "telegram-2"]
    ear = Ear(found["telegram-2"])
    botapi.say(LI.id, LI, "谁牵头？")
    assert {incoming.platform for incoming in await ear.has(2)} == {"telegram-2"}
    await ear.close()
    for platform in found.values():
        await platform.close()
    store.dispose()


def test_a_webhook_wants_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_TELEGRAM_WEBHOOK_URL", "http://duban.example.cn")
    with pytest.raises(UserError, match=r"DUBAN_TELEGRAM_WEBHOOK_URL.*https"):
        load_settings()
