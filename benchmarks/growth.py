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
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

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
        for everywhere in (False, True):
            plans = [made[n * size // CHATS] for n in range(CHATS)]
            profile = cProfile.Profile() if options.profile and size == sizes[-1] else None
            first, times, worked, found = [], [], [], 0
            if profile:
                profile.enable()
            for plan in plans:
                for n in range(ASKED):
                    question = plan.ask(n, everywhere)
                    started, began = perf_counter(), process_time()
                    answer = core.answer(question)
                    worked.append(1000 * (process_time() - began))
                    (times if n else first).append(1000 * (perf_counter() - started))
                    found += answer.answerable
            if profile:
                profile.disable()
            times.sort()
            peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(
                f"| {size} | {'全部方案' if everywhere else '一个方案'} | {statistics.median(times):.1f} "
                f"| {times[int(0.95 * len(times))]:.1f} | {statistics.median(worked):.1f} "
                f"| {statistics.median(first):.1f} "
                f"| {found}/{CHATS * ASKED} | {peak_mb} |",
                flush=True,
            )
            if profile:
                pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(45)
    core.close()


if __name__ == "__main__":
    main()
