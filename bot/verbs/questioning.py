"""Questions that wait for an admin, in the terminal: which they are, and one answer for good."""

from collections.abc import Iterator
from dataclasses import asdict

from bot import feedback
from bot.core import Core
from bot.verbs import as_json
from config.database import reading, writing


def questions_list(
    core: Core, *, unanswered: bool = False, disliked: bool = False, json: bool = False
) -> Iterator[str]:
    """What was not answered, and what was disliked; both when neither is named."""
    either = unanswered or disliked
    with reading(core.engine) as session:
        found = feedback.open_questions(
            session, unanswered=unanswered or not either, disliked=disliked or not either
        )
    if json:
        yield as_json(
            [asdict(one) | {"last_at": one.last_at.astimezone(core.clock.zone).isoformat(timespec="seconds")}
             for one in found]
        )  # fmt: skip
        return
    heading = None
    for one in found:
        group = f"{'、'.join(one.plan_ids) or '未涉及方案'}  {one.unit or '未注明单位'}"
        if group != heading:
            yield group
            heading = group
        marks = [f"问过{one.times}次", "已回答" if one.answerable else "未找到"]
        marks += [f"没用{one.disliked}次"] * bool(one.disliked)
        yield f"  {one.id}  {one.question}（{'，'.join(marks)}）"
    if not found:
        yield "没有待答复的问题。"


def questions_answer(core: Core, *, id: int, text: str, plan: str | None = None) -> Iterator[str]:
    """Answer a question once and for all who ask it again."""
    with writing(core.engine) as session:
        found = feedback.approve(session, id, text, by="cli", at=core.now(), plan_id=plan)
    yield f"已核定。再问“{found.question}”时这样回答，方案换了版本就不再用。"


def questions_withdraw(core: Core, *, id: int) -> Iterator[str]:
    """Take an approved answer back."""
    with writing(core.engine) as session:
        found = feedback.withdraw(session, id)
    yield f"已撤回。再问“{found.question}”时重新按方案回答。"
