"""One APScheduler job a task, and duban, with the same tasks: both killed while they send, and started again."""

import asyncio
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests"), str(HERE)]

DUE, SPAN_S = 1000, 8.0  # tasks that fall due, and the time in which APScheduler's do
LIVES_S, DOWN_S, LAST_LIFE_S = 4.0, 3.0, 20.0


def jobs(size: int) -> None:
    """One table, both in one run."""
    print("| | 任务 | 排入 s | 再次启动 s | 内存 MB | 该发 | 丢失 | 重复 |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name, kind in (("APScheduler，每项任务一个作业", "aps"), ("duban", "duban")):
        with tempfile.TemporaryDirectory() as folder:
            print(f"| {name} | {size:,} | {measure(kind, Path(folder), size)} |", flush=True)


def measure(kind: str, folder: Path, size: int) -> str:
    """The other cells of a line."""
    url, file = f"sqlite:///{folder / 'bench.sqlite3'}", folder / "sent.txt"
    file.touch()
    added = run(kind, "add", url, str(size), str(file)).communicate()[0].split()[-1]
    first = run(kind, "live", url, str(LAST_LIFE_S), str(file))
    assert first.stdout is not None
    first.stdout.readline()  # it is ready
    time.sleep(LIVES_S if kind == "aps" else 1.0)  # half-way
    first.send_signal(signal.SIGKILL)
    first.communicate()
    time.sleep(DOWN_S)
    started, peak_mb = run(kind, "live", url, str(LAST_LIFE_S), str(file)).communicate()[0].split()
    sent = Counter(file.read_text().split())
    lost, twice = DUE - len(sent), sum(count - 1 for count in sent.values())
    return f"{float(added):.1f} | {float(started):.2f} | {peak_mb} | {DUE} | {lost} | {twice}"


def run(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, __file__, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def memory_mb() -> int:
    words = Path("/proc/self/status").read_text().split()
    return int(words[words.index("VmRSS:") + 1]) // 1024


def send(number: str, file: str) -> None:
    """What both do in the end: a line in a file."""
    with open(file, "a") as sent:
        sent.write(f"{number}\n")


# ---- APScheduler


def aps(what: str, url: str, number: str, file: str) -> None:
    """Its store holds a job for each task, with the defaults for what is missed."""
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
    from apscheduler.schedulers.background import BackgroundScheduler

    sys.modules["reminders_jobs"] = sys.modules[__name__]
    begun = perf_counter()
    scheduler = BackgroundScheduler(jobstores={"default": SQLAlchemyJobStore(url)}, timezone="UTC")
    if what == "add":
        scheduler.start(paused=True)
        size = int(number)
        far = datetime.now(UTC) + timedelta(days=700)
        for n in range(DUE, size):
            job = partial(scheduler.add_job, "reminders_jobs:send", "date", args=(str(n), file))
            job(run_date=far + timedelta(days=n % 1000))
        # those that fall due are added last, and late enough that none is due before all are there
        each_s = (perf_counter() - begun) / (size - DUE)
        now = datetime.now(UTC) + timedelta(seconds=10 + 5 * DUE * each_s)
        for n in range(DUE):
            job = partial(scheduler.add_job, "reminders_jobs:send", "date", args=(str(n), file))
            job(run_date=now + timedelta(seconds=SPAN_S * n / DUE))
        took = perf_counter() - begun
        scheduler.shutdown()
        wait = (now - datetime.now(UTC)).total_seconds() - 4
        assert wait > -1, "adding took longer than expected"
        time.sleep(max(0.0, wait))
        print(took)
        return
    scheduler.start()
    started = perf_counter() - begun
    print(started, memory_mb(), flush=True)
    time.sleep(float(number))


# ---- duban


class FilePlatform:
    """Says yes once a line is in the file."""

    name = "console"

    def __init__(self, file: str) -> None:
        from bot.messages import Limits

        self.limits, self._file = Limits(text_units=4000), file

    async def send(self, message: object) -> object:
        from bot.messages import Receipt

        await asyncio.sleep(SPAN_S / DUE)
        send(message.chat_id, self._file)  # type: ignore[attr-defined]
        return Receipt("1")


def duban(what: str, url: str, number: str, file: str) -> None:
    """The planner of the product writes what is due, its dispatcher sends."""
    import structlog
    from reminders_ledger import MORNING, fill
    from sqlmodel import select

    from bot import people, render
    from bot.degrading import degrade
    from bot.delivery import Delivery
    from bot.dispatch import Dispatcher
    from config.clock import Clock
    from config.database import make_engine, reading, writing
    from config.settings import Settings
    from config.workdays import Workdays
    from reminders import planner
    from reminders.models import OutboxMessage, OutboxState
    from reminders.recheck import recheck

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    begun = perf_counter()
    engine, clock, workdays, settings = make_engine(url), Clock(at=MORNING), Workdays(), Settings()
    if what == "add":
        fill(engine, int(number), DUE, 1)
        begun = perf_counter()
        with writing(engine) as session:
            chats = partial(people.chats_of, session)
            planner.plan(session, clock.now(), workdays, settings, chats)
        print(perf_counter() - begun)
        return
    delivery = Delivery(
        engine=engine, clock=clock, platforms={"console": FilePlatform(file)}, split=degrade,  # type: ignore[dict-item]
        render=lambda session, message: render.outbox_message(session, message, clock.now()),
        recheck=lambda session, message, now: recheck(
            session, message, now, workdays, settings, partial(people.chats_of, session)
        ),
    )  # fmt: skip
    dispatcher = Dispatcher(delivery)
    started = perf_counter() - begun
    print(started, memory_mb(), flush=True)

    def waits() -> bool:
        with reading(engine) as session:
            pending = OutboxMessage.state == OutboxState.PENDING
            return session.exec(select(OutboxMessage.id).where(pending)).first() is not None

    async def live() -> None:
        running = asyncio.create_task(dispatcher.run())
        while waits():  # nothing is too late to be sent: it goes on until nothing waits
            await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(live())


if __name__ == "__main__":
    {"aps": aps, "duban": duban}[sys.argv[1]](*sys.argv[2:])
