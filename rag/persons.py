"""Which people the rows of a table name beside their units, 责任领导 or 联系人, and what they are asked for."""

import re
from collections.abc import Sequence

from corpus.units import looks_like_unit
from rag.query import Query
from rag.views import Entry, Row
from rag.words import normal

# 分管领导, 责任人: somebody by name, who is no unit
PERSON = re.compile(
    r"(?:责任|分管|牵头|包保|包联|挂钩|联系|主管|带队|市|区|县|镇|局)?领导(?!小组|班子|干部|组织|下)"
    r"|责任人|负责人(?!培训|轮训|履职)|联系人|包[保联抓]人|经办人"
)
_DOES = (
    r"(?:同志|[省市区县镇局处科]长|书记|主任)?(?:牵头|分管|负责|挂帅|联系|包联|包保|主抓|领衔|管)"
)
_NAME = re.compile(r"[\u3400-\u9fff·]{2,4}")


def named(query: Query) -> frozenset[str]:
    """The people in cells of the rows whom the question names: 刘海涛牵头的, 责任领导为刘海涛的."""
    said = bool(PERSON.search(query.text))
    found = {name for row in query.rows for name in _people(row) if name in query.text}
    return frozenset(
        name for name in found if said or re.search(f"{re.escape(name)}{_DOES}", query.text)
    )


def led_by(rows: Sequence[Row], people: frozenset[str]) -> list[Row]:
    """The rows that name one of them."""
    return [row for row in rows if not people.isdisjoint(_people(row))]


def row_words(entry: Entry) -> str:
    """The cells of a row of a table as printed, for what no field of a task holds; "" for prose."""
    return "｜".join(entry.passage.printed.split("\n")) if _aside(entry) else ""


def _aside(entry: Entry) -> list[str]:
    """Cells of the row that no field of its task holds."""
    task = entry.task
    cells = [normal(cell) for cell in entry.passage.text.split("\n")]
    if task is None or not entry.passage.printed:
        return []
    held = normal(f"{task.title or ''}\n{task.text}\n{task.unit_text}")
    return [cell for cell in cells if cell.strip() and cell not in held]


def _people(row: Row) -> set[str]:
    """Short words of Han characters that stand in a cell of their own."""
    words = {word for cell in _aside(row) for word in re.split(r"[、,，;；/\s]+", cell)}
    return {word for word in words if _NAME.fullmatch(word) and not looks_like_unit(word)}
