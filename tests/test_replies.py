"""What people answer to reminders: each answer by button and in words, and what follows from it."""

from datetime import date
from pathlib import Path

import pytest
from answerers import ADMIN, DUE, GROUP, OFFICE, OTHERS, Office
from small_ledger import Row, add_plan, bind
from sqlalchemy import Engine
from sqlmodel import col, select

from bot.answering.words import Verb, read
from bot.models import Chat
from bot.router import Router
from config.database import reading, writing
from corpus.models import EventFile, EventKind, Task, Timing, Unit
from corpus.naming import short
from corpus.values import Role, TimingKind
from reminders.models import OutboxMessage, ReportWindow

FIRST_DAY = "2022-09-21 09:00"  # seven working days before the due day


@pytest.fixture
def office(small: Engine, tmp_path: Path) -> Office:
    """On SQLite, for what no database decides."""
    return Office(small, tmp_path)


@pytest.fixture
def either(engine: Engine, tmp_path: Path) -> Office:
    """On each database, where the supervising office has the last word on 办结."""
    return Office(engine, tmp_path, completion="office")


def of_group(messages: list[OutboxMessage], chat: str = GROUP) -> OutboxMessage:
    return next(message for message in messages if message.chat_id == chat)


# ---- words


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("开展校车检查。", "开展校车检查"),
        ("开展检查；\n 整改隐患。", "开展检查； 整改隐患"),
        ("检" * 50, "检" * 39 + "…"),
    ],
)
def test_the_name_of_a_task_stands_inside_a_sentence(printed: str, said: str) -> None:
    assert short(printed) == said


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("收到", "收到了吗"),
        ("好的，收到", "收到通知后要做什么"),
        ("办结了", "办结了多少项？"),
        ("第2项办结", "第2项什么时候办结"),
        ("2、3办结", "已办结的任务有哪些"),
        ("进展：已完成80%，下周验收", "进展如何？"),
        ("第2项进展：正在研究如何整改", "第2项的进展如何"),
        ("进展 已招标", "进展 怎么报"),
        ("报送：第二季度排查情况见附件", "报送时间是什么时候"),
        ("报送第二季度情况：排查120处", "报送给谁"),
        ("已报送", "谁还没报送"),
        ("申请延期到2022年10月31日，因为设备未到货", "申请延期要怎么办？"),
        ("第1项申请延期一个月，因为汛期", "申请延期的流程"),
        ("申请延期", "可以延期吗"),
        ("不是我单位，应由市水务局牵头", "不是我单位的任务有哪些"),
        ("退回：不属于我局职责", "退回要怎么操作"),
        ("这项工作不归我们管，归城管局", "这不是我们单位的吧？"),
    ],
)
def test_an_answer_is_no_question_and_a_question_no_answer(said: str, question: str) -> None:
    assert read(said) is not None
    assert read(question) is None


def test_an_answer_says_what_it_is_about() -> None:
    said = read("第2、3项办结：验收报告已印发")
    assert said is not None
    assert (said.verb, said.numbers, said.is_row) == (Verb.DONE, (2, 3), True)
    assert said.text == "验收报告已印发"
    assert read("进展 80%") == read("进展：80%")  # eighty is no item


# ---- 收到 and 办结


def test_ack_and_done_by_button_and_by_words(office: Office) -> None:
    reminder = office.reminder(of_group(office.at(FIRST_DAY)))
    assert [b.label for row in reminder.buttons for b in row] == ["收到", "办结", "更多"]
    assert "收到（2项）" in office.says(GROUP, "收到", addressed=False)
    assert "此前已答复" in office.presses(GROUP, "收到", under=reminder)
    assert "哪一项" in office.says(GROUP, "办结了")
    assert "校园周边" in office.presses(GROUP, "1.")
    assert "消防设施" in office.says(GROUP, "办结 2：检测报告已归档", by="王科员")
    assert "已经办结" in office.says(GROUP, "2办结")
    assert office.history() == [EventKind.ACK] * 2 + [EventKind.DONE] * 2
    assert office.events()[-1].text == "检测报告已归档"
    assert "都已办结" in office.says(GROUP, "收到")


