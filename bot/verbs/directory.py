"""The directory of units in the terminal."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlmodel import Session, col, select

from bot.core import Core
from bot.models import Chat
from bot.verbs import as_json
from config.database import reading, writing
from config.errors import UserError
from corpus import ledger, merging, unit_sheet
from corpus.directory import may_be_same
from corpus.models import Unit

HEADS = (*unit_sheet.HEADS, "绑定会话")  # the last one tells; it is not read back
WIDTHS = (28, 12, 36, 20, 9, 48, 12, 18, 36)  # columns of HEADS, in characters


def units_list(core: Core, *, json: bool = False) -> Iterator[str]:
    """The directory, and which of its units could be one."""
    with reading(core.engine) as session:
        units = list(session.exec(select(Unit).order_by(Unit.jurisdiction, Unit.name)))
        rows = {(row[1], row[0]): row for row in unit_sheet.to_rows(session)}
        pairs = [(a, b) for i, a in enumerate(units) for b in units[i + 1 :] if may_be_same(a, b)]
        chats = _chats(session)
        if json:
            yield as_json(
                [_as_json(unit, rows[unit.jurisdiction, unit.name], pairs, chats) for unit in units]
            )
            return
        for unit in units:
            _, place, aliases, parent, _, members, contact, phone = rows[
                unit.jurisdiction, unit.name
            ]
            said = {
                "又名": aliases, "上级": parent, "成员": members, "联系人": f"{contact} {phone}".strip(),
                "会话": "、".join(chats.get(unit.id or 0, [])),
            }  # fmt: skip
            notes = "；".join(f"{name}{words}" for name, words in said.items() if words)
            yield f"{place}  {unit.name}" + (f"（{notes}）" if notes else "")
        for a, b in pairs:
            place = f" --place {a.jurisdiction}" if a.jurisdiction else ""
            yield f"可能是同一单位：{a.jurisdiction}  {a.name}、{b.name}。若是，请合并：duban units merge {a.name} {b.name}{place}"


def _chats(session: Session) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    bound = select(Chat).where(col(Chat.unit_id).is_not(None), col(Chat.is_dead).is_(False))
    for chat in session.exec(bound.order_by(col(Chat.id))):
        assert chat.unit_id is not None
        found.setdefault(chat.unit_id, []).append(f"{chat.platform}:{chat.title or chat.chat_id}")
    return found


def _as_json(
    unit: Unit, row: Sequence[str], pairs: list[tuple[Unit, Unit]], chats: dict[int, list[str]]
) -> dict[str, object]:
    maybe = [b.name if a is unit else a.name for a, b in pairs if unit in (a, b)]
    return {
        "name": unit.name, "jurisdiction": unit.jurisdiction, "collective": unit.is_collective,
        "aliases": [alias.name for alias in unit.aliases], "parent": row[3] or None,
        "members": row[5].split("、") if row[5] else [], "contact": unit.contact, "phone": unit.phone,
        "chats": chats.get(unit.id or 0, []), "maybe_same": maybe,
    }  # fmt: skip


def units_import(core: Core, *, path: str) -> Iterator[str]:
    """Bring the directory to what a sheet says."""
    lines = unit_sheet.read_lines(Path(path))
    with writing(core.engine) as session:
        report = unit_sheet.take_in(session, lines)
    yield f"读到{report.rows}行：新增{len(report.new)}个单位，更新{len(report.changed)}个，合并{len(report.merged)}个。"
    if report.merged:
        yield f"已合并：{'、'.join(report.merged)}。"
    if not report.new and not report.changed and not report.merged:
        yield "名录没有变化。"


def units_export(core: Core, *, path: str) -> Iterator[str]:
    """Write the directory to a sheet that can be changed and imported again."""
    file = Path(path)
    if file.suffix.lower() not in (".xlsx", ".csv"):
        raise UserError("请写明 xlsx 或 csv，例如：duban units export 单位名录.xlsx")
    with reading(core.engine) as session:
        chats = _chats(session)
        ids = {(unit.name, unit.jurisdiction): unit.id or 0 for unit in session.exec(select(Unit))}
        rows = [
            (*row, "、".join(chats.get(ids[row[0], row[1]], [])))
            for row in unit_sheet.to_rows(session)
        ]
    try:
        if file.suffix.lower() == ".csv":
            with file.open("w", encoding="utf-8-sig", newline="") as out:
                csv.writer(out).writerows([HEADS, *rows])
        else:
            _write_xlsx(file, rows)
    except OSError as error:
        raise UserError(f"写不了 {file}：{error.strerror}。") from error
    yield f"已导出{len(rows)}个单位：{file}"


def _write_xlsx(path: Path, rows: Sequence[Sequence[str]]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("单位名录")
        head = book.add_format(
            {"bold": True, "border": 1, "bg_color": "#EDEDED", "valign": "vcenter"}
        )
        cell = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
        for column, (name, width) in enumerate(zip(HEADS, WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, name, head)
        for at, row in enumerate(rows, 1):
            for column, words in enumerate(row):
                sheet.write_string(at, column, words, cell)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(len(rows), 1), len(HEADS) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)


def units_merge(core: Core, *, keep: str, other: str, place: str | None = None) -> Iterator[str]:
    """Make two units one."""
    with writing(core.engine) as session:
        kept, gone = (_the_unit(session, name, place) for name in (keep, other))
        merging.merge(session, kept, gone)
    yield f"“{other}”已并入“{keep}”，原名留作别名；方案中的原文不变。"


def _the_unit(session: Session, name: str, place: str | None) -> Unit:
    found = ledger.find_units(session, name, place)
    if not found:
        raise UserError(f"没有叫“{name}”的单位。duban units list 可看到全部单位。")
    if len(found) > 1:
        places = "、".join(unit.jurisdiction for unit in found)
        raise UserError(f"有{len(found)}个“{name}”（{places}），请用 --place 写明地区。")
    return found[0]
