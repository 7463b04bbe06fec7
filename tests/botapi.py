"""A strict Bot API server on loopback: Telegram's end of the wire, with its faults.

It refuses what Telegram refuses (core.telegram.org/bots/api). What no correct program asks for,
an unknown method, an unknown or missing parameter, a wrong token, is kept in `complaints` besides:
a test ends with none of them.
"""

import json
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from botapi_http import Upload, listen
from botapi_people import BOT, Chat, Json, People

TEXT_UNITS = 4096  # UTF-16 code units
# method: required and optional parameters that the product may send
METHODS: dict[str, tuple[set[str], set[str]]] = {
    "getMe": (set(), set()),
    "deleteWebhook": (set(), {"drop_pending_updates"}),
    "setWebhook": ({"url"}, {"secret_token", "allowed_updates", "max_connections"}),
    "setMyCommands": ({"commands"}, {"scope", "language_code"}),
    "getWebhookInfo": (set(), set()),
    "getUpdates": (set(), {"offset", "limit", "timeout", "allowed_updates"}),
    "sendMessage": (
        {"chat_id", "text"},
        {"message_thread_id", "reply_markup", "reply_parameters", "link_preview_options"},
    ),
    "sendDocument": ({"chat_id", "document"}, {"message_thread_id", "caption", "reply_parameters"}),
    "sendPhoto": ({"chat_id", "photo"}, {"message_thread_id", "caption", "reply_parameters"}),
    "sendChatAction": ({"chat_id", "action"}, {"message_thread_id"}),
    "editMessageText": (
        {"chat_id", "message_id", "text"},
        {"reply_markup", "link_preview_options"},
    ),
    "answerCallbackQuery": ({"callback_query_id"}, {"text", "show_alert", "cache_time"}),
    "getFile": ({"file_id"}, set()),
}
JSON_PARAMETERS = {  # these come as JSON in a string
    "allowed_updates", "commands", "link_preview_options", "reply_markup", "reply_parameters", "scope",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What becomes of the next call of a method; when `done`, it takes effect all the same."""

    kind: str  # "429", "500", "html" (a gateway's 502), "hang" or "drop"
    done: bool = False
    retry_after: int = 1  # seconds


class Rejected(Exception):
    """Ends a call with an error, as the Bot API gives it."""

    def __init__(self, code: int, words: str, **parameters: int) -> None:
        super().__init__(words)
        self.body: Json = {"ok": False, "error_code": code, "description": words}
        if parameters:
            self.body["parameters"] = parameters


class BotApi(People):
    """One bot's server: open it with `with`, and point the product at `url` and `token`."""

    token = "123456:an-invented-token-for-tests"

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()  # by method, the failed ones too
        self.complaints: list[str] = []
        self.commands: dict[str, list[Json]] = {}  # the menu, by language
        self.webhook: Json = {}  # where updates go to; polling is refused while it is set
        self.push_error = ""
        self.ever_shown: list[str] = []  # every text, also those that were replaced since
        self.shown_at_work: list[str] = []  # the chats where the bot was seen typing
        self._polls = 0
        self._faults: dict[str, list[Fault]] = {}
        self._closed = threading.Event()
        self._port = 0

    def __enter__(self) -> "BotApi":
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        """Listens, again on the same port after `close`; nothing is forgotten meanwhile."""
        self._closed.clear()
        self._server = listen(self._port, self._handle)
        self._port, self.url = self._server.port, self._server.url

    def close(self) -> None:
        """Stops listening, and breaks the calls that wait or hang."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        self._server.stop()

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of `method` end so, one after the other."""
        self._faults.setdefault(method, []).extend(faults)

    def mend(self, method: str) -> None:
        """From now on its calls go well."""
        self._faults.pop(method, None)

    def _handle(self, path: str, form: dict[str, str | Upload]) -> tuple[int, Any] | None:
        """One call from the wire."""
        file_path = path.removeprefix(f"/file/bot{self.token}/")
        if file_path in self._paths:
            return 200, self.contents[self._paths[file_path]]
        method = path.removeprefix(f"/bot{self.token}/")
        if method == path:
            self.complaints.append(f"wrong path or token: {path}")
            return 401, Rejected(401, "Unauthorized").body
        with self._changed:
            self.calls[method] += 1
            fault = self._faults[method].pop(0) if self._faults.get(method) else None
            if fault is None or fault.done:
                try:
                    answer = 200, {"ok": True, "result": self._do(method, form)}
                except Rejected as error:
                    answer = error.body["error_code"], error.body
        return answer if fault is None else self._go_wrong(fault)

    def _go_wrong(self, fault: Fault) -> tuple[int, Any] | None:
        match fault.kind:
            case "429":
                words = f"Too Many Requests: retry after {fault.retry_after}"
                return 429, Rejected(429, words, retry_after=fault.retry_after).body
            case "500":
                return 500, Rejected(500, "Internal Server Error").body
            case "html":
                return 502, b"<html><h1>502 Bad Gateway</h1></html>"
            case "hang":
                self._closed.wait()
        return None

    def _do(self, method: str, form: dict[str, str | Upload]) -> Any:
        if method not in METHODS:
            self.complaints.append(f"unknown method {method}")
            raise Rejected(404, "Not Found: method not found")
        required, optional = METHODS[method]
        for name in sorted(form.keys() - required - optional):
            self.complaints.append(f"{method}: unknown parameter {name}")
        for name in sorted(required - form.keys()):
            self.complaints.append(f"{method}: without {name}")
            raise Rejected(400, f"Bad Request: parameter {name} is required")
        given: Json = dict(form)
        for name in given.keys() & JSON_PARAMETERS:
            try:
                given[name] = json.loads(str(form[name]))
            except ValueError:
                self.complaints.append(f"{method}: {name} is not JSON")
                raise Rejected(400, f"Bad Request: can't parse {name}") from None
        return getattr(self, f"_{method}")(given)

    # the methods, by the Bot API's names

    def _getMe(self, _: Json) -> Json:
        return {**BOT, "can_join_groups": True, "can_read_all_group_messages": True}

    def _deleteWebhook(self, _: Json) -> bool:
        self.webhook = {}
        return True

    def _setWebhook(self, given: Json) -> bool:
        if not given["url"].startswith("https://"):
            raise Rejected(
                400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
            )
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", given.get("secret_token", "-")):
            raise Rejected(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = given
        self._changed.notify_all()
        return True

    def _setMyCommands(self, given: Json) -> bool:
        for command in given["commands"]:
            name = command["command"]
            if not (name.isascii() and name == name.lower() and 1 <= len(name) <= 32):
                raise Rejected(400, "Bad Request: BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise Rejected(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[given.get("language_code", "")] = given["commands"]
        return True

    def _getWebhookInfo(self, _: Json) -> Json:
        info = {"url": self.webhook.get("url", ""), "has_custom_certificate": False}
        failed = {"last_error_message": self.push_error} if self.push_error else {}
        return {**info, "pending_update_count": len(self._updates), **failed}

    def next_to_push(self) -> Json | None:
        """The oldest update for the webhook, once there is one; None when the server is closed."""
        with self._changed:
            while not self._closed.is_set():
                asked = self.webhook.get("allowed_updates", [])
                if self.webhook and self._news(0, asked):
                    return self._updates[0]
                self._changed.wait(0.5)
        return None

    def let_go(self, update: Json) -> None:
        """The webhook took it."""
        with self._changed:
            self._updates.remove(update)

    def wait(self, seconds: float) -> None:
        """Before the webhook is tried again."""
        self._closed.wait(seconds)

    def _getUpdates(self, given: Json) -> list[Json]:
        if self.webhook:
            words = "Conflict: can't use getUpdates method while webhook is active"
            raise Rejected(409, words)
        self._polls += 1
        self._changed.notify_all()  # a second poll ends the first
        mine, until = self._polls, time.monotonic() + int(given.get("timeout", 0))
        let_go = int(given.get("offset", 0))
        while (
            not self._news(let_go, given.get("allowed_updates", [])) and not self._closed.is_set()
        ):
            if not self._changed.wait(max(0.0, until - time.monotonic())):
                break
            if mine != self._polls:
                raise Rejected(409, "Conflict: terminated by other getUpdates request")
        return self._updates[: int(given.get("limit", 100))]

    def _news(self, offset: int, allowed: list[str]) -> bool:
        """Lets go what is older than `offset` or not asked for; whether anything is left."""
        asked = set(allowed or ["message", "callback_query"])
        self._updates = [u for u in self._updates if u["update_id"] >= offset and asked & u.keys()]
        return bool(self._updates)

    def _sendMessage(self, given: Json) -> Json:
        chat = self._writable(given["chat_id"])
        content = self._checked(given)
        reply = given.get("reply_parameters")
        if reply is not None:
            if reply["message_id"] in chat.messages:
                content["reply_to_message"] = chat.messages[reply["message_id"]]
            elif not reply.get("allow_sending_without_reply"):
                raise Rejected(400, "Bad Request: message to be replied not found")
        return self._write(int(given["chat_id"]), BOT, content | _thread(chat, given))

    def _sendDocument(self, given: Json) -> Json:
        chat = self._writable(given["chat_id"])
        facts = self._upload(given["document"], 50 * 1024 * 1024)
        return self._write(int(given["chat_id"]), BOT, {"document": facts} | _thread(chat, given))

    def _sendPhoto(self, given: Json) -> Json:
        chat = self._writable(given["chat_id"])
        if not given["photo"][1].startswith((b"\x89PNG", b"\xff\xd8\xff")):
            raise Rejected(400, "Bad Request: IMAGE_PROCESS_FAILED")
        facts = self._upload(given["photo"], 10 * 1024 * 1024)
        sizes = {"photo": [{**facts, "width": 90, "height": 60}]}
        return self._write(int(given["chat_id"]), BOT, sizes | _thread(chat, given))

    def _upload(self, file: Upload, most: int) -> Json:
        if not file[1]:
            raise Rejected(400, "Bad Request: file must be non-empty")
        if len(file[1]) > most:
            raise Rejected(413, "Request Entity Too Large")
        return self._keep(*file)

    def _sendChatAction(self, given: Json) -> bool:
        chat = self._writable(given["chat_id"])
        if given["action"] != "typing":
            raise Rejected(400, "Bad Request: wrong parameter action in request")
        thread = _thread(chat, given).get("message_thread_id")
        self.push_error = ""
        self.shown_at_work.append(given["chat_id"] + (f"/{thread}" if thread else ""))
        return True

    def _editMessageText(self, given: Json) -> Json:
        message = self._writable(given["chat_id"]).messages.get(int(given["message_id"]))
        if message is None:
            raise Rejected(400, "Bad Request: message to edit not found")
        if message["from"]["id"] != BOT["id"]:
            raise Rejected(400, "Bad Request: message can't be edited")
        content = self._checked(given)
        if all(message.get(name) == content.get(name) for name in ("text", "reply_markup")):
            raise Rejected(400, "Bad Request: message is not modified: it is exactly the same")
        message.pop("reply_markup", None)
        message.update(content, edit_date=int(time.time()))
        return message

    def _answerCallbackQuery(self, given: Json) -> bool:
        if given["callback_query_id"] not in self.unanswered_presses:
            raise Rejected(400, "Bad Request: query is too old or query ID is invalid")
        self.unanswered_presses.remove(given["callback_query_id"])
        return True

    def _getFile(self, given: Json) -> Json:
        if given["file_id"] not in self._files:
            raise Rejected(400, "Bad Request: invalid file_id")
        if self._files[given["file_id"]]["file_size"] > 20 * 1024 * 1024:
            raise Rejected(400, "Bad Request: file is too big")
        return self._files[given["file_id"]]

    def _writable(self, chat_id: str) -> Chat:
        chat = self._chats.get(int(chat_id))
        if chat is None:
            raise Rejected(400, "Bad Request: chat not found")
        if chat.moved_to is not None:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Rejected(400, words, migrate_to_chat_id=chat.moved_to)
        if not chat.has_bot:
            private = chat.facts["type"] == "private"
            raise Rejected(403, f"Forbidden: bot was {'blocked by the user' if private else 'kicked from the group chat'}")  # fmt: skip
        return chat

    def _checked(self, given: Json) -> Json:
        """The text and the keyboard of a message, if Telegram would take them."""
        self.ever_shown.append(given["text"])
        units = len(given["text"].encode("utf-16-le")) // 2
        if not given["text"].strip():
            raise Rejected(400, "Bad Request: message text is empty")
        if units > TEXT_UNITS:
            raise Rejected(400, "Bad Request: message is too long")
        if "reply_markup" not in given:
            return {"text": given["text"]}
        keys = [key for row in given["reply_markup"]["inline_keyboard"] for key in row]
        if len(keys) > 100:
            raise Rejected(400, "Bad Request: reply markup is too long")
        for key in keys:
            if not key["text"]:
                raise Rejected(400, "Bad Request: text buttons are unallowed to be empty")
            if not 1 <= len(key["callback_data"].encode()) <= 64:
                raise Rejected(400, "Bad Request: BUTTON_DATA_INVALID")
        return {"text": given["text"], "reply_markup": given["reply_markup"]}


def _thread(chat: Chat, given: Json) -> Json:
    """The topic that a message is for."""
    if "message_thread_id" not in given:
        return {}
    if int(given["message_thread_id"]) not in chat.topics:
        raise Rejected(400, "Bad Request: message thread not found")
    return {"message_thread_id": int(given["message_thread_id"]), "is_topic_message": True}
