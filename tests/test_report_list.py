"""Who has not reported: a list in the office's chat that changes itself, and questions about it."""

import asyncio
from datetime import date
from pathlib import Path

import pytest
from botapi import BotApi
from ear import until
from small_ledger import Row, add_plan
from sqlalchemy import Engine
from sqlmodel import select
from world import ADMIN, CLERK, World

from bot.core import Core
from bot.report_questions import asks, look_up
from bot.verbs import asking
from config.clock import Clock
from config.database import reading, writing
from config.settings import Settings
from config.workdays import Workdays
from corpus.models import Unit
from corpus.values import Role, TimingKind
from reminders import reports
from reminders.models import OutboxMessage, ReportList, ReportWindow
from reminders.owed import OwedWindow

OFFICE, RIVER = -6001, -6002
PLAN = """青川县2022年河长制工作要点

一、重点任务
1.清理河道。（县水利局）
2.监测水质。（县生态环境局）
二、工作要求
1.加强领导。领导小组办公室设在县河长办，由县河长办负责日常工作。
2.信息报送。县水利局、县生态环境局、县住建局于每季度末月25日前将工作小结报送县河长办。
"""


@pytest.fixture
async def river(world: World, tmp_path: Path) -> World:
    """河长制 in force; the office and 县水利局 have their groups."""
    path = tmp_path / "河长制.txt"
    path.write_text(PLAN, encoding="utf-8")
    await asyncio.to_thread(world.core.ingest, path, plan_id="hezhang", publish=True, by="cli")
    with writing(world.core.engine) as session:
        if session.exec(select(Unit).where(Unit.name == "县河长办")).first() is None:
            session.add(Unit(name="县河长办", jurisdiction="青川县"))
    await world.advance_to("2022-11-01 09:00")  # what was past when it came in force is not owed
    await world.becomes_admin(ADMIN)
    await world.binds(OFFICE, "县河长办", "县河长办", CLERK, ADMIN)
    await world.binds(RIVER, "县水利局", "县水利局", CLERK, ADMIN)
    return world


def window_of(world: World, unit: str) -> int:
    with reading(world.core.engine) as session:
        found = session.exec(
            select(ReportWindow.id)
            .join(Unit)
            .where(Unit.name == unit, ReportWindow.period == "2022-Q4")
        ).one()
        assert found is not None
        return found


def reports_in(world: World, *units: str) -> None:
    for unit in units:
        window_id, now = window_of(world, unit), world.core.clock.now()
        with writing(world.core.engine) as session:
            reports.receive(session, window_id, on=now.date(), at=now, by="cli")


async def shows(world: World, chat_id: int, words: str) -> None:
    """Wait until the last list of a chat says some words; what the next tick would do is done now."""

    def says() -> bool:
        world.app.keep_lists()
        return any(words in text for text in shown(world.botapi, chat_id)[-1:])

    await until(says)


def shown(botapi: BotApi, chat_id: int) -> list[str]:
    texts = [str(m.get("text", "")) for m in botapi.sent(chat_id)]  # a circular comes with pictures
    return [text for text in texts if "报送名单" in text]


@pytest.mark.anyio
async def test_the_list_changes_itself_and_closes(river: World, botapi: BotApi) -> None:
    """25 December 2022 is a Sunday: the report is due on Friday the 23rd."""
    await river.advance_to("2022-12-22 09:00")
    assert shown(botapi, OFFICE) == []
    await river.advance_to("2022-12-23 09:00")
    await shows(river, OFFICE, "未报送：3个单位")
    (text,) = shown(botapi, OFFICE)
    assert "2022年第四季度" in text and "2022年12月23日截止" in text
    assert "未报送：3个单位" in text and "县住建局" in text
    reports_in(river, "县住建局")
    await shows(river, OFFICE, "未报送：2个单位")
    assert "县住建局" not in shown(botapi, OFFICE)[0]
    assert "已报送：1个单位" in shown(botapi, OFFICE)[0]
    reports_in(river, "县水利局", "县生态环境局")
    await shows(river, OFFICE, "全部已报送：3个单位")
    assert len(shown(botapi, OFFICE)) == 1
    with reading(river.core.engine) as session:
        assert session.exec(select(ReportList.is_closed)).all() == [True]
    before = len(messages(river))
    await river.advance_to("2022-12-23 10:00")
    assert len(messages(river)) == before


@pytest.mark.anyio
async def test_after_a_time_of_rest_the_list_waits_for_a_decent_hour(
    river: World, botapi: BotApi
) -> None:
    for night_or_day_off in ("2022-12-23 21:00", "2022-12-24 10:00"):
        await river.advance_to(night_or_day_off)
        assert shown(botapi, OFFICE) == []
    await river.advance_to("2022-12-26 09:00")
    await shows(river, OFFICE, "未报送：3个单位")


