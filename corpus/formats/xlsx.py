"""Reads Excel and WPS workbooks (xlsx): every visible sheet, its cells as they are shown."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.errors import UserError
from corpus.document import Document
from corpus.formats import _package
from corpus.formats._colour import hex_is_white
from corpus.formats._sheet import Sheet, column_letters, gather
from corpus.formats._shown import BUILTIN, shown

SUFFIXES: tuple[str, ...] = (".xlsx", ".xlsm")

_TINY_POINTS = 2


def read(path: Path) -> Document:
    """The visible sheets in order. Raises UserError when the file cannot be read."""
    _package.check(path, "xl/workbook.xml")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library's remarks on things that we do not read
            blocks, notes = gather(_sheets(path), path.name)
    except UserError:
        raise
    except Exception as error:  # a broken workbook fails in many ways inside the library
        raise _package.damaged(path) from error
    if not blocks:
        raise _package.nothing_to_read(path)
    return Document(blocks, "xlsx", notes)


def _sheets(path: Path) -> Iterator[tuple[Sheet, bool]]:
    """Each sheet, and whether it is visible."""
    from openpyxl import load_workbook
    from openpyxl.utils.datetime import MAC_EPOCH

    with path.open("rb") as file:  # by its path, the library would mind the suffix
        workbook = load_workbook(file, read_only=True, data_only=True)
        styles = _Styles(workbook, since_1904=workbook.epoch == MAC_EPOCH)
        for worksheet in workbook.worksheets:
            yield _sheet(worksheet, styles), worksheet.sheet_state == "visible"


def _sheet(worksheet: Any, styles: "_Styles") -> Sheet:
    """One pass over the sheet's XML, so that only what is shown stays in memory.

    The library's read-only mode tells nothing of merges and hidden rows; its parser, which it
    uses itself, does. Dates are left as numbers, since only their format says how they look.
    """
    from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

    sheet = Sheet(worksheet.title)

    class Parser(WorkSheetParser):  # type: ignore[misc, unused-ignore]
        def parse_cell(self, element: Any) -> Any:
            cell = super().parse_cell(element)
            if cell["value"] is None and element.find(FORMULA_TAG) is not None:
                sheet.uncomputed += 1
            return cell

    with worksheet._get_source() as source:
        parser = Parser(source, worksheet._shared_strings, data_only=True)
        for _, row in parser.parse():
            for cell in row:
                if cell["value"] not in {None, ""}:
                    _take(sheet, cell, styles)
        for merge in parser.merged_cells.mergeCell if parser.merged_cells else ():
            left, top, right, bottom = merge.bounds
            sheet.merges.append((top - 1, left - 1, bottom - 1, right - 1))
        for number, row in parser.row_dimensions.items():
            if _is_hidden(row, "ht"):
                sheet.hidden_rows.add(int(number) - 1)
        for column in parser.column_dimensions.values():
            if _is_hidden(column, "width"):
                sheet.hidden_columns.update(range(int(column["min"]) - 1, int(column["max"])))
    return sheet


def _take(sheet: Sheet, cell: dict[str, Any], styles: "_Styles") -> None:
    code, is_seen = styles.of(cell["style_id"])
    value = cell["value"]
    if not isinstance(value, str | int | float):
        value = styles.serial(value)
    row, column = cell["row"] - 1, cell["column"] - 1
    if cell["data_type"] == "e":
        sheet.faults.append(f"{column_letters(column)}{row + 1}")
    text = shown(value, code, styles.since_1904).replace("_x000D_", "").strip()
    if text and is_seen:
        sheet.cells[row, column] = text
    elif str(value).strip():
        sheet.unseen += 1


def _is_hidden(attributes: dict[str, str], size: str) -> bool:
    return attributes.get("hidden") in {"1", "true"} or float(attributes.get(size, 1)) == 0


class _Styles:
    """The number format of each style, and whether its print is seen."""

    def __init__(self, workbook: Any, since_1904: bool) -> None:
        self._workbook = workbook
        self._known: dict[int, tuple[str, bool]] = {}
        self.since_1904 = since_1904

    def of(self, style_id: int) -> tuple[str, bool]:
        if style_id not in self._known:
            self._known[style_id] = self._look_up(style_id)
        return self._known[style_id]

    def serial(self, moment: Any) -> float:
        """A date that the file writes as a date, as the number that all others are."""
        from openpyxl.utils.datetime import to_excel

        return float(to_excel(moment, self._workbook.epoch))  # type: ignore[no-untyped-call]

    def _look_up(self, style_id: int) -> tuple[str, bool]:
        from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE

        style = self._workbook._cell_styles[style_id]
        key = style.numFmtId
        if key < BUILTIN_FORMATS_MAX_SIZE:
            code = BUILTIN.get(key) or BUILTIN_FORMATS.get(key, "General")
        else:
            code = self._workbook._number_formats[key - BUILTIN_FORMATS_MAX_SIZE]
        font, fill = self._workbook._fonts[style.fontId], self._workbook._fills[style.fillId]
        tiny = font.sz is not None and font.sz <= _TINY_POINTS
        ground = getattr(fill, "fgColor", None)
        plain = getattr(fill, "fill_type", "gradient") is None or _is_white(ground)
        return code, not (tiny or (_is_white(font.color) and plain))


def _is_white(colour: Any | None) -> bool:
    """White as such, or by the theme, whose colour 0 is the paper."""
    if colour is None:
        return False
    if colour.type == "theme":
        return bool(colour.theme == 0 and not colour.tint)
    return colour.type == "rgb" and hex_is_white(colour.rgb)
