"""Stage 4: temperatures, on posts that neither chose the epoch nor judge the gate, and decisions by them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.labelled import Targets
from mmsa_tui.model.metrics import FloatArray
from mmsa_tui.model.network import FusionHead
from training.full.fusion import predict

_GRID = torch.logspace(-0.7, 0.7, 141)
"""Temperatures 0.2 to 5: outside them the model, not its calibration, is wrong."""

_MIN_POSTS = 30


def fit_temperature(logits: Tensor, wanted: Tensor) -> float:
    """Find the temperature with the least negative log likelihood; 1.0 on fewer than 30 posts.

    Args:
        logits: [N, K]. wanted: [N] class indices, -1 where unlabelled.

    Source: C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    known = wanted >= 0
    if int(known.sum()) < _MIN_POSTS:
        return 1.0
    losses = torch.stack([nn.functional.cross_entropy(logits[known] / t, wanted[known]) for t in _GRID])
    return float(_GRID[int(losses.argmin())])


def calibrate(
    head: FusionHead,
    features: Features,
    targets: Targets,
    compressed: bool = False,
    tweets: tuple[Features, Tensor] | None = None,
) -> Calibration:
    """Fit one temperature for each kind of input: both, text alone, picture alone.

    Args:
        tweets: posts without pictures and their class indices. Where they are given, they alone decide
            how sure text alone may be: it is posts without pictures that are judged by it.
    """
    logits = predict(head, features, compressed)
    both = features.has_text & features.has_image

    def where(mask: Tensor, wanted: Tensor) -> Tensor:
        return torch.where(mask, wanted, torch.full_like(wanted, -1))

    text = torch.where(features.has_image | (targets.text >= 0), targets.text, targets.post)
    image = torch.where(features.has_text | (targets.image >= 0), targets.image, targets.post)
    by_text = fit_temperature(logits.text, where(features.has_text, text))
    if tweets is not None:
        by_text = fit_temperature(predict(head, tweets[0]).text, tweets[1])
    return Calibration(
        both=fit_temperature(logits.fused, where(both, targets.post)),
        text=by_text,
        image=fit_temperature(logits.image, where(features.has_image, image)),
    )


@torch.no_grad()
def decided(head: FusionHead, calibration: Calibration, features: Features) -> FloatArray:
    """Calibrated probabilities [N, K] of the decision: fused, or of the only modality there is.

    Args:
        features: image features compressed by the head's scaling.
    """
    probs, _, _ = calibration.decide(predict(head, features, compressed=True), features)
    return probs.double().numpy()
