"""How corrections are taken: as a rule of the analysts' own or not, and how far the head goes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from lessons import LESSON
from small_features import make_features

from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.head import HeadConfig
from mmsa_tui.model.labelled import LabelledFeatures, make_targets
from mmsa_tui.model.metrics import FloatArray, IntArray
from mmsa_tui.model.network import FusionHead
from training.full.calibrate import decided
from training.full.fusion import FusionSettings, fit_head
from training.retrain.own_rule import Agreement
from training.retrain.step import STEPS, choose_step, moved

CONFIG = HeadConfig(n_text=32, n_components=16, width=16, n_attention_heads=2)
SETTINGS = FusionSettings(epochs=3, average=1)
TOLD = replace(LESSON, n_learned=240, step=0.4, n_compared=300, agreement=0.74, expected=0.75)


def judged(n: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Probabilities of a calibrated head, and the labels that people give."""
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet((0.4, 0.2, 0.8), n)
    return probs, np.array([rng.choice(3, p=row) for row in probs])


def is_rule(probs: FloatArray, truth: IntArray) -> bool:
    return Agreement.of(probs, truth).is_own_rule


def test_labels_as_the_head_expects_them_are_no_rule() -> None:
    assert sum(is_rule(*judged(300, seed)) for seed in range(100)) <= 1


def test_the_doubtful_posts_first_are_no_rule() -> None:
    found = 0
    for seed in range(50):
        probs, truth = judged(900, seed)
        doubtful = np.argsort(probs.max(1))[:300]
        found += is_rule(probs[doubtful], truth[doubtful])
    assert found <= 1


def test_another_rule_is_found() -> None:
    found = 0
    for seed in range(50):
        probs, truth = judged(300, seed)
        # An analyst for whom every other positive post is neutral.
        truth[np.flatnonzero(truth == 2)[::2]] = 1
        found += is_rule(probs, truth)
    assert found >= 48


def test_labels_at_random_are_no_rule() -> None:
    found = 0
    for seed in range(50):
        probs, truth = judged(200, seed)
        found += is_rule(probs, np.random.default_rng(seed).permutation(truth))
    assert found <= 2


def test_mistakes_alone_are_no_rule() -> None:
    probs, truth = judged(900, 1)
    wrong = probs.argmax(1) != truth
    assert not is_rule(probs[wrong], truth[wrong])


@pytest.mark.parametrize("n", [0, 1, 5])
def test_a_few_corrections_show_no_rule(n: int) -> None:
    probs, truth = judged(5, 3)
    assert not is_rule(probs[:n], (probs.argmax(1)[:n] + 1) % 3)
    assert not is_rule(probs[:n], truth[:n])


@pytest.fixture(scope="module")
def heads() -> tuple[FusionHead, Features, IntArray]:
    features, y = make_features(300)
    head = fit_head(CONFIG, features.take(range(100)), make_targets(y[:100]), SETTINGS, seed=1)
    with torch.no_grad():
        return head, replace(features, image=head.compress(features.image)), y


def fitted(heads: tuple[FusionHead, Features, IntArray], wanted: IntArray) -> FusionHead:
    head, features, _ = heads
    part = features.take(range(100))
    return fit_head(CONFIG, part, make_targets(wanted), SETTINGS, seed=1, scaling=head)


def tuning(heads: tuple[FusionHead, Features, IntArray], wanted: IntArray) -> LabelledFeatures:
    rows = range(100, 300)
    return LabelledFeatures(heads[1].take(rows), make_targets(wanted), tuple(str(row) for row in rows))


def test_what_other_posts_contradict_is_hardly_followed(
    heads: tuple[FusionHead, Features, IntArray],
) -> None:
    head, features, y = heads
    plain, contrary = fitted(heads, y[:100]), fitted(heads, (y[:100] + 1) % 3)
    step, chosen, calibration = choose_step(head, plain, contrary, tuning(heads, y[100:]), {"both": 1.0})
    assert step == STEPS[0]
    before, after = (
        (decided(one, scale, features)[100:].argmax(1) == y[100:]).mean()
        for one, scale in ((head, Calibration()), (chosen, calibration))
    )
    assert after > before - 0.1


def test_what_other_posts_bear_out_is_followed(heads: tuple[FusionHead, Features, IntArray]) -> None:
    head, _, y = heads
    plain, contrary = fitted(heads, y[:100]), fitted(heads, (y[:100] + 1) % 3)
    step, _, _ = choose_step(head, plain, contrary, tuning(heads, (y[100:] + 1) % 3), {"both": 1.0})
    assert step > 0.5


def test_a_step_of_nothing_is_the_head_itself(heads: tuple[FusionHead, Features, IntArray]) -> None:
    head, features, y = heads
    plain, contrary = fitted(heads, y[:100]), fitted(heads, (y[:100] + 1) % 3)
    still = moved(head, plain, contrary, 0.0)
    one, other = (decided(each, Calibration(), features) for each in (head, still))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_lesson_says_how_far_it_went_and_why() -> None:
    learned, shared = TOLD.sentences()
    assert learned.startswith("240 corrections learned, each counting for 8 posts of the model's own")
    assert "gone 40% of the way" in learned
    assert "74% of 300 corrections" in shared and "promised 75%" in shared


def test_a_lesson_by_a_rule_says_so() -> None:
    learned, _ = replace(TOLD, is_rule=True, step=1.0, n_learned=1).sentences()
    assert learned.startswith("1 correction learned")
    assert learned.endswith("as a rule of your own: the model gives way to it.")


def test_a_lesson_without_new_corrections_compares_nothing() -> None:
    assert len(replace(TOLD, n_compared=0).sentences()) == 1
