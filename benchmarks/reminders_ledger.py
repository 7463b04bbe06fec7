"""A ledger of any size for 5,000 units, written as fast as the database takes it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Table, text
from sqlmodel import SQLModel

import bot.models
import corpus.models
import rag.models
import reminders.models
from config.database import migrate, writing
from config.workdays import Workdays
from corpus.models import Plan, PlanVersion, VersionState
from reminders.models import PlannerState, VersionSeen

TABLES = (bot.models, corpus.models, rag.models, reminders.models)
UNITS = 5000
MORNING = datetime(
    2022, 6, 7, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai")
)  # a Tuesday, far from holidays
AT = datetime(2022, 1, 5, 1, 0, tzinfo=ZoneInfo("UTC"))
YEARLY = "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY={}"
BATCH = 20_000


def fill(engine: Engine, size: int, near: int, days: int, platform: str = "console") -> None:
    """`size` open tasks, of which `near` are seven working days away on each of `days` mornings.

    The others are due years later, or each December: nothing of them is asked for in June.
    """
    migrate(engine)
    due = [Workdays().add((MORNING + timedelta(days=n)).date(), 7) for n in range(days)]
    far = MORNING.date() + timedelta(days=700)

    def timing(n: int) -> dict[str, Any]:
        row = {
            "id": n + 1, "task_id": n + 1, "seq": 0, "key": "k", "text": "按期完成", "about": "",
            "kind": "DEADLINE", "due_on": None, "rule": None, "ambiguous": False, "hedged": False,
            "is_report": False,
        }  # fmt: skip
        if n < near * days:
            row["due_on"] = due[n // near]
        elif n % 20 == 0:
            row.update(kind="RECURRING", rule=YEARLY.format(1 + n % 28))
        else:
            row["due_on"] = far + timedelta(days=n % 1000)
        return row

    task = {
        "version_id": 1, "plan_id": "da", "part": "main", "unit_text": "", "timing_text": "",
    }  # fmt: skip
    put(
        engine,
        "unit",
        (
            {
                "id": n + 1,
                "name": f"{n}号街道",
                "jurisdiction": "",
                "is_collective": False,
                "contact": "",
                "phone": "",
            }
            for n in range(UNITS)
        ),
    )
    put(
        engine,
        "chat",
        (
            {
                "id": n + 1,
                "platform": platform,
                "chat_id": str(-1 - n),
                "kind": "group",
                "title": f"{n}号",
                "unit_id": n + 1,
                "purpose": "UNIT",
                "plan_ids": "[]",
                "is_dead": False,
            }
            for n in range(UNITS)
        ),
    )
    with writing(engine) as session:
        session.add(Plan(id="da", created_at=AT))
        session.flush()
        session.add(
            PlanVersion(
                id=1, plan_id="da", number=1, state=VersionState.IN_FORCE,
                title="2022年甲县综合整治方案", file_name="da.docx", sha256="a", document={},
                review=[], read_at=AT, published_at=AT,
            )
        )  # fmt: skip
        session.flush()
        session.add(VersionSeen(version_id=1, plan_id="da", at=AT))
        session.add(PlannerState(id=1, planned_to=MORNING - timedelta(hours=1)))
    put(
        engine,
        "task",
        (
            {
                **task,
                "id": n + 1,
                "seq": n,
                "lineage": f"da-{n}",
                "no": str(n + 1),
                "text": f"完成第{n + 1}处隐患整治。",
            }
            for n in range(size)
        ),
    )
    put(
        engine,
        "responsibility",
        (
            {
                "id": n + 1,
                "task_id": n + 1,
                "seq": 0,
                "unit_text": f"{n % UNITS}号街道",
                "unit_id": n % UNITS + 1,
                "role": "SUPPORT",
            }
            for n in range(size)
        ),
    )
    put(engine, "timing", (timing(n) for n in range(size)))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        # as a database is that has been there for a while
        is_postgres = engine.dialect.name == "postgresql"
        connection.execute(text("VACUUM ANALYZE" if is_postgres else "ANALYZE"))


def put(
    engine: Engine, name: str, rows: Sequence[dict[str, Any]] | Iterator[dict[str, Any]]
) -> None:
    """Write rows, by COPY where there is one. Enums are given by name, JSON as text."""
    table = SQLModel.metadata.tables[name]
    rows = iter(rows)
    first = next(rows)
    columns = list(first)
    if engine.dialect.name == "postgresql":
        with writing(engine) as session:
            driver = session.connection().connection.driver_connection
            assert driver is not None
            with driver.cursor() as cursor:
                names = ", ".join(f'"{column}"' for column in columns)
                with cursor.copy(f'COPY "{name}" ({names}) FROM STDIN') as copy:
                    copy.write_row(list(first.values()))
                    for row in rows:
                        copy.write_row([row[column] for column in columns])
        return
    with writing(engine) as session:
        _insert(session.connection(), table, columns, first, rows)


def _insert(
    connection: Any,
    table: Table,
    columns: list[str],
    first: dict[str, Any],
    rows: Iterator[dict[str, Any]],
) -> None:
    marks = ", ".join("?" * len(columns))
    names = ", ".join(f'"{column}"' for column in columns)
    cursor = connection.connection.cursor()
    ahead = [first]
    for row in rows:
        ahead.append(row)
        if len(ahead) == BATCH:
            cursor.executemany(
                f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', map(_plain, ahead)
            )
            ahead = []
    cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', map(_plain, ahead))


def _plain(row: dict[str, Any]) -> list[Any]:
    """What SQLite keeps of days and moments, as SQLAlchemy writes them."""
    found = []
    for value in row.values():
        if isinstance(value, datetime):
            value = value.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%d %H:%M:%S.%f")
        elif hasattr(value, "isoformat"):
            value = value.isoformat()
        found.append(value)
    return found
