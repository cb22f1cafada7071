"""`mmsa retrain` and the bundles it makes, as a user meets them; the learning itself is tested elsewhere."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_runs import Mmsa
from lessons import LESSON
from word_model import LABELS, WordModel, write_word_bundle

from mmsa_tui.bundle.lesson import Lesson
from mmsa_tui.bundle.registry import find_bundle
from mmsa_tui.config import find_paths
from mmsa_tui.decoding import to_line
from mmsa_tui.records import Post, Prediction
from mmsa_tui.retrain.messages import Epoch, Result
from mmsa_tui.retrain.verdict import Check, Verdict
from mmsa_tui.services import retrain as run
from mmsa_tui.store import Store

Lines = list[dict[str, Any]]
REASON = "it has not learned what analysts mean"


def verdict(passed: bool) -> Verdict:
    check = Check("held-out corrections", passed, REASON, before=0.5, after=0.6, change=0.1)
    return Verdict(passed, (check,), n_frozen=9, n_held_out=4, n_unseen=9)


def write_candidate(home: Path, passed: bool = True) -> Path:
    """A candidate of `words 1.0.0` as a retrain leaves it in its run folder."""
    made = write_word_bundle(home, "1.0.1", parent="words 1.0.0")
    meta = json.loads((made / "meta.json").read_text()) | {
        "training": {"gate": verdict(passed).as_json(), "n_corrections": 5}
    }
    (made / "meta.json").write_text(json.dumps(meta))
    folder = home / "data" / "runs" / "retrain-1" / "words-1.0.1"
    folder.parent.mkdir(parents=True)
    return made.rename(folder)


def active(home: Path) -> str:
    return find_bundle(find_paths({"MMSA_HOME": str(home)}), "").id


@pytest.fixture(autouse=True)
def no_setting(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the choice of the bundle to what is active."""
    monkeypatch.delenv("MMSA_BUNDLE")
    (home / "data" / "active").write_text("words 1.0.0")


