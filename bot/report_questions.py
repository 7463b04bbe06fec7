"""Answers who has reported and who has not, from the windows as they stand: 谁还没报送, 县水利局报送了吗."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, select

from bot import people, report_list
from bot.core import Core
from bot.messages import Incoming, Outgoing
from corpus.models import Unit, UnitAlias
from corpus.phrases import describe_span, read_spans
from rag.phrasing import chinese_day
from reminders import reports
from reminders.choices import ChoiceBook
from reminders.owed import OwedWindow
from reminders.receivers import Receivers

# 没报送, 还未上报, 没有交报告; what asks for the rule itself (哪些单位需要报送) says no such thing
_NOT_YET = r"(?:还?没有?|尚未|还?未|仍未|迟迟(?:没有?|未))(?:按时|及时|按期)?(?:报送?|上报|报告|交)"
_WHO = re.compile(
    rf"(?:谁|哪[些几个家]*(?:单位|部门|乡镇|镇街|街道|地方|局)?|还有|有没有|多少(?:个|家)?(?:单位|部门)?)[^，。？?]{{0,10}}{_NOT_YET}"
    rf"|{_NOT_YET}[^，。？?]{{0,8}}(?:有谁|有哪|是谁|是哪|名单|单位|的有)"
    r"|(?:未|没|漏|欠)报送?(?:的)?(?:名单|单位|清单|情况|有哪|有谁|有几|有多少|[？?。]?$)"
    r"|报送情况(?:如何|怎么样|怎样|[？?。]?$)"
)
_WHETHER = re.compile(
    r"(?:报送?|上报|报告交|材料交)(?:了|过|完了?)?(?:没有?|了没有?|了吗|没|吗)[？?。]?$|有没有(?:按时|及时)?(?:报送|上报)(?!要求|制度|规定|义务|时限)|是否(?:已经?|按时|及时)*(?:报送|上报)"
)
_THE_RULE = re.compile(
    r"需要|应当|应该|必须|要报送什么|怎么|如何报|什么时候|何时|几号|哪天|逾期.{0,6}怎|任务|牵头|配合"
)
LONGEST = 60  # characters: a longer text is a question about plans
OF_LATE = timedelta(days=31)
SHOWN = 8  # duties of one answer


def asks(text: str) -> bool:
    """Whether a text asks who has reported, and not what is to be reported when."""
    if len(text) > LONGEST or _THE_RULE.search(text):
        return False
    return bool(_WHO.search(text) or _WHETHER.search(text))


def reply(session: Session, core: Core, incoming: Incoming) -> Outgoing | report_list.Group:
    """The answer, or the reports whose list is the answer once it is posted; nothing is written."""
    today = date.fromisoformat(incoming.stands_at) if incoming.stands_at else core.clock.today()
    own = people.unit_of(session, incoming)
    found = look_up(
        session, core, incoming.text, today, plan_ids=people.scope_of(session, incoming),
        own=units_called(session, incoming.unit) if incoming.unit else [own] if own else [],
    )  # fmt: skip
    if (
        found.list_of
        and not incoming.stands_at
        and _follows(session, core, incoming, found.list_of)
    ):
        return found.list_of.key
    return Outgoing(incoming.chat_id, found.rows, reply_to=incoming.message_id)


@dataclass(frozen=True, slots=True)
class Found:
    """The answer, and of what it is the list, where it is about one report of one day alone."""

    rows: tuple[str, ...]
    list_of: OwedWindow | None = None


def look_up(
    session: Session, core: Core, text: str, today: date, *,
    plan_ids: Collection[str] | None = None, own: Sequence[Unit] = (),
) -> Found:  # fmt: skip
    """Who has reported and who has not; `own` are the asker's units."""
    text = text.strip()
    units = units_in(session, text)
    if not units and _WHETHER.search(text) and not _WHO.search(text):
        units = list(own)
    found, span = _asked_for(session, core, text, today, plan_ids)
    if units:
        ids = {unit.id for unit in units}
        mine = [owed for owed in found if owed.window.unit_id in ids]
        names = "、".join(dict.fromkeys(unit.name for unit in units))
        return Found(_of_units(session, names, mine, span, today))
    late = _late(found, today, span)
    if not late:
        words = f"{span}应报送的都已报送。" if found else f"{span or '目前'}没有要报送的。"
        return Found((words,))
    groups = report_list.grouped(late)
    rows = [f"{span or '目前'}有{len(groups)}项报送没有报齐："]
    for n, (group, missing) in enumerate(list(groups.items())[:SHOWN], 1):
        came = len(reports.windows_on(session, *group, core.workdays)) - len(missing)
        names = report_list.names_of(session, missing)
        rows.append(
            f"{n}. {report_list.title_of(missing[0])}\n未报送：{len(missing)}个单位（{names}）"
            + (f"；已报送：{came}个单位" if came > 0 else "")
        )
    if len(groups) > SHOWN:
        rows.append(f"另有{len(groups) - SHOWN}项，请写明方案、月份或单位再问。")
    return Found(tuple(rows), late[0] if len(groups) == 1 else None)


