"""The Chinese lunar calendar, worked out from the sun and the moon.

A month begins on the day of a new moon, the winter solstice falls in month 11, and the first month
without a 中气 of a year of thirteen months is the leap month; all days are of UTC+8 (GB/T 33661).
Series after Meeus, Astronomical Algorithms, chapters 25 and 49; good to some minutes for
1900 to 2100, which decides the day except where a new moon stands at midnight itself.
"""

from datetime import date, timedelta
from functools import lru_cache
from math import floor, pi, sin

_DEG = pi / 180
_J2000 = 2451545.0
_EPOCH = date(2000, 1, 1).toordinal()  # its noon UT is _J2000
SOLAR_TERMS = [
    "春分",
    "清明",
    "谷雨",
    "立夏",
    "小满",
    "芒种",
    "夏至",
    "小暑",
    "大暑",
    "立秋",
    "处暑",
    "白露",
    "秋分",
    "寒露",
    "霜降",
    "立冬",
    "小雪",
    "大雪",
    "冬至",
    "小寒",
    "大寒",
    "立春",
    "雨水",
    "惊蛰",
]  # each 15° of solar longitude, from 0°


def _day(jde: float) -> date:
    """The day in UTC+8 of a moment given in dynamical time."""
    seconds = 65 + (jde - _J2000) / 365.25 * 0.45  # delta T; a minute is far below our need
    days = jde - seconds / 86400 + 8 / 24 - (_J2000 - 0.5)
    return date.fromordinal(_EPOCH + floor(days))


def _sun_longitude(jde: float) -> float:
    """Apparent geocentric longitude in degrees."""
    t = (jde - _J2000) / 36525
    m = (357.52911 + 35999.05029 * t) * _DEG
    centre = (1.914602 - 0.004817 * t) * sin(m) + 0.019993 * sin(2 * m) + 0.000289 * sin(3 * m)
    omega = (125.04 - 1934.136 * t) * _DEG
    return (280.46646 + 36000.76983 * t + centre - 0.00569 - 0.00478 * sin(omega)) % 360


@lru_cache(maxsize=512)
def solar_term(year: int, name: str) -> date:
    """The day of a 节气 in a calendar year: solar_term(2026, "清明") is 2026-04-05."""
    target = SOLAR_TERMS.index(name) * 15.0
    # The sun stands at 0° about March 20; 小寒 (285°) to 惊蛰 come before it in the same year.
    day_of_year = 79.3 + (target if target < 285 else target - 360) * 365.2422 / 360
    jde = _J2000 + (date(year, 1, 1).toordinal() - _EPOCH) + day_of_year
    for _ in range(6):
        gap = (target - _sun_longitude(jde) + 180) % 360 - 180
        jde += gap * 365.2422 / 360
    return _day(jde)


@lru_cache(maxsize=4096)
def _new_moon(k: int) -> date:
    """The day of the k-th new moon counted from 2000-01-06."""
    t = k / 1236.85
    jde = 2451550.09766 + 29.530588861 * k + 0.00015437 * t * t
    e = 1 - 0.002516 * t
    m = (2.5534 + 29.1053567 * k) * _DEG
    mm = (201.5643 + 385.81693528 * k + 0.0107582 * t * t) * _DEG
    f = (160.7108 + 390.67050284 * k - 0.0016118 * t * t) * _DEG
    om = (124.7746 - 1.56375588 * k) * _DEG
    jde += (
        -0.40720 * sin(mm)
        + 0.17241 * e * sin(m)
        + 0.01608 * sin(2 * mm)
        + 0.01039 * sin(2 * f)
        + 0.00739 * e * sin(mm - m)
        - 0.00514 * e * sin(mm + m)
        + 0.00208 * e * e * sin(2 * m)
        - 0.00111 * sin(mm - 2 * f)
        - 0.00057 * sin(mm + 2 * f)
        + 0.00056 * e * sin(2 * mm + m)
        - 0.00042 * sin(3 * mm)
        + 0.00042 * e * sin(m + 2 * f)
        + 0.00038 * e * sin(m - 2 * f)
        - 0.00024 * e * sin(2 * mm - m)
        - 0.00017 * sin(om)
        + 0.000325 * sin((299.77 + 0.107408 * k - 0.009173 * t * t) * _DEG)
        + 0.000165 * sin((251.88 + 0.016321 * k) * _DEG)
    )
    return _day(jde)


def _moon_on_or_before(day: date) -> int:
    k = round((day.toordinal() - _EPOCH - 5) / 29.530588861) + 1
    while _new_moon(k) > day:
        k -= 1
    return k


@lru_cache(maxsize=256)
def _months(year: int) -> dict[tuple[int, bool], tuple[date, date]]:
    """Each month of a lunar year, (number, is_leap) → first and last day."""
    found: dict[tuple[int, bool], tuple[date, date]] = {}
    for sui in (year, year + 1):  # a 岁 runs from the solstice month to the next one
        first = _moon_on_or_before(solar_term(sui - 1, "冬至"))
        last = _moon_on_or_before(solar_term(sui, "冬至"))
        number, leap_seen = 11, last - first == 12
        for k in range(first, last):
            begins, ends = _new_moon(k), _new_moon(k + 1) - timedelta(days=1)
            is_leap = not leap_seen and k > first and not _has_zhongqi(begins, ends)
            if is_leap:
                leap_seen = True
            elif k > first:
                number = number % 12 + 1
            # Months 11 and 12 before 正月 belong to the year that ends.
            if (sui == year) == (number <= 10):
                found.setdefault((number, is_leap), (begins, ends))
    return found


def _has_zhongqi(begins: date, ends: date) -> bool:
    return any(
        begins <= solar_term(begins.year + y, name) <= ends
        for y in (0, 1)
        for name in SOLAR_TERMS[::2]
    )


def lunar_month(year: int, month: int, is_leap: bool = False) -> tuple[date, date] | None:
    """First and last day of a month of a lunar year; None where the year has no such leap month."""
    return _months(year).get((month, is_leap))


def lunar_date(year: int, month: int, day: int, is_leap: bool = False) -> date | None:
    """The day of a lunar date; None where the month has no such day."""
    span = lunar_month(year, month, is_leap)
    if span is None or not 1 <= day <= (span[1] - span[0]).days + 1:
        return None
    return span[0] + timedelta(days=day - 1)
