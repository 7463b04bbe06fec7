"""Reads what an extension asks for: the new day, and the reason."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from corpus.numerals import NUMBER, read_number
from corpus.phrases import Reading, read_spans

_LONGER = re.compile(
    rf"(?:再)?(?P<n>{NUMBER}|半)\s*(?P<unit>天|日|周|个?星期|个月|年|个?季度)(?:的时间)?(?=$|[\s，,。；;因由原])"
)
_LEAD = re.compile(
    r"^(?:[，,。；;：:、\s]|(?:申请|请求)?(?:延期|延长|推迟|顺延)?(?:至|到)|延至|延到|因为|因|由于|原因|理由|是|为|[(（)）])+"
)
_TAIL = re.compile(
    r"(?:[，,；;：:、\s]|(?:(?:申请|请求|现|故|特)+(?:延期|延长|推迟|顺延|延)?|(?:延期|延长|推迟|顺延|延))(?:至|到)?|至|到|[(（)）])+$"
)
_YEAR = re.compile(r"\d{4}\s*年|\d{4}[-./]|今年|本年|当年|年内")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; None or "" where it is not said."""

    until_on: date | None
    reason: str


def read_wish(text: str, due_on: date, today: date) -> Wish:
    """“到2022年9月30日，因为…” or “一个月，因为…”, the latter counted from `due_on`.

    A day without a year is the first one after `due_on`.
    """
    longer = _LONGER.match(text.strip(" ，,：:"))
    if longer and (until_on := _later(due_on, longer["n"], longer["unit"])):
        return Wish(until_on, _reason(text.strip(" ，,：:")[longer.end() :]))
    found = next((one for one in read_spans(text, today) if one.end is not None), None)
    if found is None:
        return Wish(None, _reason(text))
    before, after = text[: found.start_at], text[found.end_at :]
    parts = [_TAIL.sub("", _reason(before)), _reason(after)]
    return Wish(_first_after(found, due_on), "，".join(part for part in parts if part))


def _later(due_on: date, n: str, unit: str) -> date | None:
    if n == "半":
        steps = {"月": relativedelta(days=15), "年": relativedelta(months=6)}
        return due_on + steps[unit[-1]] if unit[-1] in steps else None
    number = read_number(n)
    if not number or number > 400:
        return None
    match unit[-1]:
        case "天" | "日":
            return due_on + timedelta(days=number)
        case "周" | "期":
            return due_on + timedelta(weeks=number)
        case "月":
            return due_on + relativedelta(months=number)
        case "度":
            return due_on + relativedelta(months=3 * number)
    return due_on + relativedelta(years=number) if number < 10 else None


def _first_after(found: Reading, due_on: date) -> date | None:
    if found.end is None or found.end > due_on or _YEAR.search(found.text):
        return found.end
    again = read_spans(found.text, date(due_on.year + 1, 1, 1))
    later = next((one.end for one in again if one.end is not None), None)
    return later if later is not None and later > due_on else found.end


def _reason(text: str) -> str:
    return _LEAD.sub("", text).strip(" ，,。；;：:、\n")
