"""The line a filter is typed in: coloured as it is understood, never with control characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from rich.highlighter import Highlighter
from rich.text import Text
from textual.binding import BindingType
from textual.widgets import Input

from mmsa_tui.text.display import safe
from mmsa_tui.tui.keys import caught_up, key_table

_PARTS = re.compile(
    r'(?P<minus>(?<!\S)-(?=\S))|(?P<field>(?<![^\s-])[^\W\d]\w*:(?!//))|(?P<quoted>["“„][^"”“]*["”“]?\*?)'
    r"|(?P<or>(?<!\S)OR(?!\S))|(?P<order><=|>=|<|>|\.\.)"
)


class FilterHighlighter(Highlighter):
    """Colours fields, operators and quoted words, and underlines what is wrong.

    `styles` maps `minus`, `field`, `quoted`, `or`, `order` and `error` to Rich styles; `error` is
    the span that is wrong.
    """

    def __init__(self) -> None:
        self.styles: Mapping[str, str] = {}
        self.error: tuple[int, int] | None = None

    def highlight(self, text: Text) -> None:
        for found in _PARTS.finditer(text.plain):
            name = found.lastgroup or ""
            text.stylize(self.styles.get(name, ""), found.start(), found.end())
        if self.error is not None:
            text.stylize(self.styles.get("error", "underline"), *self.error)


class FilterInput(Input):
    """An input whose arrows, tab, enter and escape belong to the bar around it.

    Args:
        tell: told which of them was pressed, once all that was typed before is in the line.
    """

    # With priority, so that what is typed right behind them finds them done.
    BINDINGS: ClassVar[list[BindingType]] = [
        replace(binding, priority=True)
        for binding in key_table("""
            enter   tell('enter')     Use it
            tab     tell('complete')  Complete
            down    tell('down')      Next offer
            up      tell('up')        Previous offer
            escape  tell('escape')    Leave
            ctrl+s  tell('save')      Save view
            ctrl+d  tell('remove')    Remove view
        """)
    ]

    def __init__(self, placeholder: str, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self.colours = FilterHighlighter()
        super().__init__(
            placeholder=placeholder, highlighter=self.colours, compact=True, select_on_focus=False
        )

    def on_mount(self) -> None:
        self._put_on()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._put_on())

    def mark(self, error: tuple[int, int] | None) -> None:
        """Underline the span that is wrong, or nothing."""
        self.colours.error = error
        self.refresh()

    def _put_on(self) -> None:
        colours = self.app.theme_variables
        self.colours.styles = {
            "minus": f"bold {colours['text-error']}",
            "field": colours["text-primary"],
            "quoted": colours["text-accent"],
            "or": f"bold {colours['text-secondary']}",
            "order": colours["text-secondary"],
            "error": f"underline {colours['text-error']}",
        }
        self.refresh()

    async def action_tell(self, name: str) -> None:
        await caught_up(self)
        self._tell(name)

    def validate_value(self, value: str) -> str:
        # Whatever is pasted: nothing in it may move the cursor.
        return safe(value)[:5000]
