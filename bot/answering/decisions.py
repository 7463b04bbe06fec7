"""What admins and the supervising office decide on what units asked for: 办结, 延期, 退回."""

from datetime import date

from sqlmodel import Session, col, select

from bot.answering.buttons import AGREE, KEEP, MOVE
from bot.answering.talk import Talk
from bot.naming import row_name
from bot.rows import find_row
from config.errors import UserError
from corpus import ledger
from corpus.models import EventKind, PlanVersion, Responsibility, Task, TaskEvent
from corpus.naming import short
from corpus.values import Role
from rag.phrasing import chinese_day
from reminders.debtors import debtors_of_task
from reminders.owed import owed_between
from reminders.reports import windows_on

Rows = tuple[str, ...]

_GRANTED = {
    EventKind.COMPLETION_ASKED: EventKind.DONE,
    EventKind.EXTENSION_ASKED: EventKind.EXTENSION_GRANTED,
}
_REFUSED = {
    EventKind.COMPLETION_ASKED: EventKind.COMPLETION_REFUSED,
    EventKind.EXTENSION_ASKED: EventKind.EXTENSION_REFUSED,
}
ONLY_DECIDERS = "只有管理员或督办单位可以决定。"
GONE = "这个申请已不存在。"


def decide(talk: Talk, verb: str, event_id: int) -> Rows:
    """Carry out a press on one of the buttons under what a unit asked for."""
    # locked: of two who press at once the second one hears that it is decided
    asked = talk.session.exec(
        select(TaskEvent).where(TaskEvent.id == event_id).with_for_update()
    ).first()
    fits = (EventKind.RETURNED,) if verb in (MOVE, KEEP) else tuple(_GRANTED)
    if asked is None or asked.kind not in fits:
        return (GONE,)
    version = ledger.version_to_show(talk.session, asked.plan_id)
    if not talk.may_decide(version):
        return (ONLY_DECIDERS,)
    settled = talk.session.exec(select(TaskEvent).where(TaskEvent.decides == asked.id)).first()
    if settled is not None:
        who = f"由{settled.by_name or settled.by}" if talk.is_private_admin else ""
        return (f"这个申请已{who}处理过了。",)
    task = task_of(talk.session, version, asked.lineage)
    name = short(task.name) if task else "已不在方案中的任务"
    if verb == MOVE:
        return (how_to_move(talk.session, version, task, asked.unit_id),)
    if verb == KEEP:
        _settle(talk, asked, EventKind.RETURN_SETTLED, "维持原单位")
        talk.tell_unit(
            asked.plan_id, asked.unit_id, f"退回未获同意，仍由贵单位办理：{name}。恢复提醒。"
        )
        return (f"已维持原单位：{name}。",)
    if verb == AGREE:
        return (_agree(talk, asked, name),)
    _settle(talk, asked, _REFUSED[asked.kind], "")
    if asked.kind is EventKind.COMPLETION_ASKED:
        talk.tell_unit(
            asked.plan_id, asked.unit_id, f"办结申请被退回，请继续办理：{name}。恢复提醒。"
        )
        return (f"已退回办结申请：{name}。",)
    talk.tell_unit(asked.plan_id, asked.unit_id, f"延期申请未获同意，仍按原时限办理：{name}。")
    return (f"已答复不同意延期：{name}。",)


def _agree(talk: Talk, asked: TaskEvent, name: str) -> str:
    if asked.kind is EventKind.COMPLETION_ASKED:
        _settle(talk, asked, EventKind.DONE, asked.text)
        talk.tell_unit(asked.plan_id, asked.unit_id, f"办结已确认：{name}。此项不再提醒。")
        return f"已确认办结：{name}。"
    assert asked.until_on is not None
    moved = _moved(talk, asked)
    if moved is None:
        _settle(talk, asked, EventKind.EXTENSION_REFUSED, "时限已变更")
        talk.tell_unit(
            asked.plan_id, asked.unit_id,
            f"时限已变更，延期申请不再适用；仍需延期的，请重新申请：{name}。",
        )  # fmt: skip
        return f"这一时限已变更，申请不再适用，已请该单位重新申请：{name}。"
    _settle(talk, asked, EventKind.EXTENSION_GRANTED, asked.text, moved)
    day = chinese_day(asked.until_on)
    talk.tell_unit(asked.plan_id, asked.unit_id, f"延期已获同意，新的时限为{day}：{name}。")
    return f"已同意延期至{day}：{name}。"


