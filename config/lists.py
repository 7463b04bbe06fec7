"""Reads the settings that hold more than one value: days, steps of an escalation, hours."""

import re

RECEIVERS = {"unit": "责任单位", "head": "负责人", "office": "督办单位", "leader": "分管领导"}
NONE = ("无", "0", "")
_SEPARATORS = re.compile(r"[,，、;；\s]+")


def read_days(text: str) -> tuple[int, ...]:
    """`30,7,3,1` as numbers, the largest first, each once; `无` is none. Raises ValueError."""
    if text.strip() in NONE:
        return ()
    parts = [part for part in _SEPARATORS.split(text) if part]
    if not all(re.fullmatch(r"[0-9]{1,3}", part) and 0 < int(part) <= 250 for part in parts):
        raise ValueError("应为1至250的整数，用逗号分隔，例如 7,1；都不要写“无”")
    return tuple(sorted({int(part) for part in parts}, reverse=True))


def read_steps(text: str) -> tuple[tuple[int, str], ...]:
    """`3:unit,5:head` as (working day, receiver), the earliest first; `无` is none. Raises ValueError."""
    if text.strip() in NONE:
        return ()
    names = {**{name: name for name in RECEIVERS}, **{v: k for k, v in RECEIVERS.items()}}
    found: dict[tuple[int, str], None] = {}
    for part in _SEPARATORS.split(text.strip()):
        days, _, name = part.replace("：", ":").partition(":")
        if not re.fullmatch(r"[0-9]{1,3}", days) or not 0 < int(days) <= 250 or name not in names:
            raise ValueError(
                "应像 3:unit,5:head,7:office,10:leader，即逾期后第几个工作日告诉谁："
                f"{'、'.join(f'{k} {v}' for k, v in RECEIVERS.items())}；都不要写“无”"
            )
        found[int(days), names[name]] = None
    return tuple(sorted(found, key=lambda step: (step[0], list(RECEIVERS).index(step[1]))))


def read_hours(text: str) -> tuple[int, int] | None:
    """`20-8` as (quiet from, quiet until), full local hours; `无` is None. Raises ValueError."""
    if text.strip() in NONE:
        return None
    found = re.fullmatch(r"([0-9]{1,2})\s*[-–—至到~]\s*([0-9]{1,2})", text.strip())
    if not found or any(int(hour) > 23 for hour in found.groups()) or found[1] == found[2]:
        raise ValueError("应像 20-8，即20点到次日8点不发；都可以发写“无”")
    return int(found[1]), int(found[2])
