"""A new head from a bundle and corrections: what a retrain learns from, and what judges it.

Two heads are fitted from scratch, with and without the corrections, alike in all that is random;
their difference is what the corrections teach, and is added to the head in use. Fitting the new
head alone would also change one answer in twenty by mere chance.

Tensors in, a candidate with its verdict out; knows no store, no file and no encoder.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.labelled import UNLABELLED, LabelledFeatures, Targets, concatenate_targets, make_targets
from mmsa_tui.model.metrics import FloatArray
from mmsa_tui.model.network import FusionHead
from mmsa_tui.model.verdict import Verdict
from training.calibrate import calibrate
from training.fusion_stage import Epoch, FusionSettings, fit_head, predict
from training.gate import GateRules, Judged, decide

PLAIN_WEIGHT = 1.0
"""What a post of the replay set counts that is no correction."""
NO_WEIGHT = 0.0
"""What such a post counts while a correction stands against it. Any other weight marks a correction
of an earlier retrain."""

ENOUGH_TO_CALIBRATE = 200
"""Tuning posts from which new temperatures are better than those of the head in use."""


@dataclass(frozen=True)
class RefitSettings:
    """Hyper-parameters of a retrain.

    weight: how many posts of the replay set a correction counts for, with its copies. share: the most
    that all corrections together may make up of what is learned from. The encoders have met the
    posts of the replay set and not those corrected, which therefore say more of posts to come: on
    300 corrections a weight of 8 gains more than 4, for honest labels and for a rule of one's own.
    """

    weight: float = 8.0
    share: float = 0.5
    seed: int = 1
    fusion: FusionSettings = field(default_factory=FusionSettings)

    def __post_init__(self) -> None:
        if self.weight <= 0 or not 0 < self.share < 1:
            raise ValueError("weight must be above 0 and share between 0 and 1")


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
    class indices, content hashes, the groups of `held_out.content_group`, and which are held out."""

    features: Features
    labels: Tensor
    hashes: tuple[str, ...]
    groups: tuple[str, ...]
    held_out: Tensor

    def __len__(self) -> int:
        return len(self.hashes)


@dataclass(frozen=True)
class Candidate:
    """A refitted head and what it rests on.

    `replay` is what it was fitted on, for the retrain after this. `before` and `after` are the
    probabilities [N, K] of the corrected posts by the head in use and by this one. `n_learned`
    corrections were fitted on, each post counting `weight` divided among its copies; `n_frozen` more
    are in the frozen or the tuning split and only judge.
    """

    head: FusionHead
    calibration: Calibration
    replay: LabelledFeatures
    verdict: Verdict
    before: FloatArray
    after: FloatArray
    n_learned: int
    n_frozen: int
    weight: float


