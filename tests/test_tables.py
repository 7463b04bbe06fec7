"""Tables of tasks in every shape that offices print: merged, blank, two heads, years, sections."""

from collections.abc import Sequence
from datetime import date

import pytest

from corpus.deadlines import DateContext
from corpus.document import Block, BlockKind, Cell, Document, Row, Table
from corpus.reading import read_plan
from corpus.table_rows import TableKind, TaskTable
from corpus.tables import read_tables
from corpus.values import IndicatorKind, Place, Role, TaskRow

Merge = tuple[int, int, int, int]


def grid(rows: Sequence[Sequence[str]], merges: Sequence[Merge] = (), caption: str = "") -> Table:
    """A table as a format gives it; a merge is (top, left, bottom, right), both included."""
    cells = [[Cell(text) for text in row] for row in rows]
    for top, left, bottom, right in merges:
        for r in range(top, bottom + 1):
            for c in range(left, right + 1):
                cells[r][c] = Cell(rows[top][left], (top, left))
    return Table([Row(row, Place(table=1, row=n)) for n, row in enumerate(cells, 1)], caption)


def read(*parts: Table | str) -> list[TaskTable]:
    blocks = [
        Block(BlockKind.PARAGRAPH, part)
        if isinstance(part, str)
        else Block(BlockKind.TABLE, table=part)
        for part in parts
    ]
    return read_tables(Document(blocks, "test"))


def rows(*parts: Table | str) -> list[TaskRow]:
    return [row for table in read(*parts) for row in table.rows]


def units(row: TaskRow) -> list[tuple[str, Role]]:
    return [(value.unit_text, value.role) for value in row.responsibilities]


HEAD = ["序号", "重点任务", "具体措施", "责任单位", "完成时限"]


def test_two_rows_of_head_give_lead_and_supporting_units() -> None:
    table = grid(
        [
            ["序号", "工作任务", "责任单位", "", "完成时限"],
            ["", "", "牵头单位", "配合单位", ""],
            ["1", "完成水库除险加固。", "县水利局", "县财政局、各乡镇", "4月底前"],
        ],
        [(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 0, 3), (0, 4, 1, 4)],
    )
    (row,) = rows(table)
    assert units(row) == [
        ("县水利局", Role.LEAD),
        ("县财政局", Role.SUPPORT),
        ("各乡镇", Role.SUPPORT),
    ]
    assert (row.no, row.text, row.timing_text) == ("1", "完成水库除险加固。", "4月底前")


def test_merged_group_is_the_section_and_merged_units_hold_for_each_row() -> None:
    table = grid(
        [
            HEAD,
            ["1", "山洪防御", "更新预警名单。", "县应急管理局", "4月底"],
            ["2", "山洪防御", "开展避险演练。", "县应急管理局", "5月底"],
            ["3", "城市内涝", "疏通雨水管网。", "县住建局", ""],
        ],
        [(1, 1, 2, 1), (1, 3, 2, 3)],
    )
    found = rows(table)
    assert [row.section for row in found] == ["山洪防御", "山洪防御", "城市内涝"]
    assert [units(row)[0][0] for row in found] == ["县应急管理局", "县应急管理局", "县住建局"]


def test_blank_cell_stays_blank_where_the_format_shows_merged_cells() -> None:
    table = grid(
        [
            HEAD,
            ["1", "甲", "更新预警名单。", "县水利局", "4月底"],
            ["2", "甲", "开展避险演练。", "县水利局", "4月底"],
            ["3", "乙", "疏通雨水管网。", "县住建局", ""],
        ],
        [(1, 1, 2, 1), (1, 4, 2, 4)],
    )
    assert [row.timing_text for row in rows(table)] == ["4月底", "4月底", ""]


def test_blank_cell_takes_the_one_above_where_merges_are_lost() -> None:
    table = grid(
        [
            HEAD,
            ["1", "甲", "更新预警名单。", "县水利局", "4月底"],
            ["2", "", "开展避险演练。", "", ""],
        ]
    )
    second = rows(table)[1]
    assert (second.section, second.timing_text) == ("甲", "4月底")
    assert units(second) == [("县水利局", Role.RESPONSIBLE)]


