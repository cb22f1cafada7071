"""Several sources judged by the model's process, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from mmsa_tui.errors import BundleError, Interrupted
from mmsa_tui.store import SourceRow, judged_by
from mmsa_tui.tui.engine_link import EngineLink
from mmsa_tui.worker.messages import Classify, Finished, Message, Trouble


class Reclassification:
    """Waits for each source to be done; hand it every report of the engine by `hear`."""

    def __init__(self, engine: EngineLink) -> None:
        self._engine = engine
        self._end: asyncio.Future[Finished | Trouble] | None = None

    @property
    def is_running(self) -> bool:
        return self._end is not None

    async def run(self, sources: Sequence[SourceRow], before: str) -> None:
        """Judge by a bundle that is new what the one before has judged; from the feature cache.

        Whatever is there under its name is of another that is gone.

        Raises:
            Interrupted: somebody has stopped it; what is done is kept.
            BundleError: the model cannot be loaded, or its process has ended.
        """
        where = judged_by(before)
        try:
            for source in sources:
                self._end = asyncio.get_running_loop().create_future()
                await self._engine.classify(
                    Classify(source.id, where.sql, where.params, restart=True), source.title
                )
                end = await self._end
                if isinstance(end, Trouble):
                    raise BundleError(end.message, end.hint or "Choose another with `mmsa bundle use`.")
                if end.stopped:
                    raise Interrupted("stopped; what is done is kept", "c goes on with the rest.")
        finally:
            self._end = None

    def hear(self, message: Message) -> None:
        """Take in a report."""
        if self._end is None or self._end.done():
            return
        if isinstance(message, Finished) or (
            isinstance(message, Trouble) and message.about in ("Load", "Classify")
        ):
            self._end.set_result(message)
