"""After the day: overdue reminders, escalation after silence, what is told when, and what never is."""

from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from small_ledger import Row, add_members, add_plan, bind, chats_of, say
from sqlalchemy import Engine, bindparam
from sqlmodel import Session, col, select

from bot.models import Purpose
from bot.render import outbox_message
from config.database import reading, writing
from config.errors import UserError
from config.settings import Settings
from config.workdays import Workdays
from corpus.models import EventKind, PlanVersion, Touched, VersionState
from corpus.values import Role
from reminders import choices, planner
from reminders.models import OutboxMessage, OutboxState, Reminder, VersionSeen
from reminders.preview import preview

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAYS = Workdays()
SETTINGS = Settings(remind_lead_workdays="1", remind_support_workdays="1", office="市创建办")
REMINDERS = select(OutboxMessage).where(OutboxMessage.kind == "reminder")
LAST = REMINDERS.order_by(col(OutboxMessage.id).desc())
DUE_BY = REMINDERS.where(
    OutboxMessage.state == OutboxState.PENDING, OutboxMessage.due_at <= bindparam("moment")
)
OF_THE_CHAT = REMINDERS.where(OutboxMessage.chat_id == "城管群")
DUE = date(2022, 9, 30)  # then seven days off; 8 and 9 October are worked
CIVIL = {"市城管局": Role.LEAD, "市园林局": Role.SUPPORT}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class Office:
    """The planner over a database; what it told the admins."""

    def __init__(self, engine: Engine, settings: Settings = SETTINGS) -> None:
        self.engine, self.settings = engine, settings
        self.told: dict[str, str] = {}

    def run(self, moment: str, becomes: OutboxState = OutboxState.SENT) -> int:
        """Plan, and let what is due by then arrive, or become of it what is said."""
        with writing(self.engine) as session:
            planned = planner.plan(
                session, at(moment), WORKDAYS, self.settings, partial(chats_of, session),
                self.told.__setitem__,
            )  # fmt: skip
            for message in session.exec(DUE_BY, params={"moment": at(moment)}):
                message.state, message.finished_at = becomes, at(moment)
                session.add(message)
        return planned

    def days(self, first: str, last: str) -> list[tuple[str, str, str]]:
        """Run each morning; (day, chat, step) of all that was sent."""
        day = at(f"{first} 09:00")
        while day <= at(f"{last} 09:00"):
            self.run(f"{day:%Y-%m-%d %H:%M}")
            day = datetime.combine(date.fromordinal(day.toordinal() + 1), day.time(), SHANGHAI)
        return self.sent(first)

    def sent(self, since: str = "2000-01-01") -> list[tuple[str, str, str]]:
        with reading(self.engine) as session:
            found = session.exec(
                select(Reminder, OutboxMessage)
                .where(Reminder.outbox_id == OutboxMessage.id, Reminder.state == "planned")
                .order_by(col(OutboxMessage.due_at), col(Reminder.id))
            ).all()
            rows = [(m.due_at.astimezone(SHANGHAI), r) for r, m in found]
            found = [(f"{d:%Y-%m-%d}", r.chat_id, r.rule) for d, r in rows]
            return [(day[5:], chat, rule) for day, chat, rule in sorted(found) if day >= since]

    def text(self, moment: str) -> str:
        """The last message, as it would be read at a moment."""
        with reading(self.engine) as session:
            last = session.exec(LAST).first()
            assert last is not None
            found = outbox_message(session, last, at(moment))
            assert found is not None
            return found.text


@pytest.fixture
def civil(engine: Engine) -> Office:
    """创城: a task of two units, and chats for everybody who may be told of it."""
    with writing(engine) as session:
        add_plan(session, "chuangcheng", [Row("完成背街小巷整治。", CIVIL, DUE)], title="创城方案")
        bind(session, "市城管局", "城管群")
        bind(session, "市园林局", "园林群")
        bind(session, "市城管局", "城管局长", purpose=Purpose.HEAD)
        bind(session, "市创建办", "创建办群")
        bind(session, "市创建办", "分管市长", purpose=Purpose.LEADER)
    return Office(engine)


UNITS = [
    ("09-29", "城管群", "before_deadline:1"), ("09-29", "园林群", "before_deadline:1"),
    ("09-30", "城管群", "due_today"), ("09-30", "园林群", "due_today"),
    ("10-08", "城管群", "overdue:1"), ("10-08", "园林群", "overdue:1"),
]  # fmt: skip


