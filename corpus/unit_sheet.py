"""The directory of units as a sheet that an office keeps: read, written, and taken in."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session, select

from config.errors import UserError
from corpus import merging
from corpus.directory import UnitNames, is_collective
from corpus.models import Touched, Unit, UnitAlias, UnitMember

HEADS = ("单位名称", "地区", "别名", "上级单位", "集体单位", "成员单位", "联系人", "联系电话")
NAME, PLACE, ALIASES, PARENT, COLLECTIVE, MEMBERS, CONTACT, PHONE = HEADS
SYNONYMS = {
    "单位": NAME, "名称": NAME, "单位全称": NAME, "所属地区": PLACE, "行政区划": PLACE, "简称": ALIASES,
    "又名": ALIASES, "上级": PARENT, "主管单位": PARENT, "是否集体单位": COLLECTIVE, "成员": MEMBERS,
    "电话": PHONE, "手机": PHONE, "联系方式": PHONE,
}  # fmt: skip
LISTED_FAULTS = 5


@dataclass(slots=True)
class Line:
    """One row of a sheet; a column that the sheet has not is not in `cells`."""

    where: str  # 《单位》第3行
    cells: dict[str, str]

    def names(self, head: str) -> list[str]:
        """The names of a cell, each once."""
        names = re.split(r"[、，,;；\n]", self.cells.get(head, ""))
        return list(dict.fromkeys(name.strip() for name in names if name.strip()))


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of a sheet."""

    rows: int
    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)


def read_lines(path: Path) -> list[Line]:
    """The rows of an xlsx or csv file; raises UserError that names the sheet and the row."""
    if not path.is_file():
        raise UserError(f"找不到文件“{path.name}”。请检查路径。")
    suffix = path.suffix.lower()
    if suffix not in (".xlsx", ".csv"):
        raise UserError(
            f"单位名录要用 xlsx 或 csv，不能读“{path.name}”。duban units export 可导出一份样子。"
        )
    sheets = _read_xlsx(path) if suffix == ".xlsx" else _read_csv(path)
    lines: list[Line] = []
    for title, grid in sheets:
        lines += _lines(title, grid)
    if not lines:
        raise UserError(f"“{path.name}”里没有单位：需要有“{NAME}”一列，下面每行一个单位。")
    _check(lines)
    return lines


def take_in(session: Session, lines: Sequence[Line]) -> ImportReport:
    """Bring the directory to what the rows say; all of them or none. The same rows twice change nothing.

    A cell says the whole: an alias or member that it leaves out is taken away. A column that is
    missing leaves everything as it is. An alias that is a unit of its own makes the two one.
    """
    report = ImportReport(len(lines))
    units = [_find_or_add(session, line, report) for line in lines]
    before = [_state(session, unit) for unit in units]
    for line, unit in zip(lines, units, strict=True):
        _set_aliases(session, line, unit, report)
    for line, unit in zip(lines, units, strict=True):
        _set_rest(session, line, unit, report)
    session.flush()
    for line, unit, old in zip(lines, units, before, strict=True):
        if line.cells[NAME] not in report.new and _state(session, unit) != old:
            report.changed.append(unit.name)
    for line, unit in zip(lines, units, strict=True):
        if _is_under_itself(session, unit):
            raise UserError(
                f"{line.where}：“{unit.name}”的上级单位绕回了它自己。请改正“{PARENT}”一列。"
            )
    return report


def to_rows(session: Session) -> Iterator[tuple[str, ...]]:
    """The directory as the rows of a sheet, in the order of HEADS."""
    units = {
        unit.id: unit for unit in session.exec(select(Unit).order_by(Unit.jurisdiction, Unit.name))
    }
    members: dict[int, list[str]] = {}
    for pair in session.exec(select(UnitMember)):
        members.setdefault(pair.collective_id, []).append(units[pair.member_id].name)
    for unit in units.values():
        parent = units[unit.parent_id].name if unit.parent_id else ""
        yield (
            unit.name, unit.jurisdiction, "、".join(sorted(alias.name for alias in unit.aliases)), parent,
            "是" if unit.is_collective else "", "、".join(sorted(members.get(unit.id or 0, []))),
            unit.contact, unit.phone,
        )  # fmt: skip


# ---- reading


def _read_xlsx(path: Path) -> list[tuple[str, list[list[str]]]]:
    from zipfile import BadZipFile

    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise UserError(
            f"“{path.name}”不是完好的 xlsx 文件。请用 Excel 打开后另存一次。"
        ) from error
    try:
        return [
            (
                sheet.title,
                [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)],
            )
            for sheet in book.worksheets
        ]
    finally:
        book.close()


def _text(value: object) -> str:
    if value is None:
        return ""
    # a telephone number typed as a number
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()


def _read_csv(path: Path) -> list[tuple[str, list[list[str]]]]:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return [
            (path.name, [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text))])
        ]
    raise UserError(f"“{path.name}”的编码认不出。请另存为 UTF-8 的 csv，或用 xlsx。")


