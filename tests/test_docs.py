"""The docs say what there is: commands run, links resolve, and everything that has a name is named."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from typer import Context, Typer
from typer.main import get_command

import bot.platforms
from bot import cli
from config.settings import Settings
from corpus.formats import formats
from reminders.rules import all_rules, periodic_rules

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DOCS = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = ".venv/bin/duban "


def blocks(text: str) -> Iterator[str]:
    """The lines of all shell blocks, without their comments."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            yield line.partition("  #")[0].strip()


def verbs(app: Typer, before: str = "") -> Iterator[str]:
    """Every command as it is typed, `plans list`."""
    for command in app.registered_commands:
        assert command.callback is not None
        yield before + (command.name or command.callback.__name__)
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from verbs(group.typer_instance, f"{before}{group.name} ")


def helps(command: Any) -> Iterator[str]:
    """What --help says of every command and option."""
    yield command.help or ""
    yield from (option.help or "" for option in command.get_params(Context(command)))
    for part in getattr(command, "commands", {}).values():
        yield from helps(part)


def test_help_is_in_chinese() -> None:
    found = list(helps(cli.in_chinese(get_command(cli.app))))
    assert [words for words in found if words and not re.search("[\u4e00-\u9fff]", words)] == []


def name_of(name: str) -> str:
    return f"DUBAN_{name}".upper()


def default_of(name: str) -> str:
    default = Settings.model_fields[name].default
    return str(getattr(default, "get_secret_value", lambda: default)())


def settings_page() -> str:
    """docs/settings.md, made from the settings."""
    rows = [
        f"| `{name_of(name)}` | {f'`{default_of(name)}`' if default_of(name) else '无'} "
        f"| {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    lines = [
        "# 全部设置",
        "",
        "写在环境变量里，或写在启动目录下的 `.env` 文件里（样子见 `.env.example`）；两处都有的，以环境变量为准。",
        "名称写错会报错，不会被忽略。`duban doctor` 显示现在的值并逐项检查，密钥显示为星号。改过之后重启生效。",
        "",
        "| 名称 | 默认值 | 说明 |",
        "|---|---|---|",
        *rows,
        "",
    ]
    return "\n".join(lines)


def settings_example() -> str:
    """.env.example, made from the settings: every line is a comment until somebody needs it."""
    lines = ["# 复制为 .env，去掉需要的行前面的 # 再改。每一项的说明也见 docs/settings.md。"]
    for name, field in Settings.model_fields.items():
        lines += ["", f"# {field.description}", f"#{name_of(name)}={default_of(name)}"]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("place", "made"), [("docs/settings.md", settings_page), (".env.example", settings_example)]
)
def test_what_is_made_from_the_settings_is_up_to_date(
    place: str, made: object, request: pytest.FixtureRequest
) -> None:
    assert callable(made)
    if request.config.getoption("--update-golden"):
        (ROOT / place).write_text(made(), encoding="utf-8")
    assert (ROOT / place).read_text(encoding="utf-8") == made()


def test_the_example_of_settings_can_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config.settings import load_settings

    (tmp_path / ".env").write_text(settings_example().replace("\n#DUBAN", "\nDUBAN"), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DUBAN_HOME")
    used = load_settings()
    monkeypatch.chdir(tmp_path.parent)
    assert used == load_settings()


def test_every_verb_is_named() -> None:
    missing = [verb for verb in verbs(cli.app) if f"duban {verb}" not in DOCS]
    assert missing == []


def test_every_verb_that_is_named_is_there() -> None:
    there = {verb.split()[0] for verb in verbs(cli.app)}
    named = set(re.findall(r"(?:`|/)duban ([a-z]+)", DOCS))
    assert named - there == set()


def test_every_platform_format_and_rule_is_named() -> None:
    platforms = {file.name for file in iter_modules(bot.platforms.__path__)}
    for name in (name for name in platforms if not name.startswith("_")):
        assert f"{name}.py" in DOCS, name
    for suffix in formats():
        assert f"`{suffix}`" in DOCS, suffix
    for name, rule in (*all_rules().items(), *periodic_rules().items()):
        assert f"`{name}`" in DOCS, name
        assert rule.LABEL in DOCS, rule.LABEL


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_resolve(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        assert "://" not in target, "the docs stand on their own"
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {h.strip().lower().replace(" ", "-") for h in headings}, target


def test_nothing_of_a_developers_machine_is_told() -> None:
    assert re.search(r"/(work|tmp|root|home)/", DOCS) is None


def test_the_commands_of_the_readme_run(tmp_path: Path) -> None:
    """In their order, on one fresh DUBAN_HOME. Those that serve are tested with the application."""
    duban = Path(sys.executable).with_name("duban")
    commands = [line.removeprefix(COMMAND) for line in blocks(README) if line.startswith(COMMAND)]
    assert len(commands) >= 10
    environment = {**os.environ, "DUBAN_HOME": str(tmp_path / "home")}
    for command in commands:
        run = subprocess.run(
            [duban, *shlex.split(command)],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        wanted = (0, 1) if command == "doctor" else (0,)  # a new year's holidays may be a fault
        assert run.returncode in wanted, f"{command}\n{run.stderr}"
        assert run.stdout.strip(), command
        assert "Traceback" not in run.stdout + run.stderr


def test_the_first_lines_of_the_readme_start_and_test_it() -> None:
    lines = list(blocks(README))
    assert "python3 dev.py run" in lines
    assert "python3 dev.py test" in lines
    usage = subprocess.run(
        [sys.executable, ROOT / "dev.py", "--help"], capture_output=True, check=True, text=True,
        encoding="utf-8", env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    for verb in ("run", "test", "install", "revision"):
        assert f"dev.py {verb}" in usage.stdout
        assert f"python3 dev.py {verb}" in DOCS
