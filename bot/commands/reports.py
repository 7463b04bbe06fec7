"""duban reports …: What is to be reported by whom, what came, and what is missing."""

from typing import Annotated

import typer

from bot.commands import At, Json, PlanId, UnitName, do

app = typer.Typer(no_args_is_help=True, help="报送：窗口、未报送、登记")
duty_app = typer.Typer(no_args_is_help=True, help="管理员另设的报送要求")
app.add_typer(duty_app, name="duty")


@app.command("list")
def reports_list(
    start: Annotated[str | None, typer.Option("--from", help="起始日期；默认今年1月1日")] = None,
    end: Annotated[str | None, typer.Option("--to", help="结束日期，含当天；默认今年底")] = None,
    unit: UnitName = None, plan: PlanId = None, at: At = None, json: Json = False,
) -> None:  # fmt: skip
    """一段日子里到期的报送。"""
    do("reports_list", start=start, end=end, unit=unit, plan=plan, at=at, json=json)


@app.command("missing")
def reports_missing(
    unit: UnitName = None, plan: PlanId = None, at: At = None, json: Json = False
) -> None:
    """逾期还没有报送的。"""
    do("reports_missing", unit=unit, plan=plan, at=at, json=json)


@app.command("submit")
def reports_submit(
    id: Annotated[int, typer.Argument(help="编号，见 duban reports list")],
    text: Annotated[str, typer.Argument(help="报送内容或说明")] = "",
    on: Annotated[str | None, typer.Option("--on", help="收到的日期；默认今天")] = None,
) -> None:
    """登记在会话之外收到的报送。"""
    do("reports_submit", id=id, text=text, on=on)


@duty_app.command("list")
def reports_duty_list(json: Json = False) -> None:
    """另设的报送要求。"""
    do("reports_duty_list", json=json)


@duty_app.command("add")
def reports_duty_add(
    text: Annotated[str, typer.Argument(help="报送什么")],
    every: Annotated[str, typer.Option("--every", help="多久一次，如“每季度末月25日前”")],
    plan: PlanId = None,
    units: Annotated[
        str | None, typer.Option("--units", help="哪些单位，用顿号分开；默认各牵头（责任）单位")
    ] = None,
    at: At = None,
) -> None:
    """另设一项报送要求，不写 --plan 则对全部在执行的方案。"""
    do("reports_duty_add", text=text, every=every, plan=plan, units=units, at=at)


@duty_app.command("end")
def reports_duty_end(
    id: Annotated[int, typer.Argument(help="编号，见 duban reports duty list")], at: At = None
) -> None:
    """终止一项另设的报送要求。"""
    do("reports_duty_end", id=id, at=at)
