"""One post in full: who and when, picture, text, the three beliefs, and what was decided."""

from __future__ import annotations

from collections.abc import Collection

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from mmsa_tui.filters import Hits
from mmsa_tui.records import Picture
from mmsa_tui.services.labelling import Copies
from mmsa_tui.store import Row
from mmsa_tui.tui.graphics import Graphics
from mmsa_tui.tui.pictures import Pictures
from mmsa_tui.tui.widgets import post_facts
from mmsa_tui.tui.widgets.belief_bars import BeliefBars
from mmsa_tui.tui.widgets.label_looks import LabelLooks
from mmsa_tui.tui.widgets.picture import PictureView
from mmsa_tui.worker.messages import Explained

MIN_PICTURE_ROWS = 6
"""Fewer lines than these show nothing of a picture."""
LOW = 18
"""A view of fewer lines has no room for bars, nor for a picture above the text."""
MIN_BESIDE = 60
"""Columns that a view needs to have a picture beside its text."""


class PostView(Vertical):
    """The post under the cursor."""

    class PicturePressed(Message):
        """The picture was clicked."""

    def __init__(self, pictures: Pictures, graphics: Graphics, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._pictures = pictures
        self._graphics = graphics
        self._row: Row | None = None
        self._looks = LabelLooks(())
        self._picture = 0
        self._explained: Explained | None = None
        self.hits: Hits | None = None
        """What the filter has found, to be marked in the text."""
        self.validated: Collection[str] | None = None
        """Languages in which the bundle is validated; None says nothing of them."""
        self._alike: Content | None = None
        self._no_prediction = self._place = ""
        self._is_hidden = False

    def compose(self) -> ComposeResult:
        yield Static(id="post-header")
        yield Static(id="post-legend")
        with VerticalScroll(id="post-body", can_focus=False):
            yield PictureView(self._pictures, self._graphics, id="picture")
            yield Static(id="post-text")
        yield BeliefBars(id="bars")
        yield Static(id="post-verdict")

    def show(
        self,
        row: Row | None,
        looks: LabelLooks,
        no_prediction: str,
        place: str = "",
        *,
        is_hidden: bool = False,
    ) -> None:
        """Show a row; for another post than before, start at its first picture and at the top.

        Args:
            no_prediction: what to say where the bars would be when there are none.
            place: where the row stands in the list, as `3 of 12`.
            is_hidden: whether labels were taken from the row, so that nothing is to be said of them.
        """
        is_other = row is None or self._row is None or row.ordinal != self._row.ordinal
        if is_other:
            self._explained = self._alike = None
            self._picture = self._deciding_picture(row)
            if self._is_whole:
                self.query_one("#post-body").scroll_home(animate=False)
        self._row, self._looks, self._no_prediction, self._place = row, looks, no_prediction, place
        self._is_hidden = is_hidden
        self._fill()

    def show_alike(self, copies: Copies, labels_alone: bool, key: str) -> None:
        """Say how many other posts repeat this one, and how they are labelled; `key` changes that."""
        self._alike = post_facts.alike(copies, labels_alone, key)
        self._fill_verdict()

    def show_explanation(self, explained: Explained | None) -> None:
        """Colour words and picture by what carried the decision, or no longer."""
        self._explained = explained
        if explained is not None and explained.picture is not None:
            self._picture = explained.picture
        self._fill()

    @property
    def row(self) -> Row | None:
        return self._row

    @property
    def is_explained(self) -> bool:
        return self._explained is not None

    @property
    def picture(self) -> Picture | None:
        """The picture in view."""
        pictures = self._row.post.pictures if self._row and self._row.post else ()
        return pictures[self._picture] if self._picture < len(pictures) else None

    @property
    def is_long(self) -> bool:
        """Whether there is more of the post than is in view."""
        return self._is_whole and self.query_one("#post-body").max_scroll_y > 0

    def read(self, direction: int) -> None:
        """Scroll the post by most of a page, down or up."""
        body = self.query_one("#post-body")
        body.scroll_relative(y=direction * max(1, body.size.height - 2), animate=False)

    def turn_picture(self, step: int) -> None:
        """Show the next or the previous picture of the post."""
        pictures = self._row.post.pictures if self._row and self._row.post else ()
        if len(pictures) > 1:
            self._picture = (self._picture + step) % len(pictures)
            self._fill_picture()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.height < LOW, "-low")
        self._fill()

    def on_click(self, event: events.Click) -> None:
        if event.widget is not None and event.widget.parent is self.query_one(PictureView):
            self.post_message(self.PicturePressed())

    @property
    def _is_whole(self) -> bool:
        """Whether the widgets are there: results may come before they are, and after."""
        return len(self.children) == 5 and bool(self.query("#post-legend"))

    def _fill(self) -> None:
        if not self._is_whole:
            return
        row = self._row
        is_post = row is not None and row.post is not None
        self.set_class(not is_post, "-no-post")
        legend = self.query_one("#post-legend", Static)
        legend.display = self._explained is not None
        if row is None:
            self.query_one("#post-header", Static).update("")
            self.query_one("#post-text", Static).update("")
            self.query_one(PictureView).show((), 0, None, 0)
            return
        self.query_one("#post-header", Static).update(
            post_facts.header(row, self._place, self.size.width, self.validated)
        )
        self.query_one("#post-text", Static).update(
            post_facts.words(row, self._explained, self._looks, self.hits)
        )
        if self._explained is not None:
            legend.update(post_facts.legend(self._explained, self._looks))
        if is_post:
            bars = self.query_one(BeliefBars)
            bars.show(row.prediction, self._looks, self._no_prediction, on_one_line=self.size.height < LOW)
        self._fill_verdict()
        self._fill_picture()

    def _fit_picture(self) -> None:
        if self._is_whole:
            self._fill_picture()

    def _fill_picture(self) -> None:
        pictures = self._row.post.pictures if self._row and self._row.post else ()
        regions = None
        if self._explained is not None and self._explained.picture == self._picture:
            regions = self._explained.regions
        # A cell is twice as high as it is wide: beyond that the view lies rather than stands.
        is_beside = self.size.width >= max(MIN_BESIDE, 2 * self.size.height)
        rows = self._picture_rows()
        if is_beside:
            rows = self.query_one("#post-body").size.height
        elif self.size.height < LOW:
            rows = 0
        self.set_class(is_beside and bool(pictures), "-beside")
        self.query_one(PictureView).show(pictures, self._picture, regions, rows)

    def _picture_rows(self) -> int:
        """Give the picture what the text leaves, but never more than two thirds of the view."""
        height = self.query_one("#post-body").size.height
        text = self.query_one("#post-text", Static)
        width = max(1, text.size.width or self.size.width - 3)
        lines = sum(cell_len(line) // width + 1 for line in str(text.content).splitlines())
        rows = min(height - lines - 2, self.size.height * 2 // 3)
        return rows if rows >= MIN_PICTURE_ROWS else min(height, self.size.height // 2)

    def _fill_verdict(self) -> None:
        if not self._is_whole:
            return
        content = Content("")
        if self._row is not None:
            content = post_facts.verdict(self._row, self._looks, self._alike, is_hidden=self._is_hidden)
        self.query_one("#post-verdict", Static).update(content)
        # Its height decides how much is left for the picture.
        self.call_after_refresh(self._fit_picture)

    @staticmethod
    def _deciding_picture(row: Row | None) -> int:
        if row is None or row.post is None or row.prediction is None:
            return 0
        deciding = row.prediction.deciding_picture
        return deciding if deciding is not None and deciding < len(row.post.pictures) else 0
