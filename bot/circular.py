"""The monthly circular 通报: how the units stand, in words, as a picture and as a workbook."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime

from sqlmodel import Session

from bot import people, tables
from bot.core import Core
from bot.messages import File, Incoming, Outgoing
from config.errors import UserError
from config.settings import Settings
from config.workdays import Workdays
from corpus import ledger
from corpus.models import PlanVersion
from rag.phrasing import chinese_day
from reminders.choices import ChoiceBook
from reminders.circular import LATE_DAYS, NEAR_WORKDAYS, Light, Standing, day_of, standings
from reminders.models import OutboxMessage
from reminders.periodic import plans_of_offices
from reminders.periods import Period, in_chinese, month_before, months
from reminders.rules import periodic_rules

ASKED = re.compile(
    r"(?:请|请发|发|发一下|看看?|给我|要|生成|出)?(?:(?P<year>20\d\d)年)?(?:(?P<month>1[0-2]|0?[1-9])月份?|(?P<last>上个?月)|(?P<this>本月|这个月|当月))"
    r"(?:的|份)?(?:督办|工作|督办情况|督查)?(?:情况)?通报(?:给我|发我|一下)?[。.?？!！]*"
)
LIGHTS = {Light.RED: "红", Light.YELLOW: "黄", Light.GREEN: "绿", Light.NONE: "不亮"}
NAMED = 30  # units of one light in a chat
ONLY_ADMINS = "只有管理员和督办单位可以看通报。"
NOTES = (
    f"红灯：有任务逾期，或有报送逾期{LATE_DAYS}天以上未报。黄灯：{NEAR_WORKDAYS}个工作日内到期的任务还没有任何答复，"
    f"或有报送逾期{LATE_DAYS}天以内未报。绿灯：没有以上情形。应办结、应报送从方案开始起算；"
    "申请办结、退回还没有决定的不计逾期；每日、每周的常态工作和配合单位不计。"
    "集体单位按名录里的成员分别计，没有写成员的不亮灯。"
)


def asked_month(text: str, today: date) -> Period | None:
    """The month whose circular a message asks for, 6月通报: the last such one that has begun."""
    said = ASKED.fullmatch(text.strip())
    if said is None:
        return None
    if said["last"]:
        return month_before(today)
    if said["this"]:
        return months(today, 1)
    month = int(said["month"])
    year = int(said["year"]) if said["year"] else today.year - (month > today.month)
    return months(date(year, month, 1), 1)


def read_month(text: str | None, today: date) -> Period:
    """`2022-06`, or the month before today; raises UserError for anything else."""
    if text is None:
        return month_before(today)
    try:
        return months(date.fromisoformat(f"{text}-01"), 1)
    except ValueError:
        raise UserError(f"月份“{text}”读不懂，请写成 2022-06。") from None


def message(
    session: Session, waiting: OutboxMessage, now: datetime, workdays: Workdays, settings: Settings
) -> Outgoing | None:
    """The circular that is sent on its own, of the month before; None when it has nothing to say."""
    first = date.fromisoformat(waiting.facts["first"])
    book = ChoiceBook(session, settings)
    plans = plans_of_offices(session, book, periodic_rules()[waiting.facts["rule"]])
    chat = people.find_chat(session, waiting.platform, waiting.chat_id)
    scope = chat.plan_ids if chat else []
    versions = [
        one for one in plans.get(waiting.facts["unit"], []) if not scope or one.plan_id in scope
    ]
    month = month_before(first)
    found = standings(session, month, versions, now, workdays, settings)
    return outgoing(waiting.chat_id, found, month, now) if found else None


def reply(session: Session, incoming: Incoming, core: Core, month: Period) -> Outgoing:
    """The circular for whoever asks: an admin, or the chat of the supervising office, of its plans."""
    versions = _plans_for(session, core, incoming)
    now = core.now(incoming.stands_at or None)
    words = ""
    if versions is None:
        words = ONLY_ADMINS
    elif month.first > now.date():
        words = f"{in_chinese(month.name)}还没有到。"
    else:
        found = standings(session, month, versions, now, core.workdays, core.settings)
        if found:
            return outgoing(incoming.chat_id, found, month, now)
        words = f"{in_chinese(month.name)}没有应办结、应报送的事项，无需通报。"
    return Outgoing(incoming.chat_id, (words,), reply_to=incoming.message_id)


def _plans_for(session: Session, core: Core, incoming: Incoming) -> list[PlanVersion] | None:
    """The plans whose circular somebody may see here; None for whom there is none."""
    scope = people.scope_of(session, incoming)
    chat = people.find_chat(session, incoming.platform, incoming.chat_id)
    if people.is_admin(session, incoming.platform, incoming.account_id):
        return ledger.versions_in_force(session, scope)
    if chat is None or chat.unit_id is None:
        return None
    book = ChoiceBook(session, core.settings)
    plans = plans_of_offices(session, book, periodic_rules()["circular"]).get(chat.unit_id)
    return plans and [one for one in plans if scope is None or one.plan_id in scope]


def outgoing(chat_id: str, found: Sequence[Standing], month: Period, now: datetime) -> Outgoing:
    """The words, the picture where one can be made, and the workbook."""
    day = day_of(month, now)
    name = f"督办情况通报{in_chinese(month.name)}"
    picture = as_picture(found, month, day)
    files = [File(f"{name}.png", picture)] if picture is not None else []
    files.append(File(f"{name}.xlsx", as_sheet(found, month, day)))
    return Outgoing(chat_id, tuple(rows_of(found, month, day)), files=tuple(files))


def rows_of(found: Collection[Standing], month: Period, day: date) -> Iterator[str]:
    """The circular in words."""
    yield f"【督办情况通报】{in_chinese(month.name)}（截至{chinese_day(day)}）"
    for some in _of_plans(found):
        lights = {light: [one for one in some if one.light is light] for light in Light}
        counted = "、".join(f"{LIGHTS[light]}灯{len(ones)}个" for light, ones in lights.items() if ones)  # fmt: skip
        yield (
            f"《{some[0].version.title}》{len(some)}个单位：{counted}。"
            f"应办结{sum(o.due for o in some)}项，已办结{sum(o.done for o in some)}项，逾期{sum(o.overdue for o in some)}项；"
            f"应报送{sum(o.reports_due for o in some)}份，已报送{sum(o.reports_in for o in some)}份。"
        )
        for light, ones in lights.items():
            if ones:
                names = "、".join(_named(one) for one in ones[:NAMED])
                yield f"{LIGHTS[light]}灯：{names}{f'等{len(ones)}个单位' if len(ones) > NAMED else ''}"


def as_sheet(found: Collection[Standing], month: Period, day: date) -> bytes:
    """The workbook."""
    return tables.sheet(*_table(found, month, day), notes=NOTES)


def as_picture(found: Collection[Standing], month: Period, day: date) -> bytes | None:
    """The picture; None without a Chinese font, or where it would be too long."""
    return tables.picture(*_table(found, month, day), notes=NOTES)


def _table(
    found: Collection[Standing], month: Period, day: date
) -> tuple[str, list[str], list[list[str]]]:
    titles = dict.fromkeys(one.version.title for one in found)
    several = len(titles) > 1
    over = "督办情况通报" if several else f"《{next(iter(titles))}》督办情况通报"
    title = f"{over}\n（{in_chinese(month.name)}，截至{chinese_day(day)}）"
    head = ["序号", "方案", "责任单位", "亮灯", "应办结", "已办结", "逾期", "应报送", "已报送", "说明"]  # fmt: skip
    table = [
        [
            str(n), one.version.title, one.unit, LIGHTS[one.light],
            *map(str, (one.due, one.done, one.overdue, one.reports_due, one.reports_in)),
            _why(one),
        ]
        for n, one in enumerate(found, 1)
    ]  # fmt: skip
    if not several:
        head, table = head[:1] + head[2:], [row[:1] + row[2:] for row in table]
    return title, head, table


def _of_plans(found: Collection[Standing]) -> list[list[Standing]]:
    plans: dict[str, list[Standing]] = defaultdict(list)
    for one in found:
        plans[one.version.plan_id].append(one)
    return list(plans.values())


def _named(one: Standing) -> str:
    why = _why(one)
    return f"{one.unit}（{why}）" if why else one.unit


def _why(one: Standing) -> str:
    """What its light is for."""
    words = (
        (one.overdue, f"逾期{one.overdue}项"), (one.missing, f"逾期未报{one.missing}份"),
        (one.late, f"迟报{one.late}份"), (one.near, f"即将到期无答复{one.near}项"),
        (one.light is Light.NONE, "名录里没有写它的成员"),
    )  # fmt: skip
    return "，".join(text for n, text in words if n)
