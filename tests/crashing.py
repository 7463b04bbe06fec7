"""Real processes that plan and send, made to be killed: a template that forks one for each command.

`python crashing.py DATABASE BOTAPI_URL TOKEN PHASE_FILE LEASE_S` makes the ledger where it is
missing, and reads commands from stdin. "live N DAYS" forks a process, its Nth life, which plans and
sends day after day from where the last one came to; "share N" one that sends what waits today, as
one of several. The answers are two lines, its pid and, when it is over, its exit status. The step
that it is in stands in PHASE_FILE, as a byte.
"""

import asyncio
import mmap
import os
import sys
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from small_ledger import Row, add_plan, bind, chats_of
from sqlalchemy import Engine
from sqlmodel import Session, select

import bot.models
import rag.models  # noqa: F401  (their tables are part of the database)
from bot import render
from bot.degrading import degrade
from bot.delivery import Delivery
from bot.dispatch import Dispatcher
from bot.messages import Limits, Outgoing, Receipt
from bot.platforms.telegram import Telegram
from config.clock import Clock
from config.database import make_engine, migrate, reading, writing
from config.settings import Settings
from config.workdays import Workdays
from corpus.values import Role
from reminders import outbox, planner
from reminders.models import OutboxMessage, OutboxState, PlannerState
from reminders.recheck import Look, recheck

SHANGHAI = ZoneInfo("Asia/Shanghai")
GROUPS = {-1 - n: f"{n}号街道" for n in range(6)}
FIRST = datetime(2022, 9, 1, 9, 0, tzinfo=SHANGHAI)
WORKDAYS = Workdays()
DUE_DAYS = 120  # after FIRST, on each of which every unit owes something
QUIET = Settings(weekly_digest=False, monthly_digest=False, circular=False)  # reminders alone
PHASES = ("起停", "规划", "领取", "核对", "发送", "平台已答复", "记账")
START, PLAN, CLAIM, PREPARE, SEND, ANSWERED, RECORD = range(len(PHASES))


class Marks:
    """The step that this process is in, for whoever holds the gun."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._page = mmap.mmap(opened.fileno(), 1)
        self.set(START)

    def set(self, phase: int) -> None:
        self._page[0] = phase

    def on(self, phase: int, function: Any) -> Any:
        """The same function, which tells that it has begun."""

        def told(*arguments: Any, **more: Any) -> Any:
            self.set(phase)
            return function(*arguments, **more)

        return told


class Marked(Telegram):
    """Telegram without its pace, which tells when it sends and when it has an answer."""

    limits = Limits(text_units=4096, measure="utf16", buttons=100, can_edit=True)
    marks: Marks
    wire_s = 0.0  # a slow network gives the others time to take their share

    async def send(self, message: Outgoing) -> Receipt:
        self.marks.set(SEND)
        await asyncio.sleep(self.wire_s)
        receipt = await super().send(message)
        self.marks.set(ANSWERED)
        return receipt


def write_ledger(engine: Engine) -> None:
    """Each unit owes something on every day of a span."""
    migrate(engine)
    with writing(engine) as session:
        if session.exec(select(bot.models.Chat.id)).first() is not None:
            return
        units = list(GROUPS.values())
        rows = [
            Row(f"第{day + 1}批整治（{unit}）。", {unit: Role.SUPPORT},
                FIRST.date() + timedelta(days=14 + day))
            for day in range(DUE_DAYS) for unit in units
        ]  # fmt: skip
        add_plan(session, "zhengzhi", rows)
        for chat_id, unit in GROUPS.items():
            bind(session, unit, str(chat_id), "telegram")


class Life:
    """One process."""

    def __init__(self, url: str, number: int, marks: Marks, telegram: Telegram) -> None:
        self.engine, self.number, self.marks = make_engine(url), number, marks
        self.clock, self.settings = Clock(at=self._day()), QUIET
        delivery = Delivery(
            engine=self.engine, clock=self.clock, platforms={"telegram": telegram},
            render=self._render, split=degrade, recheck=self._recheck,
        )  # fmt: skip
        self.dispatcher = Dispatcher(delivery)
        outbox.claim = marks.on(CLAIM, outbox.claim)
        outbox.finish_sent = marks.on(RECORD, outbox.finish_sent)

    def _day(self) -> datetime:
        with reading(self.engine) as session:
            state = session.get(PlannerState, 1)
        return state.planned_to.astimezone(SHANGHAI) if state and state.planned_to else FIRST

    def _render(self, session: Session, message: OutboxMessage) -> Outgoing | None:
        self.marks.set(PREPARE)
        found = render.outbox_message(session, message, self.clock.now())
        if found is None:
            return None
        return Outgoing(found.chat_id, (*found.rows, f"#{message.id}/{self.number}"), found.buttons)

    def _recheck(self, session: Session, message: OutboxMessage, now: datetime) -> Look:
        chats = partial(chats_of, session)
        return recheck(session, message, now, WORKDAYS, self.settings, chats)

    def plan(self) -> None:
        """The planner's transaction of this moment."""
        self.marks.set(PLAN)
        with writing(self.engine) as session:
            planner.plan(
                session, self.clock.now(), WORKDAYS, self.settings, partial(chats_of, session)
            )

    async def live(self, days: int) -> None:
        """Every day up to the last: plan, and send what is due."""
        with writing(self.engine) as session:
            outbox.release(session, ["telegram"])  # whoever held it is dead
        last = FIRST + timedelta(days=days)
        while self.clock.now() < last:
            self.plan()
            await self.dispatcher.drain()
            self.clock.move_to(self.clock.now() + timedelta(days=1))

    async def share(self) -> None:
        """Send beside others, until nothing waits."""
        Marked.wire_s = 0.2
        running = asyncio.create_task(self.dispatcher.run())
        while not running.done() and self._waits():
            await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def _waits(self) -> bool:
        with reading(self.engine) as session:
            pending = OutboxMessage.state == OutboxState.PENDING
            return session.exec(select(OutboxMessage.id).where(pending)).first() is not None


def main(url: str, botapi: str, token: str, phase_file: str, lease_s: str) -> None:
    """Obey until stdin ends."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    outbox.LEASE = timedelta(seconds=float(lease_s))
    engine = make_engine(url)
    write_ledger(engine)
    engine.dispose()
    marks = Marks(Path(phase_file))
    print("ready", flush=True)
    for line in sys.stdin:
        verb, number, *days = line.split()
        marks.set(START)
        child = os.fork()
        if child == 0:
            Marked.marks = marks
            life = Life(url, int(number), marks, Marked(token, botapi, Clock(), timeout_s=20))
            asyncio.run(life.live(int(days[0])) if verb == "live" else life.share())
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
