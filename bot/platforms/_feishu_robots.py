"""Feishu's group robots (自定义机器人): each speaks into one group, and hears nothing."""

import base64
import hmac
from hashlib import sha256

from bot.messages import Limits, Outgoing, Receipt
from bot.platforms._feishu_api import check, request
from bot.platforms._feishu_cards import post, written
from bot.platforms._feishu_events import NAME
from bot.platforms._http import Json
from bot.platforms._robots import Robot, Robots
from config.errors import Refused

# the robot is gone; its signature, our address or a keyword did not pass
GONE, SET_UP = 19001, (19021, 19022, 19024)


def sign(secret: str, timestamp_s: int) -> str:
    """The signature of a call: HMAC-SHA256 of nothing under "time\\nsecret", in base64."""
    key = f"{timestamp_s}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", sha256).digest()).decode()


class FeishuRobots(Robots):
    """The robots of any number of groups; the key of each stands in its address."""

    name = f"{NAME}-robot"
    setting = "DUBAN_FEISHU_WEBHOOKS"
    limits = Limits(
        text_units=18_000,  # a call may have 20 KB
        measure="bytes",
        written=written,
        hears=False,
        messages_per_s=5,
        group_messages_per_min=60,
    )

    async def send(self, message: Outgoing) -> Receipt:
        """Says the rows in the group of the robot that the chat is named after."""
        robot = self.robot_of(message.chat_id)
        body = {
            **self._signature(robot), "msg_type": "post",
            "content": {"post": post(message.rows, ())},
        }  # fmt: skip
        answer = await request(self._http, "POST", robot.url, False, json=body)
        if answer["code"] == GONE or answer["code"] in SET_UP:
            words = f"飞书群机器人答复 {answer['code']}：{answer.get('msg', '')}"
            raise Refused(words, "403" if answer["code"] == GONE else "401")
        check(answer)
        return Receipt("")  # robots are told no id

    def _signature(self, robot: Robot) -> Json:
        if not robot.secret:
            return {}
        now_s = int(self._clock.wall().timestamp())
        return {"timestamp": str(now_s), "sign": sign(robot.secret, now_s)}
