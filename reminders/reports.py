"""Opens a window for each report 报送 that a unit owes, and closes it when the report comes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlmodel import Session, col, select

from config.database import batches, insert_new
from config.errors import UserError
from config.workdays import Workdays
from corpus.models import EventKind, PlanVersion, TaskEvent, VersionState
from corpus.values import Role
from reminders.duties import Duty, duties_in_force, owed_since, units_of
from reminders.models import ReportWindow
from reminders.owed import OwedWindow, row_id
from reminders.past import first_days, was_past
from reminders.recurrence import off_holidays
from reminders.rules import Occurrence

Key = tuple[str, str, str, int, date]  # plan, lineage, timing key, unit, the day in the plan
LONGEST_MOVE = timedelta(days=14)  # off the longest holiday, its weekends and a make-up day
LONGEST_OPEN = timedelta(days=400)  # a report of a year is awaited from its first day
STATES = {
    "upcoming": "未开始", "open": "待报送", "received": "已报送", "missing": "逾期未报",
    "before": "发布前到期",
}  # fmt: skip


def open_windows(
    session: Session, first: date, last: date, workdays: Workdays, *,
    plan_ids: Collection[str] | None = None,
) -> list[OwedWindow]:  # fmt: skip
    """The windows of all plans in force that open or fall due from `first` to `last`, both included.

    What is not in the table yet is written, once for all runs and processes; what the calendar, a
    plan or an extension has moved since is put right. In the order of the due days. A window that
    no plan in force asks for any more is left out. The session must be one that writes.
    """
    wanted = _wanted_between(session, first, last, workdays, plan_ids)
    windows = _written(session, wanted)
    found = [_owed(windows[key], one) for key, one in wanted.items()]
    return sorted(found, key=lambda o: (o.window.due_on, o.window.plan_id, row_id(o.window.id)))


def windows_seen(
    session: Session, first: date, last: date, workdays: Workdays, *,
    plan_ids: Collection[str] | None = None,
) -> list[OwedWindow]:  # fmt: skip
    """As `open_windows`, and nothing is written: what is not in the table yet is as it would be."""
    wanted = _wanted_between(session, first, last, workdays, plan_ids)
    return sorted(_seen(session, wanted), key=_by_day)


def windows_ahead(
    session: Session, first: date, last: date, workdays: Workdays, *,
    version_id: int | None = None,
) -> list[OwedWindow]:  # fmt: skip
    """The windows that open or fall due in a span, and are not received; nothing is written.

    Of all plans in force, or of the one version named if that is in force.
    """
    plan_ids: list[str] | None = None
    if version_id is not None:
        version = session.get(PlanVersion, version_id)
        in_force = version is not None and version.state is VersionState.IN_FORCE
        plan_ids = [version.plan_id] if version is not None and in_force else []
    found = windows_seen(session, first, last, workdays, plan_ids=plan_ids)
    return [owed for owed in found if owed.window.received_on is None]


def windows_due(
    session: Session, first: date, last: date, workdays: Workdays,
    plan_ids: Collection[str] | None = None, *, written: bool = False,
) -> list[OwedWindow]:  # fmt: skip
    """Those of `windows_seen` that fall due in the span, received or not.

    With `written` those of `open_windows`: each has its number.
    """
    windows = open_windows if written else windows_seen
    found = windows(session, first, last, workdays, plan_ids=plan_ids)
    return [owed for owed in found if first <= owed.window.due_on <= last]


def windows_named(session: Session, ids: Collection[int], workdays: Workdays) -> list[OwedWindow]:
    """Windows by their ids, as the plans in force have them; received ones too."""
    rows = [
        row
        for some in batches(ids)
        for row in session.exec(select(ReportWindow).where(col(ReportWindow.id).in_(some)))
    ]
    if not rows:
        return []
    days = [row.due_on for row in rows]
    plans = {row.plan_id for row in rows}
    wanted = _wanted_between(session, min(days), max(days), workdays, plans)
    known = _known(session, wanted)
    return [_owed(known[key], wanted[key]) for key in known if known[key].id in set(ids)]


def windows_on(
    session: Session, plan_id: str, lineage: str, timing_key: str, due_on: date, workdays: Workdays
) -> list[OwedWindow]:
    """The windows of one duty and day, of all its units, received or not; nothing is written."""
    wanted = {
        key: one
        for key, one in _wanted_between(session, due_on, due_on, workdays, [plan_id]).items()
        if key[1:3] == (lineage, timing_key) and one.due_on == due_on
    }
    return _seen(session, wanted)


def windows_owed(session: Session, days: Collection[date], workdays: Workdays) -> list[OwedWindow]:
    """Those of `open_windows` that open or fall due on one of `days`, and are not received."""
    if not days:
        return []
    return [
        owed
        for owed in open_windows(session, min(days), max(days), workdays)
        if owed.window.received_on is None
        and {owed.window.opens_on, owed.window.due_on} & set(days)
    ]


def missing_reports(
    session: Session, day: date, workdays: Workdays, zone: tzinfo | None,
    plan_ids: Collection[str] | None = None, *, written: bool = False,
) -> list[OwedWindow]:  # fmt: skip
    """What was due before `day` and had not been received by then, the longest overdue first.

    What was past when its plan came in force, by the days of `zone`, is not owed. `written` is as
    for `windows_due`.
    """
    first, last = owed_since(session, day, plan_ids), day - timedelta(days=1)
    before = windows_due(session, first, last, workdays, plan_ids, written=written)
    late = [owed for owed in before if state_of(owed.window, day) == "missing"]
    return without_past(session, late, day, zone)


def states_on(
    session: Session, windows: Sequence[OwedWindow], day: date, zone: tzinfo | None
) -> dict[int, str]:
    """Window → its state on a day; `before` where it was past when its plan came in force."""
    owed = {row_id(o.window.id) for o in without_past(session, windows, day, zone)}
    found = {row_id(o.window.id): state_of(o.window, day) for o in windows}
    return {id_: state if id_ in owed else "before" for id_, state in found.items()}


def without_past(
    session: Session, windows: Sequence[OwedWindow], day: date, zone: tzinfo | None
) -> list[OwedWindow]:
    """Those that were received, or not past their day when their plan was put in force; seen on `day`."""
    late = [o for o in windows if state_of(o.window, day) == "missing"]
    known = first_days(session, late, zone, published=True)
    past = {id(o) for o in late if was_past(o.window.due_on, known.get(o.key[:2]), day)}
    return [o for o in windows if id(o) not in past]


def awaited(
    session: Session, unit_ids: Collection[int], day: date, workdays: Workdays, zone: tzinfo | None
) -> list[OwedWindow]:
    """What some units have still to hand in on `day`: the windows missing, then those open."""
    last = day + LONGEST_OPEN
    found = missing_reports(session, day, workdays, zone, written=True)
    found += open_windows(session, day, last, workdays)
    once = {row_id(owed.window.id): owed for owed in found if owed.window.unit_id in unit_ids}
    return [o for o in once.values() if state_of(o.window, day) in ("missing", "open")]


def state_of(window: ReportWindow, day: date) -> str:
    """`upcoming`, `open`, `received` or `missing`, as it stands at the end of a local day."""
    if window.received_on is not None and window.received_on <= day:
        return "received"
    if day > window.due_on:
        return "missing"
    return "open" if window.opens_on <= day else "upcoming"


def receive(
    session: Session, window_id: int, *, on: date, at: datetime, by: str, by_name: str = "",
    text: str = "",
) -> TaskEvent:  # fmt: skip
    """A report has come: its window is closed, and the history of its task says so.

    Received again, the first day stays, so that a late report stays late, and the history gets a
    further step. Raises UserError when there is no such window, or `on` is before it.
    """
    window = session.exec(
        select(ReportWindow).where(ReportWindow.id == window_id).with_for_update()
    ).first()
    if window is None:
        raise UserError(f"没有编号为{window_id}的报送。duban reports list 可看到全部编号。")
    if on < window.opens_on and on < window.due_on:
        raise UserError(f"这项报送{window.opens_on}才开始，不能记为{on}收到。")
    event = TaskEvent(
        plan_id=window.plan_id, lineage=window.lineage, timing_key=window.timing_key,
        occurrence_on=window.due_on, kind=EventKind.REPORTED, unit_id=window.unit_id, by=by,
        by_name=by_name, text=text, at=at,
    )  # fmt: skip
    session.add(event)
    session.flush()
    if window.received_on is None:
        window.received_on, window.event_id = on, event.id
        session.add(window)
    return event


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A window as it should be."""

    duty: Duty
    role: Role
    period: str
    opens_on: date
    due_on: date


