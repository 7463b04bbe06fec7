"""duban reminders …: What will be sent, and what was."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands import At, Json, PlanId, UnitName, do

app = typer.Typer(no_args_is_help=True, help="提醒：预览、规则与发送记录")
rules_app = typer.Typer(no_args_is_help=True, help="提醒规则的设置，可按方案、按单位另定")
app.add_typer(rules_app, name="rules")


@app.command("preview")
def reminders_preview(
    start: Annotated[str, typer.Option("--from", help="起始日期")],
    end: Annotated[str, typer.Option("--to", help="结束日期，含当天")],
    unit: UnitName = None, plan: PlanId = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="试改一项设置，看提醒怎样变：名称=值")
    ] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """一段日子里会发出的全部提醒；加 --set 则是改设置后的增减。"""
    do(
        "reminders_preview",
        start=start,
        end=end,
        unit=unit,
        plan=plan,
        change=change or [],
        json=json,
    )


@app.command("circular")
def reminders_circular(
    month: Annotated[str | None, typer.Option("--month", help="月份，如 2022-06；默认上个月")] = None,
    plan: PlanId = None,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="另存为表格")] = None,
    png: Annotated[Path | None, typer.Option("--png", help="另存为图片")] = None,
    at: At = None, json: Json = False,
) -> None:  # fmt: skip
    """一个月的督办通报：各单位的红黄绿灯和办结、报送数。"""
    do(
        "reminders_circular",
        month=month,
        plan=plan,
        xlsx=str(xlsx.absolute()) if xlsx else None,
        png=str(png.absolute()) if png else None,
        at=at,
        json=json,
    )


@app.command("log")
def reminders_log(json: Json = False) -> None:
    """发出过什么，结果如何。"""
    do("reminders_log", json=json)


@app.command("resend")
def reminders_resend(
    id: Annotated[int, typer.Argument(help="编号，见 duban reminders log")],
) -> None:
    """重发一条未送达、或不能确定是否送达的消息。"""
    do("reminders_resend", id=id)


@rules_app.command("list")
def rules_list(json: Json = False) -> None:
    """全部设置：默认值，以及另定的值。"""
    do("reminders_rules_list", json=json)


@rules_app.command("set")
def rules_set(name: str, value: str, plan: PlanId = None, unit: UnitName = None) -> None:
    """为一个方案、一个单位，或两者，另定一项设置；都不写则对全部有效。"""
    do("reminders_rules_set", name=name, value=value, plan=plan, unit=unit)


@rules_app.command("unset")
def rules_unset(name: str, plan: PlanId = None, unit: UnitName = None) -> None:
    """取消另定的值，恢复默认。"""
    do("reminders_rules_unset", name=name, plan=plan, unit=unit)
