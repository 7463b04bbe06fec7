"""The words of a reminder: one digest for a chat, a section for each rule, as things stand that day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from bot.answering import buttons, digest
from bot.messages import Outgoing
from bot.naming import row_name
from corpus.models import PlanVersion, Task, Timing, Unit
from rag.phrasing import chinese_day
from reminders.models import OutboxMessage
from reminders.owed import OwedWindow
from reminders.periods import in_chinese
from reminders.preview import PlannedReminder
from reminders.rules import receiver_of, rule_named
from reminders.told import Told, moment_of

COUNTED = {
    "escalation": "{}项任务逾期未答复", "overdue": "{}项任务已逾期", "due_today": "{}项任务今天到期",
    "before_deadline": "{}项任务即将到期", "report_missing": "{}项报告逾期未报",
    "report_due": "{}项报告即将到期", "report_opens": "{}项报告开始报送",
}  # fmt: skip
PRESSING = {"escalation", "overdue", "report_missing"}
NUMERALS = "一二三四五六七八九十"
OWN = ("unit", "head")  # who may answer for the unit


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in a digest."""

    number: int
    rule: str  # the step, "before_deadline:7"
    unit: str  # who owes it
    due_on: date
    title: str
    version: PlanVersion
    task: Task | None = None
    timing: Timing | None = None
    period: str = ""  # of a report
    asked_on: date | None = None  # when the unit was first reminded


def reminder_message(session: Session, message: OutboxMessage, now: datetime) -> Outgoing | None:
    """The reminders of one outbox message as of local time `now`; None when none is left."""
    found = digest.items(session, message)
    told = Told(session, {item.reminders[0].lineage for item in found})
    lines = []
    for item in found:
        first = item.reminders[0]
        units = (session.get(Unit, r.unit_id) for r in item.reminders)
        names = dict.fromkeys(unit.name for unit in units if unit is not None)
        asked_at = told.reached((moment_of(first), first.unit_id))
        lines.append(
            Line(
                item.number, first.rule, "、".join(names), item.due_on, item.title, item.version,
                item.task, item.timing, item.window.period if item.window else "",
                asked_at and asked_at.astimezone(now.tzinfo).date(),
            )
        )  # fmt: skip
    if not lines:
        return None
    mine = [i for i, line in zip(found, lines, strict=True) if receiver_of(line.rule) in OWN]
    under = buttons.under(message.id, mine) if mine else ()
    return Outgoing(message.chat_id, digest_rows(lines, now.date()), buttons=under)


def preview_rows(item: PlannedReminder) -> tuple[str, ...]:
    """A reminder that would be sent, as it would read on its day."""
    if item.unreachable:
        why = f"{item.unit}是集体单位，名录里没有成员，也没有绑定会话，不会发出。"
        return (f"【不会发出】{why}请补上成员：duban units export、units import。",)
    lines = []
    for n, owed in enumerate(item.owed, 1):
        window = owed.window if isinstance(owed, OwedWindow) else None
        lines.append(
            Line(
                n, item.rule, item.unit, item.due_on, owed.title, owed.version, owed.task, owed.timing,
                window.period if window else "", item.asked_on,
            )
        )  # fmt: skip
    rows = digest_rows(lines, item.at.date())
    if item.receiver == "unit":
        return rows
    place = {"head": "负责人", "office": "督办单位", "leader": "督办单位的分管领导"}[item.receiver]
    name = f"{item.told or '还没有认定'}"
    return (f"〔发给{place}：{name}〕", *rows)


def digest_rows(lines: Sequence[Line], today: date) -> tuple[str, ...]:
    """All that one chat is told: what the unit owes itself, and below what it should look after."""
    own = [line for line in lines if receiver_of(line.rule) == "unit"]
    rows = [*_own_rows(own, today)] if own else []
    for receiver in ("head", "office", "leader"):
        others = [line for line in lines if receiver_of(line.rule) == receiver]
        if others:
            rows += _other_rows(others, receiver, today)
    return tuple(rows)


def _own_rows(lines: Sequence[Line], today: date) -> Iterable[str]:
    sections = _sections(lines)
    units = "、".join(dict.fromkeys(line.unit for line in lines))
    yield f"【{_heading(sections)}】{units}：有{_counted(sections)}"
    yield from _sectioned(sections, today, named=False)
    ends = ["收到请点“收到”"]
    if any(not line.period for line in lines):
        ends.append("已完成请点“办结”")
    if any(line.period for line in lines):
        ends.append("报送材料请点“报送”")
    yield "，".join(ends) + "；需要延期、不是本单位的，请点“更多”。"


def _heading(sections: dict[str, list[Line]]) -> str:
    if PRESSING & sections.keys():
        return "督办提醒"
    reports_only = all(name.startswith("report_") for name in sections)
    return "报送提醒" if reports_only else "到期提醒"


def _other_rows(lines: Sequence[Line], receiver: str, today: date) -> Iterable[str]:
    sections = _sections(lines)
    counted = _counted(sections)
    if receiver == "head":
        units = "、".join(dict.fromkeys(line.unit for line in lines))
        yield f"【督办提醒】{units}有{counted}，请负责人过问。"
    elif receiver == "office":
        yield f"【督办情况】有{counted}，请督办。"
    else:
        yield f"【督办情况】有{counted}，特此报告。"
    yield from _sectioned(sections, today, named=True)


def _sections(lines: Sequence[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.rule.partition(":")[0], []).append(line)
    return found


def _counted(sections: dict[str, list[Line]]) -> str:
    return "、".join(COUNTED[name].format(len(lines)) for name, lines in sections.items())


def _sectioned(sections: dict[str, list[Line]], today: date, *, named: bool) -> Iterable[str]:
    for numeral, lines in zip(NUMERALS, sections.values(), strict=False):
        if len(sections) > 1:
            yield f"{numeral}、{rule_named(lines[0].rule).LABEL}"
        yield from (_row(line, today, named=named) for line in lines)


def _row(line: Line, today: date, *, named: bool) -> str:
    left = (line.due_on - today).days
    when = "今天到期" if left == 0 else f"还有{left}天" if left > 0 else f"已过{-left}天"
    if line.timing is not None:
        when += f"；原文“{line.timing.text}”"
        when += "，原文有歧义，按较早的理解" if line.timing.ambiguous else ""
    what = f"报送（{in_chinese(line.period)}）" if line.period else ""
    words = [
        f"{line.number}. {f'{line.unit}：' if named else ''}{chinese_day(line.due_on)}到期（{when}）",
        f"{what}{line.title}",
    ]
    if line.rule.startswith("escalation"):
        words.append(_silence(line, named))
    number = f" {row_name(line.task)}" if line.task and row_name(line.task) else ""
    words.append(f"出处：《{line.version.title}》{number.strip()}")
    return "\n".join(words)


def _silence(line: Line, named: bool) -> str:
    if line.asked_on is None:
        return "该单位没有绑定会话，未能提醒到" if named else "尚未收到答复"
    since = f"自{chinese_day(line.asked_on)}首次提醒以来"
    return f"{since}没有答复" if named else f"{since}尚未收到贵单位的答复，请尽快反馈进展"
