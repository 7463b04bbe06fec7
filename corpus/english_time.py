"""Finds the time expressions of an English question, in the same form as the Chinese ones."""

import re
from dataclasses import replace
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from corpus.english_days import ANY_MONTH, DAYS, WEEKDAY, read_day, weekday
from corpus.english_units import read_unit
from corpus.english_words import COUNT, DAY, LENGTH, MEASURE, number, read_length
from corpus.time_units import Expression, Form, Grain, Unit, safe_date

_EACH = {
    "daily": "DAILY", "weekly": "WEEKLY", "monthly": "MONTHLY", "yearly": "YEARLY", "annually": "YEARLY",
    "annual": "YEARLY", "quarterly": "MONTHLY;INTERVAL=3", "biweekly": "WEEKLY;INTERVAL=2",
    "fortnightly": "WEEKLY;INTERVAL=2", "bimonthly": "MONTHLY;INTERVAL=2", "semiannually": "MONTHLY;INTERVAL=6",
}  # fmt: skip
_FREQUENCIES = {
    "day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "quarter": "MONTHLY;INTERVAL=3", "year": "YEARLY",
}  # fmt: skip


def scan_english(text: str, today: date) -> list[Expression]:
    """All English time expressions, left to right; places count the characters of `text`."""
    found: list[Expression] = []
    low = text.lower()
    i = 0
    while i < len(low):
        expression = None
        if not (i and low[i - 1].isalnum()) and low[i].isascii() and low[i].isalnum():
            expression = _read(low, i, today)
        if expression:
            found.append(expression)
            i = expression.end_at
        else:
            i += 1
    return found


def _read(text: str, i: int, today: date) -> Expression | None:
    candidates = [
        _repeated(text, i),
        _window(text, i, today),
        _bounded(text, i, today),
        _two_days(text, i, today),
    ]
    return max((c for c in candidates if c), key=lambda c: c.end_at, default=None)


def _at(pattern: str, text: str, i: int) -> re.Match[str] | None:
    return re.compile(pattern + r"(?![a-z0-9])").match(text, i)


def _repeated(text: str, i: int) -> Expression | None:
    """every Monday, each month, every two weeks, quarterly, on weekdays."""
    rule = None
    if m := _at(rf"(?:{'|'.join(_EACH)})", text, i):
        rule = _EACH[m[0]]
    elif m := _at(
        r"(?:once|one time) (?:a|an|every|each|per) (day|week|month|quarter|year)", text, i
    ):
        rule = _FREQUENCIES[m[1]]
    elif m := _at(
        r"(?:every|each) (?:morning|afternoon|evening|night)|(?:on )?(?:mornings|evenings|nights)",
        text,
        i,
    ):
        rule = "DAILY"
    elif m := _at(r"(?:on |every )?weekdays?|every (?:working|business) day", text, i):
        rule = "WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    elif m := _at(r"(?:on )?weekends|every weekend", text, i):
        rule = "WEEKLY;BYDAY=SA,SU"
    elif m := _at(
        rf"(?:(?:every|each) |(?:on )?(?=\w+days))({WEEKDAY}s?(?:(?:,| and|, and) {WEEKDAY}s?)*)",
        text,
        i,
    ):
        days = sorted({weekday(name) for name in re.findall(WEEKDAY, m[1])})
        rule = f"WEEKLY;BYDAY={','.join(DAYS[day] for day in days)}"
    elif m := _at(
        r"(?:every|monthly on the|each month on the) (\d{1,2})(?:st|nd|rd|th)(?: (?:day )?of (?:the|each|every) month)?",
        text,
        i,
    ):
        rule = f"MONTHLY;BYMONTHDAY={m[1]}"
    elif (m := _at("(?:every|each)", text, i)) and (read := _month_of_year(text, m.end())):
        return Expression(i, read[0], Form.RULE, rule=f"FREQ={read[1]}")
    elif m := _at(rf"(?:every|each)(?: (other|{COUNT}))? {MEASURE}s?", text, i):
        n = 2 if m[1] == "other" else (number(m["n"]) if m["n"] else 1)
        base, _, step = _FREQUENCIES.get(m["measure"], "").partition(";INTERVAL=")
        total = (n or 1) * int(step or 1)
        rule = base and base + (f";INTERVAL={total}" if total > 1 else "")
    if not m or not rule:
        return None
    end = m.end()
    if rule == "YEARLY" and (read := _month_of_year(text, end)):
        end, rule = read
    return Expression(i, end, Form.RULE, rule=f"FREQ={rule}")


