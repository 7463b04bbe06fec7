"""Which task of a new version is which task of the old one, and what changed in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rapidfuzz import fuzz

SAME_TASK = 60.0  # of 100; below it a task is a new one, even under the old number
NUMBER_BONUS = 15.0  # the same part and printed number
ALIKE = 99.9


class HasTask(Protocol):
    """What is compared: a task as read, or as stored."""

    part: str
    no: str | None
    title: str | None
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a task, before and after, in words that a person reads."""

    field: str  # 内容, 责任单位, 时限, 指标, 位置
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
    for j, task in enumerate(new):
        if j in pairs:
            continue
        for i, before in enumerate(old):
            if i in taken:
                continue
            score = fuzz.ratio(task.text, before.text)
            same_number = task.no is not None and (task.part, task.no) == (before.part, before.no)
            if score + (NUMBER_BONUS if same_number else 0) >= SAME_TASK:
                scored.append((score + (NUMBER_BONUS if same_number else 0), -abs(i - j), j, i))
    for _, _, j, i in sorted(scored, reverse=True):
        if j not in pairs and i not in taken:
            pairs[j] = i
            taken.add(i)
    return pairs
