"""English questions: their words in Chinese, by a glossary of the field."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from corpus.directory import organ_of

_WORD = re.compile(r"[a-z0-9]+(?:[.,'][a-z0-9]+)*|[\u3400-\u9fff]{2,}")
# offices beside those of the directory
_UNIT = re.compile(r"..(?:局|委|[长府事防]办|大队|支队|工作部|统战部|工商联|红十字会|管委会)$")
_BODIES = "局委办会联院部社队"  # 消防, 公安 and 税务 name an office only in passing
_PLACE = r"(?:\b(?:the|municipal|city|district|county|provincial|prefectural)\s+)*"
_PARTICLES = {"up", "out", "off", "down", "away", "over", "on", "with"}
_AMERICAN = (
    (r"is(e|ed|ing|ation)\b", r"iz\1"), (r"(?<=[a-z]{2})our", "or"), (r"tre\b", "ter"),
    (r"(?<=[cf]en)ce\b", "se"), (r"\bageing\b", "aging"), (r"gramme\b", "gram"),
    (r"lment\b", "llment"), (r"\bdyke\b", "dike"),
)  # fmt: skip

STOP = frozenset(
    """
    a an the of to in on at by for with from and or is are be been must should shall
    will would do does did what which who whom whose when where how many much that this
    these those it its they them their under task tasks bureau end falls fall due month
    week year quarter day date we us you please tell me give show about also get got set
    there using used was were being allowed need needs kept keep say says said before after per than into as
    has have had can could may might not no any all each every here s
    set main involved full whole contain contains include included most fewest
    """.split()
)


def to_chinese(
    text: str, knows: Callable[[str], bool]
) -> tuple[list[str], list[str], dict[str, int]]:
    """(Chinese words for what is asked, English words that the glossary doesn't have, of how many each is one).

    Of several ways to put a word those are taken that the plans `knows`, else the first one.
    """
    known: list[str] = []
    unknown: list[str] = []
    among: dict[str, int] = {}
    for said, written in _phrases(text):
        if written is not None:
            words = written.split()
            meant = [word for word in words if knows(word)] or words[:1]
            known += meant
            among |= dict.fromkeys(meant, len(meant))
        elif not said.isascii():
            known.append(said)  # Chinese inside an English question is taken as it is
        elif said not in STOP and re.fullmatch("[a-z]{2,}", said):
            unknown.append(said)
    return known, unknown, among


def with_chinese_units(text: str) -> str:
    """The text with the English names of offices in Chinese: Municipal Health Commission → 卫生健康委."""
    text = text.replace("’", "'")
    for name in dict.fromkeys(said for said, written in _phrases(text) if _is_unit(written)):
        spaced = re.escape(name).replace(r"\ ", r"[\s,&-]+(?:and\s+)?")
        text = re.sub(rf"{_PLACE}\b{spaced}\b", forms()[name], text, flags=re.IGNORECASE)
    return text


@cache
def forms() -> dict[str, str]:
    """Every form of every entry → its Chinese words; what the glossary says itself goes first."""
    path = Path(__file__).parent / "english.json"
    glossary: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    entries = {" ".join(_words(english)): chinese for english, chinese in glossary.items()}
    found = dict(entries)
    for spelt in (_american, _renamed, _inflected):
        for english, chinese in list(found.items()):
            for form in spelt(english):
                found.setdefault(form, chinese)
    return found


def _phrases(text: str) -> Iterator[tuple[str, str | None]]:
    """The text as entries of the glossary, the longest first, and words that are in none."""
    words, known = _words(text), forms()
    while words:
        n = _length(words, known)
        if words[0] == "the" and _length(words[1:], known) >= n:
            n = 1  # the Public Security Bureau is not the public
        said = " ".join(words[:n])
        yield said, known.get(said)
        words = words[n:]


def _length(words: Sequence[str], known: Mapping[str, str]) -> int:
    """How many of the first words are the longest entry; 1 if there is none."""
    return next(
        (n for n in range(min(_longest(), len(words)), 1, -1) if " ".join(words[:n]) in known), 1
    )


@cache
def _longest() -> int:
    return max(form.count(" ") + 1 for form in forms())


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower().replace("&", " and "))


def _is_unit(chinese: str | None) -> bool:
    """Whether an entry names an office."""
    if not chinese or " " in chinese:
        return False
    return bool(_UNIT.search(chinese) or (chinese[-1] in _BODIES and organ_of(chinese) is not None))


def _american(english: str) -> Iterator[str]:
    """The American spelling of a British entry."""
    other = english
    for british, american in _AMERICAN:
        other = re.sub(british, american, other)
    yield other


def _renamed(english: str) -> Iterator[str]:
    """What else people call a bureau."""
    if english.endswith(" bureau"):
        field = english.removesuffix(" bureau")
        yield f"bureau of {field}"
        for body in ("department", "authority", "authorities"):
            yield f"{field} {body}"
        yield f"department of {field}"


def _inflected(english: str) -> Iterator[str]:
    """Plurals and regular verb forms: of the last word, or of a verb before its particle."""
    first, _, rest = english.partition(" ")
    if rest in _PARTICLES:
        for form in _endings(first):
            yield f"{form} {rest}"
        return
    before, last = english[: english.rfind(" ") + 1], english[english.rfind(" ") + 1 :]
    if last.isalpha() and last.isascii() and len(last) > 2:
        for form in _endings(last):
            yield before + form


def _endings(word: str) -> list[str]:
    """inspect → inspects, inspected, inspecting; forms that nobody writes do no harm."""
    if re.search("[^aeiou]y$", word):
        return [word[:-1] + "ies", word[:-1] + "ied", word + "ing"]
    if word.endswith("e"):
        return [word + "s", word + "d", word[:-1] + "ing"]
    plural = word + ("es" if re.search("(?:s|x|z|ch|sh)$", word) else "s")
    regular = [plural, word + "ed", word + "ing"]
    if re.search("[^aeiou][aeiou][bdglmnprt]$", word):  # plan, submit, control
        regular += [word + word[-1] + "ed", word + word[-1] + "ing"]
    return regular
