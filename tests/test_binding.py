"""Who speaks for which unit: by one-time code, by request, from the terminal; scopes, and an end to it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from answerers import ADMIN, DUE, GROUP, OFFICE, Office
from fire_plan import HEAD, take
from small_ledger import Row, add_plan, bind
from sqlalchemy import Engine
from sqlmodel import Session, select
from world import ADMIN as CHEN
from world import CLERK as LIN
from world import World

from bot import binding, people
from bot.binding import Wish, read_wish
from bot.messages import Incoming
from bot.models import Account, AccountRole, BindCode, BindRequest, Chat, InboxMessage, Purpose
from bot.verbs import chatting, choosing, delivering, directory, peopling
from config.database import reading, writing
from config.errors import UserError
from corpus.models import TaskEvent, Touched
from corpus.values import Role
from rag.index import index_version
from reminders import outbox
from reminders.models import OutboxMessage

FIRST_DAY = "2022-09-21 09:00"  # the first reminder of what is due on DUE
NEW = "教育二群"
GROUP_ID = -7001


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Office:
    return Office(engine, tmp_path)


def chat(office: Office, name: str) -> tuple[str | None, Purpose, list[str]]:
    """The unit, the purpose and the scope of a chat."""
    with reading(office.engine) as session:
        found = people.find_chat(session, "console", name)
        assert found is not None
        unit = session.get(binding.Unit, found.unit_id) if found.unit_id else None
        return unit.name if unit else None, found.purpose, found.plan_ids


def touched(office: Office) -> set[int | None]:
    """The units whose reminders are looked at anew; from here on none."""
    with writing(office.engine) as session:
        rows = session.exec(select(Touched)).all()
        for row in rows:
            session.delete(row)
        return {row.unit_id for row in rows}


def code_in(text: str) -> str:
    found = re.search(r"口令：(\S+)", text)
    assert found, text
    return found[1]


def last_notice(engine: Engine) -> str:
    with reading(engine) as session:
        rows = session.exec(select(OutboxMessage).where(OutboxMessage.kind == "notice")).all()
        return str(rows[-1].facts["text"]) if rows else ""


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("市教育局", Wish("市教育局")),
        ("乐清市 市教育局 负责人", Wish("乐清市 市教育局", Purpose.HEAD)),
        ("市水利局 分管领导 范围 hezhang-2026、xiaofang", Wish("市水利局", Purpose.LEADER, ("hezhang-2026", "xiaofang"))),
        ("市水利局 范围：hezhang-2026", Wish("市水利局", plan_ids=("hezhang-2026",))),
        ("", Wish("")),
    ],
)  # fmt: skip
def test_for_whom_a_chat_shall_speak(text: str, wish: Wish) -> None:
    assert read_wish(text) == wish


# ---- codes


def test_a_code_binds_one_chat_once(office: Office) -> None:
    assert "私聊" in office.says(OFFICE, "/code 市教育局", by=ADMIN), "a group would read it"
    assert "管理员" in office.says("林科长", "/code 市教育局", by="林科长")
    code = code_in(office.says(ADMIN, "/code 市教育局 负责人 范围 anquan", by=ADMIN))
    with reading(office.engine) as session:
        kept = session.exec(select(BindCode)).one()
        assert code.replace("-", "") not in str(kept)
    touched(office)
    assert "已绑定到“市教育局（负责人）”" in office.says(NEW, f"/bind {code.lower()}")
    assert chat(office, NEW) == ("市教育局", Purpose.HEAD, ["anquan"])
    assert touched(office) == {kept.unit_id}
    assert "口令已使用" in last_notice(office.engine)
    assert "林科长" not in last_notice(office.engine)
    assert "已使用" in office.says("教育三群", f"/bind {code}")
    assert chat(office, "教育三群")[0] is None


def test_a_code_is_carried_by_a_link_and_ends_after_a_week(office: Office) -> None:
    first, late = (code_in(office.says(ADMIN, "/code 市教育局", by=ADMIN)) for _ in range(2))
    assert "已绑定" in office.says("王局长", f"/start {first.replace('-', '')}", by="王局长")
    assert chat(office, "王局长")[0] == "市教育局"
    with reading(office.engine) as session:  # who is bound speaks for the unit in other chats too
        asks = Incoming("console", "x", "路过群", True, "王局长", "", "", office.core.clock.now())
        unit = people.unit_of(session, asks)
        assert unit is not None and unit.name == "市教育局"
    office.core.clock.move_to(office.core.clock.now() + binding.CODE_HOLDS)
    assert "已过期" in office.says(NEW, f"/bind {late}")


@pytest.mark.parametrize("verb", ["/bind", "/start", "/claim"])
def test_who_guesses_must_wait(office: Office, verb: str) -> None:
    code = code_in(office.says(ADMIN, "/code 市教育局", by=ADMIN))
    wrong = "12345678" if verb == "/claim" else "ABCD-2345"
    for _ in range(binding.WRONG_TRIES):
        assert "口令有误" in office.says("小偷", f"{verb} {wrong}", by="小偷")
    assert "15分钟" in office.says("小偷", f"{verb} {wrong}", by="小偷")
    assert "15分钟" in office.says("小偷", f"/bind {code}", by="小偷"), "even with the right one"
    assert "已绑定" in office.says("王局长", f"/bind {code}", by="王局长"), "others need not"
    office.core.clock.move_to(office.core.clock.now() + binding.TRIES_WITHIN + timedelta(seconds=1))
    assert "口令有误" in office.says("小偷", f"{verb} {wrong}", by="小偷")


# ---- by request


def test_a_head_asks_and_an_admin_agrees(office: Office) -> None:
    touched(office)
    assert "已请管理员同意" in office.says("王局长", "/bind 市教育局 负责人", by="王局长")
    asked = office.heard(ADMIN)
    assert "王局长申请把私聊（终端）绑定到“市教育局（负责人）”" in asked.text
    assert "已经提交" in office.says("王局长", "/bind 市教育局 负责人", by="王局长")
    assert [name for name, _ in office.told] == ["王局长"], "the admin is not told twice"
    assert "只有管理员" in office.presses(GROUP, "同意", under=asked)
    assert chat(office, "王局长")[0] is None
    assert "已同意" in office.presses(ADMIN, "同意", by=ADMIN, under=asked)
    assert chat(office, "王局长") == ("市教育局", Purpose.HEAD, [])
    assert len(touched(office)) == 1
    assert "不用再绑定" in office.says("王局长", "/bind 市教育局 负责人", by="王局长")
    assert "没有“市天文局”" in office.says("王局长", "/bind 市天文局", by="王局长")
    assert "请写明单位" in office.says("王局长", "/bind", by="王局长")


def test_a_new_admin_hears_of_the_requests_that_wait(office: Office) -> None:
    with writing(office.engine) as session:
        people.set_role(session, f"console:{ADMIN}", AccountRole.MEMBER)
        code = people.claim_code(session)
    robot = "市教育局"  # a group robot asks by itself, once, when it is set up
    assert "没有能收到消息的管理员" in office.says(robot, "/bind 市教育局", by="群机器人设置")
    assert "管理员" in office.says("李主任", f"/claim {code}", by="李主任")
    assert "现在是管理员" in office.told[0][1].text
    asked = office.told[1][1]
    assert "群机器人设置申请把群" in asked.text
    office.says("李主任", "/start", by="李主任")
    assert office.told[1][1].text == asked.text, "and again whenever asked"
    # one who is made admin in the terminal is written to
    office.says("赵主任", "你好", by="赵主任")
    lines = list(peopling.people_grant(office.core, account="console:赵主任", role="admin"))
    assert "1个绑定申请待处理" in lines[-1]
    with reading(office.engine) as session:
        rows = session.exec(select(OutboxMessage).where(OutboxMessage.chat_id == "赵主任")).all()
        assert asked.text in str(rows[-1].facts)
    assert "已同意" in office.presses("李主任", "同意", by="李主任", under=asked)
    office.says("李主任", "/start", by="李主任")
    assert len(office.told) == 1


# ---- scope


def other_plan(office: Office, folder: Path, n: int = 1) -> None:
    """One more plan in force, with `n` tasks, that can be asked about."""
    rows = (
        f"{i}\t河堤修复\t修复第{i}段河堤，验收合格率达到9{i % 10}%。\t县水利局\t2022年12月底前\n"
        for i in range(1, n + 1)
    )
    text = HEAD.replace("消防安全整治", "河长制") + "".join(rows)
    take(office.engine, folder, text, publish=True, plan_id="hezhang", stored=index_version)


def test_a_scoped_chat_neither_sees_nor_does_anything_of_other_plans(
    office: Office, tmp_path: Path
) -> None:
    other_plan(office, tmp_path)
    assert "管理员" in office.says(GROUP, "/scope anquan")
    assert "没有叫“nosuch”" in office.says(GROUP, "/scope nosuch", by=ADMIN)
    touched(office)
    assert "《校园安全整治方案》（anquan）" in office.says(GROUP, "/scope anquan", by=ADMIN)
    assert len(touched(office)) == 1
    assert "河长制" not in office.says(GROUP, "/scope")
    asked = "《2022年甲县河长制工作方案》中，河堤修复的合格率要达到多少？"
    assert "91%" in office.says("路人", asked, by="路人")
    for by in ("林科长", ADMIN):
        answer = office.says(GROUP, asked, by=by)
        assert "91%" not in answer and "第1段" not in answer
    for words in ("进展记录 hezhang 第1项", "不再提醒 hezhang 第1项，因为机构改革"):
        for by in ("林科长", ADMIN):
            assert "限定的方案" in office.says(GROUP, words, by=by)
    for words in ("更正 hezhang 第1项 标题 新标题", "更正记录 hezhang"):
        assert "限定的方案" in office.says(GROUP, words, by=ADMIN)
    named = Incoming(
        "console", "n", GROUP, True, "林科长", "", "", office.core.clock.now(), plan_id="hezhang"
    )
    with reading(office.engine) as session:
        assert people.scope_of(session, named) == ("anquan",), "naming it does not widen the scope"
    assert "全部方案" in office.says(GROUP, "/scope 全部", by=ADMIN)
    assert "91%" in office.says(GROUP, asked)


def test_a_list_of_before_is_not_shown_in_a_narrower_scope(office: Office, tmp_path: Path) -> None:
    other_plan(office, tmp_path, 40)
    office.says(GROUP, "县水利局有哪些任务？")
    shown = office.shown
    assert "下一页" in str(shown.buttons), shown
    assert "河堤" in office.presses(GROUP, "下一页", under=shown)
    office.says(GROUP, "/scope anquan", by=ADMIN)
    assert "河堤" not in office.presses(GROUP, "下一页", under=shown)
    office.says(GROUP, "导出xlsx")
    assert office.shown.files == ()


def test_a_scoped_chat_is_reminded_of_its_plans_alone(office: Office) -> None:
    with writing(office.engine) as session:
        add_plan(session, "hezhang", [Row("修复河堤。", {"市教育局": Role.LEAD}, DUE)])
    office.says(GROUP, "/scope hezhang", by=ADMIN)
    told = [one for one in office.at(FIRST_DAY) if one.chat_id == GROUP]
    assert ["河堤" in one.text and "校园" not in one.text for one in told] == [True]


# ---- an end


def test_a_chat_is_let_go(office: Office) -> None:
    touched(office)
    assert "管理员" in office.says(GROUP, "/unbind")
    assert chat(office, GROUP)[0] == "市教育局"
    assert "解除绑定" in office.says(GROUP, "解除绑定", by=ADMIN)
    assert chat(office, GROUP)[0] is None
    assert len(touched(office)) == 1
    assert GROUP not in [one.chat_id for one in office.at(FIRST_DAY)]
    office.says(ADMIN, "/unbind", by=ADMIN)
    assert "1. 群“住建群”" in office.shown.text
    assert "还没有绑定" in office.says(ADMIN, "/unbind 市教育局", by=ADMIN)
    office.says(ADMIN, "/unbind 市住建局", by=ADMIN)
    under = office.shown
    assert "只有管理员" in office.presses(OFFICE, "解除 1", under=under)
    assert "住建群" in office.presses(ADMIN, "解除 1", by=ADMIN, under=under)
    assert "不再发到这里" in office.heard("住建群").text
    assert "已经没有" in office.presses(ADMIN, "解除 1", by=ADMIN, under=under)


def test_whoever_is_bound_in_private_may_leave(office: Office) -> None:
    code = code_in(office.says(ADMIN, "/code 市教育局", by=ADMIN))
    office.says("王局长", f"/bind {code}", by="王局长")
    assert "解除绑定" in office.says("王局长", "/unbind", by="王局长")
    assert "没有绑定" in office.says("王局长", "/unbind", by="王局长")
    with reading(office.engine) as session:
        account = people.find_account(session, "console", "王局长")
        assert account is not None and account.unit_id is None


def test_a_person_is_forgotten_and_what_they_did_is_kept(office: Office) -> None:
    office.at(FIRST_DAY)
    code = code_in(office.says(ADMIN, "/code 市教育局", by=ADMIN))
    office.says("林科长", f"/bind {code}", by="林科长")
    office.says("林科长", "/bind 市住建局", by="林科长")
    office.says(GROUP, "第1项进展：已完成80%", by="林科长")
    store(office, "林科长", "林科长的电话是多少？")
    office.says("林科长", "删除我的信息", by="林科长")
    under = office.shown
    assert "自己发 /forget" in office.presses(ADMIN, "确认删除", by=ADMIN, under=under)
    assert "已删除您的信息" in office.presses("林科长", "确认删除", by="林科长", under=under)
    with reading(office.engine) as session:
        assert people.find_account(session, "console", "林科长") is None
        assert people.find_chat(session, "console", "林科长") is None
        steps = session.exec(select(TaskEvent)).all()
        assert [(step.by, step.by_name) for step in steps] == [(steps[0].by, "已删除的用户")]
        assert steps[0].text == "已完成80%"
        assert "林科长" not in everything(session)
    history = office.says(ADMIN, "历史 anquan 第1项", by=ADMIN)
    assert "市教育局 已删除的用户：进展：已完成80%" in history
    assert "请写明单位" in office.says("林科长", "/bind", by="林科长"), "and may come again"


def test_the_only_admin_stays(office: Office) -> None:
    office.says(ADMIN, "/forget", by=ADMIN)
    assert "唯一的管理员" in office.presses(ADMIN, "确认删除", by=ADMIN)
    with writing(office.engine) as session:
        people.set_role(session, "console:李主任", AccountRole.ADMIN)
    office.says(ADMIN, "/forget", by=ADMIN)
    assert "已删除" in office.presses(ADMIN, "确认删除", by=ADMIN)
    with reading(office.engine) as session:
        assert [one.account_id for one in people.admins(session)] == ["李主任"]


def store(office: Office, account: str, text: str) -> None:
    """A message as the inbox keeps it, handled."""
    now = office.core.clock.now()
    said = Incoming("console", "kept", account, False, account, account, text, now)
    with writing(office.engine) as session:
        session.add(
            InboxMessage(
                platform="console", message_id="kept", chat_id=account, incoming=said.to_json(),
                received_at=now, handled_at=now,
            )
        )  # fmt: skip


def everything(session: Session) -> str:
    """All rows of all tables about people, as text."""
    tables = (Account, Chat, BindRequest, BindCode, InboxMessage, TaskEvent)
    return "\n".join(
        str(row.model_dump()) for table in tables for row in session.exec(select(table))
    )


# ---- in the terminal


def test_lists_in_the_terminal_are_in_words_that_people_use(office: Office) -> None:
    core, code = office.core, "5f3a2b" + "0" * 18
    with writing(office.engine) as session:
        bind(session, "市教育局", code, "web")
        now = core.clock.now()
        outbox.add(
            session, dedup_key="w", kind="reminder", platform="web", chat_id=code, facts={},
            due_at=now, now=now,
        )  # fmt: skip
    for lines in (chatting.chats_list(core), delivering.reminders_log(core)):
        (row,) = [line for line in lines if "网页对话" in line]
        assert "网页对话 5f3a2b" in row
        assert code not in row
    assert any(line.endswith("管理员") for line in peopling.people_list(core))
    list(choosing.reminders_rules_set(core, name="weekly_digest", value="off", plan="anquan"))
    rules = "\n".join(choosing.reminders_rules_list(core))
    assert "weekly_digest = 是" in rules
    assert "方案 anquan：否（" in rules
    assert "True" not in rules


def test_chats_are_listed_added_and_let_go_in_the_terminal(office: Office) -> None:
    core = office.core
    add = chatting.chats_add(core, chat="mail:Zhang@Example.gov.cn", unit="市教育局", title="张三")
    row, note = list(add)
    assert "mail:Zhang@example.gov.cn  会话“张三”（邮件）：市教育局" in row
    assert "mail 还没有设置" in note
    list(
        chatting.chats_add(core, chat="mail:Zhang@Example.gov.cn", unit="市教育局", purpose="head")
    )
    (shown,) = [line for line in chatting.chats_list(core, unit="市教育局") if "mail" in line]
    assert "（负责人）" in shown
    office.says("路人", "/bind 市住建局", by="路人")
    assert "等待同意：会话“路人”" in list(chatting.chats_list(core))[-1]
    list(chatting.chats_add(core, chat="console:路人", unit="市住建局"))
    assert not any("等待同意" in line for line in chatting.chats_list(core))
    assert "已删除" in next(chatting.chats_unbind(core, chat="mail:Zhang@example.gov.cn"))
    assert not any("mail" in line for line in chatting.chats_list(core))
    assert "已解除绑定" in next(chatting.chats_unbind(core, chat=f"console:{GROUP}"))
    for wrong in ("mail:不是邮箱", "telegram:5", "mail"):
        with pytest.raises(UserError):
            list(chatting.chats_add(core, chat=wrong, unit="市教育局"))
    with pytest.raises(UserError, match="没有会话"):
        list(chatting.chats_unbind(core, chat="console:没有"))


def test_a_code_from_the_terminal(office: Office) -> None:
    lines = list(peopling.people_code(office.core, unit="市教育局", purpose="leader"))
    assert "已绑定" in office.says("周副县长", f"/bind {code_in(lines[0])}", by="周副县长")
    assert chat(office, "周副县长") == ("市教育局", Purpose.LEADER, [])
    with pytest.raises(UserError, match="市天文局"):
        list(peopling.people_code(office.core, unit="市天文局"))


def test_the_directory_shows_contacts_and_chats(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "名录.csv"
    list(directory.units_export(office.core, path=str(file)))
    text = file.read_text("utf-8-sig")
    assert f"console:{GROUP}" in next(line for line in text.splitlines() if "市教育局" in line)
    assert text.splitlines()[0].endswith("联系人,联系电话,绑定会话")
    assert "没有变化" in list(directory.units_import(office.core, path=str(file)))[-1]


# ---- as people meet it


@pytest.mark.anyio
async def test_a_group_is_bound_by_a_code_and_sees_its_plan_alone(world: World) -> None:
    await world.becomes_admin(CHEN)
    told = await world.ask(CHEN.id, CHEN, "/code 乐清市 市教育局 范围 leqing-2022")
    await world.reply(GROUP_ID, lambda: world.botapi.add_to_group(GROUP_ID, "教育联络群", LIN))
    assert "已绑定到“市教育局”" in await world.ask(GROUP_ID, LIN, f"/bind {code_in(told)}")
    due = await world.ask(GROUP_ID, LIN, "/due 2022年12月")
    assert "乐清市" in due
    assert await world.ask(CHEN.id, CHEN, "/scope") == "本会话可以看全部方案。"
    other = "温州市的市教育局有哪些任务？"
    assert "2018年温州市食品安全" in await world.ask(CHEN.id, CHEN, other)
    assert "2018年温州市食品安全" not in await world.ask(GROUP_ID, LIN, f"@duban_test_bot {other}")
