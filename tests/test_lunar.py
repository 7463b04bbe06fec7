"""The lunar calendar against the public holidays that the State Council has announced."""

import itertools
from datetime import date

import pytest
from chinese_calendar import Holiday, get_holiday_detail

from corpus.festivals import festival, nth_weekday
from corpus.lunar import lunar_date, lunar_month, solar_term

_MOVED = {("端午", 2012), ("中秋", 2020)}  # notices that name another day or another festival


@pytest.mark.parametrize("year", range(2008, 2027))
def test_festivals_fall_on_the_announced_holidays(year):
    announced = {
        "清明": Holiday.tomb_sweeping_day.value,
        "端午": Holiday.dragon_boat_festival.value,
        "中秋": Holiday.mid_autumn_festival.value,
        "春节": Holiday.spring_festival.value,
    }
    for name, holiday in announced.items():
        if (name, year) not in _MOVED:
            day = festival(name, year)
            assert day is not None
            assert get_holiday_detail(day) == (True, holiday)


def test_leap_months_and_their_days():
    assert lunar_month(2025, 6, is_leap=True) == (date(2025, 7, 25), date(2025, 8, 22))
    assert lunar_month(2025, 7, is_leap=True) is None
    assert lunar_month(2033, 11, is_leap=True) == (date(2033, 12, 22), date(2034, 1, 19))
    assert lunar_date(2026, 1, 1) == date(2026, 2, 17)
    assert lunar_date(2026, 12, 31) is None


def test_a_lunar_year_has_no_gap():
    months = sorted(
        span
        for span in (lunar_month(2023, m, leap) for m in range(1, 13) for leap in (False, True))
        if span
    )
    assert len(months) == 13
    assert all((b[0] - a[1]).days == 1 for a, b in itertools.pairwise(months))


def test_terms_eves_and_counted_weekdays():
    assert solar_term(2026, "冬至") == date(2026, 12, 22)
    assert festival("除夕", 2026) == date(2026, 2, 16)
    assert festival("母亲节", 2026) == date(2026, 5, 10)
    assert festival("消防日", 2026) == date(2026, 11, 9)
    assert festival("不存在的节", 2026) is None
    assert nth_weekday(2026, 2, 0, 5) is None
