"""Cuts a measure's sentence into pieces: one number, or 80%、70%, with the words that belong to it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from corpus import target_words as words
from corpus.quantities import Folded, Quantity, find_quantities

_NUMBER = re.compile(r"\(?\d{1,2}[.、)](?!\d)")
_ASIDE = re.compile(r"\([^()]*\)(?=$|[,、和及])")


@dataclass(slots=True)
class Piece:
    """The part of a clause about one number, or about several of one subject (80%、70%).

    `before` and `after` are the words around the numbers, each with its masked twin.
    """

    start: int
    end: int
    quantities: list[Quantity]
    before: str
    after: str
    masked_before: str
    masked_after: str
    comparator: str = ""
    subject: str = ""  # `before` without the comparator
    bridge: str = ""  # 达到(省定参考品目的)80%

    def op(self, quantity: Quantity, default: str) -> str:
        """The operator by the bound behind a number, else by the comparator before it."""
        bound = quantity.bound or self.quantities[-1].bound
        if "上" in bound:
            return ">="
        if bound.endswith(("下", "内")):
            return "<="
        return words.COMPARATORS.get(self.comparator, default)


def spans(masked: str, start: int, end: int, mark: str) -> Iterator[tuple[int, int]]:
    """The non-empty stretches between marks."""
    for found in re.compile(mark).finditer(masked, start, end):
        if start < found.start():
            yield start, found.start()
        start = found.end()
    if start < end:
        yield start, end


def pieces(folded: Folded, start: int, end: int) -> Iterator[Piece]:
    """Cuts a clause so that each piece keeps one number with the words that belong to it."""
    group: list[Quantity] = []
    for quantity in find_quantities(folded.masked, start, end):
        if _tells_which(quantity, folded.masked[quantity.end : end]):
            continue
        if not group:
            group = [quantity]
            continue
        between = folded.masked[group[-1].end : quantity.start]
        if between in ("、", "和", "及", "与") and group[-1].unit in ("", quantity.unit):
            group.append(quantity)
            continue
        marks = list(words.AND.finditer(between)) or list(re.finditer(r"并|且|覆盖|惠及", between))
        if not between:
            cut = quantity.start
        elif marks:
            first = marks[0].start() == 0
            cut = group[-1].end + (0 if first else marks[-1].start())
        elif _is_served(folded.masked[start : group[0].start], between):
            yield piece_of(folded, start, quantity.start, group)
            start, group = group[-1].end, [quantity]
            continue
        else:
            group = [quantity]  # 6个县覆盖率达到100%: the earlier number tells which
            continue
        yield piece_of(folded, start, cut, group)
        start, group = cut, [quantity]
    if group:
        yield piece_of(folded, start, end, group)


def piece_of(folded: Folded, start: int, end: int, quantities: list[Quantity]) -> Piece:
    """Separates the comparator from the words before the first number."""
    while start < quantities[0].start and (
        folded.masked[start] in "、和及与并且," and folded.text[start : start + 2] != "及时"
    ):
        start += 1
    if time := words.TIME.match(folded.text, start, quantities[0].start):
        start = time.end()
    if number := _NUMBER.match(folded.text, start, quantities[0].start):
        start = number.end()
    first, last = quantities[0].start, quantities[-1].end
    if aside := _ASIDE.match(folded.masked, last, end):
        last = aside.end()  # 10家（6月底前）
    piece = Piece(
        start, end, quantities,
        folded.text[start:first], folded.text[last:end],
        folded.masked[start:first], folded.masked[last:end],
    )  # fmt: skip
    piece.subject = piece.before
    for found in words.COMPARATOR.finditer(piece.masked_before):
        bridge = piece.before[found.end() :]
        word = found.group()
        if word in words.LEAST:
            piece.comparator, piece.bridge = word, ""
            piece.subject = piece.before[: found.start()] + bridge
        elif not bridge or (word not in words.MUST_TOUCH and words.BRIDGE.fullmatch(bridge)):
            piece.comparator, piece.bridge = word, bridge
            piece.subject = piece.before[: found.start()]
    for level, word in ((words.RISES, "提高到"), (words.FALLS, "压减到")):
        if not piece.comparator and level.search(piece.masked_before):
            piece.comparator, piece.subject = word, piece.before[:-1]
    return piece


def _is_served(before: str, between: str) -> bool:
    """为15所学校配送图书3万册: for how many something is done, and how much of it."""
    return before.endswith(("为", "给", "向")) and words.DEED.search(between) is not None


def _tells_which(quantity: Quantity, rest: str) -> bool:
    """120张床位以上养老机构: a size before a noun picks out things, it is no target."""
    is_size = quantity.bound and words.SIZE_UNIT.search(quantity.unit)
    return bool(is_size) and not re.match(r"$|[、和及与并且)]", rest)


def is_condition(piece: Piece, clause: str) -> bool:
    """满意率低于80%的单位: the number says which things are meant, or what happens then."""
    tail = words.CONDITION_TAIL.match(piece.masked_after)
    if not tail:
        return False
    if piece.comparator.startswith("不") and words.MAKING.search(piece.subject):
        return False  # 组建不少于20人的队伍: what is made must be of that size
    is_bound = bool(piece.comparator or piece.quantities[-1].bound)
    headed = words.CONDITION_HEAD.match(clause) is not None
    return bool(piece.comparator) or (headed and is_bound) or not tail.group().startswith("的")
