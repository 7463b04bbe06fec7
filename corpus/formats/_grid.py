"""The grid of a table, built from cells that span rows and columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus.document import Block, BlockKind, Cell, Row, Table
from corpus.values import Place

_CAPTION_CHARACTERS = 60


@dataclass(slots=True)
class Span:
    """A cell as printed: its top left corner, counted from 0, and how far it reaches."""

    row: int
    column: int
    rows: int
    columns: int
    text: str


def fill(spans: Iterable[Span], places: Sequence[Place]) -> list[Row]:
    """One row for each place; a merged cell stands at every position that it covers.

    A position that no span covers is blank; where two overlap, the first keeps the position.
    """
    kept = list(spans)
    width = max((span.column + span.columns for span in kept), default=0)
    cells: list[list[Cell | None]] = [[None] * width for _ in places]
    for span in kept:
        merged = span.rows > 1 or span.columns > 1
        origin = (span.row, span.column) if merged else None
        for line in cells[span.row : span.row + span.rows]:
            for column in range(span.column, span.column + span.columns):
                if line[column] is None:
                    line[column] = Cell(span.text, origin)
    return [
        Row([cell or Cell("") for cell in line], place)
        for line, place in zip(cells, places, strict=True)
    ]


def shift(cells: Iterable[Cell], rows: int, columns: int) -> list[Cell]:
    """The same cells when their table begins elsewhere."""
    return [
        Cell(cell.text, cell.origin and (cell.origin[0] + rows, cell.origin[1] + columns))
        for cell in cells
    ]


def captioned(rows: list[Row], above: Sequence[Block]) -> Block:
    """A table block; the short line that stands right above it is its caption as well."""
    caption = ""
    if above and above[-1].kind in {BlockKind.HEADING, BlockKind.PARAGRAPH}:
        line = above[-1].text
        caption = line if len(line) <= _CAPTION_CHARACTERS else ""
    place = rows[0].place
    return Block(
        BlockKind.TABLE,
        table=Table(rows, caption),
        place=Place(page=place.page, table=place.table),
    )
