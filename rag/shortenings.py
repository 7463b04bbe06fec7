"""What people shorten, written out by the plans' own terms: 长护险 is 长期护理保险 where a plan says so."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from rag.words import HAN, segments

SHORTEST, LONGEST = 3, 6  # characters of what is looked for; two are too often two halves of words
_GAP = "[\u3400-\u9fff、]{0,4}?"
_BETWEEN = frozenset("、和与及")
_AROUND = 4  # characters beside a term by which its words are told apart


def write_out(
    text: str, plans: Sequence[str], names: Collection[str] = ()
) -> tuple[str, dict[str, str]]:
    """`text` with what it shortens written out, and each shortening with its term.

    Only what none of the `plans` prints and is none of the `names` known otherwise, and what they
    print in full: its characters in order, each word of the term giving its first one or its last.
    """
    found: dict[str, str] = {}
    for short in list(_shortened(text, lambda word: any(word in plan for plan in plans))):
        if short not in text or short in names:
            continue
        term = _term(short, plans)
        if term and term not in text:
            text, found[short] = text.replace(short, term), term
    return text, found


def _shortened(text: str, knows: Callable[[str], bool]) -> Iterator[str]:
    """Pieces of what is asked about that may be shortenings, the longest first."""
    import rjieba

    for segment in segments(text):
        words = rjieba.tag(segment)
        ends = range(len(words) + 1)
        pieces = [words[a:b] for a, b in itertools.combinations(ends, 2)]
        for piece in sorted(pieces, key=lambda piece: -sum(len(word) for word, _ in piece)):
            short = "".join(word for word, _ in piece)
            if not (SHORTEST <= len(short) <= LONGEST and all(map(HAN.match, short))):
                continue
            if not knows(short) and _may_shorten([word for word, _ in piece], piece[-1][1], knows):
                yield short


def _may_shorten(words: Sequence[str], last_tag: str, knows: Callable[[str], bool]) -> bool:
    """Whether words are more than two that the plans know, 消防演习, or one with a turn of speech, 种农产品."""
    if all(len(word) > 1 and knows(word) for word in words):
        return False
    first, rest = words[0], "".join(words[1:])
    if len(first) == 1 and len(rest) > 1 and knows(rest):
        return False
    before, last = "".join(words[:-1]), words[-1]
    is_thing = last_tag[0] in "ngkqz"
    return not (len(last) == 1 and len(before) > 1 and knows(before) and not is_thing)


def _term(short: str, plans: Sequence[str]) -> str | None:
    """The term that the plans print most often for a shortening."""
    pattern = re.compile(_GAP.join(short))
    terms: Counter[str] = Counter()
    for plan in plans:
        for match in pattern.finditer(plan):
            if term := _whole(short, plan, match.start(), match.end()):
                terms[term] += 1
    return min(terms, key=lambda term: (-terms[term], len(term)), default=None)


def _whole(short: str, plan: str, start: int, end: int) -> str | None:
    """The words of a plan between two places, to the end of the last one; None where it is not short for them."""
    import rjieba

    at = max(start - _AROUND, 0)
    words: list[str] = []
    for word in rjieba.cut(plan[at : end + _AROUND], False):
        if at >= end:
            break
        if at >= start:
            words.append(word)
        elif at + len(word) > start:
            return None  # it begins inside a word
        at += len(word)
    if plan[:end].endswith(short[-2:]) and at > end:
        words[-1] = words[-1][: end - at]  # 试点 of 试点工作
    words_said = [word for word in words if word not in _BETWEEN]
    giving = _giving(short, words_said)
    return "".join(words) if giving and len(words_said) - giving < giving else None


def _giving(short: str, words: Sequence[str]) -> int:
    """How many of the words give `short` a part, the first and the last of them too; 0 if it is not theirs."""
    if not words:
        return 0
    best = 0
    word, rest = words[0], words[1:]
    for size in range(min(len(short), len(word)), 0, -1):
        part = short[:size]
        if not (word.endswith(part) or (part[0] == word[0] and _in_order(part, word))):
            continue
        if size == len(short):
            best = max(best, 0 if rest else 1)
            continue
        for skipped in range(len(rest)):
            if more := _giving(short[size:], rest[skipped:]):
                best = max(best, 1 + more)
    return best


def _in_order(part: str, word: str) -> bool:
    """Whether the characters of a part stand in a word in their order."""
    rest = iter(word)
    return all(character in rest for character in part)
