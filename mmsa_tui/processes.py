"""The one place that starts processes of this program, and what keeps the current folder out of them.

`python -m` and `python -c` look for modules in the current folder first: a `json.py` that lies in a
folder of tweets would be run. No process of ours does that. Knows nothing of what the processes do.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from mmsa_tui.errors import ExitCode

ROOT = Path(__file__).resolve().parent.parent
"""Where `mmsa_tui` and `training` lie side by side: a checkout, or a folder of installed packages."""

_LOOK_EVERY_S, _LEAVE_S = 0.5, 1.0
_PARENT = "MMSA_PARENT"

# The program's own folder comes last: in a checkout that is not installed, nothing else that lies there
# takes the place of a library.
_BEGIN = (
    "import sys; root, module = sys.argv[1:3]; del sys.argv[1:3]; root in sys.path or sys.path.append(root);"
    " import runpy; runpy.run_module(module, run_name='__main__', alter_sys=True)"
)


def command(module: str, *arguments: str) -> list[str]:
    """Name the command that runs a module of ours; start it with `options`."""
    return [sys.executable, "-P", "-c", _BEGIN, str(ROOT), module, *arguments]


def options(*, apart: bool, low_priority: bool = False) -> dict[str, Any]:
    """Choose what `Popen` and asyncio's subprocesses are to be started with.

    Args:
        apart: a Ctrl-C in the terminal is the parent's business alone.
        low_priority: keys come first. Elsewhere than on Windows the child itself asks for it.
    """
    chosen: dict[str, Any] = {"env": environment()}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW if apart else 0
        flags |= subprocess.CREATE_NEW_PROCESS_GROUP if apart else 0
        flags |= subprocess.BELOW_NORMAL_PRIORITY_CLASS if low_priority else 0
        chosen["creationflags"] = flags
    else:
        chosen["start_new_session"] = apart
    return chosen


def environment() -> dict[str, str]:
    """Make the environment of a process of ours: this one's, without a way to the current folder."""
    kept = [
        entry
        for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep)
        if Path(entry).is_absolute() and not _is_current_folder(entry)
    ]
    chosen = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if kept:
        chosen["PYTHONPATH"] = os.pathsep.join(kept)
    # For what a library may start in its turn.
    return chosen | {"PYTHONSAFEPATH": "1"}


def leave_current_folder() -> None:
    """Take the current folder from where this process looks for modules; the first thing it does."""
    sys.path[:] = [entry for entry in sys.path if entry and not _is_current_folder(entry)]
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))


def _is_current_folder(entry: str) -> bool:
    try:
        return Path(entry).samefile(Path.cwd())
    except OSError:
        # The folder is gone, or the entry is: neither holds a module.
        return False


class Terminated(KeyboardInterrupt):
    """SIGTERM, told as a Ctrl-C is: the same message, exit code and clean-up."""


def heed_termination() -> None:
    """Let SIGTERM end this process as Ctrl-C does. In the main thread; Windows has no such signal."""

    def stop(number: int, frame: object) -> None:
        # Once: whoever sends it again does not wait for the clean-up.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise Terminated

    if sys.platform != "win32" and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)


def told_to_end_with_us() -> dict[str, str]:
    """Make what a child's environment needs so that `end_with_parent` heeds this process."""
    return {_PARENT: str(os.getpid())}


def end_with_parent() -> None:
    """End this process, as SIGTERM does, when the one that has started it is gone, killed or not.

    Only where that one has asked for it; on Windows, where nobody inherits a child, never.
    """
    # Asked of this process, and not of those that it starts in its turn.
    parent = os.environ.pop(_PARENT, "")
    if sys.platform == "win32" or not parent:
        return

    def watch() -> None:
        # It may be gone already: to load what a training needs takes seconds.
        while str(os.getppid()) == parent:
            time.sleep(_LOOK_EVERY_S)
        # A signal also wakes what waits.
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def end_with_terminal() -> None:
    """End this process within two seconds of its terminal, whatever its threads wait for.

    Everything that was acknowledged is on the disk. A thread that reads from a terminal that has gone is
    told of its end for ever, and would spin.
    """
    if sys.platform == "win32":
        return
    import termios

    def watch() -> None:
        while True:
            time.sleep(_LOOK_EVERY_S)
            try:
                termios.tcgetattr(0)
            except (termios.error, OSError):
                # Whoever still can leaves in order.
                time.sleep(_LEAVE_S)
                os._exit(ExitCode.INTERRUPTED)

    if os.isatty(0):
        threading.Thread(target=watch, name="terminal", daemon=True).start()
