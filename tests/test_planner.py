"""The planner writes each reminder once, what is of no use is not sent, and the preview agrees."""

import threading
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from small_ledger import Row, add_members, add_plan, bind, chats_of, say
from sqlalchemy import Engine, event
from sqlmodel import col, select

from config.database import reading, writing
from config.errors import UserError
from config.settings import Settings
from config.workdays import Workdays
from corpus.models import EventKind, Task, VersionState
from corpus.values import Role, TimingKind
from reminders import planner
from reminders.models import OutboxMessage, PlannerState, Reminder
from reminders.preview import PlannedReminder, preview

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAYS = Workdays()
SETTINGS = Settings(
    remind_lead_workdays="7,1",
    remind_support_workdays="7,1",
    remind_on_due_day=False,
    overdue_times=0,
    escalation="无",
)
RIVER = {"市水利局": Role.LEAD, "市生态环境局": Role.SUPPORT}
DUE = date(2022, 9, 30)  # seven working days before it: 21 September, one: 29 September


def steps(days: str) -> Settings:
    return SETTINGS.model_copy(
        update={"remind_lead_workdays": days, "remind_support_workdays": days}
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def run(engine: Engine, moment: str, settings: Settings = SETTINGS) -> int:
    with writing(engine) as session:
        return planner.plan(session, at(moment), WORKDAYS, settings, partial(chats_of, session))


def written(engine: Engine) -> list[tuple[str, str, str, str]]:
    """(chat, lineage, rule, state) of every reminder, in order."""
    with reading(engine) as session:
        rows = session.exec(select(Reminder).order_by(col(Reminder.id)))
        return [(r.chat_id, r.lineage, r.rule.partition(":")[2], r.state) for r in rows]


def messages(engine: Engine) -> list[OutboxMessage]:
    with reading(engine) as session:
        query = select(OutboxMessage).where(OutboxMessage.kind == "reminder")
        return list(session.exec(query.order_by(col(OutboxMessage.id))))


@pytest.fixture
def river(engine: Engine) -> Engine:
    """河长制: two units, the lead's group and the supporting unit's group, one task due on DUE."""
    with writing(engine) as session:
        add_plan(session, "hezhang", [Row("完成河道“四乱”清理整治。", RIVER, DUE)])
        bind(session, "市水利局", "水利群")
        bind(session, "市生态环境局", "环保群")
    return engine


def test_seven_then_one_working_days_before_each_once(river: Engine) -> None:
    assert run(river, "2022-09-21 08:59") == 0
    assert run(river, "2022-09-21 09:00") == 2
    assert run(river, "2022-09-21 09:00") == run(river, "2022-09-28 23:00") == 0
    assert run(river, "2022-09-29 09:00") == 2
    assert run(river, "2022-09-30 09:00") == run(river, "2022-10-08 09:00") == 0
    assert sorted(written(river)) == [
        ("水利群", "hezhang-0", "1", "planned"), ("水利群", "hezhang-0", "7", "planned"),
        ("环保群", "hezhang-0", "1", "planned"), ("环保群", "hezhang-0", "7", "planned"),
    ]  # fmt: skip
    assert [m.due_at for m in messages(river)][::2] == [
        at("2022-09-21 09:00"),
        at("2022-09-29 09:00"),
    ]


def test_one_chat_and_run_is_one_message(engine: Engine) -> None:
    with writing(engine) as session:
        rows = [Row(f"第{n}项整治。", {"市水利局": Role.RESPONSIBLE}, DUE) for n in range(3)]
        add_plan(session, "hezhang", rows)
        add_plan(session, "xiaofang", [Row("完成消防通道清理。", {"市水利局": Role.JOINT}, DUE)])
        bind(session, "市水利局", "水利群")
    assert run(engine, "2022-09-21 09:00") == 4
    (message,) = messages(engine)
    assert (message.kind, message.platform, message.chat_id) == ("reminder", "console", "水利群")
    with reading(engine) as session:
        assert set(session.exec(select(Reminder.outbox_id))) == {message.id}


def test_a_changed_wording_changes_nothing(river: Engine) -> None:
    run(river, "2022-09-21 09:00")
    with writing(river) as session:
        add_plan(session, "hezhang", [Row("完成全市河道“四乱”清理整治。", RIVER, DUE)])
    assert run(river, "2022-09-22 09:00") == 0
    assert run(river, "2022-09-29 09:00") == 2


def test_a_changed_day_reminds_of_the_new_day(river: Engine) -> None:
    run(river, "2022-09-21 09:00")
    with writing(river) as session:
        add_plan(session, "hezhang", [Row("完成河道清理。", RIVER, date(2022, 11, 30))])
    assert run(river, "2022-09-29 09:00") == 0
    assert run(river, "2022-11-21 09:00") == 2


def test_after_a_stop_only_the_newest_is_sent_if_it_is_of_use(river: Engine) -> None:
    run(river, "2022-09-20 09:00")
    assert run(river, "2022-09-30 15:00") == 2  # down since the 20th; due today
    assert sorted({(rule, state) for _, _, rule, state in written(river)}) == [
        ("1", "planned"), ("7", "skipped"),
    ]  # fmt: skip
    assert len(messages(river)) == 2


def test_after_a_longer_stop_what_is_past_is_recorded_and_not_sent(river: Engine) -> None:
    run(river, "2022-09-20 09:00")
    assert run(river, "2022-10-08 09:00") == 0
    assert {(rule, state) for _, _, rule, state in written(river)} == {
        ("1", "skipped"),
        ("7", "skipped"),
    }
    assert messages(river) == []


def test_a_plan_newly_in_force_sends_nothing_for_its_past(river: Engine) -> None:
    assert run(river, "2022-10-20 09:00") == run(river, "2022-10-21 09:00") == 0
    assert written(river) == []


def test_a_group_bound_late_hears_what_is_still_of_use(river: Engine) -> None:
    run(river, "2022-09-21 09:00")
    with writing(river) as session:
        bind(session, "市水利局", "水利群二")
    assert run(river, "2022-09-23 10:00") == 1
    assert messages(river)[-1].chat_id == "水利群二"


def test_a_step_added_later_does_not_repeat_what_a_newer_one_said(river: Engine) -> None:
    run(river, "2022-09-21 09:00")
    assert run(river, "2022-09-22 09:00", steps("10,7,1")) == 0
    assert run(river, "2022-09-27 09:00", steps("7,3,1")) == 2


@pytest.mark.parametrize(
    ("unit", "hears"), [("市水利局", set()), (None, set()), ("市生态环境局", {"水利群"})]
)
def test_done_is_for_all_when_the_lead_says_so_else_for_oneself(
    river: Engine, unit: str | None, hears: set[str]
) -> None:
    with writing(river) as session:
        say(session, "hezhang-0", EventKind.DONE, at("2022-09-22 10:00"), unit=unit)
    run(river, "2022-09-29 09:00")
    assert {chat for chat, _, rule, state in written(river) if state == "planned"} == hears


def test_opened_again_it_reminds_again(river: Engine) -> None:
    with writing(river) as session:
        say(session, "hezhang-0", EventKind.DONE, at("2022-09-20 10:00"), unit="市水利局")
        say(session, "hezhang-0", EventKind.ACK, at("2022-09-20 11:00"), unit="市水利局")
    assert run(river, "2022-09-21 09:00") == 0
    with writing(river) as session:
        say(session, "hezhang-0", EventKind.REOPENED, at("2022-09-22 10:00"))
    assert run(river, "2022-09-22 11:00") == 2


def test_done_of_one_timing_leaves_the_other(engine: Engine) -> None:
    with writing(engine) as session:
        row = Row("出台方案，建成水质站。", RIVER, DUE, extra=[date(2022, 12, 30)])
        add_plan(session, "hezhang", [row])
        bind(session, "市水利局", "水利群")
        say(session, "hezhang-0", EventKind.DONE, at("2022-09-01 10:00"), timing_key="k0")
    assert run(engine, "2022-09-29 09:00") == 0
    assert run(engine, "2022-12-29 09:00") == 1


def test_a_collective_unit_is_its_members_and_each_answers_for_itself(engine: Engine) -> None:
    with writing(engine) as session:
        add_plan(
            session, "xiaofang", [Row("开展火灾隐患排查。", {"各乡镇": Role.RESPONSIBLE}, DUE)]
        )
        add_members(session, "各乡镇", "东镇", "西镇", "沿海片区")
        add_members(session, "沿海片区", "南镇")
        for unit in ("各乡镇", "东镇", "西镇", "南镇"):
            bind(session, unit, f"{unit}群")
        say(session, "xiaofang-0", EventKind.DONE, at("2022-09-01 10:00"), unit="西镇")
    assert run(engine, "2022-09-21 09:00") == 3
    assert {chat for chat, *_ in written(engine)} == {"各乡镇群", "东镇群", "南镇群"}


def test_a_chat_hears_once_though_its_unit_is_named_twice(engine: Engine) -> None:
    with writing(engine) as session:
        units = {"各乡镇": Role.SUPPORT, "东镇": Role.LEAD}
        add_plan(session, "xiaofang", [Row("开展火灾隐患排查。", units, DUE)])
        add_members(session, "各乡镇", "东镇")
        bind(session, "东镇", "东镇群")
    assert run(engine, "2022-09-21 09:00") == 1


@pytest.mark.parametrize("state", [VersionState.DRAFT, VersionState.RETIRED])
def test_only_plans_in_force_remind(engine: Engine, state: VersionState) -> None:
    with writing(engine) as session:
        add_plan(session, "hezhang", [Row("完成清理。", RIVER, DUE)], state=state)
        bind(session, "市水利局", "水利群")
    assert run(engine, "2022-09-21 09:00") == 0


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (TimingKind.RECURRING, None),
        (TimingKind.AS_DIRECTED, None),
        (TimingKind.RECURRING, "FREQ=YEARLY"),
    ],
)
def test_what_has_no_day_never_reminds(engine: Engine, kind: TimingKind, rule: str | None) -> None:
    with writing(engine) as session:
        add_plan(session, "hezhang", [Row("常态化巡河。", RIVER, DUE, kind=kind, rule=rule)])
        bind(session, "市水利局", "水利群")
    assert run(engine, "2022-09-29 09:00") == 0


