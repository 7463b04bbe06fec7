"""The admins hear of what did not arrive, of chats that are gone and of faults, and once only."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from desk import Desk, Wire
from sqlalchemy import Engine
from sqlmodel import select

from bot import alarms, delivery_report
from bot.messages import Button, Incoming, Limits
from bot.models import Account, AccountRole, Chat
from config.clock import Clock
from config.database import reading, writing
from config.errors import MaybeSent, Refused, TryLater
from corpus.models import Unit
from reminders import outbox
from reminders.models import OutboxMessage, OutboxState, PlannerState

pytestmark = pytest.mark.anyio
NOW = datetime(2022, 9, 15, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Thursday
FIRE = "县消防救援大队"


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def desk(engine: Engine, clock: Clock, wire: Wire) -> Iterator[Desk]:
    """Two admins with private chats 1 and 2, and a group of a unit."""
    clock.move_to(NOW)
    with writing(engine) as session:
        unit = Unit(name=FIRE)
        session.add(unit)
        session.flush()
        for n in ("1", "2"):
            admin = Account(platform="console", account_id=n, role=AccountRole.ADMIN)
            admin.private_chat_id = n
            session.add_all([admin, Chat(platform="console", chat_id=n, kind="private")])
        session.add(
            Chat(platform="console", chat_id="消防群", kind="group", title="消防", unit_id=unit.id)
        )
    return Desk(engine, clock, wire)


async def heard(desk: Desk, wire: Wire, admin: str = "1") -> list[str]:
    """What an admin has been told, once what is gathered is due."""
    await desk.dispatcher.drain()
    desk.later(minutes=6)
    await desk.dispatcher.drain()
    return wire.texts(admin)


async def test_a_group_that_threw_us_out_is_told_to_every_admin_once(
    desk: Desk, wire: Wire
) -> None:
    wire.faults["消防群"] = [Refused("bot was kicked", "403"), Refused("bot was kicked", "403")]
    first = desk.put("消防群", "一")
    told = await heard(desk, wire)
    assert len(told) == 1
    assert "群“消防”（终端）" in told[0] and FIRE in told[0] and f"resend {first}" in told[0]
    assert wire.texts("2") == told
    # the second message meets a chat that is known to be dead: no second notice of the chat
    desk.put("消防群", "二")
    assert [text for text in await heard(desk, wire) if "无法送达" in text] == told


async def test_an_admin_whose_own_chat_is_gone_is_no_loop(desk: Desk, wire: Wire) -> None:
    wire.faults["1"] = [Refused("blocked by the user", "403")] * 5
    with writing(desk.engine) as session:
        alarms.tell_admins(session, "anything", "请看一下。", desk.clock.now())
    await heard(desk, wire)
    assert wire.texts("1") == []
    told = wire.texts("2")
    assert len(told) == 2 and "会话“1”" in told[1]
    assert await desk.dispatcher.drain() == 0


async def test_that_a_stranger_blocks_us_concerns_nobody(desk: Desk, wire: Wire) -> None:
    with writing(desk.engine) as session:
        session.add(Chat(platform="console", chat_id="路人", kind="private"))
        left = Incoming(
            "console", "m1", "路人", False, "路人", "路人甲", "", desk.clock.now(), event="left"
        )
        alarms.chat_left(session, left, desk.clock.now())
    assert await heard(desk, wire) == []


async def test_failures_are_gathered_into_one_notice_with_buttons(desk: Desk, wire: Wire) -> None:
    wire.faults["甲群"] = [MaybeSent("connection reset")]
    wire.faults["乙群"] = [Refused("message is too long", "400")]
    unsure, failed = desk.put("甲群", "一"), desk.put("乙群", "二")
    told = await heard(desk, wire)
    assert len(told) == 1
    assert told[0].startswith("有2条消息")
    assert "不能确定是否送达（connection reset）" in told[0]
    assert "未送达（message is too long（400））" in told[0]
    buttons = [b.data for message in wire.arrived[:1] for row in message.buttons for b in row]
    assert buttons == [f"resend:{unsure}", f"resend:{failed}"]
    # it goes once more, and nobody is told twice
    with writing(desk.engine) as session:
        assert "重发" in alarms.send_again(session, unsure, desk.clock.now())
    await heard(desk, wire)
    assert wire.texts("甲群") == ["一"]
    assert len(wire.texts("1")) == 1
    with writing(desk.engine) as session:
        assert "不需要重发" in alarms.send_again(session, unsure, desk.clock.now())


async def test_only_an_admin_may_send_again(desk: Desk, wire: Wire) -> None:
    wire.faults["甲群"] = [MaybeSent("connection reset")]
    message = desk.put("甲群", "一")
    await desk.dispatcher.drain()

    def press(account: str) -> str:
        pressed = Incoming(
            "console", "m", account, False, account, "某人", "", NOW, button=f"resend:{message}"
        )
        with writing(desk.engine) as session:
            return alarms.resend_by(session, pressed, message, desk.clock.now())

    assert press("9") == "只有管理员可以重发。"
    assert desk.row(message).state is OutboxState.UNKNOWN
    assert "重发" in press("2")
    assert desk.row(message).state is OutboxState.PENDING


async def test_where_keys_make_two_of_them_one_it_is_sent_again_by_itself(
    engine: Engine, clock: Clock
) -> None:
    wire = Wire(limits=Limits(2, is_idempotent=True))
    desk = Desk(engine, clock, wire)
    wire.faults["甲群"] = [None, MaybeSent("connection reset")]
    message = desk.put("甲群", "一|二|三")
    await desk.dispatcher.drain()
    desk.later(seconds=10)
    await desk.dispatcher.drain()
    assert desk.row(message).state is OutboxState.SENT
    keys = [m.key for m in wire.tried if m.chat_id == "甲群"]
    assert keys == [f"duban-{message}-0", f"duban-{message}-1", f"duban-{message}-1"]


async def test_a_platform_that_takes_nothing_for_an_hour_is_told(
    engine: Engine, clock: Clock, wire: Wire, desk: Desk
) -> None:
    down, well = Wire("telegram"), wire
    both = Desk(engine, clock, down, well)
    down.faults["甲群"] = [TryLater("Bad Gateway", 1)] * 50
    both.put("甲群", "一", "telegram")
    begun = clock.now()
    while clock.now() < begun + timedelta(hours=3):
        await both.dispatcher.drain()
        both.later(minutes=11)
        for platform, (since, words) in both.dispatcher.delivery.failing.items():
            with writing(engine) as session:
                alarms.platform_failing(session, platform, since, words, clock.now())
    assert [text for text in well.texts("1") if "Telegram" in text] == [
        "Telegram从09月15日09:00起无法发送任何消息（Bad Gateway），有1条待发。"
        "恢复后会自动补发；请检查网络和该平台的设置：duban doctor"
    ]
    down.faults.clear()
    await both.dispatcher.drain()
    assert (down.texts("甲群"), both.dispatcher.delivery.failing) == (["一"], {})


async def test_a_clock_that_was_set_back_is_told_once(desk: Desk, wire: Wire) -> None:
    with writing(desk.engine) as session:
        session.add(PlannerState(id=1, planned_to=NOW))
    for minutes in (-60, -50, -2, 5):
        desk.clock.move_to(NOW + timedelta(minutes=minutes))
        with writing(desk.engine) as session:
            alarms.clock_set_back(session, desk.clock.now())
    assert [("08:00" in text, "09:00" in text) for text in await heard(desk, wire)] == [
        (True, True)
    ]


async def test_on_monday_the_admins_hear_how_the_week_fared(desk: Desk, wire: Wire) -> None:
    wire.faults["乙群"] = [MaybeSent("connection reset")]
    wire.faults["消防群"] = [Refused("bot was kicked", "403")]
    for chat in ("甲群", "乙群", "消防群"):
        desk.put(chat, "一")
    await heard(desk, wire)
    reports = []
    for day in ("2022-09-16T10:00", "2022-09-19T08:00", "2022-09-19T09:01", "2022-09-20T09:00", "2022-09-26T09:00"):  # fmt: skip
        at = datetime.fromisoformat(day).replace(tzinfo=NOW.tzinfo)
        with writing(desk.engine) as session:
            reports.append(delivery_report.add(session, at, 9))
    # the first week that it sees is the one before; on Monday the week just past; the next had none
    assert reports == [False, False, True, False, False]
    desk.clock.move_to(at)
    (text,) = [text for text in await heard(desk, wire) if "上周" in text]
    assert "上周（09月12日至09月18日）的提醒：送达1条，未送达1条，不能确定是否送达1条" in text
    assert "无法送达的会话1个：群“消防”（终端）" in text


async def test_the_database_failing_for_a_while_is_told(desk: Desk, wire: Wire) -> None:
    with writing(desk.engine) as session:
        alarms.database_failed(session, NOW, "database is locked", NOW + timedelta(seconds=59))
        alarms.database_failed(session, NOW, "database is locked", NOW + timedelta(minutes=7))
    desk.later(minutes=7)
    (text,) = await heard(desk, wire)
    assert "09:00到09月15日09:07数据库无法写入（database is locked）" in text


def test_without_admins_nothing_breaks(engine: Engine) -> None:
    with writing(engine) as session:
        assert alarms.tell_admins(session, "key", "请看一下。", NOW) == 0
        assert session.exec(select(OutboxMessage)).all() == []


async def test_the_buttons_that_were_sent_are_kept(desk: Desk, wire: Wire) -> None:
    with writing(desk.engine) as session:
        facts = {"text": "请选择", "buttons": [asdict(Button("同意", "grant:1"))]}
        outbox.add(
            session, dedup_key="k", kind="notice", platform="console", chat_id="1", facts=facts,
            due_at=NOW, now=NOW,
        )  # fmt: skip
    await desk.dispatcher.drain()
    with reading(desk.engine) as session:
        assert session.exec(select(OutboxMessage.buttons)).one() == facts["buttons"]
