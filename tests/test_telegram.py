"""Telegram: what people do in chats reaches us, and what we say reaches them, by the real library."""

import subprocess
import sys

import pytest
from botapi import BotApi, Fault
from botapi_people import User
from ear import Ear, until
from pydantic import SecretStr
from sqlalchemy import create_engine

from bot.messages import Attachment, Button, Incoming, Outgoing
from bot.platforms import load_platforms
from bot.platforms._telegram_updates import address
from bot.platforms.telegram import Telegram
from config.errors import Refused, TryLater, UserError
from config.settings import Settings

pytestmark = pytest.mark.anyio
LI, WANG = User(71, "李河长"), User(72, "王消防")
GROUP = -4001


@pytest.fixture(autouse=True)
def _private_chat(botapi: BotApi) -> None:
    botapi.open_private(LI)


async def test_private_question_and_its_answer(
    botapi: BotApi, telegram: Telegram, ear: Ear
) -> None:
    asked = botapi.say(LI.id, LI, "河长制巡查由谁牵头？")
    incoming = await ear.hears()
    assert (incoming.text, incoming.addressed, incoming.is_group) == (
        "河长制巡查由谁牵头？",
        True,
        False,
    )
    assert (incoming.account_id, incoming.account_name, incoming.chat_id) == ("71", "李河长", "71")
    assert incoming.at.tzinfo is not None
    assert Incoming.from_json(incoming.to_json()) == incoming

    rows = ("牵头单位：市水利局", "出处：《河长制工作要点》第3项 <b>&_*[原文]")
    receipt = await telegram.send(Outgoing(str(LI.id), rows, reply_to=incoming.message_id))
    (answer,) = botapi.sent(LI.id)
    assert answer["text"] == "\n".join(rows)  # no markup: nothing is lost, nothing is escaped
    assert answer["reply_to_message"]["message_id"] == asked
    assert receipt.message_id == str(answer["message_id"])


@pytest.mark.parametrize(
    ("said", "text", "is_meant"),
    [
        ("@duban_test_bot 消防通道谁来管", "消防通道谁来管", True),
        ("请问@Duban_Test_Bot消防通道谁来管", "请问 消防通道谁来管", True),
        ("第一行\n谁来管 @duban_test_bot", "第一行\n谁来管", True),
        ("/due", "/due", True),
        ("/due@duban_test_bot 市教育局", "/due 市教育局", True),
        ("/due@other_bot 市教育局", "/due@other_bot 市教育局", False),
        ("@duban_test_bot2 消防通道谁来管", "@duban_test_bot2 消防通道谁来管", False),
        ("大家下午开会", "大家下午开会", False),
        ("收到", "收到", False),
    ],
)
async def test_in_a_group_only_what_is_meant_for_the_bot(
    botapi: BotApi, ear: Ear, said: str, text: str, is_meant: bool
) -> None:
    botapi.add_to_group(GROUP, "安全生产专班", by=LI)
    botapi.say(GROUP, WANG, said)
    joined, incoming = (await ear.has(2))[:2]
    assert joined.event == "joined"
    assert (incoming.text, incoming.addressed) == (text, is_meant)
    assert (incoming.is_group, incoming.chat_title) == (True, "安全生产专班")


async def test_a_reply_to_the_bot_is_meant_for_it(
    botapi: BotApi, telegram: Telegram, ear: Ear
) -> None:
    botapi.add_to_group(GROUP, "创城办", by=LI)
    sent = int((await telegram.send(Outgoing(str(GROUP), ("提醒",)))).message_id)
    other = botapi.say(GROUP, LI, "我先看看")
    botapi.say(GROUP, WANG, "收到", reply_to=sent)
    botapi.say(GROUP, WANG, "收到", reply_to=other)
    botapi.say(GROUP, WANG, "/weather@other_bot", reply_to=sent)
    heard = (await ear.has(5))[2:]
    assert [incoming.addressed for incoming in heard] == [True, False, False]


