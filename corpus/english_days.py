"""Reads one day in English: June 30, next Friday, the first Monday of June, 2026-06-30."""

import re
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from corpus.english_words import DAY, ORDINAL, number
from corpus.festivals import nth_weekday
from corpus.time_units import Grain, Read, Unit, safe_date

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_MONTHS = (
    "january february march april may june july august september october november december"
).split()
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
STEPS = {
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
STEP = rf"(?P<step>{'|'.join(STEPS)})"
YEAR = r"(?P<year>(?:19|20)\d\d)"
OF_YEAR = rf"(?: ?,? (?:of |in )?(?:{YEAR}|(?P<of>this|next|last) year))?"
_DAY = rf"(?P<day>{DAY})"
NTH_OR_LAST = rf"(?P<nth>{ORDINAL}|last)"


def weekday(name: str) -> int:
    """Monday = 0, from a name or its first three letters."""
    return next(i for i, full in enumerate(_WEEKDAYS) if full.startswith(name[:3]))


def read_day(text: str, i: int, today: date, is_led: bool) -> Read | None:
    """The longest day that begins at `i`; `is_led` as of `corpus.english_units.read_unit`."""
    readers = (_figures, _relative, read_date, _weekday, _nth, _holiday)
    days = [read for reader in readers if (read := reader(text, i, today, is_led))]
    return max(days, key=lambda read: read[0], default=None)


def words_at(pattern: str, text: str, i: int) -> re.Match[str] | None:
    """`pattern` at `i`, ended by the end of a word."""
    return re.compile(pattern + r"(?![a-z0-9])").match(text, i)


def _on(day: date | None, given: bool = True) -> Unit | None:
    return Unit(day, day, Grain.DAY, given) if day else None


def read_as(m: re.Match[str], unit: Unit | None) -> Read | None:
    """The unit that the matched words mean, if they mean one."""
    return (m.end(), unit) if unit else None


def year_of(m: re.Match[str], today: date) -> int:
    """The year of OF_YEAR, this one where none is named."""
    if m["year"]:
        return int(m["year"])
    return today.year + STEPS.get(m["of"] or "this", 0)


def month_number(name: str) -> int:
    """January = 1, from a name or its first three letters."""
    return next(i for i, month in enumerate(_MONTHS, 1) if month.startswith(name[:3]))


def _figures(text: str, i: int, today: date, is_led: bool) -> Read | None:
    """2026-03-15, 03/15/2026; 3/15 anywhere, 3-15 and 3.15 after a preposition."""
    if m := words_at(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", text, i):
        return read_as(m, _on(safe_date(int(m[1]), int(m[2]), int(m[3]))))
    if m := words_at(r"(\d{1,2})[-/](\d{1,2})(?:[-/]|, ?)(\d{4})", text, i):
        a, b, year = int(m[1]), int(m[2]), int(m[3])
        return read_as(m, _on(safe_date(year, a, b) or safe_date(year, b, a)))
    m = words_at(r"(\d{1,2})([-/.])(\d{1,2})(?![-/.%]\d| ?%|[^\W\d_]| (?:of|the)\b)", text, i)
    if m and (is_led or m[2] == "/") and not re.search(r"[\w.]$", text[:i]):  # no part, no ratio
        a, b, year = int(m[1]), int(m[3]), today.year
        return read_as(m, _on(safe_date(year, a, b) or safe_date(year, b, a), False))
    return None


def _relative(text: str, i: int, today: date, is_led: bool) -> Read | None:
    words = {
        "day after tomorrow": 2, "day before yesterday": -2, "today": 0, "tonight": 0, "now": 0,
        "tomorrow": 1, "yesterday": -1, "next day": 1, "last day": -1, "past day": -1,
        "previous day": -1, "this day": 0,
    }  # fmt: skip
    m = words_at(rf"(?:the )?({'|'.join(words)})(?! of)", text, i)
    if m:
        return read_as(m, _on(today + timedelta(days=words[m[1]])))
    if m := words_at(rf"(?:the )?{_DAY} (?:of|in) {STEP} month", text, i):
        month = today + relativedelta(months=STEPS[m["step"]])
        return read_as(m, _on(safe_date(month.year, month.month, number(m["day"]))))
    m = words_at(
        rf"(?P<name>{WEEKDAY},? )?the (?P<day>{ORDINAL})(?! (?:of|quarter|half|century|week|{WEEKDAY}))",
        text,
        i,
    )
    if m and (m["name"] or m["day"][0].isdigit()):  # the 27th is of this month
        return read_as(m, _on(safe_date(today.year, today.month, number(m["day"]))))
    return None


def read_date(text: str, i: int, today: date, is_led: bool) -> Read | None:
    lead = rf"(?:{WEEKDAY},? )?(?:the )?"
    m = words_at(
        rf"{lead}(?P<month>{ANY_MONTH})\.?[ /-](?:the )?{_DAY}{OF_YEAR}", text, i
    ) or words_at(rf"{lead}{_DAY}\.?(?: of|-)? ?(?P<month>{ANY_MONTH})\.?-?{OF_YEAR}", text, i)
    if not m:
        return None
    if m["month"] in ("may", "march") and m["day"] in ("first", "second") and not is_led:
        return None  # it may first be done
    day = safe_date(year_of(m, today), month_number(m["month"]), number(m["day"]))
    return read_as(m, _on(day, bool(m["year"] or m["of"])))


def _weekday(text: str, i: int, today: date, is_led: bool) -> Read | None:
    m = words_at(
        rf"(?:{STEP} (?P<week>week,? (?:on )?)?)?(?P<name>{WEEKDAY})(?: (?P<after>this|next|last) week)?",
        text,
        i,
    )
    if not m or (len(m["name"]) < 5 and not (m["step"] or is_led)):
        return None
    step = STEPS[m["step"] or m["after"] or "this"]
    monday = today - timedelta(days=today.weekday())
    return read_as(m, _on(monday + timedelta(days=7 * step + weekday(m["name"]))))


def _nth(text: str, i: int, today: date, is_led: bool) -> Read | None:
    """the first Monday of June, the last Friday of this month; second Sunday is of this month."""
    m = words_at(
        rf"(?:the )?{NTH_OR_LAST} (?P<name>{WEEKDAY})(?: (?:of|in) (?:(?P<month>{ANY_MONTH})\.?{OF_YEAR}|{STEP} month))?",
        text,
        i,
    )
    if not m or not (m["month"] or m["step"] or m["nth"] != "last"):
        return None
    moved = today + relativedelta(months=STEPS[m["step"] or "this"])
    year, month = year_of(m, today), month_number(m["month"]) if m["month"] else moved.month
    year = year if m["month"] else moved.year
    return read_as(m, _on(nth_weekday(year, month, weekday(m["name"]), nth_number(m["nth"]))))


def nth_number(words: str) -> int:
    """What NTH_OR_LAST matched, -1 for last."""
    return -1 if words == "last" else number(words)


def _holiday(text: str, i: int, today: date, is_led: bool) -> Read | None:
    names = "|".join(map(re.escape, sorted(_HOLIDAYS, key=len, reverse=True)))
    m = words_at(rf"(?P<name>{names}){OF_YEAR}", text, i)
    return (
        read_as(m, _on(date(year_of(m, today), *_HOLIDAYS[m["name"]]), bool(m["year"])))
        if m
        else None
    )
