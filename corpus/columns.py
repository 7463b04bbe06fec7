"""What each column of a table is, from its head and, where the head leaves it open, its cells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from corpus.deadlines import DateContext, read_timings
from corpus.headers import Field, field_of, is_amount, is_sharer, plain, year_of
from corpus.numbering import read_cell_number
from corpus.quantities import is_measure_unit
from corpus.units import is_mark, looks_like_unit
from corpus.values import Role

_WORK = (Field.GROUP, Field.TASK, Field.MEASURE)
_UNITS = (Field.LEAD, Field.UNIT, Field.SUPPORT)
_NOT_TASKS = re.compile(r"姓名|职务|分值|得分|评分|扣分|金额|经费|预算|工作单位")
_TIME_WORDS = re.compile(r"年|月|日|底|前|季|长期|持续|日常|周")
_PROSE = 14  # characters; the cells of a column of words are longer by their median


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one table. Methods take the cells of a row, and answer "" for a blank."""

    heads: tuple[str, ...]
    fields: tuple[Field | None, ...]
    sections: tuple[int, ...]
    titles: tuple[int, ...]
    texts: tuple[int, ...]
    years: dict[int, int]  # column → the year that its head gives to its cells
    moments: dict[int, str]  # column → the words of its head that date its cells: 一季度
    marked: dict[int, str]  # column → the unit that its head names; its cells hold ● or ○

    @property
    def count(self) -> int:
        """How many columns there are."""
        return len(self.fields)

    def of(self, *fields: Field) -> list[int]:
        """The columns of these fields, left to right."""
        return [column for column, field in enumerate(self.fields) if field in fields]

    def has(self, *fields: Field) -> bool:
        """Whether there is a column of one of these fields."""
        return bool(self.of(*fields))

    def share(self, column: int) -> str:
        """The town whose share of an amount a column holds, "" where it is anything else."""
        return self.heads[column] if is_sharer(self.heads[column]) else ""

    def is_amount(self, column: int) -> bool:
        """Whether the bare numbers of a column tell how many are to be done: 数量, 合计."""
        return bool(self.share(column) or re.search("数量|[合总小]计", self.heads[column]))

    def number(self, cells: Sequence[str]) -> str | None:
        """The printed number of a row, in digits."""
        return next(filter(None, (read_cell_number(cells[c]) for c in self.of(Field.NO))), None)

    def section(self, cells: Sequence[str]) -> str:
        """The group that the row stands in."""
        return _words(cells, self.sections)

    def title(self, cells: Sequence[str]) -> str:
        """The short name of the task."""
        return _words(cells, self.titles)

    def text(self, cells: Sequence[str]) -> str:
        """The measure; several columns of words are parted by line breaks."""
        return _words(cells, self.texts)

    def time(self, cells: Sequence[str]) -> str:
        """The cells of time; a day that a line break parts, 9月 底前, is whole again."""
        words = _words(cells, self.of(Field.TIME, Field.REPORT_TIME))
        return re.sub(r"\s*\n\s*(?=[年月日号底末前至到—~-])", "", words)

    def units(self, cells: Sequence[str]) -> str:
        """The cells of units, as printed."""
        return _words(cells, [column for column, _ in self.unit_columns()])

    def unit_columns(self) -> list[tuple[int, Role | None]]:
        """The columns of units, with the role that a head gives to all of its cells."""
        roles = {Field.LEAD: Role.LEAD, Field.SUPPORT: Role.SUPPORT}
        columns = self.of(*_UNITS)
        if not columns or self.has(Field.REPORT):
            columns = self.of(Field.REPORT_UNIT) or columns
        return [(column, roles.get(self.fields[column] or Field.UNIT)) for column in columns]


