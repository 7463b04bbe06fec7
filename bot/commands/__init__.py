"""The commands of the terminal, a file a group; each does its work by a verb, here or in the serving process."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any

import typer

from bot import verbs

At = Annotated[str | None, typer.Option("--at", help="站在哪一天：2026-06-25 或 2026-06-25T09:00")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON，供程序使用")]
UnitName = Annotated[str | None, typer.Option("--unit", help="单位名称")]
PlanId = Annotated[str | None, typer.Option("--plan", help="方案代号，见 duban plans list")]


def groups() -> dict[str, typer.Typer]:
    """Name → commands: every module of this folder is a group, under its own name."""
    names = sorted(module.name for module in iter_modules(__path__))
    return {name: import_module(f"{__name__}.{name}").app for name in names}


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
