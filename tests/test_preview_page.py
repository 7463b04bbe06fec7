"""The page of reminders to come, a unit's calendar, and the history of a task in the ledger page."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from icalendar import Calendar
from small_ledger import Row, add_plan, bind, say, unit_named
from sqlalchemy import Engine
from webhost import Host, serving

from bot.ledger_calendar import unit_ics
from config.clock import Clock
from config.database import make_engine, migrate, reading, writing
from corpus.models import EventKind, Unit
from corpus.values import Role

AT = datetime(2022, 6, 1, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('page') / 'duban.sqlite3'}")
    migrate(engine)
    with writing(engine) as session:
        rows = [
            Row(
                "检查<消防>通道",
                {"县教育局": Role.LEAD, "县财政局": Role.SUPPORT},
                date(2022, 6, 30),
            ),
            Row("开展演练", {"县教育局": Role.LEAD}, date(2022, 7, 29)),
            Row("修建微型消防站", {"县应急局": Role.LEAD}, date(2022, 7, 29)),
        ]
        add_plan(session, "xiaofang", rows, title="消防安全方案")
        bind(session, "县教育局", "教育群")
        say(session, "xiaofang-0", EventKind.PROGRESS, AT, unit="县教育局")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def browser(engine: Engine) -> Iterator[httpx.Client]:
    host = Host(engine, Clock(at=datetime(2022, 6, 8, 9, tzinfo=Clock().zone)))
    with serving(host), httpx.Client(base_url=host.url, trust_env=False, timeout=60) as client:
        yield client


def test_what_is_sent_when_and_to_whom(browser: httpx.Client) -> None:
    page = browser.get("/reminders", params={"from": "2022-06-20", "to": "2022-06-30"})
    assert (
        page.status_code == 200 and "script-src 'self'" in page.headers["content-security-policy"]
    )
    assert "检查&lt;消防&gt;通道" in page.text and "<消防>" not in page.text
    assert "2022年6月29日" in page.text and "截止前提醒" in page.text
    assert "每周汇总" in page.text and "1个绑定了会话的单位" in page.text
    one = browser.get(
        "/reminders", params={"from": "2022-07-01", "to": "2022-07-31", "unit": "县应急局"}
    )
    assert "修建微型消防站" in one.text and "开展演练" not in one.text
    assert "【每月汇总】县应急局" in one.text and "的日历（ics）" in one.text


def test_a_change_of_a_rule_shows_what_it_adds_and_takes(browser: httpx.Client) -> None:
    asked = {"from": "2022-06-20", "to": "2022-06-30", "unit": "县教育局"}
    page = browser.get("/reminders", params={**asked, "name": "remind_lead_workdays", "value": "2"})
    assert page.text.count("mark-new") == 1 and page.text.count("mark-gone") == 3
    same = browser.get("/reminders", params={**asked, "name": "overdue_times", "value": "4"})
    assert "没有变化" in same.text


def test_a_span_without_reminders_leads_to_the_year_after(browser: httpx.Client) -> None:
    asked = {"from": "2022-04-01", "to": "2022-04-09", "unit": "县教育局"}
    page = browser.get("/reminders", params=asked).text
    assert "没有要发的提醒" in page
    later = re.search(r'href="(/reminders\?[^"]+)">看之后一年', page)
    assert later
    assert "检查&lt;消防&gt;通道" in browser.get(html.unescape(later[1])).text


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "2022-07-01", "to": "2022-06-01"}, {"from": "2022-02-30"}, {"from": "9999-12-31"},
        {"unit": "没有的局"}, {"plan": "none"}, {"name": "overdue_times", "value": "x"},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said(browser: httpx.Client, asked: dict[str, str]) -> None:
    page = browser.get("/reminders", params=asked)
    assert page.status_code == 422 and "<main" in page.text


def test_a_calendar_of_one_unit_follows_what_was_put_off_and_done(engine: Engine) -> None:
    def days(unit: str) -> dict[str, date]:
        with reading(engine) as session:
            row = session.get(Unit, unit_named(session, unit))
            assert row is not None
            calendar = Calendar.from_ical(unit_ics(session, row, Clock().now()))
        return {str(e["summary"]): e["dtstart"].dt for e in calendar.walk("VEVENT")}

    assert days("县教育局") == {
        "第1项 检查<消防>通道": date(2022, 6, 30), "第2项 开展演练": date(2022, 7, 29),
    }  # fmt: skip
    with writing(engine) as session:
        say(session, "xiaofang-0", EventKind.DONE, AT, unit="县教育局")
        say(
            session, "xiaofang-1", EventKind.EXTENSION_GRANTED, AT, timing_key="k0",
            occurrence_on=date(2022, 7, 29), until_on=date(2022, 8, 31),
        )  # fmt: skip
    assert days("县教育局") == {"第2项 开展演练": date(2022, 8, 31)}
    assert days("县财政局") == {}


def test_a_calendar_is_served_and_the_history_shown(browser: httpx.Client, engine: Engine) -> None:
    with reading(engine) as session:
        unit_id = unit_named(session, "县教育局")
    file = browser.get(f"/units/{unit_id}.ics")
    assert file.headers["content-type"].startswith("text/calendar")
    assert file.content.startswith(b"BEGIN:VCALENDAR")
    assert browser.get("/units/999.ics").status_code == 422
    page = browser.get("/ledger").text
    assert "办理记录" in page and "县教育局 <strong>进展</strong>" in page
    assert "2022-06-01 09:00" in page and "cli" not in page.split("<main")[1]


def test_the_terminal_writes_the_calendar(home: Path) -> None:
    from bot.core import opened
    from bot.verbs import run
    from config.errors import UserError
    from config.settings import Settings

    with opened(Settings(home=home)) as core:
        target = home / "u.ics"
        (line,) = run(core, "units_ics", {"unit": "乐清市 市市场监管局", "path": str(target)})
        assert "个日子" in line and target.read_bytes().startswith(b"BEGIN:VCALENDAR")
        with pytest.raises(UserError, match="地区"):
            list(run(core, "units_ics", {"unit": "市市场监管局", "path": str(target)}))
