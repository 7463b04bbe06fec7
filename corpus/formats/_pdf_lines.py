"""The visible characters of a PDF page, put together to lines, and lines to paragraphs."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from corpus.formats._colour import is_white

_TINY_POINTS = 3
_SENTENCE_END = "。！？；：.!?;:"
_CLOSING = "，。、；：！？）》”’】"  # no line begins with these
_NUMBERED = re.compile(
    r"[一二三四五六七八九十]+、|[（(][一二三四五六七八九十\d]+[）)]|\d+[.．、]|第[一二三四五六七八九十百\d]+[章节条]"
    r"|[①-⑳]|附件|注"
)
# One unit a line is common, and a name may happen to fill its line.
_UNIT_END = re.compile(r"[局委办厅部院会府队站所校）)]$")
_UNIT_START = re.compile(r"[省市县区州各]")


@dataclass(slots=True)
class Line:
    """A line of print; lengths are points from the top left corner of its page."""

    text: str
    page: int
    x0: float
    x1: float
    top: float
    bottom: float
    size: float  # of most of its print
    lead: float  # how wide the piece at its beginning is that cannot be broken: a character, a word


class Visible:
    """Parts the characters of a page that a reader sees from those that are hidden."""

    def __init__(self, page: Any) -> None:
        self._box = page.bbox
        self._grounds = [
            (item["x0"], item["top"], item["x1"], item["bottom"])
            for item in (*page.rects, *page.curves)
            if item.get("fill") and not _white(item.get("non_stroking_color"))
        ] + [(item["x0"], item["top"], item["x1"], item["bottom"]) for item in page.images]
        self.hidden = 0
        self.unreadable = 0  # characters whose font does not say what they are

    def of(self, characters: Iterable[Any]) -> list[Any]:
        """The characters that are seen, each with a text that can be read."""
        seen = []
        for char in characters:
            if char["text"].startswith("(cid:"):
                self.unreadable += 1
            elif not char["text"].isspace() and self._is_hidden(char):
                self.hidden += 1
            else:
                seen.append(char)
        return seen

    def _is_hidden(self, char: Any) -> bool:
        x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
        left, top, right, bottom = self._box
        if char["size"] < _TINY_POINTS or not (left <= x <= right and top <= y <= bottom):
            return True
        if not _white(char.get("non_stroking_color")):
            return False
        return not any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in self._grounds)


def _white(colour: Any) -> bool:
    """A colour of one (grey), three (RGB) or four (CMYK) parts from 0 to 1; False for a pattern."""
    parts: tuple[Any, ...] = (colour,) if isinstance(colour, int | float) else tuple(colour or ())
    if not parts or not all(isinstance(part, int | float) for part in parts):
        return False
    if len(parts) == 4:
        cyan, magenta, yellow, black = parts
        return is_white(*(255 * (1 - ink) * (1 - black) for ink in (cyan, magenta, yellow)))
    red, green, blue = parts if len(parts) == 3 else (parts[0],) * 3
    return is_white(255 * red, 255 * green, 255 * blue)


def lines_of(characters: Iterable[Any], page: int) -> list[Line]:
    """Lines from top to bottom."""
    rows: list[list[Any]] = []
    height = 0.0
    for char in sorted(characters, key=lambda c: (c["top"] + c["bottom"]) / 2):
        if char["text"].isspace():
            continue
        middle = (char["top"] + char["bottom"]) / 2
        if rows and middle - height < 0.5 * min(char["size"], rows[-1][0]["size"]):
            rows[-1].append(char)
        else:
            rows.append([char])
            height = middle
    return [_line(sorted(row, key=lambda c: c["x0"]), page) for row in rows]


def _line(row: list[Any], page: int) -> Line:
    kept: list[Any] = []
    text = ""
    lead = None
    for char in row:
        if kept and _is_printed_twice(kept[-1], char):
            continue
        if kept:
            gap = char["x0"] - kept[-1]["x1"]
            if gap > _space(kept[-1]["text"], char["text"]) * char["size"]:
                text += " "
            if lead is None and _may_break(kept[-1]["text"], char["text"]):
                lead = kept[-1]["x1"] - row[0]["x0"]
        kept.append(char)
        text += _plain(char["text"])
    sizes = sorted(char["size"] for char in kept)
    right = max(char["x1"] for char in kept)
    return Line(
        text=text,
        page=page,
        x0=row[0]["x0"],
        x1=right,
        top=min(char["top"] for char in kept),
        bottom=max(char["bottom"] for char in kept),
        size=sizes[len(sizes) // 2],
        lead=right - row[0]["x0"] if lead is None else lead,
    )


def _is_printed_twice(first: Any, second: Any) -> bool:
    """Bold print is sometimes made by printing a character again, a little aside."""
    near = abs(first["x0"] - second["x0"]) < 0.25 * second["size"]
    return bool(near and first["text"] == second["text"])


def _space(left: str, right: str) -> float:
    """How wide a gap between two characters must be, in their size, to be a space."""
    if _is_latin(left) and _is_latin(right):
        return 0.2
    return 0.5 if _is_latin(left) or _is_latin(right) else 0.8


def _may_break(left: str, right: str) -> bool:
    """A line may end between two characters: not in a word, nor before a 。 or after a （."""
    if _is_latin(left) and _is_latin(right):
        return False
    return right not in f"{_CLOSING}%％…—·" and left not in "（《“‘【"


def _is_latin(text: str) -> bool:
    return text.isascii() and (text.isalnum() or text in "%.,-/")


def _plain(text: str) -> str:
    """The common character for a radical or a compatibility form that looks the same."""
    return "".join(
        unicodedata.normalize("NFKC", char)
        if "\u2e80" <= char <= "\u2fdf" or "\uf900" <= char <= "\ufaff" or char in "ﬁﬂﬀ"
        else char
        for char in text
    )


def join(first: str, second: str) -> str:
    """Two pieces of one sentence, with a space only between Latin words."""
    between = " " if _is_latin(first[-1:]) and second[:1].isascii() and second[:1].isalpha() else ""
    return first + between + second


def are_units(above: str, line: str) -> bool:
    """One name of a unit ends and another begins, though the line above is full."""
    return bool(_UNIT_END.search(above) and _UNIT_START.match(line))


def in_cell(lines: list[Line], width: float) -> tuple[str, bool]:
    """The text of a cell that is `width` points wide inside its padding.

    A line that leaves no room for the beginning of the next goes on in it; any other ends with a
    line break. Also tells whether the last line is full, so that it may go on over the page.
    """
    text = ""
    for above, line in zip([None, *lines], lines, strict=False):
        if above is None:
            text = line.text
        elif line.text[0] in _CLOSING or (
            width - (above.x1 - above.x0) < _room(above, line)
            and not are_units(above.text, line.text)
        ):
            text = join(text, line.text)
        else:
            text += "\n" + line.text
    last = lines[-1] if lines else None
    return text, last is not None and width - (last.x1 - last.x0) < 1.3 * last.size


def _room(above: Line, line: Line) -> float:
    """What the beginning of a line needs behind the one above; print parts Han from Latin a little."""
    mixed = _is_latin(above.text[-1:]) != _is_latin(line.text[:1])
    return line.lead + (0.4 if mixed else 0.1) * line.size


def paragraphs(lines: list[Line], left: float, right: float, body: float) -> Iterator[list[Line]]:
    """Lines that follow each other, as paragraphs; `left` and `right` bound the print area."""
    paragraph: list[Line] = []
    for line in lines:
        if paragraph and not _goes_on(paragraph, line, left, right, body):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _goes_on(above: list[Line], line: Line, left: float, right: float, body: float) -> bool:
    last = above[-1]
    if abs(last.size - line.size) > 1:
        return False
    same_page = last.page == line.page
    if same_page and line.top - last.bottom > 1.6 * line.size:
        return False
    middle = (left + right) / 2
    if (
        same_page
        and line.size > 1.15 * body
        and _is_centred(last, middle)
        and _is_centred(line, middle)
    ):
        return True
    # where paragraphs are indented, a line at the margin goes on, even if the one above is ragged
    in_indented = above[0].x0 - left > 1.5 * line.size and last.text[-1:] not in _SENTENCE_END
    if right - last.x1 > line.lead + (3 if in_indented else 0.6) * line.size:
        return False
    if line.x0 - left < 0.8 * line.size:
        # （一）……（市教育局牵头） closes with its bracket
        return not (_NUMBERED.match(line.text) and last.text[-1:] in f"{_SENTENCE_END}）)")
    # the whole paragraph may be indented
    aligned = abs(line.x0 - last.x0) < 0.5 * line.size
    return aligned and last.text[-1:] not in _SENTENCE_END and not _NUMBERED.match(line.text)


def _is_centred(line: Line, middle: float) -> bool:
    return abs((line.x0 + line.x1) / 2 - middle) < line.size
