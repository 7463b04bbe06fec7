"""What a plan in force says, held ready for questions: its rows, its clauses and their sentences."""

import gc
import re
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from threading import Lock

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from config.database import reading
from corpus import ledger
from corpus.models import PlanVersion, Task
from corpus.progress import Moment, extensions
from corpus.units import looks_like_unit
from corpus.values import TimingKind
from rag.homophones import Sounds
from rag.models import Passage
from rag.question import Citation, Question
from rag.words import normal, pairs, sentences

Moved = dict[Moment, date]  # days of the plan that were put off → the days that hold

_NAME = re.compile(r"[\u3400-\u9fff·]{2,4}")
KEPT = 64  # versions held in memory; the others are read again when they are asked for


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of an entry."""

    text: str
    pairs: frozenset[str]


@dataclass(slots=True)
class Entry:
    """A row of the ledger, or a clause that is in no row, with what it stands under."""

    version: PlanVersion
    passage: Passage
    task: Task | None
    lines: list[Line]
    pairs: frozenset[str]  # of the whole row
    above: frozenset[str]  # of headings, section and units
    # timing key → days of the plan that were put off, and to which day; a dated timing is due on
    # the new one
    put_off: Mapping[str, Mapping[date, date]] = field(default_factory=dict)

    def cite(self, quote: str | None = None) -> Citation:
        """A citation of the whole entry as printed, or of one sentence of it."""
        return Citation(
            plan_id=self.version.plan_id, plan_title=self.version.title,
            doc_number=self.version.doc_number, ref=self.passage.ref,
            quote=quote or self.printed, task_id=self.task.id if self.task else None,
            passage_id=self.passage.id,
        )  # fmt: skip

    @property
    def printed(self) -> str:
        """The row as printed, its cells in order."""
        return self.passage.printed or self.passage.text

    @property
    def aside(self) -> list[str]:
        """Cells of the row that no field of its task holds: a person in charge, a remark."""
        task = self.task
        if task is None or not self.passage.printed:
            return []
        held = normal(f"{task.title or ''}\n{task.text}\n{task.unit_text}")
        cells = [normal(cell) for cell in self.passage.text.split("\n")]
        return [cell for cell in cells if cell.strip() and cell not in held]


@dataclass(slots=True)
class Row(Entry):
    """An entry that is a row of the ledger."""

    task: Task

    @property
    def people(self) -> set[str]:
        """Short words of Han characters in cells of their own that name no unit: who leads it."""
        words = {word for cell in self.aside for word in re.split(r"[、,，;；/\s]+", cell)}
        return {word for word in words if _NAME.fullmatch(word) and not looks_like_unit(word)}


@dataclass
class VersionView:
    """One version of a plan."""

    version: PlanVersion
    entries: list[Entry]
    moved: Moved = field(default_factory=dict)

    @cached_property
    def frequency(self) -> Counter[str]:
        """In how many entries each pair stands."""
        counts: Counter[str] = Counter()
        for entry in self.entries:
            counts.update(entry.pairs | entry.above)
        return counts

    @cached_property
    def sounds(self) -> Sounds:
        """Its words by their sounds."""
        return Sounds(self.frequency)

    @cached_property
    def units(self) -> frozenset[str]:
        """Every unit of its rows, as printed."""
        return frozenset(r.unit_text for task in self.tasks for r in task.responsibilities)

    @cached_property
    def column_heads(self) -> frozenset[str]:
        """What stands over the columns of its tables of tasks: 测评内容, 包保单位."""
        last = {row.passage.heading.split(" › ")[-1] for row in self.rows}
        return frozenset(head for heads in last if "、" in heads for head in heads.split("、"))

    @cached_property
    def title_pairs(self) -> frozenset[str]:
        """What all of the plan is about: it tells no row from another."""
        return frozenset(pairs(self.version.title))

    @cached_property
    def text(self) -> str:
        """All that is printed, in one script, for looking words up."""
        return normal("\n".join(f"{e.passage.heading}\n{e.printed}" for e in self.entries))

    @cached_property
    def rows(self) -> list[Row]:
        """All rows of the ledger, in order."""
        return [entry for entry in self.entries if isinstance(entry, Row)]

    @cached_property
    def people(self) -> frozenset[str]:
        """Who may be named in its rows beside the units."""
        return frozenset[str]().union(*(row.people for row in self.rows))

    @property
    def tasks(self) -> list[Task]:
        """The tasks of its rows."""
        return [row.task for row in self.rows]


class Versions:
    """The plan versions that answer, without their documents; read again only when they change."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: dict[int, PlanVersion] = {}
        self._lock = Lock()

    def of(self, question: Question) -> list[PlanVersion]:
        """Those in force within the question's scope, or the one that is asked for whatever its state."""
        with reading(self._engine) as session:
            found = [] if question.version_id is not None else self._in_force(session, question)
            if question.version_id is not None:
                found = [session.get_one(PlanVersion, question.version_id)]
            elif not found and question.plan_ids:
                # a plan out of force answers when it alone is asked for
                found = [ledger.version_to_show(session, plan_id) for plan_id in question.plan_ids]
            session.expunge_all()
        return found

    def _in_force(self, session: Session, question: Question) -> list[PlanVersion]:
        marks = ledger.marks_in_force(session, question.plan_ids)
        with self._lock:
            kept = dict(self._kept)
        if any(id_ not in kept or kept[id_].revision != revision for id_, revision in marks):
            read = ledger.versions_in_force(session, question.plan_ids)
            session.expunge_all()
            kept |= {v.id: v for v in read if v.id is not None}
            with self._lock:
                self._kept |= kept
        return [kept[id_] for id_, _ in marks if id_ in kept]


