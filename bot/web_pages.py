"""The pages that a browser opens: the chat, the ledger, a plan's text, and a fault."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.render import PARTS
from bot.web_api import chat_of
from bot.web_ledger import (
    ROLES,
    LedgerFilter,
    find_tasks,
    offered_filters,
    page_of_task,
    target_words,
    timing_words,
)
from config.clock import Clock
from config.database import reading
from config.errors import UserError
from corpus.ledger import known_plan, version_to_show
from corpus.models import PlanVersion, Task, VersionState
from rag.models import Passage
from rag.phrasing import chinese_day

TEMPLATES = Jinja2Templates(directory=Path(__file__).parent / "templates")
TEMPLATES.env.trim_blocks = TEMPLATES.env.lstrip_blocks = True
TEMPLATES.env.filters.update(
    chinese_day=chinese_day,
    target=target_words,
    timing=timing_words,
)
TEMPLATES.env.globals.update(PARTS=PARTS, ROLES=ROLES)


def page_routes(engine: Engine, clock: Clock) -> APIRouter:
    """Everything that answers with HTML."""
    routes = APIRouter()

    def render(request: Request, name: str, **facts: Any) -> Response:
        today = clock.today()
        return TEMPLATES.TemplateResponse(request, name, {"today": today, **facts})

    @routes.get("/")
    def chat(request: Request) -> Response:
        page = render(request, "chat.html")
        chat_of(request, page)  # what the page calls at once, side by side, is of one chat
        return page

    @routes.get("/ledger")
    def ledger(request: Request, asked: Annotated[LedgerFilter, Query()]) -> Response:
        with reading(engine) as session:
            return render(
                request,
                "ledger.html",
                asked=asked,
                offered=offered_filters(session, asked),
                found=find_tasks(session, asked, clock.now()),
            )

    @routes.get("/plans/{plan_id}")
    def plan(plan_id: str) -> Response:
        with reading(engine) as session:
            known_plan(session, plan_id)
        return RedirectResponse(f"/ledger?plan={plan_id}", 303)

    @routes.get("/plans/{plan_id}/row/{task_id}")
    def row(plan_id: str, task_id: int) -> Response:
        with reading(engine) as session:
            task = session.get(Task, task_id)
            if task is None or task.plan_id != plan_id:
                raise UserError("这一行已经不在台账里，方案可能已重新读入。请再问一次。")
            where = f"plan={plan_id}&page={page_of_task(session, task)}"
            if task.version.state is not VersionState.IN_FORCE:
                where += f"&version={task.version_id}"
        return RedirectResponse(f"/ledger?{where}#task-{task_id}", 303)

    @routes.get("/plans/{plan_id}/passage/{passage_id}")
    def passage(plan_id: str, passage_id: int) -> Response:
        with reading(engine) as session:
            found = session.get(Passage, passage_id)
            if found is None or found.plan_id != plan_id:
                raise UserError("这一段已经不在库里，方案可能已重新读入。请再问一次。")
            where = f"/plans/{plan_id}/text?version={found.version_id}"
        return RedirectResponse(f"{where}#p-{passage_id}", 303)

    @routes.get("/plans/{plan_id}/text")
    def text(request: Request, plan_id: str, version: int | None = None) -> Response:
        with reading(engine) as session:
            shown = _version(session, plan_id, version)
            passages = session.exec(
                select(Passage).where(Passage.version_id == shown.id).order_by(col(Passage.seq))
            ).all()
            return render(request, "text.html", version=shown, passages=passages)

    return routes


def error_page(request: Request, status: int, words: str) -> Response:
    """A page that says what went wrong and leads back."""
    return TEMPLATES.TemplateResponse(request, "fault.html", {"words": words}, status)


def _version(session: Session, plan_id: str, version_id: int | None) -> PlanVersion:
    if version_id is None:
        return version_to_show(session, plan_id)
    version = session.get(PlanVersion, version_id)
    if version is None or version.plan_id != plan_id:
        raise UserError(f"方案“{plan_id}”没有这个版本。")
    return version
