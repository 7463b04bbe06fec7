"""Reads one day, week, month, quarter or year in English."""

import re
from datetime import date, timedelta

from corpus.english_days import (
    ANY_MONTH,
    NTH_OR_LAST,
    OF_YEAR,
    STEP,
    STEPS,
    YEAR,
    month_number,
    nth_number,
    read_as,
    read_date,
    read_day,
    words_at,
    year_of,
)
from corpus.english_words import unit_length
from corpus.festivals import nth_weekday
from corpus.time_units import Grain, Read, Unit, last_day, month_span

_PART = (
    r"(?:(?:the )?(?P<part>end|start|beginning|last day|first day|rest|remainder) of "
    r"|(?P<side>earlier|later) (?:in )?)(?:the |my )?"
)


def read_unit(text: str, i: int, today: date, is_led: bool) -> Read | None:
    """The longest unit that begins at `i` of a lower-case text.

    `is_led` tells that a preposition stands before it: only then may and march are months by
    themselves, and 2025 a year.
    """
    readers = (read_day, _nth_week, _week_of, _week_month_year, _quarter, _month, _year, _decade)
    found = [read for reader in readers if (read := reader(text, i, today, is_led))]
    return max(found, key=lambda read: read[0], default=None)


def _part_of(unit: Unit, m: re.Match[str], today: date) -> Unit:
    part = m["part"] or m["side"]
    if part == "earlier" and unit.start and unit.start < today:
        return Unit(unit.start, today - timedelta(days=1), Grain.DAY, True)
    if part == "later" and unit.end and unit.end > today:
        return Unit(today + timedelta(days=1), unit.end, Grain.DAY, True)
    if part in ("rest", "remainder"):
        return Unit(today, unit.end, Grain.DAY, True)
    if part in ("end", "last day"):
        return last_day(unit)
    if m["part"] and unit.start:
        return Unit(unit.start, unit.start, Grain.DAY, unit.year_given)
    return unit


def _months(year: int, first: int, last: int, grain: Grain) -> Unit:
    return Unit(*month_span(year, first, last), grain, True)


def _nth_week(text: str, i: int, today: date, is_led: bool) -> Read | None:
    """the third week of May, the last week of 2027: a week is of the month that has its Thursday."""
    m = words_at(rf"(?:the )?{NTH_OR_LAST} week(?: of| in)?(?: the)?(?= )", text, i)
    if not m:
        return None
    readers = (_month, _year, _week_month_year)
    found = [read for reader in readers if (read := reader(text, m.end() + 1, today, True))]
    if not found or found[0][1].start is None:
        return None
    end, unit = found[0]
    first, n = found[0][1].start, nth_number(m["nth"])
    thursday: date | None = None
    if unit.grain is Grain.MONTH:
        thursday = nth_weekday(first.year, first.month, 3, n)
    elif unit.grain is Grain.YEAR:
        edge = nth_weekday(first.year, 1 if n > 0 else 12, 3, 1 if n > 0 else -1)
        thursday = edge + timedelta(weeks=n - 1) if edge and n > 0 else edge
    return (end, _week_around(thursday)) if thursday else None


def _week_of(text: str, i: int, today: date, is_led: bool) -> Read | None:
    """the week of September 16, the week after next."""
    if m := words_at(r"(?:the )?(week|month|year) after (?:the )?next(?: one)?", text, i):
        moved = today + unit_length(2, m[1])
        if m[1] == "week":
            return m.end(), _week_around(moved)
        month = moved.month if m[1] == "month" else None
        return m.end(), _months(
            moved.year, month or 1, month or 12, Grain.MONTH if month else Grain.YEAR
        )
    m = words_at(r"(?:the )?week of(?: the)?(?= )", text, i)
    read = read_date(text, m.end() + 1, today, True) if m else None
    return (read[0], _week_around(read[1].start)) if read and read[1].start else None


def _week_around(day: date) -> Unit:
    monday = day - timedelta(days=day.weekday())
    return Unit(monday, monday + timedelta(days=6), Grain.WEEK, True)


