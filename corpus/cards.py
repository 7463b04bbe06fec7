"""Lays a card, whose heads stand to the left of their words, down as a table of one row."""

from dataclasses import replace

from corpus.document import Cell, Row, Table
from corpus.headers import is_header, plain

_FEWEST = 3  # heads; fewer lines with a word to their left are a list, not a card


def laid_down(table: Table) -> Table:
    """A card 项目名称｜…, 牵头单位｜…, 完成时限｜… as one row under its heads; any other table itself."""
    width = len(table.rows[0].cells)
    if width not in (2, 4):
        return table
    heads: list[str] = []
    words: list[str] = []
    for row in table.rows:
        for column in range(0, width, 2):
            head, cell = row.cells[column], row.cells[column + 1]
            if head.origin and head.origin[1] < column:
                continue  # the words to the left reach over the whole line
            if heads and plain(head.text) in ("", plain(heads[-1])):
                words[-1] += f"\n{cell.text}" if cell.text.strip() else ""
            else:
                heads.append(head.text)
                words.append(cell.text)
    if not (_FEWEST <= len(heads) == len(set(map(plain, heads))) and is_header(heads)):
        return table
    if is_header([cell.text for cell in table.rows[0].cells]):
        return table
    rows = [Row(list(map(Cell, heads)), table.rows[0].place), _row(table, words)]
    return replace(table, rows=rows)


def _row(table: Table, words: list[str]) -> Row:
    first, last = table.rows[0].place, table.rows[-1].place
    place = replace(first, line_end=last.line_end or first.line_end)
    return Row(list(map(Cell, words)), place)
