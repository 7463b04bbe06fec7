"""Parts tables that stand side by side on one sheet, each under the same head."""

from dataclasses import replace

from corpus.document import Cell, Row, Table
from corpus.headers import is_header, plain

_HEAD_ROWS = 8  # the head stands within the first so many rows
_FEWEST = 3  # columns; fewer under the same words are years or names, not tables


def abreast(table: Table) -> list[Table]:
    """The tables in a grid, left to right; mostly the grid itself."""
    for row in table.rows[:_HEAD_ROWS]:
        heads = [plain(cell.text) for cell in row.cells]
        if is_header(heads):
            return [_columns(table, *part) for part in _parts(heads)]
    return [table]


def _parts(heads: list[str]) -> list[tuple[int, int]]:
    """From which column to which the same words head a table again; a blank column may part them."""
    starts = [column for column, head in enumerate(heads) if head == heads[0]]
    ends = [*starts[1:], len(heads)]
    words = {tuple(filter(None, heads[a:b])) for a, b in zip(starts, ends, strict=True)}
    if len(starts) < 2 or len(words) > 1 or len(words.pop()) < _FEWEST:
        return [(0, len(heads))]
    return list(zip(starts, ends, strict=True))


def _columns(table: Table, first: int, end: int) -> Table:
    if (first, end) == (0, len(table.rows[0].cells)):
        return table
    rows = [
        Row([_moved(cell, first) for cell in row.cells[first:end]], row.place) for row in table.rows
    ]
    return replace(table, rows=rows)


def _moved(cell: Cell, first: int) -> Cell:
    if cell.origin is None:
        return cell
    row, column = cell.origin  # a title over both tables is merged from the first column of each
    return Cell(cell.text, (row, max(column - first, 0)))
