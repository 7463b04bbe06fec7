"""Answers read off the ledger: lists, counts, and what is due; always complete, always counted."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from corpus.models import Timing
from corpus.phrases import describe_span
from corpus.values import IndicatorKind, Role, TimingKind
from rag import headings, phrasing
from rag.filters import (
    concerns,
    falls,
    falls_in,
    filtered,
    numbered,
    passes,
    with_number,
)
from rag.patterns import LATE
from rag.query import Intent, Query
from rag.question import Answer
from rag.shares import share_words
from rag.states import Standing
from rag.views import Row
from rag.words import normal


def listed(query: Query) -> Answer | None:
    """Every row that the question's filters let through; None where no filter fits."""
    if query.sections or (query.parts & {"box"} and not query.units):
        answer = headings.counted(query)
        if answer is not None:
            return answer
    entries = filtered(query)
    if not entries:
        return _none_of(query)
    who = _who(query)
    head = f"{_within(query, entries, who)}共{len(entries)}项："
    if query.english:
        head = f"{phrasing.rows_en(len(entries))}{f' for {who}' if who else ''}:"
    rows = [head, *phrasing.list_rows(entries, english=query.english)]
    rows += [
        phrasing.source_row(entries, query.english),
        *phrasing.over_row(query.views, query.today, query.english),
    ]
    return Answer(tuple(rows), True, phrasing.cite_all(entries))


def numbered_rows(query: Query) -> Answer | None:
    """The rows with the number that is asked for, 第8项, where nothing else is asked about."""
    entries = with_number(query, query.text)
    if not entries and query.earlier and not (query.subject or query.quoted):
        entries = with_number(query, query.earlier[0])  # 第8项谁牵头，什么时候完成呢
    if not entries:
        return None
    english = query.english
    rows = [*phrasing.list_rows(entries, english=english), phrasing.source_row(entries, english)]
    units = any(row.task.responsibilities for row in entries)
    if query.asks_who and not units:
        return Answer((phrasing.no_unit(english), *rows), False, phrasing.cite_all(entries))
    return Answer(tuple(rows), True, phrasing.cite_all(entries))


def counted(query: Query) -> Answer | None:
    """How many rows, by unit where several are named; with the rows as proof."""
    if query.sections:
        answer = headings.counted(query)
        if answer is not None:
            return answer
    if len(query.units) > 1 and query.compares:
        return _counted_by_unit(query)
    entries = filtered(query, whole_table=True)
    if not entries:
        return _none_of(query)
    who = _within(query, entries, _who(query))
    rows = [f"{who}共{len(numbered(entries))}项{_kinds(entries)}。"]
    extra = len(entries) - len(numbered(entries))
    said = _with_these_words(query, entries)
    if query.span and 0 < len(said) < len(entries):
        others = "、".join(e.passage.ref for e in entries if e not in said)
        others = f"另有{len(entries) - len(said)}项也在此期间到期（{others}）"
        whose = _joined(_who(query), f"时限写明“{query.span_text}”的")
        rows = [f"{whose}共{len(said)}项；{others}。"]
    elif extra and query.span:  # each row has its own day
        rows = [f"{who}共{len(entries)}项（其中续行{extra}条）。"]
    elif extra:
        rows[0] = rows[0].rstrip("。") + f"（按序号计；另有续行{extra}条）。"
    if query.english:
        rows = [f"{len(numbered(entries))} in all."]
    if len(entries) <= 20:
        rows += [
            f"{n}. {row.passage.ref} {row.task.title or row.task.text[:60]}"
            for n, row in enumerate(entries, 1)
        ]
    else:
        first, last = entries[0], entries[-1]
        rows.append(
            f"从{first.passage.ref}“{first.task.title or first.task.text[:24]}”到{last.passage.ref}“{last.task.title or last.task.text[:24]}”。"
        )
    rows.append(phrasing.source_row(entries, query.english))
    return Answer(tuple(rows), True, phrasing.cite_all(entries))


def _with_these_words(query: Query, entries: Sequence[Row]) -> list[Row]:
    """The rows whose time cell says it in the words of the question: 2020年底前."""
    words = normal(query.span_text)
    return [row for row in entries if words and words in normal(row.task.timing_text)]


def due(query: Query, standing: Standing) -> Answer:
    """What falls due in a span of time; that nothing does is an answer too."""
    start, end = query.span or (None, None)
    late = bool(LATE.search(query.text)) and query.span is None
    if late:
        end = query.today - timedelta(days=1)
    progress, at = standing(query) if late else (None, None)
    entries: list[Row] = []
    chosen: dict[int, list[Timing]] = {}
    for row in query.rows:
        task = row.task
        if not passes(query, task):
            continue
        timings = [
            t
            for t in task.timings
            if falls(t, start, end)
            and not (progress and at and progress.is_closed(task, at, timing=t, units=query.units))
        ]
        if timings:
            entries.append(row)
            chosen[task.id or 0] = timings
    span = _span_words(query, start, end, late)
    count = sum(map(len, chosen.values()))
    who = _who(query)
    if not entries:
        when, such = (_as_of(query), "已过期限的") if late else (span, "到期的")
        text = f"{when}，{who}任务中没有{such}。" if who else f"{when}没有{such}任务。"
        if query.english:
            text = f"Nothing falls due in {span}."
        return Answer((text, *_next_due(query, end)), True, ())
    head = (
        f"{span}{'的' if late else '到期的'}{who}任务共{len(entries)}项"
        + (f"、{count}处时限" if count > len(entries) else "")
        + "："
    )
    if query.english:
        falls_due = "falls" if len(entries) == 1 else "fall"
        head = f"{phrasing.rows_en(len(entries))} {falls_due} due, {span}:"
        if late:
            head = f"{phrasing.rows_en(len(entries))} overdue as of {query.today.isoformat()}:"
    rows = [head, *phrasing.list_rows(entries, timings=chosen, english=query.english)]
    rows += [
        phrasing.source_row(entries, query.english),
        *phrasing.over_row(query.views, query.today, query.english),
    ]
    return Answer(tuple(rows), True, phrasing.cite_all(entries))