def units_called(session: Session, name: str) -> list[Unit]:
    """The units that a name means, written as plans write it or nearly so."""
    from rag.names import match_unit, names_of

    printed = match_unit(name, names_of(frozenset(session.exec(select(Unit.name)))))
    return list(session.exec(select(Unit).where(col(Unit.name).in_(printed))))


def units_in(session: Session, text: str) -> list[Unit]:
    """The units that a text names, the longest names first; none that is a part of another's name."""
    names = list(session.exec(select(Unit.name, Unit.id)))
    names += list(session.exec(select(UnitAlias.name, UnitAlias.unit_id)))
    found: dict[int, None] = {}
    for name, unit_id in sorted(names, key=lambda pair: -len(pair[0])):
        if len(name) >= 3 and name in text and unit_id is not None:
            same = [other for other_name, other in names if other_name == name and other]
            found |= dict.fromkeys(same)
            text = text.replace(name, "\n")
    rows = session.exec(select(Unit).where(col(Unit.id).in_(list(found))))
    return list(rows)


def _asked_for(
    session: Session, core: Core, text: str, today: date, plan_ids: Collection[str] | None
) -> tuple[list[OwedWindow], str]:
    """The windows that a text asks about, and the span that it names, "" for none.

    Without a span: what is missing, what is awaited now, and what was due of late.
    """
    days, zone = core.workdays, core.clock.zone
    spans = [one for one in read_spans(text, today) if one.start and one.end]
    if spans and spans[0].start and spans[0].end:
        first, last = spans[0].start, spans[0].end
        due = reports.windows_due(session, first, last, days, plan_ids)
        return reports.without_past(session, due, today, zone), describe_span(first, last)
    missing = reports.missing_reports(session, today, days, zone, plan_ids)
    since, last = today - OF_LATE, today + reports.LONGEST_OPEN
    near = reports.windows_seen(session, since, last, days, plan_ids=plan_ids)
    awaited = [o for o in near if o.window.opens_on <= today <= o.window.due_on]
    past = [o for o in near if o.window.due_on < today]
    came = [o for o in past if reports.state_of(o.window, today) == "received"]
    return [*missing, *awaited, *reversed(came)], ""


def _late(found: list[OwedWindow], today: date, span: str) -> list[OwedWindow]:
    """Those that have not come: in a span all, else the missing ones, or those awaited next."""
    late = [owed for owed in found if reports.state_of(owed.window, today) in ("missing", "open")]
    if span:
        return late
    missing = [owed for owed in late if owed.window.due_on < today]
    next_due = min((owed.window.due_on for owed in late), default=today)
    return missing or [owed for owed in late if owed.window.due_on == next_due]


def _of_units(
    session: Session, names: str, found: list[OwedWindow], span: str, today: date
) -> tuple[str, ...]:
    if not found:
        return (f"{names}{span or '目前'}没有要报送的，或都已报送。",)
    rows = []
    for owed in found:
        window = owed.window
        state = reports.state_of(window, today)
        words = {
            "upcoming": f"还没有开始，{chinese_day(window.opens_on)}起可以报送",
            "open": f"还没有报送，{chinese_day(window.due_on)}截止",
            "missing": f"没有报送，已逾期{(today - window.due_on).days}天",
        }.get(state)
        if words is None and window.received_on is not None:
            late = (window.received_on - window.due_on).days
            words = f"已于{chinese_day(window.received_on)}报送" + (
                f"，逾期{late}天" if late > 0 else ""
            )
        rows.append(
            f"{report_list.names_of(session, [owed])}：{report_list.title_of(owed)}{words}。"
        )
    return tuple(rows[:SHOWN])


def _follows(session: Session, core: Core, incoming: Incoming, owed: OwedWindow) -> bool:
    """Whether this chat gets a list that changes: of an admin, or of the supervising office."""
    if people.is_admin(session, incoming.platform, incoming.account_id):
        return True
    chat = people.find_chat(session, incoming.platform, incoming.chat_id)
    receivers = Receivers(session, lambda *_: {})
    choices = ChoiceBook(session, core.settings).of(owed.version.plan_id)
    office = receivers.office(owed.version, choices)
    return chat is not None and office is not None and chat.unit_id == office
