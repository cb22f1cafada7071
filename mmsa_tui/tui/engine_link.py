"""The app's side of the child that holds the model: its state, and the batch that runs in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mmsa_tui.config import Config
from mmsa_tui.worker.child import Child, command_for
from mmsa_tui.worker.messages import (
    Classify,
    Explain,
    Finished,
    Message,
    Pause,
    Progress,
    ReadPictures,
    Ready,
    Reclassify,
    Stop,
    Trouble,
    loading,
)

_BATCHES = (Classify, Reclassify)

State = Literal["off", "loading", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class Batch:
    """The batch in hand: how far, and whether the user has asked it to end.

    `source_id` is None where it goes through several sources; `title` names the one in hand.
    """

    source_id: int | None
    title: str
    progress: Progress | None = None
    is_stopping: bool = False

    @property
    def is_paused(self) -> bool:
        return self.progress is not None and self.progress.paused


class EngineLink:
    """Starts the child, keeps its state, passes its reports on.

    Args:
        hear: called on the event loop after each report has been taken into the state here.
        command: how to start the child.
    """

    def __init__(
        self, config: Config, hear: Callable[[Message], None], command: Sequence[str] | None = None
    ) -> None:
        self._config = config
        self._hear = hear
        self._command = list(command) if command is not None else command_for("model")
        self._child: Child | None = None
        self._waiting: list[Message] = []
        self.state: State = "off"
        self.device = ""
        self.reads_pictures = False
        self.problem = ""
        self.batch: Batch | None = None
        self._has_ended = False

    async def end(self) -> None:
        """End the child for good: what still runs while the app goes must not start another."""
        self._has_ended = True
        await self.close()

    async def start(self) -> None:
        """Start loading the model, unless that has been done."""
        if self._has_ended or self.state in ("loading", "ready"):
            return
        self.state, self.problem = "loading", ""
        child = self._child = Child(self._command, self._take, self._mourn)
        try:
            await child.start()
        except OSError as error:
            self.state, self.problem = "failed", f"the model process cannot start: {error}"
            self._hear(Trouble("Load", self.problem))
            return
        # The app may have gone, or taken another bundle, while it started.
        if self._child is child:
            child.send(loading(self._config))

    async def restart(self) -> None:
        """Load anew, for another bundle or after a crash."""
        await self.close()
        await self.start()

    async def classify(self, request: Classify | Reclassify, title: str) -> None:
        """Begin a batch; it waits for the model where that is still loading."""
        self.batch = Batch(request.source_id if isinstance(request, Classify) else None, title)
        await self._send(request)

    async def explain(self, request: Explain) -> None:
        """Ask what carried the decision on a post."""
        await self._send(request)

    def read_pictures(self, request: ReadPictures) -> None:
        """Have the pictures of a post read, where the model is there and can; nobody waits for it."""
        if self.state == "ready" and self.reads_pictures and self._child is not None:
            self._child.send(request)

    def pause(self, paused: bool) -> None:
        """Hold the batch or let it go on."""
        if self._child is not None and self.batch is not None:
            self._child.send(Pause(paused))

    def stop(self) -> None:
        """End the batch after the posts in hand."""
        if self.batch is None:
            return
        if self._waiting or self._child is None:
            self._waiting = [request for request in self._waiting if not isinstance(request, _BATCHES)]
            self.batch = None
            self._hear(Finished(stopped=True))
            return
        self.batch = replace(self.batch, is_stopping=True)
        self._child.send(Stop())

    async def close(self) -> None:
        """End the child; a batch loses at most the posts in hand."""
        child, self._child = self._child, None
        self.state, self.batch = "off", None
        self._waiting.clear()
        if child is not None:
            await child.close()

    async def _send(self, request: Message) -> None:
        if self.state == "ready" and self._child is not None:
            self._child.send(request)
            return
        self._waiting.append(request)
        await self.start()

    def _take(self, message: Message) -> None:
        if isinstance(message, Ready):
            self.state, self.device, self.problem = "ready", message.device, ""
            self.reads_pictures = message.reads_pictures
            waiting, self._waiting = self._waiting, []
            for request in waiting:
                assert self._child is not None
                self._child.send(request)
        elif isinstance(message, Progress) and self.batch is not None:
            title = (
                self.batch.title if self.batch.source_id is not None else message.title or self.batch.title
            )
            self.batch = replace(self.batch, title=title, progress=message)
        elif isinstance(message, Finished) or (
            isinstance(message, Trouble) and message.about in [kind.__name__ for kind in _BATCHES]
        ):
            self.batch = None
        elif isinstance(message, Trouble) and message.about == "Load":
            self._fail(message.message)
        self._hear(message)

    def _mourn(self, last_words: str) -> None:
        """Take in that the child has ended by itself: out of memory, or a defect."""
        about = "Load"
        if self.state != "loading" and self.batch is not None:
            about = "Classify" if self.batch.source_id is not None else "Reclassify"
        reason = last_words.strip().rpartition("\n")[2]
        message = "the model process has ended" + (f": {reason}" if reason else "")
        self._fail(message)
        self._child = None
        self._hear(
            Trouble(about, message, "What was classified is kept; classifying again goes on from there.")
        )

    def _fail(self, problem: str) -> None:
        self.state, self.problem = "failed", problem
        self.batch = None
        self._waiting.clear()
