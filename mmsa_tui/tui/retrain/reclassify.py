"""Sources judged again by the model's process, after a promotion."""

from __future__ import annotations

import asyncio

from mmsa_tui.errors import BundleError, Interrupted
from mmsa_tui.tui.engine_link import EngineLink
from mmsa_tui.worker.messages import Finished, Message, Reclassify, Trouble


class Reclassification:
    """Waits for it to be done; hand it every report of the engine by `hear`."""

    def __init__(self, engine: EngineLink) -> None:
        self._engine = engine
        self._end: asyncio.Future[Finished | Trouble] | None = None

    @property
    def is_running(self) -> bool:
        return self._end is not None

    async def run(self, before: str) -> None:
        """Judge by the bundle in use what the one before, by id, has judged.

        Raises:
            Interrupted: somebody has stopped it; what is done is kept.
            BundleError: the model cannot be loaded, or its process has ended.
        """
        self._end = asyncio.get_running_loop().create_future()
        try:
            await self._engine.classify(Reclassify(before), "judging again")
            end = await self._end
        finally:
            self._end = None
        if isinstance(end, Trouble):
            raise BundleError(end.message, end.hint or "Choose another with `mmsa bundle use`.")
        if end.stopped:
            raise Interrupted("stopped; what is done is kept", "Press c to go on with the rest.")

    def hear(self, message: Message) -> None:
        """Take in a report."""
        if self._end is None or self._end.done():
            return
        if isinstance(message, Finished) or (
            isinstance(message, Trouble) and message.about in ("Load", "Reclassify")
        ):
            self._end.set_result(message)
