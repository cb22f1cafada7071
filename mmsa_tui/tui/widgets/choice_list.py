"""A list of which one entry is chosen, with the keys that go through every list here."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import OptionList

from mmsa_tui.tui.keys import key_table


class ChoiceList(OptionList):
    """An `OptionList` that j and k go through too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            j  cursor_down  Down
            k  cursor_up    Up
        """),
    ]
