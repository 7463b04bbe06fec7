"""duban reminders …: What will be sent, and what was."""

from typing import Annotated

import typer

from bot.commands import Json, PlanId, UnitName, do

app = typer.Typer(no_args_is_help=True, help="提醒：预览与发送记录")


@app.command("preview")
def reminders_preview(
    start: Annotated[str, typer.Option("--from", help="起始日期")],
    end: Annotated[str, typer.Option("--to", help="结束日期，含当天")],
    unit: UnitName = None, plan: PlanId = None, json: Json = False,
) -> None:  # fmt: skip
    """一段日子里会发出的全部提醒。"""
    do("reminders_preview", start=start, end=end, unit=unit, plan=plan, json=json)


@app.command("log")
def reminders_log(json: Json = False) -> None:
    """发出过什么，结果如何。"""
    do("reminders_log", json=json)


@app.command("resend")
def reminders_resend(
    id: Annotated[int, typer.Argument(help="编号，见 duban reminders log")],
) -> None:
    """重发一条没有送到、或不能确定送到没有的消息。"""
    do("reminders_resend", id=id)
