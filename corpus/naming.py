"""What a thing is called inside a sentence of ours."""


def short(words: str, longest: int = 40) -> str:
    """One line, without its own full stop; what is left out is shown by an ellipsis."""
    line = " ".join(words.split()).rstrip("。；;，,")
    return line if len(line) <= longest else line[: longest - 1] + "…"
