"""Reminders and people in the terminal."""

from collections.abc import Iterator

from sqlmodel import col, select

from bot import people, reminding
from bot.core import Core
from bot.models import Account, AccountRole
from bot.verbs import as_json
from config.clock import read_day
from config.database import reading, writing
from config.errors import UserError
from corpus import ledger
from reminders.preview import preview


def reminders_preview(
    core: Core, *, start: str, end: str, unit: str | None = None, plan: str | None = None,
    json: bool = False,
) -> Iterator[str]:  # fmt: skip
    """Every reminder that would be sent between two days."""
    first, last = read_day(start), read_day(end)
    if last < first:
        raise UserError(f"--to {end} 早于 --from {start}。")
    with reading(core.engine) as session:
        if plan:
            ledger.known_plan(session, plan)
        found = preview(
            session, first, last, core.workdays, core.settings, unit=unit, plan_id=plan,
            text_of=lambda item: "\n".join(reminding.preview_rows(item)),
        )  # fmt: skip
        if json:
            yield as_json([item.to_json() for item in found])
            return
        for item in found:
            yield f"{item.at:%Y-%m-%d %H:%M}  {item.unit}（{item.plan_id}）"
            yield item.text
        yield f"共{len(found)}条提醒。"


def people_list(core: Core, *, json: bool = False) -> Iterator[str]:
    """Who may do what."""
    with reading(core.engine) as session:
        accounts = session.exec(select(Account).order_by(col(Account.id))).all()
    if json:
        yield as_json(
            [
                {"account": f"{a.platform}:{a.account_id}", "name": a.name, "role": a.role}
                for a in accounts
            ]
        )
        return
    for account in accounts:
        yield f"{account.platform}:{account.account_id}  {account.name}  {account.role}"
    if not accounts:
        yield "还没有人和我说过话。"


def people_grant(core: Core, *, account: str, role: str) -> Iterator[str]:
    """Give an account a role."""
    if role not in list(AccountRole):
        raise UserError(f"没有“{role}”这个角色，可用：{'、'.join(AccountRole)}。")
    with writing(core.engine) as session:
        people.set_role(session, account, AccountRole(role))
    yield f"{account} 现在是 {role}。"


def people_revoke(core: Core, *, account: str) -> Iterator[str]:
    """Take an account's role away."""
    with writing(core.engine) as session:
        people.set_role(session, account, AccountRole.MEMBER)
    yield f"{account} 现在是 member。"
