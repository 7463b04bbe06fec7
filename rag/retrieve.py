"""Joins the two rankings, by words and by meaning: question → passages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, PrivateAttr
from sqlalchemy import Engine, select
from sqlmodel import col

from config.database import reading
from rag import lexical
from rag.models import Passage
from rag.near_words import WITHIN, NearWords
from rag.vector import VectorIndex

_K = 60  # of reciprocal rank fusion
_MODEL_WEIGHT, _HASHED_WEIGHT = (
    0.5,
    0.1,
)  # of the vectors beside the words; by benchmarks/retrieval.py
_DEPTH = 40  # ranks of each ranking that are looked at
_SPARE = 2  # times as many passages as wanted are read: some say no more than others
_SAME = 0.9  # share of a passage's words that stand in another too: it says nothing more


# columns: whole rows of the mapper take twice the time
_PASSAGES = select(
    *(col(getattr(Passage, name)) for name in ("id", "plan_id", "version_id", "ref", "heading", "text", "task_id"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found; ranks count from 1, None where that ranking didn't find it."""

    passage_id: int
    plan_id: str
    version_id: int
    ref: str
    heading: str
    text: str
    task_id: int | None
    score: float
    lexical_rank: int | None
    vector_rank: int | None


class Retriever(BaseRetriever):
    """Passages for a question, within given versions of plans; by words alone while vectors are made."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    engine: Engine
    vectors: VectorIndex | None = None
    _near: NearWords = PrivateAttr(default_factory=NearWords)

    def search(self, question: str, version_ids: Sequence[int], limit: int = 8) -> list[Hit]:
        """The best passages, the best first; of near duplicates within a version one."""
        by_vector = self.vectors.search(question, version_ids, _DEPTH) if self.vectors else []
        weight = _MODEL_WEIGHT if self.vectors and self.vectors.has_model else _HASHED_WEIGHT
        with reading(self.engine) as session:
            narrow = len(version_ids) <= WITHIN
            rank_words = self._near.search if narrow else lexical.search
            by_words = rank_words(session, question, version_ids, _DEPTH)
            lexical_ranks = {id_: rank for rank, (id_, _) in enumerate(by_words, 1)}
            vector_ranks = {id_: rank for rank, (id_, _) in enumerate(by_vector, 1)}
            scores = {
                id_: _share(1.0, lexical_ranks.get(id_)) + _share(weight, vector_ranks.get(id_))
                for id_ in lexical_ranks | vector_ranks
            }
            best = sorted(scores, key=lambda id_: (-scores[id_], id_))[: _SPARE * limit]
            found = session.execute(_PASSAGES.where(col(Passage.id).in_(best))).all()
        inside = set(version_ids)
        hits = [
            Hit(
                passage_id=id_,
                plan_id=plan_id,
                version_id=version_id,
                ref=ref,
                heading=heading,
                text=text,
                task_id=task_id,
                score=scores[id_],
                lexical_rank=lexical_ranks.get(id_),
                vector_rank=vector_ranks.get(id_),
            )
            for id_, plan_id, version_id, ref, heading, text, task_id in found
            if version_id in inside
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.passage_id))
        return _without_duplicates(hits, limit)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        """What `invoke(question, version_ids=…, limit=…)` returns."""
        return [
            Document(
                hit.text,
                metadata={
                    "plan_id": hit.plan_id, "ref": hit.ref, "heading": hit.heading,
                    "passage_id": hit.passage_id, "task_id": hit.task_id, "score": hit.score,
                },
            )
            for hit in self.search(query, **kwargs)
        ]  # fmt: skip


def _share(weight: float, rank: int | None) -> float:
    return weight / (_K + rank) if rank is not None else 0.0


def _without_duplicates(hits: Sequence[Hit], limit: int) -> list[Hit]:
    """The first `limit` different passages; the row of a task stands for prose that says no more."""
    kept: list[tuple[Hit, frozenset[str]]] = []
    for hit in hits:
        if len(kept) == limit:
            break
        words = frozenset(lexical.split_words(hit.text))
        for n, (other, other_words) in enumerate(kept):
            if hit.version_id != other.version_id:
                continue
            if hit.task_id is None and _is_within(words, other_words):
                break
            if hit.task_id and other.task_id is None and _is_within(other_words, words):
                kept[n] = (hit, words)
                break
        else:
            kept.append((hit, words))
    return [hit for hit, _ in kept]


def _is_within(words: frozenset[str], others: frozenset[str]) -> bool:
    return len(words & others) >= _SAME * len(words)
