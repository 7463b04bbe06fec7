"""From a file to facts and tasks: own sample plans of several fields, and the plans that ship."""

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import golden
import pytest

from corpus.formats import read_file
from corpus.reading import ReadPlan, read_plan
from corpus.values import IndicatorKind, Role, TaskRow, TimingKind

PLANS = Path(__file__).parent / "data" / "plans"
SHIPPED = Path(__file__).parent.parent / "corpus" / "plans"
SAMPLES = (
    "civility-table.txt",
    "civility-units.txt",
    "fire-list.md",
    "forest-notice.txt",
    "hygiene-cells.txt",
    "lake-targets.txt",
    "livelihood-quarters.md",
    "peace-ticks.xlsx",
    "petition-points.txt",
    "project-cards.docx",
    "river-points.txt",
    "safety-cells.txt",
    "safety-signs.txt",
    "sanitary-shares.docx",
    "school-duties.txt",
    "town-halves.xlsx",
    "town-quotas.txt",
)


def plain(plan: ReadPlan) -> dict[str, Any]:
    """What a person would check in a plan, as plain data."""
    facts = plan.facts
    return {
        "title": facts.title,
        "issuer": facts.issuer,
        "doc_number": facts.doc_number,
        "issued_on": str(facts.issued_on),
        "jurisdiction": facts.jurisdiction,
        "period": [str(facts.period_start_on), str(facts.period_end_on)],
        "basis": facts.basis,
        "leading_group": facts.leading_group,
        "tasks": [_task(row) for row in plan.tasks],
        "review": [f"{item.text}{item.where}" for item in plan.review],
    }


