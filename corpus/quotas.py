"""Reads quota tables 任务分解表: a row for each town or unit, a column for each number it must reach."""

import re
from collections.abc import Sequence

from corpus.document import Row, Table
from corpus.headers import Field, field_of, plain, year_of
from corpus.indicators import read_indicator_cell
from corpus.numbering import read_cell_number
from corpus.units import read_units
from corpus.values import TaskRow

_WHO = re.compile(
    r"(各|责任|承担|实施)?(乡镇|镇街|镇乡|街镇|乡|镇|街道|县市区|县区|区县|市县|市州|地区|区域|社区|村居|单位|部门|学校|园区)"
    r"(、?(街道|园区|办事处|部门|单位))*(名称)?"
)
_GIVEN_OUT = re.compile(r"任务|目标|指标|计划|分解|下达|清单")
_TOLD = re.compile(r"完成情况|统计|现状|基本情况|排名|通报|汇总表|得分|考评结果")
_NOT_QUOTAS = re.compile(r"分值|得分|评分|扣分|金额|经费|预算|资金|补助|人口|户籍|现有|已|小计$")
_TOTAL = re.compile(r"(合|总|共|小)\s*计|全[省市县区镇]|总数")
_NUMBER = re.compile(r"[≥≤><＞＜]?\s*\d[\d,.]*\s*[^\d\s，。；]{0,6}")
_HEAD_ROWS = 6
_LONGEST_HEAD = 24


def read_quotas(table: Table, caption: str, from_year: int | None = None) -> list[TaskRow]:
    """One task a row, its unit responsible for every number; [] where the table holds no quotas.

    `caption` must say that the numbers are given out, because a table of what was done looks alike;
    columns of a year before `from_year` tell what was done.
    """
    shown = [[cell.text.strip() for cell in row.cells] for row in table.rows]
    found = _head(shown)
    if not _GIVEN_OUT.search(caption) or _TOLD.search(caption) or found is None:
        return []
    who, start, heads = found
    body = shown[start:]
    columns = [c for c in range(len(heads)) if c != who and _is_quota(heads[c], body, c, from_year)]
    if not columns or not all(
        _is_beside(heads[c]) for c in range(len(heads)) if c not in {who, *columns}
    ):
        return []
    rows = zip(table.rows[start:], body, strict=True)
    return [
        _task(row, cells, who, heads, columns, caption)
        for row, cells in rows
        if _counts(cells, who, columns)
    ]


def _head(shown: Sequence[Sequence[str]]) -> tuple[int, int, list[str]] | None:
    """The column of towns or units, where the body starts, and the heads, several rows joined."""
    for index, cells in enumerate(shown[:_HEAD_ROWS]):
        who = [c for c, cell in enumerate(cells) if _WHO.fullmatch(_bare(cell))]
        if len(who) != 1 or len(set(cells)) < 2 or not all(map(_is_head, cells)):
            continue
        start = index + 1
        while start < len(shown) and shown[start][who[0]] in ("", cells[who[0]]):
            start += 1
        heads = [
            "".join(dict.fromkeys(plain(row[c]) for row in shown[index:start]))
            for c in range(len(cells))
        ]
        return who[0], start, heads
    return None


def _is_head(cell: str) -> bool:
    words = plain(cell)
    return (
        len(words) <= _LONGEST_HEAD
        and not re.search(r"[。；]", words)
        and not _NUMBER.fullmatch(words)
    )


def _bare(head: str) -> str:
    """乡镇（街道） is a head of towns, and so is 县（市、区）."""
    return re.sub(r"[（()）、]", "", plain(head)) if plain(head) else ""


def _is_quota(head: str, body: Sequence[Sequence[str]], column: int, from_year: int | None) -> bool:
    cells = [row[column] for row in body if row[column] not in ("", "/", "-", "—")]
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in cells)
    year = year_of(head)
    old = year is not None and from_year is not None and year < from_year
    told = field_of(head) in (Field.NO, Field.ASIDE, Field.TIME) or _NOT_QUOTAS.search(head)
    return bool(cells) and numbers == len(cells) and not told and not old


def _is_beside(head: str) -> bool:
    """Whether a column may stand in a quota table without holding a number to reach."""
    return field_of(head) in (Field.NO, Field.ASIDE, Field.GROUP, Field.TIME, None) or bool(
        _NOT_QUOTAS.search(head)
    )


def _counts(cells: Sequence[str], who: int, columns: Sequence[int]) -> bool:
    """Whether a row is a unit's, not the sum of all and not a note below the table."""
    name = cells[who]
    return (
        bool(name)
        and len(name) <= 24
        and not _TOTAL.fullmatch(name)
        and any(_NUMBER.fullmatch(cells[c]) for c in columns)
    )


def _task(
    row: Row,
    cells: Sequence[str],
    who: int,
    heads: Sequence[str],
    columns: Sequence[int],
    caption: str,
) -> TaskRow:
    filled = [c for c in columns if _NUMBER.fullmatch(cells[c])]
    text = "，".join(f"{heads[c]}：{cells[c]}" for c in filled)
    numbers = [
        read_cell_number(cells[c]) for c, head in enumerate(heads) if field_of(head) is Field.NO
    ]
    task = TaskRow(
        "indicator", next(filter(None, numbers), None), caption, cells[who], text, place=row.place
    )
    times = [cells[c] for c, head in enumerate(heads) if field_of(head) is Field.TIME]
    task.timing_text = "\n".join(dict.fromkeys(filter(None, times)))
    task.unit_text = cells[who]
    task.responsibilities = read_units(cells[who])
    for column in filled:
        task.targets += read_indicator_cell(heads[column], cells[column])
    return task
