"""The numbered outline of a document's prose: who stands under whom, box by box."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from corpus.document import Block, BlockKind, Document
from corpus.lines import Line, to_blocks
from corpus.numbering import read_number
from corpus.values import Place

_ANNEX = re.compile(r"附\s*[件表录]\s*[\d一二三四五六七八九十]*\s*[:：]?\s*$")
_BOX = re.compile(r"专\s*栏\s*([\d一二三四五六七八九十]+)?\s*[:：]?\s*(.{2,40})$")
_FOOTNOTE = re.compile(r"\d{1,2}\s+[^\d\s][^。]{1,20}：")
# What closes a plan or a list speaks to all, not to the point above it.
_CLOSING = re.compile(
    r"请各|以上|上述|除(上述|以上|此|前述)|联系(人|电话)|附件\s*[:：]|特此|[（(]此件|抄送"
)
ANNEX_NAMED = re.compile(r"附件\s*[:：]\s*\S")  # the list of annexes, or the title of the only one
_LEVEL_OF_LIST = 3


@dataclass(slots=True, eq=False)
class Point:
    """A heading or a numbered point: its own words, what follows it, and the points under it."""

    level: int  # 0 is the document or an annex, 1 to 5 as the numbers go
    no: str | None
    head: str  # the words of its first paragraph, without the number
    place: Place
    parent: "Point | None" = None
    body: list[str] = field(default_factory=list)  # paragraphs that follow, without a number
    children: list["Point"] = field(default_factory=list)
    box: str | None = None  # the title of the box it stands in
    is_heading: bool = False

    def path(self) -> "list[Point]":
        """From the outermost heading to this point's parent."""
        return [*self.parent.path(), self.parent] if self.parent else []

    def walk(self) -> "Iterator[Point]":
        """The points under this one, in order, at any depth."""
        for child in self.children:
            yield child
            yield from child.walk()


def read_outline(document: Document) -> Point:
    """The root of the outline; tables are left out, but a table of one cell is a box of prose."""
    blocks = list(_prose(document))
    root = Point(0, None, "", Place())
    open_points = [root]
    box = _Box()
    for index, block in enumerate(blocks):
        text = block.text.strip()
        if _FOOTNOTE.match(text):
            continue
        if title := _BOX.match(text):
            box.open(title[0], open_points[-1])
            continue
        level, no, head = _level(block)
        if box.title and level == _LEVEL_OF_LIST and box.takes(no, blocks[index:]):
            _add(box.parent, Point(level, no, head, block.place, box=box.title))
            box.last = int(no or 0)
            continue
        if level is None and _CLOSING.match(text):
            root.body.append(text)
            if ANNEX_NAMED.match(text):  # what follows belongs to no point above
                annex = Point(0, None, text, block.place)
                _add(root, annex)
                open_points = [root, annex]
            continue
        if level is None:
            last = box.parent.children[-1] if box.title and box.last else open_points[-1]
            last.body.append(text)
            _extend(last, block.place)
            continue
        box.close(level, no)
        while open_points[-1].level >= level and len(open_points) > 1:
            open_points.pop()
        point = Point(level, no, head, block.place, is_heading=block.kind is BlockKind.HEADING)
        _add(open_points[-1], point)
        open_points.append(point)
    return root


def _add(parent: Point, point: Point) -> None:
    point.parent = parent
    parent.children.append(point)


def _extend(point: Point, place: Place) -> None:
    point.place = replace(point.place, line_end=place.line_end or point.place.line_end)


def _prose(document: Document) -> Iterator[Block]:
    for block in document.blocks:
        if block.table is None:
            yield block
            continue
        cells = {cell.text for row in block.table.rows for cell in row.cells if cell.text.strip()}
        if len(cells) == 1:
            lines = [Line(n, text) for n, text in enumerate(cells.pop().splitlines(), 1)]
            for inside in to_blocks(lines):
                inside.place = block.place
                yield inside


def _level(block: Block) -> tuple[int | None, str | None, str]:
    """The level, number and words of a block; None for a paragraph that belongs to the one above."""
    text = block.text.strip()
    if _ANNEX.match(text):
        return 0, None, text
    numbered = read_number(text)
    if numbered and numbered.rest:
        return numbered.level, numbered.no, numbered.rest
    if block.kind is BlockKind.HEADING:
        return min(block.level, 5), None, text
    return None, None, text


@dataclass(slots=True)
class _Box:
    """The box that is open, if any, and how far its own numbers and the plan's have come."""

    title: str | None = None
    parent: Point = field(default_factory=lambda: Point(0, None, "", Place()))
    last: int = 0
    main: int = 0

    def open(self, title: str, parent: Point) -> None:
        """A box begins, or goes on after a page break under the same title."""
        title = re.sub(r"\s+", "", title)
        if title != self.title:
            self.title, self.last = title, 0
            self.parent = parent if parent.level < _LEVEL_OF_LIST else parent.parent or parent

    def close(self, level: int, no: str | None) -> None:
        """A point outside the box ends it."""
        self.title = None
        if level == _LEVEL_OF_LIST and no and no.isdecimal():
            self.main = int(no)

    def takes(self, no: str | None, ahead: Sequence[Block]) -> bool:
        """Whether the next numbered point, the first of `ahead`, is the box's own.

        Where the plan's own count could go on with the same number, what comes behind the run
        decides: if that is the number after the run, the run belonged to the plan.
        """
        if no is None or not no.isdecimal() or int(no) != self.last + 1:
            return False
        if int(no) != self.main + 1:
            return True
        return _after_run(int(no), ahead) != _run_end(int(no), ahead) + 1


def _numbers(blocks: Sequence[Block]) -> Iterator[int | None]:
    """The numbers of points at the level of a list; None where a heading or a box comes between."""
    for block in blocks:
        level, no, _ = _level(block)
        if _BOX.match(block.text.strip()) or (level is not None and level < _LEVEL_OF_LIST):
            yield None
        elif level == _LEVEL_OF_LIST and no and no.isdecimal():
            yield int(no)


def _run_end(first: int, blocks: Sequence[Block]) -> int:
    """The last of the numbers first, first + 1 … that stand together."""
    last = first - 1
    for number in _numbers(blocks):
        if number != last + 1:
            break
        last = number
    return last


def _after_run(first: int, blocks: Sequence[Block]) -> int | None:
    """The next number of the plan's own count behind a run; boxes, which start at 1, are skipped."""
    inside, last = True, first - 1
    for number in _numbers(blocks):
        if number is None:
            inside = False
        elif inside and number == last + 1:
            last = number
        elif number == 1:
            inside, last = True, 1
        else:
            return number
    return None
