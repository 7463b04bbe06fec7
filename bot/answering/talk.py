"""One message that is being answered: whose it is, what it records, and whom it tells."""

from collections.abc import Container, Iterable
from datetime import date
from functools import partial

from sqlmodel import Session

from bot import people, plan_desk
from bot.answering import expecting
from bot.answering.buttons import Rows
from bot.answering.digest import Item
from bot.core import Core
from bot.messages import Incoming, Outgoing
from bot.models import AccountRole
from corpus import ledger
from corpus.models import EventKind, PlanVersion, TaskEvent
from corpus.progress import Matter, Progress, deciding_units
from reminders.choices import ChoiceBook, Choices
from reminders.debtors import debtors_of_task
from reminders.models import Reminder
from reminders.receivers import Receivers, hears

Reply = tuple[str, Outgoing]  # (platform, message)


class Talk:
    """All of it belongs to the caller's transaction.

    `only_mentions` are the platforms on which a group is heard only where the bot is pointed at.
    """

    def __init__(
        self, session: Session, core: Core, incoming: Incoming,
        only_mentions: Container[str] = (),
    ) -> None:  # fmt: skip
        self.session, self.core, self.incoming = session, core, incoming
        self.account, self.chat = (
            people.account_of(session, incoming),
            people.chat_of(session, incoming),
        )
        self.now = core.clock.now()
        self._only_mentions = incoming.platform in only_mentions
        self._book = ChoiceBook(session, core.settings)
        self._receivers = Receivers(session, partial(people.chats_of, session))
        self._others: list[Reply] = []

    @property
    def today(self) -> date:
        """The local day."""
        return self.now.date()

    @property
    def who(self) -> str:
        """The person's name, as the history shows it."""
        return self.account.name or self.account.account_id

    def choices(self, plan_id: str, unit_id: int | None = None) -> Choices:
        """The rules that hold for a plan and a unit."""
        return self._book.of(plan_id, unit_id)

    # ---- rights

    @property
    def is_private_admin(self) -> bool:
        """Whether an admin reads this alone: names and accounts are shown to nobody else."""
        return self.account.role is AccountRole.ADMIN and not self.incoming.is_group

    def check_scope(self, plan_id: str) -> None:
        """Raises UserError where this chat is scoped to other plans; it does not tell which there are."""
        plan_desk.check_scope(plan_id, tuple(self.chat.plan_ids) or None)

    def office_of(self, version: PlanVersion) -> int | None:
        """The unit that supervises a plan."""
        return self._receivers.office(version, self.choices(version.plan_id))

    def may_decide(self, version: PlanVersion) -> bool:
        """Whether this person is an admin, or speaks in the chat of the supervising office."""
        if self.account.role is AccountRole.ADMIN:
            return True
        return self.chat.unit_id is not None and self.chat.unit_id == self.office_of(version)

    def speaks_for(self, item: Item) -> tuple[Reminder, ...]:
        """Those reminders of an item whose unit this chat stands for, and which owes it still."""
        own = tuple(r for r in item.reminders if r.unit_id == self.chat.unit_id)
        if own and item.task is not None:
            owing = debtors_of_task(self.session, item.task)
            own = own if self.chat.unit_id in {debtor.unit_id for debtor in owing} else ()
        return own or (item.reminders if self.may_decide(item.version) else ())

    # ---- the history

    def progress_of(self, items: Iterable[Item]) -> Progress:
        """What was said of some items."""
        return Progress(self.session, lineages={i.reminders[0].lineage for i in items})

    def matter(self, item: Item, reminder: Reminder) -> Matter:
        """What one unit owes."""
        units = deciding_units(item.task.responsibilities) if item.task else frozenset[int]()
        return Matter(
            reminder.plan_id, reminder.lineage, reminder.timing_key, reminder.occurrence_on,
            reminder.unit_id, units,
        )  # fmt: skip

    def record(
        self, item: Item, reminder: Reminder, kind: EventKind, *, text: str = "",
        until_on: date | None = None, of_the_day: bool = False,
    ) -> TaskEvent:  # fmt: skip
        """A step of what a reminder spoke of; `of_the_day` holds for its one day in any case."""
        own = kind is EventKind.DONE or reminder.unit_id == self.chat.unit_id
        return ledger.record_event(
            self.session, reminder, kind, by=self.incoming.by, by_name=self.account.name, at=self.now,
            # what the supervising office says in its own chat is no answer of the unit
            unit_id=reminder.unit_id if own else self.chat.unit_id,
            timing_key=reminder.timing_key,
            occurrence_on=reminder.occurrence_on if item.recurs or of_the_day else None,
            text=text, until_on=until_on,
        )  # fmt: skip

    # ---- replies

    def tell_deciders(
        self, version: PlanVersion, rows: tuple[str, ...], buttons: Rows, *, to_office: str
    ) -> bool:
        """Ask the admins and the supervising office; False when none of them can be reached.

        `to_office` is what the office reads in place of the first row, which names a person.
        """
        office = self.office_of(version)
        admins = [(platform, chat_id) for _, platform, chat_id in people.admin_chats(self.session)]
        found = people.chats_of(self.session, [office]).get(office, []) if office else []
        chats = dict.fromkeys(admins, rows[0])
        for chat in found:
            if hears(chat, version.plan_id):
                chats.setdefault(chat, to_office)
        for (platform, chat_id), first in chats.items():
            message = Outgoing(chat_id, (first, *rows[1:]), buttons=buttons)
            self._others.append((platform, message))
        return bool(chats)

    def tell_unit(self, plan_id: str, unit_id: int | None, *rows: str) -> None:
        """Tell the chats of a unit that hear of a plan what was decided; not the one where it is said."""
        if unit_id is None:
            return
        here = (self.incoming.platform, self.incoming.chat_id)
        for chat in people.chats_of(self.session, [unit_id]).get(unit_id, []):
            platform, chat_id = chat
            if chat != here and hears(chat, plan_id):
                self._others.append((platform, Outgoing(chat_id, rows)))

    def asks(self, verb: str, *rows: str) -> list[Reply]:
        """Ask this person for what an answer lacks, and say how it is to be sent."""
        how = expecting.how_to_send(verb, self.incoming, self._only_mentions)
        return self.replies(*rows, how)

    def replies(
        self, *rows: str, buttons: Rows = (), message: Outgoing | None = None
    ) -> list[Reply]:
        """What this chat reads, and then all others."""
        answered = "" if self.incoming.button else self.incoming.message_id
        said = message or Outgoing(self.incoming.chat_id, rows, buttons=buttons, reply_to=answered)
        return [(self.incoming.platform, said), *self._others]
