"""Reads what a plan says of itself: title, issuer, number, day, place, period, basis, office."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from corpus import numerals
from corpus.document import BlockKind, Document, Table
from corpus.numbering import ANNEX, read_numbered
from corpus.plan_period import period_of_title, period_said
from corpus.units import looks_like_unit


@dataclass(slots=True)
class PlanFacts:
    """The head of a plan; None for what is not printed. Days are local and included."""

    title: str
    issuer: str | None = None
    doc_number: str | None = None
    issued_on: date | None = None
    jurisdiction: str | None = None
    period_start_on: date | None = None
    period_end_on: date | None = None
    basis: list[str] = field(default_factory=list)
    leading_group: str | None = None  # where its office is
    off_days: str = (
        ""  # where a day that falls on a holiday goes: "after" it, "before" it; "" unsaid
    )
    other_papers: list[str] = field(default_factory=list)  # numbers of further papers in the file
    title_year: int | None = None  # where the title names one year alone
    only_due_year: int | None = None  # the year of every printed deadline, where they agree

    @property
    def year(self) -> int | None:
        """What a date without a year belongs to: the one year of the plan, of its issue, or of its deadlines."""
        start, end = self.period_start_on, self.period_end_on
        if self.title_year:
            return self.title_year
        if start and (end is None or end.year == start.year):
            return start.year
        if start:
            return None
        return self.issued_on.year if self.issued_on else self.only_due_year


_TITLE_END = re.compile(
    r"(方案|计划|要点|意见|规划|办法|清单|(?<!代)表|台账|细则|预案|安排|决定|通告|制度|责任书|任务书|"
    r"通知|任务分解|职责分工|任务分工|责任分工|指标|行动)([（(][^（）()]{1,16}[）)])?$"
)
_NOTICE = re.compile(
    r"(?:关于)?(?:印发|下发|转发|发布|公布)[《〈]?(.{4,60}?)[》〉]?的(?:通知|公告|通报)$"
)
_NUMBER = re.compile(
    r"[\u3400-\u9fff（）()]{2,16}[〔\[［【(（](?:19|20)\d\d[〕\]］】)）]第?\d{1,4}号"
)
_DAY = re.compile(
    r"((?:19|20)\d\d|[一二三四五六七八九〇○零]{4})年(\d{1,2}|[一二三四五六七八九十]{1,3})月(\d{1,2}|[一二三四五六七八九十]{1,3})日"
)
_NO_PLACE = "城市|社区|园区|示范区|地区|辖区|校区|景区|小区|山区|林区|库区|灌区|牧区|保护区|区域|市场|市政|县域|市级|区级|县级"
_PLACE = re.compile(
    rf"(?:中共|中国共产党)?(?P<a>[\u3400-\u9fff]{{2,3}}省|[\u3400-\u9fff]{{2,6}}自治区)?"
    rf"(?P<b>[\u3400-\u9fff]{{1,4}}(?:市(?![场政级])|(?:自治)?州|地区|盟))?"
    rf"(?P<c>(?!{_NO_PLACE})[\u3400-\u9fff]{{1,3}}(?:区(?![域级])|县(?![域级])|市(?![场政级])|旗)|[\u3400-\u9fff]{{2,8}}自治县|[\u3400-\u9fff]{{1,4}}(?:新区|开发区|高新区))?"
    rf"(?P<d>[\u3400-\u9fff]{{1,4}}(?:街道|镇|乡)(?!级|村))?"
)
_BASIS = re.compile(r"(?:根据|依据|按照|遵照|为(?:全面|深入|认真)?贯彻(?:落实)?|贯彻落实|落实)")
_MADE = re.compile(r"编制|制定|制订|印发")
_CITED = re.compile(r"《[^》]{3,60}》(?:[（(][^（）()]{2,16}[〔\[]\d{4}[〕\]]\d+号[）)])?")
_OFFICE = re.compile(r"办公室(?:[（(][^（）()]*[）)])?设在([^，。；、（(]{2,24})")
_DUE = re.compile(r"(20\d\d)年(?:\d{1,2}月)?(?:\d{1,2}日)?(?:[底末]|[之以]?前)")
_RUN = re.compile(  # and not what was counted in those months
    r"自?(20\d\d)年\d{1,2}月(?:\d{1,2}日|份)?(?:起|开始)?(?:至|到|[—–\-~]+)(?:当年)?\d{1,2}月"
    r"(?![^。；]{0,20}(?:(?<!公)共(?![同享建治用])|累计|同比|已(?!有)|发生[^的，。]{1,8}\d|(?<![为除])了(?!解)))"
)
_DAY_CELL = re.compile(r"(20\d\d)(?:年\d{1,2}月(?:\d{1,2}日)?|[-./]\d{1,2}[-./]\d{1,2})")
_OFF_DAY = re.compile(
    r"(?:节假日|节日|休息日|双休日|公休日|假期|周末)[^。；;\d]{0,12}?(?:(顺延|推迟|延后|延至|往后)|(提前|前移|往前))"
)
_HALF_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")
_FRONT = 25  # blocks in which the head of a plan stands


def read_facts(document: Document, name_hint: str = "") -> PlanFacts:
    """The facts that a document prints; `name_hint` is the title where it prints none."""
    texts = _texts(document)
    front = texts[:_FRONT]
    facts = PlanFacts(_title(document, front) or name_hint)
    facts.doc_number = _first(front, _NUMBER)
    facts.issuer, facts.issued_on = _signature(texts, front)
    facts.jurisdiction = next(
        filter(None, map(_place, [facts.title, *front[:6], facts.issuer or ""])), None
    )
    titled = period_of_title(facts.title)
    facts.period_start_on, facts.period_end_on = period_said(texts, facts.issued_on) or titled
    if titled[0] and titled[1] and titled[0].year == titled[1].year:
        facts.title_year = titled[0].year
    facts.basis = _basis(document)
    office = next((found for text in texts if (found := _OFFICE.search(text))), None)
    facts.leading_group = office[1] if office else None
    facts.off_days = _off_days(document)
    facts.other_papers = _other_papers(texts)
    facts.only_due_year = _only_due_year(document) or _held_in(facts.title, front)
    return facts


def _texts(document: Document) -> list[str]:
    return [_flat(b.text) for b in document.blocks if b.table is None and b.text.strip()]


def _off_days(document: Document) -> str:
    """What a plan says of days that fall on a holiday: 遇节假日顺延, 提前至节前最后一个工作日."""
    for block in document.blocks:
        rows = block.table.rows if block.table else []
        for text in [block.text, *(cell.text for row in rows for cell in row.cells)]:
            if found := _OFF_DAY.search(_flat(text)):
                return "after" if found[1] else "before"
    return ""


def _other_papers(texts: Sequence[str]) -> list[str]:
    """The numbers that stand alone on their lines after the first: each heads a paper of its own."""
    numbers = [
        found[0] for t in texts if (found := _NUMBER.match(t)) and len(t) <= len(found[0]) + 10
    ]
    return list(dict.fromkeys(numbers))[1:]


def _only_due_year(document: Document) -> int | None:
    """The year of all days in cells and of all deadlines, None where they name several."""
    tables = [block.table for block in document.blocks if block.table is not None]
    cells = {_flat(cell.text) for table in tables for row in table.rows for cell in row.cells}
    years = {found[1] for cell in cells if (found := _DAY_CELL.fullmatch(cell))}
    printed = [*_texts(document), *cells]
    years |= {year for text in printed for word in (_DUE, _RUN) for year in word.findall(text)}
    return int(years.pop()) if len(years) == 1 else None


def _held_in(title: str, front: Sequence[str]) -> int | None:
    """The year of the meeting that minutes 纪要 tell of."""
    days = [found for text in front if (found := _DAY.search(text))]
    day = _day(days[0]) if days and "纪要" in title else None
    return day.year if day else None


def _flat(text: str) -> str:
    return re.sub(r"\s+", "", text).translate(_HALF_WIDTH)


def _first(texts: Sequence[str], pattern: re.Pattern[str]) -> str | None:
    """The number of the document itself stands alone on its line."""
    for text in texts:
        if (found := pattern.match(text)) and len(text) <= len(found[0]) + 10:
            return found[0]
    return None


def _title(document: Document, front: Sequence[str]) -> str | None:
    """The plan's own title: what a notice issues, else the first line that reads like one."""
    lines = _joined(front)
    for text in lines:
        if found := _NOTICE.search(text):
            own = [line for line in lines if line.endswith(found[1])]
            return own[0] if own else found[1]
    for text in lines:
        if _TITLE_END.search(text) and 6 <= len(text) <= 70:
            return text
    captions = [name for b in document.blocks if b.table for name in _names(b.table)]
    short = [t for t in lines if 6 <= len(t) <= 40 and not re.search(r"[。；]", t)]
    if document.format in ("xlsx", "xls"):  # its rows call a sheet more than its name does
        return next(iter([*short, *map(_flat, captions)]), None)
    return next(iter([*map(_flat, captions), *short]), None)


