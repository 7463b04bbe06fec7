"""Which period a report is about, 2026-Q2 or 2026-W36, and from when on it can be handed in."""

import re
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

_A_DAY = timedelta(days=1)
# words that say: what is reported on has ended
_EARLIER = re.compile(
    r"次月|翌月|下月|上个?月|上一个?(?:月|季|年|周)|上季|上年|上一?周|上个(?:季|年|周)|去年|前一个?(?:月|季|年|周)"
    r"|(?:月|季度?|半年度?|年度?|周)(?:度)?(?:结束|终了|终|末)?(?:之)?后|季后|月后|年后|次年|翌年"
)
# what looks back on a long period is told after its end, even if the words leave that unsaid
_LOOKS_BACK = re.compile(r"总结|小结|自评|自查|述职|情况|报表|年报|季报|进展|成效|台账")
_LOOKS_AHEAD = re.compile(r"计划|安排|打算|方案|要点|清单|本季度?|本年度?|当季|当年")
_NAMED = (
    (6, re.compile(r"上半年"), 0),
    (6, re.compile(r"下半年"), 1),
    *(
        (3, re.compile(rf"(?<![一二三四五六七八九十])(?:第?{han}|第?{n})季度"), n - 1)
        for n, han in enumerate("一二三四", 1)
    ),
)
_UNITS = (
    (6, re.compile(r"半年")),
    (12, re.compile(r"全年|年度|年终|年底|本年|当年|年末|一年来")),
    (3, re.compile(r"季")),
    (1, re.compile(r"月度|当月|本月|按月|逐月|上个?月|月报")),
)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included; `name` as 2026-02, 2026-Q2, or the first day."""

    name: str
    first: date
    last: date

    def opens_on(self, due_on: date) -> date:
        """The first day on which a report due on `due_on` can be handed in.

        The first day of the period if it is due inside, else the day after the period ends.
        """
        return self.first if due_on <= self.last else self.last + _A_DAY


def months(day: date, count: int) -> Period:
    """The 1, 2, 3, 6 or 12 months of the year that hold `day`."""
    number = (day.month - 1) // count
    first = date(day.year, number * count + 1, 1)
    last_month = first.month + count - 1
    last = date(day.year, last_month, monthrange(day.year, last_month)[1])
    names = {
        1: f"{first:%Y-%m}",
        2: f"{first:%Y-%m}/{last_month:02}",
        3: f"{first.year}-Q{number + 1}",
        6: f"{first.year}-H{number + 1}",
        12: f"{first.year}",
    }
    return Period(names[count], first, last)


def month_before(day: date) -> Period:
    """The month before that of `day`."""
    return months(day.replace(day=1) - _A_DAY, 1)


def week(day: date) -> Period:
    """The week from Monday to Sunday that holds `day`, by its ISO number."""
    first = day - timedelta(days=day.weekday())
    year, number, _ = day.isocalendar()
    return Period(f"{year}-W{number:02}", first, first + 6 * _A_DAY)


def between(first: date, last: date) -> Period:
    """A period of its own: a unit of the calendar if it is one, else named by its first day."""
    found = [months(first, count) for count in (1, 2, 3, 6, 12)]
    same = [period for period in found if (period.first, period.last) == (first, last)]
    return same[0] if same else Period(first.isoformat(), first, last)


def in_chinese(name: str) -> str:
    """2026-Q2 as 2026年第二季度; a first day alone as 2026年4月15日起."""
    year, _, rest = name.partition("-")
    if not rest:
        return f"{year}年"
    if rest[0] == "Q":
        return f"{year}年第{'一二三四'[int(rest[1]) - 1]}季度"
    if rest[0] == "H":
        return f"{year}年{'上下'[int(rest[1]) - 1]}半年"
    if rest[0] == "W":
        return f"{year}年第{int(rest[1:])}周"
    if "-" in rest:
        month, day = map(int, rest.split("-"))
        return f"{year}年{month}月{day}日起"
    months = "至".join(str(int(month)) for month in rest.split("/"))
    return f"{year}年{months}月"


def of_recurring(
    rule: str, words: str, due: date, previous: date | None, others: Collection[date] = ()
) -> Period:
    """What a report of a repeated duty is about; `words` are what the plan says of it.

    `others` as for `of_day`, where the duty comes once a year.
    """
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";"))
    since = previous + _A_DAY if previous else due
    every_workday = parts.get("BYDAY", "").count(",") >= 4 and "BYSETPOS" not in parts
    if parts.get("FREQ") == "DAILY" or every_workday:
        return Period(due.isoformat(), due, due)
    if parts.get("FREQ") == "WEEKLY":
        if "," in parts.get("BYDAY", "") or "INTERVAL" in parts:
            return Period(since.isoformat(), since, due)
        return week(due - 7 * _A_DAY) if _EARLIER.search(words) else week(due)
    if "," in parts.get("BYMONTHDAY", "") or "," in parts.get("BYSETPOS", ""):
        return Period(since.isoformat(), since, due)  # twice a month
    if "BYMONTH" in parts:
        named = [int(month) for month in parts["BYMONTH"].split(",")]
    else:
        step = int(parts.get("INTERVAL", 1)) if parts.get("FREQ") == "MONTHLY" else 12
        named = list(range(1, 13, step))
    count = _unit_of(named)
    if len(named) == 1:
        return of_day(words, due, others) or months(due, 12)
    if count is None:
        return Period(since.isoformat(), since, due)
    return _settled(count, words, due)


def of_day(words: str, due: date, others: Collection[date] = ()) -> Period | None:
    """What a report that is due on one day is about; None where the plan does not say.

    `others` are the days on which the same plan asks for reports of the same kind, `due` among
    them: two in a year are about its halves.
    """
    for count, pattern, number in _NAMED:
        if pattern.search(words) and not _is_several(words):
            start = date(due.year, number * count + 1, 1)
            return months(start if start <= due else start - relativedelta(years=1), count)
    units = [count for count, pattern in _UNITS if pattern.search(words)]
    if 6 in units and 12 in units and len(others) == 2:
        # 分别报送半年和全年总结: the later one is about the year
        return months(due, 12 if due.month == max(others).month else 6)
    if units:
        return _settled(units[0], words, due)
    if len(others) > 1 and len({day.year for day in others}) == 1:
        count_of_several = _unit_of([day.month for day in others])
        if count_of_several:
            return _settled(count_of_several, words, due)
    return None


def _settled(count: int, words: str, due: date) -> Period:
    """The unit that holds `due`, or the one before where the words look back on it."""
    found = months(due, count)
    begun = due.month == found.first.month and count >= 3
    looks_back = begun and _LOOKS_BACK.search(words) and not _LOOKS_AHEAD.search(words)
    return months(found.first - _A_DAY, count) if looks_back or _EARLIER.search(words) else found


def _unit_of(named: list[int]) -> int | None:
    """The months of a unit of which each holds one of the months named; None where none does so."""
    if 12 % len(named):
        return None
    count = 12 // len(named)
    if count not in (1, 2, 3, 6, 12) or len({(m - 1) // count for m in named}) != len(named):
        return None
    return count


def _is_several(words: str) -> bool:
    """上半年和下半年, 一、二、三季度: the words name more than one, and tell nothing of one day."""
    return sum(bool(pattern.search(words)) for _, pattern, _ in _NAMED) > 1
