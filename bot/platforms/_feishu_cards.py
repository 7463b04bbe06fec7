"""Between our rows and Feishu's messages: a rich text for words, a card for words with buttons."""

from typing import Any

from bot.messages import Button, Outgoing
from bot.platforms._feishu_api import compact

TITLE_CHARACTERS = 60
TEXT_BYTES = 26_000  # a rich text or a card may have 30 KB, and buttons need room

Json = dict[str, Any]


def written(rows: tuple[str, ...]) -> str:
    """The rows as they go over the wire: JSON within JSON; a card of them is shorter."""
    return compact({"content": post_content(rows, ())})


def post(rows: tuple[str, ...], mentions: tuple[str, ...]) -> Json:
    """A rich text whose words are shown as they are, each line a paragraph."""
    lines = [[_text(line)] for row in rows for line in row.split("\n")]
    if mentions:
        lines[0] = [{"tag": "at", "user_id": account} for account in mentions] + lines[0]
    return {"zh_cn": {"content": lines}}


def post_content(rows: tuple[str, ...], mentions: tuple[str, ...]) -> str:
    """The same, as the content of a message."""
    return compact(post(rows, mentions))


def card_content(message: Outgoing) -> str:
    """A card (JSON 1.0, which every client shows) with all buttons below the words.

    A short first row is its title, which the list of chats shows as well. Each button names its
    chat, because a press does not always.
    """
    rows = message.rows
    card: Json = {"config": {"update_multi": True, "enable_forward": False}}
    if rows and 0 < len(rows[0].strip()) <= TITLE_CHARACTERS and "\n" not in rows[0]:
        card["header"] = {"title": _plain(rows[0])}
        rows = rows[1:]
    elements: list[Json] = []
    if message.mentions:
        at = "".join(f"<at id={account}></at>" for account in message.mentions)
        elements.append({"tag": "markdown", "content": at})
    if rows:
        elements.append({"tag": "div", "text": _plain("\n".join(rows))})
    elements += [
        {"tag": "action", "actions": [_button(button, message.chat_id) for button in row]}
        for row in message.buttons
    ]
    return compact({**card, "elements": elements})


def _button(button: Button, chat_id: str) -> Json:
    value = {"data": button.data, "chat": chat_id}
    return {"tag": "button", "text": _plain(button.label), "type": "default", "value": value}


def _plain(text: str) -> Json:
    return {"tag": "plain_text", "content": text}


def _text(text: str) -> Json:
    return {"tag": "text", "text": text}
