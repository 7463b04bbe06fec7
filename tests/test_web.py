"""The web over HTTP: posts are stored before they are answered, foreign sites are refused, the ledger pages."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date, datetime
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import Engine
from sqlmodel import select
from webhost import PLAN, TITLE, Host, fill_ledger, serving

from bot.messages import Incoming, Outgoing
from bot.models import InboxMessage, WebMessage
from bot.platforms.webchat import Webchat
from bot.web import check_loopback
from config.clock import Clock
from config.database import make_engine, migrate, reading
from config.errors import UserError


@pytest.fixture
def host(engine: Engine, clock: Clock) -> Iterator[Host]:
    host = Host(engine, clock)
    host.source = fill_ledger(engine)
    with serving(host):
        yield host


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host for tests that leave nothing behind."""
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('plain') / 'duban.sqlite3'}")
    migrate(engine)
    fill_ledger(engine)
    with serving(Host(engine, Clock())) as host:
        yield host
    engine.dispose()


def browser_at(url: str) -> httpx.Client:
    """A client that behaves as a browser on our own page does."""
    return httpx.Client(base_url=url, headers={"Origin": url}, trust_env=False, timeout=60)


@pytest.fixture
def browser(host: Host) -> Iterator[httpx.Client]:
    """A browser that has opened the chat."""
    with browser_at(host.url) as client:
        client.get("/api/messages")
        yield client


def said(text: str = "县水利局牵头哪些任务？", **more: object) -> dict[str, object]:
    return {"id": uuid4().hex, "text": text, **more}


def ask(browser: httpx.Client, body: dict[str, object]) -> dict[str, object]:
    """Post, and wait for what comes over the stream."""
    with browser.stream("GET", "/api/stream", timeout=60) as stream:
        lines = stream.iter_lines()
        assert "data: ready" in lines
        assert browser.post("/api/messages", json=body).status_code == 202
        data = next(line for line in lines if line.startswith("data:"))
        message: dict[str, object] = json.loads(data.removeprefix("data:"))
        return message


def history(browser: httpx.Client) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = browser.get("/api/messages").json()["messages"]
    return messages


# ---- the chat


def test_a_question_is_stored_and_its_answer_arrives_on_the_stream(
    host: Host, browser: httpx.Client
) -> None:
    body = said(stands_at="2024-06-10")
    answer = ask(browser, body)
    assert answer["rows"][0] == "县水利局牵头的任务共2项："
    assert answer["answers"] == body["id"]
    assert [one["ref"] for one in answer["sources"]] == ["第2项"]
    with reading(host.engine) as session:
        stored = Incoming.from_json(session.exec(select(InboxMessage)).one().incoming)
    assert (stored.text, stored.stands_at) == (body["text"], "2024-06-10")
    assert [one["direction"] for one in history(browser)] == ["in", "out"]


def test_the_history_outlives_the_process(host: Host, browser: httpx.Client) -> None:
    ask(browser, said("谁负责第二段河道？"))
    with serving(Host(host.engine, host.clock)) as second:
        again = httpx.get(
            f"{second.url}/api/messages", cookies=browser.cookies, trust_env=False, timeout=60
        )
    assert [one["rows"][0] for one in again.json()["messages"]] == [
        "谁负责第二段河道？",
        "县水利局牵头的任务共2项：",
    ]


def test_sending_the_same_again_is_one_message(host: Host, browser: httpx.Client) -> None:
    body = said()
    ask(browser, body)
    assert browser.post("/api/messages", json=body).status_code == 202
    assert len(host.received) == 1
    assert len(history(browser)) == 2


def test_what_was_not_stored_is_said_and_can_be_sent_again(
    host: Host, browser: httpx.Client
) -> None:
    body = said()
    host.failing = True
    refused = browser.post("/api/messages", json=body)
    assert refused.status_code == 503
    assert "再发一次" in refused.json()["error"]
    host.failing = False
    assert browser.post("/api/messages", json=body).status_code == 202
    assert [one.text for one in host.received] == [body["text"]]


def test_the_page_itself_brings_the_chat_for_all_its_calls(host: Host) -> None:
    with httpx.Client(base_url=host.url, trust_env=False, timeout=60) as fresh:
        token = fresh.get("/").cookies["duban_chat"]
        for path in ("/", "/api/messages"):
            assert "set-cookie" not in fresh.get(path).headers
        assert fresh.cookies["duban_chat"] == token


