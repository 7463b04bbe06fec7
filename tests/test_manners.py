"""Who asks too much is told so once; a number is a press; files that nobody can read are not fetched."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botapi import BotApi
from ear import until
from sqlmodel import col, select
from world import ADMIN, CLERK, World

from bot.manners import TOO_FAST, TOO_MANY, Manners, file_refusal
from bot.messages import Attachment, Button, Incoming, Outgoing
from bot.models import InboxMessage
from config.database import reading, writing
from corpus.formats import MAX_BYTES
from reminders import outbox

pytestmark = pytest.mark.anyio
START = datetime(2026, 6, 1, tzinfo=UTC)
ASKED = Incoming("telegram", "1", "g", True, "a", "林科长", "谁牵头？", START)


def test_one_person_is_told_once_and_heard_again_after_a_minute() -> None:
    manners = Manners(20)
    said = [manners.refusal(ASKED, START + timedelta(seconds=n)) for n in range(30)]
    assert said == [None] * 20 + [TOO_FAST] + [""] * 9
    other = replace(ASKED, account_id="b")
    assert manners.refusal(other, START + timedelta(seconds=30)) is None
    assert manners.refusal(ASKED, START + timedelta(seconds=120)) is None


def test_a_chat_of_many_is_told_too() -> None:
    manners = Manners(2)
    said = [manners.refusal(replace(ASKED, account_id=str(n)), START) for n in range(8)]
    assert said == [None] * 6 + [TOO_MANY, ""]


def test_talk_that_is_not_for_the_bot_is_not_counted() -> None:
    manners = Manners(1)
    for aside in (replace(ASKED, addressed=False), replace(ASKED, event="joined")):
        assert [manners.refusal(aside, START) for _ in range(3)] == [None] * 3
    assert manners.refusal(ASKED, START) is None


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("方案.docx", 10, ""),
        ("方案.DOCX", 10, ""),
        ("方案.txt", MAX_BYTES + 1, "50 MB"),
        ("安装程序.exe", 10, "安装程序.exe"),
        ("没有后缀", 10, "没有后缀"),
    ],
)
def test_files_are_looked_at_before_they_are_fetched(name: str, size: int, words: str) -> None:
    refusal = file_refusal(Attachment(name, size, "r"))
    assert (words in refusal) if words else not refusal
    assert len(refusal) < 80


@pytest.fixture
async def hasty(
    home: Path, botapi: BotApi, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """An application that answers a person three times a minute."""
    monkeypatch.setenv("DUBAN_MESSAGES_PER_MINUTE", "3")
    world = World(home, botapi, "2022-11-01T09:00")
    await world.start()
    yield world
    await world.stop()


async def test_what_came_too_fast_is_kept_and_not_answered(hasty: World) -> None:
    hasty.botapi.open_private(CLERK)
    for _ in range(8):
        hasty.botapi.say(CLERK.id, CLERK, "/help")

    def handled() -> int:
        with reading(hasty.core.engine) as session:
            query = select(InboxMessage).where(col(InboxMessage.handled_at).is_not(None))
            return len(session.exec(query).all())

    await until(lambda: handled() == 8)
    await until(lambda: len(hasty.botapi.sent(CLERK.id)) == 4)
    texts = [message["text"] for message in hasty.botapi.sent(CLERK.id)]
    assert [text == TOO_FAST for text in texts] == [False, False, False, True]
    assert "管理员还可以" not in "".join(texts)
    hasty.botapi.open_private(ADMIN)
    assert "直接提问" in await hasty.ask(ADMIN.id, ADMIN, "/help")


async def test_a_file_that_nobody_can_read_is_not_fetched(world: World) -> None:
    await world.becomes_admin(ADMIN)
    send = lambda: world.botapi.send_file(ADMIN.id, ADMIN, "setup.exe", b"MZ")  # noqa: E731
    reply = await world.reply(ADMIN.id, send)
    assert "setup.exe" in reply["text"]
    assert world.botapi.calls["getFile"] == 0


@pytest.mark.parametrize(
    ("said", "pressed"),
    [("2", True), ("２", True), (" 2。", True), ("3", False), ("0", False), ("2个", False)],
)
async def test_a_number_is_the_button_of_the_last_message(
    world: World, said: str, pressed: bool
) -> None:
    world.botapi.open_private(CLERK)
    await tell(world, ((Button("同意", "grant:999"), Button("旧的", "bad:999")),))
    await tell(world, ((Button("有用", "good:999"),), (Button("同意", "grant:999"),)))
    await tell(world, ())
    answer = await world.ask(CLERK.id, CLERK, said)
    assert (answer == "只有管理员可以决定。") == pressed


async def test_a_number_of_yesterday_is_nothing(world: World) -> None:
    world.botapi.open_private(CLERK)
    await tell(world, ((Button("同意", "grant:999"),),))
    await world.advance_to("2022-11-02T10:00")
    assert await world.ask(CLERK.id, CLERK, "1") != "只有管理员可以决定。"


async def tell(world: World, buttons: tuple[tuple[Button, ...], ...]) -> None:
    """A message of the product, arrived and recorded."""
    before = len(world.botapi.sent(CLERK.id))
    message, now = Outgoing(str(CLERK.id), (f"第{before}条",), buttons), world.core.clock.now()
    with writing(world.core.engine) as session:
        outbox.add(
            session, dedup_key=f"t{before}", kind="reply", platform="telegram", due_at=now, now=now,
            chat_id=str(CLERK.id), facts={"outgoing": message.to_json()},
        )  # fmt: skip
    await world.app.dispatcher.drain()
    await until(lambda: len(world.botapi.sent(CLERK.id)) > before)
