"""The retrain service from end to end, on a small bundle: child process, gate, promotion."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from small_posts import make_picture, make_post

from mmsa_tui import retrain as service
from mmsa_tui.config import Paths, find_paths
from mmsa_tui.errors import BundleError, Interrupted, MmsaError, TrainingError
from mmsa_tui.model.bundle import META, Bundle, read_bundle, verify_bundle
from mmsa_tui.model.bundle_registry import find_bundle, roll_back, use_bundle
from mmsa_tui.model.verdict import Check, Verdict
from mmsa_tui.records import Correction, Post
from mmsa_tui.retrain import promotion
from mmsa_tui.retrain.run import exclusive
from mmsa_tui.store import Store
from training.retrain import settings_of

LABELS = ("negative", "neutral", "positive")
RIGHT = [LABELS[i % 3] for i in range(24)]
REPOSITORY = Path(__file__).parents[2]


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


def correct(paths: Paths, posts: list[Post], labels: list[str], marks: str = "u") -> None:
    with Store.open(paths.database) as store:
        store.index_source("somewhere", "pairs", "somewhere", posts)
        store.add_corrections(
            [
                Correction(f"{marks}{i}", p.content_hash, label, text=p.text)
                for i, (p, label) in enumerate(zip(posts, labels, strict=True))
            ]
        )


def retrain(paths: Paths, bundle: Bundle, **options: Any) -> service.Result:
    return service.retrain(paths, bundle, device="cpu", threads=1, **options)


def refused(bundle: Bundle, paths: Paths, version: str = "1.0.1") -> Path:
    """A copy of the bundle as a candidate that the gate has refused."""
    return write_candidate(
        bundle, paths, Verdict(False, (Check("x", False, "it is worse"),), 9, 5, 5), version
    )


def write_candidate(bundle: Bundle, paths: Paths, verdict: Verdict, version: str = "1.0.1") -> Path:
    folder = paths.runs_dir / f"retrain-{version}" / f"small-{version}"
    shutil.copytree(bundle.directory, folder)
    meta = replace(bundle.meta, version=version, parent="small 1.0.0", training={"gate": verdict.as_json()})
    (folder / META).write_text(json.dumps(meta.as_json()))
    return folder


def test_a_retrain_gives_a_candidate_and_leaves_the_bundle_in_use(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    correct(paths, posts, RIGHT)
    events: list[Mapping[str, Any]] = []
    result = retrain(paths, bundle, on_event=events.append)
    assert [name for name, _ in groupby(event["event"] for event in events)] == [
        "encoded", "comparing", "epoch", "comparing"
    ]  # fmt: skip
    assert result.candidate is not None
    assert read_bundle(result.candidate).meta.parent == "small 1.0.0"
    assert result.n_learned + result.verdict.n_held_out == 24
    assert find_bundle(paths).id == "small 1.0.0"


def test_the_run_folder_says_what_went_in_and_what_came_out(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    correct(paths, posts, RIGHT)
    result = retrain(paths, bundle)
    names = {"request.json", "manifest.json", "metrics.jsonl", "outcome.json", "log.txt", "curves.png"}
    assert names <= {path.name for path in result.run_folder.iterdir()}
    manifest = json.loads((result.run_folder / "manifest.json").read_text())
    assert {entry["uid"] for entry in manifest["corrections"]} == {f"u{i}" for i in range(24)}
    assert manifest["settings"]["seed"] == 1


def test_a_retrain_is_the_same_every_time(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, RIGHT)
    first, second = (retrain(paths, bundle).candidate for _ in range(2))
    assert first is not None and second is not None
    name = "fusion.safetensors"
    assert read_bundle(first).meta.files[name] == read_bundle(second).meta.files[name]


def test_a_cache_that_is_missing_or_damaged_is_made_anew(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    correct(paths, posts, RIGHT)
    cached = retrain(paths, bundle, dry_run=True).verdict
    shutil.rmtree(paths.cache_dir)
    assert retrain(paths, bundle, dry_run=True).verdict == cached
    for file in paths.features_file.parent.glob("features.db*"):
        file.unlink()
    paths.features_file.write_bytes(b"no database" * 500)
    assert retrain(paths, bundle, dry_run=True).verdict == cached


def test_a_promoted_candidate_is_whole_and_can_be_rolled_back(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    correct(paths, posts, RIGHT)
    result = retrain(paths, bundle)
    assert result.candidate is not None
    promoted = service.promote(paths, result.candidate, overrule=True, analyst="Ann")
    verify_bundle(promoted, paths)
    assert find_bundle(paths).id == promoted.id == "small 1.0.1"
    assert not result.candidate.exists()
    assert roll_back(paths).id == "small 1.0.0"


def test_a_second_retrain_starts_from_the_first_and_learns_no_correction_twice(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    from mmsa_tui.model.labelled import load_labelled

    correct(paths, posts, RIGHT)
    first = retrain(paths, bundle)
    assert first.candidate is not None
    parent = service.promote(paths, first.candidate, overrule=True)
    second = retrain(paths, parent)
    assert second.candidate is not None
    sizes = [
        len(load_labelled(folder / "replay.safetensors")) for folder in (parent.directory, second.candidate)
    ]
    assert sizes[0] == sizes[1] == 120 + first.n_learned


def test_a_withdrawn_correction_is_unlearned(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, RIGHT)
    first = retrain(paths, bundle)
    assert first.candidate is not None
    parent = service.promote(paths, first.candidate, overrule=True)
    with Store.open(paths.database) as store:
        store.add_corrections([Correction("", post.content_hash, "") for post in posts[:12]])
    second = retrain(paths, parent)
    assert second.n_learned < first.n_learned
    assert second.candidate is not None
    from mmsa_tui.model.labelled import load_labelled

    assert len(load_labelled(second.candidate / "replay.safetensors")) == 120 + second.n_learned


def test_a_dry_run_keeps_nothing(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, RIGHT)
    result = retrain(paths, bundle, dry_run=True)
    assert result.candidate is None
    assert service.kept_candidates(paths) == []


def test_corrections_that_cannot_be_used_are_counted_by_reason(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    correct(paths, posts, [*RIGHT[:-1], "angry"])
    with Store.open(paths.database) as store:
        store.add_corrections([Correction("far", "b2:elsewhere", "positive")])
    picture = posts[0].pictures[0].path
    assert picture is not None
    picture.unlink()
    assert list(retrain(paths, bundle, dry_run=True).left_out.values()) == [1, 1, 1]


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
    assert service.kept_candidates(paths) == []


def test_a_child_ends_when_its_parent_is_killed(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, RIGHT)
    script = (
        "import sys, os\n"
        "from mmsa_tui import retrain\n"
        "from mmsa_tui.config import find_paths\n"
        "from mmsa_tui.model.bundle_registry import find_bundle\n"
        "paths = find_paths()\n"
        "die = lambda event: os._exit(9)\n"
        "retrain.retrain(paths, find_bundle(paths), device='cpu', threads=1, on_event=die)\n"
    )
    home = {"MMSA_HOME": str(paths.data_dir.parent), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, env=home, capture_output=True)
    assert done.returncode == 9, done.stderr
    # The lock went with the parent, and what the child might still have written is no candidate.
    assert retrain(paths, find_bundle(paths)).candidate is not None
    assert len(service.kept_candidates(paths)) == 1


def test_a_refused_candidate_needs_an_explicit_word(bundle: Bundle, paths: Paths) -> None:
    candidate = refused(bundle, paths)
    with pytest.raises(TrainingError, match="it is worse"):
        service.promote(paths, candidate)
    assert find_bundle(paths).id == "small 1.0.0"


def test_an_overruled_gate_is_on_the_record_of_the_bundle(bundle: Bundle, paths: Paths) -> None:
    promoted = service.promote(paths, refused(bundle, paths), overrule=True, analyst="Ann")
    promotion = promoted.meta.training["promotion"]
    assert (promotion["overruled"], promotion["by"], promotion["against"]) == (True, "Ann", ["it is worse"])
    assert "- overruled: True" in (promoted.directory / "MODEL_CARD.md").read_text()


def test_a_refused_candidate_cannot_be_used_past_the_gate(bundle: Bundle, paths: Paths) -> None:
    with pytest.raises(BundleError, match="the gate refused"):
        use_bundle(paths, str(refused(bundle, paths)))


def test_a_passed_candidate_is_promoted_without_a_mark(bundle: Bundle, paths: Paths) -> None:
    promoted = service.promote(paths, write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5)))
    assert promoted.meta.training["overruled"] is False


def test_candidates_kept_aside_are_listed_with_their_verdict(bundle: Bundle, paths: Paths) -> None:
    refused(bundle, paths)
    (kept,) = service.kept_candidates(paths)
    assert (kept.bundle.id, kept.verdict.reasons) == ("small 1.0.1", ("it is worse",))


def test_a_version_that_was_taken_meanwhile_is_not_overwritten(bundle: Bundle, paths: Paths) -> None:
    first = write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5))
    shutil.copytree(first.parent, first.parent.with_name("retrain-again"))
    service.promote(paths, first)
    assert service.promote(paths, first.parent.with_name("retrain-again") / first.name).id == "small 1.0.2"


@pytest.mark.parametrize("stage", ["_install", "use_bundle", "discard"])
def test_a_promotion_killed_at_any_stage_loses_neither_bundle(
    bundle: Bundle, paths: Paths, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    candidate = write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5))

    def die(*arguments: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(promotion, stage, die)
        service.promote(paths, candidate)
    verify_bundle(find_bundle(paths), paths)
    promoted = service.promote(paths, candidate)
    verify_bundle(promoted, paths)
    assert find_bundle(paths).directory == promoted.directory


def test_a_full_disk_keeps_the_candidate_aside_and_the_bundle_in_use(
    bundle: Bundle, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5))

    def fill_up(source: str, target: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)

    with monkeypatch.context() as patched, pytest.raises(BundleError, match="the disk is full") as caught:
        patched.setattr(promotion, "_link_or_copy", fill_up)
        service.promote(paths, candidate)
    assert str(candidate) in caught.value.hint
    assert find_bundle(paths).id == "small 1.0.0"
    assert [item.bundle.directory for item in service.kept_candidates(paths)] == [candidate]
    assert service.promote(paths, candidate).id == "small 1.0.1"


def test_a_damaged_candidate_is_not_promoted(bundle: Bundle, paths: Paths) -> None:
    candidate = write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5))
    (candidate / "fusion.safetensors").write_bytes(b"cut")
    with pytest.raises(MmsaError, match="damaged"):
        service.promote(paths, candidate)
    assert find_bundle(paths).id == "small 1.0.0"


def test_what_waits_is_counted(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, [*RIGHT[:-1], "angry"])
    with Store.open(paths.database) as store:
        waiting = service.count_waiting(store, bundle, paths)
        assert service.count_new(store, bundle, paths) == 23
    assert waiting.by_label == {"negative": 8, "neutral": 8, "positive": 7}
    assert (waiting.n_all, waiting.n_new, waiting.is_enough) == (23, 23, False)


def test_what_will_be_left_out_is_known_before(bundle: Bundle, paths: Paths, posts: list[Post]) -> None:
    correct(paths, posts, [*RIGHT[:-1], "angry"])
    with Store.open(paths.database) as store:
        store.add_corrections([Correction("far", "b2:elsewhere", "positive")])
        picture = posts[0].pictures[0].path
        assert picture is not None
        picture.unlink()
        waiting = service.count_waiting(store, bundle, paths)
    result = retrain(paths, bundle, dry_run=True)
    assert waiting.left_out == result.left_out
    assert len(waiting.left_out) == 3
    assert waiting.n_held_out == result.verdict.n_held_out


def test_corrections_that_a_bundle_was_made_from_are_not_new_to_it(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    correct(paths, posts, RIGHT)
    first = retrain(paths, bundle)
    assert first.candidate is not None
    parent = service.promote(paths, first.candidate, overrule=True)
    with Store.open(paths.database) as store:
        assert service.count_new(store, parent, paths) == 0
        # Older than the bundle, as when a colleague's are merged after it was made.
        new = replace(posts[0], content_hash="b2:new")
        store.index_source("more", "pairs", "more", [new])
        store.add_corrections([Correction("old", "b2:new", "neutral", created_at="2000-01-01T00:00:00Z")])
        assert service.count_new(store, parent, paths) == 1


def test_without_the_run_folder_time_tells_what_is_new(
    bundle: Bundle, paths: Paths, posts: list[Post]
) -> None:
    correct(paths, posts, RIGHT)
    later = replace(
        bundle, meta=replace(bundle.meta, parent="small 0.9", created_at="2999-01-01T00:00:00+00:00")
    )
    with Store.open(paths.database) as store:
        assert service.count_waiting(store, later, paths).n_new == 0


def test_the_app_names_the_usual_weight(bundle: Bundle) -> None:
    assert settings_of(bundle).weight == service.USUAL.n_posts


def test_a_weight_that_is_asked_for_is_not_undone_by_the_cap(bundle: Bundle) -> None:
    usual, asked = settings_of(bundle), settings_of(bundle, 16.0)
    assert asked.weight == 16.0 and asked.share > usual.share
    assert (asked.seed, asked.fusion) == (usual.seed, usual.fusion)
