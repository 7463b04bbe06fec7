"""Tells where each block of a document stands: its annex, and the headings above it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from corpus.document import Block, BlockKind, Document
from corpus.numbering import read_numbered
from rag.words import squeezed

_ANNEX = re.compile(
    r"附\s*([件表录])\s*([\d一二三四五六七八九十]+)(?:\s*$|\s*[:：.、\s]\s*\S)|附\s*件\s*[:：]?\s*$"
)
_BOX = re.compile(r"专\s*栏\s*[\d一二三四五六七八九十]*")
_LONGEST_HEADING = 60  # characters
_BOX_RANK = 30
_CAPTION_RANK = 99  # the name of a table ends with the table


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; `mark` is its number as printed, "（三）", and "" if it has none."""

    text: str
    mark: str
    rank: int  # a heading closes those above it of the same or a greater rank


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a block stands."""

    annex: str  # "附件2"; "附件" where it has no number, "" outside
    headings: tuple[Heading, ...]  # from the highest down, without plan title and annex

    @property
    def marks(self) -> str:
        """The printed numbers of the headings, "二、（三）"."""
        return "".join(heading.mark for heading in self.headings)

    @property
    def path(self) -> tuple[str, ...]:
        """What a reader finds above the block, from the annex down."""
        return tuple(filter(None, (self.annex, *(heading.text for heading in self.headings))))

    def without_box(self) -> "Spot":
        """The same for a point that stands behind a box 专栏, not in it."""
        return Spot(self.annex, tuple(h for h in self.headings if h.rank != _BOX_RANK))


@dataclass(frozen=True, slots=True)
class Placed:
    """A block and where it stands; `mark` is the number that its text begins with."""

    block: Block
    spot: Spot
    mark: str
    is_heading: bool


def mark_of(text: str) -> str:
    """The number in front of a text as printed, "（三）" or "1."; "" if there is none."""
    numbered = read_numbered(text)
    return squeezed(text.strip().removesuffix(numbered.rest)) if numbered else ""


def outline(document: Document, title: str) -> Iterator[Placed]:
    """All blocks in order; a heading stands under itself."""
    annex, above, begun = "", tuple[Heading, ...](), False
    blocks = [block for block in document.blocks if block.table or block.text.strip()]
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        text = block.text.strip()
        mark = mark_of(text)
        is_heading = _is_heading(block, following)
        if label := _annex_label(block):
            # a file that is nothing but one annex needs no word for it
            annex = label if begun or label != "附件" else ""
            above, is_heading = (), True
            if squeezed(text).strip(":：") != label:
                above = (Heading(text, "", 0),)
        elif is_heading or mark:
            rank = _rank(block, following)
            above = tuple(heading for heading in above if heading.rank < rank)
            if is_heading and squeezed(text) == squeezed(title):
                above = ()
            elif is_heading:
                above += (Heading(text, mark, rank),)
        begun = True
        yield Placed(block, Spot(annex, above), mark, is_heading)


def _annex_label(block: Block) -> str:
    text = block.text.strip()
    if len(text) > _LONGEST_HEADING or text.endswith(("。", "；")):
        return ""
    found = _ANNEX.match(text)
    if not found:
        return ""
    return f"附{found[1]}{found[2]}" if found[2] else "附件"


def _is_heading(block: Block, following: Block | None) -> bool:
    if block.kind is BlockKind.HEADING:
        return True
    if block.kind is BlockKind.TABLE or following is None or len(block.text) > _LONGEST_HEADING:
        return False
    # （一）开展五项行动，构建良好安全秩序。 with 1. 2. 3. under it
    own, under = read_numbered(block.text), read_numbered(following.text)
    return own is not None and under is not None and under.level > own.level


def _rank(block: Block, following: Block | None) -> int:
    """Ten a level; a numbered heading stands just under an unnumbered one of its level."""
    if _BOX.match(block.text.strip()):
        return _BOX_RANK
    if numbered := read_numbered(block.text):
        return 10 * numbered.level + 5
    if following is not None and following.table is not None:
        return _CAPTION_RANK
    return 10 * max(block.level, 1)