def test_a_recurring_duty_reminds_each_time_and_done_closes_one_day(engine: Engine) -> None:
    with writing(engine) as session:
        row = Row(
            "每月5日前报送巡河记录。", {"市水利局": Role.RESPONSIBLE}, kind=TimingKind.RECURRING,
            rule="FREQ=MONTHLY;BYMONTHDAY=5",
        )  # fmt: skip
        period = (date(2022, 1, 1), date(2022, 12, 31))
        add_plan(session, "hezhang", [row], period=period)
        bind(session, "市水利局", "水利群")
    assert run(engine, "2022-08-04 09:00") == 1
    with writing(engine) as session:
        say(
            session, "hezhang-0", EventKind.DONE, at("2022-08-30 10:00"), unit="市水利局",
            timing_key="k0", occurrence_on=date(2022, 9, 5),
        )  # fmt: skip
    assert run(engine, "2022-09-02 09:00") == 0
    assert run(engine, "2022-09-30 09:00") == 1  # the working day before 5 October, a holiday
    assert run(engine, "2023-01-04 09:00") == 0  # the plan is over


def test_a_year_without_a_calendar_stops_nobody_else(river: Engine) -> None:
    with writing(river) as session:
        add_plan(session, "yuanjing", [Row("建成幸福河湖。", RIVER, date(2040, 12, 31))])
        add_plan(session, "jinqi", [Row("编制规划。", RIVER, date(2027, 1, 12))])
    assert run(river, "2022-09-21 09:00") == 2
    assert run(river, "2026-12-31 09:00") == 0
    with reading(river) as session:
        state = session.get(PlannerState, 1)
        assert state is not None
        assert state.missing_years == [2027]
        assert state.planned_to == at("2026-12-31 09:00")


