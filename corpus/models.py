"""The tables of the ledger: plans and their versions, tasks, units, and the history of each task."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, Relationship

from config.tables import SQLModel
from corpus.values import IndicatorKind, Role, TimingKind


class VersionState(StrEnum):
    """Where a version of a plan stands. That its period is over is computed from the day asked."""

    DRAFT = "draft"
    IN_FORCE = "in_force"
    RETIRED = "retired"
    DISCARDED = "discarded"  # a draft that an admin threw away; kept, since buttons name its id


class Plan(SQLModel, table=True):
    """A plan over all its versions; `id` is the short name used in commands, `leqing-2022`."""

    id: str = Field(primary_key=True, max_length=64)
    created_at: datetime

    versions: list["PlanVersion"] = Relationship(
        back_populates="plan", sa_relationship_kwargs={"order_by": "PlanVersion.number"}
    )


class PlanVersion(SQLModel, table=True):
    """One reading of one file; at most one version of a plan is in force."""

    __table_args__ = (
        UniqueConstraint("plan_id", "number"),
        Index(
            "uq_planversion_in_force",
            "plan_id",
            unique=True,
            sqlite_where=text("state = 'IN_FORCE'"),
            postgresql_where=text("state = 'IN_FORCE'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str = Field(foreign_key="plan.id", index=True)
    number: int
    state: VersionState = Field(index=True)
    title: str
    issuer: str | None = None
    doc_number: str | None = None
    issued_on: date | None = None
    jurisdiction: str | None = None
    period_start_on: date | None = None
    period_end_on: date | None = None
    basis: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    leading_group: str | None = None
    # where a day goes that falls on a holiday: "after" or "before" it; "" where the plan is silent
    off_days: str = Field(default="", max_length=8)
    file_name: str
    sha256: str = Field(index=True)
    document: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    review: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    read_at: datetime
    published_at: datetime | None = None
    published_by: str | None = None
    revision: int = 0  # goes up when a correction changes what this version says
    # the facts that a correction replaces, as they were read
    as_read: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))

    plan: Plan = Relationship(back_populates="versions")
    tasks: list["Task"] = Relationship(
        back_populates="version",
        sa_relationship_kwargs={"order_by": "Task.seq", "cascade": "all, delete-orphan"},
    )


class Upload(SQLModel, table=True):
    """The bytes of a file that was taken in, so that it can be read again."""

    sha256: str = Field(primary_key=True, max_length=64)
    file_name: str
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: datetime


class Task(SQLModel, table=True):
    """One task of one version of a plan.

    `lineage` is the same for a task in all versions of its plan: what people said of it stays
    with it when its wording changes.
    """

    id: int | None = Field(default=None, primary_key=True)
    version_id: int = Field(foreign_key="planversion.id", index=True)
    plan_id: str = Field(index=True)
    lineage: str = Field(index=True, max_length=40)
    seq: int  # order in the document, from 0
    part: str
    no: str | None = None
    section: str | None = None
    title: str | None = None
    text: str
    unit_text: str = ""
    timing_text: str = ""
    indicator_kind: IndicatorKind | None = None
    line_start: int | None = None
    line_end: int | None = None
    page: int | None = None
    # title, responsibilities and timings as they were read, where a correction replaces some
    as_read: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))

    @property
    def name(self) -> str:
        """What it is called: its title, or its words where it has none."""
        return self.title or self.text

    version: PlanVersion = Relationship(back_populates="tasks")
    responsibilities: list["Responsibility"] = Relationship(
        back_populates="task",
        sa_relationship_kwargs={"order_by": "Responsibility.seq", "cascade": "all, delete-orphan"},
    )
    timings: list["Timing"] = Relationship(
        back_populates="task",
        sa_relationship_kwargs={"order_by": "Timing.seq", "cascade": "all, delete-orphan"},
    )
    targets: list["Target"] = Relationship(
        back_populates="task",
        sa_relationship_kwargs={"order_by": "Target.seq", "cascade": "all, delete-orphan"},
    )


class Unit(SQLModel, table=True):
    """An organisation of one place: 乐清市的市教育局 and 温州市的市教育局 are two units."""

    __table_args__ = (UniqueConstraint("jurisdiction", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    jurisdiction: str = ""  # "" where the plan names none
    is_collective: bool = False  # 各乡镇（街道）, 市食安委各成员单位
    parent_id: int | None = Field(default=None, foreign_key="unit.id")
    contact: str = ""  # 联系人
    phone: str = ""

    aliases: list["UnitAlias"] = Relationship(
        back_populates="unit", sa_relationship_kwargs={"cascade": "all, delete-orphan"}
    )


class UnitAlias(SQLModel, table=True):
    """Another name of a unit."""

    __table_args__ = (UniqueConstraint("unit_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", index=True)
    name: str = Field(index=True)

    unit: Unit = Relationship(back_populates="aliases")


class UnitMember(SQLModel, table=True):
    """A member of a collective unit."""

    collective_id: int = Field(foreign_key="unit.id", primary_key=True)
    member_id: int = Field(foreign_key="unit.id", primary_key=True)


class Responsibility(SQLModel, table=True):
    """A unit's part in a task, as printed."""

    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(
        default=None, foreign_key="task.id", index=True
    )  # set by the task it is put in
    seq: int
    unit_text: str
    unit_id: int = Field(foreign_key="unit.id", index=True)
    role: Role = Field(index=True)

    task: Task = Relationship(back_populates="responsibilities")
    unit: Unit = Relationship()


