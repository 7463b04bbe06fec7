"""The circular: lights and counts at a month's end, in words, a picture and a sheet, for whom it concerns."""

import io
from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from small_ledger import Row, add_members, add_plan, bind, chats_of, say, unit_named
from sqlalchemy import Engine
from sqlmodel import delete, select

from bot import circular, people, tables
from bot.core import Core
from bot.messages import Incoming
from bot.models import Account, AccountRole
from config.clock import Clock
from config.database import reading, writing
from config.settings import Settings
from config.workdays import Workdays
from corpus import ledger
from corpus.models import EventKind, PlanVersion, Unit, UnitMember
from corpus.values import Role, TimingKind
from reminders import planner, reports
from reminders.circular import Standing, standings
from reminders.models import OutboxMessage
from reminders.periods import months

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAYS = Workdays()
SETTINGS = Settings(office="县督查室", weekly_digest=False, monthly_digest=False)
JUNE = months(date(2022, 6, 1), 1)
LEAD = {"县水利局": Role.LEAD, "县财政局": Role.SUPPORT}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def fill(engine: Engine) -> None:
    """防汛: six units; some are late, some are near, one has reported late."""
    with writing(engine) as session:
        monthly = Row(
            "报送", {"县住建局": Role.LEAD, "县应急局": Role.LEAD}, None, TimingKind.RECURRING,
            "FREQ=MONTHLY;BYMONTHDAY=28", is_report=True, when="每月28日前",
        )  # fmt: skip
        rows = [
            Row("加固堤防", LEAD, date(2022, 5, 31)),
            Row("清淤", {"县农业农村局": Role.LEAD}, date(2022, 6, 30)),
            Row("排查管网", {"县教育局": Role.LEAD}, date(2022, 7, 6)),  # four working days after
            Row("演练", {"各乡镇": Role.RESPONSIBLE}, date(2022, 6, 20)),
            Row(
                "巡查", {"县教育局": Role.LEAD}, None, TimingKind.RECURRING, "FREQ=WEEKLY;BYDAY=MO"
            ),
            monthly,
        ]
        add_members(session, "各乡镇", "东乡", "西镇")
        period = (date(2022, 5, 1), date(2022, 12, 31))
        add_plan(session, "fangxun", rows, title="防汛工作要点", period=period)
        say(session, "fangxun-1", EventKind.DONE, at("2022-06-29 10:00"), unit="县农业农村局")
        say(session, "fangxun-3", EventKind.DONE, at("2022-06-20 10:00"), unit="东乡")
        bind(session, "县督查室", "督查群")
        for owed in reports.open_windows(
            session, date(2022, 5, 1), date(2022, 6, 30), WORKDAYS, plan_ids=["fangxun"]
        ):
            is_june = owed.window.due_on.month == 6
            if owed.window.due_on.month == 5 or (
                is_june and owed.window.unit_id == unit_named(session, "县住建局")
            ):
                assert owed.window.id is not None
                day = owed.window.due_on
                when = datetime.combine(day, at("2022-05-01 09:00").timetz())
                reports.receive(session, owed.window.id, on=day, at=when, by="cli")


@pytest.fixture
def flood(small: Engine, tmp_path: Path) -> Core:
    """A core on SQLite with the plan above, its clock on the first working day of July."""
    fill(small)
    settings = SETTINGS.model_copy(update={"home": tmp_path})
    return Core(settings, Clock(at=at("2022-07-01T09:00")), small, WORKDAYS)


def taken(
    engine: Engine, now: str = "2022-07-01 09:00", month: date = JUNE.first
) -> list[Standing]:
    with reading(engine) as session:
        versions = ledger.versions_in_force(session)
        period = months(month, 1)
        return standings(session, period, versions, at(now), WORKDAYS, SETTINGS)


def lights(found: list[Standing]) -> dict[str, str]:
    return {one.unit: one.light.value for one in found}


