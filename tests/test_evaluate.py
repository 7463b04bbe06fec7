"""Annotated questions: what is right, what is grounded, what is told, and what a new version changes."""

import json
from datetime import date

import pytest

from config.errors import UserError
from rag.evaluate import evaluate, fault_of, grounded, groups, proves, read_examples, right
from rag.question import Answer, Citation, Question

LINE = {
    "id": "h1", "q": "清淤几条河道？", "asked_on": "2025-05-12", "plan": "river-2025", "type": "target",
    "style": "short", "must": [["12条", "十二条"], ["县水利局"]], "must_not": ["未找到"],
    "evidence": "全年完成12条河道清淤", "answerable": True,
}  # fmt: skip
REFUSED = {
    **LINE, "id": "h2", "q": "清淤要花多少钱？", "type": "unanswerable", "must": [["未找到"]],
    "must_not": [], "evidence": "", "answerable": False,
}  # fmt: skip


def example(**changes: object) -> dict[str, object]:
    return {**LINE, **changes}


def reply(text: str, *quotes: str, answerable: bool = True) -> Answer:
    cited = tuple(Citation("river-2025", "", None, "第1项", quote) for quote in quotes)
    return Answer((text,), answerable, cited)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("由县水利局完成 十二条。", ""),
        ("由 县水 利局完成“１２条”。", ""),  # width, spaces and marks say nothing
        ("完成12条。", "缺“县水利局”"),
        ("未找到：县水利局12条。", "不该有“未找到”"),
        ("县水利局12条" + "河" * 1000, "太长"),
    ],
)
def test_an_answer_is_right_when_it_says_all_and_nothing_else(text: str, fault: str) -> None:
    (one,) = read_examples([json.dumps(LINE)])
    assert fault_of(one, reply(text)).startswith(fault)
    assert bool(fault_of(one, reply(text))) == bool(fault)


def test_a_list_may_be_longer_and_a_made_up_answer_is_wrong() -> None:
    (one,) = read_examples([json.dumps(example(type="list"))])
    assert fault_of(one, reply("县水利局12条" + "河" * 1000)) == ""
    (refused,) = read_examples([json.dumps(REFUSED)])
    assert fault_of(refused, reply("未找到。", answerable=False)) == ""
    assert "作了回答" in fault_of(refused, reply("未找到。"))


@pytest.mark.parametrize(
    ("quote", "proved"),
    [
        ("一、全年完成 12 条河道清淤。", True),
        ("完成12条河道清淤", True),
        ("12条", False),  # too short to prove anything
        ("完成15条河道清淤", False),
        ("", False),
    ],
)
def test_a_quote_proves_when_it_holds_the_evidence_or_is_a_piece_of_it(
    quote: str, proved: bool
) -> None:
    (one,) = read_examples([json.dumps(LINE)])
    assert proves(one, [quote]) is proved


def test_examples_are_read_with_all_that_an_answer_may_depend_on() -> None:
    line = example(plan="*", as_unit="县水利局", history=["哪些河道？"], evidence=["a", "b"])
    one, two = read_examples([json.dumps(line), "", json.dumps({**LINE, "plan": None})], "other-1")
    wanted = Question("清淤几条河道？", date(2025, 5, 12), None, "县水利局", ("哪些河道？",))
    assert one.question == wanted
    assert one.evidence == ("a", "b")
    assert two.question.plan_ids == ("other-1",)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "第2行不是题目"),
        ("[1]", "第2行不是题目"),
        (json.dumps({**LINE, "must": 3}), "第2行不是题目"),
        (json.dumps({"q": "？", "asked_on": "2025-05-12"}), "第2行缺少 must"),
        (json.dumps({**LINE, "asked_on": "5月"}), "第2行：日期“5月”"),
    ],
)
def test_a_bad_line_is_told_by_its_number(line: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_examples([json.dumps(LINE), line])


def test_shares_are_counted_by_kind_and_where_something_can_be_quoted() -> None:
    lines = [json.dumps(LINE), json.dumps(example(must=[["15条"]])), json.dumps(REFUSED)]
    replies = {
        LINE["q"]: reply("县水利局12条", "全年完成12条河道清淤"),
        REFUSED["q"]: reply("未找到", answerable=False),
    }
    verdicts = evaluate(lambda question: replies[question.text], read_examples(lines))
    assert str(right(verdicts)) == "2/3（66.7%）"
    assert (grounded(verdicts).hits, grounded(verdicts).total) == (2, 2)
    shares = {name: right(group).hits for name, group in groups(verdicts, lambda e: e.kind).items()}
    assert shares == {"target": 1, "unanswerable": 1}
