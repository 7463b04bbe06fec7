"""A bot that is let into a group, put out of it, or whose group moves: what is kept follows."""

from datetime import timedelta
from pathlib import Path

import pytest
from small_ledger import add_plan
from sqlalchemy import Engine
from sqlmodel import select

from bot import alarms, people
from bot.core import Core
from bot.messages import Incoming, Outgoing
from bot.models import Chat
from bot.router import Router
from config.clock import Clock
from config.database import reading, writing
from config.settings import Settings
from config.workdays import Workdays
from corpus.models import Touched, Unit
from reminders import outbox
from reminders.models import OutboxMessage, ReportList

OLD, NEW = "-4001", "-1009001"


@pytest.fixture
def router(engine: Engine, clock: Clock, tmp_path: Path) -> Router:
    return Router(Core(Settings(), clock, engine, Workdays(tmp_path)))


def change(clock: Clock, event: str, is_group: bool = True) -> Incoming:
    """What a platform tells of a chat."""
    return Incoming(
        "telegram", f"u-{event}", OLD, is_group, "71", "李河长", "", clock.now(),
        chat_title="河长制专班", event=event,
    )  # fmt: skip


def tell(router: Router, engine: Engine, incoming: Incoming) -> list[Outgoing]:
    """Routes it, writes it; the replies."""
    action = router.route(incoming)
    with writing(engine) as session:
        return [message for _, message in action(session)]


def bound(engine: Engine) -> list[tuple[str, str]]:
    """The live chats of the one unit there is."""
    with reading(engine) as session:
        unit = session.exec(select(Unit)).one()
        assert unit.id is not None
        return people.chats_of(session, [unit.id]).get(unit.id, [])


def bind(engine: Engine) -> None:
    """Binds the old group to 市水利局."""
    with writing(engine) as session:
        unit = Unit(name="市水利局")
        session.add(unit)
        session.flush()
        chat = people.find_chat(session, "telegram", OLD)
        assert chat is not None
        chat.unit_id = unit.id
        session.add(chat)


def test_a_group_is_greeted_and_told_how_to_bind(
    router: Router, engine: Engine, clock: Clock
) -> None:
    (hello,) = tell(router, engine, change(clock, "joined"))
    assert hello.chat_id == OLD
    assert "/bind" in hello.text
    assert tell(router, engine, change(clock, "joined", is_group=False)) == []


def test_put_out_it_is_silent_until_it_is_let_in_again(
    router: Router, engine: Engine, clock: Clock
) -> None:
    tell(router, engine, change(clock, "joined"))
    bind(engine)
    assert tell(router, engine, change(clock, "left")) == []
    assert bound(engine) == []
    tell(router, engine, change(clock, "joined"))
    assert bound(engine) == [("telegram", OLD)]
    with reading(engine) as session:  # what came due meanwhile is looked at again
        assert len(session.exec(select(Touched)).all()) == 1


@pytest.mark.parametrize("somebody_wrote_first", [False, True])
def test_binding_and_outbox_follow_a_group_that_moves(
    router: Router, engine: Engine, clock: Clock, somebody_wrote_first: bool
) -> None:
    tell(router, engine, change(clock, "joined"))
    bind(engine)
    with writing(engine) as session:
        outbox.add(
            session, dedup_key="n:1", kind="notice", platform="telegram", chat_id=OLD,
            facts={"text": "汛期巡查"}, due_at=clock.now() + timedelta(hours=1), now=clock.now(),
        )  # fmt: skip
        add_plan(session, "hezhang", [])
        session.add(
            ReportList(
                plan_id="hezhang", lineage="hezhang-0", due_on=clock.today(), platform="telegram",
                chat_id=OLD,
            )
        )  # fmt: skip
        if somebody_wrote_first:
            session.add(Chat(platform="telegram", chat_id=NEW, kind="group"))
    for _ in range(2):  # heard from an update, and again from a refusal
        assert tell(router, engine, change(clock, f"migrated:{NEW}")) == []
        assert bound(engine) == [("telegram", NEW)]
    with reading(engine) as session:
        assert session.exec(select(OutboxMessage)).one().chat_id == NEW
        assert session.exec(select(ReportList)).one().chat_id == NEW  # else it is posted anew
        assert alarms.dead_chats(session) == []
