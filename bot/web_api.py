"""What the chat page asks the server for: its messages, a stream of new ones, the state of things."""

import asyncio
import hashlib
import json
import re
import secrets
from collections.abc import AsyncIterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sse_starlette.sse import EventSourceResponse

from bot.platforms.webchat import HISTORY_PAGE, Post, Webchat
from bot.web_status import describe_plans, starting_questions
from config.database import reading

if TYPE_CHECKING:
    from bot.web import WebHost

COOKIE = "duban_chat"
BYTES = "application/octet-stream"
PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
YEAR_S = 365 * 24 * 3600
TOKEN = re.compile(r"[\w-]{43}", re.ASCII)


class PostBody(BaseModel):
    """The JSON that the page posts."""

    id: str
    text: str = ""
    button: str = ""
    pressed: int | None = None
    stands_at: str = ""


def chat_routes(webchat: Webchat) -> APIRouter:
    """Reading and writing one's own chat; who one is, is a random cookie."""
    routes = APIRouter(prefix="/api")

    @routes.get("/messages")
    def history(request: Request, response: Response, before: int | None = None) -> dict[str, Any]:
        messages = webchat.history(chat_of(request, response), before)
        return {"messages": messages, "more": len(messages) == HISTORY_PAGE}

    @routes.post("/messages", status_code=202)
    async def post(request: Request, response: Response, body: PostBody) -> dict[str, Any]:
        words = Post(body.id, body.text, body.button, body.pressed, body.stands_at)
        return {"message": await webchat.post(chat_of(request, response), words)}

    @routes.post("/files", status_code=202)
    async def file(
        request: Request, response: Response, id: str, name: Annotated[str, Query(max_length=200)]
    ) -> dict[str, Any]:
        """The bytes are the body; their size was checked on the way in."""
        chat_id, content = chat_of(request, response), await request.body()
        kept = await asyncio.to_thread(webchat.keep_file, chat_id, name, content)
        return {"message": await webchat.post(chat_id, Post(id, file=kept))}

    @routes.get("/files/{message_id}/{n}")
    def sent_file(request: Request, message_id: int, n: Annotated[int, Path(ge=0)]) -> Response:
        """A file that came with an answer: a picture is seen in the chat, anything else only saved."""
        token = request.cookies.get(COOKIE, "")
        found = webchat.file(_chat_id(token), message_id, n) if TOKEN.fullmatch(token) else None
        if found is None:
            raise HTTPException(404)
        name = f"attachment; filename*=UTF-8''{quote(found.name)}"
        media_type = PICTURES.get(found.name.rpartition(".")[2].lower(), BYTES)
        return Response(found.content, 200, {"Content-Disposition": name}, media_type)

    @routes.get("/stream")
    async def stream(request: Request) -> Response:
        token = request.cookies.get(COOKIE, "")
        if not TOKEN.fullmatch(token):
            return JSONResponse({"error": "请先载入对话。"}, 401)

        async def events() -> AsyncIterator[dict[str, str]]:
            with webchat.stream(_chat_id(token)) as messages:
                # from here on nothing is missed: now the page loads what came before
                yield {"event": "ready", "data": "ready"}
                async for message in messages:
                    yield {"data": json.dumps(message, ensure_ascii=False)}

        return EventSourceResponse(events(), ping=20)

    return routes


def status_routes(host: "WebHost") -> APIRouter:
    """The day, the plans, and how many of the vectors are computed."""
    routes = APIRouter(prefix="/api")

    @routes.get("/status")
    def status(at: date | None = None) -> dict[str, Any]:
        """As of today; the questions to start from as of the day `at` that a chat stands at."""
        today = host.clock.today()
        with reading(host.engine) as session:
            return {
                "day": today.isoformat(),
                "moved": host.clock.moved,
                "plans": describe_plans(session, today),
                "questions": starting_questions(session, at or today),
                "vectors": {"done": host.vectors_done, "total": host.vectors_total},
            }

    return routes


def chat_of(request: Request, response: Response) -> str:
    """The chat of this browser; a browser without one gets the cookie of a new one."""
    token = request.cookies.get(COOKIE, "")
    if not TOKEN.fullmatch(token):
        token = secrets.token_urlsafe(32)
        response.set_cookie(COOKIE, token, max_age=YEAR_S, httponly=True, samesite="strict")
    return _chat_id(token)


def _chat_id(token: str) -> str:
    # the token alone opens the chat, so it is kept nowhere: neither in the database nor in a log
    return hashlib.sha256(token.encode()).hexdigest()[:24]
