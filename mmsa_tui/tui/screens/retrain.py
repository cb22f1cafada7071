"""Retraining from corrections: what there is to learn from, the run, the gate, promotion."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from mmsa_tui.store import SourceRow


class RetrainScreen(Screen[None]):
    """Says how to retrain from the command line."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "Back")]

    def __init__(self, source: SourceRow) -> None:
        super().__init__()
        self._source = source

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("Retrain from your corrections with `mmsa retrain`. Escape goes back.", markup=False)
