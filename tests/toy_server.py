"""A platform that is added: the one file of docs/adding-a-platform.md, and the folder it speaks to."""

import json
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from vendor import Deliver, NotHere, Shown

import bot.platforms

PAGE = Path(__file__).parents[1] / "docs" / "adding-a-platform.md"
NO_CALLS = "a folder is open to whoever may write into it"


class Folder:
    """People and chats of the toy platform; while it is started the product finds the toy's file."""

    name = "toy"

    def __init__(self) -> None:
        self.complaints: list[str] = []

    def settings(self) -> dict[str, Any]:
        return {}

    def start(self, deliver: Deliver) -> None:
        self._folder = Path(mkdtemp(prefix="toy-"))
        for name in ("code", "in", "private", "group"):
            (self._folder / name).mkdir()
        (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        here = code.replace('"/var/spool/toy"', json.dumps(str(self._folder)))
        assert here != code
        (self._folder / "code" / "toy.py").write_text(here, "utf-8")
        bot.platforms.__path__.append(str(self._folder / "code"))

    def stop(self) -> None:
        bot.platforms.__path__.remove(str(self._folder / "code"))
        sys.modules.pop("bot.platforms.toy", None)
        shutil.rmtree(self._folder)

    def chat_id(self, chat: str) -> str:
        return chat

    def say(self, chat: str, account: str, text: str, *, addressed: bool = True) -> None:
        now = datetime.now(UTC).isoformat()
        said = {
            "id": now,
            "chat": chat,
            "who": account,
            "text": text,
            "at": now,
            "to_bot": addressed,
        }
        self._last = said
        self._put(said)

    def send_file(self, chat: str, account: str, name: str, content: bytes) -> None:
        raise NotHere("it takes no files")

    def send_other(self, chat: str, account: str) -> None:
        self.say(chat, account, "")

    def press(self, chat: str, message_id: str, account: str, label: str) -> None:
        text = (self._folder / chat / message_id).read_text("utf-8")
        (number,) = re.findall(rf"(\d+) {label}(?:，|$)", text)
        self.say(chat, account, number)

    def shown(self, chat: str) -> list[Shown]:
        files = sorted((self._folder / chat).glob("[0-9]*.txt"))
        return [Shown(file.name, file.read_text("utf-8")) for file in files]

    def redeliver(self) -> None:
        self._put(self._last)

    def forge(self, chat: str, account: str, text: str) -> bool:
        raise NotHere(NO_CALLS)

    def replay(self) -> bool:
        raise NotHere(NO_CALLS)

    def fail(self, kind: str, times: int = 1) -> None:
        raise NotHere("a folder does not fail")

    def gone(self, chat: str) -> None:
        (self._folder / chat).rename(self._folder / "was there")

    def _put(self, said: dict[str, Any]) -> None:
        file = self._folder / "in" / f"{datetime.now(UTC).timestamp()}.json"
        file.with_suffix(".part").write_text(json.dumps(said), "utf-8")
        file.with_suffix(".part").rename(file)


def make() -> Folder:
    return Folder()
