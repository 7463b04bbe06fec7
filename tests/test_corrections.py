"""An admin's corrections are kept apart from what was read, and survive every new reading."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from fire_plan import FIRST, HEAD, NOW, SECOND, take
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.core import Core
from bot.verbs import correcting, plans
from config.clock import Clock
from config.database import reading, writing
from config.errors import UserError
from config.settings import Settings
from config.workdays import Workdays
from corpus import corrections, ledger, versions
from corpus.models import (
    CorrectedField,
    Correction,
    PlanVersion,
    Responsibility,
    Task,
    Timing,
    Unit,
)
from corpus.values import Role, TimingKind
from rag.index import index_version
from rag.lexical import ensure
from reminders.owed import owed_between


@pytest.fixture
def core(engine: Engine, clock: Clock, tmp_path: Path) -> Core:
    ensure(engine)
    return Core(Settings(), clock, engine, Workdays(tmp_path))


def fix(core: Core, row: str | None = None, timing: int | None = None, **values: str) -> list[str]:
    """Corrects in the terminal."""
    return list(
        correcting.plans_correct(core, id="xiaofang", row=row, timing=timing, values=values)
    )


def task(session: Session, title: str, number: int | None = None) -> Task:
    """A task of a version, of the newest if no number is given."""
    query = select(Task).join(PlanVersion).where(Task.title == title)
    if number is not None:
        query = query.where(PlanVersion.number == number)
    found = session.exec(query.order_by(col(PlanVersion.number).desc())).first()
    assert found is not None
    return found


def who(found: Task) -> list[tuple[str, Role]]:
    return [(r.unit_text, r.role) for r in found.responsibilities]


def test_a_day_is_put_right_and_reminded_of_anew(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    (line,) = fix(core, "2", due="2022年11月15日")
    assert line == "已更正 #1 xiaofang 第2项 时限：2022-12-31 → 2022-11-15（cli，2022-09-15）"
    with reading(engine) as session:
        (owed,) = owed_between(session, date(2022, 11, 1), date(2022, 11, 29))
        assert owed.task.title == "电动车充电设施"
        assert owed.timing.text == "2022年12月底前（更正为2022年11月15日）"
        assert owed.task.timing_text == "2022年12月底前"  # as printed
        assert owed.version.revision == 1


def test_who_leads_and_who_helps_is_put_right(core: Core, engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    fix(core, "2", lead="县发改局、县住建局", support="县供电公司，县消防救援大队")
    fix(core, "疏散演练", support="县消防救援大队")
    with reading(engine) as session:
        assert who(task(session, "电动车充电设施")) == [
            ("县发改局", Role.LEAD), ("县住建局", Role.LEAD), ("县供电公司", Role.SUPPORT), ("县消防救援大队", Role.SUPPORT),
        ]  # fmt: skip
        drills = task(session, "应急演练")
        # beside a supporting unit, the one that was alone leads
        assert who(drills) == [("县教育局", Role.LEAD), ("县消防救援大队", Role.SUPPORT)]
        assert drills.unit_text == "县教育局"
        brigade = session.exec(select(Unit).where(Unit.name == "县消防救援大队")).one()
        assert brigade.id in {r.unit_id for r in drills.responsibilities}


def test_taken_back_everything_reads_as_before(core: Core, engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)

    def shown() -> str:
        return "\n".join(plans.plans_show(core, id="xiaofang", json=True))

    before = shown()
    fix(core, "2", due="2022-11-15", lead="县发改局", title="充电桩")
    fix(core, doc_number="甲消〔2022〕3号", period_end_on="2022-12-31")
    assert "甲消〔2022〕3号" in shown()
    assert "充电桩" in shown()
    for n in range(1, 6):
        list(correcting.plans_uncorrect(core, correction=n))
    assert shown() == before
    with reading(engine) as session:
        assert task(session, "电动车充电设施").as_read is None
    record = list(correcting.plans_corrections(core, id="xiaofang"))
    assert len(record) == 5
    assert all("起不再有效" in line for line in record)
    with pytest.raises(UserError, match="已经撤销"):
        list(correcting.plans_uncorrect(core, correction=1))
    with pytest.raises(UserError, match="没有编号为77"):
        list(correcting.plans_uncorrect(core, correction=77))


def test_a_correction_holds_over_a_new_reading(core: Core, engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    fix(core, "3", due="2022-10-15", lead="县教育局、县应急局")
    # the new file says the same of this task as the old one: nothing to look at
    report = take(engine, tmp_path, SECOND, publish=True)
    assert not any("更正" in item["text"] for item in report.review)
    with reading(engine) as session:
        drills = task(session, "应急演练", 2)
        assert [t.due_on for t in drills.timings] == [date(2022, 10, 15)]
        assert who(drills) == [("县教育局", Role.LEAD), ("县应急局", Role.LEAD)]
    assert "第2项 时限：2022-09-30 → 2022-10-15" in "\n".join(plans.plans_show(core, id="xiaofang"))


def test_the_review_list_says_where_the_new_file_changed_what_was_corrected(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    fix(core, "1", due="2022-11-20")
    fix(core, "2", lead="县发改局")
    review = "\n".join(item["text"] for item in take(engine, tmp_path, SECOND).review)
    assert "第1项的时限在新文件里改成了“2022-12-15”，仍按更正“2022-11-20”执行" in review
    assert "更正过的任务在新文件里已没有：牵头：县住建局 → 县发改局" in review
    with reading(engine) as session:
        assert [t.due_on for t in task(session, "高层建筑整治", 2).timings] == [date(2022, 11, 20)]
    with writing(engine) as session:
        versions.publish(session, "xiaofang", now=NOW, by="cli")
        versions.rollback(session, "xiaofang", now=NOW + timedelta(days=1), by="cli")
    # taken back while the old version is in force again: both say what their own file says
    list(correcting.plans_uncorrect(core, correction=1))
    with reading(engine) as session:
        assert [t.due_on for t in task(session, "高层建筑整治", 1).timings] == [date(2022, 11, 30)]
        assert [t.due_on for t in task(session, "高层建筑整治", 2).timings] == [date(2022, 12, 15)]


def test_a_newer_correction_takes_the_place_of_an_older(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    fix(core, "1", due="2022-11-20")
    (line,) = fix(core, "1", due="2022-11-10")
    assert "时限：2022-11-30 → 2022-11-10" in line  # against what was read
    with reading(engine) as session:
        assert len(corrections.live(session, "xiaofang")) == 1
        assert len(session.exec(select(Correction)).all()) == 2


def test_a_task_without_a_day_gets_one_and_one_with_a_wrong_day_loses_it(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    undated = (
        HEAD
        + "1\t隐患举报\t公布举报电话。\t县消防救援大队\t\n"
        + FIRST.removeprefix(HEAD).splitlines()[1]
    )
    take(engine, tmp_path, undated, publish=True)
    fix(core, "隐患举报", due="2022-06-30")
    fix(core, "2", due="无")
    with reading(engine) as session:
        (timing,) = task(session, "隐患举报").timings
        assert (timing.kind, timing.due_on) == (TimingKind.DEADLINE, date(2022, 6, 30))
        (timing,) = task(session, "电动车充电设施").timings
        assert (timing.kind, timing.due_on) == (TimingKind.AS_DIRECTED, None)
    take(engine, tmp_path, undated + "\n", publish=True)  # read again
    with reading(engine) as session:
        assert [t.due_on for t in task(session, "隐患举报", 2).timings] == [date(2022, 6, 30)]


def test_of_several_days_the_one_meant_is_asked_for(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    two = HEAD + "1\t网格巡查\t5月底前完成建档；10月底前完成整改。\t县应急局\t\n"
    take(engine, tmp_path, two, publish=True)
    with pytest.raises(UserError, match="有2处时限"):
        fix(core, "1", due="2022-11-11")
    fix(core, "1", timing=2, due="2022-11-11")
    with reading(engine) as session:
        assert [t.due_on for t in task(session, "网格巡查").timings] == [
            date(2022, 5, 31),
            date(2022, 11, 11),
        ]


def test_another_place_means_other_units(core: Core, engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    fix(core, jurisdiction="乙县")
    with reading(engine) as session:
        places = {r.unit.jurisdiction for r in session.exec(select(Responsibility))}
        assert places == {"乙县"}
    list(correcting.plans_uncorrect(core, correction=1))
    with reading(engine) as session:
        places = {r.unit.jurisdiction for r in session.exec(select(Responsibility))}
        assert places == {ledger.version_to_show(session, "xiaofang").jurisdiction or ""}


@pytest.mark.parametrize(
    ("row", "values", "words"),
    [
        ("99", {"due": "2022-06-30"}, "没有“99”这一行"),
        ("1", {"due": "六月底"}, "“六月底”不是日期"),
        ("1", {"due": "2022-02-30"}, "不是日期"),
        ("1", {"issuer": "县政府"}, "任务没有“发文单位”可以更正"),
        (None, {"lead": "县教育局"}, "方案没有“牵头”可以更正"),
        (None, {}, "请写明要更正什么"),
        ("完好率", {"title": " "}, "标题不能为空"),
        ("#9", {"title": "甲"}, "没有“#9”这一行"),
        ("设施", {"title": "甲"}, "“设施”有2行，请用 # 加行次指明：#1 高层建筑整治；#2 电动车充电设施"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_changes(
    core: Core, engine: Engine, tmp_path: Path, row: str | None, values: dict[str, str], words: str
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    with pytest.raises(UserError, match=words):
        list(correcting.plans_correct(core, id="xiaofang", row=row, values={**values}))
    with reading(engine) as session:
        assert session.exec(select(Correction)).all() == []


@pytest.mark.parametrize(
    ("row", "meant"),
    [
        ("附件2第1项", 3), ("附件 ２ 第1项", 3), ("附件1第2项", 2), ("附件2第2项（任务）", 4), ("#4", 4),
        ("第2项", "“2”有2行"), ("附件3第1项", "没有“附件3第1项”"), ("附件2第2项（指标）", "没有“"),
    ],
)  # fmt: skip
def test_a_row_is_known_by_the_name_that_answers_give_it(
    core: Core, engine: Engine, tmp_path: Path, row: str, meant: int | str
) -> None:
    table = "序号\t工作任务\t责任单位\t完成时限\n"
    text = (
        "甲县校园安全工作方案\n\n附件1\n重点任务\n" + table
        + "1\t更换护栏40处\t县住建局\t2022年9月底前\n2\t检查食堂45家\t县教育局\t2022年10月底前\n"
        + "\n附件2\n配套任务\n" + table
        + "1\t增设警力30名\t县公安局\t2022年9月底前\n2\t培训教师600人\t县教育局\t2022年11月底前\n"
    )  # fmt: skip
    take(engine, tmp_path, text, publish=True, stored=index_version)
    if isinstance(meant, str):
        with pytest.raises(UserError, match=meant):
            fix(core, row, due="2022-12-01")
    else:
        fix(core, row, due="2022-12-01")
        with reading(engine) as session:
            changed = select(Task.seq).join(Timing).where(Timing.due_on == date(2022, 12, 1))
            assert session.exec(changed).all() == [meant - 1]


def test_every_field_has_a_name_for_people() -> None:
    assert set(corrections.LABELS) == set(CorrectedField)
