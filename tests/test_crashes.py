"""Killed at any moment and started again, reminders are neither lost nor written twice."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import col, select

from config.database import make_engine, reading
from reminders.models import OutboxMessage, OutboxState, Reminder

HERE = Path(__file__).parent
ROUNDS, CHATS = 20, 5


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and no SIGKILL")
def test_killed_twenty_times_every_reminder_arrives(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    url, sent_file = f"sqlite:///{tmp_path / 'duban.sqlite3'}", tmp_path / "sent.txt"
    child = subprocess.run(
        [sys.executable, HERE / "crashing.py", url, sent_file, str(ROUNDS), "5"],
        env={"PYTHONPATH": f"{HERE.parent}:{HERE}", "PATH": ""},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (child.returncode, child.stderr) == (0, "")

    engine = make_engine(url)
    with reading(engine) as session:
        messages = session.exec(select(OutboxMessage).order_by(col(OutboxMessage.id))).all()
        reminders = session.exec(select(Reminder).where(Reminder.state == "planned")).all()
    engine.dispose()
    sends = [line.split() for line in sent_file.read_text().splitlines()]
    arrived = Counter(message for _, message in sends)
    # nothing is lost, and nothing is written twice
    assert {message.state for message in messages} == {OutboxState.SENT}
    assert set(arrived) == {str(message.id) for message in messages}
    assert {r.outbox_id for r in reminders} == {message.id for message in messages}
    assert len(reminders) == 2 * 50 * 2  # tasks, their units, seven and one days before
    # twice only where the platform had said yes and the process died before it could write so down:
    # never by one process, and only what it had begun last, one message for each chat
    assert max(Counter(map(tuple, sends)).values()) == 1
    doubled = {message for message, count in arrived.items() if count > 1}
    record_property("sent twice", len(doubled))
    by_process: dict[str, list[str]] = {}
    for process, message in sends:
        by_process.setdefault(process, []).append(message)
    last_begun = {message for sent in by_process.values() for message in sent[-CHATS:]}
    assert doubled <= last_begun
    assert len(doubled) <= ROUNDS * CHATS
