"""Sends an Outgoing by the Bot API: a text, another text in its place, a picture or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.messages import File, Outgoing

if TYPE_CHECKING:
    from telegram import Bot, InlineKeyboardMarkup, Message

LARGEST_PICTURE_BYTES = 10 * 1024 * 1024


async def send_text(bot: Bot, message: Outgoing) -> Message:
    """A text with its buttons, in the chat or the topic."""
    from telegram import LinkPreviewOptions, ReplyParameters

    chat, topic = place(message.chat_id)
    answered = message.reply_to.rpartition(".")[2]
    return await bot.send_message(
        chat,
        message.text,
        message_thread_id=topic,
        reply_markup=_keyboard(message),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        # the question may have been deleted meanwhile: it is answered all the same
        reply_parameters=ReplyParameters(int(answered), allow_sending_without_reply=True)
        if answered.isdigit()
        else None,
    )


async def edit_text(bot: Bot, message: Outgoing) -> None:
    """Another text and other buttons in place of those that a message has."""
    from telegram import LinkPreviewOptions

    await bot.edit_message_text(
        message.text,
        chat_id=place(message.chat_id)[0],
        message_id=int(message.edits),
        reply_markup=_keyboard(message),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )


async def send_file(bot: Bot, message: Outgoing) -> Message:
    """A picture that is seen at once, or a file to open."""
    from telegram import InputFile
    from telegram.error import BadRequest

    chat, topic = place(message.chat_id)
    (file,) = message.files
    content = InputFile(file.content, filename=file.name)
    if _is_picture(file):
        try:
            return await bot.send_photo(chat, content, message_thread_id=topic)
        except BadRequest as error:
            if not any(word in str(error).lower() for word in ("photo", "image")):
                raise  # it is not the picture's size or shape
    return await bot.send_document(chat, content, message_thread_id=topic)


def place(chat_id: str) -> tuple[str, int | None]:
    """A chat of ours as Telegram's chat and topic."""
    chat, _, topic = chat_id.partition("/")
    return chat, int(topic) if topic else None


def _keyboard(message: Outgoing) -> InlineKeyboardMarkup | None:
    from telegram import InlineKeyboardButton, InlineKeyboardMarkup

    rows = [
        [InlineKeyboardButton(b.label, callback_data=b.data) for b in row]
        for row in message.buttons
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _is_picture(file: File) -> bool:
    return file.is_picture and len(file.content) <= LARGEST_PICTURE_BYTES
