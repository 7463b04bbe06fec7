"""Reads when a plan's task is due: the cell 完成时限, or the dates in a measure's prose."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

from corpus.numerals import NUMBER, plain, read_number
from corpus.time_expressions import scan
from corpus.time_units import Expression, Form, Frame, Grain
from corpus.values import TimingKind, TimingValue


@dataclass(frozen=True, slots=True)
class DateContext:
    """What dates without a year take theirs from, and whether the text is prose or a cell of time.

    A cell speaks of nothing but time, so words that are no timing in prose are one there: 日常工作.
    """

    year: int | None = None  # of a one-year plan, or of the column's head
    issued_on: date | None = None
    in_prose: bool = True


_CLAUSE_END = "。；;！？\n\t"
_LASTING_CELL = re.compile(
    r"(?:年度)?(?:日常|经常性|常态化?|长效|持续性?)(?:性)?(?:工作|开展|推进|坚持|实施|进行|落实|化|监管|管理)?|"
    r"长期(?:坚持|推进|开展|实施|落实|任务|工作|执行)?|(?:持续|不断|滚动|动态|定期)(?:推进|开展|实施|落实|进行|坚持|深化|管理|调整|更新)|"
    r"全程|常年|贯穿全年|随时"
)
_DIRECTED_CELL = re.compile(
    r"(?:并|及|和)?(?:按照?|根据|依据|依照|遵照|以|待|随)[^，。；]{0,14}?"
    r"(?:上级|国家|省|市|区|县|部|厅|局|办|总队|支队|统一|任务|文件|方案|有关|相关|通知)[^，。；、]{0,10}?"
    r"(?:部署|要求|安排|为准|通知|时限|时间|进度|计划|开展|下达|规定|推进|完成)(?:要求|安排|开展|实施|推进|完成|执行|进行|落实)*|"
    r"(?:上级|省|市)(?:里|级)?(?:另有|统一)(?:部署|要求|安排|规定)"
)
_DIRECTED_PROSE = re.compile(
    r"(?:按照?|根据)(?:上级|国家|省|市|区|县|部|厅|局|[、和级里])+(?:统一)?(?:下达|规定|明确|要求)的?"
    r"(?:各项)?(?:指标任务|任务指标|指标|任务|计划|时限|时间节点?|进度)(?:要求|安排)?"
)
_SEASON = re.compile("[春夏秋冬][季天]$")
_HEDGE = re.compile("争取|力争|力求")
# Names and references hold dates that nobody has to meet.
_NAMES = re.compile(
    r"《[^》]*》|[〔\[]\d{4}[〕\]]\d*号?|\d{4}年(?:第?\d+号|第\d+[届次期])|"
    r"(?:计划|规划|方案|行动|纲要|工程|指南)[(（](?:19|20)\d\d年?[-—~至]+(?:19|20)\d\d年?[)）]|"
    r"\d{4}年?版|[“\"][^”\"]{0,6}\d{3,4}[^”\"]{2,12}[”\"]"
)
_COMPARED = re.compile(r"(?:比|较|同比|对比|相较于?|相比于?|以|与|和)$")
_COMPARISON = re.compile(
    r"^(?:末|底|度)?(?:相比|增长|下降|提高|减少|上升|降低|增加|压减|水平|同期|为基[数期准]|基[数期准年]|的?基础上|的?水平)"
)
_NAMED = re.compile(
    r"^(?:度)?(?:创建成果|成果|数据|目录|标准|版|要点|预算|统计|普查|考核结果|评价结果|经验|以来|小结|"
    r"(?:工作|任务|目标|完成|推进|落实|进展|整治|自查|执行)+(?:小结|总结|情况|报告)(?=$|[，,。；;、及和报])|"
    r"(?:(?!完成|编制|制定|出台|印发)[^，。；]){0,16}(?:工作要点|工作方案|实施方案|工作计划))"
)
_PAST_MARK = re.compile(r"^[^，。；]{0,16}(?:已经|已(?!有)|曾|了(?!解))")
_FINISH = re.compile(
    "完成|建成|建立|达到|达|实现|覆盖|竣工|投用|投入使用|投产|通过|创成|创建|出台|制定|编制|印发|办结|整改到位|"
    "到位|消除|解决|改造|新增|打造|培育|累计|总数|取得|启动|形成|验收|下降|提升至|提高到|控制在|全面推行"
)
_DONE = re.compile(r"^[^，。；\d]{0,3}(?:完成|建成|办结|竣工|投用|到位|验收|结束|前完成)")
_COUNT = re.compile(
    rf"(?:{NUMBER}|\d+(?:\.\d+)?)(?:余|多)?(?:个|家|次|批次|批|场|条|件|份|名|人|户|处|座|项|类|公里|亩|平方米|台|套|所|期|万|吨|%"
    "|篇|册|本|部|块|路|盏|眼|口|根|张|艘|辆|片|棵|株|只|头|支|间|栋|枚|亿|学时|课时|立方米|公顷|元)"
)
_KEPT = re.compile("稳定|保持|维持|动态|持续|始终|不低于|合格率|同步|深化|巩固|常态")
_BEFORE_EVENT = re.compile(
    r"[^\d和及与完建]{1,10}(?<![提目当以此空先])前(?![期列沿端景提后瞻三十百])"
)
_LENGTH = re.compile(r"(?:压缩|缩短|压减|精简|减少|控制|提速|限)(?:至|到|在|为)(?:\d+\.)?$")
# how much in a day, not how often: 供水能力每日15万吨
_CAPACITY = re.compile(r"(?:能力|规模|产能|流量|产量|用量|排放量|处理量)(?:达到?|为|约)?$")
_DAY_OF_YEAR = re.compile(rf"于?({NUMBER})月(?:({NUMBER})[日号]|[底末])(?:[之以]?前)?")
_LISTED = re.compile("(?:[之以]?前)?[、,，和及与或]")
_EMPTY = re.compile(r"[\s/—\-无、。]*")


def read_timings(text: str, context: DateContext) -> list[TimingValue]:
    """Every timing of a cell of time or of a measure's prose, in the order of the text.

    Days are local and included. A DEADLINE or PERIOD whose `due_on` is None names a date without
    a year that the context does not know either: for the review list.
    """
    flat, places = plain(text)
    year = context.year or (context.issued_on.year if context.issued_on else None)
    frame = Frame(context.issued_on, year, in_plan=True)
    masked = _NAMES.sub(lambda m: "\x00" * len(m[0]), flat) if context.in_prose else flat
    found: list[tuple[int, int, TimingValue]] = []
    for e in _each_listed(scan(masked, frame), masked):
        value = _timing(e, masked, context, frame)
        if value:
            found.append((e.start_at, e.end_at, value))
    found += _undated(masked, context, [(a, b) for a, b, _ in found])
    found.sort(key=lambda item: item[:2])
    spans = [(a, b) for a, b, _ in found]
    return [
        replace(
            value,
            text=text[places[a] : places[b - 1] + 1],
            about=_about(flat, a, b, spans),
            hedged=_is_hedged(flat, a, b),
        )
        for a, b, value in found
    ]


def unreadable_time(text: str) -> bool:
    """Whether a cell of time says something of which no timing can be made: 适时推进, 按时间节点."""
    return not _EMPTY.fullmatch(text) and not read_timings(
        text, DateContext(2000, date(2000, 1, 1), in_prose=False)
    )


def _each_listed(found: list[Expression], text: str) -> list[Expression]:
    """What a list says once: 每年 of 每年6月30日、12月20日前, 前 of 春节、国庆前."""
    for n in reversed(range(len(found) - 1)):
        feast, e = found[n], found[n + 1]
        both = feast.grain is Grain.FESTIVAL and e.grain is Grain.FESTIVAL
        before = both and (feast.form, e.form) == (Form.SPAN, Form.UNTIL)
        if before and feast.start and text[feast.end_at : e.start_at] in ("、", "和", "及"):
            end = feast.start - timedelta(days=1)
            found[n] = replace(feast, form=Form.UNTIL, start=None, end=end)
    carried: list[Expression] = []
    for e in found:
        last = carried[-1] if carried else None
        day = _DAY_OF_YEAR.fullmatch(text[e.start_at : e.end_at])
        if (
            last is not None and day and (last.rule or "").startswith("FREQ=YEARLY;BYMONTH=")
            and _LISTED.fullmatch(text[last.end_at : e.start_at])
        ):  # fmt: skip
            month, number = read_number(day[1]), read_number(day[2]) if day[2] else -1
            rule = f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={number}"
            e = replace(e, form=Form.RULE, start=None, end=None, rule=rule)
        if (
            last is not None and last.year_given and (e.rule or "").startswith("FREQ=YEARLY")
            and (last.form is Form.SINCE or _lasts_years(last))
            and text[last.end_at : e.start_at] in ("", ",", "，")
        ):  # fmt: skip
            e = replace(e, start_at=last.start_at, start=last.start, end=last.end)
            carried.pop()  # 2025年起每年: since when, and for how long
        carried.append(e)
    return carried


def _lasts_years(e: Expression) -> bool:
    return bool(e.form is Form.SPAN and e.start and e.end and e.start.year < e.end.year)


def _undated(
    text: str, context: DateContext, taken: list[tuple[int, int]]
) -> list[tuple[int, int, TimingValue]]:
    patterns = [(_DIRECTED_PROSE, TimingKind.AS_DIRECTED)]
    if not context.in_prose:
        patterns = [(_DIRECTED_CELL, TimingKind.AS_DIRECTED), (_LASTING_CELL, TimingKind.RECURRING)]
    found: list[tuple[int, int, TimingValue]] = []
    for pattern, kind in patterns:
        for m in pattern.finditer(text):
            if all(m.end() <= a or m.start() >= b for a, b in taken):
                found.append((m.start(), m.end(), TimingValue("", kind)))
                taken.append(m.span())
    return found


def _timing(e: Expression, text: str, context: DateContext, frame: Frame) -> TimingValue | None:
    """What an expression binds a task to, or None where it only describes."""
    after = text[e.end_at :]
    if e.form is Form.RULE:
        if context.in_prose and _CAPACITY.search(text[: e.start_at]):
            return None
        return TimingValue("", TimingKind.RECURRING, e.start, e.end, rule=e.rule)
    if e.form is Form.AFTER_EVENT:
        if _LENGTH.search(text[: e.start_at]):
            return None  # 开办时间压缩至3个工作日以内: how long it takes, not by when
        return TimingValue("", TimingKind.AS_DIRECTED)
    if context.in_prose and _describes(e, text, frame):
        return None
    clause = _clause_around(text, e.start_at, e.end_at)
    if e.form is Form.SINCE:
        return TimingValue("", TimingKind.RECURRING, start_on=e.start)
    if e.form is Form.UNTIL:
        return TimingValue("", TimingKind.DEADLINE, due_on=e.end, ambiguous=e.ambiguous)
    if "全年" in text[e.start_at : e.end_at]:
        return _whole_year(e, after, context)
    if e.grain is Grain.YEAR:
        return _bare_year(e, after, clause, context)
    if e.grain is Grain.END or (e.grain is Grain.DAY and e.start == e.end and not context.in_prose):
        return TimingValue("", TimingKind.DEADLINE, due_on=e.end)
    if _DONE.match(after):
        return TimingValue("", TimingKind.DEADLINE, due_on=e.end)
    if context.in_prose and e.grain is Grain.LONG:
        return None
    return TimingValue("", TimingKind.PERIOD, start_on=e.start, due_on=e.end)


def _whole_year(e: Expression, after: str, context: DateContext) -> TimingValue:
    """全年 with a count to reach is the year's end, with lasting work it is recurring."""
    clause = re.split("[，,。；;]", after, maxsplit=1)[0]
    if context.in_prose and _COUNT.search(clause) and not _KEPT.search(clause):
        return TimingValue("", TimingKind.DEADLINE, due_on=e.end)
    return TimingValue("", TimingKind.RECURRING, start_on=e.start, due_on=e.end)


