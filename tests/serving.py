"""Real `duban` processes, as a person starts them: a serving one, and commands beside it."""

import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic
from typing import Any

DUBAN = Path(sys.executable).with_name("duban")
READY = "督办助手已就绪："
PATIENCE_S = 60.0


def environment(home: Path, **settings: Any) -> dict[str, str]:
    """Of a process on `home`: any free port, the quick embedder, and `settings` without DUBAN_."""
    given = {"home": home, "web_port": 0, "embedding_model": "hashed-ngrams-1", **settings}
    ours = {f"DUBAN_{name}".upper(): str(value) for name, value in given.items()}
    return {**os.environ, "NO_PROXY": "127.0.0.1", "COLUMNS": "200", **ours}


def duban(home: Path, *arguments: object, **settings: Any) -> subprocess.CompletedProcess[str]:
    """A command that is run to its end, in the folder above its home."""
    return subprocess.run(
        [DUBAN, *map(str, arguments)], env=environment(home, **settings), cwd=home.parent,
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=PATIENCE_S, check=False,
    )  # fmt: skip


def said(done: subprocess.CompletedProcess[str]) -> str:
    """What a command printed, and that it found nothing wrong."""
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


class Serving:
    """One `duban serve`; use it with `with`, which ends it if need be."""

    def __init__(self, home: Path, *arguments: str, **settings: Any) -> None:
        self.home = home
        self._command = [str(DUBAN), "serve", *arguments]
        self._environment = environment(home, **settings)
        self._log = home.parent / "serve.log"

    def __enter__(self) -> "Serving":
        self.begin()
        self.wait_until_ready()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

    def begin(self) -> None:
        """Start the process; it is not ready yet."""
        self._lines: queue.Queue[str] = queue.Queue()
        self._started = monotonic()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self._environment, cwd=self.home.parent, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, encoding="utf-8",
            )  # fmt: skip
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._lines.put(line.rstrip("\n"))

    def wait_until_ready(self) -> None:
        """Until the line that says so; `url` and `ready_s` are known then."""
        line = self._lines.get(timeout=PATIENCE_S)
        assert line.startswith(READY), (line, self.log())
        self.url, self.ready_s = line.removeprefix(READY), monotonic() - self._started

    def log(self) -> str:
        """What the processes on this home wrote to stderr."""
        return self._log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """As the kernel does it, or the cable."""
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def end(self, by: int = signal.SIGTERM) -> int:
        """Ask it to end, as a supervisor does; its exit status."""
        self.process.send_signal(by)
        status = self.process.wait(PATIENCE_S)
        self._reader.join()
        return status

    def resident_mb(self) -> float:
        """Memory of the process."""
        words = Path(f"/proc/{self.process.pid}/status").read_text().split()
        return int(words[words.index("VmRSS:") + 1]) / 1024
