"""Two groups of the overview side by side, in a dialog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from mmsa_tui.services.comparing import Comparison, Line
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.themes import Part
from mmsa_tui.tui.widgets.label_looks import LabelLooks
from mmsa_tui.tui.widgets.post_columns import fit

_CELL, _ROOM = 16, 60


class ComparisonDialog(ModalScreen[None]):
    """Shows what two groups have in common, and what not.

    Args:
        first, second: what they are called.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,v", "dismiss(None)", "Close", show=False),
    ]

    DEFAULT_CSS = """
    ComparisonDialog Static { height: auto; }
    """

    def __init__(self, first: str, second: str, found: Comparison, looks: LabelLooks) -> None:
        super().__init__(classes="dialog-screen")
        self._first, self._second, self._found, self._looks = first, second, found, looks

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            title = f"{safe_line(self._first, 30)} against {safe_line(self._second, 30)}"
            yield Label(Content(title), classes="dialog-title")
            yield Static(self._table(), id="comparison", markup=False)
            yield Static(Content.styled(self._found.standing, "$foreground-muted"), markup=False)
            yield Label("Esc: close", classes="dialog-hint")

    def _table(self) -> Content:
        """Write a line for every label, and one for its intervals below it; 60 cells fit every dialog."""
        name = min(max(self._looks.widest + 3, 8), _ROOM - 3 * _CELL)
        heads = (self._first, self._second, "difference")
        head = " " * name + "".join(f" {fit(safe_line(words, 40), _CELL - 1, right=True)}" for words in heads)
        n = f"{fit('posts', name)}{self._found.n_first:>{_CELL},}{self._found.n_second:>{_CELL},}"
        lines = [Content.styled(head, "bold"), Content.styled(n, "$foreground-muted")]
        for line in self._found.lines:
            lines += [Content.assemble(*parts) for parts in self._rows(line, name)]
        return Content("\n").join([*lines, Content("")])

    def _rows(self, line: Line, name: int) -> Iterator[list[Part]]:
        label = line.first.label
        yield [
            (fit(f"{self._looks.sign(label)} {safe_line(label, 30)}", name), self._looks.colour(label)),
            ("".join(f"{f'{100 * share.value:.1f} %':>{_CELL}}" for share in (line.first, line.second)), ""),
            (f"{f'{100 * line.difference:+.1f} points':>{_CELL}}", "bold"),
        ]
        if line.low is not None and line.high is not None:
            bounds = [_bounds(share.low, share.high, ".1f") for share in (line.first, line.second)]
            bounds.append(_bounds(line.low, line.high, "+.1f"))
            yield [(" " * name + "".join(f"{each:>{_CELL}}" for each in bounds), "$foreground-muted")]


def _bounds(low: float | None, high: float | None, form: str) -> str:
    return "" if low is None or high is None else f"[{100 * low:{form}}, {100 * high:{form}}]"
