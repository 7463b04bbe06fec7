"""How much of one person is answered, and which files are fetched: before any work is done."""

from collections import deque
from datetime import datetime, timedelta

from bot.messages import Attachment, Incoming
from corpus.formats import MAX_BYTES, formats, unreadable

SPAN = timedelta(minutes=1)
CHAT_SHARE = 3  # a chat may ask so many times as much as one person
TOO_FAST = "您发得太快了，请稍等一分钟再发。"
TOO_MANY = "这里的消息太多了，请稍等一分钟再发。"


class Manners:
    """Counts what each person and each chat asked in the last minute, as this process heard it."""

    def __init__(self, messages_per_minute: int) -> None:
        self._limit = messages_per_minute
        self._asked: dict[tuple[str, str, str], deque[datetime]] = {}

    def refusal(self, incoming: Incoming, at: datetime) -> str | None:
        """None where it is to be answered; else what is said once, and "" from then on."""
        if incoming.event or not incoming.addressed:
            return None
        self._forget(at)
        person = self._count("person", incoming.platform, incoming.account_id, at)
        chat = self._count("chat", incoming.platform, incoming.chat_id, at)
        if person > self._limit:
            return TOO_FAST if person == self._limit + 1 else ""
        if chat > CHAT_SHARE * self._limit:
            return TOO_MANY if chat == CHAT_SHARE * self._limit + 1 else ""
        return None

    def _count(self, kind: str, platform: str, who: str, at: datetime) -> int:
        times = self._asked.setdefault((kind, platform, who), deque())
        times.append(at)
        return len(times)

    def _forget(self, at: datetime) -> None:
        for key, times in list(self._asked.items()):
            while times and times[0] <= at - SPAN:
                times.popleft()
            if not times:
                del self._asked[key]


def file_refusal(file: Attachment) -> str:
    """Why a file is not worth fetching, by its name and the size that its platform told; "" if it is."""
    suffix = "." + file.name.rpartition(".")[2].lower() if "." in file.name else ""
    if suffix not in formats():
        return unreadable(file.name)
    if file.size_bytes > MAX_BYTES:
        return f"文件“{file.name}”有 {file.size_bytes / 1024 / 1024:.0f} MB，超过 {MAX_BYTES // 1024 // 1024} MB 的上限。请拆分后再发。"
    return ""
