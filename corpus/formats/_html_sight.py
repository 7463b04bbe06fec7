"""Takes out of a web page what is no part of the article: site chrome, and text that nobody sees."""

import re
from collections.abc import Iterator
from typing import Any

from corpus.formats._colour import hex_is_white, is_white

_CHROME_TAGS = {
    "script", "style", "noscript", "template", "nav", "aside", "footer", "iframe", "object", "svg",
    "canvas", "dialog", "input", "button", "select", "textarea", "audio", "video", "map",
}  # fmt: skip
_CHROME_ROLES = {
    "navigation", "banner", "contentinfo", "search", "complementary", "menu", "menubar", "toolbar",
}  # fmt: skip
_CHROME_WORDS = {
    "nav", "navbar", "navigation", "menu", "breadcrumb", "breadcrumbs", "crumb", "crumbs", "sidebar",
    "footer", "foot", "toolbar", "share", "pagination", "pager", "related", "recommend", "copyright",
    "login", "search", "sitemap",
}  # fmt: skip
_CHROME_NAMES = {"header", "head", "top", "banner", "site-header", "page-header"}
_CHROME_LINE = re.compile(
    r"(您?(现在|当前)的?位置|【?打印|【?关闭|分享到|字[号体]|扫一扫|上一篇|下一篇)"
)
_BOXES = {"div", "section", "ul", "ol", "dl", "p", "form", "header"}
_MIN_LINKS = 3
_TINY = 2  # px or pt
_FAR_OFF = -400  # px: moved out of the window


class Page:
    """The tree of a page; `clear` leaves the article and counts the unseen texts in `hidden`."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._rules = dict(_rules("\n".join(style.text or "" for style in root.iter("style"))))
        self._half = len(_squeezed(root)) / 2
        self.hidden = 0

    def clear(self) -> None:
        """Drop the chrome first, so that a menu's hidden half is not reported."""
        for element in list(self._root.iter()):
            if not isinstance(element.tag, str):
                continue
            if element.tag not in {"html", "body"} and self._is_chrome(element):
                _drop(element)
        self._look(self._root, white=False, coloured=False)

    def _is_chrome(self, element: Any) -> bool:
        tag = element.tag
        if tag in _CHROME_TAGS or element.get("role") in _CHROME_ROLES:
            return True
        if tag not in _BOXES:
            return False
        text = _squeezed(element)
        if len(text) > self._half:  # a wrapper of the whole page, whatever its name
            return False
        if tag == "header":
            return not any(up.tag in {"article", "main"} for up in element.iterancestors())
        if tag == "form" or (len(text) < 60 and _CHROME_LINE.match(text)):
            return True
        names = f"{element.get('class', '')} {element.get('id', '')}".lower().split()
        words = {word for name in names for word in re.split(r"[-_]", name)}
        if _CHROME_NAMES & set(names) or _CHROME_WORDS & words:
            return True
        return _is_link_list(element, text)

    def _look(self, element: Any, white: bool, coloured: bool) -> None:
        """Blank each text that is white on white; drop what is hidden, with all in it."""
        style = self._style(element)
        ground = style.get("background", "") + style.get("background-color", "")
        ground += element.get("bgcolor", "") or element.get("background", "")
        if ground:
            coloured = (coloured and ground in {"transparent", "none"}) or not (
                _is_white(ground) or ground in {"transparent", "none", "inherit", "initial"}
            )
        if colour := style.get("color") or element.get("color"):
            white = _is_white(colour) or colour == "transparent"
        unseen = white and not coloured
        if unseen and (element.text or "").strip():
            self.hidden += 1
            element.text = None
        for child in list(element):
            if not isinstance(child.tag, str):
                _drop(child)
                continue
            if _is_hidden(child, self._style(child)):
                self.hidden += bool(_squeezed(child))
                _drop(child)
                continue
            self._look(child, white, coloured)
            if unseen and (child.tail or "").strip():
                self.hidden += 1
                child.tail = None

    def _style(self, element: Any) -> dict[str, str]:
        style: dict[str, str] = {}
        names = [element.tag, *(f".{name}" for name in element.get("class", "").split())]
        names += [f"#{element.get('id')}"] if element.get("id") else []
        for name in names:
            style |= self._rules.get(name, {})
            style |= self._rules.get(element.tag + name, {})
        return style | _declarations(element.get("style", ""))


def _is_link_list(element: Any, text: str) -> bool:
    links = list(element.iter("a"))
    if len(links) < _MIN_LINKS or text.startswith("附件") or element.find(".//table") is not None:
        return False
    return sum(len(_squeezed(link)) for link in links) > 0.7 * len(text)


def _is_hidden(element: Any, style: dict[str, str]) -> bool:
    if element.get("hidden") is not None or style.get("display") == "none":
        return True
    if style.get("visibility") in {"hidden", "collapse"} or _length(style.get("opacity")) == 0:
        return True
    size = _length(style.get("font-size"))
    if size is not None and size <= _TINY and not style["font-size"].endswith(("em", "%")):
        return True
    if size == 0 or "rect(0" in style.get("clip", ""):
        return True
    if _length(style.get("height")) == 0 and style.get("overflow") == "hidden":
        return True
    moves = ("left", "top", "right", "text-indent", "margin-left")
    return any((_length(style.get(move)) or 0) <= _FAR_OFF for move in moves)


def _rules(css: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The declarations of a style sheet whose selector is one tag, class or id, for all screens."""
    css = re.sub(r"/\*.*?\*/|@[^{};]*(;|\{([^{}]*\{[^{}]*\})*[^{}]*\})", "", css, flags=re.DOTALL)
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        for selector in selectors.split(","):
            if re.fullmatch(r"[\w-]*([.#][\w-]+)?", selector.strip()):
                yield selector.strip(), _declarations(body)


def _declarations(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in text.lower().split(";"))
    return {
        name.strip(): value.replace("!important", "").strip() for name, _, value in pairs if value
    }


def _length(value: str | None) -> float | None:
    """The number of 12px or 0.5em; None for a word."""
    match = re.match(r"-?\d*\.?\d+", value or "")
    return float(match[0]) if match else None


def _is_white(colour: str) -> bool:
    colour = colour.strip().lower()
    if match := re.match(r"rgba?\(\s*(\d+)\D+(\d+)\D+(\d+)", colour):
        return is_white(*(float(part) for part in match.groups()))
    if re.fullmatch(r"#[0-9a-f]{3}", colour):
        colour = "#" + "".join(digit * 2 for digit in colour[1:])
    return colour == "white" or (colour.startswith("#") and hex_is_white(colour[1:]))


def _squeezed(element: Any) -> str:
    """All text of an element without its white space; scripts and styles are no text."""
    parts = element.xpath(".//text()[not(parent::script or parent::style or parent::noscript)]")
    return "".join("".join(parts).split())


def _drop(element: Any) -> None:
    """Take an element out and leave the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)