def _week_month_year(text: str, i: int, today: date, is_led: bool) -> Read | None:
    if m := words_at(r"(?:the )?(year|month)[ -]to[ -]date|(ytd|mtd)", text, i):
        month = 1 if (m[1] or m[2]).startswith("y") else today.month
        return read_as(m, Unit(date(today.year, month, 1), today, Grain.DAY, True))
    if m := words_at("(?:the )?(eoy|eom|year[- ]end|month[- ]end)", text, i):
        year = m[1] in ("eoy", "year-end", "year end")
        return read_as(
            m,
            last_day(
                _months(today.year, 1, 12, Grain.YEAR)
                if year
                else _months(today.year, today.month, today.month, Grain.MONTH)
            ),
        )
    m = words_at(
        rf"(?:{_PART}|the )?(?:{STEP} |same )?(?P<unit>weekend|week|month|quarter|year)(?! of| (?:19|20)\d\d)",
        text,
        i,
    )
    named = m and (m["step"] or m["part"] or m["side"] or m["unit"] == "weekend")
    if not m or not (named or re.match("(?:the|same) ", m[0])):
        return None
    step, unit = STEPS[m["step"] or "this"], m["unit"]
    if unit in ("week", "weekend"):
        first = today - timedelta(days=today.weekday() - 7 * step - (5 if unit == "weekend" else 0))
        days = 1 if unit == "weekend" else 6
        return read_as(
            m,
            _part_of(Unit(first, first + timedelta(days=days), Grain.WEEK, True), m, today),
        )
    moved = today + unit_length(step, unit)
    if unit == "year":
        return read_as(m, _part_of(_months(moved.year, 1, 12, Grain.YEAR), m, today))
    first_month = moved.month if unit == "month" else (moved.month - 1) // 3 * 3 + 1
    last_month = first_month + (0 if unit == "month" else 2)
    grain = Grain.MONTH if unit == "month" else Grain.QUARTER
    return read_as(m, _part_of(_months(moved.year, first_month, last_month, grain), m, today))


def _quarter(text: str, i: int, today: date, is_led: bool) -> Read | None:
    m = words_at(
        rf"(?:{_PART}|the |(?P<before>this|next|last) year's )?(?:q(?P<q>[1-4])|h(?P<h>[12])|{NTH_OR_LAST} (?P<unit>quarter|half))"
        rf"(?:,? (?:of (?:the year )?)?(?:{YEAR}|(?P<of>this|next|last) year|the year)|)",
        text,
        i,
    )
    if m:
        year = year_of(m, today) + STEPS[m["before"] or "this"]
        n = int(m["q"] or m["h"] or 0) or nth_number(m["nth"])
        is_half = bool(m["h"]) or m["unit"] == "half"
    elif m := words_at(rf"{YEAR}[- ]?q(?P<q>[1-4])", text, i):
        n = int(m["q"])
        return read_as(m, _months(int(m["year"]), 3 * n - 2, 3 * n, Grain.QUARTER))
    else:
        return None
    n = n if n > 0 else (2 if is_half else 4)
    if n > 4:
        return None
    if is_half:
        return (
            read_as(m, _part_of(_months(year, 6 * n - 5, min(6 * n, 12), Grain.HALF), m, today))
            if n <= 2
            else None
        )
    return read_as(m, _part_of(_months(year, 3 * n - 2, 3 * n, Grain.QUARTER), m, today))


def _month(text: str, i: int, today: date, is_led: bool) -> Read | None:
    if m := words_at(r"(1[0-2]|0?[1-9])/((?:19|20)\d\d)", text, i):
        return read_as(m, _months(int(m[2]), int(m[1]), int(m[1]), Grain.MONTH))
    lead = rf"(?:{_PART})?(?:{STEP} |(?P<first>(?:19|20)\d\d) )?"
    m = words_at(rf"{lead}(?P<month>{ANY_MONTH})\.?{OF_YEAR}", text, i)
    if not m:
        return None
    given = bool(m["year"] or m["of"] or m["step"] or m["first"])
    if m["month"] in ("may", "march", "mar", "sat", "dec", "jan") and not (
        given or is_led or m["part"]
    ):
        return None
    year, month = int(m["first"] or year_of(m, today)), month_number(m["month"])
    if m["step"]:
        step = STEPS[m["step"]]
        year += (step > 0 and month <= today.month) - (step < 0 and month >= today.month)
    unit = Unit(*month_span(year, month), Grain.MONTH, given)
    return read_as(m, _part_of(unit, m, today))


def _year(text: str, i: int, today: date, is_led: bool) -> Read | None:
    m = words_at(rf"(?:{_PART})?(?P<word>(?:the )?year )?{YEAR}(?![-/.]\d|[年%])", text, i)
    if not m or not (is_led or m["part"] or m["word"] or not text[:i].strip()):
        return None
    return read_as(m, _part_of(_months(int(m["year"]), 1, 12, Grain.YEAR), m, today))


def _decade(text: str, i: int, today: date, is_led: bool) -> Read | None:
    names = "twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties"
    if m := words_at(rf"(?:the )?({names})", text, i):
        tens = str(20 + 10 * names.split("|").index(m[1]))
    elif m := words_at(r"(?:the )?'?((?:19|20)?)(\d0)'?s", text, i):
        tens = m[1] + m[2]
    else:
        return None
    first = int(tens) if len(tens) == 4 else int(tens) + (1900 if int(tens) >= 30 else 2000)
    return m.end(), Unit(date(first, 1, 1), date(first + 9, 12, 31), Grain.LONG, True)
