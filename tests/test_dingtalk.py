"""DingTalk: what is special about it, by the real SDK against a strict server on loopback."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from dingtalk_calls import GROUP, seen
from dingtalk_server import DingTalkServer
from ear import Ear, until
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import create_engine
from vendor import BOSS, CLERK

from bot.degrading import degrade
from bot.messages import Button, File, Outgoing
from bot.platforms import load_platforms
from bot.platforms._dingtalk_robots import DingTalkRobots, sign
from bot.platforms._markdown import markdown
from bot.platforms._robots import Robot, read_robots
from bot.platforms.dingtalk import DingTalk
from config.clock import Clock
from config.errors import MaybeSent, Refused, TryLater, UserError
from config.settings import Settings

pytestmark = pytest.mark.anyio
ROW = (Button("收到", "ack:12"), Button("办结", "done:12"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DingTalkServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = DingTalkServer()
    server.start()
    yield server
    server.stop()
    assert server.complaints == []


def made(server: DingTalkServer, **others: Any) -> DingTalk:
    """The platform as its settings make it."""
    settings = Settings(**{**server.settings(), **others})
    platform = load_platforms(settings, create_engine("sqlite://"))["dingtalk"]
    assert isinstance(platform, DingTalk)
    return platform


@pytest.fixture
async def dingtalk(server: DingTalkServer) -> AsyncIterator[DingTalk]:
    platform = made(server)
    yield platform
    await platform.close()


@pytest.fixture
async def ear(dingtalk: DingTalk, server: DingTalkServer) -> AsyncIterator[Ear]:
    ear = Ear(dingtalk)
    await until(lambda: server.stream.connections)
    yield ear
    await ear.close()


# ---- what comes in


async def test_people_are_heard_in_private_and_in_a_group(server: DingTalkServer, ear: Ear) -> None:
    server.say("private", BOSS, "河长制巡查由谁牵头？")
    server.say("group", CLERK, "消防通道谁来管")
    private, group = await ear.has(2)
    assert (private.text, private.chat_id, private.account_id) == (
        "河长制巡查由谁牵头？",
        BOSS,
        BOSS,
    )
    assert (private.is_group, private.addressed, private.account_name) == (False, True, "同志1001")
    assert (group.text, group.chat_id, group.account_id) == ("消防通道谁来管", GROUP, CLERK)
    assert (group.is_group, group.chat_title) == (True, "安全生产专班")
    assert private.at.tzinfo is not None
    assert private.message_id != group.message_id


async def test_pictures_with_words_and_kinds_that_nobody_knows(
    server: DingTalkServer, dingtalk: DingTalk, ear: Ear
) -> None:
    server.send_picture("group", CLERK, "请看这张", b"\x89PNG picture")
    server.send_other("private", BOSS)
    picture, other = await ear.has(2)
    assert (picture.text, len(picture.attachments)) == ("请看这张", 1)
    assert await dingtalk.download(picture.attachments[0]) == b"\x89PNG picture"
    assert (other.text, other.attachments) == ("", ())


async def test_a_file_above_20_mb_is_not_read_to_its_end(
    server: DingTalkServer, dingtalk: DingTalk, ear: Ear
) -> None:
    server.send_file("private", BOSS, "创城方案.docx", bytes(20 * 1024 * 1024 + 1))
    (file,) = (await ear.hears()).attachments
    assert file.name == "创城方案.docx"
    with pytest.raises(UserError, match="超过 20 MB"):
        await dingtalk.download(file)


async def test_an_event_is_acknowledged_only_once_it_is_stored(
    server: DingTalkServer, dingtalk: DingTalk
) -> None:
    events = dingtalk.receive()
    server.say("private", BOSS, "未存下")  # waits until somebody connects
    first = await anext(events)
    await asyncio.sleep(0.2)
    assert server.stream.acks == {}
    await events.aclose()  # killed before it was stored …
    again = Ear(dingtalk)  # … it comes again, as the same message
    assert (await again.hears()).message_id == first.message_id
    await until(lambda: server.stream.acks)
    await again.close()


async def test_the_stream_is_opened_again_whenever_it_ends(
    server: DingTalkServer, ear: Ear
) -> None:
    server.stream.drop()
    await until(lambda: server.stream.connections == 2)
    server.stream.push("SYSTEM", "disconnect", "push_bye", {"reason": "connection is expired"})
    await until(lambda: server.stream.connections == 3)
    server.say("private", BOSS, "还在吗")
    assert (await ear.hears()).text == "还在吗"


async def test_a_ping_is_answered_with_what_it_carries(server: DingTalkServer, ear: Ear) -> None:
    server.stream.push("SYSTEM", "ping", "push_ping", {"opaque": "123-dsfs"})
    assert await asyncio.to_thread(server.stream.code, "push_ping") == 200
    assert "123-dsfs" in server.stream.acks["push_ping"]["data"]


async def test_a_button_says_who_pressed_what_and_where(
    server: DingTalkServer, dingtalk: DingTalk, ear: Ear
) -> None:
    sent = await dingtalk.send(Outgoing(GROUP, ("【到期提醒】",), buttons=(ROW,)))
    server.press("group", sent.message_id, CLERK, "办结")
    press = await ear.hears()
    assert (press.button, press.pressed_message_id) == ("done:12", sent.message_id)
    assert (press.chat_id, press.is_group, press.account_id) == (GROUP, True, CLERK)


# ---- what goes out


async def test_a_card_shows_every_sign_as_it_was_written(
    server: DingTalkServer, dingtalk: DingTalk
) -> None:
    rows = ("# 不是标题", "- 5~10项，*号*与_线_", "<b>不是粗体</b> [原文](第3页)", "𠮷野家䶮👩‍👩‍👧")
    await dingtalk.send(Outgoing(BOSS, rows))
    assert server.shown("private")[0].text == "\n".join(rows)


@given(st.lists(st.text("\\`*~<_[]()#>+-. 字a1\n", min_size=1), min_size=1))
def test_escaped_text_is_seen_as_it_was(rows: list[str]) -> None:
    assert seen(markdown(tuple(rows))) == "\n".join(rows)


async def test_ten_thousand_signs_of_markup_fit_after_escaping(
    server: DingTalkServer, dingtalk: DingTalk
) -> None:
    row = "*\\" * 5000
    parts = degrade(Outgoing(BOSS, (row,), buttons=(ROW,)), dingtalk.limits)
    for part in parts:
        await dingtalk.send(part)
    assert "".join(shown.text for shown in server.shown("private")) == row
    assert server.shown("private")[-1].buttons == ["收到", "办结"]


async def test_a_card_is_changed_and_what_is_no_card_is_said_anew(
    server: DingTalkServer, dingtalk: DingTalk
) -> None:
    sent = await dingtalk.send(Outgoing(GROUP, ("未报送：3个",), buttons=(ROW,)))
    assert await dingtalk.send(Outgoing(GROUP, ("全部已报送",), edits=sent.message_id)) == sent
    (card,) = server.shown("group")
    assert (card.text, card.buttons, card.edited) == ("全部已报送", [], True)
    await dingtalk.send(Outgoing(GROUP, ("另说",), edits="process7"))
    assert [shown.text for shown in server.shown("group")] == ["全部已报送", "另说"]


async def test_people_are_pointed_at_by_the_name_that_they_wrote_under(
    server: DingTalkServer, dingtalk: DingTalk, ear: Ear
) -> None:
    server.say("group", CLERK, "在")
    await ear.hears()
    await dingtalk.send(Outgoing(GROUP, ("请报送",), mentions=(CLERK, "1003")))
    assert server.mentioned == [{CLERK: "同志1002", "1003": "1003"}]


async def test_without_its_card_template_a_message_is_a_text_with_numbers(
    server: DingTalkServer, dingtalk: DingTalk
) -> None:
    server.known_templates.clear()
    await dingtalk.send(Outgoing(GROUP, ("【到期提醒】",), buttons=(ROW,)))
    (text,) = server.shown("group")
    assert text.text == "【到期提醒】\n回复数字：1 收到，2 办结"


async def test_kinds_of_files_that_dingtalk_does_not_take_are_packed(
    server: DingTalkServer, dingtalk: DingTalk
) -> None:
    for name in ("台账.xlsx", "日历.ics", "灯.png"):
        await dingtalk.send(Outgoing(BOSS, (), files=(File(name, b"content"),)))
    names = [next(iter(shown.files)) for shown in server.shown("private")]
    assert names == ["台账.xlsx", "日历.ics.zip", "灯.png"]


# ---- keys and refusals


async def test_a_token_that_is_not_taken_is_renewed_once(
    server: DingTalkServer, dingtalk: DingTalk
) -> None:
    await dingtalk.send(Outgoing(BOSS, ("一",)))
    await dingtalk.send(Outgoing(BOSS, ("二",)))
    assert server.calls["accessToken"] == 1
    server.tokens.clear()
    await asyncio.gather(*(dingtalk.send(Outgoing(BOSS, (f"并行{n}",))) for n in range(5)))
    await dingtalk.send(Outgoing(BOSS, (), files=(File("通报.pdf", b"%PDF"),)))
    assert len(server.shown("private")) == 8
    assert server.calls["accessToken"] == 2


async def test_a_wrong_secret_is_named_and_never_shown(server: DingTalkServer) -> None:
    wrong = "a-secret-that-is-wrong"
    platform = made(server, dingtalk_client_secret=SecretStr(wrong))
    with pytest.raises(Refused, match="无效的clientId或者clientSecret") as refused:
        await platform.check()
    assert refused.value.code == "401"
    assert wrong not in str(refused.value)
    await platform.close()


async def test_whoever_is_set_up_rightly_is_told_so(dingtalk: DingTalk) -> None:
    assert "可用" in await dingtalk.check()


@pytest.mark.parametrize("template", ["", "无"])
@pytest.mark.parametrize("chat", ["private", "group"])
async def test_a_chat_that_is_gone_is_refused_for_good(
    server: DingTalkServer, chat: str, template: str
) -> None:
    platform = made(server, **({"dingtalk_card_template": template} if template else {}))
    server.gone(chat)
    with pytest.raises(Refused) as refused:  # HTTP 200 in three of the four
        await platform.send(Outgoing(server.chat_id(chat), ("在吗",)))
    assert refused.value.code == "403"
    await platform.close()


async def test_too_fast_is_not_a_refusal_though_it_is_http_403(
    server: DingTalkServer, dingtalk: DingTalk
) -> None:
    server.fail("busy")
    with pytest.raises(TryLater, match="QPS限流"):
        await dingtalk.send(Outgoing(BOSS, ("在吗",)))
    server.fail("drop")
    with pytest.raises(MaybeSent):
        await dingtalk.send(Outgoing(BOSS, ("在吗",)))
    assert server.shown("private") == []


# ---- robots that only speak


def robots(server: DingTalkServer, secret: str, token: str = "robottoken") -> DingTalkRobots:
    url = f"{server.http.url}/robot/send?access_token={token}"
    return DingTalkRobots({"市教育局": Robot(url, secret)}, Clock())


def test_the_signature_is_the_published_computation() -> None:
    """By openssl: HMAC-SHA256 of "1577262236757\\nthis is secret" under "this is secret"."""
    assert sign("this is secret", 1577262236757) == "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="


async def test_a_robot_says_what_it_is_given_and_hears_nothing(server: DingTalkServer) -> None:
    platform = robots(server, server.robot_secret)
    rows = ("【到期提醒】市教育局", "1. *校园安全* 𠮷䶮👩‍👩‍👧")
    message = Outgoing("市教育局", (*rows, "督办" * 5000), buttons=(ROW,))
    for part in degrade(message, platform.limits):
        await platform.send(part)
    assert "回复数字" not in "".join(server.robot_said), "nobody can answer there"
    assert server.robot_said[0].startswith("\n".join(rows))
    assert "".join(server.robot_said).count("督办") == 5000
    asked = [incoming async for incoming in platform.receive()]
    assert [(one.text, one.chat_id) for one in asked] == [("/bind 市教育局", "市教育局")]
    again = [incoming async for incoming in platform.receive()]
    assert again[0].message_id == asked[0].message_id
    await platform.close()


@pytest.mark.parametrize(
    ("code", "kind", "ours"),
    [
        (130101, TryLater, ""),
        (-1, TryLater, ""),
        (310000, Refused, "401"),
        (300001, Refused, "403"),
        (400102, Refused, "403"),
        (430104, Refused, "400"),
    ],
)
async def test_the_error_in_the_body_counts_not_http_200(
    server: DingTalkServer, code: int, kind: type[Exception], ours: str
) -> None:
    platform = robots(server, server.robot_secret)
    server.robot_errors.append((code, "钉钉的原话"))
    with pytest.raises(kind, match=f"钉钉的原话（{code}）") as failure:
        await platform.send(Outgoing("市教育局", ("在吗",)))
    assert getattr(failure.value, "code", "") == ours
    assert server.robot_said == []
    await platform.close()


async def test_a_robot_with_the_wrong_secret_or_address_is_refused(server: DingTalkServer) -> None:
    for platform, code in (
        (robots(server, "SECwrong"), "401"),
        (robots(server, server.robot_secret, "wrong"), "403"),
    ):
        with pytest.raises(Refused) as refused:
            await platform.send(Outgoing("市教育局", ("在吗",)))
        assert refused.value.code == code
        assert "wrong" not in str(refused.value)
        await platform.close()


def test_robots_are_read_from_one_setting() -> None:
    found = read_robots(
        "市教育局=https://a.example/send?access_token=1|SEC2；\n市水利局 = https://b.example/?k=3;"
    )
    assert found == {
        "市教育局": Robot("https://a.example/send?access_token=1", "SEC2"),
        "市水利局": Robot("https://b.example/?k=3"),
    }
    with pytest.raises(UserError, match="单位名称=网址"):
        read_robots("https://a.example/send?access_token=1")


# ---- set-up


def test_nothing_of_it_is_loaded_until_it_is_set_up() -> None:
    code = (
        "import sys; from bot.platforms import load_platforms; from config.settings import Settings;"
        "print([*load_platforms(Settings(), None)], 'dingtalk_stream' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "dingtalk" not in done.stdout.replace("False", "")
    assert done.stdout.strip().endswith("False")


def test_what_is_missing_is_said_at_the_start(
    server: DingTalkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="DUBAN_DINGTALK_CLIENT_SECRET"):
        made(server, dingtalk_client_secret=SecretStr(""))
    monkeypatch.setitem(sys.modules, "dingtalk_stream", None)  # as if it were not installed
    with pytest.raises(UserError, match="pip install"):
        made(server)
