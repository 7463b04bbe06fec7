"""Reads from when to when a plan runs: what its text says of itself, else the years of its title."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from corpus import numerals
from corpus.numbering import read_numbered
from corpus.time_expressions import scan
from corpus.time_units import Form, Frame

Period = tuple[date | None, date | None]  # first and last day, both included

_FIVE_YEARS = re.compile('[“"]?十([一二三四五六七八九])五[”"]?')
_SPAN = re.compile(r"(20\d\d)\s*年?\s*(?:[-—–~～至到－]+)\s*(20\d\d)")

_NAME = r"(?:执行|实施|有效|规划|工作|行动|整治|攻坚|活动)(?:期限?|周期|时间|时限|年限|时段)"
_OTHERS = "项目|工程|阶段|合同|协议|许可|证书|资金"  # what has a period of its own
_OWN = re.compile(rf"(?<![基根成资版样])本(?:(?!{_OTHERS})[^，。；：:、]){{0,14}}?{_NAME}")
_RUNS = re.compile(
    r"(?<![基根成资版样])本(?:次|轮|项)?[^，。；：:、]{0,8}?"
    r"(?:方案|计划|要点|意见|规划|办法|细则|制度|预案|清单|行动|通知)(?=[自从])"
)
_BARE = re.compile(rf"(?:^|(?<=[。；;])){_NAME}")
_LEAD = re.compile(r"(?:[暂确初]?[步定]?[为是于]期?|[一二三四五两\d]+年|即|[：:，,（(])*")
_SAID = re.compile(r"止|施行|实施|执行|有效|结束")
_ISSUED = re.compile(r"(?:印发|发布|公布|下发|成文)之?日")
_OF_A_PART = re.compile(
    r"^(?:责任|牵头|配合|主办|协办|承办)(?:单位|部门|领导|人)?[:：]|^项目|阶段(?:[：:。（(]|$)"
)


def period_said(texts: Sequence[str], issued_on: date | None) -> Period | None:
    """The period that a plan states as its own: 本方案执行期为…至…, 本计划自…起至…止, 实施时间：….

    `texts` are its paragraphs without blanks. What speaks of the plan itself goes first; a bare
    label counts where all of them name the same days, and none is that of a task or of a stage.
    """
    lines = list(_joined(texts))
    for line in lines:
        for head in (_OWN, _RUNS):
            for found in head.finditer(line):
                words = line[found.end() :]
                if (period := _span(words, issued_on, head is _RUNS)) is not None:
                    return period
    bare = set()
    for n, line in enumerate(lines):
        if any(_OF_A_PART.search(_own(one)) for one in lines[max(0, n - 1) : n + 2]):
            continue
        own = _own(line)
        for found in _BARE.finditer(own):
            if found.start() and read_numbered(line):
                continue  # of what the point is about
            if (period := _span(own[found.end() :], issued_on)) is not None:
                bare.add(period)
    return bare.pop() if len(bare) == 1 else None


def period_of_title(title: str) -> Period:
    """The years that a title names, from the first day to the last."""
    if found := _SPAN.search(title):
        return date(int(found[1]), 1, 1), date(int(found[2]), 12, 31)
    if found := _FIVE_YEARS.search(title):
        first = 2001 + 5 * (numerals.read_number(found[1]) or 0)
        return date(first, 1, 1), date(first + 4, 12, 31)
    if found := re.search(r"(20\d\d)年", title):
        year = int(found[1])
        return date(year, 1, 1), date(year, 12, 31)
    return None, None


def _joined(texts: Sequence[str]) -> Iterator[str]:
    """The paragraphs, a heading that is a label alone made one with what stands under it."""
    label = ""
    for text in texts:
        if re.fullmatch(_NAME, _own(text).rstrip("：:。")):
            label = text.rstrip("：:。")
            continue
        yield f"{label}：{text}" if label else text
        label = ""


def _own(text: str) -> str:
    """A paragraph without its number."""
    number = read_numbered(text)
    return number.rest if number else text


def _span(words: str, issued_on: date | None, runs: bool = False) -> Period | None:
    """The first and last day that a sentence goes on with; with `runs` only where it says 止 or 施行."""
    sentence = numerals.plain(re.split("[。；;]", words.lstrip("。：:"), maxsplit=1)[0])[0]
    if runs and not _SAID.search(sentence):
        return None
    times = scan(sentence, Frame(None, None, in_plan=True))
    if not times or not _LEAD.fullmatch(sentence[: times[0].start_at]):
        return None
    first = times[0]
    start, end = first.start, first.end
    if first.form is Form.SINCE:
        if start is None and _ISSUED.search(sentence[first.start_at : first.end_at]):
            start = issued_on
        ends = [one.end for one in times[1:2] if one.form is Form.UNTIL]
        end = ends[0] if ends else None
    elif first.form is not Form.SPAN:
        return None
    return (start, end) if start and end and start <= end else None
