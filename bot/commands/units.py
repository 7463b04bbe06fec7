"""duban units …: The directory of units."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands import Json, do

app = typer.Typer(no_args_is_help=True, help="单位名录")


@app.command("list")
def units_list(json: Json = False) -> None:
    """全部单位。"""
    do("units_list", json=json)


@app.command("import")
def units_import(file: Annotated[Path, typer.Argument(help="xlsx 或 csv")]) -> None:
    """导入单位名录：名称、地区、别名、上级、成员、联系人。"""
    do("units_import", path=str(file.absolute()))


@app.command("export")
def units_export(file: Annotated[Path, typer.Argument(help="xlsx 或 csv")]) -> None:
    """导出单位名录，改好后可再导入。"""
    do("units_export", path=str(file.absolute()))


@app.command("ics")
def units_ics(
    unit: Annotated[str, typer.Argument(help="单位名称")],
    file: Annotated[Path, typer.Argument(help="写到哪个文件，如 日历.ics")],
) -> None:
    """一个单位的日历：在执行的方案里它参与的、还没有办结的全部日子。"""
    do("units_ics", unit=unit, path=str(file.absolute()))


@app.command("merge")
def units_merge(
    keep: str, other: str, place: Annotated[str | None, typer.Option("--place", help="地区")] = None
) -> None:
    """把后一个单位并入前一个：责任、绑定和记录都归前一个，原名留作别名。"""
    do("units_merge", keep=keep, other=other, place=place)
