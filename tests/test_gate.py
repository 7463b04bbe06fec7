"""The gate lets a right phrasing through, and no changed figure, day, unit, comparator or “不”."""

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.claims import SILENT
from rag.gate import check, covers


@dataclass(frozen=True)
class Case:
    """The lines and quotes of one row, and phrasings of it that say nothing else."""

    sources: tuple[str, ...]
    right: tuple[str, ...]


RIVER = Case(
    (
        "“主要河道水质达标率达到95%以上，新建水美乡村不少于12个，排污口整治率达到100%。”",
        "牵头：市水利局；配合：市生态环境局、各乡镇（街道）",
        "时限：2024年12月前（即2024年11月30日前，原文有歧义，按字面理解）",
        "23\n水环境\n主要河道水质达标率达到95%以上，新建水美乡村不少于12个，排污口整治率达到100%。\n▲市水利局、市生态环境局、各乡镇（街道）\n2024年12月前",
    ),
    (
        "主要河道水质达标率要达到95%以上，由市水利局牵头，市生态环境局、各乡镇（街道）配合，2024年12月前完成。",
        "牵头单位是市水利局，配合单位是市生态环境局、各乡镇（街道）。",
        "应新建水美乡村12个以上，排污口整治率达到100%。",
        "新建水美乡村至少12个，时限是2024年12月前，即2024年11月30日前（原文有歧义）。",
        "主要河道水质达标率要达到百分之九十五以上。",
    ),
)
FIRE = Case(
    (
        "高层建筑整治：“对全县28栋高层住宅开展消防设施检测，不得拆除防火门，完好率达到98.5%以上；每半年组织一次演练，争取2022年9月15日前建成微型消防站三十二个，整改经费控制在600万元以内。”",
        "负责：县消防救援大队",
        "时限：2022年11月30日前",
        "1\n高层建筑整治\n对全县28栋高层住宅开展消防设施检测，不得拆除防火门，完好率达到98.5%以上；每半年组织一次演练，争取2022年9月15日前建成微型消防站三十二个，整改经费控制在600万元以内。\n县消防救援大队\n2022年11月30日前",
    ),
    (
        "由县消防救援大队负责，对全县28栋高层住宅开展消防设施检测，完好率要达到98.5%以上。",
        "不得拆除防火门。",
        "争取2022年9月15日前建成微型消防站三十二个。",
        "争取2022年9月15日前建成微型消防站32个，整改经费控制在600万元以内。",
    ),
)
CITY = Case(
    (
        "市民知晓率、满意率分别不低于80%、90%，市级文明村占比超过45%，县级文明村占比超过60%，投诉办结时间不超过5个工作日。",
        "牵头：市文明办；配合：市教育局、市公安局",
    ),
    (
        "市民知晓率、满意率分别不低于80%、90%。",
        "由市文明办牵头，市教育局、市公安局配合，市级文明村占比超过45%，县级文明村占比超过60%。",
        "投诉办结时间不超过5个工作日。",
    ),
)
CASES = [(case, text) for case in (RIVER, FIRE, CITY) for text in case.right]


@pytest.mark.parametrize(("case", "text"), CASES)
def test_a_right_phrasing_passes(case: Case, text: str) -> None:
    assert check(text, case.sources) == []


COMPARATORS = ("以上", "以下", "以内", "不少于", "至少", "不低于", "超过", "不超过", "低于", "")
BOUNDS = ("底前", "前", "底", "后", "")
NAMES = (
    "市水利局",
    "市生态环境局",
    "各乡镇（街道）",
    "县消防救援大队",
    "市文明办",
    "市教育局",
    "市公安局",
    "市财政局",
    "水利局",
    "省水利厅",
)
MEASURES = ("%", "个", "栋", "万元", "个工作日", "家", "个百分点")
NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
HAN = re.compile(r"(?<=百分之)[一二三四五六七八九十]+|[一二三四五六七八九十]+(?=个)")
SIGN = re.compile("|".join(filter(None, sorted(COMPARATORS, key=len, reverse=True))))
BOUND = re.compile(r"(?<=[月日])(?:底前|前|底|后)")
NAME = re.compile("|".join(sorted(NAMES, key=len, reverse=True)))
MEASURE = re.compile(r"(?<=\d)(?:个工作日|个百分点|万元|[%个栋家])")
ROLE = re.compile("牵头|配合|负责")
TURN = re.compile("不得|争取")


@st.composite
def mutations(draw: st.DrawFn) -> tuple[Case, str, str]:
    """A case, a right phrasing, and the phrasing with one thing in it changed."""
    case, text = draw(st.sampled_from(CASES))
    numbers = NUMBERS.findall(" ".join(case.sources)) + [str(n) for n in range(0, 120, 7)]
    kinds = (
        (
            NUMBERS,
            st.sampled_from(numbers)
            | st.from_regex(r"[1-9][0-9]{0,3}(?:\.[0-9])?", fullmatch=True),
        ),
        (HAN, st.sampled_from(["三", "十", "二十三", "三十", "九十", "九十六"])),
        (SIGN, st.sampled_from(COMPARATORS)),
        (BOUND, st.sampled_from(BOUNDS)),
        (NAME, st.sampled_from(NAMES)),
        (MEASURE, st.sampled_from(MEASURES)),
        (ROLE, st.sampled_from(["牵头", "配合", "负责", "协助"])),
        (TURN, st.sampled_from(["", "可以", "必须", "应当"])),
    )
    found = [(m, new) for pattern, new in kinds for m in pattern.finditer(text)]
    match, new = draw(st.sampled_from(found))
    return case, text, text[: match.start()] + draw(new) + text[match.end() :]


