"""What people call a time when they ask, and the days that are meant."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.phrases import Reading, describe_span, read_phrase, read_spans

_TODAY = date(2026, 3, 11)  # a Wednesday


def _days(text, today=_TODAY):
    reading = read_phrase(text, today)
    return tuple(
        d and (f"{d:%m-%d}" if d.year == today.year else d.isoformat())
        for d in (reading.start, reading.end)
    )


@pytest.mark.parametrize(
    ("phrase", "start", "end"),
    [
        ("今天", "03-11", "03-11"), ("明天下午三点", "03-12", "03-12"), ("大后天", "03-14", "03-14"),
        ("前天", "03-09", "03-09"), ("本周", "03-09", "03-15"), ("下周", "03-16", "03-22"),
        ("上上周", "02-23", "03-01"), ("下周五", "03-20", "03-20"), ("这个星期天", "03-15", "03-15"),
        ("周五", "03-13", "03-13"), ("上周三", "03-04", "03-04"), ("周末", "03-14", "03-15"),
        ("下周一至周三", "03-16", "03-18"), ("本月", "03-01", "03-31"), ("上个月", "02-01", "02-28"),
        ("下个月15号", "04-15", "04-15"), ("月底", "03-31", "03-31"), ("下月底", "04-30", "04-30"),
        ("本旬", "03-11", "03-20"), ("4月上旬", "04-01", "04-10"), ("本季度", "01-01", "03-31"),
        ("下季度", "04-01", "06-30"), ("三季度", "07-01", "09-30"), ("Q4", "10-01", "12-31"),
        ("一、二季度", "01-01", "06-30"), ("上半年", "01-01", "06-30"), ("去年", "2025-01-01", "2025-12-31"),
        ("后年", "2028-01-01", "2028-12-31"), ("今明两年", "01-01", "2027-12-31"), ("今年年底", "12-31", "12-31"),
        ("8月", "08-01", "08-31"), ("去年9月", "2025-09-01", "2025-09-30"), ("26年9月", "09-01", "09-30"),
        ("二〇二六年九月", "09-01", "09-30"), ("9月1日到20日", "09-01", "09-20"),
        ("1-5月", "01-01", "05-31"), ("11月至明年2月", "11-01", "2027-02-28"), ("9月到2月", "09-01", "2027-02-28"),
        ("2024—2026年", "2024-01-01", "12-31"), ("2024年到2025年之间", "2024-01-01", "2025-12-31"),
        ("2026-03-01至2026-03-15", "03-01", "03-15"), ("3月的第二周", "03-09", "03-15"),
        ("5月第三个星期四", "05-21", "05-21"), ("4月最后一天", "04-30", "04-30"),
        ("今年前三季度", "01-01", "09-30"), ("去年前五个月", "2025-01-01", "2025-05-31"),
        ("近30天", "02-09", "03-10"), ("最近一周", "03-04", "03-10"), ("未来三个月", "03-12", "06-11"),
        ("今后7天", "03-12", "03-18"), ("7天内", "03-11", "03-18"), ("三天后", "03-14", "03-14"),
        ("两周前", "02-25", "02-25"), ("半年后", "09-11", "09-11"), ("一年半前", "2024-09-11", "2024-09-11"),
        ("十四五期间", "2021-01-01", "2025-12-31"), ("“十五五”期末", "2030-12-31", "2030-12-31"),
        ("90年代", "1990-01-01", "1999-12-31"), ("上世纪80年代", "1980-01-01", "1989-12-31"),
        ("清明节", "04-05", "04-05"), ("端午", "06-19", "06-19"), ("国庆节", "10-01", "10-01"),
        ("去年中秋", "2025-10-06", "2025-10-06"), ("农历八月十五", "09-25", "09-25"),
        ("腊月廿三", "2027-01-30", "2027-01-30"), ("去年9月至今", "2025-09-01", "03-11"),
        ("2024年之后2026年之前", "2025-01-01", "2025-12-31"), ("後天", "03-13", "03-13"),
        ("下個禮拜一", "03-16", "03-16"), ("2026年3月11日（周三）", "03-11", "03-11"),
        ("当前季度", "01-01", "03-31"), ("季度末", "03-31", "03-31"), ("下半月", "03-16", "03-31"),
        ("2025.9-2025.12", "2025-09-01", "2025-12-31"), ("15-20号", "03-15", "03-20"),
        ("rest of the month", "03-11", "03-31"), ("next week on Monday", "03-16", "03-16"),
        ("2026.03.05 09:30-2026.04.02 17:00", "03-05", "04-02"), ("2026-03-1209:05", "03-12", "03-12"),
        ("3月20日零时至3月25日二十四时", "03-20", "03-25"), ("从明天9:00-11:00", "03-12", "03-12"),
        ("3月18日、19日、20日", "03-18", "03-20"), ("2025 - 2027年规划", "2025-01-01", "2027-12-31"),
        ("二零二七年，五月六日", "2027-05-06", "2027-05-06"), ("两千零八年五月", "2008-05-01", "2008-05-31"),
        ("七九年前四个月", "1979-01-01", "1979-04-30"), ("32年", "2032-01-01", "2032-12-31"),
        ("三九年", "1939-01-01", "1939-12-31"), ("09年之后", "2010-01-01", None), ("下年", "2027-01-01", "2027-12-31"),
        ("8个工作日内", "03-11", "03-23"), ("五个工作日后", "03-18", "03-18"), ("3个工作日前", "03-06", "03-06"),
        ("几天后", "03-14", "03-14"), ("此时", "03-11", "03-11"), ("澳門回歸紀念日", "12-20", "12-20"),
        ("国庆前一周", "09-24", "09-30"), ("6月30日后十天内", "07-01", "07-10"), ("9月1日前3个工作日", "08-27", "08-31"),
        ("9月以后", "10-01", None), ("2025年起", "2025-01-01", None), ("自去年6月以来", "2025-06-01", None),
        ("周六日", "03-14", "03-15"), ("周五六点开会", "03-13", "03-13"), ("月头", "03-01", "03-05"),
        ("5月尾", "05-31", "05-31"), ("今年头部企业", "01-01", "12-31"), ("年尾谁要报", "12-31", "12-31"), ("今年尾要报", "12-31", "12-31"), ("两日前", "03-09", "03-09"),
        ("定于3月20日9:00时至3月22日17:00时举行", "03-20", "03-22"), ("于9月1日至20日开展", "09-01", "09-20"),
        ("農曆新年", "02-17", "02-17"), ("25号到8号", "03-25", "04-08"), ("4月15要交", "04-15", "04-15"),
        ("4月15个项目", "04-01", "04-30"), ("5月6至6月7", "05-06", "06-07"), ("三月十五到十八", "03-15", "03-18"),
        ("明天8:30起床", "03-12", "03-12"), ("第二天上午", "03-12", "03-12"), ("腊月15000元", "2027-01-08", "2027-02-05"),
        ("last week", "03-02", "03-08"), ("next Friday", "03-20", "03-20"), ("Q4 2025", "2025-10-01", "2025-12-31"),
        ("the end of this year", "12-31", "12-31"), ("in the last 30 days", "02-09", "03-10"),
        ("since 2024", "2024-01-01", None), ("between 2024 and 2026", "2024-01-01", "12-31"),
        ("June 2027", "2027-06-01", "2027-06-30"), ("from May 3 to May 9", "05-03", "05-09"),
        ("from 5 to 19 of next month", "04-05", "04-19"), ("between 3 and 9 May, 2027", "2027-05-03", "2027-05-09"),
        ("next week from Tuesday to Thursday", "03-17", "03-19"), ("June between 8 and 12", "06-08", "06-12"),
        ("the second week of June", "06-08", "06-14"), ("last week of 2026", "12-28", "2027-01-03"),
        ("the week of May 20", "05-18", "05-24"), ("the month after next", "05-01", "05-31"),
        ("on 9/15", "09-15", "09-15"), ("4/2027", "2027-04-01", "2027-04-30"), ("05/06,2027", "2027-05-06", "2027-05-06"),
        ("May twenty-third", "05-23", "05-23"), ("the third of August", "08-03", "08-03"), ("Oct/9", "10-09", "10-09"),
        ("the 12th of last month", "02-12", "02-12"), ("the last Friday of this month", "03-27", "03-27"),
        ("second Tuesday", "03-10", "03-10"), ("report it on 25.", "03-25", "03-25"), ("the eighties", "1980-01-01", "1989-12-31"),
        ("1 month and 3 days ago", "02-08", "02-08"), ("two years, 2 weeks later", "2028-03-25", "2028-03-25"),
        ("earlier this year", "01-01", "03-10"), ("later in the month", "03-12", "03-31"), ("month to date", "03-01", "03-11"),
        ("the same month", "03-01", "03-31"), ("in 2027 April", "2027-04-01", "2027-04-30"), ("Dec. 9 , 2027", "2027-12-09", "2027-12-09"),
        ("two weeks after next Monday", "03-30", "03-30"), ("three days before tomorrow", "03-09", "03-09"),
        ("last year's second half", "2025-07-01", "2025-12-31"), ("May 4 and later", "05-04", None),
        ("最后一个周五", "03-27", "03-27"), ("第二个星期四", "03-12", "03-12"), ("下一个周六", "03-21", "03-21"),
        ("去年的今天", "2025-03-11", "2025-03-11"), ("头两个月", "01-01", "02-28"), ("年度末", "12-31", "12-31"),
        ("two weeks ago", "02-25", "02-25"), ("first Monday of June", "06-01", "06-01"),
    ],
)  # fmt: skip
def test_a_span_of_days(phrase, start, end):
    assert (read_phrase(phrase, _TODAY).kind, *_days(phrase)) == ("period", start, end)


@pytest.mark.parametrize(
    ("phrase", "end"),
    [
        ("8月前", "07-31"), ("8月底前", "08-31"), ("8月5日之前", "08-05"), ("2024年底前", "2024-12-31"),
        ("年底前", "12-31"), ("明年底前", "2027-12-31"), ("国庆前", "09-30"), ("下周三前", "03-18"), ("周五下班前", "03-13"),
        ("到2027年", "2027-12-31"), ("截至6月底", "06-30"),
        ("by the end of 2027", "2027-12-31"), ("before July", "06-30"), ("by June 15", "06-15"),
    ],
)  # fmt: skip
def test_a_deadline_has_no_start(phrase, end):
    assert (read_phrase(phrase, _TODAY).kind, *_days(phrase)) == ("deadline", None, end)


@pytest.mark.parametrize(
    ("phrase", "rule"),
    [
        ("每天", "FREQ=DAILY"), ("每个工作日", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"), ("每周末", "FREQ=WEEKLY;BYDAY=SA,SU"),
        ("每周一、三、五", "FREQ=WEEKLY;BYDAY=MO,WE,FR"), ("每隔三天", "FREQ=DAILY;INTERVAL=3"),
        ("每隔一周", "FREQ=WEEKLY;INTERVAL=2"), ("一年两次", "FREQ=YEARLY"),
        ("every Monday and Thursday", "FREQ=WEEKLY;BYDAY=MO,TH"), ("every June 30", "FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=30"),
        ("每月最后一天", "FREQ=MONTHLY;BYMONTHDAY=-1"), ("每季度", "FREQ=MONTHLY;INTERVAL=3"),
        ("每年9月", "FREQ=YEARLY;BYMONTH=9"), ("每年教师节", "FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=10"),
        ("每年父亲节", "FREQ=YEARLY;BYMONTH=6;BYDAY=3SU"), ("次月8日前", "FREQ=MONTHLY;BYMONTHDAY=8"),
        ("每逢周四", "FREQ=WEEKLY;BYDAY=TH"), ("隔周", "FREQ=WEEKLY;INTERVAL=2"), ("每双月", "FREQ=MONTHLY;INTERVAL=2"),
        ("每天早上", "FREQ=DAILY"), ("每晚", "FREQ=DAILY"), ("每旬", "FREQ=MONTHLY;BYMONTHDAY=10,20,-1"), ("每年5月的第二个星期六", "FREQ=YEARLY;BYMONTH=5;BYDAY=2SA"),
        ("once a quarter", "FREQ=MONTHLY;INTERVAL=3"), ("every evening at 8pm", "FREQ=DAILY"), ("Fridays", "FREQ=WEEKLY;BYDAY=FR"),
        ("every other week", "FREQ=WEEKLY;INTERVAL=2"), ("quarterly", "FREQ=MONTHLY;INTERVAL=3"),
        ("each Monday", "FREQ=WEEKLY;BYDAY=MO"), ("every year in June", "FREQ=YEARLY;BYMONTH=6"),
    ],
)  # fmt: skip
def test_a_repetition(phrase, rule):
    reading = read_phrase(phrase, _TODAY)
    assert (reading.kind, reading.rule, reading.start, reading.end) == (
        "recurring",
        rule,
        None,
        None,
    )


def test_the_place_in_the_question_is_kept():
    text = "我们局 下个月 和2027 年一季度各有什么任务？"
    assert [(r.text, text[r.start_at : r.end_at]) for r in read_spans(text, _TODAY)] == [
        ("下个月", "下个月"),
        ("2027 年一季度", "2027 年一季度"),
    ]


def test_a_day_that_this_month_does_not_have_is_of_the_next():
    assert _days("30号", date(2026, 2, 11)) == ("03-30", "03-30")


@pytest.mark.parametrize(
    "text",
    [
        "三年行动是什么",
        "谁牵头？",
        "What may the bureau do?",
        "Who seconded it for the second time?",
        "2/3 of the schools",
        "2/3的学校",
        "a ratio of 4.5 to 6.2",
        "the Leqing 2022 plan",
        "日常巡查",
        "2月30日",
        "二月二十九日",
        "第12号文件",
        "",
    ],
)
def test_no_time_is_read_where_none_is_named(text):
    assert read_spans(text, _TODAY) == ()
    assert read_phrase(text, _TODAY) == Reading(text, 0, len(text))


def test_json_has_the_promised_names():
    assert read_phrase("8月前", _TODAY).to_json("q1") == {
        "id": "q1", "text": "8月前", "kind": "deadline", "start": None, "end": "2026-07-31",
        "rule": None, "ambiguous": True, "hedged": False,
    }  # fmt: skip
    assert read_phrase("你好", _TODAY).to_json()["kind"] is None


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (date(2026, 9, 1), date(2026, 9, 30), "2026年9月"),
        (date(2026, 7, 1), date(2026, 9, 30), "2026年第三季度"),
        (date(2026, 1, 1), date(2026, 6, 30), "2026年上半年"),
        (date(2026, 1, 1), date(2026, 12, 31), "2026年"),
        (date(2024, 1, 1), date(2026, 12, 31), "2024年至2026年"),
        (date(2026, 2, 1), date(2026, 5, 31), "2026年2月至5月"),
        (date(2026, 9, 1), date(2026, 9, 20), "2026年9月1日至20日"),
        (date(2026, 9, 1), date(2026, 10, 20), "2026年9月1日至10月20日"),
        (date(2026, 12, 30), date(2027, 1, 2), "2026年12月30日至2027年1月2日"),
        (date(2026, 9, 1), date(2026, 9, 1), "2026年9月1日"),
        (None, date(2026, 9, 30), "2026年9月30日前"),
        (date(2026, 9, 1), None, "2026年9月1日起"),
        (None, None, "时间不限"),
    ],
)
def test_a_span_as_a_person_says_it(start, end, said):
    assert describe_span(start, end) == said


_dates = st.dates(date(2000, 1, 1), date(2080, 12, 31))


@given(_dates, st.integers(0, 800))
def test_what_is_said_is_read_back(start, length):
    end = start + timedelta(days=length)
    reading = read_phrase(describe_span(start, end), date(2026, 3, 11))
    assert (reading.start, reading.end) == (start, end)


@given(_dates)
def test_weeks_and_days_follow_each_other(today):
    this, after = read_phrase("本周", today), read_phrase("下周", today)
    assert this.start is not None
    assert this.end is not None
    assert this.start <= today <= this.end
    assert after.start == this.end + timedelta(days=1)
    month, next_month = read_phrase("本月", today), read_phrase("下个月", today)
    assert month.end is not None
    assert next_month.start == month.end + timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("长期坚持", "recurring"), ("按上级部署开展", "as_directed"), ("你好", None)],
)
def test_a_phrase_without_a_day_has_its_kind_alone(text: str, kind: str | None) -> None:
    found = read_phrase(text, date(2026, 3, 1))
    assert (found.kind, found.start, found.end, found.rule) == (kind, None, None, None)
