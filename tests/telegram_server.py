"""Telegram's end of the wire as the conformance suite speaks to every vendor: by polling and by webhook."""

from typing import Any

from botapi import BotApi, Fault
from botapi_people import Json, User
from vendor import BOSS, CLERK, Deliver, NotHere, Shown

GROUP = -5001
FAULTS = {"busy": "429", "error": "500", "hang": "hang", "drop": "drop"}
PEOPLE = {BOSS: User(int(BOSS), "陈主任"), CLERK: User(int(CLERK), "林科长")}


class TelegramServer:
    """The Bot API server with one private chat and one group."""

    name = "telegram"

    def __init__(self) -> None:
        self._api = BotApi()
        self.complaints = self._api.complaints

    def settings(self) -> dict[str, Any]:
        return {"telegram_token": self._api.token, "telegram_base_url": self._api.url}

    def start(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._api.open()
        self._api.open_private(PEOPLE[BOSS])
        self._api.add_to_group(GROUP, "农业农村局联络群", PEOPLE[CLERK])

    def stop(self) -> None:
        self._api.close()

    def chat_id(self, chat: str) -> str:
        return str(self._id(chat))

    def say(self, chat: str, account: str, text: str, *, addressed: bool = True) -> None:
        is_meant = addressed and chat == "group" and not text.startswith("/")
        self._api.say(self._id(chat), PEOPLE[account], f"@duban_test_bot {text}" if is_meant else text)  # fmt: skip

    def send_file(self, chat: str, account: str, name: str, content: bytes) -> None:
        self._api.send_file(self._id(chat), PEOPLE[account], name, content)

    def send_other(self, chat: str, account: str) -> None:
        self._api.put(self._id(chat), PEOPLE[account], story={"chat": {"id": 5, "type": "private"}, "id": 1})  # fmt: skip

    def press(self, chat: str, message_id: str, account: str, label: str) -> None:
        self._api.press(self._id(chat), int(message_id), PEOPLE[account], label)

    def shown(self, chat: str) -> list[Shown]:
        return [_shown(message, self._api.contents) for message in self._api.sent(self._id(chat))]

    def redeliver(self) -> None:
        self._api.redeliver()

    def forge(self, chat: str, account: str, text: str) -> bool:
        raise NotHere("it asks for its updates itself")

    def replay(self) -> bool:
        raise NotHere("it asks for its updates itself")

    def fail(self, kind: str, times: int = 1) -> None:
        self._api.fail("sendMessage", *[Fault(FAULTS[kind])] * times)

    def gone(self, chat: str) -> None:
        self._api.remove(self._id(chat), PEOPLE[CLERK])

    def _id(self, chat: str) -> int:
        return {"private": int(BOSS), "group": GROUP}[chat]


def make() -> TelegramServer:
    return TelegramServer()


def _shown(message: Json, contents: dict[str, bytes]) -> Shown:
    keys = [
        key for row in message.get("reply_markup", {}).get("inline_keyboard", []) for key in row
    ]
    files = {}
    if "document" in message:
        files[message["document"]["file_name"]] = contents[message["document"]["file_id"]]
    if "photo" in message:
        files["photo.png"] = contents[message["photo"][-1]["file_id"]]
    return Shown(
        message_id=str(message["message_id"]), text=message.get("text", ""),
        buttons=[key["text"] for key in keys], files=files, edited="edit_date" in message,
    )  # fmt: skip
