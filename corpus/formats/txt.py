"""Plain text and markdown: prose, and tables that have been flattened into lines."""

import codecs
import re
from pathlib import Path

from config.errors import UserError
from corpus.document import Block, BlockKind, Document
from corpus.flat_tables import find_tables
from corpus.lines import Line, to_blocks
from corpus.values import Place

SUFFIXES: tuple[str, ...] = (".txt", ".md", ".markdown", ".text")

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd\ue000-\uf8ff]")
_MIN_REPEATS = 3  # a running head stands on at least so many pages


def read(path: Path) -> Document:
    """A text in UTF-8, UTF-16 or GB18030, with the line numbers of every block and row kept."""
    text = _decode(path.read_bytes(), path.name)
    return Document(_blocks(_lines(text)), format="txt")


def _decode(data: bytes, name: str) -> str:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _strict(data, encoding, name)
    candidates = ["utf-8", "gb18030"]
    if b"\x00" in data:  # line breaks and digits of UTF-16 have a zero byte
        little = data[1::2].count(0) >= data[::2].count(0)
        candidates = ["utf-16-le" if little else "utf-16-be"]
    for encoding in candidates:
        try:
            return _strict(data, encoding, name)
        except UserError:
            continue
    raise UserError(f"文件“{name}”的文字编码认不出来。请用记事本另存为 UTF-8 编码的 txt 后再上传。")


def _strict(data: bytes, encoding: str, name: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise UserError(
            f"文件“{name}”不是 {encoding} 编码的文字，或者已经损坏。请重新导出后再上传。"
        ) from None
    if len(_CONTROLS.findall(text)) * 100 > len(text):
        raise UserError(f"文件“{name}”里不是文字内容。请确认文件没有改错后缀。")
    return text


def _lines(text: str) -> list[Line]:
    """Lines counted as an editor counts them; running heads of paged text are left out."""
    lines = re.split(r"\r\n|\r|\n", text)
    pages = text.count("\f") + 1
    edges: dict[str, int] = {}
    if pages >= _MIN_REPEATS:
        for page in text.split("\f"):
            words = [line.strip() for line in page.splitlines() if line.strip()]
            for edge in {*words[:1], *words[-1:]}:
                edges[edge] = edges.get(edge, 0) + 1
    running = {edge for edge, times in edges.items() if times >= max(_MIN_REPEATS, pages // 2)}
    return [
        Line(number, "" if line.strip() in running else line.replace("\f", "").rstrip("\n"))
        for number, line in enumerate(lines, 1)
    ]


def _blocks(lines: list[Line]) -> list[Block]:
    blocks: list[Block] = []
    at = 0
    for found in find_tables(lines):
        blocks += to_blocks(lines[at : found.start])
        place = Place(line_start=lines[found.start].no, line_end=lines[found.end - 1].no)
        if blocks and blocks[-1].kind is not BlockKind.TABLE and len(blocks[-1].text) <= 60:
            found.table.caption = blocks[-1].text
        blocks.append(Block(BlockKind.TABLE, table=found.table, place=place))
        at = found.end
    return blocks + to_blocks(lines[at:])
