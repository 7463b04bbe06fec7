"""A message that its platform will not take does not hold up its chat; a platform that takes nothing keeps the order."""

import pytest
from desk import Desk, Wire
from sqlalchemy import Engine
from sqlmodel import select

from bot.messages import Outgoing, Receipt
from config.clock import Clock
from config.database import reading
from config.errors import TryLater
from reminders.models import OutboxMessage, OutboxState

pytestmark = pytest.mark.anyio


class Picky(Wire):
    """Takes no message with one of these texts, or none at all."""

    def __init__(self) -> None:
        super().__init__()
        self.disliked: set[str] = set()
        self.is_down = False

    async def send(self, message: Outgoing) -> Receipt:
        if self.is_down or message.text in self.disliked:
            self.tried.append(message)
            raise TryLater("HTTP 500", 0.5)
        return await super().send(message)


@pytest.fixture
def wire() -> Picky:
    return Picky()


@pytest.fixture
def desk(engine: Engine, clock: Clock, wire: Picky) -> Desk:
    return Desk(engine, clock, wire)


async def go_on(desk: Desk, minutes: float) -> None:
    for _ in range(int(minutes * 12)):
        desk.later(seconds=5)
        await desk.dispatcher.drain()


async def test_one_that_is_not_taken_holds_up_no_other_and_is_not_lost(
    desk: Desk, wire: Picky
) -> None:
    wire.disliked = {"一"}
    poisoned = desk.put("甲群", "一")
    for text in ("二", "三"):
        desk.put("甲群", text)
    await go_on(desk, 1)
    assert wire.texts("甲群") == ["二", "三"]
    wire.is_down = True  # whatever fails meanwhile: it is given up no sooner than any other
    await go_on(desk, 60)
    assert desk.row(poisoned).state is OutboxState.PENDING
    wire.is_down, wire.disliked = False, set()
    await go_on(desk, 15)
    assert wire.texts("甲群") == ["二", "三", "一"]


async def test_while_nothing_is_taken_the_order_is_kept(desk: Desk, wire: Picky) -> None:
    wire.is_down = True
    texts = ["一", "二", "三"]
    ids = [desk.put("甲群", text) for text in texts]
    await go_on(desk, 20)
    assert {message.text for message in wire.tried} == {"一", "二"}  # another one was tried too
    wire.is_down = False
    await go_on(desk, 15)
    assert wire.texts("甲群") == texts
    assert {desk.row(one).state for one in ids} == {OutboxState.SENT}


async def test_one_that_was_passed_by_chance_arrives_after_all(desk: Desk, wire: Picky) -> None:
    wire.is_down = True
    desk.put("甲群", "一")
    await go_on(desk, 5)
    wire.is_down = False
    desk.put("甲群", "二")  # just now, while the first one waits for its next attempt
    await go_on(desk, 15)
    assert sorted(wire.texts("甲群")) == ["一", "二"]
    with reading(desk.engine) as session:
        assert set(session.exec(select(OutboxMessage.state))) == {OutboxState.SENT}
