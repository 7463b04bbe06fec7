"""What a failed call of the Bot API means for us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import DubanError, MaybeSent, Refused, TryLater

if TYPE_CHECKING:
    from telegram.error import TelegramError

FIRST_WAIT_S = 0.5


def words_of(error: TelegramError, token: str) -> str:
    """What Telegram said; the library puts the token into some of its messages."""
    return str(error).replace(token, "***")


def failure(error: TelegramError, token: str, repeatable: bool) -> DubanError:
    """The error of ours; `repeatable` is a call that does no harm when done twice."""
    import httpx
    from telegram.error import (
        BadRequest,
        ChatMigrated,
        Forbidden,
        InvalidToken,
        NetworkError,
        RetryAfter,
    )

    words = words_of(error, token)
    match error:
        case RetryAfter():
            assert not isinstance(error.retry_after, int)  # see PTB_TIMEDELTA
            return TryLater(words, error.retry_after.total_seconds())
        case ChatMigrated():
            return Refused(words, f"migrated:{error.new_chat_id}")
        case Forbidden():
            return Refused(words, "403")
        case InvalidToken():
            return Refused(words, "401")
        case BadRequest():
            # a topic is a chat of its own to us, and it was deleted
            return Refused(words, "403" if "thread not found" in words.lower() else "400")
    cause = error.__cause__
    not_sent = isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    answered = isinstance(error, NetworkError) and not isinstance(cause, httpx.HTTPError)  # 5xx
    if repeatable or not_sent or answered:
        return TryLater(words, FIRST_WAIT_S, may_have_arrived=not (not_sent or answered))
    return MaybeSent(words)
