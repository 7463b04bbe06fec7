"""Reads 指标 and 目标值: every number that someone must reach, from a measure's text or a table's cell.

A rate is a target unless it is a condition or a fact of the past. A count is one when a verb of
doing stands by it (建成, 培育 …) or a comparator (不少于, 以上 …); numbers that describe are left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from corpus import target_words as words
from corpus.quantities import Folded, Quantity, find_quantities, fold
from corpus.values import TargetValue

_FULL_WIDTH = str.maketrans("(),:;", "（），：；")
_LONGEST_TOPIC = 30  # characters; a longer one would hide the name it is to explain


@dataclass(slots=True)
class _Context:
    """What earlier words of a sentence lend to a clause that leaves them out."""

    topic: str = ""
    deed: str = ""
    counted: str = ""  # what the last count was of


@dataclass(slots=True)
class _Piece:
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


def read_targets(text: str) -> list[TargetValue]:
    """Every target in a measure's text, in its order; each `text` is found in it verbatim."""
    folded = fold(text)
    targets: list[TargetValue] = []
    context = _Context()
    for start, end in _spans(folded.masked, 0, len(folded.masked), r"[。;!?\n]"):
        if words.PAST_SENTENCE.search(folded.text, start, end):
            continue
        context.deed = context.counted = ""
        for clause in _spans(folded.masked, start, end, r"(?<!\d),|,(?!\d{3})|:"):
            targets += _read_clause(folded, *clause, context)
            if not find_quantities(folded.masked, *clause):
                context.topic = folded.text[slice(*clause)]
    return targets


def read_indicator_cell(indicator: str, value: str) -> list[TargetValue]:
    """The targets of an indicator's 目标值 cell; a bare value is a minimum, 达标 gives none.

    The unit may stand in the name: 覆盖率（%）.
    """
    folded = fold(value)
    name = indicator.strip()
    unit_in_name = re.search(r"[（(](?:单位[:：])?([^（）()]{1,8})[）)]$", name)
    targets = []
    plain = re.sub(r"[\[\]]", " ", folded.text)
    for quantity in find_quantities(plain, 0, len(plain)):
        piece = _piece(folded, 0, len(plain), [quantity])
        unit = quantity.unit
        bare_name = name
        if not unit and unit_in_name and find_quantities(f"1{unit_in_name[1]}", 0, 9)[0].unit:
            unit, bare_name = unit_in_name[1], name[: unit_in_name.start()]
        default = "<=" if words.FALLS_IS_GOOD.search(bare_name) else ">="
        change = words.CHANGE.search(piece.subject)
        if change and not words.CHANGE.search(bare_name):
            bare_name += change.group()
        op = piece.op(quantity, "=" if quantity.value == 0 else default)
        targets.append(TargetValue(bare_name, op, quantity.value, _unit(unit), value.strip()))
    return targets


def _read_clause(folded: Folded, start: int, end: int, context: _Context) -> list[TargetValue]:
    """The targets between two positions without a comma."""
    if words.PAST.search(folded.text, start, end):
        return []
    targets = _read_zeros(folded, start, end)
    for piece in _pieces(folded, start, end):
        unit = piece.quantities[-1].unit
        if _is_condition(piece, folded.masked[start:end]):
            continue
        if unit.startswith(words.RATE_UNITS):
            targets += _read_rates(folded, piece, context)
        elif _is_asked(piece, context):
            targets += _read_counts(folded, piece, context)
    return targets


def _spans(masked: str, start: int, end: int, mark: str) -> Iterator[tuple[int, int]]:
    """The non-empty stretches between marks."""
    for found in re.compile(mark).finditer(masked, start, end):
        if start < found.start():
            yield start, found.start()
        start = found.end()
    if start < end:
        yield start, end


def _pieces(folded: Folded, start: int, end: int) -> Iterator[_Piece]:
    """Cuts a clause so that each piece keeps one number with the words that belong to it."""
    group: list[Quantity] = []
    for quantity in find_quantities(folded.masked, start, end):
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
        else:
            group = [quantity]  # 6个县覆盖率达到100%: the earlier number tells which
            continue
        yield _piece(folded, start, cut, group)
        start, group = cut, [quantity]
    if group:
        yield _piece(folded, start, end, group)


