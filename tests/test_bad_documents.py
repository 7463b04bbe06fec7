"""Files that are locked, cut short, disguised or too big: one Chinese line each, nothing half-written."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from config.errors import UserError
from corpus.formats import read_file
from corpus.ingest import take_in
from corpus.models import Plan, Upload
from corpus.reading import read_plan

PLANS = Path(__file__).parent / "data/plans"
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
OLE = (PLANS / "rivers.xls").read_bytes()


def sample(suffix: str) -> bytes:
    return (PLANS / f"rivers.{suffix}").read_bytes()


def locked_office(path: Path) -> None:
    """As Office wraps a document under a password: an OLE file with a stream of this name."""
    path.write_bytes(OLE[:512] + "EncryptedPackage".encode("utf-16-le") + bytes(4096))


def locked_word(path: Path) -> None:
    """Word 97 says in the flags of its text that it is encrypted."""
    content = bytearray(sample("doc"))
    start = next(n for n in range(512, len(content), 512) if content[n : n + 2] == b"\xec\xa5")
    content[start + 11] |= 0x01
    path.write_bytes(content)


def bomb(path: Path) -> None:
    """A sound package, but for one member that unpacks to 400 MB."""
    with (
        zipfile.ZipFile(PLANS / f"rivers{path.suffix}") as sound,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in sound.namelist():
            archive.writestr(name, sound.read(name))
        with archive.open("media/blank.xml", "w") as member:
            for _ in range(400):
                member.write(bytes(1024 * 1024))


def copy_of(suffix: str) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(sample(suffix))


def cut(path: Path) -> None:
    content = sample(path.suffix[1:])
    path.write_bytes(content[: len(content) // 2])


BAD: list[tuple[str, Callable[[Path], Any], str]] = [
    *[(f"locked.{suffix}", locked_office, "加了密码") for suffix in ("docx", "xlsx")],
    ("locked.doc", locked_word, "加了密码"),
    *[(f"cut.{suffix}", cut, "已损坏") for suffix in ("docx", "xlsx", "xls", "pdf")],
    *[(f"bomb.{suffix}", bomb, "过大") for suffix in ("docx", "xlsx")],
    *[
        (f"empty.{suffix}", lambda path: path.write_bytes(b""), "空的")
        for suffix in ("docx", "xlsx", "xls", "doc", "pdf", "html", "txt", "md")
    ],
    ("pdf.docx", copy_of("pdf"), "PDF"),
    ("docx.pdf", copy_of("docx"), "新版 Office"),
    ("docx.xlsx", copy_of("docx"), "不符"),
    ("xlsx.docx", copy_of("xlsx"), "不符"),
    ("xls.docx", copy_of("xls"), "旧版 Office"),
    ("docx.txt", copy_of("docx"), "新版 Office"),
    ("html.xlsx", copy_of("html"), "不是真正的 xlsx"),
    ("noise.txt", lambda p: p.write_bytes(bytes(n * 73 % 256 for n in range(5000))), "编码"),
    ("noise.html", lambda p: p.write_bytes(bytes(n * 73 % 256 for n in range(5000))), "编码"),
    ("blank.txt", lambda path: path.write_text(" \n\t\n"), "没有读到文字"),
    ("plan.pptx", copy_of("docx"), "不是能读的文件类型"),
]


@pytest.mark.parametrize(("name", "make", "words"), BAD, ids=[name for name, _, _ in BAD])
def test_a_bad_document_is_told_in_one_line_and_leaves_nothing(
    engine: Engine, tmp_path: Path, name: str, make: Callable[[Path], Any], words: str
) -> None:
    path = tmp_path / name
    make(path)
    with pytest.raises(UserError) as caught:
        take_in(engine, path, now=NOW, by="test", stored=lambda session, version: None)
    line = str(caught.value)
    assert words in line
    assert name in line
    assert "\n" not in line
    with Session(engine) as session:
        assert session.exec(select(Plan)).first() is None
        assert session.exec(select(Upload)).first() is None


def test_a_failure_half_way_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    def fail(session: Session, version: Any) -> None:
        raise UserError("磁盘已满。")

    with pytest.raises(UserError):
        take_in(engine, PLANS / "rivers.docx", now=NOW, by="test", stored=fail)
    with Session(engine) as session:
        assert session.exec(select(Plan)).first() is None
        assert session.exec(select(Upload)).first() is None


def test_a_file_without_tasks_says_so(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("各单位：\n天气转凉，请注意保暖。\n", encoding="utf-8")
    report = take_in(engine, path, now=NOW, by="test", stored=lambda session, version: None)
    assert report.review[0]["text"].startswith("没有读出任务")


def test_two_papers_in_one_file_are_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "two.txt"
    one = "清源市人民政府办公室文件\n\n清政办发〔2026〕{}号\n\n{}\n\n一、主要任务\n1.开展巡查。（市水利局负责）\n\n"
    path.write_text(
        one.format(3, "清源市2026年河长制工作要点") + one.format(9, "清源市2026年消防工作要点"),
        encoding="utf-8",
    )
    review = read_plan(read_file(path)).review
    assert "清政办发〔2026〕9号" in review[0].text
    path.write_text(one.format(3, "清源市2026年河长制工作要点"), encoding="utf-8")
    assert all("不止一份" not in item.text for item in read_plan(read_file(path)).review)


def test_a_formula_without_a_result_is_pointed_out(tmp_path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("任务")
        for row in (["序号", "工作任务", "责任单位"], ["1", "清理河道。", "市水利局"]):
            sheet.write_row(int(row[0].isdigit()), 0, row)
        sheet.write_formula(2, 0, "=A9/0", value="#DIV/0!")
        sheet.write_string(2, 1, "修复堤防。")
    assert any("公式出错" in note for note in read_file(tmp_path / "a.xlsx").notes)


def test_five_hundred_pages_take_bounded_memory(tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas

    path = tmp_path / "long.pdf"
    canvas = Canvas(str(path))
    for page in range(500):
        canvas.drawString(72, 700, f"{page + 1}. Clean the river, reach {page % 100}% by June.")
        canvas.showPage()
    canvas.save()
    code = (
        "import resource, sys; from pathlib import Path; from corpus.formats import read_file\n"
        "pages = {block.place.page for block in read_file(Path(sys.argv[1])).blocks}\n"
        # Linux lets a new program inherit the peak of the one that started it, but not this line
        "status = Path('/proc/self/status')\n"
        "peaks = [line for line in status.read_text().splitlines() if 'VmHWM' in line] if status.exists() else []\n"
        "peak = int(peaks[0].split()[1]) if peaks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(len(pages), peak)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    pages, peak = map(int, done.stdout.split())
    assert pages == 500
    megabytes = peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
    assert megabytes < 400
