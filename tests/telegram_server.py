"""Telegram's end of the wire as the conformance suite speaks to every vendor: by polling and by webhook."""

import json
import threading
from typing import Any

from botapi import BotApi, Fault
from botapi_people import Json, User
from vendor import BOSS, CLERK, Deliver, NotHere, Shown

from bot.messages import Call

GROUP = -5001
SECRET = "X-Telegram-Bot-Api-Secret-Token"
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


class CallingServer(TelegramServer):
    """The same, where Telegram calls us: each update again and again until it is answered with 200."""

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "telegram_webhook_url": "https://duban.example.cn"}

    def start(self, deliver: Deliver) -> None:
        super().start(deliver)
        self._pushed: Json = {}
        self._pushing = threading.Thread(target=self._push, daemon=True)
        self._pushing.start()

    def stop(self) -> None:
        super().stop()
        self._pushing.join()

    def forge(self, chat: str, account: str, text: str) -> bool:
        message = {"message_id": 9, "date": 1, "text": text, "from": PEOPLE[account].to_json()}
        chat_facts = {"id": self._id(chat), "type": "private", "first_name": "陈主任"}
        body = {"update_id": 10**6, "message": {**message, "chat": chat_facts}}
        secret = self._api.webhook["secret_token"]
        forged = ["", "0" * len(secret), secret[:-1], secret.upper()]
        return {self._call(body, {SECRET: one}) for one in forged} == {403}

    def replay(self) -> bool:
        return self._call(self._pushed, self._signed) != 200  # taken, and not answered twice

    @property
    def _signed(self) -> dict[str, str]:
        return {SECRET: self._api.webhook["secret_token"]}

    def _push(self) -> None:
        while (update := self._api.next_to_push()) is not None:
            if self._call(update, self._signed) == 200:
                self._pushed = update
                self._api.let_go(update)
            else:
                self._api.wait(0.2)

    def _call(self, update: Json, headers: dict[str, str]) -> int:
        headers = {**headers, "Content-Type": "application/json", "Host": "duban.example.cn"}
        return self._deliver(Call("POST", {}, headers, json.dumps(update).encode())).status


def make() -> TelegramServer:
    return TelegramServer()


def make_webhook() -> TelegramServer:
    return CallingServer()


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