def test_two_planners_at_once_write_everything_once(river: Engine) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            run(river, "2022-09-21 09:00")
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert len(written(river)) == len(messages(river)) == 2


# ---- the preview


def ahead(engine: Engine, start: str, end: str, **only: str) -> list[PlannedReminder]:
    with reading(engine) as session:
        return preview(
            session, date.fromisoformat(start), date.fromisoformat(end), WORKDAYS, SETTINGS,
            today=date.fromisoformat(start), **only,
            text_of=lambda item: f"{item.unit}：{item.owed[0].task.text}",
        )  # fmt: skip


def test_the_preview_has_the_promised_form(river: Engine) -> None:
    found = ahead(river, "2022-09-20", "2022-09-28", unit="市水利局")
    assert [item.to_json() for item in found] == [
        {
            "at": "2022-09-21T09:00:00+08:00", "unit": "市水利局", "rule": "before_deadline:7",
            "plan": "hezhang", "tasks": [{"part": "main", "no": "1"}], "due": "2022-09-30",
            "text": "市水利局：完成河道“四乱”清理整治。",
        }
    ]  # fmt: skip


def test_both_days_of_the_span_are_included(river: Engine) -> None:
    assert len(ahead(river, "2022-09-21", "2022-09-29")) == 4
    assert ahead(river, "2022-09-22", "2022-09-28") == []


