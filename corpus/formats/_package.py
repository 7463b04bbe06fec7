"""Checks an Office file, which is a zip of XML, before a library opens it."""

import zipfile
from pathlib import Path

from config.errors import UserError

_MAX_BYTES = 300 * 1024 * 1024  # of all members together, unpacked
_MAX_XML_BYTES = 120 * 1024 * 1024  # of one XML member: a parser needs several times as much
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def check(path: Path, member: str) -> None:
    """Raise UserError unless `path` is a whole zip of bearable size that holds `member`."""
    with path.open("rb") as file:
        head = file.read(len(_COMPOUND_FILE))
    if head == _COMPOUND_FILE:
        raise UserError(
            f"《{path.name}》加了密码，或其实是旧版格式，无法读取。请取消密码、另存为新格式后再发。"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = {item.filename for item in members}
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise damaged(path) from error
    xml_bytes = max((m.file_size for m in members if m.filename.endswith(".xml")), default=0)
    if sum(item.file_size for item in members) > _MAX_BYTES or xml_bytes > _MAX_XML_BYTES:
        raise UserError(
            f"《{path.name}》展开后过大，没有读取。请删去图片和空白区域，或拆成几份再发。"
        )
    if member not in names:
        raise UserError(
            f"《{path.name}》的内容与扩展名不符。请用原来的软件打开，另存为{path.suffix}后再发。"
        )


def damaged(path: Path) -> UserError:
    """The error for a file that is cut short or broken."""
    return UserError(f"《{path.name}》已损坏或不完整，无法读取。请重新下载或另存一份后再发。")


def nothing_to_read(path: Path) -> UserError:
    """The error for a file in which no text was found."""
    return UserError(f"《{path.name}》里没有可读的文字。如果内容是图片，请换成带文字的文件再发。")