def test_blank_supporters_are_none_beside_a_lead() -> None:
    table = grid(
        [
            ["序号", "任务", "牵头单位", "配合单位"],
            ["1", "更新预警名单。", "县水利局", "各乡镇"],
            ["2", "开展避险演练。", "县应急管理局", ""],
        ]
    )
    assert units(rows(table)[1]) == [("县应急管理局", Role.LEAD)]


def test_row_without_a_number_continues_with_its_own_measure_and_deadline() -> None:
    table = grid(
        [
            HEAD,
            ["1", "路灯", "老城区路灯完好率达到95%。", "县住建局", "6月底"],
            ["", "", "新城区路灯完好率达到99%。", "", "年底"],
        ]
    )
    first, second = rows(table)
    assert (second.part, second.no, second.timing_text) == ("continuation", "1", "年底")
    assert second.responsibilities == first.responsibilities


def test_row_cut_by_the_end_of_a_page_is_put_together() -> None:
    table = grid(
        [
            HEAD,
            ["1", "路灯", "老城区路灯完好率", "县住建局、", "6月底"],
            ["", "", "达到95%。", "各街道", ""],
            ["2", "绿化", "新建口袋公园。", "县综合执法局", "年底"],
            ["3", "停车", "新增停车泊位。", "县交通局", "年底"],
        ]
    )
    first = rows(table)[0]
    assert first.text == "老城区路灯完好率达到95%。"
    assert [name for name, _ in units(first)] == ["县住建局", "各街道"]


def test_repeated_head_footnote_and_template_row_are_no_tasks() -> None:
    table = grid(
        [
            HEAD,
            ["1", "路灯", "更换路灯。", "★县住建局、各街道", "6月底"],
            HEAD,
            ["2", "绿化", "补种行道树。", "★县综合执法局、县住建局", "年底"],
            ["", "", "", "", ""],
            ["备注：标★的为牵头单位。", "", "", "", ""],
        ]
    )
    found = rows(table)
    assert [row.no for row in found] == ["1", "2"]
    assert units(found[0]) == [("县住建局", Role.LEAD), ("各街道", Role.SUPPORT)]


def test_note_outside_the_table_says_that_the_first_unit_leads() -> None:
    table = grid([HEAD, ["1", "路灯", "更换路灯。", "县住建局、各街道", "6月底"]])
    (row,) = rows(table, "注：责任单位中排在第一位的为牵头单位。")
    assert units(row) == [("县住建局", Role.LEAD), ("各街道", Role.SUPPORT)]


def test_row_that_spans_the_table_names_a_section() -> None:
    table = grid(
        [
            ["2025年任务分解表"] * 5,
            HEAD,
            ["一、设施提升"] * 5,
            ["1", "路灯", "更换路灯。", "县住建局", "6月底"],
            ["二、环境提升"] * 5,
            ["2", "绿化", "补种行道树。", "县综合执法局", "年底"],
        ],
        [(0, 0, 0, 4), (2, 0, 2, 4), (4, 0, 4, 4)],
    )
    (found,) = read(table)
    assert found.caption == "2025年任务分解表"
    assert [(row.section, row.title) for row in found.rows] == [
        ("设施提升", "路灯"),
        ("环境提升", "绿化"),
    ]


def test_indicators_have_kind_target_year_and_reporting_unit() -> None:
    table = grid(
        [
            ["序号", "指标名称", "属性", "2028年目标值", "数据报送部门"],
            ["1", "县控断面优良率", "约束性", "≥95%", "县水利局"],
            ["2", "公众满意度", "预期性", "90分", "县统计局、县信访局"],
        ],
        caption="主要指标",
    )
    (found,) = read(table)
    assert found.kind is TableKind.INDICATORS
    first, second = found.rows
    assert [row.indicator_kind for row in found.rows] == [
        IndicatorKind.BINDING,
        IndicatorKind.ANTICIPATORY,
    ]
    assert [(t.op, t.value, t.measure_unit) for t in first.targets] == [(">=", 95, "%")]
    assert first.timings[0].due_on == date(2028, 12, 31)
    assert units(second) == [("县统计局", Role.JOINT), ("县信访局", Role.JOINT)]


