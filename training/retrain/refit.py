"""A new head from a bundle and corrections: what a retrain learns from, and what judges it.

Two heads are fitted from scratch, with and without the corrections, alike in all that is random;
their difference is what the corrections teach, and is added to the head in use: as much of it as
posts kept apart bear out, or all of it where analysts follow a rule of their own. Fitting the new
head alone would also change one answer in twenty by mere chance.

Tensors in, a candidate with its verdict out; knows no store, no file and no encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

from mmsa_tui.bundle.lesson import Lesson
from mmsa_tui.errors import TrainingError
from mmsa_tui.model.calibration import Calibration
from mmsa_tui.model.features import Features
from mmsa_tui.model.labelled import UNLABELLED, LabelledFeatures
from mmsa_tui.model.metrics import BoolArray, FloatArray
from mmsa_tui.model.network import FusionHead
from mmsa_tui.retrain.messages import Fit
from mmsa_tui.retrain.verdict import Outlook, Verdict
from training.full.calibrate import calibrate, decided
from training.full.fusion import Epoch, FusionSettings, fit_head
from training.modalities import shares_of, shown_as
from training.retrain.gate import GateRules, Judged, decide
from training.retrain.own_rule import Agreement
from training.retrain.rehearsal import (
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
from training.retrain.step import choose_step, moved

ENOUGH_TO_LOOK_AHEAD = 10
"""Held-out corrections from which the gain of more corrections is worth estimating."""

ENOUGH_TO_TUNE = 200
"""Tuning posts from which they tell better how far to go, and with which temperatures."""

WEIGHT, SHARE = 8.0, 0.5
"""What a correction counts with its copies, and the most that all of them may make up of what is
learned from. The encoders have met the posts of the replay set and not those corrected, which
therefore say more of posts to come: on 300 corrections 8 gains more than 4."""

RULE_WEIGHT, RULE_SHARE = 48.0, 0.8
"""The same for a rule of one's own, which the replay set contradicts: agreement with it rises by .08
at 16, by .11 at 48 and no further at 64."""


_ALONE = {"text": "words", "image": "picture"}


@dataclass(frozen=True)
class RefitSettings:
    """Hyper-parameters of a retrain.

    weight: how many posts of the replay set a correction counts for, with its copies; None for what
        measures best. rule: whether analysts follow a rule of their own; None to tell by the corrections.
    """

    weight: float | None = None
    rule: bool | None = None
    seed: int = 1
    fusion: FusionSettings = field(default_factory=FusionSettings)

    def __post_init__(self) -> None:
        if self.weight is not None and self.weight <= 0:
            raise ValueError("weight must be above 0")


@dataclass(frozen=True)
class Candidate:
    """A refitted head and what it rests on.

    `replay` is what it was fitted on, for the retrain after this. `before` and `after` are the
    probabilities [N, K] of the corrected posts by the head in use and by this one. `lesson` is what
    was made of the corrections; `n_frozen` more are in the frozen or the tuning split and only judge.
    `outlook` is None where too few are held out to tell, or where nobody asked.
    """

    head: FusionHead
    calibration: Calibration
    replay: LabelledFeatures
    verdict: Verdict
    before: FloatArray
    after: FloatArray
    lesson: Lesson
    n_frozen: int
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
    on_comparison: Callable[[Fit, Epoch], None] | None = None,
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
    before = decided(base.head, base.calibration, corrected.features)
    unseen = _first_of_copies(corrected) & ~_met(base, corrected)
    agreement = Agreement.of(before[unseen], corrected.labels.numpy()[unseen])
    is_rule = agreement.is_own_rule if settings.rule is None else settings.rule
    replay = reweigh(base.replay, corrected, learned, withdrawn)
    weight = settings.weight or (RULE_WEIGHT if is_rule else WEIGHT)
    weights = weigh(replay.targets, corrected, learned, weight, RULE_SHARE if is_rule else SHARE)
    rows = torch.nonzero(learned).flatten()
    added = corrected.features.take(rows), weighted_targets(corrected.labels[rows], weights)
    watch = (base.tuning.features, base.tuning.targets) if base.tuning is not None else None
    fit = partial(
        fit_head, base.head.config, base.replay.features, settings=settings.fusion,
        seed=settings.seed, scaling=base.head,
    )  # fmt: skip

    def comparison(name: Fit) -> Callable[[Epoch], None] | None:
        return None if on_comparison is None else partial(on_comparison, name)

    without = fit(targets=base.replay.targets, on_epoch=comparison("without"))
    taught = fit(targets=replay.targets, added=added, watch=watch, on_epoch=on_epoch)
    step, head, calibration = _move(base, without, taught, is_rule, added[0])
    after = decided(head, calibration, corrected.features)
    outlook = None
    if look_ahead:
        some = torch.arange(0, len(rows), 2)
        half = fit(
            targets=replay.targets, added=(added[0].take(some), added[1].take(some)),
            on_epoch=comparison("half"),
        )  # fmt: skip
        half_way = decided(moved(base.head, without, half, step), calibration, corrected.features)
        outlook = _look_ahead(corrected, learned, half_way, after)
    return Candidate(
        head=head,
        calibration=calibration,
        replay=with_corrections(replay, base.replay.targets.weight, corrected, rows, added[1]),
        verdict=_judge(base, head, calibration, corrected, learned, before, after, labels, rules, withdrawn),
        before=before,
        after=after,
        lesson=Lesson(
            n_learned=len(rows),
            weight=float(weights.max()),
            step=step,
            is_rule=is_rule,
            is_found=settings.rule is None,
            n_compared=agreement.n,
            agreement=agreement.share,
            expected=agreement.expected,
        ),
        n_frozen=int(kept_apart.sum()),
        outlook=outlook,
    )


def _move(
    base: Base, without: FusionHead, taught: FusionHead, is_rule: bool, learned: Features
) -> tuple[float, FusionHead, Calibration]:
    """Go as far as tuning posts bear out; all the way where they cannot tell, or follow other rules."""
    enough = base.tuning is not None and len(base.tuning) >= ENOUGH_TO_TUNE
    if base.tuning is not None and enough and not is_rule:
        return choose_step(base.head, without, taught, base.tuning, shares_of(learned), base.calibration)
    head, calibration = moved(base.head, without, taught), base.calibration
    if base.tuning is not None and enough:
        calibration = calibrate(
            head, base.tuning.features, base.tuning.targets, compressed=True, start=base.calibration
        )
    return 1.0, head, calibration


def _first_of_copies(corrected: Corrected) -> BoolArray:
    """Tell the first of each group, [N]: copies of one tweet are one observation."""
    first = np.zeros(len(corrected), dtype=bool)
    first[np.unique(np.array(corrected.groups), return_index=True)[1]] = True
    return first


def _met(base: Base, corrected: Corrected) -> BoolArray:
    """Tell the corrections that the head in use has learned from, [N]."""
    earlier = earlier_corrections(base.replay)
    return np.array([(h, int(y)) in earlier for h, y in zip(corrected.hashes, corrected.labels, strict=True)])


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
    withdrawn: frozenset[str],
) -> Verdict:
    def judged(posts: LabelledFeatures) -> Judged:
        truth = truth_of(posts).numpy()
        known = truth != UNLABELLED
        return Judged(
            truth[known],
            decided(base.head, base.calibration, posts.features)[known],
            decided(head, calibration, posts.features)[known],
        )

    rows = torch.nonzero(learned).flatten()
    alone = {
        _ALONE[kind]: judged(shown_as(base.evaluation, kind))
        for kind in shares_of(corrected.features.take(rows))
        if kind != "both"
    }
    first = _first_of_copies(corrected)
    corrections = Judged(corrected.labels.numpy(), before, after)
    met = _met(base, corrected)
    held_out, unseen = first & ~learned.numpy(), first & ~met
    n_new = int((learned.numpy() & ~met).sum()) + _n_withdrawn(base, withdrawn)
    return decide(
        judged(base.evaluation),
        _part(corrections, held_out),
        _part(corrections, unseen),
        labels,
        rules,
        alone,
        n_new,
    )


def _n_withdrawn(base: Base, withdrawn: frozenset[str]) -> int:
    """Count the corrections that the head in use has learned and that were taken back since."""
    return sum(digest in withdrawn for digest, _ in earlier_corrections(base.replay))


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


def _part(judged: Judged, rows: BoolArray) -> Judged:
    return Judged(judged.truth[rows], judged.before[rows], judged.after[rows])
