"""What is kept in one file comes back whole, in either database, or not at all."""

import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from serving import Serving, duban, said
from small_ledger import Row, add_members, add_plan, bind, say, unit_named
from sqlalchemy import Engine, select
from sqlmodel import SQLModel, col
from sqlmodel import select as ask

from bot import archive
from config.clock import Clock
from config.database import make_engine, migrate, reading, writing
from config.errors import UserError
from corpus.models import EventFile, EventKind, TaskEvent, Unit, Upload
from corpus.values import Role, TimingKind
from rag.models import Vector
from reminders import outbox


@pytest.fixture
def full(engine: Engine, clock: Clock) -> Engine:
    """A database with something in the tables that are hard to keep."""
    with writing(engine) as session:
        rows = [
            Row("清理𠮷祥巷消防通道。", {"县消防救援大队": Role.LEAD}, date(2024, 2, 29)),
            Row("报送。", {"各乡镇": Role.SUPPORT}, kind=TimingKind.RECURRING, rule="FREQ=MONTHLY"),
        ]
        add_plan(session, "xiaofang", rows)
        add_members(session, "各乡镇", "城关镇")
        bind(session, "县消防救援大队", "-100")
        child, parent = unit_named(session, "二中队"), unit_named(session, "大队本部")
        session.flush()
        first = session.get(Unit, child)
        assert first is not None
        first.parent_id = parent  # a parent that comes after its child
        say(session, "xiaofang-0", EventKind.PROGRESS, clock.now(), unit="县消防救援大队")
        event = session.exec(ask(TaskEvent)).one()
        assert event.id is not None
        session.add(EventFile(event_id=event.id, file_name="现场.jpg", content=b"\x00\xff\xd8"))
        session.add(
            Upload(sha256="a", file_name="方案.docx", content=b"PK\x00", received_at=clock.now())
        )
        session.add(Vector(text_sha256="b", model="m", vector=b"\x00\x01\x02\x03"))
        outbox.add(
            session, dedup_key="k", kind="notice", platform="telegram", chat_id="1",
            facts={"text": "请看", "at": "9点"}, due_at=clock.now(), now=clock.now(),
        )  # fmt: skip
    return engine


def contents(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in SQLModel.metadata.sorted_tables
        }


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'other.sqlite3'}"
    else:
        url = request.getfixturevalue("other_postgres_url")
    engine = make_engine(url)
    migrate(engine)
    yield engine
    engine.dispose()


def test_it_comes_back_whole_in_either_database(
    full: Engine, empty: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "备份.zip"
    count = archive.write(full, file)
    assert archive.read(empty, file) == count
    assert contents(empty) == contents(full)
    with writing(empty) as session:  # new rows get ids that no row has
        before = set(session.exec(ask(Unit.id)))
        assert unit_named(session, "新来的单位") not in before
    with pytest.raises(UserError, match="不是空的"):
        archive.read(empty, file)


@pytest.mark.parametrize(
    "damage", ["cut", "bit", "foreign", "text", "no rows", "bad value", "none"]
)
def test_a_damaged_or_foreign_file_changes_nothing(
    full: Engine, tmp_path: Path, damage: str
) -> None:
    file = tmp_path / "备份.zip"
    archive.write(full, file)
    whole = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(whole[: len(whole) * 2 // 3])
        case "bit":
            at = whole.index(b"timing.jsonl") + 40
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        case "foreign":
            with zipfile.ZipFile(file, "w") as other:
                other.writestr("duban.json", "[1]")
        case "text":
            file.write_text("序号,任务", encoding="utf-8")
        case "none":
            file.unlink()
        case _:
            change(file, "timing.jsonl", "" if damage == "no rows" else '[1, "x", {"at": "?"}]\n')
    target = make_engine(f"sqlite:///{tmp_path / 'target.sqlite3'}")
    migrate(target)
    with pytest.raises(UserError) as raised:
        archive.read(target, file)
    assert str(file) in str(raised.value) and "\n" not in str(raised.value)
    assert not any(contents(target).values())
    target.dispose()


def change(file: Path, name: str, content: str) -> None:
    """The same archive with another member."""
    with zipfile.ZipFile(file) as old:
        members = {n: old.read(n) for n in old.namelist()}
    with zipfile.ZipFile(file, "w") as new:
        for n, found in members.items():
            new.writestr(n, content if n == name else found)


def test_an_archive_of_other_tables_is_refused(full: Engine, tmp_path: Path) -> None:
    file = tmp_path / "备份.zip"
    archive.write(full, file)
    with zipfile.ZipFile(file) as opened:
        head = json.loads(opened.read("duban.json"))
    change(file, "duban.json", json.dumps({**head, "revision": "0000"}))
    target = make_engine(f"sqlite:///{tmp_path / 'target.sqlite3'}")
    migrate(target)
    with pytest.raises(UserError, match="另一个版本"):
        archive.read(target, file)
    target.dispose()


def test_a_home_moves_to_postgresql_by_two_commands(home: Path, postgres_url: str) -> None:
    file = home.parent / "备份.zip"
    with Serving(home) as serving:  # while it serves
        assert "已备份到" in said(duban(home, "backup", file))
        refused = duban(home, "restore", file)
        assert (refused.returncode, refused.stderr) == (
            1, "duban serve 正在运行，没有恢复。请先停止它。\n",
        )  # fmt: skip
        serving.end()
    again = duban(home, "restore", file)
    assert again.returncode == 1 and "不是空的" in again.stderr
    new = home.parent / "new"
    on = {"database_url": postgres_url}
    assert "已恢复" in said(duban(new, "restore", file, **on))
    assert said(duban(new, "plans", "list", **on)) == said(duban(home, "plans", "list"))
    answer = said(duban(new, "ask", "乐清12315热线接通率要达到多少？", **on))
    assert "90%" in answer
    engine = make_engine(postgres_url)
    with reading(engine) as session:
        assert session.exec(ask(Unit).where(col(Unit.name) == "市教育局")).first()
    engine.dispose()
