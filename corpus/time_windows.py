"""Reads stretches of time counted from a day or an event: 近30天, 三天后, 印发后10个工作日内."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from config.workdays import CalendarMissing, Workdays
from corpus.numerals import NUMBER, read_number
from corpus.time_units import WEEK, Expression, Form, Frame, Unit, at

_WINDOW_UNIT = rf"(天|日|{WEEK}|个?月|个?季度|年|小时|钟头|工作日|交易日)"
_COUNT = rf"((?!0\d){NUMBER}|半|几)(个)?(半)?(?:多)?"


@dataclass(frozen=True, slots=True)
class _Stretch:
    """三个月, 两周, 半年, 一年半, 10个工作日: where its words end, and how long it is."""

    end_at: int
    length: relativedelta
    measure: str
    workdays: int = 0  # instead of the length

    def after(self, day: date) -> date:
        return _add_workdays(day, self.workdays) if self.workdays else day + self.length

    def before(self, day: date) -> date:
        return _add_workdays(day, -self.workdays) if self.workdays else day - self.length


def _add_workdays(day: date, n: int) -> date:
    """By the shipped calendar; in years without one Monday to Friday."""
    calendar = Workdays()
    for _ in range(abs(n)):
        day += timedelta(days=1 if n > 0 else -1)
        while not _is_workday(calendar, day):
            day += timedelta(days=1 if n > 0 else -1)
    return day


def _is_workday(calendar: Workdays, day: date) -> bool:
    try:
        return calendar.is_workday(day)
    except CalendarMissing:
        return day.weekday() < 5


def _read_stretch(text: str, i: int) -> _Stretch | None:
    m = at(rf"{_COUNT}{_WINDOW_UNIT}(半)?", text, i)
    if not m:
        return None
    n: float | None = {"半": 0.5, "几": 3}.get(m[1]) or read_number(m[1])
    measure = m[4].removeprefix("个")
    is_month_name = measure in ("月", "季度") and not (
        m[2] or m[4].startswith("个") or m[1] in ("两", "俩", "半", "几")
    )
    if n is None or n > 999 or is_month_name:
        return None
    n += 0.5 if m[3] or m[5] else 0
    if measure in ("工作日", "交易日"):
        return _Stretch(m.end(), relativedelta(), measure, int(n))
    months = {"月": 1, "季度": 3, "年": 12}.get(measure)
    if months:
        whole, rest = divmod(n * months, 1)
        length = relativedelta(months=int(whole), days=int(rest * 30))
        return _Stretch(m.end(), length, measure)
    days = {"天": 1, "日": 1, "小时": 1 / 24, "钟头": 1 / 24}.get(measure, 7)
    return _Stretch(m.end(), relativedelta(days=int(n * days)), measure)


def read_window(text: str, i: int, frame: Frame) -> Expression | None:
    """近30天, 未来三个月, 三天后, 两周前, 7天内: counted from today."""
    today = frame.today
    if today is None or frame.in_plan or (i and text[i - 1].isdigit()):
        return None
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    past = at(rf"(?:最近|近|过去|以往|前|上(?!一个?(?:{WEEK}|月|季|年)|半个?月))的?这?", text, i)
    if (
        past
        and (stretch := _read_stretch(text, past.end()))
        and not (past[0] in "前上" and at("半年", text, i + 1))
    ):
        tail = at("(?:以来|来|以内|之内|内|里|间|中(?!秋))?", text, stretch.end_at)
        end_at = tail.end() if tail else stretch.end_at
        return Expression(i, end_at, Form.SPAN, stretch.before(today), yesterday)
    future = at(
        rf"(?:未来|今后|往后|接下来|此后|后|下(?!一个?(?:{WEEK}|月|季|年)|半个?月)|将来)的?",
        text,
        i,
    )
    if (
        future
        and (stretch := _read_stretch(text, future.end()))
        and not (future[0] in "后下" and at("半年", text, i + 1))
    ):
        tail = at("(?:以内|之内|内|里|间)?", text, stretch.end_at)
        end_at = tail.end() if tail else stretch.end_at
        return Expression(i, end_at, Form.SPAN, tomorrow, stretch.after(today))
    if m := at("这(?:两|几)天", text, i):
        return Expression(i, m.end(), Form.SPAN, today, tomorrow)
    over = at("再?过(?:了)?", text, i)
    stretch = _read_stretch(text, over.end() if over else i)
    if not stretch:
        return None
    if m := at("(?:以后|之后|后)(?!续|勤|期)", text, stretch.end_at) or (
        over and at("", text, stretch.end_at)
    ):
        day = stretch.after(today)
        return Expression(i, m.end(), Form.SPAN, day, day, year_given=True)
    is_day_of_month = stretch.measure == "日" and text[i] not in "两俩几"
    if not is_day_of_month and (m := at("(?:以前|之前|前)", text, stretch.end_at)):
        day = stretch.before(today)
        return Expression(i, m.end(), Form.SPAN, day, day, year_given=True)
    if m := at("(?:以内|之内|内)(?!容|部|外)", text, stretch.end_at):
        return Expression(i, m.end(), Form.SPAN, today, stretch.after(today))
    if m := at("(?:以来|来)(?!自|看)", text, stretch.end_at):
        return Expression(i, m.end(), Form.SPAN, stretch.before(today), yesterday)
    return None


def read_beside(text: str, i: int, unit: Unit, frame: Frame) -> tuple[int, date, date] | None:
    """春节前一周, 6月30日后十天: the days beside a day of a question, and where the words end."""
    m = at("(?:之|的)?([前后])的?", text, i)
    if not m or frame.in_plan or unit.start is None or unit.end != unit.start:
        return None
    stretch = _read_stretch(text, m.end())
    if not stretch:
        return None
    tail = at("(?:以内|之内|内|里|间)?(?!容|部|外)", text, stretch.end_at)
    end_at = tail.end() if tail else stretch.end_at
    if m[1] == "前":
        return end_at, stretch.before(unit.start), unit.start - timedelta(days=1)
    return end_at, unit.start + timedelta(days=1), stretch.after(unit.start)


_EVENT_WORDS = r"(?:自|在|于|从|待)?(?:[^\W应须要将需在自于从待]|[“”《》、]){0,16}?"
_EVENT = re.compile(
    rf"(?:{_EVENT_WORDS}(?:之日起|之日|后|发生后|结束后|完成后|到位后)的?[,，]?)?"
    rf"{NUMBER}个?(?:工作日|自然日|日历日|日|天|小时)(?:以内|之内|内)|"
    rf"{_EVENT_WORDS}(?:之日起|后)的?{NUMBER}个(?:月|季度|星期)(?:以内|之内|内)"
)


def read_event(text: str, i: int, frame: Frame) -> Expression | None:
    """印发后10个工作日内, 自通知之日起30日内, 事故后60日内: somebody else decides when it begins."""
    if i and (
        text[i - 1].isalnum() and text[i - 1] not in "应须要将需并由" and not text[i].isdigit()
    ):
        return None
    m = _EVENT.match(text, i)
    if not m or (not frame.in_plan and at(NUMBER, m[0], 0)):
        return None  # a question's 7天内 counts from today
    return Expression(i, m.end(), Form.AFTER_EVENT)
