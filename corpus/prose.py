"""Reads tasks out of prose: numbered points, duties of units, stages, boxes and reporting duties."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from corpus.assignments import read_assignments
from corpus.brackets import Tail, read_tail
from corpus.document import Document
from corpus.lines import DATED
from corpus.outline import ANNEX_NAMED, DUTIES, Point, read_outline
from corpus.reporting import REPORT, reports_in, subjects, told
from corpus.units import are_units, read_units
from corpus.values import Place, ResponsibilityValue, TaskRow

# Which part of a plan a top heading opens; what matches nothing holds tasks.
_STAGES = re.compile(
    r"进度安排|(实施|工作|方法|推进|创建)步骤|步骤|阶段(安排|划分)|时间安排|日程安排|工作进度|工作阶段"
)
_BACKGROUND = re.compile(
    r"总体(要求|思路|目标)|指导思想|基本原则|工作(目标|思路|原则)|主要(目标|指标|成就|问题)|发展目标|目标要求|预期目标"
    r"|现状|形势|背景|成就|回顾|(存在|突出)(的)?问题$|重要意义|规划基础|(组织|工作|措施|实施|政策|规划|要素|条件|支撑)保障"
    r"|保障(措施|机制|体系|政策|条件)|^(强化|加强|落实|完善|健全)?(组织)?保障$|组织(领导|实施|机构|架构)|领导小组|工作要求|有关要求|相关要求"
    r"|^要求|^目标|附则|适用范围|名词解释|工作机制|考核(评价|办法)|督查考核|监督考核|^(范围|对象|时间|内容)$|编制(依据|说明)"
)
_AIMS = re.compile(r"^(指导思想|基本原则|总体(要求|思路|目标)|(工作|主要|发展)(目标|指标|原则))")
_GOALS = re.compile(r"目标任务|任务目标")  # over words alone; points below them are tasks
_TASKS = re.compile(r"任务|举措|措施和|重点")
_STAGE_NAME = re.compile(r"[^，。；（(：:]{2,20}?(阶段|时期|环节)")
_AFTER_NAME = re.compile(r"^\s*([（(][^（）()]*[）)])?[，。：:\s]*")
_SENTENCE = re.compile(r"[^。！？\n]+[。！？]?")
_FORM_FIELD = re.compile(
    r"\s*(填报|填表|上报|报送|制表)(单位|部门|日期|时间|人)[^，。：:]{0,8}[:：]"
)
_REPORT_TIME = re.compile(
    r"每(年|月|季|周|日|半年|学期|旬)|\d+\s*[日号]|\d+\s*月|月底|季度末|年底|个工作日|前"
)
_OWN = re.compile(r"[省市州区县旗镇乡街各]")
_LONGEST_TITLE = 36


class Prose:
    """The tasks of a document's prose, each kind by itself."""

    def __init__(self, document: Document) -> None:
        self._root = read_outline(document)
        self._assigned = read_assignments(document)

    def points(self) -> list[TaskRow]:
        """One task a numbered point, or a heading with words of its own; boxes left out."""
        leaves = [point for point in self._leaves() if point.box is None]
        numbers = Counter(point.no for point in leaves)
        rows = [row for point in leaves for row in self._point(point)]
        for row in rows:
            if not row.responsibilities and row.no in self._assigned and numbers[row.no] == 1:
                row.unit_text = self._assigned[row.no]
                row.responsibilities = read_units(row.unit_text)
            row.responsibilities = row.responsibilities or told(row.text)
        return rows

    def boxes(self) -> list[TaskRow]:
        """One task a numbered item of a box; the box's title is the section."""
        rows = []
        for point in self._root.walk():
            if point.box is not None:
                title, text = _split_title(point)
                rows.append(_row("box", point, point.box, title, read_tail(text)))
        return rows

    def duties(self) -> list[TaskRow]:
        """What the plan lays on each unit by name."""
        return [row for top in self._tops() if _zone(top) == "duty" for row in _duties(top)]

    def stages(self) -> list[TaskRow]:
        """The steps of the plan, in order."""
        rows = []
        for top in self._tops():
            if _zone(top) != "stage":
                continue
            steps = top.children or []
            for point in steps:
                text = "\n".join([point.head, *_words(point)])
                name = _STAGE_NAME.match(point.head)
                title = name[0] if name else _short(point.head)
                row = _row("stage", point, _heading(top), title, Tail(text))
                if not row.responsibilities:
                    row.responsibilities = subjects(_AFTER_NAME.sub("", text[len(title or "") :]))
                rows.append(row)
        return rows

    def reports(self) -> list[TaskRow]:
        """Sentences outside of tasks that make somebody report by a day or at an interval."""
        taken = set(self._leaves())
        rows = []
        for point in [self._root, *self._root.walk()]:
            inside = not taken.isdisjoint([point, *point.path()])
            if (
                inside
                or point.box
                or any(_zone(p) in ("duty", "stage") for p in [point, *point.path()])
            ):
                continue
            said: list[ResponsibilityValue] = []  # whom the sentences before spoke to
            for sentence in _SENTENCE.findall("\n".join([point.head, *point.body])):
                if _FORM_FIELD.match(sentence):
                    continue
                for text in reports_in(sentence):
                    units = subjects(text)
                    if REPORT.search(text) and _REPORT_TIME.search(text):
                        rows.append(_report(point, text, units or _others(said, text)))
                    said = units or said
        return rows

    def _tops(self) -> Iterator[Point]:
        """Every heading that opens a part of the plan of its own kind."""
        for point in self._root.walk():
            outer = [p for p in point.path() if _zone(p) in ("duty", "stage")]
            if not outer:
                yield point

    def _leaves(self) -> list[Point]:
        """The points that are tasks, in order."""
        leaves: dict[Point, None] = {}  # in order
        for point in self._root.walk():
            above = point.path()
            if any(p in leaves for p in above) or not (point.no or point.is_item):
                continue
            zones = {_zone(p) for p in [*above, point]}
            units = bool(read_tail(_text(point)).unit_text)
            if zones & {"duty", "stage"} or (zones & {"background"} and not units):
                continue
            if _has_points(point):
                continue
            if point.is_heading and not _words(point):
                continue
            if point.level == 1 and _GOALS.fullmatch(_split_title(point)[0] or ""):
                continue
            if point.is_heading and point.level == 1 and _tells_reports(point):
                continue
            leaves[point] = None
        return list(leaves)

    def _point(self, point: Point) -> Iterator[TaskRow]:
        title, text = _split_title(point)
        tail = read_tail(text)
        if when := DATED.match(point.head):
            title, tail = None, read_tail(_text(point)[when.end() :])
            tail = replace(tail, time_text=tail.time_text or when[0].rstrip("： :"))
        if not tail.unit_text:
            shared = _shared_tail(point)
            units = shared.unit_text or _unit_above(point)
            tail = Tail(tail.text, units, tail.time_text or shared.time_text)
        if tail.text or title:
            yield _row("main", point, _section(point), title, tail)


