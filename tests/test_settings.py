"""Settings come from the environment and .env; what is wrong is named, and secrets stay secret."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.errors import UserError
from config.lists import read_days, read_hours, read_steps
from config.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_fresh_checkout_reaches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DUBAN_HOME")
    settings = load_settings()
    assert settings.home == Path("data")
    assert settings.web_host == "127.0.0.1"
    assert settings.telegram_token.get_secret_value() == ""
    assert not settings.has_llm
    assert settings.timezone == "Asia/Shanghai"


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text(
        "DUBAN_WEB_PORT=8081\nDUBAN_REMINDER_HOUR=10\n# 说明\nOTHER=1\n", "utf-8"
    )
    monkeypatch.setenv("DUBAN_WEB_PORT", "8082")
    settings = load_settings()
    assert (settings.web_port, settings.reminder_hour) == (8082, 10)


def test_an_empty_value_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_WEB_PORT", "")
    assert load_settings().web_port == 8080


@pytest.mark.parametrize("in_file", [True, False])
def test_an_unknown_name_fails(monkeypatch: pytest.MonkeyPatch, in_file: bool) -> None:
    if in_file:
        Path(".env").write_text("DUBAN_TELEGRAM_TOKN=1\n", "utf-8")
    else:
        monkeypatch.setenv("DUBAN_TELEGRAM_TOKN", "1")
    with pytest.raises(UserError, match="没有这个设置：DUBAN_TELEGRAM_TOKN"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DUBAN_WEB_PORT", "http"),
        ("DUBAN_WEB_PORT", "70000"),
        ("DUBAN_REMINDER_HOUR", "24"),
        ("DUBAN_REMIND_LEAD_WORKDAYS", "7,一"),
        ("DUBAN_REMIND_SUPPORT_WORKDAYS", "-1"),
        ("DUBAN_ESCALATION", "3:boss"),
        ("DUBAN_REMINDER_QUIET_HOURS", "25-8"),
        ("DUBAN_COMPLETION", "nobody"),
        ("DUBAN_TIMEZONE", "北京"),
        ("DUBAN_TIMEZONE", "../../etc/passwd"),
        ("DUBAN_TELEGRAM_BASE_URL", "api.telegram.example"),
        ("DUBAN_LLM_TIMEOUT_S", "0"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as error:
        load_settings()
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_secrets_print_as_stars(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TELEGRAM_TOKEN", "LLM_API_KEY", "EMBEDDING_API_KEY"):
        monkeypatch.setenv(f"DUBAN_{name}", "geheim")
    settings = load_settings()
    assert "geheim" not in repr(settings) + str(settings) + str(settings.model_dump())
    assert settings.telegram_token.get_secret_value() == "geheim"


def test_every_setting_has_a_line_of_help_in_chinese() -> None:
    for name, field in Settings.model_fields.items():
        assert any("一" <= letter <= "鿿" for letter in field.description or ""), name


def test_the_database_is_sqlite_in_the_home_unless_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DUBAN_HOME", "here")
    place = (tmp_path / "here" / "duban.sqlite3").as_posix()
    assert load_settings().effective_database_url.replace("\\", "/") == f"sqlite:///{place}"
    monkeypatch.setenv("DUBAN_DATABASE_URL", "postgresql://duban@db/duban")
    assert load_settings().effective_database_url == "postgresql+psycopg://duban@db/duban"


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (read_days, "1, 10,3、3", (10, 3, 1)), (read_days, "无", ()),
        (read_steps, "5:负责人，3：unit", ((3, "unit"), (5, "head"))), (read_steps, "无", ()),
        (read_hours, "20-8", (20, 8)), (read_hours, "12至14", (12, 14)), (read_hours, "无", None),
    ],
)  # fmt: skip
def test_lists_are_read_as_people_write_them(
    read: Callable[[str], Any], text: str, value: Any
) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [(read_days, "七"), (read_days, "0,3"), (read_steps, "3"), (read_steps, "三:unit"), (read_hours, "8-8"), (read_hours, "晚上")],
)  # fmt: skip
def test_a_list_that_cannot_be_read_says_what_it_should_be(
    read: Callable[[str], Any], text: str
) -> None:
    with pytest.raises(ValueError, match="应"):
        read(text)
