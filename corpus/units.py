"""Reads 牵头单位, 责任单位 and 配合单位: which units a cell names, and what each of them does."""

import re
import unicodedata

from corpus.values import ResponsibilityValue, Role

FIRST_LEADS = "first"  # a lead mark that is no sign: “排第一的为牵头单位”
_MARKS = "▲△★☆●○◆◇■□※＊*#"

_END = (
    r"(局|委|办|部|院|署|厅|处|科|室|中心|公司|集团|政府|街道|镇|乡|县|市|区|办事处|委员会|管委会|"
    r"镇街|街镇|联社|社|协会|学会|商会|总工会|工会|团委|妇联|残联|科协|文联|社联|侨联|工商联|红十字会|联合会|基金会|"
    r"支队|大队|总队|中队|队|站|所|组|馆|校|大学|学院|幼儿园|银行|支行|分行|企业|单位|部门|党组|党委|党工委|纪委|监委|"
    r"海关|电视台|台|报社|指挥部|专班|园区|开发区|新区|村|社区|机构|机关|法院|检察院|武装部|党校|"
    r"人大|政协|分局|气象|电力|供电|移动|联通|电信|铁塔|邮政|烟草|消防|海事|税务|有关方面|各地|辖区)"
)
_UNIT = re.compile(rf"[^，。；;：:、]{{0,24}}{_END}([（(][^（）()]*[）)])?$")
# 县区 and 镇村 are their governments, and 鹿城区 is one by its name
_SOMEWHERE = re.compile(
    r"[市镇街]区|乡村|[省市县区旗镇乡街道村级内]*"
    r"(?:中心|建成区|(?:主|老|中心)?城区|(?:工业|产业|科技|化工|物流|农业|经济|创业|循环)*园区)"
)
_PREFIX = re.compile(
    r"(国家|中央|省|州|市|区|县|镇|各|本|有关|相关|街道|全市|全区|全县|驻|所在|属地|团|民|国网|中国)"
)
_LEVEL = re.compile(r"(省|市|县|区|镇|乡|街道|村|社区|部|州|旗)")
_EACH = re.compile(rf"各{_LEVEL.pattern}+(、{_LEVEL.pattern})*")
_TAIL_OF_ONE = re.compile(r"(人民)?政府|办事处|管委会|党工委|村委会|居委会")
_ET_CETERA = re.compile(r"等(有关|相关|各)?(部门|单位|部门单位|部门和单位|单位部门|方面)?$")
_SHARED = re.compile(
    r"(，|,)?(按|按照|根据|依|依据|在)[^，。；;]{0,10}(职责|责任|分工|职能)[^，。；;、]{0,8}$"
    r"|(各司其职|各负其责|分工负责|分别负责|共同负责|具体负责|共同落实|共同实施|具体落实|组织实施)$"
)
_LEAD = re.compile(
    r"(?<![（(各])(负责)?(共同|联合|分别)?(牵头|主办|主抓|总牵头)(负责|实施|落实|抓总|单位|部门|组织)?(?=$|[，,、])"
)
_SUPPORT = re.compile(
    r"(?<![（(各])(共同|协同|积极|做好|予以|密切)*(配合|协办|协助|参与|参加|协同|指导)"
    r"(实施|落实|做好|工作|支持|单位)?(?=$|[，,])"
)
_LABEL = re.compile(
    r"(?P<lead>牵头(责任)?(单位|部门|科室|处室)|主办(单位|部门|科室)?|主责(单位|部门)|主要责任(单位|部门)|牵头)\s*[:：]"
    r"|(?P<support>(配合|协办|协同|协助|参与|参加|会办)(责任)?(单位|部门|科室|处室)?)\s*[:：]"
    r"|(?P<plain>(责任|实施|承办|落实|完成|负责)(单位|部门|主体|科室|处室)|单位)\s*[:：]"
    r"|(?P<aside>(责任|分管|牵头|包保)?(领导|责任人|负责人|联系人)|联系电话|完成时限|完成时间)\s*[:：]"
)
_COMPANY = re.compile(r"(会同|联合|协同|商)(?=[^，。；;]{2,})")
_NAMED_ROLE = re.compile(r"[（(](牵头|主办|主责|牵头单位|配合|协办|协助|配合单位)[）)]")


