"""Writes one table, merged cells and all, as docx, xlsx, html and pdf, for tests to read back."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from corpus.formats._grid import Span


@dataclass(frozen=True)
class Plan:
    """A small plan: its title, a line of prose, its table, a note below."""

    title: str
    prose: str
    spans: Sequence[Span]  # the cells of the table; every position is covered by one
    note: str

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        rows = max(span.row + span.rows for span in self.spans)
        return rows, max(span.column + span.columns for span in self.spans)


def write_docx(plan: Plan, path: Path) -> None:
    """With Word's own merges and heading style."""
    import docx

    document = docx.Document()
    document.add_heading(plan.title, 1)
    document.add_paragraph(plan.prose)
    rows, columns = plan.size
    table = document.add_table(rows, columns)
    for span in plan.spans:
        last = table.cell(span.row + span.rows - 1, span.column + span.columns - 1)
        table.cell(span.row, span.column).merge(last).text = span.text
    document.add_paragraph(plan.note)
    document.save(str(path))


def write_xlsx(plan: Plan, path: Path) -> None:
    """One sheet: a merged title, then the table, then a merged note."""
    import xlsxwriter

    rows, columns = plan.size
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("任务表")
        sheet.merge_range(0, 0, 0, columns - 1, plan.title)
        for span in plan.spans:
            top, left = span.row + 1, span.column
            if span.rows * span.columns == 1:
                sheet.write_string(top, left, span.text)
            else:
                bottom, right = top + span.rows - 1, left + span.columns - 1
                sheet.merge_range(top, left, bottom, right, span.text)
        sheet.merge_range(rows + 1, 0, rows + 1, columns - 1, plan.note)


def write_html(plan: Plan, path: Path) -> None:
    """A page with the menu and the foot that a site puts around an article."""
    lines = ["<!doctype html><meta charset='utf-8'><nav><a href='/'>首页</a></nav>"]
    lines.append(f"<h1>{escape(plan.title)}</h1><p>{escape(plan.prose)}</p><table>")
    for row in range(plan.size[0]):
        cells = [
            f"<td rowspan='{s.rows}' colspan='{s.columns}'>{escape(s.text)}</td>"
            for s in sorted(plan.spans, key=lambda span: span.column)
            if s.row == row
        ]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    lines.append(f"</table><p>{escape(plan.note)}</p><footer>网站地图 版权所有</footer>")
    path.write_text("\n".join(lines), encoding="utf-8")


def write_pdf(plan: Plan, path: Path) -> None:
    """Ruled like an office's print-out: running head, page numbers, wrapped lines."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    body = ParagraphStyle(
        "body", fontName="STSong-Light", fontSize=12, leading=20, wordWrap="CJK", firstLineIndent=24
    )
    title = ParagraphStyle("title", body, fontSize=18, leading=28, alignment=1, firstLineIndent=0)
    small = ParagraphStyle("small", body, fontSize=10, leading=14, firstLineIndent=0)
    rows, columns = plan.size
    grid: list[list[object]] = [[""] * columns for _ in range(rows)]
    style: list[tuple[object, ...]] = [("GRID", (0, 0), (-1, -1), 0.5, "black")]
    for span in plan.spans:
        grid[span.row][span.column] = Paragraph(escape(span.text), small)
        last = (span.column + span.columns - 1, span.row + span.rows - 1)
        style.append(("SPAN", (span.column, span.row), last))

    # the library gives no height to a row in which no cell begins and ends
    own = {span.row for span in plan.spans if span.rows == 1}
    heights = [None if row in own else 24 for row in range(rows)]

    def decorate(canvas: Canvas, document: SimpleDocTemplate) -> None:
        canvas.setFont("STSong-Light", 9)
        canvas.drawCentredString(A4[0] / 2, A4[1] - 40, "清源市河长制工作文件")
        canvas.drawCentredString(A4[0] / 2, 40, f"— {document.page} —")

    SimpleDocTemplate(str(path), pagesize=A4).build(
        [
            Paragraph(escape(plan.title), title),
            Paragraph(escape(plan.prose), body),
            Table(grid, [440 / columns] * columns, heights, style=style, repeatRows=1),
            Paragraph(escape(plan.note), body),
        ],
        onFirstPage=decorate,
        onLaterPages=decorate,
    )


RIVERS = Plan(
    title="清源市2026年河长制湖长制工作任务清单",
    prose="为推动河湖长制从有名有责到有能有效，持续改善全市水环境质量，现将年度重点任务分解如下，"
    "各责任单位要细化措施，每季度末月20日前将进展情况报市河长办。",
    spans=[
        Span(0, 0, 2, 1, "序号"), Span(0, 1, 2, 1, "类别"), Span(0, 2, 2, 1, "工作任务"),
        Span(0, 3, 1, 2, "责任单位"), Span(0, 5, 2, 1, "完成时限"),
        Span(1, 3, 1, 1, "牵头单位"), Span(1, 4, 1, 1, "配合单位"),
        Span(2, 0, 1, 1, "1"), Span(2, 1, 2, 1, "水域岸线管控"),
        Span(2, 2, 1, 1, "完成8条县级以上河道管理范围界桩补设，整改侵占岸线问题，销号率达到98%以上。"),
        Span(2, 3, 1, 1, "市水利局"), Span(2, 4, 1, 1, "市自然资源局"), Span(2, 5, 1, 1, "2026年6月30日前"),
        Span(3, 0, 1, 1, "2"), Span(3, 2, 1, 1, "开展河道“清四乱”专项行动。"),
        Span(3, 3, 1, 2, "各乡镇（街道）"), Span(3, 5, 2, 1, "全年"),
        Span(4, 0, 1, 1, "3"), Span(4, 1, 1, 1, "水污染防治"),
        Span(4, 2, 1, 1, "建立入河排污口“一口一档”，国控断面水质优良率保持100%。"),
        Span(4, 3, 1, 1, "市生态环境局"), Span(4, 4, 1, 1, "市住建局"),
    ],
    note="注：逢法定节假日顺延至节后第一个工作日。",
)  # fmt: skip
"""The sample plan of `tests/data/plans/rivers.*`, of a city that does not exist."""