def test_silence_climbs_step_by_step_and_ends(civil: Office) -> None:
    assert civil.days("2022-09-28", "2022-12-31") == sorted([
        *UNITS, ("10-10", "城管群", "escalation:3:unit"), ("10-12", "城管局长", "escalation:5:head"),
        ("10-14", "创建办群", "escalation:7:office"),
        ("10-17", "城管群", "overdue:2"), ("10-17", "园林群", "overdue:2"),
        ("10-19", "分管市长", "escalation:10:leader"),
        ("10-24", "城管群", "overdue:3"), ("10-24", "园林群", "overdue:3"),
        ("10-31", "城管群", "overdue:4"), ("10-31", "园林群", "overdue:4"),
    ])  # fmt: skip
    assert civil.told == {}


YEAR = (date(2022, 1, 1), date(2022, 12, 31))


@pytest.fixture
def year_end(engine: Engine) -> Office:
    """A plan of a year whose task is due on the last day of that year."""
    with writing(engine) as session:
        add_plan(session, "anquan", [Row("完成年度检查。", CIVIL, YEAR[1])], period=YEAR)
        bind(session, "市城管局", "城管群")
        bind(session, "市创建办", "创建办群")
    return Office(engine)


def test_what_fell_due_on_the_last_day_of_its_plan_is_followed_up(year_end: Office) -> None:
    assert year_end.days("2022-12-29", "2023-04-30") == [
        ("12-30", "城管群", "before_deadline:1"),
        ("01-03", "城管群", "overdue:1"),
        ("01-05", "城管群", "escalation:3:unit"),
        ("01-10", "城管群", "overdue:2"),
        ("01-11", "创建办群", "escalation:7:office"),
        ("01-17", "城管群", "overdue:3"),
        ("01-28", "城管群", "overdue:4"),  # the 24th is in the Spring Festival
    ]
    assert year_end.told == {}


@pytest.mark.parametrize("end", ["done", "retired", "successor"])
def test_it_ends_with_an_answer_or_the_plan_and_not_with_the_next_plan(
    year_end: Office, end: str
) -> None:
    year_end.days("2022-12-29", "2023-01-03")
    with writing(year_end.engine) as session:
        if end == "done":
            say(session, "anquan-0", EventKind.DONE, at("2023-01-04 10:00"), unit="市城管局")
        elif end == "retired":
            add_plan(session, "anquan", [], period=YEAR)
        else:
            period = (date(2023, 1, 1), date(2023, 12, 31))
            rows = [Row("完成年度检查。", CIVIL, date(2023, 12, 31))]
            add_plan(session, "anquan-2023", rows, period=period)
    later = [step for _, _, step in year_end.days("2023-01-04", "2023-01-10")]
    assert later == (["escalation:3:unit", "overdue:2"] if end == "successor" else [])


def test_after_its_period_nothing_new_falls_due_but_what_was_put_off(year_end: Office) -> None:
    with writing(year_end.engine) as session:
        rows = [Row("完成年度检查。", CIVIL, YEAR[1]), Row("报送总结。", CIVIL, date(2023, 1, 13))]
        add_plan(session, "anquan", rows, period=YEAR)
    year_end.days("2022-12-28", "2022-12-29")
    with writing(year_end.engine) as session:
        say(
            session, "anquan-0", EventKind.EXTENSION_GRANTED, at("2022-12-29 15:00"),
            unit="市城管局", timing_key="k0", occurrence_on=YEAR[1], until_on=date(2023, 2, 28),
        )  # fmt: skip
    assert year_end.days("2022-12-30", "2023-03-01") == [
        ("02-27", "城管群", "before_deadline:1"),
        ("02-28", "城管群", "due_today"),
        ("03-01", "城管群", "overdue:1"),
    ]


@pytest.mark.parametrize("first_run", ["2023-01-05 09:00", "2023-01-09 09:00"])
def test_a_plan_put_in_force_after_its_period_follows_nobody_up(
    year_end: Office, first_run: str
) -> None:
    year_end.run(first_run)
    assert year_end.days("2023-01-10", "2023-03-01") == []
    with reading(year_end.engine) as session:
        assert preview(
            session, date(2023, 1, 3), date(2023, 3, 1), WORKDAYS, SETTINGS,
            today=date(2023, 1, 3), text_of=lambda _: "",
        ) == []  # fmt: skip


