"""Facts → the Chinese a person reads."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from bot import alarms, reminding
from bot.comparing import Comparison
from bot.messages import Button, Outgoing, Source
from bot.naming import PARTS as PARTS
from bot.naming import row_name as row_name
from corpus import corrections, ledger
from corpus.compare import ROLES as ROLES
from corpus.compare import TaskChange
from corpus.ingest import IngestReport
from corpus.models import Correction, PlanVersion, Task, Timing
from corpus.naming import short
from rag.phrasing import chinese_day
from rag.question import Answer
from reminders.models import OutboxMessage, Reminder
from reminders.preview import PlannedReminder
from reminders.rules import rule_named


def answer_message(chat_id: str, answer: Answer, reply_to: str = "") -> Outgoing:
    """An answer for a chat; its sources go along for platforms that can show them apart."""
    return Outgoing(
        chat_id=chat_id, rows=answer.rows, reply_to=reply_to, suggestions=answer.suggestions,
        sources=tuple(
            Source(c.plan_id, c.plan_title, c.ref, c.quote, c.task_id, c.passage_id)
            for c in answer.citations
        ),
    )  # fmt: skip


def notice(chat_id: str, *rows: str, buttons: tuple[tuple[Button, ...], ...] = ()) -> Outgoing:
    """A few plain lines."""
    return Outgoing(chat_id=chat_id, rows=rows, buttons=buttons)


def outbox_message(session: Session, message: OutboxMessage, now: datetime) -> Outgoing | None:
    """The words for what waits in the outbox, as of local time `now`; None when none are left."""
    if message.kind == "reply":
        return Outgoing.from_json(message.facts["outgoing"])
    if message.kind == "undelivered":
        return alarms.undelivered_notice(session, message)
    if message.kind == "notice":
        buttons = tuple((Button(**button),) for button in message.facts.get("buttons", ()))
        return notice(message.chat_id, *message.facts["text"].split("\n"), buttons=buttons)
    return reminding.reminder_message(session, message, now)


def live_timing(session: Session, reminder: Reminder) -> tuple[PlanVersion, Task, Timing] | None:
    """What a reminder is about, as the version in force has it; None when it is gone."""
    version = ledger.version_in_force(session, reminder.plan_id)
    if version is None:
        return None
    return next(
        (
            (version, task, timing)
            for task, timing in session.exec(
                select(Task, Timing)
                .where(Task.version_id == version.id, Task.lineage == reminder.lineage)
                .where(Timing.task_id == Task.id, Timing.key == reminder.timing_key)
            )
        ),
        None,
    )


# ---- a plan that was taken in


def ingest_rows(report: IngestReport) -> tuple[str, ...]:
    """What was read out of a file, what changed, and what needs a person's eye."""
    if not report.is_new and not report.is_draft:
        return (
            f"《{report.title}》这份文件已经读过（{report.plan_id} 第{report.version}版，"
            f"{STATES[report.state]}），没有变化。",
        )
    parts = (
        "、".join(f"{PARTS.get(part, part)}{n}项" for part, n in report.tasks.items()) or "没有任务"
    )
    rows = [
        f"《{report.title}》（{report.plan_id} 第{report.version}版，{STATES[report.state]}）",
        *([] if report.is_new else ["这份文件已经读过，还没有发布。"]),
        f"读出：{parts}；责任单位{report.units}个，有日期的时限{report.dated}处，指标{report.targets}个。",
    ]
    if report.ambiguous:
        rows.append(
            f"有{report.ambiguous}处时限有歧义，都按较早的一天理解，点“核对”或用 duban plans show {report.plan_id} 逐条查看。"
        )
    if report.changes:
        counts = "、".join(
            f"{label}{n}项"
            for kind, label in CHANGES.items()
            if (n := sum(change.kind == kind for change in report.changes))
        )
        rows.append(f"与在执行的版本相比：{counts}。")
    rows += [f"请核对：{item['text']}{item['where']}" for item in report.review[:10]]
    if len(report.review) > 10:
        rows.append(
            f"另有{len(report.review) - 10}处请核对，点“核对”或用 duban plans show {report.plan_id} 看全部。"
        )
    rows += [f"注意：{note}" for note in report.notes]
    return tuple(rows)


