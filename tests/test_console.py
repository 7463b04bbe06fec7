"""The terminal is a chat as every other: commands, buttons by number, reminders, history."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path
from time import monotonic

import pytest
from serving import DUBAN, PATIENCE_S, Serving, duban, environment, said
from sqlmodel import select

from bot import binding, people
from bot.messages import Button, Incoming, Outgoing
from bot.models import Chat, InboxMessage
from config.clock import Clock
from config.database import make_engine, reading, writing
from corpus import ledger
from corpus.models import TaskEvent
from reminders import outbox
from reminders.models import OutboxMessage

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
ME = f"console:{getuser()}"
UNIT = "乐清市 市农业农村局"


class Terminal:
    """A person before a real terminal."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self._own, theirs = os.openpty()
        self.process = subprocess.Popen(
            [DUBAN, "chat", *arguments], env={**environment(home), "TERM": "dumb"}, cwd=home.parent,
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._unread = b""
        self.greeting = ""

    def reads(self) -> str:
        """What stands on the screen up to the next prompt."""
        until = monotonic() + PATIENCE_S
        mark = "› ".encode()
        while mark not in self._unread:
            assert monotonic() < until, self._unread.decode()
            self._unread += os.read(self._own, 4096)
        screen, _, self._unread = self._unread.partition(mark)
        # a terminal shows what is typed, and begins its lines with a carriage return
        return re.sub(r"\x1b\[[0-9;?]*[a-z]", "", screen.decode()).replace("\r\n", "\n")

    def says(self, text: str) -> str:
        """Type a line; what is answered."""
        os.write(self._own, f"{text}\n".encode())
        return self.reads().partition("\n")[2]

    def leaves(self) -> int:
        """Ctrl+D."""
        os.write(self._own, b"\x04")
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._own)


@contextmanager
def terminal(home: Path, *arguments: str) -> Iterator[Terminal]:
    """`duban chat`, greeted."""
    chat = Terminal(home, *arguments)
    try:
        chat.greeting = chat.reads()
        assert "直接提问" in chat.greeting
        yield chat
        assert chat.leaves() == 0
    finally:
        chat.close()


def test_a_conversation_in_a_terminal_alone(home: Path) -> None:
    with terminal(home, "--at", "2022-11-01", "--plan", "leqing-2022") as chat:
        assert "90%" in chat.says("12315热线接通率要达到多少？")
        assert "98%" in chat.says("那投诉按时办结率呢？")  # what was said before is known
        assert "/due" in chat.says("/help")
        assert "到期" in chat.says("/due 下个月")
        assert "没有待答复的提醒" in chat.says("收到")
        hello = chat.says("/start")
        assert "督办助手" in hello
        suggested = re.search(r"^\[2\] (.+)$", hello, re.MULTILINE)
        assert suggested
        answer = chat.says("2")
        assert answer == chat.says(suggested[1])  # its number is the same as its words
        assert chat.says("") == ""
    engine = make_engine(f"sqlite:///{home / 'duban.sqlite3'}")
    with reading(engine) as session:
        kept = session.exec(select(InboxMessage)).all()
        replies = session.exec(select(OutboxMessage)).all()
    engine.dispose()
    assert len(kept) == 8
    assert all(row.handled_at and row.platform == "console" for row in kept)
    assert [reply.state for reply in replies] == ["sent"] * 8


def test_a_unit_is_bound_reminded_and_reports_beside_a_serving_process(home: Path) -> None:
    with Serving(home, "--at", "2022-12-21T09:00") as serving:
        with terminal(home) as chat:
            assert "口令有误" in chat.says("/claim 1")
            assert "口令有误" in chat.says("/claim 口令")
            said(duban(home, "people", "grant", ME, "admin"))
            asked = chat.says(f"/bind {UNIT}")
            assert "已请管理员同意" in asked
            assert "[1] 同意\n[2] 不同意" in asked  # the admin is the one who sits here
            assert "已绑定到“市农业农村局”" in chat.says("1")
            assert "已经处理过" in chat.says("1")  # the same offer stands until there is another
        serving.end()
    with Serving(home, "--at", "2022-12-22T09:00") as serving, terminal(home) as chat:
        screen, until = chat.greeting, monotonic() + PATIENCE_S
        while "到期提醒" not in screen:
            assert monotonic() < until
            screen = chat.says("")
        assert "2022年12月31日" in screen
        assert "[1] 收到\n[2] 办结" in screen
        assert f"{getuser()}收到" in chat.says("收到")
        assert "报告办结" in chat.says("2")
    log = said(duban(home, "reminders", "log"))
    assert f"会话“{getuser()}”（终端）  已送达" in log
    engine = make_engine(f"sqlite:///{home / 'duban.sqlite3'}")
    with reading(engine) as session:
        assert [event.kind for event in session.exec(select(TaskEvent))] == ["ack", "done"]
    engine.dispose()


def test_replies_to_other_platforms_wait_for_whoever_serves(home: Path) -> None:
    said(duban(home, "people", "grant", ME, "admin"))
    engine = make_engine(f"sqlite:///{home / 'duban.sqlite3'}")
    with writing(engine) as session:
        unit = ledger.find_units(session, "市教育局", jurisdiction="乐清市")[0]
        group = Chat(platform="telegram", chat_id="-5", kind="group", title="教育联络群")
        session.add(group)
        session.flush()
        asks = Incoming("telegram", "1", "-5", True, "7", "林科长", "", Clock().now())
        account = people.account_of(session, asks)
        request, _ = binding.request(session, group, unit, account, asks.at)
        agree = Button("同意", f"grant:{request.id}")
        words = Outgoing(getuser(), ("教育联络群请求绑定",), buttons=((agree,),))
        outbox.add(
            session, dedup_key="asks", kind="reply", platform="console", chat_id=getuser(),
            facts={"outgoing": words.to_json()}, due_at=asks.at, now=asks.at,
        )  # fmt: skip
    with terminal(home) as chat:
        assert "请求绑定\n[1] 同意" in chat.greeting
        assert chat.says("1").strip() == "已同意。"
    with reading(engine) as session:
        waiting = session.exec(
            select(OutboxMessage).where(OutboxMessage.platform == "telegram")
        ).one()
        assert waiting.state == "pending"
        assert "已绑定到“市教育局”" in str(waiting.facts)
    engine.dispose()


def test_lines_may_come_through_a_pipe(home: Path) -> None:
    done = subprocess.run(
        [DUBAN, "chat", "--plan", "leqing-2022"], env=environment(home), cwd=home.parent,
        input="12315热线接通率要达到多少？\n", capture_output=True, encoding="utf-8",
        timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "90%" in done.stdout


def test_an_unknown_plan_is_told_at_once(home: Path) -> None:
    done = duban(home, "chat", "--plan", "nosuch")
    assert done.returncode == 1
    assert done.stderr.startswith("没有叫“nosuch”的方案")
