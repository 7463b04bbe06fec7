"""A small plan of another field, stored by hand, for the tests of passages and retrieval."""

from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlmodel import Session

from config.database import writing
from corpus.document import Block, BlockKind, Cell, Document, Row, Table
from corpus.models import Plan, PlanVersion, Task, VersionState
from corpus.values import Place
from rag.index import index_version

TITLE = "2024年青石县全面推行河湖长制工作方案"
LONG = "".join(
    f"第{n}段河道由沿线村（社区）负责日常保洁，发现垃圾上岸、违章搭建等情况即时报告。"
    for n in range(1, 21)
)
ROWS = (
    ("1", "河道保洁", "县级以上河道每周保洁不少于2次，水面漂浮物清理率达到98%以上。", "▲县水利局、各乡镇", "6月底前"),
    ("2", "入河排污口整治", "完成45个入河排污口溯源整治，建立“一口一档”。", "▲县生态环境局、县住建局", "10月底前"),
    ("3", "非法采砂打击", "组织联合执法不少于4次，采砂案件办结率100%。", "▲县公安局、县水利局", "12月底前"),
)  # fmt: skip
HEAD = ("序号", "工作内容", "具体要求", "责任单位", "完成时限")


def line(kind: BlockKind, text: str, number: int, level: int = 0) -> Block:
    """One block that stands on one line."""
    return Block(kind, text, level, place=Place(line_start=number, line_end=number))


def river_document() -> Document:
    """Prose, a stage, and an annex with a table of three tasks and one of contacts."""
    heading, paragraph, item = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM

    def table(rows: tuple[tuple[str, ...], ...], first: int) -> Block:
        grid = [
            Row([Cell(text) for text in cells], Place(line_start=first + n, line_end=first + n))
            for n, cells in enumerate(rows)
        ]
        return Block(BlockKind.TABLE, table=Table(grid), place=Place(line_start=first))

    return Document(
        blocks=[
            line(heading, TITLE, 1, 1),
            line(paragraph, "为巩固治水成果，根据《青石县水环境保护条例》，制定本方案。", 3),
            line(heading, "一、总体要求", 5, 1),
            line(paragraph, "坚持“河畅、水清、岸绿、景美”，压实各级河长责任。", 7),
            line(paragraph, "全县12条县级河道断面水质达到Ⅲ类及以上。", 9),
            line(heading, "二、工作机制", 11, 1),
            line(item, "（一）巡河制度。", 13, 2),
            line(item, "1.乡镇级河长每月巡河不少于3次，巡河日志上传“碧水通”平台。", 15, 3),
            line(item, "2.村级河长每周巡河。", 17, 3),
            line(heading, "三、实施步骤", 19, 1),
            line(item, "（一）动员部署阶段（2024年3月底前），召开全县河长会议。", 21, 2),
            line(heading, "四、保洁责任", 23, 1),
            line(paragraph, LONG, 25),
            line(heading, "附件 2", 27, 1),
            line(heading, "青石县河湖长制重点任务表", 29, 1),
            table((HEAD, *ROWS), 31),
            line(heading, "附件3 联络员名单", 41, 1),
            table((("姓名", "单位", "电话"), ("王小河", "县水利局", "0570-5550101")), 43),
        ],
        format="txt",
    )


def river_tasks() -> list[Task]:
    """The tasks of `river_document` as a reader would find them; ids are given when they are stored."""
    stage = Task(
        version_id=0, plan_id="hehu-2024", lineage="stage", seq=0, part="stage", no="1",
        section="实施步骤", title="动员部署阶段", line_start=21, line_end=21,
        text="动员部署阶段（2024年3月底前），召开全县河长会议。",
    )  # fmt: skip
    rows = [
        Task(
            version_id=0, plan_id="hehu-2024", lineage=f"row{no}", seq=seq, part="main", no=no,
            title=title, text=text, unit_text=units, timing_text=when,
            line_start=31 + seq, line_end=31 + seq,
        )
        for seq, (no, title, text, units, when) in enumerate(ROWS, 1)
    ]  # fmt: skip
    return [stage, *rows]


def river_version(plan_id: str = "hehu-2024", number: int = 1) -> PlanVersion:
    """A version that is not stored yet."""
    return PlanVersion(
        plan_id=plan_id, number=number, state=VersionState.IN_FORCE if number == 1 else VersionState.DRAFT, title=TITLE,
        file_name="river.txt", sha256="0" * 64, document=river_document().to_json(), review=[],
        read_at=datetime(2024, 3, 1, tzinfo=UTC),
    )  # fmt: skip


def store_river(engine: Engine, plan_id: str = "hehu-2024", number: int = 1) -> int:
    """Store the plan and index it; the version's id."""
    with writing(engine) as session:
        if session.get(Plan, plan_id) is None:
            session.add(Plan(id=plan_id, created_at=datetime(2024, 3, 1, tzinfo=UTC)))
        return store_version(session, river_version(plan_id, number))


def store_version(session: Session, version: PlanVersion) -> int:
    """Store and index a version with the tasks of the river plan."""
    session.add(version)
    session.flush()
    assert version.id is not None
    for task in river_tasks():
        task.version_id, task.plan_id = version.id, version.plan_id
        session.add(task)
    session.flush()
    index_version(session, version)
    return version.id
