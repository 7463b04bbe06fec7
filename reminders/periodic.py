"""Writes the weekly and monthly messages into the outbox: to each receiver one for each period."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from config.database import batches
from config.settings import Settings
from config.workdays import CalendarMissing, Workdays
from corpus import ledger
from corpus.models import PlanVersion, Unit
from reminders.choices import ChoiceBook, Choices
from reminders.decency import decent_time
from reminders.models import OutboxMessage, OutboxState
from reminders.owed import row_id
from reminders.periods import Period
from reminders.receivers import Chat, ChatsOf, Receivers
from reminders.recheck import NOT_BOUND, Look
from reminders.rules import Periodic, periodic_rules

KIND = "periodic"
TOO_LATE = "这一期已过"
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Coming:
    """One periodic message to one unit, wherever that is reached."""

    rule: str
    period: Period
    unit_id: int
    at: datetime
    workdays_only: bool


def add_due(
    session: Session, since: datetime, now: datetime, book: ChoiceBook, workdays: Workdays,
    settings: Settings, chats_of: ChatsOf,
) -> None:  # fmt: skip
    """Add what came due after `since` and by `now`.

    Times are aware local ones. What came due while nobody planned is sent if its period goes on,
    and else recorded as too late.
    """
    found = coming(session, since, now, book, workdays, settings)
    if not found:
        return
    due_at = {
        workdays_only: decent_time(now, workdays, settings, workdays_only)
        for workdays_only in {one.workdays_only for one in found}
    }
    late = {one for one in found if due_at[one.workdays_only].date() > one.period.last}
    # whatever their days: after a stop they would arrive together
    in_time = _uncovered([one for one in found if one not in late], lambda _: now.date())
    chats = chats_of({one.unit_id for one in found}, "unit")
    wanted: dict[str, OutboxMessage] = {}
    for one in (*(one for one in found if one in late), *in_time):
        for chat in chats.get(one.unit_id, ()):
            message = _message(one, chat, due_at[one.workdays_only], now)
            if one in late:
                message.state, message.platform_words = OutboxState.DROPPED, TOO_LATE
                message.finished_at = now
            wanted[message.dedup_key] = message
    known = _known(session, wanted)
    session.add_all(message for key, message in wanted.items() if key not in known)
    for key, before in known.items():
        if before.state is OutboxState.DROPPED and wanted[key].state is OutboxState.PENDING:
            # a clock that was wrong has taken it for too late
            before.state, before.platform_words, before.finished_at = OutboxState.PENDING, "", None
            before.due_at, before.created_at, before.attempts = wanted[key].due_at, now, 0
            session.add(before)


def recheck(
    session: Session, message: OutboxMessage, now: datetime, workdays: Workdays,
    settings: Settings, chats_of: ChatsOf,
) -> Look:  # fmt: skip
    """The last look at one that waited, as of local time `now`."""
    unit_id, first = message.facts["unit"], date.fromisoformat(message.facts["first"])
    period = periodic_rules()[message.facts["rule"]].period(first)
    choices = ChoiceBook(session, settings).of(None, unit_id)
    at = decent_time(now, workdays, settings, choices.reminder_workdays_only)
    if (message.platform, message.chat_id) not in chats_of({unit_id}, "unit").get(unit_id, []):
        return Look(NOT_BOUND)
    if at.date() > period.last:
        return Look(TOO_LATE)
    return Look(until=at) if at > now else Look()


def coming(
    session: Session, since: datetime, until: datetime, book: ChoiceBook, workdays: Workdays,
    settings: Settings,
) -> list[Coming]:  # fmt: skip
    """What leaves after `since` and by `until`, in the order of the rules.

    Where one covers another that leaves within the same day, only the first is left.
    """
    found: list[Coming] = []
    for name, rule in periodic_rules().items():
        chosen = [one for one in book.in_use() if rule.is_chosen(one)]
        if any(_moments(rule, one, since, until, workdays) for one in chosen):
            found += _of_rule(session, name, rule, since, until, book, workdays, settings)
    return _uncovered(found, lambda one: one.at.date())


def _uncovered(found: Sequence[Coming], day_of: Callable[[Coming], date]) -> list[Coming]:
    """Those that no other message of the same unit and day covers."""
    covered = {
        (name, one.unit_id, day_of(one))
        for one in found
        for name in periodic_rules()[one.rule].COVERS
    }
    return [one for one in found if (one.rule, one.unit_id, day_of(one)) not in covered]


def _of_rule(
    session: Session, name: str, rule: Periodic, since: datetime, until: datetime,
    book: ChoiceBook, workdays: Workdays, settings: Settings,
) -> Iterator[Coming]:  # fmt: skip
    of_office = rule.RECEIVER == "office"
    units = _offices(session, rule, book) if of_office else _units(session, rule, book)
    moments: dict[Choices, list[tuple[Period, datetime]]] = {}
    for unit_id in units:
        choices = book.of(None, unit_id)
        if choices not in moments:
            moments[choices] = _moments(rule, choices, since, until, workdays)
        for period, at in moments[choices]:
            yield Coming(name, period, unit_id, at, choices.reminder_workdays_only)


def _moments(
    rule: Periodic, choices: Choices, since: datetime, until: datetime, workdays: Workdays
) -> list[tuple[Period, datetime]]:
    """The periods whose message leaves after `since` and by `until`, and when.

    None in a period without a working day, or of a year without a calendar.
    """
    found = []
    period = rule.period(since.date())
    while period.first <= until.date():
        day = _first_workday(period, workdays)
        if day is not None and since < choices.at(day) <= until:
            found.append((period, choices.at(day)))
        period = rule.period(period.last + _A_DAY)
    return found


def _first_workday(period: Period, workdays: Workdays) -> date | None:
    try:
        day = workdays.on_or_after(period.first)
    except CalendarMissing:
        return None
    return day if day <= period.last else None


def _units(session: Session, rule: Periodic, book: ChoiceBook) -> list[int]:
    """The units that want it, of one plan at least."""
    return [
        row_id(unit_id)
        for unit_id in session.exec(select(Unit.id).order_by(col(Unit.id)))
        if any(rule.is_chosen(one) for one in book.of_unit(row_id(unit_id)))
    ]


def _offices(session: Session, rule: Periodic, book: ChoiceBook) -> list[int]:
    """The supervising offices of the plans that want it."""
    return list(plans_of_offices(session, book, rule))


def plans_of_offices(
    session: Session, book: ChoiceBook, rule: Periodic
) -> dict[int, list[PlanVersion]]:
    """Supervising office → its plans in force that want a message of the rule."""
    receivers = Receivers(session, lambda units, purpose: {})
    found: dict[int, list[PlanVersion]] = {}
    for version in ledger.versions_in_force(session):
        choices = book.of(version.plan_id)
        if rule.is_chosen(choices) and (office := receivers.office(version, choices)) is not None:
            found.setdefault(office, []).append(version)
    return found


def _message(one: Coming, chat: Chat, due_at: datetime, now: datetime) -> OutboxMessage:
    platform, chat_id = chat
    return OutboxMessage(
        dedup_key=f"{one.rule}:{one.unit_id}:{platform}:{chat_id}:{one.period.name}",
        kind=KIND, platform=platform, chat_id=chat_id,
        facts={
            "rule": one.rule, "unit": one.unit_id, "first": one.period.first.isoformat(),
        },
        due_at=due_at, created_at=now,
    )  # fmt: skip


def _known(session: Session, keys: Collection[str]) -> dict[str, OutboxMessage]:
    found: dict[str, OutboxMessage] = {}
    for some in batches(keys):
        query = select(OutboxMessage).where(col(OutboxMessage.dedup_key).in_(some))
        found |= {message.dedup_key: message for message in session.exec(query)}
    return found
