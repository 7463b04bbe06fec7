"""Migrations make the very tables that the models speak of, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlmodel import SQLModel, select

from config.database import alembic_config, insert_new, migrate, newest_revision, reading, writing
from rag.models import Vector


def test_migrations_make_the_tables_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: not (kind == "table" and "fts" in name)},
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM plan").scalar() == 0


def test_the_newest_migration_is_known_without_alembic() -> None:
    assert newest_revision() == ScriptDirectory.from_config(alembic_config()).get_current_head()


def test_what_is_there_already_stays(engine: Engine) -> None:
    with writing(engine) as session:
        for text in (b"first", b"second"):
            rows = [{"text_sha256": key, "model": "m", "vector": text} for key in (text.hex(), "a")]
            insert_new(session, Vector, rows)
    with reading(engine) as session:
        found = session.exec(select(Vector.text_sha256, Vector.vector)).all()
    assert sorted(found) == sorted(
        [("a", b"first"), (b"first".hex(), b"first"), (b"second".hex(), b"second")]
    )