def looks_like_unit(text: str) -> bool:
    """Whether words could be the name of an organisation, or of several: 各成员单位."""
    text = _bare(text)
    return 1 < len(text) <= 30 and bool(_UNIT.fullmatch(text))


def is_somewhere(name: str) -> bool:
    """Whether a name without an organ says where and nobody: 市区, 镇中心, 乡镇工业园区."""
    return bool(_SOMEWHERE.fullmatch(name))


def is_mark(cell: str) -> bool:
    """Whether a cell holds a sign and nothing else: ●, √."""
    return bool(re.fullmatch(rf"[{re.escape(_MARKS)}√✓✔Ｖ〇]+", cell.strip()))


def are_units(text: str) -> bool:
    """Whether a text is a list of units and nothing else."""
    names = split_names(text)
    return bool(names) and all(looks_like_unit(name.replace("、", "")) for name in names)


def read_units(cell: str, lead_mark: str | None = None) -> list[ResponsibilityValue]:
    """The units of a cell in printed order, each once.

    `lead_mark` is the sign that a note of the plan explains, or FIRST_LEADS; without one any
    usual sign is taken for it.
    """
    return settle(name_units(cell, lead_mark, None))


def name_units(
    cell: str, lead_mark: str | None, column: Role | None
) -> list[tuple[str, Role | None]]:
    """The units of a cell, each once, with the role that is printed for it; None where none is.

    `column` is what the column's head says of all its units.
    """
    named: list[tuple[str, Role | None]] = []
    for label, piece in _labelled(_tidy(cell)):
        for clause in _clauses(piece):
            named += _clause(clause, label or column, lead_mark)
    roles: dict[str, Role | None] = {}
    for unit, role in named:
        roles[unit] = roles.get(unit) or role
    if lead_mark == FIRST_LEADS and len(roles) > 1 and Role.LEAD not in roles.values():
        roles[next(iter(roles))] = Role.LEAD
    return list(roles.items())


def settle(named: list[tuple[str, Role | None]]) -> list[ResponsibilityValue]:
    """Gives each unit whose role is not printed the role that its companions leave it.

    It is supporting beside a lead, leading beside supporters, joint where several stand alike,
    responsible where it stands alone.
    """
    roles = [role for _, role in named]
    if Role.LEAD in roles:
        rest = Role.SUPPORT
    elif Role.SUPPORT in roles:
        rest = Role.LEAD
    else:
        rest = Role.JOINT if len(named) > 1 else Role.RESPONSIBLE
    return [ResponsibilityValue(unit, role or rest) for unit, role in named]


def _tidy(cell: str) -> str:
    """Line breaks inside a list are separators only where a name is complete."""
    lines = [line.strip() for line in cell.strip().splitlines() if line.strip()]
    text = ""
    for line in lines:
        broken = text and not looks_like_unit(re.split(r"[、，,；;：:]", text)[-1])
        text += line if not text or broken or re.search(r"[、，,；;：:]$", text) else "、" + line
    text = re.sub(r"(?<=[局委办部院会府])\s+(?=[市区县省各])", "、", text)
    return re.sub(r"\s+", "", text).strip("。.；;，,、")


def _labelled(text: str) -> list[tuple[Role | None, str]]:
    """The text cut at 牵头单位：, 配合单位：, each part with the role that its label gives."""
    pieces: list[tuple[Role | None, str]] = []
    at, role, skip = 0, None, False
    for found in _LABEL.finditer(text):
        if text[at : found.start()] and not skip:
            pieces.append((role, text[at : found.start()]))
        kind = found.lastgroup
        role = {"lead": Role.LEAD, "support": Role.SUPPORT}.get(str(kind))
        skip, at = kind == "aside", found.end()
    if text[at:] and not skip:
        pieces.append((role, text[at:]))
    return pieces


