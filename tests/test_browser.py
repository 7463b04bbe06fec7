"""The pages in a real Chromium: asked, answered, pressed, reloaded, on a phone, in the dark; no console errors."""

import io
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Engine
from webhost import PLAN, TITLE, Host, fill_ledger, serving

from bot.messages import File
from config.clock import Clock

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
expect.set_options(timeout=60_000)  # for what surely comes: a slow machine changes nothing

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run",
)  # fmt: skip
QUESTION = "县水利局牵头哪些任务？"

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    path = os.environ.get("PLAYWRIGHT") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium here: apt-get install chromium fonts-wqy-microhei")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def engine(small: Engine) -> Engine:
    """SQLite is enough here: what differs between databases is tested over HTTP."""
    return small


@pytest.fixture
def host(engine: Engine, clock: Clock) -> Iterator[Host]:
    host = Host(engine, clock, vectors_done=120, vectors_total=487)
    host.source = fill_ledger(engine, 12)
    clock.move_to(clock.now().replace(year=2026))
    with serving(host):
        yield host


@pytest.fixture
def open_page(chromium: Any, host: Host) -> Iterator[Any]:
    """Opens pages whose console must stay silent: a breach of the security policy is said there."""
    contexts: list[Any] = []
    faults: list[str] = []

    def heard(said: Any) -> None:
        # a refusal that the page shows is also logged by the browser itself
        refused = "status of 503" in said.text or "status of 404" in said.text
        if said.type in ("error", "warning") and not refused:
            faults.append(said.text)

    def open_at(path: str = "/", **options: Any) -> Any:
        contexts.append(chromium.new_context(base_url=host.url, locale="zh-CN", **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(path)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert faults == []


def ask(page: Any, words: str = QUESTION) -> Any:
    page.get_by_label("要问的内容").fill(words)
    page.keyboard.press("Enter")
    answer = page.locator(".answer").last
    expect(answer).to_be_visible()
    return answer


def test_an_answer_shows_its_source_which_opens_the_row_in_its_table(open_page: Any) -> None:
    page = open_page()
    answer = ask(page)
    expect(page.locator(".own")).to_contain_text(QUESTION)
    expect(answer).to_contain_text("县水利局牵头的任务共2项")
    expect(answer.locator(".item")).to_have_count(2)
    expect(page.get_by_text("正在查…")).to_be_hidden()
    with page.context.expect_page() as opened:
        answer.get_by_role("link", name=TITLE).click()
    row = opened.value.locator("tr:target")
    expect(row).to_be_in_viewport()
    expect(row).to_contain_text("完成第2段河道清淤，<b>县级</b>河道巡查率达到100%。")
    expect(row.locator(".role").first).to_have_text("牵头")


def test_a_chip_asks_and_a_button_is_pressed(open_page: Any, host: Host) -> None:
    page = open_page()
    page.get_by_role("button", name=QUESTION).click()
    expect(page.get_by_role("heading", name="您好")).to_be_hidden()
    expect(page.get_by_role("button", name="有用")).to_have_class("quiet")
    expect(page.get_by_role("button", name="收到")).not_to_have_class("quiet")
    page.get_by_role("button", name="收到").click()
    expect(page.locator(".answer .bubble")).to_have_text("已记为收到。")
    expect(page.locator(".own .bubble")).to_have_text([QUESTION, "收到"])
    assert [one.button for one in host.received] == ["", "ack:7"]


def test_a_reload_keeps_what_was_said(open_page: Any, host: Host) -> None:
    page = open_page()
    ask(page, "第一问")
    ask(page, "第二问")
    page.reload()
    expect(page.locator(".own .bubble")).to_have_text(["第一问", "第二问"])
    expect(page.locator(".answer")).to_have_count(2)
    host.say("【到期提醒】县水利局：有1项任务即将到期")
    expect(page.get_by_role("log")).to_contain_text("到期提醒")
    assert len(host.received) == 2


def test_enter_sends_but_not_in_the_middle_of_a_word(open_page: Any, host: Host) -> None:
    page = open_page()
    box = page.get_by_label("要问的内容")
    box.fill("第一行")
    # an input method takes this Enter for its candidate
    box.evaluate("""box => box.dispatchEvent(new KeyboardEvent("keydown", {
        key: "Enter", isComposing: true, bubbles: true, cancelable: true}))""")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("第二行")
    expect(box).to_have_value("第一行\n第二行")
    expect(page.locator(".own")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_be_visible()
    assert [one.text for one in host.received] == ["第一行\n第二行"]


def test_a_text_that_is_too_long_stays_in_the_box(open_page: Any, host: Host) -> None:
    page = open_page()
    box = page.get_by_label("要问的内容")
    box.fill("水" * 4001)
    page.get_by_role("button", name="发送").click()
    expect(page.get_by_role("alert")).to_contain_text("一次最多 4000 字，现在是 4001 字")
    assert len(box.input_value()) == 4001
    assert host.received == []


def test_waiting_is_shown_and_what_was_not_sent_can_be_sent_again(
    open_page: Any, host: Host
) -> None:
    page = open_page()
    host.failing = True
    page.get_by_label("要问的内容").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".unsent")).to_contain_text("未送出")
    host.failing, host.silent = False, True
    # the messages are loaded anew when the stream was away: what was not sent stays marked
    page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    expect(page.locator(".unsent")).to_contain_text("未送出")
    page.get_by_role("button", name="重发").click()
    expect(page.get_by_text("正在查…")).to_be_visible()
    expect(page.locator(".unsent")).to_have_count(0)
    host.say("查到了。")
    expect(page.get_by_text("正在查…")).to_be_hidden()
    assert [one.text for one in host.received] == [QUESTION]


def test_an_answer_that_grows_is_followed(open_page: Any, host: Host) -> None:
    page = open_page(viewport={"width": 400, "height": 600})
    for n in range(4):
        ask(page, f"第{n}问")
        expect(page.locator(".answer")).to_have_count(n + 1)
    draft = host.say("第一句。", "……")
    expect(page.locator(".answer")).to_have_count(5)
    expect(page.get_by_text("第一句。")).to_be_in_viewport(ratio=1)
    host.say("第一句。", "第二句。", *(f"第{n}行" for n in range(8)), edits=draft)
    expect(page.get_by_text("第7行")).to_be_in_viewport()
    expect(page.locator(".answer")).to_have_count(5)


def test_a_day_inside_the_period_can_be_chosen_and_left(open_page: Any, host: Host) -> None:
    page = open_page()
    expect(page.locator("#day summary")).to_have_text("今天按 2026年9月15日 计")
    expect(page.get_by_text("执行期都已结束")).to_be_visible()
    page.get_by_role("button", name="2024年5月10日").first.click()
    expect(page.locator("#day summary")).to_have_text("今天按 2024年5月10日 计")
    page.get_by_role("button", name="本月有哪些任务到期？").click()
    expect(page.locator(".own .meta")).to_contain_text("按 2024-05-10 问")
    page.reload()
    expect(page.locator("#day summary")).to_have_text("今天按 2024年5月10日 计")
    page.locator("#day summary").click()
    page.get_by_role("button", name="回到今天").click()
    expect(page.locator("#day summary")).to_have_text("今天按 2026年9月15日 计")
    ask(page, "现在呢？")
    expect(page.locator(".answer")).to_have_count(2)
    assert [one.stands_at for one in host.received] == ["2024-05-10", ""]


def test_the_progress_of_the_index_is_shown_until_it_is_done(open_page: Any, host: Host) -> None:
    page = open_page()
    expect(page.get_by_text("语义索引 120/487")).to_be_visible()
    host.vectors_done = 487
    expect(page.locator("#vectors")).to_be_hidden()


def test_an_answer_is_copied_with_its_source(open_page: Any) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    answer = ask(page)
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    answer.get_by_role("button", name="复制").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("县水利局牵头的任务共2项：\n1. 完成12条河道清淤")
    assert copied.endswith(f"出处：《{TITLE}》第2项")


def test_the_ledger_filters_as_soon_as_something_is_chosen(open_page: Any) -> None:
    page = open_page("/ledger")
    expect(page.locator("tbody tr[id]")).to_have_count(12)
    page.get_by_label("责任单位").select_option("县交通运输局")
    expect(page.locator("tbody tr[id]")).to_have_count(6)
    page.get_by_label("到期月份").select_option("2024年7月")
    expect(page.locator("tbody tr[id]")).to_have_count(2)
    expect(page.get_by_label("责任单位")).to_have_value("县交通运输局")
    page.get_by_role("link", name="清除筛选").click()
    expect(page.locator("tbody tr[id]")).to_have_count(12)


def test_the_ledger_takes_what_was_chosen_before_its_script_ran(open_page: Any) -> None:
    page = open_page("/nowhere")
    waiting: list[Any] = []
    page.route("**/ledger.js", lambda route: waiting.append(route))
    page.goto("/ledger", wait_until="commit")
    page.get_by_label("责任单位").select_option("县交通运输局")
    expect(page.locator("tbody tr[id]")).to_have_count(12)
    while waiting:
        waiting.pop().continue_()
    page.unroute("**/ledger.js")
    expect(page.locator("tbody tr[id]")).to_have_count(6)


def test_dark_follows_the_system_until_the_person_chooses(open_page: Any) -> None:
    page = open_page(color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.get_by_role("button", name="切换浅色外观").click()
    light = page.evaluate(paper)
    assert light != dark
    page.reload()
    assert page.evaluate(paper) == light
    page.goto("/ledger")
    assert page.evaluate(paper) == light
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="切换深色外观").click()
    assert page.evaluate(paper) == dark


def test_nothing_is_wider_than_a_small_phone(open_page: Any, host: Host) -> None:
    page = open_page(viewport={"width": 320, "height": 600}, has_touch=True)
    widest = "document.documentElement.scrollWidth"
    page.locator("#day summary").click()
    assert page.evaluate(widest) == 320
    ask(page, "https://example.invalid/" + "a" * 300)
    host.say("一个没有空格的词" + "b" * 300)
    expect(page.locator(".answer")).to_have_count(2)
    assert page.evaluate(widest) == 320
    for path in ("/ledger", f"/plans/{PLAN}/text", "/nowhere"):
        page.goto(path)
        assert page.evaluate(widest) == 320, path


def test_a_picture_is_seen_and_can_be_saved(open_page: Any, host: Host) -> None:
    page = open_page()
    ask(page)
    picture = io.BytesIO()
    Image.new("RGB", (40, 20)).save(picture, "PNG")
    host.say("共1项：", files=(File("清单.png", picture.getvalue()),))
    shown = page.locator(".file img")
    expect(shown).to_be_visible()
    expect(shown).to_have_js_property("naturalWidth", 40)
    with page.expect_download() as saved:
        shown.click()
    assert saved.value.suggested_filename == "清单.png"


def test_the_keyboard_alone_reaches_everything(open_page: Any) -> None:
    page = open_page()
    ask(page)
    for _ in range(4):  # back from the box: the file, the suggestion, the copy button, the source
        page.keyboard.press("Shift+Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_class("source")
    assert focused.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.locator("#day summary").press("Enter")
    expect(page.locator(".day-panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".day-panel")).to_be_hidden()


@pytest.mark.parametrize("dark", [False, True])
def test_the_reminders_to_come_on_a_phone(open_page: Any, dark: bool) -> None:
    scheme = "dark" if dark else "light"
    size = {"width": 360, "height": 740}
    page = open_page("/reminders?from=2024-03-01&to=2024-12-31", viewport=size, color_scheme=scheme)
    expect(page.get_by_role("heading", name="提醒预览")).to_be_visible()
    card = page.locator(".sent").first
    card.locator("summary").click()
    expect(card).to_contain_text(TITLE)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.get_by_label("试改设置").select_option("remind_lead_workdays")
    page.get_by_label("改为").fill("2")
    page.get_by_role("button", name="预览").click()
    expect(page.get_by_role("status")).to_contain_text("会增减")
    expect(page.locator(".mark-new").first).to_be_visible()
