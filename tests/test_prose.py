"""Tasks of prose: brackets and labels behind a measure, headings that share units, duties, boxes."""

import pytest

from corpus.brackets import read_tail
from corpus.document import Block, BlockKind, Cell, Document, Row, Table
from corpus.facts import read_facts
from corpus.lines import Line, to_blocks
from corpus.prose import Prose
from corpus.reading import read_plan
from corpus.values import Place, Role, TaskRow


def document(text: str, *tables: Table) -> Document:
    lines = [Line(number, line) for number, line in enumerate(text.split("\n"), 1)]
    blocks = [*to_blocks(lines), *(Block(BlockKind.TABLE, table=table) for table in tables)]
    return Document(blocks, "test")


def units(row: TaskRow) -> list[tuple[str, str]]:
    return [(value.unit_text, str(value.role)) for value in row.responsibilities]


@pytest.mark.parametrize(
    ("text", "measure", "unit_text", "time_text"),
    [
        (
            "新建口袋公园6个。（县住建局牵头，各街道配合，9月底前完成）",
            "新建口袋公园6个。",
            "县住建局牵头，各街道配合",
            "9月底前完成",
        ),
        (
            "新建口袋公园6个（责任单位：县住建局、县林业局；完成时限：2025年9月）。",
            "新建口袋公园6个",
            "责任单位：县住建局、县林业局",
            "2025年9月",
        ),
        (
            "监管率达到100%。（市教育局、人民银行中心支行，9月底前完成）",
            "监管率达到100%。",
            "市教育局、人民银行中心支行",
            "9月底前完成",
        ),
        (
            "更换路灯。（县住建局、各县（市、区）政府）",
            "更换路灯。",
            "县住建局、各县（市、区）政府",
            "",
        ),
        (
            "更换路灯。牵头单位：县住建局，配合单位：各街道。",
            "更换路灯。",
            "牵头单位：县住建局；配合单位：各街道",
            "",
        ),
        (
            "更换路灯。【责任单位：县住建局；完成时限：2026年9月底】",
            "更换路灯。",
            "责任单位：县住建局",
            "2026年9月底",
        ),
        (
            "更换路灯。〔责任单位：县住建局；配合单位：各街道〕",
            "更换路灯。",
            "责任单位：县住建局；配合单位：各街道",
            "",
        ),
        (
            "路灯损坏。\n责任单位：县住建局\n整改时限：9月底前\n整改措施：更换路灯。",
            "路灯损坏。\n整改措施：更换路灯。",
            "责任单位：县住建局",
            "9月底前",
        ),
        (
            "更换路灯。（各镇街负责，县住建局指导）",
            "更换路灯。",
            "各镇街负责，县住建局指导",
            "",
        ),
        (
            "更换路灯。\n责任单位：县住建局\n完成时限：长期坚持",
            "更换路灯。",
            "责任单位：县住建局",
            "长期坚持",
        ),
        (
            "更换路灯。\n牵头单位：县住建局；县级责任单位：县财政局；时限要求：9月底前。",
            "更换路灯。",
            "牵头单位：县住建局；县级责任单位：县财政局",
            "9月底前",
        ),
        ("更换路灯（含庭院灯）。", "更换路灯（含庭院灯）。", "", ""),
        ("落实河长制（以下简称“河长制”）", "落实河长制（以下简称“河长制”）", "", ""),
    ],
)
def test_tail_of_a_measure(text: str, measure: str, unit_text: str, time_text: str) -> None:
    tail = read_tail(text)
    assert (tail.text, tail.unit_text, tail.time_text) == (measure, unit_text, time_text)


def test_units_behind_a_heading_hold_for_the_points_below_it() -> None:
    prose = Prose(
        document(
            "一、工作任务\n（一）排查纠纷（牵头单位：镇综治办；责任单位：各村）\n"
            "1、每周排查一次。各村登记造册。\n2、化解到位。责任单位：镇司法所。\n"
        )
    )
    first, second = prose.points()
    assert first.section == "排查纠纷"
    assert units(first) == [("镇综治办", "lead"), ("各村", "support")]
    assert units(second) == [("镇司法所", "responsible")]


