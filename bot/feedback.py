"""What readers think of answers, and what admins answer where the plans were not understood."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.messages import Button, Incoming
from bot.models import AnswerLog, ApprovedAnswer
from config.errors import UserError
from corpus import ledger
from corpus.models import PlanVersion, VersionState
from corpus.phrases import read_spans
from rag.evaluate import plain
from rag.patterns import FOLLOW, GREETING
from rag.question import Answer, Question
from rag.words import normal, segments

APPROVED = "管理员核定的答复"
A_YEAR = timedelta(days=400)


def record(
    session: Session, incoming: Incoming, question: Question, answer: Answer, at: datetime
) -> AnswerLog | None:
    """Keep an answer, without who asked; None for a greeting."""
    if GREETING.fullmatch(normal(question.text)):
        return None
    cited = dict.fromkeys(citation.plan_id for citation in answer.citations)
    log = AnswerLog(
        at=at, platform=incoming.platform, chat_id=incoming.chat_id, question=question.text,
        key=key_of(question), plan_ids=list(question.plan_ids or cited), unit=question.unit,
        answerable=answer.answerable, text=answer.text, rows=list(answer.rows),
        task_ids=list(dict.fromkeys(c.task_id for c in answer.citations if c.task_id)),
        choices=[asked for _, asked in answer.choices],
    )  # fmt: skip
    session.add(log)
    session.flush()
    return log


def buttons(log: AnswerLog) -> tuple[Button, ...]:
    """What a reader may press to say what an answer was worth."""
    return Button("有用", f"good:{log.id}", True), Button("没用", f"bad:{log.id}", True)


def rate(session: Session, incoming: Incoming, log_id: int, good: bool) -> bool:
    """Keep what a reader pressed, the last time counts; False when the answer isn't of this chat."""
    log = session.get(AnswerLog, log_id)
    if log is None or (log.platform, log.chat_id) != (incoming.platform, incoming.chat_id):
        return False
    log.good = good
    session.add(log)
    return True


# ---- approved answers


def key_of(question: Question) -> str:
    """The same for the same words in the same scope by the same unit.

    A question that leans on the one before it is the same only after the same one.
    """
    text = normal(question.text)
    leans = FOLLOW.search(text) or sum(map(len, segments(text))) <= 4
    words = [*(question.history[-1:] if leans else ()), text]
    bare = ["".join(c for c in plain(one) if c.isalnum()) for one in words]
    scope = sorted(question.plan_ids or ())
    return hashlib.sha256(repr((bare, scope, question.unit or "")).encode()).hexdigest()


def approved(session: Session, question: Question) -> Answer | None:
    """What an admin answered to this question, while the versions it was tied to are in force."""
    found = session.exec(
        select(ApprovedAnswer).where(ApprovedAnswer.key == key_of(question))
    ).first()
    if found is None or not (versions := _still_in_force(session, found)):
        return None
    titles = "、".join(f"《{version.title}》" for version in versions)
    return Answer((found.text, f"（{APPROVED}，依{titles}，{found.at.date().isoformat()}）"), True)


def _still_in_force(session: Session, found: ApprovedAnswer) -> list[PlanVersion]:
    """The versions that an approved answer is tied to; none when one of them is not in force."""
    versions = [session.get(PlanVersion, id_) for id_ in found.version_ids]
    live = [v for v in versions if v is not None and v.state is VersionState.IN_FORCE]
    return live if len(live) == len(versions) else []


def approve(
    session: Session, log_id: int, text: str, *, by: str, at: datetime, plan_id: str | None = None
) -> ApprovedAnswer:
    """Answer a kept question once, tied to the plan versions that are in force now.

    Raises UserError when the question is unknown, changes its meaning with the day, or names no plan.
    """
    log = session.get(AnswerLog, log_id)
    if log is None:
        raise UserError(f"没有编号为{log_id}的问题。编号见 duban questions list。")
    if not text.strip():
        raise UserError("请写明答复。")
    if _moves_with_the_day(log.question, at):
        raise UserError(f"“{log.question}”问的日子随提问的日期变化，不能用一个固定的答复。")
    plan_ids = [plan_id] if plan_id else log.plan_ids
    if not plan_ids:
        raise UserError("这个问题没有限定方案。请用 --plan 写明答复所依据的方案。")
    versions = []
    for one in plan_ids:
        ledger.known_plan(session, one)
        version = ledger.version_in_force(session, one)
        if version is None:
            raise UserError(f"“{one}”没有在执行的版本，答复无从依据。")
        versions.append(version)
    found = session.exec(select(ApprovedAnswer).where(ApprovedAnswer.key == log.key)).first()
    if found is None:
        found = ApprovedAnswer(
            key=log.key, question=log.question, text="", version_ids=[], by=by, at=at
        )
    found.text, found.by, found.at = text.strip(), by, at
    found.version_ids = [version.id for version in versions if version.id is not None]
    session.add(found)
    session.flush()
    return found


def withdraw(session: Session, log_id: int) -> ApprovedAnswer:
    """Take an approved answer back; raises UserError when the question has none."""
    log = session.get(AnswerLog, log_id)
    found = (
        log and session.exec(select(ApprovedAnswer).where(ApprovedAnswer.key == log.key)).first()
    )
    if not found:
        raise UserError(f"编号为{log_id}的问题没有核定的答复。")
    session.delete(found)
    return found


def _moves_with_the_day(text: str, at: datetime) -> bool:
    """Whether the words mean other days when they are said later: 本月, 明年."""
    now, later = (
        [(r.start, r.end) for r in read_spans(normal(text), day)]
        for day in (at.date(), (at + A_YEAR).date())
    )
    return now != later


# ---- what is open


@dataclass(frozen=True, slots=True)
class Open:
    """A question that waits for an admin, the same asked several times counted as one."""

    id: int  # of its last answer
    question: str
    plan_ids: tuple[str, ...]
    unit: str | None
    times: int
    disliked: int
    answerable: bool
    last_at: datetime


def open_questions(session: Session, *, unanswered: bool, disliked: bool) -> list[Open]:
    """Questions that got no answer, or one that somebody disliked; by plan, unit, and how often."""
    logs = session.exec(
        select(AnswerLog)
        .where(col(AnswerLog.answerable).is_(False) | col(AnswerLog.good).is_(False))
        .order_by(col(AnswerLog.id))
    ).all()
    settled = {
        found.key
        for found in session.exec(select(ApprovedAnswer))
        if _still_in_force(session, found)
    }
    same: dict[str, list[AnswerLog]] = {}
    for log in logs:
        if log.key not in settled and (
            (unanswered and not log.answerable) or (disliked and log.good is False)
        ):
            same.setdefault(log.key, []).append(log)
    found = [_open(group) for group in same.values()]
    return sorted(found, key=lambda o: (o.plan_ids, o.unit or "", -o.times, -o.id))


def _open(logs: Iterable[AnswerLog]) -> Open:
    logs = list(logs)
    last = logs[-1]
    assert last.id is not None
    return Open(
        last.id, last.question, tuple(last.plan_ids), last.unit, len(logs),
        sum(log.good is False for log in logs), last.answerable, last.at,
    )  # fmt: skip
