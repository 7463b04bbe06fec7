"""Which row, and which sentence of it, answers: how much of the subject it covers, and how rare that is."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from corpus.directory import organ_of
from corpus.models import Timing
from corpus.quantities import MEASURE_UNIT
from rag.filters import falls_in, is_report
from rag.measures import counts_the_same, of_asked_kind
from rag.patterns import AGAIN
from rag.query import Query
from rag.retrieve import Hit
from rag.views import Entry, Line
from rag.words import normal, pairs

TITLE = 0.95  # what a word counts in the title of the row
IN_ROW, ABOVE = 0.8, 0.55  # what a word counts that stands beside the sentence, or over it
ROLL = 24  # characters of a line in a roll of names
_PLACE = re.compile(r"[\u4e00-\u9fff]{2,3}[市县区镇乡]?(?<![局委办院部组])")
_PERIOD = re.compile('十([一二三四五六])五[”"]?(?:期|末|时)')
JOINT = 0.4  # what a pair counts that is no word, but the border of two
OWN_WORDS = 0.4  # what a follow-up itself names, against what it leaves out
EARLIER = 0.5  # what a word of the question before counts
TELLING = 0.1  # share of the weight of all words
UNKNOWN_SPEECH = 0.1
UNKNOWN_ENGLISH = 0.3  # a word that the glossary hasn't
UNKNOWN = 0.6  # weight of a word that no plan has, of the rarest that one has
FIGURE = re.compile(
    r"\d|[一二两三四五六七八九十百千]+(?:个|家|次|批|件|名|所|场|条|项|种|份|类|级|成|星)|全覆盖|零|百分之|分之"
)
# the number of a row or a footnote, 3 食品抽检, and its mark, 满意度1。, are none
NOT_FIGURES = re.compile(
    rf"^\s*\d{{1,2}}\s+(?![余多]?{MEASURE_UNIT})|(?<=[度率])\d(?=[。;；]$)"
    r"|^\s*\d+[.、．]|\d+\s*(?:年|月|日|号)|〔\d+〕|“[^”]*”|[A-Za-z]+\d+"
)
# measures that plans use for one another
ALIKE = {
    "覆盖率": ("覆盖率", "建成率", "全覆盖", "普及率"),
    "建成率": ("建成率", "覆盖率", "全覆盖"),
}
MEASURED = re.compile(
    r"[\u4e00-\u9fff]{2}率|满意度|知晓度|权重|经费|资金|预算|金额|奖金|电话|工资|补贴|罚款"
)

# how much is asked, and not just what the target is
_QUANTITY = re.compile("多少|几|百分|率|数|量|比|重|度|how", re.IGNORECASE)


@dataclass(slots=True)
class Found:
    """A sentence that may answer, and how well."""

    entry: Entry
    line: Line
    score: float  # 0 to about 1.3
    coverage: float  # share of the subject, by weight, that the row holds
    missing: list[str]  # things asked about that it doesn't speak of

    @property
    def sentence(self) -> str:
        """The sentence as printed."""
        return self.line.text


class Ranker:
    """Ranks the sentences of some plans for one query."""

    def __init__(self, query: Query, hits: Sequence[Hit]) -> None:
        self._query = query
        self._places = {hit.passage_id: n for n, hit in enumerate(hits)}
        self._count = sum(len(view.entries) for view in query.views) or 1
        self._frequency: Counter[str] = Counter()
        for view in query.views:
            self._frequency.update(view.frequency)
        self._titles = query.title_pairs
        self._weights = self._weigh()
        self._asked = frozenset(self._weights)
        own = {p for s in query.subject for p in _pairs(s)} if query.earlier else set()
        self._own = {p: w for p, w in self._weights.items() if p in own}
        self._telling = {n: _pairs(n) for n in query.nouns if self._tells(n)}
        self._measure = asked_measure(query)

    def rank(self, limit: int = 12) -> list[Found]:
        """The best sentence of each of the best entries, the best first."""
        found = []
        for view in self._query.views:
            for entry in view.entries:
                best = self._best_line(entry)
                if best is not None:
                    found.append(best)
        found.sort(key=lambda f: (-f.score, f.entry.passage.plan_id, f.entry.passage.seq))
        return found[:limit]

    def _weigh(self) -> dict[str, float]:
        rarest = math.log(1 + self._count)
        weights: dict[str, float] = {}
        things = {p for noun in self._query.nouns for p in _pairs(noun)}
        for words, factor in (
            (self._query.earlier, EARLIER),
            (self._query.subject, 1.0),
            (self._query.quoted, 1.3),
        ):
            meant = [(s, p) for s in self._meant(words) for p in _pairs(s)]
            for segment, pair in meant:
                seen = self._frequency.get(pair, 0)
                if seen:
                    weight = math.log(1 + self._count / seen)
                else:
                    # a thing that no plan speaks of is missing; a turn of speech is not
                    speech = UNKNOWN_ENGLISH if self._query.english else UNKNOWN_SPEECH
                    weight = rarest * (UNKNOWN if pair in things else speech)
                weight /= self._query.among.get(segment, 1)
                if pair in self._query.joints and words is not self._query.quoted:
                    weight *= JOINT
                if pair in self._titles:
                    weight *= 0.3  # every row of the plan is about that
                weights[pair] = max(weights.get(pair, 0), weight * factor)
        return weights

    def _meant(self, words: Sequence[str]) -> list[str]:
        """Of “A”或“B” only what these plans speak of, if they speak of either."""
        if "或" not in self._query.text:
            return list(words)
        known = [w for w in words if all(p in self._frequency for p in _pairs(w))]
        return known or list(words)

    def _best_line(self, entry: Entry) -> Found | None:
        if not entry.lines or (not self._weights and entry.passage.id not in self._places):
            return None
        if entry.passage.id not in self._places and (
            self._asked.isdisjoint(entry.pairs) and self._asked.isdisjoint(entry.above)
        ):
            return None
        total = sum(self._weights.values()) or 1.0
        row = sum(w for p, w in self._weights.items() if p in entry.pairs) / total
        over = (
            sum(w for p, w in self._weights.items() if p in entry.above and p not in entry.pairs)
            / total
        )
        place = self._places.get(entry.passage.id or 0)
        near = 0.12 / (1 + place / 2) if place is not None else 0.0
        if row + over == 0 and near < 0.05:
            return None
        titled = self._titled(entry) / total
        best, best_score = entry.lines[0], -1.0
        for line in entry.lines:
            held = line.pairs | self._same_measure(line)
            here = sum(w for p, w in self._weights.items() if p in held) / total
            here = max(here, titled)
            row = max(row, here)
            score = (
                self._names(held)
                + here
                + (row - here) * IN_ROW
                + self._fits(entry, line) * min(1.0, here * 2)
            )
            if score > best_score:
                best, best_score = line, score
        score = best_score + over * ABOVE + near + self._suits(entry)
        held = entry.pairs | entry.above | self._same_measure(best)
        missing = [n for n, p in self._telling.items() if len(p & held) < 0.5 * len(p)]
        return Found(entry, best, score, row + over * 0.8, missing)

    def _titled(self, entry: Entry) -> float:
        """What the title of a row holds of what is asked, where no figure is: 医养结合怎么做."""
        if entry.task is None or not entry.task.title or self._query.asks_number:
            return 0.0
        held = pairs(normal(entry.task.title))
        return TITLE * sum(w for p, w in self._weights.items() if p in held)

    def _names(self, held: Collection[str]) -> float:
        """How well a sentence holds what a follow-up itself names: 超市呢."""
        if not self._own:
            return 0.0
        here = sum(w for p, w in self._own.items() if p in held)
        return OWN_WORDS * here / sum(self._own.values())

    def _tells(self, noun: str) -> bool:
        """Whether a noun tells rows apart: not in the plan's title, and heavy enough."""
        weight = sum(self._weights.get(p, 0.0) for p in _pairs(noun))
        return weight > TELLING * sum(self._weights.values()) and not _pairs(noun) <= self._titles

    def _same_measure(self, line: Line) -> set[str]:
        """The words of the measure asked for, if the sentence gives it by another name."""
        names = ALIKE.get(self._measure or "", ())
        return pairs(self._measure or "") if any(name in line.text for name in names) else set()

    def _fits(self, entry: Entry, line: Line) -> float:
        """Whether the sentence is of the kind that is asked for."""
        query, bonus = self._query, 0.0
        if query.asks_number:
            task = entry.task
            if not of_asked_kind(query.text, line.text):
                bonus -= 0.1
            elif task is not None and any(
                t.text in line.text or line.text in t.text for t in task.targets
            ):
                bonus += 0.2
            elif not answers_number(query, line.text):
                bonus -= 0.1
            if counts_the_same(query.text, line.text):
                bonus += 0.15
        if query.asks_when and entry.task is not None and timings_of(entry, line):
            bonus += 0.1
        return bonus

    def _suits(self, entry: Entry) -> float:
        """Whether the row is the asker's, of the role, of the day."""
        query, task, bonus = self._query, entry.task, 0.0
        if task is None:
            return -0.08 if query.asks_who else 0.0
        if query.units and any(r.unit_text in query.units for r in task.responsibilities):
            bonus += 0.15
        if query.asks_who and task.responsibilities:
            bonus += 0.05
        if query.span and falls_in(task, query.span):
            bonus += 0.3 if query.earlier else 0.15
        often = AGAIN.search(query.text)
        if often and any(often[0] in t.text for t in task.timings):
            bonus += 0.1
        if query.asks_report and is_report(task):
            bonus += 0.4
        if query.parts and task.part in query.parts:
            bonus += 0.1
        return bonus


