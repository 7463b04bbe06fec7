"""Keeps one platform, and each of its chats, within the pace that the platform allows."""

from collections import deque
from collections.abc import Callable
from time import monotonic

from bot.messages import Limits

NO_LIMIT = 1e6  # a second or a minute: nobody counts that far
# sixty a minute in a private chat are ten in any ten seconds: an answer in parts is not slowed down
PRIVATE_SPAN_S, GROUP_SPAN_S = 10.0, 60.0


class _Window:
    """At most `count` messages in any `span_s` seconds."""

    def __init__(self, count: int, span_s: float) -> None:
        self._times: deque[float] = deque(maxlen=count)
        self._count, self._span_s = count, span_s

    def free_at(self) -> float:
        """When the next message may leave; may lie in the past."""
        return self._times[0] + self._span_s if len(self._times) == self._count else 0.0

    def take(self, at: float) -> None:
        self._times.append(at)

    def is_idle(self, now: float) -> bool:
        return not self._times or self._times[-1] + self._span_s < now


class Pace:
    """Gives out moments to send; a moment that is taken is spent."""

    def __init__(self, limits: Limits, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._limits = limits
        self._all = _window(limits.messages_per_s, 1.0)
        self._chats: dict[str, _Window] = {}

    def delay(self, chat_id: str, is_group: bool) -> float:
        """Seconds until a message to `chat_id` may leave."""
        free = [window.free_at() for window in self._windows(chat_id, is_group)]
        return max(0.0, max(free, default=0.0) - self._now())

    def take(self, chat_id: str, is_group: bool) -> float:
        """Reserve the next moment for `chat_id`; the seconds to wait for it."""
        delay = self.delay(chat_id, is_group)
        at = self._now() + delay
        for window in self._windows(chat_id, is_group):
            window.take(at)
        return delay

    def _windows(self, chat_id: str, is_group: bool) -> list[_Window]:
        windows = [self._all] if self._all else []
        if chat_id not in self._chats and (chat := self._chat_window(is_group)):
            now = self._now()
            self._chats = {k: w for k, w in self._chats.items() if not w.is_idle(now)}
            self._chats[chat_id] = chat
        return [*windows, self._chats[chat_id]] if chat_id in self._chats else windows

    def _chat_window(self, is_group: bool) -> _Window | None:
        if is_group:
            return _window(self._limits.group_messages_per_min, GROUP_SPAN_S, 60.0)
        return _window(self._limits.chat_messages_per_min, PRIVATE_SPAN_S, 60.0)


def _window(rate: float, span_s: float, per_s: float = 1.0) -> _Window | None:
    """As many in `span_s` as are `rate` messages in `per_s`; below one it is one in a longer span."""
    if rate >= NO_LIMIT:
        return None
    exact = rate * span_s / per_s
    count = max(1, int(exact))
    return _Window(count, span_s * count / exact)
