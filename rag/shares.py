"""Which units must have a part in a row, which must not: A和B共同, A牵头B配合, 不是A牵头, 只有A."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from corpus.models import Task
from corpus.values import Role
from rag.patterns import COMPARE, TASK_NOUN
from rag.query import Mention, Query, Share

_OR = re.compile(r"[、,]?或者?是?")
_JOINED = re.compile(rf"[、,和与及跟同]+|以及|还有|[又也][有要由需]?|{_OR.pattern}")
# 有没有 and 是不是 ask; they deny nothing
_NO_CHOICE = "".join(
    f"(?<!{a}(?={b}{a}))"
    for a, b in ("有没", "是不", "需不", "要不", "用不", "归不", "管不", "牵不", "参不", "配不", "负不", "承不")
)  # fmt: skip
_TOGETHER = re.compile(
    r"^[^,。;?]{0,4}(?:共同|一起|同时|联合|联手|合作|[两三四2-4]家|[两三四2-4]个(?:单位|部门))"
    r"|^(?:都|均)(?:要|得|需)?(?:参与|牵头|配合|负责|承担|涉及|有份|掺和|管)"
)
_BOTH = re.compile(r"(?:同时|既)[由有要需是]?$")
_NOT = r"(?:不是由?|并非由?|非|不由|没有?由|没有?把|未把|未将|没有?将|没有?让|没有?要求|不涉及|没有?涉及|不需要?|无需|不用|不必|没有?|不归)"
_BEFORE_NOT = re.compile(rf"{_NO_CHOICE}{_NOT}$")
_BEFORE_ALONE = re.compile(
    r"(?:只有|仅有|只由|仅由|单由|光由|只归|仅归|光归|只是|仅是|光是|只需要?|仅需|仅|光)$"
)
_BEFORE_ROLE = re.compile(
    r"(?P<role>牵头|主办|配合|协办|责任|负责|参与)(?:单位|部门)?(?:里面?|中)?(?:都|也)?"
    r"(?P<how>不是|不为|没有|不含|不包括|不包含|只有|仅有|只是|仅为|是|为|有|包括|包含|含)$"
)
_AFTER_ROLE = re.compile(
    rf"(?:{_NO_CHOICE}(?P<not>不(?:用|需要?|必)|无需|不再?是?|没有?|并?未|并非|不作为))?(?:再|作为|要|得|需|也|都|均|共同|联合|一起|同时|只)*"
    r"(?P<role>牵头|主办|配合|协办|协助|参与|参加|承担|负责|列为|列入|掺和|管)"
)
_WHICH_ROLE = re.compile("还是")
_OUTSIDE = re.compile(r"(?:的)?(?:以|之)外(?:的|其他|其它)*(?:单位|部门)?|外(?=[,的还其])")
_WHICH = re.compile(r"(?:哪|什么|啥|多少|几[项条件个])[^,;?]*(?:[,;?]|$)")
_ROWS = re.compile(rf"{TASK_NOUN}|[哪几多][些几少]?[项条]|的有?哪些$|的$")
_WHICH_UNITS = re.compile(
    r"谁|(?:哪[些个家几]+|什么|几[个家]|多少[个家]?)(?:责任|牵头|配合)?(?:单位|部门|局)"
)
_NO_LEAD = re.compile(
    r"(?:没有?|未|无|不)(?:明确|写明|标明|指定|设|定|确定)?(?:了)?牵头(?:单位|部门)?(?=的|[,、]|[?？]|$|有)"
)
_ROLES = {
    "牵头": Role.LEAD, "主办": Role.LEAD,
    "配合": Role.SUPPORT, "协办": Role.SUPPORT, "协助": Role.SUPPORT,
}  # fmt: skip


@dataclass(slots=True)
class _Group:
    """Units that are named in one breath, and the words on both sides of them."""

    mentions: list[Mention]
    before: str
    after: str
    start: int  # where what is said of them begins and ends
    end: int
    is_choice: bool = False  # A或B
    is_excepted: bool = False  # 除A外


def read_shares(query: Query, rest: str) -> str:
    """Put the parts that units must have, or must not, into `query`; the text without those words.

    What one unit does, or any of several, is said by `units` and `roles` alone.
    """
    text, no_lead = query.text, []
    found = _NO_LEAD.search(rest)
    if found and (not query.mentions or re.search("单位|部门", found[0])):  # 甲局不牵头 is 甲局's
        no_lead = [Share(frozenset(), frozenset({Role.LEAD}), absent=True)]
        rest, text = _blank(rest, *found.span()), _blank(text, *found.span())
        query.shares = no_lead
        if not query.mentions:
            return rest
    if not query.mentions and not query.excepted:
        return rest
    groups = _groups(query, text)
    for group in groups:
        if group.is_choice:
            rest = _blank(rest, group.start, group.end)
    said = [_said_of(group) for group in groups]
    if not groups or (len(groups) > 1 and all(_WHICH.search(group.after) for group in groups)):
        return rest  # nothing is said, or a question is asked about each
    shares = no_lead + [share for of_one in said for share in of_one]
    present = [s for s in shares if not s.absent and not s.alone]
    several = len(present) > 1 and (
        len(groups) == 1 or query.is_own or any(s.roles for s in present)
    )
    if (
        COMPARE.search(rest)
        or _contradict(shares)
        or not (several or any(s.absent or s.alone for s in shares))
    ):
        return rest
    if (
        query.is_own and query.mentions and shares[0].roles and not present
    ):  # 我局不牵头的, of those we have a part in
        shares = [Share(shares[0].units), *shares]
        present = shares[:1]
    main = next((s for s in present if set(query.units) & s.units), None)
    query.shares = shares
    query.units = sorted(main.units) if main else []
    query.roles = set(main.roles) if main else set()
    for group, of_one in zip(groups, said, strict=True):
        if of_one:
            rest = _blank(rest, group.start, group.end)
    return rest


def holds(share: Share, task: Task) -> bool:
    """Whether a row gives the units the part; a row of no unit at all says nothing of parts."""
    parts = [r for r in task.responsibilities if not share.roles or r.role in share.roles]
    if share.alone:
        return bool(parts) and all(r.unit_text in share.units for r in task.responsibilities)
    has = any(not share.units or r.unit_text in share.units for r in parts)
    return bool(task.responsibilities) and has is not share.absent


def _contradict(shares: Sequence[Share]) -> bool:
    """Whether a unit is to have the very part that it must not: 负责哪些、不负责哪些."""
    return any(
        a.units & b.units and (not b.roles or (a.roles and a.roles <= b.roles))
        for a in shares
        for b in shares
        if b.absent and not a.absent and not a.alone
    )


def share_words(shares: Sequence[Share]) -> str:
    """市公安局牵头、市教育局配合的"""
    if alone := next((share for share in shares if share.alone), None):
        return f"只有{'、'.join(sorted(alone.units))}的"
    same: dict[tuple[frozenset[Role], bool], list[str]] = {}
    for share in shares:
        same.setdefault((share.roles, share.absent), []).append("、".join(sorted(share.units)))
    return "、".join(_words(names, *kind) for kind, names in same.items()) + "的"


def _words(names: Sequence[str], roles: frozenset[Role], absent: bool) -> str:
    said = "、".join(names)
    role = "".join(sorted(_SAID[role] for role in roles if role in _SAID))
    if not said:
        return "未写明牵头单位"
    if absent:
        return f"不由{said}{role}" if role else f"没有{said}参与"
    return f"{said}{'共同' if len(names) > 1 else ''}{role or '参与'}"


_SAID = {Role.LEAD: "牵头", Role.SUPPORT: "配合"}


def _groups(query: Query, text: str) -> list[_Group]:
    groups: list[_Group] = []
    asks_rows = _ROWS.search(text) and not _WHICH_UNITS.search(text)
    excepted = query.excepted if asks_rows else []
    mentions = sorted([*query.mentions, *excepted], key=lambda m: m.start)
    for n, mention in enumerate(mentions):
        before_end = mentions[n - 1].end if n else 0
        between = text[before_end : mention.start]
        if groups and _JOINED.fullmatch(between):
            groups[-1].mentions.append(mention)
            groups[-1].is_choice |= bool(_OR.fullmatch(between))
        else:
            groups.append(_Group([mention], between, "", mention.start, mention.end))
    for n, group in enumerate(groups, 1):
        end = groups[n].start if n < len(groups) else len(text)
        group.end = group.mentions[-1].end
        group.after = text[group.end : end]
        outside = asks_rows and _OUTSIDE.match(group.after)
        group.is_excepted = bool(outside) or group.mentions[0] in excepted
    return groups


def _said_of(group: _Group) -> list[Share]:
    """What is said of one group: nothing where only the units are named."""
    units = [frozenset(m.units) for m in group.mentions]
    every = frozenset[str]().union(*units)
    after = re.split("[。;?]", group.after)[0]
    before = _BEFORE_ROLE.search(group.before)
    alone = _BEFORE_ALONE.search(group.before)
    if before is not None:
        role = _role(before)
        group.start -= len(before[0])
        if before["how"].startswith(("不", "没")):
            return [Share(u, role, absent=True) for u in units]
        if before["how"].startswith(("只", "仅")):
            only = [] if role else [Share(every, alone=True)]
            return [*(Share(u, role) for u in units), *only]
        return [Share(every, role)] if group.is_choice else [Share(u, role) for u in units]
    if alone is not None:
        group.start -= len(alone[0])
        group.end += _reach(after)
        return [*(Share(u) for u in units), Share(every, alone=True)]
    if group.is_excepted:
        outside = _OUTSIDE.match(after)
        reach = outside.end() if outside else 0
        done = re.match(rf"[由所]?{_AFTER_ROLE.pattern}", after[reach:])
        group.end += reach + (done.end() if done else 0)
        return [Share(u, _role(done), absent=True) for u in units]
    roles = list(_AFTER_ROLE.finditer(after[:14]))
    if denied := _BEFORE_NOT.search(group.before):
        if not roles and not re.match("[,的]|$", after):
            return []
        group.start -= len(denied[0])
        group.end += roles[0].end() if roles else 0
        role = _role(roles[0] if roles else None)
        return [Share(u, role, absent=True) for u in units]
    if _WHICH_ROLE.search(after):
        return []
    group.end += roles[-1].end() if roles else 0
    shares = [Share(u, _role(m), absent=True) for m in roles if m["not"] for u in units]
    said = {_role(m) for m in roles if not m["not"]}
    role = next(iter(said)) if len(said) == 1 else frozenset()
    together = (
        len(units) > 1
        and not group.is_choice
        and (_TOGETHER.search(after) or _BOTH.search(group.before))
    )
    if together:
        group.end = max(group.end, group.mentions[-1].end + _reach(after))
        return shares + [Share(u, role) for u in units]
    return ([Share(every, role)] if said or not shares else []) + shares


def _role(said: re.Match[str] | None) -> frozenset[Role]:
    """The role that is said; any where 负责 or 参与 is."""
    return frozenset({_ROLES[said["role"]]} if said and said["role"] in _ROLES else ())


def _reach(after: str) -> int:
    found = re.match(
        r"[^,。;?]{0,4}?(?:共同|一起|同时|联合|联手|合作|[两三四2-4]家|[两三四2-4]个(?:单位|部门))?(?:管|负责|承担|参与|牵头|配合)?",
        after,
    )
    return found.end() if found else 0


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + "," * (end - start) + text[end:]
