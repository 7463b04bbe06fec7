"""The ruled tables of a PDF page, and one table out of its parts on several pages."""

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from corpus.formats._grid import Span
from corpus.formats._pdf_lines import are_units, in_cell, lines_of

_NEAR = 4.0  # points: borders that are nearer are one
_FEWEST_RULES = 3  # above the head, below it, and below the body
_STRIP = 6.0  # points: what parts two columns is wider
_PADDING = 6.0  # points: at most so much is left free inside a border
_NUMBER_CELL = re.compile(r"[（(]?[\d一二三四五六七八九十]+[.、．)）]*")
_NUMBER = re.compile(r"\d+(?![\d.．、)）])|\d+\.\d")
_SENTENCE_END = "。；！？"


@dataclass(slots=True)
class Ruled:
    """A table between lines. `xs` are its vertical lines; a row remembers its page."""

    top: float
    bottom: float
    xs: list[float]
    pages: list[int]  # of each row
    spans: list[Span]
    full: set[int]  # ids of spans whose last line fills the cell

    def at(self, row: int, column: int) -> Span | None:
        """The cell that covers a position."""
        for span in self.spans:
            if span.row <= row < span.row + span.rows and (
                span.column <= column < span.column + span.columns
            ):
                return span
        return None

    def texts(self, row: int) -> list[str]:
        """The words at each position of a row."""
        cells = (self.at(row, column) for column in range(len(self.xs) - 1))
        return [span.text if span else "" for span in cells]


def find(page: Any) -> list[Any]:
    """The tables that the library sees between lines, those with open sides closed."""
    if len(page.edges) < _FEWEST_RULES:
        return []
    tables = page.find_tables() or _between_rules(page)
    sides = [x for table in tables for x in _open_sides(page, table)]
    if sides:
        tables = page.find_tables({"explicit_vertical_lines": sorted(set(sides))})
    return [table for table in tables if len(table.cells) > 1]


def _between_rules(page: Any) -> list[Any]:
    """Tables without lines between their columns: blank strips from top to bottom part them.

    Where three lines alone bound the head and the body 三线表, blanks part the rows as well.
    """
    flat = [edge for edge in page.edges if edge["orientation"] == "h"]
    if len(flat) < _FEWEST_RULES or any(
        edge["orientation"] == "v" and edge["bottom"] - edge["top"] > _NEAR for edge in page.edges
    ):
        return []
    rules = _edges(edge["top"] for edge in flat)
    if len(rules) < _FEWEST_RULES:
        return []
    top, bottom = rules[0], rules[-1]
    left, right = min(e["x0"] for e in flat), max(e["x1"] for e in flat)
    for y in rules:
        of_rule = [e["x1"] - e["x0"] for e in flat if abs(e["top"] - y) <= _NEAR]
        if sum(of_rule) < 0.9 * (right - left):
            return []
    inked = [c for c in page.chars if top < c["top"] < bottom and c["text"].strip()]
    strips, reach = [], left
    for x0, x1 in sorted((c["x0"], c["x1"]) for c in inked):
        if x0 - reach > _STRIP and reach > left:
            strips.append((reach + x0) / 2)
        reach = max(reach, x1)
    if len(strips) < 2:
        return []
    body = [c for c in inked if c["top"] > rules[1]]
    rows = _between_blanks(body, strips[0]) if len(rules) == _FEWEST_RULES else []
    columns = [left, *strips, right]
    return list(
        page.find_tables({"explicit_vertical_lines": columns, "explicit_horizontal_lines": rows})
    )


def _between_blanks(characters: list[Any], first_ends: float) -> list[float]:
    """Where the rows of a body without lines part.

    Either they stand further apart than the lines of one cell, so that each has one word in its
    first column, which ends at `first_ends`; or each begins with the first column's word.
    """
    bands: list[tuple[float, float, bool]] = []  # from, to, whether the first column has ink
    for char in sorted(characters, key=lambda c: float(c["top"])):
        top, bottom, is_first = char["top"], char["bottom"], char["x0"] < first_ends
        if bands and top < bands[-1][1] - 1:
            bands[-1] = bands[-1][0], max(bands[-1][1], bottom), bands[-1][2] or is_first
        else:
            bands.append((top, bottom, is_first))
    gaps = [below[0] - above[1] for above, below in pairwise(bands)]
    cuts = [n for n, gap in enumerate(gaps, 1) if gap > 1.5 * max(min(gaps), 1)]
    groups = [bands[a:b] for a, b in pairwise([0, *cuts, len(bands)])]
    if not cuts or any(sum(band[2] for band in group) != 1 for group in groups):
        cuts = [n for n, band in enumerate(bands) if n and band[2]]
        if not bands or not bands[0][2]:
            return []
    return [(bands[n - 1][1] + bands[n][0]) / 2 for n in cuts]


def _open_sides(page: Any, table: Any) -> list[float]:
    """Where horizontal lines reach beyond the outermost vertical ones, as in open tables."""
    left, top, right, bottom = table.bbox
    flat = [
        edge
        for edge in page.edges
        if edge["orientation"] == "h"
        and top - _NEAR <= edge["top"] <= bottom + _NEAR
        and edge["x0"] < right
        and edge["x1"] > left
    ]
    start, end = (
        min((e["x0"] for e in flat), default=left),
        max((e["x1"] for e in flat), default=right),
    )
    return [x for x, open_ in ((start, left - start > 8), (end, end - right > 8)) if open_]


