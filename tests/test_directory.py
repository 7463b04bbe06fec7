"""The directory of units: one unit under many names, collective units and their members, sheets."""

from datetime import date
from pathlib import Path

import pytest
from fire_plan import FIRST, HEAD, NOW, take
from sqlalchemy import Engine
from sqlmodel import select

from bot.core import Core
from bot.models import Chat
from bot.verbs import directory, plans
from config.clock import Clock
from config.database import reading, writing
from config.errors import UserError
from config.settings import Settings
from config.workdays import Workdays
from corpus import ledger, unit_sheet
from corpus.directory import bare, may_be_same, sure_name
from corpus.models import EventKind, Responsibility, TaskEvent, Unit, UnitAlias, UnitMember
from reminders.debtors import debtors_of
from reminders.owed import owed_between


@pytest.fixture
def core(engine: Engine, clock: Clock, tmp_path: Path) -> Core:
    return Core(Settings(), clock, engine, Workdays(tmp_path))


def sheet(folder: Path, text: str, name: str = "名录.csv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def listed(core: Core) -> list[str]:
    return list(directory.units_list(core))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("区市场监管局", "市场监管局"),
        ("市市场监管局", "市场监管局"),
        ("市场监管局", "市场监管局"),
        ("市城市管理局", "城市管理局"),
        ("城市管理局", "城市管理局"),
        ("市市政园林局", "市政园林局"),
        ("盐城市教育局", "教育局"),
        ("市南区教育局", "教育局"),
        ("镇江市公安局", "公安局"),
        ("市政府办", "政府办"),
        ("各镇（街道）", "各镇（街道）"),
    ],
)
def test_a_name_without_its_place(name: str, expected: str) -> None:
    assert bare(name) == expected


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("市卫健委", "市卫生健康局", True),
        ("乙市教育局", "市教育局", True),
        ("市人力社保局", "市人力资源和社会保障局", True),
        ("县交通运输局", "县交通局", True),
        ("市水利局", "县水利局", False),  # of two levels
        ("市公安局", "公安分局", False),
        ("市市场监管局", "市市场监管所", False),
        ("市教育局", "市教育局团委", False),
        ("各镇（街道）", "各镇(街道)", True),  # brackets of two widths
    ],
)
def test_what_surely_is_one_unit(a: str, b: str, same: bool) -> None:
    assert (sure_name(a, "乙市") == sure_name(b, "乙市")) is same


@pytest.mark.parametrize(
    ("a", "b", "maybe"),
    [
        ("县执法局", "县综合行政执法局", True),
        ("县自然资源分局", "县自然资源和规划分局", True),
        ("县公安局", "县教育局", False),
        ("县水利局", "县水务局", True),
        ("各乡镇", "各乡镇街道", False),  # collective ones are told apart by their members
    ],
)
def test_what_an_admin_is_asked_about(a: str, b: str, maybe: bool) -> None:
    from corpus.directory import is_collective

    pair = [Unit(name=n, jurisdiction="甲县", is_collective=is_collective(n)) for n in (a, b)]
    assert may_be_same(*pair) is maybe


