"""What a spreadsheet shows for a value under its number format: 98%, 2026年6月30日, 1,200."""

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from corpus.formats._numerals import chinese, chinese_digits

# Formats that a file names by number alone and Chinese Excel and WPS show as follows.
BUILTIN = {
    14: "yyyy/m/d", 22: "yyyy/m/d h:mm", 27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"',
    30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"', 32: 'h"时"mm"分"', 33: 'h"时"mm"分"ss"秒"',
    34: '上午/下午h"时"mm"分"', 35: '上午/下午h"时"mm"分"ss"秒"', 36: 'yyyy"年"m"月"', 50: 'yyyy"年"m"月"',
    51: 'm"月"d"日"', 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"', 54: 'm"月"d"日"', 55: '上午/下午h"时"mm"分"',
    56: '上午/下午h"时"mm"分"ss"秒"', 57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}  # fmt: skip
_LONG_DATE = 'yyyy"年"m"月"d"日"'  # [$-F800], the system's long date, on a Chinese system
_TOKEN = re.compile(
    r'"[^"]*"|[\\!].|_.|\*.|\[[^\]]*\]|General|上午/下午|AM/PM|A/P|E[+-]0+'
    r"|y+|e|m+|d+|aaaa?|h+|s+|.",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[\d.]+)\]")
_WEEKDAYS = "一二三四五六日"


def shown(value: float | str, code: str, since_1904: bool = False) -> str:
    """`value` as its cell shows it; "" where the format hides it.

    Dates come as serial days since 1899-12-30, or 1904-01-01 with `since_1904`.
    """
    sections = _sections(code)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        if len(sections) < 4:
            return value
        return "".join(value if t == "@" else _literal(t) for t in _TOKEN.findall(sections[3]))
    section, unsigned = _section(sections, value)
    tokens = _TOKEN.findall(_LONG_DATE if "[$-f800]" in section.lower() else section)
    if any(token.lower() == "general" for token in tokens):
        number = general(abs(value) if unsigned else value)
        return "".join(number if t.lower() == "general" else _literal(t) for t in tokens)
    if any(re.fullmatch(r"[ymdhs]+|aaaa?|\[[hms]+\]", t, re.IGNORECASE) for t in tokens):
        return _date(value, tokens, since_1904)
    return _number(value, tokens, unsigned)


def general(value: float) -> str:
    """A number without a format: no needless .0, no exponent, ten digits at most."""
    if value == int(value):
        return str(int(value))
    return f"{Decimal(f'{value:.10g}'):f}"


def _sections(code: str) -> list[str]:
    sections = [""]
    for token in _TOKEN.findall(code or "General"):
        if token == ";":
            sections.append("")
        else:
            sections[-1] += token
    return sections


def _section(sections: list[str], value: float) -> tuple[str, bool]:
    """The part of the format that is for `value`; True when it writes its sign itself."""
    if any(_CONDITION.search(section) for section in sections):
        for section in sections[:3]:
            condition = _CONDITION.search(section)
            if condition is None or _holds(value, condition[1], float(condition[2])):
                return section, False
        return "General", False
    if value < 0 and len(sections) > 1:
        return sections[1], True
    if value == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], False


def _holds(value: float, sign: str, bound: float) -> bool:
    if sign == "<>":
        return value != bound
    return ("<" in sign and value < bound) or (">" in sign and value > bound) or (
        "=" in sign and value == bound
    )  # fmt: skip


def _literal(token: str) -> str:
    """What a token prints that stands for itself."""
    if token[0] == '"':
        return token[1:-1]
    if token[0] in "\\!" and len(token) == 2:
        return token[1]
    if token[0] == "[":  # a currency such as [$¥-804]; colours and languages print nothing
        return token[2:-1].partition("-")[0] if token.startswith("[$") else ""
    return "" if token[0] in "_*@" else token


