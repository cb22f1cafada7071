"""Bindings that are known only when the config has been read, put on a screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.binding import Binding
from textual.screen import Screen


def install(screen: Screen[Any], bindings: Iterable[Binding]) -> None:
    """Bind keys on one screen, before those that every screen has, such as tab."""
    ours = screen._bindings.key_to_bindings
    for binding in Binding.make_bindings(bindings):
        others = ours.get(binding.key, [])
        # Textual's own ctrl+c copies a text that is selected, and passes the key on if none is.
        ours[binding.key] = [*others, binding] if binding.key == "ctrl+c" else [binding, *others]
