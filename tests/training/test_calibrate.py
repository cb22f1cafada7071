"""Temperatures: one for each label where many posts tell, its proportions kept where few do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mmsa_tui.model.calibration import Calibration, divisors
from mmsa_tui.model.metrics import calibration_error
from mmsa_tui.model.reliability import error_by_chance
from training.full.calibrate import fit_by_label, fit_temperature


def posts(n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Logits of a head that is much too sure where it says label 1, and else as often right as it says."""
    rng = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, 3, generator=rng) * 2
    truth = torch.multinomial(logits.softmax(1), 1, generator=rng).flatten()
    says_1 = logits.argmax(1) == 1
    logits[says_1] *= 3
    return logits, truth


def test_a_label_that_is_said_too_surely_gets_a_temperature_of_its_own() -> None:
    found = fit_by_label(*posts(3000))
    assert isinstance(found, tuple)
    assert found[1] == pytest.approx(3, rel=0.25)
    assert found[0] == pytest.approx(1, rel=0.25)
    assert found[2] == pytest.approx(1, rel=0.25)
    logits, truth = posts(3000, seed=1)
    errors = [
        calibration_error(truth.numpy(), Calibration.probs(logits, t).double().numpy())
        for t in (fit_temperature(*posts(3000)), found)
    ]
    assert errors[1] < errors[0] - 0.01


def test_few_posts_decide_one_temperature() -> None:
    assert isinstance(fit_by_label(*posts(300)), float)


def test_the_label_stays_whatever_the_temperatures() -> None:
    logits, _ = posts(200)
    by_label = (0.5, 4.0, 1.0)
    probs = Calibration.probs(logits, by_label)
    assert torch.equal(probs.argmax(1), logits.argmax(1))
    assert divisors(logits, by_label).shape == (200, 1)
    np.testing.assert_allclose(Calibration.soften(logits.numpy(), by_label), probs.numpy(), rtol=1e-5)
    np.testing.assert_allclose(
        Calibration.soften(logits.numpy(), 2.0), Calibration.probs(logits, 2.0).numpy(), rtol=1e-5
    )


def test_a_perfectly_calibrated_model_shows_an_error_by_chance_that_falls_with_the_posts() -> None:
    logits, _ = posts(500)
    probs = (logits / 2).softmax(1).double().numpy()
    few, many = error_by_chance(probs, 200, rounds=60), error_by_chance(probs, 5000, rounds=60)
    assert few[1] < few[0] < few[2]
    assert many[0] < few[0] / 3