@pytest.mark.parametrize("text", ["/河长制", "a@duban_test_bot", "https://example.org/@duban", "/"])
async def test_what_only_looks_like_a_call_is_none(text: str) -> None:
    assert address(text, "duban_test_bot") == (text, None)


async def test_being_let_in_and_put_out(botapi: BotApi, telegram: Telegram, ear: Ear) -> None:
    botapi.add_to_group(GROUP, "消防安全专班", by=LI)
    botapi.remove(GROUP, by=WANG)
    joined, left = await ear.has(2)
    assert (joined.event, joined.account_id, joined.chat_title) == ("joined", "71", "消防安全专班")
    assert (left.event, left.account_id) == ("left", "72")
    with pytest.raises(Refused, match="kicked") as refusal:
        await telegram.send(Outgoing(str(GROUP), ("提醒",)))
    assert refusal.value.code == "403"


async def test_a_group_that_becomes_a_supergroup(
    botapi: BotApi, telegram: Telegram, ear: Ear
) -> None:
    botapi.add_to_group(GROUP, "防汛专班", by=LI)
    await ear.hears()
    botapi.migrate(GROUP, -1009001, by=LI)
    botapi.say(-1009001, LI, "/due")
    moved, asked = (await ear.has(3))[1:]
    assert (moved.event, moved.chat_id) == ("migrated:-1009001", str(GROUP))
    assert (asked.event, asked.chat_id) == ("", "-1009001")
    with pytest.raises(Refused) as refusal:
        await telegram.send(Outgoing(str(GROUP), ("提醒",)))
    assert refusal.value.code == "migrated:-1009001"


async def test_an_unknown_chat_is_refused(telegram: Telegram) -> None:
    with pytest.raises(Refused, match="Chat not found") as refusal:
        await telegram.send(Outgoing("99", ("提醒",)))
    assert refusal.value.code == "400"


async def test_text_is_measured_in_utf16(botapi: BotApi, telegram: Telegram) -> None:
    longest = "𠮷" * 2000 + "办" * 96  # a rare Han character is two units
    await telegram.send(Outgoing(str(LI.id), (longest,)))
    assert botapi.sent(LI.id)[0]["text"] == longest
    assert len(longest.encode("utf-16-le")) // 2 == telegram.limits.text_units
    with pytest.raises(Refused, match="too long"):
        await telegram.send(Outgoing(str(LI.id), (longest + "办",)))


async def test_buttons_press_and_edit(botapi: BotApi, telegram: Telegram, ear: Ear) -> None:
    keys = (
        (Button("收到", "ack:12"), Button("办结", "done:12")),
        (Button("更多", "more:" + "9" * 59),),
    )
    receipt = await telegram.send(Outgoing(str(LI.id), ("秋季开学检查 9月30日前",), keys))
    number = int(receipt.message_id)
    botapi.press(LI.id, number, LI, "办结")
    pressed = await ear.hears()
    assert (pressed.button, pressed.pressed_message_id, pressed.text) == (
        "done:12",
        str(number),
        "",
    )
    await until(lambda: not botapi.unanswered_presses)

    edited = Outgoing(str(LI.id), ("秋季开学检查 已办结",), edits=receipt.message_id)
    assert await telegram.send(edited) == receipt
    assert await telegram.send(edited) == receipt  # not modified: it reads as wanted
    (message,) = botapi.sent(LI.id)
    assert message["text"] == "秋季开学检查 已办结"
    assert "reply_markup" not in message
    with pytest.raises(Refused, match="not found"):
        await telegram.send(Outgoing(str(LI.id), ("已办结",), edits="999"))


async def test_each_press_is_a_message_of_its_own(
    botapi: BotApi, telegram: Telegram, ear: Ear
) -> None:
    keys = ((Button("收到", "ack:1"),),)
    sent = int((await telegram.send(Outgoing(str(LI.id), ("提醒",), keys))).message_id)
    botapi.fail("answerCallbackQuery", Fault("500"))  # a spinner is not worth a message
    botapi.press(LI.id, sent, LI, "收到")
    botapi.press(LI.id, sent, LI, "收到")
    assert len({incoming.message_id for incoming in await ear.has(2)}) == 2


