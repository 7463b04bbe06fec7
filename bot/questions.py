"""A message as a question: in which scope, by whom and after what; and its answer as a message."""

from dataclasses import replace
from datetime import date, timedelta

from sqlmodel import Session, col, select

from bot import feedback, lists, people, plan_desk, render
from bot.answering.desk import is_answer
from bot.core import Core
from bot.messages import Button, Incoming, Outgoing
from bot.models import AnswerLog, InboxMessage
from config.database import reading
from rag.question import Answer, Question

HISTORY = timedelta(minutes=30)
HISTORY_LENGTH = 4
LONGEST_LABEL = 20  # characters on a button
LONGEST = 1000  # characters; nobody asks more in a chat


def question_of(core: Core, incoming: Incoming, text: str) -> Question:
    """What a message asks, within the scope of its chat; the unit it names goes before the chat's."""
    with reading(core.engine) as session:
        unit = people.unit_of(session, incoming)
        return Question(
            text=text,
            today=_today(core, incoming),
            plan_ids=people.scope_of(session, incoming),
            unit=incoming.unit or (unit.name if unit else None),
            history=_history(session, incoming),
        )


def reply(
    session: Session, core: Core, incoming: Incoming, question: Question, answer: Answer
) -> Outgoing:
    """The answer as a message, kept in the log; a long list begins with its first page."""
    reply_to = "" if incoming.button else incoming.message_id
    message = render.answer_message(incoming.chat_id, answer, reply_to)
    if incoming.text.startswith("/"):
        return message
    log = feedback.record(session, incoming, question, answer, core.clock.now())
    if log is None:
        return message
    choices = tuple(
        (Button(_short(label), f"ask:{log.id}:{n}"),) for n, (label, _) in enumerate(answer.choices)
    )
    shown = lists.page(log, answer.rows, 1)
    tools = (shown.buttons,) if shown.buttons else ()
    return replace(message, rows=shown.rows, buttons=(*choices, *tools, feedback.buttons(log)))


def chosen(session: Session, incoming: Incoming, log_id: int, n: str) -> str | None:
    """The question behind a button that was offered in this chat."""
    log = session.get(AnswerLog, log_id)
    if log is None or (log.platform, log.chat_id) != (incoming.platform, incoming.chat_id):
        return None
    return log.choices[int(n)] if n.isdecimal() and int(n) < len(log.choices) else None


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


def _today(core: Core, incoming: Incoming) -> date:
    if incoming.stands_at:
        return date.fromisoformat(incoming.stands_at)
    return core.clock.today()


def _history(session: Session, incoming: Incoming) -> tuple[str, ...]:
    rows = session.exec(
        select(InboxMessage)
        .where(
            InboxMessage.platform == incoming.platform,
            InboxMessage.chat_id == incoming.chat_id,
            InboxMessage.message_id != incoming.message_id,
            col(InboxMessage.handled_at).is_not(None),
        )
        .order_by(col(InboxMessage.id).desc())
        .limit(HISTORY_LENGTH * 2)
    )
    earlier = [Incoming.from_json(row.incoming) for row in rows]
    questions = [
        one.text.strip()
        for one in earlier
        if one.addressed and one.text and not one.text.startswith("/")
        and not is_answer(one.text) and not lists.wanted_as(one.text)
        and not plan_desk.looks_like_a_correction(one.text)
        and one.account_id == incoming.account_id and incoming.at - one.at < HISTORY
    ]  # fmt: skip
    return tuple(reversed(questions[:HISTORY_LENGTH]))
