"""Finds where a document prints a task, and how it is quoted and called there."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from corpus.brackets import read_tail
from corpus.document import Row
from corpus.models import Task
from corpus.numbering import digits
from corpus.values import Place
from rag.spots import Placed, Spot, mark_of
from rag.words import squeezed

_WINDOW = 1000  # stretches looked at for a task without line numbers: a long file stays quick
_TAIL = re.compile(r"[。；;]?\s*(?:[（(][^（）()]{1,200}[）)])?[。；;]?\s*")
_LABELS = re.compile(
    r"(责任|牵头|配合|主办|协办|负责|主体)(单位|部门|科室)|(完成|办结)?(时限|时间)(要求)?|负责|牵头|配合|完成"
)
_BOX_NUMBER = re.compile(r"专\s*栏\s*([\d一二三四五六七八九十]+)")


@dataclass(slots=True)
class Stretch:
    """A block of prose or a row of a table, as something that may print a task."""

    at: tuple[int, int]  # block and row, counted from 0
    placed: Placed
    row: Row | None
    texts: list[str]  # of the block or the cells, squeezed

    @property
    def place(self) -> Place:
        """Where the document prints it."""
        return self.row.place if self.row else self.placed.block.place


@dataclass(slots=True)
class Located:
    """A task and the stretch that prints it, None when it could not be found."""

    task: Task
    stretch: Stretch | None

    @property
    def spot(self) -> Spot:
        """Where the task stands; a point behind a box is not in it."""
        if self.stretch is None:
            return Spot("", ())
        spot = self.stretch.placed.spot
        return spot if self.task.part == "box" else spot.without_box()


def stretches_of(blocks: Sequence[Placed]) -> list[Stretch]:
    """Every block of prose and every row of a table, in order."""
    stretches = []
    for n, placed in enumerate(blocks):
        if placed.block.table is None:
            stretches.append(Stretch((n, 0), placed, None, [squeezed(placed.block.text)]))
            continue
        for m, row in enumerate(placed.block.table.rows):
            texts = list(
                dict.fromkeys(squeezed(cell.text) for cell in row.cells if cell.text.strip())
            )
            stretches.append(Stretch((n, m), placed, row, texts))
    return stretches


def find_tasks(stretches: Sequence[Stretch], tasks: Iterable[Task]) -> list[Located]:
    """Each task with its stretch: by its lines where they are known, else by its words."""
    by_line: dict[int, list[int]] = defaultdict(list)
    by_text: dict[str, list[int]] = defaultdict(list)
    for n, stretch in enumerate(stretches):
        for line in lines_of(stretch.place):
            by_line[line].append(n)
        for text in stretch.texts:
            by_text[text].append(n)
    found, last = [], 0
    for task in tasks:
        body = squeezed(task.text)
        if lines := lines_of(task):
            near = list(dict.fromkeys(n for line in lines for n in by_line[line]))
            at = _holding(stretches, near, body)
            at = near[0] if at is None and near else at
        else:
            same = by_text[body]
            at = next((n for n in same if n >= last), same[0] if same else None)
            if at is None:
                around = [*range(last, len(stretches)), *range(last)][:_WINDOW]
                at = _holding(stretches, around, body)
        found.append(Located(task, None if at is None else stretches[at]))
        last = last if at is None else at
    return found


def lines_of(place: Place | Task) -> range:
    """The lines of a text file that something stands on; none in other formats."""
    if place.line_start is None:
        return range(0)
    return range(place.line_start, (place.line_end or place.line_start) + 1)


def _holding(stretches: Sequence[Stretch], near: Sequence[int], body: str) -> int | None:
    if not body:
        return None
    whole = (n for n in near if any(body in text for text in stretches[n].texts))
    part = (n for n in near if any(len(text) > 8 and text in body for text in stretches[n].texts))
    return next(whole, next(part, None))


def quote(found: Located) -> str:
    """Title and measure as printed; a trailing （市教育局牵头，6月底前完成） belongs to it."""
    task, stretch = found.task, found.stretch
    if stretch is not None and stretch.row is None:
        printed = _span(stretch.placed.block.text, squeezed(task.title or ""), squeezed(task.text))
        if printed:
            return printed
    title = (task.title or "").strip()
    if not title or squeezed(title) in squeezed(task.text):
        return task.text.strip()
    is_above = any(squeezed(title) in squeezed(heading) for heading in found.spot.path)
    return task.text.strip() if is_above else f"{title}\n{task.text.strip()}"


def _span(text: str, title: str, body: str) -> str:
    """The part of `text` from the title to the end of the body, "" if they don't stand so."""
    flat = squeezed(text)
    positions = [n for n, char in enumerate(text) if not char.isspace()]
    start = flat.find(title) if title else -1
    body_start = flat.find(body, max(start, 0)) if body else -1
    if body_start < 0:
        return ""
    if start < 0 or body_start > start + len(title) + 3:  # more than "。" between them
        start = body_start
    end = positions[body_start + len(body) - 1] + 1
    if _TAIL.fullmatch(text, end):
        end = len(text)
    return text[positions[start] : end].strip()


