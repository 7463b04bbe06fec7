"""Finds passages by their words: BM25 in the SQL database, over Chinese text that we split ourselves."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import add
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, text
from sqlmodel import Session, col, func, select

from config.database import reading, writing
from rag.models import Passage

# Han characters apart from words of letters and digits; 4.5 and 98% stay whole in their digits
_RUNS = re.compile(r"[㐀-䶿一-鿿豈-﫿〇]+|[^\W_㐀-䶿一-鿿豈-﫿〇]+(?:\.\d+)?")
_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿〇]")
_FTS = "passage_fts"
_POSTGRES = "passage_words"
_BATCH = 500
# passages that hold the words that are looked for, each word counted by itself
_SQLITE_BUDGET = 10_000
_POSTGRES_BUDGET = 30_000
_FEWEST = 6  # of the rarest words, whatever they cost
_REMEMBERED = 20_000  # words whose numbers of passages are kept
_LENGTH_WEIGHT = 0.75  # BM25's b

_CREATE = {
    "sqlite": (
        # the words have been split by us; 4.5 stays one
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {_FTS} USING fts5(words, tokenize=\"unicode61 remove_diacritics 0 tokenchars '.'\")",
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {_FTS}_terms USING fts5vocab({_FTS}, 'row')",
    ),
    "postgresql": (
        f"CREATE TABLE IF NOT EXISTS {_POSTGRES} (passage_id integer PRIMARY KEY, "
        "version_id integer NOT NULL, length integer NOT NULL, words tsvector NOT NULL)",
        f"CREATE INDEX IF NOT EXISTS ix_{_POSTGRES}_words ON {_POSTGRES} USING gin (words)",
        f"CREATE INDEX IF NOT EXISTS ix_{_POSTGRES}_version ON {_POSTGRES} (version_id)",
    ),
}


def split_words(string: str) -> list[str]:
    """Single Han characters, pairs of neighbours, and words of letters and digits, in order."""
    words: list[str] = []
    for run in _runs(string):
        if _HAN.match(run):
            words += [run[i : i + n] for i in range(len(run)) for n in (1, 2) if i + n <= len(run)]
        else:
            words.append(run)
    return words


def count_words(string: str) -> Counter[str]:
    """How often each of its words stands in a text."""
    counts: Counter[str] = Counter()
    for run in _runs(string):
        if _HAN.match(run):
            counts.update(run)
            counts.update(map(add, run, run[1:]))
        else:
            counts[run] += 1
    return counts


def _runs(string: str) -> list[str]:
    """Stretches of Han characters, and words; without lone surrogates, which no database takes."""
    whole = string.encode("utf-8", "ignore").decode("utf-8")
    return _RUNS.findall(unicodedata.normalize("NFKC", whole).casefold())


def query_words(string: str) -> list[str]:
    """The distinct words that a question is searched by: single characters too, they rank better so."""
    return list(dict.fromkeys(split_words(string)))


def index_passages(session: Session, passages: Iterable[Passage]) -> None:
    """Add passages that have been flushed; their heading and text are indexed together."""
    _create(session)
    rows = []
    for passage in passages:
        words = split_words(f"{passage.heading}\n{passage.text}")
        row = {"id": passage.id, "version": passage.version_id, "length": len(words)}
        rows.append(row | {"words": " ".join(words) if _is_sqlite(session) else _tsvector(words)})
    if not rows:
        return
    if _is_sqlite(session):
        insert = f"INSERT INTO {_FTS} (rowid, words) VALUES (:id, :words)"
    else:
        insert = (
            f"INSERT INTO {_POSTGRES} (passage_id, version_id, length, words) "
            "VALUES (:id, :version, :length, CAST(:words AS tsvector))"
        )
    session.connection().execute(text(insert), rows)


def remove_version(session: Session, version_id: int) -> None:
    """Forget all passages of one version of a plan, before they are deleted."""
    _create(session)
    if _is_sqlite(session):
        delete = f"DELETE FROM {_FTS} WHERE rowid IN (SELECT id FROM passage WHERE version_id = :v)"
    else:
        delete = f"DELETE FROM {_POSTGRES} WHERE version_id = :v"
    session.connection().execute(text(delete), {"v": version_id})


def search(
    session: Session, query: str, version_ids: Sequence[int], limit: int
) -> list[tuple[int, float]]:
    """(passage id, score) of the best passages of these versions, the best first."""
    words = query_words(query)
    if not words or not version_ids or limit < 1:
        return []
    find = _search_sqlite if _is_sqlite(session) else _search_postgres
    return find(session, words, version_ids, limit)


def ensure(engine: Engine) -> None:
    """Create the index if it is missing, and fill it anew when it doesn't hold what SQL holds."""
    with writing(engine) as session:
        if not _is_sqlite(session):
            # two processes that start together: the second waits and finds the work done
            session.connection().execute(text("SELECT pg_advisory_xact_lock(68118)"))
        _create(session)
    with reading(engine) as session:
        table = _FTS if _is_sqlite(session) else _POSTGRES
        indexed = session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        stored = session.exec(select(func.count(col(Passage.id)))).one()
    if indexed != stored:
        rebuild(engine)


def rebuild(engine: Engine) -> None:
    """Make the index again from the passages in SQL, in one transaction."""
    with writing(engine) as session:
        _create(session)
        table = _FTS if _is_sqlite(session) else _POSTGRES
        session.connection().execute(text(f"DELETE FROM {table}"))
        last = 0
        while True:
            batch = session.exec(
                select(Passage)
                .where(col(Passage.id) > last)
                .order_by(col(Passage.id))
                .limit(_BATCH)
            ).all()
            if not batch:
                return
            index_passages(session, batch)
            last = batch[-1].id or 0
            session.expunge_all()


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _create(session: Session) -> None:
    for statement in _CREATE[session.get_bind().dialect.name]:
        session.connection().execute(text(statement))


