"""What can't be right is told in one clear line, with exit status 1, and changes nothing."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Serving, duban, said

ONE_LINE = re.compile(r"[^\n]*[一-鿿][^\n]*\n")  # and Chinese
SECRET = "geheim-4711"


def dump(home: Path) -> str:
    """Everything in the database that people put there: not what a serving process makes."""
    connection = sqlite3.connect(home / "duban.sqlite3")
    try:
        tables = ("vector", "keyvalue", "plannerstate", "touched", "versionseen")
        made = tuple(f'INSERT INTO "{name}"' for name in tables)
        return "\n".join(line for line in connection.iterdump() if not line.startswith(made))
    finally:
        connection.close()


def refused(done: "subprocess.CompletedProcess[str]", *words: str, status: int = 1) -> None:
    """A command ended as it should, and told why."""
    assert done.returncode == status, done
    assert done.stdout == ""
    assert ONE_LINE.fullmatch(done.stderr), done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert SECRET not in done.stderr


@pytest.fixture
def unchanged(home: Path) -> Iterator[Path]:
    """A home in which nothing changes."""
    before = dump(home)
    yield home
    assert dump(home) == before


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TELEGRAM_TOKN", SECRET, "没有这个设置：DUBAN_TELEGRAM_TOKN"),
        ("WEB_PORT", SECRET, "DUBAN_WEB_PORT 有误：应为整数"),
        ("WEB_PORT", "70000", "应不大于 65535"),
        ("LLM_TIMEOUT_S", SECRET, "DUBAN_LLM_TIMEOUT_S 有误：应为数字"),
        ("LLM_BASE_URL", SECRET, "DUBAN_LLM_BASE_URL 有误：应为网址"),
        ("TIMEZONE", "火星", "DUBAN_TIMEZONE 有误：不是时区名称"),
        ("REMIND_LEAD_WORKDAYS", "七", "DUBAN_REMIND_LEAD_WORKDAYS 有误：应为1至250的整数"),
        ("DATABASE_URL", f"mysql://duban:{SECRET}@127.0.0.1/duban", "只支持 sqlite"),
        ("DATABASE_URL", f"postgresql://duban:{SECRET}@127.0.0.1:port/duban", "DUBAN_DATABASE_URL 写得不对"),
        ("DATABASE_URL", f"postgresql+nosuch://duban:{SECRET}@127.0.0.1/duban", "DUBAN_DATABASE_URL 写得不对"),
        ("DATABASE_URL", f"postgresql://duban:{SECRET}@127.0.0.1:1/duban", "请检查 DUBAN_DATABASE_URL"),
    ],
)  # fmt: skip
def test_a_wrong_setting(unchanged: Path, name: str, value: str, words: str) -> None:
    refused(duban(unchanged, "plans", "list", **{name.lower(): value}), words)


def test_a_wrong_setting_stops_a_serving_process_too(unchanged: Path) -> None:
    refused(duban(unchanged, "serve", web_port="x"), "DUBAN_WEB_PORT")
    refused(duban(unchanged, "serve", web_host="0.0.0.0"), "DUBAN_WEB_HOST")
    refused(duban(unchanged, "serve", database_url="postgresql://127.0.0.1:1/duban"), "打不开")


def test_a_settings_file_that_is_no_text(unchanged: Path) -> None:
    (unchanged.parent / ".env").write_bytes("DUBAN_LLM_MODEL=通义".encode("gb18030"))
    refused(duban(unchanged, "plans", "list"), ".env", "UTF-8")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("不是数据库" * 100, encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'notes.txt'}"
    refused(duban(tmp_path / "home", "plans", "list", database_url=url), "打不开")
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "不是数据库" * 100


def test_a_home_that_cant_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("一个文件", encoding="utf-8")
    for home in (tmp_path / "taken", tmp_path / "taken" / "home"):
        for command in (["plans", "list"], ["serve"]):
            done = duban(tmp_path / "another", *command, home=home)
            refused(done, str(home), "DUBAN_HOME")


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="rights do not bind this user"
)
def test_a_home_without_rights(unchanged: Path) -> None:
    unchanged.chmod(0o500)
    try:
        for command in (["plans", "list"], ["serve"]):
            refused(duban(unchanged, *command), "不能写入")
    finally:
        unchanged.chmod(0o700)


def test_a_port_in_use(unchanged: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(duban(unchanged, "serve", web_port=port), f"127.0.0.1:{port}", "DUBAN_WEB_PORT")


def write_bad_files(folder: Path) -> dict[str, str]:
    """Files that can't be read, each with words of the line that says why."""
    (folder / "空.docx").touch()
    (folder / "乱.docx").write_bytes(bytes(range(256)) * 40)
    (folder / "网页.docx").write_text("<html><body>河长制</body></html>", encoding="utf-8")
    (folder / "表格.pdf").write_bytes(b"PK\x03\x04" + bytes(500))
    (folder / "断.xlsx").write_bytes(b"PK\x03\x04" + bytes(500))
    (folder / "断.pdf").write_bytes(b"%PDF-1.7\n" + bytes(500))
    (folder / "噪声.txt").write_bytes(bytes(range(128, 256)) * 40)
    (folder / "程序.exe").write_bytes(b"MZ" + bytes(500))
    (folder / "空白.txt").write_text(" \n\n\t\n", encoding="utf-8")
    (folder / "文件夹.docx").mkdir()
    with (folder / "大.docx").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    return {
        "空.docx": "空的", "乱.docx": "不是真正的 docx", "网页.docx": "不是真正的 docx",
        "表格.pdf": "与后缀 .pdf 不符", "断.xlsx": "断.xlsx", "断.pdf": "断.pdf",
        "噪声.txt": "编码", "程序.exe": "不是能读的文件类型", "空白.txt": "没有读到文字", "文件夹.docx": "文件夹",
        "大.docx": "100 MB，超过", "没有.docx": "找不到",
    }  # fmt: skip