def refit(
    base: Base,
    corrected: Corrected,
    labels: Sequence[str],
    settings: RefitSettings,
    rules: GateRules | None = None,
    withdrawn: frozenset[str] = frozenset(),
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Candidate:
    """Fit, calibrate and judge a head.

    Args:
        withdrawn: content hashes whose correction was taken back; they are no longer learned from.
        on_epoch: told after each epoch; its F1 is on the tuning posts, 0 if the bundle has none.

    Raises:
        TrainingError: nothing is left to learn from.
    """
    kept_apart = _in(corrected.hashes, base.evaluation.hashes)
    if base.tuning is not None:
        kept_apart |= _in(corrected.hashes, base.tuning.hashes)
    learned = ~(corrected.held_out | kept_apart)
    if not bool(learned.any()):
        raise TrainingError(
            f"none of the {len(corrected)} corrections can be learned from",
            "A fifth of them is held out to judge by, and so are those of the frozen split: make more.",
        )
    replay = _reweigh(base.replay, corrected, learned, withdrawn)
    weights = _weights(replay.targets, corrected, learned, settings)
    rows = torch.nonzero(learned).flatten()
    added = corrected.features.take(rows), _targets(corrected.labels[rows], weights)
    watch = (base.tuning.features, base.tuning.targets) if base.tuning is not None else None

    def fit(targets: Targets, with_corrections: bool) -> FusionHead:
        return fit_head(
            base.head.config,
            base.replay.features,
            targets,
            settings.fusion,
            settings.seed,
            scaling=base.head,
            on_epoch=on_epoch if with_corrections else None,
            added=added if with_corrections else None,
            watch=watch if with_corrections else None,
        )

    head = _moved(base.head, fit(base.replay.targets, False), fit(replay.targets, True))
    calibration = base.calibration
    if base.tuning is not None and len(base.tuning) >= ENOUGH_TO_CALIBRATE:
        calibration = calibrate(head, base.tuning.features, base.tuning.targets, compressed=True)
    before = decided(base.head, base.calibration, corrected.features)
    after = decided(head, calibration, corrected.features)
    verdict = _judge(base, head, calibration, corrected, learned, before, after, labels, rules)
    return Candidate(
        head=head,
        calibration=calibration,
        replay=_with_corrections(replay, base.replay.targets.weight, corrected, rows, added[1]),
        verdict=verdict,
        before=before,
        after=after,
        n_learned=len(rows),
        n_frozen=int(kept_apart.sum()),
        weight=float(weights.max()),
    )


@torch.no_grad()
def decided(head: FusionHead, calibration: Calibration, features: Features) -> FloatArray:
    """Calibrated probabilities [N, K] of the decision: fused, or of the only modality there is.

    Args:
        features: image features compressed by the head's scaling.
    """
    logits = predict(head, features, compressed=True)
    both = (features.has_text & features.has_image).unsqueeze(1)
    alone = torch.where(
        features.has_text.unsqueeze(1),
        Calibration.probs(logits.text, calibration.text),
        Calibration.probs(logits.image, calibration.image),
    )
    probs = torch.where(both, Calibration.probs(logits.fused, calibration.both), alone)
    return probs.double().numpy()


def truth_of(data: LabelledFeatures) -> Tensor:
    """The label [N] that the decision on each post is measured by, `UNLABELLED` where there is none."""
    targets, features = data.targets, data.features
    alone = torch.where(features.has_text, targets.text, targets.image)
    one_modality = ~(features.has_text & features.has_image)
    return torch.where((targets.post == UNLABELLED) & one_modality, alone, targets.post)


def _in(hashes: Sequence[str], others: Sequence[str]) -> Tensor:
    known = set(others) - {""}
    return torch.tensor([h in known for h in hashes], dtype=torch.bool)


def _reweigh(
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


def _with_corrections(
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


def _moved(head: FusionHead, without: FusionHead, with_corrections: FusionHead) -> FusionHead:
    """Add to a head what tells two others apart."""
    moved = copy.deepcopy(head)
    start, plain, taught = (one.state_dict() for one in (head, without, with_corrections))
    moved.load_state_dict({name: start[name] + (taught[name] - plain[name]) for name in start})
    return moved.eval()


def _weights(replay: Targets, corrected: Corrected, learned: Tensor, settings: RefitSettings) -> Tensor:
    """How much each learned correction counts, [M]: copies of one tweet share the weight of one."""
    groups = [group for group, is_learned in zip(corrected.groups, learned, strict=True) if is_learned]
    sizes = Counter(groups)
    weights = torch.tensor([settings.weight / sizes[group] for group in groups])
    others = float(replay.weight[replay.post != UNLABELLED].sum())
    most = others * settings.share / (1 - settings.share)
    if float(weights.sum()) > most > 0:
        weights *= most / float(weights.sum())
    # A weight of exactly 1 marks what nobody corrected.
    weights[(weights - PLAIN_WEIGHT).abs() < 1e-3] = PLAIN_WEIGHT + 1e-3
    return weights


def _targets(labels: Tensor, weights: Tensor) -> Targets:
    return replace(make_targets(labels.numpy()), weight=weights)


def _judge(
    base: Base,
    head: FusionHead,
    calibration: Calibration,
    corrected: Corrected,
    learned: Tensor,
    before: FloatArray,
    after: FloatArray,
    labels: Sequence[str],
    rules: GateRules | None,
) -> Verdict:
    truth = truth_of(base.evaluation).numpy()
    known = truth != UNLABELLED
    frozen = Judged(
        truth[known],
        decided(base.head, base.calibration, base.evaluation.features)[known],
        decided(head, calibration, base.evaluation.features)[known],
    )
    # Copies of one tweet are one observation.
    first = np.zeros(len(corrected), dtype=bool)
    first[np.unique(np.array(corrected.groups), return_index=True)[1]] = True
    corrections = Judged(corrected.labels.numpy(), before, after)
    apart = first & ~learned.numpy()
    earlier = {
        (digest, int(label))
        for digest, label, weight in zip(
            base.replay.hashes, base.replay.targets.post, base.replay.targets.weight, strict=True
        )
        if float(weight) not in (PLAIN_WEIGHT, NO_WEIGHT)
    }
    met = np.array([(h, int(y)) in earlier for h, y in zip(corrected.hashes, corrected.labels, strict=True)])
    return decide(frozen, _part(corrections, apart), _part(corrections, first & ~met), labels, rules)


def _part(judged: Judged, rows: npt.NDArray[np.bool_]) -> Judged:
    return Judged(judged.truth[rows], judged.before[rows], judged.after[rows])
