"""Run a program of ours and kill it at a moment of writing, seen by the system calls it is about to make.

A hook in the program and in the processes that it starts tells of each call that changes a file and of each
statement that changes a database, through a named pipe. An undisturbed run counts them; then one of them is
drawn, and the program is killed by SIGKILL a random moment after it. Linux only.
"""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S = 900.0
PATIENCE_S = 60.0
"""How long what a killed program has started may take to notice."""

_HOOK = """
import os, sys
_pipe = os.environ.get("KILLS_PIPE")
if _pipe:
    _out = os.open(_pipe, os.O_WRONLY)
    _within = os.environ["KILLS_WITHIN"]
    _me = b"%d\\n" % os.getpid()
    _CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
    _CALLS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.chmod", "os.truncate"}
    _SQL = ("INSERT", "UPDATE", "DELETE", "COMMIT", "VACUUM", "CREATE", "DROP", "PRAGMA WAL")

    def _is_within(path):
        return isinstance(path, (str, os.PathLike)) and os.path.abspath(os.fspath(path)).startswith(_within)

    def _hear_sql(statement):
        if statement.lstrip().upper().startswith(_SQL):
            os.write(_out, _me)

    def _hear(event, arguments):
        if event == "open":
            path, mode, flags = arguments
            if flags & _CHANGES and _is_within(path):
                os.write(_out, _me)
        elif event in _CALLS:
            if _is_within(arguments[0]):
                os.write(_out, _me)

    import sqlite3
    _connect = sqlite3.connect

    def _connect_heard(*arguments, **options):
        connection = _connect(*arguments, **options)
        connection.set_trace_callback(_hear_sql)
        return connection

    # Libraries take the one or the other.
    sqlite3.connect = sqlite3.dbapi2.connect = _connect_heard
    sys.addaudithook(_hear)
"""


@dataclass(frozen=True)
class Ran:
    """How a run went: its writes, how long they took from the first to the last, and its exit code.

    `is_child` says that a process which it had started was killed; `n_left` of these outlived it.
    """

    n_writes: int
    seconds: float
    code: int
    is_child: bool = False
    n_left: int = 0


class Killer:
    """Runs programs with the hook; `folder` holds what they may write."""

    def __init__(self, folder: Path) -> None:
        self._hooks = tempfile.TemporaryDirectory(prefix="kills-")
        (Path(self._hooks.name) / "sitecustomize.py").write_text(_HOOK)
        self._pipe = Path(self._hooks.name) / "pipe"
        os.mkfifo(self._pipe)
        # Also open for writing: the end of the last writer is not the end of the file.
        self._heard = os.open(self._pipe, os.O_RDWR | os.O_NONBLOCK)
        self._within = str(folder.absolute())

    def run(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        folder: Path,
        *,
        at: int | None = None,
        after_s: float = 0.0,
        kills_child: bool = False,
    ) -> Ran:
        """Run a program to its end, or kill it `after_s` after its write number `at`.

        Args:
            kills_child: if it was a process of its own that wrote, that one.
        """
        while select.select([self._heard], [], [], 0)[0]:
            os.read(self._heard, 1 << 16)
        environ = os.environ | environment | {
            "KILLS_PIPE": str(self._pipe), "KILLS_WITHIN": self._within,
            "PYTHONPATH": os.pathsep.join([self._hooks.name, str(ROOT)]),
        }  # fmt: skip
        process = subprocess.Popen(
            command, env=environ, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        writers: set[int] = set()
        heard = b""
        n, first, last, killed = 0, 0.0, 0.0, 0
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            is_over = process.poll() is not None
            if select.select([self._heard], [], [], 0 if is_over else 0.05)[0]:
                heard += os.read(self._heard, 1 << 16)
                *lines, heard = heard.split(b"\n")
                for line in lines:
                    n += 1
                    last = time.monotonic()
                    first = first or last
                    writers.add(int(line))
                    if n == at and not is_over:
                        time.sleep(after_s)
                        killed = int(line) if kills_child else process.pid
                        self._kill(killed)
            elif is_over:
                break
        else:
            process.kill()
        code = process.wait()
        left = self._wait_for(writers - {process.pid})
        return Ran(n, max(0.0, last - first), code, killed not in (0, process.pid), left)

    def _wait_for(self, processes: set[int]) -> int:
        """Wait for processes to end; returns how many did not, which are then ended."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and any(map(self._is_ours, processes)):
            time.sleep(0.02)
        left = [process for process in processes if self._is_ours(process)]
        for process in left:
            self._kill(process)
        return len(left)

    def _is_ours(self, process: int) -> bool:
        """Whether a process lives that we have started: the system gives numbers out again."""
        try:
            return (
                is_alive(process)
                and str(self._pipe).encode() in Path(f"/proc/{process}/environ").read_bytes()
            )
        except OSError:
            return False

    def _kill(self, process: int) -> None:
        if self._is_ours(process):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def close(self) -> None:
        os.close(self._heard)
        self._hooks.cleanup()


def draw(usual: Ran, chosen: random.Random) -> tuple[int, float]:
    """Draw the number of a write, and how long after it to kill, in seconds."""
    pace = usual.seconds / max(1, usual.n_writes)
    return chosen.randint(1, max(1, usual.n_writes)), chosen.uniform(0, 2 * pace)


def mmsa(*arguments: str) -> list[str]:
    """Name the command that runs a command of ours."""
    return [sys.executable, "-m", "mmsa_tui", *arguments]


def is_alive(process: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def processes_told(mark: str) -> set[int]:
    """List the processes that live and have a word in their environment."""
    numbers = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return {process for process in numbers if _was_told(process, mark) and is_alive(process)}


def _was_told(process: int, mark: str) -> bool:
    try:
        return mark.encode() in Path(f"/proc/{process}/environ").read_bytes()
    except OSError:
        return False
