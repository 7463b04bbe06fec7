"""No platform and no chat gets more messages than it allows, and no fewer for long."""

from bot.messages import Limits
from bot.pace import LATE_S, MARGIN, REMEMBERED, Pace


def sending_times(limits: Limits, chats: list[str], is_group: bool = True) -> list[float]:
    """When each message leaves if all stand ready at second 0, each waiting for its own moment."""
    now = 0.0
    pace = Pace(limits, now=lambda: now)
    waiting, times = list(enumerate(chats)), {}
    while waiting:
        n, chat = min(waiting, key=lambda one: (pace.delay(one[1], is_group), one[0]))
        now += pace.delay(chat, is_group)
        pace.take(chat, is_group)
        times[n] = now / MARGIN
        waiting.remove((n, chat))
    return [round(times[n], 6) for n in range(len(chats))]


def most_in(times: list[float], span_s: float) -> int:
    return max(sum(start <= t < start + span_s for t in times) for start in times)


def test_a_platform_without_limits_waits_for_nothing() -> None:
    assert sending_times(Limits(4096), ["a"] * 500) == [0.0] * 500


def test_thirty_a_second_over_all_chats() -> None:
    times = sending_times(Limits(4096, messages_per_s=30), [f"c{n}" for n in range(300)])
    assert most_in(times, 1.0) == 30
    assert (times[2], times[3], times[-1]) == (0.0, 0.1, 9.9)  # evenly


def test_woken_late_each_time_it_sends_as_many_and_never_too_many() -> None:
    now = 0.0
    pace = Pace(Limits(4096, messages_per_s=30), now=lambda: now)
    for late_s, times in ((0.0, []), (0.01, []), (0.014, []), (0.05, [])):
        begun = now = now + 10
        while len(times) < 300:
            if delay := pace.delay("a", False):
                now += delay + (late_s if len(times) % 2 else 0.0)
            else:
                pace.take("a", False)
                times.append(now - begun)
        assert most_in(times, 1.0) <= 30
        assert times[-1] <= 9.9 * MARGIN + 0.02 or late_s > LATE_S


def test_twenty_a_minute_in_one_group_while_others_go_on() -> None:
    limits = Limits(4096, chat_messages_per_min=60, group_messages_per_min=20)
    times = sending_times(limits, ["a"] * 45 + ["b"])
    assert most_in(times[:45], 60.0) == 20
    assert (times[44], times[45]) == (120.0, 0.0)


def test_one_a_second_in_a_private_chat_and_ten_at_once() -> None:
    limits = Limits(4096, chat_messages_per_min=60, group_messages_per_min=20)
    times = sending_times(limits, ["a"] * 65, is_group=False)
    assert most_in(times, 10.0) == 10
    assert (times[9], times[64]) == (0.0, 60.0)


def test_a_rate_below_one_a_second() -> None:
    assert sending_times(Limits(4096, messages_per_s=20 / 60), ["a", "b", "c"]) == [0.0, 3.0, 6.0]


def test_a_moment_that_is_only_asked_for_is_not_spent() -> None:
    pace = Pace(Limits(4096, messages_per_s=1), now=lambda: 0.0)
    assert pace.delay("a", False) == pace.delay("a", False) == 0.0
    pace.take("a", False)
    assert pace.delay("a", False) == MARGIN


def test_chats_that_are_quiet_again_are_forgotten() -> None:
    now = 0.0
    pace = Pace(Limits(4096, chat_messages_per_min=60), now=lambda: now)
    for n in range(REMEMBERED):
        pace.take(f"c{n}", False)
    now = 99.0
    pace.take("new", False)
    assert list(pace._chats) == ["new"]