def test_lights_and_counts_at_the_end_of_a_month(engine: Engine) -> None:
    fill(engine)
    found = taken(engine)
    assert lights(found) == {
        "县水利局": "red", "西镇": "red",  # overdue
        "县教育局": "yellow",  # due within five working days, and not a word
        "县应急局": "yellow",  # its report was due on the 28th, two days ago
        "县农业农村局": "green", "东乡": "green", "县住建局": "green",
    }  # fmt: skip
    assert [one.unit for one in found][:2] == ["县水利局", "西镇"]  # the worst come first
    by_unit = {one.unit: one.to_json() for one in found}
    assert "县财政局" not in by_unit  # it helps, and is not judged
    water = by_unit["县水利局"]
    assert (water["due"], water["done"], water["overdue"]) == (1, 0, 1)
    late = by_unit["县应急局"]
    assert (late["reports_due"], late["reports_in"], late["reports_late"]) == (2, 1, 1)


def test_a_collective_unit_whose_members_nobody_knows_has_no_light(flood: Core) -> None:
    with writing(flood.engine) as session:
        session.exec(delete(UnitMember))
        session.get_one(Unit, unit_named(session, "各乡镇")).is_collective = True
    found = taken(flood.engine)
    assert (found[-1].unit, found[-1].light.value, found[-1].overdue) == ("各乡镇", "none", 1)
    rows = list(circular.rows_of(found, JUNE, JUNE.last))
    assert rows[-1] == "不亮灯：各乡镇（逾期1项，名录里没有写它的成员）"
    assert "绿灯2个、不亮灯1个" in rows[1]


def test_what_came_after_the_month_changes_nothing_of_it(flood: Core) -> None:
    with writing(flood.engine) as session:
        say(session, "fangxun-0", EventKind.DONE, at("2022-07-04 10:00"), unit="县水利局")
    assert lights(taken(flood.engine, "2022-08-01 09:00"))["县水利局"] == "red"
    july = lights(taken(flood.engine, "2022-08-01 09:00", date(2022, 7, 1)))
    assert july["县水利局"] == "green"
    assert july["县应急局"] == "red"  # of June still missing
    assert july["县教育局"] == "red"


def test_a_word_makes_what_is_near_green_and_what_waits_is_not_overdue(flood: Core) -> None:
    with writing(flood.engine) as session:
        say(session, "fangxun-2", EventKind.PROGRESS, at("2022-06-28 10:00"), unit="县教育局")
        say(
            session,
            "fangxun-0",
            EventKind.COMPLETION_ASKED,
            at("2022-06-28 10:00"),
            unit="县水利局",
        )
    found = {one.unit: one for one in taken(flood.engine)}
    assert found["县水利局"].light.value == "green" and found["县水利局"].due == 1
    assert "县教育局" not in found or found["县教育局"].light.value == "green"


def test_a_month_that_goes_on_is_taken_as_of_now(flood: Core) -> None:
    found = {one.unit: one for one in taken(flood.engine, "2022-06-20 17:00")}
    assert found["西镇"].overdue == 0  # its day is not over
    assert found["县水利局"].overdue == 1
    found = {one.unit: one for one in taken(flood.engine, "2022-06-21 08:00")}
    assert found["西镇"].overdue == 1


def test_the_last_month_of_a_plan_is_told_after_its_period(engine: Engine) -> None:
    fill(engine)
    with writing(engine) as session:
        plan = session.exec(select(PlanVersion)).one()
        plan.period_end_on = JUNE.last
        session.add(plan)
    assert lights(taken(engine))["县水利局"] == "red"
    assert taken(engine, "2022-08-01 09:00", date(2022, 7, 1)) == []


