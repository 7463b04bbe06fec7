"""Files that come with an answer: which are taken, and how they are kept."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import BadZipFile, ZipFile

from sqlmodel import Session, col, select

from bot.messages import File
from config.errors import UserError
from corpus.ingest import drop_unused
from corpus.models import EventFile

LARGEST_BYTES = 20 * 1024 * 1024
MOST = 20  # of one step
TAKEN = frozenset(
    ".doc .docx .wps .xls .xlsx .et .csv .ppt .pptx .dps .pdf .ofd .txt .md .rtf "
    ".jpg .jpeg .png .gif .bmp .webp .heic .tif .tiff .mp3 .m4a .amr .wav .mp4 .mov .zip .rar .7z".split()
)
_RUNS = frozenset(
    ".exe .com .scr .pif .bat .cmd .ps1 .vbs .vbe .js .jse .wsf .wsh .hta .msi .msp .dll .sys .cpl "
    ".lnk .jar .apk .ipa .app .dmg .pkg .deb .rpm .sh .py .docm .xlsm .pptm .dotm .xlam .reg .iso .img".split()
)
_PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"#!",
)


def check(name: str, content: bytes) -> File:
    """The file as it is kept; raises UserError that says why it is not taken."""
    plain = "".join(c for c in name.replace("\\", "/").split("/")[-1] if c.isprintable())[-120:]
    suffix = PurePosixPath(plain).suffix.lower()
    if suffix in _RUNS or content.startswith(_PROGRAMS) or _holds_a_program(content):
        raise UserError(
            f"文件《{plain}》是可执行程序或含有程序，为安全起见不收。请发文档、表格、图片或压缩包。"
        )
    if suffix not in TAKEN:
        raise UserError(
            f"文件《{plain}》的格式不收。请发文档、表格、图片或压缩包（如 docx、xlsx、pdf、jpg、zip）。"
        )
    if not content:
        raise UserError(f"文件《{plain}》是空的，请重新发送。")
    if len(content) > LARGEST_BYTES:
        raise UserError(f"文件《{plain}》超过 20 MB，请压缩或拆分后再发。")
    return File(plain, content)


def _holds_a_program(content: bytes) -> bool:
    """Whether a packed file holds one; what can't be opened is kept as it is."""
    if not content.startswith(b"PK"):
        return False
    try:
        with ZipFile(BytesIO(content)) as packed:
            return any(PurePosixPath(name).suffix.lower() in _RUNS for name in packed.namelist())
    except (BadZipFile, ValueError, NotImplementedError):
        return False


def keep(session: Session, event_id: int | None, files: Sequence[File]) -> None:
    """Put files with a step of the history."""
    assert event_id is not None
    for file in files:
        session.add(EventFile(event_id=event_id, file_name=file.name, content=file.content))
        drop_unused(session, file.content)  # a platform may have kept it to be fetched


def names(session: Session, event_ids: Sequence[int | None]) -> dict[int, list[str]]:
    """Step → the names of its files, without their bytes."""
    query = select(EventFile.event_id, EventFile.file_name).where(
        col(EventFile.event_id).in_(list(event_ids))
    )
    found: dict[int, list[str]] = {}
    for event_id, name in session.exec(query.order_by(col(EventFile.id))):
        found.setdefault(event_id, []).append(name)
    return found


def load(session: Session, event_id: int) -> tuple[File, ...]:
    """The files of a step, whole."""
    query = select(EventFile).where(EventFile.event_id == event_id).order_by(col(EventFile.id))
    return tuple(File(row.file_name, row.content) for row in session.exec(query))
