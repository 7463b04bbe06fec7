"""A question that fits several places or plans: all readings are answered, and each can be chosen alone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from corpus.directory import is_collective
from corpus.models import PlanVersion
from rag.filters import concerns
from rag.query import Intent, Query
from rag.question import Answer, Question

OFFERED = 6  # choices: more buttons than that are no help


def with_choices(query: Query, question: Question, answer: Answer) -> Answer:
    """The answer, and a way to narrow it where its rows are of plans that were not meant together."""
    if answer.choices or query.compares or question.version_id is not None or not answer.answerable:
        return answer
    cited = {citation.plan_id for citation in answer.citations}
    versions = [view.version for view in query.views if view.version.plan_id in cited]
    if len(versions) < 2:
        return answer
    if query.intent in (Intent.LIST, Intent.COUNT, Intent.DUE) and query.units:
        return answer if query.is_own else _by_place(query, answer)
    if query.intent in (Intent.FACT, Intent.NEXT) or (not query.units and _is_numbered(answer)):
        return by_plan(query, answer, versions)
    return answer


def by_plan(query: Query, answer: Answer, versions: Iterable[PlanVersion]) -> Answer:
    """The answer, and a choice of the plans that say something like it."""
    titles = list(dict.fromkeys(version.title for version in versions))
    if len(titles) < 2:
        return answer
    offered = tuple((title, f"《{title}》中，{query.original}") for title in titles[:OFFERED])
    names = "、".join(f"《{title}》" for title in titles[:OFFERED])
    words = (
        f"({len(titles)} plans say something like it. Name the one that you mean.)"
        if query.english
        else f"（有{len(titles)}份方案写到，要问的是哪一份？{names}{'等' if len(titles) > OFFERED else ''}）"
    )
    return replace(answer, rows=(*answer.rows, words), choices=offered)


def _by_place(query: Query, answer: Answer) -> Answer:
    """A unit of one name in several places: 市教育局 of two cities."""
    places = _places(query)
    if len(places) < 2:
        return answer
    offered = tuple((place, f"{place}，{query.original}") for place in places[:OFFERED])
    units, names = "、".join(query.units), "、".join(places[:OFFERED])
    words = (
        f"({len(places)} places have such a unit: {names}. Name the one that you mean.)"
        if query.english
        else f"（{len(places)}个地方都有“{units}”，要问的是哪里？{names}{'等' if len(places) > OFFERED else ''}）"
    )
    return replace(answer, rows=(*answer.rows, words), choices=offered)


def _places(query: Query) -> Sequence[str]:
    """The places whose plans have rows of the units that are named."""
    units = [unit for unit in query.units if not is_collective(unit)]
    return list(
        dict.fromkeys(
            view.version.jurisdiction
            for view in query.views
            if view.version.jurisdiction
            and any(concerns(task, units, query.roles) for task in view.tasks)
        )
    )


def _is_numbered(answer: Answer) -> bool:
    refs = {citation.ref for citation in answer.citations}
    return len(refs) == 1