def _wanted_between(
    session: Session, first: date, last: date, workdays: Workdays,
    plan_ids: Collection[str] | None,
) -> dict[Key, _Wanted]:  # fmt: skip
    """What the duties in force ask for in a span."""
    asked = [
        (duty, day)
        for duty in duties_in_force(session, plan_ids)
        for day in duty.days(first - LONGEST_MOVE, last + LONGEST_OPEN)
    ]
    units = units_of(session, [duty for duty, _ in asked])
    put_off = _put_off(session, {duty.lineage for duty, _ in asked})
    wanted: dict[Key, _Wanted] = {}
    for duty, day in asked:
        moved = off_holidays(day, duty.version.off_days, workdays)
        if moved is None:
            continue
        period = duty.period(day)
        opens_on = min(period.opens_on(moved), moved)
        for debtor in units[duty.version.plan_id, duty.lineage]:
            plan_id, lineage, timing_key = duty.version.plan_id, duty.lineage, duty.timing.key
            key = (plan_id, lineage, timing_key, debtor.unit_id, day.due_on)
            due_on = put_off.get(key, moved)
            if first <= due_on <= last or first <= opens_on <= last:
                wanted.setdefault(key, _Wanted(duty, debtor.role, period.name, opens_on, due_on))
    return wanted


