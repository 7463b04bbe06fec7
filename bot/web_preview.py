"""The page of what would be sent to whom and when, what a change of a rule would change, and a unit's calendar."""

import re
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from bot import people, reminding
from bot.comparing import without
from bot.ledger_calendar import unit_ics
from bot.periodic_messages import Shown, periodic_messages
from bot.web_pages import TEMPLATES
from config.clock import Clock
from config.database import reading
from config.errors import UserError
from config.lists import RECEIVERS
from config.settings import Settings
from config.workdays import Workdays
from corpus import ledger
from corpus.models import PlanVersion, Responsibility, Task, Unit, VersionState
from reminders.choices import NAMES, read_value
from reminders.owed import row_id
from reminders.preview import PlannedReminder, preview
from reminders.rules import rule_named

SPAN = timedelta(days=30)  # shown unless another is asked for
LONGEST = timedelta(days=366)
SHOWN = 300  # reminders of one page
DAY = r"^(20\d\d-\d\d-\d\d)?$"


class Asked(BaseModel):
    """What the page is asked for; empty means all, or the next days."""

    first: str = Field("", alias="from", pattern=DAY)
    last: str = Field("", alias="to", pattern=DAY)
    unit: str = ""
    plan: str = ""
    name: str = ""  # of a setting that is tried out
    value: str = ""

    def span(self, today: date) -> tuple[date, date]:
        """The days asked for, both included; raises UserError for none."""
        try:
            first = date.fromisoformat(self.first) if self.first else today
            last = date.fromisoformat(self.last) if self.last else first + SPAN
        except ValueError:
            raise UserError("没有这一天，请改写日期。") from None
        if not first <= last <= first + LONGEST:
            raise UserError("结束日期应在起始日期之后，最多一年。")
        return first, last


def preview_routes(engine: Engine, clock: Clock, settings: Settings) -> APIRouter:
    """The page, and the calendars."""
    routes = APIRouter()
    workdays = Workdays(settings.home / "holidays")

    @routes.get("/reminders")
    def page(request: Request, asked: Annotated[Asked, Query()]) -> Response:
        with reading(engine) as session:
            facts = _facts(session, asked, clock.today(), workdays, settings)
        return TEMPLATES.TemplateResponse(
            request, "reminders.html", {"today": clock.today(), "asked": asked, **facts}
        )

    @routes.get("/units/{unit_id}.ics")
    def ics(unit_id: int) -> Response:
        with reading(engine) as session:
            unit = session.get(Unit, unit_id)
            if unit is None:
                raise UserError("没有这个单位。")
            content = unit_ics(session, unit, clock.now())
        headers = {"Content-Disposition": f'attachment; filename="unit-{unit_id}.ics"'}
        return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)

    return routes


def _facts(
    session: Session, asked: Asked, today: date, workdays: Workdays, settings: Settings
) -> dict[str, Any]:
    first, last = asked.span(today)
    units = _units(session)
    changed = {asked.name: read_value(asked.name, asked.value)} if asked.name else {}
    ask = partial(
        preview, session, first, last, workdays, settings, today=today, unit=asked.unit or None,
        plan_id=asked.plan or None, chats_of=partial(people.chats_of, session),
        text_of=lambda item: "\n".join(reminding.preview_rows(item)),
    )  # fmt: skip
    found = ask()
    if changed:
        after = ask(changed=changed)
        messages = [_shown(one, "new") for one in without(after, found)]
        messages += [_shown(one, "gone") for one in without(found, after)]
    else:
        messages = [_shown(one) for one in found]
    if not changed and not asked.plan:
        messages += periodic_messages(
            session, first, last, workdays, settings, unit=asked.unit or None
        )
    messages.sort(key=lambda one: (one.at, one.told))
    calendars = [
        (unit_id, f"{place} {name}".strip()) for unit_id, place, name in units if name == asked.unit
    ]
    return {
        "first": first, "last": last, "plans": ledger.versions_in_force(session),
        "units": list(dict.fromkeys(name for *_, name in units)), "calendars": calendars,
        "names": {name: _what(name) for name in NAMES}, "changed": bool(changed), "total": len(messages),
        "days": _by_day(messages[:SHOWN]), "left": max(0, len(messages) - SHOWN),
        "later": _year_after(last, asked),
    }  # fmt: skip


def _year_after(day: date, asked: Asked) -> str:
    """The query of the same preview for the year after the day."""
    span = {"from": day + timedelta(days=1), "to": day + LONGEST}
    return urlencode(span | {"unit": asked.unit, "plan": asked.plan})


def _shown(item: PlannedReminder, mark: str = "") -> Shown:
    place = RECEIVERS[item.receiver]
    told = item.unit if item.receiver == "unit" else f"{place}：{item.told or '还没有认定'}"
    lines = tuple(item.text.split("\n"))
    return Shown(item.at, rule_named(item.rule).LABEL, told, lines, mark)


def _by_day(messages: list[Shown]) -> list[tuple[date, list[Shown]]]:
    days: dict[date, list[Shown]] = {}
    for one in messages:
        days.setdefault(one.at.date(), []).append(one)
    return list(days.items())


def _what(name: str) -> str:
    """A setting in a few words."""
    return re.split("[，；：（]", Settings.model_fields[name].description or name)[0]


def _units(session: Session) -> list[tuple[int, str, str]]:
    """(id, place, name) of the units of the plans in force, those with the most tasks first."""
    query = (
        select(Unit.id, Unit.jurisdiction, Unit.name)
        .join(Responsibility, col(Responsibility.unit_id) == Unit.id)
        .join(Task, col(Task.id) == Responsibility.task_id)
        .join(PlanVersion, col(PlanVersion.id) == Task.version_id)
        .where(PlanVersion.state == VersionState.IN_FORCE)
        .group_by(col(Unit.id), Unit.jurisdiction, Unit.name)
        .order_by(func.count().desc(), Unit.name)
    )
    return [(row_id(unit_id), place, name) for unit_id, place, name in session.exec(query)]
