"""Finds the time expressions of a Chinese text: deadlines, ranges, windows, repetitions.

The one grammar behind plans (`corpus.deadlines`) and questions (`corpus.phrases`); what an
expression means for a task is theirs to decide.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from corpus.numerals import NUMBER, read_number
from corpus.recurrence import read_recurrence
from corpus.time_points import read_point
from corpus.time_units import SPAN_SIGN, WEEK, Frame, Grain, Unit, at


class Form(StrEnum):
    """How the words bind time."""

    SPAN = "span"  # a unit or a range: 三季度, 9月1日至20日
    UNTIL = "until"  # by `end`: 6月底前, 年内, 到2025年
    SINCE = "since"  # from `start` on, no end: 自9月起, 2023年1月至长期
    RULE = "rule"  # again and again: 每月5日前
    AFTER_EVENT = "after_event"  # 印发后10个工作日内


@dataclass(frozen=True, slots=True)
class Expression:
    """One time expression; places count characters of the plain text, days are included."""

    start_at: int
    end_at: int
    form: Form
    start: date | None = None
    end: date | None = None
    grain: Grain = Grain.DAY
    rule: str | None = None
    ambiguous: bool = False
    has_prefix: bool = False  # 到, 至, 截至
    year_given: bool = False


_PREFIX = r"(?:截至到?|截止到?|截止至|不迟于|不晚于|最迟|最晚|力争到|到|至|于(?=\d|十|今|明))"
_FROM = r"(?:从|自从?|打从?|介于|在)"
_BEFORE = r"(?:之前|以前|前)(?!\d|[一二两三四五六七八九十]+[个天周月年项名]|期|述|款|沿|瞻|往|提|端|列|景|后|置|移|哨|线|身|程|途|者|几)"
_OPEN_END = r"(?:长期|永久|以后|今后)"
_NOW = r"(?:今|现在|目前|当前)(?![天日年后晚明])"
_WINDOW_UNIT = rf"(天|日|{WEEK}|个?月|个?季度|年|小时|钟头|工作日|交易日)"
_COUNT = rf"({NUMBER}|半)(个)?(半)?(?:多)?"


def scan(text: str, frame: Frame) -> list[Expression]:
    """All time expressions of a plain text, left to right, none overlapping another."""
    found: list[Expression] = []
    i = 0
    while i < len(text):
        expression = read_expression(text, i, _after(found, text, i, frame))
        if expression:
            found.append(expression)
            i = expression.end_at
        else:
            i += 1
    return found


def _after(found: list[Expression], text: str, i: int, frame: Frame) -> Frame:
    """9月10日、11日: the second day is of the first one's month."""
    previous = found[-1] if found else None
    if (
        not previous
        or not previous.end
        or previous.end_at != i - 1
        or text[i - 1] not in "、和及与"
    ):
        return frame
    return replace(frame, today=previous.end) if at(rf"{NUMBER}[日号]", text, i) else frame


def read_expression(text: str, i: int, frame: Frame) -> Expression | None:
    """The longest time expression that begins at `i`."""
    if found := read_recurrence(text, i):
        return Expression(i, found[0], Form.RULE, rule=found[1])
    candidates = [_event(text, i, frame), _window(text, i, frame), _bounded(text, i, frame)]
    return max((c for c in candidates if c), key=lambda c: c.end_at, default=None)


# --- units, ranges and their bounds ----------------------------------------------------------


