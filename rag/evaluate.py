"""Annotated questions: which answers are right, and which quote the place that proves them."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from config.clock import read_day
from config.errors import UserError
from rag.question import Answer, Question

LONGEST = 1000  # characters that a person reads in a chat, and for kinds that need more:
LONGEST_OF = {
    "list": 6000, "due": 6000, "duties": 4000, "follow_up": 4000,
    "count": 2500, "compare": 2500, "explain": 1500,
}  # fmt: skip
SHORTEST_QUOTE = 8  # characters; a shorter quote proves nothing by standing inside the evidence


@dataclass(frozen=True, slots=True)
class Example:
    """A question and what a right answer to it says."""

    id: str
    question: Question
    kind: str
    style: str
    must: tuple[tuple[str, ...], ...]  # of each group at least one stands in the answer
    must_not: tuple[str, ...]
    answerable: bool
    evidence: tuple[str, ...]  # the words of the plan that prove it, any of them


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one example was answered."""

    example: Example
    answer: Answer
    fault: str  # "" when it is right
    is_grounded: bool | None  # None where there is nothing to quote
    ms: float

    def to_json(self) -> dict[str, Any]:
        """The form that `duban eval --json` prints."""
        return {
            "id": self.example.id, "right": not self.fault, "fault": self.fault,
            "grounded": self.is_grounded, "ms": self.ms, "answer": self.answer.text,
        }  # fmt: skip


def read_examples(lines: Iterable[str], plan: str | None = None) -> list[Example]:
    """A JSON object a line; `plan` is the scope of those that name none, None is all plans.

    Raises UserError with the number of the line.
    """
    return [_example(n, line, plan) for n, line in enumerate(lines, 1) if line.strip()]


def _example(n: int, line: str, plan: str | None) -> Example:
    try:
        item = json.loads(line)
        scope = item.get("plan") or plan or "*"
        evidence = item.get("evidence") or []
        return Example(
            id=str(item.get("id") or n),
            question=Question(
                text=_text(item["q"]), today=read_day(_text(item["asked_on"])),
                plan_ids=None if scope == "*" else (_text(scope),), unit=item.get("as_unit"),
                history=tuple(item.get("history") or ()),
            ),
            kind=str(item.get("type") or "-"), style=str(item.get("style") or "-"),
            must=tuple(tuple(map(_text, group)) for group in item["must"]),
            must_not=tuple(map(_text, item.get("must_not") or ())),
            answerable=bool(item.get("answerable", True)),
            evidence=tuple(map(_text, [evidence] if isinstance(evidence, str) else evidence)),
        )  # fmt: skip
    except KeyError as error:
        raise UserError(f"第{n}行缺少 {error.args[0]}。") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"第{n}行不是题目：{error}。") from None
    except UserError as error:
        raise UserError(f"第{n}行：{error}") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} 应为文字")
    return value


# ---- judging


def plain(text: str) -> str:
    """What is compared: one width, one case, no white space, no marks of quoting or of emphasis."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s“”\"'‘’《》`*_]+", "", folded)


def fault_of(example: Example, answer: Answer) -> str:
    """Why an answer is wrong, in a few words; "" when it is right."""
    text = plain(answer.text)
    for group in example.must:
        if not any(plain(words) in text for words in group):
            return f"缺“{group[0]}”"
    for words in example.must_not:
        if plain(words) in text:
            return f"不该有“{words}”"
    if len(text) > LONGEST_OF.get(example.kind, LONGEST):
        return f"太长，{len(text)}字"
    if answer.answerable and not example.answerable:
        return "方案里没有的，却作了回答"
    return ""


def proves(example: Example, quotes: Iterable[str]) -> bool:
    """Whether one of `quotes` holds the evidence, or is a piece of it."""
    for quote in filter(None, map(plain, quotes)):
        for words in filter(None, map(plain, example.evidence)):
            if words in quote or (len(quote) >= SHORTEST_QUOTE and quote in words):
                return True
    return False


def evaluate(ask: Callable[[Question], Answer], examples: Sequence[Example]) -> list[Verdict]:
    """Answer every example, and judge the answers."""
    verdicts = []
    for example in examples:
        started = perf_counter()
        answer = ask(example.question)
        ms = round((perf_counter() - started) * 1000, 1)
        grounded = None
        if example.answerable and example.evidence:
            grounded = proves(example, (citation.quote for citation in answer.citations))
        verdicts.append(Verdict(example, answer, fault_of(example, answer), grounded, ms))
    return verdicts


# ---- telling


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    total: int

    def __str__(self) -> str:
        return f"{self.hits}/{self.total}（{self.rate:.1%}）"

    @property
    def rate(self) -> float:
        """From 0 to 1; nothing asked is nothing wrong."""
        return self.hits / self.total if self.total else 1.0


def right(verdicts: Iterable[Verdict]) -> Share:
    """How many answers are right."""
    faults = [verdict.fault for verdict in verdicts]
    return Share(faults.count(""), len(faults))


def grounded(verdicts: Iterable[Verdict]) -> Share:
    """How many of the answers that should quote something quote the place that proves it."""
    told = [v.is_grounded for v in verdicts if v.is_grounded is not None]
    return Share(sum(told), len(told))


def groups(verdicts: Sequence[Verdict], key: Callable[[Example], str]) -> dict[str, list[Verdict]]:
    """The verdicts by kind or by style, in the order of the names."""
    found: dict[str, list[Verdict]] = {}
    for verdict in sorted(verdicts, key=lambda v: key(v.example)):
        found.setdefault(key(verdict.example), []).append(verdict)
    return found