def _month_of_year(text: str, i: int) -> tuple[int, str] | None:
    """every year in June, every year on March 15."""
    lead = re.compile(r" (?:(?:in|on) )?").match(text, i)
    read = read_unit(text, lead.end(), date(2000, 1, 1), True) if lead else None
    if not read or read[1].start is None or read[1].year_given:
        return None
    start, grain = read[1].start, read[1].grain
    if grain not in (Grain.MONTH, Grain.DAY):
        return None
    day = f";BYMONTHDAY={start.day}" if grain is Grain.DAY else ""
    return read[0], f"YEARLY;BYMONTH={start.month}{day}"


def _window(text: str, i: int, today: date) -> Expression | None:
    """in the last 30 days, next two weeks, 3 days ago, in a month: counted from today."""
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    head = r"(?:(?:in|within|over|during|for) )?(?:the )?"
    if m := _at(rf"{head}(?:last|past|previous|recent) {LENGTH}", text, i):
        return Expression(i, m.end(), Form.SPAN, today - read_length(m["length"]), yesterday)
    if m := _at(rf"{head}(?:next|coming|upcoming|following) {LENGTH}", text, i):
        return Expression(i, m.end(), Form.SPAN, tomorrow, today + read_length(m["length"]))
    if m := _at(rf"within {LENGTH}", text, i):
        return Expression(i, m.end(), Form.SPAN, today, today + read_length(m["length"]))
    if m := _at(rf"{LENGTH} (?:ago|earlier|before today)", text, i):
        day = today - read_length(m["length"])
        return Expression(i, m.end(), Form.SPAN, day, day)
    if m := _at(rf"{LENGTH} (?P<way>after|from|before)(?= )", text, i):
        read = read_day(text, m.end() + 1, today, True)
        if read and read[1].start:
            by = read_length(m["length"])
            day = read[1].start - by if m["way"] == "before" else read[1].start + by
            return Expression(i, read[0], Form.SPAN, day, day)
    if m := _at(rf"{LENGTH} (?:from (?:now|today)|later|hence)", text, i) or _at(
        rf"in {LENGTH}(?:' time)?", text, i
    ):
        day = today + read_length(m["length"])
        return Expression(i, m.end(), Form.SPAN, day, day)
    return None


_TO = "(?: to | until | till | through | ?[-–—~] ?)"


def _two_days(text: str, i: int, today: date) -> Expression | None:
    """from 4 to 22 January, May between 3 and 9, next week from Tuesday to Thursday."""
    between = f"(?:{_TO}| and )"
    if m := _at(
        rf"(?:(?P<between>between )|from )?(?P<a>{DAY})(?P<to>{between})(?P<b>{DAY})(?: of| in)?(?= )",
        text,
        i,
    ):
        if m["to"] == " and " and not m["between"]:
            return None
        read = read_unit(text, m.end() + 1, today, True)
        if not read:
            return None
        end, unit = read
    else:
        unit_read = read_unit(text, i, today, True)
        if not unit_read:
            return None
        unit = unit_read[1]
        days = rf"(?P<a>{DAY}|{WEEKDAY}){between}(?P<b>{DAY}|{WEEKDAY})"
        m = _at(rf" (?:between|from) {days}", text, unit_read[0])
        if not m:
            return None
        year = re.compile(r",? ((?:19|20)\d\d)").match(text, m.end())
        end = year.end() if year else m.end()
        if year and unit.start:
            unit = replace(unit, start=unit.start + relativedelta(year=int(year[1])))
    first, last = (_day_within(unit, m[name]) for name in "ab")
    if first is None or last is None or first > last:
        return None
    return Expression(i, end, Form.SPAN, first, last, year_given=unit.year_given)


