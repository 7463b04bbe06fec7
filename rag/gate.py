"""Lets a model's words through only where every word of them is borne out by what is quoted.

The model may leave out and join; it may not add. Each figure and day must be one of the sources,
standing beside the words that it stands beside there, so that two figures can't change places.
What can't be made sure of is a difference: the plain answer is always at hand.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.claims import Placed, Tape, alike, claims_in, flat, lay, unheard
from rag.words import pairs

_STRANGE = re.compile(
    r"[^\u3400-\u9fff〇A-Za-z0-9%‰,.:;!?()、。“”‘’\"'《》〈〉【】〔〕\[\]+\-—–~·/≥≤><=…]"
)
_CLAUSES = re.compile(r"[,;。;!?:()\n]|——")
# what turns a sentence round, weakens it or opens it
_TURNS = re.compile(
    r"严禁|禁止|原则上|尽可能|鼓励|争取|力争|基本|逐步|以外|歧义|[不未无没非勿免停除可宜拟暂或约]"
    r"|以[上下内]|左右|超过|[低高大小少多]于"
)
_EDGE = r"[^\u3400-\u9fff]|会同|应当|需要|[由和与及为是请让向的至归]"
# how the names of offices end
_BODY = (
    r"局|委员会|委(?![托派员])|办公室|(?<![举承主协督查开])办(?![理公事法学案好实证])|厅|署"
    r"|(?<![全内外干])部(?![署分])|政府|街道|乡(?![镇村土])|镇|公司|集团|中心|法院|检察院|银行|[大中支总]队"
    r"|协会|学会|联合会|总会|小组|指挥部|党校|学校|医院|大学|学院|研究院|研究所|监管所|工作站"
)
_LONGER = re.compile(rf"[\u3400-\u9fff]{{0,8}}?(?:{_BODY})(?:$|{_EDGE})")
_DOES = {
    "牵头": "牵头", "主办": "牵头", "配合": "配合", "协办": "配合", "协助": "配合",
    "责任单位": "负责", "责任部门": "负责", "负责": "负责", "承担": "负责",
}  # fmt: skip
_ROLE = re.compile("|".join(_DOES))
_ROLE_LINE = re.compile(r"(?:(?:牵头|配合|责任单位|负责):[^;:]+(?:;|$))+")
BESIDE = 2  # words that a figure must keep of those beside it
ENOUGH = 4  # characters beside units that make a clause a stretch of the source
MOST_HELD = 0.8  # share of a line's words that a text must have to stand for it


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in a text that its sources don't bear out. `words` is never logged."""

    kind: str  # "empty", "sign", "figure", "day", "unit", "role", "turn" or "word"
    words: str


def check(text: str, sources: Sequence[str]) -> list[Difference]:
    """Every difference between a text and the lines and quotes it was made from; [] lets it pass."""
    said = flat(text)
    if not re.search(r"[\u3400-\u9fff]", said):
        return [Difference("empty", said)]
    given = [flat(source) for source in sources]
    tape, laid = lay(text), [lay(source) for source in sources]
    found = [Difference("sign", m[0]) for m in _STRANGE.finditer(said)]
    found += [
        Difference("day" if one.claim.unit == "day" else "figure", one.claim.said)
        for one in tape.claims
        if not _borne_out(one, tape, laid)
    ]
    known = set[str]().union(*map(_offices, given))
    found += [Difference("unit", name) for name in sorted(_offices(said) - known)]
    found += [Difference("unit", name) for name in sorted(known) if _is_cut(name, said, given)]
    found += _misplaced(said, given)
    found += [Difference("turn", clause) for clause in _turned(said, given)]
    word = unheard(tape, laid)
    return [*found, Difference("word", word)] if word else found


def covers(text: str, line: str) -> bool:
    """Whether a text says all that a line says, so that the line need not stand beside it."""
    whole, part = flat(text), flat(line)
    if {one.claim for one in lay(line).claims} - {one.claim for one in lay(text).claims}:
        return False
    turns, kept = _turns(part), _turns(whole)
    if any(kept.count(turn) < turns.count(turn) for turn in turns):
        return False
    if _ROLE_LINE.fullmatch(part):
        return all(name in whole for name in _roles_of([part]))
    wanted = pairs(part)
    return len(wanted & pairs(whole)) >= MOST_HELD * len(wanted)


# ---- figures and days


