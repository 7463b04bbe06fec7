"""Reads a point of time as Chinese prints it: 2026年6月底, 2026-06-30, 下周五, 上个月15号, “十四五”末.

`corpus.time_expressions` joins points to ranges and deadlines.
"""

from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from corpus.numerals import HAN_NUMBER, NUMBER, read_number
from corpus.time_units import (
    DAY_TAIL,
    EDGE,
    SPAN_SIGN,
    WEEK,
    WEEKDAYS,
    Frame,
    Grain,
    Read,
    Unit,
    at,
    in_month,
    in_year,
    last_day,
    month_span,
    safe_date,
)

_RELATIVE_YEARS = {
    "大前年": -3, "前年": -2, "去年": -1, "上一年": -1, "上年": -1, "今年": 0, "本年": 0, "当年": 0,
    "这一年": 0, "同年": 0, "明年": 1, "次年": 1, "下一年": 1, "下年": 1, "来年": 1, "后年": 2, "大后年": 3,
}  # fmt: skip
_RELATIVE_DAYS = {
    "大前天": -3, "前天": -2, "前日": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "今天": 0, "今日": 0,
    "今晚": 0, "今早": 0, "今晨": 0, "当天": 0, "当日": 0, "当晚": 0, "明天": 1, "明日": 1,
    "明早": 1, "明晚": 1, "次日": 1, "第二天": 1, "第三天": 2, "后天": 2, "后日": 2, "大后天": 3,
}  # fmt: skip
_STEPS = {"上": -1, "本": 0, "这": 0, "当": 0, "同": 0, "今": 0, "下": 1, "次": 1}

# 2025年汛期前: each place has its own dates for these, so the year alone would be wrong
_UNDATED_SEASON = r"的?(?:主?汛期?|梅汛期?|台汛期?|防火期|禁渔期|[采供]暖[季期]|春耕|秋收|开学|暑期|寒潮)(?:来临|到来|开始|结束)?(?:之|以)?[前后]"

_YEAR_DIGITS = "[零〇○一二三四五六七八九]"


def _day_unit(day: date | None, given: bool = True) -> Unit:
    return Unit(day, day, Grain.DAY, given)


def read_point(text: str, i: int, frame: Frame) -> Read | None:
    """The longest point of time that begins at `i`."""
    if i >= len(text):
        return None
    if i and text[i].isdigit() and (text[i - 1].isdigit() or text[i - 1] in ".第〔["):
        return None
    found = [read for reader in _READERS if (read := reader(text, i, frame))]
    return max(found, key=lambda read: read[0], default=None)


def _step(words: str) -> int:
    return sum(_STEPS[c] for c in words if c in _STEPS)


# --- printed in figures ----------------------------------------------------------------------


def _figures(text: str, i: int, frame: Frame) -> Read | None:
    """2026-06-30, 2026.6.30, 20260630, 2026/6; month and day alone only as 6.30前 or 6.30 by itself."""
    if m := at(
        rf"(\d{{4}})([-/. ])(\d{{1,2}})(?:[-/. ])(?:(\d\d)(?=\d\d:\d\d)|(\d{{1,2}})(?![\d.]\d|\d))[日号]?{DAY_TAIL}",
        text,
        i,
    ):
        day = safe_date(int(m[1]), int(m[3]), int(m[4] or m[5]))
        if day:
            return m.end(), _day_unit(day)
    if m := at(r"((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)", text, i):
        day = safe_date(int(m[1]), int(m[2]), int(m[3]))
        if day:
            return m.end(), _day_unit(day)
    if m := at(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?![\d.])", text, i):
        year = int(m[4]) if len(m[4]) == 4 else _century(int(m[4]), frame)
        a, b = int(m[1]), int(m[3])
        day = safe_date(year, a, b) or safe_date(year, b, a)
        if day:
            return m.end(), _day_unit(day)
    m = at(r"((?:19|20)\d\d)[-/.](\d{1,2})(底|末)?(?![\d%]|[-/.]\d{1,2}(?!\d))", text, i)
    if m and 1 <= int(m[2]) <= 12:
        unit = Unit(*month_span(int(m[1]), int(m[2])), Grain.MONTH, True)
        return m.end(), last_day(unit) if m[3] else unit
    if m := at(r"(\d{1,2})[./·-](\d{1,2})(?![\d.%/])", text, i):
        alone = not text[:i].strip() and not text[m.end() :].strip()
        if (alone or at("(?:之|以)?前|日|号", text, m.end())) and frame.year:
            day = safe_date(frame.year, int(m[1]), int(m[2]))
            if day:
                return m.end(), _day_unit(day, False)
    return None


