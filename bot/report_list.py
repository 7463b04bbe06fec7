"""The list of who has not reported: one message in a chat that changes as reports come, and closes itself."""

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import Select

from bot.messages import Outgoing
from config.settings import Settings
from config.workdays import Workdays
from corpus import ledger
from corpus.naming import short
from rag.phrasing import chinese_day
from reminders import periods, reports
from reminders.choices import ChoiceBook
from reminders.decency import Hours
from reminders.models import OutboxMessage, OutboxState, ReportList, ReportWindow
from reminders.owed import OwedWindow
from reminders.receivers import ChatsOf, Receivers, hears

KIND = "report_list"
Group = tuple[str, str, str, date]  # plan, lineage, timing key, due day

POSTED_WITHIN = timedelta(days=3)  # after the due day, where nobody was there to post it on it
KEPT = timedelta(days=60)  # who has not reported by then is followed elsewhere


def post_due(
    session: Session, now: datetime, workdays: Workdays, settings: Settings, chats_of: ChatsOf
) -> int:
    """Post the lists of the reports that are due today to the supervising offices; how many are new.

    Where nobody was there to post one on its day it comes later, and at a decent hour like a reminder.
    """
    today = now.date()
    query = select(ReportWindow).where(
        col(ReportWindow.due_on).between(today - POSTED_WITHIN, today),
        col(ReportWindow.received_on).is_(None),
    )
    groups = {(w.plan_id, w.lineage, w.timing_key, w.due_on) for w in session.exec(query)}
    book, receivers = ChoiceBook(session, settings), Receivers(session, chats_of)
    hours = Hours(now, workdays, settings)
    posted = 0
    for group in sorted(groups):
        plan_id, _, _, due_on = group
        choices = book.of(plan_id)
        found = reports.windows_on(session, *group, workdays)
        decent = hours.when(choices.reminder_workdays_only, due_on + POSTED_WITHIN)
        if now < choices.at(due_on) or decent != now or not found or not _missing(found):
            continue
        office = receivers.office(found[0].version, choices)
        for chat in chats_of([office], "unit").get(office, []) if office else []:
            platform, chat_id = chat
            if hears(chat, plan_id) and _known(session, group, platform, chat_id) is None:
                post(session, group, platform, chat_id, now)
                posted += 1
    return posted


def post(session: Session, group: Group, platform: str, chat_id: str, now: datetime) -> None:
    """Show a list in a chat; one that was shown there before goes on in the new message."""
    row = _known(session, group, platform, chat_id)
    if row is None:
        plan_id, lineage, timing_key, due_on = group
        row = ReportList(
            plan_id=plan_id, lineage=lineage, timing_key=timing_key, due_on=due_on,
            platform=platform, chat_id=chat_id,
        )  # fmt: skip
        session.add(row)
        session.flush()
    row.received, row.is_closed = -1, False  # looked at again once it is sent
    _add(session, row, now)


def has_news(session: Session) -> bool:
    """Whether a list has something to be changed."""
    return bool(session.exec(_with_news().limit(1)).first())


def refresh(
    session: Session, now: datetime, workdays: Workdays, can_edit: Callable[[str], bool]
) -> int:
    """Change the lists whose words have changed since they were sent; how many.

    `can_edit` says whether a platform can change a message. Where it can't, only the end of a list
    is told, in a new message.
    """
    _close_old(session, now.date())
    changed = 0
    for row, received in session.exec(_with_news().with_for_update(skip_locked=True)):
        last = session.get(OutboxMessage, row.outbox_id) if row.outbox_id else None
        if last is None or last.state is OutboxState.PENDING:
            continue  # its words are made when it is sent
        found = reports.windows_on(
            session, row.plan_id, row.lineage, row.timing_key, row.due_on, workdays
        )
        missing = _missing(found)
        is_shown = last.text == "\n".join(list_rows(session, found))
        row.received, row.is_closed = received, not missing
        session.add(row)
        if found and not is_shown and (can_edit(row.platform) or not missing):
            _add(session, row, now, edits=last.platform_message_id or "")
            changed += 1
    return changed


