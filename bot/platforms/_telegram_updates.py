"""Reads a Telegram update as Incoming: who speaks, where, and whether the bot is meant."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.messages import Attachment, Incoming

if TYPE_CHECKING:
    from telegram import (
        CallbackQuery,
        ChatMember,
        ChatMemberUpdated,
        MaybeInaccessibleMessage,
        Message,
        Update,
        User,
    )

NAME = "telegram"
_COMMAND = re.compile(r"/(\w+)(?:@(\w+))?(?=\s|$)", re.ASCII)


def read_update(update: Update, me: User, now: datetime, name: str = NAME) -> Incoming | None:
    """What an update says to the bot `me`; None when nobody spoke and nothing of the chat changed.

    `now` is the time of a button press, of which Telegram tells none; `name` is the platform's.
    """
    incoming = None
    if update.message is not None:
        incoming = _message(update.update_id, update.message, me)
    elif update.callback_query is not None:
        incoming = _press(update.update_id, update.callback_query, now)
    elif update.my_chat_member is not None:
        incoming = _membership(update.update_id, update.my_chat_member)
    return replace(incoming, platform=name) if incoming is not None else None


def address(text: str, username: str) -> tuple[str, bool | None]:
    """The text without the bot's name, and whom it calls.

    True: this bot, by @name, /command or /command@name; False: another bot; None: nobody.
    """
    command = _COMMAND.match(text)
    if command is not None:
        name = command[2]
        if name is not None and name.lower() != username.lower():
            return text, False
        return f"/{command[1]}{text[command.end() :]}", True
    mention = rf"[ \t]*(?<![a-z0-9_])@{re.escape(username)}(?![a-z0-9_])[ \t]*"
    plain, times = re.subn(mention, " ", text, flags=re.IGNORECASE)
    return plain.strip(), True if times else None


def _message(update_id: int, message: Message, me: User) -> Incoming | None:
    """A text, a file with or without a caption, or something else that a person sent."""
    chat, sender = message.chat, message.from_user
    if chat.type == "channel" or sender is None:
        return None
    # an anonymous admin and a channel speak through one account that everybody of that kind
    # shares: no right may ever hang on it
    shared = message.sender_chat
    if sender.is_bot and shared is None:
        return None
    event = f"migrated:{message.migrate_to_chat_id}" if message.migrate_to_chat_id else ""
    if not event and message.text is None and message.effective_attachment is None:
        return None  # somebody joined, a message was pinned …
    is_group = chat.type != "private"
    text, calls_us = address(message.text or message.caption or "", me.username or "")
    answered = message.reply_to_message
    is_reply = (
        answered is not None and answered.from_user is not None and answered.from_user.id == me.id
    )
    return Incoming(
        platform=NAME,
        message_id=f"u{update_id}.{message.message_id}",
        chat_id=str(chat.id) if event else _chat_id(message),
        is_group=is_group,
        account_id=f"chat{shared.id}" if shared is not None else str(sender.id),
        account_name=(shared.effective_name or "") if shared is not None else sender.full_name,
        text=text,
        at=message.date,
        chat_title=chat.effective_name or "",
        addressed=not is_group or bool(event) or (is_reply if calls_us is None else calls_us),
        attachments=_attachments(message),
        replied_to=str(answered.message_id) if answered is not None and is_reply else "",
        event=event,
    )


def _chat_id(message: MaybeInaccessibleMessage) -> str:
    """A group's topic is a chat of its own: "<chat>/<topic>"."""
    if getattr(message, "is_topic_message", None):
        return f"{message.chat.id}/{getattr(message, 'message_thread_id', '')}"
    return str(message.chat.id)


def _attachments(message: Message) -> tuple[Attachment, ...]:
    """The file or the picture of a message; a picture in its largest size."""
    if message.document is not None:
        file = message.document
        return (Attachment(file.file_name or "未命名", file.file_size or 0, file.file_id),)
    if message.photo:
        picture = message.photo[-1]
        return (Attachment("照片.jpg", picture.file_size or 0, picture.file_id),)
    return ()


def _press(update_id: int, query: CallbackQuery, now: datetime) -> Incoming | None:
    """A button pressed; None for one under a message that is not in a chat (inline mode)."""
    under = query.message
    if under is None or query.data is None:
        return None
    return Incoming(
        platform=NAME,
        message_id=f"u{update_id}.{under.message_id}",
        chat_id=_chat_id(under),
        is_group=under.chat.type != "private",
        account_id=str(query.from_user.id),
        account_name=query.from_user.full_name,
        text="",
        at=now,
        chat_title=under.chat.effective_name or "",
        button=query.data,
        pressed_message_id=str(under.message_id),
    )


def _membership(update_id: int, change: ChatMemberUpdated) -> Incoming | None:
    """The bot was let into a chat or put out of it; None for a mere change of its rights."""
    before, after = _is_in(change.old_chat_member), _is_in(change.new_chat_member)
    if before == after or change.chat.type == "channel":
        return None
    return Incoming(
        platform=NAME,
        message_id=f"u{update_id}",
        chat_id=str(change.chat.id),
        is_group=change.chat.type != "private",
        account_id=str(change.from_user.id),
        account_name=change.from_user.full_name,
        text="",
        at=change.date,
        chat_title=change.chat.effective_name or "",
        event="joined" if after else "left",
    )


def _is_in(member: ChatMember) -> bool:
    """Whether someone of this standing is in the chat."""
    if member.status == "restricted":
        return bool(getattr(member, "is_member", False))
    return member.status not in ("left", "kicked")
