"""Feishu: what is special about it, against a strict server on loopback, and by the real SDK."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from ear import Ear, until
from feishu_api import GROUP, MESSAGE_BYTES, ROBOT, ROBOT_BYTES
from feishu_server import (
    ENCRYPT_KEY,
    TOKEN,
    FeishuServer,
    RobotServer,
    StreamServer,
    seal,
    sealed_call,
)
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine
from vendor import BOSS, CLERK, Shown

from bot.degrading import degrade
from bot.messages import Button, Call, File, Outgoing
from bot.platforms import feishu, load_platforms
from bot.platforms._feishu_api import FIRST_WAIT_S, INCOMING_BYTES, failure, read_answer
from bot.platforms._feishu_cards import card_content, post, post_content
from bot.platforms._feishu_crypto import decrypt, signature
from bot.platforms._feishu_robots import FeishuRobots, sign
from bot.platforms.feishu import Feishu
from config.errors import MaybeSent, Refused, TryLater, UserError
from config.settings import Settings

pytestmark = pytest.mark.anyio
BUTTONS = ((Button("收到", "ack:7"), Button("办结", "done:7")),)
ADDED = "im.chat.member.bot.added_v1"


def made(server: FeishuServer, **others: Any) -> Any:
    """The platform as its settings make it."""
    settings = Settings(**{**server.settings(), **others})
    return load_platforms(settings, create_engine("sqlite://"))[server.name]


@pytest.fixture
def server() -> Iterator[FeishuServer]:
    """The vendor; it calls nobody by itself here."""
    found = FeishuServer()
    found.start(lambda call: pytest.fail("nobody listens"))
    yield found
    found.stop()
    assert found.complaints == []


@pytest.fixture
async def app(server: FeishuServer) -> AsyncIterator[Feishu]:
    found = made(server)
    yield found
    await found.close()


@pytest.fixture
async def ear(app: Feishu) -> AsyncIterator[Ear]:
    listening = Ear(app)
    yield listening
    await listening.close()


def says(text: str = "谁牵头河道清淤？", chat: str = "private", **message: Any) -> dict[str, Any]:
    server = FeishuServer()
    mentions = message.pop("mentions", [])
    content = {"text": text}
    event = server._message(chat, CLERK, "text", content, mentions, "om_1")
    event["message"].update(message)
    return server._complete("im.message.receive_v1", event, "")


def happens(kind: str, **event: Any) -> dict[str, Any]:
    return FeishuServer()._complete(kind, event, "1700000000123456")


def presses(chat: str = BOSS) -> dict[str, Any]:
    return happens(
        "card.action.trigger", operator={"open_id": CLERK}, context={"open_message_id": "om_9"},
        action={"tag": "button", "value": {"data": "ack:7", "chat": chat}},
    )  # fmt: skip


def shown(server: FeishuServer, chat: str = "private") -> list[Shown]:
    return server.shown(chat)


# ---- what comes in


def test_the_published_example_is_opened() -> None:
    assert decrypt("test key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=") == b"hello world"
    for broken in ("", "AAAA", "P37w+VZImNgPEO1RBhJ6Rg==", "不是base64"):
        with pytest.raises(Refused):
            decrypt("test key", broken)


async def test_the_check_of_our_address_is_answered(app: Feishu) -> None:
    asked = {"challenge": "1b6aef1a-401f", "token": TOKEN, "type": "url_verification"}
    body = json.dumps({"encrypt": seal(json.dumps(asked).encode(), ENCRYPT_KEY)}).encode()
    reply = await app.called(Call("POST", {}, {}, body))
    assert (reply.status, json.loads(reply.body)) == (200, {"challenge": "1b6aef1a-401f"})
    forged = sealed_call({**asked, "token": "guessed"})
    assert (await app.called(forged)).status == 403


async def test_a_message_and_a_press_are_stored_before_the_yes(app: Feishu, ear: Ear) -> None:
    assert (await app.called(sealed_call(says()))).status == 200
    (heard,) = ear.inbox
    assert (heard.text, heard.chat_id, heard.account_id) == ("谁牵头河道清淤？", CLERK, CLERK)
    assert (heard.account_name, heard.is_group, heard.addressed) == ("李科长", False, True)
    for chat in (BOSS, GROUP):
        assert (await app.called(sealed_call(presses(chat)))).status == 200
        pressed = ear.inbox[-1]
        assert (pressed.button, pressed.pressed_message_id) == ("ack:7", "om_9")
        assert (pressed.chat_id, pressed.is_group) == (chat, chat == GROUP)
        assert (pressed.at.year, pressed.at.microsecond) == (2023, 123456)


async def test_who_is_meant_in_a_group(app: Feishu, ear: Ear) -> None:
    us = {"key": "@_user_1", "id": {"open_id": ROBOT}, "name": "督办助手"}
    other = {"key": "@_user_2", "id": {"open_id": BOSS}, "name": "王主任"}
    both = says("@_user_1 请问@_user_2 何时完成", "group", mentions=[us, other], parent_id="om_0")
    await app.called(sealed_call(both))
    await app.called(sealed_call(says("@_user_2 吃了吗", "group", mentions=[other])))
    first, second = ear.inbox
    assert (first.text, first.addressed) == ("请问@王主任 何时完成", True)
    assert (first.chat_id, first.chat_title) == (GROUP, "安全生产专班")
    assert first.replied_to == "om_0"
    assert (second.text, second.addressed) == ("@王主任 吃了吗", False)


async def test_rich_texts_pictures_and_files(server: FeishuServer, app: Feishu, ear: Ear) -> None:
    rich = {
        "title": "整改情况",
        "content": [
            [{"tag": "text", "text": "请看"}, {"tag": "at", "user_id": "@_user_1"}],
            [{"tag": "img", "image_key": "img_1"}],
        ],
    }
    await app.called(sealed_call(says(message_type="post", content=json.dumps(rich))))
    (heard,) = ear.inbox
    assert heard.text.splitlines()[:2] == ["整改情况", "请看@_user_1"]
    server.api.files["om_1", "img_1"] = b"\x89PNG picture"
    assert await app.download(heard.attachments[0]) == b"\x89PNG picture"
    file = json.dumps({"file_key": "file_1", "file_name": "消防方案.docx"})
    await app.called(sealed_call(says(message_type="file", content=file)))
    attachment = ear.inbox[-1].attachments[0]
    assert attachment.name == "消防方案.docx"
    with pytest.raises(Refused, match="234003"):
        await app.download(attachment)
    server.api.files["om_1", "file_1"] = bytes(INCOMING_BYTES + 1)
    with pytest.raises(UserError, match="20 MB"):
        await app.download(attachment)


async def test_what_becomes_of_the_robot_in_a_group(app: Feishu, ear: Ear) -> None:
    kinds = (ADDED, "im.chat.member.bot.deleted_v1", "im.chat.disbanded_v1")
    for kind in (*kinds, "im.message.message_read_v1"):
        told = happens(kind, chat_id=GROUP, name="河长制工作群", operator_id={"open_id": BOSS})
        assert (await app.called(sealed_call(told))).status == 200
    assert [one.event for one in ear.inbox] == ["joined", "left", "left"]
    assert ear.inbox[0].chat_title == "河长制工作群"
    robot = says()
    robot["event"]["sender"]["sender_type"] = "app"
    assert (await app.called(sealed_call(robot))).status == 200
    assert len(ear.inbox) == 3, "two robots would talk for ever"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"signed_with": "guessed"}, 403),
        ({"key": "guessed"}, 403),
        ({"at": time.time() - 9 * 3600}, 403),
        ({"at": time.time() + 9 * 3600}, 403),
        ({"event": {"schema": "2.0", "header": {"token": "another app's"}}}, 403),
        ({"event": b"not json"}, 400),
        ({"event": b"[]"}, 400),
        ({"event": {"schema": "2.0", "header": {"token": TOKEN}}}, 400),
    ],
)
async def test_what_the_vendor_did_not_send_now_is_refused(
    app: Feishu, ear: Ear, change: dict[str, Any], status: int
) -> None:
    forged = sealed_call(**{"event": says(), **change})
    assert (await app.called(forged)).status == status
    assert (await app.called(sealed_call(says("真的")))).status == 200
    assert [one.text for one in ear.inbox] == ["真的"]


async def test_a_call_that_was_changed_on_its_way_is_refused(app: Feishu, ear: Ear) -> None:
    good, other = sealed_call(says()), sealed_call(says("换成这句"))
    swapped = replace(good, body=other.body)
    later = {**good.headers, "x-lark-request-timestamp": str(int(time.time()) + 9)}
    unsealed = replace(good, body=json.dumps(says()).encode())
    for call, status in ((swapped, 403), (replace(good, headers=later), 403), (unsealed, 400)):
        assert (await app.called(call)).status == status
    unsigned = {name: value for name, value in good.headers.items() if "signature" not in name}
    assert (await app.called(replace(good, headers=unsigned))).status == 403
    assert ear.inbox == []


async def test_what_is_delivered_again_has_the_same_id(app: Feishu, ear: Ear) -> None:
    for event in (says(), presses()):
        for _ in range(2):
            assert (await app.called(sealed_call(event))).status == 200
    ids = [one.message_id for one in ear.inbox]
    assert ids[0] == ids[1] != ids[2] == ids[3]


async def test_what_was_not_stored_comes_again(
    app: Feishu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feishu, "STORED_WITHIN_S", 0.05)
    assert (await app.called(sealed_call(says()))).status == 503  # nobody takes it
    listening = Ear(app)
    assert (await app.called(sealed_call(says()))).status == 200
    assert len(listening.inbox) == 1
    await listening.close()


async def test_without_the_right_to_names_people_are_heard_all_the_same(
    server: FeishuServer, app: Feishu, ear: Ear
) -> None:
    server.api.tells_names = False
    for _ in range(2):
        await app.called(sealed_call(says()))
    assert [one.account_name for one in ear.inbox] == ["", ""]
    assert server.api.calls["user"] == 1


# ---- what goes out


async def test_the_token_is_asked_for_once_and_again_when_it_ends(
    server: FeishuServer, app: Feishu
) -> None:
    message = Outgoing(BOSS, ("请于周五前报送",))
    await asyncio.gather(*(app.send(message) for _ in range(5)))
    assert server.api.calls["token"] == 1
    server.api.expire_token()
    await app.send(message)
    server.api.expire_token()
    server.api.files["om_1", "f"] = "方案".encode()
    assert await app._api.download("om_1", "file", "f", "方案.txt") == "方案".encode()
    assert server.api.calls["token"] == 3
    assert len(shown(server)) == 6


@pytest.mark.parametrize(
    ("code", "msg", "kind", "what"),
    [
        (99991400, "request trigger frequency limit", TryLater, FIRST_WAIT_S),
        (230020, "triggers the frequency limit", TryLater, FIRST_WAIT_S),
        (11232, "create message trigger system rate limit", TryLater, FIRST_WAIT_S),
        (10014, "app secret invalid", Refused, "401"),
        (99991672, "one of the following scopes", Refused, "401"),
        (99991663, "invalid access token", Refused, "401"),
        (230006, "Bot ability is not activated", Refused, "401"),
        (230002, "The bot can not be outside the group", Refused, "403"),
        (230013, "Bot has NO availability to this user", Refused, "403"),
        (230001, "ext=invalid receive_id", Refused, "403"),
        (230001, "ext=invalid content", Refused, "400"),
        (230025, "The length of the message content reaches its limit", Refused, "400"),
    ],
)
def test_the_code_decides(code: int, msg: str, kind: type, what: object) -> None:
    error = failure(code, msg)
    assert isinstance(error, kind)
    assert f"{code}：{msg}" in str(error)
    found = error.retry_after_s if isinstance(error, TryLater) else getattr(error, "code", "")
    assert found == what


def test_it_is_tried_again_when_feishu_says() -> None:
    with pytest.raises(TryLater) as found:
        read_answer(429, b'{"code":99991400,"msg":"slow down"}', "37", False)
    assert found.value.retry_after_s == 37


async def test_an_error_is_what_its_code_says_whatever_the_status(
    server: FeishuServer, app: Feishu
) -> None:
    message = Outgoing(BOSS, ("请于周五前报送",))
    for fault, kind in (("busy", TryLater), ("error", TryLater), ("drop", MaybeSent)):
        server.fail(fault)
        with pytest.raises(kind):
            await app.send(message)
    server.gone("private")
    with pytest.raises(Refused, match="230002") as found:
        await app.send(message)
    assert found.value.code == "403"


async def test_a_wrong_secret_is_told_without_it(server: FeishuServer) -> None:
    app = made(server, feishu_app_secret="not-the-secret")
    with pytest.raises(Refused, match="DUBAN_FEISHU_APP_SECRET") as found:
        await app.check()
    assert found.value.code == "401"
    assert "not-the-secret" not in str(found.value)
    await app.close()


async def test_the_check_names_the_robot(app: Feishu) -> None:
    assert await app.check() == "机器人“督办助手”可用"


async def test_one_message_is_shown_once_however_often_it_is_sent(
    server: FeishuServer, app: Feishu
) -> None:
    message = Outgoing(BOSS, ("请于周五前报送",), key="duban-1-0")
    server.fail("drop")
    with pytest.raises(MaybeSent):
        await app.send(message)
    await app.send(message)
    assert len(shown(server)) == 1
    # another database also has a first message
    await app.send(replace(message, rows=("请于周六前报送",)))
    file = Outgoing(BOSS, (), files=(File("通报.xlsx", b"PK sheet"),), key="duban-2-0")
    await app.send(file)
    await app.send(file)
    assert [one.text for one in shown(server)] == ["请于周五前报送", "请于周六前报送", ""]


async def test_cards_and_rich_texts_are_changed_each_in_its_way(
    server: FeishuServer, app: Feishu
) -> None:
    card = await app.send(Outgoing(BOSS, ("【到期提醒】河道清淤", "6月30日到期"), BUTTONS))
    text = await app.send(Outgoing(BOSS, ("未报送：3个单位",)))
    for n in range(2):
        await app.send(Outgoing(BOSS, (f"改{n}",), BUTTONS, edits=card.message_id))
    await app.send(Outgoing(BOSS, ("河道清淤：已办结",), edits=card.message_id))
    for n in range(21):
        await app.send(Outgoing(BOSS, (f"未报送：{n}",), edits=text.message_id))
    first, second, third = shown(server)
    assert (first.text, first.buttons, first.edited) == ("河道清淤：已办结", [], True)
    assert (second.text, second.edited) == ("未报送：19", True)
    assert third.text == "未报送：20", "the vendor lets a text be changed twenty times"
    await app.send(Outgoing(BOSS, ("要按钮了",), BUTTONS, edits=text.message_id))
    assert shown(server)[-1].buttons == ["收到", "办结"]


async def test_people_are_pointed_at_in_texts_and_in_cards(
    server: FeishuServer, app: Feishu
) -> None:
    message = Outgoing(GROUP, ("请于周五前报送", "*原样*"), mentions=(BOSS, CLERK))
    await app.send(message)
    await app.send(replace(message, buttons=BUTTONS))
    assert server.api.pointed_at == [BOSS, CLERK] * 2
    assert {one.text for one in shown(server, "group")} == {"请于周五前报送\n*原样*"}


async def test_a_large_picture_goes_as_a_file(server: FeishuServer, app: Feishu) -> None:
    large = File("红黄绿灯.png", bytes(10 * 1024 * 1024 + 1))
    await app.send(Outgoing(BOSS, (), files=(large,)))
    assert shown(server)[0].files == {"红黄绿灯.png": large.content}
    assert (server.api.calls["files"], server.api.calls["images"]) == (1, 0)


@given(st.lists(st.text(st.sampled_from('督办"\\\n<>\x00 a😀'), max_size=3000), min_size=1))
def test_whatever_the_words_a_call_is_never_too_large(rows: list[str]) -> None:
    buttons = tuple((Button("标" * 20, "x" * 64),) for _ in range(20))
    message = Outgoing(GROUP, tuple(rows), buttons, mentions=("ou_" + "a" * 32,) * 5)
    for part in degrade(message, Feishu.limits):
        for content in (card_content(part), post_content(part.rows, part.mentions)):
            body = {"receive_id": GROUP, "msg_type": "interactive", "content": content}
            sent = json.dumps({**body, "uuid": "u" * 50}, ensure_ascii=False)
            assert len(sent.encode()) <= MESSAGE_BYTES
    for part in degrade(message, FeishuRobots.limits):
        sent = json.dumps({"content": {"post": post(part.rows, ())}}, ensure_ascii=False)
        assert len(sent.encode()) + 200 <= ROBOT_BYTES


# ---- the long connection, by the real SDK


@pytest.fixture
def far_end() -> Iterator[StreamServer]:
    found = StreamServer()
    found.start(lambda call: pytest.fail("it does not call"))
    yield found
    found.stop()
    assert found.complaints == []


async def test_the_long_connection_comes_back_and_loses_nothing(far_end: StreamServer) -> None:
    app = made(far_end)
    assert (await app.called(sealed_call(says()))).status == 404, "nobody calls in this mode"
    events = app.receive()
    pushing = asyncio.create_task(asyncio.to_thread(far_end.say, "private", BOSS, "未存下"))
    first = await anext(events)
    await events.aclose()  # stopped before it was stored …
    ear = Ear(app)  # … it comes again, as the same message
    assert (await ear.hears()).message_id == first.message_id
    await pushing
    far_end.wire.drop()
    await asyncio.to_thread(far_end.say, "group", CLERK, "断线期间说的")
    assert ear.inbox[-1].text == "断线期间说的"
    assert far_end.wire.connections == 3
    assert len(ear.inbox) == 2
    await ear.close()
    await app.close()


async def test_a_refused_connection_is_tried_again(far_end: StreamServer) -> None:
    right, far_end.api.secret = far_end.api.secret, "changed meanwhile"
    app = made(far_end, feishu_app_secret=right)
    ear = Ear(app)
    await until(lambda: far_end.api.calls["endpoint"])
    far_end.api.secret = right
    await asyncio.to_thread(far_end.say, "private", BOSS, "又通了")
    assert [one.text for one in ear.inbox] == ["又通了"]
    await ear.close()
    await app.close()


# ---- settings and robots


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"feishu_app_secret": ""}, "还缺这几项设置：DUBAN_FEISHU_APP_SECRET"),
        ({"feishu_encrypt_key": ""}, "还缺这几项设置：DUBAN_FEISHU_ENCRYPT_KEY"),
        ({"feishu_webhooks": "市水利局"}, "群机器人应写成"),
    ],
)
def test_settings_that_are_not_whole_are_told(change: dict[str, str], words: str) -> None:
    server = FeishuServer()
    server.api.url = "http://127.0.0.1:1"
    given = Settings(**{**server.settings(), **change})
    with pytest.raises(UserError, match=words):
        feishu.from_settings(given, create_engine("sqlite://"))


def test_without_settings_it_is_off() -> None:
    assert feishu.from_settings(Settings(), create_engine("sqlite://")) == []


def test_the_sdk_is_loaded_for_the_long_connection_alone() -> None:
    code = (
        "import sys; from bot.platforms import feishu; from config.settings import Settings;"
        "common = dict(feishu_app_id='a', feishu_app_secret='b', feishu_encrypt_key='c',"
        " feishu_verification_token='d');"
        "assert feishu.from_settings(Settings(**common, feishu_mode='callback'), None);"
        "sys.exit('lark_oapi' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_calls_and_robots_are_signed_as_documented() -> None:
    # made with the formulas of open.feishu.cn by another tool (openssl)
    assert signature("k", "1599360473", "n", b"{}") == (
        "98cd94e5625fc8c35ef3033d36a626c53438efe6e8f4aacd0134e07d1baef0df"
    )
    assert sign("demo", 1599360473) == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="


async def test_a_robot_speaks_signed_into_its_group() -> None:
    server = RobotServer()
    server.start(lambda call: pytest.fail("a robot is never called"))
    robots = made(server)
    chat = server.chat_id("group")
    await robots.send(Outgoing(chat, ("请于周五前报送", "<b>*原样*</b>")))
    assert [one.text for one in shown(server)] == ["请于周五前报送\n<b>*原样*</b>"]
    wrong = made(server, feishu_webhooks=server.settings()["feishu_webhooks"] + "x")
    with pytest.raises(Refused, match="19021") as found:
        await wrong.send(Outgoing(chat, ("在吗",)))
    assert found.value.code == "401"
    for message in (Outgoing(chat, ("还在吗",)), Outgoing("没有的机器人", ("在吗",))):
        server.gone("group")
        with pytest.raises(Refused) as found:
            await robots.send(message)
        assert found.value.code == "403"
        assert server.api.robot_key not in str(found.value)
    asked = [incoming async for incoming in robots.receive()]
    assert [(one.text, one.chat_id) for one in asked] == [("/bind 市农业农村局", chat)]
    await robots.close()
    await wrong.close()
    server.stop()
    assert server.complaints == []
