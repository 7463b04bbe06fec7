"""What people say of binding in chat: /bind, /code, /scope, /unbind, /forget, /claim, and its buttons."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from bot import alarms, binding, forgetting, people, render
from bot.binding import PURPOSES, read_plan_ids, read_wish, told
from bot.core import Core
from bot.messages import Button, Incoming, Outgoing
from bot.models import Account, AccountRole, BindCode, BindRequest, Chat, Purpose
from bot.naming import platform_name
from config.errors import UserError
from corpus import ledger
from corpus.models import Unit
from reminders import outbox

Reply = tuple[str, Outgoing]  # (platform, message)
Rows = tuple[str, ...]

BUTTONS = ("grant", "refuse", "unbind", "forget")
ONLY_ADMINS = "这项操作须由管理员进行。"
HOW_TO_BIND = "请写明单位，例如：/bind 市教育局；负责人的会话写：/bind 市教育局 负责人"
HOW_TO_CODE = "请写明单位，例如：/code 市教育局；也可以写：/code 市教育局 负责人 范围 leqing-2022"
WAIT = "口令错误次数过多，请15分钟后再试。"
NOT_ADMINS_CODE = "口令有误，或已使用过。口令在 duban serve 启动时显示。"
NOW_ADMIN = "您现在是管理员，可以发布方案、同意绑定。把方案文件发给我就能读入。"
NO_ADMIN = "但现在没有能收到消息的管理员；有了以后，会先请其决定。"
IN_PRIVATE = "请在与我的私聊里发送口令。"
ASK_TO_FORGET = "将删除您的姓名、所属单位和私聊地址，私聊的绑定随之解除，您发来的消息和得到的答复也一并删去；替单位办过的事留在办理记录里，写作“已删除的用户”。删除后不能恢复。"
LAST_ADMIN = "您是唯一的管理员。请先让别人成为管理员（duban people grant），再删除自己的信息。"
SHOWN = 10  # requests, or chats to unbind, in one answer
_SAME_AS = {"删除我的信息": "/forget", "忘记我": "/forget", "解除绑定": "/unbind"}


def as_command(text: str) -> str:
    """The command that a few plain words stand for; every other text as it is."""
    return _SAME_AS.get(text.rstrip("。.！!"), text)


class BindingDesk:
    """One message that binds, in the caller's transaction."""

    def __init__(self, session: Session, core: Core, incoming: Incoming) -> None:
        self._session, self._incoming = session, incoming
        self._account = people.account_of(session, incoming)
        self._chat = people.chat_of(session, incoming)
        self._now = core.clock.now()
        self._is_admin = self._account.role is AccountRole.ADMIN
        self._here = f"本{'群' if incoming.is_group else '会话'}"

    def command(self, name: str, text: str) -> list[Reply]:
        """The replies to `/name text`."""
        try:
            return COMMANDS[name](self, text)
        except UserError as error:
            return self._say(str(error))

    # ---- /bind, /start and /claim

    def _bind(self, text: str) -> list[Reply]:
        wish = read_wish(text)
        if not wish.unit:
            return [*self._say(HOW_TO_BIND), *waiting_for(self._session, self._incoming)]
        if binding.looks_like_a_code(text) and not ledger.find_units(self._session, text):
            return self._use_code(text)
        unit = binding.unit_named(self._session, wish.unit)
        if (self._chat.unit_id, self._chat.purpose) == (unit.id, wish.purpose):
            return self._say(f"{self._here}已经绑定到“{told(unit, wish.purpose)}”，不用再绑定。")
        asked, is_new = binding.request(
            self._session, self._chat, unit, self._account, self._incoming.at, wish.purpose
        )
        name = told(unit, wish.purpose)
        if not is_new:
            return self._say(f"绑定到“{name}”的申请已经提交，正等管理员同意。")
        admins = people.admin_chats(self._session)
        if not admins:
            return self._say(f"已记下把{self._here}绑定到“{name}”的申请，{NO_ADMIN}")
        asking = [
            (platform, _asking(self._session, asked, chat_id)) for _, platform, chat_id in admins
        ]
        return [*self._say(f"已请管理员同意把{self._here}绑定到“{name}”。"), *asking]

    def _start(self, text: str) -> list[Reply]:
        """A link carries its code so."""
        return self._use_code(text) if binding.looks_like_a_code(text) else self._claim(text)

    def _use_code(self, text: str) -> list[Reply]:
        if binding.must_wait(self._session, self._incoming, self._now):
            return self._say(WAIT)
        code = binding.use_code(self._session, text, self._chat, self._account, self._now)
        if code is None:
            binding.note_wrong_code(self._session, self._incoming, self._now)
            return self._say(binding.WRONG_CODE)
        unit = self._session.get_one(Unit, code.unit_id)
        where = alarms.chat_name(self._session, self._chat.platform, self._chat.chat_id)
        name = told(unit, code.purpose)
        words = f"口令已使用：{where}绑定到了“{name}”。如有误，请发 /unbind {unit.name} 解除。"
        here = (self._chat.platform, self._chat.chat_id)
        alarms.tell_admins(self._session, f"code:{code.id}", words, self._now, but=here)
        return self._say(*bound_rows(self._chat, unit))

    def _claim(self, text: str) -> list[Reply]:
        if self._incoming.is_group:
            # an anonymous admin of a group writes under an account that others share
            return self._say(IN_PRIVATE)
        if binding.must_wait(self._session, self._incoming, self._now):
            return self._say(WAIT)
        if not people.claim(self._session, self._account, text):
            binding.note_wrong_code(self._session, self._incoming, self._now)
            return self._say(NOT_ADMINS_CODE)
        return [*self._say(NOW_ADMIN), *waiting_for(self._session, self._incoming)]

    def _code(self, text: str) -> list[Reply]:
        if not self._rules():
            return self._say(f"{ONLY_ADMINS}请在与我的私聊里要口令。")
        wish = read_wish(text)
        if not wish.unit:
            return self._say(HOW_TO_CODE)
        made = binding.make_code(self._session, wish, self._incoming.by, self._now)
        return self._say(*code_rows(self._session, *made))

    # ---- /scope

    def _scope(self, text: str) -> list[Reply]:
        if not text:
            return self._say(scope_words(self._session, self._chat, self._here))
        if not self._is_admin:
            return self._say(ONLY_ADMINS)
        everything = text in ("全部", "不限")
        binding.scope(self._session, self._chat, () if everything else read_plan_ids(text))
        return self._say(scope_words(self._session, self._chat, self._here))

    # ---- /unbind

    def _unbind(self, text: str) -> list[Reply]:
        if text or (self._rules() and self._chat.unit_id is None):
            return self._offer_to_unbind(text)
        if self._chat.unit_id is None:
            return self._say(f"{self._here}没有绑定单位。")
        if self._incoming.is_group and not self._is_admin:
            return self._say(ONLY_ADMINS)
        return self._say(self._let_go(self._chat))

    def _offer_to_unbind(self, name: str) -> list[Reply]:
        if not self._rules():
            return self._say(ONLY_ADMINS)
        unit = binding.unit_named(self._session, name) if name else None
        chats = binding.bound_chats(self._session, unit.id if unit else None)
        if not chats:
            return self._say(f"“{unit.name}”还没有绑定的会话。" if unit else "还没有绑定的会话。")
        rows = [f"{n}. {chat_row(self._session, chat)}" for n, chat in enumerate(chats, 1)]
        more = (
            [f"另有{len(chats) - SHOWN}个，写明单位可以找到：/unbind 市教育局"]
            if len(chats) > SHOWN
            else []
        )
        buttons = tuple(
            (Button(f"解除 {n}", f"unbind:{chat.id}"),) for n, chat in enumerate(chats[:SHOWN], 1)
        )
        return self._say("要解除哪一个？", *rows[:SHOWN], *more, buttons=buttons)

    def _let_go(self, chat: Chat) -> str:
        unit = self._session.get_one(Unit, chat.unit_id)
        words = f"已与“{told(unit, chat.purpose)}”解除绑定，该单位的提醒不再发到这里。"
        binding.unbind(self._session, chat)
        return words

    # ---- /forget

    def _forget(self) -> list[Reply]:
        # for this person only: whoever else presses it is told so
        sure = Button("确认删除", f"forget:{self._account.id}")
        return self._say(ASK_TO_FORGET, buttons=((sure,),))

    # ---- buttons

    def press(self, verb: str, number: int) -> list[Reply]:
        """The replies to one of BUTTONS."""
        if verb == "forget":
            return self._confirmed(number)
        if not self._is_admin:
            return self._say("只有管理员可以决定。")
        if verb == "unbind":
            chat = self._session.get(Chat, number)
            if chat is None or chat.unit_id is None:
                return self._say("这个会话已经没有绑定单位了。")
            name, words = (
                alarms.chat_name(self._session, chat.platform, chat.chat_id),
                self._let_go(chat),
            )
            told_there = (chat.platform, render.notice(chat.chat_id, words))
            is_here = chat.id == self._chat.id
            return self._say(words) if is_here else [*self._say(f"{name}{words}"), told_there]
        # locked: of two admins who press at once the second one hears that it is decided
        asked = self._session.get(BindRequest, number, with_for_update=True)
        if asked is None or asked.granted is not None:
            return self._say("这个申请已经处理过了。")
        chat = binding.decide(self._session, asked, self._account, verb == "grant")
        unit = self._session.get_one(Unit, asked.unit_id)
        if verb == "grant":
            return [*self._say("已同意。"), _there(chat, *bound_rows(chat, unit))]
        refused = f"绑定“{told(unit, asked.purpose)}”的申请未获同意。"
        return [*self._say("已答复不同意。"), _there(chat, refused)]

    def _confirmed(self, number: int) -> list[Reply]:
        if number != self._account.id:
            return self._say("只能删除自己的信息，请自己发 /forget。")
        if self._is_admin and len(people.admins(self._session)) == 1:
            return self._say(LAST_ADMIN)
        forgetting.forget(self._session, self._account, self._incoming)
        return self._say("已删除您的信息。再给我发消息，就会重新记下您的账号。")

    # ---- words

    def _rules(self) -> bool:
        """Whether an admin speaks where nobody else reads."""
        return self._is_admin and not self._incoming.is_group

    def _say(self, *rows: str, buttons: tuple[tuple[Button, ...], ...] = ()) -> list[Reply]:
        incoming = self._incoming
        answered = "" if incoming.button else incoming.message_id
        message = Outgoing(incoming.chat_id, rows, buttons=buttons, reply_to=answered)
        return [(incoming.platform, message)]


