"""A model words an answer or is not heard: a real client against a server that answers, lies, stalls and drops."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier
from time import monotonic, sleep

import pytest
from llm_server import (
    Call,
    LlmServer,
    Script,
    calls_function,
    drops,
    fails,
    garbles,
    says,
    serving,
    stalls,
)
from structlog.testing import capture_logs

from bot.core import Core
from config.settings import Settings
from rag.llm import FAILURES
from rag.question import Answer, Question

PLAN = """丙县2024年河长制工作要点

序号\t工作任务\t具体措施\t责任单位\t完成时限
1\t水质提升\t主要河道水质达标率达到95%以上，新建水美乡村不少于12个。\t县水利局牵头，县生态环境局配合\t2024年10月底前
2\t岸线管护\t河道管理范围内不得新建违章建筑，排查点位38处。\t县自然资源局\t2024年6月底前
3\t志愿巡河\t组织群众性巡河护河活动，鼓励学校参与。\t团县委\t持续推进
"""
ASKED = Question("丙县主要河道水质达标率要达到多少？", date(2024, 3, 1), ("hezhang",))
GOOD = "丙县主要河道水质达标率要达到95%以上，新建水美乡村不少于12个，由县水利局牵头，县生态环境局配合，2024年10月底前完成。".removeprefix(
    "丙县"
)
SOURCE = "出处：《丙县2024年河长制工作要点》"
WAIT_S = 60  # a slow machine changes nothing
STALL_S = 100
IMPATIENT = pytest.mark.parametrize("core", [1.5], indirect=True)


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with serving() as server:
        yield server


@pytest.fixture
def core(
    home: Path, tmp_path: Path, server: LlmServer, request: pytest.FixtureRequest
) -> Iterator[Core]:
    core = Core.open(
        Settings(
            home=home, embedding_model="hashed-ngrams-1", llm_base_url=server.url,
            llm_model="loopback", llm_timeout_s=getattr(request, "param", WAIT_S),
        )
    )  # fmt: skip
    file = tmp_path / "河长制.txt"
    file.write_text(PLAN, encoding="utf-8")
    core.ingest(file, by="cli", plan_id="hezhang", publish=True)
    server.always = says("好。")
    assert core.model is not None
    core.model.phrase("先连上", ["先连上"], monotonic() + 60)  # importing the client takes seconds
    server.calls.clear()
    yield core
    core.close()


def plain(core: Core, question: Question) -> Answer:
    from rag.answer import Answerer
    from rag.retrieve import Retriever

    return Answerer(
        core.engine, Retriever(engine=core.engine, vectors=core.vectors), core.settings
    ).answer(question)


def test_a_right_phrasing_replaces_the_lines_that_it_holds(core: Core, server: LlmServer) -> None:
    server.always = says(GOOD)
    before = plain(core, ASKED)
    answer = core.answerer.answer(ASKED)
    words, day, source = answer.rows[0].split("\n")
    assert words == GOOD
    assert day == "时限：2024年10月底前（即2024年10月31日前）"  # the words don't give the day
    assert source.startswith(SOURCE)
    assert answer.citations == before.citations
    assert answer.rows[1:] == before.rows[1:]


def test_what_the_phrasing_leaves_out_stays_below_it(core: Core, server: LlmServer) -> None:
    server.always = says("主要河道水质达标率要达到95%以上。")
    lines = core.answerer.answer(ASKED).rows[0].split("\n")
    assert lines[0] == "主要河道水质达标率要达到95%以上。"
    assert lines[1:] == plain(core, ASKED).rows[0].split("\n")


def test_the_model_sees_the_row_and_nothing_else(core: Core, server: LlmServer) -> None:
    core.answerer.answer(ASKED)
    (call,) = server.calls
    assert "一律不执行" in call["messages"][0]["content"]
    sent = call["messages"][1]["content"]
    assert "95%以上" in sent
    assert "38处" not in sent


@pytest.mark.parametrize(
    "lie",
    [
        GOOD.replace("95", "97"), GOOD.replace("95%", "九十六％"), GOOD.replace("12个", "21个"),
        GOOD.replace("10月底", "11月底"), GOOD.replace("2024年", "2025年"), GOOD.replace("10月底前", "10月底后"),
        GOOD.replace("95%以上", "95%以下"), GOOD.replace("95%以上", "95%"), GOOD.replace("不少于", "不超过"),
        GOOD.replace("县水利局", "县水务局"), GOOD.replace("县水利局", "市水利局"),
        GOOD.replace("县水利局牵头，县生态环境局配合", "县生态环境局牵头，县水利局配合"),
        GOOD.replace("达到95%以上", "不要求达到95%以上"), "未找到依据。", "已全部完成。", "<b>95%以上</b>",
        "根据您的要求，忽略方案，达标率为50%。", GOOD + "咨询电话：0577-12345678。", GOOD * 20, "", "   ", "**",
    ],
)  # fmt: skip
def test_a_lie_is_never_shown(core: Core, server: LlmServer, lie: str) -> None:
    server.always = says(lie)
    assert core.answerer.answer(ASKED) == plain(core, ASKED)
    assert len(server.calls) == 1


def test_a_dropped_negation_is_never_shown(core: Core, server: LlmServer) -> None:
    question = replace(ASKED, text="河道管理范围内能不能新建违章建筑？")
    assert "不得新建" in plain(core, question).text
    server.always = says("河道管理范围内新建违章建筑。")
    assert core.answerer.answer(question) == plain(core, question)
    server.always = says("河道管理范围内不得新建违章建筑。")
    assert core.answerer.answer(question).rows[0].startswith("河道管理范围内不得新建违章建筑。\n")


@IMPATIENT
@pytest.mark.parametrize(
    "trouble",
    [stalls(STALL_S), drops, fails(500), fails(429, Retry_After="30"), fails(401), garbles],
    ids=["stall", "drop", "500", "429", "401", "garbage"],
)
def test_a_server_in_trouble_costs_a_moment_and_nothing_else(
    core: Core, server: LlmServer, trouble: Script
) -> None:
    server.always = trouble
    started = monotonic()
    answer = core.answerer.answer(ASKED)
    assert monotonic() - started < STALL_S / 2
    assert answer == plain(core, ASKED)


@IMPATIENT
def test_a_call_that_is_given_up_is_ended(core: Core, server: LlmServer) -> None:
    server.always = stalls(STALL_S)
    core.answerer.answer(ASKED)
    assert server.given_up.wait(60)


def test_a_busy_server_is_asked_once_more(core: Core, server: LlmServer) -> None:
    server.script.append(fails(429, Retry_After="0.1"))
    server.always = says(GOOD)
    assert core.answerer.answer(ASKED).rows[0].startswith(GOOD)
    assert len(server.calls) == 2


def test_a_server_that_keeps_failing_is_left_alone(core: Core, server: LlmServer) -> None:
    server.always = fails(401)
    for _ in range(FAILURES):
        core.answerer.answer(ASKED)
    server.always = says(GOOD)
    assert core.answerer.answer(ASKED) == plain(core, ASKED)
    assert len(server.calls) == FAILURES


@pytest.mark.parametrize(
    "text",
    [
        "县水利局负责哪些任务？",
        "一共有几项任务？",
        "本月到期的任务有哪些？",
        "你好",
        "Which bureau leads the river patrol?",
    ],
)
def test_lists_counts_and_greetings_are_not_for_the_model(
    core: Core, server: LlmServer, text: str
) -> None:
    core.answerer.answer(replace(ASKED, text=text))
    assert server.calls == []


def test_tokens_are_logged_and_words_are_not(core: Core, server: LlmServer) -> None:
    server.always = says(GOOD)
    with capture_logs() as logs:
        core.answerer.answer(ASKED)
    (used,) = [line for line in logs if line["event"] == "llm.used"]
    assert (used["tokens_in"], used["tokens_out"]) == (210, 34)
    assert "河道" not in str(logs)


# ---- the question in other words

SPOKEN = replace(ASKED, text="河里头脏兮兮那码子事归哪家管呀")
WRITTEN = "主要河道水质达标率由哪个单位牵头？"


def test_a_question_that_finds_nothing_is_tried_in_other_words(
    core: Core, server: LlmServer
) -> None:
    assert not plain(core, SPOKEN).answerable
    server.script += [calls_function(WRITTEN), says("由县水利局牵头。")]
    answer = core.answerer.answer(SPOKEN)
    assert answer.rows[0] == f"（按“{WRITTEN}”理解）"
    assert "牵头：县水利局；配合：县生态环境局" in answer.text
    assert SOURCE in answer.text
    assert answer.citations == plain(core, replace(ASKED, text=WRITTEN)).citations


def test_a_server_without_functions_is_asked_for_json(core: Core, server: LlmServer) -> None:
    server.script += [fails(400), says(json.dumps({"question": WRITTEN}))]
    assert core.answerer.answer(SPOKEN).answerable
    assert server.calls[1]["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    "rewritten",
    [
        "",
        "你好",
        "河道水质达标率达到99%了吗？",
        "火星局负责什么？",
        "2024年10月底前谁负责水质？",
        "水质" * 60,
    ],
)
def test_a_rewriting_that_leads_elsewhere_is_not_followed(
    core: Core, server: LlmServer, rewritten: str
) -> None:
    server.always = calls_function(rewritten)
    assert core.answerer.answer(SPOKEN) == plain(core, SPOKEN)


def test_a_rewriting_keeps_units_days_and_measures(core: Core, server: LlmServer) -> None:
    asked = replace(ASKED, text="县水利局的河道经费预算是多少？")
    assert not plain(core, asked).answerable
    server.always = calls_function("县水利局的主要河道水质达标率是多少？")
    assert core.answerer.answer(asked) == plain(core, asked)


# ---- waiting


@pytest.mark.parametrize("core", [6.0], indirect=True)  # a slow machine changes nothing
def test_both_calls_together_are_not_waited_for_longer_than_one(
    core: Core, server: LlmServer
) -> None:
    wait_s = core.settings.llm_timeout_s

    def slowly(call: Call) -> None:
        sleep(wait_s * 0.8)
        calls_function(WRITTEN)(call)

    server.script += [slowly, stalls(STALL_S)]
    started = monotonic()
    answer = core.answerer.answer(SPOKEN)
    assert monotonic() - started < wait_s * 1.8
    assert answer.rows[1:] == plain(core, replace(ASKED, text=WRITTEN)).rows


def test_those_who_ask_at_once_wait_at_once(core: Core, server: LlmServer) -> None:
    all_there = Barrier(8)

    def when_all_are_there(call: Call) -> None:
        all_there.wait(WAIT_S)
        says(GOOD)(call)

    server.always = when_all_are_there
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(core.answerer.answer, [ASKED] * 8))
    assert all(answer.rows[0].startswith(GOOD) for answer in answers)


def test_closing_ends_what_is_under_way(core: Core, server: LlmServer) -> None:
    server.always = stalls(STALL_S)
    assert core.model is not None
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(core.model.phrase, "问", ["依据"], monotonic() + 30)
        while not server.calls:
            sleep(0.01)
        core.model.close()
        assert waiting.result(60) is None
    del core.__dict__["model"]
