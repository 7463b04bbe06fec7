"""Puts a version of a plan into the index; its vectors follow in the background."""

from sqlalchemy import Engine, delete
from sqlmodel import Session, col, select

from config.database import reading, writing
from corpus.document import Document
from corpus.models import PlanVersion, Task
from rag import lexical
from rag.chunks import make_passages
from rag.models import Passage


def index_version(session: Session, version: PlanVersion) -> None:
    """Make the passages of a stored version, in the caller's transaction; those it had are replaced."""
    assert version.id is not None
    lexical.remove_version(session, version.id)
    session.execute(delete(Passage).where(col(Passage.version_id) == version.id))
    tasks = session.exec(
        select(Task).where(Task.version_id == version.id).order_by(col(Task.seq))
    ).all()
    passages = make_passages(version, Document.from_json(version.document), list(tasks))
    session.add_all(passages)
    session.flush()
    lexical.index_passages(session, passages)


def reindex(engine: Engine) -> int:
    """Make all passages again, a version at a time; how many versions there are."""
    with reading(engine) as session:
        version_ids = session.exec(select(PlanVersion.id).order_by(col(PlanVersion.id))).all()
    for version_id in version_ids:
        with writing(engine) as session:
            version = session.get(PlanVersion, version_id)
            if version is not None:
                index_version(session, version)
    lexical.rebuild(engine)
    return len(version_ids)
