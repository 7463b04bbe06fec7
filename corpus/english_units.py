"""Reads one day, week, month, quarter or year in English."""

import re
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from corpus.english_words import DAY, ORDINAL, number, unit_length
from corpus.festivals import nth_weekday
from corpus.time_units import Grain, Read, Unit, last_day, month_span, safe_date

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_STEPS = {
    "this": 0, "current": 0, "next": 1, "coming": 1, "upcoming": 1, "following": 1,
    "last": -1, "past": -1, "previous": -1,
}  # fmt: skip
_HOLIDAYS = {
    "new year's day": (1, 1), "new years day": (1, 1), "new year's eve": (12, 31), "new years eve": (12, 31),
    "valentine's day": (2, 14), "women's day": (3, 8), "earth day": (4, 22), "labour day": (5, 1),
    "children's day": (6, 1), "national day": (10, 1), "halloween": (10, 31), "christmas eve": (12, 24),
    "christmas day": (12, 25), "christmas": (12, 25),
}  # fmt: skip

ANY_MONTH = rf"(?:{'|'.join(_MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
WEEKDAY = rf"(?:{'|'.join(_WEEKDAYS)}|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)"
_STEP = rf"(?P<step>{'|'.join(_STEPS)})"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_OF_YEAR = rf"(?:,? (?:of |in )?(?:{_YEAR}|(?P<of>this|next|last) year))?"
_DAY = rf"(?P<day>{DAY})"
_NTH_OR_LAST = rf"(?P<nth>{ORDINAL}|last)"
_PART = r"(?:the )?(?P<part>end|start|beginning|last day|first day|rest|remainder) of (?:the |my )?"


def weekday(name: str) -> int:
    """Monday = 0, from a name or its first three letters."""
    return next(i for i, full in enumerate(_WEEKDAYS) if full.startswith(name[:3]))


def read_unit(text: str, i: int, today: date, is_led: bool) -> Read | None:
    """The longest unit that begins at `i` of a lower-case text.

    `is_led` tells that a preposition stands before it: only then may and march are months by
    themselves, and 2025 a year.
    """
    readers = (
        _figures,
        _relative,
        _date,
        _weekday,
        _nth,
        _nth_week,
        _week_of,
        _week_month_year,
        _quarter,
        _month,
        _year,
        _decade,
        _holiday,
    )
    found = [read for reader in readers if (read := reader(text, i, today, is_led))]
    return max(found, key=lambda read: read[0], default=None)


def _at(pattern: str, text: str, i: int) -> re.Match[str] | None:
    return re.compile(pattern + r"(?![a-z0-9])").match(text, i)


def _on(day: date | None, given: bool = True) -> Unit | None:
    return Unit(day, day, Grain.DAY, given) if day else None


def _found(m: re.Match[str], unit: Unit | None) -> Read | None:
    return (m.end(), unit) if unit else None


def _year_of(m: re.Match[str], today: date) -> int:
    if m["year"]:
        return int(m["year"])
    return today.year + _STEPS.get(m["of"] or "this", 0)


def _part_of(unit: Unit, part: str | None, today: date) -> Unit:
    if part in ("rest", "remainder"):
        return Unit(today, unit.end, Grain.DAY, True)
    if part in ("end", "last day"):
        return last_day(unit)
    if part and unit.start:
        return Unit(unit.start, unit.start, Grain.DAY, unit.year_given)
    return unit


def _months(year: int, first: int, last: int, grain: Grain) -> Unit:
    return Unit(*month_span(year, first, last), grain, True)


def _month_number(name: str) -> int:
    return next(i for i, month in enumerate(_MONTHS, 1) if month.startswith(name[:3]))


