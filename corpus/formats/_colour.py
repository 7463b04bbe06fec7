"""Which colours cannot be told from white paper."""

import re

_LIGHTEST_SEEN = 0xF4


def is_white(red: float, green: float, blue: float) -> bool:
    """Each part from 0 to 255."""
    return min(red, green, blue) > _LIGHTEST_SEEN


def hex_is_white(colour: str | None) -> bool:
    """RRGGBB, or AARRGGBB as workbooks write it; False for anything else, such as auto."""
    if colour is None or not re.fullmatch(r"([0-9A-Fa-f]{2})?[0-9A-Fa-f]{6}", colour):
        return False
    return is_white(*bytes.fromhex(colour[-6:]))
