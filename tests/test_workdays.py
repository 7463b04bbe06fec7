"""Working days of mainland China: holidays, make-up days, year ends, years without a notice."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import UserError
from config.workdays import CalendarMissing, Workdays

WORKDAYS = Workdays()
UNKNOWN = 2099  # no notice will be known for a long time
known_days = st.dates(date(2010, 6, 1), date(2025, 6, 1))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2022, 9, 30), True),  # Friday before the National Day
        (date(2022, 10, 3), False),  # a Monday of the holiday
        (date(2022, 10, 8), True),  # a make-up Saturday
        (date(2022, 10, 9), True),  # a make-up Sunday
        (date(2022, 10, 15), False),  # a common Saturday
        (date(2026, 2, 14), True),  # a make-up Saturday before the Spring Festival
        (date(2026, 2, 17), False),
    ],
)
def test_holidays_and_make_up_days(day: date, works: bool) -> None:
    assert WORKDAYS.is_workday(day) is works


def test_the_day_itself_is_not_counted() -> None:
    assert WORKDAYS.add(date(2022, 9, 30), 1) == date(2022, 10, 8)
    assert WORKDAYS.add(date(2022, 10, 8), -1) == date(2022, 9, 30)
    assert WORKDAYS.add(date(2022, 12, 30), 1) == date(2023, 1, 3), "over New Year"
    assert WORKDAYS.add(date(2022, 10, 1), 0) == date(2022, 10, 1)


def test_the_next_working_day_and_the_last_one() -> None:
    assert WORKDAYS.on_or_before(date(2022, 10, 5)) == date(2022, 9, 30)
    assert WORKDAYS.on_or_after(date(2022, 10, 5)) == date(2022, 10, 8)
    assert WORKDAYS.on_or_before(date(2022, 9, 30)) == date(2022, 9, 30)
    assert WORKDAYS.on_or_after(date(2022, 9, 30)) == date(2022, 9, 30)


@given(day=known_days, n=st.integers(1, 30))
def test_forward_and_back_come_home(day: date, n: int) -> None:
    start = WORKDAYS.on_or_after(day)
    there = WORKDAYS.add(start, n)
    assert WORKDAYS.add(there, -n) == start
    between = (start + timedelta(days=i + 1) for i in range((there - start).days))
    assert sum(map(WORKDAYS.is_workday, between)) == n


def test_a_year_without_a_notice_is_not_guessed() -> None:
    with pytest.raises(CalendarMissing, match=f"还没有{UNKNOWN}年的放假安排"):
        WORKDAYS.is_workday(date(UNKNOWN, 3, 2))
    last = max(day for day in (date(y, 12, 31) for y in range(2020, UNKNOWN)) if _known(day))
    with pytest.raises(CalendarMissing):
        WORKDAYS.add(last, 1)


def _known(day: date) -> bool:
    try:
        WORKDAYS.is_workday(day)
    except CalendarMissing:
        return False
    return True


def test_a_file_of_the_year_wins_over_the_library(tmp_path: Path) -> None:
    for year in (2022, UNKNOWN):
        notice = {"holidays": [f"{year}-03-03"], "makeup": [f"{year}-03-08", f"{year}-03-07"]}
        (tmp_path / f"{year}.json").write_text(json.dumps(notice), encoding="utf-8")
    workdays = Workdays(tmp_path)
    assert workdays.is_workday(date(2022, 10, 3)), "the library is not asked for this year"
    assert not workdays.is_workday(date(2022, 3, 3))
    assert not workdays.is_workday(date(UNKNOWN, 3, 3))
    assert workdays.is_workday(date(UNKNOWN, 3, 7)), "a Saturday that is made up"
    assert workdays.is_workday(date(UNKNOWN, 3, 8)), "a Sunday that is made up"
    assert not workdays.is_workday(date(UNKNOWN, 3, 14))
    assert not workdays.is_workday(date(2023, 1, 2)), "other years are the library's"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"holidays": ["3月3日"], "makeup": []}'])
def test_a_malformed_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / f"{UNKNOWN}.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=f"{UNKNOWN}.json 读不懂"):
        Workdays(tmp_path).is_workday(date(UNKNOWN, 3, 3))
