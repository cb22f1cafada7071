"""A head from some fifty labels: what it learns, what judges it, and when it is refused."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from small_features import make_features

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.head import HeadConfig
from mmsa_tui.model.network import build_head
from training.few_shot.fit import Block, fit
from training.few_shot.gate import judge
from training.few_shot.head import learn
from training.few_shot.run import check_enough
from training.full.calibrate import decided
from training.full.fusion import compress
from training.retrain.rehearsal import Corrected

NAMES = ("for", "against")


@functools.cache
def learned_from(*, random: bool = False):
    base, corrected = labelled(random=random)
    return learn(base, corrected, NAMES, seed=0), corrected


def labelled(n: int = 60, *, random: bool = False):
    features, _ = make_features(n, n_text=32)
    torch.manual_seed(0)
    base = build_head(HeadConfig(n_text=32, n_image=features.image.shape[1], n_components=8, width=8))
    base.fit_scaling(features)
    rng = np.random.default_rng(99)
    signal = features.text[:, 0].numpy()
    labels = rng.integers(0, 2, n) if random else (signal > np.median(signal)).astype(int)
    corrected = Corrected(
        compress(base, features),
        torch.as_tensor(labels),
        tuple(f"h{row}" for row in range(n)),
        tuple(f"g{row // 2}" for row in range(n)),
        torch.zeros(n, dtype=torch.bool),
    )
    return base, corrected


def test_a_rule_in_the_words_is_learned_and_the_gate_passes_it():
    learned, corrected = learned_from()
    verdict = judge(learned, corrected, NAMES)
    assert learned.scores.accuracy > 0.75 and verdict.passed
    assert verdict.n_frozen == 0 and "had not seen" in verdict.basis


def test_labels_at_random_are_refused():
    learned, corrected = learned_from(random=True)
    verdict = judge(learned, corrected, NAMES)
    assert not verdict.passed and "guessing" in verdict.reasons[0]


def test_the_head_gives_what_the_fit_gave():
    """The bundle's arithmetic on the bundle's features is the fit's own."""
    learned, corrected = learned_from()
    probs = decided(learned.head, learned.calibration, corrected.features)
    assert (probs.argmax(1) == corrected.labels.numpy()).mean() > 0.8
    assert np.allclose(probs.sum(1), 1)
    again = decided(learned.head, Calibration(), corrected.features)
    assert (again.argmax(1) == probs.argmax(1)).mean() > 0.95


def test_a_worse_head_does_not_take_the_place_of_the_one_in_use():
    learned, corrected = learned_from()
    right = corrected.labels.numpy()
    perfect = judge(learned, corrected, NAMES, (right, np.ones(len(right), dtype=bool)))
    wrong = judge(learned, corrected, NAMES, (1 - right, np.ones(len(right), dtype=bool)))
    known = judge(learned, corrected, NAMES, (right, np.zeros(len(right), dtype=bool)))
    assert wrong.passed and known.passed and known.n_unseen == 0
    assert perfect.passed == (learned.scores.accuracy > 0.97)


def test_a_label_of_one_post_in_five_is_given_about_as_often(monkeypatch):
    """What a hundred labels teach is weak: left alone, it hardly ever speaks for the rarer one."""
    rng = np.random.default_rng(2)
    labels = (rng.random(2_000) < 0.2).astype(int)
    features = rng.normal(size=(2_000, 12))
    features[:, 0] += 0.8 * labels
    taught, others = slice(0, 100), slice(100, None)

    def share_given() -> float:
        blocks = [Block("words", slice(0, 12))]
        found = fit(features[taught], labels[taught], list(range(100)), 2, blocks, [(1.0,)])
        return float((found.head.logits(features[others]).argmax(1) == 1).mean())

    given = share_given()
    monkeypatch.setattr("training.few_shot.fit.ADJUSTMENT", 0.0)
    alone = share_given()
    truth = labels[others].mean()
    assert alone < truth / 2 and abs(given - truth) < abs(alone - truth) / 2


def test_no_group_judges_what_it_has_taught():
    """Copies that carry the answer as their own feature are judged as if it were not there."""
    rng = np.random.default_rng(1)
    labels = np.tile([0, 1], 30)
    groups = [row // 4 for row in range(60)]
    labels = np.array([group % 2 for group in groups])
    # Each group has a feature of its own that tells its label perfectly, and nothing else tells it.
    features = np.concatenate([np.eye(15)[groups], 0.1 * rng.normal(size=(60, 4))], axis=1)
    found = fit(features, labels, groups, 2, [Block("words", slice(0, 19))], [(1.0,)])
    assert (found.held_out.argmax(1) == labels).mean() < 0.7
    assert (found.head.logits(features).argmax(1) == labels).all()


@pytest.mark.parametrize("kept", [4, 0])
def test_a_label_with_too_few_posts_is_named(kept):
    _, corrected = labelled()
    labels = torch.zeros(len(corrected), dtype=torch.int64)
    labels[: 2 * kept] = 1
    few = Corrected(corrected.features, labels, corrected.hashes, corrected.groups, corrected.held_out)
    with pytest.raises(TrainingError, match=f"against {kept}"):
        check_enough(few, NAMES)
