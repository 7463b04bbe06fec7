"""The passages that are searched, and the vectors computed for them."""

from sqlalchemy import Column, Index, LargeBinary
from sqlmodel import Field

from config.tables import SQLModel


class Passage(SQLModel, table=True):
    """A piece of a plan version that knows its clause or row.

    What is indexed is title, heading and text together; what is quoted is `text` alone.
    """

    __table_args__ = (Index("ix_passage_plan", "plan_id", "version_id"),)

    id: int | None = Field(default=None, primary_key=True)
    version_id: int = Field(foreign_key="planversion.id", index=True)
    plan_id: str
    seq: int  # order in the document, from 0
    ref: str  # where it stands, for people: "附件2第30项", "二、（三）2"
    heading: str  # the headings above it, joined by " › "
    text: str
    printed: str = ""  # the whole row of a table, its cells in order; "" for prose
    task_id: int | None = Field(default=None, foreign_key="task.id", index=True)
    line_start: int | None = None
    line_end: int | None = None
    page: int | None = None


class Vector(SQLModel, table=True):
    """An embedding, kept by what was embedded and by which model, so that none is computed twice."""

    text_sha256: str = Field(primary_key=True, max_length=64)
    model: str = Field(primary_key=True, max_length=64)
    vector: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # float32, little-endian
