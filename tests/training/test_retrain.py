"""The retrain service from end to end, on a small bundle: child process, gate, promotion."""

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from small_posts import make_picture, make_post

from mmsa_tui import retrain as service
from mmsa_tui.config import Paths, find_paths
from mmsa_tui.errors import Interrupted, TrainingError
from mmsa_tui.model.bundle import META, Bundle, find_bundle, read_bundle, roll_back, use_bundle
from mmsa_tui.model.verdict import Verdict
from mmsa_tui.records import Correction, Post
from mmsa_tui.store import Store

LABELS = ("negative", "neutral", "positive")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"MMSA_HOME": str(tmp_path / "home")})


@pytest.fixture
def bundle(small_bundle: Bundle, paths: Paths) -> Bundle:
    shutil.copytree(small_bundle.directory.parent, paths.bundles_dir)
    return use_bundle(paths, "small")


@pytest.fixture
def posts(tmp_path: Path) -> list[Post]:
    folder = tmp_path / "posts"
    folder.mkdir()
    words = ("worst rain", "a train", "best love")
    return [
        make_post(
            folder, str(i), f"{words[i % 3]} {chr(97 + i)}{chr(98 + i // 3)}", make_picture(i, (48, 48))
        )
        for i in range(24)
    ]


def correct(paths: Paths, posts: list[Post], labels: list[str]) -> None:
    with Store.open(paths.database) as store:
        store.index_source("somewhere", "pairs", "somewhere", posts)
        store.add_corrections(
            [
                Correction(f"u{i}", p.content_hash, label)
                for i, (p, label) in enumerate(zip(posts, labels, strict=True))
            ]
        )


def test_a_retrain_gives_a_candidate_and_leaves_the_bundle_in_use(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    correct(paths, posts, [LABELS[i % 3] for i in range(24)])
    events: list[str] = []
    result = service.retrain(
        paths, bundle, device="cpu", threads=1, on_event=lambda e: events.append(e["event"])
    )
    assert {"encoded", "epoch", "done"} <= set(events)
    assert result.candidate is not None
    assert read_bundle(result.candidate).meta.parent == "small 1.0.0"
    assert find_bundle(paths).id == "small 1.0.0"
    run = result.candidate.parent
    assert {"manifest.json", "metrics.jsonl", "request.json", "curves.png"} <= {p.name for p in run.iterdir()}
    promoted = service.promote(paths, result.candidate, overrule=True)
    assert find_bundle(paths).id == promoted.id == "small 1.0.1"
    assert promoted.meta.training["overruled"] is (not result.verdict.passed)
    assert roll_back(paths).id == "small 1.0.0"


def test_no_corrections_is_an_error_that_says_what_to_do(bundle: Bundle, paths: Paths) -> None:
    with Store.open(paths.database):
        pass
    with pytest.raises(TrainingError, match="no corrections") as caught:
        service.retrain(paths, bundle, device="cpu", threads=1)
    assert caught.value.hint


def test_one_label_alone_cannot_be_learned(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, ["positive"] * 24)
    with pytest.raises(TrainingError, match="one label"):
        service.retrain(paths, bundle, device="cpu", threads=1)


def test_two_retrains_at_once_are_refused(bundle: Bundle, paths: Paths) -> None:
    with service._lock(paths), pytest.raises(TrainingError, match="running already"):
        service.retrain(paths, bundle, device="cpu")


def test_a_cancelled_retrain_changes_nothing(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, [LABELS[i % 3] for i in range(24)])
    stop = threading.Event()
    stop.set()
    with pytest.raises((Interrupted, TrainingError)):
        service.retrain(paths, bundle, device="cpu", threads=1, should_stop=stop)
    assert find_bundle(paths).id == "small 1.0.0"


def _candidate(bundle: Bundle, paths: Paths, passed: bool) -> Path:
    """A copy of the bundle as the next version, with a verdict on record."""
    folder = paths.runs_dir / "run" / "small-1.0.1"
    shutil.copytree(bundle.directory, folder)
    gate = Verdict(passed, (), 10, 5, 5).as_json()
    meta = replace(
        bundle.meta, version="1.0.1", parent="small 1.0.0", training={"gate": gate, "overruled": False}
    )
    (folder / META).write_text(json.dumps(meta.as_json()))
    return folder


def test_a_refused_candidate_needs_an_explicit_word(bundle: Bundle, paths: Paths) -> None:
    candidate = _candidate(bundle, paths, passed=False)
    with pytest.raises(TrainingError, match="refused"):
        service.promote(paths, candidate)
    assert find_bundle(paths).id == "small 1.0.0"
    assert service.promote(paths, candidate, overrule=True).meta.training["overruled"] is True


def test_a_passed_candidate_is_promoted_without_a_mark(bundle: Bundle, paths: Paths) -> None:
    promoted = service.promote(paths, _candidate(bundle, paths, passed=True))
    assert promoted.meta.training["overruled"] is False
    assert find_bundle(paths).id == "small 1.0.1"
