"""`duban serve`: one process that serves everything, says so when it is ready, and ends when it is told."""

import asyncio
import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn

from bot import people
from bot.app import App
from bot.core import Core
from bot.handoff import NOTE, control_routes, hold, write_note
from bot.logs import log_to_stderr
from bot.web import check_loopback, make_web
from config.clock import read_at
from config.database import writing
from config.errors import UserError
from config.settings import load_settings

REQUESTS_END_WITHIN_S = 1
ENDS_WITHIN_S = 8.0  # whatever hangs: all truth is in the database


def serve(at: str | None = None) -> None:
    """Serve until interrupted; raises UserError when another process serves this DUBAN_HOME."""
    log_to_stderr(logging.INFO)
    settings = load_settings()
    check_loopback(settings.web_host)
    if at is not None:
        read_at(at, settings.timezone)
    lock = hold(settings.make_home())
    try:
        listener = _listen(settings.web_host, settings.web_port)
        core = Core.open(settings, at)
        try:
            asyncio.run(_serve(core, listener))
        finally:
            core.close()
    finally:
        lock.release()


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    if os.name == "posix":  # elsewhere it would let two listen at once
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise UserError(
            f"{host}:{port} 已被占用或不能监听（{error.strerror}）。请用 DUBAN_WEB_PORT 换一个端口。"
        ) from error
    return listener


class _Server(uvicorn.Server):
    """Leaves the signals to us: its own way of ending would leave no time to the platforms."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(core: Core, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    token = secrets.token_urlsafe(32)
    note = core.settings.home / NOTE
    app = App(core)
    web = make_web(app)
    web.include_router(control_routes(core, token))
    server = _Server(
        uvicorn.Config(
            web,
            log_level="warning",
            timeout_graceful_shutdown=REQUESTS_END_WITHIN_S,
            lifespan="off",
        )
    )

    def end(signal_number: int, frame: Any) -> None:
        note.unlink(missing_ok=True)  # commands from here on wait until we are gone
        last = threading.Timer(ENDS_WITHIN_S, os._exit, (1,))
        last.daemon = True
        last.start()
        server.handle_exit(signal_number, frame)

    async def started() -> None:
        while not server.started:
            await asyncio.sleep(0.01)
        write_note(core.settings.home, url, token)
        print(_greeting(core, url), flush=True)  # noqa: T201

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    async with app.running():
        ready = asyncio.create_task(started())
        try:
            await server.serve(sockets=[listener])
        finally:
            ready.cancel()
            with suppress(asyncio.CancelledError):
                await ready


def _greeting(core: Core, url: str) -> str:
    with writing(core.engine) as session:
        code = people.claim_code(session)
    lines = [
        f"督办助手已就绪：{url}",
        "  在网页里直接提问，例如：本月到期的任务有哪些？谁牵头食品企业追溯体系建设？",
        '  在终端里提问：.venv/bin/duban ask "市教育局负责哪些任务" --plan leqing-2022',
    ]
    if not core.settings.telegram_token.get_secret_value():
        lines.append(
            "  接入 Telegram：向 @BotFather 发 /newbot 取得 token，写入 .env：DUBAN_TELEGRAM_TOKEN=…，再重新启动。"
        )
    if code:
        lines.append(f"  成为第一位管理员：在对话里发 /claim {code}（只能用一次）")
    lines.append("  停止：Ctrl+C")
    return "\n".join(lines)
