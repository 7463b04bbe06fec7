"""One file that holds everything in SQL, whichever database it came from."""

import base64
import json
import zipfile
import zlib
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from sqlalchemy import JSON, Column, Connection, Engine, Table, func, insert, select, text, update
from sqlalchemy.exc import OperationalError, StatementError
from sqlmodel import SQLModel

import bot.models
import corpus.models
import rag.models
import reminders.models
from config.database import current_revision
from config.errors import UserError

KEPT = (corpus.models, rag.models, reminders.models, bot.models)  # the tables of these
HEAD = "duban.json"  # what the archive is, and of which revision of the tables
ROWS_AT_ONCE = 500
READERS: dict[str, Callable[[str], Any]] = {
    "bytes": base64.b64decode, "at": datetime.fromisoformat, "on": date.fromisoformat,
}  # fmt: skip
BROKEN = (
    zlib.error, StatementError, zipfile.BadZipFile, EOFError, LookupError, ValueError, TypeError, AttributeError,
)  # fmt: skip


def write(engine: Engine, path: Path) -> int:
    """Write all tables, as they are at one moment, to a new file; how many rows.

    A zip with a file of JSON lines a table. It is there whole or not at all.
    """
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            new = Path(file.name)
            try:
                with engine.connect() as connection:
                    count = _write(connection, file)
                file.close()
                new.replace(path)
            finally:
                new.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"写不了 {path}：{error.strerror}。请换一个位置。") from error
    return count


def _write(connection: Connection, file: IO[bytes]) -> int:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    counts: dict[str, int] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for table in SQLModel.metadata.sorted_tables:
            counts[table.name] = 0
            with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as lines:
                rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(
                    select(table).order_by(*table.primary_key)
                )
                for row in rows:
                    lines.write(json.dumps([_out(v) for v in row], ensure_ascii=False).encode())
                    lines.write(b"\n")
                    counts[table.name] += 1
        head = {
            "duban": 1,
            "revision": current_revision(connection),
            "columns": {
                t.name: [c.name for c in t.columns] for t in SQLModel.metadata.sorted_tables
            },
            "rows": counts,
        }  # last: an archive that was cut short has none
        archive.writestr(HEAD, json.dumps(head))
    return sum(counts.values())


def read(engine: Engine, path: Path) -> int:
    """Put an archive into the empty tables of a database, in one transaction; how many rows.

    Raises UserError, and nothing is changed, for a database with rows, a file that is no archive or
    is damaged, and one of another revision of the tables.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            head = json.loads(archive.read(HEAD))
            if not isinstance(head, dict) or head.get("duban") != 1:
                raise KeyError(HEAD)
            with engine.execution_options(write=True).begin() as connection:
                _check(connection, head)
                for table in SQLModel.metadata.sorted_tables:
                    _fill(connection, archive, table, head)
                if connection.dialect.name == "postgresql":
                    _set_sequences(connection)
                return int(sum(head["rows"].values()))
    except FileNotFoundError:
        raise UserError(f"没有这个文件：{path}") from None
    except OSError as error:
        raise UserError(f"读不了 {path}：{error.strerror}。") from error
    except OperationalError as error:  # a full disk, a lost connection
        raise UserError(
            f"数据库写不进去（{error.orig}），什么也没有恢复。请腾出空间后再试。"
        ) from error
    except BROKEN as error:
        raise UserError(
            f"{path} 不是 duban backup 写的文件，或已损坏，什么也没有恢复。请换一份备份。"
        ) from error


def _check(connection: Connection, head: dict[str, Any]) -> None:
    ours = current_revision(connection)
    columns = {t.name: [c.name for c in t.columns] for t in SQLModel.metadata.sorted_tables}
    if head["revision"] != ours or head["columns"] != columns:
        raise UserError(
            f"这份备份来自另一个版本的督办助手（表结构 {head['revision']}，这里是 {ours}）。"
            "请用备份时的版本恢复，再升级。"
        )
    for table in SQLModel.metadata.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            raise UserError(
                "这个数据库不是空的，没有恢复。请换一个新的 DUBAN_HOME（或空的 PostgreSQL 库）再恢复。"
            )


def _fill(
    connection: Connection, archive: zipfile.ZipFile, table: Table, head: dict[str, Any]
) -> None:
    # a unit may name a parent that comes after it: such columns follow once all rows are there
    later = [c.name for c in table.columns if any(f.column.table is table for f in c.foreign_keys)]
    links: list[dict[str, Any]] = []
    count = 0
    with archive.open(f"{table.name}.jsonl") as lines:
        while batch := [_row(table, line) for line in islice(lines, ROWS_AT_ONCE)]:
            for row in batch:
                links += [{"row": row["id"], name: row[name]} for name in later if row[name]]
                row.update(dict.fromkeys(later))
            connection.execute(insert(table), batch)
            count += len(batch)
    if count != head["rows"][table.name]:
        raise ValueError(table.name)
    for link in links:
        where = table.c.id == link.pop("row")
        connection.execute(update(table).where(where).values(link))


def _row(table: Table, line: bytes) -> dict[str, Any]:
    values = zip(table.columns, json.loads(line), strict=True)
    return {column.name: _in(column, value) for column, value in values}


def _out(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, date):
        return {"on": value.isoformat()}
    return value


def _in(column: Column[Any], value: Any) -> Any:
    if not isinstance(value, dict) or isinstance(column.type, JSON):
        return value
    ((kind, written),) = value.items()
    return READERS[kind](written)


def _set_sequences(connection: Connection) -> None:
    """The next id of each table is one that no row has; PostgreSQL counts them apart from the rows."""
    for table in SQLModel.metadata.sorted_tables:
        key = list(table.primary_key)
        if [c.name for c in key] != ["id"] or key[0].type.python_type is not int:
            continue
        last = connection.execute(select(func.max(key[0]))).scalar()
        sequence = connection.execute(
            select(func.pg_get_serial_sequence(f'"{table.name}"', "id"))
        ).scalar()
        if last is not None and sequence is not None:
            connection.execute(select(func.setval(sequence, last)))
