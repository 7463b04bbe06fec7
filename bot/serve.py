"""`duban serve`: one process that serves everything, and says so when it is ready."""

import asyncio
import logging
import socket
from typing import Any

from bot import people
from bot.app import App, check_single
from bot.core import Core
from bot.handoff import control_routes, write_note
from bot.logs import log_to_stderr
from bot.web import check_loopback, make_web
from config.database import writing
from config.errors import UserError
from config.settings import load_settings


def serve(at: str | None = None) -> None:
    """Serve until interrupted; raises UserError when another process serves this DUBAN_HOME."""
    log_to_stderr(logging.INFO)
    settings = load_settings()
    check_loopback(settings.web_host)
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = check_single(settings.home)
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
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise UserError(f"{host}:{port} 不能监听（{error.strerror}）。请用 DUBAN_WEB_PORT 换一个端口。") from error
    return listener


async def _serve(core: Core, listener: socket.socket) -> None:
    import uvicorn

    host, port = listener.getsockname()[:2]
    url = f"http://{host}:{port}"
    app = App(core)
    web = make_web(app)
    web.include_router(control_routes(core, write_note(core.settings.home, url)))
    server = uvicorn.Server(uvicorn.Config(web, log_level="warning", timeout_graceful_shutdown=2))

    async def started(*_: Any) -> None:
        while not server.started:
            await asyncio.sleep(0.01)
        print(_greeting(core, url), flush=True)

    async with app.running():
        await asyncio.gather(server.serve(sockets=[listener]), started())


def _greeting(core: Core, url: str) -> str:
    with writing(core.engine) as session:
        code = people.claim_code(session)
    lines = [
        f"督办助手已就绪：{url}",
        "  在网页里直接提问，例如：本月到期的任务有哪些？谁牵头食品企业追溯体系建设？",
        "  在终端里提问：.venv/bin/duban ask \"市教育局负责哪些任务\" --plan leqing-2022",
    ]
    if not core.settings.telegram_token.get_secret_value():
        lines.append("  接入 Telegram：向 @BotFather 发 /newbot 取得 token，写入 .env：DUBAN_TELEGRAM_TOKEN=…，再重新启动。")
    if code:
        lines.append(f"  成为第一位管理员：在对话里发 /claim {code}（只能用一次）")
    lines.append("  停止：Ctrl+C")
    return "\n".join(lines)
