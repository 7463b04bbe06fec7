"""The corpus in the terminal: take in, look at, publish, export."""

import json as jsonlib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

from sqlmodel import Session, select

from bot import render
from bot.comparing import compare
from bot.core import Core
from bot.ledger_calendar import to_ics
from bot.ledger_sheet import to_csv, to_xlsx
from bot.rehearsal import rehearse
from bot.verbs import as_json
from config.database import reading, writing
from config.errors import UserError
from corpus import corrections, export, ledger, versions
from corpus.models import Plan, PlanVersion

FORMATS = ("json", "csv", "ics", "xlsx")


def ingest(
    core: Core,
    *,
    paths: list[str],
    plan: str | None = None,
    publish: bool = False,
    json: bool = False,
) -> Iterator[str]:
    """Take documents in; the first that can't be read stops the command, those before it stay."""
    if plan and len(paths) > 1:
        raise UserError("--plan 一次只能配一个文件。")
    reports = []
    for path in paths:
        report = core.ingest(Path(path), by="cli", plan_id=plan, publish=publish)
        reports.append(report)
        if not json:
            yield from render.ingest_rows(report)
            if report.is_draft:
                yield f"确认无误后发布：duban plans publish {report.plan_id}"
            elif publish and report.is_new:
                yield from rehearse(core, report.version_id)
    if json:
        yield as_json([asdict(report) for report in reports])


def plans_list(core: Core, *, json: bool = False) -> Iterator[str]:
    """All plans with the version that answers."""
    today = core.clock.today()
    with reading(core.engine) as session:
        found = []
        for plan in session.exec(select(Plan).order_by(Plan.id)).all():
            version = ledger.version_in_force(session, plan.id) or ledger.newest_version(
                session, plan.id
            )
            version = version or plan.versions[-1]  # all of it was thrown away
            assert version.id is not None
            found.append((version, ledger.count_tasks(session, version.id)))
        if json:
            yield as_json([_version(version, n) for version, n in found])
            return
        for version, n in found:
            over = "，期限已过" if ledger.is_over(version, today) else ""
            yield f"{version.plan_id}  《{version.title}》  第{version.number}版（{render.STATES[version.state]}{over}）  {n}项"


def _version(version: PlanVersion, tasks: int) -> dict[str, object]:
    return {
        "id": version.plan_id, "title": version.title, "issuer": version.issuer,
        "doc_no": version.doc_number, "issued_on": version.issued_on and version.issued_on.isoformat(),
        "jurisdiction": version.jurisdiction, "version": version.number, "state": version.state,
        "period": [d.isoformat() if d else None for d in (version.period_start_on, version.period_end_on)],
        "tasks": tasks, "review": version.review,
    }  # fmt: skip


def plans_show(core: Core, *, id: str, json: bool = False) -> Iterator[str]:
    """One plan: its facts, its rows, and what needs review."""
    with reading(core.engine) as session:
        version = ledger.version_to_show(session, id)
        assert version.id is not None
        if json:
            yield as_json(export.to_json(session, version))
            return
        yield f"《{version.title}》（{id} 第{version.number}版，{render.STATES[version.state]}）"
        facts = {
            "发文单位": version.issuer, "文号": version.doc_number, "日期": version.issued_on,
            "地区": version.jurisdiction, "执行期": _period(version), "文件": version.file_name,
        }  # fmt: skip
        yield from (f"{name}：{value}" for name, value in facts.items() if value)
        for task in ledger.tasks_of(session, version.id):
            units = "、".join(
                f"{r.unit_text}（{render.ROLES[r.role]}）" for r in task.responsibilities
            )
            due = "；".join(
                f"{t.text}→{t.due_on}{'（有歧义）' if t.ambiguous else ''}" if t.due_on else t.text
                for t in task.timings
            ) or " ".join(task.timing_text.split())
            yield " | ".join(
                part
                for part in (render.row_name(task), task.title or "", task.text[:60], units, due)
                if part
            )
        yield from (f"请核对：{item['text']}{item['where']}" for item in version.review)
        for found in corrections.live(session, id):
            yield f"更正：{render.correction_row(session, found, core.clock.zone)}"


