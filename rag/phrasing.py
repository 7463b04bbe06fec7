"""Rows and sentences → the words of an answer, Chinese or English, each with where it stands."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from corpus import ledger
from corpus.models import PlanVersion, Task, Timing
from corpus.phrases import describe_span
from corpus.values import Role, TimingKind
from rag.query import Intent, Query
from rag.question import Answer, Citation
from rag.views import Entry, Row, VersionView

ROLES = {Role.LEAD: "牵头", Role.SUPPORT: "配合", Role.JOINT: "责任单位", Role.RESPONSIBLE: "负责"}
ROLES_EN = {
    Role.LEAD: "lead",
    Role.SUPPORT: "support",
    Role.JOINT: "joint",
    Role.RESPONSIBLE: "responsible",
}
WHICH_UNIT = "请先说明您是哪个单位，例如“市教育局本月到期的任务”；或先发 /bind 单位名称，把本会话绑定到您的单位。未找到您的单位信息。"
WHICH_UNIT_EN = "Please name your unit, as in “tasks of the Education Bureau due this month”. Not found: which unit you are."
LIST_BUDGET = 3600  # characters of one list: a person still reads it in a chat
SHORTEST_MEASURE, LONGEST_MEASURE = 28, 460  # characters of a row in a list that say something
NAMED = 2  # plans that are named when nothing is found; of more their number says as much
NUMBERED = {"main", "continuation"}


def rows_en(n: int) -> str:
    """1 row, 2 rows"""
    return f"{n} row{'' if n == 1 else 's'}"


def chinese_day(day: date) -> str:
    """2022年9月30日"""
    return f"{day.year}年{day.month}月{day.day}日"


def units_of(task: Task, english: bool = False) -> str:
    """牵头：A；配合：B、C"""
    roles, names = (ROLES_EN, ", ") if english else (ROLES, "、")
    groups: dict[Role, list[str]] = {}
    for r in task.responsibilities:
        groups.setdefault(r.role, []).append(r.unit_text)
    colon, semicolon = (": ", "; ") if english else ("：", "；")
    return semicolon.join(
        f"{roles[role]}{colon}{names.join(units)}" for role, units in groups.items()
    )


def timing_words(entry: Entry, timing: Timing, english: bool = False) -> str:
    """The printed words beside the computed day: 8月前（即2018年7月31日前，原文有歧义）.

    Where it was put off: 6月底前（原定2022年6月30日，已批准延期至2022年7月31日）.
    """
    if put_off := entry.put_off.get(timing.key):
        return _put_off_words(timing, put_off, english)
    if timing.due_on is None:
        return timing.text
    if english:
        marks = " (ambiguous in the original)" if timing.ambiguous else ""
        hedged = ", 争取 = aimed at" if timing.hedged else ""
        return f"“{timing.text}”, i.e. by {timing.due_on.isoformat()}{marks}{hedged}"
    day = chinese_day(timing.due_on)
    if timing.kind is TimingKind.PERIOD and timing.start_on:
        day = describe_span(timing.start_on, timing.due_on)
        return timing.text if day == timing.text else f"{timing.text}（即{day}）"
    if day in timing.text.replace(" ", "") and not timing.ambiguous:
        return timing.text
    notes = ["原文有歧义，按字面理解"] if timing.ambiguous else []
    if timing.hedged and not timing.text.startswith(("争取", "力争")):
        notes.append("争取")
    if timing.kind is TimingKind.RECURRING:
        return timing.text
    return f"{timing.text}（即{day}前{'，' if notes else ''}{'，'.join(notes)}）"


def undated_words(entry: Entry) -> str:
    """What a row prints as its time where that is no day: 汛期前, 适时; "" where it has a day, or nothing."""
    task = entry.task
    if task is None or task.timings or not any(c.isalnum() for c in task.timing_text):
        return ""
    return " ".join(task.timing_text.split())


def _put_off_words(timing: Timing, put_off: Mapping[date, date], english: bool) -> str:
    if english:
        said = [f"{old.isoformat()} extended to {new.isoformat()}" for old, new in put_off.items()]
        return f"“{timing.text}” ({', '.join(said)})"
    first = "其中" if timing.kind is TimingKind.RECURRING else "原定"
    said = [
        f"{first}{chinese_day(old)}，已批准延期至{chinese_day(new)}" for old, new in put_off.items()
    ]
    return f"{timing.text}（{'；'.join(said)}）"


def when_words(entry: Entry, timings: Sequence[Timing], english: bool = False) -> str:
    """Timings of a row, each with what it dates where there are several; else its words 汛期前."""
    if not timings and (words := undated_words(entry)):
        return words if english else f"{words}（没有写明日期）"
    # 2025年新建160个，2026年新建160个 is said of each year
    figures = any(any(map(str.isdigit, t.about)) for t in timings)
    several = len({t.about for t in timings}) > 1 or (len(timings) > 1 and figures)
    return ("; " if english else "；").join(
        dict.fromkeys(_when(entry, t, several, english) for t in timings)
    )


def target_words(entry: Row, english: bool = False) -> str:
    """The values of an indicator, each beside its year in the plan where the table gives several."""
    task = entry.task
    values = [
        f"{WORDS.get(t.op, t.op) if not english else t.op}{t.value}{t.measure_unit}"
        for t in task.targets
    ]
    days = planned_days(entry)
    if len(values) == len(days) and len(values) > 1:
        values = [f"{day.year}年{value}" for day, value in zip(days, values, strict=True)]
    kind = {"binding": "约束性", "anticipatory": "预期性"}.get(task.indicator_kind or "", "")
    return "，".join(filter(None, (kind, "、".join(values)))) or "原文没有写明数值"


def planned_days(entry: Entry) -> list[date]:
    """The days that the plan sets for a row, whatever was put off since."""
    timings = entry.task.timings if entry.task else []
    return [next(iter(entry.put_off.get(t.key, ())), t.due_on) for t in timings if t.due_on]


WORDS = {">=": "达到", ">": "高于", "<=": "不超过", "<": "低于", "=": ""}


def no_unit(english: bool = False) -> str:
    """That nobody is named for what is asked about."""
    if english:
        return "Not found: the original names no unit for it."
    return "未找到责任单位：原文没有写明。相关内容是："


def name_of(version: PlanVersion) -> str:
    """《title》 with its document number."""
    number = f"（{version.doc_number}）" if version.doc_number else ""
    return f"《{version.title}》{number}"


def row_line(
    n: int,
    entry: Row,
    text: str,
    *,
    timings: Sequence[Timing] | None = None,
    english: bool = False,
) -> str:
    """One row of a list: number, what is to be done, `text` of it, who, by when."""
    task = entry.task
    head = _head(entry, english)
    parts = [f"{n}. {entry.passage.ref} {head}".rstrip()]
    if text and text.rstrip("。") != head.rstrip("。"):
        parts.append("\n".join(f"   {line.strip()}" for line in text.splitlines()))
    who = units_of(task, english)
    times = task.timings if timings is None else timings
    if task.part == "indicator" and len(times) > 1:
        times = []
    when = when_words(entry, times, english)
    labels = ("Units: ", "Due: ") if english else ("", "时限：")
    tail = "｜".join(
        part
        for part in (f"{labels[0]}{who}" if who else "", f"{labels[1]}{when}" if when else "")
        if part
    )
    if tail:
        parts.append(f"   {tail}")
    return "\n".join(parts)


def _head(entry: Row, english: bool) -> str:
    task = entry.task
    if task.part == "indicator":
        return f"{task.text}：{target_words(entry, english)}"
    return task.title or task.section or ""


def _when(entry: Entry, timing: Timing, several: bool, english: bool) -> str:
    about = f"{timing.about[:40]}——" if several and timing.about else ""
    return about + timing_words(entry, timing, english)


def list_rows(
    entries: Sequence[Row],
    *,
    timings: dict[int, list[Timing]] | None = None,
    english: bool = False,
) -> list[str]:
    """All rows of a list, complete; as much of each measure as leaves the list readable."""

    def line(n: int, entry: Row, text: str) -> str:
        chosen = timings.get(entry.task.id or 0) if timings is not None else None
        return row_line(n, entry, text, timings=chosen, english=english)

    without = sum(len(line(n, entry, "")) for n, entry in enumerate(entries, 1))
    room = (LIST_BUDGET - without) // max(len(entries), 1) - 4  # beside indent and line's end
    texts = _measures(entries, min(room, LONGEST_MEASURE), english)
    several = len({entry.version.plan_id for entry in entries}) > 1
    rows, last = [], None
    for n, (entry, text) in enumerate(zip(entries, texts, strict=True), 1):
        if several and entry.version.plan_id != last:
            rows.append(name_of(entry.version))
            last = entry.version.plan_id
        rows.append(line(n, entry, text))
    return rows


def _measures(entries: Sequence[Row], room: int, english: bool) -> list[str]:
    """What is shown of each measure: its beginning, or where it differs from rows that begin alike.

    Where there is no room for a part that says something, a row with a title of its own does without.
    """
    length = max(room, SHORTEST_MEASURE)
    whole = ["" if e.task.part == "indicator" else e.task.text for e in entries]
    shown = [
        "" if room < SHORTEST_MEASURE and entry.task.title else _cut(text, 0, length)
        for entry, text in zip(entries, whole, strict=True)
    ]
    alike: dict[tuple[str, str], set[str]] = {}
    keys = [(_head(e, english), text) for e, text in zip(entries, shown, strict=True)]
    for key, text in zip(keys, whole, strict=True):
        alike.setdefault(key, set()).add(text)
    return [
        _cut(text, _clause_at(text, _as_far_as_alike(alike[key])), length)
        if len(alike[key]) > 1
        else part
        for key, text, part in zip(keys, whole, shown, strict=True)
    ]


def _as_far_as_alike(texts: Collection[str]) -> int:
    """How many characters some texts have in common at their beginning."""
    apart = (n for n, signs in enumerate(zip(*texts, strict=False)) if len(set(signs)) > 1)
    return next(apart, min(map(len, texts)))


def _clause_at(text: str, place: int) -> int:
    """Where the clause begins that holds a place, or a few characters before it in a long one."""
    place = min(place, len(text) - 1)
    start = max(text.rfind(mark, 0, place) for mark in "，。；：、\n") + 1
    return start if place - start <= SHORTEST_MEASURE // 2 else max(0, place - 4)


def _cut(text: str, start: int, length: int) -> str:
    """That many characters at most from a place on, with an ellipsis for what is left out."""
    before = "…" if start else ""
    rest = text[start:]
    room = length - len(before)
    return before + (rest if len(rest) <= room else rest[: room - 1] + "…")


def with_rest(query: Query, answer: Answer) -> Answer:
    """A register that could not look at every plan says so."""
    if not query.left_out or query.intent in (Intent.FACT, Intent.NEXT, Intent.PLAN):
        return answer
    looked = len(query.views)
    words = (
        f"(Only the {looked} nearest plans were looked at, {query.left_out} were not. Name a plan, a place or a unit.)"
        if query.english
        else f"（只看了最相近的{looked}份方案，另有{query.left_out}份没有看。请写明方案、地区或单位再问。）"
    )
    return replace(answer, rows=(*answer.rows, words))


def with_terms(query: Query, answer: Answer) -> Answer:
    """An answer about what was shortened says what it was taken for."""
    said = "，".join(f"“{short}”按“{term}”理解" for short, term in query.written_out.items())
    return replace(answer, rows=(*answer.rows, f"（{said}。）")) if said else answer


def source_row(entries: Sequence[Entry], english: bool = False) -> str:
    """The proof under a list."""
    names = list(dict.fromkeys(name_of(entry.version) for entry in entries))
    if english:
        return f"Source: {'; '.join(names)}; {rows_en(len(entries))}."
    return f"出处：{'；'.join(names)}，依据{len(entries)}行。"


def over_row(views: Sequence[VersionView], today: date, english: bool = False) -> list[str]:
    """A word when the period of the only plan asked is over."""
    if len(views) != 1 or not ledger.is_over(views[0].version, today):
        return []
    end = views[0].version.period_end_on
    assert end is not None
    return (
        [f"(This plan's period ended on {end.isoformat()}.)"]
        if english
        else [f"（该方案的执行期已于{chinese_day(end)}结束。）"]
    )


def cite_all(entries: Sequence[Entry]) -> tuple[Citation, ...]:
    """A citation for each row."""
    return tuple(entry.cite() for entry in entries)


def scope_words(query: Query) -> str:
    """The plans that were looked at, for an answer that finds nothing."""
    titles = [f"《{view.version.title}》" for view in query.views[:NAMED]]
    more = f"等{len(query.views)}份方案" if len(query.views) > NAMED else ""
    return "、".join(titles) + more
