"""What the chat page says of this installation: its plans, days to try, questions to start with."""

from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from corpus.ledger import count_tasks, versions_in_force
from corpus.models import PlanVersion, Responsibility, Target, Task, Timing
from corpus.values import Role
from rag.phrasing import chinese_day

DAYS_AHEAD = 10  # a suggested day stands this long before something is due
DAYS_OFFERED = 3


def describe_plans(session: Session, today: date) -> list[dict[str, Any]]:
    """Each plan with its period, its number of tasks, and days inside its period to try from."""
    described = []
    for plan in versions_in_force(session):
        due = _due_days(session, plan.id)
        last = plan.period_end_on or max(due, default=None)
        described.append(
            {
                "id": plan.plan_id,
                "title": plan.title,
                "period": _period(plan),
                "over": last is not None and last < today,
                "tasks": count_tasks(session, plan.id) if plan.id else 0,
                "days": _days_to_try(plan, due),
            }
        )
    return described


def starting_questions(session: Session, today: date) -> list[str]:
    """A few questions that this ledger can answer on a day, made from what is in it."""
    plans = versions_in_force(session)
    if not plans:
        return []
    versions = [plan.id for plan in plans]
    questions = []
    unit = session.exec(
        select(Responsibility.unit_text)
        .join(Task)
        .where(col(Task.version_id).in_(versions), Responsibility.role == Role.LEAD)
        .group_by(Responsibility.unit_text)
        .order_by(func.count().desc(), Responsibility.unit_text)
    ).first()
    if unit:
        questions.append(f"{unit}牵头哪些任务？")
    this_month = _month(today)
    months = {
        _month(day) - this_month for version in versions for day in _due_days(session, version)
    }
    if months:  # the nearest: of those to come, else of those past
        ahead = min(months, key=lambda n: (n < 0, abs(n)))
        year, month = divmod(this_month + ahead, 12)
        questions.append(f"{f'{year}年{month + 1}月' if ahead else '本月'}有哪些任务到期？")
    indicator = session.exec(
        select(Target.indicator)
        .join(Task)
        .where(col(Task.version_id).in_(versions), Target.measure_unit == "%")
        .where(func.length(Target.indicator).between(5, 14))
        .order_by(col(Target.id))
    ).first()
    if indicator:
        questions.append(f"{indicator}的目标是多少？")
    title = min((plan.title for plan in plans), key=len)
    return [*questions, f"《{title}》共有多少项任务？"]


def _month(day: date) -> int:
    """Months since the beginning of the years."""
    return day.year * 12 + day.month - 1


def _period(plan: PlanVersion) -> str:
    if plan.period_start_on and plan.period_end_on:
        return f"{chinese_day(plan.period_start_on)}至{chinese_day(plan.period_end_on)}"
    if plan.period_start_on:
        return f"{chinese_day(plan.period_start_on)}起"
    return f"至{chinese_day(plan.period_end_on)}" if plan.period_end_on else ""


def _due_days(session: Session, version_id: int | None) -> dict[date, int]:
    """The days on which tasks are due, with how many."""
    rows = session.exec(
        select(col(Timing.due_on), func.count(col(Timing.task_id).distinct()))
        .join(Task)
        .where(Task.version_id == version_id, col(Timing.due_on).is_not(None))
        .group_by(col(Timing.due_on))
    )
    return {day: tasks for day, tasks in rows if day is not None}


def _days_to_try(plan: PlanVersion, due: dict[date, int]) -> list[dict[str, str]]:
    first = plan.period_start_on or plan.issued_on or date.min
    last = plan.period_end_on or date.max
    inside = {day: tasks for day, tasks in due.items() if first <= day <= last}
    busiest = sorted(inside, key=lambda day: (-inside[day], day))[:DAYS_OFFERED]
    offered = {
        max(day - timedelta(days=DAYS_AHEAD), first): f"{inside[day]}项{day.month}月{day.day}日到期"
        for day in busiest
    }
    if not offered and plan.period_start_on and plan.period_end_on:
        offered = {
            plan.period_start_on + (plan.period_end_on - plan.period_start_on) / 2: "执行期中"
        }
    return [{"day": day.isoformat(), "why": offered[day]} for day in sorted(offered)]
