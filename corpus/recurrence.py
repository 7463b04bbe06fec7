"""Reads words of repetition, 每月5日前, 每季度末, 按月, as an iCalendar RRULE."""

import re

from corpus.festivals import NAMES, fixed_day, weekday_of_month
from corpus.numerals import NUMBER, read_number
from corpus.time_units import SPAN_SIGN, WEEK, WEEKDAYS, at

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_QUARTER_ENDS, _HALF_ENDS = "3,6,9,12", "6,12"
_MEASURES = {
    "天": "DAILY", "日": "DAILY", "周": "WEEKLY", "星期": "WEEKLY", "礼拜": "WEEKLY",
    "月": "MONTHLY", "月份": "MONTHLY", "年": "YEARLY", "年度": "YEARLY",
}  # fmt: skip
_MONTHS_OF = {"季": 3, "季度": 3, "半年": 6, "半年度": 6}
_MEASURE = "(?:年度?|半年度?|季度?|月份?|周|星期|礼拜|天|日)"
# 每日产生的餐厨废弃物: the words describe a thing; nothing is to be done every day
_ATTRIBUTE = r"(?!商报|新闻|经济|新?(?:产生|排放|消耗|接待|新增|更新)的)"


def read_recurrence(text: str, i: int) -> tuple[int, str | None] | None:
    """Where words of repetition that begin at `i` end, and their RRULE if they give one."""
    for reader in (_after_each, _workdays, _seasons, _by_turns, _each, _once_in):
        if found := reader(text, i):
            return found
    return None


_FIRST_MONTHS = {"季": "1,4,7,10", "半": "1,7", "年": "1"}


def _after_each(text: str, i: int) -> tuple[int, str | None] | None:
    """次月5日前, 每季度次月10日前, 每季度结束后10个工作日内: days of the month that follows."""
    m = at(
        rf"(?:每个?(月|季度?|半年度?|年度?))?的?次月的?(?:前?({NUMBER})个(工作日)(?:之|以)?[前内]|(?:前|{NUMBER}[日号]?{SPAN_SIGN})?({NUMBER})[日号]?(?<=[日号])(?:之|以)?(?:前|内|报))",
        text,
        i,
    ) or at(
        rf"每个?(月|季度?|半年度?|年度?)(?:度)?(?:结束|终了|终)之?后的?(?:({NUMBER})个(工作日)|({NUMBER})[日天])(?:以内|之内|内|前)",
        text,
        i,
    )
    if not m:
        return None
    n = read_number(m[2] or m[4]) or 0
    months = _FIRST_MONTHS.get((m[1] or "月")[0])
    rule = "FREQ=MONTHLY" + (f";BYMONTH={months}" if months else "")
    if not 1 <= n <= (22 if m[3] else 31):
        return m.end(), rule
    if m[3]:
        return m.end(), f"{rule};BYDAY=MO,TU,WE,TH,FR;BYSETPOS={n}"
    return m.end(), f"{rule};BYMONTHDAY={n}"


def _workdays(text: str, i: int) -> tuple[int, str | None] | None:
    if m := at("每(?:天)?(?:早|晚|夜)(?:上|间|晨)?(?![会餐班高])", text, i):
        return m.end(), "FREQ=DAILY"
    if m := at(f"隔(?:一个?)?{WEEK}(?![一二三四五六日天])", text, i):
        return m.end(), "FREQ=WEEKLY;INTERVAL=2"
    if m := at("每旬(?:末|底)?", text, i):
        return m.end(), "FREQ=MONTHLY;BYMONTHDAY=10,20,-1"
    if m := at(r"每个?(工作日|周末|双休日|休息日)", text, i):
        days = "MO,TU,WE,TH,FR" if m[1] == "工作日" else "SA,SU"
        return m.end(), f"FREQ=WEEKLY;BYDAY={days}"
    return None


