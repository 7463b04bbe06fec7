"""The AI bot's own ways: one long connection for all, what groups say, cards, files, and its errcodes."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from ear import Ear, until
from sqlalchemy import create_engine
from vendor import BOSS, CLERK
from websockets.sync.client import connect
from wecom_bot_server import CHUNK_BYTES, FILE_BYTES, GROUP, PICTURE_BYTES, WecomBotServer
from wecom_bot_wire import Rejected

from bot.messages import Button, File, Incoming, Outgoing
from bot.platforms import _wecom_bot_line as line
from bot.platforms import load_platforms
from bot.platforms._wecom_bot_events import read_callback
from bot.platforms.wecom_bot import WecomBot
from config.clock import Clock
from config.errors import DubanError, MaybeSent, Refused, TryLater, UserError
from config.settings import Settings

pytestmark = pytest.mark.anyio
GROUP_ID = f"group:{GROUP}"
BUTTONS = ((Button("收到", "ack:7"), Button("办结", "done:7")),)
LONG = (
    "【到期提醒】县消防救援大队：有1项任务即将到期",
    "1. 高层建筑整治" + "，完好率达到95%以上" * 20,
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WecomBotServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found = WecomBotServer()
    found.start()
    yield found
    found.stop()
    assert found.complaints == []


def made(server: WecomBotServer, **others: Any) -> WecomBot:
    """The platform as its settings make it."""
    settings = Settings(**{**server.settings(), **others})
    found = load_platforms(settings, create_engine("sqlite://"))["wecom_bot"]
    assert isinstance(found, WecomBot)
    return found


@pytest.fixture
async def bot(server: WecomBotServer) -> AsyncIterator[WecomBot]:
    found = made(server)
    yield found
    await found.close()


@pytest.fixture
async def ear(bot: WecomBot) -> AsyncIterator[Ear]:
    listening = Ear(bot)
    yield listening
    await listening.close()


def callback(**content: Any) -> dict[str, Any]:
    return {
        "msgid": "CAIQ16HMjQYY==", "aibotid": "b", "chatid": GROUP, "chattype": "group",
        "from": {"userid": CLERK}, **content,
    }  # fmt: skip


def read(**content: Any) -> Incoming:
    found = read_callback(callback(**content), Clock("Asia/Shanghai").wall())
    assert found is not None
    return found


async def fault(bot: WecomBot, words: str) -> DubanError:
    """What sending ends with, once it says these words."""
    async with asyncio.timeout(60):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(line, "READY_WITHIN_S", 0.1)  # it is asked again: no need to wait long
            while True:
                with pytest.raises(DubanError) as found:
                    await bot.send(Outgoing(BOSS, ("报送",)))
                if words in str(found.value):
                    return found.value


async def sent(bot: WecomBot, message: Outgoing) -> None:
    """Sends until it is taken: a connection may be on its way."""
    async with asyncio.timeout(60):
        while True:
            try:
                await bot.send(message)
                return
            except TryLater:
                await asyncio.sleep(0.01)


# ---- what comes in


async def test_people_are_heard_in_private_and_in_a_group(server: WecomBotServer, ear: Ear) -> None:
    await asyncio.to_thread(server.say, "private", BOSS, "河道清淤由谁牵头？")
    await asyncio.to_thread(server.say, "group", CLERK, "消防通道谁来管")
    private, group = await ear.has(2)
    assert (private.text, private.chat_id, private.account_id) == ("河道清淤由谁牵头？", BOSS, BOSS)
    assert (private.is_group, private.addressed) == (False, True)
    assert (group.text, group.chat_id, group.account_id) == ("消防通道谁来管", GROUP_ID, CLERK)
    assert (group.is_group, group.addressed) == (True, True)
    assert private.message_id != group.message_id
    assert private.at.tzinfo is not None


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("@督办助手 收到", "收到"),
        ("@督办助手\u2005办结 第3项", "办结 第3项"),
        ("@张三 @督办助手 请看", "请看"),
        ("请问谁牵头 @督办助手", "请问谁牵头"),
        ("收到 @督办助手 @张三", "收到"),
        ("@督办助手", ""),
        ("@督办助手 邮箱 xf@example.org 对吗", "邮箱 xf@example.org 对吗"),
        ("@督办助手 /bind 市水利局\n明天起", "/bind 市水利局\n明天起"),
    ],
)
def test_who_is_pointed_at_is_left_out(said: str, understood: str) -> None:
    assert read(msgtype="text", text={"content": said}).text == understood


def test_in_private_nothing_is_left_out() -> None:
    alone = {"chattype": "single", "msgtype": "text", "text": {"content": "@张三 负责哪几项"}}
    assert read(**alone).text == "@张三 负责哪几项"
    assert read(**alone).chat_id == CLERK


def test_words_with_pictures_and_words_that_were_spoken() -> None:
    parts = [
        {"msgtype": "text", "text": {"content": "@督办助手 办结，见照片"}},
        {"msgtype": "image", "image": {"url": "https://example.org/1", "aeskey": "k"}},
        {"msgtype": "image", "image": {"url": "https://example.org/2", "aeskey": "l"}},
    ]
    mixed = read(msgtype="mixed", mixed={"msg_item": parts})
    assert mixed.text == "办结，见照片"
    assert [file.ref for file in mixed.attachments] == [
        "k https://example.org/1",
        "l https://example.org/2",
    ]
    spoken = read(chattype="single", msgtype="voice", voice={"content": "本月到期的有哪些"})
    assert spoken.text == "本月到期的有哪些"
    unknown = read(msgtype="hologram", hologram={"beam": "up"})
    assert (unknown.text, unknown.attachments) == ("", ())


@pytest.mark.parametrize("kind", ["enter_chat", "feedback_event"])
def test_events_in_which_nobody_speaks_are_none(kind: str) -> None:
    event = callback(msgtype="event", event={"eventtype": kind, kind: {}})
    assert read_callback(event, Clock("Asia/Shanghai").wall()) is None


async def test_what_comes_again_has_the_same_id(server: WecomBotServer, ear: Ear) -> None:
    await asyncio.to_thread(server.say, "group", CLERK, "收到")
    await asyncio.to_thread(server.redeliver)
    first, again = await ear.has(2)
    assert (first.message_id, first.text) == (again.message_id, again.text)


async def test_what_is_not_understood_ends_nothing(server: WecomBotServer, ear: Ear) -> None:
    await until(lambda: server.wire.subscriptions == 1)
    for frame in ("no JSON", "[]", '{"cmd": "ping"}', '{"headers": {"req_id": "nobody\'s"}}'):
        await asyncio.to_thread(server.wire.send_raw, frame)
    await asyncio.to_thread(server.call, "aibot_msg_callback", {"msgid": "1", "from": None})
    await asyncio.to_thread(server.say, "private", BOSS, "还在吗")
    assert (await ear.has(1))[0].text == "还在吗"
    assert server.wire.subscriptions == 1


async def test_what_could_not_be_stored_is_held(server: WecomBotServer, bot: WecomBot) -> None:
    events = bot.receive()
    first = asyncio.ensure_future(anext(events))
    await asyncio.to_thread(server.say, "private", BOSS, "办结")
    await first
    await events.aclose()  # type: ignore[attr-defined]  # before it was stored
    ear = Ear(bot)
    assert (await ear.has(1))[0] == first.result()
    await ear.close()


# ---- files


async def test_a_file_is_named_by_its_download_and_opened(
    server: WecomBotServer, bot: WecomBot, ear: Ear
) -> None:
    content = b"PK\x03\x04" + bytes(range(256)) * 300
    await asyncio.to_thread(server.send_file, "private", BOSS, "河长制 方案(终稿).docx", content)
    (file,) = (await ear.has(1))[0].attachments
    assert file.name == "河长制 方案(终稿).docx"
    assert await bot.download(file) == content
    server.forget_files()
    with pytest.raises(UserError, match="重新发一次"):
        await bot.download(file)


async def test_words_after_a_file_do_not_go_before_it(
    server: WecomBotServer, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, handle = threading.Event(), server.http.handle

    def slow(*call: Any) -> Any:
        go_on.wait(60)
        return handle(*call)

    monkeypatch.setattr(server.http, "handle", slow)
    await asyncio.to_thread(server.send_file, "private", BOSS, "方案.docx", b"PK")
    await asyncio.to_thread(server.say, "private", BOSS, "请看文件")
    await asyncio.to_thread(server.say, "group", CLERK, "消防通道谁来管")
    await until(lambda: GROUP_ID in [heard.chat_id for heard in ear.inbox])  # does not wait
    go_on.set()
    private = [heard for heard in await ear.has(3) if heard.chat_id == BOSS]
    assert [len(heard.attachments) for heard in private] == [1, 0]


async def test_a_file_of_no_name_or_another_key_is_said_to_be_so(
    server: WecomBotServer, bot: WecomBot, ear: Ear
) -> None:
    sealed = server.sealed("方案.docx", b"secret of another")
    wrong = {**sealed, "aeskey": server.sealed("", b"")["aeskey"]}
    await asyncio.to_thread(server.message, "private", BOSS, msgtype="file", file=wrong)
    (file,) = (await ear.has(1))[0].attachments
    with pytest.raises(UserError, match="解不开"):
        await bot.download(file)
    server.forget_files()
    await asyncio.to_thread(server.message, "private", BOSS, msgtype="file", file=sealed)
    assert (await ear.has(2))[1].attachments[0].name == "未命名"


async def test_files_go_in_chunks_and_large_pictures_as_files(
    server: WecomBotServer, bot: WecomBot, ear: Ear
) -> None:
    sheet = File("通报.xlsx", bytes(range(256)) * (2 * CHUNK_BYTES // 256) + b"the rest")
    small, large = File("灯.png", b"\x89PNG..."), File("大图.png", bytes(PICTURE_BYTES + 1))
    for file in (sheet, small, large):
        await sent(bot, Outgoing(GROUP_ID, (), files=(file,)))
    files = [message.files for message in server.shown("group")]
    assert files == [{file.name: file.content} for file in (sheet, small, large)]
    assert server.wire.commands["aibot_upload_media_chunk"] == 3 + 1 + 5
    with pytest.raises(Refused) as found:
        await bot.send(Outgoing(GROUP_ID, (), files=(File("a.pdf", bytes(FILE_BYTES + 1)),)))
    assert found.value.code == "400"


# ---- what goes out


async def test_signs_of_markdown_are_shown_as_they_are(
    server: WecomBotServer, bot: WecomBot, ear: Ear
) -> None:
    rows = ("# 不是标题", "*责任* 单位：[市水利局](甲) _乙_ `丙`", "- 一", "> 二", "完成率 90%")
    await sent(bot, Outgoing(GROUP_ID, rows))
    assert [message.text for message in server.shown("group")] == ["\n".join(rows)]


async def test_a_card_holds_what_it_can_and_a_press_is_shown_on_it(
    server: WecomBotServer, bot: WecomBot, ear: Ear
) -> None:
    await sent(bot, Outgoing(GROUP_ID, ("请确认", "第3项是否办结"), buttons=BUTTONS))
    (card,) = server.shown("group")
    assert (card.text, card.buttons) == ("请确认\n第3项是否办结", ["收到", "办结"])
    await asyncio.to_thread(server.press, "group", card.message_id, CLERK, "办结")
    press = (await ear.has(1))[0]
    assert (press.button, press.pressed_message_id) == ("done:7", card.message_id)
    assert (press.chat_id, press.is_group, press.account_id) == (GROUP_ID, True, CLERK)
    await until(lambda: server.shown("group")[0].buttons == ["收到", "已点：办结"])
    await asyncio.to_thread(server.press, "group", card.message_id, BOSS, "已点：办结")
    await asyncio.to_thread(server.press, "group", card.message_id, BOSS, "收到")
    assert [one.button for one in (await ear.has(3))[1:]] == ["done:7", "ack:7"]
    await until(lambda: server.shown("group")[0].buttons == ["已点：收到", "已点：办结"])


async def test_a_press_on_a_card_from_before_the_last_start_is_heard(
    server: WecomBotServer, bot: WecomBot, ear: Ear
) -> None:
    await sent(bot, Outgoing(GROUP_ID, ("请确认",), buttons=BUTTONS))
    await ear.close()
    await bot.close()
    again = made(server)
    ear = Ear(again)
    await until(lambda: server.wire.subscriptions == 2)
    card = server.shown("group")[0].message_id
    await asyncio.to_thread(server.press, "group", card, CLERK, "收到")
    assert (await ear.has(1))[0].button == "ack:7"
    assert server.wire.commands["aibot_respond_update_msg"] == 0
    await ear.close()
    await again.close()


async def test_what_is_pressed_in_passing_gets_no_card_of_its_own(
    server: WecomBotServer, bot: WecomBot, ear: Ear
) -> None:
    rate = ((Button("有用", "good:7", is_minor=True), Button("没用", "bad:7", is_minor=True)),)
    for rows, buttons in ((LONG, rate), (LONG, (*rate, *BUTTONS)), (("2项",), rate)):
        await sent(bot, Outgoing(GROUP_ID, rows, buttons=buttons))
    shown = [message.buttons for message in server.shown("group")]
    assert shown == [[], [], ["有用", "没用", "收到", "办结"], ["有用", "没用"]]


async def test_long_words_come_before_their_card_and_are_not_said_twice(
    server: WecomBotServer, bot: WecomBot, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = Outgoing(GROUP_ID, LONG, buttons=BUTTONS, key="duban-1-0")
    await sent(bot, Outgoing(BOSS, ("已连上",)))
    send, refused = server._send, iter([False, True, False])

    def busy_with_the_card(body: dict[str, Any]) -> dict[str, Any]:
        if next(refused):
            raise Rejected(-1, "system busy")
        return send(body)

    monkeypatch.setattr(server, "_send", busy_with_the_card)
    with pytest.raises(TryLater):
        await bot.send(message)
    await bot.send(message)
    words, card = server.shown("group")
    assert (words.text, words.buttons) == ("\n".join(LONG), [])
    assert card.buttons == ["收到", "办结"]
    assert card.text == f"{LONG[0]}\n上面这条消息，请在这里点选答复。"


@pytest.mark.parametrize(
    ("errcode", "kind", "code"),
    [
        (93006, Refused, "403"),
        (40058, Refused, "400"),
        (-1, TryLater, ""),
        (45033, TryLater, ""),
        (45009, TryLater, ""),
    ],
)
async def test_an_errcode_says_what_happens_next(
    server: WecomBotServer, bot: WecomBot, ear: Ear, monkeypatch: pytest.MonkeyPatch,
    errcode: int, kind: type[DubanError], code: str,
) -> None:  # fmt: skip
    await sent(bot, Outgoing(BOSS, ("已连上",)))

    def refuse(body: dict[str, Any]) -> dict[str, Any]:
        raise Rejected(errcode, "the vendor's words")

    monkeypatch.setattr(server, "_send", refuse)
    with pytest.raises(kind, match=f"{errcode}：the vendor's words") as found:
        await bot.send(Outgoing(BOSS, ("报送",)))
    assert getattr(found.value, "code", "") == code


# ---- the line


async def test_wrong_credentials_are_told_and_what_waits_is_kept(server: WecomBotServer) -> None:
    bot = made(server, wecom_bot_secret="guessed-secret")
    ear = Ear(bot)
    found = await fault(bot, "853000")
    assert isinstance(found, Refused)
    assert found.code == "401"
    assert "DUBAN_WECOM_BOT_SECRET" in str(found)
    assert "guessed-secret" not in str(found)
    await ear.close()
    await bot.close()


async def test_the_line_is_opened_again_whenever_it_breaks(
    server: WecomBotServer, bot: WecomBot, ear: Ear
) -> None:
    await until(lambda: server.wire.subscriptions == 1)
    server.wire.drop()
    await until(lambda: server.wire.subscriptions >= 2)
    await asyncio.to_thread(server.say, "group", CLERK, "还在吗")
    assert (await ear.has(1))[0].text == "还在吗"
    await sent(bot, Outgoing(GROUP_ID, ("在",)))


async def test_a_line_that_wecom_has_forgotten_is_opened_again(
    server: WecomBotServer, bot: WecomBot, ear: Ear
) -> None:
    await sent(bot, Outgoing(BOSS, ("一",)))
    server.wire.forgets = True
    with pytest.raises(TryLater, match="846609"):
        await bot.send(Outgoing(BOSS, ("二",)))
    await sent(bot, Outgoing(BOSS, ("二",)))
    assert [message.text for message in server.shown("private")] == ["一", "二"]
    assert server.wire.subscriptions == 2


async def test_without_an_answer_a_message_may_have_arrived(
    server: WecomBotServer, bot: WecomBot, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sent(bot, Outgoing(BOSS, ("已连上",)))
    server.fail("drop")
    with pytest.raises(MaybeSent):
        await bot.send(Outgoing(BOSS, ("断了",)))
    await sent(bot, Outgoing(BOSS, ("又连上",)))
    monkeypatch.setattr(line, "TIMEOUT_S", 0.5)
    server.fail("hang")
    with pytest.raises(MaybeSent):
        await bot.send(Outgoing(BOSS, ("没有回音",)))


async def test_without_a_line_nothing_is_sent(
    server: WecomBotServer, bot: WecomBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "READY_WITHIN_S", 0.01)
    with pytest.raises(TryLater, match="还没有连上"):
        await bot.send(Outgoing(BOSS, ("报送",)))


async def test_pings_keep_the_line_and_their_silence_ends_it(
    server: WecomBotServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "PING_EVERY_S", 0.01)
    bot = made(server)
    ear = Ear(bot)
    await until(lambda: server.wire.commands["ping"] >= 3)
    monkeypatch.setattr(line, "TIMEOUT_S", 0.5)
    before, server.wire.is_deaf = server.wire.subscriptions, True
    await until(lambda: server.wire.subscriptions > before)
    server.wire.is_deaf = False
    async with asyncio.timeout(60):
        while not ear.inbox:  # what is said on a line that just ends is lost
            await asyncio.to_thread(server.say, "private", BOSS, "还在吗")
            await asyncio.sleep(0.1)
    assert ear.inbox[0].text == "还在吗"
    await ear.close()
    await bot.close()


async def test_a_second_program_ends_our_line_and_we_say_so(
    server: WecomBotServer, bot: WecomBot, ear: Ear
) -> None:
    await sent(bot, Outgoing(BOSS, ("已连上",)))
    with connect(server.wire.url) as second:
        _subscribe(second, server)
        found = await fault(bot, "一个机器人只能有一个程序连接")
        assert isinstance(found, TryLater)
        assert found.retry_after_s == line.DISPLACED_WAIT_S


async def test_after_a_second_program_we_come_back(
    server: WecomBotServer, bot: WecomBot, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "DISPLACED_WAIT_S", 0.1)
    await until(lambda: server.wire.subscriptions == 1)
    with connect(server.wire.url) as second:
        _subscribe(second, server)
        await until(lambda: server.wire.subscriptions >= 3)
    await asyncio.to_thread(server.say, "private", BOSS, "还在吗")
    assert (await ear.has(1))[0].text == "还在吗"


def _subscribe(connection: Any, server: WecomBotServer) -> None:
    body = {"bot_id": server.bot_id, "secret": server.secret}
    frame = {"cmd": "aibot_subscribe", "headers": {"req_id": "1"}, "body": body}
    connection.send(json.dumps(frame))
    assert json.loads(connection.recv(timeout=60))["errcode"] == 0


async def test_the_doctor_ends_no_connection_of_a_running_program(
    server: WecomBotServer, bot: WecomBot, ear: Ear
) -> None:
    await until(lambda: server.wire.subscriptions == 1)
    doctor = made(server)
    assert "可以连接" in await doctor.check()
    await doctor.close()
    await sent(bot, Outgoing(BOSS, ("还在",)))
    assert server.wire.subscriptions == 1
    nobody = made(server, wecom_bot_url="ws://127.0.0.1:9")
    with pytest.raises(TryLater, match="不通"):
        await nobody.check()
    await nobody.close()


# ---- settings, and the whole of it


def test_half_of_the_settings_is_told() -> None:
    for given, missing in (("wecom_bot_id", "SECRET"), ("wecom_bot_secret", "ID")):
        with pytest.raises(UserError, match=f"DUBAN_WECOM_BOT_{missing}"):
            load_platforms(Settings(**{given: "x"}), create_engine("sqlite://"))


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="wss"):
        Settings(wecom_bot_url="https://openws.work.weixin.qq.com")
