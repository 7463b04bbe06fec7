"""Reads the parts of a year as Chinese prints them: months, days, quarters, halves, festivals.

Texts are plain (`corpus.numerals.plain`), places count its characters, and each reader tries one
place: it gives where the words end, and the days that they name.
"""

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from corpus.festivals import NAMES, festival, nth_weekday
from corpus.lunar import lunar_date, lunar_month
from corpus.numerals import HAN_NUMBER, NUMBER, read_number


class Grain(StrEnum):
    """How much time a unit names. END is the last day of a unit (年底), as good as a day."""

    DAY = "day"
    END = "end"
    FESTIVAL = "festival"
    WEEK = "week"
    XUN = "xun"  # ten days, and 月初, 年初, 年中, seasons: parts with soft borders
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    LONG = "long"  # five-year plans, decades, centuries


@dataclass(frozen=True, slots=True)
class Frame:
    """What a text leaves unsaid. A plan without a day has `today` None: 下周 stays unread there."""

    today: date | None
    year: int | None
    month: int | None = None
    in_plan: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """Days from `start` to `end`, both included; None where the text leaves the year open."""

    start: date | None
    end: date | None
    grain: Grain
    year_given: bool = False  # the text names the year, or it is relative to a day


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
    year_given: bool = False


Read = tuple[int, Unit]  # where it ends, and what it is

WEEK = "(?:周|星期|礼拜)"
WEEKDAYS = {c: i for i, c in enumerate("一二三四五六日")} | {"天": 6}
SPAN_SIGN = r" ?(?:至|到|—+|–+|-+|~+|―+|ー+) ?"
CLOCK = (
    r"(?:(?:凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|晚间?)?\d{1,2}(?:[::]\d{2}(?:[::]\d{2})?时?|[点时](?:\d{1,2}分?|半)?)|"
    rf"(?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|夜晚|晚间|半夜)?{HAN_NUMBER}(?:时|点(?!要|意|建|措))(?:{HAN_NUMBER}分?|半|整)?|"
    rf"(?:凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|夜晚|晚间|半夜)|\(周[一二三四五六日]\))"
)
DAY_TAIL = (
    rf"(?:[,，]?[（(]?(?:{WEEK})[一二三四五六日天][)）]?)?(?: ?的?{CLOCK}(?:{SPAN_SIGN}{CLOCK})?)?"
)
# what 9月头 and 年尾 end at: not before a word that begins so, 头部企业, 头雁, 尾水, 尾款
EDGE = (
    r"(?=$|[\s,，.。;；、:：!！?？)）]|[年月][头尾]"
    "|[前之以上到至起的开召完组检验左要有就交报应须需该才都还是由在将几哪谁什我各省市区县])"
)
_LISTED_MONTHS = re.compile(rf"(?:{NUMBER}[、和及])+{NUMBER}月份?")
_SEASONS = {"春": 3, "夏": 6, "秋": 9, "冬": 12}


def at(pattern: str, text: str, i: int) -> re.Match[str] | None:
    return _compiled(pattern).match(text, i)


_compiled = cache(re.compile)  # re's own cache is slower, and smaller than our grammar


def month_span(year: int, first: int, last: int | None = None) -> tuple[date, date]:
    """First and last day of a month, or of `first` to `last`; a smaller `last` is of the next year."""
    last = last or first
    end_year = year + (last < first)
    return date(year, first, 1), date(end_year, last, monthrange(end_year, last)[1])


def _unit(span: tuple[date, date], grain: Grain, given: bool) -> Unit:
    return Unit(span[0], span[1], grain, given)


def last_day(unit: Unit) -> Unit:
    """The end of a unit: 季末, 月底."""
    return replace(unit, start=unit.end, grain=Grain.END)


def safe_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# --- within a month --------------------------------------------------------------------------


