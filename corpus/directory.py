"""Which names mean one organ: 农业局, 市农业农村局 and 区农水局 are the same office in different towns."""

import json
import re
from functools import cache
from pathlib import Path

PLACE = re.compile(r"^(?:[\u4e00-\u9fff]{1,4}?(?:省|市|区|县|旗)|[省市区县镇])(?=[\u4e00-\u9fff]{2})")
COLLECTIVE = re.compile(r"^各|^全体|各成员|成员单位|相关单位|有关单位|有关部门|相关部门|两级|三级")


def is_collective(name: str) -> bool:
    """Whether a printed name stands for several units: 各乡镇（街道）, 市、县两级食安办."""
    return bool(COLLECTIVE.search(name))


def bare(name: str) -> str:
    """The name without its place: 区市场监管局 → 市场监管局."""
    return PLACE.sub("", name, count=1) if not is_collective(name) else name


@cache
def _organs() -> tuple[dict[str, int], dict[str, int]]:
    groups = json.loads((Path(__file__).parent / "organs.json").read_text(encoding="utf-8"))
    names = {name: i for i, group in enumerate(groups) for name in group["names"]}
    short = {name: i for i, group in enumerate(groups) for name in group["short"]}
    return names, short


def organ_of(name: str) -> int | None:
    """The number of the organ that a unit's name means, whatever its place; None if not in the list."""
    names, short = _organs()
    stem = bare(name)
    if stem in names:
        return names[stem]
    return short.get(stem)


def other_names(organ: int) -> list[str]:
    """Every name of an organ, without a place; nicknames that only people use come last."""
    names, short = _organs()
    return [n for n, i in names.items() if i == organ] + [n for n, i in short.items() if i == organ]


@cache
def all_names() -> tuple[str, ...]:
    """All names of all organs, the longest first."""
    names, _ = _organs()
    return tuple(sorted(names, key=len, reverse=True))


def same_organ(a: str, b: str) -> bool:
    """Whether two printed names mean the same office of one town."""
    if a == b or bare(a) == bare(b):
        return True
    organ = organ_of(a)
    return organ is not None and organ == organ_of(b)
