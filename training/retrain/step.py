"""How far a head goes where its corrections point."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np

from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.labelled import UNLABELLED, LabelledFeatures
from mmsa_tui.model.network import FusionHead
from training.full.calibrate import calibrate, decided
from training.modalities import Kind, shown_as
from training.retrain.rehearsal import truth_of

STEPS = tuple(round(0.1 * tenth, 1) for tenth in range(1, 11))
"""Never none: what analysts want is learned to some degree, and the gate judges it."""

_LEAST_PROB = 1e-4


def moved(head: FusionHead, without: FusionHead, taught: FusionHead, step: float = 1.0) -> FusionHead:
    """Add to a head a part of what tells two others apart."""
    result = copy.deepcopy(head)
    start, plain, aim = (one.state_dict() for one in (head, without, taught))
    result.load_state_dict({name: start[name] + step * (aim[name] - plain[name]) for name in start})
    return result.eval()


def choose_step(
    head: FusionHead,
    without: FusionHead,
    taught: FusionHead,
    tuning: LabelledFeatures,
    shares: Mapping[Kind, float],
    start: Calibration | None = None,
) -> tuple[float, FusionHead, Calibration]:
    """Find the step, with its head and calibration, that makes people's labels of other posts likeliest.

    Corrections are few and seldom a fair sample: analysts look at what is doubtful or wrong. Posts
    that no head was fitted on tell how much of what they teach holds elsewhere.

    Args:
        tuning: labelled posts, none of which is in the gate.
        shares: of the corrected posts by kind of input; the others are shown, and count, likewise.
        start: of the head in use; see `calibrate`.
    """
    views = [(share, shown_as(tuning, kind)) for kind, share in shares.items()]
    found: list[tuple[float, float, FusionHead, Calibration]] = []
    for step in STEPS:
        candidate = moved(head, without, taught, step)
        calibration = calibrate(candidate, tuning.features, tuning.targets, compressed=True, start=start)
        surprise = sum(share * _surprise(candidate, calibration, view) for share, view in views)
        found.append((surprise, step, candidate, calibration))
    _, step, candidate, calibration = min(found, key=lambda item: item[:2])
    return step, candidate, calibration


def _surprise(head: FusionHead, calibration: Calibration, posts: LabelledFeatures) -> float:
    """Mean negative log likelihood of people's labels; 0 where there are none."""
    truth = truth_of(posts).numpy()
    known = np.flatnonzero(truth != UNLABELLED)
    probs = decided(head, calibration, posts.features)[known, truth[known]]
    return float(-np.log(np.maximum(probs, _LEAST_PROB)).mean()) if len(known) else 0.0