COMMANDS: dict[str, Callable[[BindingDesk, str], list[Reply]]] = {
    "bind": BindingDesk._bind, "start": BindingDesk._start, "claim": BindingDesk._claim,
    "code": BindingDesk._code, "scope": BindingDesk._scope, "unbind": BindingDesk._unbind,
    "forget": lambda desk, _: desk._forget(),
}  # fmt: skip


def waiting_for(session: Session, incoming: Incoming) -> list[Reply]:
    """The requests that wait, where an admin speaks in private; nothing for everybody else."""
    if incoming.is_group or not people.is_admin(session, incoming.platform, incoming.account_id):
        return []
    return [(incoming.platform, one) for one in waiting_requests(session, incoming.chat_id)]


def waiting_requests(session: Session, chat_id: str) -> list[Outgoing]:
    """What an admin is asked to decide, a message each, for their private chat."""
    waiting = binding.waiting_requests(session)
    asked = [_asking(session, one, chat_id) for one in waiting[:SHOWN]]
    if len(waiting) > SHOWN:
        rest = f"另有{len(waiting) - SHOWN}个绑定申请待处理，处理完这些请再发 /bind 查看。"
        asked.append(Outgoing(chat_id, (rest,)))
    return asked


def tell_waiting(session: Session, account: Account, now: datetime) -> int:
    """Write to somebody who became an admin of the requests that wait; how many wait."""
    if account.role is not AccountRole.ADMIN:
        return 0
    for n, asked in enumerate(waiting_requests(session, account.private_chat_id or "")):
        if account.private_chat_id:
            outbox.add(
                session, dedup_key=f"waiting:{account.id}:{now.isoformat()}:{n}", kind="reply",
                platform=account.platform, chat_id=account.private_chat_id,
                facts={"outgoing": asked.to_json()}, due_at=now, now=now,
            )  # fmt: skip
    return len(binding.waiting_requests(session))