def test_the_supporting_unit_speaks_for_itself_the_lead_unit_for_all(office: Office) -> None:
    office.at(FIRST_DAY)
    assert "校园周边" in office.says(OTHERS, "已完成")
    assert office.at("2022-09-29 09:00") != []  # the lead unit owes both still
    office.says(GROUP, "全部办结")
    assert office.history("anquan-0") == [EventKind.DONE, EventKind.DONE]
    assert office.at("2022-09-30 09:00") == []


def test_strangers_answer_nothing(either: Office) -> None:
    reminder = either.reminder(of_group(either.at(FIRST_DAY)))
    done = next(b.data for row in reminder.buttons for b in row if b.label == "办结")
    assert "没有待答复" in either.says("路人", "", by="路人", button=done)
    assert "没有待答复" in either.says("路人", "办结 2", by="路人")
    assert either.says("闲聊群", "收到", addressed=False) == ""
    assert "没有待答复" in either.says(GROUP, "", button="done:999999999")
    assert "已失效" in either.says(GROUP, "", button="done:999999999999")
    assert either.history() == []


def test_an_answer_means_the_reminder_that_arrived(office: Office) -> None:
    first = of_group(office.at(FIRST_DAY))
    second = of_group(office.at("2022-09-27 09:00"))  # three working days before
    assert second.id != first.id
    now = office.core.clock.now()
    with writing(office.engine) as session:  # refused by the platform, and waiting for another try
        refused = OutboxMessage(
            dedup_key="refused", kind="reminder", platform="console", chat_id=GROUP, facts={},
            due_at=now, created_at=now, attempts=1, platform_words="Too Many Requests",
        )  # fmt: skip
        session.add(refused)
    assert "收到（2项）" in office.says(GROUP, "收到")
    office.says(GROUP, "第1项办结", replied_to=f"m{first.id}")
    assert office.history("anquan-0") == [EventKind.ACK, EventKind.DONE]
    with writing(office.engine) as session:  # what is on its way may have been read already
        refused.claimed_by = "worker"
        session.add(refused)
    assert "不在执行" in office.says(GROUP, "收到")


def test_the_number_in_the_plan_and_in_the_reminder_may_differ(office: Office) -> None:
    office.at(FIRST_DAY)
    office.says(GROUP, "办结 1")
    office.at("2022-09-29 09:00")  # one item is left: number 1 here, number 2 in the plan
    assert "消防设施" in office.says(GROUP, "第2项办结")


# ---- 进展


def test_progress_with_text_and_files(office: Office) -> None:
    reminder = office.reminder(of_group(office.at(FIRST_DAY)))
    assert "哪一项的进展" in office.says(GROUP, "进展：已完成80%，下周验收")
    assert "80%" in office.presses(GROUP, "2.")  # what was said is not lost
    office.presses(GROUP, "更多", under=reminder)
    office.presses(GROUP, "进展")
    assert "10分钟" in office.presses(GROUP, "1.")
    assert office.says(GROUP, "今天食堂吃什么？", by="林科长", addressed=False) == ""
    photo = [("现场.jpg", b"\xff\xd8\xff")]
    assert office.says(GROUP, "午饭在这家店", addressed=False, files=photo) == ""
    answer = office.says(GROUP, "", addressed=False, files=photo, restarted=True)
    assert "现场.jpg" in answer
    assert "已补充" in office.says(GROUP, "", addressed=False, files=[("表.xlsx", b"PK\x03\x04")])
    assert "进度" in office.says(GROUP, "第2项进展", files=[("进度.pdf", b"%PDF-1.4")])
    assert office.history() == [EventKind.PROGRESS] * 3
    assert [e.lineage for e in office.events()] == ["anquan-1", "anquan-0", "anquan-1"]
    with reading(office.engine) as session:
        kept = {(f.event_id, f.file_name) for f in session.exec(select(EventFile))}
    first, second = office.events()[1].id, office.events()[2].id
    assert kept == {(first, "现场.jpg"), (first, "表.xlsx"), (second, "进度.pdf")}


@pytest.mark.parametrize("hears", ["all", "mentions"])
def test_a_group_is_asked_for_what_it_can_send(office: Office, hears: str) -> None:
    office.router = Router(office.core, {"console"} if hears == "mentions" else ())
    office.at(FIRST_DAY)
    for verb, by_file in (("进展 1", True), ("退回 1", False)):
        asked = office.says(GROUP, verb)
        assert "10分钟内" in asked
        assert "@我" in asked
        assert ("回复本条消息" in asked) == (hears == "all")
        assert ("单独发文件" in asked) == (hears == "all" and by_file)
        assert ("照片可以放在同一条里" in asked) == (hears == "mentions" and by_file)


