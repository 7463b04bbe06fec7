"""Reads the rows of a table of tasks, and remembers what carries down from row to row."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from corpus.columns import Columns
from corpus.deadlines import DateContext, read_timings
from corpus.document import Row, Table
from corpus.headers import Field
from corpus.indicators import read_indicator_cell, read_targets
from corpus.numbering import read_cell_number, read_numbered
from corpus.units import are_units, is_mark, name_units, read_units, settle
from corpus.values import IndicatorKind, ResponsibilityValue, Role, TaskRow, TimingKind, TimingValue

UNIT_FIELDS = (Field.UNIT, Field.LEAD, Field.SUPPORT)
_NOTE_ROW = re.compile(r"(备\s*注|注|说\s*明|填表说明|注释)\s*[:：]")
_ENDED = re.compile(r"[。；！？;.]\s*[”）)]?$")
_LEADING = set("●▲★◆■◎")  # the stronger of two signs, where no note explains them
# In a column of units and people a name stands behind its unit: 市公路中心（张伟）
_PERSON = re.compile(
    r"[（(][\u3400-\u9fff]{2,3}[）)]|(?<=\S)[ \u3000\n][\u3400-\u9fff]{2,3}(?=$|[、，；\n])"
)
_KINDS = {"约束": IndicatorKind.BINDING, "预期": IndicatorKind.ANTICIPATORY}
_LABEL = re.compile(r"^[^：:]{2,6}(单位|部门)\s*[:：]\s*")
_STROKE = re.compile(r"[/／\\\-—－–]{1,3}")


class TableKind(StrEnum):
    """What the rows of a table are; the value is the part that its tasks get."""

    TASKS = "main"
    INDICATORS = "indicator"
    DUTIES = "duty"
    REPORTS = "report"


@dataclass(slots=True)
class TaskTable:
    """One table as read; the times and targets inside the words of its rows are still unread."""

    kind: TableKind
    caption: str
    in_annex: bool
    is_bound: bool  # it names units or times
    rows: list[TaskRow] = field(default_factory=list)


class RowReader:
    """Reads the body of one table."""

    def __init__(
        self, columns: Columns, mark: str | None, table: TaskTable, dates: DateContext
    ) -> None:
        self.columns, self.mark, self.table = columns, mark, table
        self.dates = replace(dates, in_prose=False)
        self.section: str | None = None
        self.owner = ""  # the unit that a row of its own lays the rows below on
        self.above = [""] * columns.count
        self.is_numbered = False
        self.texts_end = False

    def read(self, table: Table, start: int) -> None:
        """Add the rows of `table` from row `start` on."""
        columns, bodies = self.columns, bodies_of(table, start)
        numbered = [cells for cells in bodies if columns.number(cells)]
        texts = [text for cells in bodies if (text := columns.text(cells))]
        self.is_numbered = len(numbered) * 2 >= len(bodies)
        self.texts_end = sum(bool(_ENDED.search(t)) for t in texts) >= 0.7 * len(texts)
        heads = [cell.text.strip() for cell in table.rows[start - 1].cells] if start else []
        knows_merges = [
            any(row.cells[c].origin not in (None, (n, c)) for n, row in enumerate(table.rows))
            for c in range(columns.count)
        ]
        for cells, row in zip(bodies, table.rows[start:], strict=True):
            shown = [cell.text.strip() for cell in row.cells]
            words = list(dict.fromkeys(filter(None, shown)))
            if not words or _NOTE_ROW.match(words[0]) or shown == heads:
                continue
            if section := self._section(cells, words):
                self.above = [""] * columns.count
                if not columns.has(*UNIT_FIELDS, Field.MARK) and are_units(_LABEL.sub("", section)):
                    self.owner = section
                else:
                    self.section = section
                continue
            # where the format shows merged cells, a cell left blank is meant to be blank, and
            # beside one column of units, or of days, that is filled so is another
            alike = [c for c, _ in columns.unit_columns()], columns.of(Field.TIME)
            kept = [c for group in alike if any(shown[c] for c in group) for c in group]
            kept += columns.marked
            carried = [
                shown[c] or ("" if knows_merges[c] or c in kept else self.above[c])
                for c in range(columns.count)
            ]
            self.above = [_filled(cell) for cell in carried]
            self._row([_filled(cell) for cell in cells], self.above, row)

    def _section(self, cells: Sequence[str], words: Sequence[str]) -> str | None:
        """The name of a group of rows, where a row holds nothing else."""
        if len(words) == 1 and cells[0] == words[0] and not read_cell_number(words[0]):
            if self.columns.count > 2 and len(words[0]) <= 40 and not _ENDED.search(words[0]):
                numbered = read_numbered(words[0])
                return numbered.rest if numbered else words[0]
        elif len(words) == 2 and re.fullmatch(r"[（(]?[一二三四五六七八九十]+[）)、]?", words[0]):
            return words[1]
        return None

    def _row(self, cells: Sequence[str], carried: Sequence[str], row: Row) -> None:
        columns, rows, part = self.columns, self.table.rows, str(self.table.kind)
        no, text = columns.number(cells), columns.text(cells)
        if no is None and self.is_numbered and rows:
            is_cut = self.texts_end and not _ENDED.search(rows[-1].text)
            if not columns.title(cells) and not columns.time(cells) and (is_cut or not text):
                self._extend(rows[-1], text, columns.units(cells), row)
                return
            no = rows[-1].no
            part = "continuation" if self.table.kind is TableKind.TASKS else part
        if no is None and (numbered := read_numbered(text)) and not columns.has(Field.NO):
            no, text = numbered.no, numbered.rest
        text, title = text or columns.text(carried), columns.title(carried)
        section = columns.section(carried)
        if self.section:  # a row that names a group stands above the column that does
            section, title = self.section, title or section
        if not text:
            text, title = title, ""
        if not text:
            return
        task = TaskRow(part, no, section or None, title or None, text)
        if self.table.kind is not TableKind.TASKS and not task.section:
            task.section = self.table.caption or None
        task.place = row.place
        task.unit_text, task.timing_text = columns.units(carried), columns.time(carried)
        task.responsibilities = self._responsibilities(carried)
        if self.table.kind is TableKind.DUTIES:
            task.title = task.unit_text
        if self.owner:
            task.unit_text, task.responsibilities = self.owner, read_units(self.owner)
        self._date(task, cells, carried, row)
        rows.append(task)

    def _extend(self, last: TaskRow, text: str, units: str, row: Row) -> None:
        """A row cut at the border of a page: the rest belongs to the row above."""
        last.text += text
        last.unit_text += units
        if units:
            last.responsibilities = read_units(last.unit_text, self.mark)
        last.place = replace(last.place, line_end=row.place.line_end)

    def _responsibilities(self, cells: Sequence[str]) -> list[ResponsibilityValue]:
        named: dict[str, Role | None] = {}
        signs = {cells[c] for c in self.columns.marked if cells[c]}
        for column, unit in self.columns.marked.items():
            if sign := cells[column]:
                leads = sign == self.mark or (
                    self.mark is None and sign in _LEADING and len(signs) > 1
                )
                named[unit] = Role.LEAD if leads else None
        for column, role in self.columns.unit_columns():
            people = "责任人" in self.columns.heads[column]
            cell = _PERSON.sub("", cells[column]) if people else cells[column]
            for unit, own in name_units(cell, self.mark, role):
                named.setdefault(unit, own)
        return settle(list(named.items()))

    def _date(self, task: TaskRow, cells: Sequence[str], carried: Sequence[str], row: Row) -> None:
        """The kind of an indicator, its targets, and the years that heads give to their cells."""
        columns = self.columns
        name = task.text
        if self.table.kind is not TableKind.INDICATORS:
            name = task.title or task.text.partition("\n")[0]
        measure_unit = "".join(carried[c] for c in columns.of(Field.MEASURE_UNIT))
        for column in columns.of(Field.KIND):
            task.indicator_kind = _KINDS.get(carried[column][:2])
        for column in columns.of(Field.TARGET):
            value = cells[column]
            if self.table.kind is TableKind.INDICATORS or re.match(r"[\[≥≤><＞＜\d]", value):
                of_one = f"{columns.share(column)}{name}"
                found = read_indicator_cell(of_one, value, measure_unit)
                of_task = self.table.kind is TableKind.TASKS and not value.rstrip().endswith("%")
                bare = (columns.is_amount(column) or of_task) and value[:1].isdecimal()
                task.targets += [replace(t, op="=") for t in found] if bare else found
            else:
                task.targets += read_targets(value)
        for column, head in columns.moments.items():
            if cells[column] and not self._goes_on(column, cells):
                last = columns.moments[self._last_moment(column, cells, row)]
                about = name if is_mark(cells[column]) else f"{name}：{cells[column]}"
                task.timings += self._between(head, last, about)
        # a day of its own is nearer to a row than the only year in the head
        own = "".join(carried[c] for c in columns.of(Field.TIME))
        is_dated = len(columns.years) == 1 and re.search(r"\d", own) is not None
        for column, year in columns.years.items():
            if cells[column] and not is_dated:
                head, due = columns.heads[column], date(year, 12, 31)
                about = f"{name}：{cells[column]}"
                task.timings.append(TimingValue(head, TimingKind.DEADLINE, due_on=due, about=about))

    def _goes_on(self, column: int, cells: Sequence[str]) -> bool:
        """Whether a tick goes on with the one to its left: √ under 2月 and 3月 is one stretch."""
        left = column - 1
        return left in self.columns.moments and is_mark(cells[left]) and is_mark(cells[column])

    def _last_moment(self, column: int, cells: Sequence[str], row: Row) -> int:
        """The last of the columns that date a cell: that it spans, or that are ticked with it."""
        origin, last = row.cells[column].origin, column
        while last + 1 in self.columns.moments and (
            (origin and row.cells[last + 1].origin == origin)
            or (is_mark(cells[last]) and is_mark(cells[last + 1]))
        ):
            last += 1
        return last

    def _between(self, first: str, last: str, about: str) -> list[TimingValue]:
        """What the heads of the columns say that a cell reaches over; mostly one, 一季度."""
        # what is to be reached in the whole year is due at its end
        found = read_timings("年底" if first == "全年" else first, self.dates)
        if found and last != first:
            end = [timing.due_on for timing in read_timings(last, self.dates)]
            found = [replace(found[0], due_on=end[-1] if end else None)]
            first = f"{first}至{last}"
        return [replace(timing, text=first, about=about) for timing in found]


def bodies_of(table: Table, start: int) -> list[list[str]]:
    """The cells of the rows from `start` on, a merged cell at its first place only."""
    return [
        [
            cell.text.strip() if cell.origin in (None, (start + n, column)) else ""
            for column, cell in enumerate(row.cells)
        ]
        for n, row in enumerate(table.rows[start:])
    ]


def _filled(cell: str) -> str:
    """The words of a cell, "" where a stroke says that there are none: /, —."""
    return "" if _STROKE.fullmatch(cell) else cell
