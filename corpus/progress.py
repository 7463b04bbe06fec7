"""What was said of tasks, and what follows from it: done, paused, muted, answered, put off."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol

from sqlmodel import Session, col, select

from config.database import batches
from corpus.models import EventKind, Task, TaskEvent, Timing
from corpus.values import Role, TimingKind

DECIDING = (Role.LEAD, Role.RESPONSIBLE)  # what they report done is done for all
ANSWERS = (
    EventKind.ACK, EventKind.PROGRESS, EventKind.COMPLETION_ASKED, EventKind.DONE,
    EventKind.EXTENSION_ASKED, EventKind.RETURNED, EventKind.REPORTED,
)  # fmt: skip

# for who asks what holds now: the clock may have been set back since something was said
EVER = datetime.max.replace(tzinfo=UTC)

Moment = tuple[str, str, str, date]  # plan, lineage, timing key, the day


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that one unit owes; `deciding` are the units that speak for all of its units."""

    plan_id: str
    lineage: str
    timing_key: str
    due_on: date | None  # None: any day of the timing
    unit_id: int | None  # None: nobody in particular
    deciding: frozenset[int] = frozenset()


class HasPart(Protocol):
    """A unit's part in a task: a row of the ledger, or who owes it by that."""

    @property
    def unit_id(self) -> int: ...

    @property
    def role(self) -> Role: ...


def deciding_units(responsibilities: Iterable[HasPart]) -> frozenset[int]:
    """The units whose word on a task holds for all: its lead units, or the responsible ones."""
    return frozenset(r.unit_id for r in responsibilities if r.role in DECIDING)


class Progress:
    """The steps of some tasks, read once; what holds at an instant follows from those before it."""

    def __init__(
        self,
        session: Session,
        *,
        lineages: Collection[str] | None = None,
        plan_ids: Collection[str] | None = None,
    ) -> None:
        self._steps: dict[tuple[str, str], list[TaskEvent]] = defaultdict(list)
        self._decided: dict[int, datetime] = {}  # the step that asked → when it was decided
        self._moved: dict[Moment, date] = {}
        query = select(TaskEvent).order_by(col(TaskEvent.id))
        if plan_ids is not None:
            query = query.where(col(TaskEvent.plan_id).in_(list(plan_ids)))
        queries = (
            [query]
            if lineages is None
            else [query.where(col(TaskEvent.lineage).in_(some)) for some in batches(lineages)]
        )
        for one in queries:
            for event in session.exec(one):
                self._steps[event.plan_id, event.lineage].append(event)
                _put_off(event, self._moved)
                if event.decides is not None:
                    self._decided[event.decides] = event.at

    def is_done(self, matter: Matter, at: datetime) -> bool:
        """Whether it was reported done and not opened again.

        办结 of a lead unit, of the one responsible unit or of nobody in particular is for all;
        that of a supporting or joint unit, or of one of many members, is for itself.
        """
        done = False
        for event in self._of_it(matter, at, (EventKind.DONE, EventKind.REOPENED)):
            done = event.kind is EventKind.DONE
        return done

    def is_closed(
        self, task: Task, at: datetime, *, timing: Timing | None = None, units: Collection[str] = ()
    ) -> bool:
        """Whether a timing of a task is done, or without one the task as a whole.

        By the `units` asked about, as printed; else by those that answer for it. A task is done
        when each of its days is; one that was put off is the new one.
        """
        if timing is None:
            dated = [t for t in task.timings if t.due_on and t.kind is not TimingKind.RECURRING]
            if dated:
                return all(self.is_closed(task, at, timing=t, units=units) for t in dated)
        asked = [r for r in task.responsibilities if r.unit_text in units]
        chief = [r for r in task.responsibilities if r.role is not Role.SUPPORT]
        chosen = asked or chief or task.responsibilities
        owing: list[int | None] = [r.unit_id for r in chosen] or [None]
        deciding = deciding_units(task.responsibilities)
        key, due_on = (timing.key, timing.due_on) if timing else ("", None)
        if due_on is not None:
            due_on = self._moved.get((task.plan_id, task.lineage, key, due_on), due_on)
        return all(
            self.is_done(Matter(task.plan_id, task.lineage, key, due_on, unit_id, deciding), at)
            for unit_id in owing
        )

    def is_muted(self, matter: Matter, at: datetime) -> bool:
        """Whether an admin wants no reminders of it."""
        muted = False
        for event in self._of_it(matter, at, (EventKind.MUTED, EventKind.UNMUTED)):
            muted = event.kind is EventKind.MUTED
        return muted

    def waiting(self, matter: Matter, kind: EventKind, at: datetime) -> TaskEvent | None:
        """The last asking of a kind that nobody has decided by then: what waits pauses reminders."""
        open_ones = [
            event
            for event in self._of_it(matter, at, (kind,))
            if event.id not in self._decided or self._decided[event.id] > at
        ]
        return open_ones[-1] if open_ones else None

    def is_paused(self, matter: Matter, at: datetime) -> bool:
        """Whether 办结 waits to be confirmed, or the unit itself returned it and nobody decided."""
        returned = self.waiting(matter, EventKind.RETURNED, at)
        if returned is not None and returned.unit_id in (None, matter.unit_id):
            return True
        return self.waiting(matter, EventKind.COMPLETION_ASKED, at) is not None

    def answered_since(self, matter: Matter, since: datetime, at: datetime) -> bool:
        """Whether the unit, or one that speaks for all, said anything of it from `since` to `at`."""
        return any(event.at >= since for event in self._of_it(matter, at, ANSWERS))

    def _of_it(self, matter: Matter, at: datetime, kinds: Collection[EventKind]) -> list[TaskEvent]:
        return [
            event
            for event in self._steps.get((matter.plan_id, matter.lineage), ())
            if event.kind in kinds
            and event.at <= at
            and event.timing_key in ("", matter.timing_key)
            and event.occurrence_on in (None, matter.due_on)
            and event.unit_id in (None, matter.unit_id, *matter.deciding)
        ]


def extensions(
    session: Session,
    lineages: Collection[str] | None = None,
    *,
    plan_ids: Collection[str] | None = None,
) -> dict[Moment, date]:
    """(plan, lineage, timing key, day in the plan) → the day that holds since it was put off.

    Put off again, it is again the day in the plan that is moved: the newest counts. A day that a
    new version of the plan sets is no longer the one that was put off, and holds as it stands.
    """
    query = (
        select(TaskEvent)
        .where(TaskEvent.kind == EventKind.EXTENSION_GRANTED)
        .order_by(col(TaskEvent.id))
    )
    if plan_ids is not None:
        query = query.where(col(TaskEvent.plan_id).in_(list(plan_ids)))
    queries = (
        [query]
        if lineages is None
        else [query.where(col(TaskEvent.lineage).in_(some)) for some in batches(lineages)]
    )
    found: dict[Moment, date] = {}
    for one in queries:
        for event in session.exec(one):
            _put_off(event, found)
    return found


def _put_off(event: TaskEvent, found: dict[Moment, date]) -> None:
    """Note what a granted extension moves."""
    if event.kind is not EventKind.EXTENSION_GRANTED:
        return
    if event.occurrence_on is not None and event.until_on is not None:
        key = (event.plan_id, event.lineage, event.timing_key, event.occurrence_on)
        found[key] = event.until_on