def _none_of(query: Query) -> Answer | None:
    """That a unit of the plan has no such row."""
    if query.leads_together and not query.english:
        return Answer((f"未找到：没有由{query.leads_together}个单位共同牵头的任务。",), False)
    if not query.shares and not (query.units and (query.roles or query.parts)):
        return None
    if query.english:
        return Answer((f"Not found: no such row for {', '.join(query.units)}.",), False)
    span = _until(query) if query.span else ""
    return Answer((f"未找到：没有{span}{_who(query)}。",), False)


def _kinds(entries: Sequence[Row]) -> str:
    kinds = [row.task.indicator_kind for row in entries]
    binding, anticipatory = map(kinds.count, (IndicatorKind.BINDING, IndicatorKind.ANTICIPATORY))
    if not binding or not anticipatory:
        return ""
    return f"，其中约束性{binding}项、预期性{anticipatory}项"


def _counted_by_unit(query: Query) -> Answer | None:
    rows: list[str] = []
    cited: list[Row] = []
    counts: list[int] = []
    for unit in query.units:
        found = [row for row in query.rows if concerns(row.task, [unit], query.roles)]
        names = "、".join(e.passage.ref for e in found[:30]) + ("等" if len(found) > 30 else "")
        rows.append(f"{unit}：{len(found)}项" + (f"（{names}）" if found else ""))
        counts.append(len(found))
        cited += found
    if not cited:
        return None
    if len(set(counts)) > 1:
        most = [u for u, n in zip(query.units, counts, strict=True) if n == max(counts)]
        rows.append(f"{'、'.join(most)}{'最' if len(counts) > 2 else '更'}多。")
    return Answer((*rows, phrasing.source_row(cited)), True, phrasing.cite_all(cited))


# ---- time


def _span_words(query: Query, start: date | None, end: date | None, late: bool) -> str:
    if query.english:
        return f"{start or '…'} to {end or '…'}"
    if late:
        return f"{_as_of(query)}已过期限"
    words = describe_span(start, end) if start or end else ""
    said = query.span_text
    return f"{said}（{words}）" if said and words and said != words else words


def _as_of(query: Query) -> str:
    return f"截至{phrasing.chinese_day(query.today)}"


def _until(query: Query) -> str:
    return f"{query.span_text.strip('的')}到期的"


def _within(query: Query, entries: Sequence[Row], who: str) -> str:
    """Whose rows are told, and by when, where the span is what chose them: 市教育局的任务，6月底前到期的."""
    if query.span and all(falls_in(row.task, query.span) for row in entries):
        return _joined(who, _until(query))
    return who


def _joined(*words: str) -> str:
    return "，".join(filter(None, words))


def _who(query: Query) -> str:
    """Whose rows are told, with what figures: 市教育局牵头的任务，目标值低于100%的."""
    words = _parts_said(query)
    if query.value is None or query.english:
        return words
    value = re.sub("^(?:目标|指标)值?", "", query.value.text)
    return _joined(words, f"目标值{value}的")


def _parts_said(query: Query) -> str:
    """The units and their parts in a row."""
    if query.shares and not query.english:
        words = share_words(query.shares)
        return words if query.intent is Intent.DUE else f"{words}任务"
    names = (", " if query.english else "、").join(query.units)
    if not names:
        return ""
    if query.english:
        return names
    if len(query.roles) == 1:
        role = "".join(phrasing.ROLES[role] for role in query.roles)
    else:
        role = "牵头或负责" if query.roles else ""
    role = "单独负责" if query.roles == {Role.RESPONSIBLE} else role
    if query.intent is Intent.DUE:
        return f"{names}{role}的"
    return f"{names}{role}的{'指标' if query.parts == {'indicator'} else '任务'}"


def _next_due(query: Query, end: date | None) -> list[str]:
    """What falls due next, when nothing does in the span asked for."""
    after = [
        (t.due_on, row)
        for row in query.rows
        if passes(query, row.task)
        for t in row.task.timings
        if t.due_on and t.kind is not TimingKind.RECURRING and t.due_on > (end or query.today)
    ]  # fmt: skip
    if not after:
        return []
    day, entry = min(after, key=lambda pair: (pair[0], pair[1].passage.seq))
    name = entry.task.title or entry.task.text[:40]
    if query.english:
        return [f"Next: {day.isoformat()}, {entry.passage.ref} {name}"]
    return [f"之后最近的是{phrasing.chinese_day(day)}到期的{entry.passage.ref}“{name}”。"]
