"""A retrain under way: a process of its own does the work, which a thread follows. Knows no widget."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from mmsa_tui import retrain as service
from mmsa_tui.bundle.meta import Bundle
from mmsa_tui.config import Config
from mmsa_tui.services import retrain as retraining


class Run:
    """One run; `losses` and `scores` grow by one with each epoch of `n_epochs`.

    Args:
        on_progress: called on the event loop when there is something new; with a stage if one began
            or has come further.
    """

    def __init__(self, on_progress: Callable[[service.Stage | None], None]) -> None:
        self._on_progress = on_progress
        self._stop = threading.Event()
        self.losses: list[float] = []
        self.scores: list[float] = []
        self.n_epochs = 0

    def stop(self) -> None:
        self._stop.set()

    async def learn(self, config: Config, bundle: Bundle, teaching: service.Teaching) -> service.Result:
        """Retrain a bundle, and wait for what the gate says.

        Raises:
            Interrupted: it was stopped.
            TrainingError, StoreError: it cannot be done.
        """
        loop = asyncio.get_running_loop()

        def tell(event: service.Event) -> None:
            loop.call_soon_threadsafe(self._follow, event)

        return await asyncio.to_thread(
            retraining.retrain,
            config.paths,
            bundle,
            device=config.device,
            threads=config.threads,
            rule=teaching.rule,
            on_event=tell,
            should_stop=self._stop,
        )

    def _follow(self, event: service.Event) -> None:
        if self._stop.is_set():
            return
        if isinstance(event, service.Epoch):
            self.losses.append(event.loss)
            self.scores.append(event.f1)
            self.n_epochs = event.total
        self._on_progress(service.stage_of(event))