def test_what_may_harm_is_not_kept(office: Office) -> None:
    office.at(FIRST_DAY)
    for name, content, why in (
        ("清单.exe", b"x", "可执行"),
        ("清单.pdf", b"MZ\x90\x00", "可执行"),
        ("报表.xlsm", b"PK", "可执行"),
        ("资料.xyz", b"x", "格式不收"),
        ("空.docx", b"", "空的"),
        ("大.pdf", b"%PDF" + bytes(20 * 1024 * 1024), "20 MB"),
    ):
        assert why in office.says(GROUP, "第1项进展：见附件", files=[(name, content)]), name
    assert office.history() == []


def test_what_was_begun_can_be_left_and_runs_out(office: Office) -> None:
    reminder = office.reminder(of_group(office.at(FIRST_DAY)))
    progress = next(b.data for r in reminder.buttons for b in r).replace("ack", "progress")
    office.says(GROUP, "", button=progress)
    office.presses(GROUP, "1.")
    assert office.says(GROUP, "正在办", by="别人", addressed=False) == ""  # of another person
    assert office.says(GROUP, "中午在哪里开会", addressed=False) == ""  # to a colleague
    assert office.says(GROUP, "取消", addressed=False) == ""
    assert "已取消" in office.says(GROUP, "取消")
    office.says(GROUP, "", button=progress)
    office.presses(GROUP, "1.")
    office.later(minutes=11)
    late = [("现场.jpg", b"\xff\xd8\xff")]
    assert office.says(GROUP, "", addressed=False, files=late) == ""
    assert office.history() == []


# ---- 办结 that is confirmed


def test_completion_is_confirmed_by_the_office(either: Office) -> None:
    first = of_group(either.at(FIRST_DAY))
    assert "确认前暂停提醒" in either.says(GROUP, "办结 1：已验收", files=[("验收.pdf", b"%PDF")])
    asked = either.heard(OFFICE)
    assert either.heard(ADMIN).rows[1:] == asked.rows[1:]
    assert "市教育局（林科长）申请办结：已验收" in either.heard(ADMIN).text
    assert "市教育局申请办结：已验收（附件：验收.pdf）" in asked.text  # names are for admins
    assert "正等" in either.says(GROUP, "1办结")
    told = [m.chat_id for m in either.at("2022-09-29 09:00")]
    assert GROUP in told  # of the other task
    assert OTHERS not in told  # the lead unit's word pauses it for all
    assert "只有管理员" in either.presses(GROUP, "同意", under=asked)
    assert "已退回" in either.presses(OFFICE, "不同意", by="安办老李", under=asked)
    assert "继续办理" in either.heard(GROUP).text
    assert "处理过" in either.presses(ADMIN, "同意", by=ADMIN, under=asked)
    either.says(GROUP, "第1项办结", replied_to=f"m{first.id}")
    assert "已确认办结" in either.presses(ADMIN, "同意", by=ADMIN, under=either.heard(ADMIN))
    assert "不再提醒" in either.heard(GROUP).text
    assert either.history("anquan-0") == [
        EventKind.COMPLETION_ASKED, EventKind.COMPLETION_REFUSED,
        EventKind.COMPLETION_ASKED, EventKind.DONE,
    ]  # fmt: skip
    assert either.says(ADMIN, "", by=ADMIN, button=f"files:{either.events()[0].id}")
    assert [f.name for f in either.shown.files] == ["验收.pdf"]


# ---- 申请延期


