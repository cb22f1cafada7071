"""The linear layers of a head, each fitted to its optimum: a logistic regression on standardised blocks.

By steps, in the few epochs that attention takes, the same layers end a point short of it (accuracy .719
against .730 by cross-validation on MVSA, docs/scores.md), and elsewhere at each seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from mmsa_tui.errors import TrainingError
from mmsa_tui.model.labelled import Targets
from mmsa_tui.model.metrics import FloatArray, IntArray
from mmsa_tui.model.network import DefaultHead
from training.logistic import logistic_regression

_LEAST_SPREAD = 0.01
"""Mean variance of a block's numbers, of which standardised ones have 1."""


def fit_linear(
    head: DefaultHead,
    read: tuple[Tensor, Tensor, Tensor],
    wanted: Targets,
    counts: Mapping[str, Tensor],
    prior: Mapping[str, Tensor],
    strengths: Mapping[str, float],
    picture: float = 0.0,
) -> None:
    """Fit what judges the words, the picture and both, in place, and freeze them.

    Args:
        read: scaled text [N, T], lexicon [N, L] and compressed picture [N, C], as the layers get them.
        wanted: the labels that teach each layer.
        counts: for each kind of label what each post counts, [N].
        prior: for each kind of label what the loss adds to the logits, [K].
        strengths: for each kind the inverse penalty of a squared weight, where each block (a view of the
            text, the lexicon, the picture) has length one on average, so that none counts for being wide.
        picture: how much of what judges the picture is added to what judges both; nothing where pictures
            lack a label that posts have.

    Raises:
        TrainingError: a feature is not a number.
    """
    text, lexicon, image = (part.double().numpy() for part in read)
    views = head.config.text_blocks or (head.config.n_text,)
    words = np.concatenate([text, lexicon], axis=1)
    of_words = [*views, lexicon.shape[1]]
    both = np.concatenate([words, image], axis=1)
    for layer, x, widths, labels, kind in (
        (head.post_head, both, [*of_words, image.shape[1]], wanted.post, "post"),
        (head.text_head, words, of_words, wanted.text, "text"),
        (head.image_head, image, [image.shape[1]], wanted.image, "image"),
    ):
        weights = counts[kind].double().numpy()
        rows = np.flatnonzero((labels.numpy() >= 0) & (weights > 0))
        weight, bias = _fitted(x[rows], widths, labels.numpy()[rows], weights[rows], layer, strengths[kind])
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight))
            # A shift of the logits takes nothing but the bias to another place.
            layer.bias.copy_(torch.from_numpy(bias) - prior[kind])
        layer.requires_grad_(False)
    if _kinds(wanted.post, counts["post"]) <= _kinds(wanted.image, counts["image"]):
        with torch.no_grad():
            head.post_head.weight[:, -image.shape[1] :].add_(picture * head.image_head.weight)
            head.post_head.bias.add_(picture * head.image_head.bias)


def _kinds(labels: Tensor, counts: Tensor) -> set[int]:
    """Tell which labels posts that count for something have."""
    return set(labels[(labels >= 0) & (counts > 0)].tolist())


def _fitted(
    x: FloatArray,
    widths: Sequence[int],
    labels: IntArray,
    counts: FloatArray,
    layer: nn.Linear,
    strength: float,
) -> tuple[FloatArray, FloatArray]:
    """Weights [K, D] and biases [K] on features as they come; a label that no post has is unlikely."""
    weight, bias = np.zeros((layer.out_features, layer.in_features)), np.zeros(layer.out_features)
    if not len(labels):
        return weight, bias
    if not np.isfinite(x).all():
        raise TrainingError(
            f"features of {int((~np.isfinite(x).all(axis=1)).sum())} posts are not numbers",
            "See whether the encoders are whole: `mmsa bundle verify`.",
        )
    kinds, at = np.unique(labels, return_inverse=True)
    bias[:] = np.log(0.5 / len(labels))
    if len(kinds) == 1:
        bias[kinds] = 0.0
        return weight, bias
    squares = ((x - x.mean(axis=0)) ** 2).mean(axis=0)
    edges = np.cumsum([0, *widths])
    # What hardly differs between posts stays as soft as it is: to make it louder would be to hear noise.
    lengths = [np.sqrt(max(squares[a:b].sum(), _LEAST_SPREAD * (b - a))) for a, b in pairwise(edges)]
    scale = 1 / np.repeat(lengths, widths)
    # Threads that share a fit of a second wait for each other most of the time.
    with threadpool_limits(1):
        found, bias[kinds] = logistic_regression(
            x * scale, at, len(kinds), strength, counts * len(counts) / counts.sum()
        )
    weight[kinds] = found * scale
    return weight, bias