def read_columns(
    heads: Sequence[str], body: Sequence[Sequence[str]], from_year: int | None = None
) -> Columns | None:
    """The columns under `heads`, None where they hold no tasks: members, scores, money.

    `body` holds the cells of each row, a merged cell at its first place only. Columns of a year
    before `from_year` tell what was reached before the plan.
    """
    fields = [_field(head) for head in heads]
    years = {c: y for c, head in enumerate(heads) if (y := year_of(head)) is not None}
    for column, year in list(years.items()):
        if fields[column] not in (Field.TARGET, Field.MEASURE, Field.TASK, Field.PROGRESS):
            del years[column]
        elif from_year is not None and year < from_year:
            fields[column] = Field.ASIDE
            del years[column]
    moments = {c: _lowest(heads[c]) for c, field in enumerate(fields) if field is Field.MOMENT}
    marked = _marked(heads, body)
    _settle(fields, heads, body)
    for column in marked:
        fields[column] = Field.MARK
    work = [c for c, field in enumerate(fields) if field in _WORK]
    bound = any(f in (*_UNITS, Field.TIME, Field.REPORT_UNIT, Field.MARK) for f in fields)
    bound = bound or bool(moments)
    if not bound and (Field.NO not in fields or any(_NOT_TASKS.search(plain(h)) for h in heads)):
        return None
    substance = {Field.INDICATOR, Field.DUTY, Field.REPORT}.intersection(f for f in fields if f)
    if not work and not substance:
        return None
    numbers = [c for c, field in enumerate(fields) if field is Field.NO]
    rows = [row for row in body if any(read_cell_number(row[c]) for c in numbers)] or body
    sections, titles, texts = _divide(fields, work, rows)
    if titles and set(texts) <= set(
        moments
    ):  # the steps of a project tell nothing without its name
        titles, texts = (), titles + texts
    return Columns(tuple(heads), tuple(fields), sections, titles, texts, years, moments, marked)


def _lowest(head: str) -> str:
    """The nearer of two heads joined by “·”, with the year that the upper one names."""
    upper, _, lower = head.rpartition("·")
    year = year_of(upper)
    return f"{year}年{lower.strip()}" if year and not year_of(lower) else lower.strip()


def _marked(heads: Sequence[str], body: Sequence[Sequence[str]]) -> dict[int, str]:
    """The columns that are headed by a unit and hold nothing but signs."""
    marked = {}
    for column, head in enumerate(heads):
        cells = [row[column] for row in body if row[column]]
        if cells and looks_like_unit(_lowest(head)) and all(map(is_mark, cells)):
            marked[column] = plain(_lowest(head))
    return marked if len(marked) > 1 else {}


def _words(cells: Sequence[str], columns: Sequence[int]) -> str:
    return "\n".join(dict.fromkeys(cells[column] for column in columns if cells[column]))


def _field(head: str) -> Field | None:
    """The field of a head of one row, or of several joined by “·”: the lowest is nearest."""
    parts = head.split("·")
    return next(filter(None, map(field_of, [parts[-1], head, *reversed(parts[:-1])])), None)


