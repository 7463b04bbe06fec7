"""Commands given beside a running `duban serve` are handed to it: it owns the index."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.errors import DubanError, UserError

if TYPE_CHECKING:
    from fastapi import APIRouter

    from bot.core import Core

NOTE = "serve.json"  # where the serving process says how it is reached; readable by its user only
LOCK = "serve.lock"


def write_note(home: Path, url: str) -> str:
    """Say where this process is reached; the token that a command must show."""
    token = secrets.token_urlsafe(32)
    path = home / NOTE
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps({"url": url, "token": token}), encoding="utf-8")
    return token


def serving(home: Path) -> dict[str, str] | None:
    """How the serving process of this DUBAN_HOME is reached; None when there is none."""
    from filelock import FileLock, Timeout

    if not (home / NOTE).exists():
        return None
    lock = FileLock(home / LOCK)
    try:
        # the lock tells the living from the dead: a killed process leaves its note behind
        with lock.acquire(blocking=False):
            return None
    except Timeout:
        note: dict[str, str] = json.loads((home / NOTE).read_text(encoding="utf-8"))
        return note


def hand_over(note: dict[str, str], verb: str, arguments: dict[str, Any]) -> Iterator[str]:
    """The lines that the serving process prints for a verb; raises what it raised."""
    import httpx

    timeout = httpx.Timeout(10, read=None)
    headers = {"Authorization": f"Bearer {note['token']}"}
    try:
        with httpx.stream(
            "POST", f"{note['url']}/control", json={"verb": verb, "arguments": arguments},
            headers=headers, timeout=timeout, trust_env=False,
        ) as response:  # fmt: skip
            if response.status_code != 200:
                raise UserError(f"正在运行的 duban serve 没有接受命令（{response.status_code}），请重启它。")
            for line in response.iter_lines():
                found = json.loads(line)
                if "error" in found:
                    raise UserError(found["error"])
                yield found["line"]
    except httpx.TransportError as error:
        raise UserError(f"正在运行的 duban serve 没有回应：{error}。请稍后再试，或重启它。") from error


def control_routes(core: "Core", token: str) -> "APIRouter":
    """The serving process's side: one route, for whoever can read the note."""
    from fastapi import APIRouter, HTTPException, Request
    from fastapi.responses import StreamingResponse

    from bot import verbs

    routes = APIRouter()

    def lines(verb: str, arguments: dict[str, Any]) -> Iterator[str]:
        try:
            for line in verbs.run(core, verb, arguments):
                yield json.dumps({"line": line}, ensure_ascii=False) + "\n"
        except DubanError as error:
            yield json.dumps({"error": str(error)}, ensure_ascii=False) + "\n"

    @routes.post("/control")
    async def control(request: Request) -> StreamingResponse:
        shown = request.headers.get("authorization", "")
        if not secrets.compare_digest(shown.encode(), f"Bearer {token}".encode()):
            raise HTTPException(403)
        asked = await request.json()
        if asked["verb"] not in verbs.HOMES:
            raise HTTPException(404)
        return StreamingResponse(lines(asked["verb"], asked["arguments"]), media_type="application/x-ndjson")

    return routes
