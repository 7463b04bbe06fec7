"""Measures retrieval over the five shipped plans: recall of each ranking and of both joined, time, memory.

    python benchmarks/retrieval.py [FOLDER]

FOLDER keeps the database and the index between runs; without it a temporary one is used. A question of
data/retrieval.jsonl is answered when the text of a passage within the first ranks holds its phrase.
"""

import json
import os
import resource
import statistics
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

QUESTIONS = Path(__file__).parent / "data" / "retrieval.jsonl"
CUTS = (1, 3, 5, 8)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["DUBAN_HOME"] = sys.argv[1] if len(sys.argv) > 1 else temporary
        measure()


def measure() -> None:
    """Everything, in one process."""
    from sqlmodel import col, func, select

    from bot.core import Core
    from config.database import reading
    from corpus.models import PlanVersion
    from rag import lexical, retrieve
    from rag.index import reindex
    from rag.models import Passage
    from rag.words import squeezed

    core = Core.open()
    start = perf_counter()
    versions = reindex(core.engine)
    with reading(core.engine) as session:
        passages = session.exec(select(func.count(col(Passage.id)))).one()
        newest = dict(
            session.exec(
                select(PlanVersion.plan_id, PlanVersion.id).order_by(col(PlanVersion.number))
            ).all()
        )
    print(
        f"passages and words: {versions} plans, {passages} passages, {perf_counter() - start:.2f} s"
    )
    start = perf_counter()
    core.vectors.sync(core.engine, lambda done, total: None, threading.Event())
    seconds = perf_counter() - start
    print(f"vectors: {seconds:.1f} s, {passages / seconds:.1f} a second if none was known")

    questions = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    retriever = retrieve.Retriever(engine=core.engine, vectors=core.vectors)

    def by_words(question: str, scope: list[int]) -> list[str]:
        with reading(core.engine) as session:
            hits = lexical.search(session, question, scope, max(CUTS))
            return [session.get_one(Passage, id_).text for id_, _ in hits]

    def by_vectors(question: str, scope: list[int]) -> list[str]:
        with reading(core.engine) as session:
            hits = core.vectors.search(question, scope, max(CUTS))
            return [session.get_one(Passage, id_).text for id_, _ in hits]

    def joined(question: str, scope: list[int]) -> list[str]:
        return [hit.text for hit in retriever.search(question, scope, max(CUTS))]

    def run(name: str, search: Callable[[str, list[int]], list[str]], everywhere: bool) -> None:
        ranks, times = [], []
        for row in questions:
            own = row["plan"] == "*" or everywhere
            scope = list(newest.values()) if own else [newest[row["plan"]]]
            start = perf_counter()
            texts = search(row["question"], scope)
            times.append(1000 * (perf_counter() - start))
            phrase = squeezed(row["holds"])
            ranks.append(next((n for n, t in enumerate(texts, 1) if phrase in squeezed(t)), None))
            if name == "joined" and not ranks[-1] and "-v" in sys.argv:
                print("   missed:", row["question"])
        shares = " ".join(
            f"R@{cut} {sum(bool(r and r <= cut) for r in ranks) / len(ranks):.3f}" for cut in CUTS
        )
        mrr = sum(1 / r for r in ranks if r) / len(ranks)
        print(
            f"{name:8} {'all plans' if everywhere else 'own plan ':9} {shares} MRR {mrr:.3f}"
            f"  median {statistics.median(times):.1f} ms, 95% {sorted(times)[int(0.95 * len(times))]:.1f} ms"
        )

    # the first "joined" embeds each question, which the runs after it find remembered
    for everywhere in (False, True):
        for name, search in (("words", by_words), ("joined", joined), ("vectors", by_vectors)):
            run(name, search, everywhere)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"peak memory {peak_mb} MB")
    core.close()


if __name__ == "__main__":
    main()
