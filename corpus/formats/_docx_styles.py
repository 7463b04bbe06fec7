"""What Word's styles say of a paragraph or a run: heading level, list, is it seen at all."""

import re
from collections.abc import Iterator
from typing import Any

from corpus.formats._colour import hex_is_white

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TINY_HALF_POINTS = 4
_HEADING_NAME = re.compile(r"(?:heading|标题)\s*([1-9])", re.IGNORECASE)
_TITLE_NAMES = {"title", "标题"}


def value_of(element: Any | None, name: str) -> str | None:
    """The `w:val` of the child `name`, None where there is no such child."""
    child = None if element is None else element.find(f"{W}{name}")
    return None if child is None else child.get(f"{W}val")


def is_on(element: Any | None) -> bool:
    """A switch such as w:vanish: there, and not turned off."""
    return element is not None and element.get(f"{W}val") not in {"0", "false", "off"}


class Styles:
    """The styles of one document."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._by_id = {s.get(f"{W}styleId"): s for s in root.findall(f"{W}style")}
        self._default = next(
            (
                key
                for key, style in self._by_id.items()
                if style.get(f"{W}type") == "paragraph"
                and style.get(f"{W}default") in {"1", "true"}
            ),
            None,
        )

    def _chain(self, style_id: str | None) -> Iterator[Any]:
        """The style and those that it is based on, nearest first."""
        seen = set()
        while style_id in self._by_id and style_id not in seen:
            seen.add(style_id)
            yield self._by_id[style_id]
            style_id = value_of(self._by_id[style_id], "basedOn")

    def _style_id(self, paragraph: Any) -> str | None:
        return value_of(paragraph.find(f"{W}pPr"), "pStyle") or self._default

    def _paragraph_property(self, paragraph: Any, name: str) -> Any | None:
        for holder in (paragraph, *self._chain(self._style_id(paragraph))):
            found = holder.find(f"{W}pPr/{W}{name}")
            if found is not None:
                return found
        return None

    def is_contents_line(self, paragraph: Any) -> bool:
        """A line of the table of contents."""
        styles = self._chain(self._style_id(paragraph))
        return any(re.match(r"(toc|目录)\s*\d", value_of(s, "name") or "", re.I) for s in styles)

    def heading_level(self, paragraph: Any) -> int:
        """1 to 9, or 0 for a paragraph that is no heading."""
        outline = self._paragraph_property(paragraph, "outlineLvl")
        if outline is not None and (outline.get(f"{W}val") or "").isdigit():
            level = int(outline.get(f"{W}val"))
            return level + 1 if level < 9 else 0
        for style in self._chain(self._style_id(paragraph)):
            name = (value_of(style, "name") or "").strip()
            if match := _HEADING_NAME.fullmatch(name):
                return int(match[1])
            if name.lower() in _TITLE_NAMES:
                return 1
        return 0

    def numbering(self, paragraph: Any) -> tuple[str | None, int]:
        """The id of the list that a paragraph belongs to, None for none, and its depth from 0."""
        num_id, depth = None, None
        for holder in (paragraph, *self._chain(self._style_id(paragraph))):
            found = holder.find(f"{W}pPr/{W}numPr")
            if found is not None:
                num_id = num_id or value_of(found, "numId")
                depth = depth or value_of(found, "ilvl")
        if num_id in {None, "0"}:
            return None, 0
        return num_id, int(depth) if depth and depth.isdigit() else 0

    def _run_property(self, run: Any, paragraph: Any, name: str) -> Any | None:
        own = run.find(f"{W}rPr")
        if own is not None and (found := own.find(f"{W}{name}")) is not None:
            return found
        for start in (value_of(own, "rStyle"), self._style_id(paragraph)):
            for style in self._chain(start):
                if (found := style.find(f"{W}rPr/{W}{name}")) is not None:
                    return found
        return self._root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr/{W}{name}")

    def is_hidden(self, run: Any, paragraph: Any, shaded: bool) -> bool:
        """A run that no reader sees: marked hidden, tiny, or white on a ground that is not `shaded`."""
        if is_on(self._run_property(run, paragraph, "vanish")):
            return True
        size = self._run_property(run, paragraph, "sz")
        points = "" if size is None else size.get(f"{W}val") or ""
        if points.isdigit() and int(points) <= _TINY_HALF_POINTS:
            return True
        colour = self._run_property(run, paragraph, "color")
        if colour is None or not hex_is_white(colour.get(f"{W}val")):
            return False
        grounds = (
            self._run_property(run, paragraph, "shd"),
            self._paragraph_property(paragraph, "shd"),
        )
        lit = self._run_property(run, paragraph, "highlight") is not None
        return not (shaded or lit or any(is_shaded(ground) for ground in grounds))

    def table_is_shaded(self, table: Any) -> bool:
        """The table's style may put white words on a coloured row."""
        style_id = value_of(table.find(f"{W}tblPr"), "tblStyle")
        return any(is_shaded(e) for style in self._chain(style_id) for e in style.iter(f"{W}shd"))


def is_shaded(ground: Any | None) -> bool:
    """A w:shd that is not white."""
    if ground is None:
        return False
    fill = ground.get(f"{W}fill") or "auto"
    return (fill != "auto" and not hex_is_white(fill)) or ground.get(f"{W}val") not in {
        None, "clear", "nil",
    }  # fmt: skip