@pytest.fixture
def outcome(home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a retrain end as told, without learning anything."""

    def choose(passed: bool, lesson: Lesson = LESSON) -> None:
        candidate = str(write_candidate(home, passed))
        done = Result(verdict(passed), candidate, lesson, 0, {}, None, ())
        said = (to_line(Epoch(1, 1, 0.5, 0.6)) + to_line(done)).decode()
        code = f"print({said!r})"
        monkeypatch.setattr(run, "command_for", lambda file: [sys.executable, "-c", code])

    return choose


def test_what_was_made_of_the_corrections_is_said(mmsa: Mmsa, outcome: Any) -> None:
    outcome(True)
    ran = mmsa("retrain", "--dry-run")
    assert "5 corrections learned, each counting for 8 posts" in ran.out
    assert "agrees with 75% of 9 corrections new to it; its confidence promised 80%" in ran.out
    assert "--no-rule" not in ran.out


def test_labels_taken_for_a_rule_are_named_with_the_way_out(mmsa: Mmsa, outcome: Any) -> None:
    outcome(False, lesson=replace(LESSON, is_rule=True, step=1.0))
    ran = mmsa("retrain", "--dry-run")
    assert "as a rule of your own: the model gives way to it" in ran.out
    assert "--no-rule" in ran.out


@pytest.mark.parametrize("option", ["--dry-run", "--no-promote", "--no-reclassify"])
def test_changes_of_no_promotion_are_a_mistake(mmsa: Mmsa, outcome: Any, option: str, tmp_path: Path) -> None:
    outcome(True)
    ran = mmsa("retrain", "--changes", tmp_path / "changes.jsonl", option)
    assert ran.code == 2
    assert "leave nothing to list" in ran.err


def test_what_passes_is_promoted_and_can_be_rolled_back(home: Path, mmsa: Mmsa, outcome: Any) -> None:
    outcome(True)
    ran = mmsa("retrain")
    assert (ran.code, active(home)) == (0, "words 1.0.1")
    assert "epoch  1/1  loss 0.500  F1 0.600" in ran.err
    assert "the gate passed it" in ran.out
    assert (mmsa("bundle", "rollback").code, active(home)) == (0, "words 1.0.0")


def test_a_promoted_candidate_that_a_kill_left_goes_with_the_next_retrain(
    home: Path, mmsa: Mmsa, outcome: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome(True)
    with monkeypatch.context() as killed:
        killed.setattr("mmsa_tui.services.promote.discard", lambda candidate: None)
        assert mmsa("retrain").code == 0
    assert list((home / "data" / "runs").glob("retrain-*/words-*"))
    monkeypatch.setattr(run, "command_for", lambda file: [sys.executable, "-c", "raise SystemExit(5)"])
    mmsa("retrain")
    assert not list((home / "data" / "runs").glob("retrain-*/words-*"))
    assert active(home) == "words 1.0.1"


def test_what_is_refused_is_kept_aside_and_the_code_says_so(home: Path, mmsa: Mmsa, outcome: Any) -> None:
    outcome(False)
    ran = mmsa("retrain")
    assert (ran.code, active(home)) == (1, "words 1.0.0")
    assert REASON in ran.out and "kept aside" in ran.err
    listed = mmsa("bundle", "list")
    assert "kept aside, refused by the gate" in listed.err and "words 1.0.1" not in listed.out


def test_a_candidate_that_was_refused_needs_an_explicit_word(home: Path, mmsa: Mmsa) -> None:
    candidate = write_candidate(home, passed=False)
    refused = mmsa("retrain", "--candidate", candidate)
    assert (refused.code, REASON in refused.err, "--promote" in refused.err) == (1, True, True)
    ran = mmsa("retrain", "--candidate", candidate, "--promote")
    assert (ran.code, "against the gate" in ran.err, active(home)) == (0, True, "words 1.0.1")
    assert "words 1.0.0, gate overruled" in mmsa("bundle", "list").out


@pytest.mark.parametrize("option", ["--dry-run", "--no-promote"])
def test_a_candidate_is_not_promoted_against_the_other_options(home: Path, mmsa: Mmsa, option: str) -> None:
    assert mmsa("retrain", "--candidate", write_candidate(home), option).code == 2
    assert active(home) == "words 1.0.0"


@pytest.mark.parametrize("name", ["nowhere", "file.txt"])
def test_a_candidate_that_is_none_is_a_bundle_error(
    home: Path, mmsa: Mmsa, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file.txt").write_text("")
    ran = mmsa("retrain", "--candidate", tmp_path / name, "--promote")
    assert (ran.code, "not a bundle directory" in ran.err) == (3, True)


def test_a_shipped_bundle_is_no_candidate(home: Path, mmsa: Mmsa) -> None:
    ran = mmsa("retrain", "--candidate", home / "data" / "bundles" / "words-1.0.0")
    assert (ran.code, "no verdict" in ran.err) == (3, True)


def test_changes_go_to_a_file_and_stale_predictions_are_judged_anew(
    home: Path, mmsa: Mmsa, outcome: Any, table: Any, tmp_path: Path
) -> None:
    mmsa("classify", table(["what a lovely day", "so sad"]), "-o", tmp_path / "out.jsonl")
    with Store.open(home / "data" / "mmsa.db") as store:
        (source,) = store.recent_sources()
        old = [row.prediction for row in store.rows(source.id, "words 1.0.0")]
        store.save_bundle_labels("words 1.0.1", LABELS)
        store.save_predictions([replace(one, bundle="words 1.0.1", label="neutral") for one in old])
    outcome(True)
    ran = mmsa("retrain", "--changes", tmp_path / "changes.jsonl")
    assert ran.code == 0
    assert "0 of 2 posts judged before have another label now" in ran.err
    assert (tmp_path / "changes.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("when", "words"),
    [("before the first batch", []), ("after it", []), ("after it", ["--candidate", "promoted already"])],
)
def test_judging_again_that_was_interrupted_is_gone_on_with(
    home: Path,
    mmsa: Mmsa,
    outcome: Any,
    table: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
    words: list[str],
) -> None:
    monkeypatch.setattr("mmsa_tui.services.classify.BATCH", 1)
    mmsa("classify", table(["what a lovely day", "so sad", "a train"]), "-o", tmp_path / "out.jsonl")
    outcome(True)
    judge = WordModel.judge

    def stop(model: WordModel, post: Post) -> Prediction:
        if when == "before the first batch" or post.post_id == "2":
            raise KeyboardInterrupt
        return judge(model, post)

    with monkeypatch.context() as patched:
        patched.setattr(WordModel, "judge", stop)
        ran = mmsa("retrain")
    assert (ran.code, active(home), "next `mmsa retrain`" in ran.err) == (130, "words 1.0.1", True)
    monkeypatch.setattr(run, "command_for", lambda file: [sys.executable, "-c", "raise SystemExit(5)"])
    again = mmsa("retrain", *words)
    n_left = 3 if when == "before the first batch" else 2
    assert f"{n_left} posts judged by words 1.0.0 were not judged by words 1.0.1" in again.err
    with Store.open(home / "data" / "mmsa.db") as store:
        (source,) = store.recent_sources()
        assert store.count_unpredicted(source.id, "words 1.0.1") == 0
    assert "were not judged" not in mmsa("retrain").err


@pytest.mark.parametrize("elsewhere", [False, True], ids=["plain", "with another file"])
def test_a_list_of_changes_that_was_interrupted_is_written_by_the_next_retrain(
    home: Path,
    mmsa: Mmsa,
    outcome: Any,
    table: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: bool,
) -> None:
    monkeypatch.setattr("mmsa_tui.services.classify.BATCH", 1)
    mmsa("classify", table(["what a lovely day", "so sad", "a train"]), "-o", tmp_path / "out.jsonl")
    outcome(True)
    judge = WordModel.judge

    is_first = [True]

    def judge_otherwise(model: WordModel, post: Post) -> Prediction:
        if post.post_id == "2" and is_first:
            is_first.clear()
            raise KeyboardInterrupt
        return replace(judge(model, post), label="neutral")

    wanted, other = tmp_path / "changes.jsonl", tmp_path / "other.jsonl"
    monkeypatch.setattr(WordModel, "judge", judge_otherwise)
    ran = mmsa("retrain", "--changes", wanted)
    assert (ran.code, f"and writes {wanted}" in ran.err, wanted.exists()) == (130, True, False)
    monkeypatch.setattr(run, "command_for", lambda file: [sys.executable, "-c", "raise SystemExit(5)"])
    again = mmsa("retrain", *(["--changes", other] if elsewhere else []))
    # Without a file of its own the command goes on with a retrain, which ends with 5 here.
    assert again.code == (0 if elsewhere else 5)
    written = other if elsewhere else wanted
    changes = [json.loads(line) for line in written.read_text().splitlines()]
    assert changes
    assert {change["after"] for change in changes} == {"neutral"}
    assert [path.exists() for path in (wanted, other)].count(True) == 1
    assert "was promoted" not in mmsa("retrain").err


def test_a_list_that_cannot_be_written_where_it_was_to_go_can_go_elsewhere(
    home: Path, mmsa: Mmsa, outcome: Any, table: Any, tmp_path: Path
) -> None:
    mmsa("classify", table(["what a lovely day", "so sad"]), "-o", tmp_path / "out.jsonl")
    outcome(True)
    gone = tmp_path / "disk"
    gone.mkdir()

    def stop(model: WordModel, post: Post) -> Prediction:
        gone.rmdir()
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(WordModel, "judge", stop)
        assert mmsa("retrain", "--changes", gone / "changes.jsonl").code == 130
    ran = mmsa("retrain")
    assert (ran.code, "`mmsa retrain --changes FILE` writes it elsewhere" in ran.err) == (2, True)
    assert mmsa("retrain", "--changes", tmp_path / "changes.jsonl").code == 0
    assert (tmp_path / "changes.jsonl").read_text() == ""


def test_a_setting_that_keeps_another_bundle_in_use_is_named(
    home: Path, mmsa: Mmsa, outcome: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome(True)
    monkeypatch.setenv("MMSA_BUNDLE", "words 1.0.0")
    assert "keeps words 1.0.0 in use" in mmsa("retrain").err
    assert "keeps words 1.0.0 in use" in mmsa("bundle", "use", "words 1.0.1").err


def test_an_active_bundle_that_is_gone_is_named_with_what_to_do(home: Path, mmsa: Mmsa) -> None:
    (home / "data" / "active").write_text("words 9.9.9")
    ran = mmsa("retrain")
    assert (ran.code, "'words 9.9.9', is not here" in ran.err, "bundle use" in ran.err) == (3, True, True)
    assert mmsa("bundle", "use", "words").code == 0
    assert active(home) == "words 1.0.0"