def _day_within(unit: Unit, words: str) -> date | None:
    """The 4 of a month, the Tuesday of a week."""
    if unit.start is None:
        return None
    if unit.grain is Grain.MONTH and (n := number(words)):
        return safe_date(unit.start.year, unit.start.month, n)
    if unit.grain is Grain.WEEK and not number(words):
        return unit.start + timedelta(days=weekday(words))
    return None


def _bounded(text: str, i: int, today: date) -> Expression | None:
    """by the end of 2025, before July, since 2020, from … to …, between … and …"""
    opening = _at(
        r"(?P<by>(?:no later than|by|until|till|up to|as of))|(?P<before>(?:before|prior to|earlier than))|(?P<since>(?:since|as early as|starting(?: from| in| on)?|as from))"
        r"|(?P<after>(?:after|(?:year )?(?:later|greater) than))|(?P<from>(?:from|between))|(?:in|on|during|at|for)",
        text,
        i,
    )
    start_at = opening.end() + 1 if opening else i
    read = read_unit(text, start_at, today, bool(opening))
    if not read and opening and opening[0] in ("on", "for", "by", "before"):
        read = _day_alone(text, start_at, today)
    if not read:
        return None
    end, unit = read
    if unit.start is None or unit.end is None:
        return None
    how = opening.lastgroup if opening else None
    joined = _joined(text, end, today, unit, how == "from" and text.startswith("between", i))
    base = Expression(
        i, end, Form.SPAN, unit.start, unit.end, unit.grain, year_given=unit.year_given
    )
    if joined:
        return replace(base, end_at=joined[0], end=joined[1])
    soft = unit.grain not in (Grain.DAY, Grain.END)
    if how == "by":
        return replace(base, form=Form.UNTIL, start=None, ambiguous=soft)
    if how == "before":
        return replace(
            base, form=Form.UNTIL, start=None, end=unit.start - timedelta(days=1), ambiguous=soft
        )
    if how == "since" or (how == "from" and text.startswith("from", i)):
        tail = _at(r" (?:on(?:wards?)?|until now|to now|to date|up to now)", text, end)
        return replace(base, end_at=tail.end() if tail else end, form=Form.SINCE, end=None)
    if how == "after":
        return replace(base, form=Form.SINCE, start=unit.end + timedelta(days=1), end=None)
    if m := _at(r" (?:(?:or|and) (?:later|after(?! \w)|onwards?|greater)|onwards?)", text, end):
        return replace(base, end_at=m.end(), form=Form.SINCE, end=None)
    return base


def _day_alone(text: str, i: int, today: date) -> tuple[int, Unit] | None:
    """on the 15, where nothing follows that the number could count."""
    m = re.compile(rf"(?:the )?({DAY})(?= ?[.,!?;]| ?$)").match(text, i)
    day = safe_date(today.year, today.month, number(m[1])) if m else None
    return (m.end(), Unit(day, day, Grain.DAY, True)) if m and day else None


def _joined(
    text: str, i: int, today: date, left: Unit, is_between: bool
) -> tuple[int, date] | None:
    """The right end of a range, in the left one's year unless it names its own."""
    signs = rf"(?: and |{_TO})" if is_between else rf"(?: thru |{_TO})"
    m = re.compile(signs).match(text, i)
    if not m or left.start is None:
        return None
    day = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?(?![\d/.a-z-]| ?{ANY_MONTH})").match(
        text, m.end()
    )
    if day and left.grain is Grain.DAY and left.start.day < int(day[1]) <= 31:
        year = re.compile(r",? ((?:19|20)\d\d)").match(text, day.end())
        return (year.end() if year else day.end()), left.start + relativedelta(day=int(day[1]))
    read = read_unit(text, m.end(), today + relativedelta(year=left.start.year), True)
    if not read:
        return None
    end, right = read
    if right.end is None:
        return None
    if right.end < left.start and not right.year_given:
        return end, right.end + relativedelta(years=1)
    return (end, right.end) if right.end >= left.start else None