def ruled(table: Any, characters: list[Any], page: int) -> Ruled:
    """The cells of one table with the spans that its lines draw, and their words."""
    xs = _edges(x for cell in table.cells for x in (cell[0], cell[2]))
    ys = _edges(y for cell in table.cells for y in (cell[1], cell[3]))
    boxes: list[Span] = []
    owner: dict[tuple[int, int], int] = {}
    for x0, top, x1, bottom in table.cells:
        column, row = _index(xs, x0), _index(ys, top)
        columns, rows = _index(xs, x1) - column, _index(ys, bottom) - row
        if columns < 1 or rows < 1:
            continue
        for r in range(row, row + rows):
            for c in range(column, column + columns):
                owner.setdefault((r, c), len(boxes))
        boxes.append(Span(row, column, rows, columns, ""))
    inside = defaultdict(list)
    for char in characters:
        x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
        position = bisect_right(ys, y) - 1, bisect_right(xs, x) - 1
        if position in owner:
            inside[owner[position]].append(char)
    spans, full = [], set()
    for number, span in enumerate(boxes):
        lines = lines_of(inside[number], page)
        left, right = xs[span.column], xs[span.column + span.columns]
        padding = min([_PADDING, *(line.x0 - left for line in lines)])
        span.text, is_full = in_cell(lines, right - left - 2 * padding)
        spans.append(span)
        if is_full:
            full.add(id(span))
    return Ruled(ys[0], ys[-1], xs, [page] * (len(ys) - 1), spans, full)


def _edges(values: Any) -> list[float]:
    """The distinct lines among coordinates, from small to large."""
    edges: list[float] = []
    for value in sorted(values):
        if not edges or value - edges[-1] > _NEAR:
            edges.append(value)
    return edges


def _index(edges: list[float], value: float) -> int:
    return min(range(len(edges)), key=lambda index: abs(edges[index] - value))


def go_on(table: Ruled, below: Ruled) -> bool:
    """Make `below`, from the top of the next page, the end of `table`; False where it is another."""
    if not _share_lines(table, below):
        return False
    union = _edges([*table.xs, *below.xs])
    for part in (table, below):
        for span in part.spans:
            start, end = part.xs[span.column], part.xs[span.column + span.columns]
            span.column = _index(union, start)
            span.columns = max(_index(union, end) - span.column, 1)
        part.xs = union
    _append(table, below)
    return True


def _share_lines(table: Ruled, below: Ruled) -> bool:
    """The same outer sides, and one has no vertical line that the other could not have."""
    a, b = table.xs, below.xs
    if abs(a[0] - b[0]) > 2 * _NEAR or abs(a[-1] - b[-1]) > 2 * _NEAR:
        return False
    few, many = sorted((a, b), key=len)
    return all(min(abs(x - y) for y in many) <= _NEAR for x in few)


def _append(table: Ruled, below: Ruled) -> None:
    head = 0
    limit = min(len(table.pages), len(below.pages))
    while head < limit and table.texts(head) == below.texts(head) and any(below.texts(head)):
        head += 1
    spans = [span for span in below.spans if span.row >= head]
    first = [span for span in spans if span.row == head]
    last_row = len(table.pages) - 1
    uppers = {id(span): table.at(last_row, span.column) for span in first}
    cut = bool(first) and _is_cut(first, uppers, table)
    offset = last_row + 1 - head - cut
    begins = min((span.column for span in first if span.text), default=0)
    for span in spans:
        upper = uppers.get(id(span))
        same = upper is not None and (upper.column, upper.columns) == (span.column, span.columns)
        if upper is not None and cut:
            _add_text(table, upper, span, below)
            upper.rows += span.rows - 1
        elif (
            upper is not None
            and same
            and not span.text
            and (upper.rows > 1 or span.rows > 1 or span.column < begins)
        ):
            upper.rows += span.rows  # a cell merged over the page border
        else:
            span.row += offset
            table.spans.append(span)
            if id(span) in below.full:
                table.full.add(id(span))
    table.pages += below.pages[head + cut :]


def _add_text(table: Ruled, upper: Span, span: Span, below: Ruled) -> None:
    if not span.text:
        return
    # 登记率达 at the foot of a page, 95%以上 at the head of the next: a number moves over whole
    split = _NUMBER.match(span.text) and upper.text[-1:] not in f"{_SENTENCE_END}，、"
    goes_on = (id(upper) in table.full or split) and not are_units(upper.text, span.text)
    glue = "" if goes_on or not upper.text else "\n"
    upper.text += glue + span.text
    table.full.discard(id(upper))
    if id(span) in below.full:
        table.full.add(id(upper))


def _is_cut(first: list[Span], uppers: dict[int, Span | None], table: Ruled) -> bool:
    """The row is the rest of the one above, cut in two at the page border.

    It leaves cells blank that the row above has filled, counts no number of its own, and goes on
    where a line was full or a sentence open.
    """
    inked = [span for span in first if span.text]
    if any(_NUMBER_CELL.fullmatch(span.text) for span in inked[:2]):
        return False
    blank = [
        span
        for span in first
        if not span.text
        and (upper := uppers[id(span)])
        and upper.text
        and upper.rows == span.rows == 1
    ]
    if not blank:
        return False
    if any((upper := uppers[id(span)]) and _NUMBER_CELL.fullmatch(upper.text) for span in blank):
        return True
    above = [upper for span in inked if (upper := uppers[id(span)])]
    if not all(upper.text for upper in above):
        return False
    if all(id(upper) in table.full and upper.text[-1] not in _SENTENCE_END for upper in above):
        return True
    filled = sum(1 for upper in uppers.values() if upper and upper.text)
    return len(inked) <= filled / 2 and any(upper.text[-1] not in _SENTENCE_END for upper in above)
