"""The web chat as a platform: the page's posts come in, answers go to each open page of their chat."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot import people
from bot.messages import Attachment, File, Incoming, Limits, Outgoing, Receipt
from bot.models import Expected, WebMessage
from bot.platforms._pushed import Pushed
from config.clock import Clock, read_day
from config.database import reading, writing
from config.errors import Refused, UserError
from config.settings import Settings
from corpus.models import Upload

LONGEST_TEXT = 4000  # characters of one question
HISTORY_PAGE = 60  # messages that are loaded at once
BACKLOG = 200  # messages that an open page may be behind; then it has to load them again

Shown = dict[str, Any]  # a message as the page gets it


@dataclass(frozen=True, slots=True)
class Post:
    """What the page sends: a text, the button `button` under the message `pressed`, or a file."""

    client_id: str  # made by the page; the same again is the same message
    text: str = ""
    button: str = ""
    pressed: int | None = None
    stands_at: str = ""  # ISO date, "" for the clock's day
    file: Attachment | None = None  # as `keep_file` gave it


class Webchat:
    """The truth is in SQL; memory holds only the open pages and the posts that wait to be stored."""

    name = "web"
    limits = Limits(
        text_units=20_000, buttons=20, can_edit=True, draft_every_s=0.3,
        file_bytes=20 * 1024 * 1024, receives_files=True,
    )  # fmt: skip

    def __init__(self, store: Engine, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._pushed = Pushed()
        self._streams: dict[str, set[asyncio.Queue[Shown | None]]] = {}

    def stand_by(self, clock: Clock) -> None:
        """Show the time of messages by this clock from here on."""
        self._clock = clock

    # ---- as every platform

    def receive(self) -> AsyncIterator[Incoming]:
        """Each post; the page is answered once the next one is asked for."""
        return self._pushed.receive()

    async def send(self, message: Outgoing) -> Receipt:
        """Keep the message, then show it on the open pages of its chat."""
        shown = await asyncio.to_thread(self._keep_outgoing, message)
        for stream in tuple(self._streams.get(message.chat_id, ())):
            if stream.full():
                _end(stream)
            else:
                stream.put_nowait(shown)
        return Receipt(str(shown["id"]))

    async def download(self, attachment: Attachment) -> bytes:
        """The bytes of a file that the page sent."""
        with reading(self._store) as session:
            kept = session.get(Upload, attachment.ref)
        if kept is None:
            raise Refused(f"文件“{attachment.name}”没有存下，请再发一次。")
        return kept.content

    async def close(self) -> None:
        """End the open streams and the posts that wait, so that the web server can stop."""
        self._pushed.close()
        for streams in self._streams.values():
            for stream in streams:
                _end(stream)

    # ---- for the page

    async def post(self, chat_id: str, post: Post) -> Shown:
        """Take a post in; returns once it is stored. Raises UserError, or TryLater when it was not."""
        incoming, shown = await asyncio.to_thread(self._keep_incoming, chat_id, post)
        await self._pushed.store(incoming)
        return shown

    def keep_file(self, chat_id: str, name: str, content: bytes) -> Attachment:
        """Store the bytes of a file, to be posted next. Raises UserError when this chat's are not wanted."""
        with writing(self._store) as session:
            is_admin = people.is_admin(session, self.name, chat_id)
            asked = select(Expected).where(
                Expected.platform == self.name, Expected.chat_id == chat_id
            )
            if not is_admin and session.exec(asked).first() is None:
                raise UserError(
                    "只有管理员发来的文件会读作方案。随进展或报送发文件，请先点提醒下的按钮。"
                )
            sha256 = hashlib.sha256(content).hexdigest()
            if session.get(Upload, sha256) is None:
                session.add(
                    Upload(
                        sha256=sha256,
                        file_name=name,
                        content=content,
                        received_at=self._clock.wall(),
                    )
                )
        return Attachment(name, len(content), sha256)

    def history(self, chat_id: str, before: int | None = None) -> list[Shown]:
        """The last messages of a chat (before message `before`), oldest first."""
        query = select(WebMessage).where(WebMessage.chat_id == chat_id)
        if before is not None:
            query = query.where(col(WebMessage.id) < before)
        with reading(self._store) as session:
            rows = session.exec(query.order_by(col(WebMessage.id).desc()).limit(HISTORY_PAGE)).all()
        return [self._shown(row) for row in reversed(rows)]

    def file(self, chat_id: str, message_id: int, n: int) -> File | None:
        """The n-th file of an answer to this chat, None for any other."""
        with reading(self._store) as session:
            row = _row_of(session, chat_id, str(message_id))
            files = Outgoing.from_json(row.payload).files if row else ()
        return files[n] if n < len(files) else None

    @contextmanager
    def stream(self, chat_id: str) -> Iterator[AsyncIterator[Shown]]:
        """What is sent to the chat from here on; ends when the platform closes."""
        queue: asyncio.Queue[Shown | None] = asyncio.Queue(BACKLOG)
        self._streams.setdefault(chat_id, set()).add(queue)

        async def shown() -> AsyncIterator[Shown]:
            while (message := await queue.get()) is not None:
                yield message

        try:
            yield shown()
        finally:
            self._streams[chat_id].discard(queue)
            if not self._streams[chat_id]:
                del self._streams[chat_id]

    # ---- the rows

    def _keep_outgoing(self, message: Outgoing) -> Shown:
        payload = message.to_json()
        with writing(self._store) as session:
            row = _row_of(session, message.chat_id, message.edits)
            if row is None:
                row = WebMessage(
                    chat_id=message.chat_id, direction="out", payload={}, at=self._now()
                )
            row.payload = payload
            session.add(row)
            session.flush()
        return self._shown(row)

    def _keep_incoming(self, chat_id: str, post: Post) -> tuple[Incoming, Shown]:
        _check(post)
        with writing(self._store) as session:
            row = session.exec(
                select(WebMessage).where(
                    WebMessage.chat_id == chat_id, WebMessage.client_id == post.client_id
                )
            ).first()
            if row is None:
                label = _label(session, chat_id, post) if post.button else ""
                label = f"文件：{post.file.name}" if post.file else label
                row = WebMessage(
                    chat_id=chat_id, client_id=post.client_id, direction="in", at=self._now(),
                    payload={
                        "text": post.text, "label": label, "button": post.button,
                        "pressed": "" if post.pressed is None else str(post.pressed),
                        "stands_at": post.stands_at, "file": asdict(post.file) if post.file else None,
                    },
                )  # fmt: skip
                session.add(row)
                session.flush()
        # made from the row: what was stored first is what is answered
        said = row.payload
        incoming = Incoming(
            platform=self.name, message_id=f"{chat_id}:{row.client_id}", chat_id=chat_id,
            is_group=False, account_id=chat_id, account_name="网页用户", text=said["text"], at=self._clock.wall(),
            button=said["button"], pressed_message_id=said["pressed"], stands_at=said["stands_at"],
            attachments=(Attachment(**said["file"]),) if said["file"] else (),
        )  # fmt: skip
        return incoming, self._shown(row)

    def _now(self) -> datetime:
        return self._clock.now().astimezone(UTC)

    def _shown(self, row: WebMessage) -> Shown:
        local = row.at.astimezone(self._clock.zone)
        shown: Shown = {"id": row.id, "direction": row.direction, "at": local.isoformat()}
        if row.direction == "in":
            text = row.payload["text"] or row.payload["label"]
            stands_at = row.payload["stands_at"]
            return shown | {"client_id": row.client_id, "rows": [text], "stands_at": stands_at}
        keep = ("rows", "buttons", "sources", "suggestions")
        answered = row.payload["reply_to"].rpartition(":")[2]
        files = [
            {"name": file["name"], "href": f"/api/files/{row.id}/{n}"}
            for n, file in enumerate(row.payload["files"])
        ]
        kept = {name: row.payload[name] for name in keep}
        return shown | kept | {"answers": answered, "files": files}