class Views:
    """The views of the versions asked for lately."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: OrderedDict[int, VersionView] = OrderedDict()
        self._lock = Lock()

    def of(self, version: PlanVersion, moved: Moved) -> VersionView:
        """The view of one version, days as they were `moved` since.

        What it says changes only with its revision and with what is put off.
        """
        assert version.id is not None
        with self._lock:
            view = self._kept.get(version.id)
            same = view is not None and view.version.revision == version.revision
            if view is not None and same and view.moved == moved:
                self._kept.move_to_end(version.id)
                view.version = version
                return view
        with _uncollected():
            view = self._read(version, moved)
        with self._lock:
            self._kept[version.id] = view
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return view

    def _read(self, version: PlanVersion, moved: Moved) -> VersionView:
        assert version.id is not None
        with reading(self._engine) as session:
            tasks = {task.id: task for task in ledger.tasks_of(session, version.id)}
            passages = session.exec(
                select(Passage).where(Passage.version_id == version.id).order_by(col(Passage.seq))
            ).all()
            session.expunge_all()
        put_off = {id_: _put_off(task, moved) for id_, task in tasks.items()} if moved else {}
        entries = [
            _entry(version, p, tasks.get(p.task_id), put_off.get(p.task_id) or {}) for p in passages
        ]
        return VersionView(version, entries, moved)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection: as thousands of objects come it would search all others again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def days_put_off(engine: Engine, plan_ids: Collection[str]) -> dict[str, Moved]:
    """Plan → its days that were put off for all units, with the days that hold."""
    found: dict[str, Moved] = defaultdict(dict)
    with reading(engine) as session:
        for moment, day in extensions(session, plan_ids=plan_ids).items():
            found[moment[0]][moment] = day
    return found


def _put_off(task: Task, moved: Moved) -> dict[str, dict[date, date]]:
    """The timings of a task that were put off; those with a day of their own get the new one."""
    found: dict[str, dict[date, date]] = {}
    for timing in task.timings:
        if timing.is_report:
            continue  # each unit owes its own, and was granted a day for itself
        place = (task.plan_id, task.lineage, timing.key)
        if timing.kind is TimingKind.RECURRING:
            of_it = {m[3]: day for m, day in moved.items() if m[:3] == place}
        elif timing.due_on and (*place, timing.due_on) in moved:
            of_it = {timing.due_on: moved.get((*place, timing.due_on), timing.due_on)}
            timing.due_on = of_it[timing.due_on]
        else:
            continue
        if of_it:
            found[timing.key] = of_it
    return found


def _entry(
    version: PlanVersion, passage: Passage, task: Task | None, put_off: dict[str, dict[date, date]]
) -> Entry:
    if task is None:
        return Entry(version, passage, task, *_words(passage.text, passage.text, passage.heading))
    text, said = f"{task.title or ''}\n{task.text}", task.text
    if task.part == "indicator":
        # its words alone say nothing: name, kind and value belong together
        text = said = " ".join(passage.text.split("\n"))
    units = (r.unit_text for r in task.responsibilities)
    beside = passage.text  # cells of its row that no field holds: 备注, 所属社区
    above = " ".join([passage.heading, beside, task.section or "", task.unit_text, *units])
    return Row(version, passage, task, *_words(text, said, above), put_off)


def _words(text: str, said: str, above: str) -> tuple[list[Line], frozenset[str], frozenset[str]]:
    lines = [Line(s, frozenset(pairs(normal(s)))) for s in sentences(said)]
    return lines, frozenset(pairs(normal(text))), frozenset(pairs(above))