def _period(version: PlanVersion) -> str:
    if not version.period_start_on and not version.period_end_on:
        return ""
    return f"{version.period_start_on or '…'} 至 {version.period_end_on or '长期'}"


def plans_diff(core: Core, *, id: str, json: bool = False) -> Iterator[str]:
    """The newest draft against the version in force, row by row, and the reminders that change."""
    with reading(core.engine) as session:
        new = ledger.newest_version(session, id)
        ledger.known_plan(session, id)
        old = ledger.version_in_force(session, id)
        if new is None or old is None or new.id == old.id:
            raise UserError(f"“{id}”没有可比较的草稿。")
        found = compare(session, core, old, new)
    if json:
        yield as_json(found.to_json())
        return
    yield from render.comparison_rows(found)


def plans_publish(core: Core, *, id: str) -> Iterator[str]:
    """Put the newest draft in force."""
    with writing(core.engine) as session:
        version = versions.publish(session, id, now=core.clock.wall(), by="cli")
    yield f"《{version.title}》第{version.number}版已发布。"
    assert version.id is not None
    yield from rehearse(core, version.id)


def plans_reread(core: Core, *, id: str) -> Iterator[str]:
    """Read the plan's file anew, as after an update; what is read otherwise waits as a draft."""
    report = core.read_again(id)
    if report is None:
        yield f"“{id}”重新读了一遍，读出的内容没有变化。"
        return
    yield from render.ingest_rows(report)
    yield f"看变化：duban plans diff {id}；确认无误后发布：duban plans publish {id}"


def plans_discard(core: Core, *, id: str) -> Iterator[str]:
    """Throw the newest draft away."""
    with writing(core.engine) as session:
        version = versions.discard(session, id)
    yield f"《{version.title}》第{version.number}版草稿已放弃，在执行的版本不变。"


def plans_retire(core: Core, *, id: str) -> Iterator[str]:
    """Take a plan out of force."""
    with writing(core.engine) as session:
        version = versions.retire(session, id)
    yield f"《{version.title}》已停用：不再提醒，也不再参与回答；指名问它（--plan {id}）时仍可回答。"


def plans_rollback(core: Core, *, id: str) -> Iterator[str]:
    """Put the version before back in force."""
    with writing(core.engine) as session:
        version = versions.rollback(session, id, now=core.clock.wall(), by="cli")
    yield f"《{version.title}》已恢复到第{version.number}版。"


def plans_export(
    core: Core, *, id: str, format: str = "json", output: str | None = None
) -> Iterator[str]:
    """One plan's ledger: printed as text, or written to the file `output`."""
    if format not in FORMATS:
        raise UserError(f"不能导出 {format}，可用：{'、'.join(FORMATS)}。")
    if format == "xlsx" and not output:
        raise UserError("xlsx 要写到文件里，请用 --output 写明。")
    with reading(core.engine) as session:
        version = ledger.version_to_show(session, id)
        content = _exported(session, version, format, core.clock.today())
    if not output:
        yield content.decode().removesuffix("\n")
        return
    path = Path(output)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UserError(
            f"写不了 {path}：{error.strerror}。请换一个位置，或先关上打开着的文件。"
        ) from error
    yield f"《{version.title}》第{version.number}版已导出：{path}"


def _exported(session: Session, version: PlanVersion, format: str, today: date) -> bytes:
    if format == "xlsx":
        return to_xlsx(session, version, today)
    if format == "csv":
        return to_csv(session, version).encode()
    if format == "ics":
        return to_ics(session, version)
    return jsonlib.dumps(export.to_json(session, version), ensure_ascii=False, indent=1).encode()
