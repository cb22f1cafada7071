"""What one chooses with in dialogs and screens alike: a list, and a box to tick."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Checkbox, OptionList

from mmsa_tui.tui.keys import key_table


class ChoiceList(OptionList):
    """An `OptionList` that j and k go through too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            j  cursor_down  Down
            k  cursor_up    Up
        """),
    ]


class Tick(Checkbox):
    """A `Checkbox` that shows an X when ticked, else nothing; the original tells the two by colour alone."""

    BUTTON_INNER = " "

    def on_mount(self) -> None:
        self._mark()

    def watch_value(self) -> None:
        self._mark()
        super().watch_value()

    def _mark(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        self.refresh()