def test_an_extension_is_asked_granted_and_moves_the_day(office: Office) -> None:
    reminder = office.reminder(of_group(office.at(FIRST_DAY)))
    office.presses(GROUP, "更多", under=reminder)
    office.presses(GROUP, "申请延期")
    assert "写明延期到哪一天" in office.presses(GROUP, "2.")
    assert "应在此之后" in office.says(GROUP, "到2022年9月1日，因为设备未到货")
    office.says(GROUP, "取消")
    assert "原因" in office.says(GROUP, "第2项申请延期到10月底")
    assert "回复本条消息" in office.shown.text
    assert office.says(GROUP, "设备未到货", addressed=False) == ""
    assert office.says(GROUP, "", addressed=False, files=[("合影.jpg", b"\xff\xd8\xff")]) == ""
    assert "按原时限" in office.says(GROUP, "设备未到货")
    asked = office.heard(OFFICE)
    assert "从2022年9月30日延期到2022年10月31日，原因：设备未到货" in asked.text
    assert "等管理员" in office.says(GROUP, "第2项申请延期到11月底，因为设备未到货")
    assert "已同意" in office.presses(OFFICE, "同意", by="安办老李", under=asked)
    assert "2022年10月31日" in office.heard(GROUP).text
    granted = office.events()[-1]
    assert (granted.kind, granted.occurrence_on) == (EventKind.EXTENSION_GRANTED, DUE)
    shown = of_group(office.at("2022-09-29 09:00")).text
    assert "2022年9月30日到期（还有1天；原文“按期完成”）\n完成校园周边" in shown
    assert "2022年10月31日到期（还有32天；原文“按期完成”）\n开展校舍" in shown
    assert any("消防设施" in m.text for m in office.at("2022-10-20 09:00"))  # seven days before
    # put off again: it is the day in the plan that is moved
    office.says(GROUP, "第2项申请延期一个月，因为验收排期靠后")
    office.presses(ADMIN, "同意", by=ADMIN, under=office.heard(ADMIN))
    again = office.events()[-1]
    assert (again.occurrence_on, str(again.until_on)) == (DUE, "2022-11-30")
    office.says(GROUP, "第2项申请延期一年，因为想再等等")
    office.presses(ADMIN, "不同意", by=ADMIN, under=office.heard(ADMIN))
    assert "未获同意" in office.heard(GROUP).text


def test_an_extension_of_a_day_that_was_changed_meanwhile_is_not_promised(office: Office) -> None:
    office.at(FIRST_DAY)
    office.says(GROUP, "第2项申请延期到10月底，因为设备未到货")
    asked = office.heard(OFFICE)
    with writing(office.core.engine) as session:
        timing = session.exec(
            select(Timing).join(Task).where(Task.lineage == "anquan-1", Timing.key == "k0")
        ).one()
        timing.due_on = date(2022, 10, 10)
        session.add(timing)
    assert "不再适用" in office.presses(OFFICE, "同意", by="安办老李", under=asked)
    assert "请重新申请" in office.heard(GROUP).text
    assert office.history("anquan-1")[-1] is EventKind.EXTENSION_REFUSED


# ---- 退回


def test_what_is_returned_is_moved_or_kept(office: Office) -> None:
    office.at(FIRST_DAY)
    assert "原因" in office.says(GROUP, "退回 2")
    assert "暂停提醒" in office.says(GROUP, "应由市住建局负责")
    asked = office.heard(ADMIN)
    assert "应由市住建局负责" in asked.text
    told = of_group(office.at("2022-09-27 09:00")).text
    assert "校园周边" in told
    assert "消防设施" not in told
    words = office.presses(ADMIN, "改派", by=ADMIN, under=asked)
    line = next(row for row in words.splitlines() if row.startswith("更正"))
    assert line == "更正 anquan 第2项 牵头 应负责的单位"
    assert "已更正" in office.says(ADMIN, line.replace("应负责的单位", "市住建局"), by=ADMIN)
    assert "不再负责" in office.heard(GROUP).text
    assert "处理过" in office.presses(ADMIN, "维持", by=ADMIN, under=asked)
    assert "消防设施" in of_group(office.at("2022-09-29 09:00"), OTHERS).text
    office.says(GROUP, "第1项不是我局职责，应由市交警大队负责")
    assert "已维持" in office.presses(ADMIN, "维持", by=ADMIN, under=office.heard(ADMIN))
    assert "仍由贵单位" in office.heard(GROUP).text


# ---- 报送


def monthly(office: Office, *reports: str) -> None:
    """市教育局 owes these reports by the 25th of each month, 市住建局 the first of them too."""
    rule = "FREQ=MONTHLY;BYMONTHDAY=25"
    rows = [
        Row(
            text,
            dict.fromkeys(["市教育局", "市住建局"][: 1 if n else 2], Role.RESPONSIBLE), None,
            TimingKind.RECURRING, rule, is_report=True, when="每月25日前", about=text,
        )
        for n, text in enumerate(reports)
    ]  # fmt: skip
    with writing(office.engine) as session:
        add_plan(session, "yuebao", rows, title="校园安全月报制度")


