"""Makes the name of an indicator out of the words around its number."""

import re
from dataclasses import dataclass

from corpus import target_words as words

_FULL_WIDTH = str.maketrans("(),:;", "（），：；")
_LONGEST_TOPIC = 30  # characters; a longer one would hide the name it is to explain


@dataclass(slots=True)
class Context:
    """What earlier words of a sentence lend to a clause that leaves them out."""

    topic: str = ""
    deed: str = ""
    counted: str = ""  # what the last count was of
    rate: str = ""  # the last rate of the same clause
    indicator: str = ""  # the last one of the same sentence


def subject_of(before: str) -> str:
    """The name in the words before a number, without dates, hopes and adverbs around it."""
    subject = words.TIME.sub("", before)
    subject = words.FROM.sub("", words.TRAIL.sub("", subject))
    if "“" not in subject:
        subject = words.HOPE.sub("", subject)
    return words.LEAD.sub("", subject)


def from_deed(subject: str) -> str:
    """全市水利系统组织演练 → 组织演练; a verb that ends the name or belongs to it cuts nothing."""
    for found in words.DEED.finditer(subject):
        if found.end() < len(subject) and not words.NOUN_LIKE.match(found.group()):
            return subject[found.start() :]
    return subject


def names_of(subject: str) -> list[str]:
    """赋码率、扫码率 are two; 资源化利用和无害化处理率 is one: only whole names are parted."""
    names: list[str] = []
    start = 0
    for mark in words.AND.finditer(re.sub(r"[（(][^()]*[)）]", lambda m: "□" * len(m[0]), subject)):
        if words.RATE_NAME.search(subject[start : mark.start()]):
            names.append(subject[start : mark.start()])
            start = mark.end()
    names.append(subject[start:])
    first = names[0]
    return [first] + [
        first[: -len(name)] + name if len(name) <= 5 and len(first) > len(name) + 1 else name
        for name in names[1:]
    ]


def heads_of(name: str, count: int) -> list[str]:
    """市、县级设备配置率 with two values → 市级设备配置率, 县级设备配置率."""
    heads = words.AND.split(name)
    if len(heads) != count:
        return [name] * count
    tail = heads[-1][min(len(heads[-2]), 2) :]
    return [head + tail for head in heads[:-1]] + heads[-1:]


def with_topic(name: str, context: Context, always: bool = False) -> str:
    """A bare 覆盖率 joined with what the clause before it is about."""
    bare = re.sub(r"\([^()]*\)", "", name)
    if len(bare) > 4 and not always:
        return name
    if context.rate and not bare:
        return context.rate  # 到2025年底达到90%、到2026年底达到100%
    if context.indicator and (not bare or words.CHANGE.fullmatch(bare.removeprefix("同比"))):
        return f"{context.indicator}{name}"
    if len(context.rate) > len(bare):
        return context.rate[: -len(bare)] + name
    topic = subject_of(context.topic)
    if len(topic) > _LONGEST_TOPIC:
        deeds = [d.start() for d in words.DEED.finditer(topic) if d.end() < len(topic)]
        topic = topic[max(deeds, default=0) :]
    if not name:
        return topic if len(topic) <= _LONGEST_TOPIC else ""  # 开展检查，每年不少于2次
    topic = words.ACTION_LEAD.sub("", topic)
    stem = bare.removesuffix("率")
    if len(stem) > 1 and stem in topic:
        before, _, after = topic.partition(stem)
        # 排查整治隐患路口, 整治率: what is treated stands behind the verbs
        topic = after if not before or words.DEED.fullmatch(before) else before
    if not topic or len(topic) > _LONGEST_TOPIC:
        return name
    if name in topic:
        return topic if always else name  # 2026年完成200户，2027年完成300户
    return f"{topic}{name}"


def as_printed(name: str) -> str:
    """A name as a plan prints it, with full-width brackets."""
    return name.strip("、，,的 ").translate(_FULL_WIDTH)
