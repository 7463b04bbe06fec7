"""The numbers that Word prints in front of list items: 一、 （二） 3. ④."""

import re
from dataclasses import dataclass
from typing import Any

from corpus.formats._docx_styles import Styles, W, value_of
from corpus.formats._numerals import chinese, letters, roman

_LEVELS = range(9)


@dataclass(slots=True)
class _Level:
    start: int
    form: str
    pattern: str
    legal: bool


class Numbers:
    """Counts the numbered paragraphs of one document; ask once for each, in reading order."""

    def __init__(self, root: Any | None, styles: Styles) -> None:
        self._styles = styles
        self._levels: dict[str, dict[int, _Level]] = {}
        self._abstract_of: dict[str, str] = {}
        self._starts: dict[str, dict[int, int]] = {}
        self._counters: dict[
            str, dict[int, int]
        ] = {}  # lists that share a definition count together
        self._begun: set[str] = set()
        if root is not None:
            self._read(root)

    def _read(self, root: Any) -> None:
        for abstract in root.findall(f"{W}abstractNum"):
            levels = {_number(e.get(f"{W}ilvl")): _level(e) for e in abstract.findall(f"{W}lvl")}
            self._levels[abstract.get(f"{W}abstractNumId")] = levels
        for num in root.findall(f"{W}num"):
            num_id = num.get(f"{W}numId")
            self._abstract_of[num_id] = value_of(num, "abstractNumId") or ""
            overrides = num.findall(f"{W}lvlOverride")
            starts = {
                _number(e.get(f"{W}ilvl")): _number(value_of(e, "startOverride"))
                for e in overrides
                if value_of(e, "startOverride") is not None
            }
            self._starts[num_id] = starts

    def printed(self, paragraph: Any) -> str | None:
        """The printed number of a list item, "" for a bullet, None for a plain paragraph."""
        num_id, depth = self._styles.numbering(paragraph)
        abstract = self._abstract_of.get(num_id or "")
        levels = self._levels.get(abstract or "", {})
        if num_id is None or abstract is None or depth not in levels:
            return None
        counter = self._counters.setdefault(abstract, {})
        if num_id not in self._begun:
            self._begun.add(num_id)
            for level, start in self._starts[num_id].items():
                counter[level] = start - 1
        counter[depth] = counter.get(depth, levels[depth].start - 1) + 1
        for deeper in _LEVELS[depth + 1 :]:
            counter.pop(deeper, None)
        return _compose(levels, depth, counter)


def _compose(levels: dict[int, _Level], depth: int, values: dict[int, int]) -> str:
    level = levels[depth]
    if level.form in {"bullet", "none"}:
        return ""

    def one(match: re.Match[str]) -> str:
        other = int(match[1]) - 1
        if other not in levels:
            return ""
        form = "decimal" if level.legal else levels[other].form
        return numeral(values.get(other, levels[other].start), form)

    text = re.sub(r"%([1-9])", one, level.pattern).strip()
    return text if not text or text[-1] in "、）】〕．：" else f"{text} "


def _level(element: Any) -> _Level:
    legal = element.find(f"{W}isLgl")
    return _Level(
        start=_number(value_of(element, "start"), 1),
        form=value_of(element, "numFmt") or "decimal",
        pattern=value_of(element, "lvlText") or "",
        legal=legal is not None and legal.get(f"{W}val") not in {"0", "false"},
    )


def _number(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdigit() else default


def numeral(n: int, form: str) -> str:
    """`n` as Word's number format `form` prints it; Arabic digits for a format that we do not know."""
    if form in {"chineseCounting", "chineseCountingThousand", "japaneseCounting",
                "taiwaneseCounting", "taiwaneseCountingThousand", "ideographDigital"}:  # fmt: skip
        return chinese(n)
    if form == "chineseLegalSimplified":
        return chinese(n).translate(
            str.maketrans("一二三四五六七八九十百", "壹贰叁肆伍陆柒捌玖拾佰")
        )
    if form == "ideographTraditional" and 1 <= n <= 10:
        return "甲乙丙丁戊己庚辛壬癸"[n - 1]
    if form == "ideographZodiac" and 1 <= n <= 12:
        return "子丑寅卯辰巳午未申酉戌亥"[n - 1]
    if form in {"upperLetter", "lowerLetter"}:
        return letters(n) if form == "upperLetter" else letters(n).lower()
    if form in {"upperRoman", "lowerRoman"}:
        return roman(n) if form == "upperRoman" else roman(n).lower()
    # the first character of a run of twenty in Unicode: ① ⑴ ⒈
    runs = {"decimalEnclosedCircle": 0x2460, "decimalEnclosedCircleChinese": 0x2460,
            "decimalEnclosedParen": 0x2474, "decimalEnclosedFullstop": 0x2488}  # fmt: skip
    if form in runs and 1 <= n <= 20:
        return chr(runs[form] + n - 1)
    if form == "decimalFullWidth":
        return "".join(chr(ord(digit) + 0xFEE0) for digit in str(n))
    return f"{n:02d}" if form == "decimalZero" else str(n)
