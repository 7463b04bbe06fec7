"""The files that people send: fetched, and read as plans where an admin sent them, or kept with an answer."""

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Protocol, TypeVar

from bot import render
from bot.core import Core
from bot.inbox import saying
from bot.manners import file_refusal
from bot.messages import Attachment, Incoming, Platform
from bot.router import Action, Router
from config.database import writing
from config.errors import DubanError, Refused, TryLater, UserError
from corpus.ingest import IngestReport, drop_unused

FETCHED_WITHIN_S = 120.0  # the files of one message, while their platform is busy
AGAIN_AFTER_S = 0.5  # at the earliest
T = TypeVar("T")


class InHand(Protocol):
    """Runs slow work on a thread of those who answer."""

    async def __call__(self, function: Callable[..., T], *args: object) -> T: ...


class Uploads:
    """Turns a message with files into the action that answers it."""

    def __init__(
        self, core: Core, router: Router, platforms: Mapping[str, Platform], in_hand: InHand,
        new_passages: Callable[[], None],
    ) -> None:  # fmt: skip
        self._core, self._router, self._platforms = core, router, platforms
        self._in_hand, self._new_passages = in_hand, new_passages

    async def answer_with(self, incoming: Incoming, wanted: tuple[Attachment, ...]) -> Action:
        """An answer to a reminder, with the files that belong to it."""
        until = monotonic() + FETCHED_WITHIN_S
        try:
            fetched = [(file.name, await self._fetch(incoming, file, until)) for file in wanted]
        except (UserError, Refused) as error:
            return saying(incoming, str(error))
        return lambda session: self._router.answers.answer(session, incoming, fetched)

    async def take_in(self, incoming: Incoming) -> Action:
        """A card for each plan that an admin sent."""
        if not await self._in_hand(self._router.is_admin, incoming):
            return self._router.taken_in(incoming, [(("只有管理员发来的文件会读作方案。",), None)])
        cards: list[tuple[tuple[str, ...], int | None]] = []
        until = monotonic() + FETCHED_WITHIN_S
        for attachment in incoming.attachments:
            if refusal := file_refusal(attachment):
                cards.append(((refusal,), None))
                continue
            try:
                content = await self._fetch(incoming, attachment, until)
                report = await self._in_hand(self.ingest, incoming.by, attachment.name, content)
                cards.append(
                    (render.ingest_rows(report), report.version_id if report.is_draft else None)
                )
            except DubanError as error:
                cards.append(((str(error),), None))
        return self._router.taken_in(incoming, cards)

    async def _fetch(self, incoming: Incoming, file: Attachment, until: float) -> bytes:
        """The bytes, asked for again while the platform is busy; raises UserError, Refused."""
        while True:
            try:
                return await self._platforms[incoming.platform].download(file)
            except TryLater as error:
                pause_s = max(error.retry_after_s, AGAIN_AFTER_S)
                if monotonic() + pause_s > until:
                    raise UserError(f"文件《{file.name}》暂时取不到，请稍后再发一次。") from error
            await asyncio.sleep(pause_s)

    def ingest(self, by: str, name: str, content: bytes) -> IngestReport:
        """Read one file as a plan; `name` is a stranger's. Raises DubanError, with nothing kept."""
        folder_of_all = self._core.settings.home / "uploads"
        folder_of_all.mkdir(exist_ok=True)
        # a folder each: two chats may send files of one name at the same moment
        with TemporaryDirectory(dir=folder_of_all) as folder:
            path = Path(folder) / _file_name(name)
            path.write_bytes(content)
            try:
                return self._core.ingest(path, by=by)
            except DubanError:
                with writing(self._core.engine) as session:
                    drop_unused(session, content)
                raise
            finally:
                self._new_passages()


def _file_name(name: str) -> str:
    """The last part of a stranger's name for a file, fit to be one: never a path, nothing unprintable."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(c for c in last if c.isprintable()).lstrip(".")[-60:] or "文件"
