"""`duban serve` as a process: ready, beside commands, killed, told to end."""

import json
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from serving import Serving, duban, said

PLAN = """2023年乙县河湖长制工作要点

序号\t工作任务\t具体措施\t责任单位\t完成时限
1\t河道清淤\t完成12条河道清淤，清出淤泥35万立方米。\t县水利局\t2023年11月30日前
2\t入河排口\t整治入河排污口64个。\t县生态环境局牵头，县住建局配合\t2023年12月底前
"""


@pytest.fixture
def serving(home: Path) -> Iterator[Serving]:
    """A serving process that stands in November 2022."""
    with Serving(home, "--at", "2022-11-01T09:00") as process:
        yield process


def get(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=10)


def test_ready_is_said_once_it_is_so(serving: Serving) -> None:
    assert serving.url.startswith("http://127.0.0.1:")
    assert get(f"{serving.url}/healthz").status_code == 200
    assert get(f"{serving.url}/api/status").json()["day"] == "2022-11-01"


def test_a_second_one_on_the_same_home_ends_with_one_line(serving: Serving) -> None:
    second = duban(serving.home, "serve")
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr.count("\n") == 1
    assert "已有一个 duban serve 在运行" in second.stderr
    assert get(f"{serving.url}/healthz").status_code == 200  # the first is not disturbed


def test_every_other_command_works_beside_it(serving: Serving, tmp_path: Path) -> None:
    home = serving.home
    assert "90%" in said(duban(home, "ask", "乐清12315热线接通率要达到多少？"))
    asked = json.loads(
        said(duban(home, "ask", "12315热线接通率要达到多少？", "--plan", "leqing-2022", "--json"))
    )
    assert asked["answerable"]
    assert asked["citations"][0]["plan"] == "leqing-2022"
    questions = tmp_path / "questions.jsonl"
    lines = [
        {"id": n, "q": "谁牵头食品抽检？", "plan": "leqing-2022", "asked_on": "2022-10-01"}
        for n in (1, 2)
    ]
    questions.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    answers = said(duban(home, "ask", "--batch", questions)).splitlines()
    assert [json.loads(line)["id"] for line in answers] == [1, 2]

    (tmp_path / "要点.txt").write_text(PLAN, encoding="utf-8")
    # from another folder than the serving process's
    read = said(duban(home, "ingest", "要点.txt", "--plan", "rivers", "--publish"))
    assert "任务2项" in read
    assert "没有变化" in said(duban(home, "ingest", "要点.txt", "--plan", "rivers"))
    listed = json.loads(said(duban(home, "plans", "list", "--json")))
    assert {plan["id"]: plan["tasks"] for plan in listed if plan["id"] == "rivers"} == {"rivers": 2}
    assert "县水利局" in said(duban(home, "plans", "show", "rivers"))
    assert "64个" in said(duban(home, "plans", "export", "rivers", "--format", "json"))
    assert "县生态环境局" in said(duban(home, "units", "list"))
    assert "64个" in said(duban(home, "ask", "入河排污口要整治多少个？"))

    spans = ("--from", "2023-11-01", "--to", "2023-12-31")
    preview = said(duban(home, "reminders", "preview", *spans, "--plan", "rivers"))
    assert "2023年11月30日到期" in preview
    assert "还没有" in said(duban(home, "reminders", "log"))
    said(duban(home, "people", "grant", "telegram:7", "admin"))
    assert "telegram:7" in said(duban(home, "people", "list"))
    # a command stands where it says, else where the serving process stands
    assert "2022-11-30" in said(duban(home, "dates", "本月底前"))
    assert "2023-03-31" in said(duban(home, "dates", "本月底前", "--at", "2023-03-05"))
    assert f"duban serve 正在运行：{serving.url}" in duban(home, "doctor").stdout


def test_a_fault_comes_back_as_one_line(serving: Serving) -> None:
    unknown = duban(serving.home, "plans", "show", "nosuch")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr.startswith("没有叫“nosuch”的方案")
    assert unknown.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_only_its_user_may_hand_commands_over(serving: Serving) -> None:
    note = serving.home / "serve.json"
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    secret = json.loads(note.read_text())["token"]
    asked = {"verb": "plans_list", "arguments": {}}
    for token, status in ((secret, 200), ("wrong", 403), (secret[:-1], 403)):
        headers = {"Authorization": f"Bearer {token}"}
        reply = httpx.post(
            f"{serving.url}/control", json=asked, headers=headers, trust_env=False, timeout=60
        )
        assert reply.status_code == status
        assert (status == 200) == ("leqing-2022" in reply.text)
    assert secret not in serving.log()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_it_leaves_the_home_to_others(home: Path) -> None:
    with Serving(home) as serving:
        serving.kill()
        assert (home / "serve.json").exists()  # its note is there, and means nothing
        assert "leqing-2022" in said(duban(home, "plans", "list"))
        with Serving(home) as next_one:
            assert next_one.url != serving.url
            assert "leqing-2022" in said(duban(home, "plans", "list"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGTERM")
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_ends_cleanly(serving: Serving, by: int) -> None:
    with httpx.Client(base_url=serving.url, trust_env=False, timeout=60) as page:
        page.get("/api/messages")
        with page.stream("GET", "/api/stream") as stream:  # a page that stays open
            assert next(stream.iter_lines()) == "event: ready"
            assert serving.end(by) == 0
    assert "Traceback" not in serving.log()
    assert not (serving.home / "serve.json").exists()
    assert "leqing-2022" in said(duban(serving.home, "plans", "list"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGSTOP")
def test_a_command_waits_for_one_that_is_starting(tmp_path: Path) -> None:
    home = tmp_path / "fresh" / "home"
    home.parent.mkdir()
    serving = Serving(home)
    serving.begin()
    try:
        while not (home / "serve.lock").exists():
            assert serving.process.poll() is None
        # it takes in the shipped plans now; the command must neither fail nor do so itself
        assert said(duban(home, "plans", "list")).count("第1版") == 5
        serving.wait_until_ready()
    finally:
        serving.kill()
