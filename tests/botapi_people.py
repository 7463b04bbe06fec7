"""The people and the chats of the Bot API server: what they write becomes the bot's updates."""

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
BOT: Json = {"id": 123456, "is_bot": True, "first_name": "督办助手", "username": "duban_test_bot"}  # fmt: skip


@dataclass(frozen=True)
class User:
    """A person with an account."""

    id: int
    name: str

    def to_json(self) -> Json:
        return {"id": self.id, "is_bot": False, "first_name": self.name}


@dataclass
class Chat:
    """A chat with all its messages, as they read now."""

    facts: Json
    has_bot: bool = True
    messages: dict[int, Json] = field(default_factory=dict)
    written: int = 0  # also those that were deleted
    moved_to: int | None = None
    topics: set[int] = field(default_factory=set)


class People:
    """What people do in chats with one bot, and the updates that wait for it.

    Message ids count within a chat, as in supergroups, so that mixing chats up is seen.
    """

    def __init__(self) -> None:
        self.unanswered_presses: set[str] = set()
        self._chats: dict[int, Chat] = {}
        self._files: dict[str, Json] = {}
        self.contents: dict[str, bytes] = {}  # of the files that were sent, by their ids
        self._paths: dict[str, str] = {}  # where they are downloaded, and their ids
        self._last: Json = {}  # the last update
        self._updates: list[Json] = []
        self._update_id = 1000
        self._changed = threading.Condition()

    def open_private(self, user: User) -> int:
        """A person starts the bot; gives the private chat's id, which is the person's."""
        facts = {"id": user.id, "type": "private", "first_name": user.name}
        self._chats.setdefault(user.id, Chat(facts)).has_bot = True
        return user.id

    def add_to_group(self, chat_id: int, title: str, by: User) -> None:
        """Makes the group if need be, and lets the bot in."""
        facts = {"id": chat_id, "type": "group", "title": title}
        self._chats.setdefault(chat_id, Chat(facts)).has_bot = True
        self._membership(chat_id, by, "left", "member")

    def open_topic(self, chat_id: int, topic: int) -> None:
        """The group gets a topic."""
        self._chats[chat_id].topics.add(topic)

    def remove(self, chat_id: int, by: User) -> None:
        """Puts the bot out of a group, or blocks it in private."""
        self._chats[chat_id].has_bot = False
        self._membership(chat_id, by, "member", "kicked")

    def migrate(self, chat_id: int, new_id: int, by: User) -> None:
        """The group becomes a supergroup, which has another id."""
        old = self._chats[chat_id]
        old.moved_to = new_id
        self._chats[new_id] = Chat({**old.facts, "id": new_id, "type": "supergroup"})
        self.put(chat_id, by, migrate_to_chat_id=new_id)
        self.put(new_id, by, migrate_from_chat_id=chat_id)

    def say(self, chat_id: int, user: User, text: str, reply_to: int = 0) -> int:
        """A person writes; gives the id of the message."""
        extra = {"reply_to_message": self._chats[chat_id].messages[reply_to]} if reply_to else {}
        return self.put(chat_id, user, text=text, **extra)

    def send_file(self, chat_id: int, user: User, name: str, content: bytes, caption: str = "") -> int:  # fmt: skip
        """A person sends a document; gives the id of the message."""
        facts = self._keep(name, content)
        extra = {"caption": caption} if caption else {}
        return self.put(chat_id, user, document=facts, **extra)

    def put(self, chat_id: int, user: User, **content: Any) -> int:
        """Any message, by the fields that the Bot API gives it."""
        with self._changed:
            message = self._write(chat_id, user.to_json(), content)
            self._update(message=message)
            return int(message["message_id"])

    def press(self, chat_id: int, message_id: int, user: User, label: str) -> None:
        """A person presses the button that reads `label`."""
        message = self._chats[chat_id].messages[message_id]
        keys = [key for row in message["reply_markup"]["inline_keyboard"] for key in row]
        data = next(key["callback_data"] for key in keys if key["text"] == label)
        with self._changed:
            query = {"id": f"press-{self._update_id}", "from": user.to_json(), "data": data}
            self.unanswered_presses.add(str(query["id"]))
            self._update(callback_query={**query, "message": message, "chat_instance": "1"})

    def delete(self, chat_id: int, message_id: int) -> None:
        """A person deletes a message, for all."""
        with self._changed:
            del self._chats[chat_id].messages[message_id]

    def sent(self, chat_id: int) -> list[Json]:
        """The bot's messages in a chat, as they read now."""
        messages = list(self._chats[chat_id].messages.values())
        return [message for message in messages if message["from"]["id"] == BOT["id"]]

    def knows(self, chat_id: int) -> bool:
        """Whether there is such a chat."""
        return chat_id in self._chats

    def waiting(self) -> int:
        """How many updates the bot has not let go."""
        return len(self._updates)

    def _update(self, **content: Any) -> None:
        self._update_id += 1
        # a copy: an update stays as it was when the message under it is edited
        self._last = json.loads(json.dumps({"update_id": self._update_id, **content}))
        self._updates.append(self._last)
        self._changed.notify_all()

    def redeliver(self) -> None:
        """The last update comes once more, as after an answer that did not reach the server."""
        with self._changed:
            self._updates.append(self._last)
            self._changed.notify_all()

    def _keep(self, name: str, content: bytes) -> Json:
        """Takes a file in; what a message says of it."""
        file_id = f"file-{len(self._files) + 1}"
        facts = {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": len(content)}
        path = f"documents/{file_id}/{name}"
        self._files[file_id] = {**facts, "file_path": path}
        self.contents[file_id], self._paths[path] = content, file_id
        return {**facts, "file_name": name}

    def _membership(self, chat_id: int, by: User, before: str, after: str) -> None:
        with self._changed:
            self._update(
                my_chat_member={
                    "chat": self._chats[chat_id].facts,
                    "from": by.to_json(),
                    "date": int(time.time()),
                    "old_chat_member": {"user": BOT, "status": before, "until_date": 0},
                    "new_chat_member": {"user": BOT, "status": after, "until_date": 0},
                }
            )

    def _write(self, chat_id: int, sender: Json, content: Json) -> Json:
        chat = self._chats[chat_id]
        chat.written += 1
        facts = {"message_id": chat.written, "date": int(time.time())}
        message = {**facts, "chat": chat.facts, "from": sender, **content}
        chat.messages[message["message_id"]] = message
        return message