def _clauses(text: str) -> list[str]:
    """Cut where a role word closes a group: A牵头，B、C配合."""
    clauses: list[str] = []
    for part in re.split(r"[；;。]", text):
        at = 0
        for found in re.finditer(f"{_LEAD.pattern}|{_SUPPORT.pattern}", part):
            clauses.append(part[at : found.end()])
            at = found.end()
        clauses.append(part[at:])
    return [clause.strip("，,、") for clause in clauses if clause.strip("，,、")]


def _clause(clause: str, role: Role | None, lead_mark: str | None) -> list[tuple[str, Role | None]]:
    clause = _SHARED.sub("", clause).rstrip("，,、")
    if company := _COMPANY.search(clause):
        head, tail = clause[: company.start()], clause[company.end() :]
        if looks_like_unit(re.split(r"[、，,]", head)[-1]) or _LEAD.search(head):
            tail = _SUPPORT.sub("", _LEAD.sub("", _SHARED.sub("", tail)))
            tail = re.sub(r"(负责|落实|实施)$", "", tail)
            lead = _clause(head, role or Role.LEAD, lead_mark)
            return lead + _clause(tail, Role.SUPPORT, lead_mark)
    if found := _LEAD.search(clause):
        clause, role = clause[: found.start()] + clause[found.end() :], Role.LEAD
    elif found := _SUPPORT.search(clause):
        head, comma, tail = clause[: found.start()].partition("，")
        if comma and role is None:  # A，B、C配合: what stands before the comma is not helping
            return _clause(head, None, lead_mark) + _clause(tail, Role.SUPPORT, lead_mark)
        clause, role = head + comma + tail, Role.SUPPORT
    clause = re.sub(r"^由", "", re.sub(r"(共同|具体)?(负责|落实|实施|承办)$", "", clause))
    clause = _SHARED.sub("", clause)
    units: list[tuple[str, Role | None]] = []
    for name in split_names(clause):
        own = role
        if found := _NAMED_ROLE.search(name):
            own = Role.LEAD if found[1][:2] in ("牵头", "主办", "主责") else Role.SUPPORT
            name = name[: found.start()] + name[found.end() :]
        marks = _MARKS if lead_mark in (None, FIRST_LEADS) else lead_mark
        if re.search(rf"^[{re.escape(marks or '')}]|[{re.escape(marks or '')}]$", name):
            own = Role.LEAD
        name = _bare(name)
        if name and not re.fullmatch(r"(按|依)?(职责|责任)?分工(负责)?|/|-+|—+|无|其他|同上", name):
            units.append((name, own))
    return units


def split_names(text: str) -> list[str]:
    """Names of a list; separators inside brackets do not count, nor does 和 inside a name."""
    pieces = [""]
    depth = 0
    for char in text:
        depth += (char in "（(") - (char in "）)" and depth > 0)
        if char in "、，,；;/／" and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += char
    names: list[str] = []
    waiting = ""  # 市、县两级食安办: a level alone waits for the rest
    for piece in pieces:
        if _LEVEL.fullmatch(piece) and names and _EACH.fullmatch(names[-1]):
            names[-1] += "、" + piece  # 各镇、街道
        elif _LEVEL.fullmatch(piece):
            waiting += piece + "、"
        elif names and _TAIL_OF_ONE.fullmatch(piece) and re.search(r"党(工)?委$", names[-1]):
            names[-1] += "、" + piece
        elif piece:
            names += _split_and(waiting + _ET_CETERA.sub("", piece))
            waiting = ""
    return [name for name in [*names, waiting.rstrip("、")] if name]


def _split_and(name: str) -> list[str]:
    """A和B is two units only where both halves are whole names: 市自然资源和规划局 is one."""
    for found in re.finditer(r"以及|及|和|与", name):
        left, right = name[: found.start()], name[found.end() :]
        whole = looks_like_unit(left) and not re.search(r"[省市县区镇乡村]$", left)
        collective = left.startswith("各") and looks_like_unit(left)
        if (whole or collective) and looks_like_unit(right) and _PREFIX.match(right):
            return [left, *_split_and(right)]
    return [name]


def _bare(name: str) -> str:
    name = unicodedata.normalize("NFC", name).strip(_MARKS + " \t　。.，,、；;:：")
    return _ET_CETERA.sub("", name)
