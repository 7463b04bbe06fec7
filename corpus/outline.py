"""The numbered outline of a document's prose: who stands under whom, box by box."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from corpus.brackets import label_of, read_tail
from corpus.document import Block, BlockKind, Document
from corpus.lines import DATED, Line, to_blocks
from corpus.numbering import ANNEX, read_numbered
from corpus.units import are_units
from corpus.values import Place

_BOX = re.compile(r"专\s*栏\s*([\d一二三四五六七八九十]+)?\s*[:：]?\s*(.{2,40})$")
_FOOTNOTE = re.compile(r"\d{1,2}\s+[^\d\s][^。]{1,20}：")
# What closes a plan or a list speaks to all, not to the point above it.
_CLOSING = re.compile(
    r"请各|以上|上述|除(上述|以上|此|前述)|联系(人|电话)|附件\s*[:：]|特此|[（(]此件|抄送"
)
_NOTE = re.compile(r"(备?注|附注|说明|填[报表]说明)\s*[:：]")  # its numbers count no points
DUTIES = re.compile(r"职责|任务分工|部门分工|责任分工")
_DUTY = re.compile(r"([^。，：:；]{2,40})[:：]\s*\S")  # 市公安局：负责…
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
    is_item: bool = False  # a point though it bears no number
    owner: str = ""  # 牵头单位：…, on a line of its own above a run of points

    def path(self) -> "list[Point]":
        """From the outermost heading to this point's parent."""
        return [*self.parent.path(), self.parent] if self.parent else []

    def walk(self) -> "Iterator[Point]":
        """The points under this one, in order, at any depth."""
        for child in self.children:
            yield child
            yield from child.walk()


def read_outline(document: Document) -> Point:
    """The root of the outline; tables are left out, but a table of one column is a box of prose."""
    blocks = list(_prose(document))
    root = Point(0, None, "", Place())
    open_points = [root]
    items = _items(blocks)
    box = _Box()
    in_note = False
    owners: dict[Point, str] = {}  # heading → what stands above the points under it
    for index, block in enumerate(blocks):
        text = block.text.strip()
        if _FOOTNOTE.match(text):
            continue
        if box.table != block.place.table:
            box.title = None  # it was all in one cell
        if title := _BOX.match(text):
            box.open(title[0], open_points[-1])
            box.table = block.place.table
            continue
        level, no, head = _level(block)
        in_note = bool(_NOTE.match(text)) or (in_note and level == _LEVEL_OF_LIST)
        level = None if in_note else level
        if level is None and (under := _above_duty(text, open_points)):
            level = under.level + 1
        if level is not None and box.title and box.takes(level, no, blocks[index:]):
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
        if index in items:
            level = _level_of_item(open_points)
        if level is None and _stands_above(text, blocks[index + 1 :], open_points, owners):
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
        point.is_item = index in items
        point.owner = owners.get(open_points[-1], "")
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
        rows = [{cell.text for cell in row.cells} for row in block.table.rows]
        if all(len(cells) == 1 for cells in rows):
            texts = "\n".join(cells.pop() for cells in rows).splitlines()
            lines = [Line(n, text) for n, text in enumerate(texts, 1)]
            for inside in to_blocks(lines):
                inside.place = block.place
                yield inside


def _level(block: Block) -> tuple[int | None, str | None, str]:
    """The level, number and words of a block; None for a paragraph that belongs to the one above."""
    text = block.text.strip()
    if ANNEX.fullmatch(text):
        return 0, None, text
    numbered = read_numbered(text)
    if numbered and numbered.rest:
        return numbered.level, numbered.no, numbered.rest
    if block.kind is BlockKind.HEADING:
        return min(block.level, 5), None, text
    return None, None, text


def _items(blocks: Sequence[Block]) -> set[int]:
    """Which paragraphs are points without a number: several that a date opens, or several of one
    heading with units of their own, in brackets at their end or behind labels below: 责任单位：….
    """
    dated = {n for n, block in enumerate(blocks) if DATED.match(block.text.strip())}
    items = dated if len(dated) > 1 else set()
    labels = [label_of(block.text.strip()) for block in blocks]
    bound = [False] * (len(blocks) + 1)  # from here on labels stand, and one names units or time
    for n in reversed(range(len(blocks))):
        bound[n] = labels[n] in ("unit", "time") or (labels[n] is not None and bound[n + 1])
    labelled: list[int] = []
    is_open = True  # below a heading, or above all
    charged: list[int] = []  # 提升绿化水平。……（市园林局牵头）
    for n, block in enumerate(blocks):
        if _level(block)[0] is not None:
            items |= {n for run in (labelled, charged) if len(run) > 1 for n in run}
            labelled, charged, is_open = [], [], block.kind is BlockKind.HEADING
        elif labels[n] is None and is_open and bound[n + 1]:
            labelled.append(n)
        elif labels[n] is None and (tail := read_tail(block.text)).unit_text and tail.text:
            charged.append(n)
    return items | {n for run in (labelled, charged) if len(run) > 1 for n in run}


def _level_of_item(open_points: Sequence[Point]) -> int:
    """A point without a number stands under a heading, and is a part of a numbered point."""
    above = [point for point in open_points if point.no or point.is_heading]
    return max([_LEVEL_OF_LIST, *(point.level + 1 for point in above)])


def _stands_above(
    text: str, below: Sequence[Block], open_points: Sequence[Point], owners: dict[Point, str]
) -> bool:
    """Note the units that a line of its own lays on the points below it, up to the next such line."""
    tail = read_tail(text)
    level = _level(below[0])[0] if below else None
    if tail.text or not tail.unit_text or level is None:
        return False
    last = open_points[-1]
    if level > last.level and (last.is_heading or last.level == 0):
        owners[last] = text
    elif last.parent in owners and level == last.level:
        owners[last.parent] = text
    else:
        return False
    return True


def _above_duty(text: str, open_points: Sequence[Point]) -> Point | None:
    """The heading of duties under which a paragraph lays its words on a unit, without a number."""
    found = _DUTY.match(text)
    if found is None or not are_units(found[1]):
        return None
    return next((p for p in open_points if p.no and DUTIES.search(p.head[:30])), None)


@dataclass(slots=True)
class _Box:
    """The box that is open, if any, and how far its own numbers and the plan's have come."""

    title: str | None = None
    parent: Point = field(default_factory=lambda: Point(0, None, "", Place()))
    last: int = 0
    main: int = 0
    level: int = _LEVEL_OF_LIST  # of its items: 1. or ①
    table: int | None = None  # the number of the table whose only cell it is

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

    def takes(self, level: int, no: str | None, ahead: Sequence[Block]) -> bool:
        """Whether the next numbered point, the first of `ahead`, is the box's own.

        Where the plan's own count could go on with the same number, what comes behind the run
        decides: if that is the number after the run, the run belonged to the plan.
        """
        if no is None or not no.isdecimal() or int(no) != self.last + 1:
            return False
        if no == "1" and level >= _LEVEL_OF_LIST:
            self.level = level
        if level != self.level:
            return False
        if level > _LEVEL_OF_LIST:
            return True
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