def code_rows(session: Session, code: str, kept: BindCode) -> Rows:
    """What an admin hands on."""
    unit = session.get_one(Unit, kept.unit_id)
    plans = f"，只能看 {'、'.join(kept.plan_ids)}" if kept.plan_ids else ""
    return (
        f"口令：{code}",
        f"绑定到“{told(unit, kept.purpose)}”{plans}。7天内有效，只能用一次，这里只显示这一次。",
        f"请对方在要绑定的群里（@我）或私聊里发：/bind {code}",
    )


def chat_row(session: Session, chat: Chat) -> str:
    """群“教育联络群”（钉钉）：乐清市·市教育局（负责人），范围 leqing-2022"""
    unit = session.get(Unit, chat.unit_id) if chat.unit_id else None
    scope = f"，范围 {'、'.join(chat.plan_ids)}" if chat.plan_ids else ""
    dead = "，无法送达" if chat.is_dead else ""
    name = alarms.chat_name(session, chat.platform, chat.chat_id)
    return f"{name}：{told(unit, chat.purpose) if unit else '没有绑定'}{scope}{dead}"


def bound_rows(chat: Chat, unit: Unit) -> Rows:
    """What a chat reads that was bound."""
    what = (
        "该单位的提醒会发到这里。"
        if chat.purpose is Purpose.UNIT
        else "需要请其过问的事会发到这里。"
    )
    label = PURPOSES[chat.purpose]
    return (f"已绑定到“{unit.name}{f'（{label}）' if label else ''}”，{what}",)


