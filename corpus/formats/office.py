"""Reads the older formats of Word and WPS (doc, wps, rtf, et) by way of LibreOffice, where it is installed."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from config.errors import UserError
from corpus.document import Document
from corpus.formats import _package, docx, xlsx

SUFFIXES: tuple[str, ...] = (".doc", ".wps", ".rtf", ".et")

# Named, because LibreOffice takes a broken file that it does not recognise for plain text.
_FILTERS = {
    (".doc", b"\xd0\xcf"): "MS Word 97",
    (".wps", b"\xd0\xcf"): "MS Word 97",
    (".rtf", b"{\\"): "Rich Text Format",
    (".et", b"\xd0\xcf"): "MS Excel 97",
}
_TIMEOUT_S = 120
_MAC_PROGRAM = "/Applications/LibreOffice.app/Contents/MacOS/soffice"


def read(path: Path) -> Document:
    """The document as LibreOffice converts it. Raises UserError when it is missing or fails."""
    suffix = path.suffix.lower()
    modern = ".xlsx" if suffix == ".et" else ".docx"
    reader: Callable[[Path], Document] = xlsx.read if suffix == ".et" else docx.read
    with path.open("rb") as file:
        mark = file.read(2)
    if mark == b"PK":  # newer WPS writes the new formats under its own suffixes
        return reader(path)
    kind = _FILTERS.get((suffix, mark))
    if kind is None:
        raise _package.damaged(path)
    program = shutil.which("soffice") or shutil.which("libreoffice") or shutil.which(_MAC_PROGRAM)
    if program is None:
        raise UserError(
            f"读取《{path.name}》需要LibreOffice，这台机器没有安装。"
            f"请用Word或WPS另存为{modern.lstrip('.')}后再发，或请管理员安装LibreOffice。"
        )
    with tempfile.TemporaryDirectory(prefix="duban-office-") as folder:
        source = Path(folder, path.name)
        shutil.copyfile(path, source)
        converted = source.with_suffix(modern)
        _convert(program, kind, source, modern.lstrip("."))
        if not converted.is_file():  # it ends with status 0 even where it could not open the file
            raise _package.damaged(path)
        document = reader(converted)
    document.format = "office"
    return document


def _convert(program: str, kind: str, source: Path, target: str) -> None:
    """A profile of its own lets two conversions run side by side."""
    profile = Path(source.parent, "profile").as_uri()
    command = [program, f"-env:UserInstallation={profile}", "--headless", "--norestore"]
    command += [
        f"--infilter={kind}",
        "--convert-to",
        target,
        "--outdir",
        str(source.parent),
        str(source),
    ]
    try:
        subprocess.run(command, check=True, timeout=_TIMEOUT_S, capture_output=True)
    except subprocess.TimeoutExpired as error:
        raise UserError(
            f"《{source.name}》转换超过{_TIMEOUT_S}秒，已停止。请另存为{target}后再发。"
        ) from error
    except (subprocess.CalledProcessError, OSError) as error:
        raise _package.damaged(source) from error
