"""duban chats …: Which chats speak for which units."""

from typing import Annotated

import typer

from bot.commands import Json, UnitName, do

app = typer.Typer(no_args_is_help=True, help="绑定了单位的会话，以及邮件等联系方式")

As = Annotated[str, typer.Option("--as", help="unit 单位、head 负责人、leader 分管领导")]
Plans = Annotated[list[str] | None, typer.Option("--plan", help="只涉及这个方案；可写几次")]


@app.command("list")
def chats_list(unit: UnitName = None, json: Json = False) -> None:
    """绑定了单位的会话，和等待同意的请求。"""
    do("chats_list", unit=unit, json=json)


@app.command("add")
def chats_add(
    chat: Annotated[str, typer.Argument(help="mail:邮箱、notify:apprise网址，或 平台:会话")],
    unit: Annotated[str, typer.Option("--unit", help="单位名称")],
    purpose: As = "unit",
    plan: Plans = None,
    title: Annotated[str, typer.Option("--name", help="怎样称呼，如联系人姓名")] = "",
) -> None:
    """绑定一个会话；没有聊天工具的联系人，用邮箱或通知地址。"""
    do("chats_add", chat=chat, unit=unit, purpose=purpose, plans=plan, title=title)


@app.command("unbind")
def chats_unbind(
    chat: Annotated[str, typer.Argument(help="编号，或 平台:会话，见 duban chats list")],
) -> None:
    """解除绑定；邮箱和通知地址随之删除。"""
    do("chats_unbind", chat=chat)
