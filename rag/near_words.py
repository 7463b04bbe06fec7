"""The words of the plans asked for lately, in memory: BM25 within a narrow scope, however large the corpus.

SQL's own ranking walks through every passage that holds a word, of all plans there are.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

from sqlmodel import Session, col, func, select

from corpus.models import PlanVersion
from rag.lexical import count_words
from rag.models import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WITHIN = 64  # versions that are looked through one by one; in a wider scope SQL ranks
KEPT = 256  # versions whose words are in memory: a hundred rows take 150 kB
SATURATION, LENGTH_WEIGHT = 1.2, 0.75  # BM25's k1 and b

_Mark = tuple[int, ...]  # revision, passages, greatest id: whether the words are still those


@dataclass(frozen=True, slots=True)
class _Words:
    """Which passages of one version hold a word, and how often."""

    mark: _Mark
    passage_ids: list[int]
    lengths: "NDArray[np.float32]"  # (n_passages,) words in each
    words: "NDArray[np.uint32]"  # (n_words,) hashes, sorted
    starts: "NDArray[np.int32]"  # (n_words + 1,) where the places of each begin
    rows: "NDArray[np.uint16]"  # (n_places,) numbers of passages
    counts: "NDArray[np.float32]"  # (n_places,)


class NearWords:
    """BM25 over all passages of a few versions."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, _Words] = OrderedDict()

    def search(
        self, session: Session, query: str, version_ids: Sequence[int], limit: int
    ) -> list[tuple[int, float]]:
        """(passage id, score) of the best passages of these versions, the best first."""
        import numpy as np

        asked = np.array([crc32(word.encode()) for word in count_words(query)], np.uint32)
        near = self._of(session, version_ids)
        total = sum(len(one.passage_ids) for one in near)
        if not len(asked) or not total:
            return []
        mean = sum(float(one.lengths.sum()) for one in near) / total
        places = [_places(one, asked) for one in near]
        seen = sum((ends - starts for starts, ends in places), np.zeros(len(asked), np.int64))
        weights = np.log1p((total - seen + 0.5) / (seen + 0.5))
        found: list[tuple[int, float]] = []
        for one, (starts, ends) in zip(near, places, strict=True):
            scores = np.zeros(len(one.passage_ids))
            damping = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * one.lengths / mean)
            for n in np.flatnonzero(ends > starts):
                rows, counts = (
                    one.rows[starts[n] : ends[n]],
                    one.counts[starts[n] : ends[n]],
                )
                scores[rows] += weights[n] * counts * (SATURATION + 1) / (counts + damping[rows])
            found += [(one.passage_ids[n], float(scores[n])) for n in np.flatnonzero(scores)]
        found.sort(key=lambda pair: (-pair[1], pair[0]))
        return found[:limit]

    def _of(self, session: Session, version_ids: Sequence[int]) -> list[_Words]:
        marks = session.exec(
            select(
                PlanVersion.id,
                PlanVersion.revision,
                func.count(col(Passage.id)),
                func.max(Passage.id),
            )
            .where(Passage.version_id == PlanVersion.id, col(PlanVersion.id).in_(version_ids))
            .group_by(col(PlanVersion.id), col(PlanVersion.revision))
            .order_by(col(PlanVersion.id))
        ).all()
        near = []
        for version_id, *numbers in marks:
            assert version_id is not None
            mark = tuple(int(number or 0) for number in numbers)
            one = self._kept.pop(version_id, None)
            if one is None or one.mark != mark:
                one = _read(session, version_id, mark)
            self._kept[version_id] = one
            near.append(one)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return near


def _places(
    one: _Words, asked: "NDArray[np.uint32]"
) -> tuple["NDArray[np.int64]", "NDArray[np.int64]"]:
    """Where the places of each word asked for begin and end; the same where it is nowhere."""
    import numpy as np

    at = np.searchsorted(one.words, asked)
    there = at < len(one.words)
    there[there] = one.words[at[there]] == asked[there]
    starts = np.where(there, one.starts[np.minimum(at, len(one.words))], 0)
    ends = np.where(there, one.starts[np.minimum(at + 1, len(one.words))], 0)
    return starts.astype(np.int64), ends.astype(np.int64)


def _read(session: Session, version_id: int, mark: _Mark) -> _Words:
    import numpy as np

    query = select(Passage.id, Passage.heading, Passage.text).where(
        Passage.version_id == version_id
    )
    passages = session.exec(query.order_by(col(Passage.id))).all()
    counted = [count_words(f"{heading}\n{text}") for _, heading, text in passages]
    places = np.array(list(_all_places(counted)), np.uint32).reshape(-1, 3)
    places = places[np.argsort(places[:, 0], kind="stable")]
    words, first = np.unique(places[:, 0], return_index=True)
    return _Words(
        mark, [id_ or 0 for id_, _, _ in passages],
        np.array([counts.total() for counts in counted], np.float32), words,
        np.append(first, len(places)).astype(np.int32), places[:, 1].astype(np.uint16),
        places[:, 2].astype(np.float32),
    )  # fmt: skip


def _all_places(counted: Sequence["dict[str, int]"]) -> Iterable[tuple[int, int, int]]:
    for row, counts in enumerate(counted):
        for word, count in counts.items():
            yield crc32(word.encode()), row, count
