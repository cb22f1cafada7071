"""Settling what analysts label differently: the posts, everyone's label side by side, a decision.

Each decision is on disk before the next key is taken, and can be taken back, also another day.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from mmsa_tui.display import safe_line
from mmsa_tui.errors import MmsaError
from mmsa_tui.exchange import Conflict, last_decision, settle, take_back
from mmsa_tui.records import Correction
from mmsa_tui.store import Store
from mmsa_tui.tui import adjudicate_texts as texts
from mmsa_tui.tui.cases import Case, Found, find_post, survey
from mmsa_tui.tui.jump import Jump
from mmsa_tui.tui.key_bindings import WRAPPED, install, is_typing
from mmsa_tui.tui.keymap import MAX_LABELS, all_keys, key_for
from mmsa_tui.tui.label_looks import LabelLooks, shorten
from mmsa_tui.tui.screens.ask import AskText
from mmsa_tui.tui.widgets.bars import KeyBar, KeyItem, StatusLine, TopBar
from mmsa_tui.tui.widgets.post_view import PostView

if TYPE_CHECKING:
    from mmsa_tui.tui.app import MmsaApp

NOWHERE = "This post is in no source that was read here: only its words are known."

_SHARED = {
    "skip": "Go on without a decision",
    "undo": "Take the last decision back, also one of another day",
    "note": "Write why; it goes with the decision",
    "next_picture": "Next picture",
    "previous_picture": "Previous picture",
}
"""Actions that have here the key that they have among the posts, and what they do here."""


class AdjudicateScreen(Screen[Jump | None]):
    """Goes through the posts with contradictory labels; gives the post to go to, or None.

    Args:
        source_id: of a post that several sources hold, the one in this source is shown.
    """

    DEFAULT_CSS = """
    AdjudicateScreen {
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
    AdjudicateScreen.-narrow #agreement { max-height: 1; }
    AdjudicateScreen.-short #agreement { display: none; }
    """

    def __init__(self, source_id: int) -> None:
        super().__init__()
        self._source_id = source_id
        self._cases: list[Case] = []
        self._at = 0
        self._n_settled = 0
        self._order: list[Case] = []
        self._found: Found | None = None
        self.status = StatusLine(id="status")
        self.key_bar = KeyBar(id="keys")
        self.view = PostView(self.mmsa.pictures, self.mmsa.graphics, id="view")
        self.help_bindings = self._bindings_as_configured()
        install(self, self.help_bindings)

    @property
    def mmsa(self) -> MmsaApp:
        return cast("MmsaApp", self.app)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.mmsa.labels

    @property
    def _looks(self) -> LabelLooks:
        return LabelLooks(self.labels, self.app.current_theme.dark)

    @property
    def case(self) -> Case | None:
        """The case under the cursor."""
        return self._cases[self._at] if self._at < len(self._cases) else None

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
        self._cases = [Case(conflict) for conflict in docket.conflicts]
        self._order.clear()
        self._n_settled = docket.n_settled
        hashes = [case.conflict.content_hash for case in self._cases]
        self._at = hashes.index(keep) if keep in hashes else 0
        agreement = self.query_one("#agreement", Static)
        agreement.display = measured is not None
        if measured is not None:
            agreement.update(texts.describe_agreement(measured))
        self._fill()
        if not self._cases:
            self.status.tell((" Analysts disagree on no post.", "$text-success"))

    def on_resize(self) -> None:
        self._fill()

    # what keys do

    async def action_press_key(self, action: str) -> None:
        await self.run_action(action)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == WRAPPED:
            return not is_typing(self)
        if action == "label" and parameters:
            return isinstance(parameters[0], int) and parameters[0] < len(self.labels)
        return True

    async def action_label(self, index: int) -> None:
        """Decide on the case under the cursor, and go on."""
        case = self.case
        if case is None or index >= len(self.labels):
            return
        label, analyst = self.labels[index], self.mmsa.config.analyst
        prediction = self._found.prediction_of(case.conflict) if self._found else None
        try:
            act = await self.mmsa.quick.run(
                lambda store: settle(
                    store, case.conflict, label, analyst=analyst, note=case.note, prediction=prediction
                )
            )
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        case.decisions.append(act)
        self._order.append(case)
        self._draw_case(self._at)
        name = safe_line(case.conflict.post_id, 24)
        self.status.tell((f" {self._looks.sign(label)} {label} · {name} is settled", ""))
        self._advance()

    async def action_undo(self) -> None:
        """Take the last decision back, of this visit or an earlier one."""
        analyst = self.mmsa.config.analyst
        case = self._order[-1] if self._order else None
        known = case.decisions[-1] if case is not None else None

        def undo(store: Store) -> Correction | None:
            decision = known or last_decision(store, analyst)
            if decision is not None:
                take_back(store, decision, analyst)
            return decision

        try:
            decision = await self.mmsa.quick.run(undo)
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        if decision is None:
            self.status.tell((" Nothing is left to undo.", ""))
            return
        name = safe_line(decision.post_id, 24)
        self.status.tell((f" taken back: {decision.new_label} · {name}; the votes stand again", ""))
        if case is None:
            self.load(decision.content_hash)
            return
        self._order.pop()
        case.decisions.pop()
        self._draw_case(self._cases.index(case))
        self._move_to(self._cases.index(case))

    def action_skip(self) -> None:
        self._advance()

    async def action_note(self) -> None:
        """Write why; it goes with the decision."""
        case = self.case
        if case is None:
            return

        async def take(answer: str | None) -> None:
            if answer is not None:
                case.note = answer
                self._show_case()

        name = safe_line(case.conflict.post_id, 24)
        dialog = AskText(f"Why, with your decision on {name}", case.note, "what settles it")
        await self.app.push_screen(dialog, take)
        if dialog.focused is None and dialog.focus_chain:
            dialog.set_focus(dialog.focus_chain[0])

    def action_move(self, step: int) -> None:
        self._move_to(max(0, min(self._at + step, len(self._cases) - 1)))

    def action_go(self) -> None:
        """Leave for the post in its source."""
        if self._found is not None and self._found.jump is not None:
            self.dismiss(self._found.jump)
        elif self.case is not None:
            self.status.tell((" " + NOWHERE, "$text-warning"))

    def action_next_picture(self) -> None:
        self.view.turn_picture(1)

    def action_previous_picture(self) -> None:
        self.view.turn_picture(-1)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_help(self) -> None:
        self.mmsa.show_help("adjudicate")

    @on(OptionList.OptionSelected)
    def _on_selected(self, event: OptionList.OptionSelected) -> None:
        self._move_to(event.option_index)

    @on(KeyBar.Pressed)
    async def _on_key_pressed(self, event: KeyBar.Pressed) -> None:
        await self.run_action(event.action)

    # the case under the cursor

    def _advance(self) -> None:
        """Go to the next case that is open, from the top again after the last."""
        n = len(self._cases)
        ring = [(self._at + step) % n for step in range(1, n + 1)]
        following = next((at for at in ring if not self._cases[at].decided), None)
        if following is None:
            self.status.tell((" All of them are settled. u takes the last decision back.", "$text-success"))
            self._show_case()
        else:
            self._move_to(following)

    def _move_to(self, at: int) -> None:
        if not self._cases:
            return
        self._at = at
        self.query_one("#cases", OptionList).highlighted = at
        self._show_case()

    def _show_case(self) -> None:
        case = self.case
        self._show_top()
        votes = self.query_one("#votes", Static)
        if case is None:
            votes.update(Content(""))
            self.view.show(None, self._looks, "")
            return
        votes.update(
            texts.describe_votes(
                case.conflict, case.decided, case.note, self.mmsa.config.analyst, self._looks
            )
        )
        self._show_post(self._at, case.conflict)

    @work(exclusive=True, group="post")
    async def _show_post(self, at: int, conflict: Conflict) -> None:
        source_id, bundle_id = self._source_id, self.mmsa.bundle_id
        try:
            found = await self.mmsa.quick.run(lambda store: find_post(store, conflict, source_id, bundle_id))
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        if not self.is_attached or at != self._at:
            return
        self._found = found
        missing = "Not classified by the model in use." if found.jump else NOWHERE
        # The view takes posts for different by their place in the list.
        row = replace(found.row, ordinal=at)
        self.view.show(row, self._looks, missing, f"{at + 1:,} of {len(self._cases):,}")

    # what is shown

    def _fill(self) -> None:
        if not self.is_attached:
            return
        options = self.query_one("#cases", OptionList)
        options.clear_options()
        options.add_options(Option(self._describe(case)) for case in self._cases)
        if self._cases:
            options.highlighted = self._at
        self._show_case()
        self._show_keys()

    def _draw_case(self, at: int) -> None:
        options = self.query_one("#cases", OptionList)
        options.replace_option_prompt_at_index(at, self._describe(self._cases[at]))

    def _describe(self, case: Case) -> Content:
        width = max(24, (self.query_one("#cases").size.width or 60) - 2)
        return texts.describe_case(case.conflict, case.decided, self._looks, width)

    def _show_top(self) -> None:
        n_decided = sum(bool(case.decided) for case in self._cases)
        n_open = len(self._cases) - n_decided
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
            KeyItem(key_for(f"label_{at + 1}", keys), short[label], f"label({at})", self._looks.colour(label))
            for at, label in enumerate(self.labels[:MAX_LABELS])
        ]
        items += [KeyItem(key_for(name, keys), name, name) for name in ("skip", "undo", "note")]
        items += [KeyItem("enter", "go to the post", "go"), KeyItem("esc", "back", "leave")]
        self.key_bar.show([*items, KeyItem("F1", "help", "help")])

    def _bindings_as_configured(self) -> list[Binding]:
        keys = all_keys("browse", self.mmsa.config.keys)
        decide = [
            Binding(key, f"label({at})", "Decide for this label, and go on", show=False)
            for at in range(min(MAX_LABELS, len(self.labels)))
            for key in keys[f"label_{at + 1}"]
        ]
        shared = [
            Binding(key, name, title, show=False) for name, title in _SHARED.items() for key in keys[name]
        ]
        return [
            *decide,
            *shared,
            Binding("up,k", "move(-1)", "Up", show=False),
            Binding("down,j", "move(1)", "Down", show=False),
            Binding("pageup", "move(-10)", "Page up", show=False),
            Binding("pagedown", "move(10)", "Page down", show=False),
            Binding("home", "move(-1000000)", "First", show=False),
            Binding("end", "move(1000000)", "Last", show=False),
            Binding("enter", "go", "Go to the post in its source", show=False),
            Binding("escape,q", "leave", "Back to the posts", show=False),
            Binding("f1,question_mark", "help", "Help", show=False),
        ]
