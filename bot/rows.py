"""Finds the row of a plan that a person means, by whatever name it was shown to them."""

import re

from sqlmodel import Session, col, select

from bot.naming import PARTS
from corpus import ledger
from corpus.models import PlanVersion, Task
from rag.models import Passage
from rag.words import normal, squeezed

_NUMBERED = re.compile(r"第?(?P<no>[^第]+?)[项条行]")
_OF_PART = re.compile(rf"(?P<row>.+)[（(](?P<part>{'|'.join(PARTS.values())})[）)]")


def find_row(session: Session, version: PlanVersion, words: str, part: str | None = None) -> Task:
    """The row called so in an answer (附件2第8项, 附件1（三）) or in a reminder (第8项（指标）).

    Else as `ledger.find_row`: its number, its place “#12”, or words of it. Raises UserError as that.
    """
    words = squeezed(words)
    if of_part := _OF_PART.fullmatch(words):
        part = next(name for name, label in PARTS.items() if label == of_part["part"])
        words = of_part["row"]
    named = select(Task, Passage.ref).join(Passage, col(Passage.task_id) == Task.id)
    found = [
        task
        for task, ref in session.exec(named.where(Task.version_id == version.id))
        if normal(ref) == normal(words) and part in (None, task.part)
    ]
    # what goes on under the number of a row is called by it as well
    found = [task for task in found if task.part != "continuation"] or found
    if found:
        return ledger.only_row(found, version, words)
    bare = _NUMBERED.fullmatch(words)
    return ledger.find_row(session, version, bare["no"] if bare else words, part)