def _names(table: Table) -> list[str]:
    """What a table is called: by a first row that is one merged cell, or by its caption."""
    first = {cell.text.strip() for cell in table.rows[0].cells if cell.text.strip()}
    return [name for name in [*(first if len(first) == 1 else ()), table.caption] if name]


def _joined(front: Sequence[str]) -> list[str]:
    """Lines of the head that may be a title, a title of two lines made one."""
    lines: list[str] = []
    for text in front:
        text = ANNEX.sub("", text, count=1) if ANNEX.match(text) else text
        if not text or _NUMBER.fullmatch(text) or _DAY.fullmatch(text):
            lines.append("")
        elif read_numbered(text) or len(text) > 70 or re.search(r"[。；：]", text):
            break
        elif (lines and re.fullmatch(r"[（(]20\d\d[^（）()]*[）)]", text)) or (
            lines and lines[-1] and _waits(lines[-1]) and not _TITLE_END.search(lines[-1])
        ):
            lines[-1] += text
        else:
            lines.append(text)
    return [line for line in lines if line]


def _waits(line: str) -> bool:
    """Whether a line of a title goes on: it says 关于 or 印发 and has not come to its end."""
    return bool(re.search(r"关于|印发|20\d\d年", line)) or line.count("《") > line.count("》")


