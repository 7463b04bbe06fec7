"""Which chat speaks for which unit and may see which plans: asked for, granted, given by code, taken back."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, func, select

from bot.messages import Incoming
from bot.models import Account, Attempt, BindCode, BindRequest, Chat, Purpose
from config.errors import UserError
from corpus import ledger
from corpus.models import Touched, Unit

PURPOSES = {Purpose.UNIT: "", Purpose.HEAD: "负责人", Purpose.LEADER: "分管领导"}
NO_UNIT = "方案里没有“{name}”这个单位。请用方案中的名称，例如：/bind 市教育局"
WRONG_CODE = "口令有误、已使用，或已过期。请向管理员重新索取。"

# no letters and digits that are taken for each other; the first is a letter, so that no code looks
# like the digits of the first admin's
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"
_SIGNS = f"23456789{_LETTERS}"
_CODE = re.compile(rf"[{_LETTERS}][{_SIGNS}]{{3}}[-－—]?[{_SIGNS}]{{4}}", re.IGNORECASE)
CODE_HOLDS = timedelta(days=7)

WRONG_TRIES = 5  # of one account within TRIES_WITHIN
WRONG_TRIES_OF_ALL = 100  # of a platform: whoever makes accounts by the dozen gains nothing
TRIES_WITHIN = timedelta(minutes=15)


# ---- what is asked for


@dataclass(frozen=True, slots=True)
class Wish:
    """市教育局 负责人 范围 leqing-2022"""

    unit: str
    purpose: Purpose = Purpose.UNIT
    plan_ids: tuple[str, ...] = ()


def read_wish(text: str) -> Wish:
    """For whom a chat shall speak, as people write it; `unit` is "" where they name none."""
    named, _, plans = text.partition(" 范围")
    words = named.split()
    purpose = next((one for one, label in PURPOSES.items() if words and label == words[-1]), None)
    return Wish(
        " ".join(words[:-1] if purpose else words), purpose or Purpose.UNIT, read_plan_ids(plans)
    )


def read_plan_ids(text: str) -> tuple[str, ...]:
    """The ids in `leqing-2022、wenzhou-2023`."""
    return tuple(word for word in re.split(r"[\s、，,:：]+", text) if word)


def unit_named(session: Session, name: str) -> Unit:
    """The one unit that `name` means, “温州市 市教育局” naming the place too; raises UserError."""
    place, _, rest = name.strip().partition(" ")
    found = ledger.find_units(session, rest.strip(), jurisdiction=place) if rest else []
    found = found or ledger.find_units(session, name.strip())
    if not found:
        raise UserError(NO_UNIT.format(name=name))
    if len(found) > 1:
        first = f"{found[0].jurisdiction} {found[0].name}"
        choices = "、".join(f"{unit.jurisdiction} {unit.name}" for unit in found)
        raise UserError(f"有{len(found)}个“{name}”，请写明是哪里的，例如“{first}”。可选：{choices}")
    return found[0]


def told(unit: Unit, purpose: Purpose) -> str:
    """乐清市·市教育局（负责人）"""
    place = f"{unit.jurisdiction}·" if unit.jurisdiction else ""
    label = PURPOSES[purpose]
    return f"{place}{unit.name}" + (f"（{label}）" if label else "")


def known_plans(session: Session, plan_ids: Iterable[str]) -> list[str]:
    """The ids, each once; raises UserError for one that there is not."""
    plan_ids = list(dict.fromkeys(plan_ids))
    for plan_id in plan_ids:
        ledger.known_plan(session, plan_id)
    return plan_ids


# ---- binding


def bind(
    session: Session, chat: Chat, unit_id: int, purpose: Purpose, plan_ids: Iterable[str] = ()
) -> None:
    """From here on the chat speaks for the unit; without `plan_ids` its scope stays as it is."""
    _touch(session, chat.unit_id, unit_id)
    chat.unit_id, chat.purpose = unit_id, purpose
    chat.plan_ids = list(plan_ids) or chat.plan_ids
    session.add(chat)
    _set_unit_of_person(session, chat, unit_id)
    for asked in waiting_requests(session):  # what was asked for is there, whoever did it
        if (asked.chat_row_id, asked.unit_id, asked.purpose) == (chat.id, unit_id, purpose):
            asked.granted = True
            session.add(asked)


def unbind(session: Session, chat: Chat) -> None:
    """The chat speaks for nobody; what it was scoped to stays."""
    _touch(session, chat.unit_id)
    chat.unit_id, chat.purpose = None, Purpose.UNIT
    session.add(chat)
    _set_unit_of_person(session, chat, None)


def scope(session: Session, chat: Chat, plan_ids: Iterable[str]) -> None:
    """The chat sees these plans alone; none means all."""
    chat.plan_ids = known_plans(session, plan_ids)
    _touch(session, chat.unit_id)
    session.add(chat)


def bound_chats(session: Session, unit_id: int | None = None) -> list[Chat]:
    """The chats that speak for a unit, or for any."""
    query = select(Chat).where(col(Chat.unit_id).is_not(None)).order_by(col(Chat.id))
    return list(session.exec(query if unit_id is None else query.where(Chat.unit_id == unit_id)))


def _touch(session: Session, *unit_ids: int | None) -> None:
    for unit_id in dict.fromkeys(unit_ids):
        if unit_id is not None:
            session.add(Touched(unit_id=unit_id))


def _set_unit_of_person(session: Session, chat: Chat, unit_id: int | None) -> None:
    """Whose private chat it is speaks for the unit wherever they write."""
    owner = select(Account).where(
        Account.platform == chat.platform, Account.private_chat_id == chat.chat_id
    )
    for account in session.exec(owner) if chat.kind == "private" else ():
        account.unit_id = unit_id
        session.add(account)


# ---- by request and approval


def request(
    session: Session, chat: Chat, unit: Unit, account: Account, now: datetime,
    purpose: Purpose = Purpose.UNIT,
) -> tuple[BindRequest, bool]:  # fmt: skip
    """Ask for `chat` to speak for `unit`; the same request twice is one. Also whether it is new."""
    assert chat.id is not None and unit.id is not None and account.id is not None
    waiting = session.exec(
        select(BindRequest).where(
            BindRequest.chat_row_id == chat.id, BindRequest.unit_id == unit.id,
            BindRequest.purpose == purpose, col(BindRequest.granted).is_(None),
        )
    ).first()  # fmt: skip
    if waiting is not None:
        return waiting, False
    asked = BindRequest(
        chat_row_id=chat.id, unit_id=unit.id, purpose=purpose, asked_by=account.id, asked_at=now
    )
    session.add(asked)
    session.flush()
    return asked, True


def waiting_requests(session: Session) -> list[BindRequest]:
    """The requests that nobody has decided on, the oldest first."""
    query = select(BindRequest).where(col(BindRequest.granted).is_(None))
    return list(session.exec(query.order_by(col(BindRequest.id))))


def decide(session: Session, asked: BindRequest, admin: Account, granted: bool) -> Chat:
    """Grant or refuse a request; the chat, bound if it was granted."""
    chat = session.get_one(Chat, asked.chat_row_id)
    asked.granted, asked.decided_by = granted, admin.id
    session.add(asked)
    if granted:
        bind(session, chat, asked.unit_id, asked.purpose)
    return chat


# ---- by an admin's one-time code


def looks_like_a_code(text: str) -> bool:
    """Whether a text has the form of our codes: no unit is called so."""
    return _CODE.fullmatch(text.strip()) is not None


def make_code(session: Session, wish: Wish, by: str, now: datetime) -> tuple[str, BindCode]:
    """A code that binds one chat within CODE_HOLDS; it is shown now and never again."""
    unit = unit_named(session, wish.unit)
    assert unit.id is not None
    code = secrets.choice(_LETTERS) + "".join(secrets.choice(_SIGNS) for _ in range(7))
    kept = BindCode(
        code_hash=_hash(code), unit_id=unit.id, purpose=wish.purpose,
        plan_ids=known_plans(session, wish.plan_ids), made_by=by, made_at=now,
        expires_at=now + CODE_HOLDS,
    )  # fmt: skip
    session.add(kept)
    session.flush()
    return f"{code[:4]}-{code[4:]}", kept


def use_code(
    session: Session, text: str, chat: Chat, account: Account, now: datetime
) -> BindCode | None:
    """Bind the chat as the code says, which is then spent; None for a wrong, used or old one."""
    # locked: of two who send it at once the second one is too late
    code = session.exec(
        select(BindCode).where(BindCode.code_hash == _hash(text)).with_for_update()
    ).first()
    if code is None or code.used_at is not None or code.expires_at <= now:
        return None
    code.used_by, code.used_at = account.full_name, now
    session.add(code)
    bind(session, chat, code.unit_id, code.purpose, code.plan_ids)
    return code


def _hash(code: str) -> str:
    plain = re.sub(r"[^0-9A-Z]", "", code.upper())
    return hashlib.sha256(plain.encode()).hexdigest()


# ---- who guesses must wait


def must_wait(session: Session, incoming: Incoming, now: datetime) -> bool:
    """Whether this account, or this platform, sent so many wrong codes that no more are looked at."""
    lately = select(func.count(col(Attempt.id))).where(
        Attempt.platform == incoming.platform, Attempt.at > now - TRIES_WITHIN
    )
    own = lately.where(Attempt.account_id == incoming.account_id)
    return (
        session.exec(own).one() >= WRONG_TRIES or session.exec(lately).one() >= WRONG_TRIES_OF_ALL
    )


def note_wrong_code(session: Session, incoming: Incoming, now: datetime) -> None:
    """Count a wrong code; old ones are forgotten."""
    session.exec(delete(Attempt).where(col(Attempt.at) <= now - TRIES_WITHIN))
    session.add(Attempt(platform=incoming.platform, account_id=incoming.account_id, at=now))
