"""Mends typing slips: 甲冒 → 假冒, 食安显 → 食安险, by the sounds of what the plans say."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from rag.words import HAN

_WORD = re.compile(r"[\w]")
DENIES = frozenset("不没未非无")  # 不牵头 is no slip for 部牵头
# sounds that many speakers and most input methods confuse
_ALIKE = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


@lru_cache(maxsize=20_000)
def sound(character: str) -> str:
    """One character's syllable, confusable sounds made one."""
    from pypinyin import Style, lazy_pinyin  # slow to import; most commands need no sounds

    syllable = str(lazy_pinyin(character, style=Style.NORMAL)[0])
    for long, short in _ALIKE:
        syllable = syllable.replace(long, short)
    return syllable


class Sounds:
    """Pairs of characters by their sounds; made once for each plan."""

    def __init__(self, known: Iterable[str]) -> None:
        self.known = frozenset(pair for pair in known if len(pair) == 2 and HAN.match(pair))
        self.by_sound: dict[tuple[str, str], list[str]] = {}
        for pair in sorted(self.known):
            self.by_sound.setdefault((sound(pair[0]), sound(pair[1])), []).append(pair)


class Homophones:
    """What several plans say, by its sounds."""

    def __init__(self, books: Sequence[Sounds]) -> None:
        self._books = books

    def _knows(self, pair: str) -> bool:
        return any(pair in book.known for book in self._books)

    def _like(self, pair: str) -> list[str]:
        key = sound(pair[0]), sound(pair[1])
        return [known for book in self._books for known in book.by_sound.get(key, ())]

    def mend(self, text: str, stands: Callable[[str], bool]) -> str:
        """`text` with unknown pairs replaced by known ones of the same sound.

        One character at a time, never one that a known pair vouches for, and only where the
        mended piece of three characters stands in the plans: `stands` says whether it does.
        """
        characters = list(text)
        words = _in_words(text)
        for i in range(len(text) - 1):
            pair = text[i : i + 2]
            if self._knows(pair) or not all(map(HAN.match, pair)):
                continue
            for candidate in self._like(pair):
                changed = [j for j in (0, 1) if candidate[j] != pair[j]]
                if len(changed) != 1 or words[i + changed[0]]:
                    continue
                if text[i + changed[0]] in DENIES or self._vouched(text, i + changed[0]):
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
        return self._knows(text[max(0, i - 1) : i + 1]) or self._knows(text[i : i + 2])


def _in_words(text: str) -> list[bool]:
    """For each character whether it belongs to a word of the dictionary, and so is no slip."""
    import rjieba

    return [len(word) > 1 for word in rjieba.cut(text, False) for _ in word]
