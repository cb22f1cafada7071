"""Bindings that are known only when the config has been read, put on a screen.

Textual hands an ordinary key to the focused widget first and finds its binding when the key has
bubbled up to the app. Keys that come in one burst, from fast fingers or a slow line, would overtake
an action that way: the `1` after a `down` could label the row above, the letters after `n` could
become commands. So every key here is looked up by the app before anything else, in the order typed,
and its action is awaited before the next; only while text is being typed are they left to the field.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input, TextArea

MOVES = (
    Binding("up,k", "move(-1)", "Up", show=False),
    Binding("down,j", "move(1)", "Down", show=False),
    Binding("pageup", "move(-10)", "Page up", show=False),
    Binding("pagedown", "move(10)", "Page down", show=False),
    Binding("home", "move(-1000000)", "First", show=False),
    Binding("end", "move(1000000)", "Last", show=False),
)
"""The keys that go through a short list, for whatever has `action_move`."""

SCROLLS = (
    Binding("up", "scroll(-1)", "Scroll", show=False),
    Binding("down", "scroll(1)", "Scroll", show=False),
    Binding("pageup", "scroll(-10)", "Scroll", show=False),
    Binding("pagedown", "scroll(10)", "Scroll", show=False),
)
"""The keys that go through a long text, for whatever has `action_scroll`."""

WRAPPED = "press_key"
"""The action of the screen that runs another one unless text is being typed."""


def install(screen: Screen[Any], bindings: Iterable[Binding]) -> None:
    """Bind keys on one screen, before those that every screen has, such as tab.

    Bindings with priority work always, the others unless text is being typed. The screen needs
    `action_press_key`, and a `check_action` that asks `is_typing`.
    """
    ours = screen._bindings.key_to_bindings
    for binding in Binding.make_bindings(bindings):
        if not binding.priority:
            binding = replace(binding, action=f"{WRAPPED}({binding.action!r})", priority=True)
        others = ours.get(binding.key, [])
        # Textual's own ctrl+c copies a text that is selected, and passes the key on if none is.
        ours[binding.key] = [*others, binding] if binding.key == "ctrl+c" else [binding, *others]


def is_typing(screen: Screen[Any]) -> bool:
    """Whether the keys belong to a field for text now."""
    return isinstance(screen.focused, (Input, TextArea))