def _bounded(text: str, i: int, frame: Frame) -> Expression | None:
    prefix = at(_PREFIX, text, i)
    opening = None if prefix else at(_FROM, text, i)
    first = prefix.end() if prefix else opening.end() if opening else i
    if m := at(r"(?:即日起|自?(?:本\w{0,4})?印发之日起)", text, first):
        issued = Unit(frame.today, frame.today, Grain.DAY, True)
        since = _range(text, i, m.end(), issued, frame, True)
        return replace(since, form=Form.SINCE, end=None) if since.end_at == m.end() else since
    read = read_point(text, first, frame) or _bare_year(text, first)
    if not read:
        if m := at(
            r"(?<![安健完保\d几半一二三四五六七八九十两])(?:本年度?内|年度?内|年底前|全年度?)(?!容|涵|部|外)",
            text,
            i,
        ):
            return _year_of_frame(i, m, frame)
        return None
    end, unit = read
    expression = _range(text, i, end, unit, frame, bool(opening))
    if prefix and expression.form is Form.SPAN:
        if (
            expression.start is not None
            and expression.grain in (Grain.DAY, Grain.END)
            and not prefix[0]
        ):
            return expression
        soft = expression.grain not in (Grain.DAY, Grain.END)
        return replace(expression, form=Form.UNTIL, start=None, ambiguous=soft, has_prefix=True)
    return replace(expression, has_prefix=bool(prefix))


def _bare_year(text: str, i: int, is_right: bool = False) -> tuple[int, Unit] | None:
    """2018 without 年, only where a range or the whole text makes it a year."""
    m = at(
        rf"(?<!\d)((?:19|20)\d\d)(?!\d|[.%年]\d|-\d{1, 2}(?!\d))(?={SPAN_SIGN}(?:19|20)?\d\d(?:年|(?!\d))|\s*$|年|\D)",
        text,
        i,
    )
    if not m or not (is_right or at(SPAN_SIGN, text, m.end()) or not text[:i].strip()):
        return None
    return m.end(), Unit(date(int(m[1]), 1, 1), date(int(m[1]), 12, 31), Grain.YEAR, True)


def _year_of_frame(i: int, m: re.Match[str], frame: Frame) -> Expression:
    start, end = (date(frame.year, 1, 1), date(frame.year, 12, 31)) if frame.year else (None, None)
    if m[0].startswith("全"):
        return Expression(i, m.end(), Form.SPAN, start, end, Grain.YEAR)
    return Expression(i, m.end(), Form.UNTIL, None, end, Grain.END)


def _range(text: str, i: int, end: int, unit: Unit, frame: Frame, opened: bool) -> Expression:
    """The unit that ends at `end`, with what follows it: 至20日, 前, 起, 内."""
    base = Expression(
        i, end, Form.SPAN, unit.start, unit.end, unit.grain, year_given=unit.year_given
    )
    start = unit.start
    if m := at(rf"[(（]?(?:起|开始)?(?:,|，)?{SPAN_SIGN}{_OPEN_END}", text, end):
        return replace(base, end_at=m.end(), form=Form.SINCE, end=None)
    if m := at(rf"(?:起|开始)?(?:至|到|—|-){_NOW}", text, end):
        return replace(base, end_at=m.end(), end=frame.today)
    if joined := _joined(text, end, unit, frame, opened):
        stop, last = joined
        base = replace(base, end_at=stop, end=last.end, grain=Grain.DAY)
        if m := at(r"(?:之间|期间|间|为止|止|(?:之|以)?前|(?:之|以)?内)", text, stop):
            base = replace(base, end_at=m.end())
        return base
    if m := at("[及和](?:之|以)前", text, end):
        return replace(base, end_at=m.end(), form=Form.UNTIL, start=None)
    if m := at(_BEFORE, text, end):
        return _before(base, m.end(), unit)
    if m := at(r"(?:为止|止)(?!血|步|损)", text, end):
        return replace(base, end_at=m.end(), form=Form.UNTIL, start=None)
    if m := at(r"(?:以内|之内|内)(?!容|涵|部|外|控|生|审|在|设|化|地|河|涝)", text, end):
        if unit.grain is Grain.LONG or not frame.in_plan:  # a question means during, a plan by
            return replace(base, end_at=m.end())
        return replace(base, end_at=m.end(), form=Form.UNTIL, start=None)
    if m := at(
        r"(?:及|年)?(?:以来|开始|及以后|起(?!草|步|来|点|到|诉|居|重|伏|降|火|效|作))", text, end
    ):
        return replace(base, end_at=m.end(), form=Form.SINCE, end=None)
    if m := at(r"(?:之后|以后|后)(?!续|勤|期|者|台|备|方|评|段|面|果|半)", text, end):
        after = unit.end + timedelta(days=1) if unit.end else None
        if upper := _upper_bound(text, m.end(), frame):
            return replace(base, end_at=upper[0], start=after, end=upper[1])
        return replace(base, end_at=m.end(), form=Form.SINCE, start=after, end=None)
    if m := at("期间", text, end):
        base = replace(base, end_at=m.end())
    is_joined = re.search(r"[至到—–~]|-\w{1,3}[月日号季]", text[i:end])  # 从9月至12月 is one unit
    if opened and text[i] in "从自打" and unit.grain is not Grain.LONG and not is_joined:
        return replace(base, form=Form.SINCE, start=start, end=None)
    return base


