"""Reads what WeCom calls with: XML → who said what, as Incoming."""

from datetime import UTC, datetime
from hashlib import sha256

from bot.messages import Attachment, Incoming
from config.errors import Refused

NAME = "wecom"
MALFORMED = "400"
CARD = "card:"  # begins the id of a message that is a card


def read_xml(content: bytes) -> dict[str, str]:
    """The texts of the elements right below the root, by their tags; raises Refused for anything else.

    Nothing outside of the text is ever followed: a document type, where entities are declared, is
    refused as a whole.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Refused("不是 XML", MALFORMED) from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]
        raise Refused("XML 里有文档类型声明", MALFORMED)
    return {str(element.tag): element.text or "" for element in root}


def read_event(content: bytes) -> Incoming | None:
    """What a message or an event says; None when nobody spoke and nothing of the chat changed."""
    said = read_xml(content)
    account, kind = said.get("FromUserName", ""), said.get("MsgType", "")
    seconds = said.get("CreateTime", "")
    if not account or not kind or not seconds.isdecimal():
        raise Refused("缺少 FromUserName、MsgType 或 CreateTime", MALFORMED)
    if kind == "event":
        return _event(said, account, seconds)
    return Incoming(
        platform=NAME,
        message_id=f"m{said.get('MsgId', '')}",
        chat_id=account,
        is_group=False,
        account_id=account,
        account_name=account,  # WeCom tells no name
        text=said.get("Content", "") if kind == "text" else "",
        at=datetime.fromtimestamp(int(seconds), UTC),
        attachments=_attachments(said, kind),
    )


def card_id(task_id: str, code: str) -> str:
    """Our id of a card: with the code that it can be changed with once, "" when that is spent."""
    return f"{CARD}{task_id}:{code}"


def read_card_id(message_id: str) -> tuple[str, str]:
    """(task id, code) of a card; two empty texts for any other message."""
    if not message_id.startswith(CARD):
        return "", ""
    task_id, _, code = message_id.removeprefix(CARD).partition(":")
    return task_id, code


def _event(said: dict[str, str], account: str, seconds: str) -> Incoming | None:
    name, key, task_id = (said.get(tag, "") for tag in ("Event", "EventKey", "TaskId"))
    changes = {"subscribe": "joined", "unsubscribe": "left"}
    if name != "template_card_event" and name not in changes:
        return None  # somebody opened the app, a position was told …
    # events have no id of their own; a re-delivery tells the same again, with another code perhaps
    same = "\n".join((account, seconds, name, key, task_id))
    return Incoming(
        platform=NAME,
        message_id=f"e{sha256(same.encode()).hexdigest()[:32]}",
        chat_id=account,
        is_group=False,
        account_id=account,
        account_name=account,
        text="",
        at=datetime.fromtimestamp(int(seconds), UTC),
        button="" if name in changes else key,
        pressed_message_id=""
        if name in changes
        else card_id(task_id, said.get("ResponseCode", "")),
        event=changes.get(name, ""),
    )


def _attachments(said: dict[str, str], kind: str) -> tuple[Attachment, ...]:
    media_id = said.get("MediaId", "")
    if kind == "image" and media_id:
        return (Attachment("照片.jpg", 0, media_id),)
    if kind == "file" and media_id:
        return (Attachment(said.get("FileName") or said.get("Title") or "未命名", 0, media_id),)
    return ()
