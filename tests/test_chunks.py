"""Passages: quotable, complete, and called what a reader would call them."""

import re

import pytest

from corpus.document import Block, BlockKind, Cell, Document, Row, Table
from corpus.models import Task
from corpus.values import Place
from rag.chunks import LONGEST, make_passages
from rag.models import Passage
from rag.words import squeezed
from tests.passages import HEAD, LONG, TITLE, line, river_document, river_tasks, river_version


def passages_of(document: Document, tasks: list[Task], title: str = TITLE) -> list[Passage]:
    version = river_version()
    version.id, version.title = 7, title
    for n, task in enumerate(tasks):
        task.id = 100 + n
    return make_passages(version, document, tasks)


def by_ref(passages: list[Passage], ref: str) -> Passage:
    return next(passage for passage in passages if passage.ref == ref)


def task(part: str, no: str | None, text: str, **more: object) -> Task:
    return Task(version_id=7, plan_id="p", lineage=text, seq=0, part=part, no=no, text=text, **more)


@pytest.fixture
def river() -> list[Passage]:
    return passages_of(river_document(), river_tasks())


def test_a_row_is_quoted_with_its_annex_and_number(river: list[Passage]) -> None:
    row = by_ref(river, "附件2第2项")
    assert row.text == "入河排污口整治\n完成45个入河排污口溯源整治，建立“一口一档”。"
    above = f"{TITLE} › 附件2 › 青石县河湖长制重点任务表"
    assert row.heading == f"{above} › 序号、工作内容、具体要求、责任单位、完成时限"
    assert (row.task_id, row.line_start, row.line_end, row.version_id) == (102, 33, 33, 7)


def test_prose_knows_the_clause_it_stands_in(river: list[Passage]) -> None:
    clause = by_ref(river, "二、（一）1")
    assert clause.text.startswith("1.乡镇级河长每月巡河不少于3次")
    assert clause.heading == f"{TITLE} › 二、工作机制 › （一）巡河制度。"
    assert by_ref(river, "二、（一）2").line_start == 17


def test_neighbouring_paragraphs_of_one_heading_are_one_passage(river: list[Passage]) -> None:
    aims = by_ref(river, "一、总体要求")
    assert "河畅" in aims.text
    assert "Ⅲ类" in aims.text
    assert (aims.line_start, aims.line_end) == (7, 9)


def test_a_task_is_not_repeated_as_prose(river: list[Passage]) -> None:
    stages = [passage for passage in river if "动员部署阶段" in passage.text]
    assert [(p.ref, p.task_id) for p in stages] == [("三、（一）", 100)]


def test_a_long_paragraph_is_cut_at_the_ends_of_sentences(river: list[Passage]) -> None:
    pieces = [passage for passage in river if passage.ref == "四、保洁责任"]
    assert len(pieces) > 1
    assert all(len(piece.text) <= LONGEST and piece.text.endswith("。") for piece in pieces)
    assert "".join(piece.text for piece in pieces) == LONG


def test_a_table_without_tasks_is_kept_row_by_row_under_its_head(river: list[Passage]) -> None:
    contact = next(passage for passage in river if "王小河" in passage.text)
    assert contact.task_id is None
    assert contact.text == "王小河\t县水利局\t0570-5550101"
    assert contact.heading.endswith("附件3 联络员名单 › 姓名、单位、电话")


def test_nothing_is_lost_and_everything_is_verbatim(river: list[Passage]) -> None:
    document = river_document()
    tasks = "".join(t.unit_text + t.timing_text for t in river_tasks())
    kept = squeezed("".join(p.heading + p.text for p in river) + tasks)
    printed = []
    for block in document.blocks:
        cells = [cell.text for row in block.table.rows for cell in row.cells] if block.table else []
        printed += cells or re.findall("[^。]+。?", block.text)
    lost = [
        text for text in printed if squeezed(text) not in kept and text not in (*HEAD, "附件 2")
    ]
    # the number in front of a task is in its name
    numbers = ("1", "2", "3", "（一）动员部署阶段（2024年3月底前），召开全县河长会议。")
    assert set(lost) <= set(numbers)
    source = squeezed("".join(printed))
    for passage in river:
        assert all(squeezed(row) in source for row in re.split("[\n\t]", passage.text))


def test_passages_come_in_the_order_of_the_document(river: list[Passage]) -> None:
    assert [passage.seq for passage in river] == list(range(len(river)))
    lines = [passage.line_start for passage in river]
    assert lines == sorted(lines, key=lambda n: n or 0)


