"""What is ordered or asked of one task by its number: 不再提醒, 恢复提醒, 重新办理, and its history."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from bot import people
from bot.answering import buttons, files
from bot.answering.buttons import Rows as Buttons
from bot.answering.decisions import row_words, task_of
from bot.answering.digest import chosen, items, meant
from bot.answering.talk import Talk
from bot.answering.words import Said, Verb, is_question
from bot.messages import File
from bot.naming import row_name
from bot.rows import find_row
from config.errors import UserError
from corpus import ledger
from corpus.models import EventKind, PlanVersion, Task, TaskEvent, Unit
from corpus.naming import short
from corpus.progress import deciding_units
from rag.phrasing import chinese_day
from reminders.debtors import debtors_of_task

Rows = tuple[str, ...]

SHOWN = 30  # steps of a history
LABELS = {
    EventKind.ACK: "收到", EventKind.PROGRESS: "进展", EventKind.COMPLETION_ASKED: "申请办结",
    EventKind.COMPLETION_REFUSED: "退回办结申请", EventKind.DONE: "办结",
    EventKind.REOPENED: "重新办理", EventKind.REPORTED: "报送",
    EventKind.EXTENSION_ASKED: "申请延期", EventKind.EXTENSION_GRANTED: "同意延期",
    EventKind.EXTENSION_REFUSED: "不同意延期", EventKind.RETURNED: "退回",
    EventKind.RETURN_SETTLED: "退回已处理", EventKind.MUTED: "不再提醒",
    EventKind.UNMUTED: "恢复提醒",
}  # fmt: skip
_ORDERS = {
    "静音": EventKind.MUTED, "不再提醒": EventKind.MUTED, "恢复提醒": EventKind.UNMUTED,
    "重新办理": EventKind.REOPENED,
}  # fmt: skip
_HISTORY = "历史|进展记录|办理记录|办理过程"
# 第8项, #12, 附件2第8项; beside the plan's name whatever answers call a row by: 附件1（三）
_ROW = r"(?:(?:附[件表录]|专栏)[\d一二三四五六七八九十]*)?第\s*[^\s项条行]+\s*[项条行](?:（[^（）]*）)?|#\d+"
_WHERE = (
    rf"(?:(?P<plan>[a-z0-9][a-z0-9-]*)[\s，,]+(?P<named>{_ROW}|[^\s，,。；;：:]+?"
    rf"(?=的?(?:{_HISTORY})|[\s，,。；;：:]|$))|(?P<row>{_ROW}))"
)
_ORDER = re.compile(
    rf"(?P<word>{'|'.join(_ORDERS)})[\s:：]*{_WHERE}"
    r"(?:[\s，,。；;:：]*(?:因为|由于|因|原因(?:是|为)?[:：]?)?(?P<reason>.*))?",
    re.DOTALL,
)
_ASK_HISTORY = re.compile(
    rf"(?:{_HISTORY})[\s:：]*{_WHERE}[。.\s]*|{_WHERE.replace('?P<', '?P<x_')}的?(?:{_HISTORY})[。.\s]*"
)
_BEGUN = re.compile(rf"(?:{'|'.join(_ORDERS)}|{_HISTORY})(?:[\s:：].*)?", re.DOTALL)
FORM = (
    "请写明方案代号、第几项和原因，例如：\n不再提醒 leqing-2022 第8项，因为机构改革\n"
    "恢复提醒 leqing-2022 第8项\n重新办理 leqing-2022 第8项，因为抽查不合格\n进展记录 leqing-2022 第8项"
)
ONLY_DECIDERS = "这项操作须由管理员或督办单位进行。"
NOT_YOURS = "只有管理员、督办单位和这项任务的单位可以看办理记录。"
NOT_YOUR_FILES = "别的单位的附件，只有管理员、督办单位和牵头、负责单位可以看。"


def is_order(text: str) -> bool:
    """Whether a message orders or asks something of one task by its number."""
    forms = (_ORDER, _ASK_HISTORY, _BEGUN)
    return not is_question(text) and any(form.fullmatch(text.strip()) for form in forms)


def carry_out(talk: Talk, text: str) -> tuple[Rows, Buttons]:
    """What the order did, or the history asked for, and its buttons."""
    text = text.strip()
    try:
        if found := _ASK_HISTORY.fullmatch(text):
            words = {
                name.removeprefix("x_"): value for name, value in found.groupdict().items() if value
            }
            return _history(talk, *_task(talk, words))
        if found := _ORDER.fullmatch(text):
            words = {name: value or "" for name, value in found.groupdict().items()}
            return _order(talk, _ORDERS[words["word"]], words), ()
    except UserError as error:
        return (str(error),), ()
    return (FORM,), ()


def _order(talk: Talk, kind: EventKind, words: dict[str, str]) -> Rows:
    version, task = _task(talk, words)
    if not talk.may_decide(version):
        return (ONLY_DECIDERS,)
    reason = words["reason"].strip(" ，,。；;:：\n")
    where = f"{version.plan_id} {row_words(talk.session, version, task)}"
    if len(reason) < 2 and kind is not EventKind.UNMUTED:
        return (f"请写明原因，例如：{words['word']} {where}，因为……",)
    ledger.record_event(
        talk.session,
        task,
        kind,
        by=talk.incoming.by,
        by_name=talk.account.name,
        at=talk.now,
        text=reason,
    )
    name = f"{row_name(task)} {short(task.name)}".strip()
    if kind is EventKind.MUTED:
        return (f"已记录：不再提醒{name}（原因：{reason}）。", f"如需恢复，请发：恢复提醒 {where}")
    for debtor in debtors_of_task(talk.session, task):
        if kind is EventKind.REOPENED:
            talk.tell_unit(
                version.plan_id, debtor.unit_id, f"以下任务须重新办理：{name}（原因：{reason}）。"
            )
    return (f"已记录：{LABELS[kind]}{name}，到期前照常提醒。",)


def _task(talk: Talk, words: dict[str, str]) -> tuple[PlanVersion, Task]:
    """The task meant: of the plan that is named, else of the reminder that this chat saw last."""
    if words.get("plan"):
        talk.check_scope(words["plan"])
        version = ledger.version_to_show(talk.session, words["plan"])
        return version, find_row(talk.session, version, words["named"])
    row = words["row"]
    message = meant(talk.session, talk.incoming)
    spoken = items(talk.session, message) if message is not None else []
    number = re.fullmatch(r"第\s*(\d+)\s*[项条行]", row)
    said = Said(Verb.ACK, (int(number[1]),), is_row=True) if number else None
    picked = chosen(spoken, said) if said else None
    if picked and picked[0].task is not None:
        talk.check_scope(picked[0].version.plan_id)
        return picked[0].version, picked[0].task
    only = ledger.versions_in_force(talk.session, talk.chat.plan_ids or None)
    if len(only) == 1:
        return only[0], find_row(talk.session, only[0], row)
    raise UserError(FORM)


@dataclass(frozen=True, slots=True)
class _Sight:
    """What a chat sees of the history of a task: who answered when, and whose words and files."""

    unit_id: int | None
    sees_all: bool

    def reads(self, talk: Talk, step: TaskEvent) -> bool:
        """Whether the words and files of a step are for it; a decision is the affair of who asked."""
        asked = talk.session.get(TaskEvent, step.decides) if step.decides else None
        return self.sees_all or (asked or step).unit_id in (None, self.unit_id)


def _sight(talk: Talk, version: PlanVersion, task: Task | None) -> _Sight | None:
    """All for who decides and for who leads or answers for the task, for its other units their own."""
    owing = debtors_of_task(talk.session, task) if task else []
    unit_id = talk.chat.unit_id
    if talk.may_decide(version) or unit_id in deciding_units(d for d in owing if d.through is None):
        return _Sight(unit_id, sees_all=True)
    return _Sight(unit_id, sees_all=False) if unit_id in {d.unit_id for d in owing} else None


def _history(talk: Talk, version: PlanVersion, task: Task) -> tuple[Rows, Buttons]:
    sight = _sight(talk, version, task)
    if sight is None:
        return (NOT_YOURS,), ()
    steps = talk.session.exec(
        select(TaskEvent)
        .where(TaskEvent.plan_id == task.plan_id, TaskEvent.lineage == task.lineage)
        .order_by(col(TaskEvent.id))
    ).all()
    head = f"《{version.title}》{row_name(task)} {short(task.name, 60)}"
    if not steps:
        return (head, "还没有办理记录。"), ()
    attached = files.names(talk.session, [step.id for step in steps])
    read = {step.id for step in steps if sight.reads(talk, step)}
    rows = [
        step_row(talk, step, attached.get(step.id or 0, ()), is_read=step.id in read)
        for step in steps[-SHOWN:]
    ]
    if len(steps) > SHOWN:
        rows.insert(0, f"共{len(steps)}条，以下是最近{SHOWN}条：")
    last = next((s.id for s in reversed(steps) if s.id in attached and s.id in read), None)
    return (head, *rows), buttons.files(last) if last else ()


def step_row(talk: Talk, step: TaskEvent, attached: Sequence[str], is_read: bool) -> str:
    """2022-09-15 09:30 市教育局：进展：已完成80%（附件：照片.jpg）; admins read the person's name as well.

    Its words and files only if it `is_read`.
    """
    at = step.at.astimezone(talk.core.clock.zone)
    unit = talk.session.get(Unit, step.unit_id) if step.unit_id else None
    asker = talk.session.get(TaskEvent, step.decides) if step.decides else None
    told = unit.name if unit and asker is None else ""  # a decision is not the unit's
    person = (step.by_name or step.by) if talk.is_private_admin else "" if told else "督办"
    who = f"{told} {person}".strip()
    until = f"到{chinese_day(step.until_on)}" if step.until_on else ""
    text = f"：{step.text}" if step.text and is_read else ""
    names = f"（附件：{'、'.join(attached)}）" if attached and is_read else ""
    return f"{at:%Y-%m-%d %H:%M} {who}：{LABELS[step.kind]}{until}{text}{names}"


def show_files(talk: Talk, event_id: int) -> tuple[Rows, tuple[File, ...]]:
    """The files of a step, for those who may see its history."""
    step = talk.session.get(TaskEvent, event_id)
    if step is None:
        return ("这个附件已不存在。",), ()
    version = ledger.version_to_show(talk.session, step.plan_id)
    task = task_of(talk.session, version, step.lineage)
    sight = _sight(talk, version, task)
    if sight is None or not people.may_see(talk.session, talk.incoming, [step.plan_id]):
        return (NOT_YOURS,), ()
    if not sight.reads(talk, step):
        return (NOT_YOUR_FILES,), ()
    found = files.load(talk.session, event_id)
    return (f"附件{len(found)}个：{'、'.join(file.name for file in found)}",), found
