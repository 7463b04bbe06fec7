"""Lays cards, whose heads stand to the left of their words, down as a table with a row for each."""

from dataclasses import replace

from corpus.document import Cell, Row, Table
from corpus.headers import is_header, plain

_FEWEST = 3  # heads; fewer lines with a word to their left are a list, not a card


def laid_down(table: Table) -> Table:
    """项目名称｜…, 牵头单位｜…, 完成时限｜… as a row under these heads; any other table itself.

    Cards that stand one below the other begin with the same head.
    """
    if len(table.rows[0].cells) not in (2, 4) or is_header([c.text for c in table.rows[0].cells]):
        return table
    cards: list[tuple[Row, dict[str, str]]] = []
    for row, head, words in _pairs(table):
        first = next(iter(cards[-1][1]), "") if cards else head
        if not cards or head == first:
            cards.append((row, {}))
        card = cards[-1][1]
        head = head or next(reversed(card), "")  # the head above goes on
        card[head] = "\n".join(filter(None, [card.get(head, ""), words]))
    heads = list(cards[0][1])
    if len(heads) < _FEWEST or not is_header(heads) or any(list(c) != heads for _, c in cards):
        return table
    rows = [Row([Cell(words) for words in card.values()], row.place) for row, card in cards]
    return replace(table, rows=[Row(list(map(Cell, heads)), table.rows[0].place), *rows])


def _pairs(table: Table) -> list[tuple[Row, str, str]]:
    """Each head with the words to its right; a merged cell counts at its first place alone."""
    pairs = []
    for number, row in enumerate(table.rows):
        shown = [
            cell.text.strip() if cell.origin in (None, (number, column)) else ""
            for column, cell in enumerate(row.cells)
        ]
        for column in range(0, len(shown), 2):
            if shown[column] or shown[column + 1]:
                pairs.append((row, plain(shown[column]), shown[column + 1]))
    return pairs