def test_two_ways_to_write_a_unit_are_one_and_stay_as_printed(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    text = (
        HEAD
        + "1\t健康宣传\t开展宣传3场。\t县卫健委\t2022年6月底前\n2\t急救培训\t培训200人。\t甲县卫生健康局\t2022年7月底前\n"
    )
    take(engine, tmp_path, text, publish=True)
    with reading(engine) as session:
        both = session.exec(select(Responsibility)).all()
        assert {r.unit_text for r in both} == {"县卫健委", "甲县卫生健康局"}
        assert len({r.unit_id for r in both}) == 1
    assert "甲县  县卫健委（又名甲县卫生健康局）" in listed(core)


def test_a_merge_takes_everything_along(core: Core, engine: Engine, tmp_path: Path) -> None:
    text = (
        HEAD
        + "1\t占道清理\t清理占道12处。\t县执法局\t2022年6月底前\n2\t通道检查\t检查200次。\t县综合行政执法局\t2022年7月底前\n"
    )
    take(engine, tmp_path, text, publish=True)
    proposal = next(line for line in listed(core) if line.startswith("可能是同一单位"))
    command = proposal.split("duban units merge ")[1]
    assert command == "县执法局 县综合行政执法局 --place 甲县"
    with writing(engine) as session:
        (gone,) = ledger.find_units(session, "县综合行政执法局")
        assert gone.id is not None
        session.add(Chat(platform="console", chat_id="1", kind="group", unit_id=gone.id))
        task = ledger.tasks_of(session, 1)[1]
        ledger.record_event(
            session, task, EventKind.ACK, by="cli", by_name="", at=NOW, unit_id=gone.id
        )
        town = Unit(name="各执法单位", jurisdiction="甲县", is_collective=True)
        session.add(town)
        session.flush()
        for unit in [*ledger.find_units(session, "县执法局"), gone]:
            session.add(UnitMember(collective_id=town.id or 0, member_id=unit.id or 0))
    list(directory.units_merge(core, keep="县执法局", other="县综合行政执法局"))
    with reading(engine) as session:
        (kept,) = ledger.find_units(session, "县综合行政执法局")
        assert kept.name == "县执法局"
        rows = session.exec(select(Responsibility)).all()
        assert {(r.unit_text, r.unit_id) for r in rows} == {
            ("县执法局", kept.id), ("县综合行政执法局", kept.id),
        }  # fmt: skip
        assert session.exec(select(Chat.unit_id)).all() == [kept.id]
        assert session.exec(select(TaskEvent.unit_id)).all() == [kept.id]
        assert [m.member_id for m in session.exec(select(UnitMember))] == [kept.id]
        assert ledger.version_to_show(session, "xiaofang").revision == 1
    assert not any(line.startswith("可能是") for line in listed(core))
    # the next file that prints the old name means the same unit
    take(engine, tmp_path, text + "\n", publish=True)
    with reading(engine) as session:
        assert len({r.unit_id for r in session.exec(select(Responsibility))}) == 1
    assert "县综合行政执法局" in "\n".join(plans.plans_show(core, id="xiaofang"))


def test_units_of_two_places_stay_two(core: Core, engine: Engine) -> None:
    with writing(engine) as session:
        session.add_all(
            [
                Unit(name="县水利局", jurisdiction="甲县"), Unit(name="县水利局", jurisdiction="乙县"),
                Unit(name="县水务局", jurisdiction="乙县"), Unit(name="各乡镇", jurisdiction="乙县", is_collective=True),
            ]
        )  # fmt: skip
    with pytest.raises(UserError, match="有2个“县水利局”（乙县、甲县）"):
        list(directory.units_merge(core, keep="县水利局", other="县水务局"))
    with pytest.raises(UserError, match="没有叫“县粮食局”"):
        list(directory.units_merge(core, keep="县粮食局", other="县水务局"))
    with pytest.raises(UserError, match="一个是集体单位"):
        list(directory.units_merge(core, keep="县水务局", other="各乡镇"))
    list(directory.units_merge(core, keep="县水利局", other="县水务局", place="乙县"))
    with pytest.raises(UserError, match="已经是同一个单位"):
        list(directory.units_merge(core, keep="县水利局", other="县水务局", place="乙县"))


CSV = """单位名称,地区,别名,上级单位,集体单位,成员单位,联系人,联系电话
县消防救援大队,甲县,县消防大队、消防队,县应急局,,,赵队,0571-8000119
县供电公司,甲县,国网甲县供电公司,,,,钱工,
各乡镇,甲县,,,是,"城东镇、溪口乡",,
"""


def test_a_sheet_is_taken_in_and_twice_changes_nothing(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    said = list(directory.units_import(core, path=sheet(tmp_path, CSV)))
    # 各乡镇 and, since others name them, 县应急局 and two towns
    assert said == ["读到3行：新增4个单位，更新2个，合并0个。"]
    assert (
        "甲县  县消防救援大队（又名县消防大队、消防队；上级县应急局；联系人赵队 0571-8000119）"
        in listed(core)
    )
    assert "甲县  各乡镇（成员城东镇、溪口乡）" in listed(core)
    again = list(directory.units_import(core, path=sheet(tmp_path, CSV)))
    assert again == ["读到3行：新增0个单位，更新0个，合并0个。", "名录没有变化。"]


def test_members_owe_what_the_collective_owes(core: Core, engine: Engine, tmp_path: Path) -> None:
    list(directory.units_import(core, path=sheet(tmp_path, CSV)))
    take(engine, tmp_path, HEAD + "1\t排查\t完成排查。\t各乡镇\t2022年6月底前\n", publish=True)
    with reading(engine) as session:
        (owed,) = owed_between(session, date(2022, 6, 1), date(2022, 6, 30))
        debtors = debtors_of(session, [owed.task.id or 0])[owed.task.id or 0]
        names = [session.get_one(Unit, d.unit_id).name for d in debtors]
    assert names == ["各乡镇", "城东镇", "溪口乡"]


def test_a_cell_says_the_whole_and_a_missing_column_nothing(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    list(directory.units_import(core, path=sheet(tmp_path, CSV)))
    fewer = "单位,行政区划,成员\n各乡镇,甲县,溪口乡\n县消防救援大队,甲县,\n"
    list(directory.units_import(core, path=sheet(tmp_path, fewer)))
    assert "甲县  各乡镇（成员溪口乡）" in listed(core)
    assert any("又名县消防大队、消防队；上级县应急局；联系人赵队" in line for line in listed(core))


def test_an_alias_that_is_a_unit_makes_the_two_one(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    text = "单位名称,地区,别名\n国网甲县供电公司,甲县,县供电公司\n"
    said = list(directory.units_import(core, path=sheet(tmp_path, text)))
    assert "已合并：县供电公司→国网甲县供电公司。" in said
    with reading(engine) as session:
        (unit,) = ledger.find_units(session, "县供电公司")
        assert unit.name == "国网甲县供电公司"
        rows = session.exec(select(Responsibility).where(Responsibility.unit_id == unit.id)).all()
        assert [r.unit_text for r in rows] == ["县供电公司"]


@pytest.mark.parametrize("name", ["名录.xlsx", "名录.csv"])
def test_what_is_written_is_taken_in_without_a_change(
    core: Core, engine: Engine, tmp_path: Path, name: str
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    list(directory.units_import(core, path=sheet(tmp_path, CSV, "first.csv")))
    path = str(tmp_path / name)
    assert "已导出" in next(directory.units_export(core, path=path))
    assert list(directory.units_import(core, path=path))[1:] == ["名录没有变化。"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("名字,地区\n甲,乙\n", "需要有“单位名称”一列"),
        ("单位名称,地区\n,甲县\n", "《名录.csv》第2行：没有单位名称，请补上或删去这一行"),
        ("单位名称,地区\n县医保局,甲县\n县医保局,甲县\n", "《名录.csv》第3行：“县医保局”在《名录.csv》第2行已经有了，请并成一行"),
        ("单位名称,集体单位\n县医保局,对\n", "第2行：“集体单位”只能填“是”或“否”"),
        ("单位名称,成员单位\n各镇,各镇\n", "“各镇”不能是自己的成员"),
        ("单位名称,上级单位\n甲局,乙局\n乙局,甲局\n", "第2行：“甲局”的上级单位绕回了它自己"),
        ("单位名称,地区\n县医保局,甲县\n县消防队,甲县\n", "第3行：“县消防队”已是“县消防救援大队”的别名"),
        ("单位名称,地区,别名\n县医保局,甲县,各镇\n", "第2行：“县医保局”和“各镇”一个是集体单位"),
    ],
)  # fmt: skip
def test_a_faulty_sheet_is_told_where_and_changes_nothing(
    core: Core, engine: Engine, tmp_path: Path, text: str, words: str
) -> None:
    with writing(engine) as session:
        unit = Unit(name="县消防救援大队", jurisdiction="甲县")
        unit.aliases = [UnitAlias(name="县消防队")]  # type: ignore[call-arg]
        session.add_all([unit, Unit(name="各镇", jurisdiction="甲县", is_collective=True)])
    before = listed(core)
    with pytest.raises(UserError, match=words):
        list(directory.units_import(core, path=sheet(tmp_path, text)))
    assert listed(core) == before


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("名录.docx", b"x", "要用 xlsx 或 csv"),
        ("名录.xlsx", b"not a workbook", "不是完好的 xlsx"),
        ("名录.csv", b"\xff\xfe\x00\xd8", "编码认不出"),
    ],
)
def test_another_file_is_told_so(
    core: Core, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=words):
        unit_sheet.read_lines(tmp_path / name)
    with pytest.raises(UserError, match="找不到文件"):
        unit_sheet.read_lines(tmp_path / "missing.csv")
