"""WeCom's own ways: sealed and signed calls, errcodes, the token, cards that change once, robots."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conversation import UNIT, Conversation
from ear import Ear
from sqlalchemy import create_engine
from vendor import BOSS, Shown
from wecom_api import FILE_BYTES
from wecom_server import AES_KEY, TOKEN, RobotServer, WecomServer, seal, sealed_call, sign
from world import copy_home

from bot.messages import Attachment, Button, Call, File, Outgoing
from bot.platforms import load_platforms, wecom
from bot.platforms._wecom_api import failure
from bot.platforms._wecom_crypto import check_signature, read_key, unseal
from bot.platforms._wecom_events import read_event
from bot.platforms.wecom import Wecom
from config.errors import MaybeSent, Refused, TryLater, UserError
from config.settings import Settings
from corpus.models import EventKind

pytestmark = pytest.mark.anyio
BUTTONS = ((Button("收到", "ack:7"), Button("办结", "done:7")),)
LONG = ("【到期提醒】市水利局：有2项任务即将到期", "1. 河道清淤" + "。完成18公里" * 30)

# the vendor's published example, WXBizMsgCrypt/Sample
EXAMPLE_CORP = "wx5823bf96d3bd56c7"
ECHO = {
    "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "timestamp": "1409659589",
    "nonce": "263014780",
}
ECHO_SEALED = (
    "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
)
MESSAGE = {
    "msg_signature": "477715d11cdb4164915debcba66cb864d751f3e6",
    "timestamp": "1409659813",
    "nonce": "1372623149",
}
MESSAGE_SEALED = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3Qczcd"
    "CUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4"
    "Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+"
    "KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4X"
    "XZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGH"
    "BZZIs2pDBS8R07+qN+E7Q=="
)


@pytest.fixture
def server() -> Iterator[WecomServer]:
    """The vendor; it calls nobody by itself here."""
    found = WecomServer()
    found.start(lambda call: pytest.fail("nobody listens"))
    yield found
    found.stop()
    assert found.complaints == []


@pytest.fixture
async def app(server: WecomServer) -> AsyncIterator[Wecom]:
    found = load_platforms(Settings(**server.settings()), create_engine("sqlite://"))["wecom"]
    assert isinstance(found, Wecom)
    yield found
    await found.close()


@pytest.fixture
async def ear(app: Wecom) -> AsyncIterator[Ear]:
    listening = Ear(app)
    yield listening
    await listening.close()


def says(text: str = "谁牵头河道清淤？", **tags: Any) -> dict[str, Any]:
    return {
        "ToUserName": WecomServer().api.corp_id, "FromUserName": BOSS,
        "CreateTime": str(int(time.time())), "MsgType": "text", "Content": text,
        "MsgId": "4561255354251345929", "AgentID": "1000002", **tags,
    }  # fmt: skip


def presses(code: str = "code-9", **tags: Any) -> dict[str, Any]:
    event = {"MsgType": "event", "Event": "template_card_event", "EventKey": "ack:7"}
    return {**says(), **event, "TaskId": "t1", "ResponseCode": code, **tags}


def call(server: WecomServer, event: dict[str, Any] | bytes, **more: Any) -> Call:
    return sealed_call(event, corp_id=server.api.corp_id, **more)


def shown(server: WecomServer) -> list[Shown]:
    return server.shown("private")


# ---- what comes in


def test_the_published_example_is_opened() -> None:
    key = read_key(AES_KEY)
    check_signature(TOKEN, ECHO, ECHO_SEALED)
    assert unseal(key, ECHO_SEALED, EXAMPLE_CORP) == b"1616140317555161061"
    check_signature(TOKEN, MESSAGE, MESSAGE_SEALED)
    incoming = read_event(unseal(key, MESSAGE_SEALED, EXAMPLE_CORP))
    assert incoming is not None
    assert (incoming.text, incoming.account_id) == ("hello", "mycreate")
    assert (incoming.chat_id, incoming.message_id) == ("mycreate", "m4561255354251345929")
    assert incoming.at == datetime.fromtimestamp(1409659813, UTC)


async def test_the_check_of_our_address_is_answered(server: WecomServer, app: Wecom) -> None:
    echo, stamp = seal(b"1616140317555161061", AES_KEY, server.api.corp_id), str(int(time.time()))
    query = {"timestamp": stamp, "nonce": "n1", "echostr": echo}
    query["msg_signature"] = sign(TOKEN, stamp, "n1", echo)
    reply = await app.called(Call("GET", query, {}, b""))
    assert (reply.status, reply.body) == (200, b"1616140317555161061")
    forged = await app.called(Call("GET", {**query, "nonce": "n2"}, {}, b""))
    assert (forged.status, forged.body) == (403, b"")


async def test_a_message_and_a_press_are_stored_before_the_yes(
    server: WecomServer, app: Wecom, ear: Ear
) -> None:
    assert (await app.called(call(server, says()))).status == 200
    assert [one.text for one in ear.inbox] == ["谁牵头河道清淤？"]
    assert (await app.called(call(server, presses()))).status == 200
    pressed = ear.inbox[-1]
    assert (pressed.button, pressed.pressed_message_id) == ("ack:7", "card:t1:code-9")
    assert (pressed.is_group, pressed.chat_id) == (False, BOSS)


@pytest.mark.parametrize(
    ("event", "again"),
    [(says(), says(CreateTime="1")), (presses(), presses("another code"))],
    ids=["message", "press"],
)
def test_what_is_delivered_again_has_the_same_id(
    event: dict[str, Any], again: dict[str, Any]
) -> None:
    xml = ["".join(f"<{t}>{v}</{t}>" for t, v in one.items()) for one in (event, again)]
    first, second = (read_event(f"<xml>{inner}</xml>".encode()) for inner in xml)
    assert first is not None and second is not None
    assert first.message_id == second.message_id
    other = read_event(f"<xml>{xml[0]}</xml>".replace("ack:7", "done:7").encode())
    assert other is not None
    assert (other.message_id == first.message_id) == (event["MsgType"] == "text")


DOCTYPE = (
    b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><MsgType>&a;</MsgType></xml>'
)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"token": "guessed"}, 403),
        ({"key": "a" * 42 + "A"}, 403),
        ({"corp_id": "ww-of-somebody-else"}, 403),
        ({"at": time.time() - 3600}, 403),
        ({"at": time.time() + 3600}, 403),
        ({"event": DOCTYPE}, 400),
        ({"event": b"not xml"}, 400),
        ({"event": b"<xml><MsgType>text</MsgType></xml>"}, 400),
    ],
)
async def test_what_the_vendor_did_not_send_now_is_refused(
    server: WecomServer, app: Wecom, ear: Ear, change: dict[str, Any], status: int
) -> None:
    forged = sealed_call(**{"event": says(), "corp_id": server.api.corp_id, **change})
    assert (await app.called(forged)).status == status
    assert (await app.called(call(server, says("真的")))).status == 200
    assert [one.text for one in ear.inbox] == ["真的"]


async def test_a_call_that_was_changed_on_its_way_is_refused(
    server: WecomServer, app: Wecom, ear: Ear
) -> None:
    good = call(server, says())
    other = call(server, says("换成这句"))
    swapped = replace(good, body=other.body)
    later = replace(good, query={**good.query, "timestamp": str(int(time.time()) + 9)})
    broken = replace(good, body=b"<xml")
    found = [await app.called(one) for one in (swapped, later, broken)]
    assert [reply.status for reply in found] == [403, 403, 400]
    assert ear.inbox == []


async def test_what_was_not_stored_comes_again(
    server: WecomServer, app: Wecom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wecom, "STORED_WITHIN_S", 0.05)
    assert (await app.called(call(server, says()))).status == 503  # nobody takes it
    listening = Ear(app)
    assert (await app.called(call(server, says()))).status == 200
    assert len(listening.inbox) == 1
    await listening.close()


async def test_only_what_concerns_the_chat_is_handed_on(
    server: WecomServer, app: Wecom, ear: Ear
) -> None:
    for event in ("enter_agent", "LOCATION", "subscribe", "unsubscribe"):
        reply = await app.called(call(server, says(MsgType="event", Event=event, MsgId="")))
        assert reply.status == 200
    assert [one.event for one in ear.inbox] == ["joined", "left"]
    await app.called(call(server, says(MsgType="image", MediaId="m1", PicUrl="x", MsgId="2")))
    assert ear.inbox[-1].attachments == (Attachment("照片.jpg", 0, "m1"),)
    await app.called(call(server, says(MsgType="voice", MediaId="m2", Format="amr", MsgId="3")))
    assert (ear.inbox[-1].text, ear.inbox[-1].attachments) == ("", ())


async def test_files_that_are_gone_or_too_large_are_told_of(
    server: WecomServer, app: Wecom
) -> None:
    with pytest.raises(UserError, match="已经过期"):
        await app.download(Attachment("方案.docx", 0, "media-of-last-week"))
    server.api.media["large"] = ("方案.pdf", bytes(FILE_BYTES + 1))
    with pytest.raises(UserError, match="20 MB"):
        await app.download(Attachment("方案.pdf", 0, "large"))
    server.api.media["small"] = ("方案.txt", "方案".encode())
    assert await app.download(Attachment("方案.txt", 0, "small")) == "方案".encode()


# ---- what goes out


async def test_the_token_is_asked_for_once_and_again_when_it_ends(
    server: WecomServer, app: Wecom
) -> None:
    message = Outgoing(BOSS, ("请于周五前报送",))
    await asyncio.gather(*(app.send(message) for _ in range(5)))
    assert server.api.calls.count("gettoken") == 1
    server.api.expire_token()
    await app.send(message)
    server.api.expire_token()
    server.api.media["m"] = ("方案.txt", "方案".encode())
    assert await app.download(Attachment("方案.txt", 0, "m"))
    assert server.api.calls.count("gettoken") == 3
    assert len(shown(server)) == 6


@pytest.mark.parametrize(
    ("errcode", "kind", "what"),
    [
        (-1, TryLater, 1.0),
        (45009, TryLater, 60.0),
        (40001, Refused, "401"),
        (60020, Refused, "401"),
        (42001, Refused, "401"),
        (81013, Refused, "403"),
        (60111, Refused, "403"),
        (93000, Refused, "403"),
        (40008, Refused, "400"),
        (99999, Refused, "400"),
    ],
)
def test_the_errcode_decides(errcode: int, kind: type, what: object) -> None:
    error = failure(errcode, "the vendor's words")
    assert isinstance(error, kind)
    assert f"{errcode}：the vendor's words" in str(error)
    found = error.retry_after_s if isinstance(error, TryLater) else getattr(error, "code", "")
    assert found == what


async def test_an_error_inside_of_http_200_is_an_error(server: WecomServer, app: Wecom) -> None:
    message = Outgoing(BOSS, ("请于周五前报送",))
    server.api.knows_address = False
    with pytest.raises(Refused, match="企业可信IP") as found:
        await app.send(message)
    assert found.value.code == "401"
    server.api.knows_address = True
    server.gone("private")
    with pytest.raises(Refused, match="81013") as found:
        await app.send(message)
    assert found.value.code == "403"
    for fault, kind in (("busy", TryLater), ("error", TryLater), ("drop", MaybeSent)):
        server.fail(fault)
        with pytest.raises(kind):
            await app.send(message)


async def test_a_wrong_secret_is_told_without_it(server: WecomServer) -> None:
    given = {**server.settings(), "wecom_secret": "not-the-secret"}
    app = load_platforms(Settings(**given), create_engine("sqlite://"))["wecom"]
    assert isinstance(app, Wecom)
    with pytest.raises(Refused, match="DUBAN_WECOM_SECRET") as found:
        await app.check()
    assert found.value.code == "401"
    assert "not-the-secret" not in str(found.value)
    await app.close()


async def test_the_check_names_the_app(app: Wecom) -> None:
    assert await app.check() == "应用“督办助手”可用"


async def test_a_server_that_is_away_was_surely_not_reached(
    server: WecomServer, app: Wecom
) -> None:
    await app.check()
    server.stop()
    fresh = load_platforms(Settings(**server.settings()), create_engine("sqlite://"))["wecom"]
    with pytest.raises(TryLater):
        await fresh.send(Outgoing(BOSS, ("请于周五前报送",)))
    await fresh.close()


# ---- cards


async def test_a_card_changes_once_and_again_after_a_press(server: WecomServer, app: Wecom) -> None:
    first = await app.send(Outgoing(BOSS, ("【到期提醒】河道清淤", "6月30日到期"), BUTTONS))
    (card,) = shown(server)
    assert (card.text, card.buttons) == ("【到期提醒】河道清淤\n6月30日到期", ["收到", "办结"])

    edit = Outgoing(BOSS, ("河道清淤：李科长已收到",), BUTTONS, edits=first.message_id)
    second = await app.send(edit)
    (card,) = shown(server)
    assert (card.text, card.buttons, card.edited) == (
        "河道清淤：李科长已收到",
        ["收到", "办结"],
        True,
    )

    # the code is spent, whichever id is used: the words are said anew
    for spent in (first, second):
        await app.send(replace(edit, rows=("另一句",), edits=spent.message_id))
    assert [m.text for m in shown(server)[1:]] == ["另一句", "另一句"]

    server.api.codes["code-of-a-press"] = card.message_id
    pressed = f"card:{card.message_id}:code-of-a-press"
    await app.send(replace(edit, rows=("河道清淤：已办结",), edits=pressed))
    assert shown(server)[0].text == "河道清淤：已办结"


async def test_words_that_a_card_cannot_hold_go_before_it(server: WecomServer, app: Wecom) -> None:
    receipt = await app.send(Outgoing(BOSS, LONG, BUTTONS, key="k1"))
    text, card = shown(server)
    assert text.text == "\n".join(LONG)
    assert card.text.startswith("【到期提醒】市水利局")
    assert card.buttons == ["收到", "办结"]
    assert receipt.message_id.startswith(f"card:{card.message_id}:")

    await app.send(Outgoing(BOSS, LONG, BUTTONS, edits=receipt.message_id))
    old, new_text, new_card = shown(server)[1:]
    assert old.buttons == ["见下面的新消息"]
    assert (new_text.text, new_card.buttons) == ("\n".join(LONG), ["收到", "办结"])


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (("短标题", "一行", "又一行"), "短标题\n一行\n又一行"),
        (("长" * 37,), "长" * 37),
        (("", "第一行是空的"), "\n第一行是空的"),
        (("一行里\n有换行",), "一行里\n有换行"),
    ],
)
async def test_a_card_holds_what_it_can(
    server: WecomServer, app: Wecom, rows: tuple[str, ...], text: str
) -> None:
    await app.send(Outgoing(BOSS, rows, BUTTONS))
    (card,) = shown(server)
    assert card.text == text


async def test_a_card_that_is_put_off_does_not_repeat_its_words(
    server: WecomServer, app: Wecom
) -> None:
    message = Outgoing(BOSS, LONG, BUTTONS, key="k2")
    server.fail("")  # the text passes
    server.fail("busy")
    with pytest.raises(TryLater):
        await app.send(message)
    await app.send(message)
    assert [m.buttons for m in shown(server)] == [[], ["收到", "办结"]]


# ---- a reminder, told to a member


def test_a_member_is_reminded_and_answers(made_home: Path, tmp_path: Path) -> None:
    server = WecomServer()
    talk = Conversation(server, copy_home(made_home, tmp_path / "home"))
    try:
        talk.make_admin()
        asked = talk.answers("private", lambda: server.say("private", BOSS, f"/bind {UNIT}"))
        (choice,) = [message for message in asked if "同意" in message.buttons]
        assert "已绑定" in talk.press("private", choice, BOSS, "同意")
        shown = talk.answers("private", lambda: talk.advance_to("2022-12-22T09:30"))
        assert "2022年12月31日" in "\n".join(message.text for message in shown)
        assert "收到" in shown[-1].buttons
        assert "收到" in talk.press("private", shown[-1], BOSS, "收到")
        assert talk.history()[-1].kind is EventKind.ACK
        assert talk.history()[-1].by == f"wecom:{BOSS}"
    finally:
        talk.stop()
    assert server.complaints == []


# ---- settings and robots


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"wecom_token": ""}, "还缺这几项设置：DUBAN_WECOM_TOKEN"),
        ({"wecom_aes_key": "short"}, "DUBAN_WECOM_AES_KEY"),
        ({"wecom_agent_id": "督办"}, "DUBAN_WECOM_AGENT_ID"),
        ({"wecom_webhooks": "市水利局"}, "群机器人应写成"),
    ],
)
def test_settings_that_are_not_whole_are_told(change: dict[str, str], words: str) -> None:
    server = WecomServer()
    server.api.url = "http://127.0.0.1:1"
    given = Settings(**{**server.settings(), **change})
    with pytest.raises(UserError, match=words):
        wecom.from_settings(given, create_engine("sqlite://"))


def test_without_settings_it_is_off() -> None:
    assert wecom.from_settings(Settings(), create_engine("sqlite://")) == []


async def test_a_robot_points_at_people_and_sends_files() -> None:
    server = RobotServer()
    server.start(lambda call: pytest.fail("a robot is never called"))
    given = Settings(**server.settings())
    robots = load_platforms(given, create_engine("sqlite://"))["wecom-robot"]
    chat = server.chat_id("group")
    await robots.send(Outgoing(chat, ("请于周五前报送",), mentions=("zhangsan", "lisi")))
    sheet, picture = b"PK\x03\x04 sheet", b"\x89PNG picture"
    await robots.send(Outgoing(chat, (), files=(File("通报 6月.xlsx", sheet),)))
    await robots.send(Outgoing(chat, (), files=(File("红黄绿灯.png", picture),)))
    assert server.api.pointed_at == ["zhangsan", "lisi"]
    assert [m.files for m in server.shown("group")] == [
        {}, {"通报 6月.xlsx": sheet}, {"picture.png": picture},
    ]  # fmt: skip

    server.gone("group")
    with pytest.raises(Refused, match="93000") as found:
        await robots.send(Outgoing(chat, ("还在吗",)))
    assert found.value.code == "403"
    assert server.api.robot_key not in str(found.value)
    with pytest.raises(Refused) as found:
        await robots.send(Outgoing("没有的机器人", ("在吗",)))
    assert found.value.code == "403"
    asked = [incoming async for incoming in robots.receive()]
    assert [(one.text, one.chat_id) for one in asked] == [("/bind 市农业农村局", chat)]
    await robots.close()
    server.stop()
    assert server.complaints == []
