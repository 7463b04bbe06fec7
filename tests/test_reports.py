"""Which reports are owed when: windows over holidays, ends of months and of years, and what is missing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from small_ledger import Row, add_members, add_plan, unit_named
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from config.database import reading, writing
from config.errors import UserError
from config.workdays import Workdays
from corpus.models import EventKind, Plan, TaskEvent, Unit
from corpus.values import Role, TimingKind
from reminders import periods, reports
from reminders.models import ReportDuty, ReportWindow, VersionSeen

WORKDAYS, ZONE = Workdays(), ZoneInfo("Asia/Shanghai")
YEAR = date(2024, 1, 1), date(2024, 12, 31)
AT, MONTHS = datetime(2024, 6, 1, 1, 0, tzinfo=UTC), timedelta(days=92)
Line = tuple[str, str, str, str]  # unit, period, opens, due


def duty(rule: str, *units: str, when: str = "", about: str = "报送工作进展") -> Row:
    roles = dict.fromkeys(units or ("县水利局",), Role.RESPONSIBLE)
    return Row(
        about, roles, None, TimingKind.RECURRING, rule, is_report=True, when=when, about=about
    )


def lines(engine: Engine, first: date, last: date) -> list[Line]:
    with writing(engine) as session:
        found = reports.windows_due(session, first, last, WORKDAYS, written=True)
        names = {unit.id: unit.name for unit in session.exec(select(Unit))}
        return [
            (names[o.window.unit_id], o.window.period, f"{o.window.opens_on}", f"{o.window.due_on}")
            for o in found
        ]


def missing(session: Session, day: date) -> list[str]:
    return [
        o.window.period for o in reports.missing_reports(session, day, WORKDAYS, ZONE, written=True)
    ]


def of(engine: Engine, row: Row, *, first: date = YEAR[0], last: date = YEAR[1]) -> list[Line]:
    with writing(engine) as session:
        add_plan(session, "hezhang", [row], period=YEAR)
    return lines(engine, first, last)


def test_a_monthly_report_on_holidays_and_on_a_leap_day(small: Engine) -> None:
    """2024-02-29 is a leap day; 30 June is a Sunday, 5 October a holiday, 31 August a Saturday."""
    found = of(small, duty("FREQ=MONTHLY;BYMONTHDAY=-1"))
    assert [(period, due) for _, period, _, due in found] == [
        ("2024-01", "2024-01-31"), ("2024-02", "2024-02-29"), ("2024-03", "2024-03-29"),
        ("2024-04", "2024-04-30"), ("2024-05", "2024-05-31"), ("2024-06", "2024-06-28"),
        ("2024-07", "2024-07-31"), ("2024-08", "2024-08-30"), ("2024-09", "2024-09-30"),
        ("2024-10", "2024-10-31"), ("2024-11", "2024-11-29"), ("2024-12", "2024-12-31"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("off_days", "due"), [("", "2024-09-30"), ("before", "2024-09-30"), ("after", "2024-10-08")]
)
def test_a_day_in_the_national_holiday_goes_where_the_plan_says(
    small: Engine, off_days: str, due: str
) -> None:
    with writing(small) as session:
        row = duty("FREQ=MONTHLY;BYMONTHDAY=5")
        add_plan(session, "hezhang", [row], period=YEAR).off_days = off_days
    found = lines(small, date(2024, 9, 20), date(2024, 10, 20))
    # the window opens on the first day of October; but it is due before, it must be open by then
    opens = "2024-09-30" if due == "2024-09-30" else "2024-10-01"
    assert found == [("县水利局", "2024-10", opens, due)]


def test_a_make_up_saturday_is_a_working_day(small: Engine) -> None:
    """12 October 2024 is a Saturday on which everybody works."""
    found = of(small, duty("FREQ=MONTHLY;BYMONTHDAY=12"), first=date(2024, 10, 1))
    assert found[0] == ("县水利局", "2024-10", "2024-10-01", "2024-10-12")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (duty("FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=25", when="每季度末月25日前"),
         [("2024-Q1", "2024-01-01", "2024-03-25"), ("2024-Q2", "2024-04-01", "2024-06-25"),
          ("2024-Q3", "2024-07-01", "2024-09-25"), ("2024-Q4", "2024-10-01", "2024-12-25")]),
        (duty("FREQ=MONTHLY;BYMONTH=1,4,7,10;BYMONTHDAY=10", when="每季度结束后10日内"),
         [("2023-Q4", "2024-01-01", "2024-01-10"), ("2024-Q1", "2024-04-01", "2024-04-10"),
          ("2024-Q2", "2024-07-01", "2024-07-10"), ("2024-Q3", "2024-10-01", "2024-10-10")]),
        (duty("FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=15", when="每年6月15日、12月15日前"),
         [("2024-H1", "2024-01-01", "2024-06-14"), ("2024-H2", "2024-07-01", "2024-12-13")]),
        (duty("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1", when="每年12月底前"),
         [("2024", "2024-01-01", "2024-12-31")]),
        (duty("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=10", when="每年1月10日前", about="报送上年度总结"),
         [("2023", "2024-01-01", "2024-01-10")]),
        (duty("FREQ=YEARLY;BYMONTH=2,4,6,8,10,12;BYMONTHDAY=20", when="每双月20日前"),
         [("2024-01/02", "2024-01-01", "2024-02-20"), ("2024-03/04", "2024-03-01", "2024-04-19"),
          ("2024-05/06", "2024-05-01", "2024-06-20"), ("2024-07/08", "2024-07-01", "2024-08-20"),
          ("2024-09/10", "2024-09-01", "2024-10-18"), ("2024-11/12", "2024-11-01", "2024-12-20")]),
        # no day is named: the last one of the period
        (duty("FREQ=MONTHLY;INTERVAL=3", when="每季度"),
         [("2024-Q1", "2024-01-01", "2024-03-29"), ("2024-Q2", "2024-04-01", "2024-06-28"),
          ("2024-Q3", "2024-07-01", "2024-09-30"), ("2024-Q4", "2024-10-01", "2024-12-31")]),
        (duty("FREQ=YEARLY", when="每年"), [("2024", "2024-01-01", "2024-12-31")]),
    ],
)  # fmt: skip
def test_the_period_that_a_report_is_about(
    small: Engine, row: Row, expected: list[tuple[str, str, str]]
) -> None:
    assert [line[1:] for line in of(small, row)] == expected


def test_weeks_have_their_iso_number_over_the_turn_of_the_year(small: Engine) -> None:
    with writing(small) as session:
        period = date(2024, 1, 1), date(2025, 12, 31)
        add_plan(session, "xiaofang", [duty("FREQ=WEEKLY;BYDAY=FR")], period=period)
    found = lines(small, date(2024, 12, 21), date(2025, 1, 12))
    assert [line[1:] for line in found] == [
        ("2024-W52", "2024-12-23", "2024-12-27"),
        ("2025-W01", "2024-12-30", "2025-01-03"),
        ("2025-W02", "2025-01-06", "2025-01-10"),
    ]


def test_daily_reports_rest_on_days_off(small: Engine) -> None:
    row = duty("FREQ=DAILY", when="每日")
    found = of(small, row, first=date(2024, 9, 27), last=date(2024, 10, 9))
    assert [due[-5:] for _, _, _, due in found] == ["09-27", "09-29", "09-30", "10-08", "10-09"]


def test_a_report_on_the_month_before_is_awaited_from_its_end(small: Engine) -> None:
    found = of(small, duty("FREQ=MONTHLY;BYMONTHDAY=5", when="次月5日前"), last=date(2024, 3, 31))
    assert found == [
        ("县水利局", "2023-12", "2024-01-01", "2024-01-05"),
        ("县水利局", "2024-01", "2024-02-01", "2024-02-05"),
        ("县水利局", "2024-02", "2024-03-01", "2024-03-05"),
    ]


def test_single_days_are_about_what_their_words_say(small: Engine) -> None:
    units = {"县安委办": Role.RESPONSIBLE}
    both = Row("报送小结", units, date(2024, 6, 14), extra=[date(2024, 12, 13)], is_report=True)
    named = Row("总结", units, date(2024, 12, 10), is_report=True, about="报送全年工作总结")
    spring = Row("一季度", units, date(2024, 4, 8), is_report=True, about="报送一季度工作情况")
    other = Row("方案", units, date(2024, 4, 15), is_report=True, about="报送工作方案")
    with writing(small) as session:
        add_plan(session, "anquan", [both, named, spring, other], period=YEAR)
    assert [line[1:] for line in lines(small, *YEAR)] == [
        ("2024-Q1", "2024-04-01", "2024-04-08"),
        ("2024-01-01", "2024-01-01", "2024-04-15"),
        ("2024-H1", "2024-01-01", "2024-06-14"),
        ("2024", "2024-01-01", "2024-12-10"),
        ("2024-H2", "2024-07-01", "2024-12-13"),
    ]


def test_none_is_owed_outside_the_plan_or_before_it_was_issued(small: Engine) -> None:
    with writing(small) as session:
        version = add_plan(session, "hezhang", [duty("FREQ=MONTHLY;BYMONTHDAY=5")], period=YEAR)
        version.issued_on = date(2024, 10, 12)
    found = lines(small, date(2023, 1, 1), date(2025, 12, 31))
    assert [due for _, _, _, due in found] == ["2024-11-05", "2024-12-05"]


def test_a_year_without_a_calendar_leaves_the_day_as_printed(small: Engine) -> None:
    with writing(small) as session:
        period = date(2041, 1, 1), date(2041, 12, 31)
        add_plan(session, "hezhang", [duty("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3")], period=period)
    assert lines(small, *period)[0][3] == "2041-03-03"


def test_collective_units_owe_by_their_members_and_alone_without(engine: Engine) -> None:
    with writing(engine) as session:
        add_members(session, "各乡镇", "东岭镇", "西溪镇")
        row = duty("FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=20", "各乡镇", "各成员单位", "东岭镇")
        add_plan(session, "hezhang", [row], period=YEAR)
    assert sorted(line[0] for line in lines(engine, *YEAR)) == ["东岭镇", "各成员单位", "西溪镇"]


def test_supporting_units_owe_no_report_and_without_units_all_that_lead_do(small: Engine) -> None:
    river = Row("清理河道", {"县水利局": Role.LEAD, "县公安局": Role.SUPPORT}, date(2024, 9, 30))
    roads = Row("修路", {"县交通局": Role.JOINT, "县住建局": Role.JOINT}, date(2024, 9, 30))
    to_all = duty("FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=20")
    with writing(small) as session:
        add_plan(session, "hezhang", [river, roads, replace(to_all, units={})], period=YEAR)
    assert [line[0] for line in lines(small, *YEAR)] == ["县水利局", "县交通局", "县住建局"]


def test_each_unit_that_answers_for_a_task_is_one_of_the_responsible_units(small: Engine) -> None:
    """各责任单位 is no unit of the directory: the tasks of the plan say who they are."""
    work = Row("清淤", {"县水利局": Role.LEAD, "县财政局": Role.SUPPORT}, date(2024, 6, 30))
    row = duty("FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=20", "各责任单位")
    with writing(small) as session:
        add_plan(session, "hezhang", [work, row], period=YEAR)
    assert [unit for unit, *_ in lines(small, *YEAR)] == ["县水利局"]


def test_opening_again_changes_nothing_and_what_no_plan_asks_for_is_left_out(
    engine: Engine,
) -> None:
    row = duty("FREQ=MONTHLY;BYMONTHDAY=5")
    before = of(engine, row)
    assert lines(engine, *YEAR) == before
    with reading(engine) as session:
        assert len(session.exec(select(ReportWindow)).all()) == len(before) == 12
    with writing(engine) as session:
        add_plan(session, "hezhang", [replace(row, rule="FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=5")])
    assert [due for _, _, _, due in lines(engine, *YEAR)] == ["2024-06-05"]


def test_an_admins_duty_holds_for_all_plans_or_for_units_named(engine: Engine) -> None:
    with writing(engine) as session:
        river = Row("清理河道", {"县水利局": Role.LEAD}, date(2024, 9, 30))
        add_plan(session, "hezhang", [river], period=YEAR)
        add_plan(
            session, "xiaofang", [replace(river, units={"县消防大队": Role.LEAD})], period=YEAR
        )
        unit_named(session, "县督查室")
        common = {"rule": "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=25", "by": "cli", "at": AT}
        session.add(
            ReportDuty(
                text="报进展", timing_text="每季度末月25日前", since_on=date(2024, 6, 1), **common
            )
        )
        session.add(
            ReportDuty(
                plan_id="hezhang", text="报汇总", timing_text="每季度末月25日前", unit_text="县督查室",
                since_on=date(2024, 9, 1), ended_on=date(2024, 10, 1), **common,
            )
        )  # fmt: skip
    assert [(unit, due) for unit, _, _, due in lines(engine, *YEAR)] == [
        ("县水利局", "2024-06-25"), ("县消防大队", "2024-06-25"),
        ("县水利局", "2024-09-25"), ("县督查室", "2024-09-25"), ("县消防大队", "2024-09-25"),
        ("县水利局", "2024-12-25"), ("县消防大队", "2024-12-25"),
    ]  # fmt: skip


def test_a_window_goes_from_upcoming_to_open_to_missing_to_received(engine: Engine) -> None:
    of(engine, duty("FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=25"))
    with writing(engine) as session:
        window = session.exec(select(ReportWindow).where(ReportWindow.period == "2024-Q2")).one()
        days = [date(2024, 3, 31), date(2024, 4, 1), date(2024, 6, 25), date(2024, 6, 26)]
        found = [reports.state_of(window, day) for day in days]
        assert found == ["upcoming", "open", "open", "missing"]
        assert missing(session, date(2024, 6, 28)) == ["2024-Q1", "2024-Q2"]
        assert window.id is not None
        event = reports.receive(
            session, window.id, on=date(2024, 6, 28), at=AT, by="cli", text="已上报"
        )
        assert (event.kind, event.occurrence_on) == (EventKind.REPORTED, date(2024, 6, 25))
        assert reports.state_of(window, date(2024, 6, 27)) == "missing"
        assert reports.state_of(window, date(2024, 6, 28)) == "received"
        reports.receive(session, window.id, on=date(2024, 6, 30), at=AT, by="cli", text="补充")
        assert (window.received_on, window.event_id) == (date(2024, 6, 28), event.id)
        assert len(session.exec(select(TaskEvent)).all()) == 2
        assert missing(session, date(2024, 7, 1)) == ["2024-Q1"]


def test_what_was_past_when_its_plan_came_in_force_is_not_owed(engine: Engine) -> None:
    with writing(engine) as session:
        row = duty("FREQ=MONTHLY;BYMONTHDAY=5", when="每月5日前")
        version = add_plan(session, "hezhang", [row], period=YEAR)
        # the sixth of April in Shanghai
        version.published_at = datetime(2024, 4, 5, 16, 30, tzinfo=UTC)
    with writing(engine) as session:
        assert missing(session, date(2024, 6, 10)) == ["2024-05", "2024-06"]
        # asked of a day before that, it stands as the plan says
        assert missing(session, date(2024, 4, 5)) == ["2024-01", "2024-02", "2024-03", "2024-04"]
        found = reports.windows_due(session, *YEAR, WORKDAYS, written=True)[:6]
        states = reports.states_on(session, found, date(2024, 6, 3), ZONE)
        assert list(states.values()) == ["before"] * 4 + ["missing", "open"]
        # a serving process, whose clock stands elsewhere, has had it in force for longer
        session.add(VersionSeen(version_id=version.id, plan_id="hezhang", at=AT - MONTHS))
        session.flush()
        assert missing(session, date(2024, 6, 10))[0] == "2024-03"


def test_a_report_cannot_come_before_its_window(small: Engine) -> None:
    of(small, duty("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25", when="每年12月25日前"))
    with writing(small) as session:
        window_id = session.exec(select(ReportWindow.id)).one()
        assert window_id is not None
        with pytest.raises(UserError, match="才开始"):
            reports.receive(session, window_id, on=date(2023, 12, 1), at=AT, by="cli")
        with pytest.raises(UserError, match="没有编号"):
            reports.receive(session, window_id + 1, on=date(2024, 12, 1), at=AT, by="cli")


def test_an_extension_of_one_unit_moves_its_window_alone(engine: Engine) -> None:
    row = duty("FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=20", "县水利局", "县住建局")
    of(engine, row)
    with writing(engine) as session:
        session.add(
            TaskEvent(
                plan_id="hezhang", lineage="hezhang-0", timing_key="k0", by="cli", at=AT,
                kind=EventKind.EXTENSION_GRANTED, unit_id=unit_named(session, "县住建局"),
                occurrence_on=date(2024, 6, 20), until_on=date(2024, 7, 5),
            )
        )  # fmt: skip
    assert [(unit, due) for unit, _, _, due in lines(engine, *YEAR)] == [
        ("县水利局", "2024-06-20"), ("县住建局", "2024-07-05"),
    ]  # fmt: skip
    with reading(engine) as session:
        assert len(session.exec(select(ReportWindow)).all()) == 2


def test_what_opens_or_falls_due_on_a_day_is_owed_and_what_came_is_not(engine: Engine) -> None:
    of(engine, duty("FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=25"))
    with writing(engine) as session:
        days = [date(2024, 4, 1), date(2024, 6, 25)]
        owed = reports.windows_owed(session, days, WORKDAYS)
        assert [o.window.period for o in owed] == ["2024-Q2"]
        window_id = owed[0].window.id
        assert window_id is not None
        reports.receive(session, window_id, on=date(2024, 5, 30), at=AT, by="cli")
        assert reports.windows_owed(session, days, WORKDAYS) == []


def test_units_are_told_what_they_have_still_to_hand_in(small: Engine) -> None:
    of(small, duty("FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=25"))
    with writing(small) as session:
        unit_id = unit_named(session, "县水利局")
        found = reports.awaited(session, [unit_id], date(2024, 7, 2), WORKDAYS, ZONE)
        assert [o.window.period for o in found] == ["2024-Q1", "2024-Q2", "2024-Q3"]
        assert reports.awaited(session, [unit_id + 1], date(2024, 7, 2), WORKDAYS, ZONE) == []


def test_a_calendar_that_comes_later_puts_the_day_right(small: Engine, tmp_path: Path) -> None:
    with writing(small) as session:
        period = date(2041, 1, 1), date(2041, 12, 31)
        add_plan(session, "hezhang", [duty("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=3")], period=period)
        assert session.get(Plan, "hezhang")
    lines(small, *period)
    (tmp_path / "2041.json").write_text('{"holidays": ["2041-03-01"], "makeup": ["2041-03-02"]}')
    with writing(small) as session:
        reports.open_windows(session, *period, Workdays(tmp_path))
    with reading(small) as session:
        row = session.exec(select(ReportWindow).order_by(col(ReportWindow.id))).one()
        assert (row.occurrence_on, row.due_on) == (date(2041, 3, 3), date(2041, 3, 2))


def test_a_span_that_is_a_unit_of_the_calendar_has_its_name() -> None:
    assert periods.between(date(2026, 7, 1), date(2026, 9, 30)).name == "2026-Q3"
    assert periods.between(date(2026, 7, 1), date(2026, 8, 31)).name == "2026-07/08"
    assert periods.between(date(2026, 7, 2), date(2026, 9, 30)).name == "2026-07-02"
