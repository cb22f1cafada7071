"""The main screen's keys that change what is seen: filter, queue, order, jump, pictures, layout."""

from __future__ import annotations

import asyncio

from textual import on, work

from mmsa_tui.errors import MmsaError
from mmsa_tui.pictures.decoder import PictureError
from mmsa_tui.pictures.viewer import NoViewerError, open_in_viewer
from mmsa_tui.store import Order, Where
from mmsa_tui.tui.browse.base import BrowseBase
from mmsa_tui.tui.browse.filter_bar import FilterBar
from mmsa_tui.tui.browse.filter_input import FilterInput
from mmsa_tui.tui.browse.post_table import PostTable
from mmsa_tui.tui.browse.queue_bar import QueueBar
from mmsa_tui.tui.dialogs.ask import AskOne, AskText
from mmsa_tui.tui.widgets.post_view import PostView

SORTS = (
    ("", "as in the source"),
    ("post_id", "id"),
    ("text", "text"),
    ("author", "author"),
    ("created_at", "date"),
    ("language", "language"),
    ("final_label", "label"),
    ("confidence", "confidence"),
    ("margin", "margin between the two best labels"),
    ("conflict", "text against picture"),
    ("corrected_label", "your label"),
    ("flagged", "flag"),
    ("n_pictures", "number of pictures"),
    ("n_duplicates", "how often it is repeated"),
    ("status", "status"),
)
"""Columns one may sort by, and what they are called; each label's probability comes on top."""


class BrowseView(BrowseBase):
    """Nothing here changes a post."""

    # which rows

    def action_filter(self) -> None:
        # At once: a focus that comes a moment later would let the table have the next letters.
        self.set_focus(self.query_one(FilterInput))

    def action_clear_filter(self) -> None:
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif self.selection:
            self.table.select(())
        elif self.filter_text:
            self.filter_bar.set_text("")
            self._take_filter("", None)
        self.table.focus()

    @on(FilterBar.Changed)
    def _on_filter(self, event: FilterBar.Changed) -> None:
        self._take_filter(event.text, event.where)

    @on(FilterBar.Left)
    def _on_filter_left(self) -> None:
        self.table.focus()

    def _take_filter(self, text: str, where: Where | None) -> None:
        self.filter_text, self.filter_where = text, where if text.strip() else None
        self.open_list(self.position.ordinal)

    def go_to_filter(self, text: str) -> None:
        """Show what a filter matches, among all posts."""
        self.filter_bar.set_text(text)
        self.queue_bar.select("all")
        self.queue_name, self.filter_text = "all", text
        self.filter_where = self.parse_filter(text)
        self.open_list(None)
        self.table.focus()

    def action_next_queue(self) -> None:
        self.queue_bar.next()

    def action_previous_queue(self) -> None:
        self.queue_bar.previous()

    @on(QueueBar.Changed)
    def _on_queue(self, event: QueueBar.Changed) -> None:
        self.queue_name = event.name
        self.table.select(())
        # In the whole source the place matters; a queue is worked through from its start.
        self.open_list(self.position.ordinal if event.name == "all" else None)

    # in which order

    async def action_sort(self) -> None:
        by_label = [(f"p_{label}", f"probability of {label}") for label in self.labels]
        chosen = self.order.column if self.order else ""
        hint = "enter sorts · the same again turns it round"

        async def take(column: str | None) -> None:
            if column is not None:
                self.sort_by(column)

        await self.ask(AskOne("Sort by", [*SORTS, *by_label], chosen, hint), take)

    @on(PostTable.SortChosen)
    def _on_header(self, event: PostTable.SortChosen) -> None:
        self.sort_by(event.column)

    def sort_by(self, column: str) -> None:
        """Sort by a column, or the other way round if that is how it is sorted."""
        same = self.order is not None and self.order.column == column
        if not column:
            self.order = None
        elif same and self.order is not None:
            self.order = Order(column, not self.order.descending)
        else:
            # Of these one wants to see the most first.
            downward = column in ("flagged", "conflict", "n_pictures", "n_duplicates", "corrected_label")
            self.order = Order(column, downward)
        self.open_list(self.position.ordinal)

    def action_reverse_sort(self) -> None:
        order = self.order or Order("ordinal")
        self.order = Order(order.column, not order.descending)
        self.open_list(self.position.ordinal)

    # which row

    async def action_jump(self) -> None:
        await self.ask(AskText("Go to id", "", "the id of a post, or #12 for row 12"), self._jump)

    async def _jump(self, post_id: str | None) -> None:
        if not post_id:
            return
        if post_id.startswith("#") and post_id[1:].isdecimal():
            self.table.move_to(int(post_id[1:]) - 1)
            return
        source_id, bundle_id = self.source.id, self.bundle_id
        where = Where("unlikely(post_id = ?)", (post_id,))
        try:
            found = await self.mmsa.slow.run(lambda s: s.ordinals(source_id, bundle_id, where, limit=1))
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        if not found:
            self.tell(f"There is no post {post_id} in this source.", "$text-warning")
            return
        index = self.listing.index_of(found[0])
        if index is not None:
            self.table.move_to(index)
        else:
            self.go_to_filter("")
            self.open_list(found[0])
            self.tell("The filter left it out: all posts are shown again.")

    def action_mark(self) -> None:
        self.table.toggle_selected()
        self.table.move_to(self.table.cursor + 1)

    def action_mark_down(self) -> None:
        self.table.toggle_selected(step=1)

    def action_mark_up(self) -> None:
        self.table.toggle_selected(step=-1)

    def action_mark_all(self) -> None:
        every = self.listing.ordinals()
        self.table.select(() if len(self.selection) == len(every) else every)

    @on(PostTable.SelectionChanged)
    def _on_selection(self) -> None:
        self.show_top()

    # the post

    def action_next_picture(self) -> None:
        self.view.turn_picture(1)

    def action_previous_picture(self) -> None:
        self.view.turn_picture(-1)

    @on(PostTable.RowPressed)
    def action_zoom(self) -> None:
        """Give the post view the whole width, or give it back."""
        self.toggle_class("-zoomed")

    @on(PostView.PicturePressed)
    @work(exclusive=True, group="open")
    async def action_open_picture(self) -> None:
        picture = self.view.picture
        if picture is None:
            self.tell("This post has no picture.")
            return
        try:
            path = await asyncio.to_thread(
                open_in_viewer, picture, self.mmsa.config.paths.cache_dir, self.mmsa.pictures.read
            )
        except (PictureError, NoViewerError) as problem:
            self.tell(str(problem), "$text-warning")
        else:
            self.tell(f"opened {path.name}")