def _signature(texts: Sequence[str], front: Sequence[str]) -> tuple[str | None, date | None]:
    """Who signed and when: a line with a day alone, the name on the line above it or before it."""
    for index, text in enumerate(texts):
        found = _DAY.search(text)
        if not found or len(text) > 40 or text[found.end() :] not in ("", "印发", "发布"):
            continue
        before = text[: found.start()].strip("（）()：:，,")
        above = [before, *reversed(texts[max(0, index - 2) : index])]
        issuer = next((name for name in above if _is_issuer(name)), None)
        day = _day(found)
        if issuer and day and index > 0:
            return issuer, day
        if day and not before:
            return _headline(front), day
    return _headline(front), None


def _headline(front: Sequence[str]) -> str | None:
    """The issuer from the red head of a paper, 某某办公室文件, or from “某某关于印发”."""
    for text in front[:6]:
        name = re.sub(r"(文件|关于.*)$", "", text)
        if name != text and _is_issuer(name):
            return name
    number = next((i for i, text in enumerate(front[:6]) if _NUMBER.match(text)), 0)
    return next((text for text in front[:number] if _is_issuer(text)), None)


def _is_issuer(text: str) -> bool:
    plain = not re.search(r"^(各|附|为|根据|按)|[《》，。：；“”]", text)
    return plain and 4 <= len(text) <= 40 and looks_like_unit(text)


def _day(found: re.Match[str]) -> date | None:
    parts = [numerals.read_number(part.replace("○", "〇")) for part in found.groups()]
    try:
        return date(*[part or 0 for part in parts])
    except ValueError:
        return None


def _place(text: str) -> str | None:
    """The smallest place that a title or a name begins with: 台州市椒江区… is 椒江区."""
    text = unicodedata.normalize("NFC", text)
    text = re.sub(
        r"^[《〈]?(关于(印发|做好|开展)?[《〈]?|印发|全面|20\d\d[-—至~]?(20\d\d)?年(度)?)+",
        "",
        text,
    )
    found = None if text.startswith(("全", "我", "本")) else _PLACE.match(text)  # 全县, 我市
    if not found or not found[0]:
        inner = re.search(r"[（(]([^（）()]{2,8}[市县区州盟旗镇乡道])[）)]", text)
        return _place(inner[1]) if inner else None
    small = found["d"] or found["c"] or found["b"] or found["a"]
    if small is None or re.search(rf"^各|({_NO_PLACE})$", small):
        return found["b"] or found["a"]
    return str(small)


def _basis(document: Document) -> list[str]:
    """The papers that the opening paragraphs say the plan rests on."""
    basis: list[str] = []
    for block in document.blocks:
        if block.table or (block.kind is BlockKind.HEADING and read_numbered(block.text)):
            break
        for sentence in re.split(r"(?<=。)", _flat(block.text)):
            if start := _BASIS.search(sentence):
                names = {
                    c for found in re.finditer("《[^》]*》", sentence) for c in range(*found.span())
                }
                ends = [found.start() for found in _MADE.finditer(sentence, start.end())]
                end = next((at for at in ends if at not in names), len(sentence))
                basis += _CITED.findall(sentence[start.start() : end])
    return list(dict.fromkeys(basis))