def counts_up(measure: str) -> bool:
    """Whether a measure has a count to reach, so that 全年 beside it is the end of the year.

    A rate is kept all year, and so is what is owed every month.
    """
    clauses = [c for c in re.split("[，,。；;\n]", measure) if not (_KEPT.search(c) or "每" in c)]
    counts = [found[0] for clause in clauses for found in _COUNT.finditer(clause)]
    return any(not count.endswith("%") for count in counts)


def _bare_year(e: Expression, after: str, clause: str, context: DateContext) -> TimingValue | None:
    if re.match("[^，。；]{0,6}(?:持续|长期|巩固|常态|每[年月季])", after):
        return TimingValue("", TimingKind.RECURRING, start_on=e.start, due_on=e.end)
    follows = re.split("[，,。；;]", after.lstrip("，,"), maxsplit=1)[0]
    if context.in_prose and _BEFORE_EVENT.match(follows):
        return None  # 2025年汛期前: which day that is nobody can tell
    if not context.in_prose or _FINISH.search(follows) or _COUNT.search(follows):
        return TimingValue("", TimingKind.DEADLINE, due_on=e.end)
    return None


def _describes(e: Expression, text: str, frame: Frame) -> bool:
    """Whether prose only mentions the date: a base of comparison, a name, the past."""
    words, before, after = text[e.start_at : e.end_at], text[: e.start_at], text[e.end_at :]
    if words.endswith("来"):
        return True  # 2024年以来
    if e.form is Form.SPAN:
        if e.grain is Grain.FESTIVAL or _SEASON.search(words):
            return True  # 春节、国庆等重要节假日, 冬季清洁取暖: kinds of work, not days
        if _COMPARED.search(before) or _COMPARISON.match(after) or _PAST_MARK.match(after):
            return True
    elif _COMPARED.search(before) and _COMPARISON.match(after):
        return True
    if _NAMED.match(after) and not words.endswith("前"):
        return True  # 2024年工作方案 is a name, what is done 2024年3月底前 is not
    is_listed = re.match(r"(?:、(?:19|20)\d\d年?)+(?:分别|依次)", after)
    return bool(not is_listed and frame.year and e.year_given and e.end and e.end.year < frame.year)


