"""Nothing stands in an answer that isn't in its sources or computed from them: figures, days, units."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from world import copy_home

from bot.core import Core
from config.database import reading
from config.settings import Settings
from corpus import ledger
from corpus.models import PlanVersion, Task
from corpus.phrases import read_spans
from rag.phrasing import chinese_day
from rag.question import Answer, Question

DATA = Path(__file__).parent / "data"
PLANS = {
    "hezhang": "hezhang.txt", "xiaofang": "xiaofang.xlsx", "jiaoyu": "jiaoyu.txt",
    "chuangcheng": "chuangcheng.docx",
}  # fmt: skip
FIGURE = re.compile(r"\d+(?:\.\d+)?")
DAY = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日|\d{4}-\d\d-\d\d")
# what the answer counts or computes by itself, and says so
COMPUTED = re.compile(
    r"^\d+\. |共\d+[项个份]|全部\d+项|\d+个地方|有\d+份|\d+处时限|依据\d+行|续行\d+条|（\d+项）|约束性\d+项|预期性\d+项|：\d+项（"
    r"|即[^）]*）|（[^（）]*\d年\d+月[^（）]*）|截至[\d年月日]+|还有\d+天|期限\d+天|执行期[\d年月日至起]+|\d+份|\d+ rows?|i\.e\. by [\d-]+"
    r"|\d+ plans|\d+ places|\d+ in all|[\d-]{10} to [\d-]{10}|\d+ of \d+|ended on [\d-]+|Next: [\d-]+|最近的是[\d年月日]+|\d+ days",
    re.MULTILINE,
)


@dataclass
class Asked:
    """One annotated question, its answer, and all that the answer may draw on."""

    id: str
    answer: Answer
    sources: str
    tasks: list[Task]  # those cited, or of the whole scope where nothing is
    days: set[str]  # of the question itself
    heads: list[PlanVersion]


pytestmark = pytest.mark.xdist_group("grounded")  # one worker: the plans are read once


@pytest.fixture(scope="module")
def asked(made_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Asked]]:
    """Every question of tests/data/questions."""
    home = copy_home(made_home, tmp_path_factory.mktemp("grounded"))
    core = Core.open(Settings(home=home, embedding_model="hashed-ngrams-1"))
    for plan_id, name in PLANS.items():
        core.ingest(DATA / "plans" / name, by="test", plan_id=plan_id, publish=True)
    core.wait_for_vectors()
    with reading(core.engine) as session:
        heads = ledger.versions_in_force(session)
        tasks = {v.plan_id: ledger.tasks_of(session, v.id or 0) for v in heads}
        yield [_ask(core, one, heads, tasks) for one in _questions()]
    core.close()


def _questions() -> Iterator[dict[str, str]]:
    for path in sorted((DATA / "questions").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line:
                yield json.loads(line)


def _ask(
    core: Core, one: dict[str, str], heads: list[PlanVersion], tasks: dict[str, list[Task]]
) -> Asked:
    today = date.fromisoformat(one["asked_on"])
    scope = None if one["plan"] == "*" else (one["plan"],)
    question = Question(one["q"], today, scope, one.get("as_unit"))
    answer = core.answerer.answer(question)
    cited = {c.task_id for c in answer.citations}
    within = [
        task for head in heads if not scope or head.plan_id in scope for task in tasks[head.plan_id]
    ]
    printed = " ".join(f"{v.title} {v.doc_number} {v.issued_on} {v.jurisdiction}" for v in heads)
    spans = [day for r in read_spans(one["q"], today) for day in (r.start, r.end) if day]
    return Asked(
        one["id"], answer,
        " ".join((printed, one["q"], one.get("as_unit") or "", *(f"{c.quote} {c.ref}" for c in answer.citations))),
        [task for task in within if task.id in cited] if cited else within,
        {form for day in (today, *spans) for form in _forms(day)}, heads,
    )  # fmt: skip


def _forms(day: date) -> tuple[str, str]:
    return chinese_day(day), day.isoformat()


def test_every_question_is_asked(asked: list[Asked]) -> None:
    assert len(asked) > 200
    assert sum(one.answer.answerable for one in asked) > 150


def test_no_figure_is_not_in_the_sources(asked: list[Asked]) -> None:
    wrong = []
    for one in asked:
        known = set(FIGURE.findall(one.sources))
        said = FIGURE.findall(COMPUTED.sub("", one.answer.text))
        wrong += [(one.id, figure) for figure in said if figure not in known]
    assert wrong == []


def test_every_day_is_printed_or_follows_from_a_row(asked: list[Asked]) -> None:
    wrong = []
    for one in asked:
        days = {d for task in one.tasks for t in task.timings for d in (t.due_on, t.start_on) if d}
        days |= {
            d for v in one.heads for d in (v.issued_on, v.period_start_on, v.period_end_on) if d
        }
        known = {form for day in days for form in _forms(day)} | one.days
        wrong += [
            (one.id, day)
            for day in DAY.findall(one.answer.text)
            if day not in known and day not in one.sources
        ]
    assert wrong == []


def test_no_unit_is_named_that_no_source_names(asked: list[Asked]) -> None:
    units = {r.unit_text for one in asked for task in one.tasks for r in task.responsibilities}
    wrong = []
    for one in asked:
        if not one.answer.answerable:
            continue  # a refusal may say which units there are
        shared = {r.unit_text for task in one.tasks for r in task.responsibilities}
        wrong += [
            (one.id, unit)
            for unit in units
            if unit in one.answer.text and unit not in one.sources and unit not in shared
        ]
    assert wrong == []