def _seen(session: Session, wanted: dict[Key, _Wanted]) -> list[OwedWindow]:
    """The windows wanted as they are, or would be once they are written; in the order given."""
    known = _known(session, wanted)
    return [_owed(known.get(key) or _window(key, one), one) for key, one in wanted.items()]


def _by_day(owed: OwedWindow) -> tuple[date, str, int]:
    return owed.window.due_on, owed.window.plan_id, owed.window.unit_id


def _owed(window: ReportWindow, wanted: _Wanted) -> OwedWindow:
    duty = wanted.duty
    occurrence = Occurrence(window.due_on, is_report=True, opens_on=window.opens_on)
    timing = duty.timing if duty.task else None
    return OwedWindow(duty.version, window, wanted.role, duty.text, occurrence, duty.task, timing)


def _window(key: Key, wanted: _Wanted) -> ReportWindow:
    """A window that is not in the table."""
    return ReportWindow(
        plan_id=key[0], lineage=key[1], timing_key=key[2], unit_id=key[3], occurrence_on=key[4],
        period=wanted.period, opens_on=wanted.opens_on, due_on=wanted.due_on,
    )  # fmt: skip


def _written(session: Session, wanted: dict[Key, _Wanted]) -> dict[Key, ReportWindow]:
    """The rows of the windows wanted: those that are new are inserted, those that moved updated."""
    known = _known(session, wanted)
    missing = sorted(
        wanted.keys() - known.keys()
    )  # in one order, lest two processes lock crosswise
    for some in batches(missing):
        rows = [
            {
                "plan_id": key[0], "lineage": key[1], "timing_key": key[2], "unit_id": key[3],
                "occurrence_on": key[4], "period": wanted[key].period,
                "opens_on": wanted[key].opens_on, "due_on": wanted[key].due_on,
            }
            for key in some
        ]  # fmt: skip
        insert_new(session, ReportWindow, rows)
    known |= _known(session, missing)
    for key, row in known.items():
        one = wanted[key]
        now = (one.period, one.opens_on, one.due_on)
        if row.received_on is None and (row.period, row.opens_on, row.due_on) != now:
            row.period, row.opens_on, row.due_on = now
            session.add(row)
    session.flush()
    return known


def _known(session: Session, keys: Collection[Key]) -> dict[Key, ReportWindow]:
    if not keys:
        return {}
    days = [key[4] for key in keys]
    found: dict[Key, ReportWindow] = {}
    for some in batches({key[1] for key in keys}):
        query = select(ReportWindow).where(
            col(ReportWindow.lineage).in_(some),
            col(ReportWindow.occurrence_on).between(min(days), max(days)),
        )
        for row in session.exec(query):
            found[row.plan_id, row.lineage, row.timing_key, row.unit_id, row.occurrence_on] = row
    return {key: found[key] for key in keys if key in found}


def _put_off(session: Session, lineages: Collection[str]) -> dict[Key, date]:
    """The days in the plan that were put off, each for one unit: the new day, the newest counts."""
    found: dict[Key, date] = {}
    for some in batches(lineages):
        query = select(TaskEvent).where(
            col(TaskEvent.lineage).in_(some), TaskEvent.kind == EventKind.EXTENSION_GRANTED
        )
        for event in session.exec(query.order_by(col(TaskEvent.id))):
            if event.unit_id and event.occurrence_on and event.until_on:
                place = (event.plan_id, event.lineage, event.timing_key)
                found[*place, event.unit_id, event.occurrence_on] = event.until_on
    return found
