"""Takes what people answer to reminders, by button and in plain words alike, to the end."""

import re
from collections.abc import Container, Sequence
from dataclasses import replace

from sqlmodel import Session

from bot import people
from bot.answering import buttons, expecting, files, orders, steps
from bot.answering.answer import NONE_HERE, PROMPTS, WHICH, Answer
from bot.answering.decisions import decide
from bot.answering.digest import Item, chosen, items, meant
from bot.answering.reporting import report, reported
from bot.answering.talk import Reply, Talk
from bot.answering.words import Said, Verb, is_cancel, is_question, read, read_item
from bot.core import Core
from bot.messages import Attachment, File, Incoming, Outgoing
from bot.models import Expected
from config.database import reading
from config.errors import UserError
from corpus.naming import short
from reminders.models import OutboxMessage

GONE = "这条提醒中的任务已不在执行的方案里。"
NOT_YOURS = "这条提醒中的任务已不由本会话的单位负责，不能替它答复。"
_PRESS = re.compile(r"(?P<verb>[a-z]+):(?P<id>[0-9]{1,9})(?::(?P<item>[0-9]{1,9}))?")


class AnswerDesk:
    """Decides which messages are answers, and carries them out in the caller's transaction."""

    def __init__(self, core: Core, only_mentions: Container[str] = ()) -> None:
        self._core, self._only_mentions = core, only_mentions

    # ---- what is ours

    def takes(self, incoming: Incoming) -> bool:
        """Whether a message answers a reminder, decides on an answer, or orders something of a task."""
        if incoming.event:
            return False
        if incoming.button:
            return _press(incoming) is not None
        text = incoming.text.strip()
        if text.startswith("/"):
            return False
        with reading(self._core.engine) as session:
            if self._awaited(session, incoming):
                return True
            if orders.is_order(text):
                return incoming.addressed
            if read(text, bool(incoming.attachments)) is None:
                return False
            if incoming.addressed:
                return True
            # in a group people talk to each other: only in a unit's group, after a reminder
            chat = people.find_chat(session, incoming.platform, incoming.chat_id)
            is_bound = chat is not None and chat.unit_id is not None
            return is_bound and meant(session, incoming) is not None

    def files_of(self, incoming: Incoming) -> tuple[Attachment, ...]:
        """The files that must be fetched before `answer`: of this message, or of one that waits."""
        if incoming.attachments:
            return incoming.attachments if self.takes(incoming) else ()
        pressed = _press(incoming) if incoming.button else None
        if not (pressed or read_item(incoming.text)):
            return ()
        with reading(self._core.engine) as session:
            waiting = expecting.expected(session, incoming, self._core.clock.now())
        held = _held(waiting, pressed["verb"] if pressed else waiting.verb if waiting else "")
        return held.attachments if held is not None else ()

    def _awaited(self, session: Session, incoming: Incoming) -> Expected | None:
        """What this message was asked for; a question, or another answer, is none of it."""
        waiting = expecting.expected(session, incoming, self._core.clock.now())
        text = incoming.text.strip()
        if waiting is None or (text and (is_question(text) or orders.is_order(text))):
            return None
        said = read(text, bool(incoming.attachments))
        is_meant = incoming.addressed or (said is not None and said.verb == waiting.verb)
        is_bare_file = bool(incoming.attachments) and not text and waiting.verb in expecting.BY_FILE
        if not is_meant and not is_bare_file:
            return None  # in a group people talk to each other, and show each other pictures
        if waiting.said is not None and waiting.reminder_id is None:  # which one, was asked
            return waiting if read_item(text) or is_cancel(text) else None
        if waiting.verb == expecting.MORE_FILES:
            is_admin = people.is_admin(session, incoming.platform, incoming.account_id)
            # an admin's file may be a plan
            return waiting if incoming.attachments and not text and not is_admin else None
        if said is not None and said.verb != waiting.verb and not is_cancel(text):
            return None
        return waiting

    # ---- what is done

    def answer(
        self, session: Session, incoming: Incoming, fetched: Sequence[tuple[str, bytes]] = ()
    ) -> list[Reply]:
        """Carry a message out; `fetched` are the names and contents of `files_of`."""
        talk = Talk(session, self._core, incoming, self._only_mentions)
        try:
            came = tuple(files.check(name, content) for name, content in fetched[: files.MOST])
        except UserError as error:
            return talk.replies(str(error))
        if incoming.button:
            return self._pressed(talk, came)
        text = incoming.text.strip()
        waiting = self._awaited(session, incoming)
        if waiting is not None:
            return self._continued(talk, waiting, text, came)
        if orders.is_order(text):
            rows, offered = orders.carry_out(talk, text)
            return talk.replies(*rows, buttons=offered)
        said = read(text, bool(came))
        assert said is not None
        return self._about(talk, meant(session, incoming), Answer(said.verb, said, came))

    def _pressed(self, talk: Talk, came: tuple[File, ...]) -> list[Reply]:
        pressed = _press(talk.incoming)
        assert pressed is not None
        verb, number = str(pressed["verb"]), int(pressed["id"])
        if verb in buttons.DECISIONS:
            return talk.replies(*decide(talk, verb, number))
        if verb == buttons.FILES:
            rows, found = orders.show_files(talk, number)
            return talk.replies(message=Outgoing(talk.incoming.chat_id, rows, files=found))
        held = _held(expecting.expected(talk.session, talk.incoming, talk.now), verb)
        if verb == buttons.WINDOW:
            told = _told(Verb.REPORT, held.text, bool(came)) if held else Said(Verb.REPORT)
            answer = Answer(Verb.REPORT, told, came)
            return reported(talk, number, answer)
        message = talk.session.get(OutboxMessage, number)
        here = (talk.incoming.platform, talk.incoming.chat_id)
        if message is None or (message.platform, message.chat_id) != here:
            return talk.replies(NONE_HERE)
        if verb == buttons.MORE:
            spoken = items(talk.session, message)
            offered = buttons.more(message.id, spoken)
            return talk.replies("还可以：", buttons=offered) if spoken else talk.replies(GONE)
        kind = Verb(verb)
        told = replace(_told(kind, held.text, bool(came)), numbers=()) if held else Said(kind)
        item = int(pressed["item"]) if pressed["item"] else None
        return self._about(talk, message, Answer(kind, told, came, item))

    def _continued(
        self, talk: Talk, waiting: Expected, text: str, came: tuple[File, ...]
    ) -> list[Reply]:
        """The message that was asked for."""
        if is_cancel(text):
            expecting.forget(talk.session, talk.incoming)
            return talk.replies("已取消。")
        if waiting.verb == expecting.MORE_FILES:
            files.keep(talk.session, waiting.event_id, came)
            return talk.replies(f"已补充附件：{'、'.join(file.name for file in came)}。")
        verb = Verb(waiting.verb)
        message = talk.session.get(OutboxMessage, waiting.outbox_id) if waiting.outbox_id else None
        if waiting.said is not None and waiting.reminder_id is None:  # which one, was asked
            held = Incoming.from_json(waiting.said)
            told = replace(_told(verb, held.text, bool(came)), **read_item(text))
            return self._about(talk, message, Answer(verb, told, came))
        told = _told(verb, text, bool(came))
        if waiting.said is not None:  # a day without a reason, or the other way round
            told = replace(told, text=f"{waiting.said['text']}，{told.text}")
        item = None if told.numbers else waiting.reminder_id
        if waiting.window_id is not None:
            return reported(talk, waiting.window_id, Answer(verb, told, came))
        return self._about(talk, message, Answer(verb, told, came, item))

    # ---- about which

    def _about(self, talk: Talk, message: OutboxMessage | None, answer: Answer) -> list[Reply]:
        """Find what an answer is about; ask, where it may be about several things."""
        if answer.verb is Verb.REPORT and answer.item is None:
            return report(talk, message, answer)
        if message is None or message.kind != "reminder":
            return talk.replies(NONE_HERE)
        found = items(talk.session, message)
        if not found:
            return talk.replies(GONE)
        own = [item for item in found if talk.speaks_for(item)]
        if not own:
            return talk.replies(NOT_YOURS)
        if answer.item is not None:
            own = [i for i in own if answer.item in {r.id for r in i.reminders}]
            if not own:
                return talk.replies(GONE)
        elif answer.verb in (Verb.PROGRESS, Verb.DONE, Verb.RETURN):
            tasks = [i for i in own if i.window is None]
            if answer.verb is Verb.DONE and not tasks:  # a report is done when it is handed in
                return report(talk, message, replace(answer, verb=Verb.REPORT))
            own = tasks or own
        picked = chosen(own, answer.said)
        if picked:
            own = picked
        elif picked is None or (
            len(own) > 1 and answer.verb is not Verb.ACK and not answer.said.all
        ):
            return self._which(talk, message, own, answer)
        if len(own) > 1 and answer.verb not in (Verb.ACK, Verb.DONE):
            return self._which(talk, message, own, answer)
        return self._carry_out(talk, message, own, answer)

    def _which(
        self, talk: Talk, message: OutboxMessage, own: Sequence[Item], answer: Answer
    ) -> list[Reply]:
        """Ask which one is meant, and hold what was said meanwhile."""
        if answer.said.text or answer.came:
            expecting.expect(
                talk.session, talk.incoming, answer.verb, talk.now,
                outbox_id=message.id, said=talk.incoming,
            )  # fmt: skip
        offered = buttons.which(answer.verb, message.id, own)
        return talk.replies(WHICH[answer.verb], buttons=offered)

    # ---- what it does

    def _carry_out(
        self, talk: Talk, message: OutboxMessage, own: Sequence[Item], answer: Answer
    ) -> list[Reply]:
        text, came, first = answer.said.text, answer.came, own[0]
        if answer.verb is Verb.ACK:
            return talk.replies(*steps.acknowledge(talk, own))
        if answer.verb is Verb.DONE:
            expecting.forget(talk.session, talk.incoming)
            return talk.replies(*steps.complete(talk, own, text, came))
        if answer.verb is Verb.REPORT and first.window is not None and first.window.id is not None:
            return reported(talk, first.window.id, answer)
        reminder_id = first.reminders[0].id
        if not text and not (came and answer.verb is Verb.PROGRESS):
            expecting.expect(
                talk.session, talk.incoming, answer.verb, talk.now,
                outbox_id=message.id, reminder_id=reminder_id,
            )  # fmt: skip
            return talk.asks(answer.verb, f"{short(first.title)}：{PROMPTS[answer.verb]}")
        expecting.forget(talk.session, talk.incoming)
        if answer.verb is Verb.PROGRESS:
            rows, event_id = steps.make_progress(talk, first, text, came)
            expecting.more_files(talk.session, talk.incoming, talk.now, event_id)
            return talk.replies(*rows)
        if answer.verb is Verb.RETURN:
            return talk.replies(*steps.give_back(talk, first, text))
        rows, is_whole = steps.ask_extension(talk, first, text)
        if not is_whole:
            expecting.expect(
                talk.session, talk.incoming, answer.verb, talk.now, outbox_id=message.id,
                reminder_id=reminder_id, said=replace(talk.incoming, text=text),
            )  # fmt: skip
            return talk.asks(Verb.EXTEND, *rows)
        return talk.replies(*rows)


def _press(incoming: Incoming) -> dict[str, str] | None:
    """The parts of a button of ours; None for any other."""
    found = _PRESS.fullmatch(incoming.button)
    return found.groupdict() if found and found["verb"] in buttons.OURS else None


def _held(waiting: Expected | None, verb: str) -> Incoming | None:
    """What was said before the button that tells which one is meant."""
    if waiting is None or waiting.said is None or waiting.reminder_id is not None:
        return None
    fits = waiting.verb == verb or (verb == buttons.WINDOW and waiting.verb == Verb.REPORT)
    return Incoming.from_json(waiting.said) if fits else None


def _told(verb: Verb, text: str, with_files: bool) -> Said:
    """What a message says as an answer of a kind: in its own form, or as it stands."""
    said = read(text, with_files)
    return said if said is not None and said.verb is verb else Said(verb, text=text.strip())


def is_answer(text: str) -> bool:
    """Whether words are an answer, and so no question that a later one could lean on."""
    return read(text) is not None or orders.is_order(text)
