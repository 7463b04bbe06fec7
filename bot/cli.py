"""The same verbs in a terminal."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands import At, Json, PlanId, UnitName, carry_out, do, groups
from bot.failing import status_of
from bot.verbs import read_lines

HELP = "显示用法。"
ABOUT = "督办助手 duban：回答工作方案中的责任与目标，按时提醒责任单位。"
app = typer.Typer(no_args_is_help=True, add_completion=False, help=ABOUT)
for name, group in groups().items():
    app.add_typer(group, name=name)


def main() -> None:
    """Run a command; exit status 0 done, 1 a fault, told in one line, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        status = in_chinese(typer.main.get_command(app))(standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except BrokenPipeError:
        # whoever read us has gone; the interpreter must not stumble over it at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except Exception as error:
        status = status_of(error)
    sys.exit(status or 0)


def in_chinese(command: Any) -> Any:
    """A command of typer's, and those under it, where --help is told of in Chinese too."""
    command.get_help_option(typer.Context(command)).help = HELP
    for part in getattr(command, "commands", {}).values():
        in_chinese(part)
    return command


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
def backup(file: Annotated[Path, typer.Argument(help="写到哪个文件，如 备份.zip")]) -> None:
    """把数据库里的一切写成一个文件；duban serve 运行时也可以。"""
    do("backup", path=str(file.absolute()))


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="duban backup 写的文件")]) -> None:
    """把备份恢复到一个空的数据库；要先停止 duban serve。"""
    from bot.verbs.keeping import restore as run

    for line in run(file):
        print(line)


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
