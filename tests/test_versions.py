"""A plan's versions: drafts are published or discarded, the old one answers until then."""

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from fire_plan import CHARGING, FIRST, HEAD, NOW, SECOND, take
from sqlalchemy import Engine, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, select

from bot.core import Core
from bot.verbs import plans as verbs
from bot.verbs.asking import ask
from config.clock import Clock
from config.database import reading, writing
from config.errors import UserError
from config.settings import Settings
from config.workdays import Workdays
from corpus import ingest, ledger, versions
from corpus.compare import timing_keys
from corpus.models import EventKind, PlanVersion, Task, Timing, VersionState
from corpus.values import TimingKind, TimingValue
from reminders import planner
from reminders.debtors import debtors_of
from reminders.history import History
from reminders.owed import owed_between
from reminders.preview import preview


def states(engine: Engine) -> list[str]:
    """Where the versions stand, the oldest first."""
    with reading(engine) as session:
        return [v.state for v in session.exec(select(PlanVersion).order_by(PlanVersion.number))]  # type: ignore[arg-type]


def rows(engine: Engine) -> dict[str, int]:
    """How many rows each table has."""
    with reading(engine) as session:
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in SQLModel.metadata.sorted_tables
        }


def answering(engine: Engine) -> list[str]:
    """The titles of the tasks that are in force."""
    with reading(engine) as session:
        version = ledger.version_in_force(session, "xiaofang")
        return [t.title or "" for t in ledger.tasks_of(session, version.id or 0)] if version else []


