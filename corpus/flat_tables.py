"""Tables that plain text has flattened: tabs or bars, a cell a line, or cells scattered over lines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.document import Cell, Row, Table
from corpus.headers import Field, field_of, is_header
from corpus.lines import Line, is_page_number, join, starts_new
from corpus.numbering import read_cell_number, read_numbered
from corpus.units import looks_like_unit
from corpus.values import Place

_BAR_RULE = re.compile(r"\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?")


_VALUE = re.compile(
    r"[≥≤><＞＜=]?\[?\d[\d.,]*\]?([%％‰]|[^\d、，。；局办委]{0,10})(以上|以下|以内)?|(不|达|完成|全)[^、，。；]{1,12}|[—\-/]+"
)


_MOST_COLUMNS, _LONGEST_HEAD = 24, 20
_LONGEST_ROW = 80  # lines and pieces; what is longer is no row, but the text behind the table


@dataclass(frozen=True, slots=True)
class Found:
    """A table, and the lines that it takes: lines[start:end]."""

    start: int
    end: int
    table: Table


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    line: Line
    leads: bool = True  # the first of its line


def find_tables(lines: Sequence[Line]) -> list[Found]:
    """Every table of a text, in order; none overlaps another."""
    found: list[Found] = []
    at = 0
    while at < len(lines):
        for read in (_barred, _tabbed, _cell_a_line, _scattered):
            table = read(lines, at)
            if table:
                found.append(table)
                at = table.end
                break
        else:
            at += 1
    return found


def _row(cells: Sequence[str], first: Line, last: Line) -> Row:
    return Row([Cell(cell) for cell in cells], Place(line_start=first.no, line_end=last.no))


def _found(start: int, end: int, rows: list[Row]) -> Found:
    columns = max(len(row.cells) for row in rows)
    for row in rows:
        row.cells.extend(Cell("") for _ in range(columns - len(row.cells)))
    head = [cell.text for cell in rows[0].cells]
    again = [row for row in rows[1:] if [cell.text for cell in row.cells] != head]
    return Found(start, end, Table([rows[0], *again]))


def _barred(lines: Sequence[Line], at: int) -> Found | None:
    """A table of markdown."""
    if at + 1 >= len(lines) or "|" not in lines[at].text:
        return None
    if "|" not in lines[at + 1].text or not _BAR_RULE.fullmatch(lines[at + 1].text.strip()):
        return None
    end = at
    while end < len(lines) and "|" in lines[end].text:
        end += 1
    rows = []
    for line in lines[at:end]:
        if not _BAR_RULE.fullmatch(line.text.strip()):
            inner = line.text.strip().removeprefix("|").removesuffix("|")
            cells = [_marked_down(cell) for cell in re.split(r"(?<!\\)\|", inner)]
            rows.append(_row(cells, line, line))
    return _found(at, end, rows)


def _marked_down(cell: str) -> str:
    """The words of a cell of markdown, without its bold type."""
    return re.sub(r"\*\*(.+?)\*\*", r"\1", re.sub(r"\s*<br\s*/?>\s*", "\n", cell.strip()))


def _is_tabbed(line: Line) -> bool:
    return "\t" in line.text.strip("\t ") or line.text.count("\t") >= 2


def _tabbed(lines: Sequence[Line], at: int) -> Found | None:
    """A row a line, tabs between its cells; a cell of several lines goes on without a tab."""
    cells = [cell.strip() for cell in lines[at].text.split("\t")]
    if not _is_tabbed(lines[at]) or sum(bool(cell) for cell in cells) < 2:
        return None
    columns = len(cells)
    rows = [_row(cells, lines[at], lines[at])]
    end = at + 1
    for index in range(at + 1, len(lines)):
        line = lines[index]
        if not line.text.strip(" \n"):
            continue
        cells = [cell.strip() for cell in line.text.split("\t")]
        last = rows[-1]
        short = len(last.cells) < columns and len(last.cells) + len(cells) - 1 <= columns
        if short and read_cell_number(cells[0]) is None and index == end:
            last.cells[-1].text = join(last.cells[-1].text, cells[0])
            last.cells.extend(Cell(cell) for cell in cells[1:])
            last.place = Place(line_start=last.place.line_start, line_end=line.no)
        elif _is_tabbed(line):
            rows.append(_row(cells, line, line))
        elif _is_section(line, lines[index + 1 :]):
            rows.append(_row([line.text.strip(), *[""] * (columns - 1)], line, line))
        elif not is_page_number(line.text):
            break
        end = index + 1
    return _found(at, end, rows) if len(rows) > 1 else None


def _is_section(line: Line, below: Sequence[Line]) -> bool:
    """Whether a line without tabs is the one cell of a row that names the rows below it."""
    following = next((other for other in below if other.text.strip(" ")), None)
    short = len(line.text.strip()) <= 40 and not re.search(r"[。；]", line.text)
    return (
        short
        and following is not None
        and _is_tabbed(following)
        and not is_header(following.text.split("\t"))
    )


def _cell_a_line(lines: Sequence[Line], at: int) -> Found | None:
    """Each cell on a line of its own; rows parted by a blank line, or known by their numbers."""
    end = _head_end(lines, at)
    heads = [line.text.strip() for line in lines[at:end]]
    named = [head for head in heads if head]
    if len(named) < 3 or len(set(named)) < len(named) or not is_header(heads):
        return None
    fields = [field_of(head) for head in heads]
    indented = all(line.text[:1].isspace() for line in lines[at:end])
    parted = end < len(lines) and not lines[end].text.strip() and (indented or not lines[end].text)
    records, stop = (_parted if parted else _counted)(lines, end, fields, indented)
    rows = [_row(heads, lines[at], lines[end - 1])]
    rows += [
        _row(_fit(record, fields), record[0].line, record[-1].line)
        for record in records
        if any(token.text for token in record) and [token.text for token in record] != heads
    ]
    return _found(at, stop, rows) if len(rows) > 1 else None


def _head_end(lines: Sequence[Line], at: int) -> int:
    """Where a head of one cell a line ends: at a blank line or the first number, else at a strange word."""
    if field_of(lines[at].text) is None:
        return at
    indented = lines[at].text[:1].isspace()
    for end in range(at + 1, min(at + _MOST_COLUMNS, len(lines))):
        words = lines[end].text.strip()
        if words == "1" or not (lines[end].text if indented else words):
            return end
        if len(words) > _LONGEST_HEAD or (indented and not lines[end].text[0].isspace()):
            break
    end = at
    while end < len(lines) and field_of(lines[end].text):
        end += 1
    return end


def _parted(
    lines: Sequence[Line], at: int, fields: Sequence[Field | None], indented: bool
) -> tuple[list[list[_Token]], int]:
    """Rows parted by blank lines; in an indented table an unindented line goes on with its cell."""
    records: list[list[_Token]] = []
    record: list[_Token] = []
    stop = at
    for index in range(at, len(lines) + 1):
        line = lines[index] if index < len(lines) else None
        blank = line is None or not (line.text if indented else line.text.strip())
        if blank or line is None:
            alone = len(record) == 1 and (is_page_number(record[0].text) or not record[0].text)
            if record and not alone:
                if len(record) < min(3, len(fields)) or len(record) > 3 * len(fields):
                    break
                records.append(record)
                stop = index
            record = []
        elif indented and not line.text[0].isspace():
            if not record:
                break
            last = record[-1]
            gap = "\n" if re.search(r"[。；！]$", last.text) else ""
            record[-1] = _Token(join(last.text, gap + line.text.strip()), line)
        else:
            record.append(_Token(line.text.strip(), line))
    return records, stop


def _counted(
    lines: Sequence[Line], at: int, fields: Sequence[Field | None], indented: bool
) -> tuple[list[list[_Token]], int]:
    """Rows that start at the next number of the 序号 column; a heading ends the table."""
    if fields[0] is not Field.NO:
        return [], at
    tokens = [_Token(line.text.strip(), line) for line in lines[at:]]
    records, used = _by_number(tokens)
    return records, at + used


def _by_number(tokens: Sequence[_Token]) -> tuple[list[list[_Token]], int]:
    """Tokens cut before 1, 2, 3 …, and how many were used; what stands before 1 is left out."""
    records: list[list[_Token]] = [[]]
    used = 0
    for index, token in enumerate(tokens):
        if token.leads and token.text == str(len(records)):
            records.append([token])
        elif len(records[-1]) == _LONGEST_ROW or (len(records) > 1 and _ends_table(token)):
            break
        elif token.text and not (token.leads and is_page_number(token.text)):
            records[-1].append(token)
        else:
            continue
        used = index + 1
    return records[1:], used


def _ends_table(token: _Token) -> bool:
    """Whether a line is the next heading; a text that starts with （1） or ① may stand in a cell."""
    numbered = read_numbered(token.text)
    in_cell = numbered is not None and numbered.level >= 4
    return token.leads and starts_new(token.text) and not in_cell


def _scattered(lines: Sequence[Line], at: int) -> Found | None:
    """A head on one line with spaces between its words; cells on lines of their own, or several."""
    heads = lines[at].text.split()
    if len(heads) < 3 or not is_header(heads):
        return None
    fields = [field_of(head) for head in heads]
    if Field.NO not in fields:
        return None
    tokens: list[_Token] = []
    for line in lines[at + 1 :]:
        pieces = line.text.split()
        tokens += [_Token(piece, line, leads=n == 0) for n, piece in enumerate(pieces)]
    before = fields[: fields.index(Field.NO)]
    after = fields[len(before) + 1 :]
    records, used = _by_number(tokens)
    if not records:
        return None
    first = next(i for i, token in enumerate(tokens) if token.text == "1")
    ahead = [_joined(tokens[:first])] if before else []
    rows = [_row(heads, lines[at], lines[at])]
    for record in records:
        cells = _fit(record[1:], [*after, *before])
        ahead = [*ahead, *[""] * len(before)][: len(before)]
        rows.append(
            _row([*ahead, record[0].text, *cells[: len(after)]], record[0].line, record[-1].line)
        )
        ahead = cells[len(after) :]
    last = tokens[used - 1].line
    return _found(at, lines.index(last) + 1, rows)


def _joined(tokens: Sequence[_Token]) -> str:
    text = ""
    for token in tokens:
        text = join(text, token.text)
    return text


def _fit(record: Sequence[_Token], fields: Sequence[Field | None]) -> list[str]:
    """The cells of one row: as many as there are columns, each one or more tokens in order.

    Where the counts differ, the division that suits the columns best is taken: kinds, values,
    units and times look like what they are, and the lines of one cell are about equally long.
    """
    while len(record) > len(fields) and not record[-1].text:
        record = record[:-1]
    if len(record) == len(fields):
        return [token.text for token in record]
    filled = [token for token in record if token.text]
    best: dict[tuple[int, int], tuple[float, list[str]]] = {(0, 0): (0.0, [])}
    for column, field in enumerate(fields):
        for start in range(len(filled) + 1):
            if (column, start) not in best:
                continue
            cost, cells = best[column, start]
            for end in range(start, len(filled) + 1):
                total = cost + _misfit(filled[start:end], field)
                key = (column + 1, end)
                if key not in best or total < best[key][0]:
                    best[key] = (total, [*cells, _joined(filled[start:end])])
    return best[len(fields), len(filled)][1]


def _misfit(tokens: Sequence[_Token], field: Field | None) -> float:
    """How badly these tokens suit one cell of this column; 0 is well."""
    if not tokens:
        return 0.2 if field in (Field.GROUP, Field.SUPPORT, Field.ASIDE) else 2.0
    text = _joined(tokens)
    lengths: dict[int, int] = {}
    for token in tokens:
        lengths[token.line.no] = lengths.get(token.line.no, 0) + len(token.text)
    ragged = sum(1 - length / max(lengths.values()) for length in list(lengths.values())[:-1])
    return ragged + _unlike(text, field)


def _unlike(text: str, field: Field | None) -> float:
    match field:
        case Field.NO:
            return 0.0 if read_cell_number(text) else 9.0
        case Field.KIND:
            return 0.0 if re.fullmatch(r"(约束|预期|指导|引导|考核)性?(指标)?", text) else 9.0
        case Field.MEASURE_UNIT:
            return 0.1 * len(text)
        case Field.TARGET:
            return 0.0 if _VALUE.fullmatch(text) else 6.0
        case Field.UNIT | Field.LEAD | Field.SUPPORT | Field.REPORT_UNIT:
            return 0.0 if all(map(looks_like_unit, re.split(r"[、，,；;]", text))) else 6.0
        case Field.TIME | Field.REPORT_TIME:
            timed = re.search(r"[年月日前底末周旬季]|日常|长期|持续", text)
            return 0.0 if timed and len(text) < 24 else 6.0
        case Field.GROUP | Field.TASK | Field.INDICATOR:
            return 3.0 * len(re.findall(r"[。；]", text)) + (1.0 if len(text) > 60 else 0.0)
        case _:
            return 0.0
