"""What was answered to reminders, asked by who owes what: done, muted, paused, answered since."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import Session

from corpus.progress import Matter, Progress, deciding_units
from corpus.progress import extensions as extensions

if TYPE_CHECKING:
    from reminders.debtors import Debtor
    from reminders.owed import Thing


class History:
    """The history of some tasks, for the questions of rules and planner; `at` is any aware instant."""

    def __init__(self, session: Session, lineages: Collection[str]) -> None:
        self._progress = Progress(session, lineages=lineages)

    def is_done(
        self, owed: "Thing", debtor: "Debtor", debtors: Iterable["Debtor"], at: datetime
    ) -> bool:
        """Whether nothing is owed by `debtor` any more; `debtors` are all units of the task."""
        return self._progress.is_done(_matter(owed, debtor, debtors), at)

    def is_muted(
        self, owed: "Thing", debtor: "Debtor", debtors: Iterable["Debtor"], at: datetime
    ) -> bool:
        """Whether an admin said that nobody is to be reminded of it."""
        return self._progress.is_muted(_matter(owed, debtor, debtors), at)

    def is_paused(
        self, owed: "Thing", debtor: "Debtor", debtors: Iterable["Debtor"], at: datetime
    ) -> bool:
        """Whether its 办结 waits to be confirmed, or its return 退回 to be decided."""
        return self._progress.is_paused(_matter(owed, debtor, debtors), at)

    def why_quiet(
        self, owed: "Thing", debtor: "Debtor", debtors: Iterable["Debtor"], at: datetime
    ) -> str:
        """Why `debtor` is not to be reminded now, in Chinese; "" when nothing speaks against it."""
        matter = _matter(owed, debtor, debtors)
        if self._progress.is_done(matter, at):
            return "任务已办结"
        if self._progress.is_muted(matter, at):
            return "已设为不再提醒"
        if self._progress.is_paused(matter, at):
            return "办结或退回正待决定"
        return ""

    def answered_since(
        self, owed: "Thing", debtor: "Debtor", debtors: Iterable["Debtor"],
        since: datetime, at: datetime,
    ) -> bool:  # fmt: skip
        """Whether the unit, or one that speaks for all, said anything of it from `since` to `at`."""
        return self._progress.answered_since(_matter(owed, debtor, debtors), since, at)


def _matter(owed: "Thing", debtor: "Debtor", debtors: Iterable["Debtor"]) -> Matter:
    deciding = deciding_units(d for d in debtors if d.through is None)
    return Matter(*owed.key, debtor.unit_id, deciding)
