"""Retraining from corrections: what there is to learn from, the run, the gate, promotion."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from mmsa_tui.tui.dialogs.ask import AskWhether
from mmsa_tui.tui.key_bindings import SCROLLS
from mmsa_tui.tui.retrain.decision import RetrainDecision
from mmsa_tui.tui.retrain.run import RetrainRun
from mmsa_tui.worker.messages import Message


class RetrainScreen(RetrainRun, RetrainDecision):
    """Start a retrain, watch it, and decide on its candidate with the gate's table before one's eyes.

    Gives the post to go to, or None.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start a retrain"),
        Binding("w", "choose_teaching", "How your labels are taken: as most people's, or a rule of your own"),
        Binding("ctrl+x", "stop_run", "Stop the retrain"),
        Binding("p", "promote", "Use the candidate from now on; against the gate it asks again"),
        Binding("d", "discard", "Throw the candidate away"),
        Binding("k", "kept", "Candidates that were kept aside"),
        Binding("v", "changes", "Posts that have another label than by the bundle before"),
        Binding("b", "roll_back", "Go back to the bundle before"),
        *SCROLLS,
        Binding("escape,q", "leave", "Back to the posts"),
        Binding("f1,question_mark", "help", "Help"),
    ]

    def on_mount(self) -> None:
        super().on_mount()
        self.mmsa.engine_reports.subscribe(self, self._hear)

    def _hear(self, message: Message) -> None:
        self.reclassification.hear(message)
        batch = self.mmsa.engine.batch
        if batch is None:
            self.status.end_batch()
        else:
            self.status.show_batch(batch.title, batch.progress, is_stopping=batch.is_stopping)
        self.show_around()

    @property
    def can_stop(self) -> bool:
        return self.is_learning or self.reclassification.is_running

    def action_stop_run(self) -> None:
        if self.is_learning:
            self.stop_learning()
        elif self.reclassification.is_running:
            self.mmsa.engine.stop()

    # leaving

    @work(exclusive=True, group="leave")
    async def action_leave(self) -> None:
        if self.is_learning:
            question = AskWhether(
                "Stop the retrain?", "Nothing is changed by that.", yes="Stop it (y)", no="Go on (n)"
            )
            # It may have ended meanwhile, and its verdict is to be seen.
            if not await self.app.push_screen_wait(question) or not self.is_learning:
                return
        elif self.offer is not None:
            self.notify("k on the retrain screen shows it again.", title=f"{self.offer.name} is kept aside")
        self.dismiss(None)

    def action_help(self) -> None:
        self.mmsa.show_help("retrain")

    def action_scroll(self, lines: int) -> None:
        self.query_one("#verdict").scroll_relative(y=lines, animate=False)
