"""Answers on what has been done: which rows are closed, which are not, and whether one is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from config.clock import end_of_day
from config.database import reading
from corpus.naming import short
from corpus.progress import Progress
from corpus.values import Role
from rag import phrasing
from rag.evidence import Ranker
from rag.facts import WHOLE, fact_rows, supported
from rag.filters import falls_in, filtered, with_number
from rag.query import Intent, Query
from rag.question import Answer
from rag.retrieve import Hit

Standing = Callable[[Query], tuple[Progress, datetime]]  # see `progress_of`


def by_state(query: Query, standing: Standing) -> Answer | None:
    """All rows that are done, or all that are not, of a unit, a plan, a span of days; None where no row is meant."""
    # the span says when rows fall due, and is no filter of its own when none of them does
    asked = replace(query, intent=Intent.STATE, span=None)
    entries = filtered(asked, whole_table=True)
    if query.span:
        entries = [row for row in entries if falls_in(row.task, query.span)]
    if not entries:
        return None
    progress, at = standing(query)
    chosen = [
        row for row in entries if progress.is_closed(row.task, at, units=query.units) is query.done
    ]
    who = _who(query)
    if query.english:
        state = "done" if query.done else "not done"
        head = (
            f"{len(chosen)} of {phrasing.rows_en(len(entries))} on record as {state}"
            f"{f', {who}' if who else ''}{':' if chosen else '.'}"
        )
    else:
        state = "已办结" if query.done else "还没有办结"
        when = f"{query.span_text}到期、" if query.span else ""
        head = (
            f"{who}{when}{state}的任务共{len(chosen)}项（全部{len(entries)}项，以办结的记录为准）："
        )
        if not chosen:
            head = f"{who}没有{when}{state}的任务（全部{len(entries)}项，以办结的记录为准）。"
    rows = [head, *phrasing.list_rows(chosen, english=query.english)]
    rows += [
        phrasing.source_row(chosen or entries, query.english),
        *phrasing.over_row(query.views, query.today, query.english),
    ]
    return Answer(tuple(rows), True, phrasing.cite_all(chosen))


def of_row(query: Query, hits: Sequence[Hit], standing: Standing) -> Answer | None:
    """Whether the row that is meant is done; None when no row holds what is asked about."""
    if entries := with_number(query, "，".join(query.subject)):
        progress, at = standing(query)
        rows = []
        for n, entry in enumerate(entries, 1):
            closed = progress.is_closed(entry.task, at, units=query.units)
            line = phrasing.row_line(n, entry, short(entry.task.text, WHOLE))
            rows += [f"{'已经办结' if closed else '还没有办结'}（以办结的记录为准）：", line]
        rows.append(phrasing.source_row(entries))
        return Answer(tuple(rows), True, phrasing.cite_all(entries))
    ranked = Ranker(query, hits).rank()
    found = [f for f in supported(replace(query, asks_number=False), ranked) if f.entry.task]
    if not found:
        return None
    best = found[0]
    assert best.entry.task is not None
    progress, at = standing(query)
    closed = progress.is_closed(best.entry.task, at, units=query.units)
    if query.english:
        head = "Yes, it is on record as done." if closed else "No, it is not on record as done."
    else:
        head = f"{'是的，已经办结' if closed else '还没有办结'}（以办结的记录为准）。"
    return Answer((head, *fact_rows(query, best)), True, (best.entry.cite(),))


def progress_of(query: Query, engine: Engine, timezone: str) -> tuple[Progress, datetime]:
    """What was said of the tasks in scope, and the end of the local day, up to which it counts."""
    with reading(engine) as session:
        progress = Progress(session, plan_ids=[view.version.plan_id for view in query.views])
    return progress, end_of_day(query.today, timezone)


def _who(query: Query) -> str:
    names = (", " if query.english else "、").join(query.units)
    leads = names and not query.english and query.roles == {Role.LEAD}
    return f"{names}牵头的、" if leads else names
