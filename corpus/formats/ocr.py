"""Reads scans and pictures by machine (OCR), offline; needs the optional extra `ocr`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.errors import UserError
from corpus.document import Document
from corpus.formats import _package
from corpus.formats._pdf_flow import Flow

SUFFIXES: tuple[str, ...] = (".png", ".jpg", ".jpeg")

_DOTS_PER_INCH = 200
_A4_WIDTH = 595.0  # points: how wide a picture without a size of its own is taken to be
_MAX_PAGES = 100  # some 3 seconds each
_MAX_PIXELS = 60_000_000
_UNSURE = 0.8  # a line that is read with less certainty is worth a second look
_SHORTEST_RULE = 60  # pixels: what is shorter is a stroke of a character, no line of a table
_SAME_SIZE = 1.25
_INK = 0.82  # of the height of a line's box is print, the rest is margin


def read(path: Path) -> Document:
    """The words of a picture, or of a PDF without text; always to be reviewed by a person."""
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise UserError(
            f"《{path.name}》是扫描件或图片，没有可选中的文字。"
            "请换成有文字的文件，或请管理员安装文字识别组件（见 docs/admin.md“读入方案”）。"
        ) from error

    engine = RapidOCR(params={"Global.use_cls": False, "Global.log_level": "error"})
    flow, unsure = Flow(), 0
    try:
        for image, scale in _images(path):
            found = engine(image)
            characters: list[dict[str, Any]] = []
            for box, text, score in zip(
                *(
                    found.boxes if found.boxes is not None else (),
                    found.txts or (),
                    found.scores or (),
                ),
                strict=True,
            ):
                characters += _characters(box * scale, text)
                unsure += score < _UNSURE
            flow.add(
                image.shape[1] * scale,
                image.shape[0] * scale,
                _evened(characters),
                _tables(image, scale),
            )
    except UserError:
        raise
    except Exception as error:  # a broken picture fails in many ways inside the libraries
        raise _package.damaged(path) from error
    blocks = flow.blocks()
    if not blocks:
        raise _package.nothing_to_read(path)
    notes = ["文字由机器从图片识别，可能有错，请核对后再发布。"]
    if unsure:
        notes.append(f"有{unsure}行字迹不清，识别把握不大，请重点核对。")
    return Document(blocks, "ocr", notes, needs_review=True)


def _images(path: Path) -> Iterator[tuple[Any, float]]:
    """Each page as (height, width, 3) uint8, and how many points a pixel is."""
    import numpy
    import pypdfium2
    from PIL import Image, ImageOps

    if path.suffix.lower() != ".pdf":
        with Image.open(path) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                raise UserError(f"《{path.name}》的图片过大。请缩小到6000万像素以内再发。")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
        yield numpy.asarray(upright), _A4_WIDTH / upright.width
        return
    with pypdfium2.PdfDocument(path) as pdf:
        if len(pdf) > _MAX_PAGES:
            raise UserError(
                f"《{path.name}》是{len(pdf)}页的扫描件，超过{_MAX_PAGES}页。请拆成几份再发。"
            )
        for page in pdf:
            scale = 72 / _DOTS_PER_INCH
            if page.get_width() * page.get_height() / scale**2 > _MAX_PIXELS:
                raise UserError(f"《{path.name}》的页面过大。请按A4或A3大小重新扫描后再发。")
            bitmap = page.render(scale=1 / scale, rev_byteorder=True)
            yield bitmap.to_numpy()[:, :, :3], scale
            page.close()


def _characters(box: Any, text: str) -> Iterator[dict[str, Any]]:
    """The characters of one line of print, spread over its box: full width, or half for Latin."""
    left, right = float(box[:, 0].min()), float(box[:, 0].max())
    top, bottom = float(box[:, 1].min()), float(box[:, 1].max())
    widths = [0.5 if char.isascii() else 1.0 for char in text]
    unit = (right - left) / max(sum(widths), 0.5)
    margin = (1 - _INK) / 2 * (bottom - top)
    for char, width in zip(text, widths, strict=True):
        yield {
            "text": char, "x0": left, "x1": left + width * unit,
            "top": top + margin, "bottom": bottom - margin, "size": (bottom - top) * _INK,
        }  # fmt: skip
        left += width * unit


def _evened(characters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same characters, with small differences of size taken for what they are: noise."""
    smallest = 0.0
    for char in sorted(characters, key=lambda char: char["size"]):
        if char["size"] > _SAME_SIZE * smallest:
            smallest = char["size"]
        char["size"] = smallest
    return characters


def _tables(image: Any, scale: float) -> list[Any]:
    """The tables whose lines are seen in the picture."""
    import cv2
    from pdfplumber.table import (
        Table,
        cells_to_tables,
        edges_to_intersections,
        intersections_to_cells,
        merge_edges,
    )

    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    ink = cv2.adaptiveThreshold(~grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 15, -2)
    edges = []
    for orientation, kernel in (("h", (_SHORTEST_RULE, 1)), ("v", (1, _SHORTEST_RULE))):
        rules = cv2.morphologyEx(
            ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, kernel)
        )
        rules = cv2.dilate(rules, cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3)))
        _, _, boxes, _ = cv2.connectedComponentsWithStats(rules)
        for left, top, width, height, _ in boxes[1:]:  # the first is the ground
            x, y = (left + width / 2) * scale, (top + height / 2) * scale
            flat = orientation == "h"
            edges.append({
                "orientation": orientation,
                "x0": left * scale if flat else x, "x1": (left + width) * scale if flat else x,
                "top": y if flat else top * scale, "bottom": y if flat else (top + height) * scale,
            })  # fmt: skip
    joined = merge_edges(edges, 3, 3, 3, 3)
    cells = intersections_to_cells(edges_to_intersections(joined, 3, 3))
    page: Any = None  # only for drawing and for its own extraction of text
    tables = [Table(page, group) for group in cells_to_tables(cells)]
    return [table for table in tables if len(table.cells) > 1]
