"""Reads one day, week, month, quarter or year in English."""

import re
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from corpus.festivals import nth_weekday
from corpus.time_units import Grain, Read, Unit, last_day, month_span, safe_date

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
_NUMBERS = {word: n for n, word in enumerate(_SMALL)} | {
    "a": 1, "an": 1, "couple of": 2, "a couple of": 2, "fifteen": 15, "twenty": 20, "thirty": 30,
    "sixty": 60, "ninety": 90, "few": 3, "a few": 3,
}  # fmt: skip
_ORDINALS = {
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "fifth": 5,
    "last": -1,
}
_STEPS = {
    "this": 0,
    "current": 0,
    "next": 1,
    "coming": 1,
    "upcoming": 1,
    "following": 1,
    "last": -1,
    "past": -1,
    "previous": -1,
}
_HOLIDAYS = {
    "new year's day": (1, 1), "new years day": (1, 1), "new year's eve": (12, 31), "new years eve": (12, 31),
    "valentine's day": (2, 14), "women's day": (3, 8), "earth day": (4, 22), "labour day": (5, 1),
    "children's day": (6, 1), "national day": (10, 1), "halloween": (10, 31), "christmas eve": (12, 24),
    "christmas day": (12, 25), "christmas": (12, 25),
}  # fmt: skip

ANY_MONTH = rf"(?:{'|'.join(_MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
WEEKDAY = rf"(?:{'|'.join(_WEEKDAYS)}|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)"
COUNT = rf"(?P<n>\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
MEASURE = r"(?P<measure>day|week|month|quarter|year|fortnight|decade)"
_STEP = rf"(?P<step>{'|'.join(_STEPS)})"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_OF_YEAR = rf"(?:,? (?:of |in )?(?:{_YEAR}|(?P<of>this|next|last) year))?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_PART = r"(?:the )?(?P<part>end|start|beginning|last day|first day|rest|remainder) of (?:the |my )?"


def number(words: str) -> int | None:
    """30, thirty, a couple of."""
    return int(words) if words.isdigit() else _NUMBERS.get(words)


def weekday(name: str) -> int:
    """Monday = 0, from a name or its first three letters."""
    return next(i for i, full in enumerate(_WEEKDAYS) if full.startswith(name[:3]))


def length(n: int, measure: str) -> relativedelta:
    """`n` days, weeks, fortnights, months, quarters, years or decades."""
    months = {"month": 1, "quarter": 3, "year": 12, "decade": 120}.get(measure)
    if months:
        return relativedelta(months=n * months)
    return relativedelta(days=n * {"week": 7, "fortnight": 14}.get(measure, 1))


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
    if m := _at(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", text, i):
        return _found(m, _on(safe_date(int(m[1]), int(m[2]), int(m[3]))))
    if m := _at(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", text, i):
        a, b, year = int(m[1]), int(m[2]), int(m[3])
        return _found(m, _on(safe_date(year, a, b) or safe_date(year, b, a)))
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
    m = _at(rf"(?:{WEEKDAY},? )?the {_DAY}(?! (?:of|quarter|half|century|{WEEKDAY}))", text, i)
    if m and re.search(r"(?:st|nd|rd|th)$", m[0]):  # the 27th is of this month
        return _found(m, _on(safe_date(today.year, today.month, int(m["day"]))))
    return None


def _date(text: str, i: int, today: date, is_led: bool) -> Read | None:
    lead = rf"(?:{WEEKDAY},? )?(?:the )?"
    m = _at(rf"{lead}(?P<month>{ANY_MONTH})\.? (?:the )?{_DAY}{_OF_YEAR}", text, i) or _at(
        rf"{lead}{_DAY}(?: of|-)? ?(?P<month>{ANY_MONTH})\.?-?{_OF_YEAR}", text, i
    )
    if not m:
        return None
    day = safe_date(_year_of(m, today), _month_number(m["month"]), int(m["day"]))
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
    m = _at(
        rf"(?:the )?(?P<nth>{'|'.join(_ORDINALS)}) (?P<name>{WEEKDAY}) (?:of|in) (?P<month>{ANY_MONTH})\.?{_OF_YEAR}",
        text,
        i,
    )
    if not m:
        return None
    year, month = _year_of(m, today), _month_number(m["month"])
    return _found(m, _on(nth_weekday(year, month, weekday(m["name"]), _ORDINALS[m["nth"]])))


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
    if not m or not (m["step"] or m["part"] or m["unit"] == "weekend"):
        return None
    step, unit = _STEPS[m["step"] or "this"], m["unit"]
    if unit in ("week", "weekend"):
        first = today - timedelta(days=today.weekday() - 7 * step - (5 if unit == "weekend" else 0))
        days = 1 if unit == "weekend" else 6
        return _found(
            m,
            _part_of(Unit(first, first + timedelta(days=days), Grain.WEEK, True), m["part"], today),
        )
    moved = today + length(step, unit)
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
        rf"(?:{_PART}|the )?(?:q(?P<q>[1-4])|h(?P<h>[12])|(?P<nth>first|1st|second|2nd|third|3rd|fourth|4th|last) (?P<unit>quarter|half))"
        rf"(?:,? (?:of (?:the year )?)?(?:{_YEAR}|(?P<of>this|next|last) year|the year)|)",
        text,
        i,
    )
    if m:
        year, part = _year_of(m, today), m["part"]
        n = int(m["q"] or m["h"] or 0) or _ORDINALS[m["nth"]]
        is_half = bool(m["h"]) or m["unit"] == "half"
    elif m := _at(rf"{_YEAR}[- ]?q(?P<q>[1-4])", text, i):
        year, part, n, is_half = int(m["year"]), None, int(m["q"]), False
    else:
        return None
    n = n if n > 0 else (2 if is_half else 4)
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
    m = _at(r"(?:the )?((?:19|20)?)(\d0)'?s", text, i)
    if not m:
        return None
    first = int((m[1] or ("19" if int(m[2]) >= 30 else "20")) + m[2])
    return m.end(), Unit(date(first, 1, 1), date(first + 9, 12, 31), Grain.LONG, True)


def _holiday(text: str, i: int, today: date, is_led: bool) -> Read | None:
    names = "|".join(map(re.escape, sorted(_HOLIDAYS, key=len, reverse=True)))
    m = _at(rf"(?P<name>{names}){_OF_YEAR}", text, i)
    return (
        _found(m, _on(date(_year_of(m, today), *_HOLIDAYS[m["name"]]), bool(m["year"])))
        if m
        else None
    )
