"""The DingTalk of the tests: what people do in its chats, and what they see there."""

import json
import re
import time
from typing import Any

from dingtalk_calls import GROUP, MESSAGES, PRESSES, TEMPLATE, DingTalkCalls
from dingtalk_wire import Json
from pydantic import SecretStr
from vendor import BOSS, Deliver, NotHere, Shown


class DingTalkServer(DingTalkCalls):
    """A double of the vendor for the conformance suite; a `template` of "无" is one without cards."""

    name = "dingtalk"

    def __init__(self, template: str = TEMPLATE) -> None:
        super().__init__()
        self.template = template
        self._last: tuple[str, str] = ("", "")  # the id of the last event, and its frame

    def settings(self) -> dict[str, Any]:
        return {
            "dingtalk_client_id": self.client_id,
            "dingtalk_client_secret": SecretStr(self.client_secret),
            "dingtalk_base_url": self.http.url,
            "dingtalk_oapi_url": self.http.url,
            "dingtalk_card_template": self.template,
        }

    def start(self, deliver: Deliver | None = None) -> None:
        self.open()

    def chat_id(self, chat: str) -> str:
        return {"private": BOSS, "group": GROUP}[chat]

    def say(self, chat: str, account: str, text: str, *, addressed: bool = True) -> None:
        if chat == "group" and not addressed:
            return  # DingTalk tells a robot only what is meant for it
        content = f" {text}" if chat == "group" else text
        self._push_message(chat, account, msgtype="text", text={"content": content})

    def send_file(self, chat: str, account: str, name: str, content: bytes) -> None:
        if chat == "group":
            raise NotHere("a robot gets no files in a group")
        code = f"download{next(self._numbers)}+/=="
        self._files[code] = content
        told = {"downloadCode": code, "fileName": name, "spaceId": "1", "fileId": "2"}
        self._push_message(chat, account, msgtype="file", content=told)

    def send_picture(self, chat: str, account: str, text: str, content: bytes) -> None:
        """A picture with words."""
        code = f"download{next(self._numbers)}+/=="
        self._files[code] = content
        parts = [{"text": text}, {"type": "picture", "downloadCode": code}]
        self._push_message(chat, account, msgtype="richText", content={"richText": parts})

    def send_other(self, chat: str, account: str) -> None:
        self._push_message(chat, account, msgtype="holographicCard", content={"beam": "up"})

    def press(self, chat: str, message_id: str, account: str, label: str) -> None:
        shown = self._chats[self.chat_id(chat)][message_id]
        if message_id not in self._cards:
            number = re.search(rf"(\d+) {re.escape(label)}", shown.text)
            assert number is not None, f"no button {label} in {shown.text}"
            self.say(chat, account, number[1])
            return
        card_chat, buttons = self._cards[message_id]
        assert card_chat == self.chat_id(chat)
        pressed = {"cardPrivateData": {"actionIds": [buttons[label]], "params": {}}}
        self._push(PRESSES, {
            "extension": "{}", "corpId": "dingcorp", "type": "actionCallback", "userId": account,
            "userIdType": 1, "outTrackId": message_id, "content": json.dumps(pressed),
        })  # fmt: skip

    def shown(self, chat: str) -> list[Shown]:
        return list(self._chats[self.chat_id(chat)].values())

    def redeliver(self) -> None:
        self.stream.again(*self._last)

    def forge(self, chat: str, account: str, text: str) -> bool:
        """Nobody but DingTalk speaks on the stream; what it brings for another robot is not ours."""
        self._push_message(
            chat, account, robotCode="dinganotherrobot", msgtype="text", text={"content": text}
        )
        return self.stream.code(self._last[0]) != 200

    def replay(self) -> bool:
        """The same event in a push of its own."""
        frame = json.loads(self._last[1])
        frame["headers"]["messageId"] = f"push_{next(self._numbers)}_replayed"
        self.stream.again(frame["headers"]["messageId"], json.dumps(frame))
        return self.stream.code(frame["headers"]["messageId"]) != 200

    def fail(self, kind: str, times: int = 1) -> None:
        self._faults += [kind] * times

    def gone(self, chat: str) -> None:
        self._gone.add(self.chat_id(chat))

    def _push_message(self, chat: str, account: str, **content: Any) -> None:
        group = {"conversationTitle": "安全生产专班", "isInAtList": True, "atUsers": [{"dingtalkId": "$:LWCP_v1:$robot"}]}  # fmt: skip
        self._push(MESSAGES, {
            "conversationId": GROUP if chat == "group" else "cidPrivateChatOfBoss0000A==",
            "conversationType": "2" if chat == "group" else "1",
            **(group if chat == "group" else {}),
            "chatbotCorpId": "dingcorp", "chatbotUserId": "$:LWCP_v1:$robot", "isAdmin": False,
            "msgId": f"msg{next(self._numbers)}==", "createAt": int(time.time() * 1000),
            "senderNick": f"同志{account}", "senderStaffId": account, "senderCorpId": "dingcorp",
            "senderId": f"$:LWCP_v1:${account}", "robotCode": self.client_id,
            "sessionWebhook": f"{self.http.url}/robot/sendBySession?session=s",
            "sessionWebhookExpiredTime": int(time.time() * 1000) + 5_400_000,
            **content,
        })  # fmt: skip

    def _push(self, topic: str, data: Json) -> None:
        push_id = f"push_{next(self._numbers)}_1898c159aa6"
        self.stream.push("CALLBACK", topic, push_id, data)
        self._last = push_id, self.stream.last


def make() -> DingTalkServer:
    """DingTalk with cards."""
    return DingTalkServer()


def make_text() -> DingTalkServer:
    """DingTalk where no cards are set up: texts, and numbers for buttons."""
    return DingTalkServer(template="无")
