"""Between the AI bot's frames and ours: what a callback says, and what is sealed in a file."""

import base64
import re
from datetime import UTC, datetime
from typing import Any

from bot.messages import Attachment, Incoming
from config.errors import UserError

NAME = "wecom_bot"
GROUP = "group:"  # begins our id of a group; a private chat's is the member's
PICTURE, FILE = "照片.jpg", "未命名"
PRESS, DISPLACED = "template_card_event", "disconnected_event"
BLOCK_BITS = 256  # padding goes to 32 bytes, twice the block of AES
# in a group the text begins, or ends, with the bot's name and those of others who are pointed at
_POINTED_AT = re.compile(r"^(?:@\S+(?:\s+|$))+|(?:(?:^|\s+)@\S+)+\s*$")

Json = dict[str, Any]


def address(chat_id: str) -> Json:
    """Where a message goes, as WeCom wants it: 1 is a member, 2 a group."""
    if chat_id.startswith(GROUP):
        return {"chatid": chat_id.removeprefix(GROUP), "chat_type": 2}
    return {"chatid": chat_id, "chat_type": 1}


def event_type(body: Json) -> str:
    """The kind of an event; "" for a message."""
    return str(body["event"]["eventtype"]) if body.get("msgtype") == "event" else ""


def read_callback(body: Json, now: datetime) -> Incoming | None:
    """What a message or an event says; None when nobody spoke. `now` is when it came."""
    kind = event_type(body)
    if kind and kind != PRESS:
        return None  # somebody opened the chat, or liked an answer
    account = str(body["from"]["userid"])
    in_group = body.get("chattype") == "group"
    text, attachments = ("", ()) if kind else _content(body)
    pressed = body["event"][PRESS] if kind else {}
    return Incoming(
        platform=NAME,
        message_id=str(body["msgid"]),
        chat_id=f"{GROUP}{body['chatid']}" if in_group else account,
        is_group=in_group,
        account_id=account,
        account_name=account,  # WeCom tells no name
        text=_POINTED_AT.sub("", text).strip() if in_group else text.strip(),
        at=datetime.fromtimestamp(body["create_time"], UTC) if "create_time" in body else now,
        button=str(pressed.get("event_key", "")),
        pressed_message_id=str(pressed.get("task_id", "")),
        attachments=attachments,
    )


def _content(body: Json) -> tuple[str, tuple[Attachment, ...]]:
    """The words and the files of a message; neither for a kind that we don't know."""
    kind = body.get("msgtype")
    said = body.get(str(kind)) or {}
    match kind:
        case "text" | "voice":  # WeCom has written down what it heard
            return str(said.get("content") or ""), ()
        case "image":
            return "", (_attachment(PICTURE, said),)
        case "file":
            return "", (_attachment(FILE, said),)
        case "mixed":
            parts = said.get("msg_item") or []
            words = [str(part["text"]["content"]) for part in parts if part["msgtype"] == "text"]
            pictures = [part["image"] for part in parts if part["msgtype"] == "image"]
            return "\n".join(words), tuple(_attachment(PICTURE, picture) for picture in pictures)
    return "", ()


def _attachment(name: str, said: Json) -> Attachment:
    return Attachment(name, 0, f"{said.get('aeskey', '')} {said['url']}")


def read_ref(ref: str) -> tuple[str, str]:
    """(key, address) of a file."""
    key, _, url = ref.partition(" ")
    return key, url


def unseal_file(key_text: str, sealed: bytes, name: str) -> bytes:
    """A file that was sealed under a key of its own (base64); raises UserError when it can't be opened."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    try:
        key = base64.b64decode(key_text + "=" * (-len(key_text) % 4))
        opened = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        padding = PKCS7(BLOCK_BITS).unpadder()
        padded = opened.update(sealed) + opened.finalize()
        return padding.update(padded) + padding.finalize()
    except ValueError:
        raise UserError(f"文件《{name}》解不开，请重新发一次。") from None
