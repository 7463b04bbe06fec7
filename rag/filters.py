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
from rag.persons import led_by
from rag.query import Intent, Query, Span
from rag.shares import holds
from rag.views import Row
from rag.words import normal, pairs, segments, unquoted

TASK_PARTS = ("main", "continuation")  # what is meant by 任务 when there are such rows
SHORTEST = 4  # characters of a heading that is looked for
_VERB = re.compile(r"^(?:开展|实施|健全|推进|加强|强化|抓好|做好|完善|坚持|提升|优化|深化|落实)")
_COUNT = re.compile(r"[一二两三四五六七八九十\d]+[项条个类件大种]?")
_KIND = re.compile(r"(?:专项)?(?:行动|工程|领域)$")
_HEADING_WORDS = re.compile(
    "(?:这|那|该)?(?:一|个)*(?:领域|行动|方面|板块|部分|类别|项目|工程|章节?|节|标题|大?类|条|项|块)?"
    "(?:之|以)?[下里中内]?(?:面|边|头)?(?:哪些)?"
)
NEAR = 0.6  # share of the subject's pairs that a row must hold to be among those meant


def filtered(query: Query, whole_table: bool = False) -> list[Row]:
    """The rows meant, in the order of their plans; `whole_table` takes the main rows when nothing is said."""
    rows = [row for row in query.rows if passes(query, row.task)]
    if query.people:
        return led_by(rows, query.people)
    rows = _by_quote_or_span(query, rows)
    if query.targets and not query.parts:
        rows = [row for row in rows if row.task.targets] or rows
    sections = matching_sections(query) if not query.units else []
    if sections:
        rows = [row for row in rows if row.task.section in sections] or rows
    elif query.subject and query.timing_kind is None:
        rows = _about(query, rows) or rows
    elif whole_table and not (query.parts or query.units or query.roles or query.shares):
        rows = _the_table(rows)
    if query.parts or sections or query.units:
        return rows
    return [row for row in rows if row.task.part in TASK_PARTS] or rows


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
        if len(leads) != query.leads_together:
            return False
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


def _by_quote_or_span(query: Query, rows: list[Row]) -> list[Row]:
    """Rows whose time cell is quoted, or whose day lies in the span."""
    for quoted in query.quoted:
        wanted = normal(quoted)
        same = [
            row
            for row in rows
            if any(
                wanted in normal(t)
                for t in (row.task.timing_text, *(x.text for x in row.task.timings))
            )
        ]
        if same:
            return same
    if query.span and query.intent in (Intent.COUNT, Intent.LIST):
        same = [row for row in rows if falls_in(row.task, query.span)]
        return same or ([] if query.units or query.shares else rows)
    return rows


def _about(query: Query, rows: Sequence[Row]) -> list[Row]:
    """Rows that hold most of what is left of the question."""
    subject = {p for s in query.subject if s not in GENERAL for p in pairs(s)}
    wanted = subject - query.title_pairs
    if not wanted:
        return []
    return [row for row in rows if len(wanted & (row.pairs | row.above)) >= NEAR * len(wanted)]


def _the_table(rows: Sequence[Row]) -> list[Row]:
    """The rows that “how many” means when nothing else is said: the main ones, else the commonest kind."""
    main = [row for row in rows if row.task.part in TASK_PARTS]
    if main:
        return main
    parts = [row.task.part for row in rows]
    commonest = max(dict.fromkeys(parts), key=parts.count, default="")
    return [row for row in rows if row.task.part == commonest]


def numbered(rows: Sequence[Row]) -> list[Row]:
    """The rows that count: one that goes on under the number before it is not counted again."""
    return [row for row in rows if row.task.part != "continuation"] or list(rows)


def with_number(query: Query, text: str) -> list[Row]:
    """The rows with the numbers that a text asks for, 第8项和第9项, where it asks about nothing else."""
    if asked := ROW_NUMBER_ENGLISH.search(text):
        rest = re.findall("[a-z]+|[\u4e00-\u9fff]+", text.replace(asked[0], " ").casefold())
        if any(word not in STOP for word in rest):
            return []
        numbers = [asked[1]]
    else:
        numbers = [found[1] for found in ROW_NUMBER.finditer(text)]
        if segments(ROW_NUMBER.sub(",", text)):
            return []
    wanted = {str(read_number(number)) for number in numbers}
    return [row for row in query.rows if row.task.no in wanted]


def falls_in(task: Task, span: Span) -> bool:
    """Whether something of a row is due within a span."""
    return any(falls(timing, *span) for timing in task.timings)


def falls(timing: Timing, start: date | None, end: date | None) -> bool:
    """Whether something is due within a span, both days included; lasting work never is."""
    if timing.due_on is None or timing.kind is TimingKind.RECURRING:
        return False
    return (start is None or timing.due_on >= start) and (end is None or timing.due_on <= end)


def is_report(task: Task) -> bool:
    """Whether a row is about what is to be reported."""
    return task.part == "report" or any(timing.is_report for timing in task.timings)


def plain(query: Query) -> bool:
    """Whether nothing is asked about but time, units and kinds of rows."""
    titles = query.title_pairs
    heads = frozenset[str]().union(*(view.column_heads for view in query.views))
    return all(
        s in GENERAL or s in heads or all(s[i : i + 2] in titles for i in range(len(s) - 1))
        for s in query.subject
    )


def names_section(query: Query) -> bool:
    """Whether the question is about a heading over rows as a whole, and about nothing else."""
    text = unquoted(query.text)
    for section in {row.task.section for row in query.rows if row.task.section}:
        name = unquoted(normal(section))
        core = _KIND.sub("", _VERB.sub("", name))
        said = name if name in text else core
        if len(said) >= SHORTEST and said in text:
            rest = segments(text.replace(said, ","))
            if all(_is_general(s) for s in rest):
                return True
    # 攻坚行动 for 实施…建设十大攻坚行动: what no other heading ends with
    return len(query.subject) == 1 and len(_ending(query, query.subject[0])) == 1


def _is_general(words: str) -> bool:
    return bool(words in GENERAL or _HEADING_WORDS.fullmatch(words) or _COUNT.fullmatch(words))


def _ending(query: Query, words: str) -> set[str]:
    """The headings over rows that end with some words."""
    sections = {unquoted(normal(row.task.section or "")) for row in query.rows}
    return {s for s in sections if len(words) >= SHORTEST and s.endswith(words)}


def matching_sections(query: Query) -> list[str]:
    """Headings over rows of the ledger that the subject names."""
    found = []
    for printed in dict.fromkeys(row.task.section for row in query.rows if row.task.section):
        section = normal(printed)
        bare = unquoted(section)
        if any(
            len(s) >= 3 and (s in section or section in s or s in bare)
            for s in query.subject + query.quoted
        ):
            found.append(printed)
    return found
