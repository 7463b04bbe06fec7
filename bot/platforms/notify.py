"""The many other places that a notice may go to, by the library apprise: ntfy, Bark, text messages …"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from importlib.util import find_spec
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine
from sqlmodel import Session

from bot.messages import Limits, Outgoing, Receipt
from bot.models import KeyValue
from bot.platforms._outbound import ANSWER_ELSEWHERE, Outbound
from config.database import reading
from config.errors import Refused, TryLater, UserError
from config.settings import Settings

NAME = "notify"
TITLE = "督办助手"
SOON_S = 0.0  # apprise does not say when: the outbox waits longer with each attempt
# apprise calls it success when these answer with an error: our own adapters read what they say
OURS = {"dingtalk": "dingtalk", "wecombot": "wecom", "feishu": "feishu", "lark": "feishu"}
_HOSTS = {
    "oapi.dingtalk.com": "dingtalk", "qyapi.weixin.qq.com": "wecom", "open.feishu.cn": "feishu",
    "open.larksuite.com": "feishu",
}  # fmt: skip


def from_settings(settings: Settings, store: Engine) -> Notify | None:
    """The one sender, where DUBAN_NOTIFY is on; raises UserError where apprise is not installed."""
    return Notify(store) if settings.notify else None


def keep(session: Session, url: str) -> str:
    """The chat id for an apprise URL, which itself may hold keys and is shown nowhere; raises UserError."""
    scheme, _, rest = url.strip().partition("://")
    ours = OURS.get(scheme.lower()) or _HOSTS.get(rest.partition("/")[0].lower())
    if ours:
        raise UserError(
            f"钉钉、企业微信和飞书请用自己的接入，不经 apprise：它看不出对方有没有收下。办法见 docs/platforms/{ours}.md。"
        )
    _plugin(url.strip())
    chat_id = f"{scheme.lower()}-{hashlib.sha256(url.strip().encode()).hexdigest()[:8]}"
    session.merge(KeyValue(key=_key(chat_id), value=url.strip()))
    return chat_id


def drop(session: Session, chat_id: str) -> None:
    """Forget the URL of a chat."""
    kept = session.get(KeyValue, _key(chat_id))
    if kept is not None:
        session.delete(kept)


class Notify(Outbound):
    """Sends to the URL that is kept for a chat id."""

    name = NAME
    limits = Limits(text_units=1000, hears=False, messages_per_s=2)

    def __init__(self, store: Engine) -> None:
        _library()
        self._store = store

    async def send(self, message: Outgoing) -> Receipt:
        """One notice; raises Refused where the contact was removed, TryLater where it was not taken."""
        await asyncio.to_thread(self._send, message)
        return Receipt(uuid4().hex)  # nobody tells an id

    async def close(self) -> None:
        """Each notice has its own connection."""

    def _send(self, message: Outgoing) -> None:
        with reading(self._store) as session:
            kept = session.get(KeyValue, _key(message.chat_id))
        if kept is None:
            raise Refused(f"没有“{message.chat_id}”这个通知地址，请重新添加", "403")
        text = "\n".join((*message.rows, ANSWER_ELSEWHERE))
        taken = _plugin(kept.value).notify(body=text, title=TITLE, body_format="text")
        if not taken:
            raise TryLater("对方没有收下通知，apprise 没有说原因", SOON_S)


def _key(chat_id: str) -> str:
    return f"{NAME}:{chat_id}"


def _library() -> Any:
    if find_spec("apprise") is None:
        raise UserError(
            '要用通知，请先安装 apprise：.venv/bin/pip install -c requirements.lock "apprise>=2,<3"，再启动。'
        )
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines hold the URLs
    return apprise


def _plugin(url: str) -> Any:
    """What apprise makes of a URL; raises UserError for one that it does not know, which is not repeated."""
    apprise = _library()
    plugin = apprise.Apprise.instantiate(url)
    if plugin is None:
        scheme = re.sub(r"[^\w+.-].*", "", url)[:20]
        raise UserError(f"apprise 不认识 {scheme} 的这个地址，写法见 docs/platforms/notify.md。")
    plugin.overflow_mode = "split"  # what is too long for one goes in several
    return plugin
