"""Whatever happens in whatever order: each reminder once, and none that is still owed is lost."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from small_ledger import Row, add_plan, bind, chats_of, say, unit_named
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.models import Chat
from config.database import make_engine, reading, writing
from config.settings import Settings
from config.workdays import Workdays
from corpus.models import EventKind, Touched
from corpus.values import Role
from reminders import outbox, planner
from reminders.asking import Asker
from reminders.choices import ChoiceBook
from reminders.history import History
from reminders.models import OutboxMessage, OutboxState, Reminder
from reminders.owed import owed_between
from reminders.recheck import recheck

SHANGHAI = ZoneInfo("Asia/Shanghai")
WORKDAYS = Workdays()
SETTINGS = Settings(
    remind_lead_workdays="7,3,1", remind_support_workdays="2", overdue_times=2, office="市创建办",
    reminder_cap_per_day=50,
)  # fmt: skip
START = datetime(2022, 9, 19, 9, tzinfo=SHANGHAI)  # before eight days off, with make-up days
UNITS = ("市水利局", "市住建局")
SAID = (EventKind.ACK, EventKind.DONE, EventKind.REOPENED, EventKind.MUTED, EventKind.UNMUTED)


class Killed(Exception):
    """The process is no more, and its transaction with it."""


class Life(RuleBasedStateMachine):
    """An office that works, answers, is killed and goes on; its database outlives it."""

    empty: Path  # a migrated database to begin with
    lives = 0

    def __init__(self) -> None:
        super().__init__()
        Life.lives += 1
        self.file = self.empty.with_name(f"life-{Life.lives}.sqlite3")
        shutil.copy(self.empty, self.file)
        self.engine: Engine = make_engine(f"sqlite:///{self.file}")
        self.now = self.latest = START
        self.arrived: Counter[tuple[object, ...]] = Counter()
        with writing(self.engine) as session:
            unit_named(session, UNITS[0])
            bind(session, UNITS[1], "住建群")
            bind(session, "市创建办", "创建办群")
            units = {UNITS[0]: Role.LEAD, UNITS[1]: Role.SUPPORT}
            add_plan(session, "first", [Row("完成整治。", units, date(2022, 9, 28))])
        self.plan()

    def teardown(self) -> None:
        self.engine.dispose()
        for file in self.file.parent.glob(f"{self.file.name}*"):
            file.unlink()

    # ---- what may happen

    @rule(days=st.lists(st.integers(-12, 25), min_size=1, max_size=2), second=st.booleans())
    def publish(self, days: list[int], second: bool) -> None:
        plan = "second" if second else "first"
        units = {UNITS[0]: Role.LEAD, UNITS[1]: Role.SUPPORT}
        if second:
            units = {UNITS[1]: Role.LEAD}
        rows = [Row("完成整治。", units, self.now.date() + timedelta(days=n)) for n in days]
        with writing(self.engine) as session:
            add_plan(session, plan, rows)

    @rule(kind=st.sampled_from(SAID), unit=st.sampled_from((*UNITS, None)))
    def answer(self, kind: EventKind, unit: str | None) -> None:
        with writing(self.engine) as session:
            say(session, "first-0", kind, self.now, unit=unit)

    @rule(until=st.integers(1, 20))
    def put_off(self, until: int) -> None:
        with writing(self.engine) as session:
            owed = [o for o in owed_between(session, date(2022, 1, 1), date(2023, 12, 31))
                    if o.task.plan_id == "first" and o.timing.due_on == o.occurrence.due_on]  # fmt: skip
            if owed:
                say(
                    session, owed[0].task.lineage, EventKind.EXTENSION_GRANTED, self.now,
                    timing_key=owed[0].timing.key, occurrence_on=owed[0].occurrence.due_on,
                    until_on=self.now.date() + timedelta(days=until),
                )  # fmt: skip

    @rule(unit=st.sampled_from(UNITS), bound=st.booleans())
    def rebind(self, unit: str, bound: bool) -> None:
        chat_id = f"{unit}的群"
        with writing(self.engine) as session:
            chat = session.exec(select(Chat).where(Chat.chat_id == chat_id)).first()
            if chat is None and bound:
                bind(session, unit, chat_id)
            elif chat is not None:
                chat.is_dead = not bound
                session.add(chat)
                session.add(Touched(unit_id=chat.unit_id))

    @rule(hours=st.sampled_from((1, 8, 15, 24, 24, 24, 72, 200)))
    def time_goes_on(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def the_clock_is_set_back(self) -> None:
        self.now -= timedelta(hours=1)

    @rule()
    def done_just_before_it_is_sent_and_opened_again(self) -> None:
        self.now += timedelta(hours=24)
        self.plan()
        self.answer(EventKind.DONE, None)
        self.send()
        self.answer(EventKind.REOPENED, None)
        self.plan()

    @rule()
    def killed_while_planning(self) -> None:
        with suppress(Killed), writing(self.engine) as session:
            self._plan(session)
            raise Killed

    @rule()
    def plan(self) -> None:
        with writing(self.engine) as session:
            self._plan(session)
        self.planned()

    @rule()
    def send(self) -> None:
        taken = True
        while taken:  # of each chat one at a time
            with writing(self.engine) as session:
                taken = outbox.claim(session, "w", "console", 50, self.now, self.now)
                for message in taken:
                    self._deliver(session, message)

    def _deliver(self, session: Session, message: OutboxMessage) -> None:
        chats = partial(chats_of, session)
        look = recheck(session, message, self.now, WORKDAYS, SETTINGS, chats)
        if look.until is not None:
            outbox.put_back(session, message, look.until, afresh=True)
            return
        message.state = OutboxState.DROPPED if look.why else OutboxState.SENT
        message.finished_at = self.now
        session.add(message)
        query = select(Reminder).where(Reminder.outbox_id == message.id)
        for r in session.exec(query.where(Reminder.state == "planned")):
            key = (r.plan_id, r.lineage, r.timing_key, r.occurrence_on)
            self.arrived[(*key, r.rule, r.unit_id, r.chat_id)] += 1

    def _plan(self, session: Session) -> None:
        planner.plan(session, self.now, WORKDAYS, SETTINGS, partial(chats_of, session))

    # ---- what must hold

    @invariant()
    def nothing_arrives_twice(self) -> None:
        assert all(times == 1 for times in self.arrived.values())

    def planned(self) -> None:
        """All that is of use and was not answered is on its way, or a newer step of it is."""
        today = self.now.date()
        with reading(self.engine) as session:
            asker = Asker(session, ChoiceBook(session, SETTINGS), WORKDAYS)
            owed = owed_between(session, today - timedelta(days=90), today + timedelta(days=90))
            history = History(session, {one.task.lineage for one in owed})
            rows = session.exec(select(Reminder).where(col(Reminder.state) == "planned")).all()
            for ask in asker.asks(owed, today, today):
                if ask.why_quiet(history, self.now):
                    continue
                dues = [d for d in ask.dues if d.receiver == "unit" and not d.if_silent]
                wanted = [d for d in dues if d.at <= self.now and d.useful_to > today]
                chats = chats_of(session, [ask.debtor.unit_id]).get(ask.debtor.unit_id, [])
                for _, chat_id in chats if wanted else ():
                    told = [
                        r.at for r in rows
                        if (r.plan_id, r.lineage, r.timing_key, r.occurrence_on) == ask.thing.key
                        and (r.unit_id, r.chat_id) == (ask.debtor.unit_id, chat_id)
                    ]  # fmt: skip
                    assert told, (ask.thing.key, chat_id, wanted)
                    assert max(told) >= max(d.at for d in wanted), (ask.thing.key, chat_id, wanted)


@pytest.fixture
def _quiet() -> Iterator[None]:
    """No log line for each of thousands of runs."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("_quiet")
def test_each_once_whatever_happens(migrated_file: Path) -> None:
    Life.empty = migrated_file
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25, stateful_step_count=15, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
