"""The child's end of the line: requests arrive while work runs, reports leave whole.

The output is kept for reports alone: whatever a library prints goes to the error output.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from mmsa_tui.decoding import to_line
from mmsa_tui.errors import MmsaError
from mmsa_tui.worker.messages import (
    Classify,
    Index,
    Inspect,
    Message,
    Pause,
    Quit,
    Reclassify,
    Stop,
    Trouble,
    decode,
)

_WORK = (Classify, Reclassify, Index, Inspect)


class Conversation:
    """Reads requests on a thread of its own; `Pause`, `Stop` and the parent's end work at once.

    Args:
        requests: where the parent writes.
        reports: where the parent reads.
    """

    def __init__(self, requests: BinaryIO, reports: BinaryIO) -> None:
        self._requests = requests
        self._reports = reports
        self._waiting: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._may_go_on = threading.Event()
        self._may_go_on.set()
        self._stop = threading.Event()
        self._is_over = threading.Event()
        self._is_expendable = threading.Event()
        threading.Thread(target=self._read, name="requests", daemon=True).start()

    @classmethod
    def with_parent(cls) -> Conversation:
        """Take over this process's input and output."""
        reports = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        if sys.platform != "win32":
            # The parent asks for it on Windows when it starts the process.
            os.nice(10)
        return cls(sys.stdin.buffer, reports)

    def say(self, message: Message) -> None:
        """Send a report; if the parent is gone, end the work instead."""
        try:
            self._reports.write(to_line(message))
            self._reports.flush()
        except OSError:
            self._end()

    def next(self, timeout_s: float | None = None) -> Message | None:
        """Wait for the next request other than `Pause` and `Stop`; None when time is up."""
        try:
            return self._waiting.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def pending(self) -> Message | None:
        """Take a request that has arrived already."""
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None

    def put_back(self, message: Message) -> None:
        """Leave a request for later, behind those that have arrived."""
        self._waiting.put(message)

    def answer_with(self, answer: Callable[[Message], None]) -> None:
        """Answer requests until the parent leaves; what goes wrong with one is told."""
        while not self.is_over:
            request = self.next()
            if request is None or isinstance(request, Quit):
                return
            try:
                answer(request)
            except MmsaError as error:
                self.say(Trouble(type(request).__name__, error.message, error.hint))
            except Exception as error:
                # The boundary of the process: the parent shows it and lives on.
                self.say(Trouble(type(request).__name__, f"{type(error).__name__}: {error}", ""))

    @property
    def is_paused(self) -> bool:
        return not self._may_go_on.is_set()

    @property
    def is_stopping(self) -> bool:
        """Whether the work in hand should end."""
        return self._stop.is_set() or self._is_over.is_set()

    @property
    def is_over(self) -> bool:
        """Whether the process should end."""
        return self._is_over.is_set()

    @contextmanager
    def expendable(self) -> Iterator[None]:
        """Give up the process with what runs inside when the parent leaves: nothing of it is kept.

        A model that goes on loading for nobody takes the processor from the next app.
        """
        self._is_expendable.set()
        try:
            yield
        finally:
            self._is_expendable.clear()

    def wait_while_paused(self, timeout_s: float) -> None:
        self._may_go_on.wait(timeout_s)

    def _read(self) -> None:
        for line in iter(self._requests.readline, b""):
            try:
                message = decode(line)
            except ValueError:
                continue
            if isinstance(message, Pause):
                if message.paused:
                    self._may_go_on.clear()
                else:
                    self._may_go_on.set()
            elif isinstance(message, Stop):
                self._stop.set()
                self._may_go_on.set()
            elif isinstance(message, Quit):
                break
            else:
                if isinstance(message, _WORK):
                    # A stop is for the work before it; one that follows closely must still count.
                    self._stop.clear()
                    self._may_go_on.set()
                self._waiting.put(message)
        self._end()

    def _end(self) -> None:
        self._is_over.set()
        self._may_go_on.set()
        self._waiting.put(Quit())
        if self._is_expendable.is_set():
            os._exit(0)
