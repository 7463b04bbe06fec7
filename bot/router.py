"""What does this message ask for: a command, a button, an acknowledgement, or a question?"""

import re
from collections.abc import Callable, Container

from sqlmodel import Session

from bot import (
    alarms,
    binding_desk,
    circular,
    feedback,
    lists,
    people,
    plan_desk,
    questions,
    report_list,
    report_questions,
)
from bot.answering.decisions import settle_moved
from bot.answering.desk import AnswerDesk
from bot.answering.talk import Talk
from bot.binding_desk import BindingDesk
from bot.core import Core
from bot.greetings import HELLO, HELP, HELP_ADMINS, IN_A_GROUP, SUGGESTIONS
from bot.messages import Button, Incoming, Outgoing
from bot.rehearsal import rehearse
from config.database import reading
from rag.beginnings import Show

Reply = tuple[str, Outgoing]  # (platform, message): an admin may sit on another platform
Action = Callable[[Session], list[Reply]]  # runs inside the transaction that records the message

COMMAND = re.compile(r"/(\w+)(?:\s+(.*))?", re.DOTALL)
ROW_ID = re.compile(r"[0-9]{1,9}")  # what a button may carry: a client can send anything


class Router:
    """Decides once for all platforms what a message asks for."""

    def __init__(self, core: Core, only_mentions: Container[str] = ()) -> None:
        self._core = core
        self.answers = AnswerDesk(core, only_mentions)

    def route(self, incoming: Incoming, show: Show | None = None) -> Action:
        """Do the slow reading now; what must be written is left to the action.

        `show` is called from another thread with what may be shown of an answer already.
        """
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
                return self._choose(incoming, int(log_id), n, show)
            if verb in lists.BUTTONS and ROW_ID.fullmatch(log_id):
                return self._made(incoming, lists.press, verb, number)
            return lambda session: self._button(session, incoming)
        if not incoming.addressed:
            return lambda session: self._overheard(session, incoming)
        text = binding_desk.as_command(incoming.text.strip())
        command = COMMAND.fullmatch(text)
        if command:
            return self._command(incoming, command[1].lower(), (command[2] or "").strip())
        if plan_desk.is_for_the_desk(text) or (
            plan_desk.looks_like_a_correction(text) and self.is_admin(incoming)
        ):
            return self._correction(incoming, text)
        if kind := lists.wanted_as(text):
            now = self._core.clock.now()
            return self._made(incoming, lists.last_as_file, kind, now)
        if month := circular.asked_month(text, self._core.clock.today()):
            return self._made(incoming, circular.reply, self._core, month)
        if report_questions.asks(text):
            return self._who_reported(incoming)
        if not text:
            return lambda session: self._ours(
                session, incoming, "我只能处理文字和文件。请把问题写成一句话。"
            )
        return self._question(incoming, text, show)

    # ---- questions

    def _question(self, incoming: Incoming, text: str, show: Show | None = None) -> Action:
        if len(text) > questions.LONGEST:
            words = f"问题太长了（{len(text)}字），请缩到{questions.LONGEST}字以内。"
            return lambda session: self._ours(session, incoming, words)
        question = questions.question_of(self._core, incoming, text)
        answer = self._core.answer(question, show)
        return lambda session: self._seen(
            session,
            incoming,
            questions.reply(session, self._core, incoming, question, answer),
        )

    def _choose(self, incoming: Incoming, log_id: int, n: str, show: Show | None) -> Action:
        with reading(self._core.engine) as session:
            text = questions.chosen(session, incoming, log_id, n)
        if text is None:
            return lambda session: self._ours(session, incoming, lists.EXPIRED)
        return self._question(incoming, text, show)

    # ---- commands

    def _command(self, incoming: Incoming, name: str, rest: str) -> Action:
        if name == "start" and not rest:
            hello = Outgoing(incoming.chat_id, HELLO, suggestions=SUGGESTIONS)
            return lambda session: [
                *self._seen(session, incoming, hello),
                *binding_desk.waiting_for(session, incoming),
            ]
        if name == "due":
            return self._question(incoming, f"{rest or '本月'}到期的任务有哪些？")
        if name in binding_desk.COMMANDS:
            return lambda session: BindingDesk(session, self._core, incoming).command(name, rest)
        told = (*HELP, *HELP_ADMINS) if self.is_admin(incoming) else HELP
        return lambda session: self._ours(session, incoming, *told)

    # ---- buttons

    def _button(self, session: Session, incoming: Incoming) -> list[Reply]:
        verb, _, rest = incoming.button.partition(":")
        number = rest.split(":")[0]
        if not ROW_ID.fullmatch(number):
            return self._ours(session, incoming, "这个按钮已失效，请重新提问。")
        if verb in binding_desk.BUTTONS:
            return BindingDesk(session, self._core, incoming).press(verb, int(number))
        if verb == "resend":
            words = alarms.resend_by(session, incoming, int(number), self._core.clock.now())
            return self._ours(session, incoming, words)
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

    def _who_reported(self, incoming: Incoming) -> Action:
        with reading(self._core.engine) as session:
            found = report_questions.reply(session, self._core, incoming)
        if isinstance(found, Outgoing):
            return lambda session: self._seen(session, incoming, found)

        def post(session: Session) -> list[Reply]:
            _note(session, incoming)
            here, now = (incoming.platform, incoming.chat_id), self._core.clock.now()
            report_list.post(session, found, *here, now)
            return []

        return post

    # ---- plans

    def _press_on_plan(self, incoming: Incoming, verb: str, version_id: int) -> Action:
        if not self.is_admin(incoming):
            return lambda session: self._ours(session, incoming, plan_desk.ONLY_ADMINS)
        if verb in ("diff", "review"):
            with reading(self._core.engine) as session:
                scope = people.scope_of(session, incoming)
            rows = plan_desk.look(self._core, verb, version_id, scope)
            return lambda session: self._ours(session, incoming, *rows)
        # before it is published: the questions take their time, and the transaction none
        changed = rehearse(self._core, version_id) if verb == "publish" else ()
        return lambda session: self._ours(
            session,
            incoming,
            *plan_desk.decide(session, self._core, verb, version_id, incoming.by),
            *changed,
        )

    def _correction(self, incoming: Incoming, text: str) -> Action:
        if not self.is_admin(incoming):
            return lambda session: self._ours(session, incoming, plan_desk.ONLY_ADMINS)

        def correct(session: Session) -> list[Reply]:
            scope = people.scope_of(session, incoming)
            rows = plan_desk.say(
                session, self._core, text, incoming.by, incoming.account_name, scope
            )
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
            return people.is_admin(session, incoming.platform, incoming.account_id)

    # ---- replies

    def _made(
        self, incoming: Incoming, make: Callable[..., Outgoing], *arguments: object
    ) -> Action:
        """What is only read, made now: a picture takes its time, and the transaction none."""
        with reading(self._core.engine) as session:
            message = make(session, incoming, *arguments)
        return lambda session: self._seen(session, incoming, message)

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

    def _seen(self, session: Session, incoming: Incoming, message: Outgoing) -> list[Reply]:
        _note(session, incoming)
        return [(incoming.platform, message)]


def _note(session: Session, incoming: Incoming) -> None:
    people.account_of(session, incoming)
    people.chat_of(session, incoming)
