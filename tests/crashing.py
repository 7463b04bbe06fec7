"""A process that plans and sends, killed at random moments by its parent; run by test_crashes.

`python crashing.py DATABASE SENT_FILE ROUNDS SEED` forks a child for each round, which plans and
sends from the first day on, and kills it with SIGKILL; the last child runs to the end. Every
message that the platform took is one line of SENT_FILE: "process message".
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog
from small_ledger import Row, add_plan, bind, chats_of
from sqlmodel import Session

import rag.models  # noqa: F401  (its tables are part of the database)
from bot.dispatch import Dispatcher
from bot.messages import Attachment, Incoming, Limits, Outgoing, Receipt
from config.clock import Clock
from config.database import make_engine, migrate, writing
from config.settings import Settings
from config.workdays import Workdays
from corpus.values import Role
from reminders import planner
from reminders.models import OutboxMessage

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNITS = [f"{n}号街道" for n in range(5)]
FIRST, DAYS = datetime(2022, 9, 1, 9, 0, tzinfo=SHANGHAI), 60


class FilePlatform:
    """Says yes once a line is in the file."""

    name, limits = "console", Limits(text_units=4000)

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def send(self, message: Outgoing) -> Receipt:
        await asyncio.sleep(random.uniform(0, 0.004))
        os.write(self._file, f"{os.getpid()} {message.text}\n".encode())
        await asyncio.sleep(random.uniform(0, 0.004))
        return Receipt(message.text)

    async def receive(self) -> AsyncIterator[Incoming]:
        return
        yield

    async def download(self, attachment: Attachment) -> bytes:
        raise NotImplementedError

    async def close(self) -> None: ...


def write_ledger(url: str) -> None:
    """Each unit owes something about every other day of two months."""
    engine = make_engine(url)
    migrate(engine)
    with writing(engine) as session:
        rows = [
            Row(f"第{n}项整治。", {UNITS[n % 5]: Role.LEAD, UNITS[(n + 1) % 5]: Role.SUPPORT},
                date(2022, 9, 5) + timedelta(days=n))
            for n in range(50)
        ]  # fmt: skip
        add_plan(session, "zhengzhi", rows)
        for unit in UNITS:
            bind(session, unit, f"{unit}群")
    engine.dispose()


async def work(url: str, sent_file: str) -> None:
    """Every day of the span: plan, and send what is due."""
    engine, clock, platform = make_engine(url), Clock(at=FIRST), FilePlatform(sent_file)

    def render(_: Session, message: OutboxMessage) -> Outgoing:
        return Outgoing(message.chat_id, (str(message.id),))

    dispatcher = Dispatcher(
        engine=engine, clock=clock, platforms={"console": platform}, render=render,
        split=lambda message, _: [message],
    )  # fmt: skip
    running = asyncio.create_task(dispatcher.run())  # frees what the dead held
    for _ in range(DAYS):
        with writing(engine) as session:
            planner.plan(session, clock.now(), Workdays(), Settings(), partial(chats_of, session))
        await dispatcher.drain()
        clock.move_to(clock.now() + timedelta(days=1))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def main(url: str, sent_file: str, rounds: int, seed: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    random.seed(seed)
    write_ledger(url)
    for n in range(rounds + 1):
        child = os.fork()
        if child == 0:
            random.seed(seed + n)
            asyncio.run(work(url, sent_file))
            os._exit(0)
        if n < rounds:
            time.sleep(random.uniform(0.02, 0.5))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