def test_years_in_heads_date_the_cells_below_and_the_baseline_is_none() -> None:
    table = grid(
        [
            ["序号", "指标", "单位", "2025年", "2027年", "2030年", "责任单位"],
            ["1", "自然岸线保有率", "%", "60", "62", "65", "市自然资源和规划局"],
        ]
    )
    (found,) = read_tables(Document([Block(BlockKind.TABLE, table=table)], "test"), from_year=2026)
    (row,) = found.rows
    assert [timing.due_on for timing in row.timings] == [date(2027, 12, 31), date(2030, 12, 31)]
    assert [(t.value, t.measure_unit) for t in row.targets] == [(62, "%"), (65, "%")]


def test_table_of_duties_and_table_of_reports() -> None:
    duties = grid(
        [["单位", "工作职责"], ["县林业局", "负责火灾预防。"], ["各乡镇", "落实属地责任。"]]
    )
    reports = grid(
        [["序号", "报送内容", "报送单位", "报送周期"], ["1", "隐患排查情况", "各乡镇", "每月5日前"]]
    )
    first, second = read(duties, reports)
    assert [(row.part, row.title) for row in first.rows] == [
        ("duty", "县林业局"),
        ("duty", "各乡镇"),
    ]
    assert [(row.part, row.timing_text) for row in second.rows] == [("report", "每月5日前")]


def test_members_scores_and_budgets_are_no_tasks() -> None:
    members = grid([["序号", "姓名", "职务", "工作单位"], ["1", "王某", "组长", "县政府"]])
    scores = grid([["序号", "考核内容", "评分标准", "分值"], ["1", "组织领导", "有方案得5分", "5"]])
    assert read(members, scores) == []


def test_table_that_goes_on_without_a_head_keeps_its_columns() -> None:
    first = grid([HEAD, ["1", "路灯", "更换路灯。", "县住建局", "6月底"]])
    second = grid([["2", "绿化", "补种行道树。", "县综合执法局", "年底"]])
    assert [row.no for row in rows(first, second)] == ["1", "2"]


def test_head_of_indices_gives_section_and_title_where_a_measure_follows() -> None:
    table = grid(
        [
            ["一级指标", "二级指标", "工作要求", "责任单位", "达标时限"],
            ["健康教育", "宣传普及", "居民健康素养水平达到25%。", "县卫健局", "年底前"],
            ["健康教育", "控烟", "开展无烟单位创建。", "县卫健局", "9月底"],
        ]
    )
    first = rows(table)[0]
    assert (first.section, first.title, first.timing_text) == ("健康教育", "宣传普及", "年底前")


def test_number_inside_the_measure_is_the_number_where_no_column_has_one() -> None:
    table = grid(
        [
            ["工作任务", "责任科室", "配合科室", "完成时间"],
            ["1.新增教育集团3个。", "基教科", "人事科、计财科", "8月"],
        ]
    )
    (row,) = rows(table)
    assert (row.no, row.text) == ("1", "新增教育集团3个。")
    assert [role for _, role in units(row)] == [Role.LEAD, Role.SUPPORT, Role.SUPPORT]


def test_who_receives_a_report_does_not_owe_it() -> None:
    table = grid(
        [
            ["报送事项", "报送部门", "报送频次", "报送时限", "接收单位"],
            ["值班情况", "各县（市、区）防指", "每日", "每日17时前", "市防指办"],
        ]
    )
    (row,) = rows(table)
    assert units(row) == [("各县（市、区）防指", Role.RESPONSIBLE)]


