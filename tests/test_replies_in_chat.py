"""Answers to reminders as people give them: in Telegram, on the web page, at the terminal."""

import asyncio
import json
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botapi import BotApi, Fault
from ear import until
from small_ledger import Row, add_plan, bind
from sqlmodel import select
from world import ADMIN, CLERK, GROUP, World

from bot.messages import Outgoing
from bot.platforms.webchat import Post, Webchat
from bot.verbs import talking
from config.database import reading, writing
from config.errors import UserError
from corpus.models import EventFile, EventKind, Upload
from corpus.values import Role

pytestmark = pytest.mark.anyio

UNIT = "县消防救援大队"
PHOTO = b"\xff\xd8\xff\xe0 a picture"
DAY = "2022-11-21T09:00"  # seven working days before the due day


def owe(world: World, *chats: tuple[str, str]) -> None:
    """One task of one unit, which speaks in these chats."""
    with writing(world.core.engine) as session:
        row = Row("完成高层住宅消防设施检测。", {UNIT: Role.LEAD}, date(2022, 11, 30))
        add_plan(session, "xiaofang", [row], title="消防安全整治方案")
        for platform, chat_id in chats:
            bind(session, UNIT, chat_id, platform)


def kept(world: World) -> list[tuple[str, bytes]]:
    with reading(world.core.engine) as session:
        return [(f.file_name, f.content) for f in session.exec(select(EventFile))]


async def test_a_restart_between_the_press_and_the_file(home: Path, botapi: BotApi) -> None:
    world = World(home, botapi, "2022-11-01T09:00")
    await world.start()
    await world.becomes_admin(ADMIN)
    owe(world, ("telegram", str(GROUP)))
    await world.reply(GROUP, lambda: botapi.add_to_group(GROUP, "消防群", CLERK))
    before = len(botapi.sent(GROUP))
    await world.advance_to(DAY)
    await until(lambda: len(botapi.sent(GROUP)) > before)
    reminder = botapi.sent(GROUP)[before]
    number = reminder["message_id"]
    more = await world.reply(GROUP, lambda: botapi.press(GROUP, number, CLERK, "更多"))
    assert "10分钟" in await world.press(GROUP, more, CLERK, "进展")
    await world.stop()

    world = World(home, botapi, "2022-11-21T09:05")
    await world.start()
    try:
        botapi.say(GROUP, ADMIN, "我看一下")  # another person, of whom nothing was asked
        # more often than a message is tried whose handling fails
        botapi.fail("getFile", *[Fault("500")] * 4)
        send = lambda: botapi.send_file(GROUP, CLERK, "现场.jpg", PHOTO)  # noqa: E731
        answer = await world.reply(GROUP, send)
        assert answer["text"].startswith("已记录进展：完成高层住宅消防设施检测")
        send = lambda: botapi.send_file(GROUP, CLERK, "清单.exe", b"MZ", "进展")  # noqa: E731
        assert "可执行" in (await world.reply(GROUP, send))["text"]
        botapi.fail("getFile", Fault("429", retry_after=3600))
        send = lambda: botapi.send_file(GROUP, CLERK, "清单.xlsx", b"PK", "进展")  # noqa: E731
        sorry = "文件《清单.xlsx》暂时取不到，请稍后再发一次。"
        assert (await world.reply(GROUP, send))["text"] == sorry
        quoted = await world.reply(GROUP, lambda: botapi.say(GROUP, CLERK, "已完成", number))
        assert "报告办结" in quoted["text"]
        shown = await world.ask(ADMIN.id, ADMIN, "进展记录 xiaofang 第1项")
        assert f"2022-11-21 09:05 {UNIT} 林科长：进展（附件：现场.jpg）" in shown
        assert [e.kind for e in world.history()] == [EventKind.PROGRESS, EventKind.DONE]
        assert kept(world) == [("现场.jpg", PHOTO)]
    finally:
        await world.stop()


async def test_on_the_web_page_and_at_the_terminal(world: World) -> None:
    web = world.app.platforms["web"]
    assert isinstance(web, Webchat)
    owe(world, ("web", "w1"), ("console", "lin"))

    def shown() -> list[dict[str, Any]]:
        return [one for one in web.history("w1") if one["direction"] == "out"]

    async def post(**content: Any) -> str:
        before = len(shown())
        await web.post("w1", Post(uuid4().hex, **content))
        await until(lambda: len(shown()) > before)
        return "\n".join(shown()[-1]["rows"])

    def button(label: str) -> dict[str, Any]:
        data = {b["label"]: b["data"] for row in shown()[-1]["buttons"] for b in row}
        return {"button": data[label], "pressed": shown()[-1]["id"]}

    async def terminal(text: str) -> str:
        verb = partial(talking.say, text=text) if text else talking.listen
        lines = await asyncio.to_thread(lambda: list(verb(world.core, name="lin")))
        return Outgoing.from_json(json.loads(lines[0])).text

    with pytest.raises(UserError, match="先点提醒下的按钮"):
        web.keep_file("w1", "现场.jpg", PHOTO)
    await world.advance_to(DAY)
    await until(lambda: shown())
    assert "高层住宅" in await terminal("")
    assert "收到（1项）" in await terminal("收到")
    assert "还可以" in await post(**button("更多"))
    assert "进展" in await post(**button("进展"))
    answer = await post(file=web.keep_file("w1", "现场.jpg", PHOTO))
    assert answer.startswith("已记录进展")
    assert "办结" in await post(text="办结：检测报告已归档")
    assert kept(world) == [("现场.jpg", PHOTO)]
    with reading(world.core.engine) as session:  # the bytes are kept once
        assert not session.exec(select(Upload).where(Upload.file_name == "现场.jpg")).all()

    assert "都已办结" in await terminal("收到")
    assert "已经办结" in await terminal("申请延期到2022年12月31日，因为设备未到货")
    kinds = [EventKind.ACK, EventKind.PROGRESS, EventKind.DONE]
    assert [e.kind for e in world.history()] == kinds