def _century(two_digits: int, frame: Frame) -> int:
    """The year meant by two digits, 12 years ahead at most: 89 is 1989, 27 is 2027; a plan may aim at 2050."""
    ahead = frame.today.year + 12 if frame.today and not frame.in_plan else 2060
    return two_digits + (2000 if two_digits + 2000 < max(ahead, 2000) else 1900)


# --- with a year in words --------------------------------------------------------------------


def _year(text: str, i: int, frame: Frame) -> tuple[int, int | None] | None:
    """Where a year's words end, and the year."""
    if m := at(rf"(\d{{4}}|{_YEAR_DIGITS}{{4}}|[一两]千(?:{HAN_NUMBER})?)年度?", text, i):
        year = read_number(m[1])
        return (m.end(), year) if year and 1000 <= year <= 2999 else None
    if m := at(
        r"((?:19|20)\d\d)(?=[底末初](?!端)|上半年|下半年|第?[一二三四]季度|[Qq][1-4])", text, i
    ):
        return m.end(), int(m[1])
    if m := at(rf"(?<!{_YEAR_DIGITS})(\d{{2}}|{_YEAR_DIGITS}{{2}})年(?!代)", text, i):
        # 26年6月 is a year anywhere; 26年 alone may be a stretch of time, and in a plan it is
        year = read_number(m[1]) or 0
        follows = at(
            rf"{NUMBER}月|[底末初上下第]|[前后]{NUMBER}个?[月季]|[一二三四]季度|农历|正月|腊月",
            text,
            m.end(),
        )
        if (follows and not at("上(?!半)|下(?!半)", text, m.end())) or not (
            frame.in_plan
            or (at("前|后|以|之|内|来|间|的|多|半", text, m.end()) and m[1][0] not in "0零〇")
        ):
            return m.end(), _century(year, frame)
        return None
    for words in sorted(_RELATIVE_YEARS, key=len, reverse=True):
        if text.startswith(words, i):
            end = i + len(words)
            base = frame.year
            if words in ("上年", "本年", "当年") and text.startswith("度", end):
                end += 1
            return end, base + _RELATIVE_YEARS[words] if base else None
    return None


def _with_year(text: str, i: int, frame: Frame) -> Read | None:
    if m := at(rf"(?:农历|阴历)(?=\d{{4}}|{_YEAR_DIGITS}{{4}}|今年|明年|去年)", text, i):
        found = _year(text, m.end(), frame)
        if found and found[1]:  # 农历2026年八月十五: the word lunar stands before the year
            rest = in_year("农历" + text[found[0] :], 0, found[1], frame, True)
            if rest:
                return found[0] + rest[0] - 2, rest[1]
        return None
    found = _year(text, i, frame)
    if not found:
        return None
    end, year = found
    if (m := at(r"(?:的)?(?:本|同|这个)月", text, end)) and year and frame.today:
        return in_month(text, m.end(), year, frame.today.month, frame, True)
    if frame.in_plan and at(_UNDATED_SEASON, text, end):
        return None
    if not frame.in_plan and (m := at(rf"[,，](?={NUMBER}月{NUMBER}[日号])", text, end)):
        end = m.end()
    if year and frame.today and (m := at("的?(?:今天|今日|同一天|同日)", text, end)):
        return m.end(), _day_unit(safe_date(year, frame.today.month, frame.today.day))
    if rest := in_year(text, end, year, frame, True):
        return rest
    if m := at("的?(?:全年|整年|一整年)", text, end):
        end = m.end()
    if year is None:
        return end, Unit(None, None, Grain.YEAR)
    return end, Unit(date(year, 1, 1), date(year, 12, 31), Grain.YEAR, True)


def _without_year(text: str, i: int, frame: Frame) -> Read | None:
    if text[i - 1 : i] in ("第",) or at("[底末初]", text, i):
        return None
    return in_year(text, i, frame.year, frame, False)


