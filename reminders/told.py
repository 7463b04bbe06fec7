"""What each chat was told of each thing owed."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from config.database import batches
from corpus.progress import EVER, Moment
from reminders.models import OutboxMessage, OutboxState, Reminder
from reminders.receivers import Chat
from reminders.rules import receiver_of

Asked = tuple[Moment, int]  # a thing owed, and the unit that owes it

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
ARRIVED = (OutboxState.SENT, OutboxState.UNKNOWN)


def moment_of(reminder: Reminder) -> Moment:
    """What a reminder is about."""
    return reminder.plan_id, reminder.lineage, reminder.timing_key, reminder.occurrence_on


class Told:
    """The reminders of some tasks as seen at `now`, those of this run too once they are noted.

    What was told of a later hour than `now` stems from a clock that was wrong: it is not told
    again, and holds back nothing that comes due before that hour.
    """

    def __init__(self, session: Session, lineages: Collection[str], now: datetime = EVER) -> None:
        self._now = now
        self._rules: dict[tuple[Asked, Chat], set[str]] = defaultdict(set)
        self._newest: dict[tuple[Asked, Chat], datetime] = {}
        self._first: dict[Asked, datetime] = {}
        self._reached: dict[Asked, datetime] = {}
        self._again: dict[tuple[Asked, Chat, str], Reminder] = {}
        for some in batches(lineages):
            query = (
                select(Reminder, OutboxMessage.state, OutboxMessage.finished_at)
                .join(OutboxMessage, isouter=True)
                .where(col(Reminder.lineage).in_(some))
            )
            for r, state, at in session.exec(query):
                self.note(r, arrives=state is not OutboxState.FAILED)
                if r.state != "planned" or state not in ARRIVED or at is None:
                    continue
                if receiver_of(r.rule) == "unit":
                    asked = moment_of(r), r.unit_id
                    self._first[asked] = min(self._first.get(asked, r.at), r.at)
                    self._reached[asked] = min(self._reached.get(asked, at), at)

    def rules(self, asked: Asked, chat: Chat) -> Collection[str]:
        """The steps that a chat was told."""
        return self._rules[asked, chat]

    def again(self, asked: Asked, chat: Chat, rule: str) -> Reminder | None:
        """A step that was not sent: it was refused, or without reason or use, and may be so no more."""
        return self._again.get((asked, chat, rule))

    def newest(self, asked: Asked, chat: Chat) -> datetime:
        """When the last step that it was told was due."""
        return self._newest.get((asked, chat), LONG_AGO)

    def first(self, asked: Asked) -> datetime | None:
        """When the first of the reminders that reached the unit was due; None if none has."""
        return self._first.get(asked)

    def reached(self, asked: Asked) -> datetime | None:
        """When one first reached it, which may be later."""
        return self._reached.get(asked)

    def note(self, r: Reminder, *, arrives: bool = True) -> None:
        """That a chat is told, or spared."""
        key = (moment_of(r), r.unit_id), (r.platform, r.chat_id)
        if r.state != "planned" or not arrives:
            self._again[(*key, r.rule)] = r
            return
        self._rules[key].add(r.rule)
        if r.at <= self._now:
            self._newest[key] = max(self._newest.get(key, r.at), r.at)
