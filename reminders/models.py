"""The tables of what must be sent, and of what became of it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field

from config.tables import SQLModel


class OutboxState(StrEnum):
    """What became of a message."""

    PENDING = "pending"  # also while claimed: the lease says by whom
    SENT = "sent"
    DROPPED = "dropped"  # its reason was gone when it was about to be sent: closed, retired
    FAILED = "failed"  # refused for good
    UNKNOWN = "unknown"  # may have arrived: time-out after sending


class OutboxMessage(SQLModel, table=True):
    """One message to one chat: facts, not words; words are made just before it is sent.

    `kind` says how `facts` are rendered: "reply" {"outgoing": …}, "reminder" {} (its Reminder rows
    point here), "notice" {"text": …}. `dedup_key` is unique: the same cause never makes two.
    """

    __table_args__ = (
        Index("ix_outbox_due", "state", "due_at"),
        Index("ix_outbox_chat", "platform", "chat_id", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    dedup_key: str = Field(unique=True, max_length=200)
    kind: str
    platform: str
    chat_id: str
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    due_at: datetime  # not before; moved on by TryLater
    state: OutboxState = OutboxState.PENDING
    claimed_by: str | None = None
    lease_until: datetime | None = None  # real time, whatever the clock stands at
    attempts: int = 0
    parts_sent: int = 0  # of a message that was split: where to go on after an interruption
    platform_message_id: str | None = None
    platform_words: str = ""  # what the platform answered last, its own code kept
    text: str = ""  # as sent
    buttons: list[dict[str, Any]] = Field(  # as sent, for who answers by a number
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    created_at: datetime
    finished_at: datetime | None = None


class Reminder(SQLModel, table=True):
    """That a receiver is told of a timing of a task; unique, so planning twice changes nothing."""

    __table_args__ = (
        UniqueConstraint(
            "plan_id",
            "lineage",
            "timing_key",
            "occurrence_on",
            "rule",
            "unit_id",  # an office hears of several silent units
            "platform",
            "chat_id",
            name="uq_reminder_once",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str = Field(foreign_key="plan.id", index=True)
    lineage: str = Field(index=True, max_length=40)
    timing_key: str = Field(max_length=16)
    occurrence_on: date  # the day it is owed
    rule: str = Field(max_length=64)  # "before_deadline:7"
    unit_id: int = Field(foreign_key="unit.id", index=True)  # who owes it, whoever is told
    window_id: int | None = Field(default=None, foreign_key="reportwindow.id", index=True)
    platform: str
    chat_id: str
    at: datetime  # when it is to be sent
    outbox_id: int | None = Field(default=None, foreign_key="outboxmessage.id", index=True)
    state: str = "planned"  # planned, dropped (closed before it was sent), skipped (too late)


class ReportDuty(SQLModel, table=True):
    """A reporting duty set by an admin, beside those that stand in the plans."""

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str | None = Field(default=None, foreign_key="plan.id")  # None: every plan in force
    text: str  # what is to be reported
    timing_text: str  # "每季度末月25日前", as the admin wrote it
    rule: str  # an RRULE
    unit_text: str = ""  # "" for each lead unit, else names joined by 、
    by: str
    at: datetime
    since_on: date  # nothing is owed before
    ended_on: date | None = None  # nothing is owed after


class ReportWindow(SQLModel, table=True):
    """One report 报送 that one unit owes for one period; opened ahead of time, closed by its arrival."""

    __table_args__ = (
        UniqueConstraint(
            "plan_id",
            "lineage",
            "timing_key",
            "unit_id",
            "occurrence_on",
            name="uq_reportwindow_once",
        ),
        Index("ix_reportwindow_due", "due_on", "received_on"),
        Index("ix_reportwindow_opens", "opens_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str = Field(foreign_key="plan.id", index=True)
    lineage: str = Field(
        max_length=40
    )  # of the task whose timing it is, or "duty:7" of a ReportDuty
    timing_key: str = Field(default="", max_length=16)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    period: str = Field(max_length=16)  # "2026-02", "2026-Q2", "2026-H1", "2026-W36", "2026", …
    occurrence_on: date  # the day as the plan has it; it names the window
    opens_on: date
    due_on: date  # moved off a holiday, or put off by an extension
    received_on: date | None = None
    event_id: int | None = Field(default=None, foreign_key="taskevent.id")  # the REPORTED one


class ReportList(SQLModel, table=True):
    """A list of who has not reported, shown in one chat; it is kept up to date until all have."""

    __table_args__ = (
        UniqueConstraint(
            "plan_id", "lineage", "timing_key", "due_on", "platform", "chat_id",
            name="uq_reportlist_once",
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str = Field(foreign_key="plan.id", index=True)
    lineage: str = Field(max_length=40)
    timing_key: str = Field(default="", max_length=16)
    due_on: date
    platform: str
    chat_id: str
    outbox_id: int | None = Field(default=None, foreign_key="outboxmessage.id")  # its newest state
    received: int = 0  # how many reports had come when that was written
    is_closed: bool = Field(default=False, index=True)


class RuleChoice(SQLModel, table=True):
    """A setting of the reminder rules for one plan, one unit or both, in place of the default."""

    __table_args__ = (UniqueConstraint("plan_id", "unit_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str | None = Field(default=None, foreign_key="plan.id")
    unit_id: int | None = Field(default=None, foreign_key="unit.id")
    name: str = Field(max_length=64)
    value: str
    by: str
    at: datetime


class VersionSeen(SQLModel, table=True):
    """Since when, by the planner's clock, a version of a plan has been in force.

    What was past its day before that is told to the admins in one summary, and follows no one up.
    """

    version_id: int = Field(primary_key=True, foreign_key="planversion.id")
    plan_id: str = Field(index=True, max_length=64)
    at: datetime


class PlannerState(SQLModel, table=True):
    """How far the planner has come: one row, which a planner locks while it works."""

    id: int = Field(default=1, primary_key=True)
    planned_to: datetime | None = None
    missing_years: list[int] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )  # reminders that could not be planned for want of a working-day calendar
