"""The checked beginnings of a text that is still being written, for people who watch it being written."""

import re
from collections.abc import Callable, Sequence

from rag import gate
from rag.llm import LONGEST

Show = Callable[[str], None]  # takes all that may be shown by now

# a sentence has ended when the next one has begun: the last one comes with the whole text
_SENTENCE = re.compile(r"[。！？!?\n][”’」』）)】]*+(?=\s*\S)")


class Beginnings:
    """Shows whole sentences only, and only when the gate lets through all of the text up to there."""

    def __init__(self, sources: Sequence[str], show: Show) -> None:
        self._sources, self._show = sources, show
        self._checked = 0  # characters

    def heard(self, text: str) -> None:
        """`text` is all that was written by now."""
        end = max((found.end() for found in _SENTENCE.finditer(text)), default=0)
        if not self._checked < end <= LONGEST:
            return
        self._checked = end
        beginning = text[:end].strip()
        # what it refuses now may be borne out by what follows: 甲局牵头。乙局也牵头。
        if not gate.check(beginning, self._sources):
            self._show(beginning)