def test_the_old_version_answers_until_the_new_one_is_published(
    engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    report = take(engine, tmp_path, SECOND)
    assert [(c.kind, c.title) for c in report.changes] == [
        ("changed", "高层建筑整治"), ("moved", "应急演练"), ("new", "微型消防站"), ("gone", "电动车充电设施"),
    ]  # fmt: skip
    assert answering(engine) == ["高层建筑整治", "电动车充电设施", "应急演练"]
    with writing(engine) as session:
        versions.publish(session, "xiaofang", now=NOW, by="cli")
    assert answering(engine) == ["高层建筑整治", "应急演练", "微型消防站"]
    assert states(engine) == ["retired", "in_force"]
    with writing(engine) as session:
        versions.rollback(session, "xiaofang", now=NOW + timedelta(days=1), by="cli")
    assert answering(engine) == ["高层建筑整治", "电动车充电设施", "应急演练"]
    assert states(engine) == ["in_force", "draft"]


def test_a_file_is_read_anew_where_the_program_reads_more_than_before(
    engine: Engine, tmp_path: Path
) -> None:
    def read_again() -> ingest.IngestReport | None:
        return ingest.take_in_again(engine, "xiaofang", now=NOW, stored=lambda *_: None)

    take(engine, tmp_path, FIRST, publish=True)
    before = rows(engine)
    assert read_again() is None
    assert rows(engine) == before
    with writing(engine) as session:  # as an older program left it, which knew no deadlines
        for timing in session.exec(select(Timing)):
            session.delete(timing)
    report = read_again()
    assert report is not None
    assert report.is_draft
    assert {f.field for change in report.changes for f in change.fields} == {"时限"}
    assert states(engine) == ["in_force", "draft"]
    with pytest.raises(UserError, match="没有"):
        ingest.take_in_again(engine, "unknown", now=NOW, stored=lambda *_: None)


def test_a_named_version_is_published_only_while_it_is_the_newest_draft(
    engine: Engine, tmp_path: Path
) -> None:
    first = take(engine, tmp_path, FIRST)
    second = take(engine, tmp_path, SECOND)
    with writing(engine) as session, pytest.raises(UserError, match="第2版草稿"):
        versions.publish(session, "xiaofang", now=NOW, by="cli", version_id=first.version_id)
    assert states(engine) == ["draft", "draft"]
    with writing(engine) as session:
        versions.discard(session, "xiaofang", version_id=second.version_id)
        versions.publish(session, "xiaofang", now=NOW, by="cli", version_id=first.version_id)
    assert states(engine) == ["in_force", "discarded"]
    for step, words in (
        (lambda s: versions.publish(s, "xiaofang", now=NOW, by="cli", version_id=first.version_id), "已经在执行"),
        (lambda s: versions.publish(s, "xiaofang", now=NOW, by="cli", version_id=second.version_id), "已放弃"),
        (lambda s: versions.discard(s, "xiaofang", version_id=first.version_id), "已经在执行"),
        (lambda s: versions.publish(s, "xiaofang", now=NOW, by="cli"), "没有待发布的草稿"),
        (lambda s: versions.publish(s, "hezhang", now=NOW, by="cli"), "没有叫“hezhang”的方案"),
    ):  # fmt: skip
        with writing(engine) as session, pytest.raises(UserError, match=words):
            step(session)


def test_what_was_thrown_away_is_read_anew_and_forgotten_otherwise(
    engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    take(engine, tmp_path, SECOND)
    with writing(engine) as session:
        versions.discard(session, "xiaofang")
        newest = ledger.newest_version(session, "xiaofang")
        assert newest is not None
        assert newest.number == 1
    again = take(engine, tmp_path, SECOND)
    assert (again.is_new, again.version) == (True, 3)
    assert len(again.changes) == 4


def test_a_fault_half_way_leaves_the_old_version_whole(engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    before = rows(engine)

    def fails(_: Session, __: PlanVersion) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk"):
        take(engine, tmp_path, SECOND, publish=True, stored=fails)
    assert rows(engine) == before
    assert answering(engine) == ["高层建筑整治", "电动车充电设施", "应急演练"]
    assert take(engine, tmp_path, SECOND, publish=True).version == 2


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from fire_plan import SECOND, take
from config.database import make_engine
from corpus import versions

def die(*_): os.kill(os.getpid(), signal.SIGKILL)

if {late!r}:  # after both versions changed their state, before the commit
    publish = versions.publish
    versions.publish = lambda *a, **k: (publish(*a, **k), die())
    die_in_storing = lambda *_: None
else:
    die_in_storing = die
take(make_engine({url!r}), Path({folder!r}), SECOND, publish=True, stored=die_in_storing)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("late", [False, True])
def test_a_process_killed_half_way_leaves_the_old_version_whole(
    engine: Engine, tmp_path: Path, late: bool
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    before = rows(engine)
    url = engine.url.render_as_string(hide_password=False)
    code = KILLED.format(tests=str(Path(__file__).parent), url=url, folder=str(tmp_path), late=late)
    run = subprocess.run(
        [sys.executable, "-c", code], check=False, env={**os.environ, "PYTHONPATH": "."}
    )
    assert run.returncode == -signal.SIGKILL
    assert rows(engine) == before
    assert answering(engine) == ["高层建筑整治", "电动车充电设施", "应急演练"]
    assert take(engine, tmp_path, SECOND, publish=True).version == 2


def test_the_database_itself_lets_one_version_be_in_force(engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    take(engine, tmp_path, SECOND)
    with pytest.raises(IntegrityError), writing(engine) as session:  # noqa: PT012
        draft = ledger.newest_version(session, "xiaofang")
        assert draft is not None
        draft.state = VersionState.IN_FORCE
        session.add(draft)
        session.commit()
    assert states(engine) == ["in_force", "draft"]


def test_what_was_reported_stays_with_a_task_whose_wording_changed(
    engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    with writing(engine) as session:
        task = session.exec(select(Task).where(Task.title == "高层建筑整治")).one()
        ledger.record_event(session, task, EventKind.DONE, by="cli", by_name="", at=NOW)
    take(engine, tmp_path, SECOND, publish=True)
    with reading(engine) as session:
        owed = owed_between(session, date(2022, 12, 1), date(2022, 12, 31))
        (one,) = owed
        assert "31栋" in one.task.text
        (debtor,) = debtors_of(session, [one.task.id or 0])[one.task.id or 0]
        history = History(session, [one.task.lineage])
        assert history.is_done(one, debtor, [debtor], NOW + timedelta(days=1))


def test_a_day_in_other_words_keeps_what_was_reported_of_it() -> None:
    def timing(about: str, month: int) -> TimingValue:
        day = date(2022, month, 30)
        return TimingValue(f"{month}月底前", TimingKind.DEADLINE, due_on=day, about=about)

    first = [timing("完成隐患排查", 6), timing("完成全部整改", 11)]
    old = [
        Timing(seq=n, key=key, text=one.text, about=one.about, kind=one.kind, due_on=one.due_on)
        for n, (one, key) in enumerate(zip(first, timing_keys(first, []), strict=True))
    ]
    second = [timing("完成验收", 12), timing("基本完成整改", 11), timing("完成隐患排查", 7)]
    keys = timing_keys(second, old)
    assert keys[1:] == [old[1].key, old[0].key]  # the one by its day, the other by its words
    assert keys[0] not in {one.key for one in old}


def test_a_wrong_file_in_between_does_not_tear_a_task_from_its_history(
    engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    wrong = HEAD + "1\t河道清淤\t完成河道清淤12公里。\t县水利局\t2022年5月底前\n"
    take(engine, tmp_path, wrong)  # and nobody threw it away
    assert [c.kind for c in take(engine, tmp_path, SECOND).changes] == [
        "changed",
        "moved",
        "new",
        "gone",
    ]


TWO_STEPS = Settings(remind_lead_workdays="7,1", remind_on_due_day=False)


def test_a_plan_whose_period_is_over_reminds_no_more(engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    with writing(engine) as session:
        version = ledger.version_in_force(session, "xiaofang")
        assert version is not None
        version.period_start_on, version.period_end_on = date(2022, 1, 1), date(2022, 10, 31)
        session.add(version)

    def planned(first: date, last: date) -> set[str]:
        with reading(engine) as session:
            found = preview(
                session, first, last, Workdays(tmp_path), TWO_STEPS, today=first,
                text_of=lambda _: "",
            )  # fmt: skip
            return {item.unit for item in found}

    assert planned(date(2022, 9, 1), date(2022, 10, 31)) == {"县教育局"}
    # 2022-11-30 and 2022-12-31 are after the end
    assert planned(date(2022, 11, 1), date(2022, 12, 31)) == set()
    asked = []
    with writing(engine) as session:
        planner.plan(
            session, Clock().now().replace(year=2022, month=11, day=29), Workdays(tmp_path), Settings(),
            lambda units, _: asked.append(units) or {unit: [("console", "1")] for unit in units},  # type: ignore[func-returns-value]
        )  # fmt: skip
    assert not any(asked)


@pytest.fixture
def core(engine: Engine, clock: Clock, tmp_path: Path) -> Core:
    return Core(TWO_STEPS, clock, engine, Workdays(tmp_path))


def test_the_difference_says_which_reminders_change(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    take(engine, tmp_path, SECOND)
    text = "\n".join(verbs.plans_diff(core, id="xiaofang"))
    assert "【变更】第1项 高层建筑整治" in text
    assert "2022年11月30日前" in text
    assert "【删去】第2项 电动车充电设施" in text
    # two reminders a deadline: two put off, two for each new unit (县应急局, 各乡镇), four gone
    assert "提醒变化：新增6条，取消6条" in text
    assert "＋ 2022-12-14 09:00 县消防救援大队：第1项（2022年12月15日到期，截止前提醒）" in text
    assert "－ 2022-11-29 09:00 县消防救援大队：第1项（2022年11月30日到期，截止前提醒）" in text
    assert "县教育局" not in text.split("提醒变化")[1]  # its task only moved
    # late in the year those are left out that nobody gets or misses any more
    core.clock.move_to(datetime(2022, 12, 1, 9, 0, tzinfo=UTC))
    text = "\n".join(verbs.plans_diff(core, id="xiaofang"))
    assert "提醒变化：新增2条，取消4条。另有6条的时间已过，没有列出。" in text
    assert "2022-11-29" not in text
    core.clock.move_to(datetime(2023, 2, 1, 9, 0, tzinfo=UTC))
    text = "\n".join(verbs.plans_diff(core, id="xiaofang"))
    assert "今后的提醒没有变化。另有12条" in text


def test_who_does_what_and_when_is_said_in_chinese(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    row = "1\t{0}\t开展检查，每月通报。\t{1}\t{2}\n"
    take(engine, tmp_path, HEAD + row.format("检查", "县住建局", "每月5日前"), publish=True)
    take(engine, tmp_path, HEAD + row.format("检查", "县应急局牵头，县住建局配合", "2022年6月底前"))
    text = "\n".join(verbs.plans_diff(core, id="xiaofang"))
    assert "责任单位：县住建局（负责） → 县应急局（牵头）、县住建局（配合）" in text
    assert "每月5日前（定期）" in text
    assert "2022年6月底前（2022-06-30）" in text


def test_the_difference_of_nothing_is_said(core: Core, engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    with pytest.raises(UserError, match="没有可比较的草稿"):
        list(verbs.plans_diff(core, id="xiaofang"))
    take(engine, tmp_path, FIRST + "\n")
    text = "\n".join(verbs.plans_diff(core, id="xiaofang"))
    assert "任务没有差别" in text
    assert "提醒没有变化" in text


def test_every_plan_is_listed_though_all_of_it_was_thrown_away(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    take(engine, tmp_path, HEAD + CHARGING)
    list(verbs.plans_discard(core, id="xiaofang"))
    assert "已放弃" in "\n".join(verbs.plans_list(core))


def test_a_retired_plan_answers_only_when_it_is_asked_for(home: Path) -> None:
    core = Core.open(Settings(home=home, embedding_model="hashed-ngrams-1"))
    title = "2023年西湖区食品安全工作要点"

    def said(plan: str | None, at: str) -> str:
        return "\n".join(ask(core, text="西湖区区农水局有哪些任务？", plan=plan, at=at))

    try:
        assert title in said(None, "2023-05-01")
        list(verbs.plans_retire(core, id="xihu-2023"))
        assert title not in said(None, "2023-05-01")
        assert title in said("xihu-2023", "2023-05-01")
    finally:
        core.close()


def test_the_answers_of_an_expired_plan_say_so(home: Path) -> None:
    core = Core.open(Settings(home=home, embedding_model="hashed-ngrams-1"))
    try:
        question = "市教育局有哪些任务？"
        after = "\n".join(ask(core, text=question, plan="wenzhou-2018", at="2019-01-01"))
        assert "执行期已于2018年12月31日结束" in after
        within = "\n".join(ask(core, text=question, plan="wenzhou-2018", at="2018-12-31"))
        assert "市教育局" in within
        assert "已于" not in within
    finally:
        core.close()


def test_reports_of_a_plan_in_force_are_not_said_to_be_lost(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    duty = "\n各牵头单位每月25日前将工作进展报送县消防救援大队。\n"
    take(engine, tmp_path, FIRST + duty, publish=True)
    take(engine, tmp_path, SECOND + duty)
    text = "\n".join(verbs.plans_diff(core, id="xiaofang"))
    assert "提醒变化" in text
    assert "报送" not in text
