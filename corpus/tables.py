"""Finds the tables of tasks, indicators, duties and reports in a document."""

import re

from corpus.abreast import abreast
from corpus.cards import laid_down
from corpus.columns import Columns, read_columns
from corpus.deadlines import DateContext
from corpus.document import BlockKind, Document, Table
from corpus.headers import Field, field_of, find_heads
from corpus.numbering import ANNEX
from corpus.quotas import read_quotas
from corpus.table_rows import UNIT_FIELDS, RowReader, TableKind, TaskTable, bodies_of
from corpus.units import FIRST_LEADS, are_units, is_somewhere, read_units

_MARK_NOTE = re.compile(r"([▲△★☆●○◆◇■□◎※＊*])[^。；\n]{0,14}(牵头|主办|主责|第一责任)")
_FIRST_NOTE = re.compile(
    r"(排|列|位)[^。；\n]{0,6}(第一|首)[^。；\n标]{0,8}(牵头|主办|主责)|(第一|首)(个|家|位)[^。；\n标]{0,6}(牵头|主办|主责)"
)
_ABOUT_NUMBERS = re.compile(r"[（(]?(计量)?单位\s*[:：]|填[报表]")
_OWN = re.compile(r"[省市县区旗镇乡街]|[\u3400-\u9fff]{2,4}[市县区镇乡]")


def read_tables(
    document: Document, from_year: int | None = None, dates: DateContext | None = None
) -> list[TaskTable]:
    """Every table that holds tasks, in order; a head of a year before `from_year` is a baseline.

    `dates` is what the days take their year from that heads name: 一季度.
    """
    mark = lead_mark(document)
    tables: list[TaskTable] = []
    columns: Columns | None = None
    in_annex = False
    above = ""
    for block in document.blocks:
        if block.table is None:
            above = above if _ABOUT_NUMBERS.match(block.text.strip()) else block.text.strip()
            in_annex = in_annex or bool(ANNEX.fullmatch(block.text[:20]))
            if block.kind is BlockKind.HEADING:
                columns = None  # a table without a head goes on only where no heading came between
            continue
        for table in map(laid_down, abreast(block.table)):
            start, heads = find_heads(table)
            caption = _caption(table, start) or (above if len(above) <= 40 else "")
            quotas = read_quotas(table, caption, from_year)
            if quotas:
                tables.append(TaskTable(TableKind.INDICATORS, caption, in_annex, True, quotas))
                columns = None
                continue
            if heads:
                columns = read_columns(heads, bodies_of(table, start), from_year)
                if columns is not None:
                    bound = columns.has(*UNIT_FIELDS, Field.TIME, Field.MARK)
                    tables.append(TaskTable(_kind(columns), caption, in_annex, bound))
            if columns is not None and columns.count == len(table.rows[0].cells):
                RowReader(columns, mark, tables[-1], dates or DateContext()).read(table, start)
                if not columns.has(*UNIT_FIELDS, Field.MARK):
                    _give(_owner(table.caption, above, caption), tables[-1])
    return [table for table in tables if table.rows]


def lead_mark(document: Document) -> str | None:
    """The sign that a note explains as the lead unit's, FIRST_LEADS, or None."""
    for block in document.blocks:
        rows = block.table.rows if block.table else []
        for text in [block.text, *(cell.text for row in rows for cell in row.cells)]:
            if found := _MARK_NOTE.search(text):
                return found[1]
            if _FIRST_NOTE.search(text):
                return FIRST_LEADS
    return None


def _kind(columns: Columns) -> TableKind:
    has = columns.has
    if has(Field.INDICATOR) and has(Field.TARGET, Field.KIND):
        return TableKind.INDICATORS
    if has(Field.REPORT):
        return TableKind.REPORTS
    if has(Field.DUTY):
        return TableKind.DUTIES
    return TableKind.TASKS


def _caption(table: Table, start: int) -> str:
    """The merged row above the head of a table, or what its document calls it."""
    caption = table.caption
    for row in table.rows[: max(start - 1, 0)]:
        words = {cell.text.strip() for cell in row.cells if cell.text.strip()}
        if len(words) == 1:
            caption = words.pop()
    return re.sub(r"^表\s*[\d一二三四五六七八九十]+\s*[:：.]?\s*", "", caption.strip())


def _owner(*names: str) -> str:
    """The unit that a table is headed by: its sheet is called 区教育局, or its title ends so."""
    for name in names:
        inner = re.search(r"[（(]([^（）()]+)[）)]$", name)
        for unit in (name, inner[1] if inner else ""):
            names_one = _OWN.match(unit) and are_units(unit) and not is_somewhere(unit)
            if names_one and field_of(unit) is None:
                return unit
    return ""


def _give(unit: str, table: TaskTable) -> None:
    """Lay the rows of a table that names no units on the one that heads it."""
    for row in table.rows if unit else ():
        if not row.responsibilities:
            row.unit_text, row.responsibilities = unit, read_units(unit)
