"""Text files: encodings, broken lines, flattened tables, and files that are none."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import UserError
from corpus.document import BlockKind, Document
from corpus.flat_tables import find_tables
from corpus.formats import MAX_BYTES, formats, read_file
from corpus.lines import Line, to_blocks

TEXT = "消防工作要点\n\n一、重点任务\n\n1. 开展隐患排查。每月检查一次。\n"


def lines(text: str) -> list[Line]:
    return [Line(number, line) for number, line in enumerate(text.split("\n"), 1)]


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_every_usual_encoding_reads_the_same(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "要点.txt"
    path.write_bytes(TEXT.encode(encoding))
    assert texts(read_file(path)) == [
        "消防工作要点",
        "一、重点任务",
        "1. 开展隐患排查。每月检查一次。",
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_from_one_whatever_ends_them(tmp_path: Path, newline: str) -> None:
    path = tmp_path / "要点.txt"
    path.write_bytes(TEXT.replace("\n", newline).encode())
    place = read_file(path).blocks[-1].place
    assert (place.line_start, place.line_end) == (5, 5)


def test_sentence_broken_by_a_page_is_mended_and_the_page_number_is_gone() -> None:
    text = "（一）加强巡查。各乡镇（街道）组织网格员对辖区内沿街店铺、出租房、\n\n— 3 —\n\n小作坊开展巡查。\n\n（二）加强宣传。"
    first, second = to_blocks(lines(text))
    assert (
        first.text
        == "（一）加强巡查。各乡镇（街道）组织网格员对辖区内沿街店铺、出租房、小作坊开展巡查。"
    )
    assert (first.place.line_start, first.place.line_end) == (1, 5)
    assert second.text == "（二）加强宣传。"


def test_lines_of_one_width_are_mended_but_headings_stand_alone() -> None:
    text = (
        "一、总体要求\n\n全面落实河湖长制各项任务，推动河湖管理保护水平\n\n迈上新台阶，让群众切实感受到水环境的改善。建立\n\n"
        "健全长效机制，强化部门协同，压实属地责任，推进\n\n系统治理。\n\n二、主要任务\n\n1.开展排查。对全县河道沿线的排污口逐一开展排查\n\n"
        "登记，建立问题台账，实行销号管理，确保整改到位\n\n不反弹。\n"
    )
    found = [(block.kind, block.text[:8], block.text[-6:]) for block in to_blocks(lines(text))]
    assert found == [
        (BlockKind.HEADING, "一、总体要求", "一、总体要求"),
        (BlockKind.PARAGRAPH, "全面落实河湖长制", "进系统治理。"),
        (BlockKind.HEADING, "二、主要任务", "二、主要任务"),
        (BlockKind.LIST_ITEM, "1.开展排查。对", "到位不反弹。"),
    ]


def test_running_head_of_paged_text_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "规划.txt"
    pages = [f"明湖市规划\n第{n}段说明工作安排。\n" for n in range(1, 5)]
    path.write_text("\f".join(pages), encoding="utf-8")
    assert texts(read_file(path)) == [f"第{n}段说明工作安排。" for n in range(1, 5)]


def test_cells_a_line_keep_blanks_lines_and_the_order_of_columns() -> None:
    text = (
        "清单\n\n\t序号\n\t项目\n\t责任单位\n\t时间表\n\n\t1\n\t排查隐患，\n建立台账\n\t县应急局\n\t6月底前\n\n"
        "\t序号\n\t项目\n\t责任单位\n\t时间表\n\n\t2\n\t\n\t县住建局\n\t年底前\n"
    )
    (found,) = find_tables(lines(text))
    grid = [[cell.text for cell in row.cells] for row in found.table.rows]
    assert grid == [
        ["序号", "项目", "责任单位", "时间表"],
        ["1", "排查隐患，建立台账", "县应急局", "6月底前"],
        ["2", "", "县住建局", "年底前"],
    ]
    place = found.table.rows[1].place
    assert (place.line_start, place.line_end) == (8, 12)


def test_scattered_cells_are_put_where_they_look_right() -> None:
    text = (
        "序号 指标名称 属性 目标值 责任单位\n\n1\n\n重点企业隐患\n\n整改率\n\n约束性 100% 县应急局\n\n"
        "2 事故起数 约束性 ≤3起 县应急局、县\n\n公安局\n\n三、保障措施\n"
    )
    (found,) = find_tables(lines(text))
    assert [[cell.text for cell in row.cells] for row in found.table.rows[1:]] == [
        ["1", "重点企业隐患整改率", "约束性", "100%", "县应急局"],
        ["2", "事故起数", "约束性", "≤3起", "县应急局、县公安局"],
    ]
    assert lines(text)[found.end :][-2].text == "三、保障措施"


_CELL = st.text("排查整治隐患台账责任落实到位", min_size=1, max_size=12)


@given(st.lists(st.tuples(_CELL, _CELL), min_size=1, max_size=8))
def test_grid_written_with_tabs_or_bars_is_read_back(body: list[tuple[str, str]]) -> None:
    head = ["序号", "重点任务", "责任单位"]
    rows = [head, *([str(n), *cells] for n, cells in enumerate(body, 1))]
    tabs = "\n".join("\t".join(row) for row in rows)
    bars = ["| " + " | ".join(row) + " |" for row in rows]
    bars.insert(1, "|---|---|---|")
    for text in (tabs, "\n".join(bars)):
        (found,) = find_tables(lines(text))
        assert [[cell.text for cell in row.cells] for row in found.table.rows] == rows


def test_each_format_names_suffixes_that_no_other_claims() -> None:
    assert {".txt", ".md", ".docx", ".xlsx", ".pdf", ".html"} <= set(formats())


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("空.txt", b"", "是空的"),
        ("空白.txt", b" \n \n", "没有读到文字"),
        ("程序.exe", b"MZ", "“程序.exe”不是能读的文件类型，请发 docx"),
        ("图.txt", b"\x89PNG\r\n\x1a\n" + bytes(64), "内容是PNG 图片"),
        ("方案.txt", b"PK\x03\x04" + bytes(64), "与后缀 .txt 不符"),
        ("方案.docx", "这是文字".encode(), "不是真正的 docx 文件"),
        ("乱码.txt", bytes(range(128, 256)) * 4, "编码认不出来"),
        ("二进制.txt", bytes(range(1, 9)) * 40, "编码认不出来"),
    ],
)
def test_bad_file_gets_one_clear_line(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=says) as error:
        read_file(path)
    assert "\n" not in str(error.value)


def test_missing_and_huge_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="找不到文件"):
        read_file(tmp_path / "没有.txt")
    huge = tmp_path / "大.txt"
    with huge.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(UserError, match="超过 50 MB 的上限"):
        read_file(huge)


def test_the_head_of_a_paper_stands_on_lines_of_its_own() -> None:
    text = "云溪县人民政府办公室文件\n云政办发〔2026〕18号\n云溪县2026年消防工作要点\n一、重点任务"
    blocks = [block.text for block in to_blocks(lines(text))]
    assert blocks == text.split("\n")


def test_cells_a_line_may_have_two_heads_and_a_head_that_nobody_knows() -> None:
    cells = [
        ["序号", "督办事项", "交办人", "责任部门", "", "办结时限"],
        ["", "", "", "牵头", "配合", ""],
        ["1", "清理河道", "王建国", "市水利局", "", "6月底"],
    ]
    text = "督办台账\n" + "\n\n".join("\n".join(f"\t{cell}" for cell in row) for row in cells)
    (found,) = find_tables(lines(text))
    assert [[cell.text for cell in row.cells] for row in found.table.rows] == cells
