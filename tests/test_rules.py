"""Each reminder rule tells its days, over holidays, make-up days, ends of months and of years."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.settings import Settings
from config.workdays import CalendarMissing, Workdays
from corpus.models import Timing
from corpus.values import Role, TimingKind
from reminders.asking import days_asked
from reminders.choices import Choices, defaults
from reminders.recurrence import occurrences
from reminders.rules import (
    Due,
    Occurrence,
    all_rules,
    before_deadline,
    due_today,
    escalation,
    overdue,
    receiver_of,
    rule_named,
    rules_of,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAYS = Workdays()
FRIDAY = date(2022, 9, 30)  # before the seven days of the National Day, 8 and 9 October are worked


def chosen(**settings: object) -> Choices:
    return defaults(Settings(**settings))  # type: ignore[arg-type]


def days(due: date, steps: str = "7,1", previous: date | None = None) -> dict[str, date]:
    choices = chosen(remind_lead_workdays=steps)
    found = before_deadline.due(Occurrence(due, previous), Role.LEAD, choices, WORKDAYS)
    return {one.rule.removeprefix("before_deadline:"): one.at.date() for one in found}


def steps(
    rule: object, occurrence: Occurrence, role: Role = Role.LEAD, **settings: object
) -> dict[str, date]:
    found: list[Due] = list(rule.due(occurrence, role, chosen(**settings), WORKDAYS))  # type: ignore[attr-defined]
    return {one.rule: one.at.date() for one in found}


def timing(rule: str, start: date | None = None, end: date | None = None) -> Timing:
    return Timing(
        task_id=1, seq=0, key="k", text="", kind=TimingKind.RECURRING,
        rule=rule, start_on=start, due_on=end,
    )  # fmt: skip


def owed_days(one: Timing, first: date, last: date, *period: date) -> list[date]:
    start, end = period or (None, None)
    return [o.due_on for o in occurrences(one, first, last, start, end)]


@pytest.mark.parametrize("name", all_rules())
def test_every_rule_has_a_chinese_label_and_stays_within_its_reach(name: str) -> None:
    rule, choices = all_rules()[name], chosen()
    assert any("一" <= letter <= "鿿" for letter in rule.LABEL)
    assert rule in rules_of(rule.OF_REPORTS)
    before, after = rule.reach(choices)
    day = date(2018, 2, 1)
    while day < date(2026, 10, 1):
        one = Occurrence(day, is_report=rule.OF_REPORTS, opens_on=day if rule.OF_REPORTS else None)
        for role in (Role.LEAD, Role.SUPPORT):
            found = list(rule.due(one, role, choices, WORKDAYS))
            assert len(found) == len({due.rule for due in found})
            for due in found:
                assert due.rule.startswith(name) and len(due.rule) <= 64
                assert rule_named(due.rule) is rule and receiver_of(due.rule) == due.receiver
                assert due.useful_to >= due.at.date() and due.at == choices.at(due.at.date())
                assert -after <= (day - due.at.date()).days <= before
                assert WORKDAYS.is_workday(due.at.date())
        day += timedelta(days=3)


@pytest.mark.parametrize("is_report", [False, True])
def test_a_due_day_is_found_whenever_one_of_its_reminders_comes_up(is_report: bool) -> None:
    choices = chosen()
    for day in (date(2022, 9, 30), date(2023, 1, 1), date(2024, 2, 29), date(2024, 12, 31)):
        one = Occurrence(day, is_report=is_report, opens_on=day if is_report else None)
        for rule in rules_of(is_report):
            for due in rule.due(one, Role.LEAD, choices, WORKDAYS):
                hour = timedelta(hours=1)
                asked = days_asked([choices], due.at - hour, due.at, WORKDAYS, is_report)
                assert day in asked, due
    quiet = datetime(2022, 9, 20, 10, tzinfo=SHANGHAI), datetime(2022, 9, 21, 8, tzinfo=SHANGHAI)
    assert days_asked([choices], *quiet, WORKDAYS, is_report) == set()


def test_leading_and_supporting_units_are_reminded_otherwise() -> None:
    one = Occurrence(date(2022, 12, 30))
    for role in (Role.LEAD, Role.RESPONSIBLE, Role.JOINT):
        assert list(steps(before_deadline, one, role).values()) == [
            date(2022, 11, 18), date(2022, 12, 21), date(2022, 12, 27), date(2022, 12, 29)
        ]  # fmt: skip
    assert list(steps(before_deadline, one, Role.SUPPORT)) == [
        "before_deadline:7",
        "before_deadline:1",
    ]
    assert steps(before_deadline, one, Role.SUPPORT, remind_support_workdays="无") == {}


def test_seven_and_one_working_days_before() -> None:
    assert days(FRIDAY) == {"7": date(2022, 9, 21), "1": date(2022, 9, 29)}


def test_it_is_sent_at_the_hour_of_the_settings() -> None:
    choices = chosen(reminder_hour=8)
    *_, last = before_deadline.due(Occurrence(FRIDAY), Role.LEAD, choices, WORKDAYS)
    assert last.at == datetime(2022, 9, 29, 8, 0, tzinfo=SHANGHAI)
    assert last.useful_to == FRIDAY


@pytest.mark.parametrize(
    ("due", "seven", "one"),
    [
        # make-up working days: Saturday 8 and Sunday 9 October 2022
        (date(2022, 10, 10), date(2022, 9, 26), date(2022, 10, 9)),
        # the week of the Spring Festival, make-up Sundays 4 and 18 February 2024; a leap day
        (date(2024, 2, 29), date(2024, 2, 20), date(2024, 2, 28)),
        (date(2024, 2, 18), date(2024, 2, 2), date(2024, 2, 9)),
        # a deadline on a holiday, and one after the turn of the year
        (date(2023, 1, 1), date(2022, 12, 22), date(2022, 12, 30)),
        (date(2023, 1, 3), date(2022, 12, 22), date(2022, 12, 30)),
    ],
)
def test_over_holidays_and_ends_of_months_and_years(due: date, seven: date, one: date) -> None:
    assert days(due) == {"7": seven, "1": one}


def test_a_year_without_a_calendar_is_not_guessed() -> None:
    with pytest.raises(CalendarMissing, match="2041"):
        days(date(2041, 3, 3))


def test_a_reminder_never_speaks_while_the_last_occurrence_is_still_owed() -> None:
    friday, next_friday = date(2022, 9, 23), date(2022, 9, 30)
    assert days(next_friday, previous=friday) == {"1": date(2022, 9, 29)}
    assert days(friday, previous=date(2022, 9, 22)) == {}


# ---- on the day, and after it


def test_on_the_day_itself_unless_nobody_is_in_the_office() -> None:
    assert steps(due_today, Occurrence(FRIDAY)) == {"due_today": FRIDAY}
    assert steps(due_today, Occurrence(FRIDAY), remind_on_due_day=False) == {}
    makeup = date(2022, 10, 9)  # a Sunday that is worked
    assert steps(due_today, Occurrence(makeup)) == {"due_today": makeup}
    new_year = date(2023, 1, 1)
    assert steps(due_today, Occurrence(new_year)) == {}
    assert steps(due_today, Occurrence(new_year), reminder_workdays_only=False) == {
        "due_today": new_year
    }


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        # eight days off, then a make-up Saturday
        (FRIDAY, [date(2022, 10, 8), date(2022, 10, 17), date(2022, 10, 24), date(2022, 10, 31)]),
        (date(2022, 12, 31), [date(2023, 1, 3), date(2023, 1, 10), date(2023, 1, 17), date(2023, 1, 28)]),
        (date(2024, 2, 29), [date(2024, 3, 1), date(2024, 3, 8), date(2024, 3, 15), date(2024, 3, 22)]),
        (date(2022, 6, 30), [date(2022, 7, 1), date(2022, 7, 8), date(2022, 7, 15), date(2022, 7, 22)]),
    ],
)  # fmt: skip
def test_overdue_on_the_next_working_day_then_weekly_then_no_more(
    due: date, expected: list[date]
) -> None:
    assert list(steps(overdue, Occurrence(due)).values()) == expected
    assert len(steps(overdue, Occurrence(due), overdue_times=2)) == 2
    assert steps(overdue, Occurrence(due), overdue_times=0) == {}


def test_overdue_ends_when_the_next_one_is_owed() -> None:
    weekly = Occurrence(FRIDAY, next_on=date(2022, 10, 14))
    assert steps(overdue, weekly) == {"overdue:1": date(2022, 10, 8)}
    assert steps(overdue, Occurrence(FRIDAY, next_on=date(2022, 10, 1))) == {}


def test_escalation_climbs_by_working_days_and_only_from_who_answers_for_it() -> None:
    expected = {
        "escalation:3:unit": date(2022, 10, 10), "escalation:5:head": date(2022, 10, 12),
        "escalation:7:office": date(2022, 10, 14), "escalation:10:leader": date(2022, 10, 19),
    }  # fmt: skip
    for role in (Role.LEAD, Role.RESPONSIBLE, Role.JOINT):
        assert steps(escalation, Occurrence(FRIDAY), role) == expected
    assert steps(escalation, Occurrence(FRIDAY), Role.SUPPORT) == {}
    assert steps(escalation, Occurrence(FRIDAY), escalation="2:督办单位") == {
        "escalation:2:office": date(2022, 10, 9)
    }
    assert all(
        due.if_silent for due in escalation.due(Occurrence(FRIDAY), Role.LEAD, chosen(), WORKDAYS)
    )


def test_what_is_known_before_an_unknown_year_holds() -> None:
    found = overdue.due(Occurrence(date(2026, 12, 21)), Role.LEAD, chosen(), WORKDAYS)
    assert [next(found).rule, next(found).rule] == ["overdue:1", "overdue:2"]
    with pytest.raises(CalendarMissing, match="2027"):
        next(found)


# ---- recurring timings


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=MONTHLY;BYMONTHDAY=5", [date(2022, 8, 5), date(2022, 9, 5), date(2022, 10, 5)]),
        ("FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=25", [date(2022, 9, 25)]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", [date(2022, 8, 31), date(2022, 9, 30)]),
        ("FREQ=MONTHLY;BYDAY=1MO", [date(2022, 8, 1), date(2022, 9, 5), date(2022, 10, 3)]),
    ],
)
def test_a_rule_gives_its_days(rule: str, expected: list[date]) -> None:
    assert owed_days(timing(rule), date(2022, 8, 1), date(2022, 10, 20)) == expected


def test_each_occurrence_knows_the_one_before_it() -> None:
    found = occurrences(
        timing("FREQ=WEEKLY;BYDAY=FR"), date(2022, 9, 20), date(2022, 10, 1), None, None
    )
    assert [(o.due_on.day, o.previous_on and o.previous_on.day) for o in found] == [
        (23, 16),
        (30, 23),
    ]
    assert [o.next_on for o in found] == [date(2022, 9, 30), date(2022, 10, 7)]


@pytest.mark.parametrize(
    "rule",
    ["FREQ=YEARLY", "FREQ=MONTHLY", "FREQ=WEEKLY", "FREQ=MONTHLY;INTERVAL=3", "FREQ=YEARLY;BYMONTH=6", "FREQ=YEARLY;BYMONTH=1,2,11,12",
     "FREQ=DAILY;INTERVAL=2", "每月", "FREQ=MONTHLY;BYMONTHDAY=x"],
)  # fmt: skip
def test_a_rule_that_names_no_day_is_not_guessed(rule: str) -> None:
    assert owed_days(timing(rule), date(2022, 1, 1), date(2022, 12, 31)) == []


@pytest.mark.parametrize("rule", ["FREQ=YEARLY", "FREQ=MONTHLY;INTERVAL=3", "FREQ=WEEKLY"])
def test_the_day_on_which_a_plan_begins_is_no_day_of_its_duties(rule: str) -> None:
    period = (date(2022, 3, 1), date(2022, 12, 31))
    assert owed_days(timing(rule), date(2022, 1, 1), date(2022, 12, 31), *period) == []


def test_a_rule_ends_with_its_own_span_or_with_the_plan() -> None:
    monthly = "FREQ=MONTHLY;BYMONTHDAY=5"
    year = (date(2022, 3, 1), date(2022, 12, 31))
    found = owed_days(timing(monthly), date(2022, 1, 1), date(2023, 6, 1), *year)
    assert (found[0], found[-1]) == (date(2022, 3, 5), date(2022, 12, 5))
    longer = timing(monthly, date(2022, 2, 1), date(2023, 1, 31))
    assert owed_days(longer, date(2022, 1, 1), date(2023, 6, 1), *year)[-1] == date(2023, 1, 5)
