"""Answers over plans as wholes: which of them say it, one beside the other, and their heads."""

import re
from collections.abc import Sequence
from datetime import date

from corpus.phrases import describe_span
from rag import phrasing
from rag.query import Query
from rag.question import Answer, Citation
from rag.views import Entry
from rag.words import normal, pairs

ENGLISH = {
    "发文单位": "Issued by", "文号": "Document number", "印发日期": "Issued on", "制定依据": "Based on",
    "领导小组办公室": "Leading group", "执行期": "Period",
}  # fmt: skip


def which_plans(query: Query) -> Answer | None:
    """Which plans say it: the words themselves must stand there."""
    texts = [view.text.casefold() for view in query.views]
    every = [w.casefold() for w in query.quoted or query.subject]
    if query.english:  # a word that the glossary hasn't is looked for only where a plan has it
        every = [w for w in every if w in query.nouns or any(w in text for text in texts)] or every
    # a name in Latin letters says enough by itself: HACCP, ISO22000
    every = [w for w in every if re.search("[a-z]", w)] or every
    wanted = [w for w in every if any(w in text for text in texts)] or every
    rows: list[str] = []
    cited: list[Citation] = []
    for view in query.views:
        best: Entry | None = None
        for entry in view.entries:
            text = normal(entry.printed).casefold()
            if wanted and all(w in text for w in wanted):
                best = entry
                break
        if best is None:
            best = _spread(view.entries, wanted, query.joints)
        if best is None:
            continue
        sentence = max(
            best.lines,
            key=lambda line: sum(w in normal(line.text).casefold() for w in wanted),
            default=None,
        )
        quote = sentence.text if sentence else best.printed
        rows.append(
            f"{len(rows) + 1}. {phrasing.name_of(view.version)}{best.passage.ref}：“{quote}”"
        )
        cited += [best.cite(), best.cite(quote)]
    if not rows:
        return None

    asked = normal(query.original)

    def as_asked(word: str) -> str:
        at = asked.casefold().find(word)
        return asked[at : at + len(word)] if at >= 0 else word

    head = (
        f"{len(rows)} of {len(query.views)} plans say so:"
        if query.english
        else f"{len(query.views)}份文件中有{len(rows)}份提到“{'、'.join(map(as_asked, wanted))}”："
    )
    return Answer((head, *rows), True, tuple(cited))


def _spread(entries: Sequence[Entry], wanted: Sequence[str], joints: set[str]) -> Entry | None:
    """A row that holds nearly every pair of what is asked, in other order or with words between."""
    needed = {p for w in wanted for p in pairs(w)}
    needed = needed - joints or needed
    figures = {p for p in needed if p[0].isdigit()}
    for entry in entries:
        if needed and any(len(needed & line.pairs) >= 0.95 * len(needed) for line in entry.lines):
            return entry
        # a figure says more than the words around it: 抽检量 and 抽检监测数, both 4.5批次/千人
        if figures and figures <= entry.pairs and len(needed & entry.pairs) >= 0.5 * len(needed):
            return entry
    return None


def compared(
    query: Query, answers: Sequence[tuple[str, Answer | None]], silent_words: str
) -> Answer | None:
    """One answer a plan, side by side."""
    if not any(answer for _, answer in answers):
        return None
    rows: list[str] = []
    cited: list[Citation] = []
    for title, answer in answers:
        rows.append(f"【{title}】")
        if answer is None:
            rows.append(silent_words)
            continue
        rows += answer.rows
        cited += answer.citations
    return Answer(tuple(rows), True, tuple(cited))


def joined(answers: Sequence[Answer | None]) -> Answer | None:
    """The answers to several questions of one message; None when one of them has none."""
    if any(answer is None for answer in answers):
        return None
    given = [answer for answer in answers if answer is not None]
    if len(given) == 1:
        return given[0]
    rows = tuple(dict.fromkeys(row for answer in given for row in answer.rows))
    return Answer(rows, True, tuple(dict.fromkeys(c for answer in given for c in answer.citations)))


def plan_facts(query: Query) -> Answer | None:
    """The head of the plans in question, with the clause that prints it."""
    rows: list[str] = []
    cited: list[Citation] = []
    for view in query.views:
        version = view.version
        span = (version.period_start_on, version.period_end_on)
        facts = {
            "发文单位": version.issuer, "文号": version.doc_number,
            "印发日期": version.issued_on and phrasing.chinese_day(version.issued_on),
            "制定依据": "、".join(version.basis), "领导小组办公室": version.leading_group,
            "执行期": (_span_en if query.english else describe_span)(*span) if any(span) else None,
        }  # fmt: skip
        printed = {name: str(value) for name, value in facts.items() if value}
        if not printed:
            continue
        rows.append(f"《{version.title}》")
        rows += [
            f"{ENGLISH[name]}: {value}" if query.english else f"{name}：{value}"
            for name, value in printed.items()
        ]
        printed_on = version.issued_on and phrasing.chinese_day(version.issued_on)
        marks = [
            version.doc_number,
            printed_on,
            *version.basis,
            version.leading_group,
            version.issuer,
        ]
        entries = [
            e for e in view.entries if any(m and normal(m) in normal(e.printed) for m in marks)
        ]
        cited += [entry.cite() for entry in entries[:4]]
    return Answer(tuple(rows), True, tuple(cited)) if rows else None


def on_file(query: Query) -> Answer:
    """The plans in scope, each with its period and how many rows it has."""
    total = len(query.views) + query.left_out
    rows = [
        f"{total} plan{'' if total == 1 else 's'} on file:"
        if query.english
        else f"共收录{total}份方案："
    ]
    for n, view in enumerate(query.views, 1):
        span = (view.version.period_start_on, view.version.period_end_on)
        name = f"{n}. {phrasing.name_of(view.version)}"
        if query.english:
            period = f", {_span_en(*span)}" if any(span) else ""
            rows.append(f"{name}{period}, {phrasing.rows_en(len(view.tasks))}")
        else:
            period = f"，执行期{describe_span(*span)}" if any(span) else ""
            rows.append(f"{name}{period}，{len(view.tasks)}项")
    cited = tuple(view.entries[0].cite() for view in query.views if view.entries)
    return Answer(tuple(rows), True, cited)


def _span_en(start: date | None, end: date | None) -> str:
    """2025-01-01 to 2025-12-31"""
    return f"{start or '…'} to {end or '…'}"
