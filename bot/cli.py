"""The same verbs in a terminal."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import verbs
from bot.failing import status_of
from bot.verbs import read_lines

ABOUT = "督办助手 duban：回答工作方案中的责任与目标，按时提醒责任单位。"
app = typer.Typer(no_args_is_help=True, add_completion=False, help=ABOUT)
plans_app = typer.Typer(no_args_is_help=True, help="方案及其版本")
units_app = typer.Typer(no_args_is_help=True, help="单位名录")
reminders_app = typer.Typer(no_args_is_help=True, help="提醒：预览与发送记录")
questions_app = typer.Typer(no_args_is_help=True, help="没答上来的、被点“没用”的问题")
people_app = typer.Typer(no_args_is_help=True, help="账号与权限")
app.add_typer(plans_app, name="plans")
app.add_typer(units_app, name="units")
app.add_typer(reminders_app, name="reminders")
app.add_typer(questions_app, name="questions")
app.add_typer(people_app, name="people")

At = Annotated[str | None, typer.Option("--at", help="站在哪一天：2026-06-25 或 2026-06-25T09:00")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON，供程序使用")]
UnitName = Annotated[str | None, typer.Option("--unit", help="单位名称")]
PlanId = Annotated[str | None, typer.Option("--plan", help="方案代号，见 duban plans list")]


def main() -> None:
    """Run a command; exit status 0 done, 1 a fault, told in one line, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        status = app(standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except BrokenPipeError:
        # whoever read us has gone; the interpreter must not stumble over it at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except Exception as error:
        status = status_of(error)
    sys.exit(status or 0)


def carry_out(verb: str, **arguments: Any) -> Iterator[str]:
    """The lines of a verb, carried out here, or in the serving process when there is one."""
    from bot.handoff import hand_over, serving
    from config.settings import load_settings

    settings = load_settings()
    note = serving(settings.home)
    if note is not None:
        yield from hand_over(note, verb, arguments)
        return
    from bot.core import opened
    from bot.logs import log_to_stderr

    log_to_stderr()
    with opened(settings) as core:
        yield from verbs.run(core, verb, arguments)


def do(verb: str, **arguments: Any) -> None:
    """Carry out a verb and print its lines."""
    for line in carry_out(verb, **arguments):
        print(line, flush=True)


@app.command()
def serve(at: At = None) -> None:
    """启动全部服务：网页对话、提醒、已配置的各平台。"""
    from bot.serve import serve as run

    run(at)


@app.command()
def chat(unit: UnitName = None, plan: PlanId = None, at: At = None) -> None:
    """在终端里对话。"""
    from bot.platforms.console import converse

    converse(carry_out, unit=unit, plan=plan, at=at)


@app.command()
def ask(
    text: Annotated[str | None, typer.Argument(help="问题")] = None,
    batch: Annotated[Path | None, typer.Option("--batch", help="每行一个问题的 JSONL 文件")] = None,
    unit: UnitName = None, plan: PlanId = None, at: At = None, json: Json = False,
) -> None:  # fmt: skip
    """问一个问题，或一个文件里的全部问题。"""
    if (text is None) == (batch is None):
        raise typer.BadParameter("请给出一个问题，或用 --batch 给出问题文件")
    if batch is not None:
        do("batch", lines=read_lines(batch))
    else:
        do("ask", text=text, unit=unit, plan=plan, at=at, json=json)


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="文件")],
    plan: PlanId = None,
    publish: Annotated[bool, typer.Option("--publish", help="读完即发布")] = False,
    json: Json = False,
) -> None:
    """读入方案文件。"""
    # absolute, since the serving process may stand in another folder
    do(
        "ingest",
        paths=[str(path.absolute()) for path in paths],
        plan=plan,
        publish=publish,
        json=json,
    )


@app.command()
def dates(
    texts: Annotated[list[str] | None, typer.Argument(help="时间说法，如 6月前")] = None,
    batch: Annotated[Path | None, typer.Option("--batch", help="每行一个说法的 JSONL 文件")] = None,
    at: At = None, json: Json = False,
) -> None:  # fmt: skip
    """看一个时间说法读成什么日期。"""
    if not texts and batch is None:
        raise typer.BadParameter("请给出时间说法，或用 --batch 给出文件")
    do("dates", texts=texts or [], lines=read_lines(batch) if batch else [], at=at, json=json)


@app.command("eval")
def evaluate(
    files: Annotated[list[Path], typer.Argument(help="标注好的问题，JSONL")],
    show: Annotated[int, typer.Option("--show", help="显示几个答错的")] = 0,
    least: Annotated[
        float | None, typer.Option("--min", min=0, max=1, help="答对率低于它时退出码为 1")
    ] = None,
    json: Json = False,
) -> None:
    """用标注好的问题检查回答：答对多少，有据多少。"""
    do(
        "evaluate_files",
        files={str(f): read_lines(f) for f in files},
        show=show,
        least=least,
        json=json,
    )


