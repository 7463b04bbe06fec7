"""Telegram while the wire or a server fails: nothing is lost, nothing is doubled, no token is told."""

import asyncio
import logging

import pytest
from botapi import BotApi, Fault
from botapi_people import User
from ear import Ear, until

from bot.messages import Outgoing
from bot.platforms.telegram import Telegram
from config.clock import Clock
from config.errors import MaybeSent, Refused, TryLater

pytestmark = pytest.mark.anyio
LI = User(71, "李河长")


@pytest.fixture(autouse=True)
def _private_chat(botapi: BotApi) -> None:
    botapi.open_private(LI)


@pytest.mark.parametrize(
    ("fault", "kind", "arrives"),
    [
        (Fault("429", retry_after=7), TryLater, False),
        (Fault("500"), TryLater, False),
        (Fault("html"), TryLater, False),
        (Fault("drop"), MaybeSent, False),
        (Fault("drop", done=True), MaybeSent, True),
    ],
)
async def test_a_fault_while_sending(
    botapi: BotApi, telegram: Telegram, fault: Fault, kind: type[Exception], arrives: bool
) -> None:
    botapi.fail("sendMessage", fault)
    with pytest.raises(kind) as failure:
        await telegram.send(Outgoing(str(LI.id), ("第一条",)))
    if fault.kind == "429":
        assert isinstance(failure.value, TryLater)
        assert failure.value.retry_after_s == 7
    assert len(botapi.sent(LI.id)) == arrives
    assert botapi.calls["sendMessage"] == 1  # the outbox decides about another try
    await telegram.send(Outgoing(str(LI.id), ("第二条",)))
    assert botapi.sent(LI.id)[-1]["text"] == "第二条"


@pytest.mark.parametrize("telegram", [1.0], indirect=True)
async def test_a_call_that_hangs_may_have_been_heard(botapi: BotApi, telegram: Telegram) -> None:
    botapi.fail("sendMessage", Fault("hang", done=True))
    with pytest.raises(MaybeSent):
        await telegram.send(Outgoing(str(LI.id), ("第一条",)))
    await until(lambda: botapi.sent(LI.id))
    assert botapi.calls["sendMessage"] == 1


async def test_an_edit_may_be_tried_again_after_any_fault(
    botapi: BotApi, telegram: Telegram
) -> None:
    sent = await telegram.send(Outgoing(str(LI.id), ("待办",)))
    edit = Outgoing(str(LI.id), ("已办结",), edits=sent.message_id)
    botapi.fail("editMessageText", Fault("429"), Fault("drop", done=True))
    with pytest.raises(TryLater) as busy:
        await telegram.send(edit)
    assert not busy.value.may_have_arrived
    with pytest.raises(TryLater) as silent:
        await telegram.send(edit)
    assert silent.value.may_have_arrived
    assert await telegram.send(edit) == sent


async def test_nothing_was_sent_where_nobody_listens(botapi: BotApi, telegram: Telegram) -> None:
    botapi.close()
    with pytest.raises(TryLater):
        await telegram.send(Outgoing(str(LI.id), ("提醒",)))
    botapi.open()
    await telegram.send(Outgoing(str(LI.id), ("提醒",)))
    assert len(botapi.sent(LI.id)) == 1


async def test_killed_before_it_is_stored_it_comes_again(botapi: BotApi) -> None:
    botapi.say(LI.id, LI, "第一问")
    botapi.say(LI.id, LI, "第二问")
    first = Telegram(botapi.token, botapi.url, Clock(), poll_s=5)
    inbox = first.receive()
    seen = [await anext(inbox), await anext(inbox)]
    await inbox.aclose()  # the first is stored, the second is not; neither is let go yet
    await first.close()
    assert botapi.waiting() == 2

    second = Telegram(botapi.token, botapi.url, Clock(), poll_s=5)
    ear = Ear(second)
    assert await ear.has(2) == seen
    await until(lambda: botapi.waiting() == 0)
    await ear.close()
    await second.close()


async def test_faults_while_polling_lose_and_double_nothing(botapi: BotApi, ear: Ear) -> None:
    botapi.say(LI.id, LI, "0")
    await ear.hears()
    for number, fault in enumerate(
        (Fault("500"), Fault("drop", done=True), Fault("html"), Fault("429")), start=1
    ):
        botapi.fail("getUpdates", fault)
        botapi.say(LI.id, LI, str(number))
        await ear.has(number + 1)
    for number in range(5, 205):
        botapi.say(LI.id, LI, str(number))
    await ear.has(205)
    await until(lambda: botapi.waiting() == 0)
    assert [incoming.text for incoming in ear.inbox] == [str(number) for number in range(205)]
    assert len({incoming.message_id for incoming in ear.inbox}) == 205


async def test_it_waits_for_a_server_and_outlives_its_restart(botapi: BotApi, ear: Ear) -> None:
    botapi.close()
    await asyncio.sleep(0.2)
    assert botapi.calls["getUpdates"] == 0
    botapi.open()
    botapi.say(LI.id, LI, "早")
    await ear.hears()
    botapi.close()
    botapi.open()
    botapi.say(LI.id, LI, "晚")
    assert (await ear.has(2))[1].text == "晚"


async def test_a_webhook_of_before_is_taken_away(botapi: BotApi, ear: Ear) -> None:
    botapi.webhook = {"url": "https://old.example.org/"}
    botapi.say(LI.id, LI, "/start")
    await ear.hears()
    assert not botapi.webhook


async def test_two_that_poll_one_bot_take_turns(botapi: BotApi, ear: Ear) -> None:
    await until(lambda: botapi.calls["getUpdates"])
    rival = Telegram(botapi.token, botapi.url, Clock(), poll_s=5)
    other = Ear(rival)
    await until(lambda: botapi.calls["getUpdates"] > 3)  # each has been put off by the other
    for number in range(3):
        botapi.say(LI.id, LI, str(number))
    await until(lambda: len({i.message_id for i in ear.inbox + other.inbox}) == 3)
    await other.close()
    await rival.close()
    botapi.say(LI.id, LI, "又只有一个")
    await until(lambda: ear.inbox and ear.inbox[-1].text == "又只有一个")


async def test_a_wrong_token_is_named_and_never_printed(
    botapi: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = "123456:another-invented-token"
    caplog.set_level(logging.DEBUG)
    platform = Telegram(wrong, botapi.url, Clock())
    with pytest.raises(Refused) as refusal:
        await anext(platform.receive())
    await platform.close()
    botapi.complaints.clear()
    assert "DUBAN_TELEGRAM_TOKEN" in str(refusal.value)
    assert wrong not in str(refusal.value) + caplog.text
