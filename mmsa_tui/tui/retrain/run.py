"""A retrain under way: started, followed, stopped; what it gives is put on the table."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

from textual import work

from mmsa_tui import retrain as service
from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.errors import Interrupted, MmsaError
from mmsa_tui.services import retrain as retraining
from mmsa_tui.tui.dialogs.ask import AskOne
from mmsa_tui.tui.retrain import texts
from mmsa_tui.tui.retrain.view import Offer, RetrainView


class RetrainRun(RetrainView):
    """The work is done by a process of its own, which a thread follows."""

    def __init__(self) -> None:
        super().__init__()
        self._stop = threading.Event()
        self._losses: list[float] = []
        self._scores: list[float] = []

    def on_unmount(self) -> None:
        # Whatever ends the screen ends the run: nobody would decide on its candidate.
        self._stop.set()

    @work(exclusive=True, group="decision")
    async def action_choose_teaching(self) -> None:
        """Choose how corrections are taken in the next run."""
        if not self.is_idle:
            return
        question = AskOne(
            "How should your labels be taken?",
            texts.teaching_options(),
            self.teaching.name,
            "a rule of your own costs elsewhere, and the gate says how much",
        )
        chosen = await self.app.push_screen_wait(question)
        if chosen is not None:
            self.teaching = next(one for one in service.TEACHINGS if one.name == chosen)
            self.show_waiting()

    def action_start(self) -> None:
        if self.seen is None or not self.is_idle:
            return
        self.is_run_on = True
        self.clear_offer()
        self.tell("")
        self._losses, self._scores = [], []
        self._stop.clear()
        self.clear_curves("drawn from the first epoch on")
        self.say_stage("starting", 0, 0)
        self.show_around()
        self._run(self.seen.bundle, self.teaching)

    def stop_learning(self) -> None:
        self._stop.set()
        self.say_stage("stopping", 0, 0)

    @work(exclusive=True, group="retrain")
    async def _run(self, bundle: Bundle, teaching: service.Teaching) -> None:
        loop, config = asyncio.get_running_loop(), self.mmsa.config
        result = None

        def tell(event: Mapping[str, Any]) -> None:
            loop.call_soon_threadsafe(self._follow, event)

        try:
            result = await asyncio.to_thread(
                retraining.retrain,
                config.paths,
                bundle,
                device=config.device,
                threads=config.threads,
                rule=teaching.rule,
                on_event=tell,
                should_stop=self._stop,
            )
        except Interrupted:
            self.tell("Stopped; the bundle in use is unchanged.", "$text-warning")
            if self.is_attached and not self._losses:
                self.clear_curves("stopped before the first epoch")
        except MmsaError as error:
            self.fail(error)
        self.is_run_on = False
        if self.is_attached:
            self.say_stage("" if result is None else "done", 0, 0)
            if result is not None:
                assert result.candidate is not None
                name = " ".join(result.candidate.name.rsplit("-", 1))
                self.put_forward(Offer(result.candidate, name, result.verdict, bundle.id, result))
            self.show_around()
            self.look()

    def _follow(self, event: Mapping[str, Any]) -> None:
        """Show an event of the run, on the event loop; some come when the screen is gone."""
        if not self.is_attached or self._stop.is_set():
            return
        if event["event"] == "epoch":
            self._losses.append(event["loss"])
            self._scores.append(event["f1"])
            self.draw_curves(self._losses, self._scores, event["total"])
        stage = service.stage_of(event)
        if stage is not None:
            self.say_stage(stage.title, stage.done, stage.total)
