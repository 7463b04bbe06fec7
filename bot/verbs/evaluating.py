"""Annotated questions in the terminal: how many answers are right, and how many are proved."""

from collections.abc import Iterator
from statistics import median

from bot.core import Core
from bot.verbs import as_json
from config.database import reading
from config.errors import UserError
from corpus import ledger
from rag.evaluate import Example, Share, Verdict, evaluate, grounded, groups, read_examples, right


def evaluate_files(
    core: Core, *, files: dict[str, list[str]], show: int = 0, least: float | None = None,
    json: bool = False,
) -> Iterator[str]:  # fmt: skip
    """Answer the questions of all `files` (name → lines); raises UserError below `least` right."""
    examples = [example for name, lines in files.items() for example in _read(core, name, lines)]
    if not examples:
        raise UserError("文件里没有题目。")
    core.wait_for_vectors()
    verdicts = evaluate(core.answer, examples)
    share = right(verdicts)
    if json:
        yield as_json(_summary(verdicts))
    else:
        yield from _table(verdicts)
        yield from _wrong(verdicts, show)
    if least is not None and share.rate < least:
        raise UserError(f"答对 {share}，低于 --min {least:g}。")


def _read(core: Core, name: str, lines: list[str]) -> list[Example]:
    try:
        examples = read_examples(lines)
        with reading(core.engine) as session:
            for plan_id in {p for e in examples for p in e.question.plan_ids or ()}:
                ledger.known_plan(session, plan_id)
    except UserError as error:
        raise UserError(f"{name}：{error}") from None
    return examples


def _table(verdicts: list[Verdict]) -> Iterator[str]:
    for title, key in (("类型", _kind), ("风格", _style)):
        for name, group in groups(verdicts, key).items():
            yield f"{title} {name:14} 答对 {right(group)}  有据 {grounded(group)}"
    times = sorted(verdict.ms for verdict in verdicts)
    yield f"用时 中位 {median(times):.0f} 毫秒，最长 {times[-1]:.0f} 毫秒"
    yield f"合计 答对 {right(verdicts)}  有据 {grounded(verdicts)}"


def _wrong(verdicts: list[Verdict], show: int) -> Iterator[str]:
    for verdict in [v for v in verdicts if v.fault][:show]:
        example = verdict.example
        yield f"✗ {example.id}（{example.kind}，{example.style}，{example.question.today}）{example.question.text}"
        yield f"  {verdict.fault}"
        yield f"  → {verdict.answer.text[:300]}"


def _summary(verdicts: list[Verdict]) -> dict[str, object]:
    def shares(group: list[Verdict]) -> dict[str, object]:
        return {"right": _pair(right(group)), "grounded": _pair(grounded(group))}

    return {
        **shares(verdicts),
        "types": {name: shares(group) for name, group in groups(verdicts, _kind).items()},
        "styles": {name: shares(group) for name, group in groups(verdicts, _style).items()},
        "answers": [verdict.to_json() for verdict in verdicts],
    }


def _pair(share: Share) -> list[int]:
    return [share.hits, share.total]


def _kind(example: Example) -> str:
    return example.kind


def _style(example: Example) -> str:
    return example.style
