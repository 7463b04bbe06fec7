"""What follows from the steps of a task: for whom it is done, what waits, what was put off."""

from datetime import UTC, date, datetime, timedelta

from small_ledger import Row, add_plan, say, unit_named
from sqlalchemy import Engine
from sqlmodel import Session

from config.database import writing
from corpus import ledger
from corpus.models import EventKind, Task
from corpus.progress import Matter, Progress, deciding_units, extensions
from corpus.values import Role

AT = datetime(2022, 9, 15, 1, 0, tzinfo=UTC)
DUE = date(2022, 9, 30)
LATER = AT + timedelta(days=20)


def a_task(session: Session, **units: Role) -> Task:
    """One task of a river plan; a unit a keyword."""
    version = add_plan(session, "river", [Row("清理河道", dict(units), DUE)])
    return version.tasks[0]


def matter(session: Session, task: Task, unit: str) -> Matter:
    return Matter(
        task.plan_id, task.lineage, "k0", DUE, unit_named(session, unit),
        deciding_units(task.responsibilities),
    )  # fmt: skip


def test_what_the_lead_unit_reports_done_is_done_for_all(engine: Engine) -> None:
    with writing(engine) as session:
        task = a_task(session, 水务局=Role.LEAD, 城管局=Role.SUPPORT)
        say(session, "river-0", EventKind.DONE, AT, unit="城管局")
        progress = Progress(session, lineages=["river-0"])
        lead, support = (matter(session, task, unit) for unit in ("水务局", "城管局"))
        assert progress.is_done(support, LATER)
        assert not progress.is_done(lead, LATER)
        assert not progress.is_closed(task, LATER)
        assert progress.is_closed(task, LATER, units=["城管局"])
        say(session, "river-0", EventKind.DONE, AT + timedelta(hours=1), unit="水务局")
        say(session, "river-0", EventKind.REOPENED, AT + timedelta(days=2))
        progress = Progress(session, plan_ids=["river"])
        assert progress.is_done(support, AT + timedelta(days=1))
        assert progress.is_closed(task, AT + timedelta(days=1))
        assert not progress.is_done(lead, LATER)
        assert not progress.is_done(support, LATER)


def test_a_task_of_equals_is_closed_when_each_has_reported(engine: Engine) -> None:
    with writing(engine) as session:
        task = a_task(session, 甲镇=Role.JOINT, 乙镇=Role.JOINT)
        say(session, "river-0", EventKind.DONE, AT, unit="甲镇")
        assert not Progress(session, lineages=["river-0"]).is_closed(task, LATER)
        say(session, "river-0", EventKind.DONE, AT, unit="乙镇")
        assert Progress(session, lineages=["river-0"]).is_closed(task, LATER)


def test_what_waits_for_a_decision_pauses(engine: Engine) -> None:
    with writing(engine) as session:
        task = a_task(session, 水务局=Role.LEAD, 城管局=Role.SUPPORT)
        lead, support = (matter(session, task, unit) for unit in ("水务局", "城管局"))
        unit_id = unit_named(session, "水务局")
        asked = ledger.record_event(
            session, task, EventKind.COMPLETION_ASKED, by="cli", by_name="", at=AT, unit_id=unit_id
        )
        progress = Progress(session, lineages=["river-0"])
        assert progress.is_paused(lead, LATER)
        assert progress.is_paused(support, LATER)
        assert not progress.is_paused(lead, AT - timedelta(hours=1))
        ledger.record_event(
            session, task, EventKind.COMPLETION_REFUSED, by="cli", by_name="", at=AT,
            decides=asked.id,
        )  # fmt: skip
        ledger.record_event(
            session, task, EventKind.RETURNED, by="cli", by_name="", at=AT, unit_id=unit_id
        )
        progress = Progress(session, lineages=["river-0"])
        assert progress.is_paused(lead, LATER)
        assert not progress.is_paused(support, LATER)  # it is not theirs that was returned


def test_muting_holds_until_it_is_taken_back(engine: Engine) -> None:
    with writing(engine) as session:
        task = a_task(session, 水务局=Role.LEAD)
        say(session, "river-0", EventKind.MUTED, AT)
        say(session, "river-0", EventKind.UNMUTED, AT + timedelta(days=5))
        progress = Progress(session, lineages=["river-0"])
        lead = matter(session, task, "水务局")
        assert progress.is_muted(lead, AT + timedelta(days=1))
        assert not progress.is_muted(lead, LATER)
        assert not progress.answered_since(lead, AT, LATER)  # a decision is no answer


def test_an_answer_counts_from_its_moment_on(engine: Engine) -> None:
    with writing(engine) as session:
        task = a_task(session, 水务局=Role.LEAD, 城管局=Role.SUPPORT)
        say(session, "river-0", EventKind.PROGRESS, AT, unit="城管局", timing_key="k0")
        say(session, "river-0", EventKind.ACK, AT, unit="水务局", timing_key="k1")
        progress = Progress(session, lineages=["river-0"])
        assert progress.answered_since(matter(session, task, "城管局"), AT, LATER)
        assert not progress.answered_since(
            matter(session, task, "城管局"), AT + timedelta(seconds=1), LATER
        )
        assert not progress.answered_since(matter(session, task, "水务局"), AT, LATER)


def test_the_newest_extension_of_a_day_holds(engine: Engine) -> None:
    with writing(engine) as session:
        task = a_task(session, 水务局=Role.LEAD)
        for until_on in (date(2022, 10, 31), date(2022, 11, 30)):
            ledger.record_event(
                session, task, EventKind.EXTENSION_GRANTED, by="cli", by_name="", at=AT,
                timing_key="k0", occurrence_on=DUE, until_on=until_on,
            )  # fmt: skip
        day = date(2022, 11, 30)
        assert extensions(session) == {("river", "river-0", "k0", DUE): day}
        assert extensions(session, ["river-0"]) == extensions(session)
        assert extensions(session, ["river-1"]) == {}


def test_what_was_put_off_is_closed_when_the_new_day_is_done(engine: Engine) -> None:
    with writing(engine) as session:
        task = a_task(session, 水务局=Role.LEAD)
        day = date(2022, 10, 31)
        ledger.record_event(
            session, task, EventKind.EXTENSION_GRANTED, by="cli", by_name="", at=AT,
            timing_key="k0", occurrence_on=DUE, until_on=day,
        )  # fmt: skip
        say(
            session, "river-0", EventKind.DONE, AT, unit="水务局", timing_key="k0",
            occurrence_on=day,
        )  # fmt: skip
        assert Progress(session, plan_ids=["river"]).is_closed(task, LATER)
