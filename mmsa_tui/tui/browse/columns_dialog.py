"""Which columns the table of posts has, in which order, how wide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.browse.position import ColumnChoice
from mmsa_tui.tui.keys import key_table
from mmsa_tui.tui.widgets.post_columns import Column

MIN_WIDTH, MAX_WIDTH = 3, 120


class ColumnsDialog(ModalScreen[tuple[ColumnChoice, ...] | None]):
    """Gives the columns that the user wants, () for those that fit, or None for no change.

    Args:
        known: the table's columns beside the source's own, by name.
        own: the source's own columns.
        shown: the columns that are shown now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            escape      dismiss(None)  Cancel
            space       show           Show it or not
            shift+up    shift(-1)      Move up
            shift+down  shift(1)       Move down
            left,minus  widen(-2)      Narrower
            right,plus  widen(2)       Wider
            r           reset          Those that fit
        """),
    ]

    def __init__(self, known: dict[str, Column], own: Sequence[str], shown: Sequence[ColumnChoice]) -> None:
        super().__init__(classes="dialog-screen")
        self._known = known
        chosen = [(choice.name, choice.is_own) for choice in shown]
        rest = [ColumnChoice(name) for name in known if (name, False) not in chosen]
        rest += [ColumnChoice(name, is_own=True) for name in own if (name, True) not in chosen]
        self._choices = [*shown, *rest]
        self._is_shown = [True] * len(shown) + [False] * len(rest)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Label("Columns of the table", classes="dialog-title")
            yield OptionList(*self._options(), compact=True)
            keys = "Space: show or hide · shift+↑↓: move · ←→: width · r: those that fit"
            yield Label(Content(keys + "\nEnter: save · esc: cancel"), classes="dialog-hint")

    def action_show(self) -> None:
        at = self._at
        self._is_shown[at] = not self._is_shown[at]
        self._draw(at)

    def action_shift(self, step: int) -> None:
        at = self._at
        to = at + step
        if 0 <= to < len(self._choices):
            self._choices.insert(to, self._choices.pop(at))
            self._is_shown.insert(to, self._is_shown.pop(at))
            self._draw(to)

    def action_widen(self, step: int) -> None:
        at = self._at
        width = self._width(self._choices[at])
        if width:
            width = max(MIN_WIDTH, min(MAX_WIDTH, width + step))
            self._choices[at] = replace(self._choices[at], width=width)
            self._draw(at)

    def action_reset(self) -> None:
        self.dismiss(())

    @on(OptionList.OptionSelected)
    def _save(self) -> None:
        chosen = zip(self._choices, self._is_shown, strict=True)
        self.dismiss(tuple(choice for choice, is_shown in chosen if is_shown))

    @property
    def _at(self) -> int:
        return self.query_one(OptionList).highlighted or 0

    def _width(self, choice: ColumnChoice) -> int:
        """Give how wide a column is; 0 for the one that takes what is left."""
        if choice.width:
            return choice.width
        return 12 if choice.is_own else self._known[choice.name].width

    def _draw(self, at: int) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(self._options())
        options.highlighted = at

    def _options(self) -> list[Option]:
        return [
            Option(self._describe(choice, is_shown))
            for choice, is_shown in zip(self._choices, self._is_shown, strict=True)
        ]

    def _describe(self, choice: ColumnChoice, is_shown: bool) -> Content:
        if choice.is_own:
            title = f"{safe_line(choice.name, 40)} (of the source)"
        else:
            title = {"flagged": "signs: picture, conflict, label, flag"}.get(
                choice.name, self._known[choice.name].title
            )
        width = self._width(choice)
        wide = f"{width} wide" if width else "takes what is left"
        return Content.assemble(
            ("☑ " if is_shown else "☐ ", "$text-accent" if is_shown else "$foreground-muted"),
            (f"{title:<40}", "" if is_shown else "$foreground-muted"),
            (wide, "$foreground-muted"),
        )