def _upper_bound(text: str, i: int, frame: Frame) -> tuple[int, date] | None:
    """2018年之前 after 2010年之后."""
    read = read_point(text, i, frame)
    m = at(_BEFORE, text, read[0]) if read else None
    if not read or not m or read[1].start is None:
        return None
    return m.end(), read[1].start - timedelta(days=1)


def _before(base: Expression, end_at: int, unit: Unit) -> Expression:
    """X月前 and X年前 are literally the day before X begins; a day or a 底 belongs to the time."""
    until = replace(base, end_at=end_at, form=Form.UNTIL, start=None)
    if unit.start is None or unit.grain in (Grain.DAY, Grain.END, Grain.XUN):
        return replace(until, ambiguous=unit.grain is Grain.XUN)
    literal = unit.start - timedelta(days=1)
    if unit.grain is Grain.FESTIVAL:
        return replace(until, end=literal)
    # 上半年前 of a plan cannot mean the end of the year before: the words mean the end of the half.
    if unit.grain in (Grain.QUARTER, Grain.HALF) and literal.year < unit.start.year:
        return replace(until, ambiguous=True)
    return replace(until, end=literal, ambiguous=True)


def _joined(text: str, i: int, left: Unit, frame: Frame, opened: bool) -> tuple[int, Unit] | None:
    """The right end of a range; what it leaves unsaid comes from the left: 2022年9月1日至20日."""
    sign = at(rf"(?:起|开始)?[,，]?{SPAN_SIGN}", text, i)
    is_between = False
    if not sign:
        sign = at("(?:和|与|跟|同|及|、)", text, i)
        is_between = True
    if not sign or left.start is None:
        return None
    inherited = replace(frame, year=left.end.year if left.end else frame.year, month=None)
    j = sign.end()
    read = read_point(text, j, inherited) or _bare_year(text, j, is_right=True)
    if m := at(rf"({NUMBER})[日号]", text, j):
        day, last = read_number(m[1]) or 0, left.end or left.start
        try:
            right = last.replace(day=day)
        except ValueError:
            right = last
        if right < left.start and left.grain is Grain.DAY and not left.year_given:
            right += relativedelta(months=1)
        read = m.end(), Unit(right, right, Grain.DAY)
    if not read or read[1].end is None:
        return None
    stop, unit = read
    if is_between and not (
        (opened and at("(?:之|年)?间|期间", text, stop))
        or at("之间|(?<=[年月日])间(?!隔)", text, stop)
    ):
        return None
    if unit.end and unit.end < left.start:
        if unit.year_given:
            return None
        unit = replace(unit, end=unit.end + relativedelta(years=1))
    return stop, unit


# --- stretches of time -----------------------------------------------------------------------


def _stretch(text: str, i: int) -> tuple[int, relativedelta, str] | None:
    """三个月, 两周, 半年, 一年半, 10个工作日: where it ends, how long, and its unit."""
    m = at(rf"{_COUNT}{_WINDOW_UNIT}(半)?", text, i)
    if not m:
        return None
    n = 0.5 if m[1] == "半" else read_number(m[1])
    measure = m[4].removeprefix("个")
    if (
        n is None
        or n > 999
        or (
            measure in ("月", "季度")
            and not (m[2] or m[4].startswith("个") or m[1] in ("两", "俩", "半"))
        )
    ):
        return None
    n += 0.5 if m[3] or m[5] else 0
    months = {"月": 1, "季度": 3, "年": 12}.get(measure)
    if months:
        whole, rest = divmod(n * months, 1)
        return m.end(), relativedelta(months=int(whole), days=int(rest * 30)), measure
    days = {"天": 1, "日": 1, "小时": 1 / 24, "钟头": 1 / 24, "工作日": 1, "交易日": 1}.get(
        measure, 7
    )
    return m.end(), relativedelta(days=int(n * days)), measure


