"""Each reminder rule tells its days, over holidays, make-up days, ends of months and of years."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.settings import Settings
from config.workdays import CalendarMissing, Workdays
from corpus.models import Timing
from corpus.values import TimingKind
from reminders.recurrence import occurrences
from reminders.rules import Occurrence, all_rules, before_deadline, furthest

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAYS = Workdays()


def days(due: date, steps: str = "7,1", previous: date | None = None) -> dict[str, date]:
    settings = Settings(reminder_workdays=steps)
    found = before_deadline.due(Occurrence(due, previous), WORKDAYS, settings)
    return {one.rule.removeprefix("before_deadline:"): one.at.date() for one in found}


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
    rule, settings = all_rules()[name], Settings(reminder_workdays="30,7,3,1")
    assert any("一" <= letter <= "鿿" for letter in rule.LABEL)
    before, after = rule.reach(settings)
    day = date(2018, 2, 1)
    while day < date(2026, 12, 31):
        for due in rule.due(Occurrence(day), WORKDAYS, settings):
            assert due.rule.startswith(name)
            assert -after <= (day - due.at.date()).days <= before
        day += timedelta(days=1)


def test_the_planner_looks_as_far_as_the_furthest_rule() -> None:
    settings = Settings(reminder_workdays="10")
    assert furthest(list(all_rules().values()), settings)[0] >= before_deadline.reach(settings)[0]


def test_seven_and_one_working_days_before() -> None:
    assert days(date(2022, 9, 30)) == {"7": date(2022, 9, 21), "1": date(2022, 9, 29)}


def test_it_is_sent_at_the_hour_of_the_settings() -> None:
    settings = Settings(reminder_hour=8)
    found = before_deadline.due(Occurrence(date(2022, 9, 30)), WORKDAYS, settings)
    assert found[-1].at == datetime(2022, 9, 29, 8, 0, tzinfo=SHANGHAI)
    assert found[-1].useful_to == date(2022, 9, 30)


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
