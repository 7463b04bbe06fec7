"""Reports 报送 in the terminal: what is owed, what is missing, what came, and the duties of admins."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from bot import render
from bot.core import Core
from bot.verbs import as_json
from config.clock import read_day
from config.database import reading, writing
from config.errors import UserError
from corpus import ledger
from corpus.deadlines import DateContext, read_timings
from corpus.models import Touched
from corpus.naming import short
from corpus.values import TimingKind
from reminders import periods, reports
from reminders.debtors import members_of
from reminders.models import ReportDuty
from reminders.owed import OwedWindow, row_id
from reminders.reports import STATES


def reports_list(
    core: Core, *, start: str | None = None, end: str | None = None, unit: str | None = None,
    plan: str | None = None, at: str | None = None, json: bool = False,
) -> Iterator[str]:  # fmt: skip
    """The reports that fall due in a span, by default in the year of the day asked."""
    today = core.now(at).date()
    first = read_day(start) if start else date(today.year, 1, 1)
    last = read_day(end) if end else max(first, date(today.year, 12, 31))
    if last < first:
        raise UserError(f"--to {end} 早于 --from {start or first}。")
    with writing(core.engine) as session:
        plan_ids = _known_plan(session, plan)
        found = reports.windows_due(session, first, last, core.workdays, plan_ids, written=True)
        found = _of_unit(session, found, unit)
        names = ledger.unit_names(session, {owed.window.unit_id for owed in found})
        states = reports.states_on(session, found, today, core.clock.zone)
    if json:
        yield as_json([_to_json(owed, names, states[row_id(owed.window.id)]) for owed in found])
        return
    for owed in found:
        yield _line(owed, names, states[row_id(owed.window.id)])
    yield f"共{len(found)}项报送。"


def reports_missing(
    core: Core, *, unit: str | None = None, plan: str | None = None, at: str | None = None,
    json: bool = False,
) -> Iterator[str]:  # fmt: skip
    """The reports that are past due and have not come."""
    today = core.now(at).date()
    with writing(core.engine) as session:
        plan_ids = _known_plan(session, plan)
        found = reports.missing_reports(
            session, today, core.workdays, core.clock.zone, plan_ids, written=True
        )
        found = _of_unit(session, found, unit)
        names = ledger.unit_names(session, {owed.window.unit_id for owed in found})
    late = {owed.window.id: (today - owed.window.due_on).days for owed in found}
    if json:
        yield as_json(
            [_to_json(o, names, "missing") | {"days_late": late[o.window.id]} for o in found]
        )
        return
    for owed in found:
        yield _line(owed, names, f"已逾期{late[owed.window.id]}天")
    yield f"共{len(found)}项逾期未报。" if found else "没有逾期未报的。"


def reports_submit(core: Core, *, id: int, on: str | None = None, text: str = "") -> Iterator[str]:
    """A report came outside the chat."""
    now = core.clock.now()
    day = read_day(on) if on else now.date()
    with writing(core.engine) as session:
        event = reports.receive(session, id, on=day, at=now, by="cli", text=text)
        due_on = event.occurrence_on
    late = (day - due_on).days if due_on else 0
    yield f"已记录：#{id} 于{day}报送" + (f"，逾期{late}天。" if late > 0 else "。")


def reports_duty_list(core: Core, *, json: bool = False) -> Iterator[str]:
    """The duties that admins set."""
    with reading(core.engine) as session:
        rows = session.exec(select(ReportDuty).order_by(col(ReportDuty.id))).all()
    if json:
        yield as_json(
            [
                {
                    "id": row.id, "text": row.text, "every": row.timing_text, "plan": row.plan_id,
                    "units": row.unit_text.split("、") if row.unit_text else None,
                    "since": row.since_on.isoformat(),
                    "ended": row.ended_on and row.ended_on.isoformat(),
                }
                for row in rows
            ]
        )  # fmt: skip
        return
    for row in rows:
        who = row.unit_text or "各牵头（责任）单位"
        ended = f"，{row.ended_on}后不再报送" if row.ended_on else ""
        yield f"#{row.id} {row.plan_id or '全部方案'}：{who}{row.timing_text}报送“{row.text}”（{row.since_on}起{ended}）"
    if not rows:
        yield "还没有另设的报送要求；方案里写明的报送见 duban reports list。"


def reports_duty_add(
    core: Core, *, text: str, every: str, plan: str | None = None, units: str | None = None,
    at: str | None = None,
) -> Iterator[str]:  # fmt: skip
    """A new duty, from the day asked on."""
    now = core.now(at)
    found = read_timings(every, DateContext(in_prose=False))
    rules = [timing for timing in found if timing.kind is TimingKind.RECURRING and timing.rule]
    if not rules:
        raise UserError(
            f"“{every}”看不出多久报送一次。请写成“每月5日前”“每季度末月25日前”“每周五”这样的说法。"
        )
    names = [
        name.strip() for name in (units or "").replace(",", "、").replace("，", "、").split("、")
    ]
    with writing(core.engine) as session:
        _known_plan(session, plan)
        for name in filter(None, names):
            if not ledger.find_units(session, name):
                raise UserError(f"没有叫“{name}”的单位。duban units list 可看到全部单位。")
        for timing in rules:
            session.add(
                ReportDuty(
                    plan_id=plan, text=text, timing_text=timing.text, rule=timing.rule or "",
                    unit_text="、".join(filter(None, names)), by="cli", at=now, since_on=now.date(),
                )
            )  # fmt: skip
        session.add(Touched(plan_id=plan))
    yield f"已设定：{now.date()}起，{units or '各牵头（责任）单位'}{every}报送“{text}”。"


def reports_duty_end(core: Core, *, id: int, at: str | None = None) -> Iterator[str]:
    """No more reports of a duty after the day asked."""
    today = core.now(at).date()
    with writing(core.engine) as session:
        row = session.get(ReportDuty, id)
        if row is None:
            raise UserError(f"没有编号为{id}的报送要求。duban reports duty list 可看到全部编号。")
        if row.ended_on is not None:
            raise UserError(f"#{id} 已于{row.ended_on}终止。")
        row.ended_on = today
        session.add(row)
        session.add(Touched(plan_id=row.plan_id))
    yield f"#{id} 已终止，{today}以后到期的不再报送。"


def _known_plan(session: Session, plan: str | None) -> list[str] | None:
    return [ledger.known_plan(session, plan).id] if plan else None


def _of_unit(session: Session, found: list[OwedWindow], unit: str | None) -> list[OwedWindow]:
    """Those of one unit, or of the members of a collective one."""
    if not unit:
        return found
    ids = {row.id for row in ledger.find_units(session, unit) if row.id is not None}
    if not ids:
        raise UserError(f"没有叫“{unit}”的单位。duban units list 可看到全部单位。")
    members = members_of(session, ids)
    ids |= {member for some in members.values() for member in some}
    return [owed for owed in found if owed.window.unit_id in ids]


def _to_json(owed: OwedWindow, names: dict[int, str], state: str) -> dict[str, Any]:
    window, task = owed.window, owed.task
    received = state == "received" and window.received_on
    return {
        "id": window.id, "plan": window.plan_id, "part": task.part if task else "report",
        "no": task.no if task else None, "unit": names[window.unit_id], "period": window.period,
        "opens": window.opens_on.isoformat(), "due": window.due_on.isoformat(),
        "state": state,
        "received_on": received.isoformat() if received else None,
    }  # fmt: skip


def _line(owed: OwedWindow, names: dict[int, str], state: str) -> str:
    window = owed.window
    name = render.row_name(owed.task) if owed.task else ""
    late = (window.received_on - window.due_on).days if window.received_on else 0
    words = STATES.get(state, state) + (f"（逾期{late}天）" if late > 0 else "")
    return (
        f"#{window.id} {window.due_on}前 {names[window.unit_id]} {periods.in_chinese(window.period)} {words}"
        f" 《{owed.version.title}》{name}：{short(owed.text)}"
    )
