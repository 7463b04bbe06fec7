"""A message with buttons as WeCom's template card, as far as a card can hold its words."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar
from uuid import uuid4

from bot.messages import Button, Outgoing

NO_TITLE = "督办助手"
PRESS_HERE = "上面这条消息，请在这里点选答复。"
SAID_BELOW = "见下面的新消息"

Json = dict[str, object]
T = TypeVar("T")


class Size(NamedTuple):
    """How many characters of its title and its text a card shows, as the documentation advises."""

    title: int
    body: int


OF_APP, OF_BOT = Size(36, 160), Size(26, 112)


def holds(rows: tuple[str, ...], size: Size) -> bool:
    """Whether a card shows all of the rows."""
    title, body = _parts(rows, size)
    return len(title) <= size.title and len(body) <= size.body


def is_wanted(message: Outgoing, size: Size) -> bool:
    """Whether buttons are sent: not those pressed in passing, where they need a card below a text."""
    buttons = [button for row in message.buttons for button in row]
    return holds(message.rows, size) or not all(button.is_minor for button in buttons)


def make_card(rows: tuple[str, ...], buttons: tuple[tuple[Button, ...], ...], size: Size) -> Json:
    """The card for rows; those that it can't hold go before it as a text, and it only names them."""
    title, body = _parts(rows, size) if holds(rows, size) else (_beginning(rows, size), PRESS_HERE)
    card: Json = {
        "card_type": "button_interaction",
        "main_title": {"title": title},
        "button_list": [
            {"text": button.label, "style": 1, "key": button.data}
            for row in buttons
            for button in row
        ],
    }
    if body:
        card["sub_title_text"] = body
    return card


async def send_card(
    message: Outgoing, size: Size, spoken: set[str], say: Callable[[], Awaitable[object]],
    send: Callable[[Json], Awaitable[T]],
) -> tuple[str, Json, T]:  # fmt: skip
    """The card, after `say` has said the words that it can't hold; its task id, it, and the answer.

    `spoken` holds the keys of messages of which only the card is still to go.
    """
    if not holds(message.rows, size) and message.key not in spoken:
        await say()
        if message.key:
            spoken.add(message.key)
    task_id = uuid4().hex  # each may be used but once
    card = make_card(message.rows, message.buttons, size) | {"task_id": task_id}
    answer = await send(card)
    spoken.discard(message.key)
    return task_id, card, answer


def _parts(rows: tuple[str, ...], size: Size) -> tuple[str, str]:
    """(title, body): the first row is the title where it is short enough."""
    if rows[0] and len(rows[0]) <= size.title and "\n" not in rows[0]:
        return rows[0], "\n".join(rows[1:])
    return NO_TITLE, "\n".join(rows)


def _beginning(rows: tuple[str, ...], size: Size) -> str:
    """The first line, as much of it as a title may have."""
    line = next((line for row in rows for line in row.splitlines() if line), NO_TITLE)
    return line if len(line) <= size.title else f"{line[: size.title - 1]}…"
