"""What plans of many fields say of time, and the day that is meant."""

from datetime import date, datetime, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from corpus.deadlines import DateContext, read_timings, unreadable_time

_CELL = DateContext(2026, date(2026, 2, 10), in_prose=False)
_PROSE = DateContext(2026, date(2026, 2, 10), in_prose=True)


def _short(text, context):
    """(kind, start, due, rule) of each timing, days as MM-DD in 2026 and in full elsewhere."""

    def day(value):
        if value is None:
            return None
        return value.strftime("%m-%d") if value.year == 2026 else value.isoformat()

    return [
        (v.kind.value, day(v.start_on), day(v.due_on), v.rule) for v in read_timings(text, context)
    ]


@pytest.mark.parametrize(
    ("cell", "due"),
    [
        ("6月底前完成", "06-30"), ("６月底", "06-30"), ("6月30日", "06-30"), ("6.30前", "06-30"),
        ("2026.6.30", "06-30"), ("2026/6/30", "06-30"), ("2026-06-30", "06-30"), ("20260630", "06-30"),
        ("二〇二六年六月底", "06-30"), ("2026 年 6 月 底", "06-30"), ("完成时限：2026年6月30日", "06-30"),
        ("二季度末", "06-30"), ("上半年完成", "06-30"), ("上半年前", "06-30"), ("一季度前", "03-31"),
        ("6月前", "05-31"), ("2026年12月前", "11-30"), ("6月中旬前", "06-20"), ("2月底前", "02-28"),
        ("2028年2月底前", "2028-02-29"), ("年底", "12-31"), ("年内", "12-31"), ("2026底", "12-31"),
        ("2026年", "12-31"), ("2027年前", "12-31"), ("到2027年", "2027-12-31"),
        ("到2027年末", "2027-12-31"), ("“十五五”末", "2030-12-31"), ("明年3月底前", "2027-03-31"),
        ("国庆前", "09-30"), ("春节前", "02-16"), ("不迟于10月1日", "10-01"), ("截至6月15日", "06-15"),
    ],
)  # fmt: skip
def test_a_cell_names_the_last_day(cell, due):
    assert _short(cell, _CELL) == [("deadline", None, due, None)]


