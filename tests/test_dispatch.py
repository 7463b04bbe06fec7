"""The dispatcher sends what is due, and no chat or platform that fails delays another."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from desk import Desk, Wire
from small_ledger import Row, add_plan, bind, chats_of, say
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.messages import Limits, Outgoing
from bot.models import Chat
from config.clock import Clock
from config.database import reading, writing
from config.errors import MaybeSent, Refused, TryLater
from config.settings import Settings
from config.workdays import Workdays
from corpus.models import EventKind
from corpus.values import Role
from reminders import outbox, planner
from reminders.models import OutboxMessage, OutboxState, Reminder
from reminders.scheduler import Scheduler

pytestmark = pytest.mark.anyio
SHANGHAI = ZoneInfo("Asia/Shanghai")
TWO_STEPS = Settings(remind_lead_workdays="7,1", remind_on_due_day=False)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def desk(engine: Engine, clock: Clock, wire: Wire) -> Desk:
    return Desk(engine, clock, wire)


async def test_it_sends_in_order_and_records(desk: Desk, wire: Wire) -> None:
    ids = [desk.put("消防群", text) for text in ("一", "二", "三")]
    assert await desk.dispatcher.drain() == 3
    assert wire.texts("消防群") == ["一", "二", "三"]
    assert [desk.row(i).state for i in ids] == [OutboxState.SENT] * 3
    assert (desk.row(ids[1]).platform_message_id, desk.row(ids[1]).text) == ("2", "二")
    assert await desk.dispatcher.drain() == 0


async def test_a_busy_chat_waits_alone_and_keeps_its_order(desk: Desk, wire: Wire) -> None:
    wire.faults["甲群"] = [TryLater("429", 20)]
    desk.put("甲群", "一")
    desk.put("甲群", "二")
    desk.put("乙群", "三")
    await desk.dispatcher.drain()
    assert [message.text for message in wire.arrived] == ["三"]
    desk.later(seconds=19)
    await desk.dispatcher.drain()
    assert wire.texts("甲群") == []
    desk.later(seconds=2)
    await desk.dispatcher.drain()
    assert wire.texts("甲群") == ["一", "二"]


async def test_words_are_made_outside_of_the_transaction_that_records(
    engine: Engine, clock: Clock, wire: Wire
) -> None:
    class Slow(Desk):
        def render(self, session: Session, message: OutboxMessage) -> Outgoing | None:
            with writing(engine) as other:  # would wait for a transaction of ours, in vain
                other.add(Chat(platform="console", chat_id="另一处", kind="group"))
            return super().render(session, message)

    desk = Slow(engine, clock, wire)
    desk.put("督查群", "通报")
    await desk.dispatcher.drain()
    assert wire.texts("督查群") == ["通报"]


@pytest.mark.parametrize("code", ["403", "400"])
async def test_a_refusal_is_final_and_a_chat_that_is_gone_is_told(
    desk: Desk, wire: Wire, code: str
) -> None:
    wire.faults["甲群"] = [Refused("bot was kicked", code)]
    message = desk.put("甲群", "一")
    with writing(desk.engine) as session:
        session.add(Chat(platform="console", chat_id="甲群", kind="group"))
    await desk.dispatcher.drain()
    assert desk.row(message).state is OutboxState.FAILED
    assert desk.row(message).platform_words == f"bot was kicked（{code}）"
    with reading(desk.engine) as session:
        assert session.exec(select(Chat.is_dead)).all() == [code == "403"]


async def test_a_chat_that_moved_is_followed(desk: Desk, wire: Wire) -> None:
    wire.faults["-100"] = [Refused("group upgraded", "migrated:-100999")]
    desk.put("-100", "一")
    desk.put("-100", "二")
    with writing(desk.engine) as session:
        session.add(Chat(platform="console", chat_id="-100", kind="group"))
    await desk.dispatcher.drain()
    assert wire.texts("-100999") == ["一", "二"]
    with reading(desk.engine) as session:
        chat = session.exec(select(Chat)).one()
    assert (chat.chat_id, chat.is_dead) == ("-100999", False)


async def test_our_own_wrong_key_loses_nothing(desk: Desk, wire: Wire) -> None:
    wire.faults["甲群"] = [Refused("Unauthorized", "401")]
    desk.put("甲群", "一")
    await desk.dispatcher.drain()
    desk.later(minutes=11)
    await desk.dispatcher.drain()
    assert wire.texts("甲群") == ["一"]


async def test_what_may_have_arrived_is_not_sent_again(desk: Desk, wire: Wire) -> None:
    wire.faults["甲群"] = [MaybeSent("connection reset after sending")]
    message = desk.put("甲群", "一")
    await desk.dispatcher.drain()
    desk.later(days=1)
    await desk.dispatcher.drain()
    assert (desk.row(message).state, wire.arrived) == (OutboxState.UNKNOWN, [])
    assert desk.row(message).platform_words == "connection reset after sending"


async def test_a_hanging_chat_ends_as_unknown_and_the_others_go_on(
    engine: Engine, clock: Clock, wire: Wire
) -> None:
    desk = Desk(engine, clock, wire, timeout_s=1)
    wire.hanging.add("甲群")
    stuck, fine = desk.put("甲群", "一"), desk.put("乙群", "二")
    await desk.dispatcher.drain()
    assert (desk.row(stuck).state, desk.row(fine).state) == (OutboxState.UNKNOWN, OutboxState.SENT)
    assert "没有回音" in desk.row(stuck).platform_words


async def test_a_fault_of_ours_is_tried_again_and_its_words_are_not_kept(
    desk: Desk, wire: Wire
) -> None:
    broken = desk.put("甲群", "错")
    await desk.dispatcher.drain()
    assert desk.row(broken).state is OutboxState.PENDING
    assert desk.row(broken).platform_words.startswith("KeyError desk.py:")
    for _ in range(12):
        desk.later(minutes=11)
        await desk.dispatcher.drain()
    assert desk.row(broken).state is OutboxState.FAILED


async def test_an_interrupted_long_message_goes_on_where_it_was(
    engine: Engine, clock: Clock
) -> None:
    wire = Wire(limits=Limits(text_units=1))  # one row a message
    desk = Desk(engine, clock, wire)
    wire.faults["甲群"] = [None, TryLater("503", 1)]
    message = desk.put("甲群", "一|二|三")
    await desk.dispatcher.drain()
    assert (wire.texts("甲群"), desk.row(message).parts_sent) == (["一"], 1)
    desk.later(seconds=10)
    await desk.dispatcher.drain()
    assert wire.texts("甲群") == ["一", "二", "三"]
    assert desk.row(message).text == "一\n二\n三"


async def test_a_chat_at_its_limit_gives_its_turn_to_others(engine: Engine, clock: Clock) -> None:
    wire = Wire(limits=Limits(4000, group_messages_per_min=2))
    desk = Desk(engine, clock, wire)
    with writing(engine) as session:
        session.add(Chat(platform="console", chat_id="甲群", kind="group"))
    for text in ("一", "二", "三"):
        desk.put("甲群", text)
    desk.put("乙群", "四")
    await desk.dispatcher.drain()
    assert (wire.texts("甲群"), wire.texts("乙群")) == (["一", "二"], ["四"])
    waiting = desk.put("甲群", "五") - 2
    assert desk.row(waiting).attempts == 0
    assert desk.row(waiting).due_at > desk.clock.now() + timedelta(seconds=50)


# ---- reminders: the ledger is read again just before sending


def planned_digest(engine: Engine, clock: Clock) -> int:
    """Two tasks of 消防 due on 30 September, planned on the 21st for one group."""
    clock.move_to(datetime(2022, 9, 21, 9, 0, tzinfo=SHANGHAI))
    units = {"市消防救援局": Role.LEAD}
    with writing(engine) as session:
        rows = [
            Row("清理消防通道。", units, date(2022, 9, 30)),
            Row("检查高层建筑。", units, date(2022, 9, 30)),
        ]
        add_plan(session, "xiaofang", rows)
        bind(session, "市消防救援局", "消防群")
        session.flush()
        planner.plan(session, clock.now(), Workdays(), TWO_STEPS, partial(chats_of, session))
        return session.exec(select(OutboxMessage.id)).one() or 0


async def test_a_digest_leaves_out_what_was_done_meanwhile(desk: Desk, wire: Wire) -> None:
    message = planned_digest(desk.engine, desk.clock)
    with writing(desk.engine) as session:
        say(session, "xiaofang-0", EventKind.DONE, desk.clock.now())
    await desk.dispatcher.drain()
    assert wire.texts("消防群") == ["xiaofang-1 2022-09-30"]
    assert desk.row(message).state is OutboxState.SENT
    with reading(desk.engine) as session:
        states = session.exec(select(Reminder.state).order_by(col(Reminder.lineage))).all()
    assert states == ["dropped", "planned"]


@pytest.mark.parametrize(
    ("change", "why", "state"),
    [
        ("done", "任务已办结", "dropped"),
        ("retired", "在执行的方案中已没有这项责任或时限", "dropped"),
        ("other day", "在执行的方案中已没有这项责任或时限", "dropped"),
        ("other unit", "在执行的方案中已没有这项责任或时限", "dropped"),
        ("dead chat", "会话已失效或不再绑定该单位", "dropped"),
        ("rebound chat", "会话已失效或不再绑定该单位", "dropped"),
        ("too late", "期限已过", "skipped"),
    ],
)
async def test_a_digest_without_a_reason_is_dropped_with_words(
    desk: Desk, wire: Wire, change: str, why: str, state: str
) -> None:
    message = planned_digest(desk.engine, desk.clock)
    units = {"市消防救援局": Role.LEAD}
    with writing(desk.engine) as session:
        chat = session.exec(select(Chat)).one()
        match change:
            case "done":
                for n in range(2):
                    say(
                        session,
                        f"xiaofang-{n}",
                        EventKind.DONE,
                        desk.clock.now(),
                        unit="市消防救援局",
                    )
            case "retired":
                add_plan(session, "xiaofang", [])
            case "other day":
                add_plan(session, "xiaofang", [Row("清理。", units, date(2022, 10, 31))])
            case "other unit":
                rows = [Row("清理。", {"市住建局": Role.LEAD}, date(2022, 9, 30))]
                add_plan(session, "xiaofang", rows)
            case "dead chat":
                chat.is_dead = True
            case "rebound chat":
                chat.unit_id = None
            case "too late":
                desk.clock.move_to(datetime(2022, 10, 1, 9, 0, tzinfo=SHANGHAI))
    await desk.dispatcher.drain()
    assert wire.arrived == []
    assert (desk.row(message).state, desk.row(message).platform_words) == (OutboxState.DROPPED, why)
    with reading(desk.engine) as session:
        assert set(session.exec(select(Reminder.state))) == {state}


@pytest.mark.parametrize(
    ("tried", "sent"),
    [("09-21 21:30", "09-22 08:00"), ("09-24 10:00", "09-26 09:00"), ("10-01 09:00", None)],
)
async def test_what_waited_into_the_night_or_a_day_off_is_sent_at_a_decent_hour(
    desk: Desk, wire: Wire, tried: str, sent: str | None
) -> None:
    wire.faults["消防群"] = [TryLater("down", 60)] * 3
    planned_digest(desk.engine, desk.clock)
    await desk.dispatcher.drain()
    desk.clock.move_to(datetime.fromisoformat(f"2022-{tried}").replace(tzinfo=SHANGHAI))
    desk.put("消防群", "答复")
    await desk.dispatcher.drain()
    assert wire.texts("消防群") == []
    desk.later(minutes=5)
    wire.faults.clear()
    await desk.dispatcher.drain()
    assert wire.texts("消防群") == ["答复"]  # whoever asks at night is answered at night
    if sent is None:
        return
    morning = datetime.fromisoformat(f"2022-{sent}").replace(tzinfo=SHANGHAI)
    for seconds, arrived in ((-1, 1), (0, 2)):
        desk.clock.move_to(morning + timedelta(seconds=seconds))
        await desk.dispatcher.drain()
        assert len(wire.texts("消防群")) == arrived


async def test_a_newer_reminder_takes_the_place_of_one_that_could_not_be_sent(
    desk: Desk, wire: Wire
) -> None:
    wire.faults["消防群"] = [TryLater("down", 3600)]
    planned_digest(desk.engine, desk.clock)
    await desk.dispatcher.drain()
    desk.clock.move_to(datetime(2022, 9, 29, 9, 0, tzinfo=SHANGHAI))
    with writing(desk.engine) as session:
        now = desk.clock.now()
        assert planner.plan(session, now, Workdays(), TWO_STEPS, partial(chats_of, session)) == 2
    await desk.dispatcher.drain()
    assert len(wire.arrived) == 1
    with reading(desk.engine) as session:
        rows = session.exec(select(Reminder.rule, Reminder.state).distinct()).all()
    assert sorted(rows) == [("before_deadline:1", "planned"), ("before_deadline:7", "skipped")]


# ---- running


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that surely comes to hold: a slow machine changes nothing."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.002)


async def stop(running: "asyncio.Task[None]") -> None:
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_woken_from_another_thread_it_does_not_wait_to_look_again(
    desk: Desk, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.dispatch.POLL_S", 3600)
    desk.put("甲群", "一")
    running = asyncio.create_task(desk.dispatcher.run())
    await until(lambda: wire.arrived)
    desk.put("甲群", "二")
    threading.Thread(target=desk.dispatcher.wake).start()
    await until(lambda: len(wire.arrived) == 2)
    await stop(running)


async def test_it_also_looks_again_by_itself(desk: Desk, wire: Wire) -> None:
    running = asyncio.create_task(desk.dispatcher.run())
    for count, text in enumerate(("一", "二"), start=1):
        desk.put("甲群", text)  # nobody wakes it: another process might have put this in
        await until(lambda count=count: len(wire.arrived) == count)
    await stop(running)


async def test_a_platform_that_hangs_delays_no_other(engine: Engine, clock: Clock) -> None:
    slow, quick = Wire("telegram"), Wire("web")
    slow.hanging |= {f"群{n}" for n in range(100)}
    desk = Desk(engine, clock, slow, quick)
    for n in range(100):
        desk.put(f"群{n}", "一", "telegram")
    running = asyncio.create_task(desk.dispatcher.run())
    await until(lambda: slow.begun)
    desk.put("页面", "答复", "web")
    desk.dispatcher.wake()
    await until(lambda: quick.arrived)
    assert not slow.arrived
    slow.let_go.set()
    await until(lambda: len(slow.arrived) == 100)
    await stop(running)


async def test_stopped_it_lets_what_is_on_its_way_arrive(desk: Desk, wire: Wire) -> None:
    message = desk.put("甲群", "一")
    wire.hanging.add("甲群")
    running = asyncio.create_task(desk.dispatcher.run())
    await until(lambda: wire.begun)
    asyncio.get_running_loop().call_later(0.3, wire.let_go.set)
    await stop(running)
    assert (len(wire.arrived), desk.row(message).state) == (1, OutboxState.SENT)


async def test_stopped_at_any_moment_it_holds_nothing_back(desk: Desk, wire: Wire) -> None:
    for n in range(20):
        desk.put(f"群{n}", str(n))
    for n in range(8):
        running = asyncio.create_task(desk.dispatcher.run())
        await asyncio.sleep(n * 0.003)
        await stop(running)
        with reading(desk.engine) as session:
            rows = session.exec(select(OutboxMessage)).all()
        assert {row.claimed_by for row in rows} == {None}
    assert await desk.dispatcher.drain() == sum(row.state is OutboxState.PENDING for row in rows)
    assert sorted(wire.begun, key=int) == [str(n) for n in range(20)]


async def test_a_start_on_sqlite_takes_over_from_the_dead_at_once(
    engine: Engine, clock: Clock, wire: Wire
) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("others may be alive on a PostgreSQL server: their leases run out")
    desk = Desk(engine, clock, wire)
    desk.put("甲群", "一")
    with writing(engine) as session:
        outbox.claim(session, "dead", "console", 1, clock.now(), clock.wall())
    running = asyncio.create_task(desk.dispatcher.run())
    await until(lambda: wire.arrived)
    await stop(running)


async def test_the_scheduler_ticks_at_once_and_again_and_outlives_a_fault() -> None:
    ticks: list[float] = []

    async def tick() -> None:
        ticks.append(time.monotonic())
        if len(ticks) == 1:
            raise RuntimeError("the first tick fails")

    scheduler = Scheduler(tick, 0.2)
    scheduler.start()
    await until(lambda: len(ticks) >= 3)
    scheduler.stop()


async def test_a_tick_that_ends_with_the_process_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ticking = asyncio.Event()

    async def tick() -> None:
        ticking.set()
        raise asyncio.CancelledError

    scheduler = Scheduler(tick, 60)
    scheduler.start()
    await ticking.wait()
    await asyncio.sleep(0.05)
    scheduler.stop()
    assert not caplog.records