def test_units_on_lines_above_the_points_hold_for_those_below_them() -> None:
    text = (
        "2026年工作分工\n牵头单位：县教育局\n1.新建球场3片。\n2.开放校园。\n"
        "牵头单位：县总工会\n3.组织运动会。"
    )
    found = [(row.text, units(row)) for row in Prose(document(text)).points()]
    assert found == [
        ("新建球场3片。", [("县教育局", "lead")]),
        ("开放校园。", [("县教育局", "lead")]),
        ("组织运动会。", [("县总工会", "lead")]),
    ]


def test_paragraphs_that_a_date_opens_are_points() -> None:
    text = (
        "2026年推进时间表\n1月—3月：签订协议。责任部门：党建办\n9月底前：改造阵地。责任部门：建管办"
    )
    found = [(row.text, row.timing_text, units(row)) for row in Prose(document(text)).points()]
    assert found == [
        ("签订协议。", "1月—3月", [("党建办", "responsible")]),
        ("改造阵地。", "9月底前", [("建管办", "responsible")]),
    ]


def test_paragraphs_with_labels_below_are_points() -> None:
    text = (
        "一、完善设施\n改造网络\n主要内容：改造32个社区。\n责任单位：区数据局\n完成时限：5月底前\n"
        "安装门禁\n主要内容：安装门禁80套。\n主办单位：区公安分局\n会办单位：各街道"
    )
    found = [(row.title, row.text, units(row)) for row in Prose(document(text)).points()]
    assert found == [
        ("改造网络", "改造32个社区。", [("区数据局", "responsible")]),
        ("安装门禁", "安装门禁80套。", [("区公安分局", "lead"), ("各街道", "support")]),
    ]


def test_paragraphs_with_units_of_their_own_are_points() -> None:
    text = (
        "一、绿化行动\n补植行道树。补植500株。（区园林局牵头，各街道配合）\n"
        "建设绿道。建设绿道9公里。（区住建局负责）"
    )
    assert [(row.section, row.title, units(row)) for row in Prose(document(text)).points()] == [
        ("绿化行动", "补植行道树", [("区园林局", "lead"), ("各街道", "support")]),
        ("绿化行动", "建设绿道", [("区住建局", "responsible")]),
    ]


def test_goals_in_words_and_numbers_of_a_note_are_no_points() -> None:
    plan = read_plan(
        document(
            "一、目标任务\n全县新建小塘坝26座。\n二、实施步骤\n（一）验收阶段（2027年5月）。"
            "县水利局、县财政局组织验收。\n说明：1.标星的为重点。\n2.各单位每月5日前书面反馈进展。"
        )
    )
    assert [(row.part, units(row)) for row in plan.tasks] == [
        ("stage", [("县水利局", "joint"), ("县财政局", "joint")]),
    ]
    assert "2.各单位每月5日前" in plan.tasks[0].text


def test_who_is_charged_at_the_head_of_a_measure_and_the_year_of_minutes() -> None:
    plan = read_plan(
        document(
            "停车治理专题会议纪要\n2026年3月12日，召开专题会议，议定：\n"
            "1.由市住建局牵头，会同市城管局，于4月15日前完成摸排。\n2.由市公安局负责，5月底前施划泊位。\n"
            "3.由市教育局负责的校门周边，6月底前完成划线。"
        )
    )
    assert [(units(row), str(row.timings[0].due_on)) for row in plan.tasks] == [
        ([("市住建局", "lead"), ("市城管局", "support")], "2026-04-15"),
        ([("市公安局", "responsible")], "2026-05-31"),
        ([], "2026-06-30"),
    ]


def test_a_heading_over_nothing_but_reports_is_no_task() -> None:
    text = (
        "一、重点工作\n1.核查线索。（区公安分局）\n二、信息报送\n"
        "各镇街每月25日前将进展报送区办公室。\n各单位12月10日前报送全年工作总结。"
    )
    prose = Prose(document(text))
    assert [row.text for row in prose.points()] == ["核查线索。"]
    assert [units(row) for row in prose.reports()] == [
        [("各镇街", "responsible")],
        [("各单位", "responsible")],
    ]


def test_units_on_a_line_below_the_last_point_hold_for_all_of_them() -> None:
    prose = Prose(
        document(
            "（一）扩大绿地\n1.补种行道树。完成200株。\n2.新建口袋公园。完成6个。\n责任单位：县住建局、县林业局\n"
        )
    )
    assert [len(row.responsibilities) for row in prose.points()] == [2, 2]
    assert {value.role for row in prose.points() for value in row.responsibilities} == {Role.JOINT}


