"""Sets duban up in .venv and runs, tests or extends it; needs Python's standard library alone."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "duban-installed"
LOCK = ROOT / "requirements.lock"
USAGE = """用法：
  python3 dev.py run [--at 日期]        安装并启动（duban serve）
  python3 dev.py test [pytest 参数…]    安装开发工具，检查代码，运行全部测试
  python3 dev.py install                只安装
  python3 dev.py faults [次数]          在随机时刻杀死真实进程（默认300次），数一数消息丢了几条、重了几条
  python3 dev.py revision "说明"        表结构改过之后，生成一个数据库迁移
安装之后，命令是 .venv/bin/duban（Windows：.venv\\Scripts\\duban）。"""


def main() -> int:
    """Do what the command line asks for; the exit status."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a console without Chinese
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        found = "{}.{}".format(*sys.version_info[:2])
        return fail(
            f"需要 Python 3.11 至 3.13，现在是 {found}。请换一个版本运行，例如：python3.12 dev.py run"
        )
    verb, rest = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    try:
        if verb == "run":
            install()
            return become([BIN / "duban", "serve", *rest])
        if verb == "test":
            install(dev=True)
            return test(rest)
        if verb == "install" and not rest:
            install()
            print("已安装。启动：python3 dev.py run；命令：.venv/bin/duban --help")
            return 0
        if verb == "faults" and (not rest or (len(rest) == 1 and rest[0].isdecimal())):
            install(dev=True)
            return call([PYTHON, ROOT / "tests" / "faults.py", *rest])
        if verb == "revision" and len(rest) == 1:
            if Path(sys.prefix).resolve() == VENV:
                write_revision(rest[0])
                return 0
            install()
            return become([PYTHON, ROOT / "dev.py", "revision", rest[0]])
    except Problem as problem:
        return fail(str(problem))
    except KeyboardInterrupt:
        return 130
    print(USAGE)
    return 0 if verb in ("-h", "--help", "help") else 2


class Problem(Exception):
    """What stops us, and what to do about it, in one line for people."""


def fail(words: str) -> int:
    """Say what is wrong; the exit status."""
    print(words, file=sys.stderr)
    return 1


# ---- installing


def install(dev: bool = False) -> None:
    """Bring .venv to what pyproject.toml and requirements.lock say; nothing to do when it is there."""
    digest = fingerprint()
    done = STAMP.read_text(encoding="utf-8").split() if STAMP.exists() else []
    if done and done[0] == digest and ("dev" in done or not dev):
        return
    print("正在安装到 .venv（第一次需要一两分钟）…", flush=True)
    STAMP.unlink(missing_ok=True)  # stopped half-way, all of this is done again
    uv = find_uv()
    make_venv(uv)
    target = f"{ROOT}[dev]" if dev else str(ROOT)
    if uv:
        command = [uv, "pip", "install", "--python", str(PYTHON)]
    else:
        command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    if call([*command, "-c", str(LOCK), "-e", target]) != 0:
        raise Problem(
            "安装没有成功，原因见上。若是网络问题：检查网络，或设置你常用的镜像"
            "（PIP_INDEX_URL=镜像网址），再运行一次即可。"
        )
    STAMP.write_text(f"{digest} {'dev' if dev else 'run'}\n", encoding="utf-8")


def fingerprint() -> str:
    """What an install depends on: the two files, the Python, and the place (scripts name it)."""
    found = hashlib.sha256(f"{sys.version_info[:3]} {VENV}".encode())
    for file in (ROOT / "pyproject.toml", LOCK):
        found.update(file.read_bytes())
    return found.hexdigest()


def find_uv() -> str | None:
    """uv, if it is there; not where only pip was told of a mirror, for uv doesn't read its settings."""
    uv = shutil.which("uv")
    if uv is None or any(name.startswith("UV_") and "INDEX" in name for name in os.environ):
        return uv
    asked = [sys.executable, "-m", "pip", "config", "list"]
    settings = subprocess.run(asked, capture_output=True, text=True, errors="replace", check=False)
    return None if "index" in settings.stdout else uv


def make_venv(uv: str | None) -> None:
    """A .venv of this Python; one that is of another, or was left half-made, is made anew."""
    needed = "import sys" if uv else "import sys, pip._internal.cli.main"
    check = f"{needed}; sys.exit(sys.version_info[:3] != {sys.version_info[:3]})"
    if PYTHON.exists() and call([PYTHON, "-c", check], quiet=True) == 0:
        return
    if uv:
        failed = call([uv, "venv", "--clear", "--quiet", "--python", sys.executable, VENV])
    elif importlib.util.find_spec("ensurepip") is None:
        raise Problem("这个 Python 缺少 venv 模块。请先运行：sudo apt install python3-venv")
    else:
        failed = call([sys.executable, "-m", "venv", "--clear", VENV])
    if failed:
        raise Problem(f"无法在 {VENV} 建立虚拟环境，原因见上。请检查磁盘空间和文件夹权限。")


def call(command: Sequence[str | Path], quiet: bool = False) -> int:
    """Run a command in the project's folder; its exit status."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    # the tests start hundreds of processes, and each would compile the product anew
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    out = subprocess.DEVNULL if quiet else None
    return subprocess.run(
        [str(part) for part in command], cwd=ROOT, env=environment, stdout=out, stderr=out, check=False
    ).returncode  # fmt: skip


def become(command: Sequence[str | Path]) -> int:
    """Turn into another program: it gets our signals and the terminal."""
    words = [str(part) for part in command]
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(words[0], words)
    return subprocess.run(words, check=False).returncode  # exec there would return to the prompt


# ---- developing


def test(arguments: list[str]) -> int:
    """All checks, then pytest, whose closing line is the last when everything is well; the exit status.

    mypy needs one core for as long as all the other checks, so it runs beside them and pytest.
    """
    checks: list[list[str | Path]] = [
        [PYTHON, "-m", "ruff", "check", "."],
        [PYTHON, "-m", "ruff", "format", "--check", "."],
        [BIN / "lint-imports"],
        [PYTHON, "-m", "pytest", *arguments],
    ]
    types = [str(PYTHON), "-m", "mypy"]
    mypy = subprocess.Popen(types, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    failed = []
    for check in checks:
        name = " ".join([Path(check[0]).name, *map(str, check[1:])])
        print(f"› {name}", flush=True)
        if call(check) != 0:
            failed.append(name)
    found, _ = mypy.communicate()
    if mypy.returncode != 0:
        print(f"› python -m mypy\n{found.decode(errors='replace')}", flush=True)
        failed.append("python -m mypy")
    if failed:
        print(f"没有通过：{'；'.join(failed)}", flush=True)
    return int(bool(failed))


def write_revision(message: str) -> None:
    """Write the next migration from what the models have and the migrations don't; runs in .venv."""
    import tempfile

    from alembic import command
    from sqlmodel import SQLModel

    from config.database import alembic_config, make_engine, migrate

    for folder in ("corpus", "rag", "reminders", "bot"):
        importlib.import_module(f"{folder}.models")
    versions = ROOT / "config" / "migrations" / "versions"
    number = len(list(versions.glob("[0-9]*.py"))) + 1
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/empty.sqlite3")
        migrate(engine)
        settings = alembic_config()
        with engine.execution_options(write=True).begin() as connection:
            settings.attributes.update(connection=connection, metadata=SQLModel.metadata)
            command.revision(settings, message, autogenerate=True, rev_id=f"{number:04d}")
        engine.dispose()
    print("请读一遍新生成的迁移，再运行 python3 dev.py test。")


if __name__ == "__main__":
    sys.exit(main())
