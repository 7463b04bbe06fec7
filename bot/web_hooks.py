"""The calls of vendors over HTTP, each handed to the platform that it is for."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from bot.messages import Call, Platform, TakesCalls

HOOKS = "/hooks/"
LARGEST_CALL_BYTES = 1024 * 1024


def hook_routes(platforms: Mapping[str, Platform]) -> APIRouter:
    """/hooks/NAME for each platform that is called by its vendor; it checks who calls."""
    routes = APIRouter()

    @routes.api_route(f"{HOOKS}{{name}}", methods=["GET", "POST"])
    async def called(name: str, request: Request) -> Response:
        platform = platforms.get(name)
        if not isinstance(platform, TakesCalls):
            raise HTTPException(404)
        headers = {key.lower(): value for key, value in request.headers.items()}
        call = Call(request.method, dict(request.query_params), headers, await _body(request))
        reply = await platform.called(call)
        return Response(reply.body, reply.status, media_type=reply.media_type)

    return routes


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_CALL_BYTES:
            raise HTTPException(413, "内容太长。")
    return bytes(body)
