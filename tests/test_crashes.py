"""Killed at any moment and started again, reminders are neither lost nor doubled; several processes share."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from botapi import BotApi
from botapi_people import User
from crashing import CLAIM, FIRST, GROUPS
from faults import Template, run, sender
from sqlmodel import Session, col, delete, select

from bot.dispatch import SLOTS
from config.database import make_engine, reading, writing
from reminders import outbox
from reminders.models import OutboxMessage, OutboxState

KILLS, DAYS = 10, 8
HELPERS, LEASE_S = 3, 5
# groups, and messages of each; more groups than two processes have in hand, so that the third finds some
CHATS, EACH = range(-(HELPERS - 1) * SLOTS - 140, -100), 5

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no fork and no SIGKILL"
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'killed.sqlite3'}"
    return str(request.getfixturevalue("postgres_url"))


def test_killed_at_random_moments_every_reminder_arrives(
    url: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    undisturbed = run(f"sqlite:///{tmp_path / 'calm.sqlite3'}", tmp_path, 0, 0, DAYS)
    found = run(url, tmp_path, KILLS, 5, DAYS)
    assert found.kills.total() >= KILLS // 2  # else all was done before
    assert (found.lost, found.unsent) == (set(), [])
    assert found.reminders == undisturbed.reminders
    assert len(found.reminders) > len(GROUPS) * 2
    # twice only what its process had on the wire when it died
    assert found.twice == []
    record_property("killed", str(found.kills))
    record_property("sent twice", str(found.twice_excused))


@pytest.fixture
def helpers(postgres_url: str, tmp_path: Path, botapi: BotApi) -> Iterator[list[Template]]:
    """Processes on one PostgreSQL."""
    templates = [Template(postgres_url, botapi, tmp_path, LEASE_S) for _ in range(HELPERS)]
    yield templates
    for template in templates:
        template.close()


def put(session: Session, platform: str, chat_id: int, number: int) -> None:
    now = FIRST - timedelta(hours=1)
    outbox.add(
        session, dedup_key=f"{platform}:{chat_id}:{number}", kind="notice", platform=platform,
        chat_id=str(chat_id), facts={"text": f"第{number}条"}, due_at=now, now=now,
    )  # fmt: skip


def test_several_processes_share_the_work_and_outlive_one_of_them(
    helpers: list[Template], botapi: BotApi, postgres_url: str
) -> None:
    engine = make_engine(postgres_url)
    with writing(engine) as session:
        put(session, "nobody's", 0, 0)  # they go on as long as something waits
    pids = [helper.begin(f"share {n}") for n, helper in enumerate(helpers)]
    wait_until(lambda: all(helper.phase == CLAIM for helper in helpers))
    for chat_id in CHATS:
        botapi.add_to_group(chat_id, f"群{chat_id}", User(1, "陈主任"))
    with writing(engine) as session:
        for chat_id in CHATS:
            for number in range(EACH):
                put(session, "telegram", chat_id, number)

    def arrived() -> list[tuple[int, int]]:
        """(message, the process that sent it)"""
        return [sender(m["text"]) for chat in CHATS for m in botapi.sent(chat)]

    wait_until(lambda: {worker for _, worker in arrived()} == set(range(HELPERS)))
    os.kill(pids[0], signal.SIGKILL)
    wait_until(lambda: len({message for message, _ in arrived()}) == len(CHATS) * EACH)
    with writing(engine) as session:
        session.exec(delete(OutboxMessage).where(col(OutboxMessage.platform) == "nobody's"))
    assert [helper.status() for helper in helpers] == [-signal.SIGKILL, 0, 0]

    with reading(engine) as session:
        states = set(session.exec(select(OutboxMessage.state)))
    engine.dispose()
    assert states == {OutboxState.SENT}
    # twice only what the killed one had on the wire
    senders: dict[int, list[int]] = {}
    for message, worker in arrived():
        senders.setdefault(message, []).append(worker)
    twice = [workers for workers in senders.values() if len(workers) > 1]
    assert all(workers[0] == 0 and len(workers) == 2 for workers in twice)
    # in the order of its chat, each
    for chat in CHATS:
        seen = [sender(m["text"])[0] for m in botapi.sent(chat)]
        assert sorted(set(seen)) == list(dict.fromkeys(seen))


def wait_until(claim: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not claim():
        assert time.monotonic() < until
        time.sleep(0.01)
