"""Which rows of the ledger a question's filters let through."""

import re
from collections.abc import Sequence
from datetime import date

from corpus.models import Task, Timing
from corpus.numerals import read_number
from corpus.values import Role, TimingKind
from rag.english import STOP
from rag.measures import has_value
from rag.patterns import GENERAL, ROW_NUMBER, ROW_NUMBER_ENGLISH
from rag.query import Intent, Query
from rag.shares import holds
from rag.views import Entry, VersionView
from rag.words import normal, pairs, segments

TASK_PARTS = ("main", "continuation")  # what is meant by 任务 when there are such rows
SHORTEST = 4  # characters of a heading that is looked for
_QUOTES = re.compile(r"[“”\"'‘’《》\s]")
_VERB = re.compile(r"^(?:开展|实施|健全|推进|加强|强化|抓好|做好|完善|坚持|提升|优化|深化|落实)")
_COUNT = re.compile(r"[一二两三四五六七八九十\d]+[项条个类件大种]?")
_KIND = re.compile(r"(?:专项)?(?:行动|工程|领域)$")
_HEADING_WORDS = frozenset(
    "领域 下面 之下 下边 行动 方面 板块 部分 类别 工程 章节 一章 一节 标题 下 哪些 条 项".split()
)
NEAR = 0.6  # share of the subject's pairs that a row must hold to be among those meant


def filtered(query: Query, whole_table: bool = False) -> list[Entry]:
    """The rows meant, in the order of their plans; `whole_table` takes the main rows when nothing is said."""
    entries = [
        entry
        for view in query.views
        for entry in rows_of(view)
        if entry.task is not None and passes(query, entry.task)
    ]
    entries = _by_quote_or_span(query, entries)
    if query.targets and not query.parts:
        entries = [e for e in entries if e.task and e.task.targets] or entries
    sections = matching_sections(query) if not query.units else []
    if sections:
        inside = [e for e in entries if e.task and (e.task.section or "") in sections]
        entries = inside or entries
    elif query.subject and query.timing_kind is None:
        entries = _about(query, entries) or entries
    elif whole_table and not (query.parts or query.units or query.roles or query.shares):
        entries = _the_table(entries)
    if query.units and not query.parts:
        return entries
    if not query.parts and not sections and not query.units:
        tasks = [e for e in entries if e.task and e.task.part in TASK_PARTS]
        entries = tasks or entries
    return entries


def passes(query: Query, task: Task) -> bool:
    """Whether a row is of the kind, the role and the unit that are asked for."""
    if query.parts and task.part not in query.parts:
        return False
    if query.indicator_kind and task.indicator_kind is not query.indicator_kind:
        return False
    if query.value is not None and not has_value(query.value, task):
        return False
    if query.timing_kind is not None and not _timed(query, task):
        return False
    if query.leads_together:
        leads = [r for r in task.responsibilities if r.role is Role.LEAD]
        return len(leads) == query.leads_together
    if query.shares:
        return all(holds(share, task) for share in query.shares)
    if query.units:
        return concerns(task, query.units, query.roles)
    if query.roles:
        return any(r.role in query.roles for r in task.responsibilities)
    return True


def concerns(task: Task, units: Sequence[str], roles: set[Role]) -> bool:
    """Whether one of `units` has one of `roles` (any if empty) in a task."""
    return any(
        r.unit_text in units and (not roles or r.role in roles) for r in task.responsibilities
    )


def _timed(query: Query, task: Task) -> bool:
    if query.timing_kind is TimingKind.RECURRING and not query.timing_word:
        dated = any(t.due_on and t.kind is not TimingKind.RECURRING for t in task.timings)
        return not dated and any(t.kind is TimingKind.RECURRING for t in task.timings)
    return any(t.kind is query.timing_kind and query.timing_word in t.text for t in task.timings)


