"""Answers about headings: which there are and how many rows each has, and what stands under one: 四个工程, 保障措施."""

import re
from collections.abc import Iterator, Sequence

from corpus.numerals import read_number
from rag import phrasing
from rag.filters import SHORTEST, TASK_PARTS
from rag.patterns import GENERAL
from rag.query import Query
from rag.question import Answer
from rag.views import Entry, Row, VersionView
from rag.words import normal, segments, unquoted

_COUNTED = re.compile(
    r"([一二两三四五六七八九十]{1,3}|\d{1,2})[个大项条类种](?:[\u4e00-\u9fff]{2,8})"
)
_MARK = re.compile(
    r"^(?:第?[一二三四五六七八九十百\d]+[、.．章节](?!\d)|[（(][一二三四五六七八九十\d]+[)）])\s*"
)
# names that plans give to one and the same part, and others under which it may be found
_ALIKE = {
    ("工作目标", "总体目标", "主要目标", "发展目标", "创建目标"): (
        "目标要求",
        "目标任务",
        "总体要求",
    ),
    ("指导思想", "总体思路", "工作思路"): (),
    ("基本原则", "工作原则"): (),
    ("保障措施", "工作要求", "组织保障", "工作保障"): (),
}
LONGEST = 60  # characters of a point that names itself by no short sentence
TOLD = 800  # characters of paragraphs that are told whole


def counted(query: Query) -> Answer | None:
    """The headings that rows stand under, counted and named."""
    part = "box" if "专栏" in query.text else None
    rows: list[str] = []
    cited: list[Row] = []
    for view in query.views:
        parts = (part,) if part else TASK_PARTS
        entries = [row for row in view.rows if row.task.part in parts]
        if not entries and part is None:
            entries = [row for row in view.rows if row.task.part == "annex"]
        first: dict[str, Row] = {}
        for row in entries:
            if row.task.section:
                first.setdefault(row.task.section, row)
        named = (
            [s for s in first if any(len(x) >= 2 and x in normal(s) for x in query.subject)]
            if part
            else []
        )
        numbered = [
            s for s in first if any(f"专栏{n}" in normal(s) for n in _box_numbers(query.text))
        ]
        if numbered or (len(named) == 1 and not query.asks_number):
            inside = [row for row in entries if row.task.section in (numbered or named)]
            rows += [*(numbered or named), *phrasing.list_rows(inside, english=query.english)]
            cited += inside
            continue
        if not first:
            continue
        rows.append(
            f"{phrasing.name_of(view.version)}共{len(first)}个{'专栏' if part else '类别'}："
        )
        for n, (section, entry) in enumerate(first.items(), 1):
            count = sum(row.task.section == section for row in entries)
            rows.append(f"{n}. {section}（{count}项）")
            cited.append(entry)
    if not rows:
        return None
    return Answer(
        (*rows, phrasing.source_row(cited, query.english)),
        True,
        tuple(
            row.cite(row.task.section if _stands(row.task.section, query) else None)
            for row in cited
        ),
    )


def _stands(section: str | None, query: Query) -> bool:
    """Whether a heading stands in the plans word for word."""
    return bool(section) and any(normal(section or "") in view.text for view in query.views)


def _box_numbers(text: str) -> list[str]:
    return re.findall(r"专栏第?(\d+)", text)


def under_heading(query: Query) -> Answer | None:
    """The points under the heading that is named; None where no heading is, or it has other than it counts."""
    rows: list[str] = []
    cited: list[Entry] = []
    for view in query.views:
        told, entries = _told(query, view)
        if told and len(query.views) > 1:
            rows.append(phrasing.name_of(view.version))
        rows += told
        cited += entries
    if not cited:
        return None
    rows.append(phrasing.source_row(cited, query.english))
    return Answer(tuple(rows), True, phrasing.cite_all(cited))


def _told(query: Query, view: VersionView) -> tuple[list[str], list[Entry]]:
    """What one plan says under the heading: its points counted, or its paragraphs whole."""
    for name, number in (*_counted(query), *_named(query, view)):
        rows, entries = _points(query, view, name, number)
        if rows:
            return rows, entries
    for asked, name in _standard(query):
        rows, entries = _points(query, view, name)
        if not rows:
            rows, entries = _paragraphs(view, name)
        if rows:
            note = f"方案没有以“{asked}”为题的部分，“{name}”写的是："
            return [*([note] if name != asked else []), *rows], entries
    return [], []


