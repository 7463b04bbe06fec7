"""An answer on its way into the history, and the words that ask for what it lacks."""

from dataclasses import dataclass

from bot.answering.steps import EXTENSION_FORM
from bot.answering.words import Said, Verb
from bot.messages import File

NONE_HERE = "这里没有待答复的提醒。"
PROMPTS = {
    Verb.PROGRESS: "请发进展。",
    Verb.REPORT: "请发要报送的内容。",
    Verb.EXTEND: EXTENSION_FORM,
    Verb.RETURN: "请说明退回的原因，例如应由哪个单位负责。",
}
WHICH = {
    Verb.ACK: "收到了哪一项？", Verb.DONE: "哪一项办结了？", Verb.PROGRESS: "是哪一项的进展？",
    Verb.REPORT: "报送的是哪一项？", Verb.EXTEND: "哪一项要延期？", Verb.RETURN: "退回哪一项？",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answers, by words or by a button."""

    verb: Verb
    said: Said
    came: tuple[File, ...] = ()
    item: int | None = None  # the reminder whose button was pressed
