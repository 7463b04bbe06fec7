"""Reads which units a plan names for its points elsewhere: 第2、3项由市教育局牵头，市公安局配合."""

import re

from corpus.document import Document
from corpus.numbering import digits
from corpus.units import looks_like_unit, read_units

_NUMBER = r"(?:\d{1,3}|[一二三四五六七八九十]{1,3})"
_NUMBERS = rf"{_NUMBER}(?:\s*[、，,和及至到—–\-]\s*第?{_NUMBER})*"
_SAID = re.compile(
    rf"第({_NUMBERS})(?:项|点)(?:重点)?(?:任务|工作|内容|事项|措施)?"
    r"\s*(?:由|[:：]|的?(?P<label>(?:牵头|责任)(?:单位|部门)[:：为是]))\s*([^；;。\n]+)"
)


def read_assignments(document: Document) -> dict[str, str]:
    """The words of units for each number that a sentence outside of the points speaks of."""
    assigned: dict[str, str] = {}
    for block in document.blocks:
        for found in _SAID.finditer(block.text):
            label = re.sub("[为是]$", "：", found["label"] or "")
            words = _units(label + found[3].strip())
            for number in _expand(found[1]) if words else ():
                assigned.setdefault(number, words)
    return assigned


def _units(words: str) -> str:
    """The clauses that name units, up to one that says something else; mostly all: A牵头，B配合."""
    clauses = re.split("(?<=[，,])", words)
    for end in range(len(clauses), 0, -1):
        named = "".join(clauses[:end]).rstrip("，,")
        units = read_units(named)
        if units and all(looks_like_unit(value.unit_text) for value in units):
            return named
    return ""


def _expand(numbers: str) -> list[str]:
    """1、3至5 → 1, 3, 4, 5."""
    expanded: list[str] = []
    for part in re.split(r"[、，,和及]", numbers):
        ends = [digits(end) for end in re.findall(_NUMBER, part)]
        if len(ends) == 2 and int(ends[0]) <= int(ends[1]):
            expanded += map(str, range(int(ends[0]), int(ends[1]) + 1))
        else:
            expanded += ends
    return expanded
