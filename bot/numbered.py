"""A bare number is the button of that number under the last message: for chats without buttons."""

import re
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import col, select

from bot.messages import Incoming
from config.database import reading
from reminders.models import OutboxMessage, OutboxState

NUMBER = re.compile(r"([1-9]\d?)[.。、]?")
WITHIN = timedelta(days=1)
LOOKED_AT = 5  # messages: what was said since needs no buttons of its own


def as_press(engine: Engine, incoming: Incoming, now: datetime, has_buttons: bool) -> Incoming:
    """The press that a number stands for; every other message as it is.

    Where there are real buttons too nobody means 有用 or 没用 by a number: it is a word of the talk.
    """
    found = NUMBER.fullmatch(unicodedata.normalize("NFKC", incoming.text.strip()))
    if not found or incoming.button or not incoming.addressed:
        return incoming
    sent = (
        select(OutboxMessage)
        .where(
            OutboxMessage.platform == incoming.platform,
            OutboxMessage.chat_id == incoming.chat_id,
            col(OutboxMessage.state).in_([OutboxState.SENT, OutboxState.UNKNOWN]),
            col(OutboxMessage.finished_at) > now - WITHIN,
        )
        .order_by(col(OutboxMessage.id).desc())
        .limit(LOOKED_AT)
    )
    with reading(engine) as session:
        asked = next((one for one in session.exec(sent) if one.buttons), None)
    if asked and has_buttons and all(button.get("is_minor") for button in asked.buttons):
        return incoming
    number = int(found[1])
    if asked is None or number > len(asked.buttons):
        return incoming
    data = asked.buttons[number - 1]["data"]
    return replace(
        incoming, text="", button=data, pressed_message_id=asked.platform_message_id or ""
    )
