"""Files of every kind to one Document; a module of this folder is found by the suffixes it names."""

import importlib
import pkgutil
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from config.errors import UserError
from corpus.document import Document

MAX_BYTES = 50 * 1024 * 1024

# What a file of these suffixes must begin with; text has no such mark.
_ZIP, _OLE, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF"
_SECTOR = 512  # bytes
_LOCKED_PACKAGE = "EncryptedPackage".encode("utf-16-le")  # the name of a stream
_WORD_MARK, _WORD_LOCKED = b"\xec\xa5", 0x01  # how a Word 97 text begins; a bit of its 12th byte
_MARKS: dict[bytes, tuple[str, tuple[str, ...]]] = {
    _ZIP: (
        "新版 Office 文档（docx、xlsx）或压缩包",
        (".docx", ".xlsx", ".xlsm", ".docm", ".wps", ".et"),
    ),
    _OLE: ("旧版 Office 文档（doc、xls、wps）或加密的文档", (".doc", ".xls", ".wps", ".et")),
    _PDF: ("PDF", (".pdf",)),
    b"\x89PNG": ("PNG 图片", (".png",)),
    b"\xff\xd8\xff": ("JPEG 图片", (".jpg", ".jpeg")),
    b"Rar!": ("RAR 压缩包", ()),
    b"7z\xbc\xaf": ("7z 压缩包", ()),
    b"{\\rtf": ("RTF 文档", (".rtf",)),
}


class Format(Protocol):
    """A module of this folder."""

    SUFFIXES: tuple[str, ...]

    def read(self, path: Path) -> Document:
        """The document in a file; raises UserError where the file is at fault."""
        ...


@cache
def formats() -> dict[str, Format]:
    """Every suffix that can be read, in lower case with its dot, and the module that reads it."""
    known: dict[str, Format] = {}
    for info in pkgutil.iter_modules(__path__):
        if info.name.startswith("_"):  # what several formats share
            continue
        module = cast(Format, importlib.import_module(f"{__name__}.{info.name}"))
        known |= dict.fromkeys(module.SUFFIXES, module)
    return known


def unreadable(name: str) -> str:
    """What is said of a file whose type nobody reads: by its name, in one line."""
    return f"“{name}”不是能读的文件类型，请发 docx、xlsx、pdf、html 或 txt；其余可读的见 docs/admin.md“读入方案”。"


def read_file(path: Path) -> Document:
    """The document in a file; raises UserError with one Chinese line where the person can mend it."""
    suffix, name = path.suffix.lower(), path.name
    if path.is_dir():
        raise UserError(f"“{name}”是文件夹，不是文件。请逐个给出其中的文件。")
    if not path.is_file():
        raise UserError(f"找不到文件“{name}”。请检查路径。")
    reader = formats().get(suffix)
    if reader is None:
        raise UserError(unreadable(name))
    size = path.stat().st_size
    if size == 0:
        raise UserError(f"文件“{name}”是空的（0 字节）。请重新导出后再上传。")
    if size > MAX_BYTES:
        limit = MAX_BYTES // 1024 // 1024
        raise UserError(
            f"文件“{name}”有 {size / 1024 / 1024:.0f} MB，超过 {limit} MB 的上限。请拆分后再上传。"
        )
    try:
        _check_kind(path, suffix)
        document = reader.read(path)
    except PermissionError:
        raise UserError(f"没有权限读文件“{name}”。请检查它的权限。") from None
    if not document.blocks:
        raise UserError(f"文件“{name}”里没有读到文字。如果是扫描件，请提供可以选中文字的版本。")
    return document


def _check_kind(path: Path, suffix: str) -> None:
    """A file of another kind than its suffix says is told so before a reader stumbles over it."""
    with path.open("rb") as file:
        head = file.read(1024)
    if head.startswith(_OLE) and _is_locked(path, suffix):
        raise UserError(f"《{path.name}》加了密码，无法读取。请取消密码后再发。")
    for mark, (kind, suffixes) in _MARKS.items():
        if head.startswith(mark) and suffix not in suffixes:
            raise UserError(
                f"文件“{path.name}”的内容是{kind}，与后缀 {suffix} 不符。请改正后缀或重新导出后再上传。"
            )
    needed = [mark for mark, (_, suffixes) in _MARKS.items() if suffix in suffixes]
    if needed and not any(
        mark in head if mark is _PDF else head.startswith(mark) for mark in needed
    ):
        raise UserError(
            f"文件“{path.name}”不是真正的 {suffix.lstrip('.')} 文件，或者已经损坏。请重新导出后再上传。"
        )


def _is_locked(path: Path, suffix: str) -> bool:
    """Whether an OLE file holds a document under a password: the new formats are wrapped, doc has a flag."""
    content = path.read_bytes()
    if _LOCKED_PACKAGE in content:
        return True
    if suffix not in (".doc", ".wps"):
        return False
    texts = (n for n in range(_SECTOR, len(content), _SECTOR) if content.startswith(_WORD_MARK, n))
    first = next(texts, len(content))
    return any(flags & _WORD_LOCKED for flags in content[first + 11 : first + 12])
