"""Which of many plans a question names: a place has several, and a plan has a new one each year."""

from datetime import date

import pytest

from corpus.models import PlanVersion
from rag.names import named_plans

TITLES = {
    1: "清水县2021年河长制工作任务清单",
    2: "清水县2021年消防安全工作任务清单",
    3: "清水县2022年消防安全工作任务清单",
    4: "白石区2021年河长制工作任务清单",
}


def versions() -> list[PlanVersion]:
    return [
        PlanVersion(id=n, plan_id=f"made-{n}", title=title, jurisdiction=title[:3], issued_on=date(int(title[3:7]), 1, 5))
        for n, title in TITLES.items()
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("《清水县2021年消防安全工作任务清单》里谁牵头？", {2}),
        ("清水县2022年消防安全工作任务清单有几项？", {3}),
        ("清水县消防安全任务清单有几项？", {2, 3}),  # of which year is not said
        ("清水县2021年的任务清单有几项？", {1, 2}),
        ("清水县的河长制任务清单和白石区的任务清单有什么不同？", {1, 4}),
        ("消防通道由谁负责？", set()),
    ],
)
def test_the_title_that_says_most_of_the_words_is_meant(question: str, named: set[int]) -> None:
    assert set(named_plans(question, versions())) == named