@pytest.mark.parametrize(
    "kind", [EventKind.ACK, EventKind.PROGRESS, EventKind.EXTENSION_ASKED, EventKind.REPORTED]
)
def test_any_answer_ends_the_climb_but_not_the_reminders(civil: Office, kind: EventKind) -> None:
    civil.days("2022-09-28", "2022-10-10")
    with writing(civil.engine) as session:
        say(session, "chuangcheng-0", kind, at("2022-10-11 10:00"), unit="市城管局")
    later = civil.days("2022-10-11", "2022-10-31")
    assert {step for _, _, step in later} == {"overdue:2", "overdue:3", "overdue:4"}


def test_the_answer_of_a_supporting_unit_is_its_own(civil: Office) -> None:
    civil.days("2022-09-28", "2022-10-10")
    with writing(civil.engine) as session:
        say(session, "chuangcheng-0", EventKind.ACK, at("2022-10-11 10:00"), unit="市园林局")
    assert ("10-12", "城管局长", "escalation:5:head") in civil.days("2022-10-11", "2022-10-12")


def test_done_and_muted_are_left_alone(civil: Office) -> None:
    civil.days("2022-09-28", "2022-10-08")
    with writing(civil.engine) as session:
        say(session, "chuangcheng-0", EventKind.MUTED, at("2022-10-09 10:00"))
    assert civil.days("2022-10-09", "2022-10-16") == []
    with writing(civil.engine) as session:
        say(session, "chuangcheng-0", EventKind.UNMUTED, at("2022-10-16 10:00"))
    assert civil.days("2022-10-17", "2022-10-18") == [
        ("10-17", "创建办群", "escalation:7:office"), ("10-17", "园林群", "overdue:2"),
        ("10-17", "城管局长", "escalation:5:head"), ("10-17", "城管群", "overdue:2"),
    ]  # fmt: skip
    with writing(civil.engine) as session:
        say(session, "chuangcheng-0", EventKind.DONE, at("2022-10-18 10:00"), unit="市城管局")
    assert civil.days("2022-10-19", "2022-11-30") == []


def test_a_day_put_off_is_owed_on_its_new_day_alone(civil: Office) -> None:
    civil.days("2022-09-28", "2022-09-29")
    with writing(civil.engine) as session:
        say(
            session, "chuangcheng-0", EventKind.EXTENSION_GRANTED, at("2022-09-29 15:00"),
            unit="市城管局", timing_key="k0", occurrence_on=DUE, until_on=date(2022, 11, 30),
        )  # fmt: skip
    assert civil.days("2022-09-30", "2022-12-02") == sorted([
        ("11-29", "城管群", "before_deadline:1"), ("11-29", "园林群", "before_deadline:1"),
        ("11-30", "城管群", "due_today"), ("11-30", "园林群", "due_today"),
        ("12-01", "城管群", "overdue:1"), ("12-01", "园林群", "overdue:1"),
    ])  # fmt: skip


def test_each_place_is_told_in_its_own_words(civil: Office) -> None:
    civil.days("2022-09-28", "2022-10-10")
    assert civil.text("2022-10-10").splitlines()[:4] == [
        "【督办提醒】市城管局：有1项任务逾期未答复",
        "1. 2022年9月30日到期（已过10天；原文“按期完成”）",
        "完成背街小巷整治。",
        "自2022年9月29日首次提醒以来尚未收到贵单位的答复，请尽快反馈进展",
    ]
    civil.run("2022-10-12 09:00")
    assert civil.text("2022-10-12").startswith(
        "【督办提醒】市城管局有1项任务逾期未答复，请负责人过问。"
    )
    civil.run("2022-10-14 09:00")
    text = civil.text("2022-10-14")
    assert text.startswith(
        "【督办情况】有1项任务逾期未答复，请督办。\n1. 市城管局：2022年9月30日到期"
    )
    assert "自2022年9月29日首次提醒以来没有答复" in text
    assert "收到请点" not in text


def test_two_silent_units_are_both_named_to_the_office(engine: Engine) -> None:
    with writing(engine) as session:
        units = {"市城管局": Role.JOINT, "市住建局": Role.JOINT}
        add_plan(session, "chuangcheng", [Row("完成老旧小区改造。", units, DUE)])
        for unit in (*units, "市创建办"):
            bind(session, unit, f"{unit}群")
    office = Office(engine)
    found = office.days("2022-09-28", "2022-10-14")
    assert [row for row in found if row[1] == "市创建办群"] == [
        ("10-14", "市创建办群", "escalation:7:office")
    ] * 2
    assert "1. 市城管局、市住建局：" in office.text("2022-10-14")


