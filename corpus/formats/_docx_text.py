"""The words of a Word paragraph as a reader sees them."""

from typing import Any

from corpus.formats._docx_styles import Styles, W

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"

# deleted by a tracked change, or said twice: properties, the reading aid over a word
_SKIPPED = {f"{W}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "rt", "instrText")} | {
    f"{_MC}Fallback"
}
# marks that Word keeps as a picture font's character: (font, low byte) → the character they show
_SYMBOLS = {
    ("wingdings", 0xAB): "★", ("wingdings", 0x6C): "●", ("wingdings", 0x6E): "■",
    ("wingdings", 0x75): "◆", ("wingdings", 0xA8): "□", ("wingdings", 0xFC): "√",
    ("wingdings", 0xFE): "☑", ("wingdings 2", 0x50): "√", ("wingdings 2", 0x52): "☑",
    ("wingdings 3", 0x70): "▲", ("symbol", 0xB3): "≥", ("symbol", 0xA3): "≤",
}  # fmt: skip


class Words:
    """Reads paragraphs and counts what it leaves out."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self.hidden = 0
        self.text_boxes = 0
        self.footnotes: list[str] = []  # ids met since this list was last cleared

    def of(self, paragraph: Any, shaded: bool = False) -> str:
        """The visible text of a paragraph; a line break is a newline.

        `shaded`: it stands on a coloured ground, where white words are seen.
        """
        parts: list[str] = []
        self._walk(paragraph, paragraph, shaded, parts)
        return "".join(parts).strip()

    def _walk(self, element: Any, paragraph: Any, shaded: bool, parts: list[str]) -> None:
        for child in element:
            tag = child.tag
            if tag in _SKIPPED or not isinstance(tag, str):
                continue
            if tag == f"{W}txbxContent" or tag.endswith("}textbox"):
                self.text_boxes += any(text.text for text in child.iter(f"{W}t"))
            elif tag == f"{W}r" and self._styles.is_hidden(child, paragraph, shaded):
                self.hidden += any(text.text for text in child.iter(f"{W}t"))
            elif tag in {f"{W}t", f"{_MATH}t"}:
                parts.append(child.text or "")
            elif tag == f"{W}tab":
                parts.append("\t")
            elif tag in {f"{W}br", f"{W}cr"}:
                parts.append("\n")
            elif tag == f"{W}noBreakHyphen":
                parts.append("-")
            elif tag == f"{W}sym":
                parts.append(_symbol(child))
            elif tag in {f"{W}footnoteReference", f"{W}endnoteReference"}:
                self.footnotes.append(f"{tag}{child.get(f'{W}id')}")
            else:
                self._walk(child, paragraph, shaded, parts)


def _symbol(element: Any) -> str:
    font = (element.get(f"{W}font") or "").lower()
    try:
        code = int(element.get(f"{W}char") or "", 16)
    except ValueError:
        return ""
    in_font = 0xF000 <= code <= 0xF0FF
    return _SYMBOLS.get((font, code & 0xFF), "") if in_font else chr(code)
