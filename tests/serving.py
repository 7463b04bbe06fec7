"""Real `duban` processes, as a person starts them: a serving one, and commands beside it."""

import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

DUBAN = Path(sys.executable).with_name("duban")
READY = "督办助手已就绪："
PATIENCE_S = 60.0


def environment(home: Path, /, **settings: Any) -> dict[str, str]:
    """Of a process on `home`: any free port, the quick embedder, and `settings` without DUBAN_."""
    given = {"home": home, "web_port": 0, "embedding_model": "hashed-ngrams-1", **settings}
    ours = {f"DUBAN_{name}".upper(): str(value) for name, value in given.items()}
    return {**os.environ, "NO_PROXY": "127.0.0.1", "COLUMNS": "200", **ours}


# a command is a process forked from one that has imported the product, which takes longer than most
# commands; what starts threads is left to the commands
_forks = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
_forks.set_forkserver_preload(
    [
        "bot.cli",
        "bot.serve",
        "bot.doctor",
        "rag.answer",
        "rag.retrieve",
        "pypinyin",
        "rjieba",
        "filelock",
    ]
)


def duban(home: Path, /, *arguments: object, **settings: Any) -> subprocess.CompletedProcess[str]:
    """A command that is run to its end, in the folder above its home."""
    command = ["duban", *map(str, arguments)]
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _forks.Process(
            target=_become, args=(command, environment(home, **settings), home.parent, out, err)
        )
        process.start()
        process.join(PATIENCE_S)
        status = process.exitcode
        if status is None:
            process.kill()
            raise subprocess.TimeoutExpired(command, PATIENCE_S)
        process.close()
        return subprocess.CompletedProcess(
            command, status, *(f.read_text("utf-8") for f in (out, err))
        )


def _become(command: list[str], env: dict[str, str], place: Path, out: Path, err: Path) -> None:
    """What a process does that is to be a command."""
    os.chdir(place)
    os.environ.clear()
    os.environ.update(env)
    for stream, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), stream)
    sys.argv = command
    from bot.cli import main

    main()


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
        """Until the line that says so; `url` is known then."""
        line = self._lines.get(timeout=PATIENCE_S)
        assert line.startswith(READY), (line, self.log())
        self.url = line.removeprefix(READY)

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
