"""Figures of the kind that is asked for: 几次, 多少钱, 几家 of a sentence, 低于100% of a row's targets."""

import operator
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from corpus.models import Task
from rag.patterns import COUNTING, GENERAL, LISTING, TASK_NOUN
from rag.query import Query, Value
from rag.words import segments

# 这几个 asks nothing
_HOW_MANY = r"(?:多少|(?<![这那哪前后好数])几)"
_N = r"(?:\d[\d,.]*|[零一二两三四五六七八九十百千]+)\s*(?:余|多|来)?"
_MONEY = (  # 总投资1.2亿, but not 3万人次
    rf"{_N}(?:(?:万|亿|千|百)*元|[千百]*[万亿]"
    r"(?!\s*[余多]?(?:[人次名位户亩吨公平立千件个家份株头棵只套米里盏张场台辆册条处支尾羽箱字]|元)))"
)
_TIME = r"(?:天|个?工作日|个?小时|个?钟头|学时|课时|分钟)"
_LASTS = (  # 2025年 and 三年行动 are no stretch of time
    rf"{_N}(?:个)?(?:天|日|工作日|小时|学时|课时|分钟|星期|个月|个季度)|当[日天]|[即立]时|立即"
    r"|(?<![\d〇○])(?:\d{1,2}|[一二两三四五六七八九十]|半)\s*(?:周|年)(?!行动|计划|级|度|\d)"
)
# what is asked, and what a sentence must hold to answer it
_KINDS = tuple(
    (re.compile(asked), re.compile(given, re.IGNORECASE))
    for asked, given in (
        (
            rf"{_HOW_MANY}(?:次|场|轮|遍|趟|回)(?!性)",
            rf"{_N}(?:次|场|轮|期|遍|趟|回)|每[年季月周日天半学期度]|[年季月]度|一[月季年]一",
        ),
        (r"多少(?:万|亿)?(?:元|钱|块)|几(?:万|百|千|块)(?:元|钱|块)", _MONEY),
        (
            r"(?:投|花|拨|补|奖|罚|钱|资金|经费|预算).{0,6}(?:多少|几)[十百千]?[万亿](?=\W|$)"
            r"|花(?:费|掉|了)?(?:多少|几)(?!个?[天日月年周]|.{0,2}(?:时|分钟))",
            _MONEY,
        ),
        (
            r"叫什么名|姓名|哪几?个人(?![群口才员])",
            r"员|(?<![增成生特延])长(?![期效远度])|负责人|主任|书记|领导|:\S{2,4}$",
        ),
        (
            r"[补奖罚赔拨](?:助|贴|励|款|偿|付|发)?多少(?=$|[?,。元亿钱呢啊了]|万(?![人户亩])|资金|经费)",
            rf"{_MONEY}|\d\s*[%‰]",
        ),
        (rf"{_HOW_MANY}{_TIME}(?!.{{0,10}}[一1][次回])", _LASTS),
        (rf"{_HOW_MANY}{_TIME}.{{0,10}}[一1][次回]", rf"{_LASTS}|每[年季月旬周天日半]"),
        (rf"{_HOW_MANY}(?:个)?(?:人(?!民)|名|位(?!置))", rf"{_N}万?(?:余|多)?(?:人|名|位)"),
        (rf"{_HOW_MANY}(?:吨|公斤|千克|斤)", rf"{_N}万?(?:吨|公斤|千克|斤|kg)"),
        (
            rf"{_HOW_MANY}(?:家|所|座|处|个(?!百分点|月|小时|学时|工作日|钟头))",
            r"\d(?![\d.,]*\s*[%‰])|[一二两三四五六七八九十百]+[家个所座处]|零",
        ),
        (rf"{_HOW_MANY}(?:公里|千米|米|里)", rf"{_N}万?(?:公里|千米|米|里|km)"),
        (
            r"哪条[路街](?![线径道])",
            r"大道|[\u4e00-\u9fff]{2}(?:(?<![道公铁思线电出管])路(?![径线面长])|[街巷](?![道长区]))",
        ),
        (
            r"(?:什么|哪个)位置|地址|几号楼|几楼",
            r"位于|设在|地址|[路街道巷]\d|大道|\d(?:号|楼|室)|(?<![正存现实潜])在(?![建校线岗册编职])",
        ),
    )
)
_COUNTED = re.compile(
    rf"{_HOW_MANY}(家|个|所|处|座|条|项|件|批次?|份|台|套|辆|张|块|户|起|种|类|支|本|篇|公斤|吨|亩|公里|平方米|小时|学时|课时)"
)