def _seasons(text: str, i: int) -> tuple[int, str | None] | None:
    m = at(
        rf"(?:每年)?春秋[两二]?季(?:开学)?|每年?(?:个?学期|学年)(?:初|末|开学|结束)?(?:之?[前后](?:的?{NUMBER}个?(?:工作日|日|天|周)(?:以内|之内|内)?)?)?|每逢?(?:重[要大])?节(?:假日|日)|每年(?:汛期|暑期|寒暑假|春秋|[春夏秋冬][季天])",
        text,
        i,
    )
    if not m:
        return None
    return m.end(), "FREQ=YEARLY" if m[0].startswith("每年") and m[0][
        2
    ] in "汛暑寒春夏秋冬" else None


def _by_turns(text: str, i: int) -> tuple[int, str | None] | None:
    """按月, 逐年, 月度, 季度末 without a number, 分季度."""
    m = at(
        rf"(?:按|逐|分|以)({_MEASURE})(?=$|[,，。；;、)）]|报|调|通报|开展|组织|公布|发布|推进|考核|汇总|上报|排名|分析|发放|拨付|兑付|结算|巡查|检查|更新|公示|监测|统计|梳理|督查|督办|评估|反馈|编制|向|对|将)",
        text,
        i,
    )
    return (m.end(), _plain_rule(m[1], 1)) if m else None


def _once_in(text: str, i: int) -> tuple[int, str | None] | None:
    """半年一次, 一年两次, 一季度一通报."""
    m = at(
        rf"({NUMBER}个?(?:年|季度|月|周|星期|天)|半年|半月)(?:不?少于|至少|各)?一(?:次|通报|调度|报|考核|评估|小结)|一(年|季度|个?月|周|天){NUMBER}次",
        text,
        i,
    )
    if not m:
        return None
    if m[2]:
        return m.end(), _plain_rule(m[2].removeprefix("个"), 1)
    if m[1].startswith("半"):
        return m.end(), _plain_rule("半年", 1) if m[1] == "半年" else None
    number = re.match(NUMBER, m[1])
    n = read_number(number[0]) if number else None
    return m.end(), _plain_rule(m[1][len(number[0]) :].lstrip("个"), n) if number and n else None


def _each(text: str, i: int) -> tuple[int, str | None] | None:
    m = at(
        rf"(?:每人|每家|每户|每校)?(?:每逢?|各|逢(?=[单双]月)|(?=[单双]月(?:底|末|{NUMBER}[日号])))(?:隔(?P<other>一)|隔?({NUMBER}|半|[单双](?=月))?)个?({_MEASURE}){_ATTRIBUTE}",
        text,
        i,
    )
    if not m or (m[0].startswith("各") and not at("各季度", text, i)):
        return None
    count, measure = m[2], m[3]
    if count == "半":
        if measure in ("月", "月份"):
            return m.end(), "FREQ=MONTHLY;BYMONTHDAY=15,-1"
        return (
            _with_detail(text, m.end(), "半年", 1) if measure.startswith("年") else (m.end(), None)
        )
    n = (
        2 if m["other"] or count in ("单", "双") else (read_number(count) if count else 1)
    )  # 每隔一周 is every other week
    return _with_detail(text, m.end(), measure, n or 1)


def _plain_rule(measure: str, n: int) -> str | None:
    if measure in _MONTHS_OF:
        frequency, n = "MONTHLY", n * _MONTHS_OF[measure]
    elif measure in _MEASURES:
        frequency = _MEASURES[measure]
    else:
        return None
    return f"FREQ={frequency}" + (f";INTERVAL={n}" if n > 1 else "")


