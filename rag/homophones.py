"""Mends typing slips: 甲冒 → 假冒, 食安显 → 食安险, by the sounds of what the plans say."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from rag.words import HAN

_WORD = re.compile(r"[\w]")
# sounds that many speakers and most input methods confuse
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


@lru_cache(maxsize=20_000)
def sound(character: str) -> str:
    """One character's syllable, confusable sounds made one."""
    syllable = str(lazy_pinyin(character, style=Style.NORMAL)[0])
    for long, short in _ALIKE:
        syllable = syllable.replace(long, short)
    return syllable


class Homophones:
    """Words of the plans by their sounds."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = {pair for pair in known if len(pair) == 2 and HAN.match(pair)}
        self._by_sound: dict[tuple[str, str], list[str]] = {}
        for pair in self._known:
            self._by_sound.setdefault((sound(pair[0]), sound(pair[1])), []).append(pair)

    def mend(self, text: str, stands: Callable[[str], bool]) -> str:
        """`text` with unknown pairs replaced by known ones of the same sound.

        One character at a time, never one that a known pair vouches for, and only where the
        mended piece of three characters stands in the plans: `stands` says whether it does.
        """
        characters = list(text)
        words = _in_words(text)
        for i in range(len(text) - 1):
            pair = text[i : i + 2]
            if pair in self._known or not all(map(HAN.match, pair)):
                continue
            for candidate in self._by_sound.get((sound(pair[0]), sound(pair[1])), []):
                changed = [j for j in (0, 1) if candidate[j] != pair[j]]
                if len(changed) != 1 or words[i + changed[0]]:
                    continue
                if self._vouched(text, i + changed[0]):
                    continue
                before, after = text[i - 1 : i] if i else "", text[i + 2 : i + 3]
                wider = [before + candidate] * bool(_WORD.match(before)) + [
                    candidate + after
                ] * bool(_WORD.match(after))
                if not wider or any(map(stands, wider)):
                    characters[i + changed[0]] = candidate[changed[0]]
                    break
        return "".join(characters)

    def _vouched(self, text: str, i: int) -> bool:
        return text[max(0, i - 1) : i + 1] in self._known or text[i : i + 2] in self._known


def _in_words(text: str) -> list[bool]:
    """For each character whether it belongs to a word of the dictionary, and so is no slip."""
    import rjieba

    return [len(word) > 1 for word in rjieba.cut(text, False) for _ in word]
