"""Settling what analysts label differently: the posts, everyone's label side by side, a decision.

Each decision is on disk before the next key is taken, and can be taken back, also another day.
"""

from __future__ import annotations

from textual import on
from textual.binding import Binding
from textual.widgets import OptionList

from mmsa_tui.corrections import last_decision, settle, take_back
from mmsa_tui.errors import MmsaError
from mmsa_tui.records import Correction
from mmsa_tui.store import Store
from mmsa_tui.text.display import safe_line
from mmsa_tui.tui.adjudicate.view import NOWHERE, AdjudicateView
from mmsa_tui.tui.dialogs.ask import AskText
from mmsa_tui.tui.key_bindings import MOVES, WRAPPED, install, is_typing
from mmsa_tui.tui.keys import MAX_LABELS, all_keys

_SHARED = {
    "skip": "Go on without a decision",
    "undo": "Take the last decision back, also one of another day",
    "note": "Write why; it goes with the decision",
    "next_picture": "Next picture",
    "previous_picture": "Previous picture",
}
"""Actions that have here the key that they have among the posts, and what they do here."""


class AdjudicateScreen(AdjudicateView):
    """Goes through the posts with contradictory labels; gives the post to go to, or None.

    Args:
        source_id: of a post that several sources hold, the one in this source is shown.
    """

    def __init__(self, source_id: int) -> None:
        super().__init__(source_id)
        self.help_bindings = self._bindings_as_configured()
        install(self, self.help_bindings)

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
        self.decided_order.append(case)
        self.draw_case(self.at)
        name = safe_line(case.conflict.post_id, 24)
        self.status.tell((f" {self.looks.sign(label)} {label} · {name} is settled", ""))
        self._advance()

    async def action_undo(self) -> None:
        """Take the last decision back, of this visit or an earlier one."""
        analyst = self.mmsa.config.analyst
        case = self.decided_order[-1] if self.decided_order else None
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
        self.decided_order.pop()
        case.decisions.pop()
        self.draw_case(self.cases.index(case))
        self._move_to(self.cases.index(case))

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
        self._move_to(max(0, min(self.at + step, len(self.cases) - 1)))

    def action_go(self) -> None:
        """Leave for the post in its source."""
        if self.found is not None and self.found.jump is not None:
            self.dismiss(self.found.jump)
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

    # the case under the cursor

    def _advance(self) -> None:
        """Go to the next case that is open, from the top again after the last."""
        n = len(self.cases)
        ring = [(self.at + step) % n for step in range(1, n + 1)]
        following = next((at for at in ring if not self.cases[at].decided), None)
        if following is None:
            self.status.tell((" All of them are settled. u takes the last decision back.", "$text-success"))
            self.show_case()
        else:
            self._move_to(following)

    def _move_to(self, at: int) -> None:
        if not self.cases:
            return
        self.at = at
        self.query_one("#cases", OptionList).highlighted = at
        self.show_case()

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
            *MOVES,
            Binding("enter", "go", "Go to the post in its source", show=False),
            Binding("escape,q", "leave", "Back to the posts", show=False),
            Binding("f1,question_mark", "help", "Help", show=False),
        ]
