"""Whatever breaks between us and the people, nothing is lost, nothing comes twice, and the admins hear of it."""

import asyncio
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from botapi import BotApi, Fault
from botapi_people import User
from desk import Desk, Wire
from ear import until
from sqlalchemy import Engine, event
from sqlmodel import col, select

from bot import alarms
from bot.models import Account, AccountRole, Chat
from bot.platforms.telegram import Telegram
from config.clock import Clock
from config.database import reading, writing
from reminders.models import OutboxMessage, OutboxState, PlannerState

pytestmark = pytest.mark.anyio
NOW = datetime(2022, 9, 15, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
GROUPS = range(-8, 0)


class Office(Desk):
    """Groups on Telegram, and an admin who sits at the terminal."""

    def __init__(self, engine: Engine, clock: Clock, botapi: BotApi, telegram: Telegram) -> None:
        self.console, self.botapi, self.telegram = Wire(), botapi, telegram
        super().__init__(engine, clock, telegram, self.console)  # type: ignore[arg-type]
        for group in GROUPS:
            botapi.add_to_group(group, f"{-group}号群", User(1, "陈主任"))
        with writing(engine) as session:
            admin = Account(platform="console", account_id="1", role=AccountRole.ADMIN)
            admin.private_chat_id = "1"
            session.add(admin)
            session.add_all(
                Chat(platform="telegram", chat_id=str(group), kind="group") for group in GROUPS
            )

    def post(self, each: int) -> None:
        for n in range(each):
            for group in GROUPS:
                self.put(str(group), f"第{n}条", "telegram")

    async def watch(self) -> None:
        """What the scheduler does at each tick, and the dispatcher between them."""
        await self.dispatcher.drain()
        with writing(self.engine) as session:
            alarms.clock_set_back(session, self.clock.now())
            for name, (since, words) in self.dispatcher.delivery.failing.items():
                alarms.platform_failing(session, name, since, words, self.clock.now())
        await self.dispatcher.drain()

    async def until_all_arrived(self) -> None:
        """Time goes on until nothing waits."""
        for _ in range(200):
            await self.watch()
            if not self.states(OutboxState.PENDING):
                return
            self.later(minutes=2)
        raise AssertionError(self.states(OutboxState.PENDING))

    def states(self, state: OutboxState) -> int:
        with reading(self.engine) as session:
            found = select(OutboxMessage.id).where(OutboxMessage.state == state)
            return len(session.exec(found.where(col(OutboxMessage.kind) == "test")).all())

    def arrived(self) -> dict[int, list[str]]:
        return {group: [m["text"] for m in self.botapi.sent(group)] for group in GROUPS}

    def told(self) -> list[str]:
        return self.console.texts("1")


@pytest.fixture
async def office(small: Engine, clock: Clock, botapi: BotApi, telegram: Telegram) -> Office:
    clock.move_to(NOW)
    return Office(small, clock, botapi, telegram)


async def test_telegram_is_down_for_a_day(office: Office) -> None:
    office.botapi.close()
    office.post(1)
    for _ in range(12):
        await office.watch()
        office.later(hours=2)
    assert office.states(OutboxState.PENDING) == len(GROUPS)
    office.botapi.open()
    await office.until_all_arrived()
    assert office.arrived() == {group: ["第0条"] for group in GROUPS}
    assert len(office.told()) == 2  # once a day
    assert f"有{len(GROUPS)}条待发" in office.told()[0]


async def test_a_storm_of_refusals_for_being_busy_keeps_every_order(office: Office) -> None:
    storm = [Fault("429", retry_after=30), Fault("500"), Fault("html"), Fault("429")] * 10
    office.botapi.fail("sendMessage", *storm)
    office.post(3)
    await office.until_all_arrived()
    assert office.arrived() == {group: ["第0条", "第1条", "第2条"] for group in GROUPS}
    assert office.botapi.calls["sendMessage"] == len(storm) + 3 * len(GROUPS)


@pytest.mark.parametrize("telegram", [4.0], indirect=True)
async def test_calls_that_hang_are_never_sent_twice_by_themselves(office: Office) -> None:
    office.botapi.fail("sendMessage", Fault("hang", done=True), Fault("hang"))
    office.post(1)
    await office.dispatcher.drain()
    assert office.states(OutboxState.UNKNOWN) == 2
    assert sum(map(len, office.arrived().values())) == len(GROUPS) - 1
    office.later(minutes=6)
    await office.dispatcher.drain()
    (text,) = office.told()
    assert text.startswith("有2条消息") and "不能确定是否送达" in text
    with writing(office.engine) as session:
        for message in session.exec(select(OutboxMessage).where(OutboxMessage.state == "UNKNOWN")):
            if not office.botapi.sent(int(message.chat_id)):  # the admin has asked them
                alarms.send_again(session, message.id or 0, office.clock.now())
    await office.until_all_arrived()
    assert office.arrived() == {group: ["第0条"] for group in GROUPS}


async def test_a_full_disk_stops_the_records_and_loses_none(office: Office) -> None:
    office.put("-1", "请按期完成。" * 500, "telegram")  # its record needs pages that are not there
    office.engine.dispose()

    @event.listens_for(office.engine, "connect")
    def _full(connection: sqlite3.Connection, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages if full else 10**6}")

    full = True
    sending = asyncio.create_task(office.dispatcher.drain())
    await until(lambda: office.dispatcher.delivery.recorder.is_in_trouble)
    office.later(minutes=10)
    assert office.botapi.calls["sendMessage"] <= 1  # it goes no further than it can note
    full = False
    office.engine.dispose()
    await sending
    assert office.states(OutboxState.SENT) == 1
    await office.until_all_arrived()
    assert office.botapi.calls["sendMessage"] == 1
    (told,) = office.told()
    assert "无法写入（database or disk is full）" in told


async def test_a_locked_database_delays_and_loses_none(office: Office, tmp_path: Path) -> None:
    @event.listens_for(office.engine, "connect")
    def _impatient(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA busy_timeout=20")

    office.post(1)
    office.engine.dispose()
    other = sqlite3.connect(tmp_path / "duban.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    sending = asyncio.create_task(office.dispatcher.drain())
    await until(lambda: office.dispatcher.delivery.recorder.is_in_trouble)
    office.later(minutes=10)
    other.execute("ROLLBACK")
    other.close()
    await sending
    await office.until_all_arrived()
    assert office.arrived() == {group: ["第0条"] for group in GROUPS}
    assert ["database is locked" in text for text in office.told()] == [True]


async def test_the_clock_is_set_back_an_hour(office: Office) -> None:
    with writing(office.engine) as session:
        session.add(PlannerState(id=1, planned_to=NOW))
    office.post(1)
    office.later(hours=-1)
    await office.watch()
    assert not any(office.arrived().values())  # due in an hour, as the clock says
    assert office.states(OutboxState.PENDING) == len(GROUPS)
    office.clock.move_to(NOW + timedelta(minutes=1))
    await office.until_all_arrived()
    assert office.arrived() == {group: ["第0条"] for group in GROUPS}
    (text,) = office.told()
    assert "往回调" in text