def test_aims_and_safeguards_are_no_tasks_but_a_name_like_them_is() -> None:
    prose = Prose(
        document(
            "一、总体要求\n（一）指导思想。全面落实部署。\n二、重点任务\n"
            "1.完善工作机制。建立联席会议。\n2.强化安全保障机制。落实值守。\n三、保障措施\n（一）加强领导。压实责任。\n"
        )
    )
    assert [row.title for row in prose.points()] == ["完善工作机制", "强化安全保障机制"]


def test_words_to_all_that_close_a_plan_are_no_part_of_its_last_point() -> None:
    plan = read_plan(
        document(
            "2025年河湖长制工作要点\n\n1.开展巡查。每月巡查两次。（县水利局）\n\n"
            "请各乡镇于每月25日前将进展报送县河长办，全年总结于12月10日前报送。\n"
        )
    )
    point, report = plan.tasks
    assert (point.text, report.part) == ("每月巡查两次。", "report")
    assert [timing.is_report for timing in report.timings] == [True, True]


def test_duties_of_units_in_a_line_and_of_two_units_together() -> None:
    prose = Prose(
        document(
            "三、职责分工\n1.县教育局：负责校园安全。\n2.县公安局、县交通局：负责校车监管。\n除上述职责外，各单位做好其他工作。\n"
        )
    )
    first, second = prose.duties()
    assert (first.no, first.title, first.text) == ("1", "县教育局", "负责校园安全。")
    assert units(second) == [("县公安局", "joint"), ("县交通局", "joint")]
    assert "除上述" not in second.text


def test_box_drawn_as_a_table_of_one_cell_is_read_as_a_box() -> None:
    cell = Cell("专栏1：清水工程\n1.东溪治理。整治河道18公里。\n2.西溪清淤。清淤5万方。")
    (first, second) = Prose(document("一、重点任务", Table([Row([cell])]))).boxes()
    assert (first.section, first.no, first.title) == ("专栏1：清水工程", "1", "东溪治理")
    assert second.text == "清淤5万方。"


def test_a_box_under_a_point_keeps_its_circled_items_to_itself() -> None:
    text = "一、重点任务\n1.建设学校。新建学校2所。（市教育局牵头，市财政局配合）\n"
    cell = Cell("专栏1　重点项目\n①新建实验学校，2026年建成；\n②扩建望江小学。")
    after = document("2.减负。控制作业量。（市教育局）").blocks
    plan = document(text, Table([Row([cell])]))
    plan.blocks[-1].place = Place(table=1)
    prose = Prose(Document([*plan.blocks, *after], "test"))
    assert [(row.no, units(row)) for row in prose.points()] == [
        ("1", [("市教育局", "lead"), ("市财政局", "support")]),
        ("2", [("市教育局", "responsible")]),
    ]
    assert [row.no for row in prose.boxes()] == ["1", "2"]


def test_a_box_may_be_a_table_of_one_column() -> None:
    lines = [
        "专栏1 基站工程",
        "1.边缘节点。布设节点20个。责任单位：区数据局。\n2.5G基站。新建基站350个。",
    ]
    table = Table([Row([Cell(line)]) for line in lines])
    rows = Prose(document("一、任务\n（一）建设设施。", table)).boxes()
    assert [(row.no, row.title, row.text) for row in rows] == [
        ("1", "边缘节点", "布设节点20个。"),
        ("2", "5G基站", "新建基站350个。"),
    ]


def test_duties_need_no_numbers() -> None:
    text = (
        "养老方案\n三、部门职责\n市民政局：负责统筹协调，\n组织考核。\n市委编办：保障编制。\n"
        "四、进度安排\n市教育局：另行通知。"
    )
    rows = Prose(document(text)).duties()
    assert [(row.title, units(row)) for row in rows] == [
        ("市民政局", [("市民政局", "responsible")]),
        ("市委编办", [("市委编办", "responsible")]),
    ]
    assert "组织考核" in rows[0].text


