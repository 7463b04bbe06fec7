"""What an admin does with plans in chat: the buttons of a plan's card, and corrections in words."""

import re

from sqlmodel import Session

from bot import render
from bot.comparing import compare
from bot.core import Core
from bot.messages import Button
from bot.rows import find_row
from config.database import reading
from config.errors import UserError
from corpus import corrections, ledger, versions
from corpus.models import CorrectedField, Correction, PlanVersion
from rag.index import index_version

Rows = tuple[str, ...]
Scope = tuple[str, ...] | None  # the plans that a chat may see; None: all

BUTTONS = {"diff": "看变化", "review": "核对", "publish": "发布", "discard": "放弃"}
ONLY_ADMINS = "这项操作须由管理员进行，请联系本单位的管理员。"
OUT_OF_SCOPE = "本会话只看限定的方案，发 /scope 可看到是哪些。"
FORM = "请写成：更正 方案代号 第8项 时限 2022-06-30。可以更正：时限、牵头、配合、标题；不写第几项时：标题、发文单位、文号、日期、地区、执行期起、执行期止。"
_FIELDS = {label: field for field, label in corrections.LABELS.items()}
_CORRECT = re.compile(
    r"更正[\s:：]+(?P<plan>[a-z0-9][a-z0-9-]*)\s+"
    r"(?:(?P<row>\S+)\s+)?"
    rf"(?:完成)?(?P<field>{'|'.join(_FIELDS)})(?:单位)?(?P<nth>\d*)[\s:：]+(?P<value>.+)",
    re.DOTALL,
)
_UNDO = re.compile(r"撤销更正\s*#?(?P<id>\d{1,9})")
_RECORD = re.compile(r"更正记录\s+(?P<plan>[a-z0-9][a-z0-9-]*)")


def card_buttons(version_id: int) -> tuple[tuple[Button, ...], ...]:
    """The buttons under the summary of a draft; they name the version by its id and outlive a restart."""
    return (
        tuple(
            Button(label, f"{verb}:{version_id}", is_main=verb == "publish")
            for verb, label in BUTTONS.items()
        ),
    )


# ---- buttons


def look(core: Core, verb: str, version_id: int, scope: Scope = None) -> Rows:
    """看变化 and 核对: what is only read."""
    with reading(core.engine) as session:
        version = session.get(PlanVersion, version_id)
        if version is None:
            return ("这个版本已不存在。",)
        if scope is not None and version.plan_id not in scope:
            return (OUT_OF_SCOPE,)
        if verb == "review":
            return render.review_rows(version)
        current = ledger.version_in_force(session, version.plan_id)
        if current is None:
            return (f"《{version.title}》没有在执行的版本，没有可比较的。",)
        if current.id == version.id:
            return (f"《{version.title}》第{version.number}版已经在执行。",)
        head = f"《{version.title}》第{version.number}版与在执行的第{current.number}版相比："
        return (head, *render.comparison_rows(compare(session, core, current, version)))


def decide(session: Session, core: Core, verb: str, version_id: int, by: str) -> Rows:
    """发布 and 放弃, in the caller's transaction."""
    version = session.get(PlanVersion, version_id)
    if version is None:
        return ("这个版本已不存在。",)
    try:
        if verb == "discard":
            versions.discard(session, version.plan_id, version_id=version_id)
            return (f"《{version.title}》第{version.number}版草稿已放弃，在执行的版本不变。",)
        versions.publish(
            session, version.plan_id, now=core.clock.now(), by=by, version_id=version_id
        )
    except UserError as error:
        return (str(error),)
    return (f"《{version.title}》第{version.number}版已发布，即日起回答和提醒都以它为准。",)


# ---- words


def is_for_the_desk(text: str) -> bool:
    """Whether a message puts something right, or asks what was put right."""
    return any(pattern.fullmatch(text) for pattern in (_CORRECT, _UNDO, _RECORD))


def looks_like_a_correction(text: str) -> bool:
    """Whether an admin seems to want a correction, in a form that can't be read."""
    return text.startswith(("更正 ", "更正：", "更正:")) or text == "更正"


def say(
    session: Session, core: Core, text: str, by: str, by_name: str, scope: Scope = None
) -> Rows:
    """Carry out a correction in words, in the caller's transaction; of plans in `scope`, None for all."""
    zone, now = core.clock.zone, core.clock.now()
    try:
        if found := _RECORD.fullmatch(text):
            check_scope(found["plan"], scope)
            ledger.known_plan(session, found["plan"])
            record = corrections.record(session, found["plan"])
            rows = [render.correction_row(session, one, zone) for one in record]
            return tuple(rows) or ("还没有更正。",)
        if found := _UNDO.fullmatch(text):
            known = session.get(Correction, int(found["id"]))
            check_scope(known.plan_id if known else "", scope)
            undone = corrections.undo(session, int(found["id"]), by=by, at=now)
            _index_again(session, undone.plan_id, undone.field)
            return (f"已撤销 {render.correction_row(session, undone, zone)}",)
        found = _CORRECT.fullmatch(text)
        if found is None:
            return (FORM,)
        check_scope(found["plan"], scope)
        version = ledger.version_to_show(session, found["plan"])
        task = find_row(session, version, found["row"]) if found["row"] else None
        done = corrections.correct(
            session, version, _FIELDS[found["field"]], found["value"], task=task,
            nth_timing=int(found["nth"]) if found["nth"] else None,
            by=by, by_name=by_name, at=now,
        )  # fmt: skip
        _index_again(session, done.plan_id, done.field)
    except UserError as error:
        return (str(error),)
    line = render.correction_row(session, done, zone)
    return (f"已更正 {line}", f"重新读入文件后仍有效。要撤销，请发：撤销更正 {done.id}")


def check_scope(plan_id: str, scope: Scope) -> None:
    """Raises UserError where a chat may not speak of a plan; it does not tell which plans there are."""
    if scope is not None and plan_id not in scope:
        raise UserError(OUT_OF_SCOPE)


def _index_again(session: Session, plan_id: str, field: CorrectedField) -> None:
    if field is CorrectedField.TITLE:  # titles stand in front of the passages
        index_version(session, ledger.version_to_show(session, plan_id))
