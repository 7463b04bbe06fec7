"""The weekly and monthly messages to come, as previews show them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, select

from bot import people, summary
from config.settings import Settings
from config.workdays import Workdays
from corpus.models import Unit
from reminders.choices import ChoiceBook
from reminders.owed import row_id
from reminders.periodic import Coming, coming
from reminders.rules import periodic_rules


@dataclass(frozen=True, slots=True)
class Shown:
    """One message on the page."""

    at: datetime
    label: str
    told: str  # who hears it
    lines: tuple[str, ...]
    mark: str = ""  # "new" or "gone" where a change is tried out


def periodic_messages(
    session: Session, first: date, last: date, workdays: Workdays, settings: Settings, *,
    unit: str | None = None,
) -> list[Shown]:  # fmt: skip
    """Those that leave between two days: with their words for one unit, and only counted for all."""
    book = ChoiceBook(session, settings)
    start = datetime.combine(first, time(), book.zone)
    end = datetime.combine(last + timedelta(days=1), time(), book.zone)
    found = coming(session, start, end - timedelta(seconds=1), book, workdays, settings)
    chats = people.chats_of(session, {one.unit_id for one in found})
    if unit:
        named = {row_id(u.id): u for u in session.exec(select(Unit).where(Unit.name == unit))}
        return [
            shown
            for one in found
            if one.unit_id in named
            and (shown := _of_unit(session, one, named[one.unit_id], workdays, settings))
        ]
    together: dict[tuple[datetime, str], int] = {}
    for one in found:
        together[one.at, one.rule] = together.get((one.at, one.rule), 0) + bool(chats.get(one.unit_id))  # fmt: skip
    return [
        Shown(at, periodic_rules()[rule].LABEL, f"{n}个绑定了会话的单位", ())
        for (at, rule), n in together.items()
        if n
    ]


def _of_unit(
    session: Session, one: Coming, unit: Unit, workdays: Workdays, settings: Settings
) -> Shown | None:
    rule = periodic_rules()[one.rule]
    if rule.RECEIVER == "office":
        return Shown(one.at, rule.LABEL, unit.name, ())
    rows = summary.digest_rows(
        session, unit, one.rule, one.period.first, one.at, workdays, settings
    )
    return Shown(one.at, rule.LABEL, unit.name, rows) if rows else None