def test_without_an_office_the_admins_are_told_once(civil: Office) -> None:
    civil.settings = SETTINGS.model_copy(update={"office": ""})
    civil.days("2022-09-28", "2022-10-19")
    assert list(civil.told) == ["no-office:chuangcheng"]
    assert (
        "duban reminders rules set office 单位名称 --plan chuangcheng"
        in civil.told["no-office:chuangcheng"]
    )


def test_the_leading_groups_office_is_the_supervising_one(civil: Office) -> None:
    civil.settings = SETTINGS.model_copy(update={"office": ""})
    with writing(civil.engine) as session:
        version = session.exec(select(PlanVersion)).one()
        version.leading_group = "市创建办"
        session.add(version)
    assert ("10-14", "创建办群", "escalation:7:office") in civil.days("2022-09-28", "2022-10-14")


def test_nobody_is_blamed_for_a_silence_that_nobody_broke(engine: Engine) -> None:
    """A group bound when the day is long past is reminded, and not reported."""
    with writing(engine) as session:
        add_plan(session, "chuangcheng", [Row("完成背街小巷整治。", CIVIL, DUE)])
        bind(session, "市城管局", "城管局长", purpose=Purpose.HEAD)
    office = Office(engine)
    assert office.days("2022-09-28", "2022-10-11") == []
    with writing(engine) as session:
        bind(session, "市城管局", "城管群")
        bind(session, "市创建办", "创建办群")
    assert office.days("2022-10-12", "2022-10-14") == [
        ("10-12", "城管群", "overdue:1"), ("10-14", "创建办群", "escalation:7:office"),
    ]  # fmt: skip
    assert "自2022年10月12日首次提醒以来没有答复" in office.text("2022-10-14")


@pytest.mark.parametrize("becomes", [OutboxState.PENDING, OutboxState.FAILED])
def test_nobody_is_blamed_for_a_reminder_that_never_arrived(
    civil: Office, becomes: OutboxState
) -> None:
    for day in ("09-29", "09-30", "10-08", "10-10", "10-12", "10-14"):
        civil.run(f"2022-{day} 09:00", becomes)
    assert {chat for _, chat, _ in civil.sent()} == {"城管群", "园林群"}
    assert not [step for _, _, step in civil.sent() if step.startswith("escalation")]


def test_the_first_reminder_is_told_by_its_local_day(civil: Office) -> None:
    civil.settings = SETTINGS.model_copy(update={"reminder_hour": 7, "reminder_quiet_hours": ""})
    for day in ("09-28", "09-29", "10-14"):
        civil.run(f"2022-{day} 07:30")
    assert "自2022年9月29日首次提醒以来" in civil.text("2022-10-14 07:30")


def test_a_unit_that_cannot_be_reached_is_reported(engine: Engine) -> None:
    with writing(engine) as session:
        add_plan(session, "chuangcheng", [Row("完成背街小巷整治。", CIVIL, DUE)])
        bind(session, "市创建办", "创建办群")
    office = Office(engine)
    assert office.days("2022-09-28", "2022-10-14") == [("10-14", "创建办群", "escalation:7:office")]
    assert "该单位没有绑定会话，未能提醒到" in office.text("2022-10-14")


def test_what_a_chat_refused_is_sent_once_more_when_it_is_back(civil: Office) -> None:
    civil.settings = SETTINGS.model_copy(update={"reminder_cap_per_day": 1})
    civil.run("2022-09-29 09:00", OutboxState.FAILED)
    assert civil.run("2022-09-29 09:10") == 0
    with writing(civil.engine) as session:
        bind(session, "市城管局", "另一群")  # and whatever else has the planner look again
    assert civil.run("2022-09-29 09:20") == 3
    assert civil.run("2022-09-29 09:30") == 0
    assert ("09-29", "城管群", "before_deadline:1") in civil.sent()


# ---- plans whose days are past