def _settle(
    fields: list[Field | None], heads: Sequence[str], body: Sequence[Sequence[str]]
) -> None:
    """Decide the fields that depend on their neighbours or on what the cells hold."""
    for column, field in enumerate(fields):
        if field is Field.MOMENT:
            cells = [row[column] for row in body if row[column]]
            ticks = all(map(is_mark, cells))
            values = Field.INDICATOR in fields and sum(
                c[-1:] in "%‰" or c.isdecimal() for c in cells
            )
            fields[column] = Field.ASIDE if ticks else Field.TARGET if values else Field.MEASURE
    is_indicators = Field.INDICATOR in fields and (Field.TARGET in fields or Field.KIND in fields)
    for column, field in enumerate(fields):
        cells = [row[column] for row in body if row[column]]
        length = median(map(len, cells)) if cells else 0
        units = sum(_names_units(cell) for cell in cells) * 2 > len(cells)
        if field is Field.PROGRESS:
            timed = sum(bool(_TIME_WORDS.search(cell)) for cell in cells) * 2 > len(cells)
            prose = length > _PROSE or not timed or Field.TIME in fields
            fields[column] = Field.MEASURE if prose else Field.TIME
        elif field is Field.INDICATOR and not is_indicators:
            fields[column] = Field.TASK if Field.MEASURE in fields else Field.MEASURE
        elif field is Field.TARGET and not is_indicators and length > _PROSE:
            fields[column] = Field.MEASURE
        elif field is Field.UNIT and plain(heads[column]) == "单位" and not units:
            if is_indicators or (cells and all(map(is_measure_unit, cells))):
                fields[column] = Field.MEASURE_UNIT
        elif field is Field.DUTY and (
            units or not set(fields) & {*_UNITS} or set(fields[column:]) & {*_WORK}
        ):  # beside the tasks of the year the standing duties of a unit are words like others
            fields[column] = Field.UNIT if units else Field.MEASURE
        elif field is None and cells and all(map(is_amount, cells)):
            if is_sharer(heads[column]):
                fields[column] = Field.TARGET
        elif field is None and cells and Field.TIME not in fields and _are_timed(cells):
            fields[column] = Field.TIME
        elif field is None and cells and units and not set(fields) & {*_UNITS, Field.REPORT_UNIT}:
            fields[column] = Field.UNIT


def _are_timed(cells: Sequence[str]) -> bool:
    """Whether most cells of a column say when, whatever its head calls them: 推进计划."""
    cell_of_time = DateContext(2000, in_prose=False)
    first = cells[:30]
    return 2 * sum(bool(read_timings(cell, cell_of_time)) for cell in first) > len(first)


def _names_units(cell: str) -> bool:
    return looks_like_unit(re.split(r"[、，,；;\s]", cell.strip())[0])


def _divide(
    fields: Sequence[Field | None], work: Sequence[int], body: Sequence[Sequence[str]]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Which columns of words are sections, titles and the measure itself.

    The measure is the column that says most: those headed 措施 and the like, else the last. To
    its left stand a title, and before that a section; what spans several rows is a section.
    """
    if Field.INDICATOR in fields and (Field.TARGET in fields or Field.KIND in fields):
        names = [c for c, field in enumerate(fields) if field is Field.INDICATOR]
        return tuple(c for c in work if c < names[-1]) + tuple(names[:-1]), (), (names[-1],)
    for field in (Field.DUTY, Field.REPORT):
        if field in fields and not any(fields[c] is Field.MEASURE for c in work):
            return tuple(work), (), (fields.index(field),)
    texts = [c for c in work if fields[c] is Field.MEASURE] or list(work[-1:])
    left = [c for c in work if c < texts[0]]
    if len(texts) > 1 and not left and (_groups(texts[0], body) or _is_short(texts, body)):
        left, texts = texts[:1], texts[1:]
    texts += [c for c in work if c > texts[0] and c not in texts]
    if len(left) == 1:
        is_section = fields[left[0]] is Field.GROUP or _groups(left[0], body)
        return (
            (tuple(left), (), tuple(sorted(texts)))
            if is_section
            else ((), tuple(left), tuple(sorted(texts)))
        )
    return tuple(left[:1]), tuple(left[-1:]) if left else (), tuple(sorted(texts))


def _groups(column: int, body: Sequence[Sequence[str]]) -> bool:
    """Whether a column's cells span several rows: blank below the first, or printed again."""
    rows = [row for row in body if sum(bool(cell) for cell in row) >= 2]
    blank = any(not row[column] for row in rows)
    return blank or any(up[column] == down[column] for up, down in pairwise(rows))


def _is_short(texts: Sequence[int], body: Sequence[Sequence[str]]) -> bool:
    lengths = [median([len(row[c]) for row in body] or [0]) for c in texts[:2]]
    return lengths[0] <= 25 and lengths[0] * 1.5 < lengths[1]
