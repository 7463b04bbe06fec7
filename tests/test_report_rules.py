"""Who is reminded of a report when: as its window opens, before it is due, and after it did not come."""

from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from small_ledger import Row, add_plan, bind, chats_of, unit_named
from sqlalchemy import Engine
from sqlmodel import col, select

from config.database import reading, writing
from config.settings import Settings
from config.workdays import CalendarMissing, Workdays
from corpus.values import Role, TimingKind
from reminders import planner, reports
from reminders.choices import defaults
from reminders.models import Reminder, ReportWindow
from reminders.rules import Occurrence, report_due, report_missing, report_opens

WORKDAYS = Workdays()
SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTINGS = Settings()


def days(rule: object, opens: date, due: date, **settings: object) -> list[str]:
    choices = defaults(Settings(**settings))  # type: ignore[arg-type]
    occurrence = Occurrence(due, is_report=True, opens_on=opens)
    found = rule.due(occurrence, Role.LEAD, choices, WORKDAYS)  # type: ignore[attr-defined]
    return [f"{one.rule.partition(':')[2]} {one.at:%Y-%m-%d}".strip() for one in found]


@pytest.mark.parametrize(
    ("opens", "due", "expected"),
    [
        # New Year's Day is a holiday; a window that opens on it is told of on the day after
        (date(2025, 1, 1), date(2025, 3, 25), ["2025-01-02"]),
        # 1 October to 7 October 2022 are holidays, Saturday 8 October is worked
        (date(2022, 10, 1), date(2022, 12, 23), ["2022-10-08"]),
        # a week's window: the reminder three working days before it is due says it all
        (date(2024, 12, 23), date(2024, 12, 27), ["2024-12-23"]),
        (date(2024, 12, 30), date(2025, 1, 3), []),
        # due on the day it opens
        (date(2024, 3, 4), date(2024, 3, 4), []),
    ],
)
def test_an_open_window_is_told_of_once(opens: date, due: date, expected: list[str]) -> None:
    assert days(report_opens, opens, due) == expected
    assert days(report_opens, opens, due, report_opens=False) == []


@pytest.mark.parametrize(
    ("opens", "due", "expected"),
    [
        # the leap day, and the make-up Sunday 18 February 2024 before it
        (date(2024, 2, 1), date(2024, 2, 29), ["3 2024-02-26", "1 2024-02-28", "0 2024-02-29"]),
        (date(2024, 2, 1), date(2024, 2, 20), ["3 2024-02-09", "1 2024-02-19", "0 2024-02-20"]),
        # over the year's end: 1 January 2025 is a holiday
        (date(2025, 1, 1), date(2025, 1, 3), ["1 2025-01-02", "0 2025-01-03"]),
        # never before the window is open
        (date(2024, 3, 5), date(2024, 3, 5), ["0 2024-03-05"]),
    ],
)
def test_some_working_days_before_and_on_the_day(
    opens: date, due: date, expected: list[str]
) -> None:
    assert days(report_due, opens, due) == expected


def test_on_each_of_three_working_days_after() -> None:
    assert days(report_missing, date(2022, 9, 1), date(2022, 9, 30)) == [
        "1 2022-10-08", "2 2022-10-09", "3 2022-10-10",
    ]  # fmt: skip
    assert days(report_missing, date(2024, 12, 1), date(2024, 12, 31)) == [
        "1 2025-01-02", "2 2025-01-03", "3 2025-01-06",
    ]  # fmt: skip
    assert days(report_missing, date(2024, 1, 1), date(2024, 1, 31), report_missing_times=0) == []


@pytest.mark.parametrize("rule", [report_opens, report_due, report_missing])
def test_a_year_without_a_calendar_is_not_guessed(rule: object) -> None:
    with pytest.raises(CalendarMissing, match="2041"):
        days(rule, date(2041, 1, 1), date(2041, 3, 29))


@pytest.fixture
def river(engine: Engine) -> Engine:
    """河长制: 县水利局 and 县住建局 report each quarter by the 25th of its last month."""
    with writing(engine) as session:
        units = dict.fromkeys(["县水利局", "县住建局"], Role.JOINT)
        rule = "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=25"
        words = "每季度末月25日前"
        row = Row("报送", units, None, TimingKind.RECURRING, rule, is_report=True, when=words)
        add_plan(session, "hezhang", [row], period=(date(2024, 1, 1), date(2024, 12, 31)))
        bind(session, "县水利局", "水利群")
        bind(session, "县住建局", "住建群")
    return engine


def run(engine: Engine, moment: str) -> None:
    with writing(engine) as session:
        now = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
        planner.plan(session, now, WORKDAYS, SETTINGS, partial(chats_of, session), lambda *_: 0)


def test_from_the_opening_to_the_third_day_after_and_silent_once_it_came(river: Engine) -> None:
    """The second quarter of 2024; its day, 25 June, is a Tuesday."""
    run(river, "2024-03-31 09:00")
    for moment in ("2024-04-01", "2024-06-20", "2024-06-24", "2024-06-25"):
        run(river, f"{moment} 09:00")
        run(river, f"{moment} 09:01")
    with writing(river) as session:
        unit_id = unit_named(session, "县住建局")
        window_id = session.exec(
            select(ReportWindow.id).where(
                ReportWindow.unit_id == unit_id, ReportWindow.period == "2024-Q2"
            )
        ).one()
        assert window_id is not None
        at = datetime(2024, 6, 25, 17, tzinfo=SHANGHAI)
        reports.receive(session, window_id, on=date(2024, 6, 25), at=at, by="cli")
    for day in ("2024-06-26", "2024-06-27", "2024-06-28", "2024-07-01"):
        run(river, f"{day} 09:00")
    with reading(river) as session:
        rows = session.exec(
            select(Reminder).where(Reminder.state == "planned").order_by(col(Reminder.at))
        ).all()
        found = [
            (row.chat_id, row.rule)
            for row in rows
            if row.occurrence_on == date(2024, 6, 25) and row.window_id is not None
        ]
    before = ["report_opens", "report_due:3", "report_due:1", "report_due:0"]
    after = ["report_missing:1", "report_missing:2", "report_missing:3"]
    assert [rule for chat, rule in found if chat == "水利群"] == before + after
    assert [rule for chat, rule in found if chat == "住建群"] == before
