"""What a follow-up leaves out, filled from the questions before it."""

from collections.abc import Iterable

from rag.patterns import FOLLOW, GENERAL
from rag.query import Intent, Query


def follows(query: Query) -> bool:
    """Whether a question leans on the one before it."""
    if query.intent in (Intent.FOREIGN, Intent.GREETING):
        return False
    if FOLLOW.search(query.text):
        return True
    if query.intent is Intent.LIST and query.units and query.roles:
        return False  # 市教育局牵头哪些任务: nothing is left out
    return sum(map(len, query.subject)) <= 4


def carry(query: Query, before: Iterable[Query]) -> None:
    """Fill what the question leaves out from the questions `before` it, the latest first."""
    for earlier in before:
        if earlier.intent in (Intent.FOREIGN, Intent.GREETING):
            continue
        if not query.earlier:
            query.earlier = [s for s in earlier.subject if s not in GENERAL]
        if len(earlier.views) < len(query.views):
            query.views = earlier.views  # 其中哪些: of the plan just spoken of
        if not query.units and not query.shares:
            query.units, query.shares = earlier.units, earlier.shares
        if (
            query.span is None
            and query.intent in (Intent.LIST, Intent.DUE, Intent.FACT)
            and earlier.span
        ):
            query.span, query.span_text = earlier.span, earlier.span_text
        if (
            not any((query.asks_number, query.asks_who, query.asks_when))
            and query.intent is Intent.FACT
        ):
            query.asks_number, query.asks_who, query.asks_when = (
                earlier.asks_number,
                earlier.asks_who,
                earlier.asks_when,
            )
        query.parts = query.parts or earlier.parts
        listed = earlier.intent in (Intent.DUE, Intent.LIST) and query.intent is not Intent.STATE
        if listed and query.units and all(s in GENERAL for s in query.subject):
            query.intent, query.earlier = Intent.LIST, []  # of the rows just listed, one unit's
        if query.roles and not query.subject and earlier.intent is Intent.FACT and earlier.subject:
            # 配合的是哪些: of the row just spoken of
            query.intent, query.asks_who = Intent.FACT, True
        if query.earlier or query.units:
            return
