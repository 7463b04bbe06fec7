"""Working-day arithmetic of mainland China, make-up days 调休 included."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import chinese_calendar

from config.errors import UserError

SHIPPED = Path(__file__).parent / "holidays"


class CalendarMissing(UserError):
    """No notice of the public holidays of a year is known: we do not guess."""

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(
            f"还没有{year}年的放假安排，无法计算工作日。"
            f"请按国务院办公厅通知写好 {year}.json，放入 DUBAN_HOME 的 holidays 文件夹。"
        )


class Workdays:
    """Answers whether a day is a working day.

    A file `YYYY.json` in one of `folders` wins over the library: {"papers": "国办发明电…",
    "holidays": ["2027-01-01", …], "makeup": ["2027-02-07", …]}; days named in neither list follow
    the week.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = (*folders, SHIPPED)
        self._year = lru_cache(maxsize=64)(self._read_year)

    def is_workday(self, day: date) -> bool:
        """Raises CalendarMissing when the year is known neither to a file nor to the library."""
        return self._year(day.year)(day)

    def add(self, day: date, n: int) -> date:
        """The n-th working day after `day`, or before it when n < 0; `day` itself is not counted."""
        step = timedelta(days=1 if n > 0 else -1)
        for _ in range(abs(n)):
            day += step
            while not self.is_workday(day):
                day += step
        return day

    def on_or_before(self, day: date) -> date:
        """`day` itself if it is a working day, else the last one before it."""
        return day if self.is_workday(day) else self.add(day, -1)

    def on_or_after(self, day: date) -> date:
        """`day` itself if it is a working day, else the first one after it."""
        return day if self.is_workday(day) else self.add(day, 1)

    def _read_year(self, year: int) -> Callable[[date], bool]:
        for folder in self._folders:
            path = folder / f"{year}.json"
            if path.exists():
                return _from_file(path)
        first, last = (
            min(chinese_calendar.constants.holidays),
            max(chinese_calendar.constants.holidays),
        )
        if not first.year <= year <= last.year:
            raise CalendarMissing(year)
        # asked for once a year: the planner counts through thousands of days
        days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
        worked = {day for day in days if day.year == year and chinese_calendar.is_workday(day)}
        return worked.__contains__


def _from_file(path: Path) -> Callable[[date], bool]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        holidays = {date.fromisoformat(day) for day in data["holidays"]}
        makeup = {date.fromisoformat(day) for day in data["makeup"]}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"放假安排文件 {path} 读不懂：{error}。应有 holidays 和 makeup 两个日期列表。"
        ) from error
    return lambda day: day in makeup or (day.weekday() < 5 and day not in holidays)
