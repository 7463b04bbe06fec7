"""Which people the rows of a table name beside their units, 责任领导 or 联系人, and what they are asked for."""

import re
from collections.abc import Sequence

from rag.query import Query
from rag.views import Entry, Row

_TITLE = (
    r"(?:(?:责任|分管|牵头|包保|包联|挂钩|联系|主管|带队|[市区县镇局])?领导(?!小组|班子|干部|组织|下)"
    r"|责任人|负责人|联系人|包[保联抓]人|经办人)"
)
# somebody by name, who is no unit: 责任人是谁, and not 企业负责人培训
PERSON = re.compile(
    rf"{_TITLE}(?:姓名|名单|电话)?(?=是|为|叫|分别|各|谁|有[哪几谁]|[都和与、的呢吗啊?,:]|$)"
)
_DOES = (
    r"(?:同志|[省市区县镇局处科]长|书记|主任)?"
    r"(?:牵头|分管|负责|挂帅|联系|包联|包保|主抓|抓(?=的|哪|几|什么|啥)|领衔|管|担?任|作为)"
)


def named(query: Query) -> frozenset[str]:
    """The people in cells of the rows whom the question names: 刘海涛牵头的, 责任领导为刘海涛的."""
    said = {name for view in query.views for name in view.people if name in query.text}
    return frozenset(
        name for name in said if re.search(f"{_TITLE}[是为叫:]?{name}|{name}{_DOES}", query.text)
    )


def led_by(rows: Sequence[Row], people: frozenset[str]) -> list[Row]:
    """The rows that name one of them."""
    return [row for row in rows if not people.isdisjoint(row.people)]


def names_column(query: Query, entry: Entry) -> bool:
    """Whether something asked about heads a column of the row's table: 审核 for 审核单位."""
    heads = entry.passage.heading.split(" › ")[-1].split("、")
    return any(s in head or head in s for s in query.subject for head in heads if len(s) > 1)


def row_words(entry: Entry) -> str:
    """The cells of a row of a table as printed, for what no field of a task holds; "" for prose."""
    return "｜".join(entry.passage.printed.split("\n")) if entry.aside else ""
