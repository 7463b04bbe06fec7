"""Chinese numbers, and text made plain for a grammar: half-width, simplified, without stray spaces."""

import re

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "俩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
HAN_NUMBER = "[零〇○一二三四五六七八九十百千两俩廿卅]+"
NUMBER = rf"(?:\d+|{HAN_NUMBER})"

# Only the characters that time words are made of; everything else stays as printed.
_SIMPLE = str.maketrans(
    "後週禮號個這兩點間節國慶勞動婦兒聖誕萬聖陽農曆歲內來開當務興於從時為鐘雙禦頭現費權門歸紀軍",
    "后周礼号个这两点间节国庆劳动妇儿圣诞万圣阳农历岁内来开当务兴于从时为钟双御头现费权门归纪军",
)
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
# Full-width punctuation separates clauses, so it stays as it is.
_WIDE = {code: half for code, half in _WIDE.items() if chr(half).isalnum() or half in b" -./:~%"}
_HAN = re.compile(r"[\u3400-\u9fff〇]")


def read_number(text: str) -> int | None:
    """The whole number that `text` prints, in Arabic or Chinese digits; None if it prints none.

    二〇二六 is read digit by digit, 二十六 and 两千零四 by place.
    """
    if text.isdecimal():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    if not text or any(c not in DIGITS and c not in _UNITS for c in text):
        return None
    if not any(c in _UNITS for c in text):
        return int("".join(str(DIGITS[c]) for c in text))
    total = digit = 0
    for c in text:
        if c in _UNITS:
            total += (digit or 1) * _UNITS[c]
            digit = 0
        else:
            digit = DIGITS[c]
    return total + digit


def plain(text: str) -> tuple[str, list[int]]:
    """`text` with half-width letters and digits, simplified time words and no spaces beside Han characters.

    The list has one entry more than the plain text: `places[i]` is where its i-th character
    stands in `text`, and the last one is `len(text)`.
    """
    kept: list[str] = []
    places: list[int] = []
    flat = text.translate(_WIDE).translate(_SIMPLE)
    for place, c in enumerate(flat):
        if c in " \xa0" and _beside_han(flat, place):
            continue
        kept.append(c)
        places.append(place)
    places.append(len(text))
    return "".join(kept), places


def _beside_han(text: str, place: int) -> bool:
    before = text[:place].rstrip(" \xa0")[-1:]
    after = text[place:].lstrip(" \xa0")[:1]
    return bool(_HAN.match(before) or _HAN.match(after))
