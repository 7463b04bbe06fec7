"""What the conformance suite asks of a vendor's end of the wire, whichever vendor it is."""

from dataclasses import dataclass, field
from typing import Any, Protocol


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
    and a test ends with none. One private chat, "private", and one group, "group", exist.
    People are named by their account ids.
    """

    name: str  # of the platform
    complaints: list[str]

    def settings(self) -> dict[str, Any]:
        """The values of Settings that point the platform here."""
        ...

    def start(self, deliver: Any) -> None:
        """Begin; `deliver(Call) -> CallReply` reaches the product's /hooks, for vendors that call."""
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
