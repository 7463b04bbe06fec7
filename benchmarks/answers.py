"""Compares answers with those of a plain pipeline: the same questions, the same embedder, one run.

    python benchmarks/answers.py [--hashed] [QUESTIONS.jsonl …]

The plain pipeline cuts the files by langchain's RecursiveCharacterTextSplitter (500/100), keeps the pieces in
Chroma and takes the nearest 4 or 20 within the plan that is asked. It has a perfect reader: a question counts
as right when its passages hold all that a right answer says, and when there is nothing to be found.
Each pipeline runs in a process of its own, so that its memory is its own.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

SHIPPED = (
    "leqing-2022",
    "jiaojiang-reform",
    "wenzhou-2018",
    "shangcheng-145",
    "xihu-2023",
    "cross",
)
LISTS = {"list", "due", "duties", "count"}
CHATS, EACH = 50, 4  # chats at once, questions of each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--hashed", action="store_true", help="hashed vectors instead of the model")
    parser.add_argument("--only", choices=RUNS, help="one pipeline, in this process; prints JSON")
    options = parser.parse_args()
    own = [ROOT / "tests" / "data" / "questions" / f"{name}.jsonl" for name in SHIPPED]
    files = [str(path.absolute()) for path in options.files or own]
    if options.only:
        print(json.dumps(RUNS[options.only](files, options.hashed)))
        return
    print("| | 答对 | 清单完整 | 有据 | 中位 ms | 95% ms | 内存 MB |")
    print("|---|---|---|---|---|---|---|")
    for name in RUNS:
        command = [sys.executable, __file__, "--only", name, *["--hashed"] * options.hashed, *files]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            sys.exit(run.stderr)
        print(
            f"| {name} | " + " | ".join(json.loads(run.stdout.splitlines()[-1])) + " |", flush=True
        )


def read(files: list[str]) -> list[Any]:
    """The examples of all files."""
    from rag.evaluate import read_examples

    return [e for path in files for e in read_examples(Path(path).read_text("utf-8").splitlines())]


def settings_in(folder: str, hashed: bool) -> Any:
    """A fresh home, with the embedder that is asked for."""
    from config.settings import Settings

    return Settings(home=Path(folder), embedding_model="hashed-ngrams-1" if hashed else "")


def row(
    right: list[bool], lists: list[bool], grounded: list[bool], times: list[float]
) -> list[str]:
    """The cells of one pipeline."""

    def share(hits: list[bool]) -> str:
        return f"{sum(hits)}/{len(hits)}（{sum(hits) / max(len(hits), 1):.0%}）"

    times = sorted(times)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    slow = times[int(0.95 * len(times))]
    return [
        share(right), share(lists), share(grounded),
        f"{statistics.median(times):.0f}", f"{slow:.0f}", str(peak_mb),
    ]  # fmt: skip


# ---- ours


def ours(files: list[str], hashed: bool) -> list[str]:
    """One question after another."""
    from bot.core import Core
    from rag.evaluate import evaluate

    quiet()
    with tempfile.TemporaryDirectory() as folder:
        core = Core.open(settings_in(folder, hashed))
        core.wait_for_vectors()
        evaluate(core.answer, read(files)[:5])  # what is loaded but once
        verdicts = evaluate(core.answer, read(files))
        core.close()
    return row(
        [not v.fault for v in verdicts],
        [not v.fault for v in verdicts if v.example.kind in LISTS],
        [v.is_grounded for v in verdicts if v.is_grounded is not None],
        [v.ms for v in verdicts],
    )


def at_once(files: list[str], hashed: bool) -> list[str]:
    """Fifty chats at the same time: each reply must be the one that is given when nobody else asks."""
    from bot.core import Core
    from rag.evaluate import evaluate

    quiet()
    examples = read(files)
    with tempfile.TemporaryDirectory() as folder:
        core = Core.open(settings_in(folder, hashed))
        core.wait_for_vectors()
        alone = {v.example.id: v.answer for v in evaluate(core.answer, examples)}

        def chat(n: int) -> list[Any]:
            asked = [examples[(n * EACH + i) % len(examples)] for i in range(EACH)]
            return evaluate(core.answer, asked)

        with ThreadPoolExecutor(CHATS) as pool:
            verdicts = [v for found in pool.map(chat, range(CHATS)) for v in found]
        core.close()
    assert len(verdicts) == CHATS * EACH, "a reply was lost"
    changed = [v.example.id for v in verdicts if v.answer != alone[v.example.id]]
    assert not changed, f"answered otherwise than alone: {changed}"
    return row(
        [not v.fault for v in verdicts],
        [not v.fault for v in verdicts if v.example.kind in LISTS],
        [v.is_grounded for v in verdicts if v.is_grounded is not None],
        [v.ms for v in verdicts],
    )


def quiet() -> None:
    """No log lines among the figures."""
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))


# ---- plain


def plain(top: int, files: list[str], hashed: bool) -> list[str]:
    """Splitter, Chroma, the nearest `top` passages, and a reader that misses nothing in them."""
    import chromadb
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    from rag.embed import choose_embedder
    from rag.evaluate import plain as folded
    from rag.evaluate import proves

    examples = read(files)
    with tempfile.TemporaryDirectory() as folder:
        _, embedder = choose_embedder(settings_in(folder, hashed))
        options = chromadb.config.Settings(anonymized_telemetry=False)
        store = chromadb.PersistentClient(folder, options).create_collection(
            "plain", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        splitter = RecursiveCharacterTextSplitter(chunk_size=500, chunk_overlap=100)
        for path in sorted((ROOT / "corpus" / "plans").glob("*.txt")):
            pieces = splitter.split_text(path.read_text("utf-8"))
            store.add(
                ids=[f"{path.stem}-{n}" for n in range(len(pieces))], documents=pieces,
                embeddings=embedder.embed_documents(pieces),
                metadatas=[{"plan": path.stem}] * len(pieces),
            )  # fmt: skip
        right, lists, grounded, times = [], [], [], []
        for example in examples:
            question = example.question
            started = perf_counter()
            found = store.query(
                query_embeddings=[embedder.embed_query(" ".join((*question.history, question.text)))],
                n_results=top, where={"plan": question.plan_ids[0]} if question.plan_ids else None,
            )  # fmt: skip
            times.append(1000 * (perf_counter() - started))
            passages = (found["documents"] or [[]])[0]
            text = folded("\n".join(passages))
            held = all(any(folded(words) in text for words in group) for group in example.must)
            right.append(held or not example.answerable)
            if example.kind in LISTS:
                lists.append(right[-1])
            if example.answerable and example.evidence:
                grounded.append(proves(example, passages))
    return row(right, lists, grounded, times)


RUNS: dict[str, Callable[[list[str], bool], list[str]]] = {
    "langchain + Chroma，前4段": lambda files, hashed: plain(4, files, hashed),
    "langchain + Chroma，前20段": lambda files, hashed: plain(20, files, hashed),
    "duban": ours,
    "duban，50个对话同时问": at_once,
}


if __name__ == "__main__":
    main()
