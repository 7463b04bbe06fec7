"""Sends a digest to each of many chats, through the real adapter to a Bot API server on loopback."""

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections import deque
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import Any

from botapi import BotApi, Rejected
from botapi_people import User
from reminders_ledger import MORNING, fill
from sqlmodel import Session, func, select

from bot import people, render
from bot.degrading import degrade
from bot.delivery import Delivery
from bot.dispatch import Dispatcher
from bot.messages import Limits
from bot.platforms.telegram import Telegram
from config.clock import Clock
from config.database import make_engine, reading, writing
from config.settings import Settings
from config.workdays import Workdays
from reminders import planner
from reminders.models import OutboxMessage, OutboxState
from reminders.recheck import Look, recheck

PER_S, GROUP_PER_MIN = 30, 20


class Limited(BotApi):
    """Refuses what exceeds Telegram's limits, over any second and any minute."""

    def __init__(self, limited: bool) -> None:
        super().__init__()
        self.limited, self.refused = limited, 0
        self._all: deque[float] = deque()
        self._by_chat: dict[str, deque[float]] = {}

    def _sendMessage(self, given: dict[str, Any]) -> dict[str, Any]:
        if self.limited:
            chat = self._by_chat.setdefault(given["chat_id"], deque())
            for times, count, span_s in ((self._all, PER_S, 1.0), (chat, GROUP_PER_MIN, 60.0)):
                now = time.monotonic()
                while times and times[0] <= now - span_s:
                    times.popleft()
                if len(times) >= count:
                    self.refused += 1
                    raise Rejected(429, "Too Many Requests: retry after 1", retry_after=1)
            self._all.append(now)
            chat.append(now)
        return super()._sendMessage(given)


class Unlimited(Telegram):
    """The same adapter without a pace."""

    limits = Limits(text_units=4096, measure="utf16", buttons=100, can_edit=True)


def sending(chats: int) -> None:
    """One table: with Telegram's limits, and without."""
    print("| 服务器 | 数据库 | 条 | 用时 s | 限速允许 s | 每秒 | 被拒 429 | 送达 | 内存 MB |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for limited in (True, False):
        child = os.fork()
        if child == 0:
            measure(chats, limited)
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit("failed")


def measure(chats: int, limited: bool) -> None:
    """One line of the table; the server is a process of its own."""
    back, told = os.pipe()
    enough_r, enough_w = os.pipe()
    server = os.fork()
    if server == 0:
        os.close(enough_w)
        serve(chats, limited, told, enough_r)
    os.close(enough_r)
    url, token = os.read(back, 1000).decode().split()
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/bench.sqlite3")
        fill(engine, chats, chats, 1, platform="telegram")
        with writing(engine) as session:
            planner.plan(
                session, MORNING, Workdays(), Settings(), partial(people.chats_of, session)
            )
        took = asyncio.run(send_all(engine, url, token, Telegram if limited else Unlimited))
        with reading(engine) as session:
            sent = session.exec(
                select(func.count()).where(OutboxMessage.state == OutboxState.SENT)
            ).one()
        engine.dispose()
    os.write(enough_w, b"!")
    refused, arrived = os.read(back, 1000).decode().split()
    os.waitpid(server, 0)
    assert int(arrived) == sent == chats, (arrived, sent, chats)
    allowed = f"{(chats - PER_S) / PER_S:.0f}" if limited else "—"
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"| {'按 Telegram 限速' if limited else '不限速'} | SQLite | {sent} | {took:.1f} | {allowed} "
        f"| {sent / took:.0f} | {refused} | {arrived} | {peak_mb} |",
        flush=True,
    )


async def send_all(engine: Any, url: str, token: str, adapter: type[Telegram]) -> float:
    """Seconds until nothing waits."""
    clock = Clock(at=MORNING)
    telegram = adapter(token, url, clock)
    workdays, settings = Workdays(), Settings()

    def check(session: Session, message: OutboxMessage, now: datetime) -> Look:
        chats = partial(people.chats_of, session)
        return recheck(session, message, now, workdays, settings, chats)

    delivery = Delivery(
        engine=engine, clock=clock, platforms={"telegram": telegram}, split=degrade, recheck=check,
        render=lambda session, message: render.outbox_message(session, message, clock.now()),
    )  # fmt: skip
    dispatcher = Dispatcher(delivery)
    waiting = select(OutboxMessage.id).where(OutboxMessage.state == OutboxState.PENDING).limit(1)
    started = perf_counter()
    running = asyncio.create_task(dispatcher.run())
    while True:
        await asyncio.sleep(0.2)
        with reading(engine) as session:
            if session.exec(waiting).first() is None:
                break
    took = perf_counter() - started
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await telegram.close()
    return took


def serve(chats: int, limited: bool, told: int, enough: int) -> None:
    """The Bot API, until it is told that it is enough."""
    with Limited(limited) as botapi:
        for n in range(chats):
            botapi.add_to_group(-1 - n, f"{n}号", User(1, "陈主任"))
        os.write(told, f"{botapi.url} {botapi.token}".encode())
        os.read(enough, 1)
        arrived = sum(len(botapi.sent(-1 - n)) for n in range(chats))
        os.write(told, f"{botapi.refused} {arrived}".encode())
    os._exit(0)
