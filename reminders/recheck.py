"""Looks again just before a digest is sent: is its reason still there, and is it a decent hour?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from config.settings import Settings
from config.workdays import Workdays
from corpus.progress import EVER, Moment
from reminders.asking import Ask, Asker
from reminders.choices import ChoiceBook
from reminders.decency import Hours
from reminders.history import History
from reminders.models import OutboxMessage, Reminder
from reminders.owed import Thing, owed_between
from reminders.receivers import ChatsOf, Receivers
from reminders.reports import windows_named
from reminders.rules import receiver_of
from reminders.told import LONG_AGO, Told, moment_of

NOT_BOUND = "会话已失效或不再绑定该单位"
NOTHING_TO_SAY = "没有可发的内容"


@dataclass(frozen=True, slots=True)
class Look:
    """What a last look found: with neither, the message goes out now."""

    why: str = ""  # it is not to be sent, in Chinese
    until: datetime | None = None  # it is to be sent later: meanwhile the hour was an indecent one


def recheck(
    session: Session, message: OutboxMessage, now: datetime, workdays: Workdays,
    settings: Settings, chats_of: ChatsOf,
) -> Look:  # fmt: skip
    """Mark the reminders of a digest that have lost their reason; it is sent if one is left.

    It may have waited for its platform, or for us, into the night or a day off. One whose task is
    done, answered, changed or no longer in force, or whose chat is no more the one to tell, becomes "dropped"; one that is too late, or followed by a newer one, "skipped".
    `now` is aware local time.
    """
    query = select(Reminder).where(Reminder.outbox_id == message.id, Reminder.state == "planned")
    reminders = session.exec(query).all()
    if not reminders:
        return Look(NOTHING_TO_SAY)
    asker = Asker(session, ChoiceBook(session, settings), workdays)
    asks = asker.asks(things_of(session, reminders, workdays), now.date(), now.date())
    current: dict[tuple[Moment, int], Ask] = {ask.key: ask for ask in asks}
    history = History(session, {r.lineage for r in reminders})
    receivers = Receivers(session, chats_of)
    told = Told(session, {r.lineage for r in reminders})
    hours = Hours(now, workdays, settings)
    reasons: dict[str, None] = {}
    moments: list[datetime] = []
    for r in reminders:
        ask = current.get((moment_of(r), r.unit_id))
        r.state, found = _look(r, ask, history, receivers, told, hours)
        if r.state == "planned" and _is_followed(session, r, now):
            r.state, found = "skipped", Look("已有更新的提醒")
        session.add(r)
        if r.state == "planned":
            moments.append(found.until or now)
        else:
            reasons[found.why] = None
    if not moments:
        return Look("；".join(reasons))
    # what is urgent takes the others along
    return Look(until=min(moments)) if min(moments) > now else Look()


def things_of(session: Session, reminders: Sequence[Reminder], workdays: Workdays) -> list[Thing]:
    """What some reminders are about, as the plans in force have it now; what is gone is left out."""
    windows = {r.window_id for r in reminders if r.window_id is not None}
    of_tasks = [r for r in reminders if r.window_id is None]
    found: list[Thing] = list(windows_named(session, windows, workdays)) if windows else []
    if of_tasks:
        days = [r.occurrence_on for r in of_tasks]
        wanted = {moment_of(r) for r in of_tasks}
        lineages = {r.lineage for r in of_tasks}
        owed = owed_between(session, min(days), max(days), lineages=lineages)
        found += [one for one in owed if one.key in wanted]
    return found


def _look(
    r: Reminder, ask: Ask | None, history: History, receivers: Receivers,
    told: Told, hours: Hours,
) -> tuple[str, Look]:  # fmt: skip
    """The state of a reminder, and why it is not to be sent, or when."""
    if ask is None:
        return "dropped", Look("在执行的方案中已没有这项责任或时限")
    quiet = ask.why_quiet(history, EVER)
    if quiet:
        return "dropped", Look(quiet)
    due = next((due for due in ask.dues if due.rule == r.rule), None)
    if due is None:
        return "dropped", Look("提醒设置已改")
    if due.if_silent and not ask.is_silent(history, told.first(ask.key) or LONG_AGO, EVER):
        return "dropped", Look("责任单位已答复")
    if (r.platform, r.chat_id) not in receivers.chats(ask, receiver_of(r.rule)):
        return "dropped", Look(NOT_BOUND)
    at = hours.when(ask.choices.reminder_workdays_only, due.useful_to)
    if at is None:
        return "skipped", Look("期限已过")
    return "planned", Look(until=at)


def _is_followed(session: Session, reminder: Reminder, now: datetime) -> bool:
    newer = select(Reminder.id).where(
        Reminder.plan_id == reminder.plan_id,
        Reminder.lineage == reminder.lineage,
        Reminder.timing_key == reminder.timing_key,
        Reminder.occurrence_on == reminder.occurrence_on,
        Reminder.unit_id == reminder.unit_id,
        Reminder.platform == reminder.platform,
        Reminder.chat_id == reminder.chat_id,
        Reminder.state == "planned",
        col(Reminder.at) > reminder.at,
        col(Reminder.at) <= now,  # else by a clock that was wrong
    )
    return session.exec(newer).first() is not None
