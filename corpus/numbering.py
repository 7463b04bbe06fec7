"""The printed number at the start of a heading, a point or a row: 一、 （一） 1. （1） ①."""

import re
from dataclasses import dataclass

from corpus import numerals

_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_HAN = "[一二三四五六七八九十百零〇]"
_LEVELS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (1, re.compile(rf"第\s*({_HAN}+|\d+)\s*[章部编篇节](?:分)?\s*")),
    (1, re.compile(rf"({_HAN}{{1,4}})\s*[、．.]\s*")),
    (2, re.compile(rf"[（(]\s*({_HAN}{{1,4}})\s*[）)]\s*[、.．]?\s*")),
    (3, re.compile(r"(\d{1,3})\s*[.．、](?!\d(?!\d?月|\d{3}年|G))\s*")),  # 2.5G基站, 2.6月底前
    (3, re.compile(rf"(?:任务|举措|措施|行动|事项|项目)({_HAN}{{1,3}}|\d{{1,3}})\s*[:：]\s*")),
    (4, re.compile(r"[（(]\s*(\d{1,3})\s*[）)]\s*[、.．]?\s*")),
    (5, re.compile(rf"([{_CIRCLED}])\s*")),
    (5, re.compile(r"(\d{1,2})[）)]\s*")),
)

# 附件2：, by itself or in front of a title
ANNEX = re.compile(r"附\s*[件表录]\s*[\d一二三四五六七八九十]*\s*[:：]?")


@dataclass(frozen=True, slots=True)
class Numbered:
    """A text behind its number. `level` counts from 1 (一、) to 5 (①)."""

    level: int
    no: str  # in digits: "3" for （三）
    rest: str


def digits(text: str) -> str:
    """A printed number in digits; what is no number comes back unchanged."""
    if text in _CIRCLED and text:
        return str(_CIRCLED.index(text) + 1)
    if re.fullmatch(rf"{_HAN}+", text):
        return str(numerals.read_number(text))
    return text


def read_numbered(text: str) -> Numbered | None:
    """The number in front of a text, None if there is none."""
    text = text.strip()
    for level, pattern in _LEVELS:
        if found := pattern.match(text):
            return Numbered(level, digits(found[1]), text[found.end() :].strip())
    return None


def read_cell_number(cell: str) -> str | None:
    """The number that a cell of a 序号 column holds: 1, 1.、（一）、1-2; None for a blank or words."""
    bare = re.sub(r"\s", "", cell).strip("（）()、.．")
    if re.fullmatch(rf"\d+([.\-—]\d+)*|{_HAN}{{1,4}}|[{_CIRCLED}]|[A-Z]?\d+", bare):
        return digits(bare)
    return None
