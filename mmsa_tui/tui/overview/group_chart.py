"""What charts of groups have in common: a frame, one group that is chosen, the way to its posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message
from textual.widget import Widget

from mmsa_tui.analysis import Group
from mmsa_tui.tui.widgets.label_looks import LabelLooks


@dataclass
class Picked(Message):
    """The user wants to see the posts that a filter finds."""

    filter: str


class GroupChart(Widget, can_focus=True):
    """Draws groups of posts; `action_move` chooses one, `action_pick` asks for its posts.

    Args:
        title: stands in the frame.
        empty: what to say when there are none.
    """

    DEFAULT_CSS = """
    GroupChart {
        border: round $border-blurred;
        border-title-color: $foreground;
        border-title-style: bold;
        border-subtitle-color: $foreground-muted;
        padding: 0 1;
        &:focus { border: round $border; border-title-color: $text-accent; }
    }
    """

    def __init__(self, title: str, empty: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.border_title = title
        self.empty = empty
        self._groups: Sequence[Group] | None = None
        self._looks = LabelLooks(())
        self._cursor = 0

    @property
    def chosen(self) -> Group | None:
        return self._groups[self._cursor] if self._groups else None

    @property
    def is_empty(self) -> bool:
        return not any(group.total for group in self._groups or ())

    def draw(self) -> None:
        """Draw again: another group is chosen, the focus has come or gone."""
        self.refresh()

    def action_move(self, step: int) -> None:
        if self._groups:
            self._cursor = max(0, min(self._cursor + step, len(self._groups) - 1))
            self.draw()

    def action_pick(self) -> None:
        if self.chosen is not None and self.chosen.filter:
            self.post_message(Picked(self.chosen.filter))

    def press(self, at: int) -> None:
        """Choose a group by a click; a second click on it asks for its posts."""
        is_again = at == self._cursor
        self._cursor = at
        self.refresh()
        if is_again:
            self.action_pick()

    def on_focus(self) -> None:
        self.draw()

    def on_blur(self) -> None:
        self.draw()