def test_quarters_in_heads_date_the_cells_under_them() -> None:
    table = grid(
        [
            ["序号", "项目名称", "牵头单位", "时间进度", "", "", ""],
            ["", "", "", "一季度", "二季度", "三季度", "四季度"],
            ["1", "农村饮水提质", "县水利局", "完成招标", "完成20公里", "完成45公里", "通水"],
            ["2", "安全宣讲", "县应急局", "每镇开展一次", "", "", ""],
        ],
        [(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 1, 2), (0, 3, 0, 6), (3, 3, 3, 6)],
    )
    document = Document([Block(BlockKind.TABLE, table=table)], "test")
    (found,) = read_tables(document, dates=DateContext(2026))
    water, talks = found.rows
    # the steps alone do not say of what
    assert water.text.splitlines() == [
        "农村饮水提质",
        "完成招标",
        "完成20公里",
        "完成45公里",
        "通水",
    ]
    assert [(t.start_on, t.due_on) for t in water.timings] == [
        (date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 4, 1), date(2026, 6, 30)),
        (date(2026, 7, 1), date(2026, 9, 30)),
        (date(2026, 10, 1), date(2026, 12, 31)),
    ]
    assert water.timings[1].about == "农村饮水提质：完成20公里"
    (whole,) = talks.timings
    assert (whole.start_on, whole.due_on) == (date(2026, 1, 1), date(2026, 12, 31))


def test_signs_under_the_names_of_units_say_who_leads() -> None:
    table = grid(
        [
            ["序号", "工作任务", "责任部门", "", "", "完成时限"],
            ["", "", "县应急局", "县住建局", "县交通局", ""],
            ["1", "排查重大事故隐患。", "●", "○", "○", "10月底"],
            ["2", "整治违法分包。", "", "●", "", "6月底"],
        ],
        [(0, 2, 0, 4)],
    )
    first, second = rows("注：●为牵头单位，○为配合单位。", table)
    assert units(first) == [
        ("县应急局", Role.LEAD), ("县住建局", Role.SUPPORT), ("县交通局", Role.SUPPORT),
    ]  # fmt: skip
    assert units(second) == [("县住建局", Role.LEAD)]


def test_people_in_a_column_of_units_are_left_out() -> None:
    head = ["序号", "治理措施", "责任单位及责任人", "治理期限"]
    first, second = rows(grid([
        head,
        ["1", "增设护栏。", "市公路中心（张伟）", "6月底"],
        ["2", "完善标线。", "市公安局 李强、市住建局 王芳", "9月底"],
    ]))  # fmt: skip
    assert units(first) == [("市公路中心", Role.RESPONSIBLE)]
    assert units(second) == [("市公安局", Role.JOINT), ("市住建局", Role.JOINT)]
    assert first.timing_text == "6月底"


QUOTAS = (
    ["序号", "乡镇（街道）", "创建示范小区（个）", "2026年垃圾分类覆盖率（%）"],
    ["1", "城东街道", "5", "100"],
    ["2", "白石乡", "1", "90"],
    ["合计", "合计", "6", "95"],
)


def test_each_town_of_a_quota_table_owes_its_numbers() -> None:
    (table,) = read("2026年各乡镇（街道）目标任务分解表", grid(QUOTAS))
    assert table.kind is TableKind.INDICATORS
    town, village = table.rows
    assert units(town) == [("城东街道", Role.RESPONSIBLE)]
    assert [(t.indicator, t.op, int(t.value), t.measure_unit) for t in village.targets] == [
        ("创建示范小区", ">=", 1, "个"),
        ("2026年垃圾分类覆盖率", ">=", 90, "%"),
    ]


def test_a_table_of_what_was_done_holds_no_quotas() -> None:
    assert read("2026年上半年各乡镇（街道）完成情况统计表", grid(QUOTAS)) == []


def test_tables_side_by_side_under_the_same_head_are_read_one_by_one() -> None:
    head = ["序号", "任务", "责任单位", "时限"]
    table = grid(
        [
            ["上半年", "", "", "", "", "下半年", "", "", ""],
            [*head, "", *head],
            ["1", "检修泵站。", "镇水利站", "3月底前", "", "1", "清淤河道。", "镇农办", "9月底前"],
            ["2", "加固山塘。", "镇农办", "5月底前", "", "", "", "", ""],
        ],
        [(0, 0, 0, 3), (0, 5, 0, 8)],
    )
    left, right = read_tables(Document([Block(BlockKind.TABLE, table=table)], "test"))
    assert (left.caption, right.caption) == ("上半年", "下半年")
    assert [(row.no, row.text) for row in left.rows] == [("1", "检修泵站。"), ("2", "加固山塘。")]
    assert [(row.no, row.text, row.timing_text) for row in right.rows] == [
        ("1", "清淤河道。", "9月底前")
    ]


