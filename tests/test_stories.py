"""Stories that cross everything: a question, a plan dropped in, a reminder answered, a fault of ours."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from botapi import Fault
from ear import until
from sqlmodel import col, select
from world import ADMIN, CLERK, GROUP, World

from bot import inbox
from bot.app import App
from bot.core import Core
from bot.inbox import SORRY
from bot.messages import Incoming
from bot.models import InboxMessage
from bot.reception import BEGINNINGS
from bot.router import Action
from bot.verbs import run
from config.clock import Clock
from config.database import make_engine, reading, writing
from config.errors import UserError
from config.settings import Settings
from config.workdays import Workdays
from corpus.models import EventKind
from rag.beginnings import Show
from reminders import outbox
from reminders.models import OutboxMessage

pytestmark = pytest.mark.anyio

PLAN = """2022年甲县消防安全整治工作方案

序号\t工作任务\t具体措施\t责任单位\t完成时限
1\t高层建筑整治\t对全县28栋高层住宅开展消防设施检测，完好率达到95%以上。\t县消防救援大队\t2022年11月30日前
2\t电动车充电设施\t新建智能充电端口600个。\t县住建局牵头，县供电公司配合\t2022年12月底前
"""


async def test_a_question_is_answered_with_its_source(world: World) -> None:
    world.botapi.open_private(CLERK)
    text = await world.ask(CLERK.id, CLERK, "乐清12315热线接通率要达到多少？")
    assert "90%" in text
    assert "出处：《乐清市食品安全示范城市国省联创工作方案》" in text
    follow_up = await world.ask(CLERK.id, CLERK, "那投诉按时办结率呢？")
    assert "98%" in follow_up
    silent = await world.ask(CLERK.id, CLERK, "乐清的经费预算一共多少万元？")
    assert "未找到" in silent


async def test_in_a_group_only_the_addressed_is_answered(world: World) -> None:
    await world.reply(GROUP, lambda: world.botapi.add_to_group(GROUP, "食安联络群", CLERK))
    world.botapi.say(GROUP, CLERK, "今天食堂吃什么")
    text = await world.ask(GROUP, CLERK, "/due 2022年12月")
    assert "到期" in text
    assert len(world.botapi.sent(GROUP)) == 2


async def test_a_plan_dropped_in_is_read_published_and_asked_about(world: World) -> None:
    world.botapi.open_private(CLERK)
    refused = await world.reply(
        CLERK.id, lambda: world.botapi.send_file(CLERK.id, CLERK, "方案.txt", PLAN.encode())
    )
    assert "只有管理员" in refused["text"]
    await world.becomes_admin(ADMIN)
    world.botapi.fail("getFile", Fault("500"))
    card = await world.reply(
        ADMIN.id, lambda: world.botapi.send_file(ADMIN.id, ADMIN, "方案.txt", PLAN.encode())
    )
    assert "草稿" in card["text"]
    assert "任务2项" in card["text"]
    assert "未找到" in await world.ask(ADMIN.id, ADMIN, "智能充电端口要建多少个？")
    assert "已发布" in await world.press(ADMIN.id, card, ADMIN, "发布")
    answer = await world.ask(ADMIN.id, ADMIN, "智能充电端口要建多少个？")
    assert "600个" in answer
    assert "县住建局" in answer


async def test_a_reminder_is_planned_sent_to_a_group_and_answered(world: World) -> None:
    await world.becomes_admin(ADMIN)
    world.botapi.open_private(CLERK)
    await world.binds(GROUP, "市农业农村局联络群", "乐清市 市农业农村局", CLERK, ADMIN)
    # 2022-12-31 is a Saturday: the seventh working day before it is Thursday the 22nd
    await world.advance_to("2022-12-22T08:59")
    # who is new is told what is near by the reminder of before, which is still useful
    await until(lambda: any("生猪定点屠宰场" in m["text"] for m in world.botapi.sent(GROUP)))
    before = len(world.botapi.sent(GROUP))
    await world.advance_to("2022-12-22T09:00")
    await until(lambda: len(world.botapi.sent(GROUP)) > before)
    reminder = world.botapi.sent(GROUP)[before]
    assert "生猪定点屠宰场" in reminder["text"]
    assert "2022年12月31日" in reminder["text"]
    assert await world.advance_to("2022-12-22T10:00") == 0  # planned once

    assert "收到" in await world.ask(GROUP, CLERK, "收到")
    assert "办结" in await world.press(GROUP, reminder, CLERK, "办结")
    assert [event.kind for event in world.history()] == [EventKind.ACK, EventKind.DONE]
    assert {event.by_name for event in world.history()} == {"林科长"}
    assert (
        await world.advance_to("2022-12-30T09:00") == 0
    )  # what is closed is not reminded of again


async def test_a_week_is_summed_up_and_a_month_told_to_who_asks(world: World) -> None:
    await world.becomes_admin(ADMIN)
    await world.binds(GROUP, "市农业农村局联络群", "乐清市 市农业农村局", CLERK, ADMIN)
    set_rule = {"name": "weekly_digest", "value": "on"}
    list(run(world.core, "reminders_rules_set", set_rule))
    sent = lambda: [str(m.get("text", "")) for m in world.botapi.sent(GROUP)]  # noqa: E731
    await world.advance_to("2022-12-16T10:00")
    await world.advance_to("2022-12-19T09:00")
    await until(lambda: any("本周和下周到期1项" in text for text in sent()))
    assert "生猪定点屠宰场" in next(text for text in sent() if text.startswith("【每周汇总】"))

    refused = await world.ask(GROUP, CLERK, "@duban_test_bot 11月通报")
    assert "只有管理员" in refused
    await world.advance_to("2023-01-03T09:30")
    before = len(world.botapi.sent(ADMIN.id))
    world.botapi.say(ADMIN.id, ADMIN, "12月通报")
    await until(lambda: any("document" in m for m in world.botapi.sent(ADMIN.id)[before:]))
    words, *files = world.botapi.sent(ADMIN.id)[before:]
    assert "【督办情况通报】2022年12月" in words["text"] and "红灯" in words["text"]
    assert files[-1]["document"]["file_name"] == "督办情况通报2022年12月.xlsx"


async def test_files_of_one_name_at_the_same_moment_are_two_plans(world: World) -> None:
    contents = [PLAN.encode(), PLAN.replace("消防安全", "校园安全").encode()]
    for name in ("方案.txt", "../..", "a\\b/\0方案.txt"):
        take_in = partial(
            asyncio.to_thread, world.app.reception.uploads.ingest, "telegram:11", name
        )
        found = await asyncio.gather(*map(take_in, contents), return_exceptions=True)
        if name != "../..":
            assert ["消防" in r.title for r in found] == [True, False], name
        else:
            assert all(isinstance(error, UserError) for error in found), found


async def test_a_message_that_fails_again_and_again_does_not_hold_up_its_chat(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.becomes_admin(ADMIN)
    route, tried = world.app.router.route, []

    def faulty(incoming: Incoming, show: Show | None = None) -> Action:
        tried.append(incoming.text)
        if incoming.text == "坏了的":
            raise ValueError("a fault of ours")
        return route(incoming, show)

    monkeypatch.setattr(world.app.router, "route", faulty)
    monkeypatch.setattr("bot.reception.AGAIN_AFTER_S", 0)
    sent = world.botapi.sent
    world.botapi.open_private(CLERK)
    for text in ("坏了的", "/help"):
        world.botapi.say(CLERK.id, CLERK, text)
    await until(lambda: len(sent(CLERK.id)) == 2)
    assert tried == ["坏了的"] * 3 + ["/help"]
    assert sent(CLERK.id)[0]["text"] == SORRY
    await until(lambda: any("已搁置" in message["text"] for message in sent(ADMIN.id)))


async def test_a_message_that_killed_the_process_again_and_again_is_set_aside(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.becomes_admin(ADMIN)
    world.botapi.open_private(CLERK)
    route, counted = world.app.router.route, []

    def counting(incoming: Incoming, show: Show | None = None) -> Action:
        with reading(world.core.engine) as session:
            row = session.exec(
                select(InboxMessage).where(InboxMessage.message_id == incoming.message_id)
            ).one()
            counted.append((incoming.text, row.attempts))  # before it could kill us
        return route(incoming, show)

    monkeypatch.setattr(world.app.router, "route", counting)
    assert "可以这样用" in await world.ask(CLERK.id, CLERK, "/help")
    with writing(world.core.engine) as session:
        done = session.exec(select(InboxMessage).order_by(col(InboxMessage.id).desc())).first()
        assert done is not None
        deadly = {**done.incoming, "message_id": "x", "text": "要命的"}
        session.add(
            InboxMessage(
                platform=done.platform, message_id="x", chat_id=done.chat_id, incoming=deadly,
                received_at=done.received_at, attempts=BEGINNINGS,
            )
        )  # fmt: skip
    await until(lambda: world.botapi.sent(CLERK.id)[-1]["text"] == SORRY)
    assert counted == [("/help", 1)]


async def test_what_one_process_answers_is_left_to_it_as_long_as_it_may_live(
    migrated_postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.reception.AGAIN_AFTER_S", 0)
    settings = Settings(home=tmp_path, embedding_model="hashed-ngrams-1")
    core = Core(settings, Clock(), make_engine(migrated_postgres_url), Workdays(tmp_path))
    slow, other = App(core, {}), App(core, {})
    asked, go_on = [], threading.Event()

    def answering(app: App) -> Callable[[Incoming, Show | None], Action]:
        route = app.router.route

        def answer(incoming: Incoming, show: Show | None = None) -> Action:
            asked.append(app)
            assert app is other or go_on.wait(60)
            return route(incoming, show)

        return answer

    for app in (slow, other):
        monkeypatch.setattr(app.router, "route", answering(app))
    said = Incoming("gone", "m1", "1", False, "1", "林科长", "/help", core.clock.now())
    with writing(core.engine) as session:
        row = inbox.row_of(said, core.clock.wall())
        session.add(row)
    await slow.reception._start_waiting()
    await until(lambda: asked == [slow])
    await other.reception._start_waiting()
    await asyncio.wait(other.reception.handling.values())
    assert asked == [slow]

    with writing(core.engine) as session:
        session.get_one(InboxMessage, row.id).received_at -= 2 * outbox.LEASE
    await other.reception._start_waiting()
    await asyncio.wait(other.reception.handling.values())
    assert asked == [slow, other]
    go_on.set()
    await asyncio.wait(slow.reception.handling.values())
    with reading(core.engine) as session:
        (reply,) = session.exec(select(OutboxMessage)).all()
    assert "可以这样用" in str(reply.facts)
    core.close()
