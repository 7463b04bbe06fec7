"""Which plans and which units a question names."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from corpus.directory import all_names, bare, nicknames, organ_of, other_names
from corpus.models import PlanVersion
from rag.homophones import Sounds
from rag.patterns import COMPARE, OWN_MARK, UNIT_LIKE
from rag.query import Mention, Query
from rag.question import Question
from rag.views import VersionView
from rag.words import normal, pairs


def narrow_to_plans(text: str, views: list[VersionView]) -> tuple[list[VersionView], str]:
    """Narrow to the plans that are named; their names are taken out of the text."""
    named = named_plans(text, [view.version for view in views])
    if not named:
        return views, text
    if len(views) == 1:
        return views, _plan_name(views[0].version).sub("", text)
    for start, end in sorted(named.values(), reverse=True):
        text = text[:start] + "," + text[end:]
    return [view for view in views if view.version.id in named], text


def named_plans(text: str, versions: Sequence[PlanVersion]) -> dict[int | None, tuple[int, int]]:
    """Version id → where `text` names it.

    Of versions that the same words may mean, those whose titles say most of them: a place has many plans.
    """
    folded = text.casefold()
    found = [
        (v, match)
        for v in versions
        if any(word in folded for word in _hints(v.title, v.jurisdiction or "", v.plan_id))
        and (match := _plan_name(v).search(text))
    ]
    alike = [len(_title_words(v) & pairs(match[0])) for v, match in found]
    named = {}
    for (version, match), own in zip(found, alike, strict=True):
        start, end = match.span()
        rivals = (
            n for (_, m), n in zip(found, alike, strict=True) if m.start() < end and start < m.end()
        )
        if own == max(rivals, default=own):
            named[version.id] = (start, end)
    return named


def _title_words(version: PlanVersion) -> set[str]:
    days = (version.period_start_on, version.issued_on)
    return pairs(version.title) | {str(day.year) for day in days if day is not None}


def _plan_name(version: PlanVersion) -> re.Pattern[str]:
    return _name_pattern(version.title, version.jurisdiction or "", version.plan_id)


@lru_cache(maxsize=4096)
def _hints(title: str, jurisdiction: str, plan_id: str) -> tuple[str, ...]:
    """Words of which one stands in every text that names the plan: quicker than its pattern."""
    place, latin = _place(jurisdiction), _latin(plan_id)
    words = (normal(title), place, latin, _spelt(place))
    return tuple(word.casefold() for word in words if word)


def _place(jurisdiction: str) -> str:
    return jurisdiction.rstrip("市区县省")


def _latin(plan_id: str) -> str:
    first = plan_id.split("-")[0]
    return first if first.isalpha() else ""


@lru_cache(maxsize=4096)
def _spelt(place: str) -> str:
    """A place in Latin letters, as English texts write it: 乐清 is Yueqing, whatever the plan's id."""
    from pypinyin import lazy_pinyin  # slow to import; most commands need no sounds

    return "".join(lazy_pinyin(place)) if place else ""


@lru_cache(maxsize=4096)
def _name_pattern(title: str, jurisdiction: str, plan_id: str) -> re.Pattern[str]:
    place = _place(jurisdiction) or "\0"
    full = re.escape(jurisdiction or "\0")
    title = re.escape(normal(title))
    kind = r"(?:[^,。?？;；、和与及跟]{0,16}?(?:工作方案|方案|规划|工作要点|要点|任务清单|清单|分工表|一览表|计划|文件))?"
    latin = "|".join(filter(None, (_latin(plan_id), _spelt(_place(jurisdiction))))) or "\0"
    year = r"(?:20\d\d年?)?"
    return re.compile(
        rf"《?{title}》?|{year}(?:{full}|{re.escape(place)})(?:[市区县])?(?:的)?{year}{kind}(?:里|中)?"
        rf"|\b(?:the )?(?:{latin})(?: 20\d\d)?(?: plan)?\b",
        re.IGNORECASE,
    )


def unit_names(views: Sequence[VersionView]) -> dict[str, set[str]]:
    """Every way to name a unit of these plans → the units as printed."""
    return names_of(frozenset[str]().union(*(view.units for view in views)))


_BRANCH = re.compile(
    r"(?P<what>公安|自然资源|生态环境|规划)[\u3400-\u9fff]{2,4}分局"
    r"|[省市县区]?(?P<of>[\u3400-\u9fff]{2,9})局[\u3400-\u9fff]{2,4}分局"
)


@lru_cache(maxsize=256)
def names_of(printed: frozenset[str]) -> dict[str, set[str]]:
    """Every way to name one of the units `printed` → the units that it may mean; not to be changed."""
    names: dict[str, set[str]] = {}
    for unit in printed:
        names.setdefault(unit, set()).add(unit)
        stem = bare(unit)
        if branch := _BRANCH.fullmatch(unit):  # 公安临湖分局, 市生态环境局临湖分局
            names.setdefault(f"{branch['what'] or branch['of']}分局", set()).add(unit)
        for short in (stem, unit.removesuffix("管委会")):  # 高新区 has its 管委会
            if len(short) >= 2:
                names.setdefault(short, set()).add(unit)
        for said in _collective_names(unit):
            names.setdefault(said, set()).add(unit)
        organ = organ_of(unit)
        if organ is not None:
            for other in other_names(organ):
                names.setdefault(other, set()).add(unit)
    return names