def _with_detail(text: str, i: int, measure: str, n: int) -> tuple[int, str | None]:
    """What of the year, quarter, month or week is meant: 每年 + 6月底前."""
    plain_rule = _plain_rule(measure, n)
    end, detail = i, None
    if n == 2 and measure.startswith("月"):
        # 每双月25日: the even months; 每两个月 without a day leaves them open
        end, detail = _of_month(text, i)
        months = "1,3,5,7,9,11" if text[:i].endswith("单月") else "2,4,6,8,10,12"
        detail = detail and detail.replace("MONTHLY", f"YEARLY;BYMONTH={months}")
    if n == 1:
        if measure.startswith("年"):
            end, detail = _of_year(text, i)
        elif measure in ("季", "季度"):
            end, detail = _of_quarter(text, i)
        elif measure.startswith("半年"):
            m = at(r"的?(?:末|底|结束前?)", text, i)
            end, detail = (
                (m.end(), f"FREQ=YEARLY;BYMONTH={_HALF_ENDS};BYMONTHDAY=-1") if m else (i, None)
            )
        elif measure.startswith("月"):
            end, detail = _of_month(text, i)
    if measure in ("周", "星期", "礼拜"):
        end, detail = _of_week(text, i, plain_rule or "")
    if m := at(r"(?:之|以)?前", text, end):
        end = m.end() if detail else end
    return end, detail or plain_rule


def _of_week(text: str, i: int, rule: str) -> tuple[int, str | None]:
    if m := at(
        rf"(?:的)?{WEEK}?([一二三四五六日天]){SPAN_SIGN}{WEEK}?([一二三四五六日天])", text, i
    ):
        a, b = WEEKDAYS[m[1]], WEEKDAYS[m[2]]
        if a < b:
            return m.end(), f"{rule};BYDAY={','.join(_DAYS[a : b + 1])}"
    if m := at(
        rf"(?:的)?{WEEK}?([一二三四五六日天](?:[、和,，及]?{WEEK}?[一二三四五六日天](?![次个至到]))*)(?![次个])",
        text,
        i,
    ):
        days = sorted({WEEKDAYS[c] for c in m[1] if c in WEEKDAYS})
        return m.end(), f"{rule};BYDAY={','.join(_DAYS[day] for day in days)}"
    if m := at("末", text, i):
        return m.end(), f"{rule};BYDAY=SA,SU"
    return i, None


def _of_month(text: str, i: int) -> tuple[int, str | None]:
    if m := at(r"的?(?:月底|底|月末|末|最后一[天日])", text, i):
        return m.end(), "FREQ=MONTHLY;BYMONTHDAY=-1"
    if m := at(r"的?最后一个工作日", text, i):
        return m.end(), "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"
    if m := at(rf"的?第({NUMBER})个工作日|的?前({NUMBER})个工作日内?", text, i):
        n = read_number(m[1] or m[2])
        return m.end(), f"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={n}"
    if m := at(rf"的?(?:第({NUMBER})|最后一)个?{WEEK}([一二三四五六日天])", text, i):
        n = read_number(m[1]) if m[1] else -1
        return m.end(), f"FREQ=MONTHLY;BYDAY={n}{_DAYS[WEEKDAYS[m[2]]]}"
    if m := at(r"的?([上中])旬", text, i):
        return m.end(), f"FREQ=MONTHLY;BYMONTHDAY={10 if m[1] == '上' else 20}"
    if m := at(r"的?下旬", text, i):
        return m.end(), "FREQ=MONTHLY;BYMONTHDAY=-1"
    if m := at(
        rf"的?(?:{NUMBER}[日号]?{SPAN_SIGN})?({NUMBER}[日号]?(?:[、和,，及]{NUMBER}[日号])*)(?<=[日号])",
        text,
        i,
    ):
        days = [read_number(d) for d in re.findall(NUMBER, m[1])]
        if all(d and 1 <= d <= 31 for d in days):
            return m.end(), f"FREQ=MONTHLY;BYMONTHDAY={','.join(map(str, days))}"
    return i, None


def _of_quarter(text: str, i: int) -> tuple[int, str | None]:
    if m := at(
        rf"的?(末月|最后一个月|首月|第?[一二三1-3]个月)(?:的?({NUMBER})[日号]|(底|末))?", text, i
    ):
        place = {"首": 1, "末": 3, "最": 3}.get(m[1][0]) or read_number(m[1].strip("第个月")) or 1
        months = ",".join(str(3 * quarter + place) for quarter in range(4))
        day = read_number(m[2]) if m[2] else -1
        return m.end(), f"FREQ=YEARLY;BYMONTH={months};BYMONTHDAY={day}"
    if m := at(r"的?(?:季末|末|底|最后一[天日])", text, i):
        return m.end(), f"FREQ=YEARLY;BYMONTH={_QUARTER_ENDS};BYMONTHDAY=-1"
    return i, None


