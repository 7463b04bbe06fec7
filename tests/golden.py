"""Golden files: what a sample is read as stands beside it, and --update-golden rewrites it."""

import json
from pathlib import Path
from typing import Any

import pytest


def check(found: Any, golden: Path, request: pytest.FixtureRequest) -> None:
    """Compare `found`, plain data, with a golden file; with --update-golden write it first."""
    if request.config.getoption("--update-golden"):
        golden.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(golden.read_text(encoding="utf-8"))
