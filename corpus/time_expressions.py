"""Finds the time expressions of a Chinese text: deadlines, ranges, windows, repetitions.

The one grammar behind plans (`corpus.deadlines`) and questions (`corpus.phrases`); what an
expression means for a task is theirs to decide.
"""

import re
from dataclasses import replace
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from corpus.numerals import NUMBER, read_number
from corpus.recurrence import read_recurrence
from corpus.time_points import read_point
from corpus.time_units import SPAN_SIGN, Expression, Form, Frame, Grain, Unit, at
from corpus.time_windows import read_beside, read_event, read_window

_PREFIX = r"(?:截至到?|截止到?|截止至|不迟于|不晚于|最迟|最晚|力争到|到|至|于(?=\d|十|今|明))"
_FROM = r"(?:从|自从?|打从?|介于|在)"
_BEFORE = r"(?:下班|上班)?(?:之前|以前|前)(?!\d|[一二两三四五六七八九十]+[个天周月年项名]|期|述|款|沿|瞻|往|提|端|列|景|后|置|移|哨|线|身|程|途|者|几)"
_OPEN_END = r"(?:长期|永久|以后|今后)"
_NOW = r"(?:今|现在|目前|当前)(?![天日年后晚明])"


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
        or text[i - 1] not in "、,，和及与"
    ):
        return frame
    return replace(frame, today=previous.end) if at(rf"{NUMBER}[日号]", text, i) else frame


def read_expression(text: str, i: int, frame: Frame) -> Expression | None:
    """The longest time expression that begins at `i`."""
    if found := read_recurrence(text, i):
        return Expression(i, found[0], Form.RULE, rule=found[1])
    candidates = [read_event(text, i, frame), read_window(text, i, frame), _bounded(text, i, frame)]
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
        if prefix[0] == "于" and re.search("[至到—–~-]", text[first : expression.end_at]):
            return expression  # 于9月1日至20日开展 lasts, 于9月20日召开 is due
        soft = expression.grain not in (Grain.DAY, Grain.END)
        return replace(expression, form=Form.UNTIL, start=None, ambiguous=soft)
    return expression


def _bare_year(text: str, i: int, is_right: bool = False) -> tuple[int, Unit] | None:
    """2018 without 年, only where a range or the whole text makes it a year."""
    m = at(
        rf"(?<!\d)((?:19|20)\d\d)(?!\d|[.%年]\d|-\d{1, 2}(?!\d))(?={SPAN_SIGN}(?:19|20)?\d\d(?:年|(?!\d))|\s*$|年|\D)",
        text,
        i,
    )
    if not m or not (is_right or at(SPAN_SIGN, text, m.end()) or not text[:i].strip()):
        return None
    if text.startswith("年", m.end()) and not is_right:
        return None  # read with its 年, or not a time at all
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
    if beside := read_beside(text, end, unit, frame):
        return replace(base, end_at=beside[0], start=beside[1], end=beside[2], grain=Grain.DAY)
    if m := at(_BEFORE, text, end):
        return _before(base, m.end(), unit)
    if m := at(r"(?:为止|止)(?!血|步|损)", text, end):
        return replace(base, end_at=m.end(), form=Form.UNTIL, start=None)
    if m := at(r"(?:以内|之内|内)(?!容|涵|部|外|控|生|审|在|设|化|地|河|涝)", text, end):
        if unit.grain is Grain.LONG or not frame.in_plan:  # a question means during, a plan by
            return replace(base, end_at=m.end())
        return replace(base, end_at=m.end(), form=Form.UNTIL, start=None)
    if m := at(
        r"(?:及|年)?(?:以来|开始|及以后|起(?!床|草|步|来|点|到|诉|居|重|伏|降|火|效|作))", text, end
    ):
        return replace(base, end_at=m.end(), form=Form.SINCE, end=None)
    if m := at(r"(?:之后|以后|后)(?!续|勤|期|者|台|备|方|评|段|面|果|半)", text, end):
        after = unit.end + timedelta(days=1) if unit.end else None
        if upper := _upper_bound(text, m.end(), frame):
            return replace(base, end_at=upper[0], start=after, end=upper[1])
        return replace(base, end_at=m.end(), form=Form.SINCE, start=after, end=None)
    if m := at("期间", text, end):
        base = replace(base, end_at=m.end())
    is_joined = re.search(
        r"[至到—–~]|-\w{1,3}[月日号季点时:]", text[i:end]
    )  # 从9月至12月 is one unit
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
    # 二月十三到十五: the right end leaves 日 unsaid if the left one does
    bare = left.grain is Grain.DAY and text[i - 1] not in "日号"
    if m := at(rf"({NUMBER})(?:[日号]{'|(?=$|[,，。;；、])' if bare else ''})", text, j):
        day, last = read_number(m[1]) or 0, left.end or left.start
        try:
            right = last.replace(day=day)
        except ValueError:
            right = last
        if right < left.start and left.grain is Grain.DAY:
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
