"""Question → cited answer, or 未找到 with what is on file."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Engine

from config.settings import Settings
from corpus.phrases import impossible_day
from rag import assisted, facts, headings, overviews, phrasing, registers, states, tallies
from rag.beginnings import Show
from rag.choices import with_choices
from rag.evidence import Ranker
from rag.filters import plain
from rag.llm import Model
from rag.patterns import LISTING
from rag.query import Intent, Query
from rag.question import Answer, Question
from rag.retrieve import Hit, Retriever
from rag.scope import Scope
from rag.understand import understand
from rag.views import Versions, VersionView, Views, days_put_off

FOUND_AT_MOST = 24  # passages that retrieval hands to the ranker
# where a message goes on to another question
ANOTHER = re.compile(r"[?？]|[，,](?=.{0,12}(?:多少|几(?!乎)|哪些|哪几))")
LONGEST = 300  # characters of a question that are searched for


class Answerer:
    """Answers from the ledger where it can, from passages where it must, and else says so."""

    def __init__(
        self,
        engine: Engine,
        retriever: Retriever,
        settings: Settings,
        model: Model | None = None,
    ) -> None:
        self._engine, self._retriever, self._settings = engine, retriever, settings
        self._model = model
        self._versions, self._views = Versions(engine), Views(engine)
        self._scope = Scope(engine, retriever)
        self._standing = partial(states.progress_of, engine=engine, timezone=settings.timezone)

    def answer(self, question: Question, show: Show | None = None) -> Answer:
        """What the plans in scope say; never a number, a unit or a date that they don't.

        While a model words it, `show` is called on its thread with what may be shown already.
        """
        views, left_out = self._in_scope(question)
        if not views and not left_out:
            return Answer(("未找到：还没有在执行的方案。请管理员先读入并发布方案。",), False)
        query = understand(question, views)
        query.left_out = left_out
        if query.intent is Intent.GREETING:
            return _hello(query)
        if query.intent is Intent.FOREIGN:
            return _foreign(query)
        if wrong := impossible_day(question.text):
            return Answer((_no_such_day(query, wrong),), False)
        if query.needs_unit:
            return Answer(
                (phrasing.WHICH_UNIT_EN if query.english else phrasing.WHICH_UNIT,), False
            )
        if query.unknown_units and not query.units:
            return self._stranger(query)
        if self._model is not None:
            return self._with_model(self._model, query, question, show)
        found = self._find(query, question)
        return self._whole(query, question, found) if found else self._silent(query, question)

    def _whole(self, query: Query, question: Question, found: Answer) -> Answer:
        """What was found, what was not looked at, and what else may be meant."""
        said = phrasing.with_terms(query, phrasing.with_rest(query, found))
        return with_choices(query, question, said)

    def _with_model(
        self, model: Model, query: Query, question: Question, show: Show | None
    ) -> Answer:
        """The same answer, its first words by the model; or the question in other words, answered."""
        by = model.deadline()
        found = self._find(query, question)
        if found is not None:
            return assisted.worded(model, query, self._whole(query, question, found), by, show)
        rewritten = assisted.rewritten(model, query, question, by)
        if rewritten is not None:
            other = understand(rewritten, query.views)
            found = self._find(other, rewritten) if assisted.asks_the_same(query, other) else None
            if found is not None and found.answerable:
                return assisted.understood(rewritten, assisted.worded(model, other, found, by))
        return self._silent(query, question)

    # ---- scope

    def _in_scope(self, question: Question) -> tuple[list[VersionView], int]:
        """The plans to look at, and how many others may hold a part of the answer."""
        versions = self._versions.of(question)
        moved = days_put_off(self._engine, [version.plan_id for version in versions])
        chosen, left_out = self._scope.narrowed(question, versions, moved)
        return [self._views.of(one, moved.get(one.plan_id, {})) for one in chosen], left_out

    # ---- finding

    def _find(self, query: Query, question: Question) -> Answer | None:
        if query.intent in (Intent.FACT, Intent.LIST) and (rows := registers.numbered_rows(query)):
            return rows
        if (
            query.intent in (Intent.FACT, Intent.LIST)
            and (LISTING.search(query.text) or not (query.asks_who or query.asks_when))
            and not (query.units or query.shares or query.parts)
            and (points := headings.under_heading(query))
        ):
            return points
        if query.intent is Intent.COUNT and query.compares and len(query.views) > 1:
            return self._compare(query)
        if query.intent is Intent.COUNT:
            counts = [registers.counted(part) for part in self._clauses(query, question)]
            return overviews.joined(counts) or self._fact(query)
        if query.intent is Intent.UNITS:
            return tallies.units_counted(query) or self._fact(query)
        if query.intent is Intent.RANK:
            return tallies.ranked(query) or self._fact(query)
        if query.intent is Intent.LIST:
            lists = [registers.listed(part) for part in self._clauses(query, question)]
            return overviews.joined(lists) or self._fact(query)
        if query.intent is Intent.STATE:
            return self._state(query)
        if query.intent is Intent.DUE:
            return registers.due(query, self._standing)
        if query.intent is Intent.WHICH_PLANS:
            return overviews.which_plans(query)
        if query.intent is Intent.OVERDUE:
            return facts.overdue(query, self._hits(query))
        if query.intent is Intent.ON_FILE:
            return overviews.on_file(query)
        if query.intent is Intent.PLAN:
            return overviews.plan_facts(query) or self._fact(query)
        if query.intent is Intent.NEXT:
            return facts.neighbour(query, self._hits(query))
        if query.compares and len(query.views) > 1:
            return self._compare(query)
        if query.compares and (sides := self._sides(query, question)):
            return sides
        parts = self._parts(query, question)
        if len(parts) > 1:
            return overviews.joined([self._fact(part) for part in parts])
        return self._fact(query)

    def _parts(self, query: Query, question: Question) -> list[Query]:
        """The questions of one message, when each asks for a figure of its own."""
        parts = self._clauses(query, question)
        alone = all(
            sum(map(len, part.subject)) >= 4
            and part.asks_number
            and re.search("多少|几|how", part.text, re.IGNORECASE)
            for part in parts
        )
        return parts if alone else [query]

    def _sides(self, query: Query, question: Question) -> Answer | None:
        """学校和养老院的食堂有什么不同: what is said of each; None where one of them has no answer."""
        for one, other in itertools.pairwise(query.subject):
            both = re.search(f"{re.escape(one)}[和与跟、同]{re.escape(other)}", question.text)
            if both is None:
                continue
            texts = [question.text.replace(both[0], side) for side in (one, other)]
            apart = [understand(replace(question, text=text), query.views) for text in texts]
            found = [self._fact(replace(part, compares=False)) for part in apart]
            if all(found) and found[0] != found[1]:
                return overviews.joined(found)
        return None

    def _clauses(self, query: Query, question: Question) -> list[Query]:
        """Each question of one message; the message itself where there is but one."""
        pieces = [p for p in re.split(ANOTHER, question.text) if p.strip()]
        if len(pieces) < 2 or query.earlier or "其中" in query.text:
            return [query]
        parts = [
            understand(replace(question, text=piece + "？", history=()), query.views)
            for piece in pieces
        ]
        if query.intent is Intent.COUNT:
            apart = all(part.intent is Intent.COUNT for part in parts)
        elif query.intent is Intent.LIST:  # each about units of its own
            apart = all(
                part.intent is Intent.LIST and part.mentions and LISTING.search(part.text)
                for part in parts
            )
        else:
            apart = True
        return parts if apart else [query]

    def _fact(self, query: Query) -> Answer | None:
        return facts.fact(query, self._hits(query))

    def _state(self, query: Query) -> Answer | None:
        if query.subject and not plain(query):
            return states.of_row(query, self._hits(query), self._standing)
        return states.by_state(query, self._standing)

    def _compare(self, query: Query) -> Answer | None:
        answers = []
        for view in query.views:
            one = replace(query, views=[view])
            found = registers.counted(one) if query.intent is Intent.COUNT else self._fact(one)
            answers.append((view.version.title, found))
        return overviews.compared(
            query,
            answers,
            "No such figure in this plan." if query.english else "该方案中没有相关规定。",
        )

    def _hits(self, query: Query) -> Sequence[Hit]:
        text = query.text
        if query.earlier and not query.english:
            text = " ".join([text, *query.earlier, *query.subject, *query.quoted])
        ids = [view.version.id for view in query.views if view.version.id is not None]
        # the embedder reads a few hundred characters; the rest of a longer text only takes time
        return self._retriever.search(text[:LONGEST], ids, FOUND_AT_MOST)

    # ---- refusing

    def _silent(self, query: Query, question: Question) -> Answer:
        """未找到, what was looked at, and what is on file that comes nearest."""
        near = [f for f in Ranker(query, self._hits(query)).rank(3) if f.coverage >= 0.3][:2]
        names = phrasing.scope_words(query)
        subject = _short(question.text.strip().rstrip("？?。"), 40)
        if query.english:
            rows = [f"Not found: the plans on file do not say this. Looked at: {names}."]
            rows += [f"Nearest on file: {f.entry.passage.ref} “{f.sentence[:80]}”" for f in near]
        else:
            rows = [f"未找到：{names}中没有能回答“{subject}”的内容。"]
            rows += [
                f"相近的内容：{f.entry.passage.ref}“{_short(f.sentence)}”（《{f.entry.version.title}》）"
                for f in near
            ]
            rows.append("如需确认，请联系方案的发文单位或牵头单位。")
        cited = tuple(f.entry.cite() for f in near)
        return phrasing.with_terms(query, Answer(tuple(rows), False, cited))

    def _stranger(self, query: Query) -> Answer:
        names = "、".join(query.unknown_units)
        known = sorted(set[str]().union(*(view.units for view in query.views)))
        shown = "、".join(known[:30]) + ("等" if len(known) > 30 else "")
        scope = phrasing.scope_words(query)
        rows = [f"未找到：{scope}中没有“{names}”。"]
        if known:
            rows.append(f"其中写明的单位有：{shown}。")
        return Answer(tuple(rows), False)


def _foreign(query: Query) -> Answer:
    if query.english:
        return Answer(
            (
                "I can only answer from the plans on file; this was not found there. Try: which tasks are due this month?",
            ),
            False,
        )
    return Answer(
        (
            "我只能回答已读入的工作方案里的内容，这个问题不在其中，未找到依据。可以问：本月到期的任务有哪些？",
        ),
        False,
    )


def _no_such_day(query: Query, words: str) -> str:
    if query.english:
        return f"Not found: there is no such day as {words}."
    return f"未找到：没有“{words}”这个日子。请写明正确的日期再问。"


def _short(sentence: str, length: int = 80) -> str:
    return sentence if len(sentence) <= length else sentence[: length - 1] + "…"


def _hello(query: Query) -> Answer:
    if query.english:
        return Answer(
            (
                "Hello! I can only answer from the plans on file. Try: which tasks are due this month?",
            ),
            False,
        )
    return Answer(
        (
            "您好！我只能回答已读入的工作方案里的内容，请写出要问的事，例如：本月到期的任务有哪些？市教育局负责哪些任务？",
        ),
        False,
    )
