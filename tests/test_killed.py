"""Killed twenty times at random moments, `duban serve` loses no message, no plan and no reminder."""

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botapi import BotApi
from botapi_people import User
from serving import Serving
from sqlalchemy import Engine
from sqlmodel import col, select

from bot.core import Core
from bot.models import Account, AccountRole, Chat, InboxMessage
from config.database import make_engine, reading, writing
from config.settings import Settings
from corpus import ledger
from corpus.models import PlanVersion
from reminders.models import OutboxMessage, PlannerState, Reminder

ROUNDS = 20
ADMIN, CLERKS = User(1, "陈主任"), [User(n, f"{n}号联络员") for n in range(2, 26)]
GROUPS = {-1: "县消防救援大队", -2: "县住建局", -3: "县应急局"}
FIRST = date(2022, 11, 20)
DEADLINES = [date(2022, 12, 1) + timedelta(days=n) for n in range(25)]
QUESTIONS = ("12315热线接通率要达到多少？", "/help", "谁牵头食品抽检？", "收到", "/due 2022年3月")


def plan_text(title: str, rows: list[tuple[str, date]]) -> bytes:
    """A plan with a task for each unit and deadline."""
    lines = [f"{title}\n", "序号\t工作任务\t责任单位\t完成时限"]
    for n, (unit, day) in enumerate(rows, 1):
        lines.append(f"{n}\t检查高层住宅{n}批。\t{unit}\t{day.year}年{day.month}月{day.day}日前")
    return "\n".join(lines).encode()


def write_people(home: Path, botapi: BotApi) -> None:
    """An admin, clerks, and a group for each unit of a plan with a deadline a day."""
    core = Core.open(Settings(home=home))
    units = list(GROUPS.values())
    file = home.parent / "整治.txt"
    rows = [(units[n % len(units)], day) for n, day in enumerate(DEADLINES)]
    file.write_bytes(plan_text("2022年甲县高层建筑整治方案", rows))
    core.ingest(file, by="cli", plan_id="zhengzhi", publish=True)
    with writing(core.engine) as session:
        session.add(Account(platform="telegram", account_id=str(ADMIN.id), role=AccountRole.ADMIN))
        for chat_id, name in GROUPS.items():
            unit = ledger.find_units(session, name)[0]
            session.add(
                Chat(platform="telegram", chat_id=str(chat_id), kind="group", unit_id=unit.id)
            )
            botapi.add_to_group(chat_id, name, ADMIN)
    core.close()
    for user in (ADMIN, *CLERKS):
        botapi.open_private(user)


class Talkers:
    """People who write on, whether anybody listens or not."""

    def __init__(self, botapi: BotApi) -> None:
        self._botapi = botapi
        self.asked: set[tuple[int, int]] = set()  # chat, message
        self.files = 0

    @contextmanager
    def talking(self) -> Iterator[None]:
        """From here to the end of the block."""
        enough = threading.Event()
        thread = threading.Thread(target=self._talk, args=(enough,))
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()

    def _talk(self, enough: threading.Event) -> None:
        while not enough.wait(random.uniform(0.2, 0.7)):
            if random.random() < 0.05:
                self.files += 1
                name = f"要点{self.files}.txt"
                title = f"2023年第{self.files}乡镇河湖长制要点"
                content = plan_text(title, [("县水利局", date(2023, 11, 30))])
                said = self._botapi.send_file(ADMIN.id, ADMIN, name, content)
                self.asked.add((ADMIN.id, said))
            else:
                clerk = random.choice(CLERKS)
                said = self._botapi.say(clerk.id, clerk, random.choice(QUESTIONS))
                self.asked.add((clerk.id, said))


class Lives:
    """What the bot said to whom, by the life of the process that said it."""

    def __init__(self, botapi: BotApi) -> None:
        self._botapi = botapi
        self.chats = [ADMIN.id, *(clerk.id for clerk in CLERKS), *GROUPS]
        self._ends: list[dict[int, int]] = []

    def killed(self) -> None:
        """The process is dead; what it had on the wire has arrived."""
        time.sleep(0.05)
        self._ends.append({chat: len(self._botapi.sent(chat)) for chat in self.chats})

    def doubled(self, key: Callable[[dict[str, Any]], object]) -> list[tuple[int, object]]:
        """Messages said more than once, checked to be the last of a life and then said again by a later one."""
        found = []
        for chat in self.chats:
            ends = {end[chat] for end in self._ends}
            sent = [key(message) for message in self._botapi.sent(chat)]
            for what, count in Counter(sent).items():
                if count > 1:
                    places = [n for n, one in enumerate(sent, 1) if one == what]
                    assert set(places[:-1]) <= ends, f"{what} twice in one life"
                    found.append((chat, what))
        return found


