"""Cuts a plan into passages that know their clause or row."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.document import Document
from corpus.models import PlanVersion, Task
from corpus.values import Place
from rag.models import Passage
from rag.quoting import (
    Located,
    Stretch,
    find_tasks,
    goes_on,
    is_printed_by,
    lines_of,
    quote,
    refs,
    stretches_of,
)
from rag.spots import Placed, Spot, outline
from rag.words import squeezed

LONGEST = 350  # characters of a passage of prose
_SLACK = 60  # that a piece may be longer than the others, so that it ends with a sentence
_SHORT_HEADING = 20
_SHORT_ROW = 80


@dataclass(slots=True)
class _Piece:
    """A piece of text on its way to a passage."""

    at: tuple[int, int]  # block and row, counted from 0
    text: str
    path: tuple[str, ...]
    ref: str
    place: Place
    task: Task | None = None
    printed: str = ""  # the whole row, where it stands in a table
    may_join: bool = False  # goes on with the piece before it, if that has room


def make_passages(version: PlanVersion, document: Document, tasks: list[Task]) -> list[Passage]:
    """One passage a task, and all other text in pieces; `text` is always as printed. Not yet stored."""
    assert version.id is not None
    blocks = list(outline(document, version.title))
    stretches = stretches_of(blocks)
    found = find_tasks(stretches, sorted(tasks, key=lambda task: task.seq))
    pieces = _task_pieces(found, _tails(stretches, found)) + _other_pieces(stretches, found)
    pieces += _bare_headings(blocks, {piece.at[0] for piece in pieces})
    pieces.sort(key=lambda piece: piece.at)  # stable: a task before the rest of its row
    return [
        Passage(
            version_id=version.id,
            plan_id=version.plan_id,
            seq=seq,
            ref=piece.ref,
            heading=" › ".join((version.title, *piece.path)),
            text=piece.text,
            printed=piece.printed,
            task_id=piece.task.id if piece.task else None,
            line_start=piece.place.line_start,
            line_end=piece.place.line_end,
            page=piece.place.page,
        )
        for seq, piece in enumerate(_joined(pieces))
    ]


def _tails(
    stretches: Sequence[Stretch], found: Sequence[Located]
) -> dict[tuple[int, int], list[str]]:
    """Block of a task → the paragraphs below it that only say who does it, and by when."""
    starts = {
        one.stretch.at for one in found if one.stretch is not None and one.stretch.row is None
    }
    tails: dict[tuple[int, int], list[str]] = defaultdict(list)
    last = None
    for stretch in stretches:
        if stretch.at in starts:
            last = stretch.at
        elif stretch.row is not None or not goes_on(stretch.placed.block.text):
            last = None
        elif last is not None:
            tails[last].append(stretch.placed.block.text.strip())
    return tails


def _task_pieces(found: Sequence[Located], tails: dict[tuple[int, int], list[str]]) -> list[_Piece]:
    pieces, at = [], (0, 0)
    for one, ref in zip(found, refs(found), strict=True):
        task = one.task
        at = one.stretch.at if one.stretch else at
        path = one.spot.path
        if task.section and not any(squeezed(task.section) in squeezed(above) for above in path):
            path += (task.section,)
        if one.stretch is not None and one.stretch.row is not None:
            path += _head(one.stretch)
        place = Place(task.line_start, task.line_end, task.page)
        if one.stretch is not None and place == Place():
            place = one.stretch.place
        text = "\n".join((quote(one), *_cells_aside(one)))
        pieces.append(_Piece(at, text, path, ref, place, task, _row_as_printed(one, tails)))
    return pieces


def _row_as_printed(found: Located, tails: dict[tuple[int, int], list[str]]) -> str:
    """The cells of a task's row in their order, a merged one once; a point of prose with its number.

    What stands below the point, 牵头单位：…, belongs to it.

    "" where `quote` says as much.
    """
    if found.stretch is None:
        return ""
    if found.stretch.row is None:
        block = found.stretch.placed.block.text.strip()
        if found.task.part == "duty" and found.spot.headings:
            return f"{found.spot.headings[-1].text.strip()}\n{block}"
        whole = "\n".join([block, *tails.get(found.stretch.at, ())])
        return whole if squeezed(quote(found)) in squeezed(block) else ""
    cells: dict[tuple[int, int] | int, str] = {}
    for n, cell in enumerate(found.stretch.row.cells):
        cells.setdefault(cell.origin or n, cell.text.strip())
    return "\n".join(text for text in cells.values() if text)


def _cells_aside(found: Located) -> list[str]:
    """Cells of the task's row that no field of it holds: a target value, a contact, a remark."""
    if found.stretch is None or found.stretch.row is None:
        return []
    task = found.task
    held = squeezed(
        "|".join(
            filter(None, (task.section, task.title, task.text, task.unit_text, task.timing_text))
        )
    )
    cells = dict.fromkeys(cell.text.strip() for cell in found.stretch.row.cells)
    return [
        cell for cell in cells if cell and squeezed(cell) not in held and squeezed(cell) != task.no
    ]


