"""A plan's ledger as an office would print it: an xlsx workbook, or one csv."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from sqlmodel import Session

from bot.render import PARTS, STATES
from bot.tables import LINE_HEIGHT, LONGEST_CELL, TALLEST, lines_in
from corpus import ledger
from corpus.models import PlanVersion, Task
from corpus.values import Role
from rag.phrasing import chinese_day

# head, width in characters
COLUMNS = (
    ("序号", 6), ("工作内容", 13), ("任务", 15), ("具体措施", 40), ("牵头（责任）单位", 17),
    ("配合单位", 17), ("完成时限", 13), ("到期日", 12), ("指标", 18), ("备注", 7),
)  # fmt: skip
FULL_WIDTH = 135  # characters of 10.5 points on A4 across
CENTRED = ("序号", "工作内容", "到期日")
SECTION = 1  # the column whose equal neighbours are merged
MAY_BE_LEFT_OUT = ("工作内容", "任务", "配合单位", "指标", "备注")  # where no row has any
MAIN = ("main", "continuation")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_xlsx(session: Session, version: PlanVersion, today: date) -> bytes:
    """A workbook with a sheet for each part of the plan."""
    import xlsxwriter

    assert version.id is not None
    tasks = ledger.tasks_of(session, version.id)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.set_properties({"title": version.title, "company": version.issuer or ""})
        styles = _styles(book)
        for name, some in _sheets(tasks):
            _write_sheet(book.add_worksheet(name), styles, version, name, some, today)
    return out.getvalue()


def to_csv(session: Session, version: PlanVersion) -> str:
    """All parts in one table with CRLF lines, led by the mark by which Excel knows UTF-8."""
    assert version.id is not None
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["类别", *(head for head, _ in COLUMNS)])
    for task in ledger.tasks_of(session, version.id):
        rows.writerow([PARTS.get(task.part, task.part), *map(_harmless, cells(task))])
    return "\ufeff" + out.getvalue()


def _harmless(cell: str) -> str:
    # Excel would run a cell of a csv that begins so
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _sheets(tasks: Sequence[Task]) -> Iterator[tuple[str, list[Task]]]:
    main = [task for task in tasks if task.part in MAIN]
    if main or not tasks:
        yield "任务台账", main
    for part in dict.fromkeys(task.part for task in tasks if task.part not in MAIN):
        yield PARTS.get(part, part), [task for task in tasks if task.part == part]


def cells(task: Task) -> tuple[str, ...]:
    """A row of the ledger, a cell for each of COLUMNS."""
    leads = [r for r in task.responsibilities if r.role is not Role.SUPPORT]
    together = "（共同负责）" if any(r.role is Role.JOINT for r in leads) else ""
    # the printed cell, unless a correction speaks against it
    words = "；".join(t.text for t in task.timings)
    corrected = task.as_read is not None
    days = dict.fromkeys(t.due_on.isoformat() for t in task.timings if t.due_on)
    notes = ["有更正"] if corrected else []
    notes += ["时限有歧义"] if any(t.ambiguous for t in task.timings) else []
    return (
        task.no or "", task.section or "", task.title or "", task.text,
        "、".join(r.unit_text for r in leads) + together,
        "、".join(r.unit_text for r in task.responsibilities if r.role is Role.SUPPORT),
        words if corrected else task.timing_text or words, "\n".join(days),
        "；".join(dict.fromkeys(t.text for t in task.targets)), "\n".join(notes),
    )  # fmt: skip


def _styles(book: Any) -> dict[str, Any]:
    cell = {
        "font_name": "宋体",
        "font_size": 10.5,
        "border": 1,
        "text_wrap": True,
        "valign": "vcenter",
    }
    return {
        "title": book.add_format(
            {
                "font_name": "黑体",
                "font_size": 18,
                "align": "center",
                "valign": "vcenter",
                "text_wrap": True,
            }
        ),
        "facts": book.add_format({"font_name": "宋体", "font_size": 10, "align": "right"}),
        "head": book.add_format(
            {**cell, "font_name": "黑体", "align": "center", "bg_color": "#F2F2F2"}
        ),
        "cell": book.add_format(cell),
        "centred": book.add_format({**cell, "align": "center"}),
    }


def _write_sheet(
    sheet: Any,
    styles: dict[str, Any],
    version: PlanVersion,
    name: str,
    tasks: Sequence[Task],
    today: date,
) -> None:
    table = [cells(task) for task in tasks]
    shown = [
        (at, head, width)
        for at, (head, width) in enumerate(COLUMNS)
        if head not in MAY_BE_LEFT_OUT or any(row[at] for row in table)
    ]
    last = len(shown) - 1
    sheet.merge_range(0, 0, 0, last, "", styles["title"])
    sheet.write_string(0, 0, f"{version.title}\n{name}", styles["title"])
    sheet.merge_range(1, 0, 1, last, "", styles["facts"])
    sheet.write_string(1, 0, _facts(version, today), styles["facts"])
    sheet.set_row(0, 54)
    sheet.set_row(1, 18)
    sheet.set_row(2, 24)
    # the measure takes the room that is left
    spare = max(0, FULL_WIDTH - sum(width for *_, width in shown))
    shown = [(at, head, w + spare if head == "具体措施" else w) for at, head, w in shown]
    for n, height in enumerate(_heights(table, {at: width for at, _, width in shown}), 3):
        sheet.set_row(n, height)
    for column, (at, head, width) in enumerate(shown):
        sheet.set_column(column, column, width)
        sheet.write_string(2, column, head, styles["head"])
        style = styles["centred" if head in CENTRED else "cell"]
        if at == SECTION:
            _write_merged(sheet, column, [row[at] for row in table], style)
            continue
        for n, row in enumerate(table, 3):
            sheet.write_string(n, column, row[at][:LONGEST_CELL], style)
    sheet.freeze_panes(3, 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
    sheet.center_horizontally()
    sheet.set_footer("&C第 &P 页，共 &N 页")


def _heights(table: Sequence[Sequence[str]], widths: dict[int, int]) -> list[float]:
    """Points that each row needs, since not every program measures wrapped text itself."""
    heights = [
        max(lines_in(row[at], width) for at, width in widths.items() if at != SECTION) * LINE_HEIGHT
        + 5
        for row in table
    ]
    top = 0
    for section, some in groupby(row[SECTION] for row in table):
        size = len(list(some))
        needed = lines_in(section, widths.get(SECTION, 1)) * LINE_HEIGHT + 5 if section else 0.0
        missing = max(0.0, needed - sum(heights[top : top + size])) / size
        heights[top : top + size] = [height + missing for height in heights[top : top + size]]
        top += size
    return [min(height, TALLEST) for height in heights]


def _write_merged(sheet: Any, column: int, words: Sequence[str], style: Any) -> None:
    """Equal neighbours as one cell."""
    top = 3
    for text, some in groupby(words):
        bottom = top + len(list(some)) - 1
        if bottom > top and text:
            sheet.merge_range(top, column, bottom, column, "", style)
            sheet.write_string(top, column, text[:LONGEST_CELL], style)
        else:
            for at in range(top, bottom + 1):
                sheet.write_string(at, column, text[:LONGEST_CELL], style)
        top = bottom + 1


def _facts(version: PlanVersion, today: date) -> str:
    facts = [
        version.issuer, version.doc_number,
        f"{chinese_day(version.issued_on)}印发" if version.issued_on else "",
        f"第{version.number}版（{STATES[version.state]}）", f"{chinese_day(today)}导出",
    ]  # fmt: skip
    return "　".join(fact for fact in facts if fact)