@pytest.mark.parametrize(
    ("cell", "start", "due"),
    [
        ("6月", "06-01", "06-30"), ("上半年2月", "02-01", "02-28"), ("上半年", "01-01", "06-30"), ("二季度", "04-01", "06-30"),
        ("1至3月", "01-01", "03-31"), ("2026 年 4 至 7 月", "04-01", "07-31"), ("9月上旬", "09-01", "09-10"),
        ("9月1日至20日", "09-01", "09-20"), ("9月1日—10月15日", "09-01", "10-15"),
        ("2025—2027年", "2025-01-01", "2027-12-31"), ("“十四五”期间", "2021-01-01", "2025-12-31"),
        ("2026年11月至2027年3月", "11-01", "2027-03-31"), ("11月至次年3月", "11-01", "2027-03-31"),
        ("即日起至6月底", "02-10", "06-30"),
    ],
)  # fmt: skip
def test_a_cell_names_a_period(cell, start, due):
    assert _short(cell, _CELL) == [("period", start, due, None)]


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("每月5日前", "FREQ=MONTHLY;BYMONTHDAY=5"), ("每月底前", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("每月10日、25日", "FREQ=MONTHLY;BYMONTHDAY=10,25"), ("每周五", "FREQ=WEEKLY;BYDAY=FR"),
        ("每周一至周五", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("每季度末月25日前", "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=25"),
        ("每季度首月10日前", "FREQ=YEARLY;BYMONTH=1,4,7,10;BYMONTHDAY=10"),
        ("每季度末", "FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1"),
        ("每年6月底前", "FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=-1"),
        ("每年6月底、12月底前", "FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=-1"),
        ("每年3月15日", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=15"),
        ("每年4月底和次年1月", "FREQ=YEARLY;BYMONTH=1,4;BYMONTHDAY=-1"),
        ("每年11月至次年2月", "FREQ=YEARLY;BYMONTH=1,2,11,12"),
        ("次月8日前", "FREQ=MONTHLY;BYMONTHDAY=8"), ("每月次月3日前报送", "FREQ=MONTHLY;BYMONTHDAY=3"),
        ("每季度次月12日前", "FREQ=MONTHLY;BYMONTH=1,4,7,10;BYMONTHDAY=12"),
        ("每季度结束后5个工作日内", "FREQ=MONTHLY;BYMONTH=1,4,7,10;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=5"),
        ("每学期结束前两周内", None), ("每学期开学后7日内", None),
        ("每半年", "FREQ=MONTHLY;INTERVAL=6"), ("每两年", "FREQ=YEARLY;INTERVAL=2"),
        ("按季度", "FREQ=MONTHLY;INTERVAL=3"), ("每学期", None), ("年度日常工作", None),
        ("长期坚持", None), ("常态化开展", None),
    ],
)  # fmt: skip
def test_a_cell_names_a_repetition(cell, rule):
    assert _short(cell, _CELL) == [("recurring", None, None, rule)]
    if rule:
        assert rrulestr(rule, dtstart=datetime(2026, 1, 1))[0]  # noqa: DTZ001 - rules know no zone


@pytest.mark.parametrize(
    "cell",
    [
        "按上级要求",
        "根据省、市统一部署开展",
        "方案印发后10个工作日内",
        "自通知之日起30日内",
        "省级文件出台后1个月内",
    ],
)
def test_somebody_else_decides(cell):
    assert _short(cell, _CELL) == [("as_directed", None, None, None)]


def test_months_that_share_one_character_in_a_cell():
    may, september = _short("5、9月", _CELL)
    assert may == ("period", "05-01", "05-31", None)
    assert september == ("period", "09-01", "09-30", None)
    assert _short("5、9月底前", _CELL) == [("deadline", None, "09-30", None)]
    assert _short("1、3月开展培训。", _PROSE) == [("period", "03-01", "03-31", None)]  # its number


def test_festivals_that_share_one_word():
    until = [("deadline", None, "04-30", None), ("deadline", None, "09-30", None)]
    assert _short("五一、国庆前各一次", _CELL) == until
    assert _short("五一和国庆前开展检查。", _PROSE) == until


def test_several_timings_of_one_cell():
    assert _short("日常工作并根据区级部署", _CELL) == [
        ("recurring", None, None, None),
        ("as_directed", None, None, None),
    ]
    assert _short("9月底前完成，并长期坚持", _CELL) == [
        ("deadline", None, "09-30", None),
        ("recurring", None, None, None),
    ]
    assert _short("全年", _CELL) == [("recurring", "01-01", "12-31", None)]
    assert _short("2026年3月至长期", _CELL) == [("recurring", "03-01", None, None)]


@pytest.mark.parametrize(
    "cell",
    [
        "适时推进",
        "尽快",
        "按时间节点",
        "近期",
        "季度末",
        "今冬明春",
        "2026年主汛期前",
        "2026年春耕前",
    ],
)
def test_what_cannot_be_dated_is_for_review(cell):
    assert read_timings(cell, _CELL) == []
    assert unreadable_time(cell)


@pytest.mark.parametrize("cell", ["", " ", "/", "——", "6月底前", "长期"])
def test_nothing_to_review(cell):
    assert not unreadable_time(cell)


def test_a_date_without_a_year_stays_open_where_no_year_is_known():
    [timing] = read_timings("6月底前完成", DateContext(in_prose=False))
    assert (timing.kind, timing.due_on, timing.text) == ("deadline", None, "6月底前")


def test_years_that_are_listed_each_have_their_target():
    text = "普及率2025年、2026年、2027年分别达到71%、74%、78%"
    assert [due for _, _, due, _ in _short(text, _PROSE)] == ["2025-12-31", "12-31", "2027-12-31"]


def test_a_day_that_does_not_exist_is_for_review():
    [timing] = read_timings("2026年2月30日前完成", _CELL)
    assert (timing.kind, timing.due_on, timing.text) == ("deadline", None, "2026年2月30日前")


def test_marks():
    [hedged] = read_timings("力争2026年10月前建成区级应急指挥中心", _PROSE)
    assert (hedged.hedged, hedged.ambiguous, hedged.due_on) == (True, True, date(2026, 9, 30))
    [plain] = read_timings("2026年10月底前建成区级应急指挥中心", _PROSE)
    assert (plain.hedged, plain.ambiguous) == (False, False)


_PROSE_CASES = [
    ("6月底前完成河道排查，9月底前完成整治销号。", [("deadline", "06-30"), ("deadline", "09-30")]),
    ("3月启动宣传月活动，5月至10月集中整治。", [("period", "03-31"), ("period", "10-31")]),
    ("全年开展执法检查不少于300家次。", [("deadline", "12-31")]),
    ("全年持续开展校园周边环境整治。", [("recurring", "12-31")]),
    ("2026年死亡人数控制在5人以内。", [("deadline", "12-31")]),
    (
        "到2027年，建成幸福河湖10条；到2030年，实现全域美丽。",
        [("deadline", "2027-12-31"), ("deadline", "2030-12-31")],
    ),
    ("事故调查应在事故发生之日起60日内完成。", [("as_directed", None)]),
    ("每年组织应急演练2次，每三年修订一次预案。", [("recurring", None), ("recurring", None)]),
    ("2027年起每年复训一次。", [("recurring", None)]),
    ("2026年至2028年每年完成400户。", [("recurring", "2028-12-31")]),
    ("新增床位600张，其中2026年不少于200张。", [("deadline", "12-31")]),
    ("7月10日前报送上半年工作小结。", [("deadline", "07-10")]),
    ("按照省市下达的任务指标，开展隐患排查。", [("as_directed", None)]),
    ("2026年聚焦当前突出问题新建学校5所。", [("deadline", "12-31")]),
    ("2026年全面完成雨季前排查。", [("deadline", "12-31")]),
    ("今年年底前完成，明年3月底前组织验收。", [("deadline", "12-31"), ("deadline", "2027-03-31")]),
]


@pytest.mark.parametrize(("text", "expected"), _PROSE_CASES)
def test_prose_binds(text, expected):
    assert [(kind, due) for kind, _, due, _ in _short(text, _PROSE)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "企业开办全流程压缩至0.5个工作日以内。",
        "与2025年相比，火灾起数下降10%以上。",
        "以2020年为基数，排放强度下降18%。",
        "“十三五”期间，累计建成微型消防站120个。",
        "2024年以来共查处违法行为35起。",
        "2026年休渔期结束前全部安装到位。",
        "按照《治本攻坚三年行动方案（2024-2026年）》要求，深化排查。",
        "落实国务院安委会2026年3号文件精神。",
        "贯彻〔2026〕12号文件。",
        "做好2026年第19届运动会保障。",
        "元旦、春节、国庆等重要节假日前开展检查。",
        "持续推进日常巡查，定期通报，及时整改。",
        "深入实施三年行动，三年内实现全覆盖。",
        "将其纳入安全年度考核。",
        "当日产生的垃圾当日清运。",
        "每日产生的餐厨垃圾集中处置。",
        "供水能力每日15万吨。",
        "落实2026年全区河长制工作要点。",
    ],
)
def test_prose_that_only_describes(text):
    assert read_timings(text, _PROSE) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026年头部企业达到20家。", ("deadline", None, "12-31", None)),
        ("9月尾水检测。", ("period", "09-01", "09-30", None)),
        ("10月头雁培训。", ("period", "10-01", "10-31", None)),
        ("9月尾完成检测。", ("deadline", None, "09-30", None)),
        ("10月头召开例会。", ("period", "10-01", "10-05", None)),
        ("2026年尾前建成。", ("deadline", None, "12-31", None)),
    ],
)
def test_heads_and_tails_of_months_are_no_parts_of_words(text, expected):
    assert _short(text, _PROSE) == [expected]


