"""Reminders that will be sent, in the terminal."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from bot import people, reminding, render
from bot.comparing import without
from bot.core import Core
from bot.periodic_messages import periodic_messages
from bot.verbs import as_json
from config.clock import read_day
from config.database import reading
from config.errors import UserError
from corpus import ledger
from reminders.choices import read_value
from reminders.preview import PlannedReminder, preview


def reminders_preview(
    core: Core, *, start: str, end: str, unit: str | None = None, plan: str | None = None,
    change: Sequence[str] = (), json: bool = False,
) -> Iterator[str]:  # fmt: skip
    """Every reminder that would be sent between two days, or what a change of settings would change."""
    first, last = read_day(start), read_day(end)
    if last < first:
        raise UserError(f"--to {end} 早于 --from {start}。")
    changed = _read_changes(change)
    with reading(core.engine) as session:
        if plan:
            ledger.known_plan(session, plan)
        ask = partial(
            preview, session, first, last, core.workdays, core.settings, unit=unit, plan_id=plan,
            today=core.clock.today(), chats_of=partial(people.chats_of, session),
            text_of=lambda item: "\n".join(reminding.preview_rows(item)),
        )  # fmt: skip
        found = ask()
        if changed:
            yield from _difference(found, ask(changed=changed), json)
        elif json:
            yield as_json([item.to_json() for item in found])
        else:
            for item in found:
                yield f"{item.at:%Y-%m-%d %H:%M}  {item.unit}（{item.plan_id}）"
                yield item.text
            yield f"共{len(found)}条提醒。"
            if not plan:
                some = periodic_messages(
                    session, first, last, core.workdays, core.settings, unit=unit
                )
                for one in some:
                    yield f"{one.at:%Y-%m-%d %H:%M}  {one.label}：{one.told}"
                    yield from one.lines


def _read_changes(change: Sequence[str]) -> dict[str, Any]:
    changed = {}
    for words in change:
        name, equals, value = words.partition("=")
        if not equals:
            raise UserError(f"--set {words} 应写成 名称=值，例如 --set overdue_times=2。")
        changed[name.strip()] = read_value(name.strip(), value)
    return changed


def _difference(
    before: list[PlannedReminder], after: list[PlannedReminder], json: bool
) -> Iterator[str]:
    gained, lost = without(after, before), without(before, after)
    if json:
        new, gone = ([one.to_json() for one in some] for some in (gained, lost))
        yield as_json({"new": new, "gone": gone})
        return
    yield from (f"＋ {render.reminder_line(one)}" for one in gained)
    yield from (f"－ {render.reminder_line(one)}" for one in lost)
    yield f"这样改，新增{len(gained)}条提醒，取消{len(lost)}条。"
