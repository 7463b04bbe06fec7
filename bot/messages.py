"""Incoming, Outgoing, Receipt: the words that all platforms share."""

import base64
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from config.clock import Clock


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message; `ref` is how its platform finds the bytes."""

    name: str
    size_bytes: int
    ref: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a person said, or the button that they pressed."""

    platform: str
    message_id: str  # unique on the platform; a re-delivery carries the same
    chat_id: str
    is_group: bool
    account_id: str
    account_name: str
    text: str
    at: datetime
    chat_title: str = ""
    addressed: bool = True  # in a group: whether the bot is meant
    button: str = ""  # the data of the button pressed, "" for a message
    pressed_message_id: str = ""  # the message that carries the button
    attachments: tuple[Attachment, ...] = ()
    stands_at: str = ""  # the ISO date this chat stands at, "" for the clock's own day
    # the chat itself changed and nobody spoke: "joined" or "left" (the bot was added, removed,
    # blocked), "migrated:<the chat's new id>"
    event: str = ""
    unit: str = ""  # the unit that this message speaks for, "" for the chat's own
    plan_id: str = ""  # the plan that it is about, "" for the chat's own
    replied_to: str = ""  # the platform's id of our message that this one quotes

    @property
    def by(self) -> str:
        """Who speaks, as the history keeps it: telegram:12345."""
        return f"{self.platform}:{self.account_id}"

    def to_json(self) -> dict[str, Any]:
        """Plain data for the inbox table."""
        return {**asdict(self), "at": self.at.isoformat()}

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Incoming":
        """The reverse of `to_json`."""
        files = tuple(Attachment(**item) for item in data["attachments"])
        return Incoming(**{**data, "at": datetime.fromisoformat(data["at"]), "attachments": files})


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message; `data` is at most 64 bytes and carries database ids only."""

    label: str
    data: str
    is_minor: bool = False  # pressed in passing, if at all: not worth a message of its own
    is_main: bool = False  # what most people press next


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer comes from, for platforms that can show more than text."""

    plan_id: str
    plan_title: str
    ref: str  # "附件2第30项", "第7条"
    quote: str
    task_id: int | None = None  # the row in the ledger page
    passage_id: int | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file or picture for a person, whole."""

    name: str  # with its suffix: "通报2026年6月.xlsx"
    content: bytes

    @property
    def is_picture(self) -> bool:
        """Whether it is shown as a picture, where its platform takes one of its size."""
        return self.name.lower().endswith((".png", ".jpg", ".jpeg"))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a person reads: rows that a platform may split between, never inside.

    `key` is the same at every attempt to send one message: a platform that knows such keys shows
    it once however often it is sent.
    """

    chat_id: str
    rows: tuple[str, ...]
    buttons: tuple[tuple[Button, ...], ...] = ()
    sources: tuple[Source, ...] = ()
    suggestions: tuple[str, ...] = ()  # questions to tap
    reply_to: str = ""  # the platform's id of the message answered
    edits: str = ""  # the platform's id of the message to replace
    files: tuple[File, ...] = ()
    mentions: tuple[str, ...] = ()  # account ids to point at, in a group
    key: str = ""

    @property
    def text(self) -> str:
        """All rows as one text."""
        return "\n".join(self.rows)

    def to_json(self) -> dict[str, Any]:
        """Plain data for the outbox table."""
        files = [
            {"name": f.name, "content": base64.b64encode(f.content).decode()} for f in self.files
        ]
        return {**asdict(replace(self, files=())), "files": files}

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Outgoing":
        """The reverse of `to_json`."""
        return Outgoing(
            chat_id=data["chat_id"],
            rows=tuple(data["rows"]),
            buttons=tuple(tuple(Button(**b) for b in row) for row in data["buttons"]),
            sources=tuple(Source(**s) for s in data["sources"]),
            suggestions=tuple(data["suggestions"]),
            reply_to=data["reply_to"],
            edits=data["edits"],
            files=tuple(File(f["name"], base64.b64decode(f["content"])) for f in data["files"]),
            mentions=tuple(data["mentions"]),
            key=data["key"],
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's yes: its id of the (last) message sent."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform can carry, as data; degrading.py makes do without what it can't."""

    text_units: int  # the longest text of one message, measured by `measure`
    measure: str = "characters"  # "characters", "utf16" or "bytes"
    markup: str = "plain"  # how `send` writes the rows for its vendor: "plain", "markdown", "card"
    # the rows as they go over the wire: what escaping, a title or a card adds counts as well
    written: Callable[[tuple[str, ...]], str] = "\n".join
    hears: bool = True  # whether people can answer; where they can't, nothing asks them to
    # in a group: words that point at the bot, with their pictures; no answer by quoting, no lone file
    hears_only_mentions: bool = False
    buttons: int = 0  # most buttons in one message; 0: none, people answer by a number
    button_bytes: int = 64
    can_edit: bool = False
    edits_cards_only: bool = False  # only what has buttons can be edited; the rest is said anew
    # in a private chat an answer may be read while it is written, in a message that is changed this
    # often and then becomes the answer, buttons and all; 0: answers are sent whole
    draft_every_s: float = 0.0
    file_bytes: int = 0  # the largest file it sends; 0: none
    files_with_text: bool = (
        False  # a text carries its files, as a mail does, up to file_bytes in all
    )
    receives_files: bool = False
    can_mention: bool = False
    messages_per_s: float = 1e9
    chat_messages_per_min: float = 1e9  # in a private chat
    group_messages_per_min: float = 1e9
    redelivers_for_s: float = 0.0  # how long the vendor sends an event again; 0: never
    # whether sending again with the same Outgoing.key is shown once: a message that may have
    # arrived is then simply sent again
    is_idempotent: bool = False


class Platform(Protocol):
    """One chat platform; nothing outside its file knows which.

    `receive` yields each message as it comes; when its consumer asks for the next one, the one
    before has been stored, and may be acknowledged to the vendor. `send` raises TryLater when the
    platform is busy, Refused when it says no for good, and MaybeSent when the message may have
    arrived.
    """

    name: str
    limits: Limits

    def receive(self) -> AsyncIterator[Incoming]: ...

    async def send(self, message: Outgoing) -> Receipt: ...

    async def download(self, attachment: Attachment) -> bytes: ...

    async def close(self) -> None: ...


# Further abilities, asked for apart: a platform has them or not.


@runtime_checkable
class ShowsWork(Protocol):
    """Can show that an answer is being worked on: typing, or a line that goes away."""

    async def working(self, chat_id: str) -> None: ...


@runtime_checkable
class ShowsTime(Protocol):
    """Shows when each message was said; by the clock that the answers stand by, once it is given."""

    def stand_by(self, clock: Clock) -> None: ...


@runtime_checkable
class ListsMembers(Protocol):
    """Knows who is in a group."""

    async def members(self, chat_id: str) -> tuple[str, ...]: ...  # account ids


@runtime_checkable
class TakesCalls(Protocol):
    """Is called by its vendor over HTTP; the web server hands it the calls under /hooks/NAME."""

    async def called(self, call: "Call") -> "CallReply": ...


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request of a vendor."""

    method: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True)
class CallReply:
    """What the vendor gets back; the event is in the inbox by then."""

    status: int = 200
    body: bytes = b""
    media_type: str = "application/json"
