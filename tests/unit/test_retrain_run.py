"""A retrain's child from outside: whatever becomes of it, one sentence says what and what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lessons import LESSON

from mmsa_tui import retrain as service
from mmsa_tui.bundle.meta import Bundle, BundleMeta
from mmsa_tui.config import Paths, find_paths
from mmsa_tui.decoding import to_line
from mmsa_tui.errors import BundleError, TrainingError
from mmsa_tui.retrain.messages import Event, Failed, Result, decode
from mmsa_tui.retrain.verdict import Verdict
from mmsa_tui.services import retrain as retraining
from mmsa_tui.services import retrain as run

BUNDLE = Bundle(Path("nowhere"), BundleMeta("small", "1.0.0", ("a", "b"), {}))
DONE = Result(
    Verdict(True, (), n_frozen=1, n_held_out=1, n_unseen=1),
    "",
    LESSON,
    n_frozen=0,
    left_out={},
    outlook=None,
    examples=(),
)
Start = Callable[[str], service.Result]


def printing(event: Event) -> str:
    return f"print({to_line(event).decode()!r}, end='')"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"MMSA_HOME": str(tmp_path)})


@pytest.fixture
def start(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Run a retrain whose child is a few lines of Python; `folder` is its run folder."""

    def run_it(code: str) -> service.Result:
        head = "import os, signal, sys; from pathlib import Path; folder = Path(sys.argv[1]).parent\n"
        monkeypatch.setattr(run, "command_for", lambda file: [sys.executable, "-c", head + code, str(file)])
        return retraining.retrain(paths, BUNDLE)

    return run_it


def leftovers(paths: Paths) -> list[Path]:
    return list(paths.runs_dir.glob("retrain-*/.*"))


def test_what_a_library_prints_is_no_event(start: Start) -> None:
    assert start(f"print('loading...'); print('[1]'); {printing(DONE)}").lesson == LESSON


def test_what_older_versions_kept_of_a_run_is_read() -> None:
    kept = json.loads(to_line(DONE))
    assert (kept["type"], kept["candidate"], kept.pop("run")) == ("Done", "", "")
    assert decode(json.dumps(kept)) == DONE


def test_a_full_disk_is_named(start: Start) -> None:
    with pytest.raises(TrainingError, match="disk is full") as caught:
        start("sys.exit('SafetensorError: I/O error: No space left on device (os error 28)')")
    assert "unchanged" in caught.value.hint


def test_a_breakdown_quotes_its_last_words_and_names_the_log(start: Start) -> None:
    with pytest.raises(TrainingError, match=r"broke down .*out of luck") as caught:
        start("sys.exit('RuntimeError: out of luck')")
    assert "log.txt" in caught.value.hint


def test_a_killed_child_is_told_from_a_broken_one(start: Start) -> None:
    with pytest.raises(TrainingError, match="was killed"):
        start("os.kill(os.getpid(), signal.SIGKILL)")


def test_an_error_of_the_child_is_the_same_error_here(start: Start) -> None:
    with pytest.raises(BundleError, match="it is damaged"):
        start(printing(Failed("it is damaged", "get another", 3)))


def test_a_candidate_half_written_is_removed(start: Start, paths: Paths) -> None:
    with pytest.raises(TrainingError):
        start("(folder / '.small-1.0.1.7').mkdir(); sys.exit(1)")
    assert leftovers(paths) == []


def test_what_a_killed_run_left_is_removed_by_the_next(start: Start, paths: Paths) -> None:
    (paths.runs_dir / "retrain-2020" / ".small-1.0.1.7").mkdir(parents=True)
    start(f"{printing(DONE)}")
    assert leftovers(paths) == []


def test_a_lock_that_cannot_be_taken_is_not_taken_for_another_retrain(start: Start, paths: Paths) -> None:
    paths.data_dir.mkdir(parents=True, exist_ok=True)
    (paths.data_dir / "retrain.lock").mkdir()
    with pytest.raises(TrainingError, match="cannot be locked"):
        start("")


def test_threads_of_the_child_wait_without_spinning(start: Start) -> None:
    with pytest.raises(TrainingError, match="PASSIVE"):
        start("sys.exit(os.environ['OMP_WAIT_POLICY'])")