def test_ticks_under_months_are_stretches_of_time_and_strokes_are_blank() -> None:
    table = grid(
        [
            ["序号", "任务", "责任单位", "配合单位", "1月", "2月", "3月", "4月"],
            ["1", "排查隐患。", "县应急局", "县公安局", "", "√", "√", ""],
            ["2", "组织演练。", "县应急局", "—", "√", "/", "", "√"],
        ]
    )
    document = Document([Block(BlockKind.TABLE, table=table)], "test")
    (found,) = read_tables(document, dates=DateContext(2026))
    search, drill = found.rows
    assert [(t.start_on, t.due_on) for t in search.timings] == [
        (date(2026, 2, 1), date(2026, 3, 31))
    ]
    assert [t.due_on for t in drill.timings] == [date(2026, 1, 31), date(2026, 4, 30)]
    assert units(drill) == [("县应急局", Role.RESPONSIBLE)]


def test_a_sheet_called_by_a_unit_lays_its_rows_on_that_unit() -> None:
    rows_of_it = [["序号", "工作任务", "完成时限"], ["1", "检查养老机构。", "6月底前"]]
    (found,) = read(grid(rows_of_it, caption="区民政局"))
    assert units(found.rows[0]) == [("区民政局", Role.RESPONSIBLE)]
    (found,) = read("2026年重点任务清单（区教育局）", grid(rows_of_it))
    assert units(found.rows[0]) == [("区教育局", Role.RESPONSIBLE)]
    (found,) = read(grid(rows_of_it, caption="鹿城区"))
    assert units(found.rows[0]) == [("鹿城区", Role.RESPONSIBLE)]


@pytest.mark.parametrize(
    "name", ["重点任务", "市区", "老城区", "镇中心", "2026年重点任务清单（市区）"]
)
def test_a_sheet_called_by_anything_else_lays_its_rows_on_nobody(name: str) -> None:
    table = grid(
        [["序号", "工作任务", "完成时限"], ["1", "检查养老机构。", "6月底前"]], caption=name
    )
    (found,) = read(table)
    assert units(found.rows[0]) == []


def test_a_column_of_months_is_one_of_time() -> None:
    table = grid(
        [
            ["月份", "工作任务", "责任科室"],
            ["3月", "走访困难群众。", "救助科"],
            ["", "评选文明家庭。", "宣传科"],
        ],
        [(1, 0, 2, 0)],
    )
    assert [row.timing_text for row in rows(table)] == ["3月", "3月"]


def test_a_card_is_a_table_of_one_row() -> None:
    card = [
        ["项目编号", "7", "分管领导", "李敏"],
        ["项目名称", "口袋公园建设", "口袋公园建设", "口袋公园建设"],
        ["建设内容", "建成口袋公园5个。", "建成口袋公园5个。", "建成口袋公园5个。"],
        ["牵头单位", "区住建局", "配合单位", "各街道"],
        ["完成时限", "9月底前", "备注", ""],
    ]
    (row,) = rows(grid(card, [(1, 1, 1, 3), (2, 1, 2, 3)]))
    assert (row.no, row.title, row.text) == ("7", "口袋公园建设", "建成口袋公园5个。")
    assert units(row) == [("区住建局", Role.LEAD), ("各街道", Role.SUPPORT)]
    assert row.timing_text == "9月底前"


def test_a_day_parted_by_a_line_break_is_whole_again() -> None:
    table = grid(
        [["任务", "责任单位", "时限"], ["淘汰落后工艺。", "县经信局", "2026年9月\n底前"]],
    )
    assert [row.timing_text for row in rows(table)] == ["2026年9月底前"]


