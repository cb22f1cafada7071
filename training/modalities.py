"""The kinds of input that a head judges: words and picture, or only one of them.

A post with one of them is judged by a head of its own, so what corrections of such posts teach shows
only where other posts are shown in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import torch

from mmsa_tui.model.features import Features
from mmsa_tui.model.labelled import UNLABELLED, LabelledFeatures

Kind = Literal["both", "text", "image"]


def shares_of(features: Features) -> Mapping[Kind, float]:
    """Say what part of posts is of each kind; kinds that do not occur are left out."""
    only_text, only_image = features.has_text & ~features.has_image, features.has_image & ~features.has_text
    masks: dict[Kind, torch.Tensor] = {
        "both": features.has_text & features.has_image, "text": only_text, "image": only_image
    }  # fmt: skip
    return {kind: float(mask.float().mean()) for kind, mask in masks.items() if bool(mask.any())}


def shown_as(data: LabelledFeatures, kind: Kind) -> LabelledFeatures:
    """Show posts with only their words or only their picture; those without are left out.

    Their label is then that of the text or the picture, where people gave one apart.
    """
    if kind == "both":
        return data
    features, targets = data.features, data.targets
    shown = features.has_text if kind == "text" else features.has_image
    nothing = torch.zeros_like(shown)
    own = targets.text if kind == "text" else targets.image
    masked = replace(
        data,
        features=replace(features, **{"has_image" if kind == "text" else "has_text": nothing}),
        targets=replace(targets, post=torch.where(own == UNLABELLED, targets.post, own)),
    )
    return masked.take(torch.nonzero(shown).flatten())
