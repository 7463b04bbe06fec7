"""What is owed × rules × now → reminders, each written once."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from config.settings import Settings
from config.workdays import CalendarMissing, Workdays
from corpus.models import PlanVersion, Touched
from corpus.progress import EVER, Moment
from reminders import periodic
from reminders.asking import Ask, Asker, days_asked, reach
from reminders.choices import ChoiceBook
from reminders.debtors import with_collectives
from reminders.digests import Digests
from reminders.history import History
from reminders.models import PlannerState, Reminder
from reminders.owed import OwedWindow, Thing, owed_between, owed_on
from reminders.past import Tell, note_versions, tell_of_past
from reminders.receivers import OF_THE_OFFICE, Chat, ChatsOf, Receivers, offices
from reminders.reports import windows_owed
from reminders.rules import Due
from reminders.told import LONG_AGO, Told

log = structlog.get_logger()

LONGEST_LOOK_BACK = timedelta(days=366)  # what a longer stop missed is not recorded any more


def plan(
    session: Session, now: datetime, workdays: Workdays, settings: Settings, chats_of: ChatsOf,
    tell: Tell = lambda key, text: None,
) -> int:  # fmt: skip
    """Write every reminder that is due by `now`, in this one transaction; how many will be sent.

    The weekly and monthly messages are written too, and not counted.

    Each is written once for all runs and processes; those of one chat and run are one message.
    Only what has a reminder since the last run is looked at, and what was touched since. Of several
    that are due for one thing at once only the newest is sent. The others are recorded as skipped,
    and so is what came due while nobody planned, and is of no use any more.
    """
    state = _lock(session)
    now = now.astimezone(ZoneInfo(settings.timezone))
    since = max(state.planned_to or now, now - LONGEST_LOOK_BACK).astimezone(now.tzinfo)
    book = ChoiceBook(session, settings)
    asker = Asker(session, book, workdays)
    newly = note_versions(session, now)
    search = _Search(session, book, workdays, now)
    search.by_day(since)
    search.by_touch(newly)
    is_first = state.planned_to is None
    was_ahead = since.date() > now.date()  # then what is of use yet was taken for too late
    if is_first or was_ahead or any(_is_known(year, workdays) for year in state.missing_years):
        search.everywhere()
    wanted = _wanted(asker.asks(search.found(), now.date(), now.date()), since, now)
    digests = Digests(now, workdays, settings)
    planned = _write(session, wanted, Receivers(session, chats_of), digests, now, tell)
    periodic.add_due(session, since, now, book, workdays, settings, chats_of)
    tell_of_past(session, newly, now, tell)
    if search.asked_rules:
        _note_missing(state, asker.missing_years)
    state.planned_to = now
    session.add(state)
    return planned


# ---- what may need a reminder


class _Search:
    """Finds what may need a reminder without a walk over all that is open."""

    def __init__(
        self, session: Session, book: ChoiceBook, workdays: Workdays, now: datetime
    ) -> None:
        self._session, self._workdays, self._now = session, workdays, now
        self._choices = book.in_use()
        self._found: dict[tuple[Moment, int | None], Thing] = {}
        self.asked_rules = False

    def found(self) -> list[Thing]:
        """Each thing once."""
        return list(self._found.values())

    def by_day(self, since: datetime) -> None:
        """What has a reminder between two instants, for the day on which it is owed."""
        for is_report in (False, True):
            days = days_asked(self._choices, since, self._now, self._workdays, is_report)
            self.asked_rules |= bool(days)
            if days and is_report:
                self._note(windows_owed(self._session, days, self._workdays))
            elif days:
                self._note(owed_on(self._session, days))

    def by_touch(self, newly: Collection[PlanVersion]) -> None:
        """What was changed since the last run, and what is newly in force."""
        touched = list(self._session.exec(select(Touched)))
        for row in touched:
            self._session.delete(row)
        units = {r.unit_id for r in touched if r.unit_id is not None and r.plan_id is None}
        if any(row.plan_id is None and row.unit_id is None for row in touched) or (
            units and units & offices(self._session, self._choices)
        ):
            self.everywhere()
            return
        lineages = {row.lineage for row in touched if row.lineage}
        plans = {v.plan_id for v in newly}
        plans |= {r.plan_id for r in touched if r.plan_id and not r.lineage}
        first, last = self._span(is_report=False)
        if lineages:
            self._note(owed_between(self._session, first, last, lineages=lineages))
        if plans:
            self._note(owed_between(self._session, first, last, plan_ids=plans))
        if units:
            units = with_collectives(self._session, units)
            self._note(owed_between(self._session, first, last, unit_ids=units))
        if lineages or plans or units:
            self._reports()

    def everywhere(self) -> None:
        """All that the rules can reach from now."""
        self._note(owed_between(self._session, *self._span(is_report=False)))
        self._reports()

    def _reports(self) -> None:
        self.asked_rules = True
        first, last = self._span(is_report=True)
        days = {first + timedelta(days=n) for n in range((last - first).days + 1)}
        self._note(windows_owed(self._session, days, self._workdays))

    def _span(self, *, is_report: bool) -> tuple[date, date]:
        before, after = reach(self._choices, is_report)
        today = self._now.date()
        return today - timedelta(days=after), today + timedelta(days=before)

    def _note(self, things: Sequence[Thing]) -> None:
        for thing in things:
            unit_id = thing.window.unit_id if isinstance(thing, OwedWindow) else None
            self._found.setdefault((thing.key, unit_id), thing)


def _wanted(asks: Sequence[Ask], since: datetime, now: datetime) -> list[tuple[Ask, list[Due]]]:
    """What has come due, where some of it is new or still of use."""
    wanted = []
    for ask in asks:
        dues = [due for due in ask.dues if due.at <= now]
        if any(due.useful_to >= now.date() or due.at > since for due in dues):
            wanted.append((ask, dues))
    return wanted


# ---- writing it


def _write(
    session: Session, wanted: Sequence[tuple[Ask, list[Due]]], receivers: Receivers,
    digests: Digests, now: datetime, tell: Tell,
) -> int:  # fmt: skip
    lineages = {ask.thing.key[1] for ask, _ in wanted}
    history = History(session, lineages)
    told = Told(session, lineages, now)
    receivers.learn(
        [ask for ask, _ in wanted], {due.receiver for _, dues in wanted for due in dues}
    )
    skipped = 0
    for ask, dues in wanted:
        if ask.why_quiet(history, EVER):
            continue
        silent = ask.is_silent(history, told.first(ask.key) or LONG_AGO, EVER)
        for receiver, some in _by_receiver(dues, silent).items():
            _tell_of_no_office(ask, receiver, receivers, tell)
            for chat in receivers.chats(ask, receiver):
                fresh = [due for due in some if due.rule not in told.rules(ask.key, chat)]
                for due in sorted(fresh, key=lambda due: (due.at, due.if_silent), reverse=True):
                    # closed when it was to be sent and opened again since, refused by a chat that
                    # is back, or spared by a clock that was wrong: the same row once more
                    again = told.again(ask.key, chat, due.rule)
                    reminder = again or _reminder(ask, due, chat)
                    reminder.state = "planned"
                    is_news = due.at > told.newest(ask.key, chat)
                    was_asked = not due.if_silent or _was_asked(ask, due, told, receivers)
                    if not (is_news and was_asked and digests.take(reminder, due, ask.choices)):
                        reminder.state = "skipped"
                        session.add(reminder)
                        skipped += reminder is not again
                    told.note(reminder)
    planned = digests.write(session)
    if planned or skipped:
        log.info("reminders.planned", reminders=planned, messages=digests.messages, skipped=skipped)
    return planned


def _was_asked(ask: Ask, due: Due, told: Told, receivers: Receivers) -> bool:
    """Whether silence means anything: a unit that has a chat must have been reminded there."""
    reached = told.reached(ask.key)
    return reached < due.at if reached is not None else not receivers.chats(ask, "unit")


def _by_receiver(dues: Sequence[Due], silent: bool) -> dict[str, list[Due]]:
    found: dict[str, list[Due]] = {}
    for due in dues:
        if silent or not due.if_silent:
            found.setdefault(due.receiver, []).append(due)
    return found


def _tell_of_no_office(ask: Ask, receiver: str, receivers: Receivers, tell: Tell) -> None:
    if receiver in OF_THE_OFFICE and receivers.unit_of(ask, receiver) is None:
        version = ask.thing.version
        tell(
            f"no-office:{version.plan_id}",
            f"《{version.title}》有任务逾期未答复，应告知督办单位，但没有认出督办单位是谁。"
            f"请写明：duban reminders rules set office 单位名称 --plan {version.plan_id}",
        )


def _reminder(ask: Ask, due: Due, chat: Chat) -> Reminder:
    plan_id, lineage, timing_key, occurrence_on = ask.thing.key
    platform, chat_id = chat
    window_id = ask.thing.window.id if isinstance(ask.thing, OwedWindow) else None
    return Reminder(
        plan_id=plan_id, lineage=lineage, timing_key=timing_key, occurrence_on=occurrence_on,
        rule=due.rule, unit_id=ask.debtor.unit_id, window_id=window_id,
        platform=platform, chat_id=chat_id, at=due.at,
    )  # fmt: skip


def _lock(session: Session) -> PlannerState:
    """The planner's row, locked until the transaction ends: planners take turns."""
    if session.get(PlannerState, 1) is None:
        with suppress(IntegrityError), session.begin_nested():
            session.add(PlannerState(id=1))
    return session.exec(
        select(PlannerState).with_for_update().execution_options(populate_existing=True)
    ).one()


def _is_known(year: int, workdays: Workdays) -> bool:
    try:
        workdays.is_workday(date(year, 1, 1))
    except CalendarMissing:
        return False
    return True


def _note_missing(state: PlannerState, missing: set[int]) -> None:
    years = sorted(missing)
    if years != state.missing_years:
        state.missing_years = years
        for year in years:
            log.warning("reminders.calendar_missing", year=year)
