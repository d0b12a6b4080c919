"""Checks of a written page: well-formed, self-contained, and with every text from data escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

__all__ = ["check_page", "links"]

_VOID = {"meta", "br", "hr", "img", "link", "input"}


class _Nesting(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.texts: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        self.links += [value for name in ("href", "src", "xlink:href") if (value := given.get(name))]
        self.ids += [value for value in [given.get("id")] if value]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _parsed(page: Path) -> _Nesting:
    parser = _Nesting()
    parser.feed(page.read_text(encoding="utf-8"))
    parser.close()
    return parser


def check_page(page: Path, names: Sequence[str] = ()) -> None:
    """Fail where tags do not nest, an id stands twice, something is loaded from outside, or a name is not escaped."""
    parser = _parsed(page)
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))
    assert not parser.tags & {"script", "link", "iframe", "img", "object"}
    outside = [link for link in parser.links if re.match(r"(?!data:)[a-z]+:|//|/", link)]
    assert outside == []
    within = [link[1:] for link in parser.links if link.startswith("#")]
    assert set(within) <= set(parser.ids)
    shown, raw = " ".join(parser.texts), page.read_text(encoding="utf-8")
    for name in names:
        assert name in shown
        assert "<" not in name or name not in raw


def links(page: Path) -> list[str]:
    """Return what the page links to, in order, without places in itself."""
    return [link for link in _parsed(page).links if not link.startswith("#")]