# of each SQLite database: its greatest passage, and in how many passages words stood then
_counted: WeakKeyDictionary[Engine | Connection, tuple[int, dict[str, int]]] = WeakKeyDictionary()


def _affordable(counts: Iterable[tuple[str, float]], budget: int) -> list[str]:
    """The rarest words, by the number of passages that hold each, as far as the budget goes.

    In a large corpus the commonest words cost most of the time and decide nothing.
    """
    words: list[str] = []
    spent = 0.0
    for word, count in sorted(counts, key=lambda pair: (pair[1], pair[0])):
        spent += count
        if spent > budget and len(words) >= _FEWEST:
            break
        words.append(word)
    return words


def _search_sqlite(
    session: Session, words: Sequence[str], version_ids: Sequence[int], limit: int
) -> list[tuple[int, float]]:
    connection = session.connection()
    # each by itself: SQLite reads the end of an index for one greatest value, all rows for two
    last = session.exec(select(func.max(Passage.id))).one() or 0
    versions = session.exec(select(func.max(Passage.version_id))).one() or 1
    share = min(1.0, len(version_ids) / versions)
    counts = [(word, n * share) for word, n in _counts(session, words, last).items() if n]
    rarest = _affordable(counts, _SQLITE_BUDGET)
    if not rarest:
        return []
    found = connection.execute(
        text(
            f"SELECT f.rowid, -bm25({_FTS}) AS score FROM {_FTS} f JOIN passage p ON p.id = f.rowid "
            f"WHERE {_FTS} MATCH :match AND p.version_id IN (SELECT value FROM json_each(:versions)) "
            "ORDER BY score DESC, f.rowid LIMIT :limit"
        ),
        {
            "match": " OR ".join(f'"{word}"' for word in rarest),
            "versions": json.dumps(list(version_ids)), "limit": limit,
        },
    )  # fmt: skip
    return [(int(row[0]), float(row[1])) for row in found]


def _counts(session: Session, words: Sequence[str], last: int) -> dict[str, int]:
    """In how many passages each word stands, or stood when the passage `last` came: it only chooses words."""
    mark, known = _counted.get(session.get_bind(), (0, {}))
    if mark != last or len(known) > _REMEMBERED:
        known = {}
    if missing := [word for word in words if word not in known]:
        found = session.connection().execute(
            text(
                f"SELECT term, doc FROM {_FTS}_terms WHERE term IN (SELECT value FROM json_each(:words))"
            ),
            {"words": json.dumps(missing)},
        )
        # not in place: another thread may be reading it; a word that is nowhere is asked for again
        known = known | {row[0]: int(row[1]) for row in found}
        _counted[session.get_bind()] = last, known
    return {word: known.get(word, 0) for word in words}


def _tsvector(words: Sequence[str]) -> str:
    """A tsvector written out, since PostgreSQL's own parser depends on its locale.

    A word's positions are 1, 2, … as often as it occurs: only how often is ever asked.
    """
    return " ".join(
        f"'{word}':" + ",".join(map(str, range(1, min(count, 200) + 1)))
        for word, count in Counter(words).items()
    )


# how often the common words occur, as PostgreSQL itself last counted; none before its first count
_POSTGRES_COUNTS = f"""
SELECT word, share * scope.n FROM pg_stats,
  unnest(most_common_elems::text::text[], most_common_elem_freqs) AS common(word, share),
  (SELECT count(*) AS n FROM {_POSTGRES} WHERE version_id = ANY(:versions)) AS scope
WHERE schemaname = current_schema() AND tablename = '{_POSTGRES}' AND attname = 'words'
  AND word = ANY(:words)
"""

# ts_rank of one word grows with its occurrences and levels off, as the term frequency of BM25 does
_POSTGRES_SEARCH = f"""
WITH scope AS MATERIALIZED (
  SELECT count(*)::float8 AS n, greatest(avg(length), 1)::float8 AS mean
  FROM {_POSTGRES} WHERE version_id = ANY(:versions)
), asked AS MATERIALIZED (
  SELECT word, word::tsquery AS query FROM unnest(CAST(:words AS text[])) AS word
), hits AS MATERIALIZED (
  SELECT w.passage_id, w.length, asked.word, ts_rank('{{1,1,1,1}}', w.words, asked.query) AS tf
  FROM asked JOIN {_POSTGRES} w ON w.words @@ asked.query AND w.version_id = ANY(:versions)
), weights AS (
  SELECT word, ln(1 + (scope.n - count(*) + 0.5) / (count(*) + 0.5)) AS idf FROM hits, scope GROUP BY word, scope.n
)
SELECT h.passage_id, sum(idf * tf) / (1 - {_LENGTH_WEIGHT} + {_LENGTH_WEIGHT} * h.length / scope.mean) AS score
FROM hits h JOIN weights USING (word), scope
GROUP BY h.passage_id, h.length, scope.mean ORDER BY score DESC, h.passage_id LIMIT :limit
"""


def _search_postgres(
    session: Session, words: Sequence[str], version_ids: Sequence[int], limit: int
) -> list[tuple[int, float]]:
    connection = session.connection()
    scope = {"versions": list(version_ids)}
    counts = connection.execute(text(_POSTGRES_COUNTS), {**scope, "words": list(words)})
    chosen = _affordable(
        {**dict.fromkeys(words, 0.0), **{row[0]: float(row[1]) for row in counts}}.items(),
        _POSTGRES_BUDGET,
    )
    found = connection.execute(
        text(_POSTGRES_SEARCH), {**scope, "words": [f"'{word}'" for word in chosen], "limit": limit}
    )
    return [(int(row[0]), float(row[1])) for row in found]
