"""Puts an answer into the history of what it is about, and says what follows from it."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import select

from bot.answering import buttons, files
from bot.answering.digest import Item
from bot.answering.extending import read_wish
from bot.answering.talk import Talk
from bot.messages import File
from bot.naming import row_name
from corpus.models import EventKind, TaskEvent, Unit
from corpus.naming import short
from rag.phrasing import chinese_day
from reminders import reports
from reminders.models import ReportWindow
from reminders.periods import in_chinese

Rows = tuple[str, ...]

EXTENSION_FORM = "请写明延期到哪一天和原因，例如：申请延期到2022年9月30日，因为设备未到货。"
NOBODY = "目前没有管理员能收到，请另行联系督办单位。"


def acknowledge(talk: Talk, found: Sequence[Item]) -> Rows:
    """收到, once for each person and thing."""
    progress = talk.progress_of(found)
    open_ones, new = 0, 0
    for item in found:
        for reminder in talk.speaks_for(item):
            if progress.is_done(talk.matter(item, reminder), talk.now):
                continue
            open_ones += 1
            if not _said_before(talk, item, EventKind.ACK):
                talk.record(item, reminder, EventKind.ACK)
                new += 1
    if not open_ones:
        return ("这条提醒中的任务都已办结，不用再答复。",)
    if not new:
        return (f"{talk.who}此前已答复“收到”。",)
    return (f"已记录：{talk.who}收到（{len(found)}项）。",)


def complete(talk: Talk, found: Sequence[Item], text: str, came: Sequence[File]) -> Rows:
    """办结, or where the supervising office has the last word the asking for it."""
    progress = talk.progress_of(found)
    rows: list[str] = []
    for item in found:
        for reminder in talk.speaks_for(item):
            matter = talk.matter(item, reminder)
            name = short(item.title)
            if progress.is_done(matter, talk.now):
                rows.append(f"此项已经办结：{name}。")
                continue
            by_office = talk.choices(item.version.plan_id, reminder.unit_id).completion == "office"
            if not by_office or talk.may_decide(item.version):
                event = talk.record(item, reminder, EventKind.DONE, text=text)
                files.keep(talk.session, event.id, came)
                rows.append(f"已记录：{talk.who}报告办结：{name}。此项不再提醒。")
                continue
            if progress.waiting(matter, EventKind.COMPLETION_ASKED, talk.now):
                rows.append(f"此项已申请办结，正等督办单位确认：{name}。")
                continue
            event = talk.record(item, reminder, EventKind.COMPLETION_ASKED, text=text)
            files.keep(talk.session, event.id, came)
            told = _ask_to_decide(talk, item, event, f"申请办结{_quoted(text)}", came)
            rows.append(f"已记录：{talk.who}申请办结：{name}。督办单位确认前暂停提醒。{told}")
    return tuple(dict.fromkeys(rows))


def make_progress(
    talk: Talk, item: Item, text: str, came: Sequence[File]
) -> tuple[Rows, int | None]:
    """进展 with its text and files; beside the words the step that further files may go to."""
    event = None
    for reminder in talk.speaks_for(item):
        event = talk.record(item, reminder, EventKind.PROGRESS, text=text)
        files.keep(talk.session, event.id, came)
    row = f"已记录进展：{short(item.title)}{_quoted(text)}{_attached(came)}"
    return (row,), event.id if event else None


def ask_extension(talk: Talk, item: Item, text: str) -> tuple[Rows, bool]:
    """申请延期 to a day, with a reason; beside the words whether all that it needs was said."""
    wish = read_wish(text, item.due_on, talk.today)
    if wish.until_on is None:
        return (EXTENSION_FORM,), False
    if wish.until_on <= max(item.due_on, talk.today):
        when = f"原定{chinese_day(item.due_on)}，延期后的日期应在此之后，不能是{chinese_day(wish.until_on)}。"
        return (f"{when}{EXTENSION_FORM}",), False
    if len(wish.reason) < 2:
        return (f"请写明延期到{chinese_day(wish.until_on)}的原因。",), False
    reminder = talk.speaks_for(item)[0]
    progress = talk.progress_of([item])
    if progress.is_done(talk.matter(item, reminder), talk.now):
        return (f"此项已经办结，不用延期：{short(item.title)}。",), True
    if progress.waiting(talk.matter(item, reminder), EventKind.EXTENSION_ASKED, talk.now):
        return ("此项已申请延期，正等管理员决定。",), True
    event = talk.record(
        item, reminder, EventKind.EXTENSION_ASKED, text=wish.reason, until_on=wish.until_on,
        of_the_day=True,
    )  # fmt: skip
    day = chinese_day(wish.until_on)
    words = f"申请从{chinese_day(item.due_on)}延期到{day}，原因：{wish.reason}"
    told = _ask_to_decide(talk, item, event, words + _past_the_plan(item, wish.until_on), ())
    row = f"已记录：{talk.who}申请延期到{day}，原因：{wish.reason}。同意之前仍按原时限提醒。{told}"
    return (row,), True


def give_back(talk: Talk, item: Item, text: str) -> Rows:
    """退回: the unit says that it is not theirs, and an admin decides."""
    progress = talk.progress_of([item])
    rows: list[str] = []
    for reminder in talk.speaks_for(item):
        waiting = progress.waiting(talk.matter(item, reminder), EventKind.RETURNED, talk.now)
        if waiting is not None and waiting.unit_id == reminder.unit_id:
            rows.append("此项已经退回，正等管理员处理。")
            continue
        event = talk.record(item, reminder, EventKind.RETURNED, text=text)
        told = _ask_to_decide(talk, item, event, f"退回，原因：{text}", (), is_return=True)
        rows.append(
            f"已记录：{talk.who}退回：{short(item.title)}，原因：{text}。处理之前暂停提醒。{told}"
        )
    return tuple(dict.fromkeys(rows))


def report(
    talk: Talk, window: ReportWindow, title: str, text: str, came: Sequence[File]
) -> tuple[Rows, int | None]:
    """报送 for a window, which it closes; a further one is kept beside the first."""
    again = window.received_on is not None
    event = reports.receive(
        talk.session, window.id or 0, on=talk.today, at=talk.now, by=talk.incoming.by,
        by_name=talk.account.name, text=text,
    )  # fmt: skip
    files.keep(talk.session, event.id, came)
    late = (
        ""
        if again or talk.today <= window.due_on
        else f"（逾期{(talk.today - window.due_on).days}天）"
    )
    head = "已补充报送" if again else "已收到报送"
    unit = talk.session.get(Unit, window.unit_id)
    row = f"{head}：{unit.name if unit else ''} {in_chinese(window.period)} {short(title)}{late}{_quoted(text)}{_attached(came)}"
    return (row,), event.id


# ---- words


def _ask_to_decide(
    talk: Talk, item: Item, event: TaskEvent, words: str, came: Sequence[File], *,
    is_return: bool = False,
) -> str:  # fmt: skip
    """Tell those who decide; what to add for the unit when there are none."""
    unit = talk.session.get(Unit, event.unit_id)
    row = row_name(item.task) if item.task else ""
    name, asked = unit.name if unit else "", f"{words}{_attached(came)}"
    told = talk.tell_deciders(
        item.version,
        (
            f"【待处理】{name}（{talk.who}）{asked}",
            short(item.title, 80),
            f"出处：《{item.version.title}》{row}",
        ),
        buttons.to_decide(event.id, is_return=is_return, has_files=bool(came)),
        to_office=f"【待处理】{name}{asked}",
    )
    return "" if told else NOBODY


def _said_before(talk: Talk, item: Item, kind: EventKind) -> bool:
    """Whether this very person said it of this very day."""
    first = item.reminders[0]
    query = select(TaskEvent.id).where(
        TaskEvent.plan_id == first.plan_id, TaskEvent.lineage == first.lineage,
        TaskEvent.timing_key == first.timing_key, TaskEvent.kind == kind, TaskEvent.by == talk.incoming.by,
    )  # fmt: skip
    if item.recurs:
        query = query.where(TaskEvent.occurrence_on == first.occurrence_on)
    return talk.session.exec(query).first() is not None


def _past_the_plan(item: Item, until_on: date) -> str:
    end = item.version.period_end_on
    return f"（超出方案执行期，执行期到{chinese_day(end)}）" if end and until_on > end else ""


def _quoted(text: str) -> str:
    return f"：{text}" if text else ""


def _attached(came: Sequence[File]) -> str:
    return f"（附件：{'、'.join(file.name for file in came)}）" if came else ""