def in_month(text: str, i: int, year: int | None, month: int, frame: Frame, given: bool) -> Read:
    """What follows 6月: a day, 底, 上旬, 第一周 …, or nothing, which is the whole month."""
    if year is None:  # a leap year's shape serves to see how far the words go
        end, _ = in_month(text, i, 2000, month, frame, given)
        return end, Unit(None, None, Grain.MONTH)
    whole = _unit(month_span(year, month), Grain.MONTH, given)
    last = whole.end.day if whole.end else 28
    if m := at(rf"的?({NUMBER})[日号]?{SPAN_SIGN}({NUMBER})[日号](?!内)", text, i):
        a, b = (safe_date(year, month, read_number(g) or 0) for g in m.groups())
        if a and b and a <= b:
            return m.end(), Unit(a, b, Grain.XUN, given)
    if m := at(rf"的?({NUMBER})[日号]{DAY_TAIL}", text, i) or (
        None
        if frame.in_plan  # 八月十五 is how people speak; a plan prints 日
        else at(rf"({HAN_NUMBER}+)(?![个次项名家条批类种级大轮期件月至到—~-])", text, i)
        or at(
            rf"(\d{{1,2}}|{HAN_NUMBER})(?=$|[,，。;；、!！?？)）前后至到—~-]|要|出|交|报|召|开)",
            text,
            i,
        )
    ):
        n = read_number(m[1]) or 0
        day = safe_date(year, month, n)
        if day or (
            1 <= n <= 31 and m[0][-1] in "日号"
        ):  # 2月30日 is no day, and not all of February
            return m.end(), Unit(day, day, Grain.DAY, given)
    if m := at(r"(?:的|月)?(上|中|下)旬(?:末|底)?", text, i):
        first = {"上": 1, "中": 11, "下": 21}[m[1]]
        final = last if m[1] == "下" else first + 9
        xun = Unit(date(year, month, first), date(year, month, final), Grain.XUN, given)
        return m.end(), last_day(xun) if m[0][-1] in "末底" else xun
    if m := at(rf"(?:的|月)?(?:最后一[天日]|底|末|终|尾{EDGE})(?!端)", text, i):
        return m.end(), last_day(whole)
    if m := at(rf"(?:的|月)?(?:初(?![一二三四五六七八九十级步中])|头{EDGE})", text, i):
        return m.end(), Unit(date(year, month, 1), date(year, month, 5), Grain.XUN, given)
    if m := at(r"月?中(?=$|[,，。；;、）)前后底至到之的完召开])", text, i):
        return m.end(), Unit(date(year, month, 11), date(year, month, 20), Grain.XUN, given)
    if m := at(rf"的?(?:第({NUMBER})|(最后一))个?的?{WEEK}([一二三四五六日天])?", text, i):
        n = -1 if m[2] else read_number(m[1]) or 0
        if m[3]:
            day = nth_weekday(year, month, WEEKDAYS[m[3]], n)
            if day:
                return m.end(), Unit(day, day, Grain.DAY, given)
        else:  # a week belongs to the month that has its Thursday
            thursday = nth_weekday(year, month, 3, n)
            if thursday:
                monday = thursday - timedelta(days=3)
                return m.end(), Unit(monday, monday + timedelta(days=6), Grain.WEEK, given)
    return i, whole


# --- within a year ---------------------------------------------------------------------------


def in_year(text: str, i: int, year: int | None, frame: Frame, given: bool) -> Read | None:
    """What follows 2026年 (or stands alone): 6月…, 上半年, 三季度, 底, a festival …"""
    found = _parts_of_year(text, i, 2000 if year is None else year, frame, given)
    if found and year is None:
        return found[0], Unit(None, None, found[1].grain)
    return found


def _parts_of_year(text: str, i: int, year: int, frame: Frame, given: bool) -> Read | None:
    if m := at(
        rf"的?(?:年度?(?:底|末|终|尾{EDGE})|岁末|(?<=[年\d])(?:[底末](?!端)|尾{EDGE}))", text, i
    ):
        return m.end(), Unit(date(year, 12, 31), date(year, 12, 31), Grain.END, given)
    if m := at(
        rf"的?(?:年初|(?<=年)初(?!中|步|级)|(?<=年)伊始|(?:年|(?<=年))头{EDGE})",
        text,
        i,
    ):
        return m.end(), _unit(month_span(year, 1, 2), Grain.XUN, given)
    if m := at(r"的?(?:年中|(?<=年)中期)(?!心|央)", text, i):
        return m.end(), _unit(month_span(year, 6, 7), Grain.XUN, given)
    if m := at(rf"[上下]半年(?=(?:{NUMBER}月))", text, i):
        i = m.end()  # 下半年8月 is August
    if m := at(r"的?(?:([上前])|[下后])半年(末|底)?", text, i):
        half = _unit(month_span(year, *((1, 6) if m[1] else (7, 12))), Grain.HALF, given)
        return m.end(), last_day(half) if m[2] else half
    quarter = (
        rf"的?(?:第?([一二三四1-4])个?(?:{SPAN_SIGN}|、|和)第?([一二三四1-4])个?季度"
        r"|第?([一二三四1-4])个?季度|第([一二三四1-4])季|[Qq]([1-4])|([1-4])[Qq]|(首)个?季度?|末个?季度|前([一二两三23])个?季度)(末|底)?"
    )
    if m := at(quarter, text, i):
        one = next((g for g in m.group(3, 4, 5, 6) if g), None)
        if m[1]:
            a, b = read_number(m[1]) or 1, read_number(m[2]) or 4
        elif m[8]:
            a, b = 1, read_number(m[8]) or 1
        else:
            a = b = read_number(one) or 1 if one else 1 if m[7] else 4
        unit = _unit(month_span(year, 3 * a - 2, 3 * b), Grain.QUARTER, given)
        return m.end(), last_day(unit) if m[9] else unit
    if m := at(
        rf"的?({NUMBER})月?份?{SPAN_SIGN}({NUMBER})月份?(底|末)?(?!{NUMBER}[日号])", text, i
    ):
        a, b = read_number(m[1]) or 0, read_number(m[2]) or 0
        if 1 <= a <= 12 and 1 <= b <= 12:
            unit = _unit(month_span(year, a, b), Grain.MONTH, given)
            return m.end(), replace(unit, grain=Grain.END) if m[3] else unit
    if m := at(
        rf"({NUMBER})[、和及](?=(?:{NUMBER}[、和及])*{NUMBER}月份?(?![底末初前上中下]))", text, i
    ):
        # 5、9月 in a cell are two months; 1、3月开展培训 in a plan is its first point
        n = read_number(m[1]) or 0
        if 1 <= n <= 12 and (not frame.in_plan or _LISTED_MONTHS.fullmatch(text)):
            return m.end(1), _unit(month_span(year, n), Grain.MONTH, given)
    if m := at(rf"的?(?:([前头])|(后)|第)({NUMBER})个?月", text, i):
        n = read_number(m[3]) or 0
        if 1 <= n <= 12 and (given or m[1] or m[2]) and not (not given and m[0][0] not in "前头"):
            a, b = (1, n) if m[1] else (13 - n, 12) if m[2] else (n, n)
            return m.end(), _unit(month_span(year, a, b), Grain.MONTH, given)
    if m := at(r"的?首月", text, i):
        return m.end(), _unit(month_span(year, 1), Grain.MONTH, given)
    for reader in (_lunar_day, _month, _festival, _season, _numbered_week):
        if found := reader(text, i, year, frame, given):
            return found
    return None