def _task(row: TaskRow) -> dict[str, Any]:
    return {
        "part": row.part,
        "no": row.no,
        "section": row.section,
        "title": row.title,
        "text": row.text,
        "units": [f"{unit.unit_text} {unit.role}" for unit in row.responsibilities],
        "timings": [
            f"{t.text} {t.kind} {t.start_on or ''}..{t.due_on or ''} {t.rule or ''}"
            + (" report" if t.is_report else "")
            for t in row.timings
        ],
        "targets": [f"{t.indicator} {t.op} {t.value} {t.measure_unit}" for t in row.targets],
        "kind": row.indicator_kind,
        "lines": [row.place.line_start, row.place.line_end],
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_plan_reads_as_its_golden_rows(name: str, request: pytest.FixtureRequest) -> None:
    found = plain(read_plan(read_file(PLANS / name)))
    golden.check(found, (PLANS / name).with_suffix(".json"), request)


def shipped(name: str) -> ReadPlan:
    return read_plan(read_file(SHIPPED / f"{name}.txt"))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("leqing-2022", {"main": 34, "duty": 30, "stage": 4}),
        ("wenzhou-2018", {"main": 32}),
        ("xihu-2023", {"main": 15}),
        ("jiaojiang-reform", {"main": 65, "continuation": 4}),
        ("shangcheng-145", {"main": 30, "indicator": 14, "box": 23, "annex": 8}),
    ],
)
def test_shipped_plan_is_read_whole(name: str, parts: dict[str, int]) -> None:
    plan = shipped(name)
    assert Counter(row.part for row in plan.tasks) == parts
    assert plan.review == []
    numbered = [int(row.no or 0) for row in plan.tasks if row.part == "main"]
    assert numbered == list(range(1, parts["main"] + 1))


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.txt")), ids=lambda path: path.stem)
def test_every_word_is_found_at_the_lines_that_its_place_names(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    for row in read_plan(read_file(path)).tasks:
        assert row.place.line_start is not None
        source = _squeeze("".join(lines[row.place.line_start - 1 : row.place.line_end]))
        words = [row.text, *(t.text for t in row.timings if row.part != "indicator")]
        for word in words:
            assert _missing(_squeeze(word), source) <= len(word) * 0.1, (row.no, word)


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _missing(words: str, source: str) -> int:
    """How many characters of `words` stand in none of the source's stretches of ten."""
    pieces = [words[n : n + 10] for n in range(0, len(words), 10)]
    return sum(len(piece) for piece in pieces if piece not in source)


def test_scattered_indicator_is_put_together_with_its_kind_value_year_and_unit() -> None:
    rows = {row.no: row for row in shipped("shangcheng-145").tasks if row.part == "indicator"}
    poisoning = rows["10"]
    assert poisoning.text == "集体性食物中毒事故规范报告率"
    assert poisoning.indicator_kind is IndicatorKind.BINDING
    assert [u.unit_text for u in poisoning.responsibilities] == ["区卫健局", "区市场监管局"]
    assert [t.due_on for t in poisoning.timings] == [date(2025, 12, 31)]
    assert [(t.op, t.value, t.measure_unit) for t in rows["2"].targets] == [(">", 98.5, "%")]


def test_box_over_two_pages_is_one_and_does_not_take_the_plans_next_point() -> None:
    rows = shipped("shangcheng-145").tasks
    box = [row.no for row in rows if row.part == "box" and "专栏5" in (row.section or "")]
    assert box == ["1", "2", "3"]
    third = [row.no for row in rows if row.part == "box" and "专栏3" in (row.section or "")]
    assert third == ["1", "2", "3"]  # 4. goes on with the plan's own count


def test_continuation_row_has_its_own_deadline_and_the_units_above() -> None:
    rows = [row for row in shipped("jiaojiang-reform").tasks if row.no == "18"]
    assert [row.part for row in rows] == ["main", "continuation"]
    assert rows[0].responsibilities == rows[1].responsibilities
    assert [row.timings[0].due_on for row in rows] == [date(2020, 12, 31), date(2025, 12, 31)]


def test_open_last_stage_leaves_the_period_open() -> None:
    facts = shipped("leqing-2022").facts
    assert (facts.period_start_on, facts.period_end_on) == (date(2022, 1, 1), None)
    assert facts.leading_group == "市市场监管局"


def test_reporting_duty_outside_of_tasks_is_a_task_of_its_own() -> None:
    plan = read_plan(read_file(PLANS / "river-points.txt"))
    (report,) = [row for row in plan.tasks if row.part == "report"]
    assert [(u.unit_text, u.role) for u in report.responsibilities] == [
        ("各乡镇（街道）", Role.RESPONSIBLE)
    ]
    (timing,) = report.timings
    assert timing.is_report
    assert (timing.kind, timing.rule) == (TimingKind.RECURRING, "FREQ=MONTHLY;BYMONTHDAY=25")


def test_what_cannot_be_dated_goes_on_the_review_list(tmp_path: Path) -> None:
    path = tmp_path / "抗旱.txt"
    path.write_text(
        "抗旱保供任务清单\n\n序号\t任务\t责任单位\t完成时限\n1\t修复提水泵站。\t\t适时推进\n",
        encoding="utf-8",
    )
    review = [f"{item.text}{item.where}" for item in read_plan(read_file(path)).review]
    assert review == [
        "第1项的完成时限“适时推进”无法确定日期。（第4行）",
        "第1项没有读到责任单位。（第4行）",
    ]


def test_a_whole_year_ends_a_count_and_lasts_for_work(tmp_path: Path) -> None:
    path = tmp_path / "普法.md"
    path.write_text(
        "# 2026年普法工作清单\n\n| 序号 | 任务 | 责任单位 | 完成时限 |\n|---|---|---|---|\n"
        "| 1 | 举办法治讲座40场。 | 县司法局 | 全年 |\n| 2 | 法律援助办结率达到95%。 | 县司法局 | 全年 |\n"
        "| 3 | 每月开展2次接访。 | 县司法局 | 全年 |\n",
        encoding="utf-8",
    )
    talks, aid, visits = read_plan(read_file(path)).tasks
    assert [(t.kind, t.due_on) for t in talks.timings] == [
        (TimingKind.DEADLINE, date(2026, 12, 31))
    ]
    assert {t.kind for t in (*aid.timings, *visits.timings)} == {TimingKind.RECURRING}


def test_a_title_in_full_width_figures_gives_its_year(tmp_path: Path) -> None:
    path = tmp_path / "防汛.txt"
    path.write_text(
        "宁川市２０２６年防汛要点\n一、主要任务\n1.检修泵站，四月底前完成。（市水利局）\n",
        encoding="utf-8",
    )
    plan = read_plan(read_file(path))
    assert plan.facts.title == "宁川市2026年防汛要点"
    assert [t.due_on for t in plan.tasks[0].timings] == [date(2026, 4, 30)]