def test_a_plan_with_past_days_is_one_summary_and_no_flood(engine: Engine) -> None:
    with writing(engine) as session:
        words = "逐村逐户" * 12
        past = [Row(f"第{n}项整治{words}。", CIVIL, date(2022, 6, n)) for n in range(1, 9)]
        add_plan(session, "chuangcheng", [*past, Row("完成收尾。", CIVIL, DUE)], title="创城方案")
        bind(session, "市城管局", "城管群")
    office = Office(engine)
    assert office.days("2022-06-20", "2022-07-20") == []
    ((key, text),) = office.told.items()
    assert key.startswith("past:")
    assert text.splitlines()[0].startswith(
        "《创城方案》开始执行时，有8项任务的时限已过（共8处，涉及2个单位）。"
    )
    first = text.splitlines()[1]
    assert first.startswith("· 2022年6月1日 第1项 第1项整治逐村逐户") and first.endswith("…")
    assert text.splitlines()[-1].startswith("另有3处")
    assert office.days("2022-09-29", "2022-10-08")[-1] == ("10-08", "城管群", "overdue:1")


def test_what_was_past_in_the_first_version_is_not_told_again(engine: Engine) -> None:
    office = Office(engine)
    rows = [Row("完成整治。", CIVIL, date(2022, 6, 1))]
    for words in ("完成整治。", "完成全部整治。"):
        with writing(engine) as session:
            add_plan(session, "chuangcheng", [Row(words, CIVIL, rows[0].due)])
        office.run("2022-06-20 09:00")
    assert len(office.told) == 1


def test_a_plan_whose_period_is_over_is_no_news(engine: Engine) -> None:
    with writing(engine) as session:
        period = (date(2021, 1, 1), date(2021, 12, 31))
        add_plan(session, "jiu", [Row("完成。", CIVIL, date(2021, 6, 1))], period=period)
    office = Office(engine)
    office.run("2022-06-20 09:00")
    assert office.told == {}


# ---- decency


def test_what_comes_up_at_night_or_on_a_day_off_waits_for_the_morning(civil: Office) -> None:
    civil.run("2022-09-28 09:00")
    civil.days("2022-09-29", "2022-09-29")
    with writing(civil.engine) as session:
        bind(session, "市城管局", "夜里绑定的群")
    civil.run("2022-09-29 22:00")
    assert ("09-30", "夜里绑定的群", "before_deadline:1") in civil.sent()
    with reading(civil.engine) as session:
        last = session.exec(LAST).first()
        assert last is not None
        assert last.due_at == at("2022-09-30 08:00")


def test_what_joins_a_waiting_digest_is_one_message_with_it(civil: Office) -> None:
    with writing(civil.engine) as session:
        for n in range(2):
            add_plan(session, f"plan{n}", [Row("完成。", {"市城管局": Role.LEAD}, DUE)])
    civil.run("2022-09-29 21:00")
    with writing(civil.engine) as session:
        add_plan(session, "plan2", [Row("完成。", {"市城管局": Role.LEAD}, DUE)])
    civil.run("2022-09-29 23:00")
    with reading(civil.engine) as session:
        waiting = session.exec(OF_THE_CHAT).all()
        assert len(waiting) == 1
        held = session.exec(select(Reminder).where(Reminder.outbox_id == waiting[0].id)).all()
        assert {r.plan_id for r in held} == {"chuangcheng", "plan0", "plan1", "plan2"}


def test_what_cannot_wait_for_a_working_day_goes_on_a_day_off(engine: Engine) -> None:
    with writing(engine) as session:
        add_plan(session, "chuangcheng", [Row("完成。", CIVIL, date(2022, 10, 5))])
    office = Office(engine)
    office.run("2022-09-30 10:00")
    with writing(engine) as session:
        bind(session, "市城管局", "城管群")
    office.run("2022-10-03 10:00")
    assert office.sent() == [("10-03", "城管群", "before_deadline:1")]


def test_a_chat_gets_no_more_than_its_cap_a_day(civil: Office) -> None:
    civil.settings = SETTINGS.model_copy(
        update={"reminder_cap_per_day": 2, "remind_lead_workdays": "30,1"}
    )
    civil.run("2022-08-19 08:00")
    for n in range(4):
        with writing(civil.engine) as session:
            add_plan(session, f"plan{n}", [Row("完成。", {"市城管局": Role.LEAD}, DUE)])
        civil.run(f"2022-08-19 {10 + n}:00")
    assert [day for day, chat, _ in civil.sent() if chat == "城管群"] == [
        "08-19", "08-19", "08-22", "08-22", "08-22"
    ]  # fmt: skip
    with reading(civil.engine) as session:
        waiting = session.exec(OF_THE_CHAT).all()
        assert len(waiting) == 3  # those that wait are one


