"""English words of number and measure: twenty-one, the third, two weeks, a month and ten days."""

import re

from dateutil.relativedelta import relativedelta

_ONES = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_NTH = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth"} | {
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip


def _nth(word: str) -> str:
    return _NTH.get(word) or (word[:-1] + "ieth" if word.endswith("y") else word + "th")


_CARDINALS = dict(zip(_ONES, range(1, 20), strict=True))
_ORDINALS = {_nth(word): n for word, n in _CARDINALS.items()}
for _ten, _value in zip(_TENS, range(20, 100, 10), strict=True):
    _CARDINALS[_ten] = _value
    _ORDINALS[_nth(_ten)] = _value
    for _sign in " -":
        _CARDINALS |= {f"{_ten}{_sign}{one}": _value + n for n, one in enumerate(_ONES[:9], 1)}
        _ORDINALS |= {f"{_ten}{_sign}{_nth(one)}": _value + n for n, one in enumerate(_ONES[:9], 1)}
_LOOSE = {"a": 1, "an": 1, "couple of": 2, "a couple of": 2, "few": 3, "a few": 3}


def _any_of(words: dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


ORDINAL = rf"\d{{1,2}}(?:st|nd|rd|th)|{_any_of(_ORDINALS)}"
DAY = rf"(?:{ORDINAL}|\d{{1,2}}|{_any_of({w: n for w, n in _CARDINALS.items() if n <= 31})})"
COUNT = rf"(?P<n>\d{{1,3}}|{_any_of(_LOOSE | _CARDINALS)})"
MEASURE = r"(?P<measure>day|week|month|quarter|year|fortnight|decade)"
_PIECE = rf"{COUNT} ?{MEASURE}s?"
_BARE_PIECE = re.sub(r"\?P<\w+>", "?:", _PIECE)
LENGTH = rf"(?P<length>{_BARE_PIECE}(?:(?:,| and|, and)? {_BARE_PIECE}){{0,3}})"


def number(words: str) -> int:
    """30, thirty, twenty-first, 2nd, a couple of; 0 for no number."""
    if digits := re.match(r"\d+", words):
        return int(digits[0])
    return _LOOSE.get(words) or _CARDINALS.get(words) or _ORDINALS.get(words, 0)


def unit_length(n: int, measure: str) -> relativedelta:
    """`n` days, weeks, fortnights, months, quarters, years or decades."""
    months = {"month": 1, "quarter": 3, "year": 12, "decade": 120}.get(measure)
    if months:
        return relativedelta(months=n * months)
    return relativedelta(days=n * {"week": 7, "fortnight": 14}.get(measure, 1))


def read_length(words: str) -> relativedelta:
    """What LENGTH matched: two weeks, 1 month and 21 days."""
    total = relativedelta()
    for m in re.finditer(_PIECE, words):
        total += unit_length(number(m["n"]), m["measure"])
    return total
