"""Any message → what one platform can carry of it, by one set of rules for all platforms."""

import unicodedata
from dataclasses import replace

from bot.messages import Button, File, Limits, Outgoing

JOINERS = "\u200d\ufe0e\ufe0f"  # between the parts of one picture sign, as in 👩‍👩‍👧


def degrade(message: Outgoing, limits: Limits) -> list[Outgoing]:
    """The messages to send, in order: texts that fit, then each file by itself.

    A text is cut between rows, and inside of one only where it is too long alone. The first text
    answers `reply_to`, takes the place of `edits` and points at people; the last one carries the
    buttons. What the platform has no buttons for is answered by its number, a file that it can't
    carry is told of in a line, names are left out where nobody can be pointed at, and where nothing can be
    edited a new message says it.
    """
    if not limits.hears:
        message = replace(message, buttons=())
    buttons = tuple(button for row in message.buttons for button in row)
    too_long = any(len(button.data.encode()) > limits.button_bytes for button in buttons)
    by_number = too_long or len(buttons) > limits.buttons
    files = [file for file in message.files if len(file.content) <= limits.file_bytes]
    rows = [
        *message.rows,
        *(_instead_of(file) for file in message.files if file not in files),
        *([numbers(buttons)] if by_number else []),
    ]
    pieces = _pieces(rows, limits) if rows or not files else []
    can_edit = limits.can_edit and (bool(message.buttons) or not limits.edits_cards_only)
    first, last = 0, len(pieces) - 1
    texts = [
        replace(
            message, rows=piece, files=(),
            buttons=message.buttons if n == last and not by_number else (),
            sources=message.sources if n == last else (),
            suggestions=message.suggestions if n == last else (),
            mentions=message.mentions if n == first and limits.can_mention else (),
            reply_to=message.reply_to if n == first else "",
            edits=message.edits if n == first and can_edit else "",
        )
        for n, piece in enumerate(pieces)
    ]  # fmt: skip
    if limits.files_with_text and texts and _size(files) <= limits.file_bytes:
        return [*texts[:-1], replace(texts[-1], files=tuple(files))]
    return [*texts, *(Outgoing(message.chat_id, (), files=(file,)) for file in files)]


def numbers(buttons: tuple[Button, ...]) -> str:
    """回复数字：1 收到，2 办结"""
    return "回复数字：" + "，".join(f"{n} {button.label}" for n, button in enumerate(buttons, 1))


def measured(rows: tuple[str, ...], limits: Limits) -> int:
    """The length of a text as the platform counts it, with all that is added on its way."""
    text = limits.written(rows)
    if limits.measure == "bytes":
        return len(text.encode())
    if limits.measure == "utf16":
        return len(text.encode("utf-16-le")) // 2
    return len(text)


def _instead_of(file: File) -> str:
    size = len(file.content)
    told = f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, size // 1024)} KB"
    return f"文件《{file.name}》（{told}）在这里发不了，请打开网页对话，问同样的话来取。"


def _size(files: list[File]) -> int:
    return sum(len(file.content) for file in files)


def _pieces(rows: list[str], limits: Limits) -> list[tuple[str, ...]]:
    pieces: list[tuple[str, ...]] = [()]
    for row in (part for whole in rows for part in _cut(whole, limits)):
        longer = (*pieces[-1], row)
        if pieces[-1] and measured(longer, limits) > limits.text_units:
            pieces.append((row,))
        else:
            pieces[-1] = longer
    return pieces


def _cut(row: str, limits: Limits) -> list[str]:
    pieces = []
    while measured((row,), limits) > limits.text_units and len(row) > 1:
        end = _longest(row, limits)
        # a line's end, then a sentence's, is a better place than the middle of a word
        best = max(row.rfind("\n", 0, end), row.rfind("。", 0, end - 1) + 1)
        end = best if best > end // 2 else _between_signs(row, end)
        pieces.append(row[:end])
        row = row[end:].lstrip("\n")
    return [*pieces, row]


def _longest(row: str, limits: Limits) -> int:
    """How many characters of a row fit, at least one."""
    fits, too_many = 1, len(row)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if measured((row[:middle],), limits) <= limits.text_units:
            fits = middle
        else:
            too_many = middle
    return fits


def _between_signs(row: str, end: int) -> int:
    """The nearest place before `end` that is not inside of what is seen as one sign."""
    for place in range(end, max(end - 32, 0), -1):
        joined = row[place - 1] == "\u200d" or row[place] in JOINERS
        if not joined and not unicodedata.combining(row[place]):
            return place
    return end