def _date(value: float, tokens: list[str], since_1904: bool) -> str:
    start = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30)  # noqa: DTZ001
    try:
        moment = start + timedelta(seconds=round(value * 86_400))
    except OverflowError:
        return general(value)
    in_chinese = any(token.lower() == "[dbnum1]" for token in tokens)
    units = [t.lower() for t in tokens if re.fullmatch(r"[ymdhs]+|\[[hms]+\]", t, re.IGNORECASE)]
    half_day = any(token.lower() in {"am/pm", "a/p", "上午/下午"} for token in tokens)
    parts, met = [], 0
    for token in tokens:
        low = token.lower()
        if low in {"am/pm", "a/p", "上午/下午"}:
            words = ("上午", "下午") if low == "上午/下午" else ("AM", "PM")
            parts.append(words[moment.hour >= 12])
        elif low == "e" or low[0] == "y":
            year = f"{moment:%y}" if len(low) == 2 else str(moment.year)
            parts.append(chinese_digits(year) if in_chinese else year)
        elif low.startswith("aaa"):
            parts.append(("星期" if len(low) == 4 else "") + _WEEKDAYS[moment.weekday()])
        elif low[0] in "mdhs" or re.fullmatch(r"\[[hms]+\]", low):
            before, after = units[met - 1][:2] if met else "", units[met + 1 : met + 2]
            minutes = low[0] == "m" and ("h" in before or bool(after and "s" in after[0]))
            met += 1
            parts.append(_part(low, moment, minutes, half_day, value, in_chinese))
            continue
        else:
            parts.append(_literal(token))
            continue
        met += low[0] == "y"
    return "".join(parts).strip()


def _part(
    token: str, moment: datetime, minutes: bool, half_day: bool, value: float, in_chinese: bool
) -> str:
    """Month, day, hour, minute or second; [h] and its like count on past their limit."""
    if token[0] == "[":
        return str(int(value * {"h": 24, "m": 1440, "s": 86_400}[token[1]]))
    if token in {"ddd", "dddd"}:
        return "星期" + _WEEKDAYS[moment.weekday()]
    hour = (moment.hour - 1) % 12 + 1 if half_day else moment.hour
    month = moment.minute if minutes else moment.month
    number = {"m": month, "d": moment.day, "h": hour, "s": moment.second}[token[0]]
    if in_chinese:
        return chinese(number) if number else "〇"
    return f"{number:02d}" if len(token) == 2 else str(number)


def _number(value: float, tokens: list[str], unsigned: bool) -> str:
    if any(token.upper().startswith("E+") or token == "/" for token in tokens):
        return general(value)
    places = [index for index, token in enumerate(tokens) if token in {"0", "#", "?"}]
    if not places:
        return "".join(_literal(token) for token in tokens).strip()
    point = next((i for i, token in enumerate(tokens) if token == "."), len(tokens))
    whole, part = [i for i in places if i < point], [i for i in places if i > point]
    number = Decimal(repr(abs(value))) * 100 ** tokens.count("%")
    last = max(whole, default=point)
    commas = [i for i, token in enumerate(tokens) if token == ","]
    end = places[-1] + 1
    while end in commas:  # each comma after the last digit divides by a thousand
        number /= 1000
        end += 1
    text = f"{number.quantize(Decimal(1).scaleb(-len(part)), ROUND_HALF_UP):f}"
    digits, _, decimals = text.partition(".")
    digits = "" if digits == "0" else digits
    digits = digits.rjust(sum(tokens[i] == "0" for i in whole), "0")
    optional = next((n for n, i in enumerate(reversed(part)) if tokens[i] == "0"), len(part))
    while optional and decimals.endswith("0"):
        decimals, optional = decimals[:-1], optional - 1
    grouped = any(whole and whole[0] < comma < last for comma in commas)
    written: dict[int, str] = dict.fromkeys([*places, *commas], "")
    if grouped and whole:
        written[whole[0]] = f"{int(digits or 0):,}" if digits else ""
    else:
        for place in reversed(whole):
            written[place], digits = digits[-1:], digits[:-1]
        if whole:
            written[whole[0]] = digits + written[whole[0]]
    for place, digit in zip(part, decimals, strict=False):
        written[place] = digit
    if not decimals:
        written[point] = ""
    negative = value < 0 and not unsigned and text.strip("0.") != ""
    body = "".join(written.get(i, _literal(token)) for i, token in enumerate(tokens))
    return ("-" if negative else "") + body.strip()