@app.command()
def doctor() -> None:
    """检查设置、数据库、索引、平台和放假安排。"""
    from bot.doctor import examine

    healthy = True
    for ok, line in examine():
        print(f"{'✓' if ok else '✗'} {line}")
        healthy &= ok
    if not healthy:
        raise typer.Exit(1)


@plans_app.command("list")
def plans_list(json: Json = False) -> None:
    """全部方案。"""
    do("plans_list", json=json)


@plans_app.command("show")
def plans_show(id: str, json: Json = False) -> None:
    """一个方案读出了什么。"""
    do("plans_show", id=id, json=json)


@plans_app.command("diff")
def plans_diff(id: str, json: Json = False) -> None:
    """新草稿与在执行版本的逐行差别。"""
    do("plans_diff", id=id, json=json)


@plans_app.command("publish")
def plans_publish(id: str) -> None:
    """发布草稿。"""
    do("plans_publish", id=id)


@plans_app.command("discard")
def plans_discard(id: str) -> None:
    """放弃最新的草稿。"""
    do("plans_discard", id=id)


@plans_app.command("correct")
def plans_correct(
    id: str,
    row: Annotated[
        str | None, typer.Option("--row", help="哪一行：序号、#行次，或其中的文字")
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


@plans_app.command("corrections")
def plans_corrections(id: str, json: Json = False) -> None:
    """更正记录：谁、何时、从什么改成什么。"""
    do("plans_corrections", id=id, json=json)


@plans_app.command("uncorrect")
def plans_uncorrect(correction: Annotated[int, typer.Argument(help="更正的编号")]) -> None:
    """撤销一条更正。"""
    do("plans_uncorrect", correction=correction)


@plans_app.command("retire")
def plans_retire(id: str) -> None:
    """停用方案。"""
    do("plans_retire", id=id)


@plans_app.command("rollback")
def plans_rollback(id: str) -> None:
    """恢复上一个版本。"""
    do("plans_rollback", id=id)


@plans_app.command("export")
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


@units_app.command("list")
def units_list(json: Json = False) -> None:
    """全部单位。"""
    do("units_list", json=json)


@units_app.command("import")
def units_import(file: Annotated[Path, typer.Argument(help="xlsx 或 csv")]) -> None:
    """导入单位名录：名称、地区、别名、上级、成员、联系人。"""
    do("units_import", path=str(file.absolute()))


@units_app.command("export")
def units_export(file: Annotated[Path, typer.Argument(help="xlsx 或 csv")]) -> None:
    """导出单位名录，改好后可再导入。"""
    do("units_export", path=str(file.absolute()))


@units_app.command("merge")
def units_merge(
    keep: str, other: str, place: Annotated[str | None, typer.Option("--place", help="地区")] = None
) -> None:
    """把后一个单位并入前一个：责任、绑定和记录都归前一个，原名留作别名。"""
    do("units_merge", keep=keep, other=other, place=place)


@reminders_app.command("preview")
def reminders_preview(
    start: Annotated[str, typer.Option("--from", help="起始日期")],
    end: Annotated[str, typer.Option("--to", help="结束日期，含当天")],
    unit: UnitName = None, plan: PlanId = None, json: Json = False,
) -> None:  # fmt: skip
    """一段日子里会发出的全部提醒。"""
    do("reminders_preview", start=start, end=end, unit=unit, plan=plan, json=json)


@reminders_app.command("log")
def reminders_log(json: Json = False) -> None:
    """发出过什么，结果如何。"""
    do("reminders_log", json=json)


@questions_app.command("list")
def questions_list(
    unanswered: Annotated[bool, typer.Option("--unanswered", help="只看没答上来的")] = False,
    disliked: Annotated[bool, typer.Option("--disliked", help="只看被点“没用”的")] = False,
    json: Json = False,
) -> None:
    """等管理员答复的问题，按方案和单位。"""
    do("questions_list", unanswered=unanswered, disliked=disliked, json=json)


@questions_app.command("answer")
def questions_answer(id: int, text: str, plan: PlanId = None) -> None:
    """核定一个答复，以后同样的问题都这样回答。"""
    do("questions_answer", id=id, text=text, plan=plan)


@questions_app.command("withdraw")
def questions_withdraw(id: int) -> None:
    """撤回核定的答复。"""
    do("questions_withdraw", id=id)


@people_app.command("list")
def people_list(json: Json = False) -> None:
    """已知账号。"""
    do("people_list", json=json)


@people_app.command("grant")
def people_grant(account: str, role: str) -> None:
    """授予角色：admin 或 member。"""
    do("people_grant", account=account, role=role)


@people_app.command("revoke")
def people_revoke(account: str) -> None:
    """收回角色。"""
    do("people_revoke", account=account)
