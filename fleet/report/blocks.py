"""What a page is made of: sections of sentences, tables and figures, all text still unescaped."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from fleet.report.formats import number, percent, sentence, stamp, text
from fleet.schema import FLEET

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

__all__ = ["Col", "Figure", "List", "Section", "Table", "Text", "draw", "inline_svg", "table"]

_LONG = 28  #: characters from which a column of text is given room to wrap in
_CARD_ROWS = 16  #: tables of up to so many rows become cards on a phone, longer ones are scrolled
_PHONE, _TABLET = 328, 601  #: px beside the margins of 360 and 641 px screens: wider tables say that they scroll
# Widths of characters [px] at the tables' 13 px in DejaVu Sans, the widest of the usual sans serifs.
_NARROW = dict.fromkeys(" !'(),-./:;I[]fijlrt|", 5.4)
_USUAL = dict.fromkeys('"*0123456789abcdeghknopqsuvxyz', 8.3)
_CAPITAL, _FULL = dict.fromkeys("ABCDEFGHJKLNOPQRSTUVXYZ", 10.3), 13.0
_CHARACTERS = _NARROW | _USUAL | _CAPITAL
_BOLD = 1.12  #: how much wider bold type is
_COLUMN, _AFTER_NUMBER = 10.4, 16.0  #: px; a column's padding in page.css, and that of a cell beside a number
_PHONE_FIGURE = 5.5  #: inch; a wider figure would be unreadable at a phone's width and is scrolled, too


@dataclass(frozen=True, kw_only=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = "text"


@dataclass(frozen=True, kw_only=True)
class List:
    """Sentences, one below the other."""

    items: tuple[str, ...]
    small: bool = False  #: evidence that few read in full
    kind: str = "list"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of ready-made cells."""

    caption: str
    titles: tuple[str, ...]
    classes: tuple[str, ...]  #: of each column: "n" numbers, "s" stamps, "t" long text, "" text
    rows: tuple[tuple[str, ...], ...]
    strong: tuple[bool, ...] = ()  #: rows that stand out, such as the fleet's
    note: str = ""
    links: tuple[str, ...] = ()  #: of each row's first cell, relative; "" for none
    grid: bool = False  #: whether the columns are one quantity: they stay side by side on a phone
    kind: str = "table"

    @cached_property
    def width(self) -> int:
        """The least width that the table takes [px], estimated from above: what cannot wrap, room for long text."""
        columns = zip(self.titles, self.classes, *self.rows, strict=True)
        beside = sum(left == "n" != right for left, right in pairwise(self.classes))
        bold = any(self.strong)
        widths = sum(_column_width(title, css, cells, bold) for title, css, *cells in columns)
        return math.ceil(widths + _AFTER_NUMBER * beside)

    @property
    def cards(self) -> bool:
        """Whether each row is a card of its own on a phone: else the first column would leave no room beside it."""
        beside = max((len(row[0]) for row in self.rows), default=0) > _LONG
        return not self.grid and self.width > _PHONE and (len(self.rows) <= _CARD_ROWS or beside)

    @property
    def layout(self) -> str:
        """CSS classes: how the table is shown where it is wider than the screen."""
        return " ".join(["cards"] * self.cards + ["wide"] * (self.width > _PHONE) + ["wider"] * (self.width > _TABLET))


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure as SVG."""

    name: str  #: of its file under figures/, without ending
    caption: str
    svg: bytes
    kind: str = "figure"

    @property
    def wide(self) -> bool:
        """Whether the figure is too wide to be read when it is scaled to a phone."""
        found = re.search(rb'<svg[^>]*? width="([\d.]+)pt"', self.svg)
        return found is not None and float(found[1]) > 72.0 * _PHONE_FIGURE


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section of the page; `absent` says why it has no data."""

    id: str
    title: str
    blocks: tuple[Text | List | Table | Figure, ...] = ()
    absent: str = ""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The section's figures in order."""
        return tuple(block for block in self.blocks if isinstance(block, Figure))


@dataclass(frozen=True)
class Col:
    """How one column of a frame is shown: its key, title with unit, and format."""

    key: str
    title: str
    form: str = "text"  #: "text", "count", "percent", "stamp", or the number of decimals as "0", "1", ...
    digits: int = 1  #: decimals of percentages

    def show(self, value: Any) -> str:
        """Return the cell's text."""
        if self.form == "text" or isinstance(value, str):
            return text(value)
        if self.form == "stamp":
            return stamp(value)
        if self.form == "yes":
            return "yes" if bool(value) else "no"
        if self.form == "percent":
            return percent(value, self.digits)
        return number(value, 0 if self.form == "count" else int(self.form))

    @property
    def css(self) -> str:
        """How the column is set: "n" flush right, "s" on one line, "" as text."""
        return {"text": "", "yes": "", "stamp": "s"}.get(self.form, "n")


