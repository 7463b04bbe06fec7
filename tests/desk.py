"""A dispatcher at work for tests: the wires it sends through, and what they met."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from small_ledger import chats_of
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot import render
from bot.delivery import Delivery
from bot.dispatch import Dispatcher
from bot.messages import Attachment, Incoming, Limits, Outgoing, Receipt
from config.clock import Clock
from config.database import reading, writing
from config.settings import Settings
from config.workdays import Workdays
from reminders import outbox
from reminders.models import OutboxMessage, Reminder
from reminders.recheck import Look, recheck


class Wire:
    """The vendor's end: notes what arrives, and fails as it is told."""

    def __init__(self, name: str = "console", limits: Limits | None = None) -> None:
        self.name, self.limits = name, limits or Limits(text_units=4000)
        self.arrived: list[Outgoing] = []
        self.faults: dict[
            str, list[BaseException | None]
        ] = {}  # chat → what its sends meet, in turn
        self.hanging: set[str] = set()
        self.begun: list[str] = []
        self.tried: list[Outgoing] = []
        self.let_go = asyncio.Event()

    async def send(self, message: Outgoing) -> Receipt:
        self.begun.append(message.text)
        self.tried.append(message)
        if message.chat_id in self.hanging:
            await self.let_go.wait()
        faults = self.faults.get(message.chat_id, [])
        if faults and (fault := faults.pop(0)) is not None:
            raise fault
        self.arrived.append(message)
        return Receipt(str(len(self.arrived)))

    def texts(self, chat_id: str) -> list[str]:
        return [message.text for message in self.arrived if message.chat_id == chat_id]

    async def receive(self) -> AsyncIterator[Incoming]:
        return
        yield

    async def download(self, attachment: Attachment) -> bytes:
        raise NotImplementedError

    async def close(self) -> None: ...


class Desk:
    """A dispatcher over a database, with the wires it sends through."""

    def __init__(self, engine: Engine, clock: Clock, *wires: Wire, timeout_s: float = 5) -> None:
        self.engine, self.clock = engine, clock
        delivery = Delivery(
            engine=engine, clock=clock, platforms={wire.name: wire for wire in wires},
            render=self.render, split=split_rows, recheck=self.recheck, send_timeout_s=timeout_s,
        )  # fmt: skip
        self.dispatcher = Dispatcher(delivery)

    def recheck(self, session: Session, message: OutboxMessage, now: datetime) -> Look:
        chats = partial(chats_of, session)
        return recheck(session, message, now, Workdays(), Settings(), chats)

    def render(self, session: Session, message: OutboxMessage) -> Outgoing | None:
        if message.kind == "test":
            if message.facts["text"] == "错":
                raise KeyError("市教育局请尽快完成")
            return Outgoing("whatever", tuple(message.facts["text"].split("|")))
        if message.kind != "reminder":
            return render.outbox_message(session, message, self.clock.now())
        reminders = session.exec(
            select(Reminder).where(Reminder.outbox_id == message.id, Reminder.state == "planned")
        ).all()
        return Outgoing(message.chat_id, tuple(f"{r.lineage} {r.occurrence_on}" for r in reminders))

    def put(self, chat: str, text: str, platform: str = "console") -> int:
        with writing(self.engine) as session:
            key = f"{platform}:{chat}:{text}"
            now = self.clock.now()
            outbox.add(
                session, dedup_key=key, kind="test", platform=platform, chat_id=chat,
                facts={"text": text}, due_at=now, now=now,
            )  # fmt: skip
            session.flush()
            found = session.exec(select(OutboxMessage.id).where(OutboxMessage.dedup_key == key))
            return found.one() or 0

    def row(self, message_id: int) -> OutboxMessage:
        with reading(self.engine) as session:
            found = session.get(OutboxMessage, message_id)
            assert found is not None
            return found

    def later(self, **span: float) -> None:
        self.clock.move_to(self.clock.now() + timedelta(**span))


def split_rows(message: Outgoing, limits: Limits) -> list[Outgoing]:
    size = limits.text_units
    rows = [message.rows[n : n + size] for n in range(0, len(message.rows), size)]
    return [replace(message, rows=some) for some in rows]
