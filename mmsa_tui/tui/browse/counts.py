"""The numbers around the posts of a source: what its queues hold, which corrections wait to be learned.

Knows the store and the pace of the user, no widget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mmsa_tui.analysis.queues import QueueCount, count_queues
from mmsa_tui.bundle.registry import find_learner
from mmsa_tui.config import Config
from mmsa_tui.errors import BundleError, MmsaError
from mmsa_tui.retrain import ENOUGH, count_new
from mmsa_tui.store import Store
from mmsa_tui.tui.browse.pace import Pace
from mmsa_tui.tui.store_thread import StoreThread


class Counts:
    """Counts anew what has changed, when the user leaves time for it.

    Args:
        on_change: called when there are new numbers.
    """

    def __init__(self, thread: StoreThread, config: Config, on_change: Callable[[], None]) -> None:
        self._thread, self._config, self._on_change = thread, config, on_change
        self.queues: Mapping[str, QueueCount] = {}
        self.n_corrected = self.n_to_learn = 0
        self.n_here: int | None = None
        """What has a label in this source, exact copies once; None before it is counted."""
        self.pace = Pace()
        self._are_old = True
        self._is_counting = False

    @property
    def n_posts(self) -> int | None:
        """Posts of the source that have a label; None before they are counted."""
        corrected = self.queues.get("corrected")
        return corrected.total if corrected is not None and not self._are_old else None

    def expire(self) -> None:
        """Note that something has changed."""
        self._are_old = True

    async def update(self, source_id: int, bundle_id: str) -> None:
        """Count what is not up to date; what fails is tried again the next time."""
        if not self._are_old or self._is_counting:
            return
        self._is_counting = True
        try:
            self.n_corrected = await self._thread.run(lambda store: store.count_corrected())
            self.n_here = await self._thread.run(lambda store: store.count_corrected(source_id))
            self._on_change()
            if self.pace.is_due:
                self._are_old = False
                with self.pace.work():
                    await self._count(source_id, bundle_id)
                self._on_change()
        except MmsaError:
            self._are_old = True
        finally:
            self._is_counting = False

    async def _count(self, source_id: int, bundle_id: str) -> None:
        self.queues = await self._thread.run(lambda store: count_queues(store, source_id, bundle_id))
        self.n_to_learn = await self._thread.run(self._count_to_learn)

    def _count_to_learn(self, store: Store) -> int:
        """Count the corrections that the model in use has not met; 0 before they might be enough."""
        if self.n_corrected < ENOUGH:
            return 0
        paths = self._config.paths
        try:
            return count_new(store, find_learner(paths, self._config.bundle), paths)
        except BundleError:
            return 0