def test_only_a_bare_festival_shares_the_word_before():
    assert _short("春节、国庆前开展检查。", _PROSE) == [
        ("deadline", None, "02-16", None),
        ("deadline", None, "09-30", None),
    ]
    assert _short("春节后、国庆前开展检查。", _PROSE) == [
        ("recurring", "02-18", None, None),
        ("deadline", None, "09-30", None),
    ]


def test_each_timing_tells_its_clause():
    timings = read_timings("5月前全区征集创城口号；8月底前，开展网络评选，扩大影响。", _PROSE)
    assert [(t.text, t.about) for t in timings] == [
        ("5月前", "全区征集创城口号"),
        ("8月底前", "开展网络评选"),
    ]


# --- properties ------------------------------------------------------------------------------

_days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")


def _han(n):
    tens, ones = divmod(n, 10)
    digit = "〇一二三四五六七八九"
    return ("" if tens == 0 else "十" if tens == 1 else digit[tens] + "十") + (
        digit[ones] if ones else ""
    )


_PRINTED = [
    lambda d: f"{d.year}年{d.month}月{d.day}日前",
    lambda d: f"{d.year} 年 {d.month} 月 {d.day} 日",
    lambda d: f"{d:%Y-%m-%d}",
    lambda d: f"{d.year}.{d.month}.{d.day}",
    lambda d: f"{d:%Y/%m/%d}前完成",
    lambda d: f"{str(d.year).translate(_DIGITS)}年{_han(d.month)}月{_han(d.day)}日前",
    lambda d: f"于{d.year}年{d.month}月{d.day}日前完成",
    lambda d: "".join(
        chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in f"{d.year}年{d.month}月{d.day}日"
    ),
]


@given(_days, st.sampled_from(_PRINTED))
def test_a_printed_day_is_read_back(day, printed):
    [timing] = read_timings(printed(day), DateContext(in_prose=False))
    assert (timing.kind, timing.due_on) == ("deadline", day)


@given(_days)
def test_a_month_end_is_the_day_before_the_next_month(day):
    [end] = read_timings(f"{day.year}年{day.month}月底前", DateContext(in_prose=False))
    assert end.due_on is not None
    assert (end.due_on + timedelta(days=1)).day == 1
    assert (end.due_on.year, end.due_on.month) == (day.year, day.month)
    [before] = read_timings(f"{day.year}年{day.month}月前", DateContext(in_prose=False))
    assert before.due_on == date(day.year, day.month, 1) - timedelta(days=1)


@given(
    st.text(
        alphabet="0123456789年月日季度周底末初前后内至到—-/.、，。十二上下半每第个全（）“”《》 六五今明",
        max_size=24,
    )
)
def test_no_text_breaks_the_reader(text):
    for timing in read_timings(text, _PROSE) + read_timings(text, _CELL):
        assert timing.text in text
        if timing.start_on and timing.due_on:
            assert timing.start_on <= timing.due_on


def test_what_stood_between_two_times_is_gone_with_them() -> None:
    text = "各牵头单位要在6月20日前和12月10日前分别报送半年和全年工作总结。"
    found = read_timings(text, DateContext(year=2026))
    assert {timing.about for timing in found} == {"各牵头单位要分别报送半年和全年工作总结"}