def test_cards_one_below_the_other_are_rows() -> None:
    stacked = [
        ["项目名称", "改造水管"],
        ["建设内容", "改造水管9公里。"],
        ["", "同步更新泵站。"],
        ["责任单位", "镇水务站"],
        ["项目名称", "修缮敬老院"],
        ["建设内容", "修缮敬老院1座。"],
        ["责任单位", "镇民政办"],
    ]
    found = rows(grid(stacked, [(1, 0, 2, 0)]))
    assert [(row.title, row.text) for row in found] == [
        ("改造水管", "改造水管9公里。\n同步更新泵站。"),
        ("修缮敬老院", "修缮敬老院1座。"),
    ]
    assert [units(row) for row in found] == [
        [("镇水务站", Role.RESPONSIBLE)],
        [("镇民政办", Role.RESPONSIBLE)],
    ]


def test_a_day_of_its_own_is_nearer_than_the_year_in_the_head() -> None:
    table = grid(
        [
            ["序号", "指标名称", "2026年目标值", "责任单位", "完成时限"],
            ["1", "好评率", "98%", "县政务中心", "2026年6月底前"],
            ["2", "办结率", "99%", "县市监局", "长期坚持"],
        ]
    )
    first, second = rows(table)
    assert (first.timings, first.timing_text) == ([], "2026年6月底前")
    assert [t.due_on for t in second.timings] == [date(2026, 12, 31)]


def test_what_stands_under_the_whole_year_is_due_at_its_end() -> None:
    table = grid(
        [
            ["序号", "事项", "责任单位", "目标任务", "", ""],
            ["", "", "", "上半年", "三季度", "全年"],
            ["1", "招引项目", "区投促局", "签约8个", "签约12个", "签约20个"],
        ],
        [(0, 0, 1, 0), (0, 1, 1, 1), (0, 2, 1, 2), (0, 3, 0, 5)],
    )
    document = Document([Block(BlockKind.TABLE, table=table)], "test")
    (found,) = read_tables(document, dates=DateContext(2026))
    last = found.rows[0].timings[-1]
    assert (last.text, last.start_on, last.due_on) == ("全年", None, date(2026, 12, 31))


SIGNS = [
    ["序号", "任务", "时限", "公安局", "教育局", "司法局", "各街道"],
    ["1", "开展普法宣讲。", "6月底前", "△", "", "▲", "△"],
]
THREE_HEADS = [
    ["序号", "项目", "责任分工", "", "", "完成时间"],
    ["", "", "牵头单位", "配合单位", "", ""],
    ["", "", "", "市级", "区级", ""],
    ["1", "整治积水点18处。", "市住建局", "市水务局", "各区政府", "汛前"],
]
UNIT_ROWS = [
    ["序号", "任务", "时限"],
    ["市民政局", "", ""],
    ["1", "改造敬老院。", "10月底前"],
    ["牵头单位：市体育局", "", ""],
    ["2", "新建健身房。", "9月底前"],
]
ON_ITS_SIDE = [
    ["2026年项目", "", ""],
    ["项目", "立面改造", "养老驿站"],
    ["内容", "改造立面。", "新建驿站。"],
    ["牵头单位", "镇城建办", "镇民政办"],
    ["时限", "9月底前", "7月底前"],
]
GROUPED = [
    ["项目一", "实施内容", "加装电梯。"],
    ["", "牵头单位", "区住建局"],
    ["项目二", "实施内容", "新建托育点。"],
    ["", "牵头单位", "区卫健局"],
]