def _row(part: str, point: Point, section: str | None, title: str | None, tail: Tail) -> TaskRow:
    text = tail.text or title or ""
    return TaskRow(
        part,
        point.no,
        section,
        title if text != title else None,
        text,
        read_units(tail.unit_text) if tail.unit_text else [],
        unit_text=tail.unit_text,
        timing_text=tail.time_text,
        place=_span(point),
    )


def _report(point: Point, text: str, units: list[ResponsibilityValue]) -> TaskRow:
    section = _heading(point) if point.no else _section(point)
    return TaskRow("report", None, section, None, text.strip("，,； "), units, place=point.place)


def _others(units: list[ResponsibilityValue], text: str) -> list[ResponsibilityValue]:
    """The units that `text` does not name itself: whoever takes reports does not send them."""
    return [] if any(unit.unit_text in text for unit in units) else units


def _zone(point: Point) -> str | None:
    """What a heading opens: duty, stage or background; None for tasks."""
    head = re.split(r"[。：:]", point.head)[0]
    if point.level == 0 and ANNEX_NAMED.match(point.head):
        return "background"
    if len(head) > 30:
        return None
    if _STAGES.search(head):
        return "stage"
    if DUTIES.search(head) and any(_unit_of(child)[0] for child in point.children):
        return "duty"
    outer = [p for p in point.path() if p.no]
    if (_AIMS if outer else _BACKGROUND).search(head) and not _TASKS.search(head):
        return "background"
    return None


