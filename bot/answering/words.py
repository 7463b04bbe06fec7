"""Reads what is said in answer to a reminder, and leaves questions alone."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from corpus.numerals import HAN_NUMBER, read_number


class Verb(StrEnum):
    """What an answer does; a button begins with it."""

    ACK = "ack"  # 收到
    DONE = "done"  # 办结
    PROGRESS = "progress"  # 进展
    REPORT = "report"  # 报送
    EXTEND = "extend"  # 申请延期
    RETURN = "return"  # 退回, 不是我单位


@dataclass(frozen=True, slots=True)
class Said:
    """An answer in words."""

    verb: Verb
    numbers: tuple[int, ...] = ()  # of the things it is about, as they are counted in the reminder
    is_row: bool = False  # said as 第8项, which may be the number in the plan as well
    all: bool = False  # 全部办结
    text: str = ""  # what was said about it


_N = rf"(?:\d{{1,3}}(?!\d)|{HAN_NUMBER})"
_ONE = (
    rf"(?:第\s*{_N}\s*[项条件个]|第\s*{_N}(?=\s*[、,，和及])|\d{{1,3}}(?![\d%％.年月日天个人次]))"
)
_LIST = rf"{_ONE}(?:\s*[、,，和及]\s*{_ONE})*\s*[项条]?"
_BEFORE = rf"(?:(?:关于)?(?P<before>{_LIST})\s*(?:任务|工作|事项)?\s*[:：、,，]?\s*)?"
_AFTER = rf"(?:\s*(?P<after>{_LIST}))?"
_ROW = rf"(?:\s*(?P<after>第\s*{_N}\s*[项条件]|\d{{1,3}}(?=\s*(?:[:：]|$))))?"
_END = r"[，,。.!！~～:：\s]*"
_TEXT = r"(?:\s*[:：]\s*(?P<text>.+))?"
_OUR = r"(?:我|本|我们|咱们?)(?:们|的)?(?:这个)?(?:单位|部门|局|委|办|厅|处|科|室|中心|公司|街道|镇|乡|县|区|大队|支队|院|校|队)?"

_FORMS: dict[Verb, re.Pattern[str]] = {
    Verb.ACK: re.compile(
        rf"{_BEFORE}(?:好的?[，,、。\s]*)?(?:已经?)?(?:收到|收悉|知悉|知晓)了?{_AFTER}(?:[，,。\s]*谢谢)?{_END}",
        re.DOTALL,
    ),
    Verb.DONE: re.compile(
        rf"{_BEFORE}(?P<all>全部|都|均)?(?:"
        r"(?:申请)?(?:已经?)?(?:全部)?(?:办结|销号|办理完毕|办完)了?|(?:申请)?(?:已经?)(?:全部|按期|如期|按时)?完成了?|完成了"
        rf"){_AFTER}(?:{_TEXT}|[，,。\s]*(?:请查收|请知悉|请核实|请审核|见附件|谢谢)*{_END})",
        re.DOTALL,
    ),
    Verb.PROGRESS: re.compile(
        rf"{_BEFORE}(?:(?:报|上报|汇报|反馈|填报)(?:一下)?)?(?:工作|任务|目前|当前|最新)?的?进展(?:情况)?(?:如下|汇报|报告|反馈)?"
        rf"{_ROW}(?:{_TEXT}|[，,\s]+(?P<loose>.+)|{_END})",
        re.DOTALL,
    ),
    Verb.REPORT: re.compile(
        rf"{_BEFORE}(?:(?:现|补|(?P<past>现?已))?(?:报送|上报)了?{_ROW}(?:(?P<what>[^:：？?]{{0,30}}?)\s*[:：]\s*(?P<text>.+)|[，,\s]+(?P<loose>.+)|{_END}))",
        re.DOTALL,
    ),
    Verb.EXTEND: re.compile(
        rf"{_BEFORE}(?:我(?:局|单位|们)|本单位)?(?:现|特)?"
        r"(?:(?:申请|请求|恳请|拟|请(?:予以?|允许)?)(?:将?(?:完成)?(?:时限|期限|时间))?(?:延期|延长|延后|延至|延到|推迟|顺延|展期)"
        r"|(?:延期|推迟|顺延)(?=到|至)|(?:延至|延到))"
        rf"{_ROW}(?P<text>(?=$|[\s:：，,。]|到|至|因|由|\d|[一二三四五六七八九十两半]|明年|年底|本|下|后).*)",
        re.DOTALL,
    ),
    Verb.RETURN: re.compile(
        rf"{_BEFORE}(?:(?:申请|请求)?(?:退回|退件){_ROW}(?:{_TEXT}|[，,\s]+(?P<loose>.+)|{_END})"
        rf"|(?P<not>(?:这|此|该|这个|这项|此项|该项|本项)?(?:任务|工作|事项)?(?:并?不是|不属于|不归|不由|不该|不应由){_OUR}"
        r"(?:的)?(?:来)?(?:负责|牵头|承担|管辖?|职责(?:范围)?(?:内)?|职能|任务|工作|事情?)?(?:的)?)"
        rf"(?P<rest>[，,。；;:：\s].*)?)",
        re.DOTALL,
    ),
}  # fmt: skip

_ASKS = re.compile(
    r"多少|几[项个条件时]|哪[些个一家几里]|什么|怎么|怎样|如何|谁|是否|能否|可否|能不能|可不可以|要不要|有没有|是不是"
    r"|为何|为什么|何时|请问|吗$|呢$|么$"
)
_MARK = re.compile(r"[?？]\s*$|[吗呢][。.!！\s]*$")
_CANCEL = re.compile(rf"(?:取消|算了|不发了|退出|不用了){_END}")
_ITEM = re.compile(_LIST + _END)
_FILES_OF = re.compile(r"进展|报送|上报|办结")


def read(text: str, with_files: bool = False) -> Said | None:
    """What a message answers; None for a question, and for what is no answer by itself.

    A caption `with_files` may go on without a colon: 报送第三季度工作情况.
    """
    text = text.strip()
    if not text or _MARK.search(text):
        return None
    for verb, form in _FORMS.items():
        if found := form.fullmatch(text):
            return _said(verb, found.groupdict())
    if with_files and (found := _FILES_OF.match(text)) and not _ASKS.search(text):
        verb = {"进展": Verb.PROGRESS, "办结": Verb.DONE}.get(found[0], Verb.REPORT)
        return Said(verb, text=text)
    return None


def read_item(text: str) -> dict[str, Any]:
    """“2” or “第2项”, said when it was asked which one: the fields of Said; {} for anything else."""
    if not _ITEM.fullmatch(text.strip()):
        return {}
    return {"numbers": _numbers(text), "is_row": "第" in text}


def is_question(text: str) -> bool:
    """Whether a message asks something, and so is no text of an answer that was begun."""
    return bool(_MARK.search(text.strip()))


def is_cancel(text: str) -> bool:
    """Whether somebody gives up what they began."""
    return bool(_CANCEL.fullmatch(text.strip()))


def _numbers(items: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(n for n in map(read_number, re.findall(_N, items)) if n))


def _said(verb: Verb, found: dict[str, str | None]) -> Said | None:
    # what follows a colon is told; what follows without one may be the rest of a question
    told = (found.get("text") or "").strip()
    loose = " ".join(found[part] or "" for part in ("loose", "what", "rest") if found.get(part))
    if verb is Verb.EXTEND:
        told, loose = "", told
    if _ASKS.search(loose) or loose.startswith("的"):
        return None
    items = found.get("before") or found.get("after") or ""
    numbers = _numbers(items)
    text = " ".join(part for part in (loose, told) if part)
    if verb is Verb.REPORT and found.get("past"):
        text = text or "已报送"  # by other ways than this chat
    return Said(verb, numbers, "第" in items, bool(found.get("all")), text.strip(" ，,。；;:：\n"))
