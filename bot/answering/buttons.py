"""The buttons under reminders, and under what waits for a decision; what they carry are ids."""

from collections.abc import Sequence

from bot.answering.digest import Item
from bot.answering.words import Verb
from bot.messages import Button
from reminders.models import ReportWindow
from reminders.periods import in_chinese

Rows = tuple[tuple[Button, ...], ...]

MORE, WINDOW, FILES = "more", "window", "files"
AGREE, DENY, MOVE, KEEP = "agree", "deny", "move", "keep"
ANSWERS = (*(verb.value for verb in Verb), MORE, WINDOW)
DECISIONS = (AGREE, DENY, MOVE, KEEP)
OURS = frozenset((*ANSWERS, *DECISIONS, FILES))
LONGEST_LABEL = 24  # characters


def under(message_id: int | None, found: Sequence[Item]) -> Rows:
    """Under a reminder of a unit: 收到, what ends it, and 更多."""
    reports_only = all(item.window is not None for item in found)
    end = ("报送", Verb.REPORT) if reports_only else ("办结", Verb.DONE)
    row = (("收到", Verb.ACK), end, ("更多", MORE))
    return (
        tuple(
            Button(label, f"{verb}:{message_id}", is_main=verb == Verb.ACK) for label, verb in row
        ),
    )


def more(message_id: int | None, found: Sequence[Item]) -> Rows:
    """What 更多 offers."""
    tasks = any(item.window is None for item in found)
    reports = any(item.window is not None for item in found)
    rows = [
        *([("报送", Verb.REPORT)] if reports and tasks else []),
        *([("进展", Verb.PROGRESS)] if tasks else []),
        ("申请延期", Verb.EXTEND),
        *([("不是我单位", Verb.RETURN)] if tasks else []),
    ]
    return tuple((Button(label, f"{verb}:{message_id}"),) for label, verb in rows)


def which(verb: Verb, message_id: int | None, found: Sequence[Item]) -> Rows:
    """One for each item that an answer may be about."""
    return tuple(
        (Button(f"{i.number}. {_short(i.title)}", f"{verb}:{message_id}:{i.reminders[0].id}"),)
        for i in found
    )


def windows(found: Sequence[tuple[ReportWindow, str]]) -> Rows:
    """One for each report that may be meant; beside each window what is reported."""
    return tuple(
        (Button(f"{_short(f'{in_chinese(window.period)} {text}')}", f"{WINDOW}:{window.id}"),)
        for window, text in found
    )


def to_decide(event_id: int | None, *, is_return: bool, has_files: bool = False) -> Rows:
    """Under what a unit asked for."""
    pair = (
        ((MOVE, "改派"), (KEEP, "维持原单位")) if is_return else ((AGREE, "同意"), (DENY, "不同意"))
    )
    row = tuple(Button(label, f"{verb}:{event_id}", is_main=verb == AGREE) for verb, label in pair)
    return (row, *files(event_id)) if has_files else (row,)


def files(event_id: int | None) -> Rows:
    """Shows what came with a step."""
    return ((Button("看附件", f"{FILES}:{event_id}"),),)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
