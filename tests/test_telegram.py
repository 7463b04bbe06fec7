"""Telegram: the real library against a strict Bot API server, with every fault of the wire."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from botapi import BotApi, Fault
from botapi_people import User
from pydantic import SecretStr
from sqlalchemy import create_engine

from bot.messages import Attachment, Button, Incoming, Outgoing
from bot.platforms import load_platforms
from bot.platforms._telegram_updates import address
from bot.platforms.telegram import Telegram
from config.clock import Clock
from config.errors import MaybeSent, Refused, TryLater, UserError
from config.settings import Settings

pytestmark = pytest.mark.anyio
LI, WANG = User(71, "李河长"), User(72, "王消防")
GROUP = -4001


class Ear:
    """Takes in what a platform receives, as the inbox does: a message is stored, then let go."""

    def __init__(self, platform: Telegram) -> None:
        self.inbox: list[Incoming] = []
        self._task = asyncio.create_task(self._listen(platform))

    async def _listen(self, platform: Telegram) -> None:
        async for incoming in platform.receive():
            self.inbox.append(incoming)

    async def has(self, count: int) -> list[Incoming]:
        """The inbox once it holds so many."""
        async with asyncio.timeout(15):
            while len(self.inbox) < count:
                if self._task.done():
                    self._task.result()
                await asyncio.sleep(0.01)
        return self.inbox

    async def hears(self) -> Incoming:
        """The next message."""
        return (await self.has(len(self.inbox) + 1))[-1]

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[BotApi]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # a developer's proxy knows nothing of us
    with BotApi() as server:
        server.open_private(LI)
        yield server
    assert server.complaints == []


@pytest.fixture
async def telegram(api: BotApi) -> AsyncIterator[Telegram]:
    platform = Telegram(api.token, api.url, Clock(), poll_s=5, timeout_s=1)
    yield platform
    await platform.close()


@pytest.fixture
async def ear(telegram: Telegram) -> AsyncIterator[Ear]:
    ear = Ear(telegram)
    yield ear
    await ear.close()


async def until(claim: Any) -> None:
    """Waits for something that happens on the server."""
    async with asyncio.timeout(5):
        while not claim():
            await asyncio.sleep(0.01)


async def test_private_question_and_its_answer(api: BotApi, telegram: Telegram, ear: Ear) -> None:
    asked = api.say(LI.id, LI, "河长制巡查由谁牵头？")
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
    (answer,) = api.sent(LI.id)
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
    api: BotApi, ear: Ear, said: str, text: str, is_meant: bool
) -> None:
    api.add_to_group(GROUP, "安全生产专班", by=LI)
    api.say(GROUP, WANG, said)
    joined, incoming = (await ear.has(2))[:2]
    assert joined.event == "joined"
    assert (incoming.text, incoming.addressed) == (text, is_meant)
    assert (incoming.is_group, incoming.chat_title) == (True, "安全生产专班")


async def test_a_reply_to_the_bot_is_meant_for_it(
    api: BotApi, telegram: Telegram, ear: Ear
) -> None:
    api.add_to_group(GROUP, "创城办", by=LI)
    sent = int((await telegram.send(Outgoing(str(GROUP), ("提醒",)))).message_id)
    other = api.say(GROUP, LI, "我先看看")
    api.say(GROUP, WANG, "收到", reply_to=sent)
    api.say(GROUP, WANG, "收到", reply_to=other)
    api.say(GROUP, WANG, "/weather@other_bot", reply_to=sent)
    heard = (await ear.has(5))[2:]
    assert [incoming.addressed for incoming in heard] == [True, False, False]


@pytest.mark.parametrize("text", ["/河长制", "a@duban_test_bot", "https://example.org/@duban", "/"])
async def test_what_only_looks_like_a_call_is_none(text: str) -> None:
    assert address(text, "duban_test_bot") == (text, None)


async def test_being_let_in_and_put_out(api: BotApi, telegram: Telegram, ear: Ear) -> None:
    api.add_to_group(GROUP, "消防安全专班", by=LI)
    api.remove(GROUP, by=WANG)
    joined, left = await ear.has(2)
    assert (joined.event, joined.account_id, joined.chat_title) == ("joined", "71", "消防安全专班")
    assert (left.event, left.account_id) == ("left", "72")
    with pytest.raises(Refused, match="kicked") as refusal:
        await telegram.send(Outgoing(str(GROUP), ("提醒",)))
    assert refusal.value.code == "403"


async def test_a_group_that_becomes_a_supergroup(api: BotApi, telegram: Telegram, ear: Ear) -> None:
    api.add_to_group(GROUP, "防汛专班", by=LI)
    await ear.hears()
    api.migrate(GROUP, -1009001, by=LI)
    api.say(-1009001, LI, "/due")
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


async def test_text_is_measured_in_utf16(api: BotApi, telegram: Telegram) -> None:
    longest = "𠮷" * 2000 + "办" * 96  # a rare Han character is two units
    await telegram.send(Outgoing(str(LI.id), (longest,)))
    assert api.sent(LI.id)[0]["text"] == longest
    assert len(longest.encode("utf-16-le")) // 2 == telegram.limits.text_units
    with pytest.raises(Refused, match="too long"):
        await telegram.send(Outgoing(str(LI.id), (longest + "办",)))


async def test_buttons_press_and_edit(api: BotApi, telegram: Telegram, ear: Ear) -> None:
    keys = (
        (Button("收到", "ack:12"), Button("办结", "done:12")),
        (Button("更多", "more:" + "9" * 59),),
    )
    receipt = await telegram.send(Outgoing(str(LI.id), ("秋季开学检查 9月30日前",), keys))
    number = int(receipt.message_id)
    api.press(LI.id, number, LI, "办结")
    pressed = await ear.hears()
    assert (pressed.button, pressed.pressed_message_id, pressed.text) == (
        "done:12",
        str(number),
        "",
    )
    await until(lambda: not api.unanswered_presses)

    edited = Outgoing(str(LI.id), ("秋季开学检查 已办结",), edits=receipt.message_id)
    assert await telegram.send(edited) == receipt
    assert await telegram.send(edited) == receipt  # not modified: it reads as wanted
    (message,) = api.sent(LI.id)
    assert message["text"] == "秋季开学检查 已办结"
    assert "reply_markup" not in message
    with pytest.raises(Refused, match="not found"):
        await telegram.send(Outgoing(str(LI.id), ("已办结",), edits="999"))


async def test_each_press_is_a_message_of_its_own(
    api: BotApi, telegram: Telegram, ear: Ear
) -> None:
    keys = ((Button("收到", "ack:1"),),)
    sent = int((await telegram.send(Outgoing(str(LI.id), ("提醒",), keys))).message_id)
    api.fail("answerCallbackQuery", Fault("500"))  # a spinner is not worth a message
    api.press(LI.id, sent, LI, "收到")
    api.press(LI.id, sent, LI, "收到")
    assert len({incoming.message_id for incoming in await ear.has(2)}) == 2


@pytest.mark.parametrize(
    ("fault", "kind", "arrives"),
    [
        (Fault("429", retry_after=7), TryLater, False),
        (Fault("500"), TryLater, False),
        (Fault("html"), TryLater, False),
        (Fault("hang", done=True), MaybeSent, True),
        (Fault("drop"), MaybeSent, False),
        (Fault("drop", done=True), MaybeSent, True),
    ],
)
async def test_a_fault_while_sending(
    api: BotApi, telegram: Telegram, fault: Fault, kind: type[Exception], arrives: bool
) -> None:
    api.fail("sendMessage", fault)
    with pytest.raises(kind) as failure:
        await telegram.send(Outgoing(str(LI.id), ("第一条",)))
    if fault.kind == "429":
        assert isinstance(failure.value, TryLater)
        assert failure.value.retry_after_s == 7
    assert len(api.sent(LI.id)) == arrives
    assert api.calls["sendMessage"] == 1  # the outbox decides about another try
    await telegram.send(Outgoing(str(LI.id), ("第二条",)))
    assert api.sent(LI.id)[-1]["text"] == "第二条"


async def test_an_edit_may_be_tried_again_after_any_fault(api: BotApi, telegram: Telegram) -> None:
    sent = await telegram.send(Outgoing(str(LI.id), ("待办",)))
    edit = Outgoing(str(LI.id), ("已办结",), edits=sent.message_id)
    api.fail("editMessageText", Fault("drop", done=True))
    with pytest.raises(TryLater):
        await telegram.send(edit)
    assert await telegram.send(edit) == sent


async def test_nothing_was_sent_where_nobody_listens(api: BotApi, telegram: Telegram) -> None:
    api.close()
    with pytest.raises(TryLater):
        await telegram.send(Outgoing(str(LI.id), ("提醒",)))
    api.open()
    await telegram.send(Outgoing(str(LI.id), ("提醒",)))
    assert len(api.sent(LI.id)) == 1


async def test_killed_before_it_is_stored_it_comes_again(api: BotApi) -> None:
    api.say(LI.id, LI, "第一问")
    api.say(LI.id, LI, "第二问")
    first = Telegram(api.token, api.url, Clock(), poll_s=5)
    inbox = first.receive()
    seen = [await anext(inbox), await anext(inbox)]
    await inbox.aclose()  # the first is stored, the second is not; neither is let go yet
    await first.close()
    assert api.waiting() == 2

    second = Telegram(api.token, api.url, Clock(), poll_s=5)
    ear = Ear(second)
    assert await ear.has(2) == seen
    await until(lambda: api.waiting() == 0)
    await ear.close()
    await second.close()


async def test_faults_while_polling_lose_and_double_nothing(api: BotApi, ear: Ear) -> None:
    api.say(LI.id, LI, "0")
    await ear.hears()
    for number, fault in enumerate(
        (Fault("500"), Fault("drop", done=True), Fault("html"), Fault("429")), start=1
    ):
        api.fail("getUpdates", fault)
        api.say(LI.id, LI, str(number))
        await ear.has(number + 1)
    for number in range(5, 205):
        api.say(LI.id, LI, str(number))
    await ear.has(205)
    await until(lambda: api.waiting() == 0)
    assert [incoming.text for incoming in ear.inbox] == [str(number) for number in range(205)]
    assert len({incoming.message_id for incoming in ear.inbox}) == 205


async def test_it_waits_for_a_server_and_outlives_its_restart(api: BotApi, ear: Ear) -> None:
    api.close()
    await asyncio.sleep(0.2)
    assert api.calls["getUpdates"] == 0
    api.open()
    api.say(LI.id, LI, "早")
    await ear.hears()
    api.close()
    api.open()
    api.say(LI.id, LI, "晚")
    assert (await ear.has(2))[1].text == "晚"


async def test_a_webhook_of_before_is_taken_away(api: BotApi, ear: Ear) -> None:
    api.has_webhook = True
    api.say(LI.id, LI, "/start")
    await ear.hears()
    assert not api.has_webhook


async def test_two_that_poll_one_bot_take_turns(api: BotApi, ear: Ear) -> None:
    await until(lambda: api.calls["getUpdates"])
    rival = Telegram(api.token, api.url, Clock(), poll_s=5)
    other = Ear(rival)
    await until(lambda: api.calls["getUpdates"] > 3)  # each has been put off by the other
    for number in range(3):
        api.say(LI.id, LI, str(number))
    await until(lambda: len({i.message_id for i in ear.inbox + other.inbox}) == 3)
    await other.close()
    await rival.close()
    api.say(LI.id, LI, "又只有一个")
    await until(lambda: ear.inbox and ear.inbox[-1].text == "又只有一个")


async def test_the_menu_is_chinese_and_english(api: BotApi, ear: Ear) -> None:
    api.say(LI.id, LI, "/start")
    await ear.hears()
    for language, words in (("", "任务"), ("en", "Tasks")):
        menu = {item["command"]: item["description"] for item in api.commands[language]}
        assert set(menu) == {"start", "help", "due", "bind", "claim"}
        assert words in menu["due"]


async def test_a_wrong_token_is_named_and_never_printed(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = "123456:another-invented-token"
    caplog.set_level(logging.DEBUG)
    platform = Telegram(wrong, api.url, Clock())
    with pytest.raises(Refused) as refusal:
        await anext(platform.receive())
    await platform.close()
    api.complaints.clear()
    assert "DUBAN_TELEGRAM_TOKEN" in str(refusal.value)
    assert wrong not in str(refusal.value) + caplog.text


async def test_a_file_with_a_chinese_name(api: BotApi, telegram: Telegram, ear: Ear) -> None:
    content = bytes(range(256)) * 400
    api.send_file(LI.id, LI, "2026年安全生产 任务清单（终稿）.docx", content, caption="请收下")
    incoming = await ear.hears()
    (file,) = incoming.attachments
    assert (file.name, file.size_bytes) == ("2026年安全生产 任务清单（终稿）.docx", len(content))
    assert incoming.text == "请收下"
    assert await telegram.download(file) == content
    api.fail("getFile", Fault("drop"))
    with pytest.raises(TryLater):
        await telegram.download(file)


async def test_a_file_that_is_too_large(api: BotApi, telegram: Telegram, ear: Ear) -> None:
    api.send_file(LI.id, LI, "扫描件", bytes(20 * 1024 * 1024 + 1))
    (file,) = (await ear.hears()).attachments
    for size in (file.size_bytes, 0):  # told, and not told
        with pytest.raises(UserError, match="《扫描件》超过 20 MB"):
            await telegram.download(Attachment(file.name, size, file.ref))


async def test_messages_of_other_kinds(api: BotApi, ear: Ear) -> None:
    api.put(LI.id, LI, pinned_message=api._chats[LI.id].messages.get(1), new_chat_title="改名")
    picture = {"file_unique_id": "p", "width": 90, "height": 90, "file_size": 5}
    api.put(LI.id, LI, photo=[{**picture, "file_id": "small"}, {**picture, "file_id": "large"}])
    api.put(LI.id, LI, location={"latitude": 30.2, "longitude": 120.1})
    voice = {"file_id": "v", "file_unique_id": "v", "duration": 3}
    api.put(LI.id, LI, voice=voice)
    photo, place, spoken = await ear.has(3)
    assert [file.ref for file in photo.attachments] == ["large"]
    for incoming in (place, spoken):  # the person is owed an answer, and gets it from the router
        assert (incoming.text, incoming.attachments, incoming.addressed) == ("", (), True)


async def test_no_right_hangs_on_an_account_that_many_share(api: BotApi, ear: Ear) -> None:
    api.add_to_group(GROUP, "双减专班", by=LI)
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    group = {"id": GROUP, "type": "group", "title": "双减专班"}
    api.put(GROUP, LI, text="/claim 1234", sender_chat=group, **{"from": anonymous})
    api.put(GROUP, LI, text="/due", **{"from": {**anonymous, "id": 5}})  # a bot is not answered
    api.say(GROUP, LI, "/due")
    claimed, last = (await ear.has(3))[1:]
    assert claimed.account_id == f"chat{GROUP}"
    assert last.account_id == "71"


async def test_it_is_found_only_with_a_token(api: BotApi) -> None:
    store = create_engine("sqlite://")
    assert "telegram" not in load_platforms(Settings(), store)
    found = load_platforms(
        Settings(telegram_token=SecretStr(api.token), telegram_base_url=api.url), store
    )["telegram"]
    await found.send(Outgoing(str(LI.id), ("你好",)))
    await found.close()
    assert api.sent(LI.id)[0]["text"] == "你好"
    store.dispose()


def test_its_library_is_not_loaded_without_a_token() -> None:
    code = "import sys, bot.platforms.telegram; sys.exit('telegram' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
