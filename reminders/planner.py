"""Rules × what is owed × now → reminders, each written once."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from config.settings import Settings
from config.workdays import CalendarMissing, Workdays
from corpus import ledger
from reminders.models import OutboxMessage, PlannerState, Reminder
from reminders.owed import Debtor, History, Owed, batches, debtors_of, owed_between, row_id
from reminders.rules import Due, all_rules, furthest

log = structlog.get_logger()

# unit ids → (platform, chat id) of the live chats bound to each
ChatsOf = Callable[[Collection[int]], dict[int, list[tuple[str, str]]]]
Told = tuple[str, str, str, date, str, str]  # what is owed, and the chat that was told of it

LONGEST_LOOK_BACK = timedelta(days=366)  # what a longer stop missed is not recorded any more


def plan(
    session: Session, now: datetime, workdays: Workdays, settings: Settings, chats_of: ChatsOf
) -> int:
    """Write every reminder that is due by `now`, in this one transaction; how many will be sent.

    Each is written once for all runs and processes; those of one chat and run are one message.
    Of several that are due for one thing at once only the newest is sent. The others are recorded
    as skipped, and so is what came due while nobody planned, and is of no use any more.
    """
    state = _lock(session)
    today = now.astimezone(ZoneInfo(settings.timezone)).date()
    since = max(state.planned_to or now, now - LONGEST_LOOK_BACK)
    first = min(today, since.astimezone(ZoneInfo(settings.timezone)).date())
    asked, missing = ask_rules(session, first, today, workdays, settings)
    wanted: list[tuple[Owed, list[Due]]] = []
    for owed, dues in asked:
        past = [due for due in dues if due.at <= now]
        if any(due.useful_to >= today or due.at > since for due in past):
            wanted.append((owed, past))
    planned = _write(session, wanted, now, today, chats_of)
    _note_missing(state, missing)
    state.planned_to = now
    session.add(state)
    return planned


def _write(
    session: Session, wanted: Sequence[tuple[Owed, list[Due]]], now: datetime, today: date,
    chats_of: ChatsOf,
) -> int:  # fmt: skip
    debtors = debtors_of(session, {row_id(owed.task.id) for owed, _ in wanted})
    history = History(session, {owed.task.lineage for owed, _ in wanted})
    chats = chats_of({debtor.unit_id for some in debtors.values() for debtor in some})
    told = _told(session, {owed.task.lineage for owed, _ in wanted})
    digests: dict[tuple[str, str], list[Reminder]] = defaultdict(list)
    skipped = 0
    for owed, dues in wanted:
        owing = debtors.get(row_id(owed.task.id), [])
        for debtor in owing:
            if not chats.get(debtor.unit_id) or history.is_done(owed, debtor, owing, now):
                continue
            for platform, chat_id in chats[debtor.unit_id]:
                before = told[(*owed.key, platform, chat_id)]
                fresh = sorted((d for d in dues if d.rule not in before), key=lambda d: d.at)
                newest = max(before.values(), default=None)
                for due in fresh:
                    send = due is fresh[-1] and due.useful_to >= today
                    send = send and (newest is None or due.at > newest)
                    reminder = _reminder(owed, debtor, due, platform, chat_id)
                    if send:
                        digests[platform, chat_id].append(reminder)
                    else:
                        reminder.state = "skipped"
                        session.add(reminder)
                        skipped += 1
                    before[due.rule] = due.at
    _add_messages(session, digests, now)
    planned = sum(map(len, digests.values()))
    if planned or skipped:
        log.info("reminders.planned", reminders=planned, messages=len(digests), skipped=skipped)
    return planned


def _add_messages(
    session: Session, digests: dict[tuple[str, str], list[Reminder]], now: datetime
) -> None:
    messages = []
    for (platform, chat_id), reminders in digests.items():
        # a reminder is written once, so the first one names its message
        first = reminders[0]
        name = f"{first.plan_id}|{first.lineage}|{first.timing_key}|{first.occurrence_on}|"
        name += f"{first.rule}|{platform}|{chat_id}"
        messages.append(
            OutboxMessage(
                dedup_key=f"reminder:{hashlib.sha256(name.encode()).hexdigest()}",
                kind="reminder", platform=platform, chat_id=chat_id, facts={},
                due_at=now, created_at=now,
            )
        )  # fmt: skip
    session.add_all(messages)
    session.flush()
    for message, reminders in zip(messages, digests.values(), strict=True):
        for reminder in reminders:
            reminder.outbox_id = message.id
    session.add_all(reminder for reminders in digests.values() for reminder in reminders)


def _reminder(owed: Owed, debtor: Debtor, due: Due, platform: str, chat_id: str) -> Reminder:
    plan_id, lineage, timing_key, occurrence_on = owed.key
    return Reminder(
        plan_id=plan_id, lineage=lineage, timing_key=timing_key, occurrence_on=occurrence_on,
        rule=due.rule, unit_id=debtor.unit_id, platform=platform, chat_id=chat_id, at=due.at,
    )  # fmt: skip


def _told(session: Session, lineages: Collection[str]) -> dict[Told, dict[str, datetime]]:
    """What each chat was told of each thing owed: rule → when."""
    found: dict[Told, dict[str, datetime]] = defaultdict(dict)
    for some in batches(lineages):
        for r in session.exec(select(Reminder).where(col(Reminder.lineage).in_(some))):
            key = (r.plan_id, r.lineage, r.timing_key, r.occurrence_on, r.platform, r.chat_id)
            found[key][r.rule] = r.at
    return found


def _lock(session: Session) -> PlannerState:
    """The planner's row, locked until the transaction ends: planners take turns."""
    if session.get(PlannerState, 1) is None:
        with suppress(IntegrityError), session.begin_nested():
            session.add(PlannerState(id=1))
    return session.exec(
        select(PlannerState).with_for_update().execution_options(populate_existing=True)
    ).one()


def _note_missing(state: PlannerState, missing: set[int]) -> None:
    years = sorted(missing)
    if years != state.missing_years:
        state.missing_years = years
        for year in years:
            log.warning("reminders.calendar_missing", year=year)


def ask_rules(
    session: Session, first: date, last: date, workdays: Workdays, settings: Settings,
    version_id: int | None = None,
) -> tuple[list[tuple[Owed, list[Due]]], set[int]]:  # fmt: skip
    """All reminders of all that is owed within the rules' reach of two days.

    A plan reminds no more once its period is over. Beside them the years without a working-day
    calendar: what would need one is left out.
    """
    rules = list(all_rules().values())
    before, after = furthest(rules, settings)
    asked: list[tuple[Owed, list[Due]]] = []
    missing: set[int] = set()
    span = first - timedelta(days=after), last + timedelta(days=before)
    for owed in owed_between(session, *span, version_id=version_id):
        dues: list[Due] = []
        for rule in rules:
            try:
                dues += rule.due(owed.occurrence, workdays, settings)
            except CalendarMissing as error:
                missing.add(error.year)
        asked.append((owed, [d for d in dues if not ledger.is_over(owed.version, d.at.date())]))
    return asked, missing