def test_projects_in_an_annex_stand_beside_points_that_name_their_units() -> None:
    head = ["序号", "项目名称", "建设内容", "建设年限", "责任单位"]
    body = ["1", "福利中心二期", "新建床位300张", "2024—2026年", "县民政局"]
    table = Table([Row([Cell(text) for text in row]) for row in (head, body)])
    plan = read_plan(
        document("二、重点任务\n1.优化网络。新增中心6家。（县民政局）\n附件\n重大项目表", table)
    )
    assert [(row.part, row.no) for row in plan.tasks] == [("main", "1"), ("annex", "1")]


@pytest.mark.parametrize(
    ("head", "title", "place", "period"),
    [
        ("中共江州市委办公室关于印发《江州市2024—2026年平安建设行动计划》的通知", "江州市2024—2026年平安建设行动计划", "江州市", (2024, 2026)),
        ("江州市云河区“十五五”消防事业发展规划", "江州市云河区“十五五”消防事业发展规划", "云河区", (2026, 2030)),
        ("云河区创建全国文明典范城市三年行动计划\n（2024－2026年）", "云河区创建全国文明典范城市三年行动计划（2024－2026年）", "云河区", (2024, 2026)),
        ("2025年东岭镇安全生产工作要点", "2025年东岭镇安全生产工作要点", "东岭镇", (2025, 2025)),
        ("2026年全县河湖长制工作要点", "2026年全县河湖长制工作要点", None, (2026, 2026)),
        ("2026年创建卫生城市（柳川市）任务分解表", "2026年创建卫生城市（柳川市）任务分解表", "柳川市", (2026, 2026)),
    ],
)  # fmt: skip
def test_title_place_and_period(
    head: str, title: str, place: str | None, period: tuple[int, int]
) -> None:
    facts = read_facts(document(f"{head}\n\n一、重点任务\n"))
    assert (facts.title, facts.jurisdiction) == (title, place)
    assert facts.period_start_on is not None
    assert facts.period_end_on is not None
    assert (facts.period_start_on.year, facts.period_end_on.year) == period


def test_signature_number_and_basis() -> None:
    facts = read_facts(
        document(
            "东政办〔2025〕7号\n\n关于印发东岭县消防工作方案的通知\n\n各乡镇人民政府：\n\n现印发给你们。\n\n"
            "东岭县人民政府办公室\n\n二〇二五年三月十二日\n\n东岭县消防工作方案\n\n"
            "根据《消防法》和《省消防条例》（省政发〔2020〕3号），制定《东岭县消防工作方案》。\n"
        )
    )
    assert (facts.title, facts.doc_number) == ("东岭县消防工作方案", "东政办〔2025〕7号")
    assert (facts.issuer, str(facts.issued_on)) == ("东岭县人民政府办公室", "2025-03-12")
    assert facts.basis == ["《消防法》", "《省消防条例》（省政发〔2020〕3号）"]


def test_dates_take_the_year_that_all_deadlines_of_a_plan_name() -> None:
    text = (
        "校外培训治理方案\n一、主要任务\n1.遴选案例。2026年8月底前完成。\n2.清理广告。9月底前完成。"
    )
    assert read_facts(document(text)).year == 2026
    assert read_facts(document(text + "\n3.总结经验。2027年6月前完成。")).year is None


def test_points_below_the_name_of_a_unit_are_its_own() -> None:
    text = "迎检责任分解\n一、市公安局\n1.整治机动车违停。\n2.开展反诈宣传。\n二、各区（县）\n1.更新人行道。"
    found = [units(row) for row in Prose(document(text)).points()]
    assert found == [[("市公安局", "responsible")]] * 2 + [[("各区（县）", "responsible")]]


def test_a_leader_named_behind_a_measure_is_no_part_of_it() -> None:
    tail = read_tail("改造公厕15座。\n责任领导：王芳；牵头科室：镇村建办；完成时限：9月底")
    assert (tail.text, tail.unit_text, tail.time_text) == (
        "改造公厕15座。",
        "牵头科室：镇村建办",
        "9月底",
    )


def test_the_head_of_a_form_is_no_report() -> None:
    text = "问题整改清单\n填报单位：区安委办  填报日期：2026年4月8日"
    assert Prose(document(text)).reports() == []


def test_points_under_a_heading_of_means_count_where_they_name_units() -> None:
    text = (
        "营商环境行动方案\n一、强化要素保障\n1.保障用地。供应用地不少于90亩。\n"
        "牵头领导：张华；责任单位：区资源局；完成时限：2026年10月底前\n二、加强组织保障\n2.压实责任。\n"
    )
    (row,) = Prose(document(text)).points()
    assert (units(row), row.timing_text) == ([("区资源局", "responsible")], "2026年10月底前")