def goes_on(text: str) -> bool:
    """Whether a paragraph says nothing but who does the task above it, and by when: 牵头单位：…"""
    tail = read_tail(text)
    return not tail.text and bool(tail.unit_text or tail.time_text)


def refs(found: Sequence[Located]) -> list[str]:
    """What each task is called for people: 第8项, 附件2第30项, 第7条, 附件1（十三）, 指标11, 专栏2第3项."""
    names = [_ref(one, n) for n, one in enumerate(found)]
    counts = Counter(
        name for name, one in zip(names, found, strict=True) if one.task.part != "continuation"
    )
    return [
        _longer(name, one) if counts[name] > 1 else name
        for name, one in zip(names, found, strict=True)
    ]


def _ref(found: Located, n: int) -> str:
    task, spot = found.task, found.spot
    in_table = found.stretch is not None and found.stretch.row is not None
    if task.part == "indicator":
        return f"{spot.annex}指标{task.no or n + 1}"
    if task.part == "box":
        box = _BOX_NUMBER.search(f"{task.section or ''} {' '.join(spot.path)}")
        name = f"专栏{digits(box[1])}" if box else f"“{task.section or '专栏'}”"
        return f"{name}第{task.no}项" if task.no else name
    if in_table:
        return f"{spot.annex}第{task.no}项" if task.no else spot.annex or _short(task)
    mark = found.stretch.placed.mark if found.stretch else ""
    if task.part in ("duty", "stage", "report") or not task.no:
        own = mark or (spot.headings[-1].mark if spot.headings else "")
        above = spot.annex or spot.marks.removesuffix(own)
        return f"{above}{own}" if own else spot.annex or spot.marks or _short(task)
    return f"{spot.annex}第{task.no}条"


def _longer(name: str, found: Located) -> str:
    """A name that two tasks would share, told apart by the headings or the section above it."""
    task, spot = found.task, found.spot
    mark = found.stretch.placed.mark if found.stretch and found.stretch.row is None else ""
    if mark and spot.marks and not name.endswith(f"{spot.marks}{mark}"):
        return f"{spot.annex}{spot.marks}{mark}".rstrip(".．、")
    if task.section and squeezed(task.section) not in name:
        return f"{spot.annex}“{squeezed(task.section)}”{name.removeprefix(spot.annex)}"
    return name


def _short(task: Task) -> str:
    words = squeezed(task.title or task.section or task.text)
    return f"“{words[:20]}”"


def is_printed_by(text: str, tasks: Iterable[Task]) -> bool:
    """Whether these tasks hold all that a text says; the words 责任单位： and 牵头 apart."""
    rest = squeezed(text).removeprefix(mark_of(text))
    for task in tasks:
        if rest in squeezed(f"{task.title or ''}{task.text}"):
            return True
    for task in tasks:
        for part in (task.text, task.title, task.unit_text, task.timing_text):
            rest = rest.replace(squeezed(part or ""), "", 1)
    return not re.search(r"\w", _LABELS.sub("", rest))