def received(office: Office) -> list[tuple[str, str, str]]:
    """(unit, period, day) of each report that came."""
    with reading(office.engine) as session:
        found = session.exec(select(ReportWindow).order_by(col(ReportWindow.id))).all()
        return [
            (session.get_one(Unit, w.unit_id).name, w.period, str(w.received_on))
            for w in found
            if w.received_on
        ]


def test_a_report_is_handed_in_by_button_and_by_words(either: Office) -> None:
    monthly(either, "报送校车安全情况")
    told = of_group(either.at("2022-09-22 09:00"))
    reminder = either.reminder(told)
    assert "报送校车安全情况" in reminder.text
    assert "报送（2022年9月）" in reminder.text
    either.presses(GROUP, "更多", under=reminder)
    either.presses(GROUP, "报送")
    assert "10分钟" in either.shown.text
    done = either.says(GROUP, "排查校车120辆", files=[("月报.docx", b"PK\x03\x04")])
    assert (
        "已收到报送：市教育局 2022年9月 报送校车安全情况：排查校车120辆（附件：月报.docx）" in done
    )
    assert "补充报送" in either.says(GROUP, "报送：更正为121辆", replied_to=f"m{told.id}")
    assert "已收到报送：市住建局" in either.says(OTHERS, "已报送", addressed=False)
    assert received(either) == [
        ("市教育局", "2022-09", "2022-09-22"),
        ("市住建局", "2022-09", "2022-09-22"),
    ]
    assert either.history("yuebao-0") == [EventKind.REPORTED] * 3
    assert "没有待报送" in either.says(OFFICE, "报送：情况如下")
    assert "没有绑定" in either.says("路人", "报送：情况如下", by="路人")


def test_of_several_reports_it_is_asked_which(office: Office) -> None:
    monthly(office, "报送校车安全情况", "报送食堂检查情况")
    office.at("2022-09-22 09:00")
    asked = office.says(GROUP, "报送：检查食堂45家", files=[("台账.xlsx", b"PK\x03\x04")])
    assert asked == "报送的是哪一项？"
    assert "检查食堂45家（附件：台账.xlsx）" in office.presses(GROUP, "食堂")
    assert office.history("yuebao-1") == [EventKind.REPORTED]
    office.later(days=20)  # the one that is left is late now
    assert "逾期" in office.says(GROUP, "报送：校车120辆")


# ---- orders and history


def test_an_admin_mutes_wakes_and_reopens(office: Office) -> None:
    office.at(FIRST_DAY)
    assert "管理员" in office.says(GROUP, "不再提醒 anquan 第1项，因为机构改革")
    assert "原因" in office.says(ADMIN, "静音 anquan 第1项", by=ADMIN)
    assert "不再提醒" in office.says(ADMIN, "静音 anquan 第1项，因为机构改革", by=ADMIN)
    assert [m.chat_id for m in office.at("2022-09-27 09:00")] == [GROUP]  # of the other task
    assert "恢复提醒" in office.says(ADMIN, "恢复提醒 anquan 第1项", by=ADMIN)
    assert OTHERS in [m.chat_id for m in office.at("2022-09-29 09:00")]
    office.says(GROUP, "全部办结")
    assert "重新办理" in office.says(ADMIN, "重新办理 anquan 第1项，因为抽查不合格", by=ADMIN)
    assert "抽查不合格" in office.heard(GROUP).text
    assert any("校园周边" in m.text for m in office.at("2022-09-30 09:00"))
    for row, no in (("第9项", "9"), ("附件2第1项", "附件2第1项"), ("附件1（三）", "附件1（三）")):
        said = office.says(ADMIN, f"静音 anquan {row}，因为改革", by=ADMIN)
        assert f"没有“{no}”这一行" in said
        assert f"没有“{no}”这一行" in office.says(ADMIN, f"anquan {row}的历史", by=ADMIN)