def message(session: Session, waiting: OutboxMessage, workdays: Workdays) -> Outgoing | None:
    """The list as of now; None when its duty is no longer in force."""
    facts = waiting.facts
    due_on = date.fromisoformat(facts["due_on"])
    found = reports.windows_on(
        session, facts["plan"], facts["lineage"], facts["timing_key"], due_on, workdays
    )
    if not found:
        return None
    return Outgoing(waiting.chat_id, list_rows(session, found), edits=facts["edits"])


def list_rows(session: Session, found: Collection[OwedWindow]) -> tuple[str, ...]:
    """未报送：3个单位 and their names, or 全部已报送."""
    if not found:
        return ()
    missing = _missing(found)
    rows = [f"【报送名单】{title_of(next(iter(found)))}"]
    if not missing:
        return (*rows, f"全部已报送：{len(found)}个单位。")
    rows += [f"未报送：{len(missing)}个单位", names_of(session, missing)]
    if came := len(found) - len(missing):
        rows.append(f"已报送：{came}个单位")
    return tuple(rows)


def title_of(owed: OwedWindow) -> str:
    """《方案》 what is reported, of which period, by when."""
    window = owed.window
    period = periods.in_chinese(window.period)
    return (
        f"《{owed.version.title}》{short(owed.text)}（{period}，{chinese_day(window.due_on)}截止）"
    )


def names_of(session: Session, found: Collection[OwedWindow]) -> str:
    """The units of some windows, joined."""
    names = ledger.unit_names(session, {owed.window.unit_id for owed in found})
    return "、".join(names[owed.window.unit_id] for owed in found if owed.window.unit_id in names)


def grouped(found: Collection[OwedWindow]) -> dict[Group, list[OwedWindow]]:
    """The windows of each duty and day together."""
    groups: dict[Group, list[OwedWindow]] = defaultdict(list)
    for owed in found:
        groups[owed.key].append(owed)
    return groups


def _missing(found: Collection[OwedWindow]) -> list[OwedWindow]:
    return [owed for owed in found if owed.window.received_on is None]


def _known(session: Session, group: Group, platform: str, chat_id: str) -> ReportList | None:
    plan_id, lineage, timing_key, due_on = group
    return session.exec(
        select(ReportList).where(
            ReportList.plan_id == plan_id, ReportList.lineage == lineage,
            ReportList.timing_key == timing_key, ReportList.due_on == due_on,
            ReportList.platform == platform, ReportList.chat_id == chat_id,
        )
    ).first()  # fmt: skip


def _with_news() -> Select[ReportList, Any]:
    """Selects the open lists of which not as many reports have come as they say, and how many."""
    of_list = (
        (col(ReportWindow.plan_id) == ReportList.plan_id)
        & (col(ReportWindow.lineage) == ReportList.lineage)
        & (col(ReportWindow.timing_key) == ReportList.timing_key)
        & (col(ReportWindow.due_on) == ReportList.due_on)
        & col(ReportWindow.received_on).is_not(None)
    )
    count = select(func.count(col(ReportWindow.id))).where(of_list).correlate(ReportList)
    received = count.scalar_subquery()
    return (
        select(ReportList, received)
        .where(col(ReportList.is_closed).is_(False), received != ReportList.received)
        .order_by(col(ReportList.id))
    )


def _close_old(session: Session, today: date) -> None:
    query = select(ReportList).where(
        col(ReportList.is_closed).is_(False), col(ReportList.due_on) < today - KEPT
    )
    for row in session.exec(query):
        row.is_closed = True
        session.add(row)


def _add(session: Session, row: ReportList, now: datetime, edits: str = "") -> None:
    """The next state of a list into the outbox; the one before it names it, so that it is but once."""
    waiting = OutboxMessage(
        dedup_key=f"{KIND}:{row.id}:{row.outbox_id or 0}", kind=KIND, platform=row.platform,
        chat_id=row.chat_id, due_at=now, created_at=now,
        facts={
            "plan": row.plan_id, "lineage": row.lineage, "timing_key": row.timing_key,
            "due_on": row.due_on.isoformat(), "edits": edits,
        },
    )  # fmt: skip
    session.add(waiting)
    session.flush()
    row.outbox_id = waiting.id
    session.add(row)
