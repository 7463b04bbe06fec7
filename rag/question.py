"""What is asked, and what is answered: the words that rag shares with its callers."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Question:
    """One question with all that its answer may depend on."""

    text: str
    today: date  # the day it is asked, Asia/Shanghai
    plan_ids: tuple[str, ...] | None = None  # the chat's scope; None is all plans in force
    unit: str | None = None  # the asker's own unit, as named in the plans or nearly so
    history: tuple[str, ...] = ()  # earlier questions of the same chat, the oldest first
    version_id: int | None = None  # this version of a plan alone, be it a draft or retired


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a claim comes from; `quote` stands in the document word for word."""

    plan_id: str
    plan_title: str
    doc_number: str | None
    ref: str  # "附件2第30项"
    quote: str
    task_id: int | None = None
    passage_id: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person reads, in rows that are never split inside."""

    rows: tuple[str, ...]
    answerable: bool
    citations: tuple[Citation, ...] = ()
    suggestions: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()  # (a few words, the question they stand for)

    @property
    def text(self) -> str:
        """All rows as one text."""
        return "\n".join(self.rows)
