"""Counting numbers as lists print them: 二十一, XIV, AB."""

_DIGITS = "〇一二三四五六七八九"


def chinese(n: int) -> str:
    """1 to 9999 in Chinese: 十一, 二十, 一百零三."""
    if not 0 < n < 10_000:
        return str(n)
    text = ""
    for size, name in ((1000, "千"), (100, "百"), (10, "十")):
        digit, n = divmod(n, size)
        if digit:
            text += _DIGITS[digit] + name
        elif text and n and not text.endswith("零"):
            text += "零"
    text += _DIGITS[n] if n else ""
    text = text.rstrip("零")
    return text.removeprefix("一") if text.startswith("一十") else text


def chinese_digits(digits: str) -> str:
    """Digit by digit, as years are written: 2026 is 二〇二六."""
    return "".join(_DIGITS[int(digit)] for digit in digits)


def letters(n: int) -> str:
    """A to Z, then AA, BB, as Word and browsers count."""
    return chr(ord("A") + (n - 1) % 26) * ((n - 1) // 26 + 1) if n > 0 else str(n)


def roman(n: int) -> str:
    """1 to 3999 in capital Roman numerals."""
    if not 0 < n < 4000:
        return str(n)
    text = ""
    for value, sign in (
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
        (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ):  # fmt: skip
        text += sign * (n // value)
        n %= value
    return text
