"""WeCom's AI bot 智能机器人: is in groups, hears who points at it, and answers, without a public address."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from email.message import Message
from functools import partial
from hashlib import md5
from importlib.util import find_spec
from typing import cast
from urllib.parse import unquote
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import Engine

from bot.messages import Attachment, File, Incoming, Limits, Outgoing, Receipt
from bot.platforms._http import TIMEOUT_S, fetch_file, make_client
from bot.platforms._markdown import markdown
from bot.platforms._pushed import Pushed
from bot.platforms._wecom_api import FILE_BYTES, VENDOR, kind_of
from bot.platforms._wecom_bot_events import (
    FILE,
    NAME,
    Json,
    address,
    read_callback,
    read_ref,
    unseal_file,
)
from bot.platforms._wecom_bot_line import Line
from bot.platforms._wecom_card import OF_BOT, is_wanted, send_card
from config.clock import Clock
from config.errors import DubanError, TryLater, UserError
from config.settings import Settings

PICTURE_BYTES = 2 * 1024 * 1024  # a larger one goes as a file
CHUNK_BYTES = 512 * 1024
NAMED_WITHIN_S = 5.0
CARDS_KEPT = 1000
PRESSED = "已点："
SEND, UPDATE, UPLOAD = "aibot_send_msg", "aibot_respond_update_msg", "aibot_upload_media"

log = structlog.get_logger()


def from_settings(settings: Settings, store: Engine) -> "WecomBot | None":
    """The bot when its id and its secret are there; raises UserError for one of them."""
    bot_id, secret = settings.wecom_bot_id, settings.wecom_bot_secret.get_secret_value()
    if not bot_id and not secret:
        return None
    if not bot_id or not secret:
        missing = "SECRET" if bot_id else "ID"
        raise UserError(f"企业微信智能机器人还缺这项设置：DUBAN_WECOM_BOT_{missing}。")
    if find_spec("websockets") is None:
        raise UserError(
            "接入企业微信智能机器人还缺一个组件。请运行："
            ".venv/bin/python -m pip install -c requirements.lock -e '.[wecom]'"
        )
    return WecomBot(settings.wecom_bot_url, bot_id, secret, Clock(settings.timezone))


class WecomBot:
    """One bot, in private chats and in groups, where it hears only what is meant for it.

    A private chat's id is the member's. A text is told no id; a card's is its task id. Cards can
    be changed only within seconds of a press, so that is where it is said that the press has come.
    """

    name = NAME
    limits = Limits(
        text_units=20_480,
        measure="bytes",
        markup="markdown",
        written=markdown,
        buttons=6,
        file_bytes=FILE_BYTES,
        receives_files=True,
        hears_only_mentions=True,
        chat_messages_per_min=15,  # 30 for all, and a card may need a text before it
        group_messages_per_min=15,
    )

    def __init__(self, url: str, bot_id: str, secret: str, clock: Clock) -> None:
        self._clock = clock
        self._line = Line(url, bot_id, secret, self._take)
        self._http = make_client(TIMEOUT_S)
        self._pushed = Pushed()
        # by chat: what is said after a file does not go before it, while its name is asked for
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._listening: asyncio.Task[None] | None = None
        self._spoken: set[str] = set()  # keys of messages of which only the card is still to go
        self._cards: dict[str, Json] = {}  # by task id, the newest last

    # ---- in

    async def receive(self) -> AsyncIterator[Incoming]:
        """Every message to the bot and every button pressed.

        The line stays open when this ends: what could not be stored is held for the next `receive`.
        """
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._line.run())
        async for incoming in self._pushed.receive():
            yield incoming

    async def _take(self, call_id: str, body: Json) -> None:
        """Stores what a call says after all that its chat said before, and shows a press on its card."""
        incoming = read_callback(body, self._clock.wall())
        if incoming is None:
            return
        turn = self._turns.setdefault(incoming.chat_id, asyncio.Lock())
        async with turn:
            files = [await self._named(file) for file in incoming.attachments]
            await self._store(replace(incoming, attachments=tuple(files)))
        if incoming.button:
            await self._show_press(call_id, incoming)

    async def _store(self, incoming: Incoming) -> None:
        while True:  # WeCom does not ask whether it was stored, and would not bring it again
            try:
                await self._pushed.store(incoming)
                return
            except TryLater as error:
                log.warning("wecom_bot.not_stored", why=str(error))
                await asyncio.sleep(error.retry_after_s)

    async def _named(self, file: Attachment) -> Attachment:
        """A file with its name, which only its download tells."""
        import httpx

        if file.name != FILE:
            return file
        with suppress(httpx.HTTPError, TimeoutError):
            async with (
                asyncio.timeout(NAMED_WITHIN_S),
                self._http.stream("GET", read_ref(file.ref)[1]) as response,
            ):
                told = Message()
                told["content-disposition"] = response.headers.get("content-disposition", "")
                return replace(file, name=unquote(told.get_filename(FILE)))
        return file

    async def _show_press(self, call_id: str, press: Incoming) -> None:
        card = self._cards.get(press.pressed_message_id)
        if card is None:
            return  # from before our last start
        buttons = cast("list[Json]", card["button_list"])
        pressed = next((button for button in buttons if button["key"] == press.button), None)
        if pressed is not None and not str(pressed["text"]).startswith(PRESSED):
            pressed["text"] = f"{PRESSED}{pressed['text']}"
        change = {"response_type": "update_template_card", "template_card": card}
        try:
            await self._line.ask(UPDATE, change, repeatable=True, call_id=call_id)
        except DubanError as error:  # the answer tells it all the same
            log.info("wecom_bot.card_not_changed", words=str(error))

    async def download(self, attachment: Attachment) -> bytes:
        """The bytes of a file that a person sent; raises UserError above 20 MB or after five minutes."""
        key, url = read_ref(attachment.ref)
        answer, sealed = await fetch_file(self._http, VENDOR, url, attachment.name, FILE_BYTES)
        if answer.status_code >= 500:
            raise TryLater(f"{VENDOR}答复 HTTP {answer.status_code}", 1)
        if answer.status_code >= 400:
            raise UserError(
                f"文件《{attachment.name}》取不到了（企业微信只保留五分钟），请重新发一次。"
            )
        return unseal_file(key, sealed, attachment.name)

    # ---- out

    async def send(self, message: Outgoing) -> Receipt:
        """Sends one message of at most `limits`."""
        if message.files:
            kind, media_id = await self._upload(message.files[0])
            await self._say(message.chat_id, kind, {"media_id": media_id})
            return Receipt("")
        if message.buttons and is_wanted(message, OF_BOT):
            return await self._send_card(message)
        await self._say(message.chat_id, "markdown", {"content": markdown(message.rows)})
        return Receipt("")

    async def _send_card(self, message: Outgoing) -> Receipt:
        task_id, card, _ = await send_card(
            message, OF_BOT, self._spoken,
            partial(self._say, message.chat_id, "markdown", {"content": markdown(message.rows)}),
            partial(self._say, message.chat_id, "template_card"),
        )  # fmt: skip
        self._cards[task_id] = card
        if len(self._cards) > CARDS_KEPT:
            del self._cards[next(iter(self._cards))]
        return Receipt(task_id)

    async def _say(self, chat_id: str, kind: str, content: Json) -> None:
        body = {**address(chat_id), "msgtype": kind, kind: content}
        await self._line.ask(SEND, body, repeatable=False)

    async def _upload(self, file: File) -> tuple[str, str]:
        """(kind, media id) of a file, which the vendor keeps for three days."""
        kind, content = kind_of(file, PICTURE_BYTES), file.content
        chunks = range(0, len(content), CHUNK_BYTES)
        about: Json = {"type": kind, "filename": file.name, "total_size": len(content)}
        about |= {
            "total_chunks": len(chunks),
            "md5": md5(content, usedforsecurity=False).hexdigest(),
        }
        begun = await self._line.ask(f"{UPLOAD}_init", about, repeatable=True)
        upload: Json = {"upload_id": begun["upload_id"]}
        for n, start in enumerate(chunks):
            text = base64.b64encode(content[start : start + CHUNK_BYTES]).decode()
            chunk = {**upload, "chunk_index": n, "base64_data": text}
            await self._line.ask(f"{UPLOAD}_chunk", chunk, repeatable=True)
        done = await self._line.ask(f"{UPLOAD}_finish", upload, repeatable=True)
        return kind, str(done["media_id"])

    async def check(self) -> str:
        """Whether WeCom can be reached; raises TryLater.

        Whoever gives the id and the secret ends the connection of a running `duban serve`: they
        are left for it to try.
        """
        await self._line.reach()
        return "长连接地址可以连接；BotID 和 Secret 由 duban serve 启动时核对，见日志 wecom_bot"

    async def close(self) -> None:
        """Ends the connections."""
        self._pushed.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._http.aclose()
