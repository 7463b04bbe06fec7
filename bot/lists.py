"""A list in a chat: a page at a time, and all of its rows as a table or a picture."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot import people, tables
from bot.ledger_sheet import COLUMNS, MAY_BE_LEFT_OUT, cells
from bot.messages import Button, File, Incoming, Outgoing
from bot.models import AnswerLog
from corpus import ledger
from corpus.models import Task

PAGE = 15  # rows of a list in one message
WORTH_A_TABLE = 5  # rows
LOOKED_BACK = timedelta(minutes=30)
SHORT = 80  # characters of a measure in a picture
IN_A_PICTURE: tuple[str, ...] = (
    "方案", "序号", "任务", "牵头（责任）单位", "配合单位", "完成时限", "指标",
)  # fmt: skip
ITEM = re.compile(r"\d+\. ")
WANTED = re.compile(
    r"(?:请|麻烦|帮我|能不能|能|可以|把|它|这个|这些|上面的?|清单|列表|结果|给我|发给我|发我|导出|输出|保存|下载|做|发|生成|转|换|弄|整理|要|存|出|一下|来"
    r"|[一个份张]|成|为|到)*(?P<what>xlsx|excel|电子表格|表格|表|图片|长图|图|png)?(?:文件|格式|形式|版)?(?:给我|发我|看看|吗|吧|呢)*[。.!?？]*",
    re.IGNORECASE,
)
BUTTONS = ("page", "sheet", "picture")
NO_LIST = "前面没有可以做成表格的清单。请先问一份清单，例如：本月到期的任务有哪些？"
EXPIRED = "这份清单已经找不到，请重新提问。"
RENEWED = "方案已更新，这份清单的行已经不在台账里，请重新提问。"
NO_FONT = "这台机器没有安装中文字体，做不了图片，改发表格。"
TOO_LONG = "行数太多，一张图片放不下，改发表格。"


@dataclass(frozen=True, slots=True)
class Page:
    """What a chat shows of an answer, and the buttons that lead to the rest."""

    rows: tuple[str, ...]
    buttons: tuple[Button, ...]


def page(log: AnswerLog, rows: Sequence[str], n: int) -> Page:
    """The n-th page of an answer, from 1, counted and with its sources; a short answer is one page."""
    numbered = [at for at, row in enumerate(rows) if ITEM.match(row)]
    tools: tuple[Button, ...] = ()
    if len(log.task_ids) >= WORTH_A_TABLE and len(numbered) >= WORTH_A_TABLE:
        tools = Button("表格", f"sheet:{log.id}"), Button("图片", f"picture:{log.id}")
    last = -(-len(numbered) // PAGE)
    if last <= 1 or not 1 <= n <= last:
        return Page(tuple(rows), tools)
    first = 1 if rows[1].startswith("《") else numbered[0]  # the plan's name over its rows
    head, tail = list(rows[:first]), rows[numbered[-1] + 1 :]
    mark = f"（第{n}页，共{last}页）"
    head = [*head[:-1], head[-1].rstrip("：:") + mark + "："] if head else [mark]
    turns = (
        *([Button("上一页", f"page:{log.id}:{n - 1}")] if n > 1 else []),
        *([Button("下一页", f"page:{log.id}:{n + 1}", is_main=True)] if n < last else []),
    )
    body = _of_page(rows[first : numbered[-1] + 1], n)
    return Page((*head, *body, *tail), (*turns, *tools))


def _of_page(rows: Sequence[str], n: int) -> list[str]:
    """The rows of one page, each under the name of its plan."""
    shown: list[str] = []
    count, over, said = 0, "", ""
    for row in rows:
        if not ITEM.match(row):
            over = row
            continue
        count += 1
        if (count - 1) // PAGE + 1 == n:
            shown += [over] if over != said else []
            shown.append(row)
            said = over
    return shown


def press(session: Session, incoming: Incoming, verb: str, rest: str) -> Outgoing:
    """What a button under a list brings: "page:<log>:<n>", "sheet:<log>", "picture:<log>"."""
    log_id, _, n = rest.partition(":")
    if verb != "page":
        return as_file(session, incoming, int(log_id), verb)
    return turn(session, incoming, int(log_id), int(n) if n.isdecimal() else 1)


def turn(session: Session, incoming: Incoming, log_id: int, n: int) -> Outgoing:
    """Another page of an answer that this chat was given."""
    log = _log_of(session, incoming, log_id)
    if log is None or not log.rows:
        return Outgoing(incoming.chat_id, (EXPIRED,))
    shown = page(log, log.rows, n)
    return Outgoing(incoming.chat_id, shown.rows, buttons=(shown.buttons,))


# ---- as a table


def wanted_as(text: str) -> str | None:
    """ "sheet" or "picture" when a message asks for nothing but the list before it in that form."""
    said = WANTED.fullmatch(text.strip())
    if not said or not (said["what"] or "导出" in text):
        return None
    return "picture" if re.search("图|png", said["what"] or "", re.IGNORECASE) else "sheet"


def last_as_file(session: Session, incoming: Incoming, kind: str, now: datetime) -> Outgoing:
    """The rows of the last answer of this chat as a file."""
    log = session.exec(
        select(AnswerLog)
        .where(AnswerLog.platform == incoming.platform, AnswerLog.chat_id == incoming.chat_id)
        .where(AnswerLog.at > now - LOOKED_BACK)
        .order_by(col(AnswerLog.id).desc())
    ).first()
    if log is None or not log.task_ids:
        return Outgoing(incoming.chat_id, (NO_LIST,), reply_to=incoming.message_id)
    return as_file(session, incoming, log.id or 0, kind)


def as_file(session: Session, incoming: Incoming, log_id: int, kind: str) -> Outgoing:
    """The rows of an answer as a file, exactly those; a picture where one can be made."""
    log = _log_of(session, incoming, log_id)
    if log is None or not log.task_ids:
        return Outgoing(incoming.chat_id, (EXPIRED,))
    tasks = ledger.tasks_with(session, log.task_ids)
    if len(tasks) != len(log.task_ids):
        return Outgoing(incoming.chat_id, (RENEWED,))
    title = log.question.strip().rstrip("？?。.！!")
    name = re.sub(r"[\\/:*?\"<>|\s]+", "", title)[:30] or "清单"
    words = f"共{len(tasks)}项："
    if kind == "picture":
        content = tables.picture(title, *_short(tasks))
        if content is not None:
            return Outgoing(incoming.chat_id, (words,), files=(File(f"{name}.png", content),))
        words = (TOO_LONG if tables.chinese_font() else NO_FONT) + words
    content = tables.sheet(title, *_whole(tasks))
    return Outgoing(incoming.chat_id, (words,), files=(File(f"{name}.xlsx", content),))


def _log_of(session: Session, incoming: Incoming, log_id: int) -> AnswerLog | None:
    log = session.get(AnswerLog, log_id)
    if log is None or (log.platform, log.chat_id) != (incoming.platform, incoming.chat_id):
        return None
    # what was answered before the chat was scoped to fewer plans is not shown again
    return log if people.may_see(session, incoming, log.plan_ids) else None


def _whole(tasks: Sequence[Task]) -> tuple[list[str], list[list[str]]]:
    """All columns of the ledger that say something, and the plan where there are several."""
    head = ["方案", *(name for name, _ in COLUMNS)]
    rows = [[task.version.title, *cells(task)] for task in tasks]
    several = len({task.plan_id for task in tasks}) > 1
    kept = [
        at
        for at, name in enumerate(head)
        if (several or at > 0) and (name not in MAY_BE_LEFT_OUT or any(row[at] for row in rows))
    ]
    return [head[at] for at in kept], [[row[at] for at in kept] for row in rows]


def _short(tasks: Sequence[Task]) -> tuple[list[str], list[list[str]]]:
    """What a person reads in a picture: the task in a few words, who, and by when."""
    names = [name for name, _ in COLUMNS]
    head, _ = _whole(tasks)
    found = []
    for task in tasks:
        row = dict(zip(names, cells(task), strict=True))
        text = task.name
        row["任务"] = text if len(text) <= SHORT else text[: SHORT - 1] + "…"
        found.append({"方案": task.version.title, **row})
    shown = [name for name in IN_A_PICTURE if name in head or name == "任务"]
    return shown, [[row[name] for name in shown] for row in found]
