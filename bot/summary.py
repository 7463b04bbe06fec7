"""The words of a unit's weekly or monthly digest."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import cast

from sqlmodel import Session

from bot import people
from bot.messages import Outgoing
from bot.naming import row_name
from config.settings import Settings
from config.workdays import Workdays
from corpus.models import Task, Unit
from corpus.naming import short
from corpus.values import Role
from rag.phrasing import chinese_day
from reminders import periods
from reminders.models import OutboxMessage
from reminders.owed import Owed, OwedWindow
from reminders.rules import Digest, periodic_rules
from reminders.summaries import Summary, summary

LISTED = 10  # items of one section; a person still reads it in a chat
TITLE = 60  # characters of an item
NUMERALS = "一二三四"


def message(
    session: Session, waiting: OutboxMessage, now: datetime, workdays: Workdays, settings: Settings
) -> Outgoing | None:
    """The digest as of now; None when there is nothing to say."""
    facts = waiting.facts
    unit = session.get(Unit, facts["unit"])
    if unit is None:
        return None
    chat = people.find_chat(session, waiting.platform, waiting.chat_id)
    rows = digest_rows(
        session, unit, facts["rule"], date.fromisoformat(facts["first"]), now, workdays, settings,
        chat.plan_ids if chat else (),
    )  # fmt: skip
    return Outgoing(waiting.chat_id, rows) if rows else None


def digest_rows(
    session: Session, unit: Unit, name: str, first: date, now: datetime, workdays: Workdays,
    settings: Settings, plan_ids: Collection[str] = (),
) -> tuple[str, ...]:  # fmt: skip
    """The digest of the period that begins on `first`; () when there is nothing to say."""
    rule = cast(Digest, periodic_rules()[name])
    assert unit.id is not None
    found = summary(session, unit.id, rule, first, now, workdays, settings, plan_ids)
    return tuple(_rows(found, unit.name, rule, now.date())) if not found.is_empty else ()


def _rows(found: Summary, unit: str, rule: Digest, today: date) -> Iterator[str]:
    counts = (
        ("已逾期{}项", found.overdue), ("逾期未报送{}份", found.missing),
        (f"{rule.AHEAD}到期{{}}项", found.ahead), (f"{rule.AHEAD}应报送{{}}份", found.reports),
    )  # fmt: skip
    told = "，".join(words.format(len(some)) for words, some in counts if some)
    yield f"【{rule.LABEL}】{unit}：{told or f'{rule.AHEAD}没有到期的任务'}。"
    sections = [
        ("已逾期", [_task(*one, today) for one in found.overdue]),
        ("逾期未报送", [_report(one, today) for one in found.missing]),
        (f"{rule.AHEAD}到期", [_task(*one, today) for one in found.ahead]),
        (f"{rule.AHEAD}应报送", [_report(one, today) for one in found.reports]),
    ]
    shown = [(name, items) for name, items in sections if items]
    number = 0
    for numeral, (name, items) in zip(NUMERALS, shown, strict=False):
        yield f"{numeral}、{name}"
        for item in items[:LISTED]:
            number += 1
            yield f"{number}. {item}"
        if len(items) > LISTED:
            yield f"另有{len(items) - LISTED}项，可问“{unit}有哪些任务到期”。"
    if closed := _closed(found.done, found.reported):
        yield f"{rule.BEFORE}{closed}。"


def _task(owed: Owed, role: Role, today: date) -> str:
    helping = "（配合）" if role is Role.SUPPORT else ""
    doubt = "，原文有歧义，按较早的理解" if owed.timing.ambiguous else ""
    day = owed.occurrence.due_on
    where = f"《{owed.version.title}》{row_name(owed.task)}"
    return f"{chinese_day(day)}到期（{_left(day, today)}{doubt}）{helping}{short(owed.title, TITLE)}——{where}"


def _report(owed: OwedWindow, today: date) -> str:
    window = owed.window
    left = _left(window.due_on, today)
    about = f"{short(owed.title, TITLE)}（{periods.in_chinese(window.period)}）"
    return f"{chinese_day(window.due_on)}截止（{left}）报送{about}——《{owed.version.title}》"


def _closed(done: Sequence[Task], reported: int) -> str:
    names = "、".join(short(task.name, 20) for task in done[:LISTED])
    words = [f"办结{len(done)}项：{names}{'等' if len(done) > LISTED else ''}"] if done else []
    words += [f"报送{reported}份"] if reported else []
    return "；".join(words)


def _left(day: date, today: date) -> str:
    days = (day - today).days
    return "今天到期" if days == 0 else f"还有{days}天" if days > 0 else f"已过{-days}天"