def test_two_browsers_have_two_chats(host: Host, browser: httpx.Client) -> None:
    ask(browser, said("这一问只有我看得到"))
    stranger = httpx.get(f"{host.url}/api/messages", trust_env=False, timeout=60)
    assert stranger.json()["messages"] == []
    cookie = stranger.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    with reading(host.engine) as session:
        kept = {row.chat_id for row in session.exec(select(WebMessage))}
    assert browser.cookies["duban_chat"] not in kept
    assert httpx.get(f"{host.url}/api/stream", trust_env=False, timeout=60).status_code == 401


def test_a_button_goes_back_with_its_message_and_an_edit_replaces_it(
    host: Host, browser: httpx.Client
) -> None:
    answer = ask(browser, said())
    edited = ask(browser, said("", button="ack:7", pressed=answer["id"]))
    pressed = host.received[-1]
    assert (pressed.button, pressed.pressed_message_id) == ("ack:7", str(answer["id"]))
    assert edited["id"] == answer["id"]
    assert [one["rows"][0] for one in history(browser)] == [
        "县水利局牵头哪些任务？",
        "已记为收到。",
        "收到",
    ]


def test_a_button_that_was_not_offered_is_refused(host: Host, browser: httpx.Client) -> None:
    answer = ask(browser, said())
    for button in ("grant:1", "ack:8"):
        forged = browser.post("/api/messages", json=said("", button=button, pressed=answer["id"]))
        assert forged.status_code == 422
    assert len(host.received) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (said("水" * 4001), "4,001 字"),
        (said("  \n"), "先写下"),
        (said(stands_at="2024-02-30"), "读不懂"),
        ({"text": "没有编号"}, "格式有误"),
        ({"id": "短", "text": "编号太短"}, "消息编号有误"),
    ],
)
def test_a_bad_post_gets_one_clear_line(plain: Host, body: dict[str, object], words: str) -> None:
    with browser_at(plain.url) as browser:
        refused = browser.post("/api/messages", json=body)
        assert refused.status_code == 422
        assert words in refused.json()["error"]
        assert history(browser) == []


def test_four_thousand_characters_are_taken(host: Host, browser: httpx.Client) -> None:
    assert browser.post("/api/messages", json=said("水" * 4000)).status_code == 202


def test_older_messages_are_loaded_on_demand(host: Host, browser: httpx.Client) -> None:
    host.silent = True
    for n in range(62):
        browser.post("/api/messages", json=said(f"第{n}问"))
    last = browser.get("/api/messages").json()
    assert (last["more"], last["messages"][0]["rows"]) == (True, ["第2问"])
    earlier = browser.get("/api/messages", params={"before": last["messages"][0]["id"]}).json()
    assert [one["rows"] for one in earlier["messages"]] == [["第0问"], ["第1问"]]
    assert earlier["more"] is False


# ---- the guard


