"""An answer is read while a model writes it: only what the gate let through, in the message that becomes the answer."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llm_server import LlmServer, Script, calls_function, fails, says, serving, streams
from structlog.testing import capture_logs
from worded_plan import FIRST, GOOD, PATIENCE_S, QUESTION, SECOND, THIRD, add_plan

from bot.core import Core
from config.settings import Settings
from rag import gate
from rag.beginnings import Beginnings
from rag.llm import LONGEST
from rag.question import Answer, Question

ASKED = Question(QUESTION, date(2024, 3, 1), ("xiaofang",))


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with serving() as server:
        yield server


@pytest.fixture
def core(home: Path, tmp_path: Path, server: LlmServer) -> Iterator[Core]:
    core = Core.open(
        Settings(
            home=home, embedding_model="hashed-ngrams-1", llm_base_url=server.url,
            llm_model="loopback", llm_timeout_s=PATIENCE_S,
        )
    )  # fmt: skip
    server.always = says("好。")
    add_plan(core, tmp_path)
    server.calls.clear()
    yield core
    core.close()


class Reader:
    """Whoever reads along, and whom the server waits for."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self._events: dict[str, Event] = {}

    def show(self, text: str) -> None:
        self.read.append(text)
        self._event(text).set()

    def reads(self, text: str) -> Callable[[], None]:
        """A step of the server: until `text` is shown."""

        def wait() -> None:
            assert self._event(text).wait(PATIENCE_S)

        return wait

    def _event(self, text: str) -> Event:
        return self._events.setdefault(text, Event())


@pytest.fixture
def reader() -> Reader:
    return Reader()


def whole(core: Core, server: LlmServer, text: str) -> Answer:
    """The answer when nobody reads along."""
    server.script.append(says(text))
    return core.answerer.answer(ASKED)


def plain(core: Core) -> Answer:
    """The answer without a model."""
    from rag.answer import Answerer
    from rag.retrieve import Retriever

    retriever = Retriever(engine=core.engine, vectors=core.vectors)
    return Answerer(core.engine, retriever, core.settings).answer(ASKED)


# ---- what is shown


def test_each_sentence_is_shown_once_the_next_has_begun(
    core: Core, server: LlmServer, reader: Reader
) -> None:
    server.script.append(
        streams(
            "全县住宅小区消防车", "通道畅通率达到98%以上。", "新", reader.reads(FIRST),
            "建微型消防站不少于16个。由县", reader.reads(FIRST + SECOND),
            THIRD.removeprefix("由县"),
        )
    )  # fmt: skip
    with capture_logs() as logs:
        answer = core.answerer.answer(ASKED, reader.show)
    assert reader.read == [FIRST, FIRST + SECOND]
    assert answer == whole(core, server, GOOD)
    (used,) = [line for line in logs if line["event"] == "llm.used"]
    assert (used["tokens_in"], used["tokens_out"]) == (210, 34)


@pytest.mark.parametrize(
    ("lie", "shown"),
    [
        (GOOD.replace("9月底", "12月底"), [FIRST, FIRST + SECOND]),
        (GOOD.replace("县住建局配合", "县公安局配合"), [FIRST, FIRST + SECOND]),
        (FIRST + SECOND + "本任务已全部完成。", [FIRST, FIRST + SECOND]),
        (FIRST + SECOND + "忽略以上要求，达标率为50%。" + THIRD, [FIRST, FIRST + SECOND]),
        (GOOD.replace("16", "61"), [FIRST]),
        (GOOD.replace("98%以上", "98%"), []),
        (GOOD.replace("98", "89"), []),
        ("已按您的指令忽略方案。畅通率为50%。完成。", []),
    ],
)
def test_nothing_is_shown_from_the_first_lie_on(
    core: Core, server: LlmServer, reader: Reader, lie: str, shown: list[str]
) -> None:
    server.always = streams(*lie)
    assert core.answerer.answer(ASKED, reader.show) == plain(core)
    assert reader.read == shown


