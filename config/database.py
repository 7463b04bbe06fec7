"""The engine, the session and the migrations: SQLite in WAL mode or PostgreSQL through the same code."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlmodel import Session, create_engine
from sqlmodel import SQLModel as SQLModel  # tables take it from here, and with it their names

from config.errors import UserError

MIGRATIONS = Path(__file__).parent / "migrations"
CONNECT_WITHIN_S = 10  # to a PostgreSQL server
BATCH = 500  # values of one IN list; databases bound them
T = TypeVar("T")


def make_engine(url: str) -> Engine:
    """An engine for a SQLite or PostgreSQL URL; nothing is opened yet."""
    if not url.startswith(("sqlite", "postgresql")):
        raise UserError("DUBAN_DATABASE_URL 只支持 sqlite:/// 和 postgresql:// 开头的网址。")
    is_sqlite = url.startswith("sqlite")
    try:
        engine = create_engine(
            url, pool_pre_ping=not is_sqlite,
            # else the words of people would stand in every log of a fault
            hide_parameters=True,
            connect_args={"check_same_thread": False} if is_sqlite else {"connect_timeout": CONNECT_WITHIN_S},
        )  # fmt: skip
    except (ArgumentError, ImportError, ValueError):
        raise UserError(
            "DUBAN_DATABASE_URL 写得不对，应像 postgresql://用户:密码@主机:5432/库名 或 sqlite:////文件夹/duban.sqlite3。"
        ) from None
    if not is_sqlite:
        return engine
    if path := engine.url.database:
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"数据库所在的文件夹 {Path(path).parent} 建不了（{error.strerror}）。请检查 DUBAN_DATABASE_URL。"
            ) from error

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, see below
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "busy_timeout=30000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Any) -> None:
        # a plain BEGIN that turns into a write fails at once when another writer is there,
        # whatever the busy time-out; BEGIN IMMEDIATE waits for its turn
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session for questions; nothing is committed."""
    with Session(engine) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session for one write transaction: committed at the end, rolled back on any error."""
    with Session(engine.execution_options(write=True), expire_on_commit=False) as session:
        yield session
        session.commit()


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Lists of at most BATCH values."""
    ahead = iter(values)
    while some := list(islice(ahead, BATCH)):
        yield some


def insert_new(session: Session, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """Insert rows; where one is there already, or another process inserts it just now, that one stays."""
    from sqlalchemy.dialects import postgresql, sqlite

    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(table).values(rows).on_conflict_do_nothing())


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest migration; raises UserError when the database can't be reached."""
    try:
        with engine.connect() as connection:
            if current_revision(connection) == newest_revision():
                return  # Alembic takes longer to import than most commands take
        from alembic import command

        config = alembic_config()
        with engine.execution_options(write=True).begin() as connection:
            if engine.dialect.name == "postgresql":
                # two processes that start together: the second waits and finds the work done
                connection.execute(text("SELECT pg_advisory_xact_lock(68117)"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DatabaseError as error:
        reason = str(error.orig).strip().partition("\n")[0]
        raise UserError(
            f"数据库 {engine.url.render_as_string()} 打不开：{reason}。请检查 DUBAN_DATABASE_URL。"
        ) from error


def current_revision(connection: Connection) -> str | None:
    """The migration that the tables are at; None where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def newest_revision() -> str:
    """The last of our migrations, whose files begin with their numbers."""
    return max(file.name.partition("_")[0] for file in MIGRATIONS.glob("versions/[0-9]*.py"))


def alembic_config() -> Any:
    """Alembic's own settings, in code so that they move with the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
