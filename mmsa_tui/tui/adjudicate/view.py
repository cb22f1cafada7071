"""The adjudication screen's ground: the cases, the votes on one and its post, how far analysts agree.

What keys do is in `adjudicate`, which builds on it.
"""

from __future__ import annotations

from dataclasses import replace

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from mmsa_tui.corrections import Conflict
from mmsa_tui.errors import MmsaError
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.adjudicate import texts
from mmsa_tui.tui.adjudicate.cases import Case, Found, find_post, survey
from mmsa_tui.tui.app_screen import AppScreen
from mmsa_tui.tui.jump import Jump
from mmsa_tui.tui.keys import MAX_LABELS, key_for
from mmsa_tui.tui.widgets.bars import KeyBar, KeyItem, StatusLine, TopBar
from mmsa_tui.tui.widgets.label_looks import shorten
from mmsa_tui.tui.widgets.post_view import PostView

NOWHERE = "This post is in no source that was read here: only its words are known."


class AdjudicateView(AppScreen[Jump | None]):
    """Nothing here decides anything."""

    DEFAULT_CSS = """
    AdjudicateView {
        #agreement { height: auto; max-height: 6; width: 100%; padding: 0 1; background: $surface; }
        #cases { height: 1fr; width: 100%; background: $background; border: none; padding: 0; }
        #cases > .option-list--option-highlighted { background: $primary-muted; text-style: bold; }
        #votes {
            height: auto;
            max-height: 12;
            min-height: 4;
            width: 100%;
            padding: 0 1;
            border: round $border-blurred;
            border-title-color: $foreground;
            border-title-style: bold;
        }
    }
    AdjudicateView.-narrow #agreement { max-height: 1; }
    AdjudicateView.-short #agreement { display: none; }
    """

    def __init__(self, source_id: int) -> None:
        super().__init__()
        self._source_id = source_id
        self.cases: list[Case] = []
        self.at = 0
        self._n_settled = 0
        self.decided_order: list[Case] = []
        self.found: Found | None = None
        self.status = StatusLine(id="status")
        self.key_bar = KeyBar(id="keys")
        self.view = PostView(self.mmsa.pictures, self.mmsa.graphics, id="view")

    @property
    def case(self) -> Case | None:
        """The case under the cursor."""
        return self.cases[self.at] if self.at < len(self.cases) else None

    def compose(self) -> ComposeResult:
        yield TopBar(id="top")
        yield Static("", id="agreement", markup=False)
        with Container(id="panes"):
            with Vertical(id="left"):
                cases = OptionList(id="cases", compact=True)
                # The screen has the keys, so that they come in the order typed.
                cases.can_focus = False
                yield cases
                yield Static("", id="votes", markup=False)
            yield self.view
        yield self.status
        yield self.key_bar

    def on_mount(self) -> None:
        self.query_one("#votes").border_title = "Votes"
        self._show_top()
        self._show_keys()
        self.load()

    # what there is

    @work(exclusive=True, group="load")
    async def load(self, keep: str = "") -> None:
        """Find the cases anew, and go to the one of a content hash."""
        labels = self.labels

        try:
            docket, measured = await self.mmsa.slow.run(lambda store: survey(store, labels))
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        if not self.is_attached:
            return
        self.cases = [Case(conflict) for conflict in docket.conflicts]
        self.decided_order.clear()
        self._n_settled = docket.n_settled
        hashes = [case.conflict.content_hash for case in self.cases]
        self.at = hashes.index(keep) if keep in hashes else 0
        agreement = self.query_one("#agreement", Static)
        agreement.display = measured is not None
        if measured is not None:
            agreement.update(texts.describe_agreement(measured))
        self._fill()
        if not self.cases:
            self.status.tell((" Analysts disagree on no post.", "$text-success"))

    def on_resize(self) -> None:
        self._fill()

    # the case under the cursor

    def show_case(self) -> None:
        case = self.case
        self._show_top()
        votes = self.query_one("#votes", Static)
        if case is None:
            votes.update(Content(""))
            self.view.show(None, self.looks, "")
            return
        votes.update(
            texts.describe_votes(case.conflict, case.decided, case.note, self.mmsa.config.analyst, self.looks)
        )
        self._show_post(self.at, case.conflict)

    @work(exclusive=True, group="post")
    async def _show_post(self, at: int, conflict: Conflict) -> None:
        source_id, bundle_id = self._source_id, self.mmsa.bundle_id
        try:
            found = await self.mmsa.quick.run(lambda store: find_post(store, conflict, source_id, bundle_id))
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        if not self.is_attached or at != self.at:
            return
        self.found = found
        missing = "Not classified by the model in use." if found.jump else NOWHERE
        # The view takes posts for different by their place in the list.
        row = replace(found.row, ordinal=at)
        self.view.show(row, self.looks, missing, f"{at + 1:,} of {len(self.cases):,}")

    # what is shown

    def _fill(self) -> None:
        if not self.is_attached:
            return
        options = self.query_one("#cases", OptionList)
        options.clear_options()
        options.add_options(Option(self._describe(case)) for case in self.cases)
        if self.cases:
            options.highlighted = self.at
        self.show_case()
        self._show_keys()

    def draw_case(self, at: int) -> None:
        options = self.query_one("#cases", OptionList)
        options.replace_option_prompt_at_index(at, self._describe(self.cases[at]))

    def _describe(self, case: Case) -> Content:
        width = max(24, (self.query_one("#cases").size.width or 60) - 2)
        return texts.describe_case(case.conflict, case.decided, self.looks, width)

    def _show_top(self) -> None:
        n_decided = sum(bool(case.decided) for case in self.cases)
        n_open = len(self.cases) - n_decided
        muted = "$foreground-muted"
        left = [
            (" mmsa ", "bold $text-accent"), ("settle", "bold"),
            (f"  {n_open:,} open", "$text-warning" if n_open else "$text-success"),
            (f" · {self._n_settled + n_decided:,} settled", muted),
        ]  # fmt: skip
        name = safe_line(self.mmsa.config.analyst, 24) or "(no name)"
        self.query_one("#top", TopBar).show(left, [(f"decisions are signed {name} ", muted)])

    def _show_keys(self) -> None:
        keys, short = self.mmsa.config.keys, shorten(self.labels)
        items = [
            KeyItem(key_for(f"label_{at + 1}", keys), short[label], f"label({at})", self.looks.colour(label))
            for at, label in enumerate(self.labels[:MAX_LABELS])
        ]
        items += [KeyItem(key_for(name, keys), name, name) for name in ("skip", "undo", "note")]
        items += [KeyItem("enter", "go to the post", "go"), KeyItem("esc", "back", "leave")]
        self.key_bar.show([*items, KeyItem("F1", "help", "help")])
