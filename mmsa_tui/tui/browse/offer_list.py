"""What could be typed next, in a list that floats below the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from mmsa_tui.text.display import safe_line

MIN_WIDTH = 12


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the list: what is shown, why, and the whole filter and cursor if it is taken.

    `view` is the name of the saved view that it stands for, or "".
    """

    title: str
    help: str
    text: str
    cursor: int
    view: str = ""


class OfferList(OptionList, can_focus=False):
    """The list; the keys come from the line above it, clicks are its own."""

    DEFAULT_CSS = """
    OfferList {
        display: none;
        overlay: screen;
        constrain: inside inflect;
        width: 20;
        height: auto;
        max-height: 12;
        padding: 0;
        border: none;
        background: $panel;
        scrollbar-size-vertical: 1;
        & > .option-list--option-highlighted { background: $primary-muted; text-style: bold; }
        & > .option-list--option-hover { background: $primary-muted; }
    }
    """

    @dataclass
    class Taken(Message):
        """An offer was clicked."""

        offer: Offer

    def __init__(self) -> None:
        super().__init__(compact=True)
        self._offers: Sequence[Offer] = ()

    @property
    def offers(self) -> Sequence[Offer]:
        return self._offers

    @property
    def chosen(self) -> Offer | None:
        """The offer that the arrows have gone to, if they have."""
        return None if self.highlighted is None or not self.display else self._offers[self.highlighted]

    def show_offers(self, offers: Sequence[Offer], x: int) -> None:
        """Show offers with none chosen, from cell `x` on; without any, hide."""
        self._offers = offers
        self.clear_options()
        room = self.app.size.width - 2
        if offers and room >= MIN_WIDTH:
            lines = _lines(offers, room)
            self.add_options(Option(line) for line in lines)
            self.highlighted = None
            # A width of its own: while the screen is laid out anew an automatic one may be none.
            self.styles.width = max(line.cell_length for line in lines) + 1
            self.styles.offset = (max(x - 1, 0), 0)
        self.display = self.option_count > 0

    def move(self, step: int) -> None:
        """Go up or down; up from the first is back to the line."""
        at = -1 if self.highlighted is None else self.highlighted
        at += step
        self.highlighted = None if at < 0 else min(at, len(self._offers) - 1)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Taken(self._offers[event.option_index]))


def _lines(offers: Sequence[Offer], room: int) -> list[Content]:
    titles = [safe_line(offer.title, 60) for offer in offers]
    width = max(map(cell_len, titles))
    lines = []
    for title, offer in zip(titles, offers, strict=True):
        gap = " " * (width - cell_len(title) + 2)
        line = Content.assemble((f" {title}", "bold"), gap + safe_line(offer.help, 80), " ")
        lines.append(line.truncate(max(room, MIN_WIDTH), ellipsis=True))
    return lines
