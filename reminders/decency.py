"""When a chat may be written to: not in quiet hours, not on days off, and not too often a day."""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, select

from config.database import batches
from config.lists import read_hours
from config.settings import Settings
from config.workdays import CalendarMissing, Workdays
from reminders.models import OutboxMessage, OutboxState
from reminders.receivers import Chat


def decent_time(
    at: datetime, workdays: Workdays, settings: Settings, workdays_only: bool
) -> datetime:
    """`at`, or the next moment after it that is no quiet hour, and no day off if those count.

    `at` is aware local time. A day of a year without a calendar is taken for a working day.
    """
    quiet = read_hours(settings.reminder_quiet_hours)
    while True:
        if quiet is not None:
            at = _after_quiet(at, *quiet)
        if not workdays_only or _is_workday(at.date(), workdays):
            return at
        at = datetime.combine(
            at.date() + timedelta(days=1), time(settings.reminder_hour), at.tzinfo
        )


class Hours:
    """When what is due `now` may be sent, an aware local time."""

    def __init__(self, now: datetime, workdays: Workdays, settings: Settings) -> None:
        self._now, self._workdays, self._settings = now, workdays, settings
        self._decent: dict[bool, datetime] = {}

    def when(self, workdays_only: bool, useful_to: date) -> datetime | None:
        """The moment at which it may be sent; None when it is of no use by then.

        What would be of no use after a day off does not wait for its end.
        """
        for wanted in (workdays_only, False):
            if wanted not in self._decent:
                self._decent[wanted] = decent_time(
                    self._now, self._workdays, self._settings, wanted
                )
            if useful_to >= self._decent[wanted].date():
                return self._decent[wanted]
        return None


def _after_quiet(at: datetime, start: int, end: int) -> datetime:
    ends = at.replace(hour=end, minute=0, second=0, microsecond=0)
    if start < end:
        return ends if start <= at.hour < end else at
    if at.hour < end:
        return ends
    return ends + timedelta(days=1) if at.hour >= start else at


def _is_workday(day: date, workdays: Workdays) -> bool:
    try:
        return workdays.is_workday(day)
    except CalendarMissing:
        return True


class Caps:
    """How many reminders each chat gets on a day: what is too much waits for the next working day."""

    def __init__(
        self, session: Session, chats: Collection[Chat], now: datetime, workdays: Workdays,
        settings: Settings,
    ) -> None:  # fmt: skip
        self._cap, self._workdays, self._settings = (
            settings.reminder_cap_per_day,
            workdays,
            settings,
        )
        self._sent: Counter[tuple[Chat, date]] = Counter()
        start = datetime.combine(now.date(), time(), now.tzinfo)
        for some in batches({chat_id for _, chat_id in chats}):
            query = select(
                OutboxMessage.platform, OutboxMessage.chat_id, OutboxMessage.due_at
            ).where(
                col(OutboxMessage.chat_id).in_(some),
                OutboxMessage.kind == "reminder",
                OutboxMessage.due_at >= start,
                col(OutboxMessage.state).not_in((OutboxState.DROPPED, OutboxState.FAILED)),
            )
            for platform, chat_id, due_at in session.exec(query):
                self._sent[(platform, chat_id), due_at.astimezone(now.tzinfo).date()] += 1

    def take(self, chat: Chat, at: datetime, last: date) -> datetime:
        """When a message for `at` may go to the chat; one that is of no use after `last` goes anyway."""
        while self._sent[chat, at.date()] >= self._cap:
            tomorrow = datetime.combine(
                at.date() + timedelta(days=1), time(self._settings.reminder_hour), at.tzinfo
            )
            later = decent_time(
                tomorrow, self._workdays, self._settings, self._settings.reminder_workdays_only
            )
            if later.date() > last:
                break
            at = later
        self._sent[chat, at.date()] += 1
        return at