def timings_of(entry: Entry, line: Line) -> list[Timing]:
    """The timings that a sentence is bound by: its own, else those of the row's time cell."""
    if entry.task is None:
        return []
    own = [t for t in entry.task.timings if t.text and t.text in line.text]
    if own:
        return own
    return [t for t in entry.task.timings if t.text not in entry.task.text]


def has_figure(text: str) -> bool:
    """Whether a text gives a figure that is no date and no number of a point."""
    return bool(FIGURE.search(NOT_FIGURES.sub("", text)))


def answers_number(query: Query, text: str) -> bool:
    """Whether a text gives a figure; 全覆盖 is one where coverage is asked for, or what the target is."""
    said = "".join((query.text, *query.earlier))
    # what the target is, and not how many
    covers = re.search("覆盖|建成率", said) or not _QUANTITY.search(said)
    if not of_asked_kind(query.text, text):
        return False
    return has_figure(text if covers else text.replace("全覆盖", ""))


def asked_measure(query: Query) -> str | None:
    """The measure that a question names: 合格率, 封签率, 奖金."""
    for segment in reversed(query.subject):
        found = MEASURED.findall(segment)
        if found:
            return str(found[-1])
    return None


def has_measure(measure: str, entry: Entry, line: Line) -> bool:
    """Whether a clause of the sentence, or a target of the row, gives a figure for the measure."""
    names = ALIKE.get(measure, (measure,))
    clauses = re.split("[，,；;]", line.text)
    # a figure may stand in the clause after the one that names what is measured
    spans = [*clauses, *("，".join(two) for two in itertools.pairwise(clauses))]
    if any(name in span and has_figure(span) for span in spans for name in names):
        return True
    stem = measure[:-1] if measure.endswith("率") else measure
    if any(stem in span and "%" in normal(span) for span in spans):
        return True
    targets = entry.task.targets if entry.task else []
    return any(name in t.indicator and t.text in line.text for t in targets for name in names)


