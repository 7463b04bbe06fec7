"""An admin in chat: a file becomes a card, its buttons work and outlive a restart, words correct."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from botapi import BotApi
from ear import until
from fire_plan import FIRST, HEAD, SECOND
from sqlmodel import select
from world import ADMIN, CLERK, GROUP, World

from bot.plan_desk import is_for_the_desk
from config.database import reading
from corpus.models import Correction, PlanVersion, Upload

pytestmark = pytest.mark.anyio


async def card(world: World, text: str, name: str = "消防方案.txt") -> dict[str, Any]:
    """The card of a file that the admin sends."""
    return await world.reply(
        ADMIN.id, lambda: world.botapi.send_file(ADMIN.id, ADMIN, name, text.encode())
    )


def labels(message: dict[str, Any]) -> list[str]:
    return [key["text"] for row in message["reply_markup"]["inline_keyboard"] for key in row]


def states(world: World) -> list[str]:
    with reading(world.core.engine) as session:
        query = select(PlanVersion).where(PlanVersion.title == "2022年甲县消防安全整治工作方案")
        return [v.state for v in session.exec(query.order_by(PlanVersion.number))]  # type: ignore[arg-type]


async def test_a_plan_goes_through_all_its_buttons(world: World) -> None:
    await world.becomes_admin(ADMIN)
    first = await card(world, FIRST)
    assert labels(first) == ["看变化", "核对", "发布", "放弃"]
    assert "任务3项；责任单位4个，有日期的时限3处" in first["text"]
    assert "没有可比较的" in await world.press(ADMIN.id, first, ADMIN, "看变化")
    assert "没有需要核对的地方" in await world.press(ADMIN.id, first, ADMIN, "核对")
    assert "第1版已发布" in await world.press(ADMIN.id, first, ADMIN, "发布")
    second = await card(world, SECOND)
    assert "与在执行的版本相比：新增1项、变更1项、移位1项、删去1项" in second["text"]
    changes = await world.press(ADMIN.id, second, ADMIN, "看变化")
    assert "【变更】第1项 高层建筑整治" in changes
    assert "提醒变化：新增5条，取消10条。另有9条的时间已过，没有列出。" in changes
    assert "已放弃" in await world.press(ADMIN.id, second, ADMIN, "放弃")
    assert "第2版已放弃" in await world.press(ADMIN.id, second, ADMIN, "发布")
    assert states(world) == ["in_force", "discarded"]


async def test_an_old_card_does_not_publish_a_newer_draft(world: World) -> None:
    await world.becomes_admin(ADMIN)
    first = await card(world, FIRST)
    second = await card(world, SECOND)
    assert "又读入了第2版草稿" in await world.press(ADMIN.id, first, ADMIN, "发布")
    assert states(world) == ["draft", "draft"]
    assert "第2版已发布" in await world.press(ADMIN.id, second, ADMIN, "发布")
    assert "已经在执行" in await world.press(ADMIN.id, second, ADMIN, "发布")


async def test_buttons_outlive_a_restart(home: Path, botapi: BotApi) -> None:
    world = World(home, botapi, "2022-03-01T09:00")
    await world.start()
    await world.becomes_admin(ADMIN)
    first = await card(world, FIRST)
    await world.stop()
    again = World(home, botapi, "2022-03-02T09:00")
    await again.start()
    try:
        assert "没有需要核对" in await again.press(ADMIN.id, first, ADMIN, "核对")
        assert "已发布" in await again.press(ADMIN.id, first, ADMIN, "发布")
    finally:
        await again.stop()


async def test_others_are_refused_kindly(world: World) -> None:
    await world.becomes_admin(ADMIN)
    world.botapi.open_private(CLERK)
    await world.reply(GROUP, lambda: world.botapi.add_to_group(GROUP, "消防专班", ADMIN))
    shown = await world.reply(
        GROUP,
        lambda: world.botapi.send_file(
            GROUP, ADMIN, "方案.txt", FIRST.encode(), caption="@duban_test_bot"
        ),
    )
    assert "草稿" in shown["text"]
    for label in ("看变化", "核对", "发布", "放弃"):
        assert "须由管理员进行" in await world.press(GROUP, shown, CLERK, label)
    assert states(world) == ["draft"]
    refused = await world.ask(CLERK.id, CLERK, "更正 leqing-2022 第8项 时限 2022-06-30")
    assert "须由管理员进行" in refused
    with reading(world.core.engine) as session:
        assert session.exec(select(Correction)).all() == []


async def test_an_admin_corrects_in_words_and_takes_it_back(world: World) -> None:
    await world.becomes_admin(ADMIN)
    await world.press(ADMIN.id, await card(world, FIRST), ADMIN, "发布")
    with reading(world.core.engine) as session:
        query = select(PlanVersion).where(PlanVersion.title == "2022年甲县消防安全整治工作方案")
        plan = session.exec(query).one().plan_id
    said = await world.ask(ADMIN.id, ADMIN, f"更正 {plan} 第2项 时限 2022年11月15日")
    assert "第2项 时限：2022-12-31 → 2022-11-15（陈主任，2022-11-01）" in said
    answer = await world.ask(ADMIN.id, ADMIN, "甲县智能充电端口什么时候建完？")
    assert "2022年11月15日" in answer
    said = await world.ask(ADMIN.id, ADMIN, f"更正 {plan} 充电设施 牵头单位：县发改局、县住建局")
    assert "牵头：县住建局 → 县发改局、县住建局" in said
    assert "县发改局" in await world.ask(ADMIN.id, ADMIN, "甲县智能充电端口由谁牵头？")
    assert "文号：无 → 甲消〔2022〕3号" in await world.ask(
        ADMIN.id, ADMIN, f"更正 {plan} 文号 甲消〔2022〕3号"
    )
    assert "不是日期" in await world.ask(ADMIN.id, ADMIN, f"更正 {plan} 第2项 时限 年底")
    assert "没有“9”这一行" in await world.ask(ADMIN.id, ADMIN, f"更正 {plan} 第9项 时限 2022-11-15")
    assert "请写成：更正" in await world.ask(ADMIN.id, ADMIN, "更正 第二项写错了")
    record = await world.ask(ADMIN.id, ADMIN, f"更正记录 {plan}")
    assert record.count("陈主任") == 3
    assert "已撤销" in await world.ask(ADMIN.id, ADMIN, "撤销更正 1")
    answer = await world.ask(ADMIN.id, ADMIN, "甲县智能充电端口什么时候建完？")
    assert "2022年12月31日" in answer


async def test_a_long_list_of_changes_comes_in_pages(world: World) -> None:
    await world.becomes_admin(ADMIN)

    def plan(words: str) -> str:
        rows = (
            f"{n}\t网格{n}排查\t{words}第{n}网格排查隐患，整改率达到100%。\t县应急局\t2022年{n % 3 + 9}月底前\n"
            for n in range(1, 61)
        )
        return HEAD + "".join(rows)

    await world.press(ADMIN.id, await card(world, plan("对")), ADMIN, "发布")
    second = await card(world, plan("由乡镇会同村社对"))
    before = len(world.botapi.sent(ADMIN.id))
    world.botapi.press(ADMIN.id, second["message_id"], ADMIN, "看变化")
    await until(lambda: "提醒没有变化" in world.botapi.sent(ADMIN.id)[-1]["text"])
    pages = world.botapi.sent(ADMIN.id)[before:]
    assert len(pages) > 1
    assert sum(page["text"].count("【变更】") for page in pages) == 60


async def test_several_files_are_several_cards_and_a_fault_is_one_line(world: World) -> None:
    await world.becomes_admin(ADMIN)
    bad = await world.reply(
        ADMIN.id, lambda: world.botapi.send_file(ADMIN.id, ADMIN, "空.docx", b"")
    )
    assert "空" in bad["text"]
    assert "\n" not in bad["text"]
    assert "reply_markup" not in bad
    again = await card(world, FIRST)
    once_more = await card(world, FIRST)
    assert "已经读过，还没有发布" in once_more["text"]
    assert labels(once_more) == labels(again)
    assert states(world) == ["draft"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("更正 leqing-2022 第8项 时限 2022-06-30", True),
        ("更正：leqing-2022 8 时限2：2022-06-30", True),
        ("更正 leqing-2022 #12 完成时限 无", True),
        ("更正 leqing-2022 地区 乐清市", True),
        ("更正记录 leqing-2022", True),
        ("撤销更正 3", True),
        ("方案里有哪些更正？", False),
        ("怎样撤销更正", False),
        ("更正通知什么时候发？", False),
    ],
)
async def test_what_is_a_correction(text: str, meant: bool) -> None:
    assert is_for_the_desk(text) is meant


async def test_a_file_is_sent_from_the_web_page(world: World) -> None:
    from bot import people
    from bot.web import make_web
    from config.database import writing

    with writing(world.core.engine) as session:
        code = people.claim_code(session)
    transport = httpx.ASGITransport(make_web(world.app))
    origin = {"Origin": "http://127.0.0.1"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=origin
    ) as page:

        async def shown() -> list[dict[str, Any]]:
            return list((await page.get("/api/messages")).json()["messages"])

        async def answered(count: int) -> dict[str, Any]:
            async with asyncio.timeout(60):
                while sum(m["direction"] == "out" for m in await shown()) < count:
                    await asyncio.sleep(0.02)
            return (await shown())[-1]

        async def send(name: str, content: bytes, id: str) -> httpx.Response:
            return await page.post("/api/files", params={"id": id, "name": name}, content=content)

        await shown()  # gives this browser its chat
        refused = await send("消防方案.txt", FIRST.encode(), "file-0001")
        assert refused.status_code == 422
        assert "只有管理员" in refused.json()["error"]
        await page.post("/api/messages", json={"id": "claim-01", "text": f"/claim {code}"})
        await answered(1)
        sent = await send("消防方案.txt", FIRST.encode(), "file-0002")
        assert sent.json()["message"]["rows"] == ["文件：消防方案.txt"]
        made = await answered(2)
        assert [b["label"] for b in made["buttons"][0]] == ["看变化", "核对", "发布", "放弃"]
        assert [b["label"] for b in made["buttons"][0] if b["is_main"]] == ["发布"]
        # sent again by a page that heard no answer: the same message
        assert (await send("消防方案.txt", FIRST.encode(), "file-0002")).status_code == 202
        button = made["buttons"][0][2]["data"]
        body = {"id": "press-01", "button": button, "pressed": made["id"]}
        await page.post("/api/messages", json=body)
        assert "已发布" in (await answered(3))["rows"][0]
        await send("空.docx", b"", "file-0003")
        assert "空" in (await answered(4))["rows"][0]
        too_large = await send("大.pdf", b"0" * (50 * 1024 * 1024 + 1), "file-0004")
        assert too_large.status_code == 413
        assert "超过 50 MB" in too_large.json()["error"]
    assert states(world) == ["in_force"]
    with reading(world.core.engine) as session:
        names = {upload.file_name for upload in session.exec(select(Upload))}
    assert "消防方案.txt" in names
    assert "空.docx" not in names