def _by_quote_or_span(query: Query, entries: list[Entry]) -> list[Entry]:
    """Rows whose time cell is quoted, or whose day lies in the span."""
    for quoted in query.quoted:
        wanted = normal(quoted)
        same = [
            e
            for e in entries
            if e.task
            and any(
                wanted in normal(t) for t in (e.task.timing_text, *(x.text for x in e.task.timings))
            )
        ]
        if same:
            return same
    if query.span and query.span != (None, None) and query.intent in (Intent.COUNT, Intent.LIST):
        start, end = query.span
        same = [e for e in entries if e.task and any(falls(t, start, end) for t in e.task.timings)]
        return same or ([] if query.units or query.shares else entries)
    return entries


def _about(query: Query, entries: Sequence[Entry]) -> list[Entry]:
    """Rows that hold most of what is left of the question."""
    titles = set().union(*(view.title_pairs for view in query.views)) if query.views else set()
    wanted = {p for s in query.subject if s not in GENERAL for p in pairs(s)} - titles
    if not wanted:
        return []
    return [e for e in entries if len(wanted & (e.pairs | e.above)) >= NEAR * len(wanted)]


def _the_table(entries: Sequence[Entry]) -> list[Entry]:
    """The rows that “how many” means when nothing else is said: the main ones, else the commonest kind."""
    main = [e for e in entries if e.task and e.task.part in TASK_PARTS]
    if main:
        return main
    parts = [e.task.part for e in entries if e.task]
    commonest = max(dict.fromkeys(parts), key=parts.count, default="")
    return [e for e in entries if e.task and e.task.part == commonest]


def rows_of(view: VersionView) -> list[Entry]:
    """The rows of a plan, each once."""
    return list(view.by_task.values())


def numbered(entries: Sequence[Entry]) -> list[Entry]:
    """The rows that count: one that goes on under the number before it is not counted again."""
    return [e for e in entries if e.task and e.task.part != "continuation"] or list(entries)


def with_number(views: Sequence[VersionView], text: str) -> list[Entry]:
    """The rows with the number that a text asks for, 第8项, where it asks about nothing else."""
    if asked := ROW_NUMBER_ENGLISH.search(text):
        rest = re.findall("[a-z]+|[\u4e00-\u9fff]+", text.replace(asked[0], " ").casefold())
        if any(word not in STOP for word in rest):
            return []
    else:
        asked = ROW_NUMBER.search(text)
        if asked is None or segments(text.replace(asked[0], ",")):
            return []
    number = str(read_number(asked[1]))
    return [e for view in views for e in rows_of(view) if e.task and e.task.no == number]


def falls(timing: Timing, start: date | None, end: date | None) -> bool:
    """Whether something is due within a span, both days included; lasting work never is."""
    if timing.due_on is None or timing.kind is TimingKind.RECURRING:
        return False
    return (start is None or timing.due_on >= start) and (end is None or timing.due_on <= end)


def plain(query: Query) -> bool:
    """Whether nothing is asked about but time, units and kinds of rows."""
    titles = set().union(*(view.title_pairs for view in query.views)) if query.views else set()
    return all(
        s in GENERAL or all(s[i : i + 2] in titles for i in range(len(s) - 1))
        for s in query.subject
    )


def names_section(query: Query) -> bool:
    """Whether the question is about a heading over rows as a whole, and about nothing else."""
    text = _QUOTES.sub("", query.text)
    for section in {t.section for v in query.views for t in v.tasks if t.section}:
        name = _QUOTES.sub("", normal(section))
        core = _KIND.sub("", _VERB.sub("", name))
        said = name if name in text else core
        if len(said) >= SHORTEST and said in text:
            rest = segments(text.replace(said, ","))
            if all(s in GENERAL or s in _HEADING_WORDS or _COUNT.fullmatch(s) for s in rest):
                return True
    return False


def matching_sections(query: Query) -> list[str]:
    """Headings over rows of the ledger that the subject names."""
    found: dict[str, None] = {}
    for view in query.views:
        for task in view.tasks:
            section = normal(task.section or "")
            bare = _QUOTES.sub("", section)
            if section and any(
                len(s) >= 3 and (s in section or section in s or s in bare)
                for s in query.subject + query.quoted
            ):
                found.setdefault(task.section or "", None)
    return list(found)
