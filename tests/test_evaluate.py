"""Annotated questions: what is right, what is grounded, what is told, and what a new version changes."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bot.core import Core
from bot.rehearsal import questions_file
from bot.verbs import run
from config.errors import UserError
from config.settings import Settings
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


DRAFT = """2025年甲县消防安全整治工作方案

序号\t工作任务\t具体措施\t责任单位\t完成时限
1\t高层建筑整治\t对全县28栋高层住宅开展消防设施检测。\t县消防救援大队\t2025年11月30日前
2\t电动车充电设施\t新建智能充电端口{ports}个。\t县住建局\t2025年12月底前
"""
OWN = [
    {"q": "智能充电端口要建多少个？", "asked_on": "2025-05-12", "must": [["600个"]]},
    {"q": "高层住宅有多少栋要检测？", "asked_on": "2025-05-12", "must": [["28栋"]]},
]


@pytest.fixture
def core(home: Path) -> Iterator[Core]:
    """An application with one fire plan in force, and the admins' own questions about it."""
    core = Core.open(Settings(home=home, embedding_model="hashed-ngrams-1"))
    folder = core.settings.home / "questions"
    folder.mkdir()
    lines = [json.dumps(one, ensure_ascii=False) for one in OWN]
    (folder / "fire-2025.jsonl").write_text("\n".join(lines), "utf-8")
    take_in(core, 600, publish=True)
    yield core
    core.close()


def take_in(core: Core, ports: int, publish: bool = False) -> list[str]:
    file = core.settings.home / f"消防{ports}.txt"
    file.write_text(DRAFT.format(ports=ports), encoding="utf-8")
    return list(
        run(core, "ingest", {"paths": [str(file)], "plan": "fire-2025", "publish": publish})
    )


@pytest.mark.parametrize("at_once", [True, False])
def test_a_version_that_answers_worse_is_published_with_a_warning(
    core: Core, at_once: bool
) -> None:
    told = take_in(core, 900, publish=at_once)
    if not at_once:
        told = list(run(core, "plans_publish", {"id": "fire-2025"}))
    text = "\n".join(told)
    assert "第1版答对 2/2" in text and "第2版答对 1/2" in text
    assert "✗ 智能充电端口要建多少个？（缺“600个”）" in text
    assert "高层住宅" not in text.partition("注意")[2]
    assert "duban plans rollback fire-2025" in text
    asked = {"text": "智能充电端口要建多少个？", "plan": "fire-2025"}
    assert "900个" in next(run(core, "ask", asked))


def test_a_version_that_answers_as_well_is_published_without_one(core: Core) -> None:
    questions_file(core.settings.home, "fire-2025").write_text(
        json.dumps({**OWN[1], "must": [["28栋"]]}), "utf-8"
    )
    take_in(core, 900)
    text = "\n".join(run(core, "plans_publish", {"id": "fire-2025"}))
    assert "第2版答对 1/1" in text
    assert "注意" not in text


def test_questions_that_cannot_be_read_stop_nobody(core: Core) -> None:
    questions_file(core.settings.home, "fire-2025").write_text("{", "utf-8")
    text = "\n".join(take_in(core, 900, publish=True))
    assert "没有核对回答：fire-2025.jsonl 第1行" in text
    assert "第2版，在执行" in text


def test_the_verb_prints_shares_and_fails_below_what_is_wanted(core: Core) -> None:
    lines = [json.dumps({**one, "plan": "fire-2025", "type": "target"}) for one in OWN]
    lines.append(json.dumps({**OWN[0], "plan": "fire-2025", "type": "target", "must": [["601个"]]}))
    files = {"own.jsonl": lines}
    told = list(run(core, "evaluate_files", {"files": files, "show": 5}))
    assert told[0].startswith("类型 target") and "2/3（66.7%）" in told[0]
    assert "缺“601个”" in "\n".join(told)
    (found,) = map(json.loads, run(core, "evaluate_files", {"files": files, "json": True}))
    assert found["right"] == [2, 3]
    assert [one["right"] for one in found["answers"]] == [True, True, False]
    with pytest.raises(UserError, match=r"低于 --min 0\.9"):
        list(run(core, "evaluate_files", {"files": files, "least": 0.9}))
    with pytest.raises(UserError, match=r"own\.jsonl：没有叫“none”的方案"):
        list(
            run(
                core,
                "evaluate_files",
                {"files": {"own.jsonl": [json.dumps({**OWN[0], "plan": "none"})]}},
            )
        )
