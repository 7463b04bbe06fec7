"""Every format gives the same document: order, merged cells, and nothing that a reader cannot see."""

import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from documents import RIVERS, Plan, write_docx, write_html, write_pdf, write_xlsx

from config.errors import UserError
from corpus.document import Block, BlockKind, Cell, Document
from corpus.formats import _pdf_lines, _pdf_tables, docx, html, office, pdf, read_file, xlsx
from corpus.formats._docx_numbers import numeral
from corpus.formats._grid import Span, fill
from corpus.formats._sheet import Sheet
from corpus.formats._shown import shown
from corpus.values import Place

PLANS = Path(__file__).parent / "data/plans"


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks if block.table is None]


def grids(document: Document) -> list[list[list[str]]]:
    tables = [block.table for block in document.blocks if block.table is not None]
    return [[[cell.text for cell in row.cells] for row in table.rows] for table in tables]


# the sample plan


@pytest.mark.parametrize("suffix", ["docx", "xlsx", "xls", "html", "pdf", "doc"])
def test_sample_plan_reads_as_its_golden_rows(suffix: str, request: pytest.FixtureRequest) -> None:
    if suffix == "doc" and not shutil.which("soffice"):
        pytest.skip("LibreOffice is not installed: apt-get install libreoffice-writer-nogui")
    document = read_file(PLANS / f"rivers.{suffix}")
    golden = PLANS / "rivers.json"
    (table,) = [block.table for block in document.blocks if block.table is not None]
    rows = [[[cell.text, cell.origin] for cell in row.cells] for row in table.rows]
    found: dict[str, Any] = json.loads(json.dumps({"title": RIVERS.title, "rows": rows}))
    if suffix == "docx" and request.config.getoption("--update-golden"):
        golden.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(golden.read_text(encoding="utf-8"))
    heading = next(block for block in document.blocks if block.kind is BlockKind.HEADING)
    assert (heading.text, heading.level) == (RIVERS.title, 1)
    assert texts(document)[-1] == RIVERS.note
    assert RIVERS.prose in texts(document) or suffix.startswith("xls")
    assert [row.place.table for row in table.rows] == [1] * 5
    assert document.notes == []


# any grid comes back


@st.composite
def grid_plans(draw: st.DrawFn) -> Plan:
    """A head of single cells, and below it any rectangles that tile the rest."""
    height, width = draw(st.integers(2, 6)), draw(st.integers(2, 6))
    spans = [Span(0, column, 1, 1, f"栏{column}") for column in range(width)]
    taken: set[tuple[int, int]] = set()
    for row in range(1, height):
        for column in range(width):
            if (row, column) in taken:
                continue
            room = next((c for c in range(column, width) if (row, c) in taken), width) - column
            along = draw(st.integers(1, room))
            down = draw(st.integers(1, height - row))
            taken |= {(r, c) for r in range(row, row + down) for c in range(column, column + along)}
            spans.append(Span(row, column, down, along, f"文{row}-{column}"))
    return Plan("清源市安全生产任务表", "请认真落实。", spans, "注：按季报送。")


Writer = Callable[[Plan, Path], None]
Reader = Callable[[Path], Document]


