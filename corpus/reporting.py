"""Reads who is to report 报送, and tells words that make somebody report from those that make one do."""

import re
from collections.abc import Iterator

from corpus.units import are_units, is_somewhere, read_units, split_names
from corpus.values import ResponsibilityValue

# an office, or whoever else takes reports
_TAKER = (
    r"(?:办公室|办公厅|政府|专班|领导小组|指挥部|联席会议|总队|支队|大队|中心|[局委办厅部院处科府])"
)
REPORT = re.compile(
    r"报送|上报|报至|报备|呈报|续报|书面(?:报告|反馈|汇报)|报告(?=[^，。；]{0,12}(?:情况|进展))"
    rf"|(?<![通汇简电月季年周日填登申举播预警公])报(?!名|道|警|刊|纸|社|表|告|废|销|批|考|价|酬)(?:送)?[^，。；告名《]{{0,14}}?(?:{_TAKER}|备案|汇总)"
    rf"|(?:[向给][^，。；]{{2,20}}?)(?:报告|汇报|反馈|提交|报(?!警|名|废))"
    rf"|(?:提交|反馈|发送|汇总|提供|交|送|传)[至到给][^，。；]{{1,16}}?{_TAKER}"
)
# work that has to be done by then, with a report of it
_DONE_BY = re.compile(
    r"(?:完成|建成|办结|竣工|销号|整改到位|落实到位|验收)(?!的|情况|进度|进展|结果|率|时限|内容|数|后|及)"
)


def is_report(about: str) -> bool:
    """Whether a clause that a time dates says that something is to be reported by then."""
    found = REPORT.search(about)
    return found is not None and not _DONE_BY.search(about[: found.start()])


def is_all_report(text: str) -> bool:
    """Whether a measure is one sentence, and nothing but a report: 向市安委办报送进展情况。"""
    found = REPORT.search(text)
    return found is not None and not re.search(r"[，。；\n]", text.rstrip("。；\n "))


# ---- who reports

_CLAUSE = re.compile(r"[^，,；;：:。！？\n]+")
_OPENING = re.compile(r"\s*(?:(?:同时|另外|此外|其中|并)?(?:请|要求|由|责成|督促|指导))?")
# what can follow a unit that is the subject of a sentence
_GOES_ON = re.compile(
    r"应|要|须|必须|需|于|在|每|将|把|向|按|根据|结合|负责|组织(?![的部])|定期|及时|明确|制定|汇总|会同|均|分别|通过|对|做好|加强"
    r"|落实|建立|确定|指定|统一|认真|高度|切实|同步|填|报|收集|梳理|逐|以|原则上|从|至少|半年|年|月|季|周|\d"
)
_COLLECTIVE = re.compile(
    r"各[^，。；：、]{0,12}?(单位|部门|街道|镇街|乡镇|地|县市区|县（市、区）|乡镇（街道）)"
)
_NO_NAME = re.compile(r"[每将把于\d]|向(?=[省市州县区镇各上])")  # stands in no name of a unit
_PLACE = re.compile(r"[^各、]{1,6}[省市县区州盟旗]\d")  # 临江市2025年…: where, and no one
_BOUND = re.compile(r"要(?!求)|应当?(?!急)|须|必须|(?:负责|牵头)(?!的)")
_CHARGE = re.compile(r"由(.{2,60}?)(?:共同|联合|具体)?(?:牵头(?:负责)?|负责|主办|承办)")
_HELP = re.compile(r"会同(.{2,60})|(.{2,60}?)(?:共同|协同|积极)?(?:配合|协助|协办|参与|参加)")
_OWN = re.compile(r"[省市县区旗镇乡街各]")
_LONGEST = 60


def subjects(text: str) -> list[ResponsibilityValue]:
    """The units that a sentence makes do something, the first that it names: 各成员单位于每月5日前…"""
    text = text.strip("，,。；：: \n（）()")
    for words in _subjects(text):
        return read_units(words)
    collective = _COLLECTIVE.search(re.split(r"[。；]", text)[0][:40])
    return read_units(collective[0]) if collective else []


def told(text: str) -> list[ResponsibilityValue]:
    """The units that the sentences of a measure begin with and bind: 市教育局要…；由市公安局负责，…"""
    units: list[str] = []
    if shared := _charged(re.split(r"[。；\n]", text)[0]):
        return read_units(shared)
    for sentence in re.split(r"[。；\n]", text):
        words = next(_subjects(re.split("[，,]", sentence.strip())[0]), "")
        if words and _BOUND.match(sentence.strip().partition(words)[2]) and _OWN.match(words):
            units += [name for name in split_names(words) if not is_somewhere(name)]
    return read_units("、".join(units)) if units else []


def _charged(sentence: str) -> str:
    """由市住建局牵头，市城管局配合 in front of what they are to do, "" where a sentence begins otherwise."""
    first, *rest = sentence.strip().split("，")
    charge = _CHARGE.fullmatch(first)
    if not charge or not are_units(charge[1]):
        return ""
    helping: list[str] = []
    for clause in rest:
        found = _HELP.fullmatch(clause)
        if not found or not are_units(found[1] or found[2]):
            break
        helping.append(found[1] or found[2])
    return first.removeprefix("由") + (f"，{'、'.join(helping)}配合" if helping else "")


def without_subject(clause: str) -> str:
    """将工作小结报送县河长办, where the clause names first who is to do it."""
    units = next(_subjects(clause.split("，")[0]), "")
    return clause.partition(units)[2] if units else clause


def reports_in(sentence: str) -> list[str]:
    """A sentence cut where another unit is to report: 各乡镇每月5日前报县办，县办每月10日前报市办。"""
    cuts, last = [0], ""
    for clause in _CLAUSE.finditer(sentence):
        subject = next(_subjects(clause[0]), "")
        if (
            subject
            and last
            and subject != last
            and REPORT.search(sentence[cuts[-1] : clause.start()])
        ):
            cuts.append(clause.start())
        last = subject or last
    return [sentence[a:b] for a, b in zip(cuts, [*cuts[1:], len(sentence)], strict=True)]


def _subjects(text: str) -> Iterator[str]:
    """The lists of units with which the clauses of a text begin."""
    for clause in _CLAUSE.finditer(text):
        opening = _OPENING.match(clause[0])
        words = clause[0][opening.end() if opening else 0 :]
        verb = _NO_NAME.search(words)
        for end in range(min(len(words) - 1, verb.start() if verb else _LONGEST), 1, -1):
            if not _GOES_ON.match(words, end) or _PLACE.fullmatch(words[: end + 1]):
                continue
            if are_units(words[:end]):
                yield words[:end]
                break
