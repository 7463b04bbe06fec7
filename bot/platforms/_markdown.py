"""Rows as markdown that shows them as they are, for vendors that read every text as markdown."""

import re

_SPECIAL = re.compile(r"[\\`*~<]|(?<!\w)_|_(?!\w)|\](?=\()")
_LINE_START = re.compile(r"^( {0,3})([#>+-])", re.MULTILINE)


def markdown(rows: tuple[str, ...]) -> str:
    """Rows so that a person sees them as they are: signs of markup escaped, each line its own."""
    text = _SPECIAL.sub(lambda found: f"\\{found[0]}", "\n".join(rows))
    text = _LINE_START.sub(r"\1\\\2", text)
    return text.replace("\n", "  \n")
