"""Reads the workbooks of Excel 97 to 2003 (xls): every visible sheet, its cells as shown."""

import io
from pathlib import Path
from typing import Any

from config.errors import UserError
from corpus.document import Document
from corpus.formats import _package
from corpus.formats._sheet import Sheet, column_letters, gather
from corpus.formats._shown import BUILTIN, shown

SUFFIXES: tuple[str, ...] = (".xls",)

_TINY_TWIPS = 40  # 2 pt
_WHITE = {1, 9}  # places in the palette


def read(path: Path) -> Document:
    """The visible sheets in order. Raises UserError when the file cannot be read."""
    import xlrd

    try:
        with xlrd.open_workbook(str(path), logfile=io.StringIO(), formatting_info=True) as book:
            sheets = ((_sheet(book, one), one.visibility == 0) for one in book.sheets())
            blocks, notes = gather(sheets, path.name)
    except UserError:
        raise
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            raise UserError(f"《{path.name}》加了密码，无法读取。请取消密码后再发。") from error
        raise _package.damaged(path) from error
    except Exception as error:  # a broken workbook fails in many ways inside the library
        raise _package.damaged(path) from error
    if not blocks:
        raise _package.nothing_to_read(path)
    return Document(blocks, "xls", notes)


def _sheet(book: Any, worksheet: Any) -> Sheet:
    import xlrd

    sheet = Sheet(worksheet.name)
    for row in range(worksheet.nrows):
        for column in range(worksheet.row_len(row)):
            cell = worksheet.cell(row, column)
            value = cell.value
            if cell.ctype in {xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK} or value == "":
                continue
            if cell.ctype == xlrd.XL_CELL_ERROR:
                value = xlrd.error_text_from_code.get(value, "#N/A")
                sheet.faults.append(f"{column_letters(column)}{row + 1}")
            elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
                value = bool(value)
            code, is_seen = _style(book, cell.xf_index)
            text = shown(value, code, since_1904=book.datemode == 1).strip()
            if text and is_seen:
                sheet.cells[row, column] = text
            elif str(value).strip():
                sheet.unseen += 1
    for top, below, left, beyond in worksheet.merged_cells:
        sheet.merges.append((top, left, below - 1, beyond - 1))
    sheet.hidden_rows = {n for n, row in worksheet.rowinfo_map.items() if row.hidden}
    sheet.hidden_columns = {n for n, c in worksheet.colinfo_map.items() if c.hidden or not c.width}
    return sheet


def _style(book: Any, index: int) -> tuple[str, bool]:
    """The number format of a style, and whether its print is seen."""
    style = book.xf_list[index]
    code = BUILTIN.get(style.format_key) or book.format_map[style.format_key].format_str
    font = book.font_list[style.font_index]
    ground = style.background
    plain = ground.fill_pattern == 0 or ground.pattern_colour_index in _WHITE
    return code, font.height > _TINY_TWIPS and not (font.colour_index in _WHITE and plain)