class Timing(SQLModel, table=True):
    """When a task is owed; `text` is as printed. `key` names the timing within the task's lineage."""

    # what is due in a span of days is found without a walk over all timings of its kind
    __table_args__ = (
        Index("ix_timing_owed", "kind", "due_on"),
        Index("ix_timing_rule", "kind", "rule"),
        Index(
            "ix_timing_report",
            "task_id",
            sqlite_where=text("is_report = 1"),
            postgresql_where=text("is_report"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(
        default=None, foreign_key="task.id", index=True
    )  # set by the task it is put in
    seq: int
    key: str = Field(max_length=16)
    text: str
    about: str = ""
    kind: TimingKind
    start_on: date | None = None
    due_on: date | None = Field(default=None, index=True)
    rule: str | None = None
    ambiguous: bool = False
    hedged: bool = False
    is_report: bool = False

    task: Task = Relationship(back_populates="timings")


class Target(SQLModel, table=True):
    """A number that must be reached; `value` is kept as printed digits, so that nothing is rounded."""

    id: int | None = Field(default=None, primary_key=True)
    task_id: int = Field(
        default=None, foreign_key="task.id", index=True
    )  # set by the task it is put in
    seq: int
    indicator: str
    op: str
    value: str
    measure_unit: str
    text: str

    task: Task = Relationship(back_populates="targets")


class EventKind(StrEnum):
    """What people say of a task, and what is decided on it."""

    ACK = "ack"  # 收到
    PROGRESS = "progress"  # 进展
    COMPLETION_ASKED = "completion_asked"  # 申请办结, where the supervising office confirms it
    COMPLETION_REFUSED = "completion_refused"
    DONE = "done"  # 办结
    REOPENED = "reopened"
    REPORTED = "reported"  # 报送, for a window of a reporting duty
    EXTENSION_ASKED = "extension_asked"  # 申请延期 to `until_on`
    EXTENSION_GRANTED = "extension_granted"
    EXTENSION_REFUSED = "extension_refused"
    RETURNED = "returned"  # 退回, 不是我单位
    RETURN_SETTLED = "return_settled"  # an admin decided: reassigned, or it stays
    MUTED = "muted"  # no reminders of it any more, with a reason
    UNMUTED = "unmuted"


class TaskEvent(SQLModel, table=True):
    """One step in the history of a task; rows are only ever added."""

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str = Field(foreign_key="plan.id", index=True)
    lineage: str = Field(index=True, max_length=40)
    timing_key: str = ""  # "" when it is about the whole task
    occurrence_on: date | None = None  # which day of a recurring timing; None: all of them
    kind: EventKind = Field(index=True)
    unit_id: int | None = Field(default=None, foreign_key="unit.id")
    by: str  # "telegram:12345", or "cli"
    by_name: str = ""
    text: str = ""
    at: datetime
    until_on: date | None = Field(default=None, index=True)  # of an extension: the new day
    decides: int | None = Field(default=None, foreign_key="taskevent.id")  # the asking it settles


class EventFile(SQLModel, table=True):
    """A file that came with a step in the history of a task: 进展 or 报送."""

    id: int | None = Field(default=None, primary_key=True)
    event_id: int = Field(foreign_key="taskevent.id", index=True)
    file_name: str
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Touched(SQLModel, table=True):
    """That something changed of which reminders may follow; the planner looks at it and deletes the row.

    Written in the transaction of the change: a plan that was published, corrected or retired, a
    unit whose chats or members changed, a task opened again. Rows are deleted, never updated, so
    that none is overlooked whatever the order of commits.
    """

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str | None = Field(default=None, max_length=64)  # None: all plans
    lineage: str = Field(default="", max_length=40)  # "": all tasks of the plan
    unit_id: int | None = None  # None: all units


class CorrectedField(StrEnum):
    """What an admin can put right: of a task the first four, of a plan the title and the others."""

    TITLE = "title"
    DUE = "due"
    LEAD = "lead"
    SUPPORT = "support"
    ISSUER = "issuer"
    DOC_NUMBER = "doc_number"
    ISSUED_ON = "issued_on"
    JURISDICTION = "jurisdiction"
    PERIOD_START_ON = "period_start_on"
    PERIOD_END_ON = "period_end_on"


class Correction(SQLModel, table=True):
    """What an admin says in place of what was read; it holds for every version of the plan.

    `before` is what the reading said then, `after` what holds; both as a person writes them: names
    joined by 、, a day as 2026-06-30, "" for none.
    """

    id: int | None = Field(default=None, primary_key=True)
    plan_id: str = Field(foreign_key="plan.id", index=True)
    lineage: str = Field(default="", max_length=40)  # "" when it is about the plan itself
    timing_key: str = Field(default="", max_length=16)  # of a day: which one
    field: CorrectedField
    before: str
    after: str
    by: str  # "telegram:12345", or "cli"
    by_name: str = ""
    at: datetime
    undone_at: datetime | None = None  # taken back, or replaced by a newer one
    undone_by: str | None = None
