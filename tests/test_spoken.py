"""What people say is read as what the plans in scope write, and nothing else is touched."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import rag.words
from rag.shortenings import write_out
from rag.words import segments, spoken_to_written

FIRE = "新建电动自行车充电端口4000个，更换失效灭火器；组织疏散演练，清除防盗窗上的障碍。"
RIVERS = "消除黑臭水体12条，供水管网漏损率降到8%以下，开展增殖放流，规范入河排污口。"


def knows(*plans: str) -> Callable[[str], bool]:
    return lambda word: any(word in plan for plan in plans)


@pytest.mark.parametrize(
    ("said", "written", "plan"),
    [
        ("电瓶车充电口子要装几个", "电动自行车充电端口要装几个", FIRE),
        ("逃生演习什么时候搞", "疏散演练什么时候搞", FIRE),
        ("防盗网谁负责", "防盗窗谁负责", FIRE),
        ("臭水沟要治几条", "黑臭水体要治几条", RIVERS),
        ("自来水管漏水率", "供水管网漏损率", RIVERS),
        ("放鱼苗的任务", "增殖放流的任务", RIVERS),
        ("排在垫底的怎么处理", "排在排名靠后的怎么处理", "对排名靠后的予以约谈。"),
        ("排在垫底的怎么处理", "排在末位的怎么处理", "末位的单位作表态发言。"),
    ],
)
def test_a_word_for_a_thing_becomes_the_word_of_the_plan(
    said: str, written: str, plan: str
) -> None:
    assert spoken_to_written(said, knows(plan)) == written


def test_a_word_that_the_plans_use_themselves_stays() -> None:
    plan = "整治电瓶车违规充电，推广电动自行车换电。"
    assert spoken_to_written("电瓶车充电", knows(plan)) == "电瓶车充电"


def test_a_word_stays_when_no_plan_has_the_written_one() -> None:
    assert spoken_to_written("电瓶车充电", knows("提高养老床位数量。")) == "电瓶车充电"


def test_nothing_is_said_twice() -> None:
    text = "电动自行车（电瓶车）充电"
    assert spoken_to_written(text, knows(FIRE)) == text


def test_turns_of_asking_are_read_whatever_the_plans_say() -> None:
    nothing = knows()
    assert spoken_to_written("哪个局打头，啥辰光弄完", nothing) == "哪个局牵头，什么时候完成"
    assert segments(spoken_to_written("小区消防通道咋整，几时搞定", nothing)) == ["小区消防通道"]
    for other in ("若干成员单位有哪些", "光伏屋顶多少平方米"):  # 干成, 顶多
        assert spoken_to_written(other, nothing) == other


@pytest.mark.parametrize(
    "written",
    [
        "公开车辆购置情况",
        "谁管理老旧小区的物业",
        "妇女的权益由哪个部门保障",
        "城镇污水收集率的目标是多少",
        "归谁负责",
        "消防路线图什么时候完成",
    ],
)
def test_written_questions_are_left_alone(written: str) -> None:
    assert spoken_to_written(written, lambda word: True) == written
    assert spoken_to_written(written, knows(FIRE, RIVERS)) == written


def test_the_list_is_sorted_and_each_entry_can_take_effect() -> None:
    path = Path(rag.words.__file__).parent / "spoken.json"
    parts = json.loads(path.read_text(encoding="utf-8"))
    for entries in parts.values():
        assert list(entries) == sorted(entries)
    for said, written in parts["plans"].items():
        alternatives = [written] if isinstance(written, str) else written
        # a plan that has the written word would have the said one too, and nothing would happen
        assert not any(said in word for word in alternatives), said
    assert not parts["plans"].keys() & parts["asking"].keys()


CARE = "长期护理保险由县医疗保障局负责；落实河长、湖长责任；危险化学品企业装监控；建设县域网格，网格管理员每日巡查。"


@pytest.mark.parametrize(
    ("said", "term"),
    [
        ("长护险哪个局管", "长期护理保险"),
        ("河湖长谁来考核", "河长、湖长"),
        ("危化品要装什么", "危险化学品"),
        ("网格员多久巡一次", "网格管理员"),
    ],
)
def test_what_is_shortened_is_written_out_by_the_terms_of_the_plan(said: str, term: str) -> None:
    text, found = write_out(said, [CARE])
    assert term in text
    assert term in found.values()


@pytest.mark.parametrize(
    ("said", "plan"),
    [
        ("长护险哪个局管", CARE + "长护险试点扩面。"),  # the plan says it so itself
        ("养老护理补贴", "发放养老服务补贴，培训护理人员。"),  # words that stand apart
        ("种农产品多少", "监测17种食用农产品。"),  # a turn of speech before a word
        ("床位入住率", "入户走访老人住所，签约率达到90%。"),
    ],
)
def test_nothing_else_is_written_out(said: str, plan: str) -> None:
    assert write_out(said, [plan]) == (said, {})


def test_a_name_known_otherwise_is_not_written_out() -> None:
    assert write_out("卫健局牵头几项", ["由县卫生健康局牵头。"], {"卫健局"})[1] == {}
