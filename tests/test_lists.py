"""A long list in a chat comes in pages, and as a table or a picture of exactly its rows."""

import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from PIL import Image

from bot import lists, tables
from bot.core import Core
from bot.messages import Button, Incoming, Outgoing
from bot.router import Router
from config.database import writing
from config.settings import Settings
from rag.question import Question

DATA = Path(__file__).parent / "data" / "plans"
AT = datetime(2025, 6, 10, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
LONG = "澜川市2025年河湖长制工作要点的全部任务有哪些"


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    core = Core.open(
        Settings(home=tmp_path_factory.mktemp("lists"), embedding_model="hashed-ngrams-1")
    )
    core.clock.move_to(AT)
    core.ingest(DATA / "hezhang.txt", by="test", plan_id="hezhang", publish=True)
    yield core
    core.close()


def say(core: Core, text: str = "", button: str = "", chat: str = "7") -> Outgoing:
    """What a chat gets for a message or a button."""
    say.count += 1  # type: ignore[attr-defined]
    number = f"m{say.count}"  # type: ignore[attr-defined]
    said = Incoming("web", number, chat, False, "a", "林科长", text, AT, button=button)
    action = Router(core).route(said)
    with writing(core.engine) as session:
        ((_, message),) = action(session)
    return message


say.count = 0  # type: ignore[attr-defined]


def labelled(message: Outgoing, label: str) -> str:
    found = [b for row in message.buttons for b in row if b.label == label]
    assert len(found) == 1, [b for row in message.buttons for b in row]
    return found[0].data


def items(message: Outgoing) -> list[str]:
    return [row for row in message.rows if lists.ITEM.match(row)]


def test_pages_hold_every_row_once_and_each_tells_the_count_and_the_source(core: Core) -> None:
    whole = core.answer(Question(LONG, date(2025, 6, 10)))
    expected = [row for row in whole.rows if lists.ITEM.match(row)]
    assert len(expected) > lists.PAGE
    message, found = say(core, LONG), list[str]()
    first = message
    while True:
        assert f"共{len(expected)}项" in message.text
        assert whole.rows[-1] in message.rows
        assert len(items(message)) <= lists.PAGE
        found += items(message)
        following = [b for row in message.buttons for b in row if b.label == "下一页"]
        if not following:
            break
        assert [b.label for row in message.buttons for b in row if b.is_main] == ["下一页"]
        message = say(core, button=following[0].data)
    assert found == expected
    back = say(core, button=labelled(message, "上一页"))
    assert items(back) == items(first) or len(expected) > 2 * lists.PAGE


def test_a_short_list_is_whole(core: Core) -> None:
    message = say(core, "澜川市2025年河湖长制工作要点中市住建局负责哪些任务？")
    assert 0 < len(items(message)) <= lists.PAGE
    assert "下一页" not in [b.label for row in message.buttons for b in row]


def test_the_table_holds_exactly_the_rows_of_the_list(core: Core) -> None:
    message = say(core, LONG)
    sent = say(core, button=labelled(message, "表格"))
    (file,) = sent.files
    assert file.name.endswith(".xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(file.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    whole = core.answer(Question(LONG, date(2025, 6, 10)))
    assert len(rows) == len([row for row in whole.rows if lists.ITEM.match(row)])
    head = [cell.value for cell in sheet[2]]
    measures = [row[head.index("具体措施")] for row in rows]
    assert all(any(str(m) in c.quote for c in whole.citations) for m in measures)


@pytest.mark.parametrize(
    "text", ["导出xlsx", "发个表格", "把上面的清单导出来", "表格", "给我发excel吧"]
)
def test_the_list_before_is_sent_as_a_table_when_it_is_asked_for(core: Core, text: str) -> None:
    say(core, LONG, chat="8")
    (file,) = say(core, text, chat="8").files
    assert file.name.endswith(".xlsx")
    assert say(core, text, chat="nobody-asked").rows == (lists.NO_LIST,)


def test_a_picture_is_made_where_there_is_a_font_and_else_a_table(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(core, "澜川市2025年河湖长制工作要点中市水利局负责哪些任务？", chat="9")
    sent = say(core, "做成图片", chat="9")
    if tables.chinese_font():
        assert Image.open(io.BytesIO(sent.files[0].content)).size[0] > 300
    monkeypatch.setattr(tables, "chinese_font", lambda: None)
    sent = say(core, "做成图片", chat="9")
    assert sent.files[0].name.endswith(".xlsx")
    assert "没有安装中文字体" in sent.text


@pytest.mark.parametrize(
    "text",
    [
        "有哪些任务？",
        "图书馆什么时候建成",
        "要完成哪些指标",
        "发展改革局负责什么",
        "表彰多少人",
        "",
        "。",
    ],
)
def test_a_question_is_no_wish_for_a_table(text: str) -> None:
    assert lists.wanted_as(text) is None


def test_nobody_reads_the_list_of_another_chat(core: Core) -> None:
    message = say(core, LONG, chat="10")
    for label in ("下一页", "表格"):
        answer = say(core, button=labelled(message, label), chat="11")
        assert answer.rows == (lists.EXPIRED,)
        assert not answer.files


def test_a_button_with_any_number_does_no_harm(core: Core) -> None:
    for data in ("page:999999:2", "sheet:0", "page:1:x", "ask:1:99", "ask:7:", "picture:"):
        assert say(core, button=data, chat="12").rows


def test_a_light_is_coloured_in_sheet_and_picture() -> None:
    rows = [["1", "红"], ["2", "绿"], ["3", "红旗渠"]]
    book = openpyxl.load_workbook(io.BytesIO(tables.sheet("通报", ["序号", "状态"], rows)))
    assert book.active is not None
    fills = [book.active.cell(n, 2).fill.fgColor.rgb for n in (3, 4, 5)]
    assert fills[0] == "FF" + tables.LIGHTS["红"][1:]
    assert len(set(fills)) == 3
    assert book.active.cell(5, 2).value == "红旗渠"
    if tables.chinese_font():
        image = Image.open(io.BytesIO(tables.picture("通报", ["序号", "状态"], rows) or b""))
        colours = {
            "#{:02X}{:02X}{:02X}".format(*c)
            for _, c in image.convert("RGB").getcolors(1 << 20) or ()
        }
        assert {tables.LIGHTS["红"], tables.LIGHTS["绿"]} <= colours
        assert tables.LIGHTS["黄"] not in colours
    assert tables.picture("通报", ["序号"], [["1"]] * 1000) is None


def test_a_place_is_chosen_by_its_button(core: Core) -> None:
    asked = say(core, "市教育局负责哪些任务？", chat="13")
    narrowed = say(core, button=labelled(asked, "澜川市"), chat="13")
    assert {source.plan_id for source in asked.sources} > {"hezhang"}
    assert {source.plan_id for source in narrowed.sources} == {"hezhang"}
    assert narrowed.reply_to == ""
    assert say(core, button=labelled(asked, "澜川市"), chat="14").rows == (lists.EXPIRED,)


def test_buttons_are_short(core: Core) -> None:
    message = say(core, LONG)
    buttons: list[Button] = [b for row in message.buttons for b in row]
    assert all(len(b.data.encode()) <= 64 for b in buttons)
    assert [b.label for b in buttons][-2:] == ["有用", "没用"]
