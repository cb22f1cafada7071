"""Stage 4: temperatures, on posts that neither chose the epoch nor judge the gate, and decisions by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmsa_tui.model.calibration import Calibration, Temperature, divisors
from mmsa_tui.model.features import Features, concatenate
from mmsa_tui.model.head import HeadConfig
from mmsa_tui.model.labelled import Targets, concatenate_targets
from mmsa_tui.model.metrics import FloatArray, IntArray, calibration_error
from mmsa_tui.model.network import FusionHead, Logits
from mmsa_tui.model.reliability import error_by_chance
from training.examples import Example, group_examples, grouped_folds
from training.full.fusion import FusionSettings, fit_head, predict

_GRID = torch.logspace(-0.7, 0.7, 141)
"""Temperatures 0.2 to 5: outside them the model, not its calibration, is wrong."""

N_CALIBRATION_FOLDS = 5
_MIN_POSTS = 30
_MIN_POSTS_BY_LABEL = 1_000
_PULL = 20.0


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


def fit_by_label(logits: Tensor, wanted: Tensor) -> Temperature:
    """Find a temperature for each label that is said; one for all on fewer than a thousand posts.

    A label's own is drawn to the common one, as if its logarithm had a spread of .16 around it: what a few
    posts say of a rare label counts little. `logits` and `wanted` as in `fit_temperature`.
    """
    common = fit_temperature(logits, wanted)
    known = wanted >= 0
    if int(known.sum()) < _MIN_POSTS_BY_LABEL:
        return common
    logits, wanted = logits[known], wanted[known]
    said = logits.argmax(1)
    pull = _PULL * torch.log(_GRID / common) ** 2
    found = []
    for label in range(logits.shape[1]):
        rows = said == label
        losses = [nn.functional.cross_entropy(logits[rows] / t, wanted[rows], reduction="sum") for t in _GRID]
        found.append(float(_GRID[int((torch.stack(losses) + pull).argmin())]))
    return tuple(found)


@dataclass(frozen=True)
class Known:
    """Logits and class indices, -1 where unlabelled, of the posts that say how sure each head may be."""

    logits: Logits
    both: Tensor
    text: Tensor
    image: Tensor

    @classmethod
    def of(cls, logits: Logits, features: Features, targets: Targets) -> Known:
        """Take for each head the label of what it judges; a post with one modality has only that."""

        def where(mask: Tensor, wanted: Tensor) -> Tensor:
            return torch.where(mask, wanted, torch.full_like(wanted, -1))

        text = torch.where(features.has_image | (targets.text >= 0), targets.text, targets.post)
        image = torch.where(features.has_text | (targets.image >= 0), targets.image, targets.post)
        return cls(
            logits,
            where(features.has_text & features.has_image, targets.post),
            where(features.has_text, text),
            where(features.has_image, image),
        )


def calibrate(
    head: FusionHead,
    features: Features,
    targets: Targets,
    compressed: bool = False,
    tweets: tuple[Features, Tensor] | None = None,
    start: Calibration | None = None,
) -> Calibration:
    """Fit one temperature for each kind of input: both, text alone, picture alone.

    Args:
        tweets: posts without pictures and their class indices. Where they are given, they alone decide
            how sure text alone may be: it is posts without pictures that are judged by it.
        start: where it has a temperature for each label, these keep their proportions: few posts tell only
            how sure all labels together may be.
    """
    start = start or Calibration()
    known = Known.of(predict(head, features, compressed), features, targets)
    text = (known.logits.text, known.text)
    if tweets is not None:
        text = (predict(head, tweets[0]).text, tweets[1])
    return Calibration(
        both=_rescaled(start.both, known.logits.fused, known.both),
        text=fit_by_label(*text) if tweets is not None else _rescaled(start.text, *text),
        image=_rescaled(start.image, known.logits.image, known.image),
    )


def _rescaled(start: Temperature, logits: Tensor, wanted: Tensor) -> Temperature:
    if not isinstance(start, tuple):
        return fit_temperature(logits, wanted)
    factor = fit_temperature(logits / divisors(logits, start), wanted)
    return tuple(temperature * factor for temperature in start)


def cross_fit(
    config: HeadConfig,
    posts: tuple[Features, Targets],
    folds: Sequence[IntArray],
    settings: FusionSettings,
    seed: int,
    *,
    more: tuple[Features, Targets] | None = None,
    select: tuple[Features, Targets] | None = None,
    scaling: FusionHead | None = None,
) -> Logits:
    """Score posts by heads that were fitted without them: one head for each fold, on all others.

    Args:
        folds: rows of `posts`; copies of a post must be in its fold.
        more: what every head learns from besides. select, scaling: as in `fit_head`.
    """
    features, targets = posts
    found = [torch.zeros(len(targets), config.n_labels) for _ in range(3)]
    for fold in folds:
        rest, rows = torch.as_tensor(np.setdiff1d(np.arange(len(targets)), fold)), torch.as_tensor(fold)
        learned = [features.take(rest)], [targets.take(rest)]
        if more is not None:
            learned[0].append(more[0])
            learned[1].append(more[1])
        head = fit_head(
            config, concatenate(learned[0]), concatenate_targets(learned[1]), settings, seed,
            select=select, scaling=scaling,
        )  # fmt: skip
        logits = predict(head, features.take(rows), compressed=scaling is not None)
        for whole, part in zip(found, (logits.fused, logits.text, logits.image), strict=True):
            whole[rows] = part
    return Logits(*found)


@dataclass(frozen=True)
class CrossedTexts:
    """Logits [N, K] of tweets by heads that were fitted without them, and the folds of these heads."""

    tweets: Sequence[Example]
    logits: Tensor
    folds: Sequence[IntArray]

    @property
    def wanted(self) -> Tensor:
        return torch.tensor([tweet.text for tweet in self.tweets])


def cross_texts(
    config: HeadConfig,
    tweets: Sequence[Example],
    learned: tuple[Features, Targets],
    posts: tuple[Features, Targets],
    settings: FusionSettings,
    seed: int,
    scaling: FusionHead | None = None,
) -> CrossedTexts | None:
    """Judge the tweets that a head learned from by heads like it that were fitted without them.

    Args:
        learned: features and labels of `tweets`. posts: what every head learns from besides.
        scaling: as in `fit_head`.

    Returns:
        None where a label has too few tweets for it, copies aside.
    """
    grouped = group_examples(tweets)
    fewest = min(len({t.group for t in grouped if t.text == text}) for text in {t.text for t in grouped})
    if fewest < N_CALIBRATION_FOLDS:
        return None
    folds = grouped_folds([t.text for t in grouped], [t.group for t in grouped], N_CALIBRATION_FOLDS, seed)
    logits = cross_fit(config, learned, folds, settings, seed, more=posts, scaling=scaling)
    return CrossedTexts(tweets, logits.text, folds)


def crossed(calibration: Calibration, known: Known) -> Calibration:
    """Put in place of a calibration of few posts what all posts say by heads that were fitted without them.

    What posts without pictures decided of text alone stays.
    """
    return replace(
        calibration,
        both=fit_by_label(known.logits.fused, known.both),
        image=fit_by_label(known.logits.image, known.image),
    )


def crossed_errors(known: Known, folds: Sequence[IntArray], n_frozen: int) -> dict[str, Any]:
    """Measure calibration errors on posts that neither the head nor its temperatures were fitted on.

    Args:
        folds: as the heads were fitted by; each is measured with temperatures of the others.

    Returns:
        Kind -> posts, error, and what a model that is exactly calibrated would show by chance (mean and
        90 % interval) on as many posts and on `n_frozen`.
    """
    kinds = (
        ("text and picture", known.logits.fused, known.both),
        ("picture alone", known.logits.image, known.image),
    )
    return {
        kind: crossed_error(logits, wanted, folds, n_frozen)
        for kind, logits, wanted in kinds
        if bool((wanted >= 0).any())
    }


def crossed_error(logits: Tensor, wanted: Tensor, folds: Sequence[IntArray], n_frozen: int) -> dict[str, Any]:
    """Measure one kind as `crossed_errors` does; at least one of `wanted` must be a label."""
    probs, truth = torch.zeros_like(logits), wanted.numpy()
    for fold in folds:
        rows, rest = torch.as_tensor(fold), torch.as_tensor(np.setdiff1d(np.arange(len(truth)), fold))
        probs[rows] = Calibration.probs(logits[rows], fit_by_label(logits[rest], wanted[rest]))
    there = truth >= 0
    numbers, n = probs.double().numpy()[there], int(there.sum())
    return {
        "n": n,
        "ece": calibration_error(truth[there], numbers),
        "by_chance": error_by_chance(numbers, n),
        "n_frozen": n_frozen,
        "by_chance_frozen": error_by_chance(numbers, n_frozen),
    }


@torch.no_grad()
def decided(head: FusionHead, calibration: Calibration, features: Features) -> FloatArray:
    """Calibrated probabilities [N, K] of the decision: fused, or of the only modality there is.

    Args:
        features: image features compressed by the head's scaling.
    """
    probs, _, _ = calibration.decide(predict(head, features, compressed=True), features)
    return probs.double().numpy()
