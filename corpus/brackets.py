"""Reads what is printed behind a measure: （市教育局牵头，6月底前完成）, 责任单位：…；完成时限：…"""

import re
from dataclasses import dataclass

from corpus.units import are_units, split_names

_TRAILING = re.compile(
    r"[（(\[【〔]((?:[^（）()\[\]【】〔〕]|[（(][^（）()]*[）)])*)[）)\]】〕]\s*[。；;.]?\s*$"
)
_INSIDE = re.compile(r"[（(]((?:[^（）()]|[（(][^（）()]*[）)])*)[）)]")
_UNIT_LABEL = (
    r"(?:[省市区县]级|属地)?(?:牵头|责任|配合|主办|协办|承办|实施|落实|协同|协助|参与|参加|会办|主责|主要责任|负责|完成)"
    r"(?:责任)?(?:单位|部门|科室|处室|主体)"
)
_TIME_LABEL = r"(?:完成|时间|办结|整改|工作|推进)?(?:时限|时间|期限|节点|时间节点|完成时间|进度安排|要求时间)(?:要求)?"
_PERSON_LABEL = r"(?:责任|分管|牵头|包保|包联|主管)领导|责任人|负责人|联系人"
_WORDS_LABEL = r"(?:整改|工作|主要|具体|重点|建设|推进|实施|改革|治理|办理)?(?:目标|措施|举措|内容|任务|标准|要求)"
_LABEL = re.compile(
    rf"(?:[【\[]\s*)?(?:(?P<unit>{_UNIT_LABEL})|(?P<time>{_TIME_LABEL})|(?P<person>{_PERSON_LABEL})"
    rf"|(?P<words>{_WORDS_LABEL}))\s*[】\]]?\s*[:：]\s*"
)
_ROLE = re.compile(r"牵头|主办|协办|配合|负责|落实|参与|会同|分工|指导")
_TIME = re.compile(
    r"前(完成|落实|到位|建成|报送|启动|取得)?$|底$|年内$|完成$|长期(坚持|推进|实施)?$|持续(推进|实施|开展)?$"
    r"|^(20\d\d|每|全年|长期|持续|即日|立即|常年|年度)|\d+月(份|底|\d+日)?$|季度$|按.{0,10}(要求|部署|进度)"
)
_PLACED = re.compile(r"(市|区|县|省|州|各|镇|街道|乡|国家|相关|有关|本|驻|团|市级|区级|县级)")


@dataclass(frozen=True, slots=True)
class Tail:
    """A measure without its tail, and the words of units and of time that the tail held."""

    text: str
    unit_text: str = ""
    time_text: str = ""


def read_tail(text: str) -> Tail:
    """Split a measure from what its end, or its inside, says of units and time.

    Only an end is cut off; brackets in the middle stay in the words of the measure.
    """
    units: list[str] = []
    times: list[str] = []
    text = text.strip()
    while (found := _TRAILING.search(text)) and _LABEL.match(found[1].strip()):
        _cut_labels(found[1].strip(), units, times)
        text = text[: found.start()].rstrip()
    text = _cut_labels(text, units, times)
    while found := _TRAILING.search(text):
        inside = found[1]
        if _LABEL.search(inside):
            rest = _cut_labels(inside, units, times)
            if rest:
                units.insert(0, rest)
        elif not _sort(inside, units, times):
            break
        text = text[: found.start()].rstrip()
    if (alone := _LABEL.match(text)) and alone["words"] and not _LABEL.search(text, alone.end()):
        text = text[alone.end() :]
    for found in _INSIDE.finditer(text):
        if re.search(r"牵头|按职责分工|责任单位|配合", found[1]) and not units:
            _sort(_LABEL.sub("", found[1]), units, times)
    return Tail(text, "；".join(units), "；".join(times))


def label_of(text: str) -> str | None:
    """What the label is of that a text begins with: unit, time, person or words; None without one."""
    found = _LABEL.match(text)
    return found.lastgroup if found else None


def _cut_labels(text: str, units: list[str], times: list[str]) -> str:
    """Take off 责任单位：… and 完成时限：…, which run to the end of the text or to 工作措施：…"""
    labels = list(_LABEL.finditer(text))
    labels = [
        x for x in labels if x.start() == 0 or re.search(r"[。；;，,\s（(】\]]$", text[: x.start()])
    ]
    while labels and labels[0]["words"]:
        labels.pop(0)  # words in front belong to the measure as they stand
    if not any(label["unit"] or label["time"] for label in labels):
        return text
    rest = [text[: labels[0].start()].rstrip(" 　\n【[，,")]
    if "（" in text[labels[0].start() - 1 : labels[0].start()]:
        return text
    for label, end in zip(labels, [*(x.start() for x in labels[1:]), len(text)], strict=True):
        value = text[label.end() : end].strip(" 　\n。；;，,")
        if label["unit"]:
            name = re.sub(r"[【】\[\]\s]", "", label["unit"])
            units.append(f"{name}：{value}")
        elif label["time"]:
            times.append(value)
        elif label["words"]:
            rest.append(text[label.start() : end].strip())
    return "\n".join(filter(None, rest))


def _sort(inside: str, units: list[str], times: list[str]) -> bool:
    """Sort the parts of a bracket into units and times; False where it holds something else."""
    named: list[str] = []
    timed: list[str] = []
    for part in re.split(r"(?<=[；;])|(?<=[，,])(?=[^，,；;]*$)|(?<=[，,])", inside):
        bare = part.strip("，,；; 　")
        if not bare:
            continue
        if _TIME.search(bare) and not _ROLE.search(re.sub(r"负责$", "", bare)):
            timed.append(bare)
        else:
            named.append(part)
    words = "".join(named).strip("，,；; 　")
    if words and not _names_units(words) and not (timed and _are_placed(words)):
        return False
    if not words and not any(re.search(r"前|底|完成|长期|每|持续|年", part) for part in timed):
        return False
    if words:
        units.append(words)
    times.extend(timed)
    return bool(words or timed)


def _are_placed(words: str) -> bool:
    """Whether these are units of which the first says whose it is: 市教育局、人民银行中心支行."""
    return are_units(words) and bool(_PLACED.match(words))


def _names_units(words: str) -> bool:
    """Whether all of these words are units and what they do."""
    bare = re.sub(
        r"(负责)?(共同|联合|分别)?(牵头|主办)(负责|实施|落实)?|(共同|协同)?(配合|协办|协助|参与|指导)|"
        r"(按|根据)[^，。；;]{0,8}(分工|职责)[^，。；;、]{0,6}|(具体|共同)?(负责|落实|实施)(?=$|[，,；;])|等(有关|相关)?(部门|单位)?(?=$|[，,；;])",
        "",
        words,
    )
    bare = re.sub(r"会同", "、", bare)
    if not are_units(bare):
        return False
    return bool(_ROLE.search(words)) or all(_PLACED.match(name) for name in split_names(bare))
