"""Accounts and chats: who somebody is, which unit they speak for, what they may do."""

import secrets
from collections.abc import Iterable

from sqlmodel import Session, col, select

from bot.messages import Incoming
from bot.models import Account, AccountRole, Chat, KeyValue, Purpose
from config.database import batches
from config.errors import UserError
from corpus.models import Touched, Unit
from reminders.receivers import ScopedChat

CLAIM_CODE = "claim_code"


def account_of(session: Session, incoming: Incoming) -> Account:
    """The account that wrote, kept from its first message on."""
    account = find_account(session, incoming.platform, incoming.account_id)
    if account is None:
        account = Account(platform=incoming.platform, account_id=incoming.account_id)
    account.name = incoming.account_name or account.name
    if not incoming.is_group:
        account.private_chat_id = incoming.chat_id
    session.add(account)
    session.flush()
    return account


def find_account(session: Session, platform: str, account_id: str) -> Account | None:
    """The account with the platform's own id."""
    return session.exec(
        select(Account).where(Account.platform == platform, Account.account_id == account_id)
    ).first()


def is_admin(session: Session, platform: str, account_id: str) -> bool:
    """Whether an account may publish plans, bind chats and decide."""
    account = find_account(session, platform, account_id)
    return account is not None and account.role is AccountRole.ADMIN


def chat_of(session: Session, incoming: Incoming) -> Chat:
    """The chat that a message came from, kept from its first message on."""
    chat = find_chat(session, incoming.platform, incoming.chat_id)
    if chat is None:
        chat = Chat(
            platform=incoming.platform, chat_id=incoming.chat_id,
            kind="group" if incoming.is_group else "private",
        )  # fmt: skip
    chat.title = incoming.chat_title or chat.title
    if chat.is_dead and chat.unit_id is not None:
        session.add(Touched(unit_id=chat.unit_id))  # what came due meanwhile may be of use yet
    chat.is_dead = False
    session.add(chat)
    session.flush()
    return chat


def find_chat(session: Session, platform: str, chat_id: str) -> Chat | None:
    """The chat with the platform's own id."""
    return session.exec(
        select(Chat).where(Chat.platform == platform, Chat.chat_id == chat_id)
    ).first()


def unit_of(session: Session, incoming: Incoming) -> Unit | None:
    """The unit that a message speaks for: the chat's, else the account's."""
    chat = find_chat(session, incoming.platform, incoming.chat_id)
    account = find_account(session, incoming.platform, incoming.account_id)
    unit_id = (chat and chat.unit_id) or (account and account.unit_id)
    return session.get(Unit, unit_id) if unit_id else None


def scope_of(session: Session, incoming: Incoming) -> tuple[str, ...] | None:
    """The plans that are spoken of here, None for all; a plan that is named only narrows the chat's."""
    chat = find_chat(session, incoming.platform, incoming.chat_id)
    allowed = tuple(chat.plan_ids) if chat else ()
    if incoming.plan_id and (not allowed or incoming.plan_id in allowed):
        return (incoming.plan_id,)
    return allowed or None


def may_see(session: Session, incoming: Incoming, plan_ids: Iterable[str]) -> bool:
    """Whether all these plans may be spoken of in the chat of a message."""
    chat = find_chat(session, incoming.platform, incoming.chat_id)
    return chat is None or not chat.plan_ids or set(plan_ids) <= set(chat.plan_ids)


def chats_of(
    session: Session, unit_ids: Iterable[int], purpose: str = Purpose.UNIT
) -> dict[int, list[tuple[str, str]]]:
    """Unit id → (platform, chat id) of the live chats that are bound to it for a purpose."""
    found: dict[int, list[tuple[str, str]]] = {}
    for some in batches(unit_ids):
        query = select(Chat).where(
            col(Chat.unit_id).in_(some), Chat.purpose == purpose, col(Chat.is_dead).is_(False)
        )
        for chat in session.exec(query.order_by(col(Chat.id))):
            assert chat.unit_id is not None
            place = ScopedChat((chat.platform, chat.chat_id), chat.plan_ids)
            found.setdefault(chat.unit_id, []).append(place)
    return found


def admins(session: Session) -> list[Account]:
    """Every account that may publish plans and bind chats."""
    return list(session.exec(select(Account).where(Account.role == AccountRole.ADMIN)))


def admin_chats(session: Session) -> list[tuple[int, str, str]]:
    """(account's row id, platform, chat id) of the private chats where admins can be written to."""
    found = []
    for account in admins(session):
        chat_id = account.private_chat_id
        chat = find_chat(session, account.platform, chat_id) if chat_id else None
        if chat_id and not (chat and chat.is_dead):
            assert account.id is not None
            found.append((account.id, account.platform, chat_id))
    return found


def groups_among(session: Session, platform: str, chat_ids: Iterable[str]) -> set[str]:
    """Which of these chats are groups."""
    query = select(Chat.chat_id).where(Chat.platform == platform, Chat.kind == "group")
    return set(session.exec(query.where(col(Chat.chat_id).in_(list(chat_ids)))))


def chat_gone(session: Session, platform: str, chat_id: str, words: str) -> Chat | None:
    """Follow a chat that moved, or mark it dead; `words` is the code of the platform's refusal.

    The chat, if it was alive until now and moved nowhere.
    """
    chat = find_chat(session, platform, chat_id)
    if chat is None:
        return None
    was_alive = not chat.is_dead
    _, moved, new_id = words.partition("migrated:")
    newer = find_chat(session, platform, new_id) if moved else None
    if moved and newer is None:
        chat.chat_id = new_id
    else:
        chat.is_dead = True
    if newer is not None:  # somebody wrote there before we heard of the move
        if newer.unit_id is None:
            newer.unit_id, newer.purpose = chat.unit_id, chat.purpose
        newer.plan_ids = newer.plan_ids or chat.plan_ids
        chat.unit_id, chat.plan_ids = None, []  # it is one chat, and it can be reached
        session.add(newer)
    session.add(chat)
    return chat if was_alive and not moved else None


# ---- the first admin


def claim_code(session: Session) -> str | None:
    """The one-time code for the first admin; None when there is an admin already."""
    if admins(session):
        return None
    stored = session.get(KeyValue, CLAIM_CODE)
    if stored is None:
        stored = KeyValue(key=CLAIM_CODE, value=f"{secrets.randbelow(10**8):08d}")
        session.add(stored)
    return stored.value


def claim(session: Session, account: Account, code: str) -> bool:
    """Make `account` the first admin if `code` is the one-time code; the code is then spent."""
    stored = session.get(KeyValue, CLAIM_CODE)
    # bytes: compare_digest takes no other letters than ASCII, and people send anything
    if stored is None or not secrets.compare_digest(stored.value.encode(), code.strip().encode()):
        return False
    account.role = AccountRole.ADMIN
    session.add(account)
    session.delete(stored)
    return True


def set_role(session: Session, name: str, role: AccountRole) -> Account:
    """Give `platform:account` a role; a UserError names the form when it is another."""
    platform, colon, account_id = name.partition(":")
    if not colon or not account_id:
        raise UserError(
            f"账号“{name}”应写成 平台:账号，例如 telegram:12345678。duban people list 可看到已知账号。"
        )
    account = find_account(session, platform, account_id)
    if account is None:
        account = Account(platform=platform, account_id=account_id)
    account.role = role
    session.add(account)
    session.flush()
    return account
