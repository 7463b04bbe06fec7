"""Telegram: the Bot API by long polling or webhook; an update is let go only once it is stored."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import structlog
from sqlalchemy import Engine

from bot.messages import Attachment, Call, CallReply, Incoming, Limits, Outgoing, Receipt
from bot.platforms._pushed import Pushed
from bot.platforms._telegram_faults import FIRST_WAIT_S, failure, words_of
from bot.platforms._telegram_sending import edit_text, place, send_file, send_text
from bot.platforms._telegram_updates import NAME, read_update
from config.clock import Clock
from config.errors import Refused, TryLater, UserError
from config.settings import Settings

if TYPE_CHECKING:  # the library takes most of a second to import: only where a token is set
    from telegram import CallbackQuery, Update, User

FILE_LIMIT_BYTES = 20 * 1024 * 1024  # getFile gives no more
SECRET = "x-telegram-bot-api-secret-token"
POLL_S = 30
LONGEST_WAIT_S = 30.0
UPDATES = ["message", "callback_query", "my_chat_member"]
COMMANDS = {
    "start": ("开始使用", "Start"),
    "help": ("我能做什么", "What I can do"),
    "due": ("近期到期的任务", "Tasks due soon"),
    "bind": ("把本会话绑定到单位：/bind 单位名称", "Bind this chat to a unit: /bind UNIT"),
    "claim": ("用一次性口令认领管理员", "Become an admin with the one-time code"),
}
T = TypeVar("T")
log = structlog.get_logger()


def from_settings(settings: Settings, store: Engine) -> list[Telegram]:
    """A bot for each token of DUBAN_TELEGRAM_TOKEN: telegram, telegram-2 …; they keep no data."""
    tokens = settings.telegram_token.get_secret_value().split(",")
    return [
        Telegram(
            token.strip(),
            settings.telegram_base_url,
            Clock(settings.timezone),
            name=NAME if number == 1 else f"{NAME}-{number}",
            webhook_url=settings.telegram_webhook_url,
        )
        for number, token in enumerate(tokens, 1)
        if token.strip()
    ]


class Telegram:
    """One bot. Message ids are Telegram's own, which count within a chat.

    `Incoming.message_id` is "u<update id>.<message id>": the first is unique over all chats, the
    second is what a reply refers to. A chat id is Telegram's own, and "<chat>/<topic>" in a group
    with topics. `poll_s` and `timeout_s` are in seconds. With `webhook_url`, our public address,
    Telegram calls us at its /hooks/NAME instead of being asked.
    """

    limits = Limits(
        text_units=4096,
        measure="utf16",
        buttons=100,
        button_bytes=64,
        can_edit=True,
        draft_every_s=1.0,
        file_bytes=50 * 1024 * 1024,
        receives_files=True,
        messages_per_s=30,
        chat_messages_per_min=60,
        group_messages_per_min=20,
        redelivers_for_s=24 * 3600,
    )

    def __init__(
        self, token: str, base_url: str, clock: Clock, poll_s: int = POLL_S, timeout_s: float = 15,
        *, name: str = NAME, webhook_url: str = "",
    ) -> None:  # fmt: skip
        os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library's own switch: no old seconds
        from telegram import Bot
        from telegram.request import HTTPXRequest

        for logger in ("httpx", "telegram"):  # they log addresses, and ours hold the token
            logging.getLogger(logger).setLevel(logging.WARNING)
        self.name = name
        self._token = token
        self._webhook_url = f"{webhook_url}/hooks/{name}" if webhook_url else ""
        # known to whoever knows the token, and to nobody else
        self._secret = hashlib.sha256(f"webhook {token}".encode()).hexdigest()
        self._pushed = Pushed()
        self._me: User | None = None
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
        me = self._me = await self._start()
        if self._webhook_url:
            async for incoming in self._pushed.receive():
                yield incoming
        offset: int | None = None  # not kept: what is sent again after a restart has the same ids
        while True:
            for update in await self._until_it_works(partial(self._updates, offset)):
                said = read_update(update, me, self._clock.wall(), self.name)
                if said is not None:
                    yield said
                offset = update.update_id + 1
                if update.callback_query is not None:
                    self._stop_spinner(update.callback_query)

    async def called(self, call: Call) -> CallReply:
        """One update by webhook, answered once it is stored; Telegram repeats what we don't take."""
        from telegram import Update

        given = call.headers.get(SECRET, "")
        if not self._webhook_url or not secrets.compare_digest(
            given.encode(), self._secret.encode()
        ):
            return CallReply(403)
        if self._me is None:
            return CallReply(503)
        try:
            update = Update.de_json(json.loads(call.body), self._bot)
        except (ValueError, TypeError, KeyError, AttributeError):
            return CallReply(400)
        incoming = read_update(update, self._me, self._clock.wall(), self.name)
        if incoming is not None:
            await self._pushed.store(incoming)
        if update.callback_query is not None:
            self._stop_spinner(update.callback_query)
        return CallReply()

    async def send(self, message: Outgoing) -> Receipt:
        """Sends one message of at most `limits`, or replaces the one that `edits` names."""
        from telegram.error import TelegramError

        try:
            if message.edits:
                await edit_text(self._bot, message)
                return Receipt(message.edits)
            sent = await (send_file if message.files else send_text)(self._bot, message)
        except TelegramError as error:
            if message.edits and "message is not modified" in str(error).lower():
                return Receipt(message.edits)
            raise failure(error, self._token, repeatable=bool(message.edits)) from error
        return Receipt(str(sent.message_id))

    async def working(self, chat_id: str) -> None:
        """Shows “typing” for five seconds; not worth an error."""
        from telegram.error import TelegramError

        chat, topic = place(chat_id)
        try:
            await self._bot.send_chat_action(chat, "typing", message_thread_id=topic)
        except TelegramError as error:
            log.info("telegram.no_typing", words=words_of(error, self._token))

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
            raise failure(error, self._token, repeatable=True) from error

    async def check(self) -> str:
        """The bot's name, asked once; raises Refused for a wrong token, TryLater without an answer."""
        from telegram.error import TelegramError

        try:
            me = await self._bot.get_me()
            hook = await self._bot.get_webhook_info() if self._webhook_url else None
        except TelegramError as error:
            raise failure(error, self._token, repeatable=True) from None
        if hook is not None and hook.last_error_message:
            words = hook.last_error_message
            return f"机器人 @{me.username} 可用，但 Telegram 上次推送没有成功（{words}）"
        return f"机器人 @{me.username} 可用"

    async def close(self) -> None:
        """Ends the connections; messages that are not let go come again at the next start."""
        self._pushed.close()
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
            await self._until_it_works(self._set_webhook)
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
                log.warning("telegram.no_menu", words=words_of(error, self._token))
        log.info("telegram.ready", username=me.username)
        return me

    async def _set_webhook(self) -> bool:
        if not self._webhook_url:
            # Telegram refuses to be polled while a webhook is set; what waits there is kept
            return await self._bot.delete_webhook()
        return await self._bot.set_webhook(
            self._webhook_url, secret_token=self._secret, allowed_updates=UPDATES
        )

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
                found = failure(error, self._token, repeatable=True)
                if not isinstance(found, TryLater):
                    raise found from None
            pause_s = max(wait_s, found.retry_after_s)
            log.warning("telegram.unreachable", words=str(found), retry_after_s=pause_s)
            await asyncio.sleep(pause_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _stop_spinner(self, query: CallbackQuery) -> None:
        """Tells the person's app that the press arrived, without holding up the next update."""
        from telegram.error import TelegramError

        async def answer() -> None:
            try:
                await query.answer()
            except TelegramError as error:  # it only stops a spinner, and there is a time limit
                log.info("telegram.press_unanswered", words=words_of(error, self._token))

        task = asyncio.create_task(answer())
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)
