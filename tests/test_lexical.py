"""The lexical index on both databases."""

from sqlalchemy import Engine, text
from sqlmodel import select

from config.database import reading, writing
from rag import lexical
from rag.index import index_version, reindex
from rag.models import Passage
from tests.passages import river_version, store_river


def found(engine: Engine, query: str, *version_ids: int) -> list[str]:
    with reading(engine) as session:
        hits = lexical.search(session, query, version_ids, 5)
        assert [score for _, score in hits] == sorted((s for _, s in hits), reverse=True)
        return [session.get_one(Passage, id_).ref for id_, _ in hits]


def test_han_is_split_to_characters_and_pairs_and_the_rest_to_words() -> None:
    assert lexical.split_words("巡河３次, ＡＢ-12") == ["巡", "巡河", "河", "3", "次", "ab", "12"]
    assert lexical.split_words("达到98.5%以上") == ["达", "达到", "到", "98.5", "以", "以上", "上"]
    assert lexical.query_words("河长 河") == ["河", "河长", "长"]


def test_the_row_that_holds_the_words_comes_first(engine: Engine) -> None:
    version_id = store_river(engine)
    assert found(engine, "入河排污口要整治多少个？", version_id)[0] == "附件2第2项"
    assert found(engine, "“碧水通”平台", version_id)[0] == "二、（一）1"
    assert found(engine, "98%", version_id) == ["附件2第1项"]


def test_words_of_two_and_of_one_character_are_found(engine: Engine) -> None:
    version_id = store_river(engine)
    assert found(engine, "采砂", version_id)[0] == "附件2第3项"
    assert "附件2第3项" in found(engine, "砂", version_id)


def test_nothing_is_found_for_words_that_are_nowhere(engine: Engine) -> None:
    version_id = store_river(engine)
    assert found(engine, "鲸鲨", version_id) == []
    assert found(engine, "？！“”", version_id) == []
    assert found(engine, "采砂") == []


def test_quotes_and_operators_of_a_question_are_only_words(engine: Engine) -> None:
    version_id = store_river(engine)
    for query in ('" OR 1', "采砂' & !", "NEAR(采砂, *)", "words:采砂)", "\\'采砂\0\ud800"):
        found(engine, query, version_id)


def test_only_the_versions_asked_for_are_searched(engine: Engine) -> None:
    first, second = store_river(engine), store_river(engine, "other-2024")
    with reading(engine) as session:
        hits = lexical.search(session, "采砂", [second], 20)
        assert hits
        assert {session.get_one(Passage, id_).version_id for id_, _ in hits} == {second}
        both = lexical.search(session, "采砂", [first, second], 20)
        assert len(both) == 2 * len(hits)


def test_indexing_a_version_again_replaces_it(engine: Engine) -> None:
    version_id = store_river(engine)
    before = found(engine, "河长", version_id)
    reindex(engine)
    assert found(engine, "河长", version_id) == before
    with writing(engine) as session:
        lexical.remove_version(session, version_id)
    assert found(engine, "河长", version_id) == []


def test_a_word_that_came_with_a_correction_is_found(engine: Engine) -> None:
    version_id = store_river(engine)
    assert found(engine, "鲸鲨采砂", version_id) == ["附件2第3项"]
    with writing(engine) as session:
        lexical.remove_version(session, version_id)
        passages = session.exec(select(Passage).where(Passage.version_id == version_id)).all()
        passages[-1].text += "鲸鲨"
        lexical.index_passages(session, passages)
        ref = passages[-1].ref
    assert ref in found(engine, "鲸鲨采砂", version_id)


def test_a_rolled_back_version_leaves_nothing_in_the_index(engine: Engine) -> None:
    version_id = store_river(engine)
    try:
        with writing(engine) as session:
            version = river_version(number=2)
            session.add(version)
            session.flush()
            index_version(session, version)
            raise RuntimeError("power cut")
    except RuntimeError:
        pass
    with reading(engine) as session:
        hits = lexical.search(session, "河长", [version_id, version_id + 1], 50)
        assert {session.get_one(Passage, id_).version_id for id_, _ in hits} == {version_id}


def test_a_missing_or_emptied_index_is_made_again(engine: Engine) -> None:
    version_id = store_river(engine)
    before = found(engine, "采砂", version_id)
    tables = (
        ["passage_fts_terms", "passage_fts"]
        if engine.dialect.name == "sqlite"
        else ["passage_words"]
    )
    with writing(engine) as session:
        for table in tables:
            session.connection().execute(text(f"DROP TABLE {table}"))
    lexical.ensure(engine)
    assert found(engine, "采砂", version_id) == before
    with writing(engine) as session:
        session.connection().execute(text(f"DELETE FROM {tables[-1]}"))
    lexical.ensure(engine)
    assert found(engine, "采砂", version_id) == before
    with reading(engine) as session:
        assert len(session.exec(select(Passage)).all()) > 10
