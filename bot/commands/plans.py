"""duban plans …: The plans and their versions."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands import Json, do

app = typer.Typer(no_args_is_help=True, help="方案及其版本")


@app.command("list")
def plans_list(json: Json = False) -> None:
    """全部方案。"""
    do("plans_list", json=json)


@app.command("show")
def plans_show(id: str, json: Json = False) -> None:
    """一个方案读出了什么。"""
    do("plans_show", id=id, json=json)


@app.command("diff")
def plans_diff(id: str, json: Json = False) -> None:
    """新草稿与在执行版本的逐行差别。"""
    do("plans_diff", id=id, json=json)


@app.command("publish")
def plans_publish(id: str) -> None:
    """发布草稿。"""
    do("plans_publish", id=id)


@app.command("reread")
def plans_reread(id: str) -> None:
    """用现在的程序把原文件再读一遍；有不同就成为草稿。"""
    do("plans_reread", id=id)


@app.command("discard")
def plans_discard(id: str) -> None:
    """放弃最新的草稿。"""
    do("plans_discard", id=id)


@app.command("correct")
def plans_correct(
    id: str,
    row: Annotated[
        str | None, typer.Option("--row", help="哪一行：8、#12、附件2第8项，或其中的文字")
    ] = None,
    part: Annotated[
        str | None, typer.Option("--part", help="哪个部分：main、annex、indicator…")
    ] = None,
    timing: Annotated[int | None, typer.Option("--timing", help="第几处时限")] = None,
    title: Annotated[str | None, typer.Option("--title", help="标题")] = None,
    due: Annotated[str | None, typer.Option("--due", help="时限：2026-06-30，或“无”")] = None,
    lead: Annotated[str | None, typer.Option("--lead", help="牵头单位，用顿号分开")] = None,
    support: Annotated[str | None, typer.Option("--support", help="配合单位，用顿号分开")] = None,
    issuer: Annotated[str | None, typer.Option("--issuer", help="发文单位")] = None,
    doc_number: Annotated[str | None, typer.Option("--doc-number", help="文号")] = None,
    issued_on: Annotated[str | None, typer.Option("--issued-on", help="印发日期")] = None,
    jurisdiction: Annotated[str | None, typer.Option("--jurisdiction", help="地区")] = None,
    period_start_on: Annotated[str | None, typer.Option("--period-start", help="执行期起")] = None,
    period_end_on: Annotated[str | None, typer.Option("--period-end", help="执行期止")] = None,
) -> None:
    """更正一行，或（不写 --row）更正方案本身；原文另存，重新读入后仍有效。"""
    given = {
        "title": title, "due": due, "lead": lead, "support": support, "issuer": issuer,
        "doc_number": doc_number, "issued_on": issued_on, "jurisdiction": jurisdiction,
        "period_start_on": period_start_on, "period_end_on": period_end_on,
    }  # fmt: skip
    values = {field: value for field, value in given.items() if value is not None}
    do("plans_correct", id=id, row=row, part=part, timing=timing, values=values)


@app.command("corrections")
def plans_corrections(id: str, json: Json = False) -> None:
    """更正记录：谁、何时、从什么改成什么。"""
    do("plans_corrections", id=id, json=json)


@app.command("uncorrect")
def plans_uncorrect(correction: Annotated[int, typer.Argument(help="更正的编号")]) -> None:
    """撤销一条更正。"""
    do("plans_uncorrect", correction=correction)


@app.command("retire")
def plans_retire(id: str) -> None:
    """停用方案。"""
    do("plans_retire", id=id)


@app.command("rollback")
def plans_rollback(id: str) -> None:
    """恢复上一个版本。"""
    do("plans_rollback", id=id)


@app.command("export")
def plans_export(
    id: str,
    format: Annotated[str, typer.Option("--format", help="json、csv、ics 或 xlsx")] = "json",
    output: Annotated[
        Path | None, typer.Option("--output", help="写到这个文件；xlsx 默认 <方案代号>.xlsx")
    ] = None,
) -> None:
    """导出一个方案的台账。"""
    if output is None and format == "xlsx":
        output = Path(f"{id}.xlsx")
    do("plans_export", id=id, format=format, output=str(output.absolute()) if output else None)