def _of_year(text: str, i: int) -> tuple[int, str | None]:
    if m := at(r"的?(?:年底|底|年末|末|最后一[天日])(?!端)", text, i):
        return m.end(), "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=-1"
    if m := at(r"的?(上半年|下半年)", text, i):
        month, day = (6, 30) if m[1][0] == "上" else (12, 31)
        return m.end(), f"FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}"
    if m := at(r"的?第?([一二三四1-4])季度末?", text, i):
        return m.end(), f"FREQ=YEARLY;BYMONTH={3 * (read_number(m[1]) or 1)};BYMONTHDAY=-1"
    if m := at(rf"的?({'|'.join(map(re.escape, NAMES))})", text, i):
        if fixed := fixed_day(m[1]):
            return m.end(), f"FREQ=YEARLY;BYMONTH={fixed[0]};BYMONTHDAY={fixed[1]}"
        if moving := weekday_of_month(m[1]):
            month, weekday, n = moving
            return m.end(), f"FREQ=YEARLY;BYMONTH={month};BYDAY={n}{_DAYS[weekday]}"
        return m.end(), "FREQ=YEARLY"
    next_year = "(?:次年|翌年|第二年|下一?年)"
    if m := at(
        rf"的?{NUMBER}月[底末](?:[、和,，及]{next_year}?{NUMBER}月(?!{NUMBER}[日号])[底末]?)+",
        text,
        i,
    ):
        ends = {read_number(n) or 0 for n in re.findall(rf"({NUMBER})月", m[0])}
        months = ",".join(map(str, sorted(ends)))
        return m.end(), f"FREQ=YEARLY;BYMONTH={months};BYMONTHDAY=-1"
    if m := at(rf"的?({NUMBER})月?{SPAN_SIGN}({next_year})?({NUMBER})月(?!\d)", text, i):
        a, b = read_number(m[1]) or 0, read_number(m[3]) or 0
        if 1 <= a <= 12 and 1 <= b <= 12 and (a < b or m[2]):
            named = {*range(a, 13), *range(1, b + 1)} if m[2] else {*range(a, b + 1)}
            return m.end(), f"FREQ=YEARLY;BYMONTH={','.join(map(str, sorted(named)))}"
    if m := at(
        rf"的?({NUMBER})月份?的?(?:第({NUMBER})|最后一)个?{WEEK}([一二三四五六日天])", text, i
    ):
        nth = f"{read_number(m[2]) if m[2] else -1}{_DAYS[WEEKDAYS[m[3]]]}"
        return m.end(), f"FREQ=YEARLY;BYMONTH={read_number(m[1])};BYDAY={nth}"
    listed = rf"的?({NUMBER}(?:月?份?[、和,，及]{NUMBER})*)月份?(?:({NUMBER})[日号]|(底|末)|([上中下])旬)?(?:(?:之|以)?(前))?"
    if m := at(listed, text, i):
        numbers = [read_number(n) for n in re.findall(NUMBER, m[1])]
        if all(n and 1 <= n <= 12 for n in numbers):
            is_before = m[5] and not (m[2] or m[3] or m[4])  # literally the day before it begins
            if is_before:
                numbers = [(n or 1) - 1 or 12 for n in numbers]
            rule = f"FREQ=YEARLY;BYMONTH={','.join(map(str, numbers))}"
            if m[2]:
                rule += f";BYMONTHDAY={read_number(m[2])}"
            elif is_before or m[3] or m[4] == "下":
                rule += ";BYMONTHDAY=-1"
            elif m[4]:
                rule += f";BYMONTHDAY={10 if m[4] == '上' else 20}"
            return m.end(), rule
    return i, None