def test_the_history_of_a_task_is_shown_to_those_concerned(office: Office) -> None:
    office.at(FIRST_DAY)
    office.says(GROUP, "第1项进展：已完成80%", files=[("现场.jpg", b"\xff\xd8\xff")])
    office.says(OTHERS, "收到")
    office.says(OTHERS, "第1项进展：护栏已装", files=[("护栏.jpg", b"\xff\xd8\xff")])
    shown = office.says(GROUP, "进展记录 anquan 第1项")
    assert "2022-09-21 09:00 市教育局：进展：已完成80%（附件：现场.jpg）" in shown
    assert "市住建局：收到" in shown
    assert "市住建局：进展：护栏已装（附件：护栏.jpg）" in shown
    office.presses(GROUP, "看附件")
    assert [f.content for f in office.shown.files] == [b"\xff\xd8\xff"]
    assert "市教育局 林科长：进展" in office.says(ADMIN, "历史 anquan 第1项", by=ADMIN)
    assert "林科长" not in office.says(GROUP, "历史 anquan 第1项", by=ADMIN)
    assert "还没有办理记录" in office.says(GROUP, "第2项的历史")
    assert "只有管理员" in office.says("路人", "历史 anquan 第1项", by="路人")
    button = f"files:{office.events()[0].id}"
    assert "只有管理员" in office.says("路人", "", by="路人", button=button)
    # who helps sees who answered when, and reads its own words and those that are for all
    office.says(GROUP, "第1项申请延期到10月底，因为设备未到货")
    office.presses(ADMIN, "同意", by=ADMIN, under=office.heard(ADMIN))
    office.says(ADMIN, "不再提醒 anquan 第1项，因为机构改革", by=ADMIN)
    shown = office.says(OTHERS, "进展记录 anquan 第1项")
    assert shown.splitlines()[1:] == [
        "2022-09-21 09:00 市教育局：进展",
        "2022-09-21 09:00 市住建局：收到",
        "2022-09-21 09:00 市住建局：进展：护栏已装（附件：护栏.jpg）",
        "2022-09-21 09:00 市教育局：申请延期到2022年10月31日",
        "2022-09-21 09:00 督办：同意延期到2022年10月31日",
        "2022-09-21 09:00 督办：不再提醒：机构改革",
    ]
    office.presses(OTHERS, "看附件")
    assert [f.name for f in office.shown.files] == ["护栏.jpg"]
    assert "别的单位的附件" in office.says(OTHERS, "", button=button)
    assert "因为设备未到货" not in shown


def test_a_chat_scoped_to_other_plans_is_not_told_what_was_decided(office: Office) -> None:
    office.at(FIRST_DAY)
    with writing(office.engine) as session:
        bind(session, "市教育局", "督导群")
        bind(session, "市教育局", "财务群")
        session.flush()
        chat = session.exec(select(Chat).where(Chat.chat_id == "财务群")).one()
        chat.plan_ids = ["caiwu"]
    office.says(GROUP, "第2项申请延期到10月底，因为设备未到货")
    office.presses(ADMIN, "同意", by=ADMIN, under=office.heard(ADMIN))
    assert {chat for chat, _ in office.told} == {ADMIN, GROUP, "督导群"}
    office.says(ADMIN, "重新办理 anquan 第2项，因为抽查不合格", by=ADMIN)
    assert {chat for chat, _ in office.told} == {ADMIN, GROUP, "督导群"}


# ---- what changed meanwhile


def test_the_plan_may_be_revised_between_reminder_and_answer(office: Office) -> None:
    reminder = office.reminder(of_group(office.at(FIRST_DAY)))
    with writing(office.engine) as session:  # the first task is gone, the second is worded anew
        row = Row("开展校舍消防设施全面检测。", {"市教育局": Role.LEAD}, DUE, lineage="anquan-1")
        add_plan(session, "anquan", [row], title="校园安全整治方案（修订）")
    assert "全面检测" in office.presses(GROUP, "办结", under=reminder)
    with writing(office.engine) as session:  # it is given to another unit
        row = Row("开展校舍消防设施全面检测。", {"市住建局": Role.LEAD}, DUE, lineage="anquan-1")
        add_plan(session, "anquan", [row], title="校园安全整治方案（再修订）")
    assert "不由本会话的单位负责" in office.says(GROUP, "办结 2")
    with writing(office.engine) as session:
        row = Row("开展食堂检查。", {"市教育局": Role.LEAD}, DUE, lineage="anquan-9")
        add_plan(session, "anquan", [row], title="校园安全整治方案（三次修订）")
    assert "不在执行" in office.says(GROUP, "办结 2")
    assert office.history() == [EventKind.DONE]
