"""What a new version of a plan would change: its tasks row by row, and the reminders sent for them."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from sqlmodel import Session

from bot.core import Core
from corpus import ledger
from corpus.compare import TaskChange, changes
from corpus.models import PlanVersion
from reminders.owed import Thing
from reminders.preview import PlannedReminder, preview
from reminders.rules import rule_named


@dataclass(frozen=True, slots=True)
class Comparison:
    """From an old version to a new one."""

    changes: list[TaskChange]
    gained: list[PlannedReminder]
    lost: list[PlannedReminder]
    past: int  # reminders gained or lost whose moment has gone by: nobody gets or misses them

    def to_json(self) -> dict[str, Any]:
        """The form that `duban plans diff --json` prints."""
        return {
            "changes": [asdict(change) for change in self.changes],
            "reminders": {
                "new": [one.to_json() for one in self.gained],
                "gone": [one.to_json() for one in self.lost],
                "past": self.past,
            },
        }


def compare(session: Session, core: Core, old: PlanVersion, new: PlanVersion) -> Comparison:
    """The difference of two versions, their reminders taken over the whole time that they speak of."""
    before, after = (_reminders(session, core, version) for version in (old, new))
    gained, lost = without(after, before), without(before, after)
    now = core.clock.now()
    assert old.id is not None and new.id is not None
    return Comparison(
        changes=changes(ledger.tasks_of(session, old.id), ledger.tasks_of(session, new.id)),
        gained=[one for one in gained if one.at >= now],
        lost=[one for one in lost if one.at >= now],
        past=sum(one.at < now for one in (*gained, *lost)),
    )


def _reminders(session: Session, core: Core, version: PlanVersion) -> list[PlannedReminder]:
    days = [version.period_start_on, version.period_end_on]
    days += [day for task in version.tasks for t in task.timings for day in (t.start_on, t.due_on)]
    known = [day for day in days if day is not None]
    if not known:
        return []
    # reminders go out before the first day that is named
    first = date(min(known).year - 1, 1, 1)
    found = preview(
        session, first, max(known), core.workdays, core.settings,
        version_id=version.id, today=core.clock.today(), text_of=lambda _: "",
    )  # fmt: skip
    # what follows a day that was missed hangs on what will be answered, and reports are owed by plans
    # in force alone: a draft has none, so that all of them would seem to be lost
    return [
        one for one in found if one.at.date() <= one.due_on and not rule_named(one.rule).OF_REPORTS
    ]


def without(some: list[PlannedReminder], others: list[PlannedReminder]) -> list[PlannedReminder]:
    """What is in `some` alone: by moment, unit and task, wherever the task stands now."""
    there = {_key(one, owed) for one in others for owed in one.owed}
    left = [replace(one, owed=[o for o in one.owed if _key(one, o) not in there]) for one in some]
    return [one for one in left if one.owed]


def _key(one: PlannedReminder, owed: Thing) -> tuple[Any, ...]:
    return one.at, one.unit_id, one.rule, owed.key[1], one.due_on
