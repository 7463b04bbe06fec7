"""The one place that asks the time."""

from datetime import UTC, date, datetime, time
from time import monotonic
from zoneinfo import ZoneInfo

from config.errors import UserError

OFFICE_OPENS = time(9, 0)  # a day given without a time stands at the start of office hours


class Clock:
    """Local time that may stand at another day, and goes on from there.

    `now` is what the product believes; `wall` is the real time, for leases and time-outs only.
    """

    def __init__(self, timezone: str = "Asia/Shanghai", at: datetime | None = None) -> None:
        self.zone = ZoneInfo(timezone)
        self.moved = at is not None
        self._at = at
        self._since = monotonic()

    def now(self) -> datetime:
        """Aware local time."""
        if self._at is None:
            return datetime.now(self.zone)
        return datetime.fromtimestamp(self._at.timestamp() + monotonic() - self._since, self.zone)

    def today(self) -> date:
        """The local date."""
        return self.now().date()

    def wall(self) -> datetime:
        """The real time in UTC, whatever `--at` says."""
        return datetime.now(UTC)

    def move_to(self, at: datetime) -> None:
        """Stand at `at` from here on."""
        self._at, self._since, self.moved = at.astimezone(self.zone), monotonic(), True


def end_of_day(day: date, timezone: str) -> datetime:
    """The last instant of a local day, aware."""
    return datetime.combine(day, time.max, ZoneInfo(timezone))


def read_at(text: str, timezone: str = "Asia/Shanghai") -> datetime:
    """`2026-06-25` or `2026-06-25T09:00` as aware local time; raises UserError for anything else."""
    zone = ZoneInfo(timezone)
    try:
        if len(text) <= 10:
            return datetime.combine(date.fromisoformat(text), OFFICE_OPENS, zone)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"日期“{text}”读不懂，请写成 2026-06-25 或 2026-06-25T09:00。") from None
    return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)


def read_day(text: str) -> date:
    """`2026-06-25` as a date; raises UserError for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"日期“{text}”读不懂，请写成 2026-06-25。") from None