def test_the_preview_says_what_the_planner_then_sends(engine: Engine) -> None:
    with writing(engine) as session:
        rows = [
            Row(f"第{n}项。", RIVER if n % 2 else {"各乡镇": Role.JOINT}, date(2022, 9, 1) + timedelta(days=3 * n))
            for n in range(12)
        ]  # fmt: skip
        monthly = Row("报送。", RIVER, kind=TimingKind.RECURRING, rule="FREQ=MONTHLY;BYMONTHDAY=10")
        add_plan(session, "hezhang", [*rows, monthly])
        add_members(session, "各乡镇", "东镇")
        for unit in ("市水利局", "市生态环境局", "东镇"):
            bind(session, unit, unit)
        say(session, "hezhang-3", EventKind.DONE, at("2022-08-19 10:00"))
    promised = {
        (item.at, item.unit, item.rule, item.due_on, owed.task.lineage)
        for item in ahead(engine, "2022-08-20", "2022-10-20")
        for owed in item.owed
        if item.unit != "各乡镇"  # no group speaks for it
    }
    day = at("2022-08-20 09:00")
    while day <= at("2022-10-20 09:00"):
        run(engine, f"{day:%Y-%m-%d %H:%M}")
        day += timedelta(days=1)
    with reading(engine) as session:
        kept = {
            (r.at.astimezone(SHANGHAI), r.chat_id, r.rule, r.occurrence_on, r.lineage)
            for r in session.exec(select(Reminder).where(Reminder.state == "planned"))
            if r.at >= at("2022-08-20 00:00")  # the first run also told what was still of use
        }
    assert len(promised) >= 40
    assert kept == promised


def test_a_named_plan_is_shown_whatever_its_state(engine: Engine) -> None:
    with writing(engine) as session:
        add_plan(session, "hezhang", [Row("完成清理。", RIVER, DUE)], state=VersionState.DRAFT)
    assert ahead(engine, "2022-09-01", "2022-09-30") == []
    assert len(ahead(engine, "2022-09-01", "2022-09-30", plan_id="hezhang")) == 4


@pytest.mark.parametrize("only", [{"unit": "市财政局"}, {"plan_id": "chuangcheng"}])
def test_an_unknown_name_is_said_so(river: Engine, only: dict[str, str]) -> None:
    with pytest.raises(UserError, match=r"市财政局|chuangcheng"):
        ahead(river, "2022-09-01", "2022-09-30", **only)


def test_the_planner_reads_only_what_the_rules_can_reach(engine: Engine) -> None:
    with writing(engine) as session:
        far = [Row(f"第{n}项。", RIVER, date(2025, 6, 30)) for n in range(50)]
        add_plan(session, "hezhang", [*far, Row("完成清理。", RIVER, DUE)])
        bind(session, "市水利局", "水利群")
    loaded: list[Task] = []

    def count(task: Task, _: object) -> None:
        loaded.append(task)

    event.listen(Task, "load", count)
    try:
        assert run(engine, "2022-09-21 09:00") == 1
    finally:
        event.remove(Task, "load", count)
    assert [task.lineage for task in loaded] == ["hezhang-50"]