def scope_words(session: Session, chat: Chat, here: str) -> str:
    """Which plans a chat may see."""
    if not chat.plan_ids:
        return f"{here}可以看全部方案。"
    titles = (f"《{ledger.version_to_show(session, one).title}》（{one}）" for one in chat.plan_ids)
    return f"{here}只看这些方案：{'、'.join(titles)}。别的方案不会在这里回答，也不在这里提醒。"


def _asking(session: Session, asked: BindRequest, chat_id: str) -> Outgoing:
    """One request, with its two buttons."""
    chat, unit = session.get_one(Chat, asked.chat_row_id), session.get_one(Unit, asked.unit_id)
    account = session.get_one(Account, asked.asked_by)
    who = account.name or account.account_id
    where = f"群“{chat.title}”" if chat.kind == "group" else "私聊"
    buttons = (
        Button("同意", f"grant:{asked.id}", is_main=True),
        Button("不同意", f"refuse:{asked.id}"),
    )
    words = (
        f"{who}申请把{where}（{platform_name(chat.platform)}）绑定到“{told(unit, asked.purpose)}”。"
    )
    return render.notice(chat_id, words, buttons=(buttons,))


def _there(chat: Chat, *rows: str) -> Reply:
    return (chat.platform, Outgoing(chat.chat_id, rows))
