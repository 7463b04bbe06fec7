"""Lines of plain text to headings and paragraphs: sentences broken by a line or a page are mended."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from corpus.document import Block, BlockKind
from corpus.numbering import ANNEX, read_numbered
from corpus.values import Place

_TERMINAL = re.compile(r"[。！？!?；;：:…][”’）)》」\d]?$|[。；！][（(][^。]*[）)]$")
_OPEN_END = re.compile(r"[，、,（(“《〈—\-/]$")
_STARTS_NEW = re.compile(
    r"专\s*栏\s*\d|附\s*[件表录]\s*[\d一二三四五六七八九十]*\s*([:：]|$)|——|--|备\s*注\s*[:：]|注\s*[:：]"
    r"|(责任|牵头|配合|主办|协办)(单位|部门|科室)\s*[:：]|完成(时限|时间)\s*[:：]|[-*•●■◆]\s"
    r"|[\u3400-\u9fff（）()]{4,24}文件$"  # the red head of a paper, and its number
    r"|[\u3400-\u9fff（）()]{2,16}[〔\[［【(（](19|20)\d\d[〕\]］】)）]第?\d{1,4}号$"
)
_MOMENT = (
    r"(?:20\d\d年)?(?:\d{1,2}月(?:\d{1,2}日|[上中下]旬|份)?|第?[一二三四]季度|[上下]半年)[底初末]?"
)
# 1月—3月：…, 9月底前：… in front of what is to be done then
DATED = re.compile(
    rf"(?:{_MOMENT}(?:\s*[-—–~～至到]+\s*{_MOMENT})?|年底)(?:以?前|期间|起)?\s*[:：]\s*(?=\S)"
)
_PAGE_NUMBER = re.compile(
    r"[-—–－]*\s*\d{1,4}\s*[-—–－]*|第\s*\d+\s*页([,，/]?\s*共\s*\d+\s*页)?|\d+\s*/\s*\d+"
)
_TITLE_END = re.compile(
    r"(方案|计划|要点|通知|意见|规划|办法|清单|一览表|分解表|分工表|任务表|明细表|细则|预案|"
    r"职责分工|分工|安排|决定|通告|报告|制度|责任书|指标|目录)$"
)
_WRAPPED_SHARE = 0.5  # of the lines about equally long: the text was broken at a fixed width
_INDENT = re.compile(r"(　{1,}|\t| {2,})\S")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a text file, counted from 1, without its line break."""

    no: int
    text: str


def is_page_number(text: str) -> bool:
    """Whether a line holds nothing but the number of a page."""
    return bool(_PAGE_NUMBER.fullmatch(text.strip()))


def width(text: str) -> int:
    """Columns on paper: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def join(left: str, right: str) -> str:
    """Two pieces of one broken line; only Latin words need a space between them."""
    spaced = (
        left[-1:].isascii() and left[-1:].isalpha() and right[:1].isascii() and right[:1].isalpha()
    )
    return left + (" " if spaced else "") + right


def to_blocks(lines: Sequence[Line]) -> list[Block]:
    """Headings, paragraphs and list items; blank lines and page numbers are left out."""
    kept = [line for line in lines if line.text.strip() and not is_page_number(line.text)]
    if not kept:
        return []
    page = _Page(kept)
    blocks: list[Block] = []
    group = [kept[0]]
    for line in kept[1:]:
        if page.continues(group, line):
            group.append(line)
        else:
            blocks.append(_block(group))
            group = [line]
    blocks.append(_block(group))
    return blocks


class _Page:
    """How this text is set: the width of its lines, and whether paragraphs are indented."""

    def __init__(self, lines: Sequence[Line]) -> None:
        widths = sorted(width(line.text.strip()) for line in lines)
        self.width = widths[int(len(widths) * 0.9)]
        full = sum(0.8 * self.width <= w <= 1.2 * self.width for w in widths)
        self.is_wrapped = len(lines) >= 8 and full >= _WRAPPED_SHARE * len(lines)
        indented = sum(bool(_INDENT.match(line.text)) for line in lines)
        self.is_indented = 0 < indented < len(lines)
        gaps = sum(b.no > a.no + 1 for a, b in pairwise(lines))
        self.is_spaced = gaps >= 0.8 * (len(lines) - 1)

    def continues(self, group: Sequence[Line], line: Line) -> bool:
        """Whether `line` goes on with the paragraph that `group` holds so far."""
        before, text = group[-1].text.strip(), line.text.strip()
        if starts_new(text) or before.startswith("#") or text.startswith("#"):
            return False
        if self.is_indented and _INDENT.match(line.text):
            return False
        ends = group if len(group) < 8 else [group[0], *group[-7:]]
        whole = "".join(part.text.strip() for part in ends)
        full = width(before) >= 0.9 * self.width
        if _TERMINAL.search(before) and not _is_open(whole):
            return self.is_wrapped and full
        if _OPEN_END.search(before) or _is_open(whole):
            return True
        if self.is_wrapped:
            return width(before) >= 0.8 * self.width
        if self.is_spaced and line.no == group[-1].no + 1 and not _TITLE_END.search(before):
            return not ANNEX.fullmatch(before)
        return bool(re.search(r"[，。；、]", _body(whole))) and width(whole) >= 44


def starts_new(text: str) -> bool:
    """Whether a line can only be the first of its paragraph: it brings a number, a box, an annex."""
    text = text.strip()
    return bool(read_numbered(text) or DATED.match(text) or _STARTS_NEW.match(text))


def _body(text: str) -> str:
    numbered = read_numbered(text)
    return numbered.rest if numbered else text


def _is_open(text: str) -> bool:
    """Whether a bracket or quotation mark opened near the end waits for its other half."""
    tail = text[-60:]
    return any(tail.rfind(left) > tail.rfind(right) for left, right in ("（）", "“”", "《》"))


def _block(group: Sequence[Line]) -> Block:
    text = ""
    for line in group:
        text = join(text, line.text.strip())
    place = Place(line_start=group[0].no, line_end=group[-1].no)
    if mark := re.match(r"(#{1,6})\s+", text):
        return Block(BlockKind.HEADING, text[mark.end() :].strip("# *"), len(mark[1]), place=place)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
    if mark := re.match(r"[-*•●■◆]\s+", text):
        return Block(BlockKind.LIST_ITEM, text[mark.end() :], place=place)
    kind, level = _kind(text)
    return Block(kind, text, level, place=place)


def _kind(text: str) -> tuple[BlockKind, int]:
    numbered = read_numbered(text)
    ended = bool(_TERMINAL.search(text)) or len(text) > 60
    if numbered and numbered.level <= 3 and not ended and not re.search(r"[，。；]", numbered.rest):
        return BlockKind.HEADING, numbered.level
    if ANNEX.fullmatch(text):
        return BlockKind.HEADING, 1
    if re.match(r"专\s*栏\s*\d", text) and len(text) <= 60:
        return BlockKind.HEADING, 4
    if numbered:
        return BlockKind.LIST_ITEM, numbered.level
    if not ended and _TITLE_END.search(text) and not re.search(r"[，。；]", text):
        return BlockKind.HEADING, 1
    return BlockKind.PARAGRAPH, 0
