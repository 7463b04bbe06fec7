"""A table for a chat: as an xlsx workbook, or as a picture where a Chinese font is installed."""

import io
import subprocess
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Rows = Sequence[Sequence[str]]

# a cell that says nothing but this shows its colour: fill, as spreadsheets and pictures write it
LIGHTS = {"红": "#F4B6B0", "黄": "#FFE699", "绿": "#B7DFB0"}
LONGEST_CELL = 32_000  # Excel holds 32,767 characters
NARROWEST, WIDEST = 5, 60  # characters of a column; a Han character takes two
LINE_HEIGHT, TALLEST = 14.0, 405.0  # points of a line, and of a row: Excel has no taller one

FONTS = (
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simsun.ttc",
)
FONT_PACKAGE = "pylopdf_fonts_zh_cn"  # Noto Sans SC; the extra "pictures" installs it
SIZE, SMALL = 20, 16  # pixels of a character, and of one in the notes
PAD, GAP = 10, 24  # pixels: a cell's margin, around the table
PICTURE_WIDTH = 76  # characters of all columns together
TALLEST_PICTURE = 9000  # pixels; chats refuse or shrink what is taller
INK, LINE, HEAD = "#222222", "#9A9A9A", "#EDEDED"


def sheet(title: str, head: Sequence[str], rows: Rows, notes: str = "") -> bytes:
    """A workbook with one sheet: the title, the names of the columns, every row, and notes below."""
    import xlsxwriter

    cell = {"font_name": "宋体", "font_size": 10.5, "border": 1, "text_wrap": True, "valign": "vcenter"}  # fmt: skip
    widths = _widths(head, rows, WIDEST)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.set_properties({"title": title})
        page = book.add_worksheet("表格")
        named = book.add_format({"font_name": "黑体", "font_size": 16, "align": "center", "valign": "vcenter", "text_wrap": True})  # fmt: skip
        heads = book.add_format({**cell, "font_name": "黑体", "align": "center", "bg_color": HEAD})
        plain = book.add_format(cell)
        centred = book.add_format({**cell, "align": "center"})
        lights = {
            name: book.add_format({**cell, "align": "center", "bg_color": colour})
            for name, colour in LIGHTS.items()
        }
        if len(head) > 1:
            page.merge_range(0, 0, 0, len(head) - 1, "", named)
        page.write_string(0, 0, title, named)
        page.set_row(0, 20.0 * lines_in(title, sum(widths)) + 14)
        for at, (name, width) in enumerate(zip(head, widths, strict=True)):
            page.set_column(at, at, width)
            page.write_string(1, at, name, heads)
        for n, row in enumerate(rows, 2):
            lines = max(lines_in(text, width) for text, width in zip(row, widths, strict=True))
            page.set_row(n, min(lines * LINE_HEIGHT + 5, TALLEST))
            for at, text in enumerate(row):
                page.write_string(
                    n,
                    at,
                    text[:LONGEST_CELL],
                    lights.get(text, centred if _is_centred(text) else plain),
                )
        if notes:
            below = book.add_format({"font_name": "宋体", "font_size": 9, "text_wrap": True, "valign": "top"})  # fmt: skip
            last = len(rows) + 2
            page.merge_range(last, 0, last, max(1, len(head) - 1), "", below)
            page.write_string(last, 0, notes, below)
            page.set_row(last, lines_in(notes, sum(widths)) * LINE_HEIGHT + 5)
        page.ignore_errors({"number_stored_as_text": f"A1:Z{len(rows) + 2}"})
        page.freeze_panes(2, 0)
        page.center_horizontally()
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.repeat_rows(1)
    return out.getvalue()


def picture(title: str, head: Sequence[str], rows: Rows, notes: str = "") -> bytes | None:
    """The same as a PNG; None without a Chinese font, or when the table is too long for a picture."""
    path = chinese_font()
    if path is None:
        return None
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(path, SIZE)
    widths = [ceil(width * SIZE / 2) + 2 * PAD for width in _widths(head, rows, PICTURE_WIDTH // 2)]
    table = [_wrapped(row, widths, font) for row in (head, *rows)]
    step = SIZE * 7 // 5
    heights = [max(map(len, cells)) * step + PAD for cells in table]
    titled = _wrapped([title], [sum(widths)], font)[0]
    top = GAP + len(titled) * step + PAD
    small = ImageFont.truetype(path, SMALL)
    noted = _wrapped([notes], [sum(widths)], small)[0] if notes else []
    below = len(noted) * SMALL * 7 // 5 + PAD if noted else 0
    height = top + sum(heights) + below + GAP
    if height > TALLEST_PICTURE:
        return None
    image = Image.new("RGB", (sum(widths) + 2 * GAP, height), "white")
    draw = ImageDraw.Draw(image)
    for n, line in enumerate(titled):
        middle = (image.width - font.getlength(line)) / 2
        draw.text((middle, GAP + n * step), line, INK, font, stroke_width=0.4)
    for n, (cells, tall) in enumerate(zip(table, heights, strict=True)):
        left = GAP
        for lines, width in zip(cells, widths, strict=True):
            fill = HEAD if n == 0 else LIGHTS.get("".join(lines), "white")
            draw.rectangle((left, top, left + width, top + tall), fill, LINE)
            for m, line in enumerate(lines):
                room = width - font.getlength(line) if _is_centred(line) else 2 * PAD
                draw.text((left + room / 2, top + PAD // 2 + m * step), line, INK, font)
            left += width
        top += tall
    for n, line in enumerate(noted):
        draw.text((GAP + PAD, top + PAD + n * SMALL * 7 // 5), line, INK, small)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


@cache
def chinese_font() -> str | None:
    """The file of a font that has Chinese characters; None where none is installed."""
    for path in FONTS:
        if Path(path).is_file():
            return path
    if (package := find_spec(FONT_PACKAGE)) is not None and package.origin:
        return str(Path(package.origin).with_name("NotoSansSC-Regular.otf"))
    try:
        asked = subprocess.run(
            ["fc-list", "-f", "%{file}\n", ":lang=zh-cn"],
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return next((line for line in sorted(asked.stdout.splitlines()) if line.strip()), None)


def _is_centred(text: str) -> bool:
    """A light, or a number."""
    return text in LIGHTS or text.isdecimal()


def lines_in(text: str, width: float) -> int:
    """How many lines a text takes in a column of so many characters; a Han character takes two."""
    room = max(width - 1, 2)  # the cell's margins
    return sum(max(1, ceil(_length(line) / room)) for line in text.split("\n"))


def _length(line: str) -> int:
    return sum(2 if ord(c) > 0x2E7F or c in "“”‘’…—" else 1 for c in line)


def _widths(head: Sequence[str], rows: Rows, widest: int) -> list[int]:
    """Characters of each column: what its longest line needs, within bounds."""
    columns = [
        [line for cell in cells for line in cell.split("\n")]
        for cells in zip(head, *rows, strict=True)
    ]
    return [min(max(NARROWEST, *(_length(line) + 2 for line in c)), widest) for c in columns]


def _wrapped(cells: Sequence[str], widths: Sequence[int], font: "FreeTypeFont") -> list[list[str]]:
    """The lines of each cell, broken between characters where the column ends."""
    return [
        [piece for line in cell.split("\n") for piece in _broken(line, width - 2 * PAD, font)]
        for cell, width in zip(cells, widths, strict=True)
    ]


def _broken(line: str, width: float, font: Any) -> list[str]:
    pieces = [""]
    for character in line:
        if pieces[-1] and font.getlength(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces
