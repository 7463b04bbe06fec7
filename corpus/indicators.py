"""Reads 指标 and 目标值: every number that someone must reach, from a measure's text or a table's cell.

A rate is a target unless it is a condition or a fact of the past. A count is one when a verb of
doing stands by it (建成, 培育 …) or a comparator (不少于, 以上 …); numbers that describe are left out.
"""

import re
from decimal import Decimal

from corpus import target_words as words
from corpus.quantities import Folded, Quantity, find_quantities, fold
from corpus.target_names import (
    Context,
    as_printed,
    from_deed,
    heads_of,
    names_of,
    subject_of,
    with_topic,
)
from corpus.target_pieces import Piece, is_condition, piece_of, pieces, spans
from corpus.values import TargetValue

_BESIDE = re.compile(r"[对等与向为在]$|^对")  # 对10家企业, 城北中学等6所学校: of whom it tells


def read_targets(text: str) -> list[TargetValue]:
    """Every target in a measure's text, in its order; each `text` is found in it verbatim."""
    folded = fold(text)
    targets: list[TargetValue] = []
    context = Context()
    for start, end in spans(folded.masked, 0, len(folded.masked), r"[。!?\n]"):
        if words.PAST_SENTENCE.search(folded.text, start, end):
            continue
        context.deed = context.counted = context.indicator = ""
        for clause in spans(folded.masked, start, end, r"(?<!\d),|,(?!\d{3})|[:;]"):
            found = _read_clause(folded, *clause, context)
            targets += found
            if found:
                context.indicator = found[-1].indicator
                continue
            context.topic = folded.text[slice(*clause)]
            if words.DEED.search(context.topic):
                context.indicator = ""  # another thing is spoken of: 开设法治课程，全年不少于4课时
    return targets


def read_indicator_cell(indicator: str, value: str, measure_unit: str = "") -> list[TargetValue]:
    """The targets of an indicator's 目标值 cell; a bare value is a minimum, 达标 gives none.

    The unit may stand in the name, 覆盖率（%）, or in `measure_unit`; [10] is a sum over the years.
    """
    folded = fold(re.sub(r"[\[\]]", "", value))
    name, name_unit = _unit_in_name(indicator.strip())
    least = "<=" if words.FALLS_IS_GOOD.search(name) else ">="
    quantities = find_quantities(folded.masked, 0, len(folded.masked))
    targets = []
    start = 0
    for quantity in quantities:
        piece = piece_of(folded, start, quantity.end, [quantity])
        start = quantity.end
        which = subject_of(piece.subject)
        full_name = name
        if words.CHANGE.search(which):
            full_name += "" if words.CHANGE.search(name) else which
            least = ">="
        elif len(quantities) > 1 and which:
            full_name += f"（{which}）"
        op = piece.op(quantity, "=" if quantity.value == 0 else least)
        unit = as_printed(quantity.unit or name_unit or measure_unit)
        targets.append(TargetValue(full_name, op, quantity.value, unit, value.strip()))
    return targets


def _unit_in_name(indicator: str) -> tuple[str, str]:
    """覆盖率（%） → 覆盖率, %; the brackets of other names stay."""
    found = re.search(r"[（(](?:单位[:：])?([^（）()]{1,10})[）)]$", indicator)
    if found:
        one = fold(f"1{found[1]}").text
        read = find_quantities(one, 0, len(one))
        if read and read[0].end == len(one) and read[0].unit:
            return indicator[: found.start()], read[0].unit
    return indicator, ""


def _read_clause(folded: Folded, start: int, end: int, context: Context) -> list[TargetValue]:
    """The targets between two positions without a comma."""
    if words.PAST.search(folded.text, start, end):
        return []
    targets = _read_zeros(folded, start, end)
    context.rate = ""
    for piece in pieces(folded, start, end):
        if is_condition(piece, folded.masked[start:end]):
            continue
        if piece.quantities[-1].unit.startswith(words.RATE_UNITS):
            targets += _read_rates(folded, piece, context)
        elif _is_asked(piece, context):
            targets += _read_counts(folded, piece, context)
    # A number that no words name tells an official nothing.
    return [target for target in targets if target.indicator]


def _read_rates(folded: Folded, piece: Piece, context: Context) -> list[TargetValue]:
    """Percentages: one target for each name of a list, or for each value of 分别达到80%、70%."""
    subject, rest = subject_of(piece.subject), piece.after.removeprefix("的")
    end = piece.quantities[-1].end
    default = ">="
    if words.CHANGE.search(subject):
        names = [with_topic(subject, context)]
    elif words.RATE_NAME.search(subject) and not piece.bridge.endswith("的"):
        names = [with_topic(name, context) for name in names_of(subject)]
        context.rate = names[-1]
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
            subject = with_topic(subject, context)
        verbatim = piece.comparator and not (rest or share or piece.bridge)
        of = "的" if (rest and not share) or piece.bridge else ""
        suffix = "" if verbatim else "比" if subject.endswith("占") and not rest else f"{of}比例"
        names = [f"{subject}{rest}{suffix}"]
    values = piece.quantities
    if len(values) > 1 and len(names) != len(values):
        names = heads_of(names[0], len(values))
    pairs = zip(names, values, strict=True) if len(values) > 1 else ((n, values[0]) for n in names)
    return [
        _target(folded, piece, name, piece.op(value, default), value, end) for name, value in pairs
    ]


def _is_asked(piece: Piece, context: Context) -> bool:
    """Must someone reach this count, or does it only describe?"""
    quantity, before = piece.quantities[-1], piece.masked_before
    rest = "" if re.match(r"并|且|和|及|,", piece.masked_after) else piece.masked_after
    is_level = bool(piece.comparator)
    if words.TOLD_BEFORE.search(before) and not (is_level or quantity.bound):
        return False
    if words.REWARD.search(before) and not is_level and quantity.unit.endswith(("元", "分")):
        return False
    if not quantity.unit:
        name = piece.subject.removesuffix("为")
        named = words.AMOUNT_NAME.search(name) or words.RATE_NAME.search(name)
        none_left = quantity.value == 0 and name != piece.subject  # 死亡人数为0
        return (is_level or none_left) and named is not None and not rest
    if quantity.unit in words.TIME_UNITS:
        return is_level or (quantity.bound.endswith("上") and not rest)
    least = is_level or "上" in quantity.bound
    if quantity.unit in words.KIND_UNITS and not least:
        told = re.search(r"(?:新增|引进|开发|减少|查处|查办|侦破|办理|化解)[^,、]{0,8}$", before)
        return bool(told or (not rest and words.DEED.match(subject_of(piece.subject))))
    if quantity.value == 1 and quantity.unit.endswith("次") and not least:
        return not (words.EVERY_ONCE.search(before) or quantity.is_spelled)
    deed = words.DEED_BEFORE.search(subject_of(piece.subject))
    if quantity.is_spelled:
        if least:
            return True
        doing = deed or (not rest and words.DEED.search(before))
        return bool(doing) and quantity.value > 1 and not words.SUMMARY.match(rest)
    if is_level or not rest:
        return True
    if _BESIDE.search(before):
        # 改造城北中学等6所学校 is to be done, 落实巡查等3项制度 only counts what there is
        made = words.DEED.match(piece.subject) and not words.SUMMARY.match(rest)
        # 对患者300人落实管理, 为80所学校增设护学岗
        done = re.search("^对|[为给]$", before) and words.DEED.search(rest)
        return _is_achieved(rest) or bool(done or (made and before.endswith("等")))
    if words.SUMMARY.match(rest) and quantity.unit in ("个", "项", "条") and not least:
        return False
    near = words.DEED.search(before[-10:]) is not None and "的" not in before[-10:]
    return near or bool(context.deed and not before) or _is_achieved(rest)


def _is_achieved(rest: str) -> bool:
    """6个县通过验收: the count is the subject of what is to be done; 全部, 均 tell how many there are."""
    return words.ACHIEVED.search(rest) is not None and not re.search(r"全部|均|都|的", rest)


def _read_counts(folded: Folded, piece: Piece, context: Context) -> list[TargetValue]:
    """Counts: 建成15家以上检测室, 创建示范店340家, 培训时间不低于40学时."""
    subject = subject_of(piece.subject)
    rest = re.split(r"并(?!网|联|轨)|且|用于", piece.after.removeprefix("的"))[0]
    end = piece.quantities[-1].end
    default, change = "=", words.CHANGE.search(subject)
    if change and change["falls"]:
        default = ">="
    elif words.RATE_NAME.search(subject) or "/" in piece.quantities[-1].unit:
        default = "<=" if words.FALLS_IS_GOOD.search(subject) else ">="
    deed = words.DEED_BEFORE.search(subject)
    if rest:
        end += piece.after.index(rest) + len(rest)
        last = list(words.DEED.finditer(subject))
        context.deed = deed.group() if deed else last[-1].group() if last else context.deed
        name = f"{deed.group() if deed else subject or context.deed}{rest}"
        name = re.sub(r"的(?:标准|要求|目标)$", "", name)
        if deed and (whom := re.match(r"对(.+)", subject[: deed.start()])):
            name = f"{whom[1]}{rest}"
    else:
        name = subject if piece.comparator else from_deed(subject)
        found = words.DEED.match(name)
        if found:
            context.deed = found.group()
        elif context.counted and words.LEVEL_ONLY.fullmatch(name):
            name = f"{context.deed}{name}{context.counted}"
        elif context.counted and re.fullmatch(rf"(?:累计|共|再)(?:{words.DEED.pattern})", name):
            name = f"{name}{context.counted}"
        elif context.counted and words.EXTENT.fullmatch(name):
            name = f"{context.counted}{name}"
        elif context.deed and not piece.comparator:
            name = f"{context.deed}{name}"
        elif context.counted and piece.before.startswith("其中"):
            name = f"{context.deed}{context.counted}中{name}"
        if (deed and deed.start() == 0 and len(name) <= 4) or len(name) <= 2:
            name = with_topic(name, context, always=True)
        if re.match(r"每(?!年)|人均", piece.bridge):
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
    subject = subject_of(clause[: found.start()].rstrip('“"'))
    subjects = [subject]
    if found["many"]:
        subjects = [part for part in words.AND.split(subject) if part] or [subject]
    names = [f"{s}{what}数" for s in subjects for what in re.findall(r"零(\w\w)", found["zeros"])]
    printed = folded.printed(start, end).strip()
    return [TargetValue(as_printed(name), "=", Decimal(0), "", printed) for name in names]


def _target(
    folded: Folded, piece: Piece, name: str, op: str, quantity: Quantity, end: int
) -> TargetValue:
    """A target with its words as printed."""
    printed = folded.printed(piece.start, end)
    unit = as_printed(quantity.unit or piece.quantities[-1].unit)
    return TargetValue(as_printed(name), op, quantity.value, unit, printed)
