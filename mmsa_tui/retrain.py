"""Retraining from corrections, as a service: start it, follow it, promote or keep aside.

The work is done by `python -m training.retrain` in a process of its own; this module never imports
torch. One retrain at a time: the lock is a database transaction, which the system ends with the
process that holds it, so a killed run leaves no lock.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmsa_tui.config import Paths
from mmsa_tui.errors import Interrupted, MmsaError, TrainingError
from mmsa_tui.model.bundle import META, Bundle, read_bundle, use_bundle, verify_bundle, write_atomically
from mmsa_tui.model.verdict import Verdict
from mmsa_tui.store import Store

ENOUGH = 30
"""Corrections since the last retrain from which a reminder is worth its place."""

Listener = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Waiting:
    """What there is to learn from: corrections by label, and how many came since the bundle was made."""

    by_label: dict[str, int]
    n_new: int

    @property
    def n_all(self) -> int:
        return sum(self.by_label.values())

    @property
    def is_enough(self) -> bool:
        return self.n_new >= ENOUGH


@dataclass(frozen=True)
class Result:
    """How a retrain ended. `candidate` is None after a dry run; `changes` are examples for the eye."""

    verdict: Verdict
    candidate: Path | None
    n_learned: int
    n_unknown: int
    changes: tuple[Mapping[str, str], ...] = field(default_factory=tuple)


def count_waiting(store: Store, bundle: Bundle) -> Waiting:
    """Count the corrections that a retrain of `bundle` would learn from."""
    current = [c for c in store.current_corrections() if c.new_label in bundle.labels]
    by_label = Counter(c.new_label for c in current)
    made = bundle.meta.created_at if bundle.meta.parent else ""
    return Waiting(
        {label: by_label[label] for label in bundle.labels}, sum(c.created_at > made for c in current)
    )


def retrain(
    paths: Paths,
    bundle: Bundle,
    *,
    dry_run: bool = False,
    device: str = "auto",
    threads: int = 0,
    seed: int = 1,
    on_event: Listener | None = None,
    should_stop: threading.Event | None = None,
) -> Result:
    """Fit and judge a candidate in a child process.

    Args:
        on_event: told `encoded`, `epoch` and `done` events as they come. should_stop: set to cancel.

    Raises:
        TrainingError: another retrain runs, or the child failed. Interrupted: it was cancelled.
    """
    with _lock(paths):
        folder = _run_folder(paths)
        request = {
            "paths": {
                "config_file": str(paths.config_file),
                "data_dir": str(paths.data_dir),
                "cache_dir": str(paths.cache_dir),
                "shipped_bundles": str(paths.shipped_bundles),
            },
            "bundle": str(bundle.directory),
            "folder": str(folder),
            "dry_run": dry_run,
            "device": device,
            "threads": threads,
            "seed": seed,
        }
        file = folder / "request.json"
        write_atomically(file, json.dumps(request, indent=1))
        done = _follow(
            [sys.executable, "-m", "training.retrain", "--request", str(file)], folder, on_event, should_stop
        )
    candidate = Path(done["candidate"]) if done["candidate"] else None
    return Result(
        Verdict.from_json({k: v for k, v in done["verdict"].items() if k != "reasons"}),
        candidate,
        int(done["n_learned"]),
        int(done["n_unknown"]),
        tuple(done["changes"]),
    )


def promote(paths: Paths, candidate: Path, *, overrule: bool = False) -> Bundle:
    """Make a candidate the active bundle; one that the gate refused only with `overrule`.

    The bundle's own record then says that the gate was overruled.

    Raises:
        TrainingError: the gate refused it. BundleError: it is damaged or cannot be moved.
    """
    bundle = read_bundle(candidate)
    verify_bundle(bundle, paths)
    passed = bool(bundle.meta.training.get("gate", {}).get("passed"))
    if not passed and not overrule:
        raise TrainingError(
            f"the gate refused {bundle.id}", "`mmsa retrain --promote` overrules it, on the record"
        )
    if not passed:
        meta = replace(bundle.meta, training={**bundle.meta.training, "overruled": True})
        write_atomically(candidate / META, json.dumps(meta.as_json(), indent=2) + "\n")
    target = paths.bundles_dir / candidate.name
    if target.exists():
        raise TrainingError(f"{bundle.id} is here already", "retrain again: it takes the next version")
    paths.bundles_dir.mkdir(parents=True, exist_ok=True)
    try:
        candidate.replace(target)
    except OSError as error:
        raise TrainingError(
            f"{candidate} cannot be moved to {target}: {error}", "check the folder's rights"
        ) from error
    return use_bundle(paths, bundle.id)


def discard(candidate: Path) -> None:
    """Remove a candidate that was not promoted; its run folder keeps the log."""
    shutil.rmtree(candidate, ignore_errors=True)


@contextmanager
def _lock(paths: Paths) -> Iterator[None]:
    paths.data_dir.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(paths.data_dir / "retrain.lock", timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        raise TrainingError(
            "a retrain is running already", "wait for it, or stop it, and try again"
        ) from error
    try:
        yield
    finally:
        connection.close()


def _run_folder(paths: Paths) -> Path:
    stamp = datetime.now(UTC).strftime("retrain-%Y%m%d-%H%M%S-%f")
    folder = paths.runs_dir / stamp
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise TrainingError(
            f"{folder} cannot be made: {error}", "free some space or check the folder's rights"
        ) from error
    return folder


def _follow(
    command: Sequence[str], folder: Path, on_event: Listener | None, should_stop: threading.Event | None
) -> Mapping[str, Any]:
    """Run the child and hand its events on; return the last, `done`."""
    done: Mapping[str, Any] | None = None
    with (folder / "log.txt").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True, encoding="utf-8"
        )
        watcher = _stop_when(process, should_stop)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if event.get("event") == "error":
                    raise _failure(event)
                if event.get("event") == "done":
                    done = event
                if on_event is not None:
                    on_event(event)
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            watcher.set()
    if should_stop is not None and should_stop.is_set():
        raise Interrupted("the retrain was stopped; the bundle in use is unchanged")
    if code != 0 or done is None:
        raise TrainingError(
            f"the retrain broke down (code {code})",
            f"see {folder / 'log.txt'}; the bundle in use is unchanged",
        )
    return done


def _failure(event: Mapping[str, Any]) -> MmsaError:
    error = TrainingError(str(event["message"]), str(event["hint"]))
    kinds = {kind.exit_code: kind for kind in MmsaError.__subclasses__()}
    return kinds.get(event.get("code", 5), TrainingError)(error.message, error.hint)


def _stop_when(process: subprocess.Popen[str], should_stop: threading.Event | None) -> threading.Event:
    """Terminate the child when asked to; the returned event ends the watch."""
    ended = threading.Event()

    def watch() -> None:
        while should_stop is not None and not ended.wait(0.1):
            if should_stop.is_set():
                process.terminate()
                return

    threading.Thread(target=watch, daemon=True).start()
    return ended
