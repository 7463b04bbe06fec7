"""Reads what Feishu tells: an event → who said what where, as Incoming."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bot.messages import Attachment, Incoming

NAME = "feishu"
MESSAGE, PRESS = "im.message.receive_v1", "card.action.trigger"
CHANGES = {
    "im.chat.member.bot.added_v1": "joined",
    "im.chat.member.bot.deleted_v1": "left",
    "im.chat.disbanded_v1": "left",
}
EVENTS = (MESSAGE, PRESS, *CHANGES)  # the ones to subscribe to
GROUP = "oc_"
MILLISECOND_DIGITS = 13

Json = dict[str, Any]


def is_group(chat_id: str) -> bool:
    """Whether a chat is a group; a private one has the person's open_id."""
    return chat_id.startswith(GROUP)


def read_event(event: Json, own_id: str) -> Incoming | None:
    """What an event says to us; None when nobody spoke to us and nothing of a chat changed.

    `own_id` is the robot's own open_id. Raises KeyError, TypeError or ValueError for what is no
    event of Feishu's.
    """
    header, said = event["header"], event["event"]
    kind = header["event_type"]
    if kind == MESSAGE:
        return _message(said, own_id)
    at = _time(header["create_time"])
    if kind == PRESS:
        return _press(said, f"press.{header['event_id']}", at)
    if kind in CHANGES:
        person = (said.get("operator_id") or {}).get("open_id") or ""
        return Incoming(
            platform=NAME, message_id=f"event.{header['event_id']}", chat_id=said["chat_id"],
            is_group=True, account_id=person, account_name="", text="", at=at,
            chat_title=said.get("name") or "", event=CHANGES[kind],
        )  # fmt: skip
    return None


def read_ref(ref: str) -> tuple[str, str, str]:
    """(message id, "file" or "image", key) of an attachment."""
    message_id, kind, key = ref.split("/", 2)
    return message_id, kind, key


def _message(said: Json, own_id: str) -> Incoming | None:
    message, sender = said["message"], said["sender"]
    if sender.get("sender_type", "user") != "user":
        return None  # another robot: two of them would never end
    account = str(sender["sender_id"]["open_id"])
    in_group = message["chat_type"] != "p2p"
    mentions = message.get("mentions") or []
    to_us = [one["key"] for one in mentions if (one.get("id") or {}).get("open_id") == own_id]
    text, attachments = _content(message)
    names = {
        one["key"]: "" if one["key"] in to_us else f"@{one.get('name', '')}" for one in mentions
    }
    return Incoming(
        platform=NAME,
        message_id=str(message["message_id"]),
        chat_id=str(message["chat_id"]) if in_group else account,
        is_group=in_group,
        account_id=account,
        account_name="",
        text=_named(text, names).strip(),
        at=_time(message["create_time"]),
        addressed=not in_group or bool(to_us),
        attachments=attachments,
        replied_to=message.get("parent_id") or "",
    )


def _press(said: Json, event_id: str, at: datetime) -> Incoming | None:
    value = (said.get("action") or {}).get("value")
    # the button names its chat: the event does not say whether it is a private one
    if not isinstance(value, dict) or not value.get("data") or not value.get("chat"):
        return None
    return Incoming(
        platform=NAME,
        message_id=event_id,
        chat_id=str(value["chat"]),
        is_group=is_group(str(value["chat"])),
        account_id=str(said["operator"]["open_id"]),
        account_name="",
        text="",
        at=at,
        button=str(value["data"]),
        pressed_message_id=str(said["context"]["open_message_id"]),
    )


def _time(stamp: str) -> datetime:
    """Feishu counts milliseconds, and microseconds in what comes with a press."""
    milliseconds = int(stamp) / (1000 if len(stamp) > MILLISECOND_DIGITS else 1)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _content(message: Json) -> tuple[str, tuple[Attachment, ...]]:
    """The words and the files of a message; neither for a kind that we don't know."""
    content = json.loads(message["content"])
    message_id = message["message_id"]
    match message["message_type"]:
        case "text":
            return str(content["text"]), ()
        case "post":
            lines = list(_lines(content))
            pictures = [part["image_key"] for line in lines for part in line if "image_key" in part]
            words = ["".join(_words(part) for part in line) for line in lines]
            text = "\n".join([*([content["title"]] if content.get("title") else []), *words])
            return text, tuple(_picture(message_id, key) for key in pictures)
        case "image":
            return "", (_picture(message_id, content["image_key"]),)
        case "file":
            name = str(content.get("file_name") or "未命名")
            return "", (Attachment(name, 0, f"{message_id}/file/{content['file_key']}"),)
    return "", ()


def _lines(content: Json) -> Iterator[list[Json]]:
    """The lines of a rich text, which may stand below its language."""
    lines = content.get("content")
    if lines is None:
        lines = next((v["content"] for v in content.values() if isinstance(v, dict)), [])
    yield from lines


def _words(part: Json) -> str:
    if part.get("tag") == "at":
        return str(part.get("user_id", ""))  # the key of a mention, as in a text
    return str(part.get("text") or "")


def _picture(message_id: str, key: str) -> Attachment:
    return Attachment("照片.jpg", 0, f"{message_id}/image/{key}")


def _named(text: str, names: dict[str, str]) -> str:
    """The text with the names of those who are pointed at, and without ours."""
    return re.sub(r"@_user_\d+", lambda found: names.get(found[0], found[0]), text)
