"""duban people …: Accounts and what they may do."""

import typer

from bot.commands import Json, do
from bot.commands.chats import As, Plans

app = typer.Typer(no_args_is_help=True, help="账号与权限")


@app.command("list")
def people_list(json: Json = False) -> None:
    """已知账号。"""
    do("people_list", json=json)


@app.command("grant")
def people_grant(account: str, role: str) -> None:
    """授予角色：admin 或 member。"""
    do("people_grant", account=account, role=role)


@app.command("revoke")
def people_revoke(account: str) -> None:
    """收回角色。"""
    do("people_revoke", account=account)


@app.command("code")
def people_code(unit: str, purpose: As = "unit", plan: Plans = None) -> None:
    """一次性口令：对方在群里或私聊里发 /bind 口令，即绑定到单位。"""
    do("people_code", unit=unit, purpose=purpose, plans=plan)
