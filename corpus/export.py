"""One plan's ledger as JSON, the form that other programs read."""

from typing import Any

from sqlmodel import Session

from corpus import ledger
from corpus.models import PlanVersion, Task, Timing


def to_json(session: Session, version: PlanVersion) -> dict[str, Any]:
    """The whole ledger of a version as plain data."""
    assert version.id is not None
    start, end = version.period_start_on, version.period_end_on
    return {
        "plan_id": version.plan_id,
        "title": version.title,
        "issuer": version.issuer,
        "doc_no": version.doc_number,
        "issued_on": version.issued_on.isoformat() if version.issued_on else None,
        "jurisdiction": version.jurisdiction,
        "period": [start.isoformat() if start else None, end.isoformat() if end else None],
        "version": version.number,
        "state": version.state,
        "tasks": [_task(task) for task in ledger.tasks_of(session, version.id)],
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "no": task.no,
        "part": task.part,
        "section": task.section,
        "title": task.title,
        "text": task.text,
        "kind": task.indicator_kind,
        "place": {"line_start": task.line_start, "line_end": task.line_end, "page": task.page},
        "responsibilities": [{"unit": r.unit_text, "role": r.role} for r in task.responsibilities],
        "timings": [_timing(timing) for timing in task.timings],
        "targets": [
            {
                "indicator": t.indicator,
                "op": t.op,
                "value": float(t.value),
                "unit": t.measure_unit,
                "text": t.text,
            }
            for t in task.targets
        ],
    }


def _timing(timing: Timing) -> dict[str, Any]:
    found: dict[str, Any] = {
        "text": timing.text,
        "kind": timing.kind,
        "start": timing.start_on.isoformat() if timing.start_on else None,
        "due": timing.due_on.isoformat() if timing.due_on else None,
        "ambiguous": timing.ambiguous,
        "hedged": timing.hedged,
        "about": timing.about,
    }
    if timing.rule:
        found["rule"] = timing.rule
    if timing.is_report:
        found["report"] = True
    return found
