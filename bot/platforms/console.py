"""The terminal: a chat of its user, a line at a time, with buttons as numbers."""

import json
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from getpass import getuser
from typing import Any
from uuid import uuid4

from bot.messages import Attachment, Incoming, Limits, Outgoing, Receipt
from config.errors import DubanError, Refused

GREETING = "直接提问，例如：本月到期的任务有哪些？/help 看用法，空行看新消息，Ctrl+D 结束。"
PROMPT = "› "

Offered = list[dict[str, str]]  # what may be answered by its number, as arguments of `say`


class Console:
    """Takes what is sent to one terminal; what comes from it is handed in by the verb `say`."""

    name = "console"
    limits = Limits(text_units=100_000, buttons=50)

    def __init__(self) -> None:
        self.shown: list[Outgoing] = []

    async def send(self, message: Outgoing) -> Receipt:
        """For the terminal that asked."""
        self.shown.append(message)
        return Receipt(uuid4().hex)

    async def receive(self) -> AsyncIterator[Incoming]:
        """Nothing comes by itself."""
        return
        yield

    async def download(self, attachment: Attachment) -> bytes:
        """A file is taken in by `duban ingest`."""
        raise Refused(f"终端收不到文件“{attachment.name}”。请用 duban ingest 读入。")

    async def close(self) -> None: ...


def converse(
    carry_out: Callable[..., Iterator[str]], *, unit: str | None, plan: str | None, at: str | None
) -> None:
    """Chat until the terminal's end; `carry_out` runs a verb here or in the serving process."""
    _edit_lines()
    scope: dict[str, Any] = {"name": _user(), "unit": unit, "plan": plan, "at": at}
    print(GREETING)  # noqa: T201
    offered = _show(carry_out("listen", **scope), [])
    while True:
        try:
            text = input(PROMPT).strip()
        except EOFError:
            print()  # noqa: T201
            return
        said = {"text": text}
        if text.isdecimal() and 0 < int(text) <= len(offered):
            said = offered[int(text) - 1]
        try:
            lines = carry_out("say", **scope, **said) if text else carry_out("listen", **scope)
            offered = _show(lines, offered)
        except DubanError as error:
            print(error, file=sys.stderr)  # noqa: T201


def _show(lines: Iterable[str], before: Offered) -> Offered:
    """Print messages; what they offer takes the place of what was offered before."""
    offered: Offered = []
    for line in lines:
        message = Outgoing.from_json(json.loads(line))
        print(message.text)  # noqa: T201
        for button in (button for row in message.buttons for button in row):
            offered.append({"button": button.data})
            print(f"[{len(offered)}] {button.label}")  # noqa: T201
        for suggestion in message.suggestions:
            offered.append({"text": suggestion})
            print(f"[{len(offered)}] {suggestion}", flush=True)  # noqa: T201
    return offered or before


def _edit_lines() -> None:
    try:
        import readline  # noqa: F401  (input() uses it from here on)
    except ImportError:
        return  # Windows edits lines by itself


def _user() -> str:
    try:
        return getuser()
    except (OSError, KeyError, ImportError):
        return "user"  # a container may run a user without a name