def meaning(text: str) -> str:
    """What two phrasings have in common that say the same figures in other words."""
    at_least = re.sub(r"(?:不少于|不低于|至少)?(\d+(?:\.\d+)?)(%|个)(?:以上)", r"≥\1\2", text)
    at_least = re.sub(r"(?:不少于|不低于|至少)(?=\d)", "≥", at_least)
    same = (("三十二", "32"), ("九十五", "95"), ("百分之95", "95%"), ("以内", "以下"))
    for one, other in same:
        at_least = at_least.replace(one, other)
    lead = at_least.replace("牵头", "负责")  # who leads is responsible
    lead = re.sub(r"\.0(?!\d)", "", lead)
    return re.sub(r"(?<![\d.])0+(?=\d)", "", lead)


@settings(max_examples=600, deadline=None)
@given(mutations())
def test_no_changed_thing_passes(mutated: tuple[Case, str, str]) -> None:
    case, text, changed = mutated
    if meaning(changed) != meaning(text) and meaning(changed) not in map(meaning, case.right):
        assert check(changed, case.sources), changed


@given(st.sampled_from(CASES), st.data())
def test_figures_that_change_places_do_not_pass(
    chosen: tuple[Case, str], data: st.DataObject
) -> None:
    case, text = chosen
    numbers = list(NUMBERS.finditer(text))
    if len({m[0] for m in numbers}) < 2:
        return
    one, other = data.draw(
        st.sampled_from(
            [(a, b) for a in numbers for b in numbers if a.start() < b.start() and a[0] != b[0]]
        )
    )
    changed = (
        text[: one.start()]
        + other[0]
        + text[one.end() : other.start()]
        + one[0]
        + text[other.end() :]
    )
    assert check(changed, case.sources), changed


@given(st.sampled_from([case for case, _ in CASES]), st.text(max_size=40))
def test_what_a_model_makes_up_does_not_pass(case: Case, words: str) -> None:
    sources = "".join(case.sources)
    added = SILENT.sub("", re.sub(r"\s", "", words))
    if any("\u3400" <= c <= "\u9fff" and c not in sources for c in added):
        assert check(f"{case.right[0]}{words}", case.sources)


@pytest.mark.parametrize(
    "text",
    [
        "", "12", "排污口整治率达到95%以上。", "达到95%以上。", "新建排污口不少于12个。", "由县水利局牵头。", "由水利局牵头。",
        "由市水利局负责，市财政局配合。", "由市水利局和市生态环境局牵头。", "市长已批示。", "无法确定。", "主要河道水质达标率未达到95%以上。",
        "请访问http://example.com", "**主要河道水质达标率**", "主要河道水质达标率达到95%以上\u202e", "详见第3条。", "共3项。",
        "2024年11月底前完成。", "2024年12月30日前完成。", "12月前完成。", "到2025年，主要河道水质达标率达到95%以上。",
    ],
)  # fmt: skip
def test_these_do_not_pass(text: str) -> None:
    assert check(text, RIVER.sources)


def test_who_does_a_thing_is_told_in_full_or_not_at_all() -> None:
    assert check("由市水利局牵头，市生态环境局配合。", RIVER.sources)
    assert check("由市水利局牵头。", RIVER.sources) == []


def test_one_of_two_days_needs_words_that_tell_which() -> None:
    assert check("时限是2022年11月30日前。", FIRE.sources)
    assert check("时限是2024年12月前。", RIVER.sources) == []


def test_a_name_that_is_cut_and_a_bound_that_stands_apart_are_seen() -> None:
    sources = ("乙县民政局：“会同有关部门检查120张床位以上养老机构。”", "负责：乙县民政局")
    assert check("乙县民政局会同有关部门检查120张床位以上养老机构。", sources) == []
    assert check("乙县民政会同有关部门检查120张床位以上养老机构。", sources)
    assert check("乙县民政局会同有关部门检查120张床位养老机构。", sources)
    assert check("负责：乙县民政", sources)


def test_a_line_is_covered_only_when_all_of_it_is_said() -> None:
    said, who, when = RIVER.sources[:3]
    assert not covers("主要河道水质达标率达到95%以上，由市水利局牵头。", said)
    assert not covers("由市水利局牵头。", who)
    assert covers("由市水利局牵头，市生态环境局、各乡镇（街道）配合。", who)
    assert not covers("2024年12月前完成。", when)
    assert covers(said.strip("“”"), said)