def _collective_names(unit: str) -> set[str]:
    """各乡镇（街道） → 各乡镇(街道), 各乡镇, 各乡镇街道: with 各, for 乡镇 alone says where, not who."""
    name = normal(unit)
    if not name.startswith("各"):
        return {name}
    forms = {
        name,
        re.sub(r"\(.*?\)", "", name),
        re.sub("[()]", "", name),
        re.sub("[()、]", "", name),
    }
    if name.endswith(("政府", "管委会", "办事处")):  # these say who without 各
        forms |= {form.removeprefix("各") for form in forms}
    return forms


@lru_cache(maxsize=256)
def unit_sounds(printed: frozenset[str]) -> Sounds:
    """The names of units by their sounds."""
    return Sounds(p for name in names_of(printed) for p in pairs(name))


# 消防清单 is a list about fire safety, not the brigade's
TITLES = {"清单", "方案", "规划", "要点", "计划", "行动", "工程", "专项"}


def find_units(query: Query, question: Question) -> str:
    """Put the units that are named into `query`; the text without them."""
    text = query.text
    names = unit_names(query.views)
    alone = _alone(text)
    excluded = [
        m.span(1)
        for m in re.finditer(
            r"(?:不含|不包括|不算|除了?)([^)，,)）]{2,30}?(?=[)，,）]|以外|之外|外[,还其的]|还有|$)|[^)，,)）]{2,30})",
            text,
        )
    ]
    rest = text
    taken: list[tuple[int, int]] = []
    for name in _said(names, text):
        for match in re.finditer(
            rf"(?:[市区县省](?!{re.escape(name[0])}))?{re.escape(name)}", text
        ):
            start, end = match.span()
            if any(start < b and a < end for a, b in taken):
                continue
            if name in nicknames() and (match.span() not in alone or text[end : end + 2] in TITLES):
                continue  # 消防安全 speaks of fire safety, 消防牵头哪些 of the brigade
            taken.append((start, end))
            exact = match[0] if match[0] in names else name
            mention = Mention(start, end, tuple(sorted(names[exact])))
            if any(a <= start < b for a, b in excluded):
                query.excepted.append(mention)
                continue
            query.mentions.append(mention)
            query.units += sorted(names[exact] - set(query.units))
    for name, start, end in _beside(text, names, taken):
        taken.append((start, end))
        query.mentions.append(Mention(start, end, tuple(sorted(names[name]))))
        query.units += sorted(names[name] - set(query.units))
    for start, end in taken:
        rest = rest[:start] + "," * (end - start) + rest[end:]
    if query.is_own:
        if question.unit:
            own = match_unit(question.unit, names)
            for found in re.finditer(OWN_MARK, text) if own else ():
                is_out = any(a <= found.start() < b for a, b in excluded)
                mentions = query.excepted if is_out else query.mentions
                mentions.append(Mention(found.start(), found.end(), tuple(own)))
            if not any(OWN_MARK in text[m.start : m.end] for m in query.excepted):
                others = [unit for unit in query.units if unit not in own]
                query.units = own + others if COMPARE.search(rest) else own
            query.unknown_units = [] if own else [question.unit]
        elif not query.units:
            query.needs_unit = True
    if not query.units and not query.english:
        query.unknown_units += _strangers(rest, query.views)
    return rest


def _beside(
    text: str, names: dict[str, set[str]], taken: Sequence[tuple[int, int]]
) -> list[tuple[str, int, int]]:
    """Collective units said without 各, where they are joined to another unit: 卫健局和乡镇."""
    found: list[tuple[str, int, int]] = []
    for name in _said((name[1:] for name in names if name[0] == "各"), text):
        for match in re.finditer(f"(?<=[和与跟、]){re.escape(name)}", text):
            start, end = match.span()
            if any(b == start - 1 for _, b in taken) and not any(
                start < b and a < end for _, a, b in found
            ):
                found.append((f"各{name}", start, end))
    return found


def _said(names: Iterable[str], text: str) -> list[str]:
    """The names that a text holds, the longest first."""
    return sorted((name for name in names if name in text), key=lambda name: (-len(name), name))


def _alone(text: str) -> set[tuple[int, int]]:
    """Where words stand that no noun follows: what they name, they name by themselves."""
    import rjieba

    found, at = set(), 0
    tokens = rjieba.tag(text)
    for (word, _), (_, following) in zip(tokens, [*tokens[1:], ("", "x")], strict=True):
        if following[0] not in "n" and following not in ("vn", "l"):
            found.add((at, at + len(word)))
        at += len(word)
    return found


def match_unit(name: str, names: dict[str, set[str]]) -> list[str]:
    """The printed units that a unit's own name means."""
    name = normal(name)
    for form in (name, bare(name)):
        if form in names:
            return sorted(names[form])
    organ = organ_of(name)
    if organ is not None:
        return sorted({u for other in other_names(organ) for u in names.get(other, ())})
    return []


def _strangers(text: str, views: Sequence[VersionView]) -> list[str]:
    """Names of units that no plan in scope speaks of."""
    found = []
    for match in UNIT_LIKE.finditer(text):
        name = match[0]
        known = next((organ for organ in all_names() if name.endswith(organ)), None)
        if known and not any(known in entry.printed for view in views for entry in view.entries):
            found.append(name)
    return found
