"""A small plan of fire safety, and what a model that streams may say of its first row."""

from pathlib import Path
from time import monotonic

from bot.core import Core

PLAN = """丁县2024年消防安全整治要点

序号\t工作任务\t具体措施\t责任单位\t完成时限
1\t消防通道整治\t全县住宅小区消防车通道畅通率达到98%以上。新建微型消防站不少于16个。不得占用疏散楼梯。\t县消防救援大队牵头，县住建局配合\t2024年9月底前
2\t电动车充电\t新增智能充电端口800个。\t县供电公司\t2024年11月底前
"""
QUESTION = "丁县住宅小区消防车通道畅通率要达到多少？"
FIRST = "全县住宅小区消防车通道畅通率达到98%以上。"
SECOND = "新建微型消防站不少于16个。"
THIRD = "由县消防救援大队牵头，县住建局配合，2024年9月底前完成。"
GOOD = FIRST + SECOND + THIRD
PATIENCE_S = 60.0


def add_plan(core: Core, folder: Path) -> None:
    """Taken in, and the client of the model imported, which takes seconds."""
    file = folder / "消防.txt"
    file.write_text(PLAN, encoding="utf-8")
    core.ingest(file, by="cli", plan_id="xiaofang", publish=True)
    assert core.model is not None
    core.model.phrase("先连上", ["先连上"], monotonic() + PATIENCE_S)
