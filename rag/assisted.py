"""What a model may do with a question and an answer: say the same in other words, or nothing."""

from dataclasses import replace

import structlog

from rag import gate
from rag.beginnings import Beginnings, Show
from rag.claims import claims_in, flat
from rag.evidence import asked_measure
from rag.llm import Model
from rag.query import Intent, Query
from rag.question import Answer, Question

log = structlog.get_logger()

SOURCE, PRINTED = "出处：", "原表："  # lines that stay as they are


def worded(
    model: Model, query: Query, answer: Answer, by: float, show: Show | None = None
) -> Answer:
    """The answer, its first row said more readably; as it is where the model is late, wrong or not wanted.

    A list, a count or a comparison is never touched. Lines that the new words don't wholly hold
    stay below them, and so do all sources. `show` is for whoever wants to read along.
    """
    if query.intent is not Intent.FACT or query.english or query.compares or not answer.answerable:
        return answer
    first, *others = answer.rows
    lines = first.split("\n")
    said = [line for line in lines if not line.startswith((SOURCE, PRINTED))]
    if not answer.citations or len(said) == len(lines):
        return answer
    passage = answer.citations[0].passage_id
    sources = [*said, *(c.quote for c in answer.citations if c.passage_id == passage)]
    heard = Beginnings(sources, show).heard if show else None
    text = model.phrase(query.original, sources, by, heard)
    if text is None:
        return answer
    differences = gate.check(text, sources)
    if differences:
        log.warning("llm.refused", differences=sorted({one.kind for one in differences}))
        return answer
    kept = [line for line in lines if line not in said or not gate.covers(text, line)]
    return replace(answer, rows=("\n".join([text, *kept]), *others))


def rewritten(model: Model, query: Query, question: Question, by: float) -> Question | None:
    """The question in the words of plans, for one that found nothing."""
    if query.english:
        return None
    titles = [view.version.title for view in query.views]
    units = set[str]().union(*(view.units for view in query.views))
    text = model.rewrite(question.text, [*titles, *sorted(units)], by)
    return replace(question, text=text, history=()) if text else None


def asks_the_same(query: Query, other: Query) -> bool:
    """Whether a rewritten question keeps what was understood of the first: units, days, figures, measure."""
    if other.intent in (Intent.GREETING, Intent.FOREIGN) or other.needs_unit or other.unknown_units:
        return False
    if query.units and set(query.units) != set(other.units):
        return False
    if (query.dates_itself or other.dates_itself) and query.span != other.span:
        return False
    if not _figures(other.original) <= _figures(query.original):
        return False
    measure = asked_measure(query)
    if measure is not None and measure not in other.original:
        return False
    asked = (
        (query.asks_number, other.asks_number),
        (query.asks_who, other.asks_who),
        (query.asks_when, other.asks_when),
    )
    return all(still for before, still in asked if before)


def understood(question: Question, answer: Answer) -> Answer:
    """The answer to a rewritten question, with how it was understood."""
    return replace(answer, rows=(f"（按“{question.text}”理解）", *answer.rows))


def _figures(text: str) -> set[str]:
    return {claim.said for _, _, claim in claims_in(flat(text)) if claim.unit != "day"}