@pytest.mark.anyio
async def test_where_nothing_can_be_edited_only_the_end_is_told(
    river: World, botapi: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    telegram = river.app.platforms["telegram"]
    monkeypatch.setattr(telegram, "limits", replace(telegram.limits, can_edit=False))
    await river.advance_to("2022-12-23 09:00")
    await shows(river, OFFICE, "未报送：3个单位")
    reports_in(river, "县住建局")
    reports_in(river, "县水利局", "县生态环境局")
    await shows(river, OFFICE, "全部已报送")
    first, last = shown(botapi, OFFICE)
    assert "未报送：3个单位" in first and "全部已报送" in last


@pytest.mark.anyio
async def test_a_report_in_chat_takes_its_unit_off_the_list(river: World, botapi: BotApi) -> None:
    await river.advance_to("2022-12-23 09:00")
    await shows(river, OFFICE, "未报送：3个单位")
    await river.ask(RIVER, CLERK, "@duban_test_bot 报送：清理河道18公里，四季度工作小结已完成")
    await shows(river, OFFICE, "未报送：2个单位")
    assert "县水利局" not in shown(botapi, OFFICE)[0].partition("未报送")[2]


@pytest.mark.anyio
async def test_an_admin_who_asks_gets_a_list_of_their_own(river: World, botapi: BotApi) -> None:
    await river.advance_to("2022-12-23 08:00")
    text = await river.ask(ADMIN.id, ADMIN, "四季度谁还没报送？")
    assert "未报送：3个单位" in text
    reports_in(river, "县住建局")
    await shows(river, ADMIN.id, "未报送：2个单位")


@pytest.mark.anyio
async def test_questions_about_the_state_are_answered_from_it(river: World, botapi: BotApi) -> None:
    await river.advance_to("2022-12-27 09:00")
    botapi.open_private(CLERK)
    with writing(river.core.engine) as session:
        reports.open_windows(
            session, river.core.clock.today(), river.core.clock.today(), river.core.workdays
        )
    reports_in(river, "县住建局")
    said = await river.ask(CLERK.id, CLERK, "本季度哪些单位没有报送？")
    assert "未报送：2个单位（县水利局、县生态环境局）；已报送：1个单位" in said
    assert "逾期4天" in await river.ask(CLERK.id, CLERK, "县水利局四季度报送了吗？")
    said = await river.ask(CLERK.id, CLERK, "县住建局四季度报送了没有")
    assert "已于2022年12月27日报送，逾期4天" in said
    assert "没有要报送" in await river.ask(CLERK.id, CLERK, "县水利局2022年11月报送了吗")
    # the same words in the terminal
    text = "本季度哪些单位没有报送？"
    (row, who) = list(asking.ask(river.core, text=text))
    assert "1项报送没有报齐" in row
    assert "未报送：2个单位（县水利局、县生态环境局）；已报送：1个单位" in who
    assert await river.ask(CLERK.id, CLERK, text) == f"{row}\n{who}"
    with writing(river.core.engine) as session:  # nothing is written, whoever writes meanwhile
        session.add(Unit(name="县财政局"))
        session.flush()
        assert list(asking.ask(river.core, text=text)) == [row, who]
    (own,) = asking.ask(river.core, text="四季度报送了吗？", unit="水利局")
    assert "县水利局" in own
    assert "逾期4天" in own


def test_many_reports_are_told_apart_by_their_state(
    engine: Engine, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core, today = Core(Settings(), clock, engine, Workdays(tmp_path)), date(2024, 6, 10)
    with writing(engine) as session:
        rule = "FREQ=MONTHLY;BYMONTHDAY=5"
        units = {f"青川县第{n}中学": Role.RESPONSIBLE for n in range(30)}
        row = Row("报送进展", units, None, TimingKind.RECURRING, rule, is_report=True)
        add_plan(session, "jiaoyu", [row], period=(date(2024, 1, 1), date(2024, 12, 31)))
        windows = reports.open_windows(session, date(2024, 1, 1), date(2024, 6, 30), core.workdays)
        for owed in windows:
            if owed.window.unit_id % 2:
                owed.window.received_on = owed.window.due_on
    # two windows compared are two rows compared, field by field: thousands of them take seconds
    monkeypatch.setattr(OwedWindow, "__eq__", lambda *_: pytest.fail("compared"))
    with reading(engine) as session:
        late = look_up(session, core, "谁还没报送", today)
        assert sum("未报送：15个单位" in row for row in late.rows) == 6
        names = {unit.id: unit.name for unit in session.exec(select(Unit))}
        for parity, state in ((0, "没有报送，已逾期"), (1, "报送")):
            name = next(name for id_, name in names.items() if id_ and id_ % 2 == parity)
            rows = look_up(session, core, f"{name}报送了吗", today).rows
            assert len([row for row in rows if state in row]) == (6 if parity == 0 else 1)


def messages(world: World) -> list[OutboxMessage]:
    with reading(world.core.engine) as session:
        return list(session.exec(select(OutboxMessage)))


@pytest.mark.parametrize(
    "text",
    [
        "谁还没报送", "谁还没有报送？", "本季度哪些单位没有报送", "县水利局报送了吗", "未报送名单",
        "还有哪些乡镇没报？", "县水利局有没有报送6月的进展", "东岭镇是否已报送？", "没有报送的单位有哪些",
        "上月报送情况", "还没上报的有谁", "多少个单位还没交", "6月份哪些街道未报送", "县水利局报了没？",
    ],
)  # fmt: skip
def test_questions_of_who_reported(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "哪些单位需要报送？", "每月报送什么时候截止", "向谁报送", "报送时间", "谁负责报送", "报送给谁",
        "食安办牵头、年底前、还没报送的", "没有报送会怎么样", "哪些任务没有报送要求", "有没有报送要求",
        "逾期未报送怎么处理", "请问信息报送是哪个单位负责？",
    ],
)  # fmt: skip
def test_questions_of_the_plans_are_left_to_them(text: str) -> None:
    assert not asks(text)
