"""Targets in measures of several fields, and numbers that are none."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.indicators import read_indicator_cell, read_targets

Read = tuple[str, str, str]


def read(text: str) -> list[Read]:
    """Operator, value and unit of each target, in their order."""
    return [(t.op, str(t.value), t.measure_unit) for t in read_targets(text)]


def names(text: str) -> list[str]:
    return [t.indicator for t in read_targets(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("重大隐患整改率100%，巡查覆盖率不低于９８％。", [(">=", "100", "%"), (">=", "98", "%")]),
        ("森林火灾受害率控制在0.8‰以下。", [("<=", "0.8", "‰")]),
        ("与12家单位签订协议，更换灭火器90具。", [("=", "12", "家"), ("=", "90", "具")]),
        (
            "2.创建示范单位10家（10月底前）；3.为50名老人配备手环。",
            [("=", "10", "家"), ("=", "50", "名")],
        ),
        (
            "接入监控1.2万路；储备帐篷60顶、棉被300床。",
            [("=", "1.2", "万路"), ("=", "60", "顶"), ("=", "300", "床")],
        ),
        ("为15所乡村学校配送图书3万册。", [("=", "15", "所"), ("=", "3", "万册")]),
        ("对登记患者1860人落实管理，巡查2万辆次。", [("=", "1860", "人"), ("=", "2", "万辆次")]),
        ("扩充队员至60人，压减办理环节到3个。", [(">=", "60", "人"), ("<=", "3", "个")]),
        ("归集证照85类，生产安全事故死亡人数为0。", [("=", "85", "类"), ("=", "0", "")]),
        ("PM2.5平均浓度控制在28微克/立方米以下。", [("<=", "28", "微克/立方米")]),
        ("孕产妇死亡率降至8/10万以下。", [("<=", "8", "/10万")]),
        ("死亡人数不超过8人，失火率低于2%。", [("<=", "8", "人"), ("<", "2", "%")]),
        ("一网通办率超过85%。", [(">", "85", "%")]),
        ("用水量比2020年下降16%以上。", [(">=", "16", "%")]),
        ("生活垃圾回收利用率由40%提高到45%。", [(">=", "45", "%")]),
        ("公众知晓率达到百分之九十五以上。", [(">=", "95", "%")]),
        ("完成河道清淤120公里，新建幸福河湖8条。", [("=", "120", "公里"), ("=", "8", "条")]),
        ("培育示范学校5所以上。", [(">=", "5", "所")]),
        ("举办三场专题培训，每年开展两次以上演练。", [("=", "3", "场"), (">=", "2", "次")]),
        ("每村至少配备1名安全员。", [(">=", "1", "名")]),
        ("教师培训不少于72学时。", [(">=", "72", "学时")]),
        ("加装渔船防碰撞装置860台套。", [("=", "860", "台套")]),
        ("改造城北中学等6所学校，落实巡查等3项制度。", [("=", "6", "所")]),
        ("培育3—5家龙头企业。", [("=", "3", "家")]),
        (
            "发放宣传资料10万份，投入资金1,200万元以上。",
            [("=", "10", "万份"), (">=", "1200", "万元")],
        ),
        ("打造6个（条）特色街区。", [("=", "6", "个（条）")]),
        ("灌溉水有效利用系数提高到0.61。", [(">=", "0.61", "")]),
        ("确保较大以上火灾事故零发生。", [("=", "0", "")]),
        ("企业开办时间压缩至0.5个工作日以内。", [("<=", "0.5", "个工作日")]),
        ("用电报装时间不超过10个工作日。", [("<=", "10", "个工作日")]),
        ("建成示范点50个（其中省级不少于10个）。", [("=", "50", "个"), (">=", "10", "个")]),
    ],
)
def test_operator_value_and_unit(text: str, expected: list[Read]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("开展安全检查，每季度不少于2次。", ["开展安全检查"]),
        (
            "幼儿园视频监控覆盖率、一键报警联网率均达到100%。",
            ["幼儿园视频监控覆盖率", "一键报警联网率"],
        ),
        ("新建林带50公里，到2028年累计建成150公里。", ["新建林带", "累计建成林带"]),
        ("组建不少于20人的扑火队。", ["组建扑火队"]),
        ("排查整治隐患路口，整治率达到100%。", ["隐患路口整治率"]),
        ("隐患整改率和复查率达到100%。", ["隐患整改率", "隐患复查率"]),
        ("企业负责人、安全员持证率达100%。", ["企业负责人、安全员持证率"]),
        ("小学、初中巩固率分别达到100%、99.5%。", ["小学巩固率", "初中巩固率"]),
        ("加强河长业务培训，覆盖率达到100%。", ["河长业务培训覆盖率"]),
        ("推进农村公厕改造，6月底前完成50%。", ["农村公厕改造完成比例"]),
        ("推进危房改造。2026年完成20户，2027年完成30户。", ["危房改造完成", "危房改造完成"]),
        (
            "举办展览2场，在党校开设法治课程，全年不少于4课时。",
            ["举办展览", "在党校开设法治课程"],
        ),
        ("80%以上的行政村达到善治村标准。", ["行政村达到善治村标准的比例"]),
        ("将重点水库100%纳入监测范围。", ["重点水库纳入监测范围的比例"]),
        ("创建水美乡镇3个、水美乡村15个。", ["创建水美乡镇", "创建水美乡村"]),
        ("到2025年底，全市新建12个以上消防站并投入使用。", ["新建消防站"]),
        ("较2020年底减少事故5起，事故起数下降10%。", ["减少事故", "事故起数下降"]),
        ("确保溺水、踩踏事件“两个零发生”。", ["溺水发生数", "踩踏事件发生数"]),
        ("实现“零事故、零伤亡”。", ["事故数", "伤亡数"]),
    ],
)
def test_each_target_has_a_name_of_its_own(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "开展“防风险、保平安”三年行动，聚焦8个重点行业和17种危险化学品。",
        "对全区27家化工企业开展检查，印发后10个工作日内报方案。",
        "落实“四个责任”，推行5S管理，通过ISO9001认证，健全“1+3+N”体系。",
        "根据《2023年10方面民生实事》〔2023〕15号文件，第19届亚运会期间加强保障。",
        "拨打12345热线，24小时值班值守，发现问题5个工作日内办结。",
        "接警后15分钟内到达现场。",
        "每季度召开一次联席会议，建立三个等级的评价体系。",
        "全市现有幼儿园320所，覆盖率已达到95%。",
        "目前，全市共有河长1200名；累计巡河3万次。",
        "对满意率低于80%的单位进行通报，发生1起以上较大事故的取消资格。",
        "对高度100米以上的高层建筑和200张床位以上的医院逐栋检查。",
        "项目总投资3亿元，占地50亩，分3期实施。",
        "考核优秀的奖励10万元，每发现1处扣5分。",
        "实现学校食堂明厨亮灶全覆盖，全部建成微型消防站。",
        "2024年3月前完成，7月1日至8月31日为集中整治阶段，上半年进入全省前10名。",
        "1.加强领导。2.压实责任。（3）强化督查。",
        "落实“零容忍”要求，推行“零距离”服务。",
        "",
    ],
)
def test_numbers_that_nobody_must_reach(text: str) -> None:
    assert read_targets(text) == []


@pytest.mark.parametrize(
    ("indicator", "value", "expected"),
    [
        ("巡河率", "100%", ("巡河率", ">=", "100", "%")),
        ("巡河率（%）", "≥90", ("巡河率", ">=", "90", "%")),
        ("合格率", ">98.5%", ("合格率", ">", "98.5", "%")),
        ("年抽检数", "2批次/千人", ("年抽检数", ">=", "2", "批次/千人")),
        ("持证率", "不低于95%", ("持证率", ">=", "95", "%")),
        ("持证率", "80%以上", ("持证率", ">=", "80", "%")),
        ("新增绿道（公里）", "[10]", ("新增绿道", ">=", "10", "公里")),
        ("能耗", "下降16%", ("能耗下降", ">=", "16", "%")),
        ("婴儿死亡率（‰）", "3", ("婴儿死亡率", "<=", "3", "‰")),
        ("体系认证（ISO9001）占比", "90％", ("体系认证（ISO9001）占比", ">=", "90", "%")),
        ("人均预期寿命", "81.5岁", ("人均预期寿命", ">=", "81.5", "岁")),
    ],
)
def test_cell_of_an_indicator_table(
    indicator: str, value: str, expected: tuple[str, str, str, str]
) -> None:
    (target,) = read_indicator_cell(indicator, value)
    assert (target.indicator, target.op, str(target.value), target.measure_unit) == expected
    assert target.text == value


def test_cell_without_a_number_or_with_two() -> None:
    assert read_indicator_cell("水质", "达标") == []
    towns, villages = read_indicator_cell("供水普及率", "城镇100%，农村95%")
    assert (towns.indicator, towns.value) == ("供水普及率（城镇）", Decimal(100))
    assert (villages.indicator, villages.value) == ("供水普及率（农村）", Decimal(95))


def test_blanks_of_a_pdf_do_not_hide_a_target() -> None:
    (target,) = read_targets("到 2025 年，覆盖面 不断扩大，火灾隐患整改率达到 98.5 %以上。")
    assert (target.value, target.measure_unit) == (Decimal("98.5"), "%")
    assert target.text == "火灾隐患整改率达到 98.5 %以上"


_SUBJECTS = st.sampled_from(["隐患整改率", "学校“安心食堂”建成率", "河湖（水库）巡查覆盖率"])
_PERCENT = st.decimals(min_value=1, max_value=100, places=1)
_BEFORE = {"达到": ">=", "不低于": ">=", "不超过": "<=", "超过": ">", "低于": "<", "": ">="}


@given(_SUBJECTS, _PERCENT, st.sampled_from(sorted(_BEFORE)))
def test_a_printed_rate_is_read_back(subject: str, percent: Decimal, comparator: str) -> None:
    (target,) = read_targets(f"到2026年底，全市{subject}{comparator}{percent}%，持续巩固。")
    assert target.indicator == f"全市{subject}"
    assert (target.op, target.value) == (_BEFORE[comparator], percent)


_WORDS = st.sampled_from(
    [
        "建成",
        "改造",
        "不少于",
        "3个",
        "20家",
        "98%",
        "、",
        "，",
        "。",
        "（",
        "）",
        "“",
        "”",
        "其中",
        "零发生",
        "下降",
        "比2020年",
        "分别达到",
        "的",
        "学校",
        "覆盖率",
        "以上",
        "百分之九十",
        "1.5",
        "每",
        "％",
        "/",
        "\n",
        "\u3000",
        "两次",
        "和",
        "2025年底前",
        "一",
        "至",
        "5",
    ]
)


@given(st.one_of(st.text(max_size=40), st.lists(_WORDS, max_size=14).map("".join)))
def test_whatever_is_quoted_stands_in_the_text(text: str) -> None:
    for target in read_targets(text):
        assert target.text
        assert target.text in text
        assert target.indicator


def test_the_extent_of_what_was_counted_is_named_after_it() -> None:
    _, area = read_targets("新建高标准农田3片，面积900亩以上。")
    assert (area.indicator, area.op, area.value) == ("高标准农田面积", ">=", 900)


def test_to_sign_is_no_estimate() -> None:
    assert read("签约8个") == [("=", "8", "个")]
    assert read("全县共有水库约30座。") == []
