"""Takes one document from file to ledger; the same file twice changes nothing."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from config.database import reading, writing
from config.errors import UserError
from corpus import ledger, versions
from corpus.compare import TaskChange, changes
from corpus.models import Plan, PlanVersion, Upload, VersionState

if TYPE_CHECKING:
    from corpus.document import Document
    from corpus.reading import ReadPlan

log = structlog.get_logger()

SHIPPED_BY = "shipped"
SHIPPED = Path(__file__).parent / "plans"
PLAN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

FACTS = (
    "title", "issuer", "doc_number", "issued_on", "jurisdiction", "period_start_on",
    "period_end_on", "basis", "leading_group", "review",
)  # fmt: skip

Stored = Callable[[Session, PlanVersion], None]  # what else belongs into the same transaction


@dataclass(slots=True)
class IngestReport:
    """What was read out of a file, for the person who sent it."""

    plan_id: str
    version: int
    title: str
    state: VersionState
    is_new: bool  # False: this very file was taken in before
    tasks: dict[str, int] = field(default_factory=dict)  # part → count
    units: int = 0
    dated: int = 0  # timings with a day
    ambiguous: int = 0  # of these, two days can be meant
    targets: int = 0
    review: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changes: list[TaskChange] = field(default_factory=list)
    version_id: int = 0

    @property
    def is_draft(self) -> bool:
        """Whether it waits to be published."""
        return self.state is VersionState.DRAFT


def take_in(
    engine: Engine, path: Path, *, now: datetime, by: str, stored: Stored,
    plan_id: str | None = None, publish: bool = False, manifest: dict[str, Any] | None = None,
) -> IngestReport:  # fmt: skip
    """Read `path` into a draft of a plan, and put it in force if `publish`.

    Raises UserError with one line when the file can't be read; then nothing has changed.
    """
    from corpus.formats import read_file

    if plan_id is not None and not PLAN_ID.fullmatch(plan_id):
        raise UserError(f"方案代号“{plan_id}”只能用小写字母、数字和连字符，例如 leqing-2022。")
    document = read_file(path)
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    with writing(engine) as session:
        known = _same_file(session, sha256, plan_id)
        if known is not None:
            if publish and known.state is VersionState.DRAFT:
                known = versions.publish(
                    session, known.plan_id, now=now, by=by, version_id=known.id
                )
            return _report(session, known, is_new=False)
    read = _read(document, path, manifest)
    with writing(engine) as session:
        known = _same_file(session, sha256, plan_id)
        if known is not None:  # another process took it in while we read
            return _report(session, known, is_new=False)
        plan_id = (
            plan_id or _known_title(session, read.facts.title) or _new_id(session, read.facts, path)
        )
        if session.get(Upload, sha256) is None:
            session.add(
                Upload(sha256=sha256, file_name=path.name, content=content, received_at=now)
            )
        version = ledger.store_version(
            session, plan_id, read, document, file_name=path.name, sha256=sha256, now=now
        )
        stored(session, version)
        report = _report(session, version, is_new=True)
        if publish:
            report.state = versions.publish(session, plan_id, now=now, by=by).state
    log.info("plan.read", plan=plan_id, version=version.number, tasks=sum(report.tasks.values()))
    return report


def take_in_again(
    engine: Engine, plan_id: str, *, now: datetime, stored: Stored
) -> IngestReport | None:
    """Read the file of a plan anew, as after an update of the product; None when nothing is read otherwise.

    What is read otherwise is a new draft. Raises UserError when there is no such plan.
    """
    from corpus.formats import read_file

    with reading(engine) as session:
        version = ledger.version_to_show(session, plan_id)
        upload = session.get(Upload, version.sha256)
        assert upload is not None  # drop_unused spares what a version was read from
    shipped = {entry["id"]: entry for entry in _manifest()}
    manifest = shipped.get(plan_id) if version.published_by == SHIPPED_BY else None
    with TemporaryDirectory() as folder:
        path = Path(folder) / version.file_name
        path.write_bytes(upload.content)
        document = read_file(path)
    read = _read(document, path, manifest)
    with writing(engine) as session:
        new = ledger.store_version(
            session, plan_id, read, document,
            file_name=version.file_name, sha256=version.sha256, now=now,
        )  # fmt: skip
        report = _report(session, new, is_new=True)
        before = session.get(PlanVersion, version.id)
        assert before is not None and before.id is not None and new.id is not None
        tasks = (ledger.tasks_of(session, id_) for id_ in (before.id, new.id))
        if not changes(*tasks) and all(
            getattr(before, field) == getattr(new, field) for field in FACTS
        ):
            session.rollback()
            return None
        stored(session, new)
    return report


def _read(document: "Document", path: Path, manifest: dict[str, Any] | None) -> "ReadPlan":
    """What stands in a document; a manifest knows better what it says of the plan."""
    from corpus.reading import ReviewItem, read_plan

    read = read_plan(document, path.stem)
    for name in ("title", "issuer", "doc_number", "issued_on", "jurisdiction"):
        if manifest and manifest.get(name):
            value = manifest[name]
            setattr(read.facts, name, date.fromisoformat(value) if name == "issued_on" else value)
    if not read.tasks:
        words = "没有读出任务：文件里没有任务表，也没有编号的条目。仍可提问其中的文字。"
        read.review.insert(0, ReviewItem(words, ""))
    return read


def take_in_shipped(engine: Engine, *, now: datetime, stored: Stored) -> int:
    """Take in the plans that ship with the product, where there are no others; how many were missing.

    Killed on the way, the next start goes on where it stopped.
    """
    entries = _manifest()
    with reading(engine) as session:
        there = set(session.exec(select(Plan.id)))
    missing = [entry for entry in entries if entry["id"] not in there]
    if there - {entry["id"] for entry in entries}:
        return 0
    for entry in missing:
        take_in(
            engine, SHIPPED / entry["file"], now=now, by=SHIPPED_BY, stored=stored,
            plan_id=entry["id"], publish=True, manifest=entry,
        )  # fmt: skip
    return len(missing)


def _manifest() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        (SHIPPED / "manifest.json").read_text(encoding="utf-8")
    )
    return found


def drop_unused(session: Session, content: bytes) -> None:
    """Forget the bytes of a file that no version was read from."""
    sha256 = hashlib.sha256(content).hexdigest()
    kept = session.get(Upload, sha256)
    if (
        kept
        and not session.exec(select(PlanVersion.id).where(PlanVersion.sha256 == sha256)).first()
    ):
        session.delete(kept)


def _same_file(session: Session, sha256: str, plan_id: str | None) -> PlanVersion | None:
    query = select(PlanVersion).where(PlanVersion.sha256 == sha256)
    if plan_id is not None:
        query = query.where(PlanVersion.plan_id == plan_id)
    version = session.exec(query.order_by(col(PlanVersion.id).desc())).first()
    # sent again after a newer one, it is meant to be read anew
    if version is None or version.state in (VersionState.RETIRED, VersionState.DISCARDED):
        return None
    return version


def _known_title(session: Session, title: str) -> str | None:
    return session.exec(select(PlanVersion.plan_id).where(PlanVersion.title == title)).first()


def _new_id(session: Session, facts: Any, path: Path) -> str:
    """`yueqing-2022` from the place and the year, else from the file's name; a free one."""
    from pypinyin import lazy_pinyin

    place = re.sub(r"[省市区县]$", "", facts.jurisdiction or "") or path.stem
    year = re.search(r"20\d\d", f"{facts.title} {facts.period_start_on or facts.issued_on or ''}")
    words = "".join(lazy_pinyin(place)) + (f"-{year[0]}" if year else "")
    base = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:48] or "plan"
    taken = set(session.exec(select(Plan.id).where(col(Plan.id).startswith(base))))
    return next(i for i in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if i not in taken)


def _report(session: Session, version: PlanVersion, *, is_new: bool) -> IngestReport:
    assert version.id is not None
    tasks = ledger.tasks_of(session, version.id)
    current = ledger.version_in_force(session, version.plan_id)
    changed = []
    if current is not None and current.id is not None and current.id != version.id:
        changed = changes(ledger.tasks_of(session, current.id), tasks)
    return IngestReport(
        plan_id=version.plan_id, version=version.number, title=version.title, state=version.state,
        is_new=is_new, tasks=dict(Counter(task.part for task in tasks)),
        units=len({r.unit_id for task in tasks for r in task.responsibilities}),
        dated=sum(t.due_on is not None for task in tasks for t in task.timings),
        ambiguous=sum(t.ambiguous for task in tasks for t in task.timings),
        targets=sum(len(task.targets) for task in tasks),
        review=version.review, notes=version.document["notes"], changes=changed, version_id=version.id,
    )  # fmt: skip
