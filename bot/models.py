"""The tables of people, chats, and what came in from them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from config.tables import SQLModel


class AccountRole(StrEnum):
    """What an account may do."""

    MEMBER = "member"
    ADMIN = "admin"


class Purpose(StrEnum):
    """For whom of a unit a chat is: reminders go to the unit, escalations further up."""

    UNIT = "unit"
    HEAD = "head"  # 负责人
    LEADER = "leader"  # 分管领导


class Account(SQLModel, table=True):
    """A person's account on one platform: name, unit and role, and no more is kept of them."""

    __table_args__ = (UniqueConstraint("platform", "account_id"),)

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    account_id: str
    name: str = ""
    role: AccountRole = AccountRole.MEMBER
    unit_id: int | None = Field(default=None, foreign_key="unit.id")
    private_chat_id: str | None = None  # where this person can be written to

    @property
    def full_name(self) -> str:
        """The account on its platform, as the history keeps it: telegram:12345."""
        return f"{self.platform}:{self.account_id}"


class Chat(SQLModel, table=True):
    """A group or a private chat, the unit it is bound to, and the plans it is scoped to."""

    __table_args__ = (UniqueConstraint("platform", "chat_id"),)

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    chat_id: str
    kind: str  # "private" or "group"
    title: str = ""
    unit_id: int | None = Field(default=None, foreign_key="unit.id", index=True)
    purpose: Purpose = Purpose.UNIT
    plan_ids: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    is_dead: bool = False  # the bot was removed, or the chat is gone


class BindRequest(SQLModel, table=True):
    """A chat that asks to be bound to a unit; an admin grants or refuses it."""

    id: int | None = Field(default=None, primary_key=True)
    chat_row_id: int = Field(foreign_key="chat.id", index=True)
    unit_id: int = Field(foreign_key="unit.id")
    purpose: Purpose = Purpose.UNIT
    asked_by: int = Field(foreign_key="account.id")
    asked_at: datetime
    granted: bool | None = None  # None while it waits
    decided_by: int | None = Field(default=None, foreign_key="account.id")


class BindCode(SQLModel, table=True):
    """A one-time code of an admin: whoever sends it binds their chat to the unit at once."""

    id: int | None = Field(default=None, primary_key=True)
    code_hash: str = Field(unique=True, max_length=64)  # the code itself is shown once, never kept
    unit_id: int = Field(foreign_key="unit.id")
    purpose: Purpose = Purpose.UNIT
    plan_ids: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_by: str | None = None  # "telegram:12345"
    used_at: datetime | None = None


class Attempt(SQLModel, table=True):
    """A wrong one-time code: who tries too often must wait."""

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    account_id: str = Field(index=True)
    at: datetime


class InboxMessage(SQLModel, table=True):
    """What came in, written before it is acknowledged and handled; unique by the platform's id."""

    __table_args__ = (UniqueConstraint("platform", "message_id"),)

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    message_id: str
    chat_id: str = Field(index=True)
    incoming: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    received_at: datetime
    handled_at: datetime | None = Field(default=None, index=True)
    # the platform's id of the message that shows the beginning of the answer, and becomes it
    draft_id: str = ""
    attempts: int = 0
    error: str = ""


class WebMessage(SQLModel, table=True):
    """What a web chat shows, kept over a reload: what the person said, and what was answered."""

    __table_args__ = (UniqueConstraint("chat_id", "client_id"),)

    id: int | None = Field(default=None, primary_key=True)
    chat_id: str = Field(index=True)
    # the page's own id of what it sent, so that sending again is the same message; None for answers
    client_id: str | None = Field(default=None, max_length=64)
    direction: str  # "in" from the person, "out" to the person
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    at: datetime


class Expected(SQLModel, table=True):
    """What a person in a chat was asked for, and may send with their next message."""

    __table_args__ = (UniqueConstraint("platform", "chat_id", "account_id"),)

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    chat_id: str
    account_id: str
    verb: str  # what the message will be: "progress", "extend" …, "files" for more files of a step
    outbox_id: int | None = Field(default=None, foreign_key="outboxmessage.id")
    reminder_id: int | None = Field(default=None, foreign_key="reminder.id")
    window_id: int | None = Field(default=None, foreign_key="reportwindow.id")
    event_id: int | None = Field(default=None, foreign_key="taskevent.id")
    # what was said already, as Incoming, and waits for the person to press which task it is about
    said: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    until: datetime


class AnswerLog(SQLModel, table=True):
    """An answer that was given, for the admins to see what is missing; who asked is not kept."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    platform: str
    chat_id: str
    question: str
    # the question as it is compared with later ones: its words, the chat's scope, the unit
    key: str = Field(index=True, max_length=64)
    plan_ids: list[str] = Field(
        sa_column=Column(JSON, nullable=False)
    )  # the chat's, else those cited
    unit: str | None = None
    answerable: bool = Field(index=True)
    text: str
    # what its buttons lead to: the rows of a list in pages, its tasks as a table, other questions
    rows: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    task_ids: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    choices: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    good: bool | None = Field(default=None, index=True)  # what the reader pressed


class ApprovedAnswer(SQLModel, table=True):
    """What an admin answers to a question; it holds while the same plan versions are in force."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True, max_length=64)  # as in AnswerLog
    question: str
    text: str
    version_ids: list[int] = Field(sa_column=Column(JSON, nullable=False))
    by: str  # "telegram:12345", or "cli"
    at: datetime


class KeyValue(SQLModel, table=True):
    """Small facts of this installation: the admin's one-time code, a platform's read offset."""

    key: str = Field(primary_key=True, max_length=64)
    value: str