@pytest.mark.parametrize("name", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_foreign_host_name_is_refused(plain: Host, name: str) -> None:
    assert httpx.get(
        plain.url, headers={"Host": name}, trust_env=False, timeout=60
    ).status_code in (400, 421)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1:8080", "[::1]:8080"])
def test_a_loopback_name_is_served(plain: Host, name: str) -> None:
    url = f"{plain.url}/healthz"
    assert httpx.get(url, headers={"Host": name}, trust_env=False, timeout=60).text == "ok"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
def test_a_post_from_elsewhere_is_refused(plain: Host, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    url = f"{plain.url}/api/messages"
    refused = httpx.post(url, json=said(), headers=headers, trust_env=False, timeout=60)
    assert refused.status_code == 403
    assert plain.received == []


def test_a_post_that_is_too_large_is_refused_unread(plain: Host) -> None:
    with browser_at(plain.url) as browser:
        assert browser.post("/api/messages", content=b" " * 70_000).status_code == 413


@pytest.mark.parametrize("path", ["/", "/ledger", "/assets/chat.js", "/api/status", "/nowhere"])
def test_every_response_has_the_security_headers(plain: Host, path: str) -> None:
    headers = httpx.get(f"{plain.url}{path}", trust_env=False, timeout=60).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "referrer-policy" in headers


@pytest.mark.parametrize("name", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_loopback_addresses_may_be_listened_on(name: str) -> None:
    check_loopback(name)


@pytest.mark.parametrize("name", ["0.0.0.0", "::", "192.168.1.5", "duban.example", ""])
def test_any_other_address_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="登录"):
        check_loopback(name)


# ---- the plans


def test_status_offers_days_inside_the_period_of_a_plan_that_is_over(
    host: Host, browser: httpx.Client
) -> None:
    host.clock.move_to(host.clock.now().replace(year=2026))
    host.vectors_done, host.vectors_total = 3, 40
    status = browser.get("/api/status").json()
    assert status["vectors"] == {"done": 3, "total": 40}
    (plan,) = status["plans"]
    assert (plan["title"], plan["over"], plan["tasks"]) == (TITLE, True, 3)
    days = [date.fromisoformat(one["day"]) for one in plan["days"]]
    assert days == [date(2024, 5, 10), date(2024, 6, 10), date(2024, 7, 10)]
    assert "县水利局牵头哪些任务？" in status["questions"]
    for day, month in {"": "2024年7月", "2024-06-10": "本月", "2023-12-31": "2024年5月"}.items():
        offered = browser.get("/api/status", params={"at": day} if day else {}).json()["questions"]
        assert f"{month}有哪些任务到期？" in offered


def test_the_ledger_shows_printed_words_beside_what_was_read(browser: httpx.Client) -> None:
    page = browser.get("/ledger").text
    assert "6月20日前" in page
    assert "2024年6月20日前（含当日）" in page
    assert page.count("原文有歧义</span>") == 1
    assert "<b>县级</b>" not in page
    assert "&lt;b&gt;县级" in page


def test_the_ledger_is_filtered(browser: httpx.Client) -> None:
    for query, found in [
        ("", 3),
        ("?unit=县交通运输局", 2),
        ("?month=2024-06", 1),
        ("?month=2024-06&unit=县交通运输局", 0),
        ("?part=duty", 0),
        (f"?plan={PLAN}&part=main", 3),
        ("?plan=nowhere", 0),
    ]:
        page = browser.get(f"/ledger{query}").text
        assert f"共 {found} 项" in page, query
        assert page.count('id="task-') == found, query


@pytest.mark.parametrize("query", ["?month=2024-13", "?page=0", "?version=x"])
def test_a_malformed_filter_gets_a_page_that_says_so(plain: Host, query: str) -> None:
    answer = httpx.get(f"{plain.url}/ledger{query}", trust_env=False, timeout=60)
    assert answer.status_code == 422
    assert "格式有误" in answer.text


def test_a_source_leads_to_its_row_and_to_its_passage(host: Host, browser: httpx.Client) -> None:
    assert host.source is not None
    row = browser.get(f"/plans/{PLAN}/row/{host.source.task_id}", follow_redirects=True)
    assert row.url.fragment == f"task-{host.source.task_id}"
    assert f'id="{row.url.fragment}"' in row.text
    text = browser.get(f"/plans/{PLAN}/passage/{host.source.passage_id}", follow_redirects=True)
    assert f'id="{text.url.fragment}"' in text.text
    assert "一、河道治理" in text.text
    gone = browser.get(f"/plans/{PLAN}/row/999999")
    assert gone.status_code == 422
    assert "重新读入" in gone.text


def test_a_row_far_down_is_found_on_its_page(engine: Engine, clock: Clock) -> None:
    host = Host(engine, clock)
    fill_ledger(engine, 130)
    with serving(host), httpx.Client(base_url=host.url, trust_env=False, timeout=60) as client:
        first = client.get("/ledger").text
        assert first.count('id="task-') == 100
        last = client.get("/ledger?page=2").text
        number = last.split('id="task-')[-1].split('"')[0]
        row = client.get(f"/plans/{PLAN}/row/{number}")
        assert row.headers["location"] == f"/ledger?plan={PLAN}&page=2#task-{number}"


def test_messages_show_the_time_that_the_answers_stand_by(engine: Engine, clock: Clock) -> None:
    web = Webchat(engine, Clock())
    clock.move_to(datetime(2022, 12, 22, 9, tzinfo=clock.zone))
    web.stand_by(clock)
    asyncio.run(web.send(Outgoing("a" * 24, ("好的",))))
    assert str(web.history("a" * 24)[0]["at"]).startswith("2022-12-22T09:00")
