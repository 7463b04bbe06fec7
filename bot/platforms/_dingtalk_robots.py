"""Group robots of DingTalk: a signed webhook each, whose success is in the body, never in HTTP 200."""

import base64
import hashlib
import hmac
import json

from bot.messages import Limits, Outgoing, Receipt
from bot.platforms._dingtalk_messages import compact
from bot.platforms._http import fetch
from bot.platforms._robots import Robot, Robots
from config.errors import DubanError, Refused, TryLater

NAME, VENDOR = "dingtalk-robot", "钉钉"
SOON_S = 2.0
MUTED_S = 600.0  # more than twenty a minute, and the robot is silent for ten minutes
_GONE = {"300001", "400013", "400101", "400102", "400106"}  # group or robot is gone or stopped
_TOO_FAST = {"130101", "410100"}
_BUSY = {"-1", "90002", "90018"}
_SET_UP = "310000"  # the signature, a keyword or the sender's address did not pass


def sign(secret: str, timestamp_ms: int) -> str:
    """The signature of a call, to be URL-encoded once: HMAC-SHA256 of "time\\nsecret" in base64."""
    text = f"{timestamp_ms}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def written(rows: tuple[str, ...]) -> str:
    """The rows as they go over the wire."""
    return compact({"msgtype": "text", "text": {"content": "\n".join(rows)}})


class DingTalkRobots(Robots):
    """The robots of any number of groups. A chat's id is the robot's name in the settings."""

    name = NAME
    setting = "DUBAN_DINGTALK_WEBHOOKS"
    limits = Limits(
        text_units=15_000,  # a call is refused above 20,000 bytes
        measure="bytes",
        written=written,
        hears=False,
        group_messages_per_min=20,
        chat_messages_per_min=20,
    )

    async def send(self, message: Outgoing) -> Receipt:
        """Says the rows in the robot's group; robots give their messages no id."""
        import httpx

        robot = self.robot_of(message.chat_id)
        body = {"msgtype": "text", "text": {"content": message.text}}
        url = httpx.URL(robot.url).copy_merge_params(self._signature(robot))
        response = await fetch(self._http, VENDOR, "POST", url, repeatable=False, json=body)
        try:
            answer = json.loads(response.content)
            code, words = str(answer["errcode"]), str(answer.get("errmsg") or "")
        except (ValueError, KeyError, TypeError):
            code, words = "", "回音读不懂"
        if code != "0":
            raise _failure(response.status_code, code, words)
        return Receipt("")

    def _signature(self, robot: Robot) -> dict[str, str]:
        if not robot.secret:
            return {}
        now_ms = int(self._clock.wall().timestamp() * 1000)
        return {"timestamp": str(now_ms), "sign": sign(robot.secret, now_ms)}


def _failure(status: int, code: str, words: str) -> DubanError:
    said = f"钉钉群机器人：{words}（{code or status}）"
    if code in _TOO_FAST or status == 429:
        return TryLater(said, MUTED_S)
    if code in _BUSY or status >= 500:
        return TryLater(said, SOON_S)
    if code in _GONE:
        return Refused(said, "403")
    return Refused(said, "401" if code == _SET_UP else "400")
