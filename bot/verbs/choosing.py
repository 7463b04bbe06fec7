"""The settings of the reminder rules in the terminal: for all, for a plan, for a unit."""

from collections.abc import Iterator

from sqlmodel import Session

from bot.core import Core
from bot.verbs import as_json
from config.database import reading, writing
from config.errors import UserError
from corpus import ledger
from corpus.models import Unit
from reminders import choices
from reminders.owed import row_id


def reminders_rules_list(core: Core, *, json: bool = False) -> Iterator[str]:
    """Every setting with its default, and what was chosen in its place."""
    zone = core.clock.zone
    with reading(core.engine) as session:
        chosen = [
            {
                "name": row.name, "value": row.value, "plan": row.plan_id,
                "unit": _unit_name(session, row.unit_id), "by": row.by,
                "at": row.at.astimezone(zone).isoformat(timespec="seconds"),
            }
            for row in choices.all_rows(session)
        ]  # fmt: skip
    fields = type(core.settings).model_fields
    found = [
        {
            "name": name, "default": str(getattr(core.settings, name)), "about": fields[name].description,
            "chosen": [row for row in chosen if row["name"] == name],
        }
        for name in choices.NAMES
    ]  # fmt: skip
    if json:
        yield as_json(found)
        return
    for item in found:
        default = _words(getattr(core.settings, str(item["name"])))
        yield f"{item['name']} = {default}    {item['about']}"
        for row in chosen:
            if row["name"] == item["name"]:
                where = _where(row["plan"], row["unit"])
                value = _chosen_words(str(item["name"]), str(row["value"]))
                yield f"  {where}：{value}（{row['by']}，{str(row['at'])[:10]}）"


def reminders_rules_set(
    core: Core, *, name: str, value: str, plan: str | None = None, unit: str | None = None
) -> Iterator[str]:
    """Choose a value in place of the default."""
    with writing(core.engine) as session:
        unit_id = _scope(session, plan, unit)
        if name == "office" and value.strip() and not ledger.find_units(session, value.strip()):
            raise UserError(f"没有叫“{value}”的单位。duban units list 可看到全部单位。")
        choices.choose(
            session, name, value, plan_id=plan, unit_id=unit_id, by="cli", at=core.clock.wall()
        )
    yield f"{_where(plan, unit)}：{name} 现在是 {_chosen_words(name, value)}。"


def reminders_rules_unset(
    core: Core, *, name: str, plan: str | None = None, unit: str | None = None
) -> Iterator[str]:
    """Let the more general value hold again."""
    with writing(core.engine) as session:
        unit_id = _scope(session, plan, unit)
        choices.unchoose(session, name, plan_id=plan, unit_id=unit_id)
        now = getattr(choices.ChoiceBook(session, core.settings).of(plan, unit_id), name)
    yield f"{_where(plan, unit)}：{name} 不再另定，现在是 {_words(now)}。"


def _scope(session: Session, plan: str | None, unit: str | None) -> int | None:
    if plan is not None:
        ledger.known_plan(session, plan)
    if unit is None:
        return None
    found = ledger.find_units(session, unit)
    if plan is not None and len(found) > 1:
        place = ledger.version_to_show(session, plan).jurisdiction
        found = [one for one in found if one.jurisdiction == place] or found
    if not found:
        raise UserError(f"没有叫“{unit}”的单位。duban units list 可看到全部单位。")
    if len(found) > 1:
        places = "、".join(one.jurisdiction for one in found)
        raise UserError(f"有{len(found)}个“{unit}”（{places}），请用 --plan 写明方案。")
    return row_id(found[0].id)


def _unit_name(session: Session, unit_id: int | None) -> str | None:
    unit = session.get(Unit, unit_id) if unit_id is not None else None
    return unit.name if unit else None


def _where(plan: object, unit: object) -> str:
    parts = [f"方案 {plan}" if plan else "", f"单位 {unit}" if unit else ""]
    return "，".join(part for part in parts if part) or "全部方案和单位"


def _chosen_words(name: str, text: str) -> str:
    """As it was written; yes and no in Chinese, however they were."""
    value = choices.read_value(name, text) if name in choices.NAMES else text
    return _words(value if isinstance(value, bool) else text.strip())


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, tuple):
        parts = [":".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in value]
        return ",".join(parts) or "无"
    return str(value) or "（空）"