# ---- the clock, the calendar


def test_the_clock_set_back_an_hour_doubles_and_loses_nothing(civil: Office) -> None:
    civil.run("2022-09-28 09:00")
    assert civil.run("2022-09-29 09:30") == 2
    assert civil.run("2022-09-29 08:30") == 0
    assert civil.run("2022-09-29 09:10") == civil.run("2022-09-29 10:00") == 0
    assert civil.run("2022-09-30 08:59") == 0
    assert civil.run("2022-09-30 09:00") == 2


def test_what_was_said_before_the_clock_was_set_back_holds(civil: Office) -> None:
    civil.run("2022-09-28 09:00")
    with writing(civil.engine) as session:
        say(session, "chuangcheng-0", EventKind.DONE, at("2022-09-29 09:50"))
    assert civil.run("2022-09-29 09:05") == 0


@pytest.mark.parametrize("set_right", ["2022-09-20", "2022-09-29"])
def test_a_clock_that_was_far_ahead_spares_nobody_for_good(civil: Office, set_right: str) -> None:
    civil.run("2022-09-20 09:00")
    assert civil.run("2022-12-20 09:00") == 0  # all that it finds is too late by then
    assert civil.days(set_right, "2022-10-08") == sorted(UNITS)


def test_a_calendar_that_came_late_brings_what_is_still_of_use(
    engine: Engine, tmp_path: object
) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    workdays = Workdays(folder)
    with writing(engine) as session:
        add_plan(session, "jiaoyu", [Row("完成校园检查。", CIVIL, date(2027, 3, 31))])
        bind(session, "市城管局", "城管群")

    def run(moment: str) -> int:
        with writing(engine) as session:
            chats = partial(chats_of, session)
            settings = Settings(remind_lead_workdays="20,1")
            return planner.plan(session, at(moment), workdays, settings, chats)

    assert run("2027-03-01 09:00") == run("2027-03-10 09:00") == 0
    (folder / "2027.json").write_text('{"papers": "", "holidays": ["2027-01-01"], "makeup": []}')
    assert run("2027-03-11 10:00") == 1
    assert run("2027-03-12 10:00") == 0


# ---- settings for a plan and a unit


def test_choices_of_a_plan_and_a_unit_hold_there(civil: Office) -> None:
    with writing(civil.engine) as session:
        choose = partial(choices.choose, session, by="cli", at=at("2022-09-01 09:00"))
        choose("overdue_times", "0", plan_id="chuangcheng", unit_id=None)
        choose("escalation", "无", plan_id="chuangcheng", unit_id=None)
        garden = session.exec(select(Reminder.unit_id)).first()
        assert garden is None
        unit_id = chats_unit(civil, "园林群")
        choose("remind_support_workdays", "2", plan_id=None, unit_id=unit_id)
        choose("remind_on_due_day", "否", plan_id="chuangcheng", unit_id=unit_id)
    assert civil.days("2022-09-27", "2022-11-30") == [
        ("09-28", "园林群", "before_deadline:2"), ("09-29", "城管群", "before_deadline:1"),
        ("09-30", "城管群", "due_today"),
    ]  # fmt: skip


def chats_unit(office: Office, chat: str) -> int:
    from bot.models import Chat

    with reading(office.engine) as session:
        found = session.exec(select(Chat.unit_id).where(Chat.chat_id == chat)).one()
        assert found is not None
        return found


