"""The table of posts: draws the lines that are on screen and asks for the pages they need.

Holds a cursor, a selection and nothing of the posts: `Listing` has those. 100,000 rows cost what
the thirty that show cost.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from mmsa_tui.filters import Hits
from mmsa_tui.store import Row
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.browse.listing import Listing
from mmsa_tui.tui.browse.position import ColumnChoice
from mmsa_tui.tui.widgets.label_looks import LabelLooks
from mmsa_tui.tui.widgets.post_columns import (
    MAX_ID,
    Column,
    choose_columns,
    columns_of_row,
    fit,
    fit_end,
    own_column,
)

AHEAD = 40
"""Rows beyond the screen that are fetched with those on it."""
GUTTER = 2
MAX_TEXT = 5000
"""Characters of a text in which a hit is looked for."""


class PostTable(ScrollView, can_focus=True):
    """Rows of a `Listing`, one line each under a header."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "post-table--header",
        "post-table--cursor",
        "post-table--selected",
        "post-table--muted",
        "post-table--strong",
        "post-table--warning",
    }

    cursor: reactive[int] = reactive(0, init=False)

    @dataclass
    class Highlighted(Message):
        """The cursor is on a row; `row` is None while it is being fetched."""

        index: int
        row: Row | None

    @dataclass
    class NeedsPages(Message):
        """Rows are shown that are not in memory, or not fresh."""

        pages: list[int]

    @dataclass
    class SortChosen(Message):
        """The header of a column was pressed; `is_own` for one of the source's own."""

        column: str
        is_own: bool

    class RowPressed(Message):
        """The row under the cursor was pressed again."""

    class SelectionChanged(Message):
        """Other rows are selected now."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.listing: Listing | None = None
        self.looks = LabelLooks(())
        self._selected: set[int] = set()
        self._id_width = 4
        self._asked: list[int] = []
        self._shown: Row | None = None
        self.empty_text = ""
        self.shown: Callable[[Row], Row] | None = None
        """What a row is drawn as, for who is not to see all of it."""
        self.chosen: Sequence[ColumnChoice] = ()
        """The columns that the user wants; without any they go by the room there is."""
        self.hits: Hits | None = None
        """What the filter has found in the texts."""

    # what it shows

    def show(self, listing: Listing, looks: LabelLooks, cursor: int) -> None:
        """Draw a list that was just settled, with the cursor at an index of it."""
        self.listing, self.looks = listing, looks
        self._asked = []
        self.virtual_size = Size(self.size.width, len(listing) + 1)
        self.set_reactive(PostTable.cursor, max(0, min(cursor, len(listing) - 1)))
        self._shown = None
        self._scroll_to_cursor(centre=True)
        self._announce()
        self.refresh()
        self.ask()

    def rows_came(self, indexes: Iterable[int]) -> None:
        """Draw rows that are in memory now, or are other than before."""
        self._asked = []
        first, last = self.rows_on_screen
        if self._measure_ids():
            self.refresh()
        else:
            self._refresh_rows(*(index for index in indexes if first <= index <= last))
        self._announce()
        self.ask()

    def ask(self) -> None:
        """Ask for the pages that are on screen, or nearly, and not in memory."""
        if self.listing is None:
            return
        first, last = self.rows_on_screen
        missing = self.listing.missing(first - AHEAD, last + AHEAD)
        wanted = [page for page in missing if page not in self._asked]
        if wanted:
            self._asked.extend(wanted)
            self.post_message(self.NeedsPages(wanted))

    @property
    def selection(self) -> tuple[int, ...]:
        """The selected rows by their place in the source, in that order."""
        return tuple(sorted(self._selected))

    def select(self, ordinals: Iterable[int]) -> None:
        """Select these rows and no others."""
        self._selected = set(ordinals)
        self.refresh()
        self.post_message(self.SelectionChanged())

    @property
    def row(self) -> Row | None:
        """The row under the cursor, if it is in memory."""
        return self.listing.row(self.cursor) if self.listing and len(self.listing) else None

    @property
    def rows_on_screen(self) -> tuple[int, int]:
        """The first and the last index that show."""
        return int(self.scroll_y), int(self.scroll_y) + max(0, self.size.height - 2)

    # moving

    @property
    def n_rows(self) -> int:
        return len(self.listing) if self.listing else 0

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, or on the nearest there is."""
        if self.n_rows:
            self.cursor = max(0, min(index, self.n_rows - 1))

    def toggle_selected(self, *, step: int = 0) -> None:
        """Select the row under the cursor, or no longer, and move on by `step` rows.

        With a step, both rows end up selected, as with shift and an arrow key.
        """
        if self.listing is None or not self.n_rows:
            return
        here = self.listing.ordinal(self.cursor)
        if step:
            self.move_to(self.cursor + step)
            self._selected |= {here, self.listing.ordinal(self.cursor)}
        else:
            self._selected ^= {here}
        self.refresh()
        self.post_message(self.SelectionChanged())

    def watch_cursor(self, old: int, new: int) -> None:
        self._scroll_to_cursor()
        self._announce()
        self._refresh_rows(old, new)
        self.ask()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.ask()

    def on_resize(self, event: events.Resize) -> None:
        self.virtual_size = Size(event.size.width, self.n_rows + 1)
        self._scroll_to_cursor()
        self.ask()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or self.listing is None:
            return
        if offset.y == 0:
            column = self._column_at(offset.x)
            if column is not None:
                self.post_message(self.SortChosen(column.name, column.is_own))
            return
        index = int(self.scroll_y) + offset.y - 1
        if index >= self.n_rows:
            return
        if event.shift:
            low, high = sorted((self.cursor, index))
            self._selected |= {self.listing.ordinal(at) for at in range(low, high + 1)}
        elif event.ctrl or event.meta:
            self._selected ^= {self.listing.ordinal(index)}
        if event.shift or event.ctrl or event.meta:
            self.refresh()
            self.post_message(self.SelectionChanged())
        elif index == self.cursor:
            self.post_message(self.RowPressed())
        self.cursor = index

    # drawing

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        columns = self._columns(width)
        if y == 0:
            return self._header(columns, width)
        index = int(self.scroll_y) + y - 1
        if self.listing is None or index >= self.n_rows:
            text = self._empty_line(y - 2, width) if self.listing is not None and not self.n_rows else ""
            style = self.rich_style + self.get_component_rich_style("post-table--muted", partial=True)
            return Strip([Segment(fit("  " + text, width), style)])
        return self._line(index, columns, width)

    def _empty_line(self, at: int, width: int) -> str:
        """Give a line of why the list is empty; all of it is in sight."""
        lines = textwrap.wrap(self.empty_text, max(10, width - 4))
        return lines[at] if 0 <= at < len(lines) else ""

    def _columns(self, width: int) -> list[Column]:
        if not self.chosen:
            return choose_columns(width, self.looks, self._id_width)
        known = columns_of_row(self.looks, self._id_width)
        columns = []
        for choice in self.chosen:
            if choice.is_own:
                columns.append(own_column(choice.name, choice.width))
            elif choice.name in known:
                column = known[choice.name]
                columns.append(replace(column, width=choice.width or column.width))
        return columns

    def _header(self, columns: list[Column], width: int) -> Strip:
        style = self.get_component_rich_style("post-table--header")
        order = self.listing.order if self.listing else None
        segments = [Segment(" " * GUTTER, style)]
        for column, column_width in self._widths(columns, width):
            title = column.title
            if order is not None and (order.column, order.is_own) == (column.name, column.is_own):
                title = (title or column.name[:3]) + ("↓" if order.descending else "↑")
            segments.append(Segment(fit(title, column_width, right=column.right) + " ", style))
        return Strip(segments).adjust_cell_length(width, style)

    def _line(self, index: int, columns: list[Column], width: int) -> Strip:
        assert self.listing is not None
        row = self.listing.row(index)
        if row is not None and self.shown is not None:
            row = self.shown(row)
        is_selected = bool(self._selected) and self.listing.ordinal(index) in self._selected
        base = self.rich_style
        if is_selected:
            base += self.get_component_rich_style("post-table--selected", partial=True)
        if index == self.cursor:
            base += self.get_component_rich_style("post-table--cursor", partial=True)
        gutter = ("▸" if index == self.cursor else " ") + ("●" if is_selected else " ")
        segments = [Segment(gutter, base)]
        for column, column_width in self._widths(columns, width):
            text, look = column.cell(row, self.looks) if row is not None else ("…", "muted")
            style = base + self._style(look)
            if column.name == "text" and not column.is_own and self.hits is not None and row is not None:
                # The cell holds the beginning of a long text, in which the hit need not be.
                whole = safe_line(row.text, MAX_TEXT) if row.post is not None else text
                segments += self._with_hit(whole or text, column_width, style)
            else:
                segments.append(Segment(fit(text, column_width, right=column.right), style))
            segments.append(Segment(" ", base))
        return Strip(segments).adjust_cell_length(width, base)

    def _with_hit(self, text: str, width: int, style: Style) -> list[Segment]:
        """Draw a text with the first that the filter has found in it marked, and in sight."""
        assert self.hits is not None
        found = self.hits.find(text)
        if not found:
            return [Segment(fit(text, width), style)]
        start, end = found[0]
        if cell_len(text[:end]) > width - 1:
            before = fit_end(text[:start], width // 3)
            text, start, end = before + text[start:], len(before), len(before) + end - start
        shown = fit(text, width)
        strong = (
            style + self.get_component_rich_style("post-table--strong", partial=True) + Style(underline=True)
        )
        parts = ((shown[:start], style), (shown[start:end], strong), (shown[end:], style))
        return [Segment(part, look) for part, look in parts if part]

    def _style(self, look: str) -> Style:
        if look.startswith("$"):
            return Style(color=self.app.theme_variables[look.removeprefix("$")])
        return self.get_component_rich_style(f"post-table--{look}", partial=True) if look else Style.null()

    def _widths(self, columns: list[Column], width: int) -> list[tuple[Column, int]]:
        rest = width - GUTTER - len(columns) - sum(column.width for column in columns)
        return [(column, column.width or max(0, rest)) for column in columns]

    def _column_at(self, x: int) -> Column | None:
        columns = self._columns(self.size.width)
        right = GUTTER
        for column, width in self._widths(columns, self.size.width):
            right += width + 1
            if x < right:
                return column
        return None

    def _refresh_rows(self, *indexes: int) -> None:
        for index in indexes:
            self.refresh(Region(0, index - int(self.scroll_y) + 1, self.size.width, 1))

    def _scroll_to_cursor(self, *, centre: bool = False) -> None:
        height = max(1, self.size.height - 1)
        top = int(self.scroll_y)
        if centre and not top <= self.cursor < top + height:
            top = self.cursor - height // 2
        top = min(max(top, self.cursor - height + 1), self.cursor)
        self.scroll_to(y=max(0, top), animate=False, force=True, immediate=True)

    def _measure_ids(self) -> bool:
        """Widen the id column to what is on screen; never narrow it under the user's eyes.

        Returns:
            Whether it has become wider.
        """
        if self.listing is None:
            return False
        top = int(self.scroll_y)
        rows = (self.listing.row(index) for index in range(top, top + self.size.height))
        widest = max((len(row.post_id) for row in rows if row is not None), default=0)
        before, self._id_width = self._id_width, min(MAX_ID, max(self._id_width, widest))
        return self._id_width > before

    def _announce(self) -> None:
        row = self.row
        # A row that was fetched anew and says the same needs no new post view.
        if row is None or row != self._shown:
            self._shown = row
            self.post_message(self.Highlighted(self.cursor, row))