@pytest.mark.parametrize(
    ("text", "today", "month"),
    [
        ("6月通报", date(2022, 7, 1), "2022-06"),
        ("请发12月份的通报", date(2023, 1, 3), "2022-12"),
        ("2021年3月督办通报", date(2022, 7, 1), "2021-03"),
        ("上月通报", date(2024, 3, 1), "2024-02"),
        ("上个月的督办情况通报。", date(2023, 1, 3), "2022-12"),
        ("本月通报", date(2022, 7, 1), "2022-07"),
    ],
)
def test_the_month_that_is_asked_for(text: str, today: date, month: str) -> None:
    found = circular.asked_month(text, today)
    assert found is not None and found.name == month


@pytest.mark.parametrize(
    "text", ["6月底前通报哪些单位？", "13月通报", "通报制度怎么规定", "6月有哪些任务"]
)
def test_questions_are_left_to_the_answers(text: str) -> None:
    assert circular.asked_month(text, date(2022, 7, 1)) is None


def test_the_office_gets_it_once_on_the_first_working_day(flood: Core) -> None:
    for moment in ("2022-06-30 20:00", "2022-07-01 09:00", "2022-07-01 09:01", "2022-07-04 09:00"):
        with writing(flood.engine) as session:
            chats = partial(chats_of, session)
            planner.plan(session, at(moment), WORKDAYS, flood.settings, chats)
    with reading(flood.engine) as session:
        (waiting,) = session.exec(select(OutboxMessage).where(OutboxMessage.kind == "periodic"))
        assert (waiting.chat_id, waiting.facts["rule"]) == ("督查群", "circular")
        sent = flood.words(session, waiting)
    assert sent is not None
    assert sent.rows[0] == "【督办情况通报】2022年6月（截至2022年6月30日）"
    assert sent.rows[1] == (
        "《防汛工作要点》7个单位：红灯2个、黄灯2个、绿灯3个。"
        "应办结4项，已办结2项，逾期2项；应报送4份，已报送3份。"
    )
    assert sent.rows[2] == "红灯：县水利局（逾期1项）、西镇（逾期1项）"
    assert sent.rows[4].startswith("绿灯：") and "县住建局" in sent.rows[4]
    assert [file.name for file in sent.files][-1] == "督办情况通报2022年6月.xlsx"


def test_the_sheet_and_the_picture_show_the_lights(flood: Core) -> None:
    found = taken(flood.engine)
    book = openpyxl.load_workbook(io.BytesIO(circular.as_sheet(found, JUNE, JUNE.last)))
    page = book.active
    assert page is not None
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=2)]
    assert rows[0][:4] == ["序号", "责任单位", "亮灯", "应办结"]
    assert rows[1][1:7] == ["县水利局", "红", "1", "0", "1", "0"] and rows[1][-1] == "逾期1项"
    assert page.cell(3, 3).fill.start_color.rgb != page.cell(5, 3).fill.start_color.rgb
    assert "红灯" in rows[-1][0] and page.page_setup.orientation == "landscape"
    picture = circular.as_picture(found, JUNE, JUNE.last)
    if tables.chinese_font() is None:
        assert picture is None
    else:
        assert picture is not None and picture.startswith(b"\x89PNG")


def test_for_admins_and_the_office_only(flood: Core) -> None:
    def asks(chat_id: str, account: str) -> tuple[str, int]:
        incoming = Incoming(
            "console", "1", chat_id, True, account, account, "6月通报", at("2022-07-01 10:00")
        )
        with reading(flood.engine) as session:
            sent = circular.reply(session, incoming, flood, JUNE)
        return sent.rows[0], len(sent.files)

    with writing(flood.engine) as session:
        session.add(Account(platform="console", account_id="boss", role=AccountRole.ADMIN))
        bind(session, "县水利局", "水利群")
    assert asks("水利群", "boss")[0].startswith("【督办情况通报】")
    assert asks("督查群", "clerk")[1] >= 1
    assert asks("水利群", "clerk") == (circular.ONLY_ADMINS, 0)
    with writing(flood.engine) as session:
        chat = people.find_chat(session, "console", "督查群")
        assert chat is not None
        chat.plan_ids = ["another"]
    assert asks("督查群", "clerk")[1] == asks("督查群", "boss")[1] == 0
