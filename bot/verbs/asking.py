"""Questions in the terminal: one, a file of them, and how a phrase about time is read."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from time import perf_counter
from typing import Any

from dateutil.rrule import rrulestr

from bot import report_questions
from bot.core import Core
from bot.verbs import as_json
from config.clock import read_day
from config.database import reading
from config.errors import UserError
from corpus import ledger
from rag.question import Answer, Question

_KINDS = {
    "deadline": "截止", "period": "时段", "recurring": "长期或定期", "as_directed": "按部署或随事件",
}  # fmt: skip
_MARKS = {"ambiguous": "有歧义", "hedged": "争取"}


def ask(
    core: Core, *, text: str, unit: str | None = None, plan: str | None = None,
    at: str | None = None, history: tuple[str, ...] = (), json: bool = False,
) -> Iterator[str]:  # fmt: skip
    """One question."""
    if not text.strip():
        raise UserError("请写下要问的内容。")
    scope = _scope(core, plan)
    if unit:
        _known_unit(core, unit)
    today = core.now(at).date()
    if report_questions.asks(text):
        answer = _who_reported(core, text, today, scope, unit)
    else:
        answer = core.answer(
            Question(text=text, today=today, plan_ids=scope, unit=unit, history=tuple(history))
        )
    if json:
        yield as_json(_answer(answer))
        return
    yield from answer.rows
    yield from source_lines(answer)


def batch(core: Core, *, lines: list[str]) -> Iterator[str]:
    """A JSON line for each question; waits for the vectors first, so that a score is repeatable."""
    questions = [_read(core, n, line) for n, line in enumerate(lines, 1) if line.strip()]
    core.wait_for_vectors()
    for item in questions:
        started = perf_counter()
        answer = core.answer(
            Question(
                text=item["q"], today=item["day"], unit=item.get("as_unit"),
                plan_ids=item["scope"], history=tuple(item.get("history") or ()),
            )
        )  # fmt: skip
        ms = round((perf_counter() - started) * 1000, 1)
        yield as_json({"id": item.get("id"), **_answer(answer), "ms": ms})


def dates(
    core: Core, *, texts: list[str], lines: list[str], at: str | None = None, json: bool = False
) -> Iterator[str]:
    """How phrases about time are read."""
    from corpus.phrases import read_phrase

    today = core.now(at).date()
    asked: list[tuple[Any, str, date]] = [(None, text, today) for text in texts]
    for n, line in enumerate(lines, 1):
        if line.strip():
            item = _json_object(n, line)
            if "text" not in item:
                raise UserError(f'第{n}行缺少 text。每行应为 {{"id", "text", "reference_date"}}。')
            day = str(item.get("reference_date") or today.isoformat())[:10]
            asked.append((item.get("id"), str(item["text"]), read_day(day)))
    found = [read_phrase(text, day).to_json(id) for id, text, day in asked]
    if json and not lines:
        yield as_json(found)
        return
    for reading_ in found:  # of phrases given one by one, all asked on the same day
        yield as_json(reading_) if json or lines else _date_line(reading_, today)


def _date_line(found: dict[str, Any], today: date) -> str:
    if found["kind"] is None:
        return f"{found['text']}：读不出日期"
    start, end = found["start"], found["end"]
    if start and end:
        span = start if start == end else f"{start} 至 {end}"
    else:
        span = f"{start} 起" if start else f"不晚于 {end}" if end else "没有具体日期"
    marks = [_KINDS[found["kind"]], *(word for name, word in _MARKS.items() if found[name])]
    if found["rule"]:
        days = islice(rrulestr(found["rule"], dtstart=datetime.combine(today, time())), 3)
        span = f"接下来是 {'、'.join(f'{day:%Y-%m-%d}' for day in days)}，规则 {found['rule']}"
    return f"{found['text']}：{span}（{'，'.join(marks)}）"


def _who_reported(
    core: Core, text: str, today: date, scope: tuple[str, ...] | None, unit: str | None
) -> Answer:
    """As in a chat: from the reports that came, not from what plans say of reporting."""
    with reading(core.engine) as session:
        own = report_questions.units_called(session, unit) if unit else []
        found = report_questions.look_up(session, core, text, today, plan_ids=scope, own=own)
    return Answer(found.rows, True)


def _known_unit(core: Core, unit: str) -> None:
    """Raises UserError for a unit that no plan names, in whatever way."""
    with reading(core.engine) as session:
        known = report_questions.units_called(session, unit)
    if not known:
        raise UserError(f"方案里没有“{unit}”这个单位。单位名录见 duban units list。")


def _scope(core: Core, plan: str | None) -> tuple[str, ...] | None:
    if plan in (None, "*"):
        return None
    assert plan is not None
    with reading(core.engine) as session:
        ledger.known_plan(session, plan)
    return (plan,)


def _json_object(n: int, line: str) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except ValueError as error:
        raise UserError(f"第{n}行不是 JSON：{error}。") from None
    if not isinstance(item, dict):
        raise UserError(f"第{n}行应为一个 JSON 对象。")
    return item


def _read(core: Core, n: int, line: str) -> dict[str, Any]:
    item = _json_object(n, line)
    if not isinstance(item.get("q"), str) or not isinstance(item.get("asked_on"), str):
        raise UserError(f"第{n}行缺少 q 或 asked_on。")
    try:
        return {**item, "day": read_day(item["asked_on"]), "scope": _scope(core, item.get("plan"))}
    except UserError as error:
        raise UserError(f"第{n}行：{error}") from None


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "answer": answer.text,
        "answerable": answer.answerable,
        "citations": [
            {"plan": c.plan_id, "ref": c.ref, "quote": c.quote} for c in answer.citations
        ],
    }


def source_lines(answer: Answer) -> Iterator[str]:
    """The quotes under an answer, for a terminal."""
    for n, citation in enumerate(answer.citations[:8], 1):
        number = f"（{citation.doc_number}）" if citation.doc_number else ""
        yield f"  [{n}] 《{citation.plan_title}》{number}{citation.ref}：{citation.quote[:120]}"
    if len(answer.citations) > 8:
        yield f"  …共{len(answer.citations)}处出处"
