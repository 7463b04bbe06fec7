"""The terminal: the same chat, a line at a time."""

from collections.abc import Callable


def converse(do: Callable[..., None], *, unit: str | None, plan: str | None, at: str | None) -> None:
    """Read questions from the terminal until its end; each is answered where duban runs."""
    print("直接提问，例如：本月到期的任务有哪些？空行或 Ctrl+D 结束。")  # noqa: T201
    history: list[str] = []
    while True:
        try:
            text = input("› ").strip()
        except EOFError:
            return
        if not text:
            return
        do("ask", text=text, unit=unit, plan=plan, at=at, history=history[-4:])
        history.append(text)
