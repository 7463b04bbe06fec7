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


def test_wrong_usage_is_told() -> None:
    found = dev(ROOT, "launch")
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


def test_debian_without_venv_is_told_what_to_install(checkout: Path) -> None:
    (checkout / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    found = dev(checkout, "install", PYTHONPATH=str(checkout))
    assert found.returncode == 1
    assert found.stderr.strip() == (
        "这个 Python 缺少 venv 模块。请先运行：sudo apt install python3-venv"
    )


def test_what_is_installed_is_not_installed_again(checkout: Path) -> None:
    code = "import dev; dev.STAMP.parent.mkdir(); dev.STAMP.write_text(dev.fingerprint() + ' dev')"
    subprocess.run([sys.executable, "-c", code], cwd=checkout, check=True)
    assert dev(checkout, "install").returncode == 0
    with (checkout / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("one-more==1.0\n")
    assert dev(checkout, "install").returncode == 1, "a changed lock is installed anew"
