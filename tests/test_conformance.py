"""One conversation, the same on every platform: each adapter speaks to its vendor's double on loopback."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conversation import Conversation
from vendor import BOSS, CLERK, Shown, makes
from world import copy_home

from bot.messages import Button, File, Outgoing
from config.database import reading
from corpus.models import EventKind
from reminders.models import OutboxState

DOUBLES = dict(makes())
QUESTION, FIGURE = "乐清12315热线接通率要达到多少？", "90%"
SOURCE = "《乐清市食品安全示范城市国省联创工作方案》"
RARE = "𠮷野家督办员䶮某，全家👩‍👩‍👧到会🎉"
PLAN = """2022年甲县消防安全整治工作方案

序号\t工作任务\t具体措施\t责任单位\t完成时限
1\t高层建筑整治\t对全县28栋高层住宅开展消防设施检测，完好率达到95%以上。\t县消防救援大队\t2022年11月30日前
2\t电动车充电设施\t新建智能充电端口600个。\t县住建局牵头，县供电公司配合\t2022年12月底前
"""
SHEET = b"PK\x03\x04" + bytes(range(256)) * 40
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in DOUBLES],
)
def talk(
    request: pytest.FixtureRequest, made_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Conversation]:
    """One running application for all that follows on a platform, in the order written here."""
    home = copy_home(made_home, tmp_path_factory.mktemp("talk") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        conversation = Conversation(DOUBLES[request.param](), home)
        try:
            yield conversation
        finally:
            conversation.stop()


@pytest.fixture(autouse=True)
def _is_correct(talk: Conversation) -> Iterator[None]:
    """Nothing was asked of the vendor that no correct program asks."""
    talk.settle()
    before = len(talk.vendor.complaints)
    yield
    assert talk.vendor.complaints[before:] == []


def texts(shown: list[Shown]) -> str:
    return "\n".join(message.text for message in shown)


def says(talk: Conversation, chat: str, *rows: str, **more: Any) -> Outgoing:
    """A message for a chat of this platform."""
    return Outgoing(talk.vendor.chat_id(chat), rows, **more)


def shown_by(talk: Conversation, message: Outgoing) -> list[Shown]:
    """What a message looks like to the person in the private chat."""
    return talk.answers("private", lambda: talk.tell(message))


def times_shown(talk: Conversation, text: str) -> int:
    return texts(talk.vendor.shown("private")).count(text)


# ---- questions


def test_a_question_is_answered_once_with_its_source(talk: Conversation) -> None:
    answers = talk.answers("private", lambda: talk.vendor.say("private", BOSS, QUESTION))
    assert FIGURE in texts(answers)
    assert SOURCE in texts(answers)
    (heard,) = talk.heard(QUESTION)
    assert (heard.chat_id, heard.is_group) == (talk.vendor.chat_id("private"), False)
    assert heard.account_id in (BOSS, heard.chat_id)  # a browser's chat is its only account
    assert heard.at.tzinfo is not None


def test_in_the_group_only_who_speaks_to_the_bot_is_answered(talk: Conversation) -> None:
    group = talk.vendor.chat_id("group")
    talk.settle()
    before = len(talk.vendor.shown("group"))
    talk.vendor.say("group", CLERK, "今天食堂吃什么", addressed=False)
    assert FIGURE in talk.ask("group", CLERK, QUESTION)
    answers = texts(talk.vendor.shown("group")[before:])
    assert "食堂" not in answers
    (heard,) = [one for one in talk.heard(QUESTION) if one.chat_id == group]
    assert (heard.is_group, heard.account_id, heard.addressed) == (True, CLERK, True)


def test_a_long_list_arrives_whole_in_its_order(talk: Conversation) -> None:
    rows = tuple(
        f"{n}. 第{n}段河道清淤，<b>责任</b>单位：*市水利局* [原文]_{n}_&" for n in range(1, 401)
    )
    shown = shown_by(talk, says(talk, "private", *rows))
    assert texts(shown) == "\n".join(rows)
    assert len(shown) > 1 or talk.limits.text_units > 15_000


def test_ten_thousand_characters_without_a_break(talk: Conversation) -> None:
    text = "督办" * 5000
    shown = shown_by(talk, says(talk, "private", text))
    assert texts(shown).replace("\n", "") == text


def test_who_writes_ten_thousand_characters_gets_one_line(talk: Conversation) -> None:
    (answer,) = talk.answers("private", lambda: talk.vendor.say("private", BOSS, "督办" * 5000))
    assert "太长" in answer.text


def test_rare_characters_and_picture_signs_come_through(talk: Conversation) -> None:
    talk.ask("private", BOSS, RARE)
    assert len(talk.heard(RARE)) == 1
    rows = tuple(f"{n} {RARE}" for n in range(300))
    shown = shown_by(talk, says(talk, "private", *rows))
    assert texts(shown) == "\n".join(rows)
    one_row = "👩‍👩‍👧" * 3000
    assert texts(shown_by(talk, says(talk, "private", one_row))).replace("\n", "") == one_row


def test_a_message_of_an_unknown_kind_is_answered_politely(talk: Conversation) -> None:
    answers = talk.answers("private", lambda: talk.vendor.send_other("private", BOSS))
    assert "文字" in texts(answers)


# ---- buttons, edits, files


def test_buttons_are_pressed_or_answered_by_their_number(talk: Conversation) -> None:
    rows = ((Button("有用", "good:1"), Button("没用", "bad:1")), (Button("同意", "grant:999"),))
    (asked,) = shown_by(talk, says(talk, "private", "请选择", buttons=rows))
    if not talk.limits.hears:
        assert (asked.text, asked.buttons) == ("请选择", [])
        return
    if talk.limits.buttons:
        assert asked.buttons == ["有用", "没用", "同意"]
    else:
        assert "1 有用，2 没用，3 同意" in asked.text
    answer = talk.press("private", asked, BOSS, "同意")
    assert answer in ("只有管理员可以决定。", "这个申请已经处理过了。")


def test_a_message_is_edited_or_said_anew(talk: Conversation) -> None:
    told = talk.tell(
        says(talk, "private", "未报送：3个单位", buttons=((Button("有用", "good:1"),),))
    )
    assert told.platform_message_id or not talk.limits.can_edit
    first = told.platform_message_id or "1"
    before = talk.vendor.shown("private")
    fewer = says(
        talk, "private", "未报送：1个单位", edits=first,
        buttons=((Button("有用", "good:2"),),),
    )  # fmt: skip
    talk.tell(fewer)
    after = talk.vendor.shown("private")
    assert "未报送：1个单位" in after[-1].text
    assert after[-1].edited == talk.limits.can_edit
    assert len(after) == len(before) + (0 if talk.limits.can_edit else 1)
    talk.tell(says(talk, "private", "全部已报送", edits=first))
    last = talk.vendor.shown("private")
    assert last[-1].text == "全部已报送"
    plain = talk.limits.can_edit and not talk.limits.edits_cards_only
    assert len(last) == len(after) + (0 if plain else 1)


def test_a_plan_is_sent_as_a_file_read_and_published(talk: Conversation) -> None:
    talk.make_admin()
    act = lambda: talk.vendor.send_file("private", BOSS, "方案 终稿.txt", PLAN.encode())  # noqa: E731
    (card,) = talk.answers("private", act)
    assert "草稿" in card.text
    assert "任务2项" in card.text
    assert "已发布" in talk.press("private", card, BOSS, "发布")
    assert "600个" in talk.ask("private", BOSS, "智能充电端口要建多少个？")


def test_files_and_pictures_are_sent_or_told_of(talk: Conversation) -> None:
    files = (File("通报 2022年10月.xlsx", SHEET), File("红黄绿灯.png", PICTURE))
    shown = shown_by(talk, says(talk, "private", "10月通报", files=files))
    assert "10月通报" in shown[0].text
    there = {name: content for message in shown for name, content in message.files.items()}
    for file in files:
        if len(file.content) <= talk.limits.file_bytes:
            names = [name for name, content in there.items() if content == file.content]
            assert names
            assert names == [file.name] or file.content == PICTURE, "a picture may lose its name"
        else:
            assert file.name in texts(shown)


# ---- a reminder and its answers


def test_a_reminder_is_answered_by_word_and_by_button(talk: Conversation) -> None:
    talk.bind_group()
    talk.settle()
    # 2022-12-31 is a Saturday: the seventh working day before it is Thursday the 22nd
    shown = talk.answers("group", lambda: talk.advance_to("2022-12-22T09:30"))
    # a weekly list may come at the same time, and says it too
    told = [one for one in shown if "收到" in one.text + "".join(one.buttons)]
    # where a card can't hold the words, a text says them before it
    assert texts(told).count("2022年12月31日") == 1
    reminder = told[-1]
    assert talk.advance_to("2022-12-22T10:00") == 0, "it is planned once"
    assert "收到" in talk.ask("group", CLERK, "收到")
    assert [(event.kind, event.by_name != "") for event in talk.history()] == [
        (EventKind.ACK, True)
    ]
    assert "收到" in talk.press("group", reminder, CLERK, "收到")
    asked = talk.ask("group", CLERK, "进展")
    assert ("回复本条消息" in asked) != talk.limits.hears_only_mentions
    assert "已取消" in talk.ask("group", CLERK, "取消")


# ---- faults of the vendor


@pytest.mark.parametrize("fault", ["busy", "error"])
def test_what_the_vendor_puts_off_arrives_once(talk: Conversation, fault: str) -> None:
    talk.vendor.fail(fault)
    told = talk.tell(says(talk, "private", f"{fault}：请于周五前报送"))
    assert told.state is OutboxState.SENT, told.platform_words
    assert told.attempts == 2
    assert times_shown(talk, f"{fault}：请于周五前报送") == 1


@pytest.mark.parametrize("fault", ["hang", "drop"])
def test_what_gets_no_answer_is_sent_at_most_once_and_holds_up_nothing(
    talk: Conversation, fault: str
) -> None:
    talk.vendor.fail(fault)
    with talk.impatient():
        told = talk.tell(says(talk, "private", f"{fault}：请于周五前报送"))
    assert told.state in (OutboxState.UNKNOWN, OutboxState.SENT), told.platform_words
    assert FIGURE in talk.ask("private", BOSS, QUESTION)
    assert times_shown(talk, f"{fault}：请于周五前报送") <= 1


# ---- who calls us


def test_what_is_delivered_again_is_answered_once(talk: Conversation) -> None:
    text = "/due 2022年12月"
    talk.ask("private", BOSS, text)
    before = len(talk.vendor.shown("private"))
    talk.vendor.redeliver()
    assert len(talk.answers("private", lambda: talk.vendor.say("private", BOSS, "/help"))) == 1
    assert len(talk.heard(text)) == 1
    assert len(talk.vendor.shown("private")) == before + 1


def test_a_forged_call_is_refused(talk: Conversation) -> None:
    assert talk.vendor.forge("private", BOSS, "伪造的消息")
    talk.ask("private", BOSS, "/help")
    assert talk.heard("伪造的消息") == []


def test_a_call_that_is_played_again_later_does_nothing(talk: Conversation) -> None:
    text = "/due 2022年11月"
    talk.ask("private", BOSS, text)
    before = len(talk.vendor.shown("private"))
    refused = talk.vendor.replay()
    talk.ask("private", BOSS, "/help")
    assert len(talk.heard(text)) == 1, f"it was {'' if refused else 'not '}refused"
    assert len(talk.vendor.shown("private")) == before + 1


# ---- the end


def test_a_chat_that_is_gone_is_marked_and_not_written_to_again(talk: Conversation) -> None:
    """The last test: the bot is not let in again."""
    message = says(talk, "group", "请于周五前报送")
    talk.vendor.gone("group")
    told = talk.tell(message)
    assert told.state is OutboxState.FAILED
    assert told.platform_words, "the vendor's own words are kept"
    with reading(talk.core.engine) as session:
        chat = talk.chat(session, "group")
    assert chat is None or chat.is_dead
