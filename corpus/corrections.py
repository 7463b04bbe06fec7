"""What an admin says in place of what was read: kept apart from it, and held over every new reading."""

import hashlib
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from config.errors import UserError
from corpus.directory import UnitNames
from corpus.models import (
    CorrectedField,
    Correction,
    PlanVersion,
    Responsibility,
    Task,
    Timing,
    Touched,
    VersionState,
)
from corpus.naming import short
from corpus.values import Role, TimingKind

LABELS = {
    CorrectedField.TITLE: "标题", CorrectedField.DUE: "时限", CorrectedField.LEAD: "牵头",
    CorrectedField.SUPPORT: "配合", CorrectedField.ISSUER: "发文单位",
    CorrectedField.DOC_NUMBER: "文号", CorrectedField.ISSUED_ON: "日期",
    CorrectedField.JURISDICTION: "地区", CorrectedField.PERIOD_START_ON: "执行期起",
    CorrectedField.PERIOD_END_ON: "执行期止",
}  # fmt: skip
OF_TASKS = (CorrectedField.TITLE, CorrectedField.DUE, CorrectedField.LEAD, CorrectedField.SUPPORT)
OF_PLANS = tuple(f for f in CorrectedField if f not in OF_TASKS or f is CorrectedField.TITLE)
DAYS = (
    CorrectedField.DUE, CorrectedField.ISSUED_ON, CorrectedField.PERIOD_START_ON,
    CorrectedField.PERIOD_END_ON,
)  # fmt: skip
NONE = ("无", "取消", "没有")
_DAY = re.compile(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?")


def correct(
    session: Session, version: PlanVersion, field: CorrectedField, value: str, *,
    by: str, by_name: str, at: datetime, task: Task | None = None, nth_timing: int | None = None,
) -> Correction:  # fmt: skip
    """Put one field of a task right, or of the plan where `task` is None, in all its versions.

    A field that was put right before takes the newer word. `nth_timing` counts from 1 among the
    task's timings. Raises UserError when the value can't be what the field holds.
    """
    if field not in (OF_TASKS if task else OF_PLANS):
        raise UserError(f"{'任务' if task else '方案'}没有“{LABELS[field]}”可以更正。")
    after = _read_value(field, value)
    timing_key = _timing_key(task, nth_timing) if task and field is CorrectedField.DUE else ""
    lineage = task.lineage if task else ""
    for older in live(session, version.plan_id):
        if (older.lineage, older.timing_key, older.field) == (lineage, timing_key, field):
            older.undone_at, older.undone_by = at, by
            session.add(older)
    found = Correction(
        plan_id=version.plan_id, lineage=lineage, timing_key=timing_key, field=field,
        before=_as_read(task or version, field, timing_key), after=after, by=by, by_name=by_name, at=at,
    )  # fmt: skip
    session.add(found)
    session.flush()
    _apply_everywhere(session, version.plan_id)
    return found


def undo(session: Session, correction_id: int, *, by: str, at: datetime) -> Correction:
    """Take a correction back: what was read holds again. Raises UserError if there is none."""
    found = session.get(Correction, correction_id)
    if found is None:
        raise UserError(
            f"没有编号为{correction_id}的更正。duban plans corrections 可看到全部更正。"
        )
    if found.undone_at is not None:
        raise UserError(f"更正{correction_id}已经撤销，或已被更新的更正取代。")
    found.undone_at, found.undone_by = at, by
    session.add(found)
    session.flush()
    _apply_everywhere(session, found.plan_id)
    return found


def live(session: Session, plan_id: str) -> list[Correction]:
    """The corrections of a plan that hold, the oldest first."""
    return [found for found in record(session, plan_id) if found.undone_at is None]


def record(session: Session, plan_id: str) -> list[Correction]:
    """All that was ever corrected in a plan, the oldest first."""
    query = select(Correction).where(Correction.plan_id == plan_id)
    return list(session.exec(query.order_by(col(Correction.id))))


def hold(session: Session, version: PlanVersion) -> None:
    """Hold the corrections of the plan over a version just read.

    Where the new file itself changed what was corrected, or has it no more, the review list says so.
    """
    tasks = {task.lineage: task for task in version.tasks}
    review = []
    for found in live(session, version.plan_id):
        target = tasks.get(found.lineage) if found.lineage else version
        where = f"（更正{found.id}，{found.by_name or found.by}，{found.at:%Y-%m-%d}）"
        if target is None:
            review.append(
                {"text": f"更正过的任务在新文件里已没有：{describe(found)}", "where": where}
            )
            continue
        now = _as_read(target, found.field, found.timing_key)
        if now not in (found.before, found.after):
            name = _name(target)
            text = f"{name}的{LABELS[found.field]}在新文件里改成了“{now or '无'}”，仍按更正“{found.after or '无'}”执行"
            review.append({"text": text, "where": where})
    version.review = [*version.review, *review]
    _apply(session, version)


def describe(found: Correction) -> str:
    """时限：2022-06-30 → 2022-09-30"""
    return f"{LABELS[found.field]}：{found.before or '无'} → {found.after or '无'}"


# ---- holding corrections over what was read


def _apply_everywhere(session: Session, plan_id: str) -> None:
    query = select(PlanVersion).where(
        PlanVersion.plan_id == plan_id, PlanVersion.state != VersionState.DISCARDED
    )
    for version in session.exec(query).all():
        _apply(session, version)
    session.add(Touched(plan_id=plan_id))


def _apply(session: Session, version: PlanVersion) -> None:
    """Make a version say what was read, and over it what is corrected."""
    holding = live(session, version.plan_id)
    place = version.jurisdiction
    changed = _apply_to_plan(version, [c for c in holding if not c.lineage])
    units = UnitNames(session, version.jurisdiction or "")
    for task in version.tasks:
        mine = [c for c in holding if c.lineage == task.lineage]
        if mine or task.as_read is not None:
            _apply_to_task(session, task, mine, units)
            changed = True
        if version.jurisdiction != place:
            for one in task.responsibilities:
                one.unit_id = units.id_of(one.unit_text)
    if changed:
        version.revision += 1
    session.add(version)
    session.flush()


def _apply_to_plan(version: PlanVersion, holding: Sequence[Correction]) -> bool:
    if not holding and version.as_read is None:
        return False
    for name, value in (version.as_read or {}).items():
        setattr(version, name, _from_text(CorrectedField(name), value))
    as_read = {c.field.value: _text_of(version, c.field) for c in holding}
    for found in holding:
        setattr(version, found.field.value, _from_text(found.field, found.after))
    version.as_read = as_read or None
    return True


def _apply_to_task(
    session: Session, task: Task, holding: Sequence[Correction], units: UnitNames
) -> None:
    read = task.as_read or _reading_of(task)
    task.title = read["title"]
    named = [(name, Role(role)) for name, role in read["units"]]
    for found in holding:
        if found.field is CorrectedField.TITLE:
            task.title = found.after or None
        elif found.field in (CorrectedField.LEAD, CorrectedField.SUPPORT):
            named = _with_role(named, found)
    if named != [(r.unit_text, r.role) for r in task.responsibilities]:
        task.responsibilities = [
            Responsibility(seq=i, unit_text=name, unit_id=units.id_of(name), role=role)
            for i, (name, role) in enumerate(named)
        ]
    days = {c.timing_key: c for c in holding if c.field is CorrectedField.DUE}
    timings = [_timing(one, days.pop(one["key"], None)) for one in read["timings"]]
    timings += [_new_timing(found, len(timings) + i) for i, found in enumerate(days.values())]
    task.timings = timings
    task.as_read = read if holding else None
    session.add(task)


def _with_role(named: list[tuple[str, Role]], found: Correction) -> list[tuple[str, Role]]:
    """The units of a task with those of one side replaced: who leads or answers, or who supports."""
    names = [name for name in found.after.split("、") if name]
    leads = [(n, r) for n, r in named if r is not Role.SUPPORT and n not in names]
    others = [(n, r) for n, r in named if r is Role.SUPPORT and n not in names]
    if found.field is CorrectedField.LEAD:
        return [*((name, Role.LEAD) for name in names), *others]
    if names:  # beside a supporting unit the others lead
        leads = [(name, Role.LEAD) for name, _ in leads]
    return [*leads, *((name, Role.SUPPORT) for name in names)]


def _timing(read: dict[str, Any], found: Correction | None) -> Timing:
    days = {
        name: date.fromisoformat(read[name]) if read[name] else None
        for name in ("start_on", "due_on")
    }
    timing = Timing(**{**read, **days, "kind": TimingKind(read["kind"])})
    if found is None:
        return timing
    day = _from_text(CorrectedField.DUE, found.after)
    # its words stay as printed, and say beside that they were overruled
    timing.text = f"{timing.text}（更正为{_chinese(day) if day else '无时限'}）"
    timing.due_on, timing.rule, timing.ambiguous = day, None, False
    if timing.start_on and day and timing.start_on > day:
        timing.start_on = None
    in_a_period = timing.kind is TimingKind.PERIOD and timing.start_on
    timing.kind = (
        TimingKind.PERIOD
        if day and in_a_period
        else TimingKind.DEADLINE
        if day
        else TimingKind.AS_DIRECTED
    )
    return timing


def _new_timing(found: Correction, seq: int) -> Timing:
    """Of a task that has none in the file."""
    day = _from_text(CorrectedField.DUE, found.after)
    words = f"更正为{_chinese(day)}" if day else "更正为无时限"
    kind = TimingKind.DEADLINE if day else TimingKind.AS_DIRECTED
    return Timing(seq=seq, key=found.timing_key, text=words, kind=kind, due_on=day)


# ---- what was read


def _reading_of(task: Task) -> dict[str, Any]:
    """What a correction may replace, as plain data."""
    names = (
        "seq", "key", "text", "about", "kind", "rule", "ambiguous", "hedged", "is_report",
    )  # fmt: skip
    return {
        "title": task.title,
        "units": [[r.unit_text, r.role.value] for r in task.responsibilities],
        "timings": [
            {
                **{name: getattr(t, name) for name in names},
                "start_on": t.start_on and t.start_on.isoformat(),
                "due_on": t.due_on and t.due_on.isoformat(),
            }
            for t in task.timings
        ],
    }


def _as_read(target: Task | PlanVersion, field: CorrectedField, timing_key: str) -> str:
    """What the file says in a field, whatever is held over it."""
    if isinstance(target, PlanVersion):
        return str((target.as_read or {}).get(field.value, _text_of(target, field)))
    read = target.as_read or _reading_of(target)
    if field is CorrectedField.TITLE:
        return read["title"] or ""
    if field is CorrectedField.DUE:
        return next(
            (t["due_on"] or t["text"] for t in read["timings"] if t["key"] == timing_key), ""
        )
    wanted = field is CorrectedField.SUPPORT
    return "、".join(name for name, role in read["units"] if (role == Role.SUPPORT) == wanted)


def _timing_key(task: Task, nth: int | None) -> str:
    """The key of the timing that is meant; of a task without one, a key of its own."""
    timings = task.timings
    if not timings:
        return hashlib.sha256(b"corrected").hexdigest()[:16]
    dated = [t for t in timings if t.due_on] or timings
    if nth is None and len(dated) == 1:
        return dated[0].key
    if nth is None or not 1 <= nth <= len(timings):
        listed = "；".join(f"{i}. {t.about or ''}{t.text}" for i, t in enumerate(timings, 1))
        raise UserError(
            f"这项任务有{len(timings)}处时限，请指明第几处（--timing 2，对话里写“时限2”）：{listed}"
        )
    return timings[nth - 1].key


def _name(target: Task | PlanVersion) -> str:
    if isinstance(target, PlanVersion):
        return "方案"
    return f"第{target.no}项" if target.no else f"“{short(target.name, 20)}”"


# ---- values as text


def _read_value(field: CorrectedField, value: str) -> str:
    """A value as a person writes it → as it is kept."""
    value = value.strip()
    if value in NONE:
        value = ""
    if field in DAYS and value:
        found = _DAY.fullmatch(value)
        try:
            return (
                date(*(int(part) for part in found.groups())).isoformat()
                if found
                else _no_day(value)
            )
        except ValueError:
            return _no_day(value)
    if field in (CorrectedField.LEAD, CorrectedField.SUPPORT):
        names = [name.strip() for name in re.split(r"[、，,;；]", value)]
        return "、".join(dict.fromkeys(name for name in names if name))
    if field is CorrectedField.TITLE and not value:
        raise UserError("标题不能为空。")
    return value


def _no_day(value: str) -> str:
    raise UserError(f"“{value}”不是日期。请写成 2026-06-30，没有时限写“无”。")


def _text_of(version: PlanVersion, field: CorrectedField) -> str:
    value = getattr(version, field.value)
    return value.isoformat() if isinstance(value, date) else value or ""


def _from_text(field: CorrectedField, text: str) -> Any:
    if not text:
        return None
    return date.fromisoformat(text) if field in DAYS else text


def _chinese(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
