"""The chats that speak for units, in the terminal: listed, added, let go."""

from collections.abc import Iterator

from sqlmodel import Session, select

from bot import alarms, binding, binding_desk, people
from bot.binding import Wish
from bot.core import Core
from bot.models import Account, BindRequest, Chat, Purpose
from bot.verbs import as_json
from config.database import reading, writing
from config.errors import UserError
from config.settings import Settings
from corpus.models import Unit

OUTBOUND = ("mail", "notify")  # here nobody writes first: a chat is what an admin says it is


def chats_list(core: Core, *, unit: str | None = None, json: bool = False) -> Iterator[str]:
    """The chats that are bound or scoped, and the requests that wait."""
    with reading(core.engine) as session:
        unit_id = binding.unit_named(session, unit).id if unit else None
        chats = binding.bound_chats(session, unit_id)
        waiting = [] if unit else binding.waiting_requests(session)
        if json:
            yield as_json([_as_json(session, chat) for chat in chats])
            return
        for chat in chats:
            yield _row(session, chat)
        for asked in waiting:
            yield _request_row(session, asked)
    if not chats and not waiting:
        yield "还没有绑定的会话。在群里或私聊里发 /bind 单位名称，或用 duban people code 单位 得到一次性口令。"


def chats_add(
    core: Core, *, chat: str, unit: str, purpose: str = "unit", plans: list[str] | None = None,
    title: str = "",
) -> Iterator[str]:  # fmt: skip
    """Bind a chat; a mail address or a target of notices is made one by this."""
    if purpose not in list(Purpose):
        raise UserError(f"--as 可用：{'、'.join(Purpose)}。")
    wish = Wish(unit, Purpose(purpose), tuple(plans or ()))
    platform, colon, place = chat.partition(":")
    if not colon or not place:
        raise UserError(
            f"会话“{chat}”应写成 平台:会话，例如 mail:zhang@example.gov.cn，见 duban chats list。"
        )
    with writing(core.engine) as session:
        found = _chat_to_bind(session, platform, place)
        found.title = title or found.title
        known = binding.unit_named(session, wish.unit)
        assert known.id is not None
        plan_ids = binding.known_plans(session, wish.plan_ids)
        binding.bind(session, found, known.id, wish.purpose, plan_ids)
        session.flush()
        row = _row(session, found)
    yield row
    if not _is_set_up(core.settings, platform):
        yield f"{platform} 还没有设置，设置好之前发不出去。办法见 docs/platforms/{platform}.md。"


def chats_unbind(core: Core, *, chat: str) -> Iterator[str]:
    """Let a chat go; what an admin made is gone altogether."""
    with writing(core.engine) as session:
        found = _known_chat(session, chat)
        name = alarms.chat_name(session, found.platform, found.chat_id)
        if found.platform in OUTBOUND:
            binding.unbind(session, found)
            session.flush()
            session.delete(found)
            if found.platform == "notify":
                from bot.platforms import notify

                notify.drop(session, found.chat_id)
            words = f"{name}已删除。"
        elif found.unit_id is None:
            raise UserError(f"{name}没有绑定单位。")
        else:
            binding.unbind(session, found)
            words = f"{name}已解除绑定，该单位的提醒不再发到那里。"
    yield words


def _chat_to_bind(session: Session, platform: str, place: str) -> Chat:
    if platform == "mail":
        from bot.platforms import mail

        place = mail.check_address(place)
    elif platform == "notify":
        from bot.platforms import notify

        place = notify.keep(session, place)
    found = people.find_chat(session, platform, place)
    if found is None and platform not in OUTBOUND:
        raise UserError(
            f"还不认识会话 {platform}:{place}。请先在那里给机器人发一句话，再绑定；已有的见 duban chats list。"
        )
    found = found or Chat(platform=platform, chat_id=place, kind="private")
    found.is_dead = False
    session.add(found)
    session.flush()
    return found


def _known_chat(session: Session, chat: str) -> Chat:
    """By its number or as platform:chat; raises UserError."""
    if chat.isdecimal():
        found = session.get(Chat, int(chat))
    else:
        platform, _, place = chat.partition(":")
        found = people.find_chat(session, platform, place)
    if found is None:
        raise UserError(f"没有会话“{chat}”。duban chats list 可看到全部及其编号。")
    return found


def _is_set_up(settings: Settings, platform: str) -> bool:
    return {"mail": bool(settings.mail_host), "notify": settings.notify}.get(platform, True)


def _row(session: Session, chat: Chat) -> str:
    # by its number; what can be written to is named as commands take it, a web chat has but a code
    place = "" if chat.platform == "web" else f"{chat.platform}:{chat.chat_id}  "
    return f"{chat.id}  {place}{binding_desk.chat_row(session, chat)}"


def _request_row(session: Session, asked: BindRequest) -> str:
    chat, unit = session.get_one(Chat, asked.chat_row_id), session.get_one(Unit, asked.unit_id)
    name = alarms.chat_name(session, chat.platform, chat.chat_id)
    who = session.exec(select(Account).where(Account.id == asked.asked_by)).one()
    return (
        f"等待同意：{name}请求绑定到“{binding.told(unit, asked.purpose)}”（{who.name or who.account_id}）。"
        f"同意：管理员给机器人发 /bind，或 duban chats add {chat.platform}:{chat.chat_id} --unit {unit.name}"
    )


def _as_json(session: Session, chat: Chat) -> dict[str, object]:
    unit = session.get_one(Unit, chat.unit_id)
    return {
        "id": chat.id, "platform": chat.platform, "chat": chat.chat_id, "kind": chat.kind,
        "title": chat.title, "unit": unit.name, "jurisdiction": unit.jurisdiction,
        "as": chat.purpose, "plans": chat.plan_ids, "dead": chat.is_dead,
    }  # fmt: skip
