"""The one place that asks the time, and how it stands at another day."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from config.clock import Clock, read_at, read_day
from config.errors import UserError

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_clock_that_nobody_moved_tells_the_time() -> None:
    clock = Clock()
    assert not clock.moved
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
    assert clock.now().utcoffset() == datetime.now(SHANGHAI).utcoffset()


def test_a_moved_clock_goes_on_from_where_it_stands() -> None:
    at = datetime(2022, 9, 15, 9, 0, tzinfo=SHANGHAI)
    clock = Clock(at=at)
    first, second = clock.now(), clock.now()
    assert clock.moved
    assert at <= first <= second
    assert (second - at).total_seconds() < 5
    clock.move_to(datetime(2022, 12, 31, 23, 0, tzinfo=UTC))
    assert clock.today() == date(2023, 1, 1), "the local date, not that of UTC"


def test_the_wall_is_never_moved() -> None:
    clock = Clock(at=datetime(2000, 1, 1, tzinfo=SHANGHAI))
    assert abs((clock.wall() - datetime.now(UTC)).total_seconds()) < 5


def test_a_day_stands_at_the_start_of_office_hours() -> None:
    assert read_at("2026-06-25") == datetime(2026, 6, 25, 9, 0, tzinfo=SHANGHAI)
    assert read_at("2026-06-25T14:30") == datetime(2026, 6, 25, 14, 30, tzinfo=SHANGHAI)
    assert read_at("2026-06-25T01:00+00:00") == datetime(2026, 6, 25, 9, 0, tzinfo=SHANGHAI)
    assert read_at("2026-06-25", "Asia/Urumqi").utcoffset() != read_at("2026-06-25").utcoffset()


@pytest.mark.parametrize("text", ["", "明天", "2026-02-30", "2026/06/25", "2026-06-25T25:00"])
def test_what_is_no_day_is_refused_in_one_line(text: str) -> None:
    for read in (read_at, read_day):
        with pytest.raises(UserError, match="读不懂，请写成 2026-06-25"):
            read(text)