# --- relative to a day -----------------------------------------------------------------------


def _relative_day(text: str, i: int, frame: Frame) -> Read | None:
    if (
        frame.in_plan
    ):  # 当日, 本月, 次周 of a plan are any such day, not one beside its date of issue
        return None
    for words in sorted(_RELATIVE_DAYS, key=len, reverse=True):
        if text.startswith(words, i) and frame.today:
            m = at(DAY_TAIL, text, i + len(words))
            return (m.end() if m else i + len(words)), _day_unit(
                frame.today + timedelta(days=_RELATIVE_DAYS[words])
            )
    if frame.today and (m := at("今明[两二]([天年])", text, i)):
        if m[1] == "天":
            return m.end(), Unit(frame.today, frame.today + timedelta(days=1), Grain.WEEK, True)
        year = frame.today.year
        return m.end(), Unit(date(year, 1, 1), date(year + 1, 12, 31), Grain.LONG, True)
    is_bound = not i or text[i - 1] in "到至从自"  # 你现在是… is only a manner of speech
    if (
        frame.today
        and is_bound
        and (m := at("(?:现在|目前|此刻|此时|当前)(?![季月周年])", text, i))
    ):
        return m.end(), _day_unit(frame.today)
    return None


def _relative_week(text: str, i: int, frame: Frame) -> Read | None:
    """下周, 下下周五, 这个星期天, 本周末; a bare 周五 is this week's."""
    m = at(
        rf"(?P<step>上+|下+|本|这|当|今)?一?个?{WEEK}(?:(?:的)?{WEEK})?"
        rf"(?:(?P<a>[一二三四五六日天1-6])(?:(?:{SPAN_SIGN}{WEEK}?|(?=[二三四五六日天](?:$|[,，。的前])))(?P<b>[一二三四五六日天1-6]))?"
        rf"|(?P<end>末)|(?P<bare>(?![一二三四五六日天末]|期|年|边|围|知|转|密)))",
        text,
        i,
    )
    if not m or frame.in_plan or frame.today is None or not (m["step"] or m["a"] or m["end"]):
        return None
    if not m["step"] and m[0][0] in "一个":
        return None
    if m["a"] and not m["step"] and at("[次期年岁个]", text, m.end()):
        return None
    monday = frame.today - timedelta(days=frame.today.weekday())
    monday += timedelta(weeks=_step(m["step"] or ""))
    if m["end"]:
        return m.end(), Unit(
            monday + timedelta(days=5), monday + timedelta(days=6), Grain.WEEK, True
        )
    if not m["a"]:
        return m.end(), Unit(monday, monday + timedelta(days=6), Grain.WEEK, True)
    first, last = (WEEKDAYS[c] if c in WEEKDAYS else int(c) - 1 for c in (m["a"], m["b"] or m["a"]))
    tail = at(DAY_TAIL, text, m.end())
    start, end = monday + timedelta(days=first), monday + timedelta(days=last)
    if end < start:
        end += timedelta(weeks=1)
    grain = Grain.DAY if start == end else Grain.WEEK
    return (tail.end() if tail else m.end()), Unit(start, end, grain, True)


def _relative_month(text: str, i: int, frame: Frame) -> Read | None:
    """本月, 上个月15号, 下月底; bare 月底, 下旬, 15号 are of this month."""
    if frame.in_plan or frame.today is None:
        return None
    if m := at(r"(上+|下+|本|这|当前?|次|同|今)一?个?月(?!经|球|饼|光|度)份?", text, i):
        month = frame.today + relativedelta(months=_step(m[1]), day=1)
        return in_month(text, m.end(), month.year, month.month, frame, True)
    this = frame.today
    if m := at(rf"(?:第{NUMBER}|最后一)个的?{WEEK}[一二三四五六日天]", text, i):
        return in_month(text, i, this.year, this.month, frame, True)
    if m := at(r"本(?=旬)", text, i):
        first = 1 if this.day <= 10 else 11 if this.day <= 20 else 21
        last = month_span(this.year, this.month)[1].day if first == 21 else first + 9
        return m.end() + 1, Unit(this.replace(day=first), this.replace(day=last), Grain.XUN, True)
    if m := at(r"(上|下)半个?月", text, i):
        start, end_of_month = month_span(this.year, this.month)
        if m[1] == "上":
            return m.end(), Unit(start, this.replace(day=15), Grain.XUN, True)
        return m.end(), Unit(this.replace(day=16), end_of_month, Grain.XUN, True)
    if at(rf"(?<!月)(?:月(?:[底末初]|[头尾]{EDGE}|中(?=$|[,，。旬前到]))|[上中下]旬)", text, i):
        return in_month(text, i, this.year, this.month, frame, True)
    if text[max(i - 1, 0) : i] not in ("月", "第", "农") and (
        m := at(
            rf"({NUMBER})(?:[日号]|(?={SPAN_SIGN}{NUMBER}[日号]))(?!内|之内|以内|常|线|楼|文|院|令|公|之计|三餐|游)",
            text,
            i,
        )
    ):
        for ahead in (0, 1):  # 29日 said in February is of March
            month = this + relativedelta(months=ahead)
            end, unit = in_month(text, i, month.year, month.month, frame, True)
            if unit.start and unit.grain in (Grain.DAY, Grain.XUN) and end > i:
                return end, unit
    return None


