"""The calendar of one unit as a file."""

from collections.abc import Iterator
from pathlib import Path

from bot.core import Core
from bot.ledger_calendar import unit_ics
from config.database import reading
from config.errors import UserError
from corpus import ledger


def units_ics(core: Core, *, unit: str, path: str) -> Iterator[str]:
    """Write the days of all that a unit has a part in and that is not done."""
    with reading(core.engine) as session:
        place, _, name = unit.rpartition(" ")
        found = ledger.find_units(session, name, place or None)
        if not found:
            raise UserError(f"没有叫“{unit}”的单位。duban units list 可看到全部单位。")
        if len(found) > 1:
            places = "、".join(f"{one.jurisdiction} {one.name}" for one in found)
            raise UserError(
                f"有{len(found)}个“{unit}”：{places}。请连同地区一起写，例如“{found[0].jurisdiction} {found[0].name}”。"
            )
        content = unit_ics(session, found[0], core.clock.now())
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise UserError(f"写不了 {path}：{error.strerror}。") from error
    yield f"已写入 {path}：{content.count(b'BEGIN:VEVENT')}个日子。"
