"""The app's side of the child that looks at sources and reads them in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mmsa_tui.worker.child import Child, command_for
from mmsa_tui.worker.messages import Index, Indexed, Inspect, Inspected, Message, Trouble


class SourceLink:
    """One request at a time; a new one, or `cancel`, ends the one in hand by ending the process.

    Args:
        hear: called on the event loop with each report on the request in hand.
        command: how to start the child.
    """

    def __init__(self, hear: Callable[[Message], None], command: Sequence[str] | None = None) -> None:
        self._hear = hear
        self._command = list(command) if command is not None else command_for("sources")
        self._child: Child | None = None
        self._request: Inspect | Index | None = None
        self._has_ended = False

    @property
    def request(self) -> Inspect | Index | None:
        """What is being done now."""
        return self._request

    async def ask(self, request: Inspect | Index) -> None:
        """Begin a request in place of the one in hand.

        Raises:
            OSError: no process can be started.
        """
        if self._has_ended:
            return
        if self._request is not None:
            await self.cancel()
        self._request = request
        if self._child is None or not self._child.is_running:
            self._child = Child(self._command, self._take, self._mourn)
            await self._child.start()
        self._child.send(request)

    async def cancel(self) -> None:
        """End the request in hand; a source that was half read in stays as it was."""
        child, self._child = self._child, None
        self._request = None
        if child is not None:
            await child.kill()

    async def close(self) -> None:
        """End the process for good: an answer that comes late must not start another."""
        self._has_ended = True
        child, self._child = self._child, None
        if child is not None:
            await (child.kill() if self._request is not None else child.close())

    def _take(self, message: Message) -> None:
        if self._request is None:
            return
        if isinstance(message, (Inspected, Indexed, Trouble)):
            self._request = None
        self._hear(message)

    def _mourn(self, last_words: str) -> None:
        if self._request is None:
            return
        about, self._request = type(self._request).__name__, None
        reason = last_words.strip().rpartition("\n")[2]
        self._hear(Trouble(about, "the reading process has ended" + (f": {reason}" if reason else "")))
