"""What the rules will send between two days, asked ahead of time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from sqlmodel import Session

from config.errors import UserError
from config.settings import Settings
from config.workdays import Workdays
from corpus import ledger
from reminders.asking import Ask, Asker, reach
from reminders.choices import ChoiceBook
from reminders.history import History
from reminders.owed import Thing, owed_between, row_id
from reminders.receivers import ChatsOf, Receivers
from reminders.reports import windows_ahead
from reminders.rules import Due
from reminders.told import LONG_AGO, Told

log = structlog.get_logger()


@dataclass(slots=True)
class PlannedReminder:
    """What would be told of one plan to one unit, or of it to those above, by one rule for one due day."""

    at: datetime
    unit_id: int
    unit: str
    rule: str
    plan_id: str
    due_on: date
    owed: list[Thing] = field(default_factory=list)
    text: str = ""
    receiver: str = "unit"
    told: str = ""  # the unit whose chat hears it; "" when nobody knows which
    asked_on: date | None = None  # when the unit was or would be first reminded
    unreachable: bool = False  # it stands for units that the directory does not name

    def to_json(self) -> dict[str, Any]:
        """The form that `duban reminders preview --json` prints."""
        tasks = {(o.task.part, o.task.no, o.task.id): None for o in self.owed if o.task}
        return {
            "at": self.at.isoformat(), "unit": self.unit, "rule": self.rule, "plan": self.plan_id,
            "tasks": [{"part": part, "no": no} for part, no, _ in tasks],
            "due": self.due_on.isoformat(), "text": self.text,
        }  # fmt: skip


def preview(
    session: Session, start: date, end: date, workdays: Workdays, settings: Settings, *,
    today: date, unit: str | None = None, plan_id: str | None = None, version_id: int | None = None,
    chats_of: ChatsOf = lambda units, purpose: {}, changed: dict[str, Any] | None = None,
    text_of: Callable[[PlannedReminder], str],
) -> list[PlannedReminder]:  # fmt: skip
    """Every reminder that would be sent between two local days, whether a chat is bound or not.

    Of the plans in force, or of the plan or version named, whatever its state; to all units, or to those
    named `unit`. Nothing more is answered than has been by now, and the planner is taken to find
    `today` what it has not seen in force yet; `changed` are settings tried out.
    Raises UserError when there is no such plan or unit.
    """
    if plan_id:
        version_id = ledger.version_to_show(session, plan_id).id
    only = {row_id(u.id) for u in ledger.find_units(session, unit)} if unit else None
    if only is not None and not only:
        raise UserError(f"没有叫“{unit}”的单位。duban units list 可看到全部单位。")
    book = ChoiceBook(session, settings, changed)
    asker = Asker(session, book, workdays)
    before, after = reach(book.in_use(), is_report=False)
    things: list[Thing] = list(
        owed_between(
            session, start - timedelta(days=after), end + timedelta(days=before),
            version_id=version_id,
        )
    )  # fmt: skip
    before, after = reach(book.in_use(), is_report=True)
    things += windows_ahead(
        session, start - timedelta(days=after), end + timedelta(days=before), workdays,
        version_id=version_id,
    )  # fmt: skip
    asked = asker.asks(things, start, end, unseen_since=today)
    asks = [a for a in asked if only is None or a.debtor.unit_id in only]
    for year in sorted(asker.missing_years):
        log.warning("reminders.calendar_missing", year=year)
    receivers = Receivers(session, chats_of)
    wanted = list(_sent(session, asks, receivers, start, end))
    names = _unit_names(session, wanted, receivers)
    found: dict[tuple[Any, ...], PlannedReminder] = {}
    for ask, due in wanted:
        told = receivers.unit_of(ask, due.receiver)
        due_on, version = ask.thing.occurrence.due_on, ask.thing.version
        unit_id = ask.debtor.unit_id
        key = (due.at, version.plan_id, unit_id, due.rule, due_on, version.id)
        item = found.setdefault(
            key,
            PlannedReminder(
                due.at, unit_id, names[unit_id], due.rule, version.plan_id, due_on,
                receiver=due.receiver, told=names[told] if told is not None else "",
                asked_on=min((d.at.date() for d in ask.dues if d.receiver == "unit"), default=None),
                unreachable=_stands_alone(ask, receivers),
            ),
        )  # fmt: skip
        item.owed.append(ask.thing)
    items = [found[key] for key in sorted(found)]
    for item in items:
        item.text = text_of(item)
    return items


def _sent(
    session: Session, asks: Sequence[Ask], receivers: Receivers, start: date, end: date
) -> Iterable[tuple[Ask, Due]]:
    """The reminders of a span that the planner would send, as far as is known today."""
    lineages = {ask.thing.key[1] for ask in asks}
    history, told = History(session, lineages), Told(session, lineages)
    receivers.learn(asks, {"unit"})
    for ask in asks:
        if ask.debtor.has_members and not receivers.chats(ask, "unit"):
            continue  # its members hear of it, and for it nobody speaks
        newest: dict[tuple[datetime, str], Due] = {}
        for due in sorted(ask.dues, key=lambda due: due.if_silent):
            if not start <= due.at.date() <= end or ask.why_quiet(history, due.at):
                continue
            since = told.first(ask.key) or LONG_AGO
            if due.if_silent and not ask.is_silent(history, since, due.at):
                continue
            newest[due.at, due.receiver] = due  # of two at one moment one is sent
        yield from ((ask, due) for due in newest.values())


def _stands_alone(ask: Ask, receivers: Receivers) -> bool:
    one = ask.debtor
    return one.is_collective and not one.has_members and not receivers.chats(ask, "unit")


def _unit_names(
    session: Session, wanted: Sequence[tuple[Ask, Due]], receivers: Receivers
) -> dict[int, str]:
    told = {receivers.unit_of(ask, due.receiver) for ask, due in wanted}
    unit_ids = {ask.debtor.unit_id for ask, _ in wanted} | told
    return ledger.unit_names(session, (one for one in unit_ids if one is not None))
