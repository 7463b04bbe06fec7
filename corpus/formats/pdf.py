"""Reads PDF files that hold text: paragraphs mended, tables joined over pages."""

from pathlib import Path
from typing import Any

from config.errors import UserError
from corpus.document import Document
from corpus.formats import _package
from corpus.formats._pdf_flow import Flow
from corpus.formats._pdf_lines import Visible
from corpus.formats._pdf_tables import find

SUFFIXES: tuple[str, ...] = (".pdf",)

_MAX_PAGES = 1000
_FEWEST_CHARACTERS = 10  # a page with fewer that bears a picture is a scan


def read(path: Path) -> Document:
    """The text in reading order, each block with its page.

    Raises UserError when the file cannot be read, or holds pictures of pages only.
    """
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    reader = _Reader()
    try:
        with pdfplumber.open(path) as pdf:
            if len(pdf.pages) > _MAX_PAGES:
                raise UserError(
                    f"《{path.name}》有{len(pdf.pages)}页，超过{_MAX_PAGES}页。请拆成几份再发。"
                )
            for page in pdf.pages:
                reader.take(page)
                page.close()  # or the memory of all pages adds up
    except UserError:
        raise
    except Exception as error:  # a broken file fails in many ways inside the library
        causes = (error, *error.args) if isinstance(error, PdfminerException) else (error,)
        if any(isinstance(cause, PDFPasswordIncorrect) for cause in causes):
            raise UserError(f"《{path.name}》加了密码，无法读取。请取消密码后再发。") from error
        raise _package.damaged(path) from error
    if reader.is_scan():
        from corpus.formats import ocr

        return ocr.read(path)
    blocks = reader.flow.blocks()
    if not blocks:
        raise _package.nothing_to_read(path)
    return Document(blocks, "pdf", reader.notes())


class _Reader:
    """Takes the visible part of each page, and counts what it leaves out."""

    def __init__(self) -> None:
        self.flow = Flow()
        self._scans: list[int] = []
        self._hidden = 0
        self._seen = 0
        self._unreadable = 0

    def take(self, page: Any) -> None:
        """Read one page."""
        visible = Visible(page)
        characters = visible.of(page.chars)
        self.flow.add(float(page.width), float(page.height), characters, find(page))
        self._hidden += visible.hidden
        self._seen += len(characters)
        self._unreadable += visible.unreadable
        if len(characters) < _FEWEST_CHARACTERS and page.images:
            self._scans.append(self.flow.pages)

    def is_scan(self) -> bool:
        """There is no text layer, or one that says nothing."""
        no_text = bool(self._scans) and len(self._scans) == self.flow.pages
        return no_text or self._unreadable > self._seen

    def notes(self) -> list[str]:
        """What was left out, for the person who sent the file."""
        notes = []
        if self._hidden:
            notes.append(f"有{self._hidden}个看不见的字（白色、极小或在页面之外）没有读入。")
        if self._scans:
            pages = "、".join(map(str, self._scans))
            notes.append(f"第{pages}页是图片，没有读入。")
        if self._unreadable:
            notes.append(f"有{self._unreadable}个字的字体没有编码，没有读入，请核对原文。")
        return notes
