"""People who answer reminders, for tests: what they say goes through the router into the database."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from small_ledger import Row, add_plan, bind
from sqlalchemy import Engine
from sqlmodel import col, select

from bot import people
from bot.core import Core
from bot.messages import Attachment, Incoming, Outgoing
from bot.models import Account, AccountRole
from bot.reminding import reminder_message
from bot.router import Router
from config.clock import Clock
from config.database import reading, writing
from config.settings import Settings
from config.workdays import Workdays
from corpus.models import EventKind, TaskEvent
from corpus.values import Role
from reminders import outbox, planner
from reminders.models import OutboxMessage, OutboxState

SHANGHAI = ZoneInfo("Asia/Shanghai")
DUE = date(2022, 9, 30)
GROUP, OTHERS, OFFICE, ADMIN = "教育群", "住建群", "安办群", "陈主任"
ROWS = [
    Row("完成校园周边交通隐患整治。", {"市教育局": Role.LEAD, "市住建局": Role.SUPPORT}, DUE),
    Row("开展校舍消防设施检测。", {"市教育局": Role.LEAD}, DUE),
]


class Office:
    """A plan with two tasks, the groups of its units and of its office, and one admin."""

    def __init__(self, engine: Engine, home: Path, completion: str = "unit") -> None:
        self.engine = engine
        clock = Clock(at=datetime(2022, 9, 20, 9, 0, tzinfo=SHANGHAI))
        settings = Settings(home=home, office="市安委办", completion=completion)
        self.core = Core(settings, clock, engine, Workdays())
        self.router = Router(self.core)
        self._ids = count(1)
        self._sent: dict[str, bytes] = {}  # what the platform keeps of files
        self.shown = Outgoing("", ())
        self.told: list[tuple[str, Outgoing]] = []  # (chat, message) of all replies
        with writing(engine) as session:
            add_plan(session, "anquan", ROWS, title="校园安全整治方案")
            for unit, chat in (("市教育局", GROUP), ("市住建局", OTHERS), ("市安委办", OFFICE)):
                bind(session, unit, chat)
            session.add(
                Account(
                    platform="console", account_id=ADMIN, name=ADMIN, role=AccountRole.ADMIN,
                    private_chat_id=ADMIN,
                )
            )  # fmt: skip
        self.at("2022-09-20 09:00")  # from here on

    def at(self, moment: str) -> list[OutboxMessage]:
        """Time moves, the planner runs, and all reminders arrive; those that are new."""
        now = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
        self.core.clock.move_to(now)
        with writing(self.engine) as session:
            planner.plan(
                session, now, self.core.workdays, self.core.settings,
                partial(people.chats_of, session),
            )  # fmt: skip
            waiting = session.exec(
                select(OutboxMessage)
                .where(OutboxMessage.state == OutboxState.PENDING, OutboxMessage.kind == "reminder")
                .order_by(col(OutboxMessage.id))
            ).all()
            for message in waiting:
                shown = reminder_message(session, message, now)
                text = shown.text if shown else ""
                outbox.finish_sent(session, message, f"m{message.id}", text, (), now)
        with reading(self.engine) as session:
            sent = select(OutboxMessage).where(
                col(OutboxMessage.id).in_([message.id for message in waiting]),
                OutboxMessage.state == OutboxState.SENT,
            )
            return list(session.exec(sent.order_by(col(OutboxMessage.id))))

    def says(
        self, chat: str, text: str, *, by: str = "林科长", addressed: bool = True, button: str = "",
        replied_to: str = "", files: Sequence[tuple[str, bytes]] = (), restarted: bool = False,
    ) -> str:  # fmt: skip
        """What the bot answers in that chat; what it tells others is in `told`."""
        if restarted:
            self.router = Router(self.core)
        incoming = Incoming(
            platform="console", message_id=f"i{next(self._ids)}", chat_id=chat,
            is_group=chat != by, account_id=by, account_name=by, text=text,
            at=self.core.clock.now(), addressed=addressed, button=button, replied_to=replied_to,
            attachments=tuple(Attachment(name, len(content), name) for name, content in files),
        )  # fmt: skip
        desk = self.router.answers
        self._sent |= dict(files)
        with writing(self.engine) as session:
            if wanted := desk.files_of(incoming):
                fetched = [(file.name, self._sent[file.name]) for file in wanted]
                replies = desk.answer(session, incoming, fetched)
            else:
                replies = self.router.route(incoming)(session)
        self.told = [(message.chat_id, message) for _, message in replies]
        self.shown = self.told[0][1] if self.told else Outgoing(chat, ())
        return self.shown.text

    def presses(
        self, chat: str, label: str, *, by: str = "林科长", under: Outgoing | None = None
    ) -> str:
        """What the bot answers to a button of the message shown last, or of `under`."""
        message = under or self.shown
        data = {b.label: b.data for row in message.buttons for b in row}
        found = next(value for name, value in data.items() if label in name)
        return self.says(chat, "", by=by, button=found)

    def reminder(self, message: OutboxMessage) -> Outgoing:
        """A reminder as it is shown."""
        with reading(self.engine) as session:
            found = session.get(OutboxMessage, message.id)
            assert found is not None
            shown = reminder_message(session, found, self.core.clock.now())
        assert shown is not None
        return shown

    def heard(self, chat: str) -> Outgoing:
        """What another chat was told with the last answer."""
        return next(message for name, message in self.told[1:] if name == chat)

    def history(self, lineage: str = "") -> list[EventKind]:
        """What happened, of all tasks or of one."""
        return [event.kind for event in self.events(lineage)]

    def events(self, lineage: str = "") -> list[TaskEvent]:
        """The steps themselves."""
        with reading(self.engine) as session:
            found = session.exec(select(TaskEvent).order_by(col(TaskEvent.id))).all()
        return [event for event in found if lineage in ("", event.lineage)]

    def later(self, **span: float) -> None:
        """Time passes, and nothing else happens."""
        self.core.clock.move_to(self.core.clock.now() + timedelta(**span))
