"""WeCom's group robots (消息推送): each speaks into one group, and hears nothing."""

import base64
from hashlib import md5

from bot.messages import Limits, Outgoing, Receipt
from bot.platforms._http import Json
from bot.platforms._robots import Robot, Robots
from bot.platforms._wecom_api import FILE_BYTES, TEXT_BYTES, check, kind_of, request
from bot.platforms._wecom_events import NAME

PICTURE_BYTES = 2 * 1024 * 1024


class WecomRobots(Robots):
    """The robots of groups; the key of each stands in its address."""

    name = f"{NAME}-robot"
    setting = "DUBAN_WECOM_WEBHOOKS"
    limits = Limits(
        text_units=TEXT_BYTES,
        measure="bytes",
        file_bytes=FILE_BYTES,
        can_mention=True,
        hears=False,
        group_messages_per_min=20,
    )

    async def send(self, message: Outgoing) -> Receipt:
        """One text, picture or file into the group of the robot that the chat is named after."""
        robot = self.robot_of(message.chat_id)
        body = await self._body(robot, message)
        check(await request(self._http, "POST", robot.url, False, {}, json=body))
        return Receipt("")  # robots are told no id

    async def _body(self, robot: Robot, message: Outgoing) -> Json:
        if not message.files:
            text: Json = {"content": message.text}
            if message.mentions:
                text["mentioned_list"] = list(message.mentions)
            return {"msgtype": "text", "text": text}
        file = message.files[0]
        if kind_of(file, PICTURE_BYTES) == "image":
            picture = {
                "base64": base64.b64encode(file.content).decode(),
                "md5": md5(file.content, usedforsecurity=False).hexdigest(),
            }
            return {"msgtype": "image", "image": picture}
        upload = robot.url.replace("/webhook/send", "/webhook/upload_media") + "&type=file"
        media = {"media": (file.name, file.content)}
        answer = await request(self._http, "POST", upload, True, {}, files=media)
        check(answer)
        return {"msgtype": "file", "file": {"media_id": answer["media_id"]}}