def _piece(folded: Folded, start: int, end: int, quantities: list[Quantity]) -> _Piece:
    """Separates the comparator from the words before the first number."""
    while start < quantities[0].start and (
        folded.masked[start] in "、和及与并且," and folded.text[start : start + 2] != "及时"
    ):
        start += 1
    if time := words.TIME.match(folded.text, start, quantities[0].start):
        start = time.end()
    first, last = quantities[0].start, quantities[-1].end
    piece = _Piece(
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
    return piece


def _is_condition(piece: _Piece, clause: str) -> bool:
    """满意率低于80%的单位: the number says which things are meant, or what happens then."""
    tail = words.CONDITION_TAIL.match(piece.masked_after)
    if not tail:
        return False
    is_bound = bool(piece.comparator or piece.quantities[-1].bound)
    headed = words.CONDITION_HEAD.match(clause) is not None
    return bool(piece.comparator) or (headed and is_bound) or not tail.group().startswith("的")


def _read_rates(folded: Folded, piece: _Piece, context: _Context) -> list[TargetValue]:
    """Percentages: one target for each name of a list, or for each value of 分别达到80%、70%."""
    subject, rest = _subject(piece.subject), piece.after.removeprefix("的")
    end = piece.quantities[-1].end
    default = ">="
    if words.CHANGE.search(subject):
        names = [subject]
    elif words.RATE_NAME.search(subject) and not piece.bridge.endswith("的"):
        names = [_with_topic(name, context) for name in _names(subject)]
        default = "<=" if words.FALLS_IS_GOOD.search(subject) else ">="
    else:
        share = re.match(r"(?:比例|比重)", rest)
        if piece.bridge.endswith("的"):
            subject += piece.comparator + piece.bridge.removesuffix("的")
            rest = ""
        elif share:
            rest = rest[share.end() :]
        if rest:
            end = piece.end
        elif not piece.comparator or share or piece.bridge or len(subject) <= 1:
            subject = _with_topic(subject, context)
        verbatim = piece.comparator and not (rest or share or piece.bridge)
        of = "的" if (rest and not share) or piece.bridge else ""
        names = [f"{subject}{rest}" if verbatim else f"{subject}{rest}{of}比例"]
    values = piece.quantities
    if len(values) > 1 and len(names) != len(values):
        names = _heads(names[0], len(values))
    pairs = zip(names, values, strict=True) if len(values) > 1 else ((n, values[0]) for n in names)
    return [
        _target(folded, piece, name, piece.op(value, default), value, end) for name, value in pairs
    ]


def _is_asked(piece: _Piece, context: _Context) -> bool:
    """Must someone reach this count, or does it only describe?"""
    quantity, before = piece.quantities[-1], piece.masked_before
    rest = "" if re.match(r"并|且|和|及|,", piece.masked_after) else piece.masked_after
    is_level = bool(piece.comparator)
    if words.TOLD_BEFORE.search(before) and not (is_level or quantity.bound):
        return False
    if words.REWARD.search(before) and not is_level and quantity.unit.endswith(("元", "分")):
        return False
    if not quantity.unit:
        named = words.AMOUNT_NAME.search(piece.subject) or words.RATE_NAME.search(piece.subject)
        return is_level and named is not None and not rest
    if quantity.unit in words.TIME_UNITS:
        return is_level or (quantity.bound.endswith("上") and not rest)
    if quantity.bound and words.SIZE_UNIT.search(quantity.unit) and rest:
        return False
    least = is_level or "上" in quantity.bound
    if quantity.value == 1 and quantity.unit.endswith("次") and not least:
        return not (words.EVERY_ONCE.search(before) or quantity.is_spelled)
    deed = words.DEED_BEFORE.search(_subject(piece.subject, piece.masked_before))
    if quantity.is_spelled:
        if least:
            return True
        doing = deed or (not rest and words.DEED.search(before))
        return bool(doing) and quantity.value > 1 and not words.SUMMARY.match(rest)
    if is_level or not rest:
        return True
    if words.SUMMARY.match(rest) or re.search(r"[对等]$", before):
        return before.endswith(("对", "等")) and _is_achieved(rest)
    near = words.DEED.search(before[-10:]) is not None and "的" not in before[-10:]
    return near or bool(context.deed and not before) or _is_achieved(rest)


def _is_achieved(rest: str) -> bool:
    """6个县通过验收: the count is the subject of what is to be done; 全部, 均 tell how many there are."""
    return words.ACHIEVED.search(rest) is not None and not re.search(r"全部|均|都|[的]", rest)


def _read_counts(folded: Folded, piece: _Piece, context: _Context) -> list[TargetValue]:
    """Counts: 建成15家以上检测室, 创建示范店340家, 培训时间不低于40学时."""
    subject = _subject(piece.subject, piece.masked_before)
    rest = re.split(r"并(?!网|联|轨)|且|用于", piece.after.removeprefix("的"))[0]
    end = piece.quantities[-1].end
    default, change = "=", words.CHANGE.search(subject)
    if change and change["falls"]:
        default = ">="
    deed = words.DEED_BEFORE.search(subject)
    if rest:
        end += piece.after.index(rest) + len(rest)
        last = list(words.DEED.finditer(subject))
        context.deed = deed.group() if deed else last[-1].group() if last else context.deed
        name = f"{deed.group() if deed else subject or context.deed}{rest}"
        if deed and (whom := re.match(r"对(.+)", subject[: deed.start()])):
            name = f"{whom[1]}{rest}"
    else:
        name = _from_deed(subject)
        found = words.DEED.match(name)
        if found:
            context.deed = found.group()
        elif context.counted and words.LEVEL_ONLY.fullmatch(name):
            name = f"{context.deed}{name}{context.counted}"
        elif context.deed and not piece.comparator:
            name = f"{context.deed}{name}"
        elif context.counted and piece.before.startswith("其中"):
            name = f"{context.deed}{context.counted}中{name}"
        if (deed and deed.start() == 0) or len(name) <= 1:
            name = _with_topic(name, context, always=True)
        if piece.bridge and not piece.bridge.endswith("的"):
            name += piece.bridge
    counted = words.LEVEL_ONLY.sub("", name.removeprefix(context.deed), count=1)
    context.topic = context.counted = counted or context.counted
    return [
        _target(folded, piece, name, piece.op(value, default), value, end)
        for value in piece.quantities
    ]


def _read_zeros(folded: Folded, start: int, end: int) -> list[TargetValue]:
    """零发生, “零事故、零伤亡”; “两个零发生” counts for each subject of the list before it."""
    clause = folded.text[start:end]
    found = words.ZERO.search(clause)
    if not found:
        return []
    subject = _subject(clause[: found.start()].rstrip('“"'))
    subjects = [subject]
    if found["many"]:
        subjects = [part for part in words.AND.split(subject) if part] or [subject]
    names = [
        f"{s}{what}数" for s in subjects for what in re.findall(r"零([^、零]+)", found["zeros"])
    ]
    printed = folded.printed(start, end).strip()
    return [TargetValue(_print(name), "=", Decimal(0), "", printed) for name in names]


def _subject(before: str, masked: str = "") -> str:
    """The name in the words before a number, without dates, hopes and adverbs around it."""
    subject = words.TIME.sub("", before)
    subject = words.FROM.sub("", words.TRAIL.sub("", subject))
    if "“" not in subject:
        subject = words.HOPE.sub("", subject)
    return words.LEAD.sub("", subject)


def _from_deed(subject: str) -> str:
    """全市水利系统组织演练 → 组织演练; a verb that ends the name or belongs to it cuts nothing."""
    for found in words.DEED.finditer(subject):
        if found.end() < len(subject) and not words.NOUN_LIKE.match(found.group()):
            return subject[found.start() :]
    return subject


def _names(subject: str) -> list[str]:
    """赋码率、扫码率 are two; 资源化利用和无害化处理率 is one: only whole names are parted."""
    names: list[str] = []
    start = 0
    for mark in words.AND.finditer(re.sub(r"[（(][^()]*[)）]", lambda m: "□" * len(m[0]), subject)):
        if words.RATE_NAME.search(subject[start : mark.start()]):
            names.append(subject[start : mark.start()])
            start = mark.end()
    names.append(subject[start:])
    first = names[0]
    return [first] + [
        first[: -len(name)] + name if len(name) <= 5 and len(first) > len(name) + 1 else name
        for name in names[1:]
    ]


def _heads(name: str, count: int) -> list[str]:
    """市、县级设备配置率 with two values → 市级设备配置率, 县级设备配置率."""
    heads = words.AND.split(name)
    if len(heads) != count:
        return [name] * count
    tail = heads[-1][min(len(heads[-2]), 2) :]
    return [head + tail for head in heads[:-1]] + heads[-1:]


def _with_topic(name: str, context: _Context, always: bool = False) -> str:
    """A bare 覆盖率 joined with what the clause before it is about."""
    bare = re.sub(r"\([^()]*\)", "", name)
    if len(bare) > 4 and not always:
        return name
    topic = words.ACTION_LEAD.sub("", _subject(context.topic))
    stem = bare.removesuffix("率")
    if len(stem) > 1 and stem in topic:
        topic = topic[: topic.index(stem)]
    if not topic or len(topic) > _LONGEST_TOPIC or name in topic:
        return name
    return f"{topic}{name}"


def _target(
    folded: Folded, piece: _Piece, name: str, op: str, quantity: Quantity, end: int
) -> TargetValue:
    """A target with its words as printed."""
    printed = folded.printed(piece.start, end)
    unit = _unit(quantity.unit or piece.quantities[-1].unit)
    return TargetValue(_print(name), op, quantity.value, unit, printed)


def _print(name: str) -> str:
    """A name as a plan prints it, with full-width brackets."""
    return name.strip("、，,的 ").translate(_FULL_WIDTH)


def _unit(folded_unit: str) -> str:
    """A unit as a plan prints it."""
    return folded_unit.translate(_FULL_WIDTH)
