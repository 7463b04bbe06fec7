"""Examines this installation, and says what to do about each fault."""

import asyncio
import shutil
import tempfile
from collections.abc import Collection, Generator, Iterator
from datetime import date, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, func, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

import bot.platforms
from bot.messages import Platform
from bot.models import Account, AccountRole, Chat
from bot.platforms.console import Console
from config.clock import Clock
from config.database import current_revision, make_engine, newest_revision, reading
from config.errors import DubanError, UserError
from config.settings import PREFIX, Settings, load_settings
from config.workdays import CalendarMissing, Workdays
from corpus.models import PlanVersion, Task, Timing, VersionState
from rag.models import Passage, Vector
from reminders.models import OutboxMessage, OutboxState

Finding = tuple[bool, str]  # whether it is well, and the line that says so

ANSWER_WITHIN_S = 5.0


def examine() -> Iterator[Finding]:
    """Every setting, then all that the product stands on. Nothing in the database is changed."""
    try:
        settings = load_settings()
    except UserError as error:
        yield False, str(error)
        for name, field in Settings.model_fields.items():
            yield True, f"{_variable(name)}  {field.description}"
        return
    yield from _settings(settings)
    home = _home(settings)
    yield home
    if not home[0]:
        return
    yield _serving(settings)
    yield from _servers(settings)
    try:
        engine = make_engine(settings.effective_database_url)
    except UserError as error:
        yield False, str(error)
        return
    try:
        there = yield from _platforms(settings, engine)
        yield from _helpers()
        yield from _data(settings, engine, there)
    finally:
        engine.dispose()


# ---- settings, and what they point at


def _variable(name: str) -> str:
    return f"{PREFIX}{name}".upper()


def _settings(settings: Settings) -> Iterator[Finding]:
    for name, field in Settings.model_fields.items():
        value = _shown(name, getattr(settings, name))
        yield True, f"{_variable(name)}={value}  {field.description}"
    for server in ("llm", "embedding"):
        if getattr(settings, f"{server}_base_url") and not getattr(settings, f"{server}_model"):
            name = _variable(f"{server}_model")
            yield False, f"{name} 还没有填，{_variable(f'{server}_base_url')} 不会被使用。请补上。"


def _shown(name: str, value: Any) -> str:
    if isinstance(value, SecretStr):
        return "******" if value.get_secret_value() else ""
    if name == "database_url" and value:
        try:
            return make_url(value).render_as_string(hide_password=True)
        except SQLAlchemyError:
            return "（不是一个网址）"
    return str(value)


def _home(settings: Settings) -> Finding:
    home = settings.home.absolute()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        return (
            False,
            f"文件夹 {home} 不能写入（{error.strerror}）。请检查权限，或换一个 DUBAN_HOME。",
        )
    free_gb = shutil.disk_usage(home).free / 1e9
    if free_gb < 1:
        return False, f"文件夹 {home} 所在的磁盘只剩 {free_gb:.1f} GB。请腾出至少 1 GB。"
    return True, f"文件夹 {home} 可写，磁盘剩余 {free_gb:.0f} GB。"


def _serving(settings: Settings) -> Finding:
    from bot.handoff import serving
    from bot.web import check_loopback

    try:
        check_loopback(settings.web_host)
    except UserError as error:
        return False, str(error)
    note = serving(settings.home)
    if note is not None:
        return True, f"duban serve 正在运行：{note['url']}"
    return True, "duban serve 没有在运行；没有它就不发提醒。启动：duban serve"


def _servers(settings: Settings) -> Iterator[Finding]:
    """The servers that settings name: whether anybody answers there at all."""
    import httpx

    for name in ("chroma_url", "embedding_base_url", "llm_base_url"):
        url = getattr(settings, name)
        if not url:
            continue
        try:
            httpx.get(url, timeout=ANSWER_WITHIN_S)
        except httpx.HTTPError as error:
            words = f"{_variable(name)}={url} 没有回应（{type(error).__name__}）。"
            yield False, f"{words}请检查网址、网络和那边的服务；在此之前，回答照常，只是不用它。"
        else:
            yield True, f"{_variable(name)}={url} 有回应。"


def _platforms(
    settings: Settings, engine: Engine
) -> Generator[Finding, None, Collection[str] | None]:
    """Returns the names of those that are set up; None where that can't be told."""
    try:
        platforms = bot.platforms.load_platforms(settings, engine)
    except UserError as error:  # a platform is set up by half
        yield False, str(error)
        return None
    there = {type(platform).__module__.rpartition(".")[2] for platform in platforms.values()}
    for file in iter_modules(bot.platforms.__path__):
        module = import_module(f"bot.platforms.{file.name}")
        if hasattr(module, "from_settings") and file.name not in there:
            yield True, f"平台 {file.name}：没有配置，接入办法见 docs/platforms/{file.name}.md。"
    for platform in platforms.values():
        yield asyncio.run(_asked(platform))
    return platforms.keys()


async def _asked(platform: Platform) -> Finding:
    """What the vendor says of our credentials; a platform without a vendor is simply there."""
    check = getattr(platform, "check", None)
    try:
        async with asyncio.timeout(2 * ANSWER_WITHIN_S):
            words = await check() if check else "可用"
    except (DubanError, TimeoutError) as error:
        return False, f"平台 {platform.name}：{str(error) or '没有回应'}。请核对它的设置和网络。"
    finally:
        await platform.close()
    return True, f"平台 {platform.name}：{words}。"