def test_a_point_of_prose_keeps_its_own_punctuation_and_its_units() -> None:
    text = (
        "3. 排查火灾隐患。开展“三合一”场所排查，整改率达到 95%（县消防救援大队牵头，9月底前完成）。"
    )
    point = task(
        "main", "3", "开展“三合一”场所排查，整改率达到95%", title="排查火灾隐患",
        unit_text="县消防救援大队牵头", timing_text="9月底前完成", line_start=2, line_end=2,
    )  # fmt: skip
    document = Document(
        [line(BlockKind.HEADING, "一、重点工作", 1), line(BlockKind.LIST_ITEM, text, 2)], "txt"
    )
    (passage,) = passages_of(document, [point])
    assert passage.text == text.removeprefix("3. ")
    assert passage.ref == "第3条"


def test_a_task_is_found_by_its_words_when_there_are_no_lines() -> None:
    rows = [
        Row([Cell(t) for t in r])
        for r in (("序号", "任务", "备注"), ("1", "栽种行道树300株。", "含补种"))
    ]
    blocks = [
        Block(BlockKind.HEADING, "附件1", 1),
        Block(BlockKind.TABLE, table=Table(rows)),
        Block(BlockKind.HEADING, "附件2", 1),
    ]
    (passage,) = passages_of(Document(blocks, "docx"), [task("main", "1", "栽种行道树300株。")])
    assert passage.ref == "附件1第1项"
    # a remark that no field of the task holds is not lost
    assert passage.text == "栽种行道树300株。\n含补种"


def test_the_lines_below_a_point_that_say_who_and_when_are_quoted_with_it() -> None:
    blocks = [
        Block(BlockKind.LIST_ITEM, "1.改造管道。更新老旧管道90公里。", 3),
        Block(BlockKind.PARAGRAPH, "牵头单位：市住建局；时限要求：2025年底前完成首轮改造。"),
        Block(BlockKind.PARAGRAPH, "各地要加强领导。"),
    ]
    point = task(
        "main", "1", "更新老旧管道90公里。", title="改造管道", timing_text="2025年底前完成首轮改造"
    )
    quoted, after = passages_of(Document(blocks, "test"), [point])
    assert quoted.printed == f"{blocks[0].text}\n{blocks[1].text}"
    assert after.text == "各地要加强领导。"


def test_points_that_begin_again_under_each_heading_are_told_apart() -> None:
    blocks, tasks = [], []
    for n, (mark, name) in enumerate((("一", "学校"), ("二", "医院")), 1):
        blocks.append(line(BlockKind.HEADING, f"{mark}、{name}食堂", 10 * n))
        blocks.append(line(BlockKind.LIST_ITEM, f"1.{name}每学期自查一次。", 10 * n + 1))
        tasks.append(
            task("main", "1", f"{name}每学期自查一次。", line_start=10 * n + 1, line_end=10 * n + 1)
        )
    tasks[1].seq = 1
    assert [p.ref for p in passages_of(Document(blocks, "txt"), tasks)] == ["一、1", "二、1"]


def test_boxes_indicators_and_duties_have_their_own_names() -> None:
    blocks = [
        line(BlockKind.HEADING, "附件1", 1),
        line(BlockKind.HEADING, "二、部门职责", 2),
        line(BlockKind.HEADING, "（十三）县教育局", 3),
        line(BlockKind.PARAGRAPH, "负责校园消防演练。", 4),
        line(BlockKind.HEADING, "专栏 2：智慧消防工程", 5),
        line(BlockKind.LIST_ITEM, "3.建设感知平台。", 6),
        Block(
            BlockKind.TABLE,
            table=Table([Row([Cell("11"), Cell("隐患整改率"), Cell("≥95%")], Place(8, 8))]),
            place=Place(8, 8),
        ),
    ]
    tasks = [
        task("duty", "13", "负责校园消防演练。", title="县教育局", line_start=3, line_end=4),
        task(
            "box", "3", "建设感知平台。", section="专栏 2：智慧消防工程", line_start=6, line_end=6
        ),
        task("indicator", "11", "隐患整改率", line_start=8, line_end=8),
    ]
    for n, one in enumerate(tasks):
        one.seq = n
    passages = passages_of(Document(blocks, "txt"), tasks)
    assert [p.ref for p in passages] == ["附件1（十三）", "专栏2第3项", "附件1指标11"]
    assert passages[0].text == "负责校园消防演练。"
    assert "县教育局" in passages[0].heading
    assert passages[2].text == "隐患整改率\n≥95%"


def test_a_heading_with_nothing_under_it_is_a_passage() -> None:
    blocks = [
        line(BlockKind.HEADING, "一、成立专班", 1),
        line(BlockKind.HEADING, "二、定期会商", 2),
    ]
    assert [p.text for p in passages_of(Document(blocks, "txt"), [])] == [
        "一、成立专班",
        "二、定期会商",
    ]
