"""Readers say what an answer was worth; admins see what is missing, and answer it once."""

from datetime import date, timedelta

import pytest
from small_ledger import Row, add_plan
from sqlalchemy import Engine
from sqlmodel import select
from world import ADMIN, CLERK, World

from bot import feedback
from bot.messages import Incoming
from bot.models import AnswerLog
from bot.verbs import run
from config.clock import Clock
from config.database import reading, writing
from config.errors import UserError
from corpus.values import Role
from rag.question import Answer, Citation, Question

DAY = date(2025, 5, 12)
SILENT = Answer(("未找到：没有能回答的内容。",), False)
RIVERS = "river-2025"


def said(clock: Clock, chat_id: str = "9") -> Incoming:
    return Incoming("web", "m1", chat_id, False, "a1", "", "", clock.now())


def ask(
    engine: Engine, clock: Clock, text: str, answer: Answer = SILENT, *, times: int = 1,
    good: bool | None = None, unit: str | None = None, plans: tuple[str, ...] | None = (RIVERS,),
) -> int:  # fmt: skip
    """Somebody asks and gets `answer`; the number of the last one."""
    question = Question(text, DAY, plans, unit)
    with writing(engine) as session:
        for _ in range(times):
            log = feedback.record(session, said(clock), question, answer, clock.now())
            assert log is not None
            number = log.id or 0
            if good is not None:
                assert feedback.rate(session, said(clock), number, good)
    return number


def approved(engine: Engine, text: str, **given: object) -> str | None:
    question = Question(text, DAY, **{"plan_ids": (RIVERS,), **given})  # type: ignore[arg-type]
    with reading(engine) as session:
        answer = feedback.approved(session, question)
    return answer and answer.text


def waiting(engine: Engine, **given: bool) -> list[tuple[str, int]]:
    with reading(engine) as session:
        wanted = {"unanswered": True, "disliked": True, **given}
        return [(one.question, one.times) for one in feedback.open_questions(session, **wanted)]


@pytest.fixture
def ledger(engine: Engine) -> Engine:
    """One plan in force."""
    rows = [Row("完成12条河道清淤。", {"县水利局": Role.LEAD}, date(2025, 9, 30))]
    with writing(engine) as session:
        add_plan(session, RIVERS, rows, title="清水县河长制工作要点")
    return engine


def test_what_was_not_answered_or_was_disliked_waits_by_plan_and_unit(
    ledger: Engine, clock: Clock
) -> None:
    found = Answer(
        ("9月30日前完成。",), True, (Citation(RIVERS, "", None, "第1项", "完成12条河道清淤。"),)
    )
    ask(ledger, clock, "清淤要花多少钱？", times=2, unit="县水利局")
    ask(ledger, clock, "清淤要花多少钱", unit="县水利局")  # the same words, another mark
    ask(ledger, clock, "清淤什么时候完成？", found, good=False)
    ask(ledger, clock, "河道一共几条？", found, good=True)
    ask(ledger, clock, "河道一共几公里？", found)
    assert waiting(ledger) == [("清淤什么时候完成？", 1), ("清淤要花多少钱", 3)]
    assert waiting(ledger, unanswered=False) == [("清淤什么时候完成？", 1)]
    assert waiting(ledger, disliked=False) == [("清淤要花多少钱", 3)]


def test_a_question_without_scope_is_listed_under_the_plans_that_its_answer_cites(
    ledger: Engine, clock: Clock
) -> None:
    near = Answer(
        ("未找到。",), False, (Citation(RIVERS, "", None, "第1项", "完成12条河道清淤。"),)
    )
    ask(ledger, clock, "清淤要花多少钱？", near, plans=None)
    with reading(ledger) as session:
        (one,) = feedback.open_questions(session, unanswered=True, disliked=False)
    assert one.plan_ids == (RIVERS,)


def test_nobody_who_asked_is_kept(ledger: Engine, clock: Clock) -> None:
    ask(ledger, clock, "清淤要花多少钱？")
    with reading(ledger) as session:
        (row,) = session.exec(select(AnswerLog)).all()
    assert "a1" not in row.model_dump().values()


def test_only_the_chat_that_got_an_answer_rates_it(ledger: Engine, clock: Clock) -> None:
    number = ask(ledger, clock, "清淤要花多少钱？")
    with writing(ledger) as session:
        assert not feedback.rate(session, said(clock, "10"), number, False)
        assert not feedback.rate(session, said(clock), number + 1, False)
        assert feedback.rate(session, said(clock), number, True)


def test_an_approved_answer_holds_for_the_same_question_in_the_same_scope(
    ledger: Engine, clock: Clock
) -> None:
    number = ask(ledger, clock, "清淤要花多少钱？")
    with writing(ledger) as session:
        feedback.approve(session, number, "按县财政局另行下达的预算。", by="cli", at=clock.now())
    text = approved(ledger, " 清淤 要花多少钱 ")
    assert text is not None
    assert text.startswith("按县财政局另行下达的预算。")
    assert feedback.APPROVED in text and "《清水县河长制工作要点》" in text
    assert approved(ledger, "清淤要花多少时间？") is None
    assert approved(ledger, "清淤要花多少钱？", plan_ids=None) is None
    assert approved(ledger, "清淤要花多少钱？", unit="县水利局") is None
    assert waiting(ledger) == []