def _month(text: str, i: int, year: int, frame: Frame, given: bool) -> Read | None:
    m = at(rf"的?(?<![\d.])({NUMBER})月份?", text, i)
    month = read_number(m[1]) if m else None
    if not m or month is None or not 1 <= month <= 12:
        return None
    return in_month(text, m.end(), year, month, frame, given)


def _lunar_day(text: str, i: int, year: int, frame: Frame, given: bool) -> Read | None:
    """农历八月十五, 正月初八, 腊月廿三; a plain 八月十五 is of the solar calendar."""
    m = at(
        rf"(农历|阴历)?(闰)?(正|腊|冬|{NUMBER})月"
        rf"(?:(初{HAN_NUMBER}|初\d|廿{HAN_NUMBER}?)|(\d{{1,2}}(?!\d)|{HAN_NUMBER})[日号]?)?",
        text,
        i,
    )
    if not m or not (m[1] or m[2] or m[3] in "正腊冬" or m[4]):
        return None
    month = {"正": 1, "冬": 11, "腊": 12}.get(m[3]) or read_number(m[3]) or 0
    span = lunar_month(year, month, bool(m[2])) if 1 <= month <= 12 else None
    if span is None:
        return None
    if not (m[4] or m[5]):
        return m.end(), _unit(span, Grain.MONTH, given)
    day = lunar_date(year, month, read_number((m[4] or m[5]).removeprefix("初")) or 0, bool(m[2]))
    return (m.end(), Unit(day, day, Grain.DAY, given)) if day else None


_FESTIVAL = f"(?:的|农历(?!新年))?({'|'.join(map(re.escape, NAMES))}|大年初{HAN_NUMBER})(?:当天|当日|假期|期间|长假)?"


def _festival(text: str, i: int, year: int, frame: Frame, given: bool) -> Read | None:
    m = at(_FESTIVAL, text, i)
    if m:
        if m[1] not in NAMES:
            day = lunar_date(year, 1, read_number(m[1].removeprefix("大年初")) or 0)
        else:
            day = festival(m[1], year)
    else:
        m = at(
            "(?:的)?(?<![一二三四五六七八九十百千])十一(?=前|假期|期间|长假|黄金周|$)(?:假期|期间|长假|黄金周)?",
            text,
            i,
        )
        day = date(year, 10, 1) if m else None
    return (m.end(), Unit(day, day, Grain.FESTIVAL, given)) if m and day else None


def _season(text: str, i: int, year: int, frame: Frame, given: bool) -> Read | None:
    m = at(r"的?([春夏秋冬])[季天](?!度|开学)", text, i) or (
        at(r"([春夏秋冬])(?=$|[,，。；;])", text, i) if given else None
    )
    if m:
        first = _SEASONS[m[1]]
        return m.end(), _unit(month_span(year, first, (first + 1) % 12 + 1), Grain.XUN, given)
    m = at(r"的?(暑|寒)假(?:期间)?", text, i)
    if m:
        return m.end(), _unit(
            month_span(year, *((7, 8) if m[1] == "暑" else (1, 2))), Grain.XUN, given
        )
    return None


def _numbered_week(text: str, i: int, year: int, frame: Frame, given: bool) -> Read | None:
    m = at(rf"的?第({NUMBER})周", text, i) if given else None
    week = read_number(m[1]) if m else None
    if not m or week is None or not 1 <= week <= date(year, 12, 28).isocalendar().week:
        return None
    monday = date.fromisocalendar(year, week, 1)
    return m.end(), Unit(monday, monday + timedelta(days=6), Grain.WEEK, True)
