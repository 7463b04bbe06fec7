"""Keeps one platform, and each of its chats, within the pace that the platform allows."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic

from bot.messages import Limits

NO_LIMIT = 1e6  # a second or a minute: nobody counts that far
ALL_SPAN_S = 0.1  # evenly: thirty at once would not arrive as they were sent
# sixty a minute in a private chat are ten in any ten seconds: an answer in parts is not slowed down
PRIVATE_SPAN_S, GROUP_SPAN_S = 10.0, 60.0
MARGIN = 1.03  # the network does not keep the distance between two messages
# a busy machine wakes us a little late: what that costs is caught up, within the margin of a second
LATE_S = 0.015
REMEMBERED = 2000  # chats, before the quiet ones are forgotten


class _Window:
    """At most `count` messages in any `span_s` seconds."""

    def __init__(self, count: int, span_s: float) -> None:
        self._times: deque[float] = deque(maxlen=count)
        self._count, self._span_s = count, span_s

    def free_at(self) -> float:
        """When the next message may leave; may lie in the past."""
        return self._times[0] + self._span_s if len(self._times) == self._count else 0.0

    def take(self, at: float) -> None:
        self._times.append(max(self.free_at(), at - LATE_S))

    def is_idle(self, now: float) -> bool:
        return not self._times or self._times[-1] + self._span_s < now


class Pace:
    """Gives out moments to send; a moment that is taken is spent."""

    def __init__(self, limits: Limits, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._limits = limits
        self._all = _window(limits.messages_per_s, ALL_SPAN_S, 1.0)
        self._chats: dict[str, _Window] = {}
        self._forget_at = REMEMBERED

    def delay(self, chat_id: str, is_group: bool) -> float:
        """Seconds until a message to `chat_id` may leave."""
        free = [window.free_at() for window in self._windows(chat_id, is_group)]
        return max(0.0, max(free, default=0.0) - self._now())

    def take(self, chat_id: str, is_group: bool) -> None:
        """A message to `chat_id` leaves now."""
        for window in self._windows(chat_id, is_group):
            window.take(self._now())

    async def wait(self, chat_id: str, is_group: bool) -> None:
        """Until a message to `chat_id` may leave, and take that moment."""
        while delay := self.delay(chat_id, is_group):
            await asyncio.sleep(delay)
        self.take(chat_id, is_group)

    def _windows(self, chat_id: str, is_group: bool) -> list[_Window]:
        windows = [self._all] if self._all else []
        if chat_id not in self._chats and (chat := self._chat_window(is_group)):
            if len(self._chats) >= self._forget_at:
                now = self._now()
                self._chats = {k: w for k, w in self._chats.items() if not w.is_idle(now)}
                self._forget_at = 2 * len(self._chats) + REMEMBERED
            self._chats[chat_id] = chat
        return [*windows, self._chats[chat_id]] if chat_id in self._chats else windows

    def _chat_window(self, is_group: bool) -> _Window | None:
        if is_group:
            return _window(self._limits.group_messages_per_min, GROUP_SPAN_S, 60.0)
        return _window(self._limits.chat_messages_per_min, PRIVATE_SPAN_S, 60.0)


def _window(rate: float, span_s: float, per_s: float) -> _Window | None:
    """As many in `span_s` as are `rate` messages in `per_s`; below one it is one in a longer span."""
    if rate >= NO_LIMIT:
        return None
    count = max(1, int(rate * span_s / per_s))
    return _Window(count, MARGIN * count * per_s / rate)
