"""The web server: the chat page and the ledger page on loopback, guarded against other sites."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.messages import Platform
from bot.platforms.webchat import Webchat
from bot.web_api import chat_routes, status_routes
from bot.web_hooks import HOOKS, hook_routes
from bot.web_pages import error_page, page_routes
from bot.web_preview import preview_routes
from config.clock import Clock
from config.errors import DubanError, TryLater, UserError
from config.settings import Settings
from corpus.formats import MAX_BYTES

ASSETS = Path(__file__).parent / "assets"
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
LARGEST_POST_BYTES = 64 * 1024
FILES = "/api/files"  # whose posts are as large as a plan may be
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class WebHost(Protocol):
    """What the web needs of the application."""

    @property
    def engine(self) -> Engine: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def platforms(self) -> Mapping[str, Platform]: ...

    @property
    def vectors_done(self) -> int: ...

    @property
    def vectors_total(self) -> int: ...


def check_loopback(host: str) -> None:
    """Raises UserError for an address that other machines can reach: there is no sign-in yet."""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise UserError(
            f"DUBAN_WEB_HOST={host} 会让别的机器也能打开网页对话，而登录功能还没有启用。"
            "请改回 127.0.0.1。"
        )


def make_web(host: WebHost) -> FastAPI:
    """The application that uvicorn serves."""
    webchat = host.platforms["web"]
    assert isinstance(webchat, Webchat)
    web = FastAPI(title="duban", docs_url=None, redoc_url=None, openapi_url=None)
    web.add_middleware(Guard)
    web.include_router(chat_routes(webchat))
    web.include_router(status_routes(host))
    web.include_router(hook_routes(host.platforms))
    web.include_router(page_routes(host.engine, host.clock))
    web.include_router(preview_routes(host.engine, host.clock, host.settings))
    web.mount("/assets", StaticFiles(directory=ASSETS), name="assets")

    @web.get("/healthz")
    def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @web.exception_handler(DubanError)
    def known_fault(request: Request, error: DubanError) -> Response:
        return _fault(request, 503 if isinstance(error, TryLater) else 422, str(error))

    @web.exception_handler(RequestValidationError)
    def malformed(request: Request, error: RequestValidationError) -> Response:
        return _fault(request, 422, "请求的内容不完整或格式有误。")

    @web.exception_handler(HTTPException)
    def http_fault(request: Request, error: HTTPException) -> Response:
        words = "没有这个页面。" if error.status_code == 404 else str(error.detail)
        return _fault(request, error.status_code, words)

    @web.exception_handler(Exception)
    def unknown_fault(request: Request, error: Exception) -> Response:
        return _fault(request, 500, "服务器出了错，详情见日志。")

    return web


def _fault(request: Request, status: int, words: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": words}, status)
    return error_page(request, status, words)


class Guard:
    """Refuses what a foreign site could make a browser send here, and sets the security headers.

    A loopback server is open to every page in the same browser: a foreign name that resolves to
    127.0.0.1 is caught by the Host header, a foreign form or script by the Origin header.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        refusal = _refusal(Headers(scope=scope), scope["method"], scope["path"])
        if refusal is not None:
            await refusal(scope, receive, send_guarded)
        else:
            await self._app(scope, receive, send_guarded)


def _refusal(headers: Headers, method: str, path: str) -> Response | None:
    if path.startswith(HOOKS):
        return None  # called by a vendor under our public name: each platform checks its signature
    host = headers.get("host", "")
    if host.removesuffix(f":{host.rpartition(':')[2]}") not in LOOPBACK and host not in LOOPBACK:
        return _refuse(421, "只能用 127.0.0.1 或 localhost 打开这个网页。")
    if method in ("GET", "HEAD"):
        return None
    if "authorization" in headers and "origin" not in headers:
        return None  # a program of this machine: no page can make a browser send this
    if headers.get("origin") != f"http://{host}":
        return _refuse(403, "这个请求不是从本网页发出的，没有受理。")
    length = headers.get("content-length", "")
    if path == FILES and length.isdecimal() and int(length) > MAX_BYTES:
        return _refuse(413, f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请拆分后再发。")
    if not length.isdecimal() or (path != FILES and int(length) > LARGEST_POST_BYTES):
        return _refuse(413, "内容太长，请分开发送。")
    return None


def _refuse(status: int, words: str) -> Response:
    return JSONResponse({"error": words}, status)