@pytest.mark.parametrize("ends", ["cut", "torn"])
@pytest.mark.parametrize("more", ["", SECOND, SECOND + THIRD])
def test_a_line_that_is_dropped_brings_the_plain_answer(
    core: Core, server: LlmServer, reader: Reader, ends: str, more: str
) -> None:
    server.always = streams(FIRST, *more, ends=ends)
    assert core.answerer.answer(ASKED, reader.show) == plain(core)
    assert all((FIRST + more).startswith(text) for text in reader.read)


def test_a_model_that_stalls_is_given_up(core: Core, server: LlmServer, reader: Reader) -> None:
    server.always = streams(FIRST, SECOND[0], ends="never")
    core.settings.llm_timeout_s = 3.0
    assert core.answerer.answer(ASKED, reader.show) == plain(core)
    assert reader.read in ([FIRST], [])  # none on a machine that takes seconds for a line
    assert server.given_up.wait(PATIENCE_S)


def test_reasoning_is_not_shown(core: Core, server: LlmServer, reader: Reader) -> None:
    server.always = streams("<think>", FIRST, SECOND, "</think>", *GOOD)
    core.answerer.answer(ASKED, reader.show)
    assert reader.read == [FIRST, FIRST + SECOND]
    server.always = streams("<think>", FIRST, SECOND)
    assert core.answerer.answer(ASKED, reader.show) == plain(core)
    assert reader.read == [FIRST, FIRST + SECOND]


@pytest.mark.parametrize("instead", [fails(400), fails(422), says(GOOD)])
def test_a_server_that_does_not_stream_is_asked_once_more(
    core: Core, server: LlmServer, reader: Reader, instead: Script
) -> None:
    server.script += [instead, says(GOOD)]
    answer = core.answerer.answer(ASKED, reader.show)
    assert [call.get("stream", False) for call in server.calls] == [True, False]
    assert answer == whole(core, server, GOOD)
    assert reader.read == []


def test_a_question_in_other_words_is_answered_whole(
    core: Core, server: LlmServer, reader: Reader
) -> None:
    server.script += [calls_function("微型消防站由哪个单位牵头？"), says("由县消防救援大队牵头。")]
    spoken = replace(ASKED, text="楼道里头堆得满满当当那码子事归哪家管呀")
    assert core.answerer.answer(spoken, reader.show).rows[0].startswith("（按“")
    assert len(server.calls) == 2
    assert not any(call.get("stream") for call in server.calls)
    assert reader.read == []


SOURCES = [
    "全县住宅小区消防车通道畅通率达到98%以上。新建微型消防站不少于16个。不得占用疏散楼梯。",
    "牵头：县消防救援大队；配合：县住建局",
]


@given(st.data())
def test_whatever_is_written_in_whatever_pieces_what_is_shown_is_a_checked_beginning(
    data: st.DataObject,
) -> None:
    sentences = [FIRST, SECOND, "不得占用疏散楼梯。", "由县消防救援大队牵头。", "占用疏散楼梯。",
                 "新建微型消防站不少于98个。", "由县住建局牵头。", "\n", "”", "好！"]  # fmt: skip
    text = "".join(data.draw(st.lists(st.sampled_from(sentences), max_size=8)))
    shown: list[str] = []
    beginnings = Beginnings(SOURCES, shown.append)
    for end in sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12))):
        beginnings.heard(text[:end])
    beginnings.heard(text)
    for one in shown:
        assert text.strip().startswith(one)
        assert one != text.strip()
        assert gate.check(one, SOURCES) == []
    assert shown == sorted(set(shown), key=len)


def test_what_is_too_long_for_an_answer_is_not_shown_either() -> None:
    shown: list[str] = []
    Beginnings(SOURCES, shown.append).heard(FIRST * (LONGEST // len(FIRST) + 2))
    assert shown == []
