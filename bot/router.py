"""What does this message ask for: a command, a button, an acknowledgement, or a question?"""

import re
from collections.abc import Callable

from sqlmodel import Session

from bot import alarms, feedback, lists, people, plan_desk, questions, render, report_questions
from bot.answering.decisions import settle_moved
from bot.answering.desk import AnswerDesk
from bot.answering.talk import Talk
from bot.core import Core
from bot.greetings import HELLO, HELP, IN_A_GROUP, SUGGESTIONS
from bot.messages import Button, Incoming, Outgoing
from bot.models import Account, AccountRole, BindRequest
from bot.rehearsal import rehearse
from config.database import reading
from corpus.models import Unit

Reply = tuple[str, Outgoing]  # (platform, message): an admin may sit on another platform
Action = Callable[[Session], list[Reply]]  # runs inside the transaction that records the message

COMMAND = re.compile(r"/(\w+)(?:\s+(.*))?", re.DOTALL)
ROW_ID = re.compile(r"[0-9]{1,9}")  # what a button may carry: a client can send anything


class Router:
    """Decides once for all platforms what a message asks for."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.answers = AnswerDesk(core)

    def route(self, incoming: Incoming) -> Action:
        """Do the slow reading now; what must be written is left to the action."""
        if incoming.event:
            return lambda session: self._chat_changed(session, incoming)
        if self.answers.takes(incoming):
            return lambda session: self.answers.answer(session, incoming)
        if incoming.button:
            verb, _, number = incoming.button.partition(":")
            if verb in plan_desk.BUTTONS and ROW_ID.fullmatch(number):
                return self._press_on_plan(incoming, verb, int(number))
            log_id, _, n = number.partition(":")
            if verb == "ask" and ROW_ID.fullmatch(log_id):
                return self._choose(incoming, int(log_id), n)
            return lambda session: self._button(session, incoming)
        if not incoming.addressed:
            return lambda session: self._overheard(session, incoming)
        text = incoming.text.strip()
        command = COMMAND.fullmatch(text)
        if command:
            return self._command(incoming, command[1].lower(), (command[2] or "").strip())
        if plan_desk.is_for_the_desk(text) or (
            plan_desk.looks_like_a_correction(text) and self.is_admin(incoming)
        ):
            return self._correction(incoming, text)
        if kind := lists.wanted_as(text):
            return lambda session: self._seen(
                session,
                incoming,
                lists.last_as_file(session, incoming, kind, self._core.clock.now()),
            )
        if report_questions.asks(text):
            return lambda session: self._said(
                session, incoming, report_questions.reply(session, self._core, incoming)
            )
        if not text:
            return lambda session: self._ours(
                session, incoming, "我只能处理文字和文件。请把问题写成一句话。"
            )
        return self._question(incoming, text)

    # ---- questions

    def _question(self, incoming: Incoming, text: str) -> Action:
        if len(text) > questions.LONGEST:
            words = f"问题太长了（{len(text)}字），请缩到{questions.LONGEST}字以内。"
            return lambda session: self._ours(session, incoming, words)
        question = questions.question_of(self._core, incoming, text)
        answer = self._core.answer(question)
        return lambda session: self._seen(
            session,
            incoming,
            questions.reply(session, self._core, incoming, question, answer),
        )

    def _choose(self, incoming: Incoming, log_id: int, n: str) -> Action:
        with reading(self._core.engine) as session:
            text = questions.chosen(session, incoming, log_id, n)
        if text is None:
            return lambda session: self._ours(session, incoming, lists.EXPIRED)
        return self._question(incoming, text)

    # ---- commands

    def _command(self, incoming: Incoming, name: str, rest: str) -> Action:
        if name == "start" and not rest:
            hello = Outgoing(incoming.chat_id, HELLO, suggestions=SUGGESTIONS)
            return lambda session: self._seen(session, incoming, hello)
        if name == "due":
            return self._question(incoming, f"{rest or '本月'}到期的任务有哪些？")
        if name == "bind":
            return lambda session: self._bind(session, incoming, rest)
        if name == "claim" or (name == "start" and rest):  # a link carries its code so
            return lambda session: self._claim(session, incoming, rest)
        return lambda session: self._ours(session, incoming, *HELP)

    def _claim(self, session: Session, incoming: Incoming, code: str) -> list[Reply]:
        if incoming.is_group:
            # an anonymous admin of a group writes under an account that others share
            return self._ours(session, incoming, "请在与我的私聊里发送口令。")
        account = people.account_of(session, incoming)
        if people.claim(session, account, code):
            return self._ours(
                session,
                incoming,
                "您现在是管理员，可以发布方案、同意绑定。把方案文件发给我就能读入。",
            )
        return self._ours(session, incoming, "口令不对，或已用过。口令在 duban serve 启动时显示。")

    def _bind(self, session: Session, incoming: Incoming, name: str) -> list[Reply]:
        if not name:
            return self._ours(session, incoming, "请写明单位，例如：/bind 市教育局")
        units = people.units_named(session, name)
        if not units:
            return self._ours(
                session,
                incoming,
                f"方案里没有“{name}”这个单位。请用方案中的名称，例如：/bind 市教育局",
            )
        if len(units) > 1:
            choices = "、".join(f"{unit.jurisdiction} {unit.name}" for unit in units)
            return self._ours(
                session,
                incoming,
                f"有{len(units)}个“{name}”，请写明是哪里的：/bind {units[0].jurisdiction} {units[0].name}。可选：{choices}",
            )
        account, chat = people.account_of(session, incoming), people.chat_of(session, incoming)
        request = people.request_binding(session, chat, units[0], account, incoming.at)
        asked = f"{units[0].jurisdiction}{'·' if units[0].jurisdiction else ''}{units[0].name}"
        replies = self._ours(
            session,
            incoming,
            f"已请管理员同意把本{'群' if incoming.is_group else '会话'}绑定到“{asked}”。",
        )
        buttons = (Button("同意", f"grant:{request.id}"), Button("拒绝", f"refuse:{request.id}"))
        where = f"群“{chat.title}”" if incoming.is_group else "私聊"
        for admin in people.admins(session):
            if admin.private_chat_id:
                words = f"{account.name}请求把{where}（{chat.platform}）绑定到“{asked}”。"
                replies.append(
                    (
                        admin.platform,
                        render.notice(admin.private_chat_id, words, buttons=(buttons,)),
                    )
                )
        return replies

    # ---- buttons

    def _button(self, session: Session, incoming: Incoming) -> list[Reply]:
        verb, _, rest = incoming.button.partition(":")
        number = rest.split(":")[0]
        if not ROW_ID.fullmatch(number):
            return self._ours(session, incoming, "这个按钮已失效，请重新提问。")
        if verb in ("grant", "refuse"):
            return self._decide(
                session, incoming, session.get(BindRequest, int(number)), verb == "grant"
            )
        if verb == "resend":
            words = alarms.resend_by(session, incoming, int(number), self._core.clock.now())
            return self._ours(session, incoming, words)
        if verb in lists.BUTTONS:
            message = lists.press(session, incoming, verb, rest)
            return self._seen(session, incoming, message)
        if verb in ("good", "bad"):
            known = feedback.rate(session, incoming, int(number), verb == "good")
            thanks = "谢谢，已记下。" if verb == "good" else "谢谢，已记下，管理员会看到这个问题。"
            return self._ours(
                session, incoming, thanks if known else "这个按钮已失效，请重新提问。"
            )
        return self._ours(session, incoming, "这个按钮已失效，请重新提问。")

    def _chat_changed(self, session: Session, incoming: Incoming) -> list[Reply]:
        if incoming.event == "joined":
            chat = people.chat_of(session, incoming)
            hello = Outgoing(chat.chat_id, (*HELLO, IN_A_GROUP), suggestions=SUGGESTIONS)
            return [(incoming.platform, hello)] if incoming.is_group else []
        alarms.chat_left(session, incoming, self._core.clock.now())
        return []

    def _overheard(self, session: Session, incoming: Incoming) -> list[Reply]:
        people.chat_of(session, incoming)
        return []

    def _decide(
        self, session: Session, incoming: Incoming, request: BindRequest | None, granted: bool
    ) -> list[Reply]:
        account = people.account_of(session, incoming)
        if account.role is not AccountRole.ADMIN:
            return self._ours(session, incoming, "只有管理员可以决定。")
        if request is None or request.granted is not None:
            return self._ours(session, incoming, "这个请求已经处理过了。")
        chat = people.decide_binding(session, request, account, granted)
        unit = session.get(Unit, request.unit_id)
        assert unit is not None
        words = (
            f"已绑定到“{unit.name}”，该单位的提醒会发到这里。"
            if granted
            else f"绑定“{unit.name}”的请求未获同意。"
        )
        answer = "已同意。" if granted else "已拒绝。"
        return [
            *self._ours(session, incoming, answer),
            (chat.platform, render.notice(chat.chat_id, words)),
        ]

    # ---- plans

    def _press_on_plan(self, incoming: Incoming, verb: str, version_id: int) -> Action:
        if not self.is_admin(incoming):
            return lambda session: self._ours(session, incoming, plan_desk.ONLY_ADMINS)
        if verb in ("diff", "review"):
            rows = plan_desk.look(self._core, verb, version_id)
            return lambda session: self._ours(session, incoming, *rows)
        by = f"{incoming.platform}:{incoming.account_id}"
        # before it is published: the questions take their time, and the transaction none
        changed = rehearse(self._core, version_id) if verb == "publish" else ()
        return lambda session: self._ours(
            session,
            incoming,
            *plan_desk.decide(session, self._core, verb, version_id, by),
            *changed,
        )

    def _correction(self, incoming: Incoming, text: str) -> Action:
        if not self.is_admin(incoming):
            return lambda session: self._ours(session, incoming, plan_desk.ONLY_ADMINS)
        by = f"{incoming.platform}:{incoming.account_id}"

        def correct(session: Session) -> list[Reply]:
            rows = plan_desk.say(session, self._core, text, by, incoming.account_name)
            talk = Talk(session, self._core, incoming)
            settle_moved(talk)
            return talk.replies(*rows)

        return correct

    def taken_in(
        self, incoming: Incoming, cards: list[tuple[tuple[str, ...], int | None]]
    ) -> Action:
        """The replies to files that were read, a card each; the id of a draft brings its buttons."""
        return lambda session: [
            reply
            for rows, draft in cards
            for reply in self._ours(
                session, incoming, *rows, buttons=plan_desk.card_buttons(draft) if draft else ()
            )
        ]

    def is_admin(self, incoming: Incoming) -> bool:
        """Whether this account may change plans: its files are read as such."""
        with reading(self._core.engine) as session:
            account: Account | None = people.find_account(
                session, incoming.platform, incoming.account_id
            )
            return account is not None and account.role is AccountRole.ADMIN

    # ---- replies

    def _ours(
        self,
        session: Session,
        incoming: Incoming,
        *rows: str,
        buttons: tuple[tuple[Button, ...], ...] = (),
    ) -> list[Reply]:
        message = Outgoing(
            incoming.chat_id,
            rows,
            buttons=buttons,
            reply_to="" if incoming.button else incoming.message_id,
        )
        return self._seen(session, incoming, message)

    def _said(
        self, session: Session, incoming: Incoming, message: Outgoing | None
    ) -> list[Reply]:
        """The message if there is one: what goes another way is in the outbox already."""
        replies = self._seen(session, incoming, message or Outgoing(incoming.chat_id, ()))
        return replies if message else []

    def _seen(self, session: Session, incoming: Incoming, message: Outgoing) -> list[Reply]:
        people.account_of(session, incoming)
        people.chat_of(session, incoming)
        return [(incoming.platform, message)]