def test_units_that_a_plan_names_by_the_numbers_of_its_points() -> None:
    text = (
        "森林防火方案\n一、主要任务\n1.清理可燃物。\n2.修建隔离带。\n3.检修瞭望台。\n4.储备物资。\n二、实施步骤\n"
        "（一）总结阶段（2026年9月）。总结经验。\n附件：任务分工\n"
        "第1、3至4项任务由县林业局牵头，各乡镇配合；第2项的责任单位为县应急局。\n"
    )
    prose = Prose(document(text))
    shared = [("县林业局", "lead"), ("各乡镇", "support")]
    assert [units(row) for row in prose.points()] == [
        shared,
        [("县应急局", "responsible")],
        shared,
        shared,
    ]
    (stage,) = prose.stages()
    assert "第1" not in stage.text


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("根据《防汛办法》第三条：各级政府应当建立机制。第二条由县水利局负责解释。", [[], []]),
        ("第1项：各级政府应当建立机制。第2项由县水利局负责解释。", [[], []]),
        (
            "第1项由县水利局牵头，各乡镇配合，汛前全部完成。第2项：县应急局、县气象局。",
            [
                [("县水利局", "lead"), ("各乡镇", "support")],
                [("县应急局", "joint"), ("县气象局", "joint")],
            ],
        ),
    ],
)
def test_only_units_are_laid_on_a_point_by_its_number(
    said: str, expected: list[list[tuple[str, str]]]
) -> None:
    text = f"防汛方案\n{said}\n一、主要任务\n1.加固堤防。\n2.储备沙袋。\n"
    assert [units(row) for row in Prose(document(text)).points()] == expected


def test_a_measure_that_begins_with_whom_it_binds_names_its_units() -> None:
    text = (
        "食安方案\n一、重点任务\n1.加强检查。县市监局要每学期检查食堂；县教育局负责督促整改。\n"
        "2.加强宣传。引导县级媒体要做好报道。\n"
    )
    first, second = Prose(document(text)).points()
    assert units(first) == [("县市监局", "joint"), ("县教育局", "joint")]
    assert units(second) == []


def test_a_month_may_follow_a_number_at_once() -> None:
    text = "一、重点\n1、举办展会。（市商务局）\n2、6月底前新增店铺。（市商务局）\n3.7月建成平台。"
    rows = Prose(document(text)).points()
    assert [row.text for row in rows] == ["举办展会。", "6月底前新增店铺。", "7月建成平台。"]


def test_tasks_may_be_numbered_by_name() -> None:
    text = "植树计划\n任务一：补植行道树。补植300株。\n责任单位：县林业局\n任务二：绿化村庄。\n责任单位：各乡镇"
    found = [(row.no, units(row)) for row in Prose(document(text)).points()]
    assert found == [("1", [("县林业局", "responsible")]), ("2", [("各乡镇", "responsible")])]


def test_dates_take_the_year_of_the_months_that_a_plan_runs() -> None:
    text = "校园整治方案\n自2026年3月至11月开展整治。\n一、主要任务\n1.建设中心。6月底前建成。"
    assert read_facts(document(text)).year == 2026


@pytest.mark.parametrize(
    ("said", "year"),
    [
        ("2023年1月至12月，全市共排查隐患300处。", None),
        ("2023年1月至10月全县发生火灾32起。", None),
        ("自2026年3月至11月，对公共场所开展检查。", 2026),
    ],
)
def test_what_was_counted_in_a_year_does_not_date_a_plan(said: str, year: int | None) -> None:
    text = f"消防整治方案\n{said}\n一、主要任务\n1.建设消防站。6月底前建成。"
    assert read_facts(document(text)).year == year


def test_a_place_that_work_is_done_in_is_no_unit() -> None:
    text = (
        "治水方案\n一、主要任务\n1.建设管网。乡镇工业园区要建成污水管网。市中心要建成雨水管网。\n"
        "2.落实责任。各园区要落实管护责任。\n3.加强检查。县区要加强检查。\n"
    )
    found = [units(row) for row in Prose(document(text)).points()]
    assert found == [[], [("各园区", "responsible")], [("县区", "responsible")]]
