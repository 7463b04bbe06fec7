"""The doctor names every setting, finds faults, and says what to do about each."""

import re
from datetime import date
from pathlib import Path

import pytest
from botapi import BotApi
from sqlmodel import col, select

from bot.core import opened
from bot.doctor import examine
from bot.models import Chat
from bot.verbs import chatting
from config.clock import Clock
from config.database import writing
from config.settings import Settings
from corpus.models import Timing, Unit
from reminders.models import OutboxMessage

ROOT = Path(__file__).parent.parent


def faults() -> list[str]:
    return [line for well, line in examine() if not well]


def test_a_fresh_home_has_no_fault_and_every_setting_is_listed(tmp_path: Path) -> None:
    found = list(examine())
    assert [line for well, line in found if not well] == []
    for name in Settings.model_fields:
        assert any(line.startswith(f"DUBAN_{name.upper()}=") for _, line in found)
    pages = re.findall(r"docs/[\w./-]+\.md", "\n".join(line for _, line in found))
    assert "docs/platforms/telegram.md" in pages
    assert [page for page in pages if not (ROOT / page).is_file()] == []
    assert not list((tmp_path / "home").glob("*.sqlite3")), "looking must not make a database"


def test_a_platform_that_is_set_up_by_half_is_one_fault_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DUBAN_WECOM_CORP_ID", "ww5823bf96d3bd56c7")
    (fault,) = faults()
    assert "DUBAN_WECOM_SECRET" in fault


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_LLM_API_KEY", "sk-geheim")
    monkeypatch.setenv("DUBAN_DATABASE_URL", "postgresql://duban:geheim@127.0.0.1:9/duban")
    lines = "\n".join(line for _, line in examine())
    assert "geheim" not in lines
    assert "DUBAN_LLM_API_KEY=******" in lines
    assert "请检查 DUBAN_DATABASE_URL" in "\n".join(faults())


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DUBAN_WEB_PORTS", "8080", "没有这个设置：DUBAN_WEB_PORTS"),
        ("DUBAN_REMINDER_HOUR", "25", "DUBAN_REMINDER_HOUR 有误"),
        ("DUBAN_WEB_HOST", "0.0.0.0", "请改回 127.0.0.1"),
        ("DUBAN_EMBEDDING_BASE_URL", "http://127.0.0.1:9/v1", "DUBAN_EMBEDDING_MODEL 还没有填"),
        ("DUBAN_CHROMA_URL", "http://127.0.0.1:9", "DUBAN_CHROMA_URL=http://127.0.0.1:9 没有回应"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(name, value)
    assert any(words in line for line in faults())


def test_a_home_that_is_a_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("DUBAN_HOME", str(tmp_path / "taken"))
    assert "不能写入" in faults()[0]


def test_the_token_is_tried(monkeypatch: pytest.MonkeyPatch, botapi: BotApi) -> None:
    monkeypatch.setenv("DUBAN_TELEGRAM_BASE_URL", botapi.url)
    monkeypatch.setenv("DUBAN_TELEGRAM_TOKEN", botapi.token)
    assert (True, "平台 telegram：机器人 @duban_test_bot 可用。") in list(examine())
    monkeypatch.setenv("DUBAN_TELEGRAM_TOKEN", "1:wrong")
    assert "平台 telegram" in faults()[0]
    botapi.complaints.clear()


def test_a_working_installation_and_the_years_that_its_reminders_need(tmp_path: Path) -> None:
    today = Clock().today()
    far = date(today.year + 3, 6, 30)
    folder = tmp_path / "home" / "holidays"
    folder.mkdir(parents=True)
    (folder / f"{today.year}.json").write_text('{"holidays": [], "makeup": []}', encoding="utf-8")
    with opened() as core, writing(core.engine) as session:
        unit_id = session.exec(select(Unit.id)).first()
        for platform in ("feishu", "console", "web"):
            session.add(Chat(platform=platform, chat_id="1", kind="group", unit_id=unit_id))
        at = core.clock.now()
        session.add(
            OutboxMessage(
                dedup_key="1", kind="reminder", platform="feishu", chat_id="1", facts={}, due_at=at,
                created_at=at,
            )
        )  # fmt: skip
        for timing in session.exec(select(Timing).where(col(Timing.rule).is_not(None))):
            timing.rule = None
            session.add(timing)
        first = session.exec(select(Timing).where(col(Timing.due_on).is_not(None))).first()
        assert first is not None
        first.due_on = far
        session.add(first)
    found = list(examine())
    (stranded,) = [line for well, line in found if not well]
    assert "平台 feishu：没有配置，却有 1 个绑定了单位的会话在那里，1 条消息在等它" in stranded
    with opened() as core:
        list(chatting.chats_unbind(core, chat="feishu:1"))
    found = list(examine())
    assert all(well for well, _ in found)
    lines = "\n".join(line for _, line in found)
    assert "在执行 5 个" in lines
    assert f"放假安排：{far.year}年的尚未公布" in lines
    # somebody writes that year down, first wrongly
    (folder / f"{far.year}.json").write_text("{}", encoding="utf-8")
    assert "读不懂" in faults()[0]
    (folder / f"{far.year}.json").write_text('{"holidays": [], "makeup": []}', encoding="utf-8")
    assert faults() == []


def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "duban.sqlite3").write_bytes(b"no database" * 100)
    assert "打不开" in faults()[-1]
