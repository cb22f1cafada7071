"""What a retrain learns from: the replay set of a bundle, and the corrections put on top of it.

Nothing of the replay set is thrown away. What a correction stands against keeps its place with no
weight, and has it back when the correction is withdrawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.labelled import UNLABELLED, LabelledFeatures, Targets, concatenate_targets, make_targets
from mmsa_tui.model.network import FusionHead

PLAIN_WEIGHT = 1.0
"""What a post of the replay set counts that is no correction."""
NO_WEIGHT = 0.0
"""What such a post counts while a correction stands against it. Any other weight marks a correction
of an earlier retrain."""


@dataclass(frozen=True)
class Base:
    """What a bundle brings to its retraining; image features are compressed by its head's scaling."""

    head: FusionHead
    calibration: Calibration
    replay: LabelledFeatures
    evaluation: LabelledFeatures
    tuning: LabelledFeatures | None = None


@dataclass(frozen=True)
class Corrected:
    """Corrected posts, one row each: features (compressed as in `Base`), the analysts' labels as
    class indices, content hashes, the groups of `held_out.sides_of`, and which are held out."""

    features: Features
    labels: Tensor
    hashes: tuple[str, ...]
    groups: tuple[str, ...]
    held_out: Tensor

    def __len__(self) -> int:
        return len(self.hashes)


def truth_of(data: LabelledFeatures) -> Tensor:
    """The label [N] that the decision on each post is measured by, `UNLABELLED` where there is none."""
    targets, features = data.targets, data.features
    alone = torch.where(features.has_text, targets.text, targets.image)
    one_modality = ~(features.has_text & features.has_image)
    return torch.where((targets.post == UNLABELLED) & one_modality, alone, targets.post)


def among(hashes: Sequence[str], others: Sequence[str]) -> Tensor:
    """Tell which hashes are among others, [N] bool; "" never is."""
    known = set(others) - {""}
    return torch.tensor([h in known for h in hashes], dtype=torch.bool)


def reweigh(
    replay: LabelledFeatures, corrected: Corrected, learned: Tensor, withdrawn: frozenset[str]
) -> LabelledFeatures:
    """Take the weight from what corrections replace or contradict and from corrections taken back.

    A post that lost its weight to a correction which is no longer there gets it back.
    """
    labels = {h: int(label) for h, label in zip(corrected.hashes, corrected.labels, strict=True)}
    replaced = {h for h, is_learned in zip(corrected.hashes, learned, strict=True) if is_learned}
    weights = replay.targets.weight.clone()
    for row, (digest, label) in enumerate(zip(replay.hashes, replay.targets.post, strict=True)):
        weight = float(weights[row])
        if (
            digest in replaced
            or (digest in labels and int(label) != labels[digest])
            or (digest in withdrawn and weight not in (PLAIN_WEIGHT, NO_WEIGHT))
        ):
            weights[row] = NO_WEIGHT
        elif weight == NO_WEIGHT and (digest in withdrawn or digest in labels):
            weights[row] = PLAIN_WEIGHT
    return replace(replay, targets=replace(replay.targets, weight=weights))


def with_corrections(
    replay: LabelledFeatures, weights_before: Tensor, corrected: Corrected, rows: Tensor, targets: Targets
) -> LabelledFeatures:
    """Join the replay set and the learned corrections; earlier corrections without weight are dropped."""
    is_correction = (weights_before != PLAIN_WEIGHT) & (weights_before != NO_WEIGHT)
    kept = replay.take(torch.nonzero(~is_correction | (replay.targets.weight != NO_WEIGHT)).flatten())
    return LabelledFeatures(
        concatenate([kept.features, corrected.features.take(rows)]),
        concatenate_targets([kept.targets, targets]),
        kept.hashes + tuple(corrected.hashes[int(i)] for i in rows),
    )


def weigh(replay: Targets, corrected: Corrected, learned: Tensor, weight: float, share: float) -> Tensor:
    """How much each learned correction counts, [M]: copies of one tweet share the weight of one.

    Args:
        weight: of a correction with its copies, where a post of the replay set has 1.
        share: the most that all corrections may make up of the whole.
    """
    groups = [group for group, is_learned in zip(corrected.groups, learned, strict=True) if is_learned]
    sizes = Counter(groups)
    weights = torch.tensor([weight / sizes[group] for group in groups])
    others = float(replay.weight[replay.post != UNLABELLED].sum())
    most = others * share / (1 - share)
    if float(weights.sum()) > most > 0:
        weights *= most / float(weights.sum())
    # A weight of exactly 1 marks what nobody corrected.
    weights[(weights - PLAIN_WEIGHT).abs() < 1e-3] = PLAIN_WEIGHT + 1e-3
    return weights


def weighted_targets(labels: Tensor, weights: Tensor) -> Targets:
    """Make targets of analysts' labels of whole posts."""
    return replace(make_targets(labels.numpy()), weight=weights)


def earlier_corrections(replay: LabelledFeatures) -> set[tuple[str, int]]:
    """List the corrections that a bundle has learned from: content hash and label."""
    rows = zip(replay.hashes, replay.targets.post, replay.targets.weight, strict=True)
    return {(h, int(label)) for h, label, weight in rows if float(weight) not in (PLAIN_WEIGHT, NO_WEIGHT)}
