"""The pages of a PDF as one flow: running heads left out, paragraphs and tables over pages joined."""

import re
from collections import Counter, defaultdict
from itertools import groupby
from typing import Any

from corpus.document import Block, BlockKind
from corpus.formats._grid import captioned, fill
from corpus.formats._pdf_lines import Line, join, lines_of, paragraphs
from corpus.formats._pdf_tables import Ruled, go_on, ruled
from corpus.values import Place

_EDGE = 0.12  # of the page's height: heads, feet and page numbers stand there
_PAGE_NUMBER = re.compile(
    r"[-—–－·\s]*第?\s*(\d{1,4}|[ivxlcIVXLC]+)\s*页?\s*([/／,，共]*\s*共?\s*\d{1,4}\s*页?)?[-—–－·\s]*"
)
_LONGEST_NUMBER = 40  # characters with blanks; the pattern would take long over a longer line
_CONTINUED = re.compile(r"[（(]?\s*续(上)?表.{0,20}|.{0,20}[（(]续[表）)].{0,3}")


class Flow:
    """Collects lines and tables page by page; of a page no more is kept."""

    def __init__(self) -> None:
        self._items: list[Line | Ruled] = []  # in reading order
        self._sizes: list[tuple[float, float]] = []  # width and height of each page

    @property
    def pages(self) -> int:
        """How many pages were added."""
        return len(self._sizes)

    def add(self, width: float, height: float, characters: list[Any], tables: list[Any]) -> None:
        """The next page: its size and characters as pdfplumber gives them, and its ruled tables."""
        self._sizes.append((width, height))
        found: list[Line | Ruled] = []
        for table in tables:
            inside, characters = _split(characters, table.bbox)
            found.append(ruled(table, inside, self.pages))
        found += lines_of(characters, self.pages)
        self._items += sorted(found, key=lambda item: item.top)

    def blocks(self) -> list[Block]:
        """All pages as one flow."""
        items = self._without_running_lines()
        _join_tables(items)
        body = _body_size(items)
        margins = self._margins(items)
        blocks: list[Block] = []
        tables = 0
        for is_line, group in groupby(items, key=lambda item: isinstance(item, Line)):
            if is_line:
                lines = [item for item in group if isinstance(item, Line)]
                blocks += self._paragraphs(lines, margins, body)
                continue
            for table in group:
                if isinstance(table, Ruled) and any(span.text for span in table.spans):
                    tables += 1
                    places = [
                        Place(page=page, table=tables, row=row)
                        for row, page in enumerate(table.pages, 1)
                    ]
                    blocks.append(captioned(fill(table.spans, places), blocks))
        return blocks

    def _paragraphs(
        self,
        lines: list[Line],
        margins: dict[tuple[float, float], tuple[float, float]],
        body: float,
    ) -> list[Block]:
        blocks = []
        for size, group in groupby(lines, key=lambda line: self._sizes[line.page - 1]):
            for paragraph in paragraphs(list(group), *margins[size], body):
                text = paragraph[0].text
                for line in paragraph[1:]:
                    text = join(text, line.text)
                large = paragraph[0].size > 1.15 * body
                kind = BlockKind.HEADING if large else BlockKind.PARAGRAPH
                blocks.append(Block(kind, text, int(large), place=Place(page=paragraph[0].page)))
        return blocks

    def _margins(self, items: list[Line | Ruled]) -> dict[tuple[float, float], tuple[float, float]]:
        """Left and right bound of the print for each size of page."""
        lines = defaultdict(list)
        for item in items:
            if isinstance(item, Line):
                lines[self._sizes[item.page - 1]].append(item)
        return {
            size: (min(line.x0 for line in of_size), max(line.x1 for line in of_size))
            for size, of_size in lines.items()
        }

    def _without_running_lines(self) -> list[Line | Ruled]:
        """Without page numbers, and without lines that come again at the edge of many pages."""
        places: dict[tuple[str, int], set[int]] = defaultdict(set)
        for item in self._items:
            if isinstance(item, Line) and self._is_at_edge(item):
                places[_key(item)].add(item.page)
        often = max(2, round(0.3 * len(self._sizes)))

        def is_running(line: Line) -> bool:
            text, height = _key(line)
            pages = set().union(*(places[text, height + near] for near in (-1, 0, 1)))
            is_short = len(line.text) <= _LONGEST_NUMBER
            return (is_short and bool(_PAGE_NUMBER.fullmatch(line.text))) or len(pages) >= often

        return [
            item
            for item in self._items
            if isinstance(item, Ruled) or not (self._is_at_edge(item) and is_running(item))
        ]

    def _is_at_edge(self, line: Line) -> bool:
        height = self._sizes[line.page - 1][1]
        return line.bottom < _EDGE * height or line.top > (1 - _EDGE) * height


def _split(
    characters: list[Any], box: tuple[float, float, float, float]
) -> tuple[list[Any], list[Any]]:
    """The characters inside a box, and the others."""
    left, top, right, bottom = box
    inside: list[Any] = []
    outside: list[Any] = []
    for char in characters:
        x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
        (inside if left <= x <= right and top <= y <= bottom else outside).append(char)
    return inside, outside


def _key(line: Line) -> tuple[str, int]:
    """A line's words without their numbers, and where it stands, in steps of 6 points."""
    return re.sub(r"\d+", "#", line.text), round(line.top / 6)


def _join_tables(items: list[Line | Ruled]) -> None:
    """Make one table of those that only a page border parts, and of 续表."""
    index = 0
    while index + 1 < len(items):
        table, following = items[index], items[index + 1]
        if isinstance(table, Ruled):
            page = table.pages[-1]
            beyond = items[index + 2] if index + 2 < len(items) else None
            if (
                isinstance(following, Line)
                and _CONTINUED.fullmatch(following.text)
                and isinstance(beyond, Ruled)
                and beyond.pages[0] == page + 1
                and go_on(table, beyond)
            ):
                del items[index + 1 : index + 3]
                continue
            if (
                isinstance(following, Ruled)
                and following.pages[0] == page + 1
                and go_on(table, following)
            ):
                del items[index + 1]
                continue
        index += 1


def _body_size(items: list[Line | Ruled]) -> float:
    """The size that most of the print outside tables has, in points."""
    sizes: Counter[float] = Counter()
    for item in items:
        if isinstance(item, Line):
            sizes[round(item.size, 1)] += len(item.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0
