"""Posts shown with only a part of them, and corrections of posts that have no more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_features import make_features

from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.head import HeadConfig
from mmsa_tui.model.labelled import LabelledFeatures, make_targets
from training.full.fusion import FusionSettings, fit_head
from training.modalities import shares_of, shown_as
from training.retrain.gate import GateRules
from training.retrain.refit import RefitSettings, refit
from training.retrain.rehearsal import Base, Corrected

LABELS = ("negative", "neutral", "positive")
FUSION = FusionSettings(epochs=3, average=1)


def without_pictures(features: Features) -> Features:
    return replace(features, has_image=torch.zeros_like(features.has_image))


def numbered(features: Features, y: np.ndarray, first: int, text: np.ndarray | None = None):
    return LabelledFeatures(
        features, make_targets(y, text), tuple(f"b2:{first + at:040x}" for at in range(len(y)))
    )


@pytest.fixture(scope="module")
def base() -> Base:
    features, y = make_features(420)
    config = HeadConfig(n_text=32, n_components=16, width=16, n_attention_heads=2)
    head = fit_head(config, features.take(range(120)), make_targets(y[:120], text=y[:120]), FUSION, seed=1)
    with torch.no_grad():
        features = replace(features, image=head.compress(features.image))
    parts = [
        numbered(features.take(range(a, b)), y[a:b], a + 1, y[a:b])
        for a, b in ((0, 120), (120, 340), (340, 420))
    ]
    return Base(head, Calibration(), parts[0], parts[2], parts[1])


def corrected(base: Base, n: int) -> Corrected:
    """Corrections of posts of words alone, all with one label too far."""
    features = without_pictures(base.evaluation.features.take(range(n)))
    y = (base.evaluation.targets.post[:n] + 1) % 3
    names = tuple(f"b2:{9000 + at:040x}" for at in range(n))
    return Corrected(features, y, names, names, torch.zeros(n, dtype=torch.bool))


def test_shares_name_the_kinds_that_occur() -> None:
    features, _ = make_features(4)
    features = replace(
        features,
        has_text=torch.tensor([True, True, True, False]),
        has_image=torch.tensor([True, False, False, True]),
    )
    assert shares_of(features) == {"both": 0.25, "text": 0.5, "image": 0.25}


def test_a_post_shown_as_words_has_the_label_of_its_words_where_it_has_one() -> None:
    features, _ = make_features(3)
    data = numbered(features, np.array([0, 1, 2]), 1, text=np.array([2, -1, 2]))
    shown = shown_as(data, "text")
    assert shown.targets.post.tolist() == [2, 1, 2]
    assert not bool(shown.features.has_image.any())
    assert bool(data.features.has_image.all())


def test_posts_without_the_part_are_left_out() -> None:
    features, y = make_features(3)
    data = numbered(without_pictures(features), y, 1)
    assert len(shown_as(data, "image")) == 0


def test_what_corrections_of_words_cost_is_judged_with_words_alone(base: Base) -> None:
    candidate = refit(
        base, corrected(base, 60), LABELS, RefitSettings(rule=True, fusion=FUSION), GateRules(rounds=100)
    )
    checks = {check.name: check for check in candidate.verdict.checks}
    assert checks["macro-F1"].change == 0
    assert not checks["macro-F1 words"].passed
    assert "macro-F1 picture" not in checks


def test_corrections_of_words_go_as_far_as_the_words_of_other_posts_bear_out(base: Base) -> None:
    settings = RefitSettings(rule=False, fusion=FUSION)
    candidate = refit(base, corrected(base, 60), LABELS, settings, GateRules(rounds=100))
    assert candidate.lesson.step < 0.5