def _pairs(segment: str) -> set[str]:
    return pairs(segment) or {segment.casefold()}


def covered(segment: str, held: frozenset[str]) -> float:
    """The share of some words that is held."""
    wanted = _pairs(segment)
    return len(wanted & held) / len(wanted)


def whole_roll(best: Found) -> Found:
    """A line of a roll of names with the lines around it: 副组长：甲, 乙, 丙, a line each."""
    lines = best.entry.lines
    if best.entry.task is not None or best.line not in lines:
        return best
    short = [len(line.text) <= ROLL and not re.search("[。；;]", line.text) for line in lines]
    first = last = lines.index(best.line)
    if not short[first] or not re.search("[:：]", best.line.text):
        return best
    while first and short[first - 1]:
        first -= 1
    while last + 1 < len(lines) and short[last + 1]:
        last += 1
    near = lines[first : last + 1]
    held = frozenset[str]().union(*(line.pairs for line in near))
    return replace(best, line=Line("\n".join(line.text for line in near), held))


def of_other_period(query: Query, found: Found) -> bool:
    """Whether a sentence tells of another five-year period than is asked about: 十三五期末, 十四五期末."""
    asked = set(_PERIOD.findall(query.text))
    told = set(_PERIOD.findall(normal(found.sentence)))
    return bool(asked and told and not asked & told)


def of_other_place(query: Query, found: Found) -> bool:
    """Whether a place is asked about that bears other rows, 永嘉, and this one does not speak of it."""
    places = [u for u in query.units if organ_of(u) is None and _PLACE.fullmatch(u)]
    return bool(places) and not any(place in found.entry.printed for place in places)