def _window(text: str, i: int, frame: Frame) -> Expression | None:
    """近30天, 未来三个月, 三天后, 两周前, 7天内: counted from today."""
    today = frame.today
    if today is None or frame.in_plan or (i and text[i - 1].isdigit()):
        return None
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    past = at(rf"(?:最近|近|过去|以往|前|上(?!一个?(?:{WEEK}|月|季|年)|半个?月))的?这?", text, i)
    if (
        past
        and (stretch := _stretch(text, past.end()))
        and not (past[0] in "前上" and at("半年", text, i + 1))
    ):
        tail = at("(?:以来|来|以内|之内|内|里|间|中(?!秋))?", text, stretch[0])
        return Expression(
            i, tail.end() if tail else stretch[0], Form.SPAN, today - stretch[1], yesterday
        )
    future = at(
        rf"(?:未来|今后|往后|接下来|此后|后|下(?!一个?(?:{WEEK}|月|季|年)|半个?月)|将来)的?",
        text,
        i,
    )
    if (
        future
        and (stretch := _stretch(text, future.end()))
        and not (future[0] in "后下" and at("半年", text, i + 1))
    ):
        tail = at("(?:以内|之内|内|里|间)?", text, stretch[0])
        return Expression(
            i, tail.end() if tail else stretch[0], Form.SPAN, tomorrow, today + stretch[1]
        )
    if m := at("这(?:两|几)天", text, i):
        return Expression(i, m.end(), Form.SPAN, today, tomorrow)
    over = at("再?过(?:了)?", text, i)
    stretch = _stretch(text, over.end() if over else i)
    if not stretch:
        return None
    end, length, measure = stretch
    if m := at("(?:以后|之后|后)(?!续|勤|期)", text, end) or (over and at("", text, end)):
        day = today + length
        return Expression(i, m.end(), Form.SPAN, day, day, year_given=True)
    if measure != "日" and (m := at("(?:以前|之前|前)", text, end)):
        day = today - length
        return Expression(i, m.end(), Form.SPAN, day, day, year_given=True)
    if m := at("(?:以内|之内|内)(?!容|部|外)", text, end):
        return Expression(i, m.end(), Form.SPAN, today, today + length)
    if m := at("(?:以来|来)(?!自|看)", text, end):
        return Expression(i, m.end(), Form.SPAN, today - length, yesterday)
    return None


_EVENT_WORDS = r"(?:自|在|于|从|待)?(?:[^\W应须要将需在自于从待]|[“”《》、]){0,16}?"
_EVENT = re.compile(
    rf"(?:{_EVENT_WORDS}(?:之日起|之日|后|发生后|结束后|完成后|到位后)的?[,，]?)?"
    rf"{NUMBER}个?(?:工作日|自然日|日历日|日|天|小时)(?:以内|之内|内)|"
    rf"{_EVENT_WORDS}(?:之日起|后)的?{NUMBER}个(?:月|季度|星期)(?:以内|之内|内)"
)


def _event(text: str, i: int, frame: Frame) -> Expression | None:
    """印发后10个工作日内, 自通知之日起30日内, 事故后60日内: somebody else decides when it begins."""
    if i and (
        text[i - 1].isalnum() and text[i - 1] not in "应须要将需并由" and not text[i].isdigit()
    ):
        return None
    m = _EVENT.match(text, i)
    if not m or (not frame.in_plan and at(NUMBER, m[0], 0)):
        return None  # a question's 7天内 counts from today
    return Expression(i, m.end(), Form.AFTER_EVENT)
