"""What every verb needs, opened once: settings, clock, database, index, and the answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from config.clock import Clock, read_at
from config.database import make_engine, migrate, reading
from config.settings import Settings, load_settings
from config.workdays import Workdays
from corpus import ingest
from corpus.ingest import IngestReport

if TYPE_CHECKING:
    from sqlmodel import Session

    from bot.messages import Outgoing
    from rag.answer import Answerer
    from rag.beginnings import Show
    from rag.llm import Model
    from rag.question import Answer, Question
    from rag.vector import VectorIndex
    from reminders.models import OutboxMessage
    from reminders.recheck import Look


@dataclass
class Core:
    """The product without people: nothing here waits for a platform."""

    settings: Settings
    clock: Clock
    engine: Engine
    workdays: Workdays

    @classmethod
    def open(cls, settings: Settings | None = None, at: str | None = None) -> "Core":
        """Open DUBAN_HOME, bring the database up to date, and take in the shipped plans if it is new."""
        settings = settings or load_settings()
        clock = Clock(settings.timezone, read_at(at, settings.timezone) if at else None)
        settings.make_home()
        engine = make_engine(settings.effective_database_url)
        migrate(engine)
        core = cls(settings, clock, engine, Workdays(settings.home / "holidays"))
        from rag.index import index_version
        from rag.lexical import ensure

        ensure(engine)
        ingest.take_in_shipped(engine, now=clock.wall(), stored=index_version)
        return core

    def now(self, at: str | None = None) -> datetime:
        """The time that a command stands at: its own `--at`, else the clock's."""
        return read_at(at, self.settings.timezone) if at else self.clock.now()

    @cached_property
    def vectors(self) -> "VectorIndex":
        """The vector index; opening it makes this process its owner if nobody else is."""
        from rag.vector import VectorIndex

        return VectorIndex(self.settings)

    @cached_property
    def model(self) -> "Model | None":
        """The language model, where one is set up."""
        from rag.llm import model_of

        return model_of(self.settings)

    @cached_property
    def answerer(self) -> "Answerer":
        """Questions to cited answers."""
        from rag.answer import Answerer
        from rag.retrieve import Retriever

        retriever = Retriever(engine=self.engine, vectors=self.vectors)
        return Answerer(self.engine, retriever, self.settings, self.model)

    def answer(self, question: "Question", show: "Show | None" = None) -> "Answer":
        """What an admin approved for this very question, else what the plans say.

        `show` is called with what may be shown of it already, where a model takes its time.
        """
        from bot import feedback

        with reading(self.engine) as session:
            approved = feedback.approved(session, question)
        return approved or self.answerer.answer(question, show)

    def recheck(self, session: "Session", message: "OutboxMessage", now: datetime) -> "Look":
        """The last look at what waited, just before it is sent."""
        from bot import people
        from reminders import periodic
        from reminders.recheck import recheck

        look = periodic.recheck if message.kind == periodic.KIND else recheck
        chats_of = partial(people.chats_of, session)
        return look(session, message, now, self.workdays, self.settings, chats_of)

    def words(self, session: "Session", message: "OutboxMessage") -> "Outgoing | None":
        """What a message of the outbox says as of now; None when nothing of it is left to say."""
        from bot import circular, render, report_list, summary
        from reminders import periodic

        if message.kind == report_list.KIND:
            return report_list.message(session, message, self.workdays)
        if message.kind == periodic.KIND:
            write = circular.message if message.facts["rule"] == "circular" else summary.message
            return write(session, message, self.clock.now(), self.workdays, self.settings)
        return render.outbox_message(session, message, self.clock.now())

    def load(self) -> None:
        """Load what the first question would have to wait for."""
        _ = self.answerer
        if self.model is not None:
            self.model.prepare()

    def wait_for_vectors(self) -> None:
        """Compute the vectors that are missing, here and now."""
        from threading import Event

        self.vectors.sync(self.engine, lambda done, total: None, Event())

    def read_again(self, plan_id: str) -> IngestReport | None:
        """Read a plan's file anew; the draft that comes of it, None when nothing is read otherwise."""
        from rag.index import index_version

        return ingest.take_in_again(
            self.engine, plan_id, now=self.clock.wall(), stored=index_version
        )

    def ingest(
        self, path: Path, *, by: str, plan_id: str | None = None, publish: bool = False
    ) -> IngestReport:
        """Take a file in; its passages are indexed in the same transaction, its vectors follow."""
        from rag.index import index_version

        return ingest.take_in(
            self.engine, path, now=self.clock.wall(), by=by, stored=index_version,
            plan_id=plan_id, publish=publish,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the index and the database."""
        if "vectors" in self.__dict__:
            self.vectors.close()
        if "model" in self.__dict__ and self.model is not None:
            self.model.close()
        self.engine.dispose()


@contextmanager
def opened(settings: Settings | None = None, at: str | None = None) -> Iterator[Core]:
    """A core for one command."""
    core = Core.open(settings, at)
    try:
        yield core
    finally:
        core.close()