def _relative_quarter(text: str, i: int, frame: Frame) -> Read | None:
    m = at(r"(上+|下+|本|这|当前?)一?个?季度(末|底)?|(?<![第一二三四1-4前])季度?(末)", text, i)
    if not m or frame.in_plan or frame.today is None:
        return None
    day = frame.today + relativedelta(months=3 * _step(m[1] or ""))
    first = (day.month - 1) // 3 * 3 + 1
    unit = Unit(*month_span(day.year, first, first + 2), Grain.QUARTER, True)
    return m.end(), last_day(unit) if m[2] or m[3] else unit


# --- long ones -------------------------------------------------------------------------------


def _five_year_plan(text: str, i: int, frame: Frame) -> Read | None:
    """“十四五”期间 is 2021 to 2025; 期末, 末 and 期初 its ends. The quotation marks are optional."""
    m = at(
        r"[“\"「]?(十[一二三四五六七八九]?|[八九]|二十)五[”\"」]?+(?:规划(?=时?期|末))?(?:时期|期间|期)?(末|初|底)?(?!规划|计划|方案)",
        text,
        i,
    )
    if not m or not (
        m[0][0] in '“"「' or at(".*(?:期|末|初|底|规划)", m[0], 0) or m.end() == len(text)
    ):
        return None
    number = read_number(m[1]) or 0
    first = 1953 + 5 * (number - 1)
    first = first if number < 3 else 2016 + 5 * (number - 13)  # after the pause of 1963 to 1965
    unit = Unit(date(first, 1, 1), date(first + 4, 12, 31), Grain.LONG, True)
    if m[2] == "初":
        return m.end(), Unit(date(first, 1, 1), date(first, 12, 31), Grain.YEAR, True)
    return m.end(), last_day(unit) if m[2] else unit


def _decade(text: str, i: int, frame: Frame) -> Read | None:
    m = at(
        rf"(?:(上|本)个?世纪|({NUMBER})世纪|(19|20)(?=\d0年代))?(?:({NUMBER})年代)?(初期?|前期|末期?|后期)?",
        text,
        i,
    )
    if not m or not m[0] or not (m[1] or m[2] or m[4]):
        return None
    if m[1]:
        century = 19 if m[1] == "上" else 20
    elif m[2]:
        century = (read_number(m[2]) or 1) - 1
    elif m[3]:
        century = int(m[3])
    else:
        decade = read_number(m[4]) or 0
        century = 19 if decade >= 30 else 20
    if not 0 < century < 30:
        return None
    first, years = century * 100, 100
    if m[4]:
        decade = read_number(m[4]) or 0
        first, years = (decade if decade >= 1000 else first + decade % 100), 10
    last = first + years - 1
    if m[5]:  # 初 and 末 are a fifth of a century, three years of a decade
        part = 20 if years == 100 else 3
        first, last = (first, first + part - 1) if m[5][0] in "初前" else (last - part + 1, last)
    return m.end(), Unit(date(first, 1, 1), date(last, 12, 31), Grain.LONG, True)


_READERS = (
    _figures,
    _with_year,
    _without_year,
    _relative_day,
    _relative_week,
    _relative_month,
    _relative_quarter,
    _five_year_plan,
    _decade,
)
