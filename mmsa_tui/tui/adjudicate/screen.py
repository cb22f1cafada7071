"""Settling what analysts label differently: the posts, everyone's label side by side, a decision.

Each decision is on disk before the next key is taken, and can be taken back, also another day. Unless
the user wants it otherwise, votes and the model's answer are hidden until there is a decision: they
would lead the eye.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import OptionList, Static

from mmsa_tui.corrections import Conflict, last_decision, settle, take_back
from mmsa_tui.errors import MmsaError
from mmsa_tui.records import Correction
from mmsa_tui.store import Store
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.adjudicate import texts
from mmsa_tui.tui.adjudicate.case_list import CaseList
from mmsa_tui.tui.adjudicate.cases import Case, Found, find_post, survey
from mmsa_tui.tui.app_screen import Jump, PostScreen
from mmsa_tui.tui.blind import masked
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.keys import (
    MAX_LABELS,
    MOVES,
    first,
    key_for,
    key_table,
    shared_bindings,
)
from mmsa_tui.tui.widgets.bars import KeyItem, label_items
from mmsa_tui.tui.widgets.label_looks import LabelLooks

NOWHERE = "This post is in no source that was read here: only its words are known."

_SHARED = {
    **{f"label_{number}": "Decide for this label, and go on" for number in range(1, MAX_LABELS + 1)},
    "choose_label": "Decide for a label from a list, and go on",
    "skip": "Go on without a decision",
    "undo": "Take the last decision back, also one of another day",
    "note": "Write why; it goes with the decision",
    "blind": "Hide all labels until you have decided, or show them",
    "next_picture": "Next picture",
    "previous_picture": "Previous picture",
}
"""Actions that have here the key that they have among the posts, and what they do here."""


class AdjudicateScreen(PostScreen[Jump | None]):
    """Goes through the posts with contradictory labels; gives the post to go to, or None.

    Args:
        source_id: of a post that several sources hold, the one in this source is shown.
    """

    help_topic = "adjudicate"
    BINDINGS: ClassVar[list[BindingType]] = [
        *shared_bindings(_SHARED),
        *first(
            [
                *MOVES,
                *key_table("""
                    enter             go     Go to the post in its source
                    escape,q          leave  Back to the posts
                    f1,question_mark  help   Help
                """),
            ]
        ),
    ]

    DEFAULT_CSS = """
    AdjudicateScreen {
        #agreement { height: auto; max-height: 6; width: 100%; padding: 0 1; background: $surface; }
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
        self._n_settled = 0
        self._decided_order: list[Case] = []
        self.found: Found | None = None
        self.listed = CaseList(id="cases")
        self.listed.is_blind = self.mmsa.config.blind != "never"
        self.votes = Static("", id="votes", markup=False)

    @property
    def cases(self) -> list[Case]:
        return list(self.listed.cases)

    @property
    def case(self) -> Case | None:
        """The case under the cursor."""
        return self.listed.case

    def compose_parts(self) -> ComposeResult:
        yield Static("", id="agreement", markup=False)
        with Container(id="panes"):
            with Vertical(id="left"):
                yield self.listed
                yield self.votes
            yield self.view

    def on_mount(self) -> None:
        self.votes.border_title = "Votes"
        self._show_top()
        self._show_keys()
        self.load()

    def on_resize(self) -> None:
        if self.listed.is_attached:
            self.listed.fill()
            self.show_case()
            self._show_keys()

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
        self._decided_order.clear()
        self._n_settled = docket.n_settled
        agreement = self.query_one("#agreement", Static)
        agreement.display = measured is not None
        if measured is not None:
            agreement.update(texts.describe_agreement(measured))
        self.listed.show([Case(conflict) for conflict in docket.conflicts], self.looks, keep)
        self.show_case()
        self._show_keys()
        if not self.listed.cases:
            self.tell("Analysts do not disagree on any post.", "$text-success")

    # the case under the cursor

    def show_case(self) -> None:
        """Show the votes on the case under the cursor, and its post."""
        case = self.case
        self._show_top()
        if case is None:
            self.votes.update(Content(""))
            self.view.show(None, self.looks, "")
            return
        if self._is_hidden(case):
            self.votes.update(texts.describe_hidden(case.conflict, case.note, self._blind_key))
        else:
            analyst = self.mmsa.config.analyst
            self.votes.update(
                texts.describe_votes(case.conflict, case.decided, case.note, analyst, self.looks)
            )
        self._show_post(self.listed.at, case.conflict)

    @work(exclusive=True, group="post")
    async def _show_post(self, at: int, conflict: Conflict) -> None:
        source_id, bundle_id = self._source_id, self.mmsa.bundle_id
        try:
            found = await self.mmsa.quick.run(lambda store: find_post(store, conflict, source_id, bundle_id))
        except MmsaError as error:
            self.mmsa.show_error(error)
            return
        if not self.is_attached or at != self.listed.at:
            return
        self.found = found
        missing = "Not classified by the model in use." if found.jump else NOWHERE
        # The view takes posts for different by their place in the list.
        row = replace(found.row, ordinal=at)
        is_hidden = self.case is not None and self._is_hidden(self.case)
        if is_hidden:
            row, missing = (
                masked(row, has_columns=False),
                f"Hidden until you have decided ({self._blind_key}: show).",
            )
        place = f"{at + 1:,} of {len(self.listed.cases):,}"
        self.view.show(row, self.looks, missing, place, is_hidden=is_hidden)

    def _is_hidden(self, case: Case) -> bool:
        return self.listed.is_blind and not case.decided

    @property
    def _blind_key(self) -> str:
        return key_for("blind", self.mmsa.config.keys) or "the palette"

    def action_blind(self) -> None:
        """Hide what others say until there is a decision, or show it."""
        self.listed.is_blind = not self.listed.is_blind
        self.listed.fill()
        self.show_case()
        if self.listed.is_blind:
            self.tell("Blind: labels are hidden until you have decided.")
        else:
            self.tell("All labels are shown.")
        self._show_keys()

    def _move_to(self, at: int) -> None:
        self.listed.move_to(at)
        self.show_case()

    def _advance(self) -> None:
        following = self.listed.next_open()
        if following is None:
            self.tell("All of them are settled. u takes the last decision back.", "$text-success")
            self.show_case()
        else:
            self._move_to(following)

    @on(OptionList.OptionSelected)
    def _on_selected(self, event: OptionList.OptionSelected) -> None:
        self._move_to(event.option_index)

    # what keys do

    async def action_label(self, index: int) -> None:
        """Decide on the case under the cursor, and go on."""
        case = self.case
        if case is None or index >= len(self.labels):
            return
        label, analyst = self.labels[index], self.mmsa.config.analyst
        prediction = self.found.prediction_of(case.conflict) if self.found else None
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
        self._decided_order.append(case)
        self.listed.draw(case)
        others = _others(case.conflict, self.looks) if self.listed.is_blind else ""
        name = safe_line(case.conflict.post_id, 24)
        self.tell(f"{self.looks.sign(label)} {label} · {name} is settled{others}")
        self._advance()

    async def action_undo(self) -> None:
        """Take the last decision back, of this visit or an earlier one."""
        analyst = self.mmsa.config.analyst
        case = self._decided_order[-1] if self._decided_order else None
        known = case.decisions[-1] if case is not None else None

        def undo(store: Store) -> Correction | None:
            decision = known or last_decision(store, analyst)
            if decision is not None:
                take_back(store, decision, analyst)
            return decision

        decision = await self.take_back(undo)
        if decision is None:
            return
        name = safe_line(decision.post_id, 24)
        self.tell(f"taken back: {decision.new_label} · {name}; the votes stand again")
        if case is None:
            self.load(decision.content_hash)
            return
        self._decided_order.pop()
        case.decisions.pop()
        self.listed.draw(case)
        self._move_to(self.listed.cases.index(case))

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
                self.show_case()

        name = safe_line(case.conflict.post_id, 24)
        dialog = AskText(f"Why, with your decision on {name}", case.note, "what settles it")
        await self.ask(dialog, take)

    def action_move(self, step: int) -> None:
        self._move_to(self.listed.at + step)

    def action_go(self) -> None:
        """Leave for the post in its source."""
        if self.found is not None and self.found.jump is not None:
            self.dismiss(self.found.jump)
        elif self.case is not None:
            self.tell(NOWHERE, "$text-warning")

    # the lines around

    def _show_top(self) -> None:
        n_open = len(self.listed.cases) - self.listed.n_decided
        muted = "$foreground-muted"
        left = [
            (" mmsa ", "bold $text-accent"), ("settle", "bold"),
            (" · blind" if self.listed.is_blind else "", "$text-accent"),
            (f"  {n_open:,} open", "$text-warning" if n_open else "$text-success"),
            (f" · {self._n_settled + self.listed.n_decided:,} settled", muted),
        ]  # fmt: skip
        name = safe_line(self.mmsa.config.analyst, 24) or "(no name)"
        self.top.show(left, [(f"decisions are signed {name} ", muted)])

    def _show_keys(self) -> None:
        keys = self.mmsa.config.keys
        items = label_items(self.labels, keys, self.looks)
        items += [KeyItem(key_for(name, keys), name, name) for name in ("skip", "undo", "note")]
        items += [KeyItem(self._blind_key, "show" if self.listed.is_blind else "hide", "blind")]
        items += [KeyItem("enter", "go to the post", "go"), KeyItem("esc", "back", "leave")]
        self.key_bar.show([*items, KeyItem("F1", "help", "help")])


def _others(conflict: Conflict, looks: LabelLooks) -> str:
    """Say what the votes were, now that they lead nobody's eye any more."""
    given = (
        f"{safe_line(vote.act.analyst, 24) or '(no name)'} {looks.sign(vote.act.new_label)}"
        for vote in conflict.votes
    )
    return f"; votes were {', '.join(given)}"
