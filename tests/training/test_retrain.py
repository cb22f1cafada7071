"""The retrain service from end to end, on a small bundle: child process, gate, candidate."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from small_retrain import RIGHT, Retrained, correct, retrain

from mmsa_tui.bundle.meta import Bundle, read_bundle, verify_bundle
from mmsa_tui.bundle.registry import find_bundle, roll_back
from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError, Interrupted, TrainingError
from mmsa_tui.records import Correction, Post
from mmsa_tui.retrain.messages import Comparing, Encoded, Epoch
from mmsa_tui.services import promote as promotion
from mmsa_tui.services.retrain import exclusive
from mmsa_tui.store import Store
from training.full.fusion import FusionSettings
from training.retrain.run import settings_of

REPOSITORY = Path(__file__).parents[2]


def test_a_retrain_gives_a_candidate_and_leaves_the_bundle_in_use(retrained: Retrained) -> None:
    result, paths = retrained.result, retrained.paths
    assert [kind for kind, _ in groupby(map(type, retrained.events))] == [
        Encoded, Comparing, Epoch, Comparing
    ]  # fmt: skip
    assert result.candidate is not None
    assert read_bundle(result.candidate).meta.parent == "small 1.0.0"
    assert result.lesson.n_learned + result.verdict.n_held_out == 24
    assert find_bundle(paths).id == "small 1.0.0"


def test_the_run_folder_says_what_went_in_and_what_came_out(retrained: Retrained) -> None:
    result = retrained.result
    names = {"request.json", "manifest.json", "metrics.jsonl", "outcome.json", "log.txt", "curves.png"}
    assert names <= {path.name for path in result.run_folder.iterdir()}
    manifest = json.loads((result.run_folder / "manifest.json").read_text())
    assert {entry["uid"] for entry in manifest["corrections"]} == {f"u{i}" for i in range(24)}
    assert manifest["settings"]["seed"] == 1


def test_a_retrain_is_the_same_every_time(retrained: Retrained) -> None:
    first, second = retrained.result.candidate, retrain(retrained.paths, retrained.bundle).candidate
    assert first is not None and second is not None
    name = "fusion.safetensors"
    assert read_bundle(first).meta.files[name] == read_bundle(second).meta.files[name]


def test_a_cache_that_is_missing_or_damaged_is_made_anew_and_a_dry_run_keeps_nothing(
    retrained: Retrained,
) -> None:
    paths, bundle, cached = retrained.paths, retrained.bundle, retrained.result.verdict
    kept = promotion.kept_candidates(paths)
    shutil.rmtree(paths.cache_dir)
    result = retrain(paths, bundle, dry_run=True)
    assert result.verdict == cached
    assert result.candidate is None
    assert promotion.kept_candidates(paths) == kept
    assert not result.run_folder.exists()
    for file in paths.features_file.parent.glob("features.db*"):
        file.unlink()
    paths.features_file.write_bytes(b"no database" * 500)
    assert retrain(paths, bundle, dry_run=True).verdict == cached


def test_a_promoted_candidate_is_whole_and_can_be_rolled_back(retrained: Retrained) -> None:
    result, paths = retrained.result, retrained.paths
    assert result.candidate is not None
    promoted = promotion.promote(paths, result.candidate, in_use="small 1.0.0", overrule=True, analyst="Ann")
    verify_bundle(promoted, paths)
    assert find_bundle(paths).id == promoted.id == "small 1.0.1"
    assert not result.candidate.exists()
    assert roll_back(paths).id == "small 1.0.0"


def test_a_second_retrain_starts_from_the_first_and_learns_no_correction_twice(
    retrained: Retrained,
) -> None:
    from mmsa_tui.model.labelled import load_labelled

    first, paths = retrained.result, retrained.paths
    assert first.candidate is not None
    parent = promotion.promote(paths, first.candidate, in_use="small 1.0.0", overrule=True)
    second = retrain(paths, parent)
    assert second.candidate is not None
    sizes = [
        len(load_labelled(folder / "replay.safetensors")) for folder in (parent.directory, second.candidate)
    ]
    assert sizes[0] == sizes[1] == 120 + first.lesson.n_learned


def test_a_withdrawn_correction_is_unlearned(retrained: Retrained) -> None:
    first, paths = retrained.result, retrained.paths
    assert first.candidate is not None
    parent = promotion.promote(paths, first.candidate, in_use="small 1.0.0", overrule=True)
    with Store.open(paths.database) as store:
        store.add_corrections([Correction("", post.content_hash, "") for post in retrained.posts[:12]])
    second = retrain(paths, parent)
    assert second.lesson.n_learned < first.lesson.n_learned
    assert second.candidate is not None
    from mmsa_tui.model.labelled import load_labelled

    assert len(load_labelled(second.candidate / "replay.safetensors")) == 120 + second.lesson.n_learned


def test_no_corrections_is_an_error_that_says_what_to_do(bundle: Bundle, paths: Paths) -> None:
    with pytest.raises(TrainingError, match="no corrections") as caught:
        retrain(paths, bundle)
    assert caught.value.hint


def test_one_label_alone_cannot_be_learned(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, ["positive"] * 24)
    with pytest.raises(TrainingError, match="say positive"):
        retrain(paths, bundle)


def test_a_damaged_bundle_is_a_bundle_error(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, RIGHT)
    (bundle.directory / "replay.safetensors").write_bytes(b"cut")
    with pytest.raises(BundleError, match="replay"):
        retrain(paths, bundle)


def test_two_retrains_at_once_are_refused(bundle: Bundle, paths: Paths) -> None:
    with exclusive(paths), pytest.raises(TrainingError, match="running already"):
        retrain(paths, bundle)


def test_a_cancelled_retrain_changes_nothing(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, RIGHT)
    stop = threading.Event()
    with pytest.raises(Interrupted):
        retrain(paths, bundle, should_stop=stop, on_event=lambda event: stop.set())
    assert find_bundle(paths).id == "small 1.0.0"
    assert promotion.kept_candidates(paths) == []


def test_a_child_ends_when_its_parent_is_killed(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, RIGHT)
    script = (
        "import sys, os\n"
        "from mmsa_tui.services import retrain\n"
        "from mmsa_tui.config import find_paths\n"
        "from mmsa_tui.bundle.registry import find_bundle\n"
        "paths = find_paths()\n"
        "die = lambda event: os._exit(9)\n"
        "retrain.retrain(paths, find_bundle(paths), device='cpu', threads=1, on_event=die)\n"
    )
    home = {"MMSA_HOME": str(paths.data_dir.parent), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, env=home, capture_output=True)
    assert done.returncode == 9, done.stderr
    # The lock went with the parent, and what the child might still have written is no candidate.
    assert retrain(paths, find_bundle(paths)).candidate is not None
    assert len(promotion.kept_candidates(paths)) == 1


def test_a_retrain_goes_on_with_a_rule_that_its_bundle_was_taught(bundle: Bundle) -> None:
    taught = replace(bundle, meta=replace(bundle.meta, training={"lesson": {"is_rule": True}}))
    assert settings_of(bundle).rule is None
    assert settings_of(taught).rule is True
    assert settings_of(taught, rule=False).rule is False


def test_a_bundle_says_how_it_was_taught(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, RIGHT)
    result = retrain(paths, bundle, rule=True, weight=3.0)
    assert result.candidate is not None
    recorded = read_bundle(result.candidate).meta.training
    assert recorded["lesson"]["is_rule"] is True
    assert recorded["correction_weight"] == recorded["lesson"]["weight"] == 3.0


def test_a_bundle_is_taught_as_it_was_trained_though_newer_settings_are_not_on_its_record(
    bundle: Bundle,
) -> None:
    def recorded(**fusion: float) -> FusionSettings:
        meta = replace(bundle.meta, training={"settings": {"fusion": fusion}})
        return settings_of(replace(bundle, meta=meta)).fusion

    old = recorded(adjustment=0.3)
    assert (old.adjustment, old.text_adjustment, old.picture) == (0.3, 0.3, 0.0)
    new = recorded(adjustment=0.2, text_adjustment=1.0, picture=0.6)
    assert (new.adjustment, new.text_adjustment, new.picture) == (0.2, 1.0, 0.6)
