"""What a head decides on posts: fused, or by the only modality there is."""

from __future__ import annotations

import torch

from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.metrics import FloatArray
from mmsa_tui.model.network import FusionHead
from training.full.fusion import predict


@torch.no_grad()
def decided(head: FusionHead, calibration: Calibration, features: Features) -> FloatArray:
    """Calibrated probabilities [N, K] of the decision: fused, or of the only modality there is.

    Args:
        features: image features compressed by the head's scaling.
    """
    probs, _, _ = calibration.decide(predict(head, features, compressed=True), features)
    return probs.double().numpy()
