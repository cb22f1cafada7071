"""A new head from a bundle and corrections: what a retrain learns from, and what judges it.

Two heads are fitted from scratch, with and without the corrections, alike in all that is random;
their difference is what the corrections teach, and is added to the head in use. Fitting the new
head alone would also change one answer in twenty by mere chance.

Tensors in, a candidate with its verdict out; knows no store, no file and no encoder.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.labelled import UNLABELLED, LabelledFeatures
from mmsa_tui.model.metrics import FloatArray
from mmsa_tui.model.network import FusionHead
from mmsa_tui.model.verdict import Outlook, Verdict
from training.calibrate import calibrate
from training.fusion_stage import Epoch, FusionSettings, fit_head, predict
from training.gate import GateRules, Judged, decide
from training.rehearsal import (
    Base,
    Corrected,
    among,
    earlier_corrections,
    reweigh,
    truth_of,
    weigh,
    weighted_targets,
    with_corrections,
)

LEAST_STEPS, MOST_EPOCHS = 150, 60
"""A replay set of a few hundred posts is gone through more often: in 12 epochs of 4 steps a head
learns too little from its corrections (macro-F1 .014 less on 500 posts)."""

ENOUGH_TO_LOOK_AHEAD = 10
"""Held-out corrections from which the gain of more corrections is worth estimating."""

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
class Candidate:
    """A refitted head and what it rests on.

    `replay` is what it was fitted on, for the retrain after this. `before` and `after` are the
    probabilities [N, K] of the corrected posts by the head in use and by this one. `n_learned`
    corrections were fitted on, each post counting `weight` divided among its copies; `n_frozen` more
    are in the frozen or the tuning split and only judge. `outlook` is None where too few are held
    out to tell, or where nobody asked.
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
    outlook: Outlook | None = None


def refit(
    base: Base,
    corrected: Corrected,
    labels: Sequence[str],
    settings: RefitSettings,
    rules: GateRules | None = None,
    withdrawn: frozenset[str] = frozenset(),
    on_epoch: Callable[[Epoch], None] | None = None,
    look_ahead: bool = False,
    on_comparison: Callable[[str, Epoch], None] | None = None,
) -> Candidate:
    """Fit, calibrate and judge a head.

    Args:
        withdrawn: content hashes whose correction was taken back; they are no longer learned from.
        on_epoch: told after each epoch; its F1 is on the tuning posts, 0 if the bundle has none.
        look_ahead: also fit on half of the corrections, to tell whether more are likely to pay.
        on_comparison: told likewise of the fits that only compare, `without` corrections and on `half`.

    Raises:
        TrainingError: nothing is left to learn from.
    """
    kept_apart = among(corrected.hashes, base.evaluation.hashes)
    if base.tuning is not None:
        kept_apart |= among(corrected.hashes, base.tuning.hashes)
    learned = ~(corrected.held_out | kept_apart)
    if not bool(learned.any()):
        raise TrainingError(
            f"none of the {len(corrected)} corrections can be learned from",
            "A fifth of them is held out to judge by, and so are those of the frozen split: make more.",
        )
    replay = reweigh(base.replay, corrected, learned, withdrawn)
    weights = weigh(replay.targets, corrected, learned, settings.weight, settings.share)
    rows = torch.nonzero(learned).flatten()
    added = corrected.features.take(rows), weighted_targets(corrected.labels[rows], weights)
    watch = (base.tuning.features, base.tuning.targets) if base.tuning is not None else None
    fit = partial(
        fit_head, base.head.config, base.replay.features, settings=_enough(settings.fusion, len(replay)),
        seed=settings.seed, scaling=base.head,
    )  # fmt: skip

    def comparison(name: str) -> Callable[[Epoch], None] | None:
        return None if on_comparison is None else partial(on_comparison, name)

    without = fit(targets=base.replay.targets, on_epoch=comparison("without"))
    taught = fit(targets=replay.targets, added=added, watch=watch, on_epoch=on_epoch)
    head = _moved(base.head, without, taught)
    calibration = base.calibration
    if base.tuning is not None and len(base.tuning) >= ENOUGH_TO_CALIBRATE:
        calibration = calibrate(head, base.tuning.features, base.tuning.targets, compressed=True)
    before = decided(base.head, base.calibration, corrected.features)
    after = decided(head, calibration, corrected.features)
    outlook = None
    if look_ahead:
        some = torch.arange(0, len(rows), 2)
        half = fit(
            targets=replay.targets, added=(added[0].take(some), added[1].take(some)),
            on_epoch=comparison("half"),
        )  # fmt: skip
        half_way = decided(_moved(base.head, without, half), calibration, corrected.features)
        outlook = _look_ahead(corrected, learned, half_way, after)
    verdict = _judge(base, head, calibration, corrected, learned, before, after, labels, rules)
    return Candidate(
        head=head,
        calibration=calibration,
        replay=with_corrections(replay, base.replay.targets.weight, corrected, rows, added[1]),
        verdict=verdict,
        before=before,
        after=after,
        n_learned=len(rows),
        n_frozen=int(kept_apart.sum()),
        weight=float(weights.max()),
        outlook=outlook,
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


def _enough(fusion: FusionSettings, n_posts: int) -> FusionSettings:
    steps_an_epoch = -(-n_posts // fusion.batch_size)
    epochs = min(MOST_EPOCHS, -(-LEAST_STEPS // steps_an_epoch))
    return replace(fusion, epochs=max(fusion.epochs, epochs))


def _moved(head: FusionHead, without: FusionHead, with_corrections: FusionHead) -> FusionHead:
    """Add to a head what tells two others apart."""
    moved = copy.deepcopy(head)
    start, plain, taught = (one.state_dict() for one in (head, without, with_corrections))
    moved.load_state_dict({name: start[name] + (taught[name] - plain[name]) for name in start})
    return moved.eval()


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
    earlier = earlier_corrections(base.replay)
    met = np.array([(h, int(y)) in earlier for h, y in zip(corrected.hashes, corrected.labels, strict=True)])
    return decide(frozen, _part(corrections, apart), _part(corrections, first & ~met), labels, rules)


def _look_ahead(
    corrected: Corrected, learned: Tensor, half_way: FloatArray, after: FloatArray
) -> Outlook | None:
    apart = torch.nonzero(~learned).flatten().numpy()
    if len(apart) < ENOUGH_TO_LOOK_AHEAD:
        return None
    wanted = corrected.labels.numpy()[apart]
    gains = after[apart, wanted] - half_way[apart, wanted]
    return Outlook(
        n_learned=int(learned.sum()),
        n_held_out=len(apart),
        gain=float(gains.mean()),
        noise=float(gains.std(ddof=1) / len(apart) ** 0.5),
    )


def _part(judged: Judged, rows: npt.NDArray[np.bool_]) -> Judged:
    return Judged(judged.truth[rows], judged.before[rows], judged.after[rows])
