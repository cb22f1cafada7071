"""The gate on made-up heads whose strengths and faults are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmsa_tui.decoding import from_json
from mmsa_tui.model.metrics import FloatArray
from mmsa_tui.retrain.verdict import Verdict
from training.chance import is_more
from training.retrain.gate import GateRules, Judged, decide

LABELS = ("negative", "neutral", "positive")
FAST = GateRules(rounds=400)


def softmax(logits: FloatArray) -> FloatArray:
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


def posts(n: int, seed: int, spread: float = 1.6) -> Judged:
    """Posts whose labels are drawn from what the head in use says: it is calibrated and about 75 % right."""
    rng = np.random.default_rng(seed)
    logits = rng.normal([0.3, -0.6, 0.9], spread, (n, 3))
    before = softmax(logits)
    truth = (before.cumsum(1) < rng.random((n, 1))).sum(1)
    # A refit of the same recipe: a little different everywhere.
    after = softmax(logits + rng.normal(0, 0.15, (n, 3)))
    return Judged(truth, before, after)


def with_labels(judged: Judged, truth: np.ndarray) -> Judged:
    return Judged(truth, judged.before, judged.after)


def part(judged: Judged, rows: np.ndarray) -> Judged:
    return Judged(judged.truth[rows], judged.before[rows], judged.after[rows])


def gate(frozen: Judged, corrections: Judged) -> Verdict:
    """Hold out the first fifth of the corrections."""
    return decide(
        frozen, part(corrections, np.arange(len(corrections.truth) // 5)), corrections, LABELS, FAST
    )


def failed(verdict: Verdict) -> set[str]:
    return {check.name for check in verdict.checks if not check.passed}


def test_a_refit_on_honest_corrections_passes_whatever_the_seed() -> None:
    passed = [gate(posts(600, seed), posts(300, 1000 + seed)).passed for seed in range(10)]
    assert sum(passed) >= 9


def test_random_labels_are_refused_whatever_the_seed() -> None:
    refused = 0
    for seed in range(20):
        corrections = posts(200, 1000 + seed)
        random = with_labels(corrections, np.random.default_rng(seed).integers(0, 3, 200))
        refused += "coherent corrections" in failed(gate(posts(600, seed), random))
    assert refused >= 19


def test_random_labels_that_always_contradict_are_refused_too() -> None:
    refused = 0
    for seed in range(20):
        corrections = posts(200, 1000 + seed)
        shift = np.random.default_rng(seed).integers(1, 3, 200)
        contrary = with_labels(corrections, (corrections.before.argmax(1) + shift) % 3)
        refused += "coherent corrections" in failed(gate(posts(600, seed), contrary))
    assert refused >= 19


def test_honest_corrections_of_mistakes_alone_are_told_from_random_ones() -> None:
    coherent = 0
    for seed in range(10):
        seen = posts(1200, 1000 + seed)
        mistakes = part(seen, np.flatnonzero(seen.before.argmax(1) != seen.truth)[:300])
        coherent += "coherent corrections" not in failed(gate(posts(600, seed), mistakes))
    assert coherent >= 9


def test_a_few_corrections_are_too_few_to_tell() -> None:
    assert "coherent corrections" in failed(gate(posts(600, 1), posts(5, 2)))


def test_corrections_of_one_label_alone_cannot_be_judged() -> None:
    corrections = posts(100, 2)
    alike = with_labels(corrections, np.zeros(100, dtype=np.int64))
    assert "coherent corrections" in failed(gate(posts(600, 1), alike))


def test_a_class_that_is_found_less_often_is_refused_by_name() -> None:
    frozen = posts(600, 1)
    after = frozen.after.copy()
    neutral = np.flatnonzero((frozen.truth == 1) & (after.argmax(1) == 1))
    after[neutral[: len(neutral) // 2]] = [0.2, 0.1, 0.7]
    verdict = gate(Judged(frozen.truth, frozen.before, after), posts(300, 2))
    assert "recall neutral" in failed(verdict)
    assert any("neutral posts" in reason for reason in verdict.reasons)


def test_a_candidate_that_is_too_sure_of_itself_is_refused() -> None:
    frozen = posts(600, 1)
    sharp = softmax(3.0 * np.log(frozen.before))
    assert failed(gate(Judged(frozen.truth, frozen.before, sharp), posts(300, 2))) == {"calibration error"}


def test_many_changed_answers_are_refused_although_the_score_stays() -> None:
    frozen = posts(600, 1)
    after = frozen.before.copy()
    right = np.flatnonzero(after.argmax(1) == frozen.truth)[:60]
    wrong = np.flatnonzero(after.argmax(1) != frozen.truth)[:60]
    after[right] = np.roll(after[right], 1, axis=1)
    after[wrong] = np.eye(3)[frozen.truth[wrong]] * 0.6 + 0.13
    assert "negative flips" in failed(gate(Judged(frozen.truth, frozen.before, after), posts(300, 2)))


def test_a_worse_head_is_refused_on_macro_f1_and_accuracy() -> None:
    frozen = posts(600, 1)
    noisy = softmax(np.log(frozen.before) + np.random.default_rng(99).normal(0, 2.5, (600, 3)))
    assert {"macro-F1", "accuracy"} <= failed(gate(Judged(frozen.truth, frozen.before, noisy), posts(300, 2)))


def test_a_candidate_that_gets_held_out_corrections_wrong_is_refused() -> None:
    corrections = posts(300, 2)
    after = corrections.before.copy()
    after[:60] = np.roll(after[:60], 1, axis=1)
    verdict = gate(posts(600, 1), Judged(corrections.truth, corrections.before, after))
    assert "held-out corrections" in failed(verdict)


def test_without_corrections_held_out_nothing_passes() -> None:
    assert "held-out corrections" in failed(gate(posts(600, 1), posts(4, 2)))


def test_a_new_rule_that_the_candidate_has_learned_is_coherent() -> None:
    # Every label is turned round: the head in use finds these labels unlikely, the candidate not.
    corrections = posts(300, 2)
    turned = Judged(2 - corrections.truth, corrections.before, corrections.after[:, ::-1])
    assert "coherent corrections" not in failed(gate(posts(600, 1), turned))


def test_an_empty_frozen_split_is_an_error() -> None:
    with pytest.raises(ValueError, match="frozen split"):
        gate(posts(0, 1), posts(100, 2))


def test_a_class_that_the_frozen_split_lacks_is_no_reason_to_refuse() -> None:
    frozen = posts(600, 1)
    without = part(frozen, np.flatnonzero(frozen.truth != 1))
    assert "recall neutral" not in failed(gate(without, posts(300, 2)))


def test_a_verdict_comes_back_from_json_as_it_was() -> None:
    verdict = gate(posts(300, 1), posts(100, 2))
    assert from_json(json.dumps(verdict.as_json()), Verdict) == verdict


def test_the_table_has_a_row_a_check_and_says_what_was_refused() -> None:
    verdict = gate(posts(300, 1), posts(5, 2))
    rows = verdict.table()
    assert len(rows) == len(verdict.checks) + 1
    assert {row[0] for row in rows if row[-1] == "REFUSED"} == failed(verdict)


@pytest.mark.parametrize(
    ("worse", "better", "expected"), [(0, 0, False), (5, 5, False), (4, 0, False), (5, 0, True)]
)
def test_the_sign_test_at_one_in_twenty(worse: int, better: int, expected: bool) -> None:
    assert is_more(worse, better, 0.05) is expected
