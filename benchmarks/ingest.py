"""Measures taking documents in: rows a CPU second, peak memory, and how many rows of a table came out whole.

    python benchmarks/ingest.py [--converter PYTHON]

Takes in the five shipped plans, a workbook of 2,000 rows and a PDF of 300 pages, both made here, each in
a process of its own. Beside it the same files go through markitdown, a widely used converter to
Markdown, where PYTHON (this one by default) has it: pip install '.[bench]'.

A row came out whole when each of its cells stands in its own column; what is merged with the cell above
may be blank.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

HEADS = ["序号", "类别", "工作任务", "牵头单位", "配合单位", "完成时限"]
GROUPS = ["水域岸线管控", "消防安全", "校园安全", "污染防治", "创建文明城市"]
UNITS = [
    "市水利局",
    "市应急局",
    "市教育局",
    "市生态环境局",
    "市住房城乡建设局",
    "各县（市、区）政府",
]
ROWS, PAGES, ROWS_A_PAGE, ROWS_A_GROUP = 2000, 300, 10, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--converter", default=sys.executable, help="a Python that has markitdown")
    parser.add_argument(
        "--one", nargs=3, metavar=("READER", "FILE", "EXPECTED"), help=argparse.SUPPRESS
    )
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(one(arguments.one[0], Path(arguments.one[1]), Path(arguments.one[2]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        show(measure(Path(folder), arguments.converter))


def measure(
    folder: Path, converter: str
) -> list[tuple[str, dict[str, Any], dict[str, Any] | None]]:
    """Each file with what its two readers made of it; None where the converter is missing."""
    files = [(path, None) for path in sorted((ROOT / "corpus/plans").glob("*.txt"))]
    files += [(path, expected) for path, expected in (workbook(folder), printout(folder))]
    has_converter = not subprocess.run(
        [converter, "-c", "import markitdown"], capture_output=True, check=False
    ).returncode
    if not has_converter:
        print("markitdown is not installed here, its columns stay empty: pip install '.[bench]'")
    measured = []
    for path, expected in files:
        told = folder / f"{path.stem}.json"
        told.write_text(json.dumps(expected), encoding="utf-8")
        ours = alone(sys.executable, "duban", path, told)
        theirs = alone(converter, "markitdown", path, told) if has_converter else None
        measured.append((path.name, ours, theirs))
    return measured


def alone(python: str, reader: str, path: Path, expected: Path) -> dict[str, Any]:
    """One reading in a process of its own, so that its peak of memory is its own."""
    command = [python, __file__, "--one", reader, str(path), str(expected)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def one(reader: str, path: Path, expected: Path) -> dict[str, Any]:
    """CPU seconds, tasks (of duban only), peak memory in MB, and the share of rows that came out whole."""
    wanted = json.loads(expected.read_text(encoding="utf-8"))
    seconds, tasks, grid = duban(path) if reader == "duban" else markitdown(path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
    share = whole(wanted, grid) if wanted else None
    return {"seconds": seconds, "tasks": tasks, "megabytes": megabytes, "share": share}


def duban(path: Path) -> tuple[float, int, list[list[str]]]:
    """CPU seconds from file to ledger, tasks, and the cells of the tables; in a database of its own."""
    from config.database import make_engine, migrate
    from corpus.document import Document
    from corpus.ingest import take_in
    from corpus.models import PlanVersion

    documents: list[Document] = []

    def keep(session: object, version: PlanVersion) -> None:
        documents.append(Document.from_json(version.document))

    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/bench.sqlite3")
        migrate(engine)
        first = Path(folder, "first.txt")  # so that the clock runs for reading, not for imports
        first.write_text("一、重点任务\n1.开展巡查。（市水利局负责）\n", encoding="utf-8")
        take_in(engine, first, now=datetime.now(UTC), by="benchmark", stored=keep)
        start = process_time()
        report = take_in(engine, path, now=datetime.now(UTC), by="benchmark", stored=keep)
        seconds = process_time() - start
        engine.dispose()
    tables = [block.table for block in documents[-1].blocks if block.table]
    grid = [[cell.text for cell in row.cells] for table in tables for row in table.rows]
    return seconds, sum(report.tasks.values()), grid


def markitdown(path: Path) -> tuple[float, int, list[list[str]]]:
    """CPU seconds from file to Markdown, no tasks, and the cells of its tables."""
    from markitdown import MarkItDown

    converter = MarkItDown()
    start = process_time()
    lines = converter.convert(str(path)).text_content.splitlines()
    return (
        process_time() - start,
        0,
        [line.strip().strip("|").split("|") for line in lines if "|" in line],
    )


def whole(wanted: Sequence[Sequence[str]], grid: Sequence[Sequence[str]]) -> float:
    """The share of the wanted rows that stand in the grid."""
    found = {tuple(map(squeeze, row)) for row in grid}
    right = 0
    for cells in wanted:
        row = tuple(map(squeeze, cells))
        right += row in found or (row[0], "", *row[2:]) in found
    return right / len(wanted)


def squeeze(cell: str) -> str:
    """Without blanks, and without what Markdown escapes them by."""
    return re.sub(r"\s|\\|<br>", "", cell)


def row(n: int) -> list[str]:
    """The n-th row of a made table, from 1."""
    task = (
        f"完成第{n}批重点区域排查整治，新建示范点{n % 9 + 1}个，隐患整改率达到{90 + n % 10}%以上。"
    )
    lead, support = UNITS[n % 6], f"{UNITS[(n + 1) % 6]}、{UNITS[(n + 2) % 6]}"
    return [
        str(n),
        GROUPS[(n - 1) // ROWS_A_GROUP % 5],
        task,
        lead,
        support,
        f"2026年{n % 12 + 1}月底前",
    ]


def workbook(folder: Path) -> tuple[Path, list[list[str]]]:
    """2,000 rows, each group merged over five."""
    import xlsxwriter

    path, rows = folder / "2000-rows.xlsx", [row(n) for n in range(1, ROWS + 1)]
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("任务表")
        sheet.merge_range(0, 0, 0, 5, "清源市2026年重点工作任务分解表")
        sheet.write_row(1, 0, HEADS)
        for at, cells in enumerate(rows, 2):
            sheet.write_row(at, 0, cells)
        for top in range(2, ROWS + 2, ROWS_A_GROUP):
            sheet.merge_range(top, 1, top + ROWS_A_GROUP - 1, 1, rows[top - 2][1])
    return path, rows


def printout(folder: Path) -> tuple[Path, list[list[str]]]:
    """300 pages of one ruled table, its head on every page, its measures in two lines."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    path, rows = folder / "300-pages.pdf", [row(n) for n in range(1, PAGES * ROWS_A_PAGE + 1)]
    edges, height = [40, 80, 165, 420, 540, 710, 800], 40
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    canvas = Canvas(str(path), pagesize=landscape(A4))
    for page in range(PAGES):
        canvas.setFont("STSong-Light", 10)
        top = 540
        if page == 0:
            canvas.drawCentredString(420, 560, "清源市2026年重点工作任务分解表")
        lines = [HEADS, *rows[page * ROWS_A_PAGE : (page + 1) * ROWS_A_PAGE]]
        for n, cells in enumerate(lines):
            for left, cell in zip(edges, cells, strict=False):
                width = 24 if left == edges[2] else 16
                for line, at in enumerate(range(0, len(cell), width)):
                    canvas.drawString(
                        left + 3, top - n * height - 15 - 13 * line, cell[at : at + width]
                    )
        canvas.grid(edges, [top - n * height for n in range(len(lines) + 1)])
        canvas.drawCentredString(420, 30, f"— {page + 1} —")
        canvas.showPage()
    canvas.save()
    return path, rows


def show(measured: Sequence[tuple[str, dict[str, Any], dict[str, Any] | None]]) -> None:
    """One table for all files."""
    print(
        "| file | tasks | duban CPU s | tasks/s | MB | rows whole | markitdown CPU s | MB | rows whole |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, ours, theirs in measured:
        cells = [
            name,
            str(ours["tasks"]),
            f"{ours['seconds']:.2f}",
            f"{ours['tasks'] / ours['seconds']:.0f}",
        ]
        cells += [f"{ours['megabytes']:.0f}", percent(ours["share"])]
        cells += (
            [f"{theirs['seconds']:.2f}", f"{theirs['megabytes']:.0f}", percent(theirs["share"])]
            if theirs
            else ["", "", ""]
        )
        print(f"| {' | '.join(cells)} |")


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


if __name__ == "__main__":
    main()
