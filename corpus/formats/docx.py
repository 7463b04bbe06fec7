"""Reads Word documents (docx): headings, list numbers, merged cells, tracked changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.errors import UserError
from corpus.document import Block, BlockKind, Document
from corpus.formats import _package
from corpus.formats._docx_numbers import Numbers
from corpus.formats._docx_styles import Styles, W, is_on, is_shaded, value_of
from corpus.formats._docx_text import Words
from corpus.formats._grid import Span, captioned, fill
from corpus.values import Place

SUFFIXES: tuple[str, ...] = (".docx", ".docm")

_NARROW_TWENTIETHS = (
    170  # 3 mm: no column is that narrow, but a border drawn by hand can miss by it
)


def read(path: Path) -> Document:
    """The document in reading order. Raises UserError when the file cannot be read."""
    _package.check(path, "word/document.xml")
    reader = _Reader(*_parts(path))
    reader.read()
    if not reader.blocks:
        raise _package.nothing_to_read(path)
    return Document(reader.blocks, "docx", reader.notes())


def _parts(path: Path) -> tuple[Any, Any, Any | None, list[Any]]:
    """The XML of the body, the styles, the numbering (None: no lists) and the foot- and endnotes."""
    import docx
    from lxml import etree

    try:
        document = docx.Document(str(path))
        found = {}
        for relation in document.part.rels.values():
            name = relation.reltype.rpartition("/")[2]
            if name in {"numbering", "footnotes", "endnotes"} and not relation.is_external:
                parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
                found[name] = etree.fromstring(relation.target_part.blob, parser)
        notes = [found[name] for name in ("footnotes", "endnotes") if name in found]
        return document.element.body, document.styles.element, found.get("numbering"), notes
    except UserError:
        raise
    except Exception as error:  # a broken package fails in many ways inside the library
        raise _package.damaged(path) from error


class _Reader:
    def __init__(self, body: Any, styles: Any, numbering: Any | None, notes: list[Any]) -> None:
        self.blocks: list[Block] = []
        self._body = body
        self._styles = Styles(styles)
        self._numbers = Numbers(numbering, self._styles)
        self._words = Words(self._styles)
        self._footnotes = {
            f"{W}{note.tag.removeprefix(W)}Reference{note.get(f'{W}id')}": note
            for root in notes
            for note in root
        }
        self._tables = 0
        self._has_contents = False
        self._hidden_rows = 0

    def read(self) -> None:
        carried = ""  # the words of a paragraph whose end mark a tracked change deletes
        for element in _content(self._body):
            if element.tag == f"{W}tbl":
                self._table(element)
            elif element.find(f"{W}pPr/{W}rPr/{W}del") is not None:
                carried += self._words.of(element)
            else:
                self._paragraph(element, carried)
                carried = ""
            self._add_footnotes()

    def notes(self) -> list[str]:
        """What was left out, for the person who sent the file."""
        notes = []
        if self._words.hidden:
            notes.append(f"有{self._words.hidden}处看不见的文字（隐藏、白色或极小）没有读入。")
        if self._words.text_boxes:
            notes.append(f"有{self._words.text_boxes}个文本框没有读入，需要的内容请移到正文。")
        if self._hidden_rows:
            notes.append(f"表格中有{self._hidden_rows}行是隐藏的，没有读入。")
        if self._has_contents:
            notes.append("目录没有读入。")
        return notes

    def _paragraph(self, element: Any, carried: str) -> None:
        if self._styles.is_contents_line(element):
            self._has_contents = True
            return
        text = carried + self._words.of(element)
        if not text:
            return
        number = self._numbers.printed(element)
        level = self._styles.heading_level(element)
        if level:
            heading = (number or "") + text.replace("\n", "")
            self.blocks.append(Block(BlockKind.HEADING, heading, level))
            return
        kind = BlockKind.PARAGRAPH if number is None else BlockKind.LIST_ITEM
        lines = [line.strip() for line in ((number or "") + text).split("\n")]
        self.blocks += [Block(kind, line) for line in lines if line]

    def _add_footnotes(self) -> None:
        for key in self._words.footnotes:
            if key in self._footnotes:
                words = [self._words.of(p) for p in self._footnotes[key].iter(f"{W}p")]
                if text := "".join(words):
                    self.blocks.append(Block(BlockKind.PARAGRAPH, text))
        self._words.footnotes.clear()

    def _table(self, element: Any) -> None:
        self._tables += 1
        number = self._tables
        nested: list[Any] = []
        spans, height = self._spans(element, nested)
        places = [Place(table=number, row=row + 1) for row in range(height)]
        if any(span.text for span in spans):
            self.blocks.append(captioned(fill(_straightened(spans, element), places), self.blocks))
        for table in nested:
            self._table(table)

    def _spans(self, table: Any, nested: list[Any]) -> tuple[list[Span], int]:
        """The cells of a table, and how many rows it has; tables in its cells go to `nested`."""
        shaded = self._styles.table_is_shaded(table)
        spans: list[Span] = []
        above: dict[int, Span] = {}  # the cell that a merge going down would continue, by column
        height = 0
        for row in _children(table, f"{W}tr"):
            properties = row.find(f"{W}trPr")
            if properties is not None and properties.find(f"{W}del") is not None:
                continue
            if properties is not None and is_on(properties.find(f"{W}hidden")):
                self._hidden_rows += 1
                continue
            column = _count(properties, "gridBefore", 0)
            last: Span | None = None
            for cell in _children(row, f"{W}tc"):
                settings = cell.find(f"{W}tcPr")
                width = _count(settings, "gridSpan", 1)
                text = self._cell(cell, shaded, nested)
                upper = above.get(column)
                if last is not None and _merge(settings, "hMerge") == "continue":
                    last.columns += width
                elif upper is not None and _merge(settings, "vMerge") == "continue":
                    upper.rows = height - upper.row + 1
                else:
                    last = Span(height, column, 1, width, text)
                    spans.append(last)
                    for covered in range(column, column + width):
                        above.pop(covered, None)
                    above[column] = last
                column += width
            height += 1
        return spans, height

    def _cell(self, cell: Any, shaded: bool, nested: list[Any]) -> str:
        shaded = shaded or is_shaded(cell.find(f"{W}tcPr/{W}shd"))
        lines: list[str] = []
        for element in _content(cell):
            if element.tag == f"{W}tbl":
                nested.append(element)
                lines += self._flat(element, shaded)
            else:
                # an empty paragraph with a number is how a column of 序号 counts itself
                number = self._numbers.printed(element) or ""
                lines.append((number + self._words.of(element, shaded)).strip())
        return "\n".join(line for line in lines if line)

    def _flat(self, table: Any, shaded: bool) -> Iterator[str]:
        """The rows of a table inside a cell, each on a line, its cells parted by tabs."""
        for row in _children(table, f"{W}tr"):
            cells = _children(row, f"{W}tc")
            words = [" ".join(self._words.of(p, shaded) for p in c.iter(f"{W}p")) for c in cells]
            yield "\t".join(words).strip()


def _content(container: Any) -> Iterator[Any]:
    """The paragraphs and tables of a body or a cell, also inside content controls and changes."""
    for child in container:
        if child.tag in {f"{W}p", f"{W}tbl"}:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _content(child)


def _children(container: Any, tag: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, also inside content controls."""
    for child in container:
        if child.tag == tag:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _children(child, tag)


_WRAPPERS = {
    f"{W}{name}" for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")
}


def _merge(settings: Any | None, name: str) -> str | None:
    merge = None if settings is None else settings.find(f"{W}{name}")
    return None if merge is None else merge.get(f"{W}val") or "continue"


def _count(properties: Any | None, name: str, default: int) -> int:
    text = value_of(properties, name)
    return int(text) if text and text.isdigit() else default


def _straightened(spans: list[Span], table: Any) -> list[Span]:
    """The cells without the sliver columns that Word makes where borders nearly meet."""
    widths = [grid.get(f"{W}w") or "" for grid in table.findall(f"{W}tblGrid/{W}gridCol")]
    alone = {span.column for span in spans if span.columns == 1}
    slivers = [
        column
        for column, width in enumerate(widths)
        if width.isdigit() and int(width) < _NARROW_TWENTIETHS and column not in alone
    ]
    for column in reversed(slivers):
        for span in spans:
            if span.column <= column < span.column + span.columns:
                span.columns -= 1
            elif span.column > column:
                span.column -= 1
    return [span for span in spans if span.columns > 0]
