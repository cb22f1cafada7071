"""One child process, seen from the parent: start it, send requests, hear its reports.

Runs on the caller's event loop and never blocks it. The process has its own session, so that a
Ctrl-C in the terminal is the parent's business, and a lower priority, so that keys come first.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from mmsa_tui import processes
from mmsa_tui.decoding import to_line
from mmsa_tui.worker.messages import Message, Quit, decode

MAX_LINE = 64 * 1024 * 1024
"""Bytes in one report; an inspection of a large source is some hundred kB."""
GRACE_S = 2.0
"""How long a child may take to leave when asked."""


def command_for(side: str) -> list[str]:
    """Name the command that starts a side of ours: `model` or `sources`."""
    return processes.command("mmsa_tui.worker", side)


class Child:
    """A process that reads requests from its input and writes reports to its output.

    Args:
        on_message: called on the event loop with each report.
        on_exit: called once, with the last lines of the error output, when the process has ended
            without having been asked to.
    """

    def __init__(
        self,
        command: Sequence[str],
        on_message: Callable[[Message], None],
        on_exit: Callable[[str], None],
    ) -> None:
        self._command = command
        self._on_message = on_message
        self._on_exit = on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._starting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._complaints: deque[str] = deque(maxlen=20)
        self._is_closing = False

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process.

        Raises:
            OSError: it cannot be started.
        """
        # Cancelled in the middle, asyncio waits for a process that nothing ends: a start that has
        # begun is finished, and `close` waits for it.
        if self._is_closing:
            return
        self._starting = asyncio.create_task(self._begin())
        await asyncio.shield(self._starting)

    async def _begin(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=MAX_LINE,
            **processes.options(apart=True, low_priority=True),
        )
        if self._is_closing:
            # Asked to end while it was being started.
            await self._kill(self._process)
            return
        self._tasks = {asyncio.create_task(self._listen()), asyncio.create_task(self._overhear())}

    def send(self, message: Message) -> None:
        """Send a request; one to a process that has ended is dropped, `on_exit` tells of it."""
        if self._process is None or self._process.stdin is None or not self.is_running:
            return
        with suppress(OSError, RuntimeError):
            self._process.stdin.write(to_line(message))

    async def close(self) -> None:
        """Ask the process to leave, and end it if it does not within `GRACE_S`."""
        self._is_closing = True
        await self._settle()
        process = self._process
        if process is None:
            return
        self.send(Quit())
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), GRACE_S)
        except TimeoutError:
            await self._kill(process)
        except asyncio.CancelledError:
            await self._kill(process)
            raise
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def kill(self) -> None:
        """End the process now; the database keeps what was committed."""
        self._is_closing = True
        await self._settle()
        if self._process is not None:
            await self._kill(self._process)

    async def _settle(self) -> None:
        """Let a start that has begun come to its end."""
        if self._starting is not None:
            with suppress(OSError):
                await self._starting

    async def _kill(self, process: asyncio.subprocess.Process) -> None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def _listen(self) -> None:
        process = self._process
        assert process is not None and process.stdout is not None
        while line := await process.stdout.readline():
            try:
                message = decode(line)
            except ValueError:
                # A library that prints to the output must not end the conversation.
                self._complaints.append(line.decode("utf-8", "replace").rstrip())
                continue
            # Who has asked it to leave has another child already, or none: a last word is not that one's.
            if not self._is_closing:
                self._on_message(message)
        await process.wait()
        if not self._is_closing:
            self._on_exit("\n".join(self._complaints))

    async def _overhear(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        while line := await self._process.stderr.readline():
            self._complaints.append(line.decode("utf-8", "replace").rstrip())
