"""The line for a path: what is dropped onto it goes to the screen, as if dropped anywhere else."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from mmsa_tui.tui.picker.paths_typed import dropped_path


class PathInput(Input):
    """Leaves a paste that is a whole path to whoever opens paths."""

    def _on_paste(self, event: events.Paste) -> None:
        if dropped_path(event.text) is not None:
            # Keeps Input from typing it in, and lets it bubble.
            event.prevent_default()
