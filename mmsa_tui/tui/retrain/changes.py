"""What a promotion has changed: every post that has another label now; enter goes to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from mmsa_tui.services.reclassify import Change, Comparison
from mmsa_tui.store import SourceRow
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.app_screen import AppScreen, Jump
from mmsa_tui.tui.keys import key_table
from mmsa_tui.tui.retrain.texts import change_parts
from mmsa_tui.tui.themes import MUTED, Part
from mmsa_tui.tui.widgets.choices import ChoiceList
from mmsa_tui.tui.widgets.post_columns import fit


class ChangesScreen(AppScreen[Jump | None]):
    """Lists changes, source by source; gives the post to go to, or None.

    Args:
        before, after: the ids of the two bundles.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            escape,q,v  dismiss(None)  Back
        """),
    ]
    DEFAULT_CSS = """
    ChangesScreen {
        background: $background;
        #changes-title { height: 1; width: 100%; background: $panel; padding: 0 1; }
        #changes-ways { height: auto; max-height: 7; width: 100%; padding: 1 1; }
        #changes-list { height: 1fr; width: 100%; background: $background; border: none; }
        #changes-list > .option-list--option-highlighted { background: $primary-muted; text-style: bold; }
        #changes-keys { height: 1; width: 100%; background: $surface; padding: 0 1; }
        #changes-keys { color: $foreground-muted; }
    }
    """

    def __init__(self, found: Sequence[Comparison], before: str, after: str) -> None:
        super().__init__()
        self._before, self._after = before, after
        self._found = list(found)
        self._rows = [(comparison.source, change) for comparison in found for change in comparison.changes]

    def compose(self) -> ComposeResult:
        yield Static("", id="changes-title", markup=False)
        yield Static("", id="changes-ways", markup=False)
        yield ChoiceList(id="changes-list", compact=True)
        yield Static("Enter: go to the post · ↑↓: move · esc: back", id="changes-keys", markup=False)

    def on_mount(self) -> None:
        n_posts = sum(comparison.n_compared for comparison in self._found)
        n_unlike = sum(comparison.n_unlike for comparison in self._found)
        title: list[Part] = [
            (f"{self._before} → {self._after}", "bold $text-accent"),
            (f"  {len(self._rows):,} of {counted(n_posts, 'post')} have another label now", "bold"),
        ]
        if n_unlike:
            title.append((f"  {n_unlike:,} left out: a picture came or went", MUTED))
        self.query_one("#changes-title", Static).update(Content.assemble(*title))
        self.query_one("#changes-ways", Static).update(self._ways())
        self._fill()
        self.query_one(OptionList).focus()

    def on_resize(self) -> None:
        self._fill()

    def _fill(self) -> None:
        options = self.query_one(OptionList)
        at = options.highlighted
        options.clear_options()
        width = max(20, options.content_size.width or self.size.width) - 3
        options.add_options(Option(self._describe(source, change, width)) for source, change in self._rows)
        if self._rows:
            options.highlighted = at or 0

    def _ways(self) -> Content:
        ways = Counter((change.before, change.after) for _, change in self._rows)
        looks = self.looks
        parts: list[Part] = []
        for (before, after), number in ways.most_common(9):
            parts += [
                (f"{looks.sign(before)} {before}", looks.colour(before)), (" → ", MUTED),
                (f"{looks.sign(after)} {after}", looks.colour(after)), (f" {number:,}    ", "bold"),
            ]  # fmt: skip
        n_yours = sum(change.corrected_label == change.after for _, change in self._rows)
        n_against = sum(change.corrected_label not in ("", change.after) for _, change in self._rows)
        if n_yours or n_against:
            parts.append((f"\n{n_yours:,} now as you labelled them, {n_against:,} otherwise", MUTED))
        return Content.assemble(*parts)

    def _describe(self, source: SourceRow, change: Change, width: int) -> Content:
        parts = change_parts(change.before, change.after, change.corrected_label, self.looks)
        head = fit(safe_line(change.post_id, 60), 12) + "  "
        sure = f"{change.before_confidence:.2f} → {change.after_confidence:.2f}  "
        if len(self._found) > 1:
            head += fit(safe_line(source.title, 60), 14) + "  "
        used = cell_len(head) + cell_len(sure) + sum(cell_len(text) for text, _ in parts)
        text = fit(safe_line(change.text, 300), max(4, width - used))
        return Content.assemble((head, MUTED), *parts, (sure, MUTED), (text, ""))

    @on(OptionList.OptionSelected)
    def _go(self, event: OptionList.OptionSelected) -> None:
        source, change = self._rows[event.option_index]
        self.dismiss(Jump(source, change.ordinal))
