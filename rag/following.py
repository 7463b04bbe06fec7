"""What a follow-up leaves out, filled from the questions before it."""

import re
from collections.abc import Iterable

from rag.filters import plain
from rag.patterns import FOLLOW, GENERAL, TASK_NOUN
from rag.query import Intent, Query, Share

_LISTED = re.compile(TASK_NOUN)
_WITHIN = re.compile("其中|里面|当中|这里头")


def follows(query: Query) -> bool:
    """Whether a question leans on the one before it."""
    if query.intent in (Intent.FOREIGN, Intent.GREETING):
        return False
    if FOLLOW.search(query.text):
        return True
    if query.intent is Intent.LIST and query.units and query.roles:
        return False  # 市教育局牵头哪些任务: nothing is left out
    names = query.nouns or query.quoted or query.units
    return sum(map(len, query.subject)) <= (4 if names else 8)


def _is_whole(query: Query) -> bool:
    """Whether nothing but the plan is left out: 市教育局有哪些任务, unlike 其中市教育局的有哪些."""
    is_list = query.intent is Intent.LIST and bool(query.units) and plain(query)
    return is_list and bool(_LISTED.search(query.text)) and not FOLLOW.search(query.text)


def carry(query: Query, before: Iterable[Query]) -> None:
    """Fill what the question leaves out from the questions `before` it, the latest first."""
    for earlier in before:
        if earlier.intent in (Intent.FOREIGN, Intent.GREETING):
            continue
        if len(earlier.views) < len(query.views):
            query.views = earlier.views  # 其中哪些: of the plan just spoken of
        if _is_whole(query):
            return
        if not query.earlier:
            query.earlier = [s for s in earlier.subject if s not in GENERAL] + earlier.earlier
        rows_before = earlier.intent in (Intent.LIST, Intent.DUE, Intent.COUNT)
        if not query.units and not query.shares:
            query.units, query.shares = earlier.units, earlier.shares
            if rows_before and not query.roles:
                query.roles = set(earlier.roles)  # 其中哪些今年到期: of those that it leads
        elif rows_before and earlier.units and _WITHIN.search(query.text) and not query.shares:
            both = ((earlier.units, earlier.roles), (query.units, query.roles))
            query.shares = [Share(frozenset(units), frozenset(roles)) for units, roles in both]
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
        of_kind = query.indicator_kind or (query.dates_itself and earlier.intent is Intent.DUE)
        if rows_before and of_kind and query.intent is Intent.FACT and plain(query):
            query.intent = earlier.intent  # 约束性的呢, 明年的呢: told as those before
        if query.roles and not query.subject and earlier.intent is Intent.FACT and earlier.subject:
            # 配合的是哪些: of the row just spoken of
            query.intent, query.asks_who = Intent.FACT, True
        if query.earlier or query.units:
            return