def _is_hedged(text: str, start: int, end: int) -> bool:
    a, b = _clause_span(text, start, end, _CLAUSE_END)
    before, after = text[a:start], text[end:b]
    near = re.split("[，,]", before)[-1]
    return bool(_HEDGE.search(near) or _HEDGE.search(after))


def _clause_span(text: str, start: int, end: int, stops: str) -> tuple[int, int]:
    a = max(text.rfind(c, 0, start) for c in stops) + 1
    ends = [at for c in stops if (at := text.find(c, end)) >= 0]
    return a, min(ends, default=len(text))


def _clause_around(text: str, start: int, end: int) -> str:
    a, b = _clause_span(text, start, end, _CLAUSE_END)
    return text[a:b]


_TRIM = " ，,、（）():：。；;\x00"


def _about(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> str:
    """The clause that a timing dates, without the words of time."""
    a, b = _clause_span(text, start, end, _CLAUSE_END + "，,")
    others = [(x, y) for x, y in spans if (x, y) != (start, end)]
    inner = _without(text, a, start, others).strip(_TRIM) + _without(text, end, b, others).strip(
        _TRIM
    )
    inner = re.sub(r"^[和及与]|[和及与、](?=分别)", "", inner)  # stood between two times
    inner = re.sub(r"^(?:争取|力争|在|前|并|需|要)+|(?:前|内)?完成$", "", inner).strip(_TRIM)
    if len(inner) >= 4 or not b < len(text) or text[b] not in "，,":
        return inner
    later = [x for x, _ in spans if x > start]
    stop = min([_clause_span(text, b + 1, b + 1, _CLAUSE_END + "，,")[1], *later])
    return (inner + ("：" if inner else "") + text[b + 1 : stop].strip(_TRIM)).strip(_TRIM)


def _without(text: str, a: int, b: int, spans: list[tuple[int, int]]) -> str:
    return "".join(c for at, c in enumerate(text[a:b], a) if all(not x <= at < y for x, y in spans))