def answered(message: dict[str, Any]) -> object:
    """What tells messages apart: the one it answers, else its words."""
    reply = message.get("reply_to_message")
    return reply["message_id"] if reply else message["text"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_twenty_times_nothing_is_lost(
    home: Path, botapi: BotApi, record_property: Callable[[str, object], None]
) -> None:
    random.seed(7)
    url = f"sqlite:///{home / 'duban.sqlite3'}"
    write_people(home, botapi)
    talkers, lives = Talkers(botapi), Lives(botapi)
    telegram = {"telegram_token": botapi.token, "telegram_base_url": botapi.url}
    telegram |= {"weekly_digest": "false", "monthly_digest": "false", "circular": "false"}
    with talkers.talking():
        # once planned: a plan that comes into force with its days past reminds of none of them
        with Serving(home, "--at", f"{FIRST}T09:00", **telegram) as serving:
            engine = make_engine(url)
            wait_until_planned(engine, datetime.fromisoformat(f"{FIRST}T09:00+08:00"))
            serving.kill()
            lives.killed()
        for n in range(ROUNDS):
            serving = Serving(home, "--at", f"{FIRST + timedelta(days=2 * n)}T09:00", **telegram)
            serving.begin()
            if n % 2:  # while it speaks, plans and reads
                serving.wait_until_ready()
                time.sleep(random.uniform(0, 0.8))
            else:
                time.sleep(random.uniform(0.2, 1.2))
            serving.kill()
            lives.killed()

    last = f"{FIRST + timedelta(days=2 * ROUNDS)}T09:00"
    with Serving(home, "--at", last, **telegram) as serving:
        wait_until_quiet(engine, botapi, datetime.fromisoformat(f"{last}+08:00"))
        serving.end()
    with reading(engine) as session:
        titles = session.exec(
            select(PlanVersion.title).where(PlanVersion.plan_id != "zhengzhi")
        ).all()
        reminders = session.exec(select(Reminder)).all()
        told = session.exec(select(OutboxMessage).where(OutboxMessage.kind == "reminder")).all()
    engine.dispose()

    replies = {(chat, answered(m)) for chat in lives.chats for m in botapi.sent(chat)}
    lost = talkers.asked - replies
    assert lost == set(), serving.log()[-2000:]
    files = [title for title in titles if "河湖长制" in title and "乡镇" in title]
    assert sorted(files) == sorted(
        f"2023年第{n}乡镇河湖长制要点" for n in range(1, talkers.files + 1)
    )
    # each is owed, seven and one working days before; what came too late to be of use, because
    # nobody served on its day, is recorded so
    ahead = [r for r in reminders if r.rule in ("before_deadline:7", "before_deadline:1")]
    assert len(ahead) == 2 * len(DEADLINES)
    sent = [message for message in told if message.state == "sent"]
    assert {message.state for message in told} <= {"sent", "dropped"}
    planned = {reminder.outbox_id for reminder in reminders if reminder.state == "planned"}
    assert planned == {message.id for message in sent}
    texts = {message["text"] for chat in GROUPS for message in botapi.sent(chat)}
    assert sent
    assert all(message.text in texts for message in sent)

    doubled = lives.doubled(answered)
    assert len(doubled) <= ROUNDS
    record_property("messages", len(talkers.asked))
    record_property("plans", talkers.files)
    record_property("reminders", len(sent))
    record_property("sent twice", str(doubled))
    print(len(talkers.asked), talkers.files, len(sent), doubled)  # noqa: T201


def wait_until_planned(engine: Engine, at: datetime) -> None:
    """Until the planner has come to `at`."""
    until = time.monotonic() + 120
    while True:
        with reading(engine) as session:
            planned_to = session.exec(select(PlannerState.planned_to)).first()
        if planned_to is not None and planned_to >= at:
            return
        assert time.monotonic() < until, planned_to
        time.sleep(0.1)


def wait_until_quiet(engine: Engine, botapi: BotApi, at: datetime) -> None:
    """Until the planner has come to `at` and nothing waits, neither to be handled nor to be sent."""
    wait_until_planned(engine, at)
    until = time.monotonic() + 120
    while True:
        # looked at first: what no longer waits there is found among what is unhandled
        unread = botapi.waiting()
        with reading(engine) as session:
            unhandled = session.exec(
                select(InboxMessage.id).where(col(InboxMessage.handled_at).is_(None))
            ).all()
            unsent = session.exec(
                select(OutboxMessage.id).where(OutboxMessage.state == "pending")
            ).all()
        if not (unread or unhandled or unsent):
            return
        assert time.monotonic() < until, (unread, unhandled, unsent)
        time.sleep(0.1)
