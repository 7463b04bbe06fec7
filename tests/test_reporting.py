"""Who is to report by when is read from the words of plans, and the working words beside them are not."""

import pytest
from test_prose import document, units

from corpus.facts import read_facts
from corpus.reading import read_plan
from corpus.reporting import is_report
from corpus.values import TaskRow, TimingKind

HEAD = "青川县2026年消防工作方案\n\n一、重点任务\n1.排查隐患。（县消防大队）\n二、工作要求\n"


def reports(text: str, head: str = HEAD) -> list[TaskRow]:
    return [row for row in read_plan(document(head + text)).tasks if row.part == "report"]


def times(row: TaskRow) -> list[str]:
    return [t.rule or str(t.due_on) for t in row.timings if t.is_report]


@pytest.mark.parametrize(
    ("text", "senders", "expected"),
    [
        ("（一）信息报送。各乡镇、县级有关部门于每月5日前将上月进展报送县安委办。",
         ["各乡镇", "县级有关部门"], ["FREQ=MONTHLY;BYMONTHDAY=5"]),
        ("（一）信息报送。责任单位每季度末月25日前将整改情况报县河长办汇总。",
         ["责任单位"], ["FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=25"]),
        ("（一）信息报送。请县教育局、县公安局每周五下午5时前报送本周情况。",
         ["县教育局", "县公安局"], ["FREQ=WEEKLY;BYDAY=FR"]),
        ("（一）信息报送。由县应急管理局会同县住建局汇总，每双月25日前向县政府报告进展情况。",
         ["县应急管理局", "县住建局"], ["FREQ=YEARLY;BYMONTH=2,4,6,8,10,12;BYMONTHDAY=25"]),
        ("（一）信息报送。各街道要明确联络员，压实责任。每年6月15日、12月20日前将小结报县创建办。",
         ["各街道"], ["FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=15", "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=20"]),
        ("（一）信息报送。各成员单位于2026年3月10日前将实施方案报县消安办备案。",
         ["各成员单位"], ["2026-03-10"]),
        ("（一）信息报送。县应急管理局向县政府报告进展情况，每月10日前报送一次。",
         ["县应急管理局"], ["FREQ=MONTHLY;BYMONTHDAY=10"]),
        ("（一）信息报送。各牵头单位于每月28日前向县消安办报送进展。",
         ["各牵头单位"], ["FREQ=MONTHLY;BYMONTHDAY=28"]),
        # the one that takes them does not send them
        ("（一）信息报送。县创建办要加强调度。每月25日前将进展情况报县创建办。",
         [], ["FREQ=MONTHLY;BYMONTHDAY=25"]),
    ],
)  # fmt: skip
def test_a_duty_to_report_has_its_senders_and_its_days(
    text: str, senders: list[str], expected: list[str]
) -> None:
    (row,) = reports(text)
    assert ([name for name, _ in units(row)], times(row)) == (senders, expected)


def test_two_units_of_one_sentence_that_report_to_one_another_are_two_duties() -> None:
    first, second = reports(
        "（一）信息报送。各责任单位每月5日前报送区创建办，区创建办汇总后于每季度首月10日前报市文明办。"
    )
    assert [name for name, _ in units(first)] == ["各责任单位"]
    assert [name for name, _ in units(second)] == ["区创建办"]
    assert (times(first), times(second)) == (
        ["FREQ=MONTHLY;BYMONTHDAY=5"],
        ["FREQ=YEARLY;BYMONTH=1,4,7,10;BYMONTHDAY=10"],
    )


def test_a_report_inside_a_task_is_a_time_of_that_task() -> None:
    text = (
        "2026年东岭镇河长制工作要点\n\n1.整治“四乱”。6月底前完成整改，7月10日前将整改情况报县河长办。（镇水利站）\n"
        "2.开展巡查。每月巡查两次，县水利局每季度通报一次。（镇水利站）\n"
    )
    first, second = read_plan(document(text)).tasks
    assert [(str(t.due_on), t.is_report) for t in first.timings] == [
        ("2026-06-30", False),
        ("2026-07-10", True),
    ]
    assert not any(t.is_report for t in second.timings)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ("将检测情况报市消安办", True), ("报送建设进度", True), ("向县政府报告工作", True),
        ("将总结提交至区教育局", True), ("将完成情况上报市局", True), ("书面反馈进展", True),
        ("完成整改并上报市局", False), ("县河长办通报巡河情况", False), ("组织考生报名", False),
        ("申报国家级示范区", False), ("发布预报预警", False), ("新闻媒体报道公安局", False),
        ("公布举报电话", False),
    ],
)  # fmt: skip
def test_words_of_reporting_and_words_like_them(about: str, expected: bool) -> None:
    assert is_report(about) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("遇节假日顺延。", "after"), ("报送日如遇法定节假日，顺延至节后第一个工作日。", "after"),
        ("遇节假日、双休日提前至前一个工作日报送。", "before"),
        ("春节、国庆等节假日期间加强值守。", ""), ("节假日前开展检查。", ""),
    ],
)  # fmt: skip
def test_a_plan_says_where_a_day_off_goes(text: str, expected: str) -> None:
    assert read_facts(document(f"{HEAD}（一）信息报送。{text}")).off_days == expected


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("每双月25日前报送", "FREQ=YEARLY;BYMONTH=2,4,6,8,10,12;BYMONTHDAY=25"),
        ("逢双月底前报送", "FREQ=YEARLY;BYMONTH=2,4,6,8,10,12;BYMONTHDAY=-1"),
        ("单月10日前报送", "FREQ=YEARLY;BYMONTH=1,3,5,7,9,11;BYMONTHDAY=10"),
        ("每两个月报送一次", "FREQ=MONTHLY;INTERVAL=2"),
    ],
)
def test_every_other_month(text: str, rule: str) -> None:
    from corpus.deadlines import DateContext, read_timings

    (timing,) = read_timings(text, DateContext(2026))
    assert (timing.kind, timing.rule) == (TimingKind.RECURRING, rule)
