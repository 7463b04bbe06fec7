"""The circular in the terminal, and as files."""

from collections.abc import Iterator
from pathlib import Path

from bot import circular, tables
from bot.core import Core
from bot.verbs import as_json
from config.database import reading
from config.errors import UserError
from corpus import ledger
from reminders.circular import day_of, standings


def reminders_circular(
    core: Core, *, month: str | None = None, plan: str | None = None, xlsx: str | None = None,
    png: str | None = None, at: str | None = None, json: bool = False,
) -> Iterator[str]:  # fmt: skip
    """How the units stood at the end of a month; the one before today unless another is named."""
    now = core.now(at)
    period = circular.read_month(month, now.date())
    if period.first > now.date():
        raise UserError(f"{month} 还没有到。")
    with reading(core.engine) as session:
        if plan:
            ledger.known_plan(session, plan)
        versions = ledger.versions_in_force(session, [plan] if plan else None)
        found = standings(session, period, versions, now, core.workdays, core.settings)
        day = day_of(period, now)
        if json:
            yield as_json([one.to_json() for one in found])
        elif found:
            yield from circular.rows_of(found, period, day)
        else:
            yield "没有应办结、应报送的事项，无需通报。"
        if found and xlsx:
            _save(xlsx, circular.as_sheet(found, period, day))
        if found and png:
            picture = circular.as_picture(found, period, day)
            if picture is None:
                why = "行数太多，一张图片放不下" if tables.chinese_font() else "没有安装中文字体"
                raise UserError(f"做不了图片：{why}。可用 --xlsx 存为表格。")
            _save(png, picture)


def _save(path: str, content: bytes) -> None:
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise UserError(f"写不了 {path}：{error.strerror}。") from error
