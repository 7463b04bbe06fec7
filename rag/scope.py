"""Which of many plans a question is about: those it names, those near it, those with rows of its units and days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock

from sqlalchemy import Engine
from sqlmodel import col, select

from config.database import reading
from corpus.models import PlanVersion, Responsibility, Task, Timing
from corpus.phrases import read_spans
from corpus.values import TimingKind
from rag.names import match_unit, named_plans, names_of
from rag.patterns import (
    COMPARE,
    COUNTING,
    DUE,
    LATE,
    LISTING,
    OWN,
    RANK,
    TARGETS,
    UNITS,
    UNITS_COUNTED,
    WHICH_PLANS,
)
from rag.question import Question
from rag.retrieve import Retriever
from rag.views import Moved
from rag.words import normal

WIDE = 12  # plans; in a wider scope it is first found out which of them are meant
MOST = 48  # plans that one answer looks at; of a list over more it says how many are left
NEAR = 24  # passages by which plans are found
FEW = 6  # plans for a question that one of them answers; there are as many buttons to choose by
# what is read off all rows of all plans that can be meant, not off the one that says it
REGISTERS = (LISTING, COUNTING, RANK, UNITS, UNITS_COUNTED, TARGETS, WHICH_PLANS, COMPARE)


@dataclass(frozen=True, slots=True)
class _Outline:
    """What of a version says whether its rows can be meant: small, kept for every version."""

    revision: int
    units: frozenset[str]
    days: tuple[date, ...]


class Scope:
    """Narrows a wide scope, without reading the rows of every plan."""

    def __init__(self, engine: Engine, retriever: Retriever) -> None:
        self._engine, self._retriever = engine, retriever
        self._outlines: dict[int, _Outline] = {}
        self._lock = Lock()

    def narrowed(
        self,
        question: Question,
        versions: Sequence[PlanVersion],
        moved: Mapping[str, Moved],
    ) -> tuple[list[PlanVersion], int]:
        """The versions to look at, at most `MOST`, in their order; all of a narrow scope.

        And how many of the others may hold a part of the answer: 0 where none of them can. What was
        `moved` counts by the new day too; plan → days.
        """
        text = normal(question.text)
        if len(versions) > WIDE and (named := named_plans(text, versions)):
            versions = [v for v in versions if v.id in named]
        if len(versions) <= WIDE:
            return list(versions), 0
        found = self._by_rows(question, text, versions, moved)
        if found:
            return found[:MOST], max(0, len(found) - MOST)
        # a register is read off all that come near, a fact off those that speak of it most
        is_register = _is_register(text)
        words = " ".join((*question.history[-1:], question.text))
        hits = self._retriever.search(words, [v.id for v in versions if v.id is not None], NEAR)
        near = list(dict.fromkeys(hit.version_id for hit in hits))[: NEAR if is_register else FEW]
        nearest = [
            v for v in versions
            if v.id in near or (is_register and (v.jurisdiction or "\0") in text)
        ][:MOST]  # fmt: skip
        others = 0 if found is not None else len(versions) - len(nearest)
        return nearest, others

    def _by_rows(
        self,
        question: Question,
        text: str,
        versions: Sequence[PlanVersion],
        moved: Mapping[str, Moved],
    ) -> list[PlanVersion] | None:
        """Those with rows of the units and days that a list is asked of; None for other questions."""
        days = [(r.start, r.end) for r in read_spans(text, question.today) if r.start or r.end]
        is_due = bool(DUE.search(text)) and (bool(days) or bool(LATE.search(text)))
        if not is_due and not _is_register(text):
            return None
        outlines = self._of(versions)
        units = self._units(question, text, outlines)
        if not units and not is_due:
            return None
        start, end = days[-1] if days else (None, question.today)
        return [
            v
            for v, outline in zip(versions, outlines, strict=True)
            if (not units or outline.units & units)
            and (
                not is_due
                or any(
                    (start is None or start <= d) and (end is None or d <= end)
                    for d in (*outline.days, *moved.get(v.plan_id, {}).values())
                )
            )
        ]

    def _units(self, question: Question, text: str, outlines: Sequence[_Outline]) -> set[str]:
        names = names_of(frozenset[str]().union(*(o.units for o in outlines)))
        said = (text, *map(normal, question.history[-1:]))  # 其中哪些: of the unit just spoken of
        units = next(
            filter(None, ({u for n in names if n in s for u in names[n]} for s in said)), set()
        )
        if question.unit and OWN.search(text):
            units |= set(match_unit(question.unit, names))
        return units

    def _of(self, versions: Sequence[PlanVersion]) -> list[_Outline]:
        with self._lock:
            kept = dict(self._outlines)
        missing = [
            v for v in versions
            if v.id is not None and (v.id not in kept or kept[v.id].revision != v.revision)
        ]  # fmt: skip
        read = self._read(missing) if missing else {}
        with self._lock:
            self._outlines |= read
        kept |= read
        return [kept[v.id] for v in versions if v.id is not None]

    def _read(self, versions: Sequence[PlanVersion]) -> dict[int, _Outline]:
        revisions = {v.id: v.revision for v in versions if v.id is not None}
        units: dict[int, set[str]] = {id_: set() for id_ in revisions}
        days: dict[int, set[date]] = {id_: set() for id_ in revisions}
        with reading(self._engine) as session:
            for id_, unit in session.exec(
                select(Task.version_id, Responsibility.unit_text)
                .where(Responsibility.task_id == Task.id, col(Task.version_id).in_(revisions))
                .distinct()
            ):
                units[id_].add(unit)
            for id_, day in session.exec(
                select(Task.version_id, col(Timing.due_on))
                .where(Timing.task_id == Task.id, col(Task.version_id).in_(revisions))
                .where(Timing.kind != TimingKind.RECURRING)
                .distinct()
            ):
                if day is not None:
                    days[id_].add(day)
        return {
            id_: _Outline(revision, frozenset(units[id_]), tuple(days[id_]))
            for id_, revision in revisions.items()
        }


def _is_register(text: str) -> bool:
    return any(pattern.search(text) for pattern in REGISTERS)
