"""Between DingTalk's messages and ours: what a push says, and how rows and buttons are written."""

import json
import re
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from bot.messages import Attachment, Button, File, Incoming, Outgoing
from bot.platforms._markdown import markdown

NAME = "dingtalk"
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".bmp"}
SENDABLE = {".xlsx", ".pdf", ".zip", ".rar", ".doc", ".docx"}  # the types of sampleFile
TITLE_CHARACTERS = 60
_GROUP = re.compile(r"cid\S+=$")

Json = dict[str, Any]


def is_group(chat_id: str) -> bool:
    """Whether a chat is a group; a private one has the account's own id."""
    return _GROUP.fullmatch(chat_id) is not None


# ---- in


def read_message(data: Json, robot_code: str) -> Incoming | None:
    """What a person said to the robot; None when it is meant for another robot."""
    if data.get("robotCode", robot_code) != robot_code:
        return None
    in_group = str(data["conversationType"]) == "2"
    # people of other organisations have no staff id; they can be heard but not written to alone
    account = str(data.get("senderStaffId") or data["senderId"])
    name = str(data.get("senderNick") or "")
    text, attachments = _content(data)
    return Incoming(
        platform=NAME,
        message_id=str(data["msgId"]),
        chat_id=str(data["conversationId"]) if in_group else account,
        is_group=in_group,
        account_id=account,
        account_name=name,
        text=text.strip(),
        at=datetime.fromtimestamp(int(data["createAt"]) / 1000, UTC),
        chat_title=str(data.get("conversationTitle") or "") if in_group else name,
        addressed=not in_group or bool(data.get("isInAtList")),
        attachments=attachments,
    )


def _content(data: Json) -> tuple[str, tuple[Attachment, ...]]:
    """The words and the files of a message; neither for a kind that we don't know."""
    content = data.get("content") or {}
    match data.get("msgtype"):
        case "text":
            return str(data["text"]["content"]), ()
        case "richText":
            parts = content.get("richText") or []
            pictures = [_picture(part) for part in parts if part.get("downloadCode")]
            return "".join(str(part.get("text") or "") for part in parts), tuple(pictures)
        case "picture":
            return "", (_picture(content),)
        case "file":
            name = str(content.get("fileName") or "未命名")
            return "", (
                Attachment(name, int(content.get("fileSize") or 0), content["downloadCode"]),
            )
        case "audio":
            return str(
                content.get("recognition") or ""
            ), ()  # DingTalk has written down what it heard
    return "", ()


def _picture(content: Json) -> Attachment:
    return Attachment("照片.jpg", 0, str(content["downloadCode"]))


def read_press(push_id: str, data: Json, now: datetime) -> Incoming | None:
    """A button pressed; None for another card's, or an action without a button."""
    chat_id = chat_of_card(str(data.get("outTrackId") or ""))
    content = data.get("content") or "{}"
    action = (json.loads(content) if isinstance(content, str) else content).get("cardPrivateData")
    pressed = (action or {}).get("actionIds") or []
    if not chat_id or not pressed or not data.get("userId"):
        return None
    return Incoming(
        platform=NAME,
        message_id=f"press.{push_id}",
        chat_id=chat_id,
        is_group=is_group(chat_id),
        account_id=str(data["userId"]),
        account_name="",
        text="",
        at=now,
        button=str(pressed[0]),
        pressed_message_id=str(data["outTrackId"]),
    )


# ---- out


def card_id(unique: str, chat_id: str) -> str:
    """Our id of a card. It names the chat, because a press does not always."""
    return f"duban.{unique}.{chat_id}"


def chat_of_card(out_track_id: str) -> str:
    """The chat of a card of ours; "" for another's."""
    ours, _, rest = out_track_id.partition(".")
    return rest.partition(".")[2] if ours == "duban" else ""


def title(rows: tuple[str, ...]) -> str:
    """What the list of chats and the notification show."""
    first = next((line for row in rows for line in row.splitlines() if line.strip()), "督办助手")
    return first.strip()[:TITLE_CHARACTERS]


def written(rows: tuple[str, ...]) -> str:
    """The rows as they go over the wire, in a card as in a text."""
    return compact({"title": title(rows), "markdown": markdown(rows)})


def card_data(message: Outgoing) -> dict[str, str]:
    """The variables of the card's template, all of them text."""
    buttons = [button for row in message.buttons for button in row]
    return {
        "markdown": markdown(message.rows),
        "tips": "",
        "sys_full_json_obj": compact(
            {"msgButtons": [_button(*pair) for pair in enumerate(buttons)]}
        ),
    }


def _button(number: int, button: Button) -> Json:
    color = "blue" if number == 0 else "gray"
    return {"text": button.label, "color": color, "id": button.data, "request": True}


def file_message(file: File, media_id: str) -> tuple[str, Json]:
    """The kind and the content of a message that carries an uploaded file."""
    suffix = PurePath(file.name).suffix.lower()
    if suffix in PICTURES:
        return "sampleImageMsg", {"photoURL": media_id}
    kind = suffix.removeprefix(".")
    return "sampleFile", {"mediaId": media_id, "fileName": file.name, "fileType": kind}


def packed(file: File) -> File:
    """The file, or for a type that DingTalk doesn't take (csv, ics …) a zip with it."""
    if PurePath(file.name).suffix.lower() in PICTURES | SENDABLE:
        return file
    import io
    import zipfile

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(file.name, file.content)
    return File(f"{file.name}.zip", archive.getvalue())


def compact(value: Json) -> str:
    """JSON in one line, Han as themselves."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
