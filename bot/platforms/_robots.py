"""Group robots that can only speak: each is a name, an address and perhaps a secret, from the settings."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bot.messages import Attachment, Incoming
from bot.platforms._http import TIMEOUT_S, make_client
from config.clock import Clock
from config.errors import Refused, UserError


@dataclass(frozen=True, slots=True)
class Robot:
    """One robot of one group; the address and the secret are its keys."""

    url: str
    secret: str = ""


def read_robots(text: str) -> dict[str, Robot]:
    """`市教育局=https://…|SEC…；市水利局=https://…` as robots by name; raises UserError."""
    found: dict[str, Robot] = {}
    for entry in re.split(r"[;；\n]+", text):
        if not entry.strip():
            continue
        name, equals, rest = entry.partition("=")
        url, _, secret = rest.partition("|")
        if not equals or not name.strip() or not re.match(r"https?://", url.strip()):
            # what stands there may be a secret: it is not repeated
            raise UserError(
                "群机器人应写成 单位名称=网址|加签密钥，几个之间用分号隔开；没有密钥的不写竖线。"
            )
        found[name.strip()] = Robot(url.strip(), secret.strip())
    return found


class Robots:
    """What the robots of every vendor have in common: they hear nothing, and ask to be bound once."""

    name: str
    setting: str  # where the robots are written down

    def __init__(
        self, robots: dict[str, Robot], clock: Clock, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._robots = robots
        self._clock = clock
        self._http = make_client(timeout_s)

    def robot_of(self, chat_id: str) -> Robot:
        """The robot that a chat is named after; raises Refused where there is none any more."""
        robot = self._robots.get(chat_id)
        if robot is None:
            raise Refused(f"{self.setting} 里没有“{chat_id}”", "403")
        return robot

    async def receive(self) -> AsyncIterator[Incoming]:
        """Asks, once for each robot, that its group be bound to the unit of its name."""
        for name in self._robots:
            yield Incoming(
                platform=self.name,
                message_id=f"bind.{name}",  # the same at every start: asked once
                chat_id=name,
                is_group=True,
                account_id="settings",
                account_name="群机器人设置",
                text=f"/bind {name}",
                at=self._clock.wall(),
                chat_title=f"{name}（群机器人）",
            )

    async def download(self, attachment: Attachment) -> bytes:
        """Robots receive no files."""
        raise UserError("群机器人收不到文件。")

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.aclose()