def test_files_that_cant_be_read(unchanged: Path, tmp_path: Path) -> None:
    faults = write_bad_files(tmp_path)
    # beside a serving process too, where most of the start-up is saved
    with Serving(unchanged, "--at", "2022-11-01"):
        for name, words in faults.items():
            refused(duban(unchanged, "ingest", tmp_path / name), name, words)


@pytest.mark.parametrize("name", ["空.docx", "断.xlsx", "大.docx"])
def test_a_file_that_cant_be_read_by_a_command_alone(
    unchanged: Path, tmp_path: Path, name: str
) -> None:
    faults = write_bad_files(tmp_path)
    refused(duban(unchanged, "ingest", tmp_path / name, "--json"), name, faults[name])


BATCHES = {
    '{"q": "谁牵头？"': "第2行不是 JSON",
    '["谁牵头？"]': "第2行应为一个 JSON 对象",
    '{"q": "谁牵头？"}': "第2行缺少",
    '{"q": "谁牵头？", "asked_on": "10月1日"}': "10月1日",
    '{"q": "谁牵头？", "asked_on": "2022-10-01", "plan": "nosuch"}': "nosuch",
}
GOOD = '{"id": "1", "q": "谁牵头食品抽检？", "asked_on": "2022-10-01", "plan": "leqing-2022"}'


def test_commands_that_cant_be_right(unchanged: Path, tmp_path: Path) -> None:
    for given, words in {
        ("plans", "show", "nosuch"): "没有叫“nosuch”的方案",
        ("plans", "export", "nosuch"): "nosuch",
        ("plans", "publish", "nosuch"): "nosuch",
        ("ask", "谁牵头？", "--plan", "nosuch"): "nosuch",
        ("ask", "谁牵头？", "--at", "2022-13-01"): "日期“2022-13-01”读不懂",
        ("ask", "谁牵头？", "--at", "明天"): "日期“明天”读不懂",
        ("ask", " "): "请写下要问的内容",
        ("dates", "6月底前", "--at", "2022/1/1"): "读不懂",
        ("serve", "--at", "2022-02-30"): "读不懂",
        ("reminders", "preview", "--from", "2022-13-01", "--to", "2022-12-01"): "读不懂",
        ("reminders", "preview", "--from", "2022-12-02", "--to", "2022-12-01"): "早于",
        ("people", "grant", "陈主任", "admin"): "平台:账号",
        ("people", "grant", "telegram:1", "king"): "没有“king”这个角色",
        ("ask", "--batch", "nosuch.jsonl"): "没有这个文件",
        ("ask", "--batch", "."): "读不了",
    }.items():
        refused(duban(unchanged, *given), words)


@pytest.mark.parametrize("line", BATCHES)
def test_a_broken_line_stops_a_batch_before_its_first_answer(
    unchanged: Path, tmp_path: Path, line: str
) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(f"{GOOD}\n{line}\n", encoding="utf-8")
    refused(duban(unchanged, "ask", "--batch", questions), BATCHES[line])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("nosuch",), "没有这个命令"),
        (("ask",), "请给出一个问题"),
        (("ask", "谁牵头？", "--nosuch"), "没有 --nosuch 这个选项"),
        (("ask", "谁牵头？", "--at"), "缺少值"),
        (("ingest",), "缺少"),
        (("reminders", "preview", "--to", "2022-12-01"), "缺少 --from"),
        (("plans", "show", "a", "b"), "多余的参数"),
    ],
)
def test_wrong_usage_is_status_two(unchanged: Path, given: tuple[str, ...], words: str) -> None:
    refused(duban(unchanged, *given), words, "--help", status=2)


def test_a_fault_of_ours_is_one_line_and_its_story_is_in_the_log(home: Path) -> None:
    connection = sqlite3.connect(home / "duban.sqlite3")
    connection.execute("DROP TABLE timing")
    connection.commit()
    connection.close()
    done = duban(home, "plans", "show", "leqing-2022")
    log = home / "logs" / "faults.log"
    assert done.returncode == 1
    assert done.stderr == f"出错了：OperationalError（详情见日志 {log}）\n"
    story = log.read_text(encoding="utf-8")
    assert "no such table: timing" in story
    assert "Traceback" in story
    with Serving(home):
        done = duban(home, "plans", "show", "leqing-2022")
        assert (done.returncode, done.stderr) == (
            1,
            f"出错了：OperationalError（详情见日志 {log}）\n",
        )


def test_what_an_editor_adds_to_a_batch_is_no_fault(unchanged: Path, tmp_path: Path) -> None:
    """A byte order mark, and an empty line at the end."""
    questions = tmp_path / "questions.jsonl"
    questions.write_text(f"\ufeff{GOOD}\n\n", encoding="utf-8")
    answers = said(duban(unchanged, "ask", "--batch", questions)).splitlines()
    assert [json.loads(line)["id"] for line in answers] == ["1"]
