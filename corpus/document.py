"""A document as every format gives it: blocks in reading order, each with its place.

`corpus/formats/*.py` make it; `corpus/reading.py` reads tasks out of it; `rag/chunks.py` cuts
passages from it. It is kept in SQL as JSON, so that everything else can be made again from it.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from corpus.values import Place


class BlockKind(StrEnum):
    """What a block is to a reader's eye."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"


@dataclass(slots=True)
class Cell:
    """One position of a table's grid.

    A merged cell stands at each position that it covers, with the same text; `origin` is the
    (row, column) of its top left corner, counted from 0 in `Table.rows`, None if not merged.
    """

    text: str
    origin: tuple[int, int] | None = None


@dataclass(slots=True)
class Row:
    """One row of the grid."""

    cells: list[Cell]
    place: Place = field(default_factory=Place)


@dataclass(slots=True)
class Table:
    """A rectangular grid: every row has the same number of cells."""

    rows: list[Row]
    caption: str = ""  # sheet name, or the line above


@dataclass(slots=True)
class Block:
    """A heading, a paragraph, a list item or a table."""

    kind: BlockKind
    text: str = ""  # "" for a table
    level: int = 0  # of a heading, 1 is the highest; 0 where the format does not say
    table: Table | None = None
    place: Place = field(default_factory=Place)


@dataclass(slots=True)
class Document:
    """What was in a file."""

    blocks: list[Block]
    format: str  # the module of corpus.formats that read it
    notes: list[str] = field(default_factory=list)  # Chinese: what was left out, and why
    needs_review: bool = False  # read by OCR

    def to_json(self) -> dict[str, Any]:
        """Plain data for the database."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Document":
        """The reverse of `to_json`."""
        blocks = []
        for block in data["blocks"]:
            table = block["table"]
            if table is not None:
                rows = [
                    Row(
                        [
                            Cell(c["text"], tuple(c["origin"]) if c["origin"] else None)
                            for c in row["cells"]
                        ],
                        Place(**row["place"]),
                    )
                    for row in table["rows"]
                ]
                table = Table(rows, table["caption"])
            place = Place(**block["place"])
            blocks.append(
                Block(BlockKind(block["kind"]), block["text"], block["level"], table, place)
            )
        return Document(blocks, data["format"], list(data["notes"]), data["needs_review"])
