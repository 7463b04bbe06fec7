"""Which unit, or which heading, has the most rows, or the fewest; and how many each has."""

import re
from collections.abc import Sequence
from dataclasses import replace

from corpus.values import Role
from rag import phrasing
from rag.filters import TASK_PARTS, falls_in, filtered, numbered
from rag.intents import is_year, roles_said
from rag.patterns import DUE, RANK_SECTIONS, UNITS_COUNTED
from rag.query import Intent, Query
from rag.question import Answer
from rag.shares import share_words
from rag.views import Row, VersionView

LONG = 4  # characters; 最多 and 行动 are what is ranked, not what it is about
SHOWN = 15  # units or headings that are told
_RANKS = re.compile("最|各|每|most|fewest|least", re.IGNORECASE)
_LEAST = re.compile("最少|最轻|fewest|least", re.IGNORECASE)


def units_counted(query: Query) -> Answer | None:
    """How many units have a part in the plans, in some of their rows, or a paragraph of duties."""
    asked = UNITS_COUNTED.search(query.text)
    counted = roles_said(asked[0]) if asked else set()
    among = _among(query, query.text.replace(asked[0], ",") if asked else query.text)
    rows: list[str] = []
    cited: list[Row] = []
    for view in query.views:
        entries = view.rows
        duties = [row for row in entries if row.task.part == "duty"]
        if among is not None:
            entries = _rows(among, view)
        elif duties and re.search("职责|分工", query.text):
            entries = duties
        groups = _units_with(entries, counted)
        if not groups:
            continue
        if len(query.views) > 1:
            rows.append(phrasing.name_of(view.version))
        rows.append(_count_row(query, counted, among, list(groups)))
        cited += [e for e in (entries if among else _firsts(groups)) if e not in cited]
    if not cited and among is not None and not query.english:
        return Answer((f"未找到：没有{_among_words(among)}。",), False)
    if not cited:
        return None
    rows.append(phrasing.source_row(cited, query.english))
    return Answer(tuple(rows), True, phrasing.cite_all(cited))


def _among(query: Query, beside: str) -> Query | None:
    """The query of the rows whose units are counted, 年底前到期的, 市教育局牵头的; None for all of a plan's."""
    span = None if is_year(query.span) and not DUE.search(query.text) else query.span
    if not (query.units or query.shares or span):
        return None
    roles = roles_said(beside) if query.units else set()
    return replace(query, intent=Intent.COUNT, roles=roles, span=span, subject=[])


def _rows(query: Query, view: VersionView) -> list[Row]:
    """The rows of a plan that are meant: none where none falls due in the span."""
    entries = filtered(replace(query, views=[view]))
    if query.span is None:
        return entries
    return [row for row in entries if falls_in(row.task, query.span)]


def _among_words(among: Query) -> str:
    """年底前到期的、市教育局牵头的任务"""
    words = [f"{among.span_text}到期的"] if among.span else []
    if among.shares:
        words.append(share_words(among.shares))
    elif among.units:
        role = (
            "".join(sorted(phrasing.ROLES[r] for r in among.roles))
            if len(among.roles) == 1
            else "参与"
        )
        words.append(f"{'、'.join(among.units)}{role}的")
    return f"{'、'.join(words)}任务"


def _count_row(query: Query, roles: set[Role], among: Query | None, names: list[str]) -> str:
    if query.english:
        role = f"{phrasing.ROLES_EN[next(iter(roles))]} " if len(roles) == 1 else ""
        return f"{len(names)} {role}unit{'' if len(names) == 1 else 's'}: {', '.join(names)}."
    role = phrasing.ROLES[next(iter(roles))] if len(roles) == 1 else "责任"
    count = f"{_among_words(among)}共涉及{len(names)}" if among else f"共{len(names)}"
    return f"{count}个{role.removesuffix('单位')}单位：{'、'.join(names)}。"


def _firsts(groups: dict[str, list[Row]]) -> list[Row]:
    """One row of each unit: what proves that it is there."""
    return [found[0] for found in groups.values()]


