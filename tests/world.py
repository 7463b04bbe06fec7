"""The wired application as people meet it: they speak in chats, time moves, reminders arrive."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from botapi import BotApi
from botapi_people import User
from ear import until
from pydantic import SecretStr
from sqlmodel import select

from bot.app import App
from bot.core import Core
from bot.messages import Limits
from bot.platforms import load_platforms
from config.database import reading
from config.settings import Settings
from corpus.models import TaskEvent

ADMIN, CLERK = User(11, "陈主任"), User(12, "林科长")
GROUP = -5001
SHANGHAI = ZoneInfo("Asia/Shanghai")


class World:
    """One running App, its Telegram on loopback, its clock where the test puts it."""

    def __init__(self, home: Path, botapi: BotApi, at: str) -> None:
        self.botapi = botapi
        settings = Settings(
            home=home, telegram_token=SecretStr(botapi.token), telegram_base_url=botapi.url,
            embedding_model="hashed-ngrams-1",
            # stories of single reminders; who tells of these switches them on
            weekly_digest=False, monthly_digest=False, circular=False,
        )  # fmt: skip
        self.core = Core.open(settings)
        self.core.clock.move_to(datetime.fromisoformat(at).replace(tzinfo=SHANGHAI))
        platforms = load_platforms(settings, self.core.engine)
        for platform in platforms.values():
            platform.limits = at_any_pace(platform.limits)
        self.app = App(self.core, platforms)
        self._running: Any = None

    async def start(self) -> None:
        # before there is an admin, who would hear of the days that are past, sooner or later
        await asyncio.to_thread(self.app.plan_reminders)
        self._running = self.app.running()
        await self._running.__aenter__()

    async def stop(self) -> None:
        await self._running.__aexit__(None, None, None)
        self.core.close()

    async def reply(self, chat_id: int, act: Callable[[], Any]) -> dict[str, Any]:
        """What the bot says after `act`."""
        before = len(self.botapi.sent(chat_id)) if self.botapi.knows(chat_id) else 0
        act()
        await until(lambda: len(self.botapi.sent(chat_id)) > before)
        found: dict[str, Any] = self.botapi.sent(chat_id)[before]
        return found

    async def ask(self, chat_id: int, user: User, text: str) -> str:
        """The text of the reply to what a person says."""
        reply = await self.reply(chat_id, lambda: self.botapi.say(chat_id, user, text))
        return str(reply["text"])

    async def press(self, chat_id: int, message: dict[str, Any], user: User, label: str) -> str:
        """The text of the reply to a button."""
        reply = await self.reply(
            chat_id, lambda: self.botapi.press(chat_id, message["message_id"], user, label)
        )
        return str(reply["text"])

    async def becomes_admin(self, user: User) -> None:
        """The first admin, by the code that `duban serve` prints."""
        from bot import people
        from config.database import writing

        with writing(self.core.engine) as session:
            code = people.claim_code(session)
        self.botapi.open_private(user)
        assert "管理员" in await self.ask(user.id, user, f"/claim {code}")

    async def binds(self, group: int, title: str, unit: str, by: User, admin: User) -> None:
        """A group asks for a unit, and an admin agrees."""
        await self.reply(group, lambda: self.botapi.add_to_group(group, title, by))
        asked = await self.reply(admin.id, lambda: self.botapi.say(group, by, f"/bind {unit}"))
        assert unit.split(" ")[-1] in asked["text"]
        before = len(self.botapi.sent(group))
        self.botapi.press(admin.id, asked["message_id"], admin, "同意")
        await until(lambda: any("已绑定" in m["text"] for m in self.botapi.sent(group)[before:]))

    async def advance_to(self, at: str) -> int:
        """Time moves, and the scheduler wakes; how many reminders were planned."""
        self.core.clock.move_to(datetime.fromisoformat(at).replace(tzinfo=SHANGHAI))
        planned = await asyncio.to_thread(self.app.plan_reminders)
        self.app.dispatcher.wake()
        return planned

    def history(self) -> list[TaskEvent]:
        """What people said of tasks."""
        with reading(self.core.engine) as session:
            return list(session.exec(select(TaskEvent)).all())


def make_home(folder: Path) -> None:
    """A home that has taken in the shipped plans."""
    Core.open(Settings(home=folder)).close()


def copy_home(made: Path, folder: Path) -> Path:
    """A home of one's own."""
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return folder


def at_any_pace(limits: Limits) -> Limits:
    """Tests of the pace are elsewhere; nobody else wants to wait for it."""
    any_rate = Limits(text_units=1).messages_per_s
    return replace(
        limits, messages_per_s=any_rate, chat_messages_per_min=any_rate,
        group_messages_per_min=any_rate,
    )  # fmt: skip
