"""Keyword in context: every hit of a search in a line of its own, to be sorted, followed and saved."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType

from mmsa_tui.analysis.concordance import SORTS, Line, Sort, sort_lines
from mmsa_tui.errors import MmsaError
from mmsa_tui.services.concordance import Concordance, make_concordance, save_concordance
from mmsa_tui.store import SourceRow, Where
from mmsa_tui.text.display import counted, safe_line
from mmsa_tui.tui.app_screen import FramedScreen
from mmsa_tui.tui.concordance.lines import Lines
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.keys import MOVES, key_table
from mmsa_tui.tui.widgets.bars import KeyItem

_SORTED: dict[Sort, str] = {
    "post": "in the order of the posts",
    "before": "by the words before",
    "hit": "by the word found",
    "after": "by the words after",
}
_KEYS = (
    KeyItem("enter", "go to the post", "go"),
    KeyItem("S", "sort", "sort"),
    KeyItem("x", "save as csv", "save"),
    KeyItem("esc", "back", "leave"),
    KeyItem("F1", "help", "help"),
)


class ConcordanceScreen(FramedScreen[int | None]):
    """Lists the hits; gives the place in the source of the post to go to, or None.

    Args:
        search: the filter whose words are looked for.
        where, only: the posts to search in, and which these are in words; None and "" for all.
        is_blind: leave the labels away.
    """

    help_topic = "concordance"
    BINDINGS: ClassVar[list[BindingType]] = [
        *key_table("""
            enter             go     Go to the post
            S                 sort   Sort by the words before, the word found, the words after, or by posts
            x                 save   Save all lines as a csv file
            escape,q,W        leave  Back to the posts
            f1,question_mark  help   Help
        """),
        *MOVES,
    ]

    def __init__(
        self, source: SourceRow, search: str, where: Where | None, only: str, *, is_blind: bool
    ) -> None:
        super().__init__()
        self._source, self._search, self._where, self._only = source, search, where, only
        self.lines = Lines(id="lines")
        self.lines.has_labels = not is_blind
        self.found: Concordance | None = None
        self.sort: Sort = "post"

    def compose_parts(self) -> ComposeResult:
        yield self.lines

    def on_mount(self) -> None:
        self.key_bar.show(_KEYS)
        self._show_top()
        self.find()

    @work(exclusive=True, group="find")
    async def find(self) -> None:
        """Look for every hit, off the event loop."""
        source, bundle, search, where = self._source, self.mmsa.bundle_id, self._search, self._where
        try:
            self.found = await self.mmsa.slow.run(
                lambda store: make_concordance(store, source, bundle, search, where)
            )
        except MmsaError as error:
            self.mmsa.show_error(error)
            self.dismiss(None)
            return
        if self.is_attached:
            self.lines.show(self.found.lines, self.looks)
            self._show_top()
            if not self.found.lines:
                among = f"the {counted(self.found.n_searched, 'post')} searched"
                self.tell(f"Nothing found: {self._search} stands in none of {among}.", "$text-warning")

    def _show_top(self) -> None:
        said = "looking…" if self.found is None else self.found.summary
        left = [(" Words in context ", "bold $text-accent"), (safe_line(self._search, 80), "bold")]
        left.append((f"  {said}", "$foreground-muted"))
        if self._only:
            left.append((f" · only {safe_line(self._only, 120)}", "$text-warning"))
        self.top.show(left, [(_SORTED[self.sort], "$foreground-muted")])

    # what keys do

    def action_move(self, step: int) -> None:
        self.lines.move_to(self.lines.at + step)

    @on(Lines.Pressed)
    def action_go(self) -> None:
        if self.lines.line is not None:
            self.dismiss(self.lines.line.ordinal)

    def action_sort(self) -> None:
        """Sort by the next of the ways there are."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        self.lines.show(self._sorted(), self.looks, self.lines.line)
        self._show_top()

    def _sorted(self) -> list[Line]:
        return sort_lines(self.found.lines if self.found is not None else [], self.sort)

    async def action_save(self) -> None:
        if self.found is None:
            return
        stem = Path(self._source.location).stem or "posts"
        proposed = str(Path.cwd() / f"{stem}-context.csv")

        async def save(typed: str | None) -> None:
            if typed:
                await self._save(Path(typed).expanduser())

        title = f"Save {counted(len(self.found.lines), 'line')} to which file?"
        await self.ask(AskText(title, proposed, "a .csv", "Enter: save · esc: cancel"), save)

    async def _save(self, target: Path) -> None:
        lines = self._sorted()
        try:
            n_lines = await self.mmsa.slow.run(lambda _: save_concordance(lines, target))
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        said = f"Written: {target} · {counted(n_lines, 'line')}"
        self.tell(safe_line(said, 300), "$text-success")
        self.mmsa.notices.keep(said)
