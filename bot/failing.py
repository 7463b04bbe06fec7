"""What a command that fails says: one line on stderr, and the exit status."""

import sys
from typing import Any

from config.errors import DubanError

USAGE = {  # typer's words for wrong usage, in ours
    "No such command ": "没有这个命令：", "Missing command": "缺少命令",
    "Got unexpected extra argument(s)": "多余的参数",
    "requires an argument": "后面缺少值", "Option ": "选项 ", "Invalid value": "值不对",
}  # fmt: skip


def status_of(error: Exception) -> int:
    """Tell the person what is wrong; 1 for a fault, 2 for wrong usage."""
    if getattr(error, "exit_code", None) == 2:
        return _misused(error)
    line = str(error) if isinstance(error, DubanError) else _own_fault(error)
    print(" ".join(line.split("\n")), file=sys.stderr)  # noqa: T201
    return 1


def _misused(error: Any) -> int:
    """`error` is one of typer's: wrong usage, or a group of commands without a command."""
    kind = type(error).__name__
    if kind == "NoArgsIsHelpError":
        print(error.format_message(), end="")  # noqa: T201
        return 2
    if kind == "NoSuchOption":
        words = f"没有 {error.option_name} 这个选项"
    elif kind == "MissingParameter" and error.param is not None:
        words = f"缺少 {error.param.opts[0]}"
    else:
        words = error.message
        for english, chinese in USAGE.items():
            words = words.replace(english, chinese)
    command = error.ctx.command_path if error.ctx else "duban"
    print(f"用法有误：{words.rstrip('。.')}。{command} --help 可看到用法。", file=sys.stderr)  # noqa: T201
    return 2


def _own_fault(error: Exception) -> str:
    """One line for the person, the traceback for whoever mends it."""
    from bot.logs import write_fault
    from config.settings import load_settings

    try:
        home = load_settings().home
    except DubanError as wrong:
        return str(wrong)
    return write_fault(home, error)
