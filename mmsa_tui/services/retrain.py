"""One retrain: a child process, its progress, its verdict.

The work is done by `training.retrain.run` in a process, which ends when this process does. One retrain at a
time: the lock is a database transaction, which the system ends with the process that holds it, so a
killed run leaves no lock.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import msgspec

from mmsa_tui import processes
from mmsa_tui.bundle.meta import Bundle, write_atomically
from mmsa_tui.bundle.registry import is_stand_in, list_bundles, starting_bundles
from mmsa_tui.config import Paths
from mmsa_tui.decoding import DecodingError
from mmsa_tui.disk.locks import only_one
from mmsa_tui.errors import (
    BundleError,
    ConfigError,
    DeviceError,
    Interrupted,
    MmsaError,
    StoreError,
    TrainingError,
)
from mmsa_tui.retrain.messages import Event, Failed, Request, decode
from mmsa_tui.retrain.result import Result

Listener = Callable[[Event], None]

_PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that wait must not spin: beside another program that takes a core, fits of milliseconds
otherwise take seconds."""

_LEAST_FREE = 200_000
"""Bytes; with fewer left, whatever broke down did so for want of space: the log could not say it."""

_PATIENCE_S = 5.0
"""How long a run that is told to stop may take for it; one that hangs would hold the lock."""

_KILLED = 9
"""SIGKILL, which Windows has no name for."""

_UNCHANGED = "The bundle in use is unchanged."


def retrain(
    paths: Paths,
    bundle: Bundle,
    *,
    dry_run: bool = False,
    device: str = "auto",
    threads: int = 0,
    weight: float | None = None,
    rule: bool | None = None,
    learns_audited: bool = False,
    on_event: Listener | None = None,
    should_stop: threading.Event | None = None,
) -> Result:
    """Fit and judge a candidate.

    Args:
        bundle: what it improves on; under a codebook see `find_learner`.
        dry_run: write no candidate, and leave no run folder.
        weight: for how many posts of the replay set a correction counts; None for what measured best.
        rule: whether analysts follow a rule of their own, to which the model gives way; None to tell by
            the corrections.
        learns_audited: learn from posts drawn into an audit too; see `find_eligible`.
        on_event: told how far it is; `stage_of` puts that into words.
        should_stop: set it to cancel.

    Raises:
        TrainingError: there is nothing to learn from, another retrain runs, or it broke down.
        Interrupted: it was cancelled.
        BundleError, DeviceError, StoreError: as when classifying.
    """
    with exclusive(paths):
        _remove_stale(paths)
        folder = _make_run_folder(paths)
        request = Request(
            **_teaching(paths, bundle), paths=paths.to_texts(), folder=str(folder), dry_run=dry_run,
            device=device, threads=threads, weight=weight, rule=rule, learns_audited=learns_audited,
        )  # fmt: skip
        file = folder / "request.json"
        write_atomically(file, json.dumps(msgspec.to_builtins(request), indent=1) + "\n")
        command = few_shot_command_for(file) if paths.codebook else command_for(file)
        try:
            result = _follow(command, folder, on_event, should_stop or threading.Event())
        except BaseException:
            _remove_stale(paths)
            raise
    if dry_run:
        shutil.rmtree(folder, ignore_errors=True)
    return result


def _teaching(paths: Paths, bundle: Bundle) -> dict[str, Any]:
    """Say what is improved on: the bundle, or under a codebook a head that starts from encoders alone."""
    if not paths.codebook:
        return {"bundle": str(bundle.directory)}
    return {
        "bundles": tuple(str(start.directory) for start in starting_bundles(paths)),
        "parent": "" if is_stand_in(bundle, paths) else str(bundle.directory),
        "parent_id": bundle.id,
    }


def command_for(request: Path) -> list[str]:
    """Name the command that does what a request says."""
    return processes.command("training.retrain.run", "--request", str(request))


def few_shot_command_for(request: Path) -> list[str]:
    """Name the command that makes a codebook's model as a request says."""
    return processes.command("training.few_shot.run", "--request", str(request))


def exclusive(paths: Paths) -> AbstractContextManager[None]:
    """Keep other retrains out.

    Raises:
        TrainingError: one is running, or the lock cannot be made.
    """
    return only_one(paths.study_dir / "retrain.lock", TrainingError, "a retrain is running already")


