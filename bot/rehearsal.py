"""What a new version of a plan answers otherwise than the one before it, by the admins' own questions."""

from dataclasses import replace
from pathlib import Path

from sqlmodel import Session, col, select

from bot.core import Core
from config.database import reading
from config.errors import UserError
from corpus import ledger
from corpus.models import PlanVersion, VersionState
from rag.evaluate import Example, Verdict, evaluate, read_examples, right

SHOWN = 10  # questions that are told one by one
ANSWER_SHOWN = 80  # characters of an answer


def questions_file(home: Path, plan_id: str) -> Path:
    """Where admins keep annotated questions of a plan, in the form that `duban eval` reads."""
    return home / "questions" / f"{plan_id}.jsonl"


def rehearse(core: Core, version_id: int) -> tuple[str, ...]:
    """Rows for an admin: what this version answers otherwise than the one that it replaces.

    None where there is nothing to ask or to compare. Whatever is wrong with the questions is told
    in a row: it stops nobody from publishing.
    """
    with reading(core.engine) as session:
        new = session.get(PlanVersion, version_id)
        old = _before(session, new) if new is not None else None
        session.expunge_all()
    if new is None or old is None:
        return ()
    path = questions_file(core.settings.home, new.plan_id)
    if not path.exists():
        return ()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        examples = read_examples(lines, new.plan_id)
    except UnicodeDecodeError:
        return (f"没有核对回答：{path.name} 不是 UTF-8 编码。",)
    except UserError as error:
        return (f"没有核对回答：{path.name} {error}",)
    core.wait_for_vectors()
    before, after = (_verdicts(core, examples, version) for version in (old, new))
    return (
        f"用 {path.name} 的{len(examples)}个问题核对："
        f"第{old.number}版答对 {right(before)}，第{new.number}版答对 {right(after)}。",
        *_changes(before, after, new.plan_id),
    )


def _verdicts(core: Core, examples: list[Example], version: PlanVersion) -> list[Verdict]:
    asked = [replace(e, question=replace(e.question, version_id=version.id)) for e in examples]
    return evaluate(core.answerer.answer, asked)


def _changes(before: list[Verdict], after: list[Verdict], plan_id: str) -> list[str]:
    pairs = list(zip(before, after, strict=True))
    worse = [(old, new) for old, new in pairs if new.fault and not old.fault]
    mended = sum(bool(old.fault and not new.fault) for old, new in pairs)
    rows = [f"原来答错、现在答对的有{mended}个。"] if mended else []
    if not worse:
        return rows
    rows.append(f"注意：原来答对、现在答错的有{len(worse)}个：")
    for old, new in worse[:SHOWN]:
        rows.append(
            f"✗ {new.example.question.text}（{new.fault}）\n"
            f"  原来：{_short(old.answer.text)}\n  现在：{_short(new.answer.text)}"
        )
    if len(worse) > SHOWN:
        rows.append(f"另有{len(worse) - SHOWN}个没有列出。")
    rows.append(
        f"如果是方案本身改了，请改题目；如果是读错了，可以退回：duban plans rollback {plan_id}"
    )
    return rows


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= ANSWER_SHOWN else text[: ANSWER_SHOWN - 1] + "…"


def _before(session: Session, new: PlanVersion) -> PlanVersion | None:
    """The version that `new` replaces, or has just replaced."""
    current = ledger.version_in_force(session, new.plan_id)
    if current is None or current.id != new.id:
        return current
    return session.exec(
        select(PlanVersion)
        .where(PlanVersion.plan_id == new.plan_id, PlanVersion.state == VersionState.RETIRED)
        .order_by(col(PlanVersion.published_at).desc())
    ).first()
