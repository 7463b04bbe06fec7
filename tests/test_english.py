"""English questions are put in the words of Chinese plans."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import rag.english
from bot.core import Core
from config.settings import Settings
from corpus.directory import organ_of
from rag.english import forms, to_chinese, with_chinese_units
from rag.question import Question


def knows(plan: str) -> Callable[[str], bool]:
    return lambda word: word in plan


def everything(word: str) -> bool:
    return True


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Who clears fire lanes in old residential communities?", {"消防车通道", "老旧小区"}),
        ("How many hydrants were inspected?", {"消火栓", "检查"}),
        ("How often are chemical parks inspected for hidden dangers?", {"化工园区", "隐患"}),
        ("What myopia rate is allowed among primary-school pupils?", {"近视率", "小学", "学生"}),
        ("When will the sewage outfalls be rectified?", {"排污口", "整改"}),
        ("How many mu of wetland are to be restored?", {"亩", "湿地", "修复"}),
        ("What is the share of pedestrians that vehicles yield to?", {"占比", "行人", "车辆"}),
        ("How many nursing-home beds per thousand elderly people?", {"养老机构", "床位", "千人"}),
    ],
)
def test_questions_of_all_fields_are_understood(question: str, wanted: set[str]) -> None:
    known, unknown, _ = to_chinese(question, everything)
    assert wanted <= set(known)
    assert not unknown


@pytest.mark.parametrize("form", ["inspect", "inspects", "inspected", "inspecting", "Inspections"])
def test_all_forms_of_a_word_mean_the_same(form: str) -> None:
    assert "检查" in to_chinese(f"{form} of kitchens", everything)[0]


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("standardisation rate", "standardization rate"),
        ("civilised villages", "civilized villages"),
        ("square metres", "square meters"),
        ("neighbourhood", "neighborhood"),
        ("service centres", "service centers"),
        ("business licence", "business license"),
        ("ageing-friendly", "aging friendly"),
    ],
)
def test_both_spellings_are_read(british: str, american: str) -> None:
    assert to_chinese(british, everything) == to_chinese(american, everything)
    assert to_chinese(british, everything)[0]


def test_of_several_words_those_of_the_plans_are_taken() -> None:
    assert to_chinese("garbage fees", knows("生活垃圾收费"))[0] == ["垃圾", "收费"]
    assert to_chinese("fees", knows("水费"))[0] == ["费用"]  # none: what is usual, and not found


def test_words_for_one_english_word_are_told_to_be_so() -> None:
    assert to_chinese("handled", knows("处置、办理"))[2] == {"处置": 2, "办理": 2}


def test_the_public_is_no_bureau() -> None:
    assert "公安局" in with_chinese_units("What does the Public Security Bureau lead?")


def test_the_longest_entry_wins_and_words_that_say_nothing_go() -> None:
    known, unknown, _ = to_chinese("the number of fire stations by the deadline", everything)
    assert (known, unknown) == (["消防站"], [])


def test_unknown_words_and_chinese_are_told() -> None:
    known, unknown, _ = to_chinese("quokka drills in 幸福社区", everything)
    assert known == ["演练", "幸福社区"]
    assert unknown == ["quokka"]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Which tasks does the Municipal Health Commission lead?", "卫生健康委"),
        ("What must the Bureau of Ecology and Environment do?", "生态环境局"),
        (
            "Does the District Housing and Urban-Rural Development Bureau take part?",
            "住房和城乡建设局",
        ),
        ("List what the Culture, Radio, Television and Tourism Bureau supports.", "文广旅游局"),
        ("What are the duties of the education department?", "教育局"),
        ("Has the Women’s Federation anything due?", "妇联"),
        ("Tasks of the Fire and Rescue Brigade", "消防救援大队"),
    ],
)
def test_offices_get_their_chinese_names(english: str, chinese: str) -> None:
    text = with_chinese_units(english)
    assert chinese in text
    assert "unicipal" not in text
    assert organ_of(chinese) is not None


def test_two_offices_are_told_apart() -> None:
    text = with_chinese_units("the Finance Bureau and the Water Resources Bureau")
    assert text == "财政局 and 水利局"


def test_text_without_offices_stays_as_it_is() -> None:
    text = "How many committees, hospitals and schools are inspected?"
    assert with_chinese_units(text) == text


def test_the_glossary_is_sorted_lower_case_and_written_in_chinese() -> None:
    path = Path(rag.english.__file__).parent / "english.json"
    glossary: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    assert list(glossary) == sorted(glossary)
    assert all(english == english.lower().strip() for english in glossary)
    latin = {w for words in glossary.values() for w in words.split() if w.isascii()}
    assert latin <= {"APP", "AED", "PM2.5", "5G"}


def test_all_offices_of_the_directory_have_an_english_name() -> None:
    import corpus.directory

    path = Path(corpus.directory.__file__).parent / "organs.json"
    groups = json.loads(path.read_text(encoding="utf-8"))
    reached = {organ_of(chinese) for chinese in forms().values() if chinese}
    assert [g["names"][0] for i, g in enumerate(groups) if i not in reached] == []


def test_an_office_is_asked_for_by_its_english_name_and_role(home: Path) -> None:
    core = Core.open(Settings(home=home))
    day = date(2022, 9, 15)
    try:
        leads, supports = (
            core.answer(
                Question(f"Which tasks does the Education Bureau {does}?", day, ("leqing-2022",))
            )
            for does in ("lead", "support")
        )
    finally:
        core.close()
    assert leads.answerable
    assert supports.answerable
    assert "市教育局" in leads.text
    assert not {c.task_id for c in leads.citations} & {c.task_id for c in supports.citations}
