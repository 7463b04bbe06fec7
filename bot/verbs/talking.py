"""The terminal's chat: what is said goes the way of every message, what waits for it is shown."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

from bot import inbox
from bot.core import Core
from bot.degrading import degrade
from bot.delivery import Delivery
from bot.dispatch import Dispatcher
from bot.messages import Incoming
from bot.platforms.console import Console
from bot.router import Router
from bot.verbs import as_json
from config.clock import read_at
from config.database import reading, writing
from corpus import ledger


def say(
    core: Core, *, name: str, text: str = "", button: str = "", unit: str | None = None,
    plan: str | None = None, at: str | None = None,
) -> Iterator[str]:  # fmt: skip
    """A person says `text` or presses a button; each line is an Outgoing in JSON, replies first."""
    incoming = Incoming(
        platform=Console.name, message_id=uuid4().hex, chat_id=name, is_group=False,
        account_id=name, account_name=name, text=text, at=core.clock.wall(), button=button,
        stands_at=core.now(at).date().isoformat() if at else "", unit=unit or "", plan_id=plan or "",
    )  # fmt: skip
    _check(core, plan, at)
    action = Router(core).route(incoming)
    with writing(core.engine) as session:
        row = inbox.row_of(incoming, core.clock.wall())
        session.add(row)
        session.flush()
        inbox.settle(session, row, action, core.clock)
    yield from _waiting(core, name)


def listen(
    core: Core,
    *,
    name: str,
    unit: str | None = None,
    plan: str | None = None,
    at: str | None = None,
) -> Iterator[str]:
    """What waits for a person; raises UserError for a plan or a day that nothing can be said about."""
    _check(core, plan, at)
    yield from _waiting(core, name)


def _check(core: Core, plan: str | None, at: str | None) -> None:
    if at is not None:
        read_at(at, core.settings.timezone)
    if plan is not None:
        with reading(core.engine) as session:
            ledger.known_plan(session, plan)


def _waiting(core: Core, name: str) -> Iterator[str]:
    console = Console()
    delivery = Delivery(
        engine=core.engine, clock=core.clock, platforms={console.name: console},
        render=core.words, split=degrade, recheck=core.recheck,
    )  # fmt: skip
    asyncio.run(Dispatcher(delivery).drain(name))
    for message in console.shown:
        yield as_json(message.to_json())
