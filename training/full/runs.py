"""The run folder: what a training run leaves on disk so that it can be resumed, read and drawn."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmsa_tui.errors import MmsaError

Progress = Callable[[str, int, int, float], None]


def exit_code_of(work: Callable[[], int], stopped: str) -> int:
    """Do a command's work and return its exit code, an error told in words on the error output.

    Args:
        stopped: what to say where somebody has stopped it.
    """
    try:
        return work()
    except MmsaError as error:
        print(f"{error.message}\n{error.hint}".rstrip(), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        return 130


class RunLog:
    """Append metrics as JSON lines; tell a listener how far a stage is.

    Args:
        folder: the run folder; whoever writes the first file makes it, so that what is refused leaves none.
        listener: called with (stage, step, steps, loss).
    """

    def __init__(self, folder: Path, listener: Progress | None = None) -> None:
        self.folder = folder
        self._listener = listener

    @property
    def metrics_file(self) -> Path:
        return self.folder / "metrics.jsonl"

    def record(self, **values: Any) -> None:
        """Append one line of metrics and flush it to disk."""
        with self.metrics_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def progress(self, stage: str, step: int, steps: int, loss: float) -> None:
        if self._listener is not None:
            self._listener(stage, step, steps, loss)

    def metrics(self) -> list[dict[str, Any]]:
        """Read what was recorded; a half-written last line is left out."""
        if not self.metrics_file.exists():
            return []
        rows = []
        for line in self.metrics_file.read_text(encoding="utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return rows

    def is_done(self, step: str) -> bool:
        return (self.folder / f"{step}.done").exists()

    def mark_done(self, step: str) -> None:
        """Remember that a step's files are complete, so that a resumed run skips it."""
        (self.folder / f"{step}.done").write_text("", encoding="utf-8")