async def test_the_menu_is_chinese_and_english(botapi: BotApi, ear: Ear) -> None:
    botapi.say(LI.id, LI, "/start")
    await ear.hears()
    for language, words in (("", "任务"), ("en", "Tasks")):
        menu = {item["command"]: item["description"] for item in botapi.commands[language]}
        assert set(menu) == {"start", "help", "due", "bind", "claim"}
        assert words in menu["due"]


async def test_a_file_with_a_chinese_name(botapi: BotApi, telegram: Telegram, ear: Ear) -> None:
    content = bytes(range(256)) * 400
    botapi.send_file(LI.id, LI, "2026年安全生产 任务清单（终稿）.docx", content, caption="请收下")
    incoming = await ear.hears()
    (file,) = incoming.attachments
    assert (file.name, file.size_bytes) == ("2026年安全生产 任务清单（终稿）.docx", len(content))
    assert incoming.text == "请收下"
    assert await telegram.download(file) == content
    botapi.fail("getFile", Fault("drop"))
    with pytest.raises(TryLater):
        await telegram.download(file)


async def test_a_file_that_is_too_large(botapi: BotApi, telegram: Telegram, ear: Ear) -> None:
    botapi.send_file(LI.id, LI, "扫描件", bytes(20 * 1024 * 1024 + 1))
    (file,) = (await ear.hears()).attachments
    for size in (file.size_bytes, 0):  # told, and not told
        with pytest.raises(UserError, match="《扫描件》超过 20 MB"):
            await telegram.download(Attachment(file.name, size, file.ref))


async def test_messages_of_other_kinds(botapi: BotApi, ear: Ear) -> None:
    botapi.put(
        LI.id, LI, pinned_message=botapi._chats[LI.id].messages.get(1), new_chat_title="改名"
    )
    picture = {"file_unique_id": "p", "width": 90, "height": 90, "file_size": 5}
    botapi.put(LI.id, LI, photo=[{**picture, "file_id": "small"}, {**picture, "file_id": "large"}])
    botapi.put(LI.id, LI, location={"latitude": 30.2, "longitude": 120.1})
    voice = {"file_id": "v", "file_unique_id": "v", "duration": 3}
    botapi.put(LI.id, LI, voice=voice)
    photo, place, spoken = await ear.has(3)
    assert [file.ref for file in photo.attachments] == ["large"]
    for incoming in (place, spoken):  # the person is owed an answer, and gets it from the router
        assert (incoming.text, incoming.attachments, incoming.addressed) == ("", (), True)


async def test_no_right_hangs_on_an_account_that_many_share(botapi: BotApi, ear: Ear) -> None:
    botapi.add_to_group(GROUP, "双减专班", by=LI)
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    group = {"id": GROUP, "type": "group", "title": "双减专班"}
    botapi.put(GROUP, LI, text="/claim 1234", sender_chat=group, **{"from": anonymous})
    botapi.put(GROUP, LI, text="/due", **{"from": {**anonymous, "id": 5}})  # a bot is not answered
    botapi.say(GROUP, LI, "/due")
    claimed, last = (await ear.has(3))[1:]
    assert claimed.account_id == f"chat{GROUP}"
    assert last.account_id == "71"


async def test_it_is_found_only_with_a_token(botapi: BotApi) -> None:
    store = create_engine("sqlite://")
    assert "telegram" not in load_platforms(Settings(), store)
    found = load_platforms(
        Settings(telegram_token=SecretStr(botapi.token), telegram_base_url=botapi.url), store
    )["telegram"]
    await found.send(Outgoing(str(LI.id), ("你好",)))
    await found.close()
    assert botapi.sent(LI.id)[0]["text"] == "你好"
    store.dispose()


def test_its_library_is_not_loaded_without_a_token() -> None:
    code = "import sys, bot.platforms.telegram; sys.exit('telegram' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
