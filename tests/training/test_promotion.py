"""What becomes of a candidate: promoted, overruled, kept aside; on a disk that may be full."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from small_retrain import refused, write_candidate

from mmsa_tui.bundle.meta import Bundle, verify_bundle
from mmsa_tui.bundle.registry import find_bundle, use_bundle
from mmsa_tui.config import Paths
from mmsa_tui.errors import BundleError, MmsaError, TrainingError
from mmsa_tui.retrain.verdict import Verdict
from mmsa_tui.services import promote as promotion


def test_a_refused_candidate_needs_an_explicit_word(bundle: Bundle, paths: Paths) -> None:
    candidate = refused(bundle, paths)
    with pytest.raises(TrainingError, match="it is worse"):
        promotion.promote(paths, candidate, in_use="small 1.0.0")
    assert find_bundle(paths).id == "small 1.0.0"


def test_an_overruled_gate_is_on_the_record_of_the_bundle(bundle: Bundle, paths: Paths) -> None:
    promoted = promotion.promote(
        paths, refused(bundle, paths), in_use="small 1.0.0", overrule=True, analyst="Ann"
    )
    record = promoted.meta.training["promotion"]
    assert (record["overruled"], record["by"], record["against"]) == (True, "Ann", ["it is worse"])
    assert "- overruled: True" in (promoted.directory / "MODEL_CARD.md").read_text()


def test_a_refused_candidate_cannot_be_used_past_the_gate(bundle: Bundle, paths: Paths) -> None:
    with pytest.raises(BundleError, match="the gate refused"):
        use_bundle(paths, str(refused(bundle, paths)))


def test_a_passed_candidate_is_promoted_without_a_mark(bundle: Bundle, paths: Paths) -> None:
    promoted = promotion.promote(
        paths, write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5)), in_use="small 1.0.0"
    )
    assert promoted.meta.training["overruled"] is False


def test_candidates_kept_aside_are_listed_with_their_verdict(bundle: Bundle, paths: Paths) -> None:
    refused(bundle, paths)
    (kept,) = promotion.kept_candidates(paths)
    assert (kept.bundle.id, kept.verdict.reasons) == ("small 1.0.1", ("it is worse",))


def test_a_version_that_was_taken_meanwhile_is_not_overwritten(bundle: Bundle, paths: Paths) -> None:
    first = write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5))
    shutil.copytree(first.parent, first.parent.with_name("retrain-again"))
    promotion.promote(paths, first, in_use="small 1.0.0")
    again = first.parent.with_name("retrain-again") / first.name
    assert promotion.promote(paths, again, in_use="small 1.0.0").id == "small 1.0.2"


@pytest.mark.parametrize("stage", ["_install", "use_bundle", "discard"])
def test_a_promotion_killed_at_any_stage_loses_neither_bundle(
    bundle: Bundle, paths: Paths, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    candidate = write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5))

    def die(*arguments: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(promotion, stage, die)
        promotion.promote(paths, candidate, in_use="small 1.0.0")
    verify_bundle(find_bundle(paths), paths)
    promoted = promotion.promote(paths, candidate, in_use="small 1.0.0")
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
        promotion.promote(paths, candidate, in_use="small 1.0.0")
    assert str(candidate) in caught.value.hint
    assert find_bundle(paths).id == "small 1.0.0"
    assert [item.bundle.directory for item in promotion.kept_candidates(paths)] == [candidate]
    assert promotion.promote(paths, candidate, in_use="small 1.0.0").id == "small 1.0.1"


def test_a_damaged_candidate_is_not_promoted(bundle: Bundle, paths: Paths) -> None:
    candidate = write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5))
    (candidate / "fusion.safetensors").write_bytes(b"cut")
    with pytest.raises(MmsaError, match="damaged"):
        promotion.promote(paths, candidate, in_use="small 1.0.0")
    assert find_bundle(paths).id == "small 1.0.0"


def test_a_candidate_compared_with_another_bundle_needs_an_explicit_word(
    bundle: Bundle, paths: Paths
) -> None:
    candidate = write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5))
    with pytest.raises(TrainingError, match=r"compared it with small 1\.0\.0, and small 1\.0\.7 is in use"):
        promotion.promote(paths, candidate, in_use="small 1.0.7")
    promoted = promotion.promote(paths, candidate, in_use="small 1.0.7", overrule=True)
    assert promoted.meta.training["promotion"]["overruled"] is True


def test_what_was_promoted_before_is_no_candidate_and_stays_where_it_is(bundle: Bundle, paths: Paths) -> None:
    passed = Verdict(True, (), 9, 5, 5)
    promoted = promotion.promote(paths, write_candidate(bundle, paths, passed), in_use="small 1.0.0")
    with pytest.raises(TrainingError, match="promoted before"):
        promotion.promote(paths, promoted.directory, in_use=promoted.id, overrule=True)
    assert find_bundle(paths).directory == promoted.directory


def test_a_candidate_from_elsewhere_is_not_removed(bundle: Bundle, paths: Paths, tmp_path: Path) -> None:
    colleague = tmp_path / "share"
    shutil.copytree(write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5)), colleague)
    assert promotion.promote(paths, colleague, in_use="small 1.0.0").id == "small 1.0.1"
    assert (colleague / "meta.json").is_file()


def test_a_candidate_promoted_by_a_run_that_was_killed_is_not_offered_again(
    bundle: Bundle, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = write_candidate(bundle, paths, Verdict(True, (), 9, 5, 5))
    monkeypatch.setattr(promotion, "discard", lambda candidate: None)
    promotion.promote(paths, candidate, in_use="small 1.0.0")
    assert candidate.is_dir()
    assert promotion.kept_candidates(paths) == []
