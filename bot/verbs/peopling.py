"""People and one-time codes in the terminal."""

from collections.abc import Iterator

from sqlmodel import col, select

from bot import binding, binding_desk, people
from bot.binding import Wish
from bot.core import Core
from bot.models import Account, AccountRole, Purpose
from bot.verbs import as_json
from config.database import reading, writing
from config.errors import UserError

ROLES = {AccountRole.ADMIN: "管理员", AccountRole.MEMBER: "成员"}


def people_list(core: Core, *, json: bool = False) -> Iterator[str]:
    """Who may do what."""
    with reading(core.engine) as session:
        accounts = session.exec(select(Account).order_by(col(Account.id))).all()
    if json:
        yield as_json([{"account": a.full_name, "name": a.name, "role": a.role} for a in accounts])
        return
    for account in accounts:
        yield f"{account.full_name}  {account.name}  {ROLES[account.role]}"
    if not accounts:
        yield "还没有账号：有人给机器人发过消息，这里才有记录。"


def people_grant(core: Core, *, account: str, role: str) -> Iterator[str]:
    """Give an account a role."""
    if role not in list(AccountRole):
        raise UserError(f"没有“{role}”这个角色，可用：{'、'.join(AccountRole)}。")
    with writing(core.engine) as session:
        granted = people.set_role(session, account, AccountRole(role))
        waiting = binding_desk.tell_waiting(session, granted, core.clock.now())
    yield f"{account} 的角色已设为 {role}（{ROLES[AccountRole(role)]}）。"
    if waiting:
        yield f"有{waiting}个绑定申请待处理，见 duban chats list；管理员给机器人发 /bind 也能看到。"


def people_revoke(core: Core, *, account: str) -> Iterator[str]:
    """Take an account's role away."""
    with writing(core.engine) as session:
        people.set_role(session, account, AccountRole.MEMBER)
    yield f"{account} 的角色已设为 member（{ROLES[AccountRole.MEMBER]}）。"


def people_code(
    core: Core, *, unit: str, purpose: str = "unit", plans: list[str] | None = None
) -> Iterator[str]:
    """A one-time code that binds a chat."""
    if purpose not in list(Purpose):
        raise UserError(f"--as 可用：{'、'.join(Purpose)}。")
    wish = Wish(unit, Purpose(purpose), tuple(plans or ()))
    with writing(core.engine) as session:
        code, kept = binding.make_code(session, wish, "cli", core.clock.now())
        rows = binding_desk.code_rows(session, code, kept)
    yield from rows
