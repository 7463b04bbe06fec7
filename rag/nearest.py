"""The vectors of the plans asked for lately, in memory: a narrow scope is compared one by one."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

WITHIN = 64  # versions that are compared one by one; in a wider scope Chroma looks
KEPT = 256  # versions whose vectors are in memory: a hundred rows take 150 kB
Read = Callable[[int], tuple[list[str], Any]]  # version id → keys, and vectors (n, dim)


class Nearest:
    """The passages of a few versions by their distance; forgotten whenever the index changes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[list[int], Any]] = OrderedDict()

    def forget(self) -> None:
        """Read all again: a search that is under way fills what nobody will look at."""
        self._kept = OrderedDict()

    def search(
        self, vector: Sequence[float], version_ids: Sequence[int], read: Read
    ) -> list[tuple[int, float]]:
        """(passage id, cosine distance) of all passages of these versions, the nearest first."""
        import numpy as np

        asked = np.asarray(vector, np.float32)
        asked /= max(float(np.linalg.norm(asked)), 1e-12)
        near = [self._of(version_id, len(asked), read) for version_id in version_ids]
        ids = [id_ for passage_ids, _ in near for id_ in passage_ids]
        distances = 1 - np.concatenate([known @ asked for _, known in near])
        return [(ids[n], float(distances[n])) for n in np.argsort(distances, kind="stable")]

    def _of(self, version_id: int, dim: int, read: Read) -> tuple[list[int], Any]:
        import numpy as np

        kept = self._kept
        near = kept.pop(version_id, None)
        if near is None:
            keys, vectors = read(version_id)
            known = np.asarray(vectors, np.float32).reshape(len(keys), dim)
            known /= np.maximum(np.linalg.norm(known, axis=1, keepdims=True), 1e-12)
            near = [int(key.partition("-")[0]) for key in keys], known
        kept[version_id] = near
        while len(kept) > KEPT:
            kept.popitem(last=False)
        return near
