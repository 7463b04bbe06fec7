"""English questions: their words in Chinese, by a glossary of the field."""

import json
import re
from functools import cache
from pathlib import Path


@cache
def _glossary() -> dict[str, str]:
    data: dict[str, str] = json.loads((Path(__file__).parent / "english.json").read_text(encoding="utf-8"))
    return data


@cache
def _pattern() -> re.Pattern[str]:
    words = sorted(_glossary(), key=len, reverse=True)
    return re.compile(r"\b(" + "|".join(map(re.escape, words)) + r")\b", re.IGNORECASE)


STOP = set(
    "a an the of to in on at by for with from and or is are be been must should shall will would do does did "
    "what which who whom whose when where how many much that this these those it its they them their under "
    "before after per than into as has have had can could may might not no any all each every there here".split()
)  # fmt: skip


def to_chinese(text: str) -> tuple[list[str], list[str]]:
    """(Chinese words for what is asked, English words that the glossary doesn't know)."""
    known = [word for match in _pattern().finditer(text) for word in _glossary()[match[1].lower()].split()]
    left = _pattern().sub(" ", text)
    # Chinese inside an English question is taken as it is
    known += re.findall(r"[\u3400-\u9fff]{2,}", text)
    unknown = [w for w in re.findall(r"[a-zA-Z][a-zA-Z-]+", left) if w.lower() not in STOP]
    return known, unknown