def of_asked_kind(question: str, sentence: str) -> bool:
    """Whether nothing is asked for that a sentence gives no figure of: money, times, days, people."""
    return all(given.search(sentence) for given in _wanted(question))


@lru_cache(maxsize=64)
def _wanted(question: str) -> tuple[re.Pattern[str], ...]:
    return tuple(given for asked, given in _KINDS if asked.search(question))


def counts_the_same(question: str, sentence: str) -> bool:
    """Whether a sentence counts by the measure word of the question: 几家 and 223家."""
    counted = _counted(question)
    return counted is not None and counted.search(sentence) is not None


@lru_cache(maxsize=64)
def _counted(question: str) -> re.Pattern[str] | None:
    asked = _COUNTED.search(question)
    return re.compile(rf"{_N}{asked[1]}") if asked else None


# ---- rows by the value of their targets

_VALUE = re.compile(
    r"(?:目标值?|指标值|数值|要求|比例|标准)?(?:都|均|要|应|需|须)*"
    r"(?P<op>不低于|不少于|不高于|不超过|不大于|低于|小于|少于|不到|不足|未达到?|没达到?|没到|高于|大于|多于|超过|达到|达|不是|不为|不等于|并非|等于|是|为|在)了?"
    r"(?P<number>\d+(?:\.\d+)?)(?P<unit>%|[家个件份分次批所处名人户项万]*)(?![\d年月日号.]|个?(?:月|季度|工作日))(?P<more>及?以[上下内])?的?"
)
_OPS = {
    "不低于": ">=", "不少于": ">=", "达到": ">=", "达": ">=", "不高于": "<=", "不超过": "<=", "不大于": "<=",
    "低于": "<", "小于": "<", "少于": "<", "不到": "<", "不足": "<", "未达": "<", "未达到": "<",
    "没达": "<", "没达到": "<", "没到": "<", "高于": ">", "大于": ">", "多于": ">", "超过": ">",
    "不是": "!=", "不为": "!=", "不等于": "!=", "并非": "!=",
}  # fmt: skip
_HOLDS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq,
    ">=": operator.ge, ">": operator.gt,
}  # fmt: skip


def read_value(query: Query, rest: str) -> str:
    """Put a condition on targets into `query`, 低于100%, where nothing else is asked about; the text without it."""
    if not (LISTING.search(query.text) or COUNTING.search(query.text)):
        return rest
    found = _VALUE.search(rest)
    if found is None or not re.search(TASK_NOUN, rest):
        return rest
    without = rest[: found.start()] + "," + rest[found.end() :]
    if any(s not in GENERAL for s in segments(without)):
        return rest
    if _asks_progress(query.text, found["op"]):
        query.done = False  # a plan tells what is aimed at, the record what is done
        return re.sub("目前|现在", ",", without)
    op = {"以上": ">=", "以下": "<=", "以内": "<="}.get((found["more"] or "")[-2:])
    op = op or _OPS.get(found["op"], "=")
    if found["op"] in ("达到", "达") and not found["more"]:
        op = "="  # 达到100%: those whose target is 100%
    number = Decimal(found["number"])
    query.value = Value(op, number, found["unit"], found[0].strip("的"))
    return without


def _asks_progress(text: str, op: str) -> bool:
    """Whether what has been reached is asked for, 没达到100%, and not what is aimed at."""
    if _OPS.get(op) != "<" or re.search("目标|指标", text):
        return False
    return op.startswith(("未", "没")) or re.search("进度|进展|目前|现在", text) is not None


def has_value(value: Value, task: Task) -> bool:
    """Whether one of the targets of a row is as asked; for 不是100%, whether none is 100%."""
    if value.op == "!=":
        return bool(task.targets) and not has_value(replace(value, op="="), task)
    return any(
        (number := _number(target.value)) is not None
        and value.measure_unit in ("", target.measure_unit)
        and _HOLDS[value.op](number, value.number)
        for target in task.targets
    )


def _number(printed: str) -> Decimal | None:
    try:
        return Decimal(printed)
    except InvalidOperation:
        return None
