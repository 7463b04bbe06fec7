"""Notices by apprise: what is taken, what is not, and what must not go this way; over real HTTP on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.messages import Incoming, Outgoing
from bot.models import KeyValue
from bot.platforms import notify
from bot.platforms._outbound import ANSWER_ELSEWHERE
from bot.platforms.notify import Notify, from_settings
from config.database import reading, writing
from config.errors import Refused, TryLater, UserError
from config.settings import Settings

pytestmark = [
    pytest.mark.anyio,
    # a plugin of apprise's asks the old standard library for it
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]


class Target(ThreadingHTTPServer):
    """Takes JSON that is posted, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.posted = 200, list[dict[str, Any]]()
        self.url = f"json://user:very-secret@127.0.0.1:{self.server_port}/duban"


class Handler(BaseHTTPRequestHandler):
    server: Target

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append(json.loads(body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Target()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def kept(engine: Engine, url: str) -> str:
    with writing(engine) as session:
        return notify.keep(session, url)


async def test_a_notice_says_all_rows_and_where_to_answer(engine: Engine, target: Target) -> None:
    chat_id = kept(engine, target.url)
    assert chat_id == kept(engine, target.url), "the same target is one chat"
    assert "secret" not in chat_id
    platform = Notify(engine)
    await platform.send(Outgoing(chat_id, ("消防整治：3项到期", "<b>𠮷野家</b> *[x]_&")))
    (posted,) = target.posted
    assert posted["title"] == "督办助手"
    assert posted["message"] == f"消防整治：3项到期\n<b>𠮷野家</b> *[x]_&\n{ANSWER_ELSEWHERE}"
    assert [one async for one in platform.receive()] == list[Incoming]()


async def test_what_is_not_taken_is_tried_later_without_telling_the_key(
    engine: Engine, target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    chat_id, target.status = kept(engine, target.url), 500
    with pytest.raises(TryLater) as caught:
        await Notify(engine).send(Outgoing(chat_id, ("提醒",)))
    assert "very-secret" not in str(caught.value) + caplog.text


async def test_a_target_that_was_removed_is_gone(engine: Engine, target: Target) -> None:
    chat_id = kept(engine, target.url)
    with writing(engine) as session:
        notify.drop(session, chat_id)
    with pytest.raises(Refused) as caught:
        await Notify(engine).send(Outgoing(chat_id, ("提醒",)))
    assert caught.value.code == "403"
    assert target.posted == []


@pytest.mark.parametrize(
    "url",
    [
        "dingtalk://0123456789abcdef",
        "WeComBot://0123456789abcdef",
        "feishu://0123456789abcdef",
        "lark://0123456789abcdef",
        "https://oapi.dingtalk.com/robot/send?access_token=0123456789abcdef",
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123456789abcdef",
        "https://open.feishu.cn/open-apis/bot/v2/hook/0123456789abcdef",
        "https://open.larksuite.com/open-apis/bot/v2/hook/0123456789abcdef",
        "nosuch://0123456789abcdef",
    ],
)
def test_what_does_not_go_this_way(engine: Engine, url: str) -> None:
    with pytest.raises(UserError) as caught:
        kept(engine, url)
    assert ("自己的接入" in str(caught.value)) is not url.startswith("nosuch")
    assert "0123456789abcdef" not in str(caught.value)
    with reading(engine) as session:
        assert session.get(KeyValue, "notify") is None


def test_it_is_off_until_it_is_wanted(engine: Engine) -> None:
    assert from_settings(Settings(), engine) is None
    assert from_settings(Settings(notify=True), engine) is not None
