"""What each chat was told of each thing owed."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from config.database import batches
from corpus.progress import Moment
from reminders.models import Reminder
from reminders.receivers import Chat
from reminders.rules import receiver_of

Asked = tuple[Moment, int]  # a thing owed, and the unit that owes it

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(reminder: Reminder) -> Moment:
    """What a reminder is about."""
    return reminder.plan_id, reminder.lineage, reminder.timing_key, reminder.occurrence_on


class Told:
    """The reminders of some tasks, those of this run too once they are noted."""

    def __init__(self, session: Session, lineages: Collection[str]) -> None:
        self._rules: dict[tuple[Asked, Chat], set[str]] = defaultdict(set)
        self._newest: dict[tuple[Asked, Chat], datetime] = {}
        self._first: dict[Asked, datetime] = {}
        self._dropped: dict[tuple[Asked, Chat, str], Reminder] = {}
        for some in batches(lineages):
            for r in session.exec(select(Reminder).where(col(Reminder.lineage).in_(some))):
                self.note(r)
                if r.state == "planned" and receiver_of(r.rule) == "unit":
                    asked = moment_of(r), r.unit_id
                    self._first[asked] = min(self._first.get(asked, r.at), r.at)

    def rules(self, asked: Asked, chat: Chat) -> Collection[str]:
        """The steps that a chat was told, or spared for good."""
        return self._rules[asked, chat]

    def dropped(self, asked: Asked, chat: Chat, rule: str) -> Reminder | None:
        """A step that lost its reason before it was sent: it may have one again."""
        return self._dropped.get((asked, chat, rule))

    def newest(self, asked: Asked, chat: Chat) -> datetime:
        """When the last step that it was told was due."""
        return self._newest.get((asked, chat), LONG_AGO)

    def first(self, asked: Asked) -> datetime | None:
        """When the unit was first reminded, in a run before this one; None if it was not."""
        return self._first.get(asked)

    def note(self, r: Reminder) -> None:
        """That a chat is told, or spared."""
        key = (moment_of(r), r.unit_id), (r.platform, r.chat_id)
        if r.state == "dropped":
            self._dropped[(*key, r.rule)] = r
            return
        self._rules[key].add(r.rule)
        if r.state == "planned":
            self._newest[key] = max(self._newest.get(key, r.at), r.at)
