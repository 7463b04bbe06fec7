"""The outbox gives each message to one worker at a time, in the order of its chat."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from config.database import reading, writing
from reminders import outbox
from reminders.models import OutboxMessage, OutboxState

T = TypeVar("T")
NOW = datetime(2022, 9, 21, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
WALL = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))


def put(
    engine: Engine, key: str, chat: str, due_at: datetime = NOW, platform: str = "console"
) -> bool:
    with writing(engine) as session:
        return outbox.add(
            session, dedup_key=key, kind="notice", platform=platform, chat_id=chat,
            facts={"text": key}, due_at=due_at, now=NOW,
        )  # fmt: skip


def take(
    engine: Engine, worker: str = "甲", limit: int = 10, now: datetime = NOW, wall: datetime = WALL
) -> list[OutboxMessage]:
    return do(engine, outbox.claim, worker, "console", limit, now, wall)


def do(engine: Engine, step: Callable[..., T], *arguments: Any) -> T:
    """One step in a transaction of its own."""
    with writing(engine) as session:
        return step(session, *arguments)


def keys(messages: list[OutboxMessage]) -> list[str]:
    return [message.dedup_key for message in messages]


def row(engine: Engine, key: str) -> OutboxMessage:
    with reading(engine) as session:
        return session.exec(select(OutboxMessage).where(OutboxMessage.dedup_key == key)).one()


def test_the_same_cause_never_makes_two(engine: Engine) -> None:
    assert put(engine, "a", "消防群")
    assert not put(engine, "a", "消防群")
    assert keys(take(engine)) == ["a"]


def test_nothing_leaves_before_it_is_due(engine: Engine) -> None:
    put(engine, "a", "消防群", NOW + timedelta(seconds=1))
    assert take(engine) == []
    assert keys(take(engine, now=NOW + timedelta(seconds=1))) == ["a"]


def test_what_is_claimed_is_nobody_elses_until_the_lease_is_over(engine: Engine) -> None:
    put(engine, "a", "消防群")
    assert keys(take(engine, "甲")) == ["a"]
    assert take(engine, "乙") == []
    do(engine, outbox.renew, "甲", WALL + timedelta(seconds=60))
    assert take(engine, "乙", wall=WALL + outbox.LEASE + timedelta(seconds=1)) == []
    (again,) = take(engine, "乙", wall=WALL + 2 * outbox.LEASE)
    assert (again.claimed_by, again.attempts) == ("乙", 2)


def test_a_message_for_another_platform_is_left(engine: Engine) -> None:
    put(engine, "a", "消防群", platform="telegram")
    assert take(engine) == []


def test_one_chat_keeps_its_order_while_others_go_on(engine: Engine) -> None:
    for key, chat in [("a1", "甲群"), ("a2", "甲群"), ("b1", "乙群"), ("a3", "甲群")]:
        put(engine, key, chat)
    first, other = take(engine)
    assert keys([first, other]) == ["a1", "b1"]
    assert take(engine, "乙") == []  # a1 is still on its way
    do(engine, outbox.try_later, first, 30, "429", NOW)
    do(engine, outbox.finish_sent, other, "m1", "b1", [], NOW)
    assert take(engine, now=NOW + timedelta(seconds=29)) == []
    (first,) = take(engine, now=NOW + timedelta(seconds=31))
    do(engine, outbox.finish_sent, first, "m2", "a1", [], NOW)
    assert keys(take(engine)) == ["a2"]


def test_what_is_meant_for_later_holds_up_no_answer(engine: Engine) -> None:
    put(engine, "tomorrow", "消防群", NOW + timedelta(days=1))
    put(engine, "answer", "消防群")
    assert keys(take(engine)) == ["answer"]
    with writing(engine) as session:  # one that was refused for a while does: its order is kept
        outbox.try_later(session, row(engine, "answer"), 60, "busy", NOW)
    put(engine, "next", "消防群")
    assert take(engine) == []


def test_workers_at_once_share_everything_and_nothing_twice(engine: Engine) -> None:
    for n in range(60):
        put(engine, f"k{n}", f"群{n}")
    got: list[list[str]] = [[] for _ in range(4)]
    failures: list[BaseException] = []

    def work(n: int) -> None:
        try:
            while messages := take(engine, f"w{n}", limit=3):
                got[n] += keys(messages)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert sorted(key for some in got for key in some) == sorted(f"k{n}" for n in range(60))


def test_what_became_of_it_is_kept(engine: Engine) -> None:
    for state in ("sent", "dropped", "failed", "unknown"):
        put(engine, state, state)
    for message in take(engine):
        if message.dedup_key == "sent":
            do(engine, outbox.finish_sent, message, "77", "请按期完成。", [], NOW)
        else:
            do(engine, outbox.finish, message, OutboxState(message.dedup_key), "原因", NOW)
    sent = row(engine, "sent")
    assert (sent.state, sent.platform_message_id, sent.text) == ("sent", "77", "请按期完成。")
    assert (sent.finished_at, sent.claimed_by, sent.lease_until) == (NOW, None, None)
    assert {(row(engine, s).state, row(engine, s).platform_words) for s in ("failed", "unknown")} == {
        (OutboxState.FAILED, "原因"), (OutboxState.UNKNOWN, "原因"),
    }  # fmt: skip
    assert take(engine, wall=WALL + timedelta(days=1)) == []


def test_the_platforms_wait_is_obeyed_and_ours_grows(engine: Engine) -> None:
    put(engine, "a", "消防群")
    waits = []
    now = NOW
    for _ in range(12):
        (message,) = take(engine, now=now)
        do(engine, outbox.try_later, message, 5, "503", now)
        waits.append((row(engine, "a").due_at - now).total_seconds())
        now = row(engine, "a").due_at
    assert waits[:3] == [5, 5, 5]
    assert all(5 <= wait <= outbox.LONGEST_WAIT_S for wait in waits)
    assert waits[-1] >= outbox.LONGEST_WAIT_S / 2
    assert row(engine, "a").platform_words == "503"


def test_it_gives_up_after_days_but_not_after_our_own_stop(engine: Engine) -> None:
    put(engine, "a", "消防群")
    now = NOW + timedelta(days=30)  # we were down
    states = []
    for _ in range(outbox.FEWEST_ATTEMPTS):
        (message,) = take(engine, now=now)
        states.append(do(engine, outbox.try_later, message, 1, "502 Bad Gateway", now))
        now += timedelta(hours=1)
    assert states == [OutboxState.PENDING] * (outbox.FEWEST_ATTEMPTS - 1) + [OutboxState.FAILED]
    assert "502 Bad Gateway" in row(engine, "a").platform_words


def test_a_message_put_back_was_not_tried(engine: Engine) -> None:
    put(engine, "a", "消防群")
    (message,) = take(engine)
    do(engine, outbox.put_back, message, NOW + timedelta(seconds=9))
    assert (row(engine, "a").attempts, row(engine, "a").due_at) == (0, NOW + timedelta(seconds=9))


def test_one_whose_lease_ran_out_frees_nothing_but_may_still_say_it_was_sent(
    engine: Engine,
) -> None:
    put(engine, "a", "消防群")
    (slow,) = take(engine, "甲")
    take(engine, "乙", wall=WALL + 2 * outbox.LEASE)
    do(engine, outbox.try_later, slow, 1, "503", NOW)
    assert row(engine, "a").claimed_by == "乙"
    do(engine, outbox.finish_sent, slow, "77", "text", [], NOW)
    assert row(engine, "a").state is OutboxState.SENT


def test_claims_of_the_dead_are_freed(engine: Engine) -> None:
    put(engine, "a", "消防群")
    put(engine, "b", "消防群", platform="telegram")
    take(engine, "dead")
    do(engine, outbox.claim, "alive", "telegram", 1, NOW, WALL)
    do(engine, outbox.release, ["console"])
    assert keys(take(engine, "甲")) == ["a"]
    assert row(engine, "b").claimed_by == "alive"


@pytest.mark.parametrize("claimed", [False, True])
def test_what_waits_follows_a_chat_that_moved(engine: Engine, claimed: bool) -> None:
    put(engine, "a", "-100")
    put(engine, "b", "-200")
    if claimed:
        take(engine)
    with writing(engine) as session:
        outbox.follow(session, "console", "-100", "-100999")
    assert (row(engine, "a").chat_id, row(engine, "b").chat_id) == ("-100999", "-200")
    assert "a" in keys(take(engine))


def test_a_person_has_what_did_not_arrive_sent_again(engine: Engine) -> None:
    for state in ("sent", "failed", "unknown"):
        put(engine, state, state)
    for message in take(engine):
        do(engine, outbox.finish, message, OutboxState(message.dedup_key), "原因", NOW)
    later = NOW + timedelta(hours=1)
    with writing(engine) as session:
        rows = session.exec(select(OutboxMessage)).all()
        again = {row.dedup_key: outbox.send_again(session, row, later) for row in rows}
    assert again == {"sent": False, "failed": True, "unknown": True}
    assert keys(take(engine)) == []
    assert sorted(keys(take(engine, now=later))) == ["failed", "unknown"]
    assert row(engine, "failed").attempts == 1
