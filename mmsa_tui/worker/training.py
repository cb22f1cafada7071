"""Running a module of `training` in a process of its own; its output goes where ours goes."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from mmsa_tui import processes
from mmsa_tui.errors import ExitCode, Interrupted, TrainingError

_KNOWN_CODES = set(ExitCode) - {ExitCode.DEFECT}
_GO_ON = "Run the same command again to go on."
_LEAVE_S = 30.0
"""How long a child that was asked to stop may take to put its files in order."""


def run_child(module: str, arguments: Sequence[str]) -> int:
    """Run a module to its end.

    Returns:
        Its exit code, which means the same as ours.

    Raises:
        Interrupted: the user stopped it.
        TrainingError: it was killed or broke down.
    """
    chosen = processes.options(apart=False)
    chosen["env"] |= processes.told_to_end_with_us()
    with subprocess.Popen(processes.command(module, *arguments), **chosen) as process:
        try:
            code = process.wait()
        except KeyboardInterrupt as stop:
            # A terminal has sent the same signal to the child; whoever sends SIGTERM names one process.
            if isinstance(stop, processes.Terminated):
                process.terminate()
            _leave(process)
            # One that was still starting has had no word for it.
            has_said = process.returncode == ExitCode.INTERRUPTED
            raise Interrupted("" if has_said else "stopped", "" if has_said else _GO_ON) from None
        except BaseException:
            process.kill()
            raise
    if code == ExitCode.INTERRUPTED:
        # It has said so itself.
        raise Interrupted("")
    if code not in _KNOWN_CODES:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        raise TrainingError(
            f"{module} {how}",
            "See the messages above; the same command goes on where it stopped. Too little memory "
            "is a common cause: a recipe with a smaller batch_size needs less.",
        )
    return code


def _leave(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=_LEAVE_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
        process.wait()
