"""Asks the rules what each unit is to be told of what it owes: for planner, preview and last look."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session

from config.workdays import CalendarMissing, Workdays
from corpus import ledger
from corpus.progress import Moment
from corpus.values import Role
from reminders.choices import ChoiceBook, Choices
from reminders.debtors import Debtor, debtors_of
from reminders.history import History
from reminders.owed import Owed, OwedWindow, Thing, row_id
from reminders.past import first_days, was_past
from reminders.rules import Due, Occurrence, rules_of

FAR = timedelta(days=40)  # between the opening of a report and its day, when only one is asked for


@dataclass(frozen=True, slots=True)
class Ask:
    """All that the rules want one unit, and those above it, to be told of one thing owed."""

    thing: Thing
    debtor: Debtor
    debtors: tuple[Debtor, ...]  # all who owe it
    choices: Choices
    dues: tuple[Due, ...]

    @property
    def key(self) -> tuple[Moment, int]:
        """What is owed, and by which unit."""
        return self.thing.key, self.debtor.unit_id

    def why_quiet(self, history: History, at: datetime) -> str:
        """Why the unit owes nothing at an instant, or is not to be reminded; "" when it is."""
        if isinstance(self.thing, OwedWindow) and self.thing.window.received_on is not None:
            return "已报送"
        return history.why_quiet(self.thing, self.debtor, self.debtors, at)

    def is_silent(self, history: History, since: datetime, at: datetime) -> bool:
        """Whether the unit has answered nothing from `since` on."""
        return not history.answered_since(self.thing, self.debtor, self.debtors, since, at)


class Asker:
    """Puts what is owed before the rules, and keeps the years whose working days it missed."""

    def __init__(self, session: Session, book: ChoiceBook, workdays: Workdays) -> None:
        self._session, self._book, self._workdays = session, book, workdays
        self._asked: dict[tuple[Occurrence, bool, Choices], list[Due]] = {}
        self.missing_years: set[int] = set()

    def asks(
        self, things: Sequence[Thing], since: date, until: date, *, unseen_since: date | None = None
    ) -> list[Ask]:  # fmt: skip
        """What the rules ask for, an Ask for each unit that owes; those with no reminder left out.

        After a plan's period only what fell due in it is followed up, where its task was in force
        by then. Of a day that was past before its task was first in force nothing is said from then
        on. They are sent from `since` to `until`, both included: what came due before that is sent
        then. What no planner has found in force yet counts as in force from `unseen_since`.
        """
        tasks = {row_id(o.task.id) for o in things if isinstance(o, Owed)}
        debtors = debtors_of(self._session, tasks)
        begun = [o for o in things if min(o.printed_on, o.occurrence.due_on) < until]
        known = first_days(self._session, begun, self._book.zone)
        found = []
        for thing in things:
            if isinstance(thing, Owed) and thing.timing.is_report:
                continue  # each of its units owes a report of its own
            if isinstance(thing, OwedWindow):
                owing = [Debtor(thing.window.unit_id, thing.role)]
            else:
                owing = debtors.get(row_id(thing.task.id), [])
            known_on = known.get(thing.key[:2], unseen_since)
            for debtor in owing:
                choices = self._book.of(thing.version.plan_id, debtor.unit_id)
                dues = tuple(
                    due
                    for due in self._dues(thing.occurrence, debtor.role, choices)
                    if _is_of_its_period(thing, due, known_on, since)
                    and not _was_past(thing.occurrence, due, known_on, since)
                )
                if dues:
                    found.append(Ask(thing, debtor, tuple(owing), choices, dues))
        return found

    def _dues(self, occurrence: Occurrence, role: Role, choices: Choices) -> list[Due]:
        key = (occurrence, role is Role.SUPPORT, choices)
        if key not in self._asked:
            dues: list[Due] = []
            for rule in rules_of(occurrence.is_report):
                try:
                    for due in rule.due(occurrence, role, choices, self._workdays):
                        dues.append(due)
                except CalendarMissing as error:
                    self.missing_years.add(error.year)
            self._asked[key] = dues
        return self._asked[key]


def _is_of_its_period(thing: Thing, due: Due, known_on: date | None, since: date) -> bool:
    if not ledger.is_over(thing.version, max(due.at.date(), since)):
        return True
    known_in_time = known_on is not None and known_on <= thing.occurrence.due_on
    return known_in_time and not ledger.is_over(thing.version, thing.printed_on)


def _was_past(occurrence: Occurrence, due: Due, known_on: date | None, since: date) -> bool:
    sent_on = max(due.at.date(), since)
    follows_up = due.at.date() > occurrence.due_on
    return follows_up and was_past(occurrence.due_on, known_on, sent_on)


def days_asked(
    choices: Collection[Choices], since: datetime, until: datetime, workdays: Workdays,
    is_report: bool,
) -> set[date]:  # fmt: skip
    """The due (or opening) days of which a rule may remind after `since` and by `until`.

    No database is asked. A day whose reminders would need an unknown year's working days is one
    of them, so that whoever owes something on it is noticed.
    """
    found: set[date] = set()
    first, last = since.date(), until.date()
    sends = [
        one for one in choices if any(since < one.at(day) <= until for day in _days(first, last))
    ]
    for one in sends:
        for rule in rules_of(is_report):
            before, after = rule.reach(one)
            for day in _days(first - timedelta(days=after), last + timedelta(days=before)):
                if day in found:
                    continue
                for occurrence in _probes(day, is_report):
                    try:
                        dues = [
                            due
                            for role in (Role.LEAD, Role.SUPPORT)
                            for due in rule.due(occurrence, role, one, workdays)
                        ]
                    except CalendarMissing:
                        found.add(day)
                        break
                    if any(since < due.at <= until for due in dues):
                        found.add(day)
                        break
    return found


def _probes(day: date, is_report: bool) -> list[Occurrence]:
    if not is_report:
        return [Occurrence(day)]
    return [
        Occurrence(day, is_report=True, opens_on=day - FAR),
        Occurrence(day + FAR, is_report=True, opens_on=day),
    ]


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def reach(choices: Iterable[Choices], is_report: bool) -> tuple[int, int]:
    """The furthest reach of all rules: calendar days before and after a due day."""
    reaches = [rule.reach(one) for one in choices for rule in rules_of(is_report)]
    return max((b for b, _ in reaches), default=0), max((a for _, a in reaches), default=0)