def table(
    frame: pd.DataFrame,
    columns: Sequence[Col],
    caption: str,
    *,
    note: str = "",
    fold: bool = False,
    strong: Callable[[Any], bool] | None = None,
) -> Table:
    """Return a frame as a table of text; columns that the frame lacks and texts that are all empty are left out.

    Parameters
    ----------
    frame : DataFrame
        One row per row of the table.
    columns : sequence of Col
        In the order shown.
    caption : str
        What the table holds.
    note : str
        Stands below the table.
    fold : bool
        Whether a text that is the same in all of several rows stands once, below the table.
    strong : callable, optional
        Takes the first column's value and says whether the row stands out; without it the fleet's rows do.
    """
    shown = [column for column in columns if column.key in frame]
    stands_out = strong or (lambda value: value == FLEET)
    cells = [[column.show(value) for value in frame[column.key]] for column in shown]
    kept = [place for place, column in enumerate(shown) if column.form != "text" or place == 0 or any(cells[place])]
    same = [
        place
        for place in kept[1:]
        if shown[place].form in ("text", "stamp") and len(set(cells[place])) == 1 < len(cells[place])
    ]
    if fold and same:
        words = [sentence(f"{shown[place].title}: {cells[place][0]}") for place in same]
        note = " ".join([*words, note]).strip()
        kept = [place for place in kept if place not in same]
    shown, cells = [shown[place] for place in kept], [cells[place] for place in kept]
    return Table(
        caption=caption,
        titles=tuple(column.title for column in shown),
        classes=tuple(
            _css(column, texts, place == 0) for place, (column, texts) in enumerate(zip(shown, cells, strict=True))
        ),
        rows=tuple(zip(*cells, strict=True)),
        strong=tuple(bool(stands_out(value)) for value in frame[shown[0].key]) if shown else (),
        note=note,
    )


def _css(column: Col, texts: list[str], first: bool) -> str:
    """Return how a column is set, given its cells: short first columns stay on one line, long texts get room."""
    longest = max(map(len, texts), default=0)
    if column.form != "text":
        return column.css
    if first:
        return "s" if longest <= _LONG else ""
    return "t" if longest > _LONG else ""


def _column_width(title: str, css: str, cells: Sequence[str], bold: bool) -> float:
    """Return a column's least width [px]; headings and texts may break at plain spaces and after hyphens."""

    def parts(texts: Sequence[str]) -> list[str]:
        return [part for found in texts for part in re.split(r"[ \t\r\n\f]+|(?<=-)", found)]

    heading = _BOLD * max(map(_text_width, parts([title])))
    content = max(map(_text_width, cells if css in ("n", "s") else parts(cells)), default=0.0)
    content *= _BOLD if bold else 1.0
    content += _AFTER_NUMBER - _COLUMN if css == "n" else 0.0  # columns of numbers stand side by side
    room = 176.0 if css == "t" else 51.2  # the least widths of page.css
    return _COLUMN + max(room, heading, content)


def _text_width(words: str) -> float:
    """Return about how wide a text is on one line [px], rather too wide than too narrow."""
    return sum(_CHARACTERS.get(character, _FULL) for character in words)


def draw(name: str, caption: str, drawn: Axes | Drawing) -> Figure:
    """Return a drawn plot as a figure of the page."""
    from matplotlib.figure import Figure as Drawing

    from fleet.plots import to_svg

    owner = drawn if isinstance(drawn, Drawing) else drawn.get_figure(root=True)
    assert owner is not None, f"plot {name} is on no figure"
    return Figure(name=name, caption=caption, svg=to_svg(owner))


def inline_svg(figure: Figure) -> str:
    """Return the figure's SVG for use inside a page.

    Comments hold the drawn texts, and ids repeat from figure to figure: comments go, ids that nothing refers to go,
    the others are prefixed with the figure's name.
    """
    svg = figure.svg.decode("utf-8")
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))

    def own(match: re.Match[str]) -> str:
        return f' id="{figure.name}-{match[1]}"' if match[1] in used else ""

    svg = re.sub(r'\sid="([^"]*)"', own, svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{figure.name}-", svg)
    return re.sub(r"\n\s*", "\n", svg).strip()
