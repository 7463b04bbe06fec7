"""What a table's head says about the cells under it."""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from corpus.document import Row, Table
from corpus.numbering import read_cell_number
from corpus.units import is_mark, looks_like_unit


class Field(StrEnum):
    """What a column holds."""

    NO = "no"
    GROUP = "group"  # 类别, 领域: always a section
    TASK = "task"  # 重点任务, 项目: a section, a title or the measure, as its neighbours decide
    MEASURE = "measure"  # 具体措施: the words of the task
    UNIT = "unit"
    LEAD = "lead"
    SUPPORT = "support"
    TIME = "time"
    PROGRESS = "progress"  # 进度要求: a time in some plans, the measure in others
    INDICATOR = "indicator"
    TARGET = "target"
    KIND = "kind"  # 属性
    MEASURE_UNIT = "measure_unit"
    DUTY = "duty"  # 工作职责 of a unit
    MOMENT = "moment"  # 一季度, 上半年, 3月底: what is to be done by then
    REPORT = "report"  # 报送内容
    MARK = "mark"  # headed by a unit, and a sign says what it does
    REPORT_TIME = "report_time"  # 报送周期, 报送时间
    REPORT_UNIT = "report_unit"  # 报送单位, 数据报送部门
    ASIDE = "aside"  # 备注, 联系人, 基期值: nothing that binds


_YEAR = re.compile(r"(20\d\d)(?:年|$)")
_BEFORE = re.compile(r"基期|现状|基准|基数|上年|实际(值|数|完成)|实绩|完成值")  # what was reached
_MOMENT = r"(20\d\d年)?(第?[一二三四1-4]季度|[上下]半年|1?\d[-—–~至]1?\d月|1?\d月)"
_HEAD_ROWS = 8  # the head stands within the first so many rows
_LONGEST_SUBHEAD = 14
_LONGEST = 16  # characters; a longer cell is no head

# The first pattern that is found decides; so the more particular stand first.
_WORDS: tuple[tuple[Field, str], ...] = (
    (
        Field.MOMENT,
        rf"^({_MOMENT})(前|底|末|份)?(的)?(工作|目标|主要|重点|预期|推进|形象|序时|任务|计划|安排|进度|节点|要求|内容|值|数|应|完成)*$",
    ),
    (Field.MOMENT, r"^(全年|年底|年末)$"),
    (Field.NO, r"^((项目|任务|事项|工作)?(序号|编号)|项次|序|号|No\.?|№)$"),
    (Field.UNIT, r"责任(单位|部门|科室)(及|和|与|、|/)"),
    (Field.MEASURE, r"(内容|举措|措施|任务|目标|要求)(及|和|与|、|/)(完成|工作)?(时限|时间|进度)"),
    (
        Field.ASIDE,
        r"(交办|发现|受理|填报|填表|检查|接收|反馈|印发|录入|成立|发生|出生|任职|签订|登记)(时间|日期)"
        r"|(工作|施工|监理|设计|中标|发证|填表)单位",
    ),
    (
        Field.ASIDE,
        r"联系|电话|责任人|负责人|领导$|备注|说明|附注|依据|(参加|参与)?(范围|对象|人员)$|姓名|职务|邮箱|签字|责任科长",
    ),
    (Field.ASIDE, r"(形式|格式|版式|装订)要求|(审核|审定|复核|验收)(单位|部门|科室)"),
    (Field.ASIDE, rf"{_BEFORE.pattern}|完成情况|进展|落实情况"),
    (
        Field.REPORT_UNIT,
        r"(数据|材料|信息)?(报送|提供|填报|上报)(的)?(部门|单位|主体|科室)|数据来源",
    ),
    (Field.REPORT_TIME, r"(报送|上报|填报)(周期|频次|频率|时间|时限|期限|要求)"),
    (Field.REPORT, r"(报送|上报|填报)(内容|材料|事项|项目|名称)"),
    (Field.KIND, r"^(指标)?(属性|性质)$|^指标类(型|别)$|约束性"),
    (Field.MEASURE_UNIT, r"计量单位|^单位[(（].*[)）]$"),
    (Field.LEAD, r"(牵头|主办|主责|主要责任|第一责任)(单位|部门|科室|处室|局)?"),
    (Field.SUPPORT, r"(配合|协办|协同|协助|参与|参加|会办)(单位|部门|科室|处室|责任单位)?"),
    (Field.DUTY, r"职责(分工|任务|内容)?$|^任务分工$|^主要职责|^工作职责"),
    (
        Field.UNIT,
        r"(责任|承办|实施|落实|完成|负责|申报|主管|成员|承担|执行|督办)(单位|部门|主体|科室|处室)"
        r"|责任分工|^(单位|部门|科室|处室|镇街|单位名称|部门名称|责任主体|责任方)$",
    ),
    (Field.PROGRESS, r"进度(要求|目标|计划)?$"),
    (
        Field.TIME,
        r"(完成|办结|整改|建设|实施|工作|计划|落实|推进|达标)(时限|期限|年限|日期|时间|节点)|(完成|时间|时限)要求$"
        r"|时限|期限|工期|截止|起止|^(时间|日期|期限|节点)|^(实施|推进)?(月份|月度|季度|时段)$|(时间|进度)安排|序时进度|时间(进度|节点|表)",
    ),
    (
        Field.TARGET,
        r"(目标|指标|任务|计划)(值|数)|^目标$|(合|总|小)计$|^(年度|全年)(目标|指标|任务)$|数量$",
    ),
    (Field.TARGET, r"^20\d\d(年度?)?(末|底)?(的)?(目标|指标|计划|任务)?(值|数)?$"),
    (Field.INDICATOR, r"指标(?!任务)"),
    (
        Field.MEASURE,
        r"举措|措施|内容|具体(?!问题)|要求|做法|路径|标准|工作目标|目标任务|预期目标|主要目标|阶段性?目标|成效|成果|目标$|规模$",
    ),
    (Field.GROUP, r"类别|类型|分类|领域|方面|板块|大类|环节|专题|专项$|维度|^项别$"),
    (
        Field.TASK,
        r"任务|重点工作|工作事项|事项|^工作$|项目|^名称|名称$|工程|行动|清单|问题|主要工作|工作",
    ),
    (Field.UNIT, r"^[\u3400-\u9fff]{2,4}(单位|部门)$"),  # 储备单位, 建设单位
    (Field.TIME, r"^[\u3400-\u9fff]{2}(时间|时限|日期)$"),
)
_PATTERNS = tuple((field, re.compile(pattern)) for field, pattern in _WORDS)


