"""A small real host for the web: uvicorn on a free loopback port, a plan in the ledger, plain answers."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

import uvicorn
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from bot.messages import Button, File, Incoming, Outgoing, Platform, Source
from bot.models import InboxMessage
from bot.platforms.webchat import Webchat
from bot.web import make_web
from config.clock import Clock
from config.database import writing
from config.settings import Settings
from corpus.models import (
    Plan,
    PlanVersion,
    Responsibility,
    Target,
    Task,
    Timing,
    Unit,
    VersionState,
)
from corpus.values import Role, TimingKind
from rag.models import Passage

PLAN = "qingshui-2024"
TITLE = "清水县2024年河长制工作要点"


@dataclass
class Host:
    """Stores what comes in and answers it at once, as the application does, in fewer words."""

    engine: Engine
    clock: Clock
    platforms: Mapping[str, Platform] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    vectors_done: int = 0
    vectors_total: int = 0
    received: list[Incoming] = field(default_factory=list)
    source: Source | None = None
    silent: bool = False
    failing: bool = False
    url: str = ""
    loop: asyncio.AbstractEventLoop | None = None

    def __post_init__(self) -> None:
        self.web = Webchat(self.engine, self.clock)
        self.platforms = {"web": self.web}

    async def take_in(self) -> None:
        while True:
            try:
                async for incoming in self.web.receive():
                    if self.failing:
                        raise OSError("the disk is full")
                    if self._keep(incoming):
                        self.received.append(incoming)
                        if not self.silent:
                            asyncio.get_running_loop().create_task(self._answer(incoming))
            except OSError:
                await asyncio.sleep(0.01)

    def _keep(self, incoming: Incoming) -> bool:
        row = InboxMessage(
            platform="web", message_id=incoming.message_id, incoming=incoming.to_json(),
            received_at=incoming.at, chat_id=incoming.chat_id,
        )  # fmt: skip
        try:
            with writing(self.engine) as session:
                session.add(row)
        except IntegrityError:
            return False
        return True

    def say(self, *rows: str, edits: str = "", files: tuple[File, ...] = ()) -> str:
        """Write to the chat that was heard last, without being asked, and give the message's id.

        Called from another thread.
        """
        while not self.received:
            time.sleep(0.01)
        assert self.loop is not None
        message = Outgoing(self.received[-1].chat_id, rows, edits=edits, files=files)
        sent = asyncio.run_coroutine_threadsafe(self.web.send(message), self.loop).result(60)
        return sent.message_id

    async def _answer(self, incoming: Incoming) -> None:
        if incoming.button:
            message = Outgoing(
                incoming.chat_id, ("已记为收到。",), edits=incoming.pressed_message_id
            )
        else:
            message = Outgoing(
                incoming.chat_id,
                ("县水利局牵头的任务共2项：", "1. 完成12条河道清淤\n2. 县级河道巡查率达到100%"),
                buttons=(
                    (Button("收到", "ack:7"), Button("办结", "done:7")),
                    (Button("有用", "good:7", is_minor=True),),
                ),
                sources=(self.source,) if self.source else (),
                suggestions=("还有哪些配合单位？",),
                reply_to=incoming.message_id,
            )
        await self.web.send(message)


@contextmanager
def serving(host: Host) -> Iterator[Host]:
    """The host on a free port of 127.0.0.1, in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    host.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(make_web(host), log_level="warning", ws="none"))

    async def serve() -> None:
        host.loop = asyncio.get_running_loop()
        taking = asyncio.create_task(host.take_in())
        await server.serve(sockets=[listener])
        taking.cancel()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        yield host
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive(), "an open stream keeps the server from stopping"


def fill_ledger(engine: Engine, rows: int = 3) -> Source:
    """A plan of our own with `rows` tasks; the source of its second one."""
    now = Clock().wall()
    with writing(engine) as session:
        session.add(Plan(id=PLAN, created_at=now))
        session.flush()
        version = PlanVersion(
            plan_id=PLAN, number=1, state=VersionState.IN_FORCE, title=TITLE,
            issuer="清水县河长制办公室", doc_number="清河办〔2024〕3号", issued_on=date(2024, 2, 26),
            period_start_on=date(2024, 1, 1), period_end_on=date(2024, 12, 31),
            file_name="要点.docx", sha256="0" * 64, document={}, review=[], read_at=now,
        )  # fmt: skip
        water, roads = Unit(name="县水利局"), Unit(name="县交通运输局")
        session.add_all([version, water, roads])
        session.flush()
        tasks = [
            _task(version.id or 0, n, water.id or 0, roads.id or 0) for n in range(1, rows + 1)
        ]
        session.add_all(tasks)
        session.flush()
        second = tasks[1]
        passage = Passage(
            version_id=version.id, plan_id=PLAN, seq=0, ref="第2项", heading="一、河道治理",
            text=second.text, task_id=second.id,
        )  # fmt: skip
        session.add(passage)
        session.flush()
        return Source(PLAN, TITLE, "第2项", second.text, second.id, passage.id)


def _task(version_id: int, n: int, water: int, roads: int) -> Task:
    month = (n - 1) % 6 + 5
    return Task(
        version_id=version_id, plan_id=PLAN, lineage=f"lineage{n}", seq=n - 1, part="main",
        no=str(n), section="河道治理", title=f"第{n}段河道" if n % 2 else None,
        text=f"完成第{n}段河道清淤，<b>县级</b>河道巡查率达到100%。",
        responsibilities=[
            Responsibility(seq=0, unit_text="县水利局", unit_id=water, role=Role.LEAD),
            Responsibility(seq=1, unit_text="县交通运输局", unit_id=roads, role=Role.SUPPORT),
        ][: 1 + n % 2],
        timings=[
            Timing(seq=0, key="k", text=f"{month}月20日前", kind=TimingKind.DEADLINE,
                   due_on=date(2024, month, 20), ambiguous=n == 2)
        ],
        targets=[
            Target(seq=0, indicator="县级河道巡查率", op=">=", value="100", measure_unit="%",
                   text="县级河道巡查率达到100%")
        ],
    )  # fmt: skip
