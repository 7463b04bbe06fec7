"""Reads PDF files that hold text: paragraphs mended, tables joined over pages."""

import re
from collections import Counter, defaultdict
from itertools import groupby
from pathlib import Path
from typing import Any

from config.errors import UserError
from corpus.document import Block, BlockKind, Document
from corpus.formats import _package
from corpus.formats._grid import captioned, fill
from corpus.formats._pdf_lines import Line, Visible, join, lines_of, paragraphs
from corpus.formats._pdf_tables import Ruled, find, go_on, ruled
from corpus.values import Place

SUFFIXES: tuple[str, ...] = (".pdf",)

_MAX_PAGES = 1000
_EDGE = 0.12  # of the page's height: heads, feet and page numbers stand there
_PAGE_NUMBER = re.compile(
    r"[-—–－·\s]*第?\s*(\d{1,4}|[ivxlcIVXLC]+)\s*页?\s*([/／,，共]*\s*共?\s*\d{1,4}\s*页?)?[-—–－·\s]*"
)
_CONTINUED = re.compile(r"[（(]?\s*续(上)?表.{0,20}|.{0,20}[（(]续[表）)].{0,3}")
_FEWEST_CHARACTERS = 10  # a page with fewer that bears a picture is a scan


def read(path: Path) -> Document:
    """The text in reading order, each block with its page.

    Raises UserError when the file cannot be read, or holds pictures of pages only.
    """
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    reader = _Reader()
    try:
        with pdfplumber.open(path) as pdf:
            if len(pdf.pages) > _MAX_PAGES:
                raise UserError(
                    f"《{path.name}》有{len(pdf.pages)}页，超过{_MAX_PAGES}页。请拆成几份再发。"
                )
            for page in pdf.pages:
                reader.take(page)
                page.close()  # or the memory of all pages adds up
    except UserError:
        raise
    except Exception as error:  # a broken file fails in many ways inside the library
        causes = (error, *error.args) if isinstance(error, PdfminerException) else (error,)
        if any(isinstance(cause, PDFPasswordIncorrect) for cause in causes):
            raise UserError(f"《{path.name}》加了密码，无法读取。请取消密码后再发。") from error
        raise _package.damaged(path) from error
    if reader.is_scan():
        from corpus.formats import ocr

        return ocr.read(path)
    blocks = reader.blocks()
    if not blocks:
        raise _package.nothing_to_read(path)
    return Document(blocks, "pdf", reader.notes())


class _Reader:
    """Collects lines and tables page by page; of a page no more is kept."""

    def __init__(self) -> None:
        self._items: list[Line | Ruled] = []  # in reading order
        self._sizes: list[tuple[float, float]] = []  # width and height of each page
        self._scans: list[int] = []
        self._hidden = 0
        self._seen = 0
        self._unreadable = 0

    def take(self, page: Any) -> None:
        """Read one page."""
        number = len(self._sizes) + 1
        self._sizes.append((float(page.width), float(page.height)))
        visible = Visible(page)
        characters = visible.of(page.chars)
        self._hidden += visible.hidden
        self._seen += len(characters)
        self._unreadable += visible.unreadable
        if len(characters) < _FEWEST_CHARACTERS and page.images:
            self._scans.append(number)
        parts: list[list[Any]] = []
        tables = find(page)
        for table in tables:
            inside, characters = _split(characters, table.bbox)
            parts.append(inside)
        found: list[Line | Ruled] = [
            ruled(table, inside, number) for table, inside in zip(tables, parts, strict=True)
        ]
        found += lines_of(characters, number)
        self._items += sorted(found, key=lambda item: item.top)

    def is_scan(self) -> bool:
        """There is no text layer, or one that says nothing."""
        no_text = bool(self._scans) and len(self._scans) == len(self._sizes)
        return no_text or self._unreadable > self._seen

    def notes(self) -> list[str]:
        """What was left out, for the person who sent the file."""
        notes = []
        if self._hidden:
            notes.append(f"有{self._hidden}个看不见的字（白色、极小或在页面之外）没有读入。")
        if self._scans:
            pages = "、".join(map(str, self._scans))
            notes.append(f"第{pages}页是图片，没有读入。")
        if self._unreadable:
            notes.append(f"有{self._unreadable}个字的字体没有编码，没有读入，请核对原文。")
        return notes

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
            return bool(_PAGE_NUMBER.fullmatch(line.text)) or len(pages) >= often

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