def _lines(title: str, grid: list[list[str]]) -> Iterator[Line]:
    heads: list[str] = []
    for number, row in enumerate(grid, 1):
        found = [SYNONYMS.get(re.sub(r"\s", "", cell), re.sub(r"\s", "", cell)) for cell in row]
        if not heads:
            heads = found if NAME in found else []
            continue
        cells = {head: cell for head, cell in zip(heads, row, strict=False) if head in HEADS}
        if any(cells.values()):
            yield Line(f"《{title}》第{number}行", cells)


def _check(lines: Sequence[Line]) -> None:
    faults, seen = [], dict[tuple[str, str], str]()
    for line in lines:
        name, place = line.cells.get(NAME, ""), line.cells.get(PLACE, "")
        if not name:
            faults.append(f"{line.where}：没有单位名称，请补上或删去这一行")
            continue
        if line.cells.get(COLLECTIVE, "") not in ("", "是", "否"):
            faults.append(f"{line.where}：“{COLLECTIVE}”只能填“是”或“否”")
        if name in line.names(MEMBERS):
            faults.append(f"{line.where}：“{name}”不能是自己的成员")
        for own in (name, *(alias for alias in line.names(ALIASES) if alias != name)):
            other = seen.setdefault((place, own), line.where)
            if other != line.where:
                faults.append(f"{line.where}：“{own}”在{other}已经有了，请并成一行")
    if faults:
        more = f"；另有{len(faults) - LISTED_FAULTS}处" if len(faults) > LISTED_FAULTS else ""
        raise UserError("；".join(faults[:LISTED_FAULTS]) + more + "。没有导入任何一行。")


# ---- taking in


def _find_or_add(session: Session, line: Line, report: ImportReport) -> Unit:
    name, place = line.cells[NAME], line.cells.get(PLACE, "")
    unit = session.exec(select(Unit).where(Unit.name == name, Unit.jurisdiction == place)).first()
    if unit is None:
        bearer = session.exec(
            select(Unit).join(UnitAlias).where(UnitAlias.name == name, Unit.jurisdiction == place)
        ).first()
        if bearer is not None:
            raise UserError(
                f"{line.where}：“{name}”已是“{bearer.name}”的别名。请把这一行并入“{bearer.name}”，没有导入任何一行。"
            )
        unit = Unit(name=name, jurisdiction=place, is_collective=is_collective(name))
        report.new.append(name)
        session.add(unit)
        session.flush()
    return unit


def _set_aliases(session: Session, line: Line, unit: Unit, report: ImportReport) -> None:
    if ALIASES not in line.cells:
        return
    wanted = [name for name in line.names(ALIASES) if name != unit.name]
    for name in wanted:
        other = session.exec(
            select(Unit).where(Unit.name == name, Unit.jurisdiction == unit.jurisdiction)
        ).first()
        if other is not None:
            try:
                merging.merge(session, unit, other)
            except UserError as error:
                raise UserError(f"{line.where}：{error}没有导入任何一行。") from error
            report.merged.append(f"{name}→{unit.name}")
    assert unit.id is not None
    unit.aliases = [alias for alias in unit.aliases if alias.name in wanted]
    held = {alias.name for alias in unit.aliases}
    unit.aliases += [UnitAlias(unit_id=unit.id, name=name) for name in wanted if name not in held]
    session.add(unit)
    session.flush()


def _set_rest(session: Session, line: Line, unit: Unit, report: ImportReport) -> None:
    assert unit.id is not None
    names = UnitNames(session, unit.jurisdiction)

    def id_of(name: str) -> int:
        if names.find(name) is None:
            report.new.append(name)
        return names.id_of(name)

    if PARENT in line.cells:
        unit.parent_id = id_of(line.cells[PARENT]) if line.cells[PARENT] else None
    if line.cells.get(COLLECTIVE):
        unit.is_collective = line.cells[COLLECTIVE] == "是"
    if MEMBERS in line.cells:
        wanted = {id_of(name) for name in line.names(MEMBERS)} - {unit.id}
        held = {
            pair.member_id: pair
            for pair in session.exec(select(UnitMember).where(UnitMember.collective_id == unit.id))
        }
        for member in held.keys() - wanted:
            session.delete(held[member])
        for member in sorted(wanted - held.keys()):
            session.add(UnitMember(collective_id=unit.id, member_id=member))
            session.add(Touched(unit_id=member))
        unit.is_collective = unit.is_collective or bool(wanted)
    unit.contact = line.cells.get(CONTACT, unit.contact)
    unit.phone = line.cells.get(PHONE, unit.phone)
    session.add(unit)
    session.flush()


def _state(session: Session, unit: Unit) -> tuple[object, ...]:
    members = session.exec(
        select(UnitMember.member_id).where(UnitMember.collective_id == unit.id)
    ).all()
    aliases = sorted(alias.name for alias in unit.aliases)
    return unit.parent_id, unit.is_collective, unit.contact, unit.phone, aliases, sorted(members)


def _is_under_itself(session: Session, unit: Unit) -> bool:
    above, seen = unit.parent_id, set[int]()
    while above is not None and above not in seen:
        if above == unit.id:
            return True
        seen.add(above)
        parent = session.get(Unit, above)
        above = parent.parent_id if parent else None
    return False
