"""报送 in chat: which report is meant, and what it closes."""

from sqlmodel import Session, select

from bot import people
from bot.answering import buttons, expecting, steps
from bot.answering.answer import NONE_HERE, PROMPTS, WHICH, Answer
from bot.answering.digest import chosen, items
from bot.answering.talk import Reply, Talk
from bot.answering.words import Verb
from corpus.models import Task
from corpus.naming import short
from reminders import reports
from reminders.models import OutboxMessage, ReportDuty, ReportWindow
from reminders.periods import in_chinese

NO_UNIT = "本会话没有绑定单位，不知道是哪个单位报送。请先发：/bind 单位名称"


def report(talk: Talk, message: OutboxMessage | None, answer: Answer) -> list[Reply]:
    """For the window that this chat's unit owes; one that the reminder spoke of before all others."""
    unit = people.unit_of(talk.session, talk.incoming)
    if unit is None or unit.id is None:
        return talk.replies(NO_UNIT)
    core = talk.core
    owed = reports.awaited(talk.session, [unit.id], talk.today, core.workdays, core.clock.zone)
    spoken = [item for item in items(talk.session, message) if item.window] if message else []
    named = [i.window for i in chosen(spoken, answer.said) or spoken if i.window is not None]
    own = {window.id: window for window in named if window.unit_id == unit.id}
    meant = [o for o in owed if o.window.id in own] or owed
    points = talk.incoming.replied_to or talk.incoming.button or answer.said.numbers
    if len(own) == 1 and (points or not owed):
        return reported(talk, next(iter(own)) or 0, answer)  # maybe after one was handed in
    if not owed:
        words = f"{unit.name}目前没有待报送的事项。报告任务的办理情况，请发：进展：……"
        return talk.replies(words)
    if len(meant) == 1:
        return reported(talk, meant[0].window.id or 0, answer)
    if answer.said.text or answer.came:
        expecting.expect(talk.session, talk.incoming, Verb.REPORT, talk.now, said=talk.incoming)
    offered = buttons.windows([(o.window, o.text) for o in meant])
    return talk.replies(WHICH[Verb.REPORT], buttons=offered)


def reported(talk: Talk, window_id: int, answer: Answer) -> list[Reply]:
    """Record a report, or ask for it where nothing was sent yet."""
    window = talk.session.get(ReportWindow, window_id)
    unit = people.unit_of(talk.session, talk.incoming)
    if window is None or unit is None or window.unit_id != unit.id:
        return talk.replies(NONE_HERE)
    title = title_of(talk.session, window)
    if not answer.said.text and not answer.came:
        expecting.expect(talk.session, talk.incoming, Verb.REPORT, talk.now, window_id=window_id)
        asked = f"{in_chinese(window.period)} {short(title)}：{PROMPTS[Verb.REPORT]}"
        return talk.asks(Verb.REPORT, asked)
    rows, event_id = steps.report(talk, window, title, answer.said.text, answer.came)
    expecting.more_files(talk.session, talk.incoming, talk.now, event_id)
    return talk.replies(*rows)


def title_of(session: Session, window: ReportWindow) -> str:
    """What is reported."""
    _, _, duty_id = window.lineage.partition("duty:")
    if duty_id:
        duty = session.get(ReportDuty, int(duty_id))
        return duty.text if duty else ""
    query = select(Task).where(Task.plan_id == window.plan_id, Task.lineage == window.lineage)
    task = session.exec(query.order_by(Task.version_id.desc())).first()  # type: ignore[attr-defined]
    return task.name if task else ""
