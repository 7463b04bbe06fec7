"""Commands given beside a running `duban serve` are handed to it: it owns the index."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from config.errors import DubanError, UserError

if TYPE_CHECKING:
    from fastapi import APIRouter
    from filelock import FileLock

    from bot.core import Core

NOTE = "serve.json"  # where the serving process says how it is reached; readable by its user only
LOCK = "serve.lock"
STARTS_WITHIN_S = 60.0


def hold(home: Path) -> "FileLock":
    """The lock of the one serving process; raises UserError when another one holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(home / LOCK)
    try:
        # a command that looks whether somebody serves holds it for a moment
        lock.acquire(timeout=0.5)
    except Timeout:
        raise UserError(
            f"{home} 已有一个 duban serve 在运行。要另开一个，请换一个 DUBAN_HOME。"
        ) from None
    (home / NOTE).unlink(missing_ok=True)  # of one that was killed
    return lock


def write_note(home: Path, url: str, token: str) -> None:
    """Say where this process is reached, now that it answers, and the token that a command must show."""
    new = home / f"{NOTE}.new"
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(json.dumps({"url": url, "token": token}), encoding="utf-8")
    new.replace(home / NOTE)


def serving(home: Path) -> dict[str, str] | None:
    """How the serving process of this DUBAN_HOME is reached; None when there is none.

    Waits for one that is just starting; raises UserError when that takes too long.
    """
    deadline = monotonic() + STARTS_WITHIN_S
    while _is_held(home / LOCK):
        try:
            note: dict[str, str] = json.loads((home / NOTE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            if monotonic() > deadline:
                raise UserError("duban serve 正在启动，还没有就绪。请稍后再试。") from None
            sleep(0.1)
        else:
            return note
    return None


def _is_held(path: Path) -> bool:
    # the lock tells the living from the dead: a killed process leaves its note behind
    if not path.exists():
        return False
    from filelock import FileLock, Timeout

    try:
        with FileLock(path).acquire(blocking=False):
            return False
    except Timeout:
        return True
    except PermissionError:
        return False  # not our folder; opening the database will say so


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
                raise UserError(
                    f"正在运行的 duban serve 没有接受命令（{response.status_code}），请重启它。"
                )
            for line in response.iter_lines():
                found = json.loads(line)
                if "error" in found:
                    raise UserError(found["error"])
                yield found["line"]
    except httpx.TransportError as error:
        raise UserError(
            f"正在运行的 duban serve 没有回应：{error}。请稍后再试，或重启它。"
        ) from error


def control_routes(core: "Core", token: str) -> "APIRouter":
    """The serving process's side: one route, for whoever can read the note."""
    import structlog
    from fastapi import APIRouter, HTTPException, Request
    from fastapi.responses import StreamingResponse

    from bot import verbs
    from bot.logs import write_fault

    log = structlog.get_logger()
    routes = APIRouter()

    def lines(verb: str, arguments: dict[str, Any]) -> Iterator[str]:
        try:
            for line in verbs.run(core, verb, arguments):
                yield json.dumps({"line": line}, ensure_ascii=False) + "\n"
        except DubanError as error:
            yield json.dumps({"error": str(error)}, ensure_ascii=False) + "\n"
        except Exception as error:
            log.error("verb.failed", verb=verb, error=type(error).__name__)
            words = write_fault(core.settings.home, error)
            yield json.dumps({"error": words}, ensure_ascii=False) + "\n"

    @routes.post("/control")
    async def control(request: Request) -> StreamingResponse:
        shown = request.headers.get("authorization", "")
        if not secrets.compare_digest(shown.encode(), f"Bearer {token}".encode()):
            raise HTTPException(403)
        asked = await request.json()
        if asked["verb"] not in verbs.HOMES:
            raise HTTPException(404)
        return StreamingResponse(
            lines(asked["verb"], asked["arguments"]), media_type="application/x-ndjson"
        )

    return routes
