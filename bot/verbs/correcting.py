"""Corrections in the terminal: what an admin says in place of what was read."""

from collections.abc import Iterator

from bot import render
from bot.core import Core
from bot.rows import find_row
from bot.verbs import as_json
from config.database import reading, writing
from config.errors import UserError
from corpus import corrections, ledger
from corpus.models import CorrectedField
from rag.index import index_version


def plans_correct(
    core: Core, *, id: str, values: dict[str, str], row: str | None = None, part: str | None = None,
    timing: int | None = None,
) -> Iterator[str]:  # fmt: skip
    """Put fields of a row right, or of the plan itself where no row is named; all of them or none."""
    if not values:
        raise UserError("请写明要更正什么，例如 --due 2026-06-30、--lead 市教育局。")
    with writing(core.engine) as session:
        version = ledger.version_to_show(session, id)
        task = find_row(session, version, row, part) if row else None
        done = [
            corrections.correct(
                session, version, CorrectedField(field), value, task=task, nth_timing=timing,
                by="cli", by_name="", at=core.clock.now(),
            )
            for field, value in values.items()
        ]  # fmt: skip
        if CorrectedField.TITLE in values:
            index_version(session, version)  # titles stand in front of the passages
        lines = [
            f"已更正 {render.correction_row(session, found, core.clock.zone)}" for found in done
        ]
    yield from lines


def plans_corrections(core: Core, *, id: str, json: bool = False) -> Iterator[str]:
    """Everything that was ever corrected in a plan, and who said so when."""
    with reading(core.engine) as session:
        ledger.known_plan(session, id)
        found = corrections.record(session, id)
        if json:
            yield as_json([one.model_dump(mode="json") for one in found])
            return
        yield from (render.correction_row(session, one, core.clock.zone) for one in found)
    if not found:
        yield "还没有更正。"


def plans_uncorrect(core: Core, *, correction: int) -> Iterator[str]:
    """Take a correction back: what was read holds again."""
    with writing(core.engine) as session:
        found = corrections.undo(session, correction, by="cli", at=core.clock.now())
        if found.field is CorrectedField.TITLE:
            index_version(session, ledger.version_to_show(session, found.plan_id))
        line = render.correction_row(session, found, core.clock.zone)
    yield line