def _make_run_folder(paths: Paths) -> Path:
    folder = paths.runs_dir / datetime.now(UTC).strftime("retrain-%Y%m%d-%H%M%S-%f")
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise TrainingError(
            f"{folder} cannot be made: {error}", "Free some space or check the folder's rights."
        ) from error
    return folder


def _remove_stale(paths: Paths) -> None:
    """Remove candidates that a run was writing when it was killed; nobody writes while we hold the lock.

    Also those that were promoted by one that was killed before it could take the candidate away.
    """
    promoted = [path for run in promoted_runs(paths) for path in (paths.runs_dir / run).glob("*/")]
    for part in (*paths.runs_dir.glob("retrain-*/.*"), *promoted):
        shutil.rmtree(part, ignore_errors=True)


def promoted_runs(paths: Paths) -> set[str]:
    """Name the runs whose candidates are among the bundles."""
    promotions = [
        item.meta.training.get("promotion") for item in list_bundles(paths) if isinstance(item, Bundle)
    ]
    runs = {str(made.get("run", "")) for made in promotions if isinstance(made, dict)}
    # A name from a record that others wrote: nothing outside the folder of runs.
    return {run for run in runs if run.startswith("retrain-") and "/" not in run and "\\" not in run}


def _follow(
    command: Sequence[str], folder: Path, on_event: Listener | None, should_stop: threading.Event
) -> Result:
    """Run the child, hand its events on, return the last one."""
    result: Result | None = None
    with _open_log(folder) as log:
        process = _start(command, log)
        ended = threading.Event()
        watcher = threading.Thread(target=_stop_when, args=(process, should_stop, ended), daemon=True)
        watcher.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                try:
                    event = decode(line)
                except DecodingError:
                    # What a library has printed is no event.
                    continue
                if isinstance(event, Failed):
                    raise _failure(event)
                if isinstance(event, Result):
                    result = event
                elif on_event is not None:
                    on_event(event)
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            ended.set()
            watcher.join()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
    if should_stop.is_set():
        raise Interrupted("the retrain was stopped", _UNCHANGED)
    if code != 0 or result is None:
        raise _breakdown(folder, code)
    return result


def _open_log(folder: Path) -> TextIO:
    try:
        return (folder / "log.txt").open("w", encoding="utf-8")
    except OSError as error:
        raise TrainingError(
            f"{folder} cannot be written: {error.strerror or error}", f"Free some space. {_UNCHANGED}"
        ) from error


def _start(command: Sequence[str], log: TextIO) -> subprocess.Popen[str]:
    options = processes.options(apart=True)
    try:
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, encoding="utf-8",
            # A Ctrl-C in the terminal is this process's to hear; it ends the child by closing its input.
            **(options | {"env": _PATIENT | options["env"]}),
        )  # fmt: skip
    except OSError as error:
        raise TrainingError(
            f"the retrain cannot be started: {error.strerror or error}", f"Close other programs. {_UNCHANGED}"
        ) from error


def _breakdown(folder: Path, code: int) -> TrainingError:
    """Say why a child has ended without a word, by what it left in its log."""
    log = folder / "log.txt"
    try:
        last = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
        is_full = "No space left" in last or shutil.disk_usage(folder).free < _LEAST_FREE
    except OSError:
        last, is_full = "", False
    if is_full:
        return TrainingError(
            f"the disk is full: the retrain could not write {folder}",
            f"Free some 10 MB and start it again. {_UNCHANGED}",
        )
    if code == -_KILLED:
        return TrainingError(
            "the retrain was killed, perhaps for want of memory",
            f"Close other programs and start it again. {_UNCHANGED}",
        )
    return TrainingError(
        f"the retrain broke down (code {code})" + (f": {last[:200]}" if last else ""),
        f"{log} says more. {_UNCHANGED}",
    )


def _failure(event: Failed) -> MmsaError:
    """Turn the child's error into the same error here."""
    kinds: tuple[type[MmsaError], ...] = (BundleError, DeviceError, StoreError, ConfigError)
    kind = next((kind for kind in kinds if kind.exit_code == event.code), TrainingError)
    return kind(event.message, event.hint)


def _stop_when(process: subprocess.Popen[str], should_stop: threading.Event, ended: threading.Event) -> None:
    while not ended.wait(0.1):
        if should_stop.is_set():
            process.terminate()
            if not ended.wait(_PATIENCE_S):
                process.kill()
            return
