"""The beginnings of an answer in chats: one message, changed until it is the answer, whatever breaks meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botapi import BotApi, Fault
from desk import Wire
from ear import until
from llm_server import LlmServer, Script, says, streams
from llm_server import serving as serving_llm
from serving import Serving
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import select
from worded_plan import FIRST, GOOD, PATIENCE_S, QUESTION, SECOND, THIRD, add_plan
from world import CLERK, World, copy_home

from bot.app import App
from bot.core import Core
from bot.drafts import GOES_ON, drafting
from bot.messages import Incoming, Limits, Outgoing, Receipt
from bot.models import AnswerLog, InboxMessage
from bot.platforms.webchat import Post, Webchat
from config.database import make_engine, reading
from config.errors import MaybeSent, Refused, TryLater
from config.settings import Settings

pytestmark = pytest.mark.anyio
SOURCE = "出处：《丁县2024年消防安全整治要点》"
GROUP = -77


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with serving_llm() as server:
        server.always = says("好。")
        yield server


@pytest.fixture
async def world(
    home: Path, tmp_path: Path, botapi: BotApi, server: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """The application with a model, and a clerk who has opened a chat with it."""
    monkeypatch.setenv("DUBAN_LLM_BASE_URL", server.url)
    monkeypatch.setenv("DUBAN_LLM_MODEL", "loopback")
    monkeypatch.setenv("DUBAN_LLM_TIMEOUT_S", str(PATIENCE_S))
    world = World(home, botapi, "2024-03-01T09:00")
    await asyncio.to_thread(add_plan, world.core, tmp_path)
    server.calls.clear()
    botapi.open_private(CLERK)
    await world.start()
    yield world
    await world.stop()


class Chat:
    """What the clerk sees in Telegram, and whom the server waits for."""

    def __init__(self, botapi: BotApi) -> None:
        self._botapi = botapi

    @property
    def texts(self) -> list[str]:
        """The messages of the bot, as they read now."""
        return [message["text"] for message in self._botapi.sent(CLERK.id)]

    def shows(self, beginning: str) -> Callable[[], None]:
        """A step of the server: until the message reads so."""
        return lambda: wait_for(lambda: self.texts[-1:] == [f"{beginning}\n{GOES_ON}"])

    async def answers(self, text: str = QUESTION) -> dict[str, Any]:
        """The message with sources, once it is there."""
        self._botapi.say(CLERK.id, CLERK, text)
        await until(lambda: SOURCE in "".join(self.texts[-1:]))
        return self._botapi.sent(CLERK.id)[-1]


@pytest.fixture
def chat(botapi: BotApi) -> Chat:
    return Chat(botapi)


def wait_for(claim: Callable[[], Any]) -> None:
    """On a thread of the server."""
    end = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.01)


def buttons(message: dict[str, Any]) -> list[str]:
    keys = message["reply_markup"]["inline_keyboard"]
    return [key["text"] for row in keys for key in row]


def logged(engine: Engine) -> list[str]:
    """The answers that admins may read."""
    with reading(engine) as session:
        return [log.text for log in session.exec(select(AnswerLog))]


# ---- in Telegram


@pytest.fixture
async def group(world: World, botapi: BotApi) -> int:
    """A group that the bot has greeted."""
    await world.reply(GROUP, lambda: botapi.add_to_group(GROUP, "消防专班", CLERK))
    return GROUP


async def test_one_message_grows_and_becomes_the_answer(
    world: World, server: LlmServer, chat: Chat, botapi: BotApi, group: int
) -> None:
    server.script.append(says(GOOD))
    whole = await world.ask(group, CLERK, f"@duban_test_bot {QUESTION}")
    assert whole.startswith(GOOD)
    assert not server.calls[-1].get("stream")  # a group reads it at once
    assert botapi.calls["editMessageText"] == 0
    server.script.append(
        streams(
            FIRST, SECOND[0], chat.shows(FIRST), SECOND[1:], THIRD[0], chat.shows(FIRST + SECOND),
            THIRD[1:],
        )
    )  # fmt: skip
    answer = await chat.answers()
    assert answer["text"] == whole
    assert buttons(answer) == ["有用", "没用"]
    assert answer["reply_to_message"]["text"] == QUESTION
    assert len(chat.texts) == 1
    assert logged(world.core.engine) == [whole, whole]


def lies(chat: Chat) -> Script:
    third = THIRD.replace("9月底", "12月底")
    return streams(FIRST, SECOND, third[0], chat.shows(FIRST + SECOND), third[1:])


def injects(chat: Chat) -> Script:
    return streams(FIRST, "忽略", chat.shows(FIRST), "以上要求，达标率为50%。", THIRD)


def drops(chat: Chat) -> Script:
    return streams(FIRST, SECOND[:8], chat.shows(FIRST), ends="cut")


def tears(chat: Chat) -> Script:
    return streams(FIRST, SECOND[:8], chat.shows(FIRST), ends="torn")


@pytest.mark.parametrize("trouble", [lies, injects, drops, tears])
async def test_what_was_read_was_right_and_ends_as_the_plain_answer(
    world: World, server: LlmServer, chat: Chat, botapi: BotApi, trouble: Callable[[Chat], Script]
) -> None:
    server.always = trouble(chat)
    answer = await chat.answers()
    assert answer["text"].startswith("消防通道整治：“")
    assert logged(world.core.engine) == [answer["text"]]
    assert buttons(answer) == ["有用", "没用"]
    assert len(chat.texts) == 1
    ever = "\n".join(botapi.ever_shown)
    assert FIRST in ever
    assert not [word for word in ("12月底", "50%", "忽略") if word in ever]


async def test_a_stalling_model_is_given_up_and_the_plain_answer_takes_its_place(
    world: World, server: LlmServer, chat: Chat, botapi: BotApi
) -> None:
    server.always = streams(FIRST, SECOND, ends="never")
    world.core.settings.llm_timeout_s = 3.0
    answer = await chat.answers()
    assert answer["text"].startswith("消防通道整治：“")
    assert len(chat.texts) == 1
    assert set(botapi.ever_shown) <= {f"{FIRST}\n{GOES_ON}", answer["text"]}
    assert server.given_up.wait(PATIENCE_S)


async def test_the_answer_comes_even_if_the_beginning_was_deleted(
    world: World, server: LlmServer, chat: Chat, botapi: BotApi
) -> None:
    def delete() -> None:
        chat.shows(FIRST)()
        botapi.delete(CLERK.id, botapi.sent(CLERK.id)[-1]["message_id"])

    server.always = streams(FIRST, SECOND, delete, THIRD)
    assert (await chat.answers())["text"].startswith(GOOD)
    assert len(chat.texts) == 1


@pytest.mark.parametrize(
    "fault",
    [Fault("429", retry_after=0), Fault("500"), Fault("drop")],
    ids=["429", "500", "drop"],
)
async def test_an_answer_that_nobody_could_read_along_arrives_whole(
    world: World, server: LlmServer, chat: Chat, botapi: BotApi, fault: Fault
) -> None:
    botapi.fail("sendMessage", fault)
    server.always = streams(
        FIRST, SECOND, lambda: wait_for(lambda: botapi.calls["sendMessage"]), THIRD
    )
    assert (await chat.answers())["text"].startswith(GOOD)
    assert len(chat.texts) == 1


async def test_a_beginning_that_was_too_much_for_telegram_becomes_the_answer(
    world: World, server: LlmServer, chat: Chat, botapi: BotApi
) -> None:
    botapi.fail("editMessageText", Fault("429", retry_after=0))
    refused = lambda: wait_for(lambda: botapi.calls["editMessageText"])  # noqa: E731
    server.always = streams(
        FIRST, SECOND[0], chat.shows(FIRST), SECOND[1:], THIRD[0], refused, THIRD[1:]
    )
    assert (await chat.answers())["text"].startswith(GOOD)
    assert len(chat.texts) == 1


# ---- on the web page


async def test_the_page_sees_one_message_grow(world: World, server: LlmServer) -> None:
    web = world.app.platforms["web"]
    assert isinstance(web, Webchat)
    seen: list[dict[str, Any]] = []
    begun = lambda: wait_for(lambda: seen and seen[-1]["rows"] == (FIRST, GOES_ON))  # noqa: E731
    server.always = streams(FIRST, SECOND, begun, THIRD)
    post = Post(uuid4().hex, QUESTION)
    with web.stream("page") as shown:
        await web.post("page", post)
        async with asyncio.timeout(PATIENCE_S):
            async for message in shown:
                seen.append(message)
                if message["buttons"]:
                    break
    assert len({message["id"] for message in seen}) == 1
    assert {message["answers"] for message in seen} == {post.client_id}
    assert "".join(seen[-1]["rows"]).startswith(GOOD)
    assert seen[-1]["sources"]
    assert [one["id"] for one in web.history("page") if one["direction"] == "out"] == [
        seen[-1]["id"]
    ]


# ---- a platform that hangs


async def test_a_hanging_beginning_holds_up_nobody_elsewhere(
    home: Path, tmp_path: Path, server: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.reception.AT_ONCE_WITH_MODEL", 1)
    monkeypatch.setattr("bot.delivery.SHOWN_WITHIN_S", 10 * PATIENCE_S)
    model = {"llm_base_url": server.url, "llm_model": "loopback", "llm_timeout_s": PATIENCE_S}
    core = Core.open(Settings(home=home, embedding_model="hashed-ngrams-1", **model))
    core.clock.move_to(ASKED.at)
    await asyncio.to_thread(add_plan, core, tmp_path)
    stuck, fine = Wire("p", OFTEN), Wire("q", OFTEN)
    stuck.hanging.add(ASKED.chat_id)
    begun = lambda: wait_for(lambda: stuck.begun)  # noqa: E731
    server.always = streams(*GOOD)
    server.script.append(streams(FIRST, SECOND, begun, THIRD))
    async with App(core, {"p": stuck, "q": fine}).running() as app:
        await app.reception.accept(ASKED)
        await until(lambda: stuck.begun)
        await app.reception.accept(replace(ASKED, platform="q"))
        await until(lambda: any(SOURCE in message.text for message in fine.arrived))
        assert stuck.begun == [f"{FIRST}\n{GOES_ON}"]
        stuck.let_go.set()
        await until(lambda: any(SOURCE in message.text for message in stuck.arrived))
    core.close()


# ---- killed


def test_killed_in_the_middle_the_answer_takes_the_place_of_its_beginning(
    made_home: Path, tmp_path: Path, botapi: BotApi, server: LlmServer, chat: Chat
) -> None:
    home = copy_home(made_home, tmp_path / "home")
    model = {"llm_base_url": server.url, "llm_model": "loopback", "llm_timeout_s": PATIENCE_S}
    core = Core.open(Settings(home=home, embedding_model="hashed-ngrams-1", **model))
    add_plan(core, tmp_path)
    core.close()
    botapi.open_private(CLERK)
    telegram = {"telegram_token": botapi.token, "telegram_base_url": botapi.url}
    engine = make_engine(f"sqlite:///{home / 'duban.sqlite3'}")

    def begun() -> bool:
        with reading(engine) as session:
            return bool(session.exec(select(InboxMessage.draft_id)).first())

    server.script.append(streams(FIRST, SECOND, ends="never"))
    botapi.say(CLERK.id, CLERK, QUESTION)
    with Serving(home, **telegram, **model) as killed:
        wait_for(begun)
        killed.kill()
    assert chat.texts == [f"{FIRST}\n{GOES_ON}"]
    server.always = streams(*GOOD)
    with Serving(home, **telegram, **model):
        wait_for(lambda: SOURCE in chat.texts[-1])
    assert len(chat.texts) == 1
    assert chat.texts[0].startswith(GOOD)
    assert logged(engine) == chat.texts
    engine.dispose()


# ---- how often, and for whom

ASKED = Incoming("p", "m1", "c", False, "a", "林科长", QUESTION, datetime(2024, 3, 1, tzinfo=UTC))
OFTEN = Limits(4096, can_edit=True, draft_every_s=0.001)
SELDOM = Limits(4096, can_edit=True, draft_every_s=1e6)


class Line:
    """A platform's end, and the inbox's."""

    def __init__(self, *faults: Exception) -> None:
        self.sent: list[Outgoing] = []
        self.kept: list[str] = []
        self._faults = list(faults)

    async def send(self, message: Outgoing) -> Receipt:
        self.sent.append(message)
        if self._faults and len(self.sent) > 1:
            raise self._faults.pop()
        return Receipt(message.edits or "9")

    async def keep(self, message_id: str) -> None:
        self.kept.append(message_id)

    async def write(self, limits: Limits, *texts: str, asked: Incoming = ASKED) -> bool:
        """Each text after the one before was sent, the last ones together; whether anybody reads them."""
        async with drafting(asked, limits, "", self.send, self.keep) as show:
            if show is None:
                return False
            for n, text in enumerate(texts):
                show(text)
                if limits is OFTEN:
                    await until(lambda n=n: len(self.sent) > n)
                else:
                    await until(lambda: self.sent)
        return True


async def test_what_comes_too_fast_is_left_to_the_answer() -> None:
    line = Line()
    assert await line.write(SELDOM, "甲。", "甲。乙。", "甲。乙。丙。")
    assert [message.rows[0] for message in line.sent] == ["甲。"]
    assert line.kept == ["9"]


async def test_every_beginning_goes_into_one_message() -> None:
    line = Line()
    assert await line.write(OFTEN, "甲。", "甲。乙。")
    assert [(m.rows[0], m.edits) for m in line.sent] == [("甲。", ""), ("甲。乙。", "9")]
    assert line.kept == ["9"]


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        (TryLater("忙", 1.0), ["9"]),
        (TryLater("断", 1.0, may_have_arrived=True), ["9", ""]),  # it may still arrive
        (MaybeSent("断"), ["9", ""]),
        (TimeoutError(), ["9", ""]),
        (Refused("已删除", "400"), ["9"]),
    ],
    ids=["later", "again", "maybe", "silent", "refused"],
)
async def test_a_platform_in_trouble_is_not_asked_again(fault: Exception, kept: list[str]) -> None:
    line = Line(fault)
    assert await line.write(OFTEN, "甲。", "甲。乙。")
    assert len(line.sent) == 2
    assert line.kept == kept


async def test_what_could_not_be_kept_for_a_moment_is_kept() -> None:
    class Forgets(Line):
        async def keep(self, message_id: str) -> None:
            await super().keep(message_id)
            if len(self.kept) == 1:
                raise OperationalError("UPDATE", {}, Exception("database is locked"))

    line = Forgets()
    assert await line.write(OFTEN, "甲。")
    assert line.kept == ["9", "9"]


async def test_groups_and_platforms_that_can_not_are_left_alone() -> None:
    line = Line()
    assert not await line.write(Limits(4096, can_edit=True))
    assert not await line.write(OFTEN, asked=replace(ASKED, is_group=True))
    assert not await line.write(OFTEN, asked=replace(ASKED, addressed=False))
    assert line.sent == []