@pytest.mark.parametrize(
    ("write", "read"),
    [(write_docx, docx.read), (write_xlsx, xlsx.read), (write_html, html.read)],
    ids=["docx", "xlsx", "html"],
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(plan=grid_plans())
def test_any_grid_is_read_back(write: Writer, read: Reader, tmp_path: Path, plan: Plan) -> None:
    path = tmp_path / "grid"
    write(plan, path)
    (table,) = [block.table for block in read(path).blocks if block.table is not None]
    wanted = fill(plan.spans, [Place()] * plan.size[0])
    assert [row.cells for row in table.rows] == [row.cells for row in wanted]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(plan=grid_plans())
def test_any_ruled_grid_is_read_back_from_pdf(tmp_path: Path, plan: Plan) -> None:
    path = tmp_path / "grid.pdf"
    write_pdf(plan, path)
    (grid,) = grids(pdf.read(path))
    wanted = fill(plan.spans, [Place()] * plan.size[0])
    lines = [[cell.text for cell in row.cells] for row in wanted]
    # two rows of the same merged cells cannot be told from one high row between lines
    assert grid == [line for n, line in enumerate(lines) if n == 0 or line != lines[n - 1]]


# docx


def _paragraph(document: Any, text: str, tags: str) -> None:
    """A paragraph whose run has the properties `tags`."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    run = document.add_paragraph().add_run(text)
    run._r.insert(0, parse_xml(f"<w:rPr {nsdecls('w')}>{tags}</w:rPr>"))


def test_docx_leaves_out_what_no_reader_sees(tmp_path: Path) -> None:
    import docx as library

    document = library.Document()
    document.add_paragraph("市教育局牵头开展校园安全检查。")
    _paragraph(document, "隐藏字", "<w:vanish/>")
    _paragraph(document, "白字", '<w:color w:val="FFFFFF"/>')
    _paragraph(document, "小字", '<w:sz w:val="2"/>')
    _paragraph(
        document, "蓝底白字", '<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="1F4E79"/>'
    )
    document.sections[0].header.paragraphs[0].text = "页眉"
    document.save(str(tmp_path / "a.docx"))
    read = docx.read(tmp_path / "a.docx")
    assert texts(read) == ["市教育局牵头开展校园安全检查。", "蓝底白字"]
    assert read.notes == ["有3处看不见的文字（隐藏、白色或极小）没有读入。"]


def test_docx_keeps_insertions_and_drops_deletions(tmp_path: Path) -> None:
    import docx as library
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    document = library.Document()
    paragraph = document.add_paragraph("6月底前")
    for kind, text in (("ins", "完成整改"), ("del", "启动整改")):
        tag = "t" if kind == "ins" else "delText"
        change = f"<w:{kind} {nsdecls('w')}><w:r><w:{tag}>{text}</w:{tag}></w:r></w:{kind}>"
        paragraph._p.append(parse_xml(change))
    document.save(str(tmp_path / "a.docx"))
    assert texts(docx.read(tmp_path / "a.docx")) == ["6月底前完成整改"]


def test_docx_prints_list_numbers_also_in_a_column_of_numbers(tmp_path: Path) -> None:
    import docx as library

    document = library.Document()
    for text in ("摸底排查", "集中整治"):
        document.add_paragraph(text, style="List Number")
    document.add_paragraph("严格执法", style="List Bullet")
    table = document.add_table(2, 2)
    for row, text in zip(table.rows, ("一体化处置", "回头看"), strict=True):
        row.cells[0].paragraphs[0].style = "List Number 2"
        row.cells[1].text = text
    document.save(str(tmp_path / "a.docx"))
    read = docx.read(tmp_path / "a.docx")
    assert texts(read) == ["1. 摸底排查", "2. 集中整治", "严格执法"]
    assert [block.kind for block in read.blocks[:3]] == [BlockKind.LIST_ITEM] * 3
    assert grids(read) == [[["1.", "一体化处置"], ["2.", "回头看"]]]


@pytest.mark.parametrize(
    ("n", "form", "printed"),
    [(11, "chineseCounting", "十一"), (20, "japaneseCounting", "二十"), (105, "chineseCounting", "一百零五"),
     (3, "decimalEnclosedCircle", "③"), (4, "upperRoman", "IV"), (27, "lowerLetter", "aa"),
     (2, "chineseLegalSimplified", "贰"), (7, "decimalZero", "07")],
)  # fmt: skip
def test_list_numbers_print_as_in_word(n: int, form: str, printed: str) -> None:
    assert numeral(n, form) == printed


def test_docx_gives_a_nested_table_after_its_cell(tmp_path: Path) -> None:
    import docx as library

    document = library.Document()
    outer = document.add_table(1, 2)
    outer.cell(0, 0).text = "考核"
    inner = outer.cell(0, 1).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "满分", "100"
    document.save(str(tmp_path / "a.docx"))
    assert grids(docx.read(tmp_path / "a.docx")) == [[["考核", "满分\t100"]], [["满分", "100"]]]


def test_docx_columns_that_a_hand_drew_a_little_apart_are_one(tmp_path: Path) -> None:
    import docx as library
    from docx.shared import Twips

    document = library.Document()
    table = document.add_table(2, 3)
    for column, width in zip(table.columns, (2000, 100, 2000), strict=True):
        column.width = Twips(width)
    table.cell(0, 0).merge(table.cell(0, 1)).text = "任务"
    table.cell(0, 2).text = "单位"
    table.cell(1, 0).text = "巡河"
    table.cell(1, 1).merge(table.cell(1, 2)).text = "市水利局"
    document.save(str(tmp_path / "a.docx"))
    assert grids(docx.read(tmp_path / "a.docx")) == [[["任务", "单位"], ["巡河", "市水利局"]]]


# xlsx


@pytest.mark.parametrize(
    ("value", "code", "printed"),
    [(0.98, "0%", "98%"), (0.985, "0.0%", "98.5%"), (3.0, "General", "3"), (0.1 + 0.2, "General", "0.3"),
     (46203, 'yyyy"年"m"月"d"日"', "2026年6月30日"), (46203, "yyyy-mm-dd", "2026-06-30"),
     (46203, '[DBNum1][$-804]yyyy"年"m"月"d"日";@', "二〇二六年六月三十日"), (46203.5, "yyyy/m/d h:mm", "2026/6/30 12:00"),
     (1234.5, "#,##0.00", "1,234.50"), (-5, "0_);(0)", "(5)"), (12345, '0!.0,"万"', "1.2万"),
     (5, '"≥"0"个"', "≥5个"), (1, ";;;", ""), ("市水利局", '0;0;0;@"（牵头）"', "市水利局（牵头）")],
)  # fmt: skip
def test_numbers_are_read_as_they_are_shown(value: float | str, code: str, printed: str) -> None:
    assert shown(value, code) == printed


def test_xlsx_reads_what_is_shown_and_says_what_is_hidden(tmp_path: Path) -> None:
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "消防"
    for row in (["任务", "时限", "完成率", "备用"], ["检查", 46203, 0.98, "x"], ["隐藏", 1, 1, "x"], ["演练", 46203, "=1+1", "x"]):  # fmt: skip
        sheet.append(row)
    sheet["B2"].number_format = sheet["B4"].number_format = 'yyyy"年"m"月"d"日"'
    sheet["C2"].number_format = "0%"
    sheet["A5"], sheet["B5"] = "#REF!", "白字"
    sheet["A5"].data_type = "e"
    sheet["B5"].font = Font(color="FFFFFFFF")
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["D"].hidden = True
    book.create_sheet("底稿").append(["内部"])
    book["底稿"].sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    read = xlsx.read(tmp_path / "a.xlsx")
    assert grids(read) == [
        [["任务", "时限", "完成率"], ["检查", "2026年6月30日", "98%"], ["演练", "2026年6月30日", ""],
         ["#REF!", "", ""]]
    ]  # fmt: skip
    table = read.blocks[0].table
    assert table is not None
    assert (table.caption, [row.place.row for row in table.rows]) == ("消防", [1, 2, 4, 5])
    said = "".join(read.notes)
    for words in ("第3行是隐藏的", "D列是隐藏的", "1个公式没有保存结果", "A5单元格公式出错",
                  "1个单元格的文字看不见", "工作表“底稿”是隐藏的"):  # fmt: skip
        assert words in said


def test_xlsx_knows_the_dates_that_chinese_excel_names_by_number(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["任务", "时限"])
    sheet.append(["巡查", 46203])
    sheet["B2"].number_format = "0"
    sheet["B2"]._style.numFmtId = 31  # a file made there holds this number and no format
    book.save(tmp_path / "a.xlsx")
    assert grids(xlsx.read(tmp_path / "a.xlsx")) == [[["任务", "时限"], ["巡查", "2026年6月30日"]]]


def test_xlsx_of_ten_thousand_rows_takes_bounded_memory(tmp_path: Path) -> None:
    import tracemalloc

    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx"), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for row in range(10_000):
            sheet.write_row(row, 0, [f"{row}", "巡河检查", "市水利局", 0.5])
        sheet.write(1_000_000, 0, "远处的一格")
    tracemalloc.start()
    (grid,) = grids(xlsx.read(tmp_path / "a.xlsx"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(grid) == 10_001
    assert peak < 100 * 1024 * 1024


# html

PAGE = """<html><head><meta charset="gb2312"><title>清源市创城行动方案_清源市人民政府</title>
<style>.ghost {display: none} @media print {p {display: none}}</style></head><body>
<div class="top-menu"><a>首页</a><a>要闻</a><a>公开</a></div>
<form><table><tr><td><div class="title">清源市创城行动方案</div>
<p>市文明办牵头
推进。<span class="ghost">看不见甲</span><b style="color:#fff">看不见乙</b></p>
<ol><li>整治背街小巷</li><li>提升农贸市场</li></ol>
<table><tr><th>任务</th><th>单位</th></tr>
<tr><td rowspan="2">巡查</td><td style="background:#036;color:white">市城管局</td></tr><tr><td>各街道</td></tr></table>
</td></tr></table></form><ul><li><a>市教育局</a><li><a>市公安局</a><li><a>市水利局</a></ul>
<footer>版权所有</footer></body></html>"""


def test_html_keeps_the_article_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.htm"
    path.write_bytes(PAGE.encode("gb18030"))
    read = html.read(path)
    assert texts(read) == [
        "清源市创城行动方案", "市文明办牵头推进。", "1. 整治背街小巷", "2. 提升农贸市场",
    ]  # fmt: skip
    assert read.blocks[0].kind is BlockKind.HEADING
    assert grids(read) == [[["任务", "单位"], ["巡查", "市城管局"], ["巡查", "各街道"]]]
    assert read.notes == ["有2处看不见的文字（隐藏、白色或极小）没有读入。"]


# pdf


def test_pdf_mends_lines_and_joins_a_table_over_pages(tmp_path: Path) -> None:
    head = [
        Span(0, column, 1, 1, text) for column, text in enumerate(("序号", "任务", "单位", "时限"))
    ]
    rows = [
        Span(row, column, 1, 1, text)
        for row in range(1, 61)
        for column, text in enumerate(
            (
                str(row),
                f"完成第{row}处消防隐患点的整改并报送验收材料",
                "市消防救援支队",
                f"2026年{row % 12 + 1}月底前",
            )
        )
    ]
    prose = "各单位要压实责任，" * 30 + "确保按期完成。"
    plan = Plan("清源市消防安全整治任务", prose, head + rows, "注：按月报送。")
    write_pdf(plan, tmp_path / "a.pdf")
    read = pdf.read(tmp_path / "a.pdf")
    assert texts(read) == [plan.title, prose, plan.note]  # no running head, no page number
    (table,) = [block.table for block in read.blocks if block.table is not None]
    wanted = fill(plan.spans, [Place()] * 61)
    assert [row.cells for row in table.rows] == [row.cells for row in wanted]
    pages = [row.place.page for row in table.rows]
    assert [page for n, page in enumerate(pages) if n == 0 or page != pages[n - 1]] == [
        1,
        2,
        3,
        4,
        5,
    ]


def test_pdf_joins_a_number_that_moved_whole_to_the_next_line() -> None:
    above = _pdf_lines.Line("登记率达", 1, 0, 48, 0, 12, 12, 12)
    below = _pdf_lines.Line("95%以上", 1, 0, 42, 14, 26, 12, 18)
    assert _pdf_lines.in_cell([above, below], 70)[0] == "登记率达95%以上"
    assert _pdf_lines.in_cell([above, below], 90)[0] == "登记率达\n95%以上"


def test_pdf_begins_a_numbered_point_behind_the_bracket_of_the_one_above() -> None:
    def line(text: str, top: float) -> _pdf_lines.Line:
        return _pdf_lines.Line(text, 1, 50, 545, top, top + 12, 12, 12)

    points = [line("（一）办展会。（县商务局牵头，6月底前完成）", 0), line("（二）办赛事。", 15)]
    assert len(list(_pdf_lines.paragraphs(points, 50, 550, 12))) == 2
    sentence = [line("（一）办展会，由县商务局（牵头单位）", 0), line("会同各乡镇办理。", 15)]
    assert len(list(_pdf_lines.paragraphs(sentence, 50, 550, 12))) == 1


def test_pdf_joins_a_number_that_moved_whole_to_the_next_page() -> None:
    def part(page: int, words: list[str]) -> _pdf_tables.Ruled:
        spans = [Span(0, column, 1, 1, text) for column, text in enumerate(words)]
        return _pdf_tables.Ruled(0, 50, [0, 50, 200], [page], spans, set())

    table = part(1, ["1", "开展整治，登记率达"])
    assert _pdf_tables.go_on(table, part(2, ["", "95%以上，隐患清零。"]))
    assert table.texts(0) == ["1", "开展整治，登记率达95%以上，隐患清零。"]


@pytest.mark.parametrize(
    ("ruled", "second_line"),
    [
        pytest.param((0, 1, 2, 3), None, id="below each row"),
        pytest.param((0, 1, 3), None, id="around head and body"),
        pytest.param((0, 1, 3), 11, id="rows of two lines, parted by their gap"),
        pytest.param((0, 1, 3), 20, id="rows of two lines, parted by their first column"),
    ],
)
def test_pdf_reads_a_table_that_has_no_lines_between_its_columns(
    tmp_path: Path, ruled: tuple[int, ...], second_line: int | None
) -> None:
    from reportlab.pdfgen.canvas import Canvas

    rows = [["No", "task", "unit"], ["1", "plant trees", "parks"], ["2", "build a path", "roads"]]
    height = 20 if second_line is None else 40
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for n in ruled:  # Word draws its lines as flat boxes
        canvas.rect(72, 700 - height * n, 328, 0.5, stroke=0, fill=1)
    for n, row in enumerate(rows):
        for word, x in zip(row, (75, 120, 300), strict=True):
            canvas.drawString(x, 686 - height * n, word)
        if second_line is not None and n:
            canvas.drawString(120, 686 - height * n - second_line, "again")
    canvas.save()
    (grid,) = grids(pdf.read(tmp_path / "a.pdf"))
    assert [[cell.removesuffix("\nagain") for cell in row] for row in grid] == rows


def test_pdf_leaves_out_what_no_reader_sees(tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.setFont("Helvetica", 12)
    canvas.drawString(72, 500, "seen words")
    canvas.drawString(-400, 480, "far off")
    canvas.setFillGray(1)
    canvas.drawString(72, 460, "white")
    canvas.setFillGray(0)
    canvas.setFont("Helvetica", 1)
    canvas.drawString(72, 440, "tiny")
    canvas.save()
    read = pdf.read(tmp_path / "a.pdf")
    assert texts(read) == ["seen words"]
    assert read.notes == ["有15个看不见的字（白色、极小或在页面之外）没有读入。"]


# scans and pictures


def _scan(path: Path) -> None:
    """The first page of the sample plan as a picture, alone or on the page of a PDF."""
    import pypdfium2

    with pypdfium2.PdfDocument(PLANS / "rivers.pdf") as plan:
        picture = plan[0].render(scale=200 / 72).to_pil()
    picture.save(path, resolution=200.0)


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_a_scan_is_read_by_machine_and_marked_for_review(tmp_path: Path, suffix: str) -> None:
    pytest.importorskip("rapidocr", reason="the extra `ocr` is not installed: pip install '.[ocr]'")
    _scan(tmp_path / f"a.{suffix}")
    read = read_file(tmp_path / f"a.{suffix}")
    assert (read.format, read.needs_review) == ("ocr", True)
    assert RIVERS.title in texts(read)
    (grid,) = grids(read)
    wanted = fill(RIVERS.spans, [Place()] * 5)
    pairs = [
        (cell.text, found)
        for row, line in zip(wanted, grid, strict=True)
        for cell, found in zip(row.cells, line, strict=True)
    ]
    wrong = [pair for pair in pairs if pair[0] != pair[1]]
    assert len(wrong) <= 3, wrong  # of 30 cells; a machine may take one character for its like


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_without_ocr_a_scan_gets_a_clear_line(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    _scan(tmp_path / f"a.{suffix}")
    with pytest.raises(UserError, match="没有可选中的文字"):
        read_file(tmp_path / f"a.{suffix}")


# bad files


def _zip(path: Path, member: str, size: int) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(member, "w") as file,
    ):
        for _ in range(size // 1_000_000):
            file.write(b" " * 1_000_000)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("a.docx", lambda p: p.write_bytes((PLANS / "rivers.docx").read_bytes()[:9000]), "已损坏"),
        ("a.xlsx", lambda p: p.write_bytes((PLANS / "rivers.xlsx").read_bytes()[:4000]), "已损坏"),
        ("a.xls", lambda p: p.write_bytes((PLANS / "rivers.xls").read_bytes()[:3000]), "已损坏"),
        ("a.pdf", lambda p: p.write_bytes((PLANS / "rivers.pdf").read_bytes()[:1500]), ""),
        ("b.docx", lambda p: _zip(p, "word/document.xml", 150_000_000), "过大"),
        ("b.xlsx", lambda p: _zip(p, "xl/workbook.xml", 150_000_000), "过大"),
        ("c.docx", lambda p: _zip(p, "readme.xml", 0), "不符"),
        ("c.html", lambda p: p.write_text("<html><script>1</script></html>"), "没有"),
        ("d.docx", lambda p: p.write_bytes(b""), "空的"),
    ],
)  # fmt: skip
def test_a_bad_file_gets_one_clear_line(
    tmp_path: Path, name: str, make: Callable[[Path], Any], words: str
) -> None:
    path = tmp_path / name
    make(path)
    with pytest.raises(UserError) as caught:
        read_file(path)
    assert words in str(caught.value)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_encrypted_pdf_is_said_to_be_so(tmp_path: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "a.pdf"), encrypt=StandardEncryption("geheim", strength=40))
    canvas.drawString(72, 500, "words")
    canvas.save()
    with pytest.raises(UserError, match="密码"):
        pdf.read(tmp_path / "a.pdf")


def test_without_libreoffice_an_old_file_gets_a_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="LibreOffice"):
        office.read(PLANS / "rivers.doc")


def test_a_merged_cell_knows_its_corner() -> None:
    rows = fill([Span(0, 0, 2, 1, "甲"), Span(0, 1, 1, 1, "乙")], [Place(), Place()])
    assert [cell for row in rows for cell in row.cells] == [
        Cell("甲", (0, 0)), Cell("乙"), Cell("甲", (0, 0)), Cell(""),
    ]  # fmt: skip
    assert Block(BlockKind.TABLE).text == ""


def test_a_sheet_that_nobody_named_is_no_title() -> None:
    names = ("Sheet", "Sheet1", "工作表 2", "河长任务")
    assert [Sheet(name).caption for name in names] == ["", "", "", "河长任务"]
