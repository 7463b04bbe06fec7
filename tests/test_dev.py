"""Setting up on a machine that lacks something: one clear line, and the next try starts clean."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEAD = "http://127.0.0.1:9/simple"  # nobody listens there


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What dev.py reads, in a folder with a space and Chinese in its name."""
    folder = tmp_path / "督办 助手"
    folder.mkdir()
    for name in ("dev.py", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    return folder


def dev(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))
    }
    settings = {
        "PATH": "", "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": DEAD, "PIP_RETRIES": "0",
        "PYTHONIOENCODING": "utf-8",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, checkout / "dev.py", *arguments],
        env={**kept, **settings, **environment}, capture_output=True, text=True, encoding="utf-8",
        check=False,
    )  # fmt: skip


def call_it_installed(checkout: Path) -> None:
    code = "import dev; dev.STAMP.parent.mkdir(); dev.STAMP.write_text(dev.fingerprint() + ' dev')"
    subprocess.run([sys.executable, "-c", code], cwd=checkout, check=True)


@pytest.mark.parametrize("arguments", [["launch"], ["faults", "--help"]])
def test_wrong_usage_is_told(arguments: list[str]) -> None:
    found = dev(ROOT, *arguments)
    assert found.returncode == 2
    assert "python3 dev.py run" in found.stdout


def test_without_a_network_nothing_counts_as_installed(checkout: Path) -> None:
    found = dev(checkout, "install")
    assert found.returncode == 1
    assert found.stderr.splitlines()[-1].startswith("安装没有成功")
    assert (checkout / ".venv").is_dir()
    # half-made: without pip, the next try makes it anew and comes as far again
    for pip in (checkout / ".venv").rglob("pip/__init__.py"):
        shutil.rmtree(pip.parent)
    again = dev(checkout, "install")
    assert again.stderr.splitlines()[-1].startswith("安装没有成功")
    assert list((checkout / ".venv").rglob("pip/__init__.py"))


def on_bare_debian(checkout: Path) -> str:
    """How an install ends at once, on a Python without venv."""
    (checkout / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    found = dev(checkout, "install", PYTHONPATH=str(checkout))
    assert found.returncode == 1
    return found.stderr.strip()


def test_debian_without_venv_is_told_what_to_install(checkout: Path) -> None:
    told = "这个 Python 缺少 venv 模块。请先运行：sudo apt install python3-venv"
    assert on_bare_debian(checkout) == told


def test_what_is_installed_is_not_installed_again(checkout: Path) -> None:
    call_it_installed(checkout)
    assert dev(checkout, "install").returncode == 0
    with (checkout / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("one-more==1.0\n")
    assert "venv" in on_bare_debian(checkout), "a changed lock is installed anew"


@pytest.mark.skipif(sys.platform == "win32", reason="the tools here are shell scripts")
@pytest.mark.parametrize("fault", ["", "ruff format --check .", "mypy", "pytest -x"])
def test_what_did_not_pass_is_said_again_at_the_end(checkout: Path, fault: str) -> None:
    call_it_installed(checkout)
    for tool in ("python", "lint-imports"):
        script = checkout / ".venv" / "bin" / tool
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\necho "did $*"\n[ "$*" != "-m {fault}" ]\n')
        script.chmod(0o755)
    found = dev(checkout, "test", "-x")
    last = found.stdout.splitlines()[-1]
    assert last == (f"没有通过：python -m {fault}" if fault else "did -m pytest -x")
    assert ("did -m mypy" in found.stdout) == (fault == "mypy"), "it speaks of faults alone"
    assert found.returncode == bool(fault)