def test_an_approved_answer_lapses_with_the_version_of_its_plan(
    ledger: Engine, clock: Clock
) -> None:
    number = ask(ledger, clock, "清淤要花多少钱？")
    with writing(ledger) as session:
        feedback.approve(session, number, "按预算。", by="cli", at=clock.now())
    with writing(ledger) as session:
        add_plan(session, RIVERS, [Row("完成15条河道清淤。", {"县水利局": Role.LEAD})])
    assert approved(ledger, "清淤要花多少钱？") is None
    assert waiting(ledger) == [("清淤要花多少钱？", 1)]
    with writing(ledger) as session:  # approved anew, for the new version
        feedback.approve(session, number, "按新预算。", by="cli", at=clock.now())
    assert "按新预算" in (approved(ledger, "清淤要花多少钱？") or "")
    with writing(ledger) as session:
        feedback.withdraw(session, number)
    assert approved(ledger, "清淤要花多少钱？") is None


def test_a_follow_up_is_the_same_only_after_the_same_question(ledger: Engine, clock: Clock) -> None:
    question = Question("那配合的呢？", DAY, (RIVERS,), history=("清淤由谁牵头？",))
    with writing(ledger) as session:
        log = feedback.record(session, said(clock), question, SILENT, clock.now())
        assert log is not None
        (button, _) = feedback.buttons(log)
        number = int(button.data.partition(":")[2])
        feedback.approve(session, number, "没有配合单位。", by="cli", at=clock.now())
    assert approved(ledger, "那配合的呢？", history=("清淤由谁牵头？",))
    assert approved(ledger, "那配合的呢？", history=("巡查由谁牵头？",)) is None
    assert approved(ledger, "那配合的呢？") is None


def test_what_cannot_be_approved_is_told(ledger: Engine, clock: Clock) -> None:
    moving = ask(ledger, clock, "本月要花多少钱？")
    wide = ask(ledger, clock, "全县要花多少钱？", plans=None)
    dated = ask(ledger, clock, "2025年9月底前要花多少钱？")
    with writing(ledger) as session:
        for number, words in ((moving, "随提问的日期变化"), (wide, "--plan"), (999, "没有编号")):
            with pytest.raises(UserError, match=words):
                feedback.approve(session, number, "按预算。", by="cli", at=clock.now())
        with pytest.raises(UserError, match="写明答复"):
            feedback.approve(session, wide, " ", by="cli", at=clock.now())
        with pytest.raises(UserError, match="没有核定"):
            feedback.withdraw(session, wide)
        later = clock.now() + timedelta(days=1)
        feedback.approve(session, wide, "按预算。", by="cli", at=later, plan_id=RIVERS)
        feedback.approve(session, dated, "按预算。", by="cli", at=later)


@pytest.mark.anyio
async def test_the_story_of_a_question_that_the_plans_do_not_answer(world: World) -> None:
    world.botapi.open_private(CLERK)
    question = "乐清的经费预算一共多少万元？"
    silent = await world.reply(CLERK.id, lambda: world.botapi.say(CLERK.id, CLERK, question))
    assert "未找到" in silent["text"]
    assert "谢谢" in await world.press(CLERK.id, silent, CLERK, "没用")
    lines = list(run(world.core, "questions_list", {"disliked": True}))
    assert lines[0].endswith("未注明单位")
    number = int(lines[1].split()[0])
    assert question in lines[1] and "没用1次" in lines[1]
    answer = {"id": number, "text": "预算另行下达，请问市财政局。", "plan": "leqing-2022"}
    (told,) = run(world.core, "questions_answer", answer)
    assert question in told
    assert list(run(world.core, "questions_list", {})) == ["没有待答复的问题。"]
    again = await world.ask(CLERK.id, CLERK, question)
    assert again.startswith("预算另行下达")
    assert "管理员核定的答复" in again
    list(run(world.core, "questions_withdraw", {"id": number}))
    assert "未找到" in await world.ask(CLERK.id, CLERK, question)


@pytest.mark.anyio
async def test_commands_and_greetings_are_not_rated(world: World) -> None:
    await world.becomes_admin(ADMIN)
    for words in ("你好", "/due 2022年12月", "/help"):
        reply = await world.reply(
            ADMIN.id, lambda words=words: world.botapi.say(ADMIN.id, ADMIN, words)
        )
        assert "没用" not in str(reply.get("reply_markup", ""))
    assert "管理员还可以" in reply["text"]
    with reading(world.core.engine) as session:
        assert session.exec(select(AnswerLog)).all() == []