def _tells_reports(point: Point) -> bool:
    """Whether all sentences under a heading make somebody report: 二、信息报送."""
    sentences = [s for words in point.body for s in _SENTENCE.findall(words)]
    if point.children or not sentences:
        return False
    return all(REPORT.search(s) and _REPORT_TIME.search(s) for s in sentences)


def _has_points(point: Point) -> bool:
    """Whether the points below are tasks of their own, not parts of this one."""
    below = [child for child in point.children if child.box is None]
    if not below:
        return False
    if any(child.level <= 3 for child in below):
        return True
    if len(below) == 1:
        return False  # ①…；②… in one paragraph divides nothing
    return sum(bool(read_tail(_text(child)).unit_text) for child in below) * 2 >= len(below)


def _words(point: Point) -> list[str]:
    """The paragraphs of a point after its head, and the points inside it that are no tasks."""
    words = list(point.body)
    for child in point.children:
        if child.box is None:
            number = {4: f"（{child.no}）", 5: f"{child.no}）"}.get(child.level, f"{child.no}.")
            words += [f"{number if child.no else ''}{child.head}", *_words(child)]
    return words


def _text(point: Point) -> str:
    return "\n".join([point.head, *_words(point)])


def _split_title(point: Point) -> tuple[str | None, str]:
    """The title of a point, and the rest: a heading of its own, or a short first sentence."""
    rest = "\n".join(_words(point))
    head = point.head
    if rest and not re.search(r"[。；！]", head) and len(head) <= _LONGEST_TITLE + 8:
        return head.rstrip("：:"), rest
    found = re.match(r"([^。：:；]{2,36})([。：:])\s*(?=\S)", head)
    if found and not (found[2] != "。" and ("，" in found[1] or len(found[1]) > 20)):
        remainder = head[found.end() :]
        if not read_tail(remainder).text and not rest:
            return None, head
        return found[1], "\n".join(filter(None, [remainder, rest]))
    return None, "\n".join(filter(None, [head, rest]))


def _shared_tail(point: Point) -> Tail:
    """What holds for several points: above them, behind their heading, or on a line below the last."""
    for above in [point, *reversed(point.path())]:
        tail = read_tail(above.owner or above.head)
        if tail.unit_text and (above.owner or above is not point):
            return tail
    siblings = [p for p in point.parent.children if p.box is None] if point.parent else [point]
    last = siblings[-1]
    if point is last or not last.body:
        return Tail("")
    if any(read_tail(_text(sibling)).unit_text for sibling in siblings[:-1]):
        return Tail("")
    tail = read_tail(last.body[-1])
    return tail if not tail.text else Tail("")


def _unit_above(point: Point) -> str:
    """A heading that is nothing but a unit lays on it all that stands below: 二、市公安局."""
    heads = [above.head.rstrip("：:") for above in reversed(point.path()) if above.no]
    return next((head for head in heads if _OWN.match(head) and are_units(head)), "")


def _heading(point: Point) -> str | None:
    return re.split(r"[。：:]", read_tail(point.head).text)[0].strip() or None


def _section(point: Point) -> str | None:
    """The nearest numbered heading above."""
    above = [p for p in point.path() if p.level > 0 and p.no]
    return _heading(above[-1]) if above else None


def _short(head: str) -> str | None:
    name = re.split(r"[。，；：:（(]", head)[0]
    return name if len(name) <= _LONGEST_TITLE else None


def _span(point: Point) -> Place:
    last = max(
        (p.place.line_end or 0 for p in [point, *point.walk()] if p.box == point.box), default=0
    )
    first = point.place
    return Place(first.line_start, last or first.line_end, first.page, first.table, first.row)


def _unit_of(point: Point) -> tuple[str | None, str]:
    """The unit that a point names as its head, and the words behind it."""
    found = re.match(r"([^。：:；]{2,40})(?:[。：:]\s*|$)", point.head)
    if found and are_units(found[1]):
        return found[1].strip(), point.head[found.end() :]
    return None, point.head


def _duties(top: Point) -> Iterator[TaskRow]:
    for point in top.walk():
        unit, rest = _unit_of(point)
        if unit is None:
            continue
        text = "\n".join(filter(None, [rest, *_words(point)]))
        if not text:
            continue
        row = TaskRow("duty", point.no, _heading(top), unit, text, place=_span(point))
        row.responsibilities, row.unit_text = read_units(unit), unit
        yield row
