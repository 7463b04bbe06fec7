"""Reads web pages (html): the article without the site around it, merged cells, list numbers."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.errors import UserError
from corpus.document import Block, BlockKind, Document
from corpus.formats import _package
from corpus.formats._grid import Span, captioned, fill
from corpus.formats._html_sight import Page
from corpus.formats._numerals import chinese, letters, roman
from corpus.values import Place

SUFFIXES: tuple[str, ...] = (".html", ".htm", ".shtml", ".xhtml")

_BLOCK_TAGS = {
    "html", "body", "main", "article", "section", "div", "p", "ul", "ol", "dl", "dt", "dd", "li",
    "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "center", "header", "form", "fieldset",
    "figure", "figcaption", "details", "summary", "address", "hr", "table", "caption", "thead",
    "tbody", "tfoot", "tr", "td", "th",
}  # fmt: skip
_HAN = r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
_MAX_SPAN = 1000  # what browsers allow as well
_MAX_POSITIONS = 2_000_000


def read(path: Path) -> Document:
    """The article of a page. Raises UserError when the file cannot be read."""
    from lxml import html

    text = _decode(path)
    try:
        # as bytes: the parser refuses a text that declares an encoding of its own
        root = html.document_fromstring(
            text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8")
        )
        title = " ".join((root.findtext(".//title") or "").split())
        page = Page(root)
        page.clear()
        blocks = _numbered(
            _Flow(title).read(root.find("body") if root.find("body") is not None else root)
        )
    except UserError:
        raise
    except Exception as error:  # not markup at all, or nested beyond what can be walked
        raise _package.damaged(path) from error
    if not blocks:
        raise _package.nothing_to_read(path)
    notes = [f"有{page.hidden}处看不见的文字（隐藏、白色或极小）没有读入。"] if page.hidden else []
    return Document(blocks, "html", notes)


def _decode(path: Path) -> str:
    """The text in the encoding that its first bytes or its meta element name."""
    data = path.read_bytes()
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    declared = re.search(rb"charset\s*=\s*[\"']?\s*([\w-]+)", data[:4096], re.IGNORECASE)
    named = declared[1].decode("ascii").lower() if declared else "utf-8"
    for encoding in (named, "utf-8-sig", "gb18030"):
        encoding = "gb18030" if encoding.startswith("gb") else encoding
        try:
            return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    raise UserError(f"《{path.name}》的文字编码无法识别。请另存为UTF-8编码的网页后再发。")


class _Flow:
    """Turns the flow of elements into blocks."""

    def __init__(self, title: str = "") -> None:
        self._title = title
        self._blocks: list[Block] = []
        self._line = ""
        self._number = ""  # of the list item whose first line comes next
        self._kind, self._level = BlockKind.PARAGRAPH, 0

    def read(self, element: Any) -> list[Block]:
        """The blocks of an element."""
        self._walk(element)
        self._break()
        return self._blocks

    def _walk(self, element: Any) -> None:
        self._say(element.text, element.tag)
        number = 0
        for child in element:
            tag = child.tag
            if tag == "li" and element.tag == "ol":
                number = _item_number(element, child, number)
            self._child(child, tag, _marker(element, number) if tag == "li" else "")
            self._say(child.tail, element.tag)

    def _child(self, child: Any, tag: str, marker: str) -> None:
        if tag == "br":
            self._break()
        elif tag == "table" and not _is_layout(child):
            self._break()
            self._table(child)
        elif tag in _BLOCK_TAGS:
            self._break()
            before = self._kind, self._level
            if re.fullmatch(r"h[1-6]", tag):
                self._kind, self._level = BlockKind.HEADING, int(tag[1])
            elif tag == "li":
                self._kind, self._number = BlockKind.LIST_ITEM, marker
            self._walk(child)
            self._break()
            self._kind, self._level = before
        else:
            self._walk(child)

    def _say(self, text: str | None, tag: str) -> None:
        if text and tag == "pre":
            *lines, last = text.split("\n")
            for line in lines:
                self._line += line
                self._break()
            self._line += last
        elif text:
            self._line += text

    def _break(self) -> None:
        # a line of the source may end between two Han characters, which no space parts
        text = re.sub(rf"(?<={_HAN})[ \t]*[\r\n]\s*(?={_HAN})", "", self._line)
        text = re.sub(r"[\s\u00a0]+", " ", text).strip()
        self._line = ""
        if not text:
            return
        kind, level = self._kind, self._level
        if kind is BlockKind.PARAGRAPH and len(text) >= 6 and self._title.startswith(text):
            kind, level = BlockKind.HEADING, 1
        self._blocks.append(Block(kind, self._number + text, level))
        self._number = ""

    def _table(self, table: Any) -> None:
        caption = " ".join("".join(c.text_content() for c in table.findall("caption")).split())
        rows = list(_rows(table))
        nested: list[Block] = []
        spans = _spans(rows, nested)
        if any(span.text for span in spans):
            places = [Place(row=row + 1) for row in range(len(rows))]
            block = captioned(fill(spans, places), self._blocks)
            if caption and block.table is not None:
                block.table.caption = caption
            self._blocks.append(block)
        self._blocks += nested


def _rows(table: Any) -> Iterator[tuple[Any, int]]:
    """Each row in the order that a browser shows, and how many of its group are left with it."""
    direct = [e for e in table if e.tag in {"thead", "tbody", "tfoot"}]
    groups = [g for tag in ("thead", "tbody", "tfoot") for g in direct if g.tag == tag]
    loose = table.findall("tr")
    listed = [list(group.findall("tr")) for group in groups]
    listed.insert(1 if groups and groups[0].tag == "thead" else 0, loose)
    for group in listed:
        for index, row in enumerate(group):
            yield row, len(group) - index


def _spans(rows: list[tuple[Any, int]], nested: list[Block]) -> list[Span]:
    """The cells with the positions that rowspan and colspan give them."""
    spans: list[Span] = []
    reach: dict[int, int] = {}  # column → the first row below the cell that covers it
    for index, (row, left) in enumerate(rows):
        column = 0
        for cell in row:
            if cell.tag not in {"td", "th"}:
                continue
            while reach.get(column, 0) > index:
                column += 1
            down = min(_span(cell.get("rowspan"), left), left)
            along = max(_span(cell.get("colspan"), 1), 1)
            spans.append(Span(index, column, down, along, _cell(cell, nested)))
            for covered in range(column, column + along):
                reach[covered] = index + down
            column += along
    if len(reach) * len(rows) > _MAX_POSITIONS:
        raise ValueError("a table beyond all measure")
    return spans


def _span(text: str | None, zero: int) -> int:
    if not (text or "").strip().isdigit():
        return 1
    return min(int(text or 1), _MAX_SPAN) or zero


def _cell(cell: Any, nested: list[Block]) -> str:
    """The lines of a cell; the words of a table inside are kept here too, its rows as lines."""
    lines = []
    for block in _Flow().read(cell):
        if block.table is None:
            lines.append(block.text)
            continue
        nested.append(block)
        for row in block.table.rows:
            lines.append("\t".join(cell.text for cell in row.cells))
    return "\n".join(lines)


def _is_layout(table: Any) -> bool:
    """A table that only arranges the page: one column, or a frame around the real content."""
    if table.get("role") in {"presentation", "none"}:
        return True
    cells = [row.findall("td") + row.findall("th") for row, _ in _rows(table)]
    if max((len(row) for row in cells), default=0) < 2:
        return True
    inner = list(table.iterdescendants("table", "h1", "h2", "h3", "h4", "h5", "h6"))
    if not inner or any(cell.tag == "th" for row in cells for cell in row):
        return False
    inside = sum(len(e.text_content()) for e in inner if next(e.iterancestors("table")) is table)
    return any(e.tag != "table" for e in inner) or inside > len(table.text_content()) / 2


def _item_number(parent: Any, item: Any, previous: int) -> int:
    for text in (item.get("value"), parent.get("start") if previous == 0 else None):
        if (text or "").isdigit():
            return int(text or 0)
    return previous + 1


def _marker(parent: Any, number: int) -> str:
    """What a browser prints in front of a list item; "" for a bullet."""
    if parent.tag != "ol":
        return ""
    style = re.search(r"list-style(?:-type)?\s*:\s*([\w-]+)", parent.get("style", ""))
    form = style[1] if style else parent.get("type", "1")
    if form == "none":
        return ""
    if form in {"cjk-ideographic", "simp-chinese-informal", "trad-chinese-informal", "cjk-decimal"}:
        return f"{chinese(number)}、"
    written = {
        "A": letters(number), "upper-alpha": letters(number),
        "a": letters(number).lower(), "lower-alpha": letters(number).lower(),
        "I": roman(number), "upper-roman": roman(number),
        "i": roman(number).lower(), "lower-roman": roman(number).lower(),
    }  # fmt: skip
    return f"{written.get(form, number)}. "


def _numbered(blocks: list[Block]) -> list[Block]:
    """The blocks with their tables counted from 1."""
    for number, block in enumerate((b for b in blocks if b.table is not None), 1):
        block.place = Place(table=number)
        for row in block.table.rows if block.table is not None else []:
            row.place = Place(table=number, row=row.place.row)
    return blocks