def _helpers() -> Iterator[Finding]:
    """What reads the rarer kinds of files; doing without is no fault."""
    scans = "可以识别" if find_spec("rapidocr") else "不能识别；需要时安装 OCR，见 docs/admin.md"
    yield True, f"扫描件和图片：{scans}。"
    office = shutil.which("soffice") or shutil.which("libreoffice")
    old = "可以读" if office else "不能读；需要时安装 LibreOffice，或另存为 docx、xlsx 再送入"
    yield True, f"doc、wps、rtf、et 文件：{old}。"


# ---- what the database holds


def _data(settings: Settings, engine: Engine, there: Collection[str] | None) -> Iterator[Finding]:
    shown = engine.url.render_as_string(hide_password=True)
    path = engine.url.database if engine.dialect.name == "sqlite" else None
    if path and not Path(path).exists():
        yield True, f"数据库 {shown} 还没有建立；第一次启动时会建立，并读入随附的方案。"
        return
    try:
        with engine.connect() as connection:
            current = current_revision(connection)
        if current != newest_revision():
            yield False, f"数据库 {shown} 是旧版的表。运行 duban plans list 就会更新。"
            return
        with reading(engine) as session:
            yield True, f"数据库 {shown} 可用，表是最新的。"
            yield from _holdings(session)
            if there is not None:
                yield from _stranded(session, there)
            years = _needed_years(session, Clock(settings.timezone).today())
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().split("\n")[0]
        yield False, f"数据库 {shown} 打不开：{reason}。请检查 DUBAN_DATABASE_URL 和那边的服务。"
        return
    yield from _calendar(settings, years)


def _holdings(session: Session) -> Iterator[Finding]:
    states = dict(
        session.exec(select(PlanVersion.state, func.count()).group_by(PlanVersion.state)).all()
    )
    yield (
        True,
        (
            f"方案：在执行 {states.get(VersionState.IN_FORCE, 0)} 个，"
            f"待发布的草稿 {states.get(VersionState.DRAFT, 0)} 个。"
        ),
    )
    passages = session.exec(select(func.count(col(Passage.id)))).one()
    vectors = session.exec(select(func.count()).select_from(Vector)).one()
    wait = "；其余在 duban serve 运行时计算，算完之前照常回答" if passages and not vectors else ""
    yield True, f"索引：{passages} 段文字，{vectors} 个向量{wait}。"
    admins = session.exec(select(func.count()).where(Account.role == AccountRole.ADMIN)).one()
    bound = session.exec(
        select(func.count()).where(col(Chat.unit_id).is_not(None), col(Chat.is_dead).is_(False))
    ).one()
    first = "；第一位管理员凭 duban serve 启动时显示的口令认领" if not admins else ""
    yield True, f"人员：管理员 {admins} 位，已绑定单位的会话 {bound} 个{first}。"


def _stranded(session: Session, there: Collection[str]) -> Iterator[Finding]:
    """Units whose chats are on a platform that is set up no more, and what waits for them."""
    is_bound = (col(Chat.unit_id).is_not(None), col(Chat.is_dead).is_(False))
    gone = select(Chat.platform, func.count()).where(*is_bound, col(Chat.platform).not_in(there))
    for name, chats in session.exec(gone.group_by(col(Chat.platform))):
        if name == Console.name:  # it is there while somebody sits at it
            continue
        of_chats = select(Chat.chat_id).where(*is_bound, Chat.platform == name)
        waiting = session.exec(
            select(func.count(col(OutboxMessage.id))).where(
                OutboxMessage.state == OutboxState.PENDING,
                OutboxMessage.platform == name,
                col(OutboxMessage.chat_id).in_(of_chats),
            )
        ).one()
        yield (
            False,
            (
                f"平台 {name}：没有配置，却有 {chats} 个绑定了单位的会话在那里，{waiting} 条消息在等它。"
                "补上它的设置就会发出；不再用它的，请那些单位在别的平台重新绑定，"
                "再用 duban chats unbind 逐个解除（duban chats list 可看到是哪些）。"
            ),
        )


def _needed_years(session: Session, today: date) -> set[int]:
    """The years whose working days the reminders to come are counted in."""
    in_force = (
        select(col(Timing.due_on), col(Timing.rule), col(PlanVersion.period_end_on))
        .join(Task, col(Timing.task_id) == Task.id)
        .join(PlanVersion, col(Task.version_id) == PlanVersion.id)
        .where(PlanVersion.state == VersionState.IN_FORCE)
    )
    years = {today.year}
    for due_on, rule, end_on in session.exec(in_force):
        if due_on is not None and due_on >= today:
            # working days are counted back from the deadline and on from it, over New Year if need be
            years |= {(due_on + timedelta(days=days)).year for days in (-31, 0, 31)}
        if rule is not None and (end_on is None or end_on.year > today.year):
            years.add(today.year + 1)
    return years


def _calendar(settings: Settings, years: set[int]) -> Iterator[Finding]:
    today = Clock(settings.timezone).today()
    folder = settings.home / "holidays"
    written = {int(file.stem) for file in folder.glob("[12][0-9][0-9][0-9].json")}
    workdays = Workdays(folder)
    for year in sorted(years | written):
        try:
            workdays.is_workday(date(year, 1, 1))
        except CalendarMissing as error:
            # the State Council gives notice in the first half of November of the year before
            if today >= date(year - 1, 11, 15):
                yield False, f"放假安排：{error}"
            else:
                yield (
                    True,
                    f"放假安排：{year}年的尚未公布，公布后再补；涉及{year}年的提醒届时再排。",
                )
        except UserError as error:
            yield False, f"放假安排：{error}"
        else:
            where = "用 holidays 文件夹中的" if year in written else "已知"
            yield True, f"放假安排：{year}年{where}。"
