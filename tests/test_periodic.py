"""Weekly and monthly digests leave on the first working day, once a period, and only with something to say."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from small_ledger import Row, add_plan, bind, chats_of, say, unit_named
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot import people, summary
from config.database import reading, writing
from config.settings import Settings
from config.workdays import Workdays
from corpus.models import EventKind
from corpus.values import Role, TimingKind
from reminders import planner, reports
from reminders.choices import ChoiceBook, choose
from reminders.models import OutboxMessage, OutboxState, ReportWindow
from reminders.periodic import KIND, TOO_LATE, coming, recheck
from reminders.recheck import NOT_BOUND, Look

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAYS = Workdays()
SETTINGS = Settings(circular=False)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
def schools(small: Engine) -> Engine:
    return begun(small)


def begun(engine: Engine) -> Engine:
    """县教育局 leads, 县应急局 helps; the plan came in force with the year."""
    with writing(engine) as session:
        units = {"县教育局": Role.LEAD, "县应急局": Role.SUPPORT}
        rows = [
            Row("完成校车检查", units, date(2022, 9, 30)),
            Row("开展应急演练", units, date(2022, 10, 21)),
            Row("总结全年工作", {"县教育局": Role.LEAD}, date(2022, 12, 30)),
            Row("整改隐患", {"县教育局": Role.LEAD}, date(2022, 3, 31)),
        ]
        add_plan(session, "xiaoyuan", rows, period=(date(2022, 1, 1), date(2022, 12, 31)))
        bind(session, "县教育局", "教育群")
        bind(session, "县应急局", "应急群")
        bind(session, "县水利局", "水利群")  # owes nothing
    run(engine, "2022-09-01 10:00")
    return engine


def run(engine: Engine, moment: str, settings: Settings = SETTINGS) -> None:
    with writing(engine) as session:
        planner.plan(session, at(moment), WORKDAYS, settings, partial(chats_of, session))


def told(engine: Engine, chat: str = "教育群") -> list[tuple[str, str]]:
    """(the name and period of each message, what becomes of it)."""
    with reading(engine) as session:
        query = select(OutboxMessage).where(
            OutboxMessage.kind == KIND, OutboxMessage.chat_id == chat
        )
        found = session.exec(query.order_by(col(OutboxMessage.id))).all()
        return [(f"{m.facts['rule']} {m.facts['first']}", m.state.value) for m in found]


def words(engine: Engine, moment: str, chat: str = "教育群") -> list[str]:
    """What the last message to a chat says if it is sent at a moment."""
    with reading(engine) as session:
        message = session.exec(
            select(OutboxMessage)
            .where(OutboxMessage.kind == KIND, OutboxMessage.chat_id == chat)
            .order_by(col(OutboxMessage.id).desc())
        ).first()
        assert message is not None
        outgoing = summary.message(session, message, at(moment), WORKDAYS, SETTINGS)
        return list(outgoing.rows) if outgoing else []


def moments(session: Session, first: str, last: str, **settings: object) -> list[str]:
    book_settings = Settings(**settings)  # type: ignore[arg-type]
    book = ChoiceBook(session, book_settings)
    found = coming(session, at(first), at(last), book, WORKDAYS, book_settings)
    return [f"{one.rule} {one.at:%m-%d %H}" for one in found]


def test_the_first_working_day_over_holidays_and_ends_of_months_and_years(small: Engine) -> None:
    with writing(small) as session:
        unit_named(session, "县教育局")
        weekly = partial(moments, session, monthly_digest=False, circular=False)
        # 1 to 7 October 2022 are holidays, Saturday 8 and Sunday 9 October are worked
        assert weekly("2022-09-30 00:00", "2022-10-11 00:00") == [
            "weekly_digest 10-08 09", "weekly_digest 10-10 09",
        ]  # fmt: skip
        # 2 January 2023 is a holiday, and so is the whole week from 23 January
        assert weekly("2023-01-01 00:00", "2023-02-01 00:00") == [
            f"weekly_digest {day} 09" for day in ("01-03", "01-09", "01-16", "01-28", "01-30")
        ]
        monthly = partial(moments, session, weekly_digest=False, circular=False)
        assert monthly("2023-12-01 10:00", "2024-03-02 00:00") == [
            "monthly_digest 01-02 09", "monthly_digest 02-01 09", "monthly_digest 03-01 09",
        ]  # fmt: skip
        # no notice of the holidays of 2041 yet: not guessed
        assert monthly("2041-01-01 00:00", "2041-12-31 00:00") == []


def test_the_monthly_one_replaces_the_weekly_one_of_its_day(small: Engine) -> None:
    with writing(small) as session:
        unit_named(session, "县教育局")
        both = partial(moments, session, circular=False)
        assert both("2022-07-31 12:00", "2022-08-08 12:00") == [
            "monthly_digest 08-01 09", "weekly_digest 08-08 09",
        ]  # fmt: skip


def test_once_a_period_however_often_it_is_planned(engine: Engine) -> None:
    schools = begun(engine)
    for moment in ("2022-09-05 08:59", "2022-09-05 09:00", "2022-09-05 09:01", "2022-09-07 09:00"):
        run(schools, moment)
    assert told(schools) == [("weekly_digest 2022-09-05", "pending")]
    with writing(schools) as session:  # the clock is set back
        session.exec(select(planner.PlannerState)).one().planned_to = at("2022-09-05 08:00")
    run(schools, "2022-09-05 09:30")
    assert len(told(schools)) == 1


def test_a_clock_that_was_far_ahead_takes_no_period_away(schools: Engine) -> None:
    run(schools, "2022-12-20 09:00")
    run(schools, "2022-09-02 09:00")
    run(schools, "2022-09-05 09:00")
    weeks = [(name, state) for name, state in told(schools) if name.startswith("weekly_digest")]
    assert weeks[:2] == [
        ("weekly_digest 2022-09-05", "pending"),
        ("weekly_digest 2022-09-12", "dropped"),
    ]


def test_after_downtime_what_goes_on_is_sent_and_what_is_over_is_recorded(schools: Engine) -> None:
    run(schools, "2022-09-22 15:00")  # a Thursday, two weeks later
    assert told(schools) == [
        ("weekly_digest 2022-09-05", "dropped"), ("weekly_digest 2022-09-12", "dropped"),
        ("weekly_digest 2022-09-19", "pending"),
    ]  # fmt: skip
    with reading(schools) as session:
        late = select(OutboxMessage).where(OutboxMessage.state == OutboxState.DROPPED)
        assert {message.platform_words for message in session.exec(late)} == {TOO_LATE}


@pytest.mark.parametrize(
    ("tried", "chat", "look"),
    [
        ("09-05 09:00", "教育群", Look()),
        ("09-06 22:00", "教育群", Look(until=at("2022-09-07 08:00"))),
        ("09-10 09:00", "教育群", Look(TOO_LATE)),  # a Saturday: the next working day has its own
        ("09-13 09:00", "教育群", Look(TOO_LATE)),
        ("09-05 09:00", "水利群", Look(NOT_BOUND)),
    ],
)
def test_one_that_waited_is_looked_at_again(
    schools: Engine, tried: str, chat: str, look: Look
) -> None:
    run(schools, "2022-09-05 09:00")
    with reading(schools) as session:
        message = session.exec(select(OutboxMessage).where(OutboxMessage.kind == KIND)).first()
        assert message is not None
        message.chat_id = chat
        now, chats = at(f"2022-{tried}"), partial(chats_of, session)
        message.facts = {**message.facts, "unit": unit_named(session, "县教育局")}
        assert recheck(session, message, now, WORKDAYS, SETTINGS, chats) == look


def test_after_downtime_the_monthly_one_is_enough(schools: Engine) -> None:
    with writing(schools) as session:
        session.exec(select(planner.PlannerState)).one().planned_to = at("2022-09-30 10:00")
    # of two weeks and a month the first week left on the month's day, the second goes on
    run(schools, "2022-10-13 15:00")
    assert told(schools) == [("monthly_digest 2022-10-01", "pending")]


def test_what_is_overdue_ahead_and_done_is_told(engine: Engine) -> None:
    schools = begun(engine)
    with writing(schools) as session:
        say(session, "xiaoyuan-2", EventKind.DONE, at("2022-10-09 16:00"), unit="县教育局")
        say(session, "xiaoyuan-2", EventKind.DONE, at("2022-10-09 16:00"), unit="县应急局")
    run(schools, "2022-10-08 10:00")
    run(schools, "2022-10-10 09:00")
    rows = words(schools, "2022-10-10 09:00")
    assert rows == [
        "【每周汇总】县教育局：已逾期1项，本周和下周到期1项。",
        "一、已逾期",
        "1. 2022年9月30日到期（已过10天）完成校车检查——《xiaoyuan》第1项",
        "二、本周和下周到期",
        "2. 2022年10月21日到期（还有11天）开展应急演练——《xiaoyuan》第2项",
        "上周办结1项：总结全年工作。",
    ]
    assert "（配合）完成校车检查" in "".join(words(schools, "2022-10-10 09:00", "应急群"))
    # what was past before the plan came in force is told to nobody, as with reminders
    assert not any("整改隐患" in row for row in rows)


def test_a_plan_that_is_over_is_told_of_while_it_is_followed_up(engine: Engine) -> None:
    schools = begun(engine)
    with writing(schools) as session:
        say(session, "xiaoyuan-1", EventKind.DONE, at("2022-12-20 16:00"), unit="县教育局")
    run(schools, "2022-12-30 10:00")
    run(schools, "2023-01-03 09:00")
    rows = words(schools, "2023-01-03 09:00")
    assert "已过4天）总结全年工作" in "".join(rows)
    assert rows[-1] == "上月办结1项：开展应急演练。"
    run(schools, "2023-02-20 09:00")  # after the last reminder of it: no more
    assert words(schools, "2023-02-20 09:00") == []


def test_made_as_of_the_moment_of_sending_and_silent_with_nothing_to_say(schools: Engine) -> None:
    run(schools, "2022-10-10 09:00")
    assert words(schools, "2022-10-10 09:00", "水利群") == []
    with writing(schools) as session:
        for n in range(3):
            say(session, f"xiaoyuan-{n}", EventKind.DONE, at("2022-10-10 09:30"), unit="县教育局")
    assert words(schools, "2022-10-10 10:00") == []
    assert words(schools, "2022-10-10 10:00", "应急群") == []  # the lead unit's word holds for all


def test_of_the_plans_that_a_chat_may_see(schools: Engine) -> None:
    run(schools, "2022-10-10 09:00")
    for plan_ids, hears in (["xiaoyuan"], True), (["another"], False):
        with writing(schools) as session:
            chat = people.find_chat(session, "console", "教育群")
            assert chat is not None
            chat.plan_ids = plan_ids
        assert bool(words(schools, "2022-10-10 09:00")) is hears


def test_reports_that_are_due_and_missing(schools: Engine) -> None:
    with writing(schools) as session:
        rule, text = "FREQ=MONTHLY;BYMONTHDAY=25", "每月25日前"
        units = {"县教育局": Role.LEAD}
        row = Row("报送", units, None, TimingKind.RECURRING, rule, is_report=True, when=text)
        add_plan(session, "yuebao", [row], period=(date(2022, 8, 1), date(2022, 12, 31)))
    run(schools, "2022-10-10 08:00")
    run(schools, "2022-10-17 09:00")
    with writing(schools) as session:
        first = session.exec(select(ReportWindow).where(ReportWindow.period == "2022-08")).first()
        assert first is not None and first.id is not None
        reports.receive(session, first.id, on=date(2022, 10, 12), at=at("2022-10-12 10:00"), by="x")
    rows = words(schools, "2022-10-17 09:00")
    assert "逾期未报送1份" in rows[0] and "本周和下周应报送1份" in rows[0]
    assert any("2022年9月23日截止（已过24天）" in row for row in rows)  # the 25th is a Sunday
    assert rows[-1] == "上周报送1份。"


def test_off_for_a_unit_or_for_one_plan(schools: Engine) -> None:
    keep: Callable[..., None]
    with writing(schools) as session:
        now, unit_id = at("2022-09-01 10:00"), unit_named(session, "县应急局")
        keep = partial(choose, session, "weekly_digest", by="cli", at=now)
        keep("off", plan_id=None, unit_id=unit_id)
        keep("off", plan_id="xiaoyuan", unit_id=None)
        keep("on", plan_id="xiaoyuan", unit_id=unit_id)
        add_plan(session, "fangxun", [Row("检查堤防", {"县教育局": Role.LEAD}, date(2022, 9, 9))])
    run(schools, "2022-09-26 09:00")
    assert len(told(schools)) == 4
    assert told(schools, "应急群")[-1] == ("weekly_digest 2022-09-26", "pending")
    assert "校车" in "".join(words(schools, "2022-09-26 09:00", "应急群"))
    assert words(schools, "2022-09-26 09:00") == []
