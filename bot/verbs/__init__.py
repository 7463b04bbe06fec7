"""What the commands do: each verb yields the lines that it prints, here or in the serving process.

A verb is a function `name(core, **arguments) -> Iterator[str]` with arguments that JSON can carry,
so that a command given beside a running `duban serve` can be handed to it.
"""

import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.errors import UserError

if TYPE_CHECKING:
    from bot.core import Core

Verb = Callable[..., Iterator[str]]

HOMES = {
    "say": "talking", "listen": "talking",
    "ask": "asking", "batch": "asking", "dates": "asking",
    "ingest": "plans", "plans_list": "plans", "plans_show": "plans", "plans_diff": "plans",
    "plans_publish": "plans", "plans_retire": "plans", "plans_rollback": "plans",
    "plans_discard": "plans", "plans_reread": "plans", "plans_correct": "correcting", "plans_corrections": "correcting",
    "plans_uncorrect": "correcting",
    "plans_export": "plans", "units_list": "directory", "units_import": "directory",
    "units_export": "directory", "units_ics": "calendars", "units_merge": "directory",
    "evaluate_files": "evaluating",
    "questions_list": "questioning", "questions_answer": "questioning",
    "questions_withdraw": "questioning",
    "reminders_preview": "reminding", "reminders_log": "delivering",
    "reminders_rules_list": "choosing", "reminders_rules_set": "choosing",
    "reminders_circular": "circulating",
    "reminders_rules_unset": "choosing", "reminders_resend": "delivering", "backup": "keeping",
    "reports_list": "reporting", "reports_missing": "reporting", "reports_submit": "reporting",
    "reports_duty_list": "reporting", "reports_duty_add": "reporting",
    "reports_duty_end": "reporting",
    "people_list": "peopling", "people_grant": "peopling", "people_revoke": "peopling",
    "people_code": "peopling", "chats_list": "chatting", "chats_add": "chatting",
    "chats_unbind": "chatting",
}  # fmt: skip


def run(core: "Core", verb: str, arguments: dict[str, Any]) -> Iterator[str]:
    """The lines that a verb prints; raises DubanError with one line for people."""
    function: Verb = getattr(import_module(f"bot.verbs.{HOMES[verb]}"), verb)
    yield from function(core, **arguments)


def as_json(data: Any) -> str:
    """One line of JSON, Chinese left readable."""
    return json.dumps(data, ensure_ascii=False)


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file; raises UserError when it can't be read."""
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise UserError(f"没有这个文件：{path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"读不了 {path}：{error}") from error
