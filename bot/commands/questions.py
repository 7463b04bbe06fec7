"""duban questions …: What was not answered well."""

from typing import Annotated

import typer

from bot.commands import Json, PlanId, do

app = typer.Typer(no_args_is_help=True, help="没答上来的、被点“没用”的问题")


@app.command("list")
def questions_list(
    unanswered: Annotated[bool, typer.Option("--unanswered", help="只看没答上来的")] = False,
    disliked: Annotated[bool, typer.Option("--disliked", help="只看被点“没用”的")] = False,
    json: Json = False,
) -> None:
    """等管理员答复的问题，按方案和单位。"""
    do("questions_list", unanswered=unanswered, disliked=disliked, json=json)


@app.command("answer")
def questions_answer(id: int, text: str, plan: PlanId = None) -> None:
    """核定一个答复，以后同样的问题都这样回答。"""
    do("questions_answer", id=id, text=text, plan=plan)


@app.command("withdraw")
def questions_withdraw(id: int) -> None:
    """撤回核定的答复。"""
    do("questions_withdraw", id=id)