def ranked(query: Query) -> Answer | None:
    """The units by how many rows they have a part in, plan by plan; None where no plan has any."""
    rows: list[str] = []
    cited: list[Row] = []
    by_section = bool(RANK_SECTIONS.search(query.text))
    for view in query.views:
        about = [s for s in query.subject if len(s) >= LONG]
        one = replace(query, views=[view], intent=Intent.COUNT, subject=about)
        if not by_section:
            one.units, one.roles = [], set()  # they are what is ranked
            one.shares = [s for s in query.shares if not (s.absent and s.units <= _excepted(query))]
        entries = filtered(one, whole_table=True)
        groups = _by_section(entries) if by_section else _by_unit(query, entries, query.roles)
        told = query
        if not (groups or by_section) and query.roles:
            groups, told = _by_unit(query, entries, set()), replace(query, roles=set())
        if not groups and view.units:
            continue  # it has units, but none in the rows that are meant
        if len(query.views) > 1:
            rows.append(phrasing.name_of(view.version))
        if not groups:
            rows.append("It names no units." if query.english else "原文没有写明责任单位。")
            continue
        if told is not query:
            rows.append(
                "The plan names no leads; all units are counted."
                if query.english
                else "原文没有分别写明牵头和配合单位，以下按责任单位计。"
            )
        cited += _tell(told, groups, rows)
    if not cited:
        return None
    rows.append(phrasing.source_row(cited, query.english))
    return Answer(tuple(rows), True, phrasing.cite_all(cited))


def _by_section(entries: Sequence[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    tasks = [row for row in numbered(entries) if row.task.part in TASK_PARTS]
    for row in tasks or numbered(entries):
        if row.task.section:
            groups.setdefault(row.task.section, []).append(row)
    return groups


def _by_unit(query: Query, entries: Sequence[Row], roles: set[Role]) -> dict[str, list[Row]]:
    groups = _units_with(entries, roles)
    return {unit: found for unit, found in groups.items() if unit not in _excepted(query)}


def _excepted(query: Query) -> frozenset[str]:
    """The units that are not ranked: 除市公安局以外."""
    return frozenset(unit for mention in query.excepted for unit in mention.units)


def _units_with(entries: Sequence[Row], roles: set[Role]) -> dict[str, list[Row]]:
    """Unit → its rows; one that goes on under the number before it is the same row."""
    groups: dict[str, dict[tuple[str | None, int], Row]] = {}
    for entry in entries:
        task = entry.task
        for part in task.responsibilities:
            if not roles or part.role in roles:
                number = (task.no, 0) if task.no else (None, task.id or 0)
                groups.setdefault(part.unit_text, {}).setdefault(number, entry)
    return {unit: list(found.values()) for unit, found in groups.items()}


def _tell(query: Query, groups: dict[str, list[Row]], rows: list[str]) -> list[Row]:
    """Put the order into `rows`; the rows that prove the numbers told."""
    least = bool(_LEAST.search(query.text))
    order = sorted(groups, key=lambda name: len(groups[name]) * (1 if least else -1))
    best = len(groups[order[0]])
    first = [name for name in order if len(groups[name]) == best]
    role = "".join(sorted(phrasing.ROLES[r] for r in query.roles)) if len(query.roles) == 1 else ""
    if RANK_SECTIONS.search(query.text):
        role = "、".join(query.units) + role
    if not _RANKS.search(query.text):
        rows.append(f"{len(order)} units:" if query.english else f"共{len(order)}个单位：")
    elif query.english:
        names = ", ".join(first)
        rows.append(f"{'Fewest' if least else 'Most'}: {names}, {phrasing.rows_en(best)}.")
    else:
        names = "、".join(first)
        rows.append(
            f"{role}任务最{'少' if least else '多'}的是{names}，{'各' if len(first) > 1 else '共'}{best}项。"
        )
    shown = order[: SHOWN if _RANKS.search(query.text) else None]
    counts = {name: len(groups[name]) for name in shown}
    rows += [
        f"{n}. {name}: {phrasing.rows_en(counts[name])}"
        if query.english
        else f"{n}. {name}：{counts[name]}项"
        for n, name in enumerate(shown, 1)
    ]
    if len(order) > len(shown):
        rows.append(f"……共{len(order)}个" if not query.english else f"… {len(order)} in all")
    proof: dict[int | None, Row] = {}
    for name in order[:SHOWN]:  # what proves the first ones goes first
        for entry in groups[name]:
            proof.setdefault(entry.passage.id, entry)
    return list(proof.values())
