"""What the conformance suite asks of a vendor's end of the wire, whichever vendor it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import pytest

from bot.messages import Call, CallReply

Deliver = Callable[[Call], CallReply]  # a real HTTP call to the product's /hooks/NAME
BOSS, CLERK = "1001", "1002"  # people: the one of the private chat, and one who is in the group


# raised by a double, with a word why, for what its vendor does not have: that test is left out
NotHere = pytest.skip.Exception


@dataclass
class Shown:
    """One message as a person sees it in a chat now, after all edits."""

    message_id: str
    text: str
    buttons: list[str] = field(default_factory=list)  # their labels
    files: dict[str, bytes] = field(default_factory=dict)  # name → content
    edited: bool = False


class Vendor(Protocol):
    """A server on loopback that speaks one vendor's protocol from its documentation, strictly.

    It refuses what the vendor refuses; what no correct program sends is kept in `complaints`,
    and a test ends with none. One private chat, "private", which is BOSS's, and one group,
    "group", in which BOSS and CLERK are, exist. People are named by their account ids. All methods
    are called from a thread that is not the product's event loop, and may block. What the vendor
    does not have raises NotHere(why).

    A module tests/NAME_server.py is found by its functions `make() -> Vendor`, and `make_MODE()`
    for another way of being set up: the suite runs them as NAME and NAME-MODE.
    """

    name: str  # of the platform
    complaints: list[str]

    def settings(self) -> dict[str, Any]:
        """The values of Settings that point the platform here; asked for after `start`."""
        ...

    def start(self, deliver: Deliver) -> None:
        """Begin; `deliver` reaches the product's /hooks/`name`, for vendors that call.

        It waits until the product listens.
        """
        ...

    def stop(self) -> None: ...

    def chat_id(self, chat: str) -> str:
        """The product's id of "private" or "group"."""
        ...

    def say(self, chat: str, account: str, text: str, *, addressed: bool = True) -> None:
        """A person writes; in the group the bot is meant unless `addressed` is False."""
        ...

    def send_file(self, chat: str, account: str, name: str, content: bytes) -> None: ...

    def send_other(self, chat: str, account: str) -> None:
        """A message of a kind that nobody has heard of."""
        ...

    def press(self, chat: str, message_id: str, account: str, label: str) -> None:
        """A person presses a button; where there are none this answers with its number."""
        ...

    def shown(self, chat: str) -> list[Shown]:
        """What the bot has written, oldest first."""
        ...

    def redeliver(self) -> None:
        """The last event comes once more, as the vendor does it."""
        ...

    def forge(self, chat: str, account: str, text: str) -> bool:
        """An event with a wrong signature or secret; whether it was refused."""
        ...

    def replay(self) -> bool:
        """The last event as somebody who listened in would send it, much later; whether it was refused."""
        ...

    def fail(self, kind: str, times: int = 1) -> None:
        """The next calls that send end so: "busy" (the vendor's 429), "error" (5xx), "hang", "drop"."""
        ...

    def gone(self, chat: str) -> None:
        """The bot is thrown out of the chat: what is sent there is refused for good."""
        ...


@runtime_checkable
class Visits(Protocol):
    """A double that comes to us by itself, as a browser does."""

    def visit(self, address: Callable[[], str]) -> None:
        """Called before `start`; `address` waits until the product listens."""
        ...


class OnlySpeaks:
    """What a group robot does not have: put before the double of its vendor's app."""

    def message(self, *_: Any, **__: Any) -> None:
        raise NotHere("nobody can write to a group robot")

    def press(self, chat: str, message_id: str, account: str, label: str) -> None:
        raise NotHere("a group robot has no buttons")

    def redeliver(self) -> None:
        raise NotHere("a group robot is never called")

    def forge(self, chat: str, account: str, text: str) -> bool:
        raise NotHere("a group robot is never called")

    def replay(self) -> bool:
        raise NotHere("a group robot is never called")


def makes() -> Iterator[tuple[str, Callable[[], Vendor]]]:
    """Every double there is, by its name in the suite."""
    for file in sorted(Path(__file__).parent.glob("*_server.py")):
        module = import_module(file.stem)
        for name, make in sorted(vars(module).items()):
            if name == "make" or name.startswith("make_"):
                mode = name.removeprefix("make").replace("_", "-")
                yield file.stem.removesuffix("_server") + mode, make
