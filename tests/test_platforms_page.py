"""docs/platforms.md tells what each platform can carry, made from the platforms' own data."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from vendor import makes

import bot.platforms
from bot.messages import CallReply, Limits, Platform, ShowsWork
from bot.platforms.console import Console
from config.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "platforms.md"
BEGIN, END = "<!-- made from the platforms' limits -->\n", "<!-- the end of what is made -->"
UNITS = {"characters": "字符", "utf16": "UTF-16 单位", "bytes": "字节"}
HEAD = ("平台", "长度", "按钮", "改消息", "发文件", "收文件", "点名", "正在输入",
        "每分钟（私聊）", "每分钟（群）", "重投")  # fmt: skip


def all_platforms() -> Iterator[tuple[str, Platform]]:
    """Each platform as it is set up in each of its ways, by its name in the conformance suite."""
    store = create_engine("sqlite://")
    for way, make in makes():
        vendor = make()
        vendor.start(lambda call: CallReply(503))
        try:
            settings = Settings(**vendor.settings())
            yield way, bot.platforms.load_platforms(settings, store)[vendor.name]
        finally:
            vendor.stop()
    yield "console", Console()
    store.dispose()


def row(way: str, platform: Platform) -> tuple[str, ...]:
    limits: Limits = platform.limits
    edits = ("能" if not limits.edits_cards_only else "卡片") if limits.can_edit else "—"
    buttons = str(limits.buttons) if limits.buttons else "用数字" if limits.hears else "—"
    return (
        f"`{way}`", f"{limits.text_units:,} {UNITS[limits.measure]}", buttons, edits,
        _size(limits.file_bytes), "能" if limits.receives_files else "—",
        "能" if limits.can_mention else "—", "能" if isinstance(platform, ShowsWork) else "—",
        _rate(limits.chat_messages_per_min), _rate(limits.group_messages_per_min),
        _span(limits.redelivers_for_s),
    )  # fmt: skip


def _size(count: int) -> str:
    return f"{count // 1024 // 1024} MB" if count else "—"


def _rate(rate: float) -> str:
    return "不限" if rate >= Limits(text_units=1).messages_per_s else f"{rate:g}"


def _span(seconds: float) -> str:
    return f"{seconds / 3600:g} 小时" if seconds >= 3600 else f"{seconds:g} 秒" if seconds else "—"


def test_the_table_is_what_the_platforms_say(request: pytest.FixtureRequest) -> None:
    rows = [row(way, platform) for way, platform in all_platforms() if way != "toy"]
    lines = [HEAD, ("---",) * len(HEAD), *sorted(rows)]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    made = before + BEGIN + "\n" + table + "\n" + end + after
    if request.config.getoption("--update-golden"):
        PAGE.write_text(made, "utf-8")
        page = made
    assert page == made
