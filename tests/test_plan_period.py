"""From when to when a plan runs: its own statement, in whatever words, else the years of its title."""

from datetime import date

import pytest

from corpus.document import Block, BlockKind, Document
from corpus.facts import read_facts
from corpus.plan_period import period_said
from corpus.reading import read_plan

ISSUED_ON = date(2026, 2, 3)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("本方案执行期为2026年1月1日至2026年11月30日。", "2026-01-01", "2026-11-30"),
        ("本计划自2026年3月1日起至2027年2月28日止。", "2026-03-01", "2027-02-28"),
        ("三、实施时间\n2026年3月—11月", "2026-03-01", "2026-11-30"),
        ("（二）工作期限：2024年至2026年。", "2024-01-01", "2026-12-31"),
        ("为做好消防工作，制定本规划。规划期为2021—2025年，展望2035年。", "2021-01-01", "2025-12-31"),
        ("本办法自2026年3月1日起施行，有效期至2027年12月31日。", "2026-03-01", "2027-12-31"),
        ("本方案自印发之日起实施，至2026年12月31日止。", "2026-02-03", "2026-12-31"),
        ("行动时间为三年，即2024年1月1日至2026年12月31日。", "2024-01-01", "2026-12-31"),
        ("四、实施期限。2026年3月至11月。", "2026-03-01", "2026-11-30"),
    ],
)  # fmt: skip
def test_what_a_plan_says_of_its_own_period(text: str, first: str, last: str) -> None:
    period = date.fromisoformat(first), date.fromisoformat(last)
    assert period_said(text.split("\n"), ISSUED_ON) == period


@pytest.mark.parametrize(
    "text",
    [
        "1.修建水库。实施期为2026年3月至6月。", "实施时间：2026年3月至6月\n责任单位：县水利局",
        "（一）动员阶段\n实施时间：2026年3月", "实施时间：2026年3月\n实施时间：2026年4月",
        "本项目实施期为2026年3月至6月。", "许可证有效期为2026年3月至6月。", "上一轮规划期为2016年至2020年。",
        "本规划期内，到2025年建成。", "本方案自2026年1月1日起施行。", "本方案2026年6月底前完成。",
    ],
)  # fmt: skip
def test_what_is_no_period_of_the_plan(text: str) -> None:
    assert period_said(text.split("\n"), ISSUED_ON) is None


def test_the_statement_goes_before_the_year_of_the_title() -> None:
    texts = ["青川县2026年校园安全工作方案", "本方案执行期为2026年3月1日至2027年2月28日。"]
    facts = read_facts(Document([Block(BlockKind.PARAGRAPH, text) for text in texts], "test"))
    assert (facts.period_start_on, facts.period_end_on) == (date(2026, 3, 1), date(2027, 2, 28))
    assert facts.year == 2026  # 6月底前 is still of the year in the title


def test_a_day_in_a_stage_is_of_the_stage_s_year() -> None:
    lines = [
        "河西市消防三年行动方案（2025—2027年）",
        "二、推进步骤",
        "1.部署阶段（2025年3月—4月）。4月20日前动员。",
        "2.总结阶段（2027年1月—12月）。11月底前完成验收。",
    ]
    plan = read_plan(Document([Block(BlockKind.PARAGRAPH, text) for text in lines], "test"))
    due = [task.timings[-1].due_on for task in plan.tasks]
    assert due == [date(2025, 4, 20), date(2027, 11, 30)]
