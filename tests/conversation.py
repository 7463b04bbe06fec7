"""The wired application on one vendor's double, and what people do there: a test speaks as they do."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import uvicorn
from sqlmodel import Session, col, func, select
from vendor import BOSS, CLERK, Shown, Vendor, Visits
from world import at_any_pace

from bot import people
from bot.app import App
from bot.core import Core
from bot.messages import Call, CallReply, Incoming, Limits, Outgoing
from bot.models import InboxMessage
from bot.platforms import load_platforms
from bot.web import make_web
from config.database import reading, writing
from config.settings import Settings
from corpus.models import TaskEvent
from reminders import outbox
from reminders.models import OutboxMessage, OutboxState

PATIENCE_S = 60.0  # for what surely comes: a slow machine changes nothing
SHANGHAI = ZoneInfo("Asia/Shanghai")
UNIT = "乐清市 市农业农村局"


def until(claim: Callable[[], Any], what: str) -> Any:
    """Waits for something that comes; its value."""
    end = time.monotonic() + PATIENCE_S
    while not (found := claim()):
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.01)
    return found


class Conversation:
    """One running App in a thread of its own, its vendor on loopback, its clock where the test puts it."""

    def __init__(self, vendor: Vendor, home: Path, at: str = "2022-11-01T09:00") -> None:
        self.vendor = vendor
        self._url = ""
        self._ready, self._end = threading.Event(), asyncio.Event()
        if isinstance(vendor, Visits):
            vendor.visit(lambda: self.url)
        vendor.start(self._deliver)
        given: dict[str, Any] = {
            "home": home, "embedding_model": "hashed-ngrams-1", "messages_per_minute": 10_000,
            # reminders alone
            "weekly_digest": False, "monthly_digest": False, "circular": False,
            **vendor.settings(),
        }  # fmt: skip
        self.core = Core.open(Settings(**given))
        self.move_to(at)
        platforms = load_platforms(self.core.settings, self.core.engine)
        assert vendor.name in platforms, "its settings are there, and it is not"
        for platform in platforms.values():
            platform.limits = at_any_pace(platform.limits)
        self.app = App(self.core, platforms)
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"app on {vendor.name}")
        self._thread.start()
        until(lambda: self._ready.is_set() or self._fault, "the application starts")
        if self._fault:
            raise self._fault

    # ---- running

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._fault = error

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        config = uvicorn.Config(
            make_web(self.app), port=0, log_level="warning", ws="none", lifespan="off"
        )
        server = uvicorn.Server(config)
        async with self.app.running():
            serving = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            self._url = f"http://127.0.0.1:{port}"
            self._ready.set()
            await self._end.wait()
            server.should_exit = True
        await serving

    def stop(self) -> None:
        """Ends the application, then the vendor; what the vendor complains of is read after that."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the application does not end"
        self.vendor.stop()
        self.core.close()

    @property
    def url(self) -> str:
        """Where the product listens, once it does."""
        until(lambda: self._url, "the product listens")
        return self._url

    def _deliver(self, call: Call) -> CallReply:
        try:
            found = httpx.request(
                call.method, f"{self.url}/hooks/{self.vendor.name}", params=call.query,
                headers=call.headers, content=call.body, timeout=PATIENCE_S, trust_env=False,
            )  # fmt: skip
        except httpx.HTTPError:
            return CallReply(502)  # as the reverse proxy says where nothing listens any more
        media_type = found.headers.get("content-type", "").partition(";")[0]
        return CallReply(found.status_code, found.content, media_type)

    # ---- what people do, and what they then see

    @property
    def limits(self) -> Limits:
        """Of the platform."""
        return self.app.platforms[self.vendor.name].limits

    def answers(self, chat: str, act: Callable[[], Any]) -> list[Shown]:
        """All that the bot writes in a chat after `act`."""
        before = len(self.vendor.shown(chat))
        act()
        until(lambda: len(self.vendor.shown(chat)) > before, f"an answer in {chat}")
        self.settle()
        return self.vendor.shown(chat)[before:]

    def ask(self, chat: str, account: str, text: str) -> str:
        """The text of all that is answered to what a person says."""
        shown = self.answers(chat, lambda: self.vendor.say(chat, account, text))
        return "\n".join(message.text for message in shown)

    def press(self, chat: str, message: Shown, account: str, label: str) -> str:
        """The text of all that is answered to a button."""
        act = lambda: self.vendor.press(chat, message.message_id, account, label)  # noqa: E731
        return "\n".join(shown.text for shown in self.answers(chat, act))

    def settle(self) -> None:
        """Waits until all that came in is handled, and all that goes out is on its way or told."""

        def done() -> bool:
            with reading(self.core.engine) as session:
                unhandled = select(InboxMessage.id).where(col(InboxMessage.handled_at).is_(None))
                waiting = select(OutboxMessage.id).where(OutboxMessage.state == OutboxState.PENDING)
                return not session.exec(unhandled).first() and not session.exec(waiting).first()

        until(done, "all is handled and sent")

    def heard(self, text: str) -> list[Incoming]:
        """What came in with just this text, as it was understood."""
        with reading(self.core.engine) as session:
            rows = session.exec(select(InboxMessage).order_by(col(InboxMessage.id))).all()
        incoming = [Incoming.from_json(row.incoming) for row in rows]
        return [one for one in incoming if one.text == text]

    # ---- what the product sends by itself

    def tell(self, message: Outgoing, wait: bool = True) -> OutboxMessage:
        """Sends a message as every part of the product does; its row, once it is finished."""
        key = f"test:{uuid4().hex}"
        now = self.core.clock.now()
        with writing(self.core.engine) as session:
            outbox.add(
                session, dedup_key=key, kind="reply", platform=self.vendor.name,
                chat_id=message.chat_id, facts={"outgoing": message.to_json()}, due_at=now, now=now,
            )  # fmt: skip
        self.app.dispatcher.wake()
        return self.finished(key) if wait else self.row(key)

    def row(self, key: str) -> OutboxMessage:
        """A message of the outbox by its dedup key."""
        with reading(self.core.engine) as session:
            query = select(OutboxMessage).where(OutboxMessage.dedup_key == key)
            return session.exec(query).one()

    def finished(self, key: str) -> OutboxMessage:
        """The same, once something became of it."""
        until(lambda: self.row(key).state is not OutboxState.PENDING, "it is sent or given up")
        return self.row(key)

    def count(self, *states: OutboxState) -> int:
        """How many messages are in these states."""
        with reading(self.core.engine) as session:
            query = select(func.count()).where(col(OutboxMessage.state).in_(states))
            return session.exec(query).one()

    @contextmanager
    def impatient(self) -> Iterator[None]:
        """What hangs is given up after a second, not after most of a minute."""
        delivery = self.app.delivery
        before, delivery.send_timeout_s = delivery.send_timeout_s, 1.0
        yield
        delivery.send_timeout_s = before

    # ---- time, and who is who

    def move_to(self, at: str) -> None:
        """The clock stands there from here on."""
        self.core.clock.move_to(datetime.fromisoformat(at).replace(tzinfo=SHANGHAI))

    def advance_to(self, at: str) -> int:
        """Time moves and the scheduler wakes; how many reminders were planned."""
        self.move_to(at)
        planned = self.app.plan_reminders()
        self.app.dispatcher.wake()
        return planned

    def history(self) -> list[TaskEvent]:
        """What people said of tasks."""
        with reading(self.core.engine) as session:
            return list(session.exec(select(TaskEvent).order_by(col(TaskEvent.id))).all())

    def make_admin(self) -> None:
        """BOSS becomes the admin by the code that `duban serve` prints; once."""
        with writing(self.core.engine) as session:
            code = people.claim_code(session)
        if code is not None:
            assert "管理员" in self.ask("private", BOSS, f"/claim {code}")

    def bind_group(self) -> None:
        """The group asks to speak for UNIT, and BOSS agrees with a button; once."""
        self.make_admin()
        if self._is_bound():
            return
        (asked,) = self.answers("private", lambda: self.vendor.say("group", CLERK, f"/bind {UNIT}"))
        assert UNIT.split()[-1] in asked.text
        assert "同意" in self.press("private", asked, BOSS, "同意")
        until(self._is_bound, "the group is bound")

    def _is_bound(self) -> bool:
        with reading(self.core.engine) as session:
            chat = self.chat(session, "group")
            return chat is not None and chat.unit_id is not None

    def chat(self, session: Session, chat: str) -> Any:
        """The product's row of a chat."""
        return people.find_chat(session, self.vendor.name, self.vendor.chat_id(chat))
