"""A message with buttons as WeCom's template card, as far as a card can hold its words."""

from bot.messages import Button

TITLE, BODY = 36, 160  # characters that a card shows
NO_TITLE = "督办助手"
PRESS_HERE = "上面这条消息，请在这里点选答复。"
SAID_BELOW = "见下面的新消息"

Json = dict[str, object]


def holds(rows: tuple[str, ...]) -> bool:
    """Whether a card shows all of the rows."""
    title, body = _parts(rows)
    return len(title) <= TITLE and len(body) <= BODY


def make_card(rows: tuple[str, ...], buttons: tuple[tuple[Button, ...], ...]) -> Json:
    """The card for rows; those that it can't hold go before it as a text, and it only names them."""
    title, body = _parts(rows) if holds(rows) else (_beginning(rows), PRESS_HERE)
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


def _parts(rows: tuple[str, ...]) -> tuple[str, str]:
    """(title, body): the first row is the title where it is short enough."""
    if rows[0] and len(rows[0]) <= TITLE and "\n" not in rows[0]:
        return rows[0], "\n".join(rows[1:])
    return NO_TITLE, "\n".join(rows)


def _beginning(rows: tuple[str, ...]) -> str:
    """The first line, as much of it as a title may have."""
    line = next((line for row in rows for line in row.splitlines() if line), NO_TITLE)
    return line if len(line) <= TITLE else f"{line[: TITLE - 1]}…"
