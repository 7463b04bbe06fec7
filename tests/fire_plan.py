"""A small plan of fire safety in two versions, as files, for tests of what happens to versions."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from corpus import ingest
from corpus.ingest import IngestReport
from corpus.models import PlanVersion

NOW = datetime(2022, 3, 1, 1, 0, tzinfo=UTC)
HEAD = """2022年甲县消防安全整治工作方案

序号\t工作任务\t具体措施\t责任单位\t完成时限
"""
HIGH_RISE = "1\t高层建筑整治\t对全县28栋高层住宅开展消防设施检测，完好率达到95%以上。\t县消防救援大队\t2022年11月30日前\n"
CHARGING = (
    "2\t电动车充电设施\t新建智能充电端口600个。\t县住建局牵头，县供电公司配合\t2022年12月底前\n"
)
DRILLS = "3\t应急演练\t组织学校开展疏散演练，覆盖率达到100%。\t县教育局\t2022年9月底前\n"
FIRST = HEAD + HIGH_RISE + CHARGING + DRILLS
# one task reworded and put off, one gone, one new
SECOND = (
    HEAD
    + "1\t高层建筑整治\t对全县31栋高层住宅开展消防设施检测和维修，完好率达到95%以上。\t县消防救援大队\t2022年12月15日前\n"
    + "2\t应急演练\t组织学校开展疏散演练，覆盖率达到100%。\t县教育局\t2022年9月底前\n"
    + "3\t微型消防站\t新建社区微型消防站12个。\t县应急局牵头，各乡镇配合\t2022年10月底前\n"
)


def nothing_more(_: Session, __: PlanVersion) -> None:
    """What else belongs into the transaction: nothing."""


def take(
    engine: Engine, folder: Path, text: str, *, publish: bool = False, plan_id: str = "xiaofang",
    stored: Callable[[Session, PlanVersion], None] = nothing_more, by: str = "cli",
) -> IngestReport:  # fmt: skip
    """Takes a text in as a version of the plan."""
    path = folder / "消防方案.txt"
    path.write_text(text, encoding="utf-8")
    return ingest.take_in(
        engine, path, now=NOW, by=by, stored=stored, plan_id=plan_id, publish=publish
    )
