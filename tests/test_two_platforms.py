"""A platform that fails holds up no other, and loses nothing itself."""

from datetime import timedelta
from pathlib import Path

import pytest
from botapi import BotApi, Fault
from botapi_people import User
from ear import until
from sqlmodel import select

from bot import inbox
from bot.app import App
from bot.core import Core
from bot.messages import Incoming, Outgoing
from bot.models import InboxMessage
from bot.platforms.telegram import Telegram
from config.database import reading, writing
from config.settings import Settings
from reminders import outbox
from reminders.models import OutboxMessage, OutboxState

pytestmark = pytest.mark.anyio
PEOPLE = [User(n, f"联络员{n}") for n in range(101, 109)]
FAILING = (Fault("500"), Fault("429"), Fault("html"))


def told(api: BotApi, words: str) -> int:
    """How many of the people have a message with these words, and that nobody has it twice."""
    texts = [[m["text"] for m in api.sent(user.id) if words in m["text"]] for user in PEOPLE]
    assert all(len(found) <= 1 for found in texts)
    return sum(map(len, texts))


def remind_all(core: Core, words: str) -> None:
    """Messages of the product to everybody on both platforms, the failing one's first."""
    now = core.clock.now()
    with writing(core.engine) as session:
        for platform in ("telegram-2", "telegram"):
            for user in PEOPLE:
                message = Outgoing(str(user.id), (words,))
                outbox.add(
                    session, dedup_key=f"{platform}:{user.id}:{words}", kind="reply",
                    platform=platform, chat_id=str(user.id), due_at=now, now=now,
                    facts={"outgoing": message.to_json()},
                )  # fmt: skip


async def test_an_hour_of_failing_delays_nobody_else(home: Path, botapi: BotApi) -> None:
    core = Core.open(Settings(home=home, embedding_model="hashed-ngrams-1"))
    with BotApi() as broken:
        first = Telegram(botapi.token, botapi.url, core.clock, poll_s=5, timeout_s=30)
        second = Telegram(broken.token, broken.url, core.clock, 5, timeout_s=30, name="telegram-2")
        for user in PEOPLE:
            botapi.open_private(user)
            broken.open_private(user)
        app = App(core, {"telegram-2": second, "telegram": first})
        async with app.running():
            broken.fail("sendMessage", *FAILING * 1000)
            for hour in range(3):  # each twenty minutes of it
                remind_all(core, f"第{hour}次提醒")
                for user in PEOPLE:
                    broken.say(user.id, user, "/help")
                    botapi.say(user.id, user, "/help")
                app.dispatcher.wake()
                await until(lambda n=hour: told(botapi, f"第{n}次提醒") == len(PEOPLE))
                await until(lambda n=hour: answers(botapi) == (n + 1) * len(PEOPLE))
                assert sum(len(broken.sent(user.id)) for user in PEOPLE) == 0
                core.clock.move_to(core.clock.now() + timedelta(minutes=20))
            tried = broken.calls["sendMessage"]
            assert 0 < tried < 1000, "it is tried ever more slowly, not in a storm"

            broken.mend("sendMessage")
            core.clock.move_to(core.clock.now() + timedelta(hours=1))
            app.dispatcher.wake()
            for hour in range(3):
                await until(lambda n=hour: told(broken, f"第{n}次提醒") == len(PEOPLE))
            await until(lambda: answers(broken) == 3 * len(PEOPLE))
        assert broken.complaints == []
    with reading(core.engine) as session:
        states = set(session.exec(select(OutboxMessage.state)))
    assert states == {OutboxState.SENT}
    core.close()


def answers(api: BotApi) -> int:
    """How many questions are answered."""
    return sum("可以这样用" in m["text"] for user in PEOPLE for m in api.sent(user.id))


async def test_what_came_over_a_platform_that_is_set_up_no_more_is_handled(home: Path) -> None:
    core = Core.open(Settings(home=home, embedding_model="hashed-ngrams-1"))
    said = Incoming("gone", "m1", "1", False, "1", "林科长", "/help", core.clock.now())
    with writing(core.engine) as session:
        session.add(inbox.row_of(said, core.clock.wall()))

    def row() -> InboxMessage:
        with reading(core.engine) as session:
            return session.exec(select(InboxMessage).where(InboxMessage.platform == "gone")).one()

    async with App(core, {}).running():
        await until(lambda: row().handled_at)
    assert row().attempts == 1  # the first was enough
    with reading(core.engine) as session:
        (reply,) = session.exec(select(OutboxMessage).where(OutboxMessage.platform == "gone"))
    assert reply.state is OutboxState.PENDING  # until its platform is there again
    core.close()