def from_settings(settings: Settings, store: Engine) -> Webchat:
    """Always there. It shows the real time until `stand_by` gives it another clock."""
    return Webchat(store, Clock(settings.timezone))


def _check(post: Post) -> None:
    if not 8 <= len(post.client_id) <= 64 or ":" in post.client_id:
        raise UserError("消息编号有误，请刷新页面后再发。")
    if len(post.text) > LONGEST_TEXT:
        raise UserError(f"一次最多 {LONGEST_TEXT:,} 字，这段有 {len(post.text):,} 字，请分开发送。")
    if not post.button and not post.file and not post.text.strip():
        raise UserError("请先写下要问的内容。")
    if post.stands_at:
        read_day(post.stands_at)


def _label(session: Session, chat_id: str, post: Post) -> str:
    """The words on the pressed button; a button that was never offered to this chat is refused."""
    row = _row_of(session, chat_id, "" if post.pressed is None else str(post.pressed))
    for line in row.payload.get("buttons", []) if row else []:
        for button in line:
            if button["data"] == post.button:
                return str(button["label"])
    raise UserError("这个按钮已经失效，请刷新页面。")


def _row_of(session: Session, chat_id: str, message_id: str) -> WebMessage | None:
    """An answer of this chat by its id, None for any other."""
    row = session.get(WebMessage, int(message_id)) if message_id.isdecimal() else None
    return row if row and row.chat_id == chat_id and row.direction == "out" else None


def _end(stream: asyncio.Queue[Shown | None]) -> None:
    while stream.full():
        stream.get_nowait()
    stream.put_nowait(None)