def review_rows(version: PlanVersion) -> tuple[str, ...]:
    """All that a person should look at in a version, and how to put it right."""
    found = [f"{item['text']}{item['where']}" for item in version.review]
    for task in version.tasks:
        name = row_name(task) or f"“{short(task.name, 20)}”"
        found += [
            f"{name}的时限“{t.text}”有歧义，按{chinese_day(t.due_on)}理解"
            for t in task.timings
            if t.ambiguous and t.due_on
        ]
        if not task.responsibilities and task.part in ("main", "continuation"):
            found.append(f"{name}没有读到责任单位")
    head = f"《{version.title}》第{version.number}版"
    if not found:
        return (f"{head}没有需要核对的地方。",)
    rows = [f"{n}. {words}" for n, words in enumerate(found, 1)]
    how = f"读错的可以这样改：更正 {version.plan_id} 第8项 时限 2022-06-30（牵头、配合、标题也一样）。"
    return (f"{head}请核对{len(found)}处：", *rows, how)


def change_rows(changes: Sequence[TaskChange]) -> list[str]:
    """What changed between two versions, a row a task."""
    rows = []
    for change in changes:
        number = f"第{change.no}项 " if change.no else ""
        rows.append(f"【{CHANGES[change.kind]}】{number}{change.title}")
        rows += [
            f"  {f.field}：{f.before or '（无）'} → {f.after or '（无）'}" for f in change.fields
        ]
    return rows


def correction_row(session: Session, found: Correction, zone: ZoneInfo) -> str:
    """#3 leqing-2022 第8项 时限：2022-06-30 → 2022-09-30（陈主任，2022-03-01）"""
    task = session.exec(
        select(Task)
        .where(Task.plan_id == found.plan_id, Task.lineage == found.lineage)
        .order_by(col(Task.version_id).desc())
    ).first()
    where = f" {row_name(task) or short(task.name, 20)}" if task else ""
    undone = f"，{found.undone_at.astimezone(zone):%Y-%m-%d}起不再有效" if found.undone_at else ""
    who = f"{found.by_name or found.by}，{found.at.astimezone(zone):%Y-%m-%d}{undone}"
    return f"#{found.id} {found.plan_id}{where} {corrections.describe(found)}（{who}）"


def comparison_rows(found: Comparison) -> tuple[str, ...]:
    """What changed in the tasks of a plan, and then in its reminders."""
    rows = change_rows(found.changes) or ["两个版本的任务没有差别。"]
    past = f"另有{found.past}条的时间已过，没有列出。" if found.past else ""
    if not found.gained and not found.lost:
        return (*rows, f"今后的提醒没有变化。{past}" if past else "提醒没有变化。")
    rows.append(f"提醒变化：新增{len(found.gained)}条，取消{len(found.lost)}条。{past}")
    rows += [f"＋ {reminder_line(one)}" for one in found.gained]
    rows += [f"－ {reminder_line(one)}" for one in found.lost]
    return tuple(rows)


def reminder_line(one: PlannedReminder) -> str:
    """2022-12-14 09:00 县消防救援大队：第1项（2022年12月15日到期，截止前提醒）"""
    tasks = "、".join(
        dict.fromkeys((o.task and row_name(o.task)) or short(o.title, 20) for o in one.owed)
    )
    label = rule_named(one.rule).LABEL
    return f"{one.at:%Y-%m-%d %H:%M} {one.unit}：{tasks}（{chinese_day(one.due_on)}到期，{label}）"


CHANGES = {"new": "新增", "changed": "变更", "moved": "移位", "gone": "删去"}
STATES = {"draft": "草稿，未发布", "in_force": "在执行", "retired": "已停用", "discarded": "已放弃"}
