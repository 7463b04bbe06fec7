"""A bare number presses a button, but never 有用 or 没用 where there are real buttons."""

import pytest
from sqlalchemy import Engine

from bot.messages import Incoming
from bot.numbered import as_press
from config.clock import Clock
from config.database import writing
from reminders.models import OutboxMessage, OutboxState

RATING = [
    {"label": "有用", "data": "good:7", "is_minor": True},
    {"label": "没用", "data": "bad:7", "is_minor": True},
]
ANSWERS = [{"label": "收到", "data": "ack:8"}, {"label": "办结", "data": "done:8"}]


@pytest.mark.parametrize(
    ("buttons", "has_buttons", "pressed"),
    [
        (RATING, True, ""), (RATING, False, "bad:7"),
        (ANSWERS, True, "done:8"), (ANSWERS, False, "done:8"), ([], False, ""),
    ],
)  # fmt: skip
def test_what_a_number_presses(
    engine: Engine, buttons: list[dict[str, object]], has_buttons: bool, pressed: str
) -> None:
    now = Clock().now()
    with writing(engine) as session:
        session.add(
            OutboxMessage(
                dedup_key="1", kind="reply", platform="console", chat_id="甲群", facts={},
                due_at=now, created_at=now, finished_at=now, state=OutboxState.SENT,
                buttons=buttons, platform_message_id="m1",
            )
        )  # fmt: skip
    said = Incoming("console", "1", "甲群", True, "zhang", "张工", "２", now)
    assert as_press(engine, said, now, has_buttons).button == pressed
