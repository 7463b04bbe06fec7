"""Telegram: the Bot API by long polling, where an update is let go only once it is stored."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog
from sqlalchemy import Engine

from bot.messages import Attachment, Incoming, Limits, Outgoing, Receipt
from bot.platforms._telegram_updates import NAME, read_update
from config.clock import Clock
from config.errors import DubanError, MaybeSent, Refused, TryLater, UserError
from config.settings import Settings

if TYPE_CHECKING:  # the library takes most of a second to import: only where a token is set
    from telegram import CallbackQuery, Update, User
    from telegram.error import TelegramError

FILE_LIMIT_BYTES = 20 * 1024 * 1024  # getFile gives no more
POLL_S = 30
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
UPDATES = ["message", "callback_query", "my_chat_member"]
COMMANDS = {
    "start": ("开始使用", "Start"),
    "help": ("我能做什么", "What I can do"),
    "due": ("近期到期的任务", "Tasks due soon"),
    "bind": ("把本群绑定到单位：/bind 单位名称", "Bind this chat to a unit: /bind UNIT"),
    "claim": ("用一次性口令认领管理员", "Become an admin with the one-time code"),
}
T = TypeVar("T")
log = structlog.get_logger()


def from_settings(settings: Settings, store: Engine) -> Telegram | None:
    """Telegram when DUBAN_TELEGRAM_TOKEN is set. It keeps nothing in the database itself."""
    token = settings.telegram_token.get_secret_value()
    if not token:
        return None
    return Telegram(token, settings.telegram_base_url, Clock(settings.timezone))


class Telegram:
    """One bot. Message ids are Telegram's own, which count within a chat.

    `Incoming.message_id` is "u<update id>.<message id>": the first is unique over all chats, the
    second is what a reply refers to. `poll_s` and `timeout_s` are in seconds.
    """

    name = NAME
    limits = Limits(
        text_units=4096,
        measure="utf16",
        buttons=100,
        button_bytes=64,
        can_edit=True,
        messages_per_s=30,
        chat_messages_per_min=60,
        group_messages_per_min=20,
    )

    def __init__(
        self, token: str, base_url: str, clock: Clock, poll_s: int = POLL_S, timeout_s: float = 15
    ) -> None:
        os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library's own switch: no old seconds
        from telegram import Bot
        from telegram.request import HTTPXRequest

        for name in ("httpx", "telegram"):  # they log addresses, and ours hold the token
            logging.getLogger(name).setLevel(logging.WARNING)
        self._token = token
        self._clock = clock
        self._poll_s = poll_s
        self._connections = (
            HTTPXRequest(read_timeout=timeout_s, write_timeout=timeout_s, pool_timeout=5),
            HTTPXRequest(connection_pool_size=1, read_timeout=timeout_s),
        )
        self._bot = Bot(
            token,
            base_url=f"{base_url}/bot",
            base_file_url=f"{base_url}/file/bot",
            request=self._connections[0],
            get_updates_request=self._connections[1],
        )
        self._answers: set[asyncio.Task[None]] = set()

    async def receive(self) -> AsyncIterator[Incoming]:
        """Every update as Incoming; raises Refused when Telegram does not know the token."""
        me = await self._start()
        offset: int | None = None  # not kept: what is sent again after a restart has the same ids
        while True:
            for update in await self._until_it_works(partial(self._updates, offset)):
                incoming = read_update(update, me, self._clock.wall())
                if incoming is not None:
                    yield incoming
                offset = update.update_id + 1
                if update.callback_query is not None:
                    self._stop_spinner(update.callback_query)

    async def send(self, message: Outgoing) -> Receipt:
        """Sends one message of at most `limits`, or replaces the one that `edits` names."""
        from telegram import (
            InlineKeyboardButton,
            InlineKeyboardMarkup,
            LinkPreviewOptions,
            ReplyParameters,
        )
        from telegram.error import TelegramError

        rows = [
            [InlineKeyboardButton(b.label, callback_data=b.data) for b in row]
            for row in message.buttons
        ]
        markup = InlineKeyboardMarkup(rows) if rows else None
        no_preview = LinkPreviewOptions(is_disabled=True)
        try:
            if message.edits:
                await self._bot.edit_message_text(
                    message.text,
                    chat_id=message.chat_id,
                    message_id=int(message.edits),
                    reply_markup=markup,
                    link_preview_options=no_preview,
                )
                return Receipt(message.edits)
            answered = message.reply_to.rpartition(".")[2]
            sent = await self._bot.send_message(
                message.chat_id,
                message.text,
                reply_markup=markup,
                link_preview_options=no_preview,
                # the question may have been deleted meanwhile: it is answered all the same
                reply_parameters=ReplyParameters(int(answered), allow_sending_without_reply=True)
                if answered.isdigit()
                else None,
            )
        except TelegramError as error:
            if message.edits and "message is not modified" in str(error).lower():
                return Receipt(message.edits)
            raise self._failure(error, repeatable=bool(message.edits)) from error
        return Receipt(str(sent.message_id))

    async def download(self, attachment: Attachment) -> bytes:
        """The bytes of a file that a person sent; raises UserError above 20 MB."""
        from telegram.error import TelegramError

        too_large = UserError(
            f"文件《{attachment.name}》超过 20 MB，Telegram 不让机器人下载。请拆分或压缩后再发。"
        )
        if attachment.size_bytes > FILE_LIMIT_BYTES:
            raise too_large
        try:
            file = await self._bot.get_file(attachment.ref)
            if (file.file_size or 0) > FILE_LIMIT_BYTES:  # a local Bot API server gives any size
                raise too_large
            return bytes(await file.download_as_bytearray())
        except TelegramError as error:
            if "file is too big" in str(error).lower():
                raise too_large from None
            raise self._failure(error, repeatable=True) from error

    async def check(self) -> str:
        """The bot's name, asked once; raises Refused for a wrong token, TryLater without an answer."""
        from telegram.error import TelegramError

        try:
            me = await self._bot.get_me()
        except TelegramError as error:
            raise self._failure(error, repeatable=True) from None
        return f"机器人 @{me.username} 可用"

    async def close(self) -> None:
        """Ends the connections; messages that are not let go come again at the next start."""
        for task in self._answers:
            task.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)
        for connections in self._connections:
            await connections.shutdown()

    async def _start(self) -> User:
        """Who we are; waits for the server as long as it takes."""
        from telegram import BotCommand
        from telegram.error import TelegramError

        try:
            me = await self._until_it_works(self._bot.get_me)
            # Telegram refuses to be polled while a webhook is set; what waits there is kept
            await self._until_it_works(self._bot.delete_webhook)
        except Refused as error:
            raise Refused(
                f"Telegram 不接受 DUBAN_TELEGRAM_TOKEN（{error}）。请向 @BotFather 核对。",
                error.code,
            ) from None
        for number, language in enumerate(("", "en")):  # "" is what everybody else sees
            menu = [BotCommand(verb, words[number]) for verb, words in COMMANDS.items()]
            try:
                await self._bot.set_my_commands(menu, language_code=language or None)
            except TelegramError as error:  # the bot works without its menu
                log.warning("telegram.no_menu", words=self._words(error))
        log.info("telegram.ready", username=me.username)
        return me

    async def _updates(self, offset: int | None) -> tuple[Update, ...]:
        """What came in from `offset` on, waiting up to `poll_s` for it; older updates are let go."""
        return await self._bot.get_updates(
            offset=offset, timeout=self._poll_s, allowed_updates=UPDATES
        )

    async def _until_it_works(self, call: Callable[[], Awaitable[T]]) -> T:
        """Calls again and again, waiting longer each time; raises Refused."""
        from telegram.error import TelegramError

        wait_s = FIRST_WAIT_S
        while True:
            try:
                return await call()
            except TelegramError as error:
                failure = self._failure(error, repeatable=True)
                if not isinstance(failure, TryLater):
                    raise failure from None
            pause_s = max(wait_s, failure.retry_after_s)
            log.warning("telegram.unreachable", words=str(failure), retry_after_s=pause_s)
            await asyncio.sleep(pause_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _stop_spinner(self, query: CallbackQuery) -> None:
        """Tells the person's app that the press arrived, without holding up the next update."""
        from telegram.error import TelegramError

        async def answer() -> None:
            try:
                await query.answer()
            except TelegramError as error:  # it only stops a spinner, and there is a time limit
                log.info("telegram.press_unanswered", words=self._words(error))

        task = asyncio.create_task(answer())
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def _words(self, error: TelegramError) -> str:
        """What Telegram said; the library puts the token into some of its messages."""
        return str(error).replace(self._token, "***")

    def _failure(self, error: TelegramError, repeatable: bool) -> DubanError:
        """What a failed call means for us; `repeatable` is one that does no harm when done twice."""
        import httpx
        from telegram.error import (
            BadRequest,
            ChatMigrated,
            Forbidden,
            InvalidToken,
            NetworkError,
            RetryAfter,
        )

        words = self._words(error)
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
                return Refused(words, "400")
        cause = error.__cause__
        not_sent = isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        answered = isinstance(error, NetworkError) and not isinstance(cause, httpx.HTTPError)  # 5xx
        if repeatable or not_sent or answered:
            return TryLater(words, FIRST_WAIT_S)
        return MaybeSent(words)