def _borne_out(one: Placed, tape: Tape, laid: Sequence[Tape]) -> bool:
    """Whether the words around a claim point to it, and to no other claim of its kind as well."""
    best = rival = stranger = -1
    for source in laid:
        for other in source.claims:
            near = alike(tape, one.at, source, other.at)
            if other.claim == one.claim:
                best = max(best, near)
            elif other.is_gloss or one.is_gloss:
                continue  # the same day in other words
            elif other.claim.unit == one.claim.unit:
                rival = max(rival, near)
            elif "day" not in (other.claim.unit, one.claim.unit):
                stranger = max(stranger, near)
    # a figure alone could be of anything
    enough = 0 if one.claim.unit == "day" else BESIDE
    return best >= enough and best > rival and best >= stranger


# ---- units and what they do


def _offices(text: str) -> set[str]:
    """The words that end as the names of offices do, each back to the nearest edge."""
    text = _ROLE.sub("□", text)
    names = set()
    for found in re.finditer(_BODY, text):
        if _LONGER.match(text, found.end()):
            continue  # a part of a longer name
        edges = [m.end() for m in re.finditer(_EDGE, text[: found.start()])]
        names.add(text[edges[-1] if edges else 0 : found.end()])
    return names


def _is_cut(name: str, said: str, given: Sequence[str]) -> bool:
    """Whether a text breaks a name off where no source does: 市民政 of 市民政局."""
    stem = re.sub(rf"(?:{_BODY})$", "", name)
    broken = re.compile(f"{re.escape(stem)}(?!{re.escape(name.removeprefix(stem))})")
    return len(stem) > 2 and bool(broken.search(said)) and not any(map(broken.search, given))


def _roles_of(given: Sequence[str]) -> dict[str, set[str]]:
    """What each unit does, by the lines that say nothing else: 牵头：甲局；配合：乙局、丙局."""
    held: dict[str, set[str]] = {}
    for line in given:
        for group in line.split(";") if _ROLE_LINE.fullmatch(line) else ():
            role, _, names = group.partition(":")
            for name in (name for name in names.split("、") if len(name) > 1):
                held.setdefault(name, set()).add(_DOES[role])
                if _DOES[role] == "牵头":
                    held[name].add("负责")
    return held


def _misplaced(said: str, given: Sequence[str]) -> list[Difference]:
    """Units that the text gives another role, and roles that can't be checked."""
    held = _roles_of(given)
    longest = "|".join(map(re.escape, sorted(held, key=len, reverse=True))) or r"(?!)"
    wrong = []
    done: set[str] = set()
    role = ""
    for clause in re.split(r"[,;。!?]", said):
        units = list(re.finditer(longest, clause))
        words = list(_ROLE.finditer(clause))
        spoken = len(clause) - sum(len(unit[0]) for unit in units)
        printed = re.compile(
            re.escape(clause.strip("由应").replace(":", "")) + r"(?![\u3400-\u9fff])"
        )
        if spoken >= ENOUGH and any(printed.search(source.replace(":", "")) for source in given):
            continue
        if not units:
            if words:
                wrong.append(Difference("role", clause))  # whose role can't be told
            continue
        # 牵头单位是甲局 or 甲局牵头; a clause without a role goes on with the one before it
        leads = bool(words) and words[0].start() < units[0].start()
        for unit in units:
            before = [w[0] for w in words if w.end() <= unit.start()]
            after = [w[0] for w in words if w.start() >= unit.end()]
            if words:
                role = (before[-1:] if leads else after[:1] or [""])[0]
            done.add(_DOES.get(role, ""))
            if not role or _DOES[role] not in held[unit[0]]:
                wrong.append(Difference("role", f"{unit[0]}{role}"))
    # who does a thing is told in full or not at all
    left = [unit for unit, roles in held.items() if roles & done and unit not in said]
    return wrong + [Difference("role", unit) for unit in left]


# ---- negation, permission, exception


def _turned(said: str, given: Sequence[str]) -> list[str]:
    """The clauses that turn where the clause nearest to them doesn't, or the reverse."""
    clauses = [(_turns(c), pairs(c)) for source in given for c in _CLAUSES.split(source) if c]
    wrong = []
    for clause in filter(None, _CLAUSES.split(said)):
        held = pairs(clause)
        most = max((len(held & there) for _, there in clauses), default=0)
        nearest = [turns for turns, there in clauses if len(held & there) == most]
        if _turns(clause) not in nearest and (most or _turns(clause)):
            wrong.append(clause)
    return wrong


def _turns(clause: str) -> list[str]:
    for start, end, _ in reversed(claims_in(clause)):
        clause = f"{clause[:start]}□{clause[end:]}"  # its comparator is the claim's
    return sorted(_TURNS.findall(clause))
