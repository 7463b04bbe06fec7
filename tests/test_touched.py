"""What changes after the hour of reminders is not overlooked: published, corrected, bound, joined, chosen."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fire_plan import FIRST, HEAD, take
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot import binding, people
from bot.models import Account, AccountRole, BindRequest, Chat, Purpose
from config.database import reading, writing
from config.settings import Settings
from config.workdays import Workdays
from corpus import corrections, ledger, merging, unit_sheet, versions
from corpus.models import CorrectedField, EventKind, Task, Touched, Unit
from reminders import choices, planner
from reminders.models import PlannerState, Reminder

SHANGHAI = ZoneInfo("Asia/Shanghai")
SETTINGS = Settings(remind_lead_workdays="7,1", remind_on_due_day=False, overdue_times=0)
NOW = datetime(2022, 11, 28, 10, 0, tzinfo=SHANGHAI)  # 高层建筑整治 is due in two days
STEP = "before_deadline:7"


def run(engine: Engine, moment: datetime = NOW) -> int:
    with writing(engine) as session:
        chats_of = partial(people.chats_of, session)
        return planner.plan(session, moment, Workdays(), SETTINGS, chats_of)


def unit_id(session: Session, name: str) -> int:
    found = session.exec(select(Unit.id).where(Unit.name == name)).one()
    assert found is not None
    return found


def bind(session: Session, name: str, chat_id: str, purpose: Purpose = Purpose.UNIT) -> None:
    """A group asks for a unit, and an admin agrees."""
    admin = Account(platform="console", account_id="1", role=AccountRole.ADMIN)
    known = session.exec(select(Account)).first()
    session.add(known or admin)
    chat = Chat(platform="console", chat_id=chat_id, kind="group")
    session.add(chat)
    session.flush()
    account = known or admin
    request = BindRequest(
        chat_row_id=chat.id or 0, unit_id=unit_id(session, name), purpose=purpose,
        asked_by=account.id or 0, asked_at=NOW,
    )  # fmt: skip
    binding.decide(session, request, account, granted=True)


def told(engine: Engine) -> set[tuple[str, str]]:
    """(chat, step) of all that was sent."""
    with reading(engine) as session:
        rows = session.exec(select(Reminder).where(Reminder.state == "planned"))
        return {(r.chat_id, r.rule) for r in rows}


@pytest.fixture
def fire(engine: Engine, tmp_path: Path) -> Engine:
    """The plan in force since long, and the planner awake; no chat is bound."""
    take(engine, tmp_path, FIRST, publish=True)
    assert run(engine, NOW.replace(day=1)) == 0
    assert run(engine) == 0
    return engine


def bound(session: Session) -> None:
    bind(session, "县消防救援大队", "消防群")


def rebound_head(session: Session) -> None:
    bind(session, "县消防救援大队", "消防群")
    bind(session, "县消防救援大队", "大队长", Purpose.HEAD)


def corrected(session: Session) -> None:
    version = ledger.version_in_force(session, "xiaofang")
    assert version is not None
    task = ledger.find_row(session, version, "2")
    corrections.correct(
        session, version, CorrectedField.DUE, "2022-11-30", by="cli", by_name="", at=NOW, task=task
    )


def reopened(session: Session) -> None:
    task = session.exec(select(Task).where(Task.no == "1")).one()
    ledger.record_event(session, task, EventKind.REOPENED, by="cli", by_name="", at=NOW)


def chosen(session: Session) -> None:
    choices.choose(
        session, "remind_lead_workdays", "25,7", plan_id="xiaofang", unit_id=None, by="cli", at=NOW
    )


def test_a_chat_bound_today_hears_of_a_deadline_in_two_days(fire: Engine) -> None:
    with writing(fire) as session:
        bound(session)
    assert run(fire, NOW.replace(hour=11)) == 1
    assert run(fire, NOW.replace(hour=12)) == 0
    assert told(fire) == {("消防群", STEP)}


def test_a_chat_of_the_head_hears_of_no_deadline(fire: Engine) -> None:
    with writing(fire) as session:
        rebound_head(session)
    assert run(fire, NOW.replace(hour=11)) == 1
    assert told(fire) == {("消防群", STEP)}


@pytest.mark.parametrize(
    ("change", "chat", "step"),
    [
        (corrected, "住建群", STEP),  # 县住建局 is to be done by the day after tomorrow
        (chosen, "住建群", "before_deadline:25"),  # 31 December is 24 working days away
    ],
)
def test_what_a_change_asks_for_is_told_at_once(
    fire: Engine, change: Callable[[Session], None], chat: str, step: str
) -> None:
    with writing(fire) as session:
        bind(session, "县住建局", chat)
    assert run(fire, NOW.replace(hour=11)) == 0
    with writing(fire) as session:
        change(session)
    assert run(fire, NOW.replace(hour=12)) == 1
    assert told(fire) == {(chat, step)}


def test_opened_again_it_is_owed_again(fire: Engine) -> None:
    with writing(fire) as session:
        task = session.exec(select(Task).where(Task.no == "1")).one()
        ledger.record_event(session, task, EventKind.DONE, by="cli", by_name="", at=NOW)
        bound(session)
    assert run(fire, NOW.replace(hour=11)) == 0
    with writing(fire) as session:
        reopened(session)
    assert run(fire, NOW.replace(hour=12)) == 1


def test_a_plan_published_or_brought_back_reminds_at_once(fire: Engine, tmp_path: Path) -> None:
    with writing(fire) as session:
        bound(session)
        versions.retire(session, "xiaofang")
    assert run(fire, NOW.replace(hour=11)) == 0
    with writing(fire) as session:
        versions.rollback(session, "xiaofang", now=NOW, by="cli")
    assert run(fire, NOW.replace(hour=12)) == 1
    row = "9\t微型消防站\t新建微型消防站12个。\t县消防救援大队\t2022年11月29日前\n"
    take(fire, tmp_path, FIRST + row, publish=True)
    assert run(fire, NOW.replace(hour=13)) == 1


def test_a_member_that_joined_owes_what_the_others_owe(fire: Engine, tmp_path: Path) -> None:
    text = HEAD + "1\t排查\t完成火灾隐患排查。\t各乡镇\t2022年11月30日前\n"
    take(fire, tmp_path, text, publish=True, plan_id="paicha")
    sheet = tmp_path / "名录.csv"
    sheet.write_text("单位,行政区划,成员\n各乡镇,甲县,城东镇\n", encoding="utf-8")
    assert run(fire, NOW.replace(hour=11)) == 0
    with writing(fire) as session:
        session.add(Unit(name="城东镇", jurisdiction="甲县"))
        session.flush()
        bind(session, "城东镇", "城东群")
    assert run(fire, NOW.replace(hour=12)) == 0
    with writing(fire) as session:
        unit_sheet.take_in(session, unit_sheet.read_lines(sheet))
    assert run(fire, NOW.replace(hour=13)) == 1
    assert told(fire) == {("城东群", STEP)}


def test_two_units_that_became_one_share_their_chats(fire: Engine) -> None:
    with writing(fire) as session:
        other = Unit(name="县消防队", jurisdiction="甲县")
        session.add(other)
        session.flush()
        bind(session, "县消防队", "消防群")
    assert run(fire, NOW.replace(hour=11)) == 0
    with writing(fire) as session:
        keep, gone = (
            session.exec(select(Unit).where(Unit.name == n)).one()
            for n in ("县消防救援大队", "县消防队")
        )
        merging.merge(session, keep, gone)
    assert run(fire, NOW.replace(hour=12)) == 1


def test_what_was_touched_is_looked_at_once(fire: Engine) -> None:
    with writing(fire) as session:
        bound(session)
    with reading(fire) as session:
        assert session.exec(select(Touched)).all() != []
    run(fire, NOW.replace(hour=11))
    with reading(fire) as session:
        assert session.exec(select(Touched)).all() == []
        state = session.exec(select(PlannerState).order_by(col(PlannerState.id))).one()
        assert state.planned_to == NOW.replace(hour=11)
