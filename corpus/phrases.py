"""Reads the time expressions of a question, relative to a day, and says spans in Chinese."""

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from corpus.deadlines import DateContext, read_timings
from corpus.english_time import scan_english
from corpus.numerals import plain
from corpus.time_expressions import scan
from corpus.time_units import Expression, Form, Frame
from corpus.values import TimingKind

_DAY_OF_MONTH = re.compile(r"(?<![\d.])(?:(\d{4})年)?(\d{1,2})月(?:份)?(?:(\d{1,2})[日号])?(?!\d)")
_LEAP = 2024  # a year that has every day
_HEDGES = ("大约", "大概", "左右", "争取", "力争", "前后", "about", "around")


@dataclass(frozen=True, slots=True)
class Reading:
    """How one expression is read. Days are included; an open end is None; a deadline has no start.

    `kind` is None where nothing could be read; `rule` is an RRULE without its prefix.
    """

    text: str
    start_at: int
    end_at: int
    kind: TimingKind | None = None
    start: date | None = None
    end: date | None = None
    rule: str | None = None
    ambiguous: bool = False
    hedged: bool = False

    def to_json(self, id: str | int | None = None) -> dict[str, Any]:
        """The line that `duban dates --json` prints."""
        return {
            "id": id,
            "text": self.text,
            "kind": self.kind.value if self.kind else None,
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "rule": self.rule,
            "ambiguous": self.ambiguous,
            "hedged": self.hedged,
        }


@lru_cache(maxsize=256)  # each step of one answer asks for the same text
def read_spans(text: str, today: date) -> tuple[Reading, ...]:
    """The time expressions of a question, Chinese and English, in its order.

    `start_at` and `end_at` count the characters of `text`; 周 runs from Monday to Sunday.
    """
    flat, places = plain(text)
    both = scan(flat, Frame(today, today.year)) + scan_english(flat, today)
    both = [e for e in both if e.start or e.end or e.form in (Form.RULE, Form.AFTER_EVENT)]
    found: list[Expression] = []
    for e in sorted(both, key=lambda e: e.start_at - e.end_at):  # Q4 2023 before Q4
        if all(e.end_at <= other.start_at or e.start_at >= other.end_at for other in found):
            found.append(e)
    found.sort(key=lambda e: e.start_at)
    hedged = any(word in text for word in _HEDGES)
    return tuple(
        _reading(text, places[e.start_at], places[e.end_at - 1] + 1, e, hedged) for e in found
    )


def impossible_day(text: str) -> str | None:
    """The first day or month of a text that no calendar has, as printed: 13月45日, 2月30日."""
    for match in _DAY_OF_MONTH.finditer(plain(text)[0]):
        year, month, day = (int(n) if n else None for n in match.groups())
        assert month is not None
        if not 1 <= month <= 12:
            return match[0]
        if day is not None and not 1 <= day <= monthrange(year or _LEAP, month)[1]:
            return match[0]
    return None


def read_phrase(text: str, today: date) -> Reading:
    """`text` as one expression: the longest that is found in it; kind None if there is none.

    One without a day, 长期坚持 or 按上级部署, has its kind alone.
    """
    found = read_spans(text, today)
    if not found:
        cell = read_timings(text, DateContext(year=today.year, in_prose=False))
        lasting = [t.kind for t in cell if t.text == text and t.kind is not TimingKind.DEADLINE]
        return Reading(text, 0, len(text), lasting[0] if lasting else None)
    best = max(found, key=lambda reading: reading.end_at - reading.start_at)
    if all(_follows(text, one, other) for one, other in pairwise(found)):
        best = replace(found[0], end=found[-1].end)  # 9月10日、11日、12日 is three days
    return Reading(
        text, 0, len(text), best.kind, best.start, best.end, best.rule, best.ambiguous, best.hedged
    )


def _follows(text: str, one: Reading, other: Reading) -> bool:
    """Whether `other` is the day after the day `one`, and listed with it."""
    is_day = one.start is not None and one.start == one.end and other.start == other.end
    is_next = one.start is not None and other.start == one.start + timedelta(days=1)
    listed = text[one.end_at : other.start_at].strip() in ("、", "，", ",", "和", "及", "与")
    return is_day and is_next and listed


def _reading(text: str, a: int, b: int, e: Expression, hedged: bool) -> Reading:
    kinds = {
        Form.SPAN: TimingKind.PERIOD,
        Form.SINCE: TimingKind.PERIOD,
        Form.UNTIL: TimingKind.DEADLINE,
        Form.RULE: TimingKind.RECURRING,
        Form.AFTER_EVENT: TimingKind.AS_DIRECTED,
    }
    return Reading(text[a:b], a, b, kinds[e.form], e.start, e.end, e.rule, e.ambiguous, hedged)


def describe_span(start: date | None, end: date | None) -> str:
    """A span as a person says it: 2022年9月, 2022年第三季度, 2022年9月1日至20日, 2022年9月30日前."""
    if start is None or end is None:
        open_end = f"{_day(start)}起" if start else ""
        return open_end or (f"{_day(end)}前" if end else "时间不限")
    if start == end:
        return _day(start)
    if start.day == 1 and end.day == monthrange(end.year, end.month)[1]:
        return _whole_months(start, end)
    if start.year != end.year:
        return f"{_day(start)}至{_day(end)}"
    if start.month != end.month:
        return f"{_day(start)}至{end.month}月{end.day}日"
    return f"{_day(start)}至{end.day}日"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _whole_months(start: date, end: date) -> str:
    if start.year != end.year:
        if (start.month, end.month) == (1, 12):
            return f"{start.year}年至{end.year}年"
        return f"{start.year}年{start.month}月至{end.year}年{end.month}月"
    months = end.month - start.month + 1
    year = f"{start.year}年"
    if months == 1:
        return f"{year}{start.month}月"
    if months == 12:
        return year
    if months == 6 and start.month in (1, 7):
        return year + ("上半年" if start.month == 1 else "下半年")
    if months == 3 and start.month % 3 == 1:
        return f"{year}第{'一二三四'[start.month // 3]}季度"
    return f"{year}{start.month}月至{end.month}月"
