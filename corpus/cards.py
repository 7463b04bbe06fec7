"""Lays cards, whose heads stand to the left of their words, down as a table with a row for each."""

from collections.abc import Sequence
from dataclasses import replace

from corpus.document import Cell, Row, Table
from corpus.headers import is_header, plain

_FEWEST = 3  # heads; fewer lines with a word to their left are a list, not a card


def laid_down(table: Table) -> Table:
    """项目名称｜…, 牵头单位｜…, 完成时限｜… as a row under these heads; any other table itself.

    Cards that stand one below the other begin with the same head; those that stand side by side
    share the heads at their left.
    """
    if is_header([cell.text for cell in table.rows[0].cells]):
        return table
    shown = [
        [
            cell.text.strip() if cell.origin in (None, (number, column)) else ""
            for column, cell in enumerate(row.cells)
        ]
        for number, row in enumerate(table.rows)
    ]
    return _below(table, shown) or _grouped(table, shown) or _abreast(table, shown) or table


def _grouped(table: Table, shown: Sequence[Sequence[str]]) -> Table | None:
    """Cards with what they are called at their left, once for all their lines."""
    if len(shown[0]) != 3 or not shown[0][0]:
        return None
    name = [
        ["项目名称", cells[0], cells[1], cells[2]] if cells[0] else ["", "", *cells[1:]]
        for cells in shown
    ]
    return _below(table, name)


def _below(table: Table, shown: Sequence[Sequence[str]]) -> Table | None:
    """Cards of one or two pairs of a head and its words a line."""
    if len(shown[0]) not in (2, 4):
        return None
    cards: list[tuple[Row, dict[str, str]]] = []
    for row, head, words in _pairs(table, shown):
        first = next(iter(cards[-1][1]), "") if cards else head
        if not cards or head == first:
            cards.append((row, {}))
        card = cards[-1][1]
        head = head or next(reversed(card), "")  # the head above goes on
        card[head] = "\n".join(filter(None, [card.get(head, ""), words]))
    heads = list(cards[0][1])
    if len(heads) < _FEWEST or not is_header(heads) or any(list(c) != heads for _, c in cards):
        return None
    rows = [Row([Cell(words) for words in card.values()], row.place) for row, card in cards]
    return replace(table, rows=[Row(list(map(Cell, heads)), table.rows[0].place), *rows])


def _pairs(table: Table, shown: Sequence[Sequence[str]]) -> list[tuple[Row, str, str]]:
    """Each head with the words to its right; a merged cell counts at its first place alone."""
    return [
        (row, plain(cells[column]), cells[column + 1])
        for row, cells in zip(table.rows, shown, strict=True)
        for column in range(0, len(cells), 2)
        if cells[column] or cells[column + 1]
    ]


def _abreast(table: Table, shown: Sequence[Sequence[str]]) -> Table | None:
    """A table on its side: the heads down the first column, a task a column; a title may precede."""
    lines = [cells for cells in shown if any(cells[1:])]
    heads = [plain(cells[0]) for cells in lines]
    if len(heads) < _FEWEST or len(set(heads)) < len(heads) or not is_header(heads):
        return None
    title = next((cells[0] for cells in shown if cells[0] and not any(cells[1:])), "")
    place = table.rows[0].place
    rows = [
        Row([Cell(cells[column]) for cells in lines], place)
        for column in range(1, len(shown[0]))
        if any(cells[column] for cells in lines)
    ]
    return replace(
        table, caption=table.caption or title, rows=[Row(list(map(Cell, heads)), place), *rows]
    )