def _figures(text: str, i: int, today: date, is_led: bool) -> Read | None:
    """2026-03-15, 03/15/2026, 3/2026; 3/15 anywhere, 3-15 and 3.15 after a preposition."""
    if m := _at(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", text, i):
        return _found(m, _on(safe_date(int(m[1]), int(m[2]), int(m[3]))))
    if m := _at(r"(\d{1,2})[-/](\d{1,2})(?:[-/]|, ?)(\d{4})", text, i):
        a, b, year = int(m[1]), int(m[2]), int(m[3])
        return _found(m, _on(safe_date(year, a, b) or safe_date(year, b, a)))
    if m := _at(r"(1[0-2]|0?[1-9])/((?:19|20)\d\d)", text, i):
        return _found(m, _months(int(m[2]), int(m[1]), int(m[1]), Grain.MONTH))
    m = _at(r"(\d{1,2})([-/.])(\d{1,2})(?![-/.%]\d| ?%|[^\W\d_]| (?:of|the)\b)", text, i)
    if m and (is_led or m[2] == "/") and not re.search(r"[\w.]$", text[:i]):  # no part, no ratio
        a, b, year = int(m[1]), int(m[3]), today.year
        return _found(m, _on(safe_date(year, a, b) or safe_date(year, b, a), False))
    return None


def _relative(text: str, i: int, today: date, is_led: bool) -> Read | None:
    words = {
        "day after tomorrow": 2, "day before yesterday": -2, "today": 0, "tonight": 0, "now": 0,
        "tomorrow": 1, "yesterday": -1, "next day": 1, "last day": -1, "past day": -1,
        "previous day": -1, "this day": 0,
    }  # fmt: skip
    m = _at(rf"(?:the )?({'|'.join(words)})(?! of)", text, i)
    if m:
        return _found(m, _on(today + timedelta(days=words[m[1]])))
    if m := _at(rf"(?:the )?{_DAY} (?:of|in) {_STEP} month", text, i):
        month = today + relativedelta(months=_STEPS[m["step"]])
        return _found(m, _on(safe_date(month.year, month.month, number(m["day"]))))
    m = _at(
        rf"(?P<name>{WEEKDAY},? )?the (?P<day>{ORDINAL})(?! (?:of|quarter|half|century|week|{WEEKDAY}))",
        text,
        i,
    )
    if m and (m["name"] or m["day"][0].isdigit()):  # the 27th is of this month
        return _found(m, _on(safe_date(today.year, today.month, number(m["day"]))))
    return None


def _date(text: str, i: int, today: date, is_led: bool) -> Read | None:
    lead = rf"(?:{WEEKDAY},? )?(?:the )?"
    m = _at(rf"{lead}(?P<month>{ANY_MONTH})\.?[ /-](?:the )?{_DAY}{_OF_YEAR}", text, i) or _at(
        rf"{lead}{_DAY}\.?(?: of|-)? ?(?P<month>{ANY_MONTH})\.?-?{_OF_YEAR}", text, i
    )
    if not m:
        return None
    if m["month"] in ("may", "march") and m["day"] in ("first", "second") and not is_led:
        return None  # it may first be done
    day = safe_date(_year_of(m, today), _month_number(m["month"]), number(m["day"]))
    return _found(m, _on(day, bool(m["year"] or m["of"])))


def _weekday(text: str, i: int, today: date, is_led: bool) -> Read | None:
    m = _at(
        rf"(?:{_STEP} (?P<week>week,? (?:on )?)?)?(?P<name>{WEEKDAY})(?: (?P<after>this|next|last) week)?",
        text,
        i,
    )
    if not m or (len(m["name"]) < 5 and not (m["step"] or is_led)):
        return None
    step = _STEPS[m["step"] or m["after"] or "this"]
    monday = today - timedelta(days=today.weekday())
    return _found(m, _on(monday + timedelta(days=7 * step + weekday(m["name"]))))


def _nth(text: str, i: int, today: date, is_led: bool) -> Read | None:
    """the first Monday of June, the last Friday of this month; second Sunday is of this month."""
    m = _at(
        rf"(?:the )?{_NTH_OR_LAST} (?P<name>{WEEKDAY})(?: (?:of|in) (?:(?P<month>{ANY_MONTH})\.?{_OF_YEAR}|{_STEP} month))?",
        text,
        i,
    )
    if not m or not (m["month"] or m["step"] or m["nth"] != "last"):
        return None
    moved = today + relativedelta(months=_STEPS[m["step"] or "this"])
    year, month = _year_of(m, today), _month_number(m["month"]) if m["month"] else moved.month
    year = year if m["month"] else moved.year
    return _found(m, _on(nth_weekday(year, month, weekday(m["name"]), _nth_number(m["nth"]))))


def _nth_number(words: str) -> int:
    return -1 if words == "last" else number(words)


def _nth_week(text: str, i: int, today: date, is_led: bool) -> Read | None:
    """the third week of May, the last week of 2027: a week is of the month that has its Thursday."""
    m = _at(rf"(?:the )?{_NTH_OR_LAST} week(?: of| in)?(?: the)?(?= )", text, i)
    if not m:
        return None
    readers = (_month, _year, _week_month_year)
    found = [read for reader in readers if (read := reader(text, m.end() + 1, today, True))]
    if not found or found[0][1].start is None:
        return None
    end, unit = found[0]
    first, n = found[0][1].start, _nth_number(m["nth"])
    thursday: date | None = None
    if unit.grain is Grain.MONTH:
        thursday = nth_weekday(first.year, first.month, 3, n)
    elif unit.grain is Grain.YEAR:
        edge = nth_weekday(first.year, 1 if n > 0 else 12, 3, 1 if n > 0 else -1)
        thursday = edge + timedelta(weeks=n - 1) if edge and n > 0 else edge
    return (end, _week_around(thursday)) if thursday else None


def _week_of(text: str, i: int, today: date, is_led: bool) -> Read | None:
    """the week of September 16, the week after next."""
    if m := _at(r"(?:the )?(week|month|year) after (?:the )?next(?: one)?", text, i):
        moved = today + unit_length(2, m[1])
        if m[1] == "week":
            return m.end(), _week_around(moved)
        month = moved.month if m[1] == "month" else None
        return m.end(), _months(
            moved.year, month or 1, month or 12, Grain.MONTH if month else Grain.YEAR
        )
    m = _at(r"(?:the )?week of(?: the)?(?= )", text, i)
    read = _date(text, m.end() + 1, today, True) if m else None
    return (read[0], _week_around(read[1].start)) if read and read[1].start else None


def _week_around(day: date) -> Unit:
    monday = day - timedelta(days=day.weekday())
    return Unit(monday, monday + timedelta(days=6), Grain.WEEK, True)


def _week_month_year(text: str, i: int, today: date, is_led: bool) -> Read | None:
    if m := _at("(?:the )?(eoy|eom|year[- ]end|month[- ]end)", text, i):
        year = m[1] in ("eoy", "year-end", "year end")
        return _found(
            m,
            last_day(
                _months(today.year, 1, 12, Grain.YEAR)
                if year
                else _months(today.year, today.month, today.month, Grain.MONTH)
            ),
        )
    m = _at(rf"(?:{_PART}|the )?(?:{_STEP} )?(?P<unit>weekend|week|month|quarter|year)", text, i)
    if not m or not (m["step"] or m["part"] or m["unit"] == "weekend" or m[0] == "the week"):
        return None
    step, unit = _STEPS[m["step"] or "this"], m["unit"]
    if unit in ("week", "weekend"):
        first = today - timedelta(days=today.weekday() - 7 * step - (5 if unit == "weekend" else 0))
        days = 1 if unit == "weekend" else 6
        return _found(
            m,
            _part_of(Unit(first, first + timedelta(days=days), Grain.WEEK, True), m["part"], today),
        )
    moved = today + unit_length(step, unit)
    if unit == "year":
        return _found(m, _part_of(_months(moved.year, 1, 12, Grain.YEAR), m["part"], today))
    first_month = moved.month if unit == "month" else (moved.month - 1) // 3 * 3 + 1
    last_month = first_month + (0 if unit == "month" else 2)
    grain = Grain.MONTH if unit == "month" else Grain.QUARTER
    return _found(
        m, _part_of(_months(moved.year, first_month, last_month, grain), m["part"], today)
    )


def _quarter(text: str, i: int, today: date, is_led: bool) -> Read | None:
    m = _at(
        rf"(?:{_PART}|the )?(?:q(?P<q>[1-4])|h(?P<h>[12])|{_NTH_OR_LAST} (?P<unit>quarter|half))"
        rf"(?:,? (?:of (?:the year )?)?(?:{_YEAR}|(?P<of>this|next|last) year|the year)|)",
        text,
        i,
    )
    if m:
        year, part = _year_of(m, today), m["part"]
        n = int(m["q"] or m["h"] or 0) or _nth_number(m["nth"])
        is_half = bool(m["h"]) or m["unit"] == "half"
    elif m := _at(rf"{_YEAR}[- ]?q(?P<q>[1-4])", text, i):
        year, part, n, is_half = int(m["year"]), None, int(m["q"]), False
    else:
        return None
    n = n if n > 0 else (2 if is_half else 4)
    if n > 4:
        return None
    if is_half:
        return (
            _found(m, _part_of(_months(year, 6 * n - 5, min(6 * n, 12), Grain.HALF), part, today))
            if n <= 2
            else None
        )
    return _found(m, _part_of(_months(year, 3 * n - 2, 3 * n, Grain.QUARTER), part, today))


def _month(text: str, i: int, today: date, is_led: bool) -> Read | None:
    m = _at(rf"(?:{_PART})?(?:{_STEP} )?(?P<month>{ANY_MONTH})\.?{_OF_YEAR}", text, i)
    if not m:
        return None
    given = bool(m["year"] or m["of"] or m["step"])
    if m["month"] in ("may", "march", "mar", "sat", "dec", "jan") and not (
        given or is_led or m["part"]
    ):
        return None
    year, month = _year_of(m, today), _month_number(m["month"])
    if m["step"]:
        step = _STEPS[m["step"]]
        year += (step > 0 and month <= today.month) - (step < 0 and month >= today.month)
    unit = Unit(*month_span(year, month), Grain.MONTH, given)
    return _found(m, _part_of(unit, m["part"], today))


def _year(text: str, i: int, today: date, is_led: bool) -> Read | None:
    m = _at(rf"(?:{_PART})?(?P<word>(?:the )?year )?{_YEAR}(?![-/.]\d|[年%])", text, i)
    if not m or not (is_led or m["part"] or m["word"] or not text[:i].strip()):
        return None
    return _found(m, _part_of(_months(int(m["year"]), 1, 12, Grain.YEAR), m["part"], today))


def _decade(text: str, i: int, today: date, is_led: bool) -> Read | None:
    names = "twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties"
    if m := _at(rf"(?:the )?({names})", text, i):
        tens = str(20 + 10 * names.split("|").index(m[1]))
    elif m := _at(r"(?:the )?'?((?:19|20)?)(\d0)'?s", text, i):
        tens = m[1] + m[2]
    else:
        return None
    first = int(tens) if len(tens) == 4 else int(tens) + (1900 if int(tens) >= 30 else 2000)
    return m.end(), Unit(date(first, 1, 1), date(first + 9, 12, 31), Grain.LONG, True)


def _holiday(text: str, i: int, today: date, is_led: bool) -> Read | None:
    names = "|".join(map(re.escape, sorted(_HOLIDAYS, key=len, reverse=True)))
    m = _at(rf"(?P<name>{names}){_OF_YEAR}", text, i)
    return (
        _found(m, _on(date(_year_of(m, today), *_HOLIDAYS[m["name"]]), bool(m["year"])))
        if m
        else None
    )
