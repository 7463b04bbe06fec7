"""One sheet of a workbook, as blocks: its title lines, its table, the notes below it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from config.errors import UserError
from corpus.document import Block, BlockKind, Row, Table
from corpus.formats._grid import Span, fill, shift
from corpus.values import Place

_MAX_POSITIONS = 2_000_000  # rows × columns: about 1 GB as cells
_LONGEST_MERGE = 1_000  # rows; what reaches further was drawn over a whole column
_UNNAMED = re.compile(r"sheet|(sheet|工作表|表)\s*\d+", re.IGNORECASE)
_NOTE_BEGINNINGS = ("注", "备注", "说明", "附注")


@dataclass(slots=True)
class Sheet:
    """What a reader of a workbook collects. Rows and columns count from 0."""

    name: str
    cells: dict[tuple[int, int], str] = field(default_factory=dict)  # as shown, none blank
    merges: list[tuple[int, int, int, int]] = field(
        default_factory=list
    )  # top, left, bottom, right
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    unseen: int = 0  # cells in white or tiny print
    uncomputed: int = 0  # formulas without a kept result
    faults: list[str] = field(default_factory=list)  # cells that show #REF! or the like: "B7"

    def notes(self) -> list[str]:
        """What was left out or is doubtful, in Chinese."""
        name, notes = f"工作表“{self.name}”", []
        rows = {row for row, _ in self.cells} & self.hidden_rows
        columns = {column for _, column in self.cells} & self.hidden_columns
        if rows:
            notes.append(f"{name}第{_ranges(row + 1 for row in rows)}行是隐藏的，没有读入。")
        if columns:
            letters = "、".join(column_letters(column) for column in sorted(columns))
            notes.append(f"{name}{letters}列是隐藏的，没有读入。")
        if self.unseen:
            notes.append(
                f"{name}有{self.unseen}个单元格的文字看不见（白色、极小或被格式隐藏），没有读入。"
            )
        if self.uncomputed:
            notes.append(
                f"{name}有{self.uncomputed}个公式没有保存结果，按空白读入。请用Excel或WPS打开、保存后再发。"
            )
        if self.faults:
            shown = "、".join(self.faults[:5]) + ("等" if len(self.faults) > 5 else "")
            notes.append(f"{name}的{shown}单元格公式出错，按原样读入，请核对。")
        return notes

    @property
    def caption(self) -> str:
        """What somebody called the sheet; "" for a name that the program gave it."""
        return "" if _UNNAMED.fullmatch(self.name) else self.name

    def blocks(self, number: int, file_name: str) -> list[Block]:
        """The blocks of the visible part; `number` is the table's, counted from 1."""
        rows = self._rows(number, file_name)
        if not rows:
            return []
        if len(rows[0].cells) == 1:
            return [_line(row) for row in rows]
        top, bottom = 0, len(rows)
        while top < bottom and _is_single(rows[top]):
            top += 1
        while bottom > top and _is_single(rows[bottom - 1]) and _is_note(rows[bottom - 1]):
            bottom -= 1
        blocks = _lines(rows[:top])
        if bottom > top:
            # a merge never reaches over the cut: a row with more than one text begins the table
            body = [Row(shift(row.cells, -top, 0), row.place) for row in rows[top:bottom]]
            place = Place(table=number)
            blocks.append(Block(BlockKind.TABLE, table=Table(body, self.caption), place=place))
        return blocks + _lines(rows[bottom:])

    def _rows(self, number: int, file_name: str) -> list[Row]:
        filled_rows = {row for row, _ in self.cells}
        filled_columns = {column for _, column in self.cells}
        for top, left, bottom, right in self.merges:
            if (top, left) in self.cells and bottom - top < _LONGEST_MERGE:
                filled_rows.update(range(top, bottom + 1))
                filled_columns.update(range(left, right + 1))
        rows = sorted(filled_rows - self.hidden_rows)
        columns = sorted(filled_columns - self.hidden_columns)
        if len(rows) * len(columns) > _MAX_POSITIONS:
            raise UserError(
                f"《{file_name}》的工作表“{self.name}”过大（{len(rows)}行×{len(columns)}列），"
                "没有读取。请删去多余的区域，或拆成几份再发。"
            )
        row_at = {row: index for index, row in enumerate(rows)}
        column_at = {column: index for index, column in enumerate(columns)}
        spans, covered = [], set()
        for top, left, bottom, right in self.merges:
            if text := self.cells.get((top, left)):
                down = [row_at[row] for row in range(top, bottom + 1) if row in row_at]
                along = [column_at[c] for c in range(left, right + 1) if c in column_at]
                if down and along:
                    spans.append(Span(down[0], along[0], len(down), len(along), text))
                covered.add((top, left))
        for (row, column), text in self.cells.items():
            if (row, column) not in covered and row in row_at and column in column_at:
                spans.append(Span(row_at[row], column_at[column], 1, 1, text))
        return fill(spans, [Place(table=number, row=row + 1) for row in rows])


def gather(sheets: Iterable[tuple[Sheet, bool]], file_name: str) -> tuple[list[Block], list[str]]:
    """The blocks and notes of a workbook, from its sheets and whether each is visible."""
    blocks: list[Block] = []
    notes: list[str] = []
    for sheet, is_visible in sheets:
        if is_visible:
            tables = sum(block.table is not None for block in blocks)
            blocks += sheet.blocks(tables + 1, file_name)
            notes += sheet.notes()
        elif sheet.cells:
            notes.append(f"工作表“{sheet.name}”是隐藏的，没有读入。")
    return blocks, notes


def column_letters(column: int) -> str:
    """The name of a column that counts from 0: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _is_single(row: Row) -> bool:
    """All that stands in the row is one text: one cell, or one merged cell."""
    inked = [cell for cell in row.cells if cell.text]
    if len(inked) < 2:
        return True
    return inked[0].origin is not None and all(c.origin == inked[0].origin for c in inked)


def _is_note(row: Row) -> bool:
    return next((cell.text for cell in row.cells if cell.text), "").startswith(_NOTE_BEGINNINGS)


def _lines(rows: Iterable[Row]) -> list[Block]:
    blocks: list[Block] = []
    seen = set()
    for row in rows:
        origin = next((cell.origin for cell in row.cells if cell.text), None)
        if origin is None or origin not in seen:
            blocks.append(_line(row))
            seen.add(origin)
    return blocks


def _line(row: Row) -> Block:
    """A row of one text: a heading where it is merged and is no form field such as 填报单位：."""
    cell = next(cell for cell in row.cells if cell.text)
    title = cell.origin is not None and "：" not in cell.text and not cell.text.startswith("注")
    kind = BlockKind.HEADING if title else BlockKind.PARAGRAPH
    return Block(kind, cell.text.replace("\n", ""), int(title), place=Place(row=row.place.row))


def _ranges(numbers: Iterable[int]) -> str:
    """3, 5, 6, 7 as “3、5—7”."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return "、".join("—".join(map(str, run)) for run in runs)
