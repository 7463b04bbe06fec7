"""Finds passages by meaning: vectors in Chroma, made again from SQL whenever they are missing or broken."""

import hashlib
import shutil
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Engine, func
from sqlmodel import col, select

from config.database import insert_new, reading, writing
from config.settings import Settings
from rag.models import Passage, Vector
from rag.nearest import WITHIN, Nearest

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

log = structlog.get_logger()

_COMPUTED = 16  # vectors made between two looks at `stop`
_WRITTEN = 1000  # keys in one call to Chroma, which takes 5,461 at most
_SPARE = 4  # times as many neighbours as wanted, when some will be out of scope
_REMEMBERED = 256  # vectors of questions
_SILENCE_S = 60  # that an embeddings server which failed is left alone
_PROBE_S = 120
# a store that was written by two processes can kill the interpreter that opens it: so another one looks first
_PROBE = """
import sys, chromadb
from chromadb.config import Settings
client = chromadb.PersistentClient(sys.argv[1], Settings(anonymized_telemetry=False))
for collection in client.list_collections():
    collection.count()
    for vector in collection.get(limit=1, include=["embeddings"])["embeddings"]:
        collection.query(query_embeddings=[vector], n_results=1)
"""


class VectorIndex:
    """The vectors of all passages. One process owns the folder; in any other `search` finds nothing.

    Nothing heavy is loaded, and nothing is found, before the first `sync`.
    """

    def __init__(self, settings: Settings) -> None:
        from filelock import FileLock

        self._settings = settings
        self._folder = settings.home / "chroma"
        self._lock = FileLock(settings.home / "chroma.lock", thread_local=False)
        self._syncing = threading.Lock()
        self._client: Any = None
        self._collection: Any = None
        self._embeddings: Embeddings | None = None
        self._model = ""
        self._synced: tuple[int, ...] = ()
        self._keys: dict[int, list[str]] = {}  # version id → the keys of its passages in Chroma
        self._nearest = Nearest()
        self._silent_until = 0.0
        self._questions: OrderedDict[str, list[float]] = OrderedDict()
        settings.home.mkdir(parents=True, exist_ok=True)
        self.is_owner = False
        self._own()

    @property
    def has_model(self) -> bool:
        """Whether a model made the vectors; hashed n-grams know little that the words don't."""
        from rag.embed import HashedNgrams

        return not isinstance(self._embeddings, HashedNgrams)

    def search(self, query: str, version_ids: Sequence[int], limit: int) -> list[tuple[int, float]]:
        """(passage id, cosine distance from 0 to 2) of the nearest passages of these versions.

        Empty while there is no index: answers go on with the words alone.
        """
        collection = self._collection
        if collection is None or not version_ids or limit < 1 or not query.strip():
            return []
        vector = self._of_question(query)
        if vector is None:
            return []
        try:
            return self._within(collection, vector, set(version_ids), limit)
        except Exception as error:  # whatever breaks in there, a question must still be answered
            log.error("vectors.broken", error=type(error).__name__)
            self._collection = None  # the next sync looks at the store, and makes it again
            return []

    def _within(
        self, collection: Any, vector: list[float], version_ids: set[int], limit: int
    ) -> list[tuple[int, float]]:
        def hits(n: int, where: dict[str, Any] | None) -> list[tuple[int, float]]:
            found = collection.query(
                query_embeddings=[vector], n_results=n, where=where,
                include=["distances", "metadatas"],
            )  # fmt: skip
            rows = zip(found["ids"][0], found["distances"][0], found["metadatas"][0], strict=True)
            return [
                (int(key.partition("-")[0]), float(distance))
                for key, distance, metadata in rows
                if metadata["version_id"] in version_ids
            ]

        within = sum(len(self._keys.get(id_, ())) for id_ in version_ids)
        if not within:
            return []
        if len(version_ids) <= WITHIN:
            return self._nearest.search(vector, sorted(version_ids), self._vectors_of)[:limit]
        total = sum(map(len, self._keys.values()))
        if 2 * within > total:
            # a filter that lets most pass is a hundred times slower than none
            found = hits(_SPARE * limit if within < total else limit, None)
            if len(found) >= min(limit, within):
                return found[:limit]
        return hits(limit, {"version_id": {"$in": sorted(version_ids)}})

    def _vectors_of(self, version_id: int) -> tuple[list[str], Any]:
        found = self._collection.get(ids=self._keys.get(version_id, []), include=["embeddings"])
        return found["ids"], found["embeddings"]

    def sync(
        self, engine: Engine, progress: Callable[[int, int], None], stop: threading.Event
    ) -> None:
        """Bring the index to what SQL holds; `progress` is told (vectors there, vectors wanted).

        Vectors are kept in SQL by what was embedded, so a rebuilt index computes none. Called from
        one background thread, again and again; it costs nothing when nothing has changed.
        """
        if not self._own():
            return
        with self._syncing:
            state = _state(engine)
            if self._collection is not None and state == self._synced:
                return
            if self._collection is None:
                self._open()
            wanted = _wanted(engine)
            keys_of: dict[int, list[str]] = {}
            for key, passage in wanted.items():
                keys_of.setdefault(passage.version_id, []).append(key)
            self._keys = keys_of
            there = set(self._collection.get(include=[])["ids"])
            gone = sorted(there - wanted.keys())
            for keys in _batches(gone, _WRITTEN):
                self._collection.delete(ids=keys)
            self._nearest.forget()
            missing = sorted(wanted.keys() - there, key=lambda key: wanted[key].passage_id)
            done = len(wanted) - len(missing)
            progress(done, len(wanted))
            for keys in _batches(missing, _COMPUTED):
                if stop.is_set():
                    return
                passages = [wanted[key] for key in keys]
                self._collection.upsert(
                    ids=keys,
                    embeddings=self._of_passages(engine, passages),
                    metadatas=[{"version_id": passage.version_id} for passage in passages],
                )
                self._nearest.forget()
                done += len(keys)
                progress(done, len(wanted))
            self._synced = state
        log.info("vectors.synced", vectors=len(wanted), added=len(missing), removed=len(gone))

    def close(self) -> None:
        """Let go of the folder; another process may own it from here on."""
        with self._syncing:
            self._close_client()
            if self._lock.is_locked:
                self._lock.release()

    def _own(self) -> bool:
        """Whether the folder is ours now: a command that was given just before may have let go of it."""
        from filelock import Timeout

        if not self.is_owner and not self._settings.chroma_url:
            try:
                self._lock.acquire(blocking=False)
            except Timeout:
                return False
        self.is_owner = True
        return True

    def _open(self) -> None:
        import chromadb
        from chromadb.config import Settings as ChromaSettings

        from rag.embed import choose_embedder

        self._close_client()
        self._model, self._embeddings = choose_embedder(self._settings)
        options = ChromaSettings(anonymized_telemetry=False)
        if url := self._settings.chroma_url:
            at = urlsplit(url)
            secure = at.scheme == "https"
            port = at.port or (443 if secure else 80)
            self._client = chromadb.HttpClient(at.hostname or "", port, secure, settings=options)
            # a server may serve several installations
            name = _sha256(f"{self._model}\n{self._settings.effective_database_url}")
        else:
            if self._folder.exists() and not _is_sound(self._folder):
                log.error("vectors.rebuilt", folder=str(self._folder))
                _set_aside(self._folder)
            self._client = chromadb.PersistentClient(str(self._folder), options)
            name = _sha256(self._model)
        name = f"passages-{name[:16]}"
        if not self._settings.chroma_url:
            for other in self._client.list_collections():
                if other.name != name:  # of an embedder that is no longer in use
                    self._client.delete_collection(other.name)
        self._collection = self._client.get_or_create_collection(
            name, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )

    def _close_client(self) -> None:
        client, self._client, self._collection = self._client, None, None
        if client is not None:
            client.close()

    def _of_question(self, query: str) -> list[float] | None:
        assert self._embeddings is not None
        vector = self._questions.pop(query, None)
        if vector is None:
            if monotonic() < self._silent_until:
                return None
            try:
                vector = self._embeddings.embed_query(query)
            except Exception as error:  # a server that is away must not hold up every answer
                log.error("vectors.embedder", error=type(error).__name__)
                self._silent_until = monotonic() + _SILENCE_S
                return None
        self._questions[query] = vector
        if len(self._questions) > _REMEMBERED:
            self._questions.popitem(last=False)
        return vector

    def _of_passages(self, engine: Engine, passages: Sequence["_Wanted"]) -> list[list[float]]:
        """Vectors of passages, from SQL where they are known; new ones are kept there."""
        from rag.embed import from_bytes, to_bytes

        assert self._embeddings is not None
        known: dict[str, list[float]] = {}
        with reading(engine) as session:
            rows = session.exec(
                select(Vector).where(
                    Vector.model == self._model,
                    col(Vector.text_sha256).in_([passage.sha256 for passage in passages]),
                )
            )
            known = {row.text_sha256: from_bytes(row.vector) for row in rows}
            new = {p.sha256: p.passage_id for p in passages if p.sha256 not in known}
            found = [session.get_one(Passage, id_) for id_ in new.values()]
            texts = [_embedded(passage.heading, passage.text) for passage in found]
        if new:
            vectors = self._embeddings.embed_documents(texts)
            made = [
                {"text_sha256": sha256, "model": self._model, "vector": data}
                for sha256, data in zip(new, to_bytes(vectors), strict=True)
            ]
            with writing(engine) as session:
                insert_new(session, Vector, made)
            known |= dict(zip(new, vectors, strict=True))
        return [known[passage.sha256] for passage in passages]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A passage that should have a vector, by what is embedded of it."""

    passage_id: int
    version_id: int
    sha256: str


def _embedded(heading: str, text: str) -> str:
    """Headings and text without the plan's title: with it, the passages of one plan lie in one heap."""
    return f"{heading.partition(' › ')[2]}\n{text}".strip()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _wanted(engine: Engine) -> dict[str, _Wanted]:
    """By key in Chroma. SQLite gives the number of a deleted row again, so the words are in the key."""
    with reading(engine) as session:
        query = select(Passage.id, Passage.version_id, Passage.heading, Passage.text)
        wanted = {}
        for id_, version_id, heading, text in session.exec(query):
            sha256 = _sha256(_embedded(heading, text))
            wanted[f"{id_}-{sha256[:16]}"] = _Wanted(id_ or 0, version_id, sha256)
        return wanted


def _state(engine: Engine) -> tuple[int, ...]:
    """Changes when passages come or go."""
    lengths = func.sum(func.length(col(Passage.text)) + func.length(col(Passage.heading)))
    with reading(engine) as session:
        row = session.exec(select(func.count(col(Passage.id)), func.max(Passage.id), lengths)).one()
    return tuple(int(number or 0) for number in row)


def _batches(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _is_sound(folder: Path) -> bool:
    command = [sys.executable, "-c", _PROBE, str(folder)]
    try:
        return subprocess.run(command, capture_output=True, timeout=_PROBE_S).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _set_aside(folder: Path) -> None:
    """Keep the last broken store for whoever wants to look at it."""
    aside = folder.with_name(f"{folder.name}.broken")
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)