def _points(
    query: Query, view: VersionView, name: str, number: int | None = None
) -> tuple[list[str], list[Entry]]:
    under = _under(view, name, whole=number is None)
    if len(under) < 2 or (number and len(under) != number):
        return [], []
    if number is None and all(entry.task for entry in under.values()):
        return [], []  # the ledger tells more of its rows
    if any(words.endswith("…") for words in under):
        return _paragraphs(view, name) if number is None else ([], [])
    head = f"共{len(under)}项：" if not query.english else f"{len(under)}:"
    points = [f"{n}. {words}" for n, words in enumerate(under, 1)]
    return [head, *points], list(under.values())


def _paragraphs(view: VersionView, name: str) -> tuple[list[str], list[Entry]]:
    """What stands right under a heading, or behind its name on the same line: （一）工作目标。到2027年……"""
    below = _below(view.entries, name, whole=True)
    found = [e for e, deeper in below if not deeper and e.task is None]
    opens = re.compile(rf"{name}[。.:：]")
    found = found or [
        e
        for e in view.entries
        if e.task is None and opens.match(_MARK.sub("", e.passage.text.strip()))
    ]
    if sum(len(e.passage.text) for e in found) > TOLD:
        return [], []
    return [f"“{e.passage.text.strip()}”" for e in found], found


def _standard(query: Query) -> Iterator[tuple[str, str]]:
    """The part that is asked for by a name which plans use, with each name that a plan may give it."""
    text = unquoted(query.text)
    for names, others in _ALIKE.items():
        for asked in names:
            if asked in text and all(s in GENERAL for s in segments(text.replace(asked, ","))):
                yield from ((asked, name) for name in (asked, *names, *others))


def _counted(query: Query) -> list[tuple[str, int | None]]:
    """四个工程, with its four."""
    names = dict.fromkeys(map(_bare, (*query.quoted, *query.subject)))
    return [(name, read_number(m[1])) for name in names if (m := _COUNTED.fullmatch(name))]


def _named(query: Query, view: VersionView) -> list[tuple[str, int | None]]:
    """The headings that the question names and says nothing more about, the longest first."""
    text = unquoted(query.text)
    named = []
    for name in dict.fromkeys(_bare(h) for e in view.entries for h in _path(e)):
        rest = text.replace(name, ",") if len(name) >= SHORTEST else text
        if rest != text and all(s in GENERAL for s in segments(rest)):
            named.append(name)
    return [(name, None) for name in sorted(named, key=len, reverse=True)]


def _path(entry: Entry) -> list[str]:
    """The headings above an entry, without the title of the plan."""
    return entry.passage.heading.split(" › ")[1:]


def _under(view: VersionView, name: str, whole: bool) -> dict[str, Entry]:
    """What stands right under the heading, in order, each with the passage that begins it."""
    found: dict[str, Entry] = {}
    for entry, below in _below(view.entries, name, whole):
        words = _MARK.sub("", below[0]) if below else _title(entry)
        key = _bare(words)
        if all(_bare(known) != key for known in found):
            found[words] = entry
    return found


def _below(
    entries: Sequence[Entry], name: str, whole: bool
) -> Iterator[tuple[Entry, Sequence[str]]]:
    ref = ""
    for entry in entries:
        path = _path(entry)
        for n, heading in enumerate(path):
            words = _bare(heading)
            if words == name if whole else name in words:
                # a point that goes on in a second passage is one point
                if path[n + 1 :] or entry.passage.ref != ref or whole:
                    yield entry, path[n + 1 :]
                ref = entry.passage.ref
                break


def _title(entry: Entry) -> str:
    """The words by which a point is called."""
    if entry.task is not None and entry.task.title:
        return entry.task.title
    text = _MARK.sub("", entry.passage.text.strip())
    first = re.split(r"(?<=[。；;])|[：:]", text)[0].strip()
    return first if len(first) <= LONGEST else first[:LONGEST] + "…"


def _bare(text: str) -> str:
    """A heading without its number, its quotation marks and what follows its first comma."""
    return unquoted(_MARK.sub("", normal(text))).rstrip("。.:：")