def _other_pieces(stretches: Sequence[Stretch], found: Sequence[Located]) -> list[_Piece]:
    by_line: dict[int, list[Task]] = defaultdict(list)
    by_stretch: dict[tuple[int, int], list[Task]] = defaultdict(list)
    for one in found:
        for line in lines_of(one.task):
            by_line[line].append(one.task)
        if one.stretch is not None:
            by_stretch[one.stretch.at].append(one.task)
    tables_of_tasks = {one.stretch.at[0] for one in found if one.stretch and one.stretch.row}
    pieces: list[_Piece] = []
    before: list[Task] = []  # a task without lines may go on over the next paragraphs
    for stretch in stretches:
        here = by_stretch[stretch.at]
        before = here[-1:] or before
        here = [*here, *(task for line in lines_of(stretch.place) for task in by_line[line])]
        if stretch.row is None:
            text = stretch.placed.block.text
            said = is_printed_by(text, [*here, *before]) or (bool(before) and goes_on(text))
            if not stretch.placed.is_heading and not said:
                pieces += _prose(stretch)
        elif not here and not (stretch.at[1] == 0 and stretch.at[0] in tables_of_tasks):
            pieces += _row(stretch)
    return pieces


def _prose(stretch: Stretch) -> list[_Piece]:
    block, spot, mark = stretch.placed.block, stretch.placed.spot, stretch.placed.mark
    ref = _ref(spot, mark)
    return [
        _Piece(stretch.at, text, spot.path, ref, block.place, may_join=not mark and n == 0)
        for n, text in enumerate(_split(block.text))
    ]


def _row(stretch: Stretch) -> list[_Piece]:
    """A row of a table that holds no task, under the head of its table."""
    table, row = stretch.placed.block.table, stretch.row
    assert table is not None
    assert row is not None
    text = "\t".join(dict.fromkeys(cell.text.strip() for cell in row.cells if cell.text.strip()))
    if not text:
        return []
    path = stretch.placed.spot.path
    if table.caption and not any(squeezed(table.caption) in squeezed(above) for above in path):
        path += (table.caption,)
    path += _head(stretch)
    ref = _ref(stretch.placed.spot, "") if path else "表格"
    return [_Piece(stretch.at, text, path, ref, row.place, may_join=len(text) < _SHORT_ROW)]


def _head(stretch: Stretch) -> tuple[str, ...]:
    """The first row of the table that a row stands in; nothing for that row itself."""
    table = stretch.placed.block.table
    if table is None or stretch.at[1] == 0:
        return ()
    cells = (squeezed(cell.text) for cell in table.rows[0].cells)
    head = "、".join(dict.fromkeys(filter(None, cells)))
    return (head,) if len(head) <= LONGEST else ()


def _ref(spot: Spot, mark: str) -> str:
    """ "二、（三）2." in prose; with one number alone its heading stands for it, "一、总体要求"."""
    marks = spot.marks + mark
    if spot.headings and (not marks or marks == spot.headings[-1].mark):
        last = squeezed(spot.headings[-1].text)
        if last.endswith("的通知"):  # the letter in front of a plan
            last = "印发通知"
        marks = last if len(last) <= _SHORT_HEADING else marks or f"“{last[:_SHORT_HEADING]}…”"
    if not spot.marks and mark == marks and mark.rstrip(".．、").isdigit():
        return f"{spot.annex}第{mark.rstrip('.．、')}条"
    return f"{spot.annex}{marks}".rstrip(".．、") or "正文"


def _bare_headings(blocks: Sequence[Placed], filled: set[int]) -> list[_Piece]:
    """Headings that stand above no passage: else their words would be lost."""
    shown = {heading for n in filled for heading in blocks[n].spot.headings}
    pieces = []
    for n, placed in enumerate(blocks):
        own = placed.spot.headings[-1:]
        if placed.is_heading and own and own[0] not in shown:
            spot = Spot(placed.spot.annex, placed.spot.headings[:-1])
            text = placed.block.text.strip()
            pieces.append(
                _Piece((n, 0), text, spot.path, _ref(spot, placed.mark), placed.block.place)
            )
    return pieces


def _joined(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Neighbours under one heading become one passage, while there is room."""
    joined: list[_Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if (
            last is not None
            and piece.may_join
            and last.task is None
            and last.path == piece.path
            and len(last.text) + len(piece.text) < LONGEST
        ):
            last.text += f"\n{piece.text}"
            last.place = Place(last.place.line_start, piece.place.line_end, last.place.page)
        else:
            joined.append(piece)
    return joined


def _split(text: str) -> list[str]:
    """Pieces of about equal length, cut at the ends of sentences where that is possible."""
    if len(text) <= LONGEST:
        return [text.strip()]
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    even = len(text) // (len(text) // LONGEST + 1)
    return RecursiveCharacterTextSplitter(
        separators=["\n", "。", "；", "，", ""], keep_separator="end",
        chunk_size=min(even + _SLACK, LONGEST), chunk_overlap=0,
    ).split_text(text)  # fmt: skip