def plain(cell: str) -> str:
    """A head without spaces and line breaks, full-width letters made half-width."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", cell))


def field_of(cell: str) -> Field | None:
    """The field that a head names, None if it names none that we know."""
    head = plain(cell)
    bare = re.sub(r"[(（].*?[)）]", "", head) or head
    if not bare or len(bare) > _LONGEST or re.search(r"[。；，!?]", bare):
        return None
    if _YEAR.search(bare) and bare != head and _BEFORE.search(head):
        return Field.ASIDE
    if re.fullmatch(r"[\d.、%()\-]+", bare) and not _YEAR.fullmatch(bare):
        return None
    for field, pattern in _PATTERNS:
        if pattern.search(head if field is Field.MEASURE_UNIT else bare):
            return field
    return None


def is_amount(cell: str) -> bool:
    """Whether a cell holds a bare number, or a stroke in place of one."""
    return re.fullmatch(r"\d[\d,]*(\.\d+)?|[/\-—－]+", cell) is not None


def is_sharer(head: str) -> bool:
    """Whether a head names a town or an office whose share of an amount may stand below."""
    return looks_like_unit(head) and not re.search(r"[（(]", head)  # 示范小区（个）


def year_of(head: str) -> int | None:
    """The year that a head gives to the cells under it."""
    found = _YEAR.search(plain(head))
    return int(found[1]) if found else None


def is_header(cells: Sequence[str]) -> bool:
    """Whether these cells are the head of a table of tasks, indicators, duties or reports.

    Most of the cells that are not blank must name a field, and one must name what is to be done.
    """
    words = [plain(cell) for cell in cells if plain(cell)]
    distinct = list(dict.fromkeys(words))
    fields = [field_of(word) for word in distinct]
    known = [field for field in fields if field]
    if len(distinct) < 2 or len(known) < 2 or len(known) * 3 < len(distinct) * 2:
        return False
    if any(len(word) > _LONGEST or re.search(r"[。；]", word) for word in distinct):
        return False
    return len(set(known)) >= 2 and any(field in _SUBSTANCE for field in known)


_SUBSTANCE = {
    Field.TASK,
    Field.MEASURE,
    Field.GROUP,
    Field.INDICATOR,
    Field.DUTY,
    Field.REPORT,
    Field.PROGRESS,
    Field.TARGET,
    Field.MOMENT,
}


def find_heads(table: Table) -> tuple[int, list[str]]:
    """Where the body starts, and the head of each column; its rows are joined by “·”."""
    for index, row in enumerate(table.rows[:_HEAD_ROWS]):
        heads = [cell.text for cell in row.cells]
        fieldless = _fieldless(table, index)
        if not is_header([head for c, head in enumerate(heads) if c not in fieldless]):
            continue
        start = index + 1
        above = heads
        while start < len(table.rows) and _parts_heads(table.rows[start], above):
            below = [cell.text for cell in table.rows[start].cells]
            heads = [
                up if plain(down) in ("", plain(up)) else f"{up}·{down}" if plain(up) else down
                for up, down in zip(heads, below, strict=True)
            ]
            start += 1
            above = [down or up for up, down in zip(above, below, strict=True)]
        return start, heads
    return 0, []


def _fieldless(table: Table, index: int) -> set[int]:
    """The columns whose head is a unit, over nothing but signs or numbers: no fields are named."""
    columns = set()
    for column, head in enumerate(table.rows[index].cells):
        below = {row.cells[column].text.strip() for row in table.rows[index + 1 :]} - {""}
        amounts = is_sharer(head.text) and all(map(is_amount, below))
        if below and (amounts or all(map(is_mark, below))) and looks_like_unit(head.text):
            columns.add(column)
    return columns if len(columns) > 1 else set()


def _parts_heads(row: Row, heads: Sequence[str]) -> bool:
    """Whether the row below a head belongs to it: under one head that spans columns it names each."""
    above = [plain(head) for head in heads]
    below = [plain(cell.text) for cell in row.cells]
    if read_cell_number(below[0]) or any(len(cell) > _LONGEST_SUBHEAD for cell in below):
        return False
    parts = [column for column, cell in enumerate(below) if cell and cell != above[column]]

    def spans(column: int) -> bool:
        return not above[column] or above.count(above[column]) > 1 or "" in above[column + 1 :][:1]

    return len(parts) >= 2 and all(map(spans, parts))
