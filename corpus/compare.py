"""Which task of a new version is which task of the old one, and what changed in it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rapidfuzz import fuzz, process

from corpus.models import Task, Timing
from corpus.naming import short
from corpus.values import Role, TimingKind, TimingValue

SAME_TASK = 60.0  # of 100; below it a task is a new one, even under the old number
NUMBER_BONUS = 15.0  # the same part and printed number
ROLES = {
    Role.LEAD: "牵头", Role.SUPPORT: "配合", Role.JOINT: "共同负责", Role.RESPONSIBLE: "负责",
}  # fmt: skip
_WITHOUT_DAY = {TimingKind.RECURRING: "定期", TimingKind.AS_DIRECTED: "按要求"}
_PLACE = "章节、序号"  # of a task in its plan: what has moved has no other field changed


class HasTask(Protocol):
    """What is compared: a task as read, or as stored."""

    part: str
    no: str | None
    title: str | None
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a task, before and after, in words that a person reads."""

    field: str  # 内容, 责任单位, 时限, 指标, 章节和序号
    before: str
    after: str


@dataclass(slots=True)
class TaskChange:
    """What became of one task; `kind` is new, gone, changed or moved."""

    kind: str
    part: str
    no: str | None
    title: str
    fields: list[FieldChange] = field(default_factory=list)


def pair_tasks(old: Sequence[HasTask], new: Sequence[HasTask]) -> dict[int, int]:
    """Index in `new` → index in `old`, each at most once, the best matches first."""
    exact = {(t.part, t.no, t.title, t.text): i for i, t in reversed(list(enumerate(old)))}
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for j, task in enumerate(new):
        i = exact.get((task.part, task.no, task.title, task.text))
        if i is not None and i not in taken:
            pairs[j] = i
            taken.add(i)
    scored = []
    left = {i: before.text for i, before in enumerate(old) if i not in taken}
    for j, task in enumerate(new):
        if j in pairs:
            continue
        # one row against all the others at once: thousands of rows are compared in seconds
        for _, score, i in process.extract(
            task.text, left, scorer=fuzz.ratio, limit=None, score_cutoff=SAME_TASK - NUMBER_BONUS
        ):
            before = old[i]
            same_number = task.no is not None and (task.part, task.no) == (before.part, before.no)
            if score + (NUMBER_BONUS if same_number else 0) >= SAME_TASK:
                scored.append((score + (NUMBER_BONUS if same_number else 0), -abs(i - j), j, i))
    for _, _, j, i in sorted(scored, reverse=True):
        if j not in pairs and i not in taken:
            pairs[j] = i
            taken.add(i)
    return pairs


def changes(before: Iterable[Task], after: Iterable[Task]) -> list[TaskChange]:
    """What changed from one version to another, in the order of the new document; gone tasks come last."""
    left = {task.lineage: task for task in before}
    found = []
    for task in after:
        earlier = left.pop(task.lineage, None)
        if earlier is None:
            found.append(_change("new", task))
            continue
        fields = [
            FieldChange(name, a, b)
            for (name, a), (_, b) in zip(_fields(earlier), _fields(task), strict=True)
            if a != b
        ]
        if fields:
            kind = "moved" if [one.field for one in fields] == [_PLACE] else "changed"
            found.append(_change(kind, task, fields))
    return found + [_change("gone", task) for task in left.values()]


def _change(kind: str, task: Task, fields: Sequence[FieldChange] = ()) -> TaskChange:
    return TaskChange(kind, task.part, task.no, task.title or short(task.text), list(fields))


def _fields(task: Task) -> list[tuple[str, str]]:
    return [
        (_PLACE, f"{task.section or ''} {task.no or ''}".strip()),
        ("标题", task.title or ""),
        ("内容", task.text),
        ("责任单位", "、".join(f"{r.unit_text}（{ROLES[r.role]}）" for r in task.responsibilities)),
        (
            "时限",
            "；".join(
                f"{t.text}（{t.due_on or _WITHOUT_DAY.get(t.kind, '未定')}）" for t in task.timings
            ),
        ),
        ("指标", "；".join(t.text for t in task.targets)),
    ]


def timing_keys(timings: Sequence[TimingValue], earlier: Sequence[Timing]) -> list[str]:
    """A name of each timing within its task, which a new reading of the same words gives again.

    One that stands for the same day, or in the same words of time, as one of `earlier` that is
    gone otherwise, is that one in other words, and keeps its name and so its history.
    """
    keys = []
    for i, timing in enumerate(timings):
        same = sum((t.kind, t.about) == (timing.kind, timing.about) for t in timings[:i])
        words = f"{timing.kind}|{timing.about}|{same}"
        keys.append(hashlib.sha256(words.encode()).hexdigest()[:16])
    known = {one.key for one in earlier}
    gone = [one for one in earlier if one.key not in keys]
    for i, timing in enumerate(timings):
        for one in gone if keys[i] not in known else ():
            has_day = timing.due_on or timing.rule
            same_day = has_day and (timing.due_on, timing.rule) == (one.due_on, one.rule)
            if timing.is_report == one.is_report and (same_day or timing.text == one.text):
                keys[i] = one.key
                gone.remove(one)
                break
    return keys