def test_the_more_special_choice_wins(engine: Engine) -> None:
    with writing(engine) as session:
        add_plan(session, "hezhang", [])
        bind(session, "市水利局", "水利群")
        unit_id = session.exec(select(Touched.unit_id)).one()
        assert unit_id is not None
        choose = partial(
            choices.choose, session, "overdue_times", by="cli", at=at("2022-09-01 09:00")
        )
        for value, plan_id, unit in (
            ("1", None, None), ("2", "hezhang", None), ("3", None, unit_id), ("5", "hezhang", unit_id)
        ):  # fmt: skip
            choose(value, plan_id=plan_id, unit_id=unit)
            book = choices.ChoiceBook(session, Settings())
            assert book.of("hezhang", unit_id).overdue_times == int(value)
        assert book.of("xiaofang", None).overdue_times == 1
        assert book.of("hezhang", None).overdue_times == 2
        assert book.of("xiaofang", unit_id).overdue_times == 3
        assert {one.overdue_times for one in book.in_use()} == {1, 2, 3, 5}
        choices.unchoose(session, "overdue_times", plan_id="hezhang", unit_id=unit_id)
        assert choices.ChoiceBook(session, Settings()).of("hezhang", unit_id).overdue_times == 3
        with pytest.raises(UserError, match="没有另外设置"):
            choices.unchoose(session, "overdue_times", plan_id="hezhang", unit_id=unit_id)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("overdue_time", "2", "没有“overdue_time”这项提醒设置"), ("overdue_times", "很多", "应为0至52的整数"),
        ("remind_on_due_day", "也许", "应为 是 或 否"), ("escalation", "3:市长", "应像 3:unit"),
        ("completion", "all", "应为 unit 或 office"),
    ],
)  # fmt: skip
def test_a_wrong_choice_is_one_clear_line(
    engine: Engine, name: str, value: str, words: str
) -> None:
    with writing(engine) as session, pytest.raises(UserError, match=words):
        choices.choose(
            session, name, value, plan_id=None, unit_id=None, by="cli", at=at("2022-09-01 09:00")
        )


# ---- the preview of it


def test_the_preview_shows_all_that_silence_will_bring(civil: Office) -> None:
    with reading(civil.engine) as session:
        found = preview(
            session, date(2022, 9, 28), date(2022, 12, 31), WORKDAYS, SETTINGS,
            today=date(2022, 9, 28), chats_of=partial(chats_of, session), text_of=lambda item: item.told,
        )  # fmt: skip
    shown = [(f"{one.at:%m-%d}", one.rule, one.text) for one in found if one.unit == "市城管局"]
    assert ("10-14", "escalation:7:office", "市创建办") in shown
    sent = civil.days("2022-09-28", "2022-12-31")
    assert sorted((f"{o.at:%m-%d}", o.rule) for o in found) == sorted(
        (d, rule) for d, _, rule in sent
    )


@pytest.mark.parametrize("state", [VersionState.IN_FORCE, VersionState.DRAFT])
def test_the_preview_of_a_plan_that_no_planner_has_seen_goes_on_after_its_period(
    engine: Engine, state: VersionState
) -> None:
    with writing(engine) as session:
        rows = [Row("完成收尾。", CIVIL, DUE), Row("完成整治。", CIVIL, date(2022, 9, 1))]
        version = add_plan(
            session, "chuangcheng", rows, state=state, period=(date(2022, 1, 1), DUE)
        )
        bind(session, "市城管局", "城管群")

    def shown(session: Session) -> list[tuple[date, str, str]]:
        found = preview(
            session, date(2022, 9, 28), date(2022, 11, 30), WORKDAYS, SETTINGS,
            today=date(2022, 9, 28), version_id=version.id, chats_of=partial(chats_of, session),
            text_of=lambda _: "",
        )  # fmt: skip
        assert {one.due_on for one in found} == {DUE}  # the other was past before
        return [(one.at.date(), one.unit, one.rule) for one in found]

    with reading(engine) as session:
        unseen = shown(session)
    assert any(day > DUE for day, _, _ in unseen)
    with writing(engine) as session:
        session.add(
            VersionSeen(version_id=version.id, plan_id="chuangcheng", at=at("2022-09-28 09:00"))
        )
        session.flush()
        assert shown(session) == unseen


def test_a_collective_unit_without_members_and_chat_is_marked(engine: Engine) -> None:
    with writing(engine) as session:
        units = {"各乡镇": Role.RESPONSIBLE, "各街道": Role.RESPONSIBLE}
        add_plan(session, "xiaofang", [Row("开展排查。", units, DUE)])
        add_members(session, "各街道", "东街道")
        from corpus.models import Unit

        for unit in session.exec(select(Unit).where(col(Unit.name).startswith("各"))):
            unit.is_collective = True
            session.add(unit)
    with reading(engine) as session:
        found = preview(
            session, date(2022, 9, 29), date(2022, 9, 29), WORKDAYS, SETTINGS,
            today=date(2022, 9, 28), chats_of=partial(chats_of, session), text_of=lambda item: "",
        )  # fmt: skip
    assert {(one.unit, one.unreachable) for one in found} == {("各乡镇", True), ("东街道", False)}
