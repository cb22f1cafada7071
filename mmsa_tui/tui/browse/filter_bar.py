"""One line to filter by: completes what is typed, says what is wrong, keeps named filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from mmsa_tui.errors import MmsaError
from mmsa_tui.filters import FilterError, completions, parse
from mmsa_tui.store import Where
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.browse.filter_input import FilterInput
from mmsa_tui.tui.browse.offer_list import Offer, OfferList
from mmsa_tui.tui.browse.saved_views import SavedViews
from mmsa_tui.tui.dialogs.ask import AskText

STILL_S = 0.15
"""How long the typing must rest before the filter counts."""

STILL_OFFERING_S = 0.45
"""The same while offers are open: half a field's name is not a word to search for."""

PLACEHOLDER = 'filter: label:negative conf:<0.6 has:image "exact words"'


class FilterBar(Widget):
    """The filter and everything about it.

    Args:
        use: called at once with a filter that has been typed, chosen or emptied and can be used, and
            its condition, None for none.
        refuse: called at once with what is typed and cannot be used, and why; None while it is still
            being written.
        views_file: where saved views are kept; None for none.
    """

    DEFAULT_CSS = """
    FilterBar {
        height: auto;
        width: 100%;
        background: $surface;
        & > Horizontal { height: 1; width: 100%; }
        #filter-sign { width: 3; color: $foreground-muted; padding: 0 1; }
        #filter-hint { width: auto; max-width: 40%; color: $foreground-muted; padding: 0 1; display: none; }
        FilterInput { width: 1fr; background: $surface; border: none; padding: 0; height: 1; }
        FilterInput:focus { background: $surface; }
        #filter-error { display: none; width: 100%; height: auto; max-height: 2; padding: 0 1; }
        #filter-error { color: $text-error; }
        &:focus-within { background: $panel; }
        &:focus-within FilterInput { background: $panel; }
        &:focus-within #filter-sign { color: $text-accent; text-style: bold; }
        &:focus-within #filter-hint { display: block; }
        &.-wrong #filter-error { display: block; }
        &.-wrong #filter-sign { color: $text-error; }
    }
    """

    class Left(Message):
        """The user is done with the line."""

    def __init__(
        self,
        use: Callable[[str, Where | None], None],
        refuse: Callable[[str, FilterError | None], None],
        views_file: Path | None = None,
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._use = use
        self._refuse = refuse
        self.views = SavedViews(views_file)
        self._labels: Sequence[str] = ()
        self._columns: Sequence[str] = ()
        self._values: Mapping[str, Sequence[str]] = {}
        # The filter that was told last; None while what is typed cannot be used.
        self._told: str | None = ""
        self._timer: Timer | None = None
        self._error: FilterError | None = None
        self._taken: str | None = None

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static("/", id="filter-sign", markup=False)
            yield FilterInput(PLACEHOLDER, self._press)
            yield Static("^s save view" if self.views.can_save else "", id="filter-hint", markup=False)
        yield OfferList()
        yield Static("", id="filter-error", markup=False)

    @property
    def text(self) -> str:
        return self.input.value

    @property
    def input(self) -> FilterInput:
        return self.query_one(FilterInput)

    @property
    def _is_whole(self) -> bool:
        """Whether the parts are there: they go before the bar when the app ends."""
        parts = ("FilterInput", "OfferList", "#filter-error", "#filter-hint")
        return self.is_attached and all(self.query(part) for part in parts)

    @property
    def _list(self) -> OfferList:
        return self.query_one(OfferList)

    # what others call

    def set_labels(self, labels: Sequence[str]) -> None:
        """Tell which labels there are, for completion and to notice wrong ones."""
        self._labels = labels

    def set_columns(self, columns: Sequence[str]) -> None:
        """Tell the source's own columns, which are fields too."""
        self._columns = columns

    def set_values(self, values: Mapping[str, Sequence[str]]) -> None:
        """Tell values that occur by field, such as `author`, for completion."""
        self._values = values

    def set_text(self, text: str) -> Where | None:
        """Show a filter without telling anyone; returns its condition, None for none.

        Raises:
            FilterError: it makes no sense, which the line then says.
        """
        with self.prevent(Input.Changed):
            self._write(text)
        self._told = self.input.value.strip()
        try:
            where = self._parse()
        except FilterError as error:
            self._told = None
            self._show_error(error)
            raise
        self._show_error(None)
        return where

    def choose(self, text: str) -> None:
        """Put a filter in as if the user had typed it."""
        with self.prevent(Input.Changed):
            self._write(text)
        self._judge(is_final=True)

    # typing

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._show_error(None)
        if event.value == self._taken:
            self._list.show_offers((), 0)
        else:
            self._offer()
        self._taken = None
        self._timer = self.set_timer(STILL_OFFERING_S if self._list.display else STILL_S, self._rest)

    def _rest(self) -> None:
        if self._is_whole:
            self._judge(is_final=False)

    def _judge(self, *, is_final: bool) -> bool:
        """Tell of the filter if it can be used, else say why not; returns whether it can.

        A mistake in the term that is still being typed is not one yet, unless `is_final`.
        """
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        text = self.text
        try:
            where = self._parse()
        except FilterError as error:
            is_mistake = is_final or not error.start <= self.input.cursor_position <= error.end
            if is_mistake:
                self._show_error(error)
            self._told = None
            self._refuse(text.strip(), error if is_mistake else None)
            return False
        self._show_error(None)
        if text.strip() != self._told:
            self._told = text.strip()
            self._use(self._told, where)
        return True

    def _parse(self) -> Where | None:
        return parse(self.text, self._labels, self._columns) if self.text.strip() else None

    def _offer(self) -> None:
        cursor = self.input.cursor_position
        if not self.input.has_focus:
            self._list.show_offers((), 0)
            return
        found = completions(self.text, cursor, self._labels, self._values, self._columns)
        offers = [Offer(item.text, item.help, item.applied(self.text), item.cursor) for item in found]
        start = found[0].start if found else 0
        self._list.show_offers(
            [*self.views.offers(self.text), *offers],
            self.input.region.x - self.region.x + start,
        )

    # keys

    def _press(self, name: str) -> None:
        match name:
            case "enter":
                self._submit()
            case "complete":
                self._complete()
            case "down":
                if not self._list.display:
                    self._leave()
                else:
                    self._list.move(1)
            case "up":
                self._list.move(-1)
            case "escape":
                if self._list.display:
                    self._list.show_offers((), 0)
                else:
                    self._leave()
            case "save":
                self._ask_name()
            case "remove":
                self._remove_view()

    def _submit(self) -> None:
        if self._list.chosen is not None:
            self._take(self._list.chosen)
        elif self._judge(is_final=True):
            self._leave()

    @on(OfferList.Taken)
    def _clicked(self, event: OfferList.Taken) -> None:
        event.stop()
        self.input.focus()
        self._take(event.offer)

    def _complete(self) -> None:
        if self._list.display and self._list.offers:
            self._take(self._list.chosen or self._list.offers[0])
        elif self._error is not None and self._error.suggestion:
            self._write(self._error.repaired(self.text))

    def _take(self, offer: Offer) -> None:
        is_whole = not offer.text[: offer.cursor].endswith(":")
        self._taken = offer.text if is_whole else None
        self._write(offer.text, offer.cursor)

    def _write(self, text: str, cursor: int | None = None) -> None:
        self.input.value = text
        self.input.cursor_position = len(self.input.value) if cursor is None else cursor

    def _leave(self) -> None:
        self._list.show_offers((), 0)
        # At once: what is typed next is no part of the filter.
        self.screen.set_focus(None)
        self.post_message(self.Left())

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if not self._is_whole:
            return
        self._offer()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        if not self._is_whole:
            return
        self._list.show_offers((), 0)
        if not self._judge(is_final=False):
            self._judge(is_final=True)

    # views

    @work(exclusive=True, group="view")
    async def _ask_name(self) -> None:
        text = self.text.strip()
        if not self.views.can_save or not text or not self._judge(is_final=True):
            return
        self._list.show_offers((), 0)
        name = await self.app.push_screen_wait(AskText("Save this filter as a view", placeholder="name"))
        if name:
            self._tell(lambda: self.views.save(name, text))

    def _remove_view(self) -> None:
        chosen = self._list.chosen
        if chosen is not None and chosen.view:
            self._tell(lambda: self.views.forget(chosen.view))
            self._offer()

    def _tell(self, change: Callable[[], str]) -> None:
        """Make a change to the views and say how it went."""
        try:
            self.notify(change(), markup=False)
        except MmsaError as error:
            text = f"{error.message}. {error.hint}" if error.hint else error.message
            self.notify(safe_line(text), severity="error", markup=False)

    # looks

    def _show_error(self, error: FilterError | None) -> None:
        self._error = error
        self.input.mark((error.start, error.end) if error else None)
        self.set_class(error is not None, "-wrong")
        if error is not None:
            repair = " · tab repairs it" if error.suggestion else ""
            line = Content.assemble(
                ("✗ " + safe_line(error.message, 200), "bold"),
                (". " + safe_line(error.hint, 300) + repair, ""),
            )
            self.query_one("#filter-error", Static).update(line)