def _settle(
    talk: Talk, asked: TaskEvent, kind: EventKind, text: str,
    about: tuple[date | None, int | None] | None = None,
) -> None:  # fmt: skip
    """The decision, on the day and of the unit that were asked about, or on what it is about."""
    day, unit_id = about or (asked.occurrence_on, asked.unit_id)
    ledger.record_event(
        talk.session, asked, kind, by=talk.incoming.by, by_name=talk.account.name, at=talk.now,
        unit_id=unit_id, timing_key=asked.timing_key, occurrence_on=day, text=text,
        until_on=asked.until_on, decides=asked.id,
    )  # fmt: skip


def _moved(talk: Talk, asked: TaskEvent) -> tuple[date, int | None] | None:
    """The day in the plan that an extension moves, and of which unit; None if it is owed no more.

    A task is put off for all its units (None), a report for the one that asked.
    """
    assert asked.occurrence_on is not None
    moment = (asked.plan_id, asked.lineage, asked.timing_key, asked.occurrence_on)
    on_its_day = (asked.occurrence_on, asked.occurrence_on)
    for owed in owed_between(talk.session, *on_its_day, lineages=[asked.lineage]):
        if owed.key == moment and not owed.timing.is_report:
            return owed.printed_on, None
    for report in windows_on(talk.session, *moment, talk.core.workdays):
        if report.window.unit_id == asked.unit_id:
            return report.printed_on, asked.unit_id
    return None


def task_of(session: Session, version: PlanVersion, lineage: str) -> Task | None:
    """The task in a version of its plan."""
    return session.exec(
        select(Task).where(Task.version_id == version.id, Task.lineage == lineage)
    ).first()


def how_to_move(
    session: Session, version: PlanVersion, task: Task | None, unit_id: int | None
) -> str:
    """The exact words that give a task to another unit."""
    if task is None:
        return "这项任务已不在方案中，不用改派。"
    role = session.exec(
        select(Responsibility.role).where(
            Responsibility.task_id == task.id, Responsibility.unit_id == unit_id
        )
    ).first()
    field = "配合" if role is Role.SUPPORT else "牵头"
    row = row_words(session, version, task)
    return (
        f"请发（把“应负责的单位”换成单位名称，几个单位用顿号隔开）：\n"
        f"更正 {version.plan_id} {row} {field} 应负责的单位\n"
        f"更正后，退回的单位不再收到{row_name(task) or '此项'}的提醒。"
    )


def row_words(session: Session, version: PlanVersion, task: Task) -> str:
    """第8项 where that names this one row, else its place: #12."""
    if task.no:
        try:
            if find_row(session, version, f"第{task.no}项").id == task.id:
                return f"第{task.no}项"
        except UserError:  # several rows carry the number
            pass
    return f"#{task.seq + 1}"


def settle_moved(talk: Talk) -> None:
    """After a correction: what was returned by a unit that owes it no more is settled."""
    decided = select(TaskEvent.decides).where(col(TaskEvent.decides).is_not(None))
    waiting = talk.session.exec(
        select(TaskEvent).where(
            TaskEvent.kind == EventKind.RETURNED, col(TaskEvent.id).not_in(decided)
        )
    ).all()
    for returned in waiting:
        version = ledger.version_in_force(talk.session, returned.plan_id)
        task = task_of(talk.session, version, returned.lineage) if version else None
        if task is None:
            continue
        owing = {debtor.unit_id for debtor in debtors_of_task(talk.session, task)}
        if returned.unit_id not in owing:
            _settle(talk, returned, EventKind.RETURN_SETTLED, "已改派")
            name = short(task.name)
            talk.tell_unit(returned.plan_id, returned.unit_id, f"已改派，贵单位不再负责：{name}。")
