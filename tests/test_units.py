"""Which units a cell names, and what each of them does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.units import FIRST_LEADS, looks_like_unit, read_units, split_names
from corpus.values import Role

LEAD, SUPPORT, JOINT, ALONE = Role.LEAD, Role.SUPPORT, Role.JOINT, Role.RESPONSIBLE


def roles(cell: str, **given: object) -> list[tuple[str, Role]]:
    found = read_units(cell, **given)  # type: ignore[arg-type]
    return [(value.unit_text, value.role) for value in found]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("县水利局", [("县水利局", ALONE)]),
        ("县水利局负责", [("县水利局", ALONE)]),
        ("县水利局牵头", [("县水利局", LEAD)]),
        ("县水利局按职责分工负责", [("县水利局", ALONE)]),
        ("县水利局、县住建局", [("县水利局", JOINT), ("县住建局", JOINT)]),
        (
            "县水利局牵头，县住建局、县财政局按职责分工负责",
            [("县水利局", LEAD), ("县住建局", SUPPORT), ("县财政局", SUPPORT)],
        ),
        (
            "县公安局、县交通局牵头，各有关部门按职责分工负责",
            [("县公安局", LEAD), ("县交通局", LEAD), ("各有关部门", SUPPORT)],
        ),
        ("县公安局、县检察院牵头，按职责分工负责", [("县公安局", LEAD), ("县检察院", LEAD)]),
        ("▲市消防救援支队、各街道", [("市消防救援支队", LEAD), ("各街道", SUPPORT)]),
        ("县教育局（牵头）、县卫健局", [("县教育局", LEAD), ("县卫健局", SUPPORT)]),
        (
            "牵头单位：县教育局；配合单位：县公安局、县司法局",
            [("县教育局", LEAD), ("县公安局", SUPPORT), ("县司法局", SUPPORT)],
        ),
        ("主办：县林业局 协办：县气象局", [("县林业局", LEAD), ("县气象局", SUPPORT)]),
        (
            "县林业局会同县气象局、县公安局负责",
            [("县林业局", LEAD), ("县气象局", SUPPORT), ("县公安局", SUPPORT)],
        ),
        (
            "由县林业局牵头，县气象局等部门配合，各乡镇政府具体落实",
            [("县林业局", LEAD), ("县气象局", SUPPORT), ("各乡镇政府", SUPPORT)],
        ),
        ("县文旅局，县体育局配合", [("县文旅局", LEAD), ("县体育局", SUPPORT)]),
        ("县文旅局、县体育局等部门", [("县文旅局", JOINT), ("县体育局", JOINT)]),
        ("县林业局、\n县海洋与渔业局", [("县林业局", JOINT), ("县海洋与渔业局", JOINT)]),
        ("县市场监\n管局、县教育局", [("县市场监管局", JOINT), ("县教育局", JOINT)]),
        ("县教育局\n县公安局", [("县教育局", JOINT), ("县公安局", JOINT)]),
        ("省、市两级河长办", [("省、市两级河长办", ALONE)]),
        ("县纪委（县监委）", [("县纪委（县监委）", ALONE)]),
        ("各县（市、区）党委、政府", [("各县（市、区）党委、政府", ALONE)]),
        ("县食安委相关成员单位", [("县食安委相关成员单位", ALONE)]),
        ("", []),
        ("/", []),
    ],
)
def test_cell_of_units(cell: str, expected: list[tuple[str, Role]]) -> None:
    assert roles(cell) == expected


@pytest.mark.parametrize(
    "name",
    [
        "县自然资源和规划局",
        "县文化和广电旅游体育局",
        "县海洋与渔业局",
        "市工业和信息化局",
        "市发展和改革委员会",
        "市住房和城乡建设局",
    ],
)
def test_and_inside_a_name_parts_nothing(name: str) -> None:
    assert split_names(f"{name}和县公安局") == [name, "县公安局"]


def test_note_that_the_first_leads_is_obeyed() -> None:
    assert roles("县教育局、县公安局", lead_mark=FIRST_LEADS) == [
        ("县教育局", LEAD),
        ("县公安局", SUPPORT),
    ]
    assert roles("县教育局", lead_mark=FIRST_LEADS) == [("县教育局", ALONE)]


def test_only_the_sign_that_a_note_explains_marks_a_lead() -> None:
    assert roles("★县教育局、县公安局", lead_mark="★")[0][1] is LEAD
    assert roles("★县教育局、▲县公安局", lead_mark="▲") == [
        ("县教育局", SUPPORT),
        ("县公安局", LEAD),
    ]


def test_words_of_a_measure_are_no_unit() -> None:
    assert not looks_like_unit("加强源头治理，落实监管")
    assert not looks_like_unit("2025年6月底前")


_NAMES = st.sampled_from(
    ["县水利局", "县自然资源和规划局", "各乡镇（街道）", "县委网信办", "县消防救援大队", "团县委"]
)


@given(st.lists(_NAMES, min_size=2, max_size=5, unique=True), st.sampled_from("、，,；"))
def test_list_printed_and_read_is_the_same(names: list[str], separator: str) -> None:
    assert [unit for unit, _ in roles(separator.join(names))] == names
