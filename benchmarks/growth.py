"""Measures answers as the corpus grows: 5, 50 and 500 generated plans of a hundred rows.

    python benchmarks/growth.py [--sizes 5,50,500] [--model] [--profile]

Works in a temporary folder. Vectors are hashed unless --model, which takes far longer to take in.
"""

import argparse
import cProfile
import pstats
import resource
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

if TYPE_CHECKING:
    from generated import Made

    from bot.core import Core

ALONE, NAMED, UNNAMED = SCOPES = ("一个方案", "全部方案，写明名称", "全部方案，不写名称")
CHATS = 12  # that ask of a plan each, spread over all plans
ASKED = 6  # questions of each chat; the first finds its plan not yet read into memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="5,50,500")
    parser.add_argument("--model", action="store_true")
    parser.add_argument(
        "--profile", action="store_true", help="where the time goes at the last size"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        grow(Path(folder), [int(size) for size in options.sizes.split(",")], options)


def grow(folder: Path, sizes: list[int], options: argparse.Namespace) -> None:
    """Take plans in, and measure at each size."""
    import structlog
    from generated import make

    from bot.core import Core
    from config.settings import Settings

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    settings = Settings(
        home=folder / "home", embedding_model="" if options.model else "hashed-ngrams-1"
    )
    core = Core.open(settings)
    made = []
    print("| 方案 | 范围 | 中位 ms | 95% ms | 处理器中位 ms | 头一问中位 ms | 答出 | 内存 MB |")
    print("|---|---|---|---|---|---|---|---|")
    for size in sizes:
        started = perf_counter()
        for n in range(len(made), size):
            plan, path = make(n, folder)
            core.ingest(path, by="benchmark", plan_id=plan.plan_id, publish=True)
            made.append(plan)
        core.wait_for_vectors()
        print(f"{size} plans there after {perf_counter() - started:.0f} s", file=sys.stderr)
        profile = options.profile and size == sizes[-1]
        for scope in SCOPES:
            print(
                measured(
                    core, scope, [made[n * size // CHATS] for n in range(CHATS)], size, profile
                ),
                flush=True,
            )
    core.close()


def measured(core: "Core", scope: str, plans: Sequence["Made"], size: int, profile: bool) -> str:
    """A row of the table: what chats that see `scope` wait for."""
    first: list[float] = []  # the plans asked for are not in memory yet
    later: list[float] = []
    worked, found = [], 0
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    for plan in plans:
        for n in range(ASKED):
            question = plan.ask(n, scope == NAMED)
            if scope == UNNAMED:
                question = replace(question, plan_ids=None)
            # without a name each question may find other plans, so each has its own first time
            for again in (False, True) if scope == UNNAMED else (n > 0,):
                started, began = perf_counter(), process_time()
                answer = core.answer(question)
                took, busy = perf_counter() - started, process_time() - began
                (later if again else first).append(1000 * took)
                if again:
                    worked.append(1000 * busy)
            found += answer.answerable
    if profile:
        profiler.disable()
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumulative").print_stats(45)
    later.sort()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        f"| {size} | {scope} | {statistics.median(later):.1f} | {later[int(0.95 * len(later))]:.1f} "
        f"| {statistics.median(worked):.1f} | {statistics.median(first):.1f} "
        f"| {found}/{CHATS * ASKED} | {peak_mb} |"
    )


if __name__ == "__main__":
    main()