@pytest.mark.parametrize(
    ("cells", "merges", "found"),
    [
        (
            [*GROUPED[:2], ["", "时限", "6月底前"], *GROUPED[2:], ["", "时限", "9月底前"]],
            [],
            ["None 加装电梯。 区住建局* 6月底前", "None 新建托育点。 区卫健局* 9月底前"],
        ),
        (SIGNS, [], ["1 开展普法宣讲。 公安局+司法局*各街道+ 6月底前"]),
        (
            THREE_HEADS,
            [(0, 0, 2, 0), (0, 1, 2, 1), (0, 2, 0, 4), (1, 2, 2, 2), (1, 3, 1, 4), (0, 5, 2, 5)],
            ["1 整治积水点18处。 市住建局*市水务局+各区政府+ 汛前"],
        ),
        (
            UNIT_ROWS,
            [(1, 0, 1, 2), (3, 0, 3, 2)],
            ["1 改造敬老院。 市民政局 10月底前", "2 新建健身房。 市体育局* 9月底前"],
        ),
        (
            ON_ITS_SIDE,
            [(0, 0, 0, 2)],
            ["None 改造立面。 镇城建办* 9月底前", "None 新建驿站。 镇民政办* 7月底前"],
        ),
    ],
    ids=["grouped", "signs", "three heads", "rows of units", "on its side"],
)
def test_a_shape_of_table_is_read(
    cells: list[list[str]], merges: list[Merge], found: list[str]
) -> None:
    signs = {Role.LEAD: "*", Role.SUPPORT: "+"}
    assert [
        f"{row.no} {row.text} "
        + "".join(f"{unit}{signs.get(role, '')}" for unit, role in units(row))
        + f" {row.timing_text}"
        for row in rows(grid(cells, merges))
    ] == found


def test_a_blank_beside_a_day_is_meant_to_be_blank() -> None:
    table = grid(
        [
            ["序号", "任务", "责任单位", "启动时间", "办结时间"],
            ["1", "修建公路。", "县交通局", "3月1日", "10月底"],
            ["2", "招引项目。", "县招商局", "", "12月底"],
        ]
    )
    assert [row.timing_text for row in rows(table)] == ["3月1日\n10月底", "12月底"]


def test_a_column_is_of_time_by_its_cells() -> None:
    table = grid(
        [
            ["序号", "具体问题", "整改任务", "推进计划", "责任单位"],
            ["1", "3个村滞后。", "建成泵站2座；每月巡查1次。", "全年", "区水利局"],
            ["2", "管护缺位。", "每月巡查。", "每月底前", "区水利局"],
        ]
    )
    plan = read_plan(Document([Block(BlockKind.TABLE, table=table)], "txt"), "2026年任务清单")
    assert [
        (row.text, [(str(t.kind), t.rule) for t in row.timings], len(row.targets))
        for row in plan.tasks
    ] == [
        ("建成泵站2座；每月巡查1次。", [("deadline", None), ("recurring", "FREQ=MONTHLY")], 1),
        ("每月巡查。", [("recurring", "FREQ=MONTHLY;BYMONTHDAY=-1")], 0),
    ]


def test_bare_counts_beside_tasks_are_to_be_done() -> None:
    table = grid(
        [
            ["序号", "指标任务", "目标值", "责任部门", "完成时间"],
            ["1", "建设城市书房", "18个", "区文旅局", "9月底"],
            ["2", "提高开放率", "90%", "区文旅局", "6月底"],
        ]
    )
    assert [
        (row.text, t.op, str(t.value), t.measure_unit) for row in rows(table) for t in row.targets
    ] == [("建设城市书房", "=", "18", "个"), ("提高开放率", ">=", "90", "%")]


def test_the_shares_of_towns_are_targets() -> None:
    table = grid(
        [
            ["任务", "单位", "合计", "城关镇", "白水镇", "时限", "牵头单位"],
            ["新建农田", "万亩", "3", "1.2", "1.8", "年底前", "县农业农村局"],
        ]
    )
    (row,) = rows(table)
    assert units(row) == [("县农业农村局", Role.LEAD)]
    assert [(t.indicator, t.op, str(t.value), t.measure_unit) for t in row.targets] == [
        ("新建农田", "=", "3", "万亩"),
        ("城关镇新建农田", "=", "1.2", "万亩"),
        ("白水镇新建农田", "=", "1.8", "万亩"),
    ]


def test_a_head_of_words_and_times_holds_words() -> None:
    table = grid(
        [
            ["任务", "内容及完成时限", "责任单位", "2025年（基期值）"],
            ["完善设施", "3月底前建成书房4座。", "区文旅局", "2座"],
        ]
    )
    (row,) = rows(table)
    assert (row.title, row.text, row.timing_text) == ("完善设施", "3月底前建成书房4座。", "")
    assert row.targets == []
