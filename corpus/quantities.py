"""Finds the numbers of a Chinese text with their measure units, and passes over dates and names.

12315, 第三届, 5S, 2018年, 〔2021〕5号 and numbers in “” or 《》 are names or dates, no quantities.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from corpus.numerals import DIGITS, read_number

HIDDEN = "□"  # stands for each character that holds no quantity

_HAN = "[一二两三四五六七八九十]"
_VALUE = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"

_WORDS = (
    "个工作日 工作日 个百分点 百分点 批次 人次 户次 条次 车次 辆次 台次 艘次 家次 场次 件次 篇次 班次 期次 轮次 点位 学时 课时 小时 分钟 公里 千米 台套 架次 "
    "平方公里 平方千米 平方米 立方米 公顷 亩 美元 公斤 千克 克 吨标准煤 吨 元 家 个 所 处 座 条 件 名 人 位 "
    "户 项 次 场 期 份 篇 支 辆 台 套 部 本 册 张 只 头 株 棵 块 片 组 对 类 种 起 例 宗 幅 栋 幢 间 床 "
    "盏 根 眼 口 米 分贝 分 天 周 轮 门 堂 节 课 题 岁 张床位 年 毫克 微克 升 千瓦时 千瓦 兆瓦 艘 尾 羽 枚 架 票 单 遍 村 "
    "km2 km² km mg μg kg hm2 hm² m2 m² m3 m³ MW kW ㎡ ㎏ ㎞ ㎎ ℃"
)
_BASE = "|".join(map(re.escape, sorted(_WORDS.split(), key=len, reverse=True))) + "|具(?![体备有])"
_PER = rf"[/·]\d*[百千万亿]*(?:常住人口|人口|年|月|季度|季|日|L|{_BASE})?"
MEASURE_UNIT = rf"(?:%|‰|/\d*[百千万]+|[百千万亿]{{0,2}}(?:{_BASE})(?:\((?:{_BASE})\))?(?:{_PER}){{0,2}}|[万亿])"
# what stands behind a number at the end of a clause counts it, however rare: 监控800路, 帐篷60顶
_RARE = (
    r"[百千万亿]{0,2}(?![年月日号时点度级星型版楼层代届维余多初末底前后内中])[\u3400-\u9fff]"
    r"(?=$|[,。;!?、\n]|以[上下内])"
)
_BOUND = r"(?:\(含\)|及)?(?:以上|以下|以内|之内|之上|内|左右)"

_QUANTITY = re.compile(
    rf"(?:百分之(?P<share>[零一二三四五六七八九十百点]+|{_VALUE})"
    rf"|(?P<value>{_VALUE})(?:{MEASURE_UNIT}?(?:-|—|–|~|至|到)(?:{_VALUE}))?(?P<unit>(?:余|多)?(?:{_RARE}|{MEASURE_UNIT}))?"
    rf"|(?P<han>{_HAN}{{1,3}})(?P<han_unit>[家个所处座条件名次场期轮项支](?![性体])|人次|场次|批次|学时))"
    rf"(?P<bound>{_BOUND})?"
)

# A bracket that brings a target of its own: 50个（其中省级不少于10个）.
_ASIDE_HEAD = "其中|不[少低超高]|至少|≥|≤|力争"
_ASIDE = re.compile(rf"\(((?:{_ASIDE_HEAD})[^()]*)\)")
_NAMES_AND_DATES = re.compile(
    "|".join(
        (
            r"《[^》]*》",
            r"(?<=“)[^”]{0,24}(?=”)|(?<=「)[^」]{0,24}(?=」)|(?<=\")[^\"]{1,24}(?=\")",
            rf"第(?:\d+|{_HAN}{{1,4}})[^\d]?",
            r"[〔\[(【](?:19|20)\d{2}[〕\])】]\d*号?",
            r"\d{4}年?(?:-|—|–|~|至|到)+\d{4}年?",
            r"\d{4}(?:年\d*号?|\.\d{1,2}\.\d{1,2}|-\d{1,2}-\d{1,2})",
            r"\d{1,2}(?:-|—|~|至|到)\d{1,2}[月日]",
            r"(?<![\d.])(?:\d{1,2}月\d{1,2}日?|\d+[月日])",
            r"(?<![A-Za-z])[A-Za-z]+[-.]?\d[\d.:]*[A-Za-z]*",
            r"\d+(?:\.\d+)?[A-Z](?![A-Za-z/])",
            r"\d+[:×x*]\d+",
            rf"(?:\d|{_HAN})个\d+%",
            r"\d+/\d+(?![\d万千百])",
            rf"每(?:[\d.]+|{_HAN}|[百千万])+(?:个?月|个?工作日|年|周|天|日|个|家|名|户|人)?",
            r"(?:^|(?<=[。;:\n]))\(?\d{1,3}[.、)](?!\d)",
            rf"(?<![月年底日末旬])前(?:\d+|{_HAN}{{1,4}})[名位强]?",
            # 缩短至3个工作日 is a length to keep to, 印发后10个工作日内 a day
            rf"(?<!不超过)(?<![至到在于])(?<![\d.])(?:\d+|{_HAN}{{1,4}})个?工作日(?:以内|内)?",
            rf"(?<![\d.])(?:\d+|{_HAN}{{1,4}})(?:个?多?月|个?季度|个?学期|个?学年|个?自然日|周年|年)(?:以上|以下|内|前)?",
            r"\d+(?:号|级|星|型|版|路(?![,。;、])|楼|层|代|届|维|时|点(?!位))",
            rf"\((?!{_ASIDE_HEAD}|含\))[^()]{{3,}}\)",
        )
    )
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as printed; `start` and `end` (exclusive) count in the folded text, the bound included."""

    start: int
    end: int
    value: Decimal
    unit: str  # "" where none is printed
    bound: str  # 以上, 以内 … behind the unit; ">=" for 余, 多
    is_spelled: bool  # 三家


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in half-width forms without blanks; `at[i]` is where its i-th character was printed."""

    source: str
    text: str
    masked: str  # as long as `text`, names and dates hidden
    at: list[int]

    def printed(self, start: int, end: int) -> str:
        """The words of the source between two positions of the folded text, blanks kept."""
        return self.source[self.at[start] : self.at[end - 1] + 1] if start < end else ""


def fold(source: str) -> Folded:
    """Half-width forms, no blanks; line ends stay, because they may end a sentence."""
    characters: list[str] = []
    at: list[int] = []
    for index, character in enumerate(source):
        if character.isspace() and character != "\n":
            continue
        is_full_width = "\uff01" <= character <= "\uff5e"
        characters.append(chr(ord(character) - 0xFEE0) if is_full_width else character)
        at.append(index)
    text = "".join(characters)
    masked = _ASIDE.sub(r",\1,", _NAMES_AND_DATES.sub(lambda found: _hide(found.group()), text))
    return Folded(source, text, masked, at)


def _hide(words: str) -> str:
    """Hidden, but for the brackets at both ends: they still show where a name stands."""
    if words.startswith("(") and words.endswith(")"):
        return f"({HIDDEN * (len(words) - 2)})"
    return HIDDEN * len(words)


def find_quantities(masked: str, start: int, end: int) -> list[Quantity]:
    """The quantities of `masked[start:end]` in their order; of a range (3—5个) the lower end."""
    found = []
    for match in _QUANTITY.finditer(masked, start, end):
        bound = match["bound"] or ""
        unit = match["unit"] or match["han_unit"] or ""
        if unit[:1] in ("余", "多"):
            unit, bound = unit[1:], bound or "以上"
        if match["share"]:
            value, unit = _number(match["share"]), "%"
        else:
            value = _number(match["value"] or match["han"])
        found.append(
            Quantity(match.start(), match.end(), value, unit, bound, match["han"] is not None)
        )
    return found


def is_measure_unit(words: str) -> bool:
    """Whether these words are what is counted or measured in: 万亩, 个, %."""
    return re.fullmatch(MEASURE_UNIT, fold(words).text) is not None


def _number(words: str) -> Decimal:
    """Reads 1,200 and 九十八点五."""
    if words[0].isascii():
        return Decimal(words.replace(",", ""))
    whole, _, fraction = words.partition("点")
    decimals = "".join(str(DIGITS[character]) for character in fraction if character in DIGITS)
    return Decimal(f"{read_number(whole) or 0}.{decimals}" if decimals else read_number(whole) or 0)
