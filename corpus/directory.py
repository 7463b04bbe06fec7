"""Which names mean one organ: 农业局, 市农业农村局 and 区农水局 are the same office in different towns."""

import json
import re
import unicodedata
from functools import cache
from pathlib import Path

from sqlalchemy.orm import selectinload
from sqlmodel import Session, col, select

from corpus.models import Unit, UnitAlias

_NO_LEVEL = "市场|市政(?=园林|公用|管理|工程|设施|局)|区域|县域"  # words that begin as a level does
_NO_NAME = "城市|社区|园区|景区"  # end as a place does
PLACE = re.compile(
    rf"^(?:市[南北中]区|(?!{_NO_NAME})[^省市区县旗]{{1,4}}?(?!{_NO_LEVEL})[省市区县旗]|(?!{_NO_LEVEL})[省市区县镇])"
    r"(?=[\u4e00-\u9fff]{2})"
)
LEVEL = re.compile(r"[省市区县旗镇]")
BRANCH = re.compile(r"(?:分局|分中心|所|站|队|科|室)$")  # a part of an organ, not the organ
COLLECTIVE = re.compile(r"^各|^全体|各成员|成员单位|相关单位|有关单位|有关部门|相关部门|两级|三级")


def is_collective(name: str) -> bool:
    """Whether a printed name stands for several units: 各乡镇（街道）, 市、县两级食安办."""
    return bool(COLLECTIVE.search(name))


def bare(name: str) -> str:
    """The name without its place, the first if several: 区市场监管局 → 市场监管局."""
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
    for form in (name, bare(name)):  # 市场监管局 and 城市管理局 begin with no place
        if form in names:
            return names[form]
    return short.get(bare(name))


def other_names(organ: int) -> list[str]:
    """Every name of an organ, without a place; nicknames that only people use come last."""
    names, short = _organs()
    return [n for n, i in names.items() if i == organ] + [n for n, i in short.items() if i == organ]


@cache
def all_names() -> tuple[str, ...]:
    """All names of all organs, the longest first."""
    names, _ = _organs()
    return tuple(sorted(names, key=len, reverse=True))


def nicknames() -> frozenset[str]:
    """Short names that people use, and that plans use for other things: 消防, 环保, 财政."""
    return frozenset(_organs()[1])


def same_organ(a: str, b: str) -> bool:
    """Whether two printed names mean the same office of one town."""
    if a == b or bare(a) == bare(b):
        return True
    organ = organ_of(a)
    return organ is not None and organ == organ_of(b)


# ---- the units of one place


class UnitNames:
    """The units of one jurisdiction by every name they go by; a name that nobody bears is a new unit."""

    def __init__(self, session: Session, jurisdiction: str) -> None:
        self._session, self._jurisdiction = session, jurisdiction
        self._ids: dict[str, int] = {}
        self._surely: dict[str, int] = {}
        units = session.exec(
            select(Unit)
            .where(Unit.jurisdiction == jurisdiction)
            .options(selectinload(Unit.aliases))  # type: ignore[arg-type]
            .order_by(col(Unit.id))
        ).all()
        for unit in units:
            for name in (unit.name, *(alias.name for alias in unit.aliases)):
                self._note(name, unit)

    def find(self, name: str) -> int | None:
        """The id of the unit that bears the name, as it is or as surely meant; None if there is none."""
        return self._ids.get(name) or self._surely.get(sure_name(name, self._jurisdiction))

    def id_of(self, name: str) -> int:
        """The unit's id; a new way to write a known name is kept as an alias."""
        if name in self._ids:
            return self._ids[name]
        known = self.find(name)
        if known is not None:
            self._session.add(UnitAlias(unit_id=known, name=name))
            self._ids[name] = known
            return known
        unit = Unit(name=name, jurisdiction=self._jurisdiction, is_collective=is_collective(name))
        self._session.add(unit)
        self._session.flush()
        self._note(name, unit)
        return self._ids[name]

    def _note(self, name: str, unit: Unit) -> None:
        assert unit.id is not None
        self._ids[name] = unit.id
        self._surely.setdefault(sure_name(name, self._jurisdiction), unit.id)


def sure_name(name: str, jurisdiction: str) -> str:
    """What two names of one town have in common only if they surely mean one unit.

    乐清市教育局 and 市教育局 in 乐清市; 市卫健委 and 市卫生健康局, which are one organ in the list. An
    office's branch or a nickname is not sure: an admin is asked.
    """
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", name))
    if (
        len(jurisdiction) > 1
        and text.startswith(jurisdiction)
        and len(text) > len(jurisdiction) + 1
    ):
        text = jurisdiction[-1] + text.removeprefix(jurisdiction)
    names, _ = _organs()
    level = LEVEL.match(text)
    organ = names.get(text[1:]) if level else None
    if organ is None or BRANCH.search(text) or is_collective(text):
        return text
    return f"{text[0]}#{organ}"


def may_be_same(a: Unit, b: Unit) -> bool:
    """Whether two units of one place could be one, so that an admin should say: 市执法局, 市综合执法局."""
    if a.jurisdiction != b.jurisdiction or a.is_collective or b.is_collective:
        return False
    if same_organ(a.name, b.name):
        return True
    short, long = sorted((a.name, b.name), key=len)
    if len(short) < 4 or short[0] != long[0] or short[-1] != long[-1]:
        return False
    letters = iter(long)
    return all(letter in letters for letter in short)  # left out of the longer name, in its order
