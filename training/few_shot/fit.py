"""Regularised logistic regression on frozen features, its settings chosen and its answers judged by folds.

With a hundred labels nothing larger can be fitted; what can be chosen is which features are listened to and
how freely. Both are chosen by grouped cross-validation, and the answers that a head is judged by come from
folds that neither fitted nor chose anything for it (nested cross-validation). Arrays in, arrays out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from mmsa_tui.model.metrics import FloatArray, IntArray
from training.examples import grouped_folds
from training.logistic import logistic_regression

N_OUTER, N_INNER = 5, 5
_MOST_NUMBERS = 1_000
"""Weights up to which Newton's method is the faster one."""
_MOST_STEPS = 30
STRENGTHS = (1.0, 10.0, 100.0)
"""Inverse penalties of a squared weight, on blocks scaled to length one."""
ADJUSTMENT = 0.5
"""How much of a label's log share its score gives up (A. Menon et al., ICLR 2021). A head of a hundred labels
knows little, and would else hardly ever give a label that one post in five has; all of it gives such a label
far too often. Chosen on seven tasks, confirmed on five others (docs/estimates.md)."""


@dataclass(frozen=True)
class Block:
    """A part of the features, [N, D], that is listened to as a whole or not at all."""

    name: str
    columns: slice


@dataclass(frozen=True)
class Recipe:
    """How one fit is made: how loud each block is (0 for not at all), and the inverse penalty."""

    gains: tuple[float, ...]
    strength: float


@dataclass(frozen=True)
class Linear:
    """A linear head: `weight` [K, D] and `bias` [K], of features as they come."""

    weight: FloatArray
    bias: FloatArray

    def logits(self, features: FloatArray) -> FloatArray:
        """Score posts, [N, K]."""
        out: FloatArray = features @ self.weight.T + self.bias
        return out


@dataclass(frozen=True)
class Fitted:
    """A head and what is known of it.

    `held_out` [N, K] are the scores of each post by a head that was chosen and fitted without its group.
    """

    head: Linear
    recipe: Recipe
    held_out: FloatArray


def fit(
    features: FloatArray,
    labels: IntArray,
    groups: Sequence[int],
    n_labels: int,
    blocks: Sequence[Block],
    gains: Sequence[tuple[float, ...]],
    *,
    seed: int = 0,
) -> Fitted:
    """Choose a recipe and fit with it.

    Args:
        features: [N, D], centred and scaled, a column of zeros where a modality is missing.
        labels: [N] class indices; each class has posts of two groups or more.
        groups: copies of one post have one number and never part.
        gains: how loud the blocks may be, the combinations to choose from.
    """
    # Threads that share a fit of milliseconds wait for each other most of the time.
    with threadpool_limits(1):
        return _fit(_Basis(features, blocks), labels, groups, n_labels, gains, seed)


def _fit(
    basis: _Basis,
    labels: IntArray,
    groups: Sequence[int],
    n_labels: int,
    gains: Sequence[tuple[float, ...]],
    seed: int,
) -> Fitted:
    recipes = [Recipe(gain, strength) for gain in gains for strength in STRENGTHS]
    held_out = np.zeros((len(labels), n_labels))
    everything = np.arange(len(labels))
    for test in _folds(labels, groups, everything, N_OUTER, seed):
        train = np.setdiff1d(everything, test)
        recipe = _choose(basis, labels, groups, train, n_labels, recipes, seed)
        head = _adjusted(basis.fit(recipe, labels, train, n_labels), labels[train])
        held_out[test] = head.logits(basis.features[test])
    recipe = _choose(basis, labels, groups, everything, n_labels, recipes, seed)
    head = _adjusted(basis.fit(recipe, labels, everything, n_labels), labels)
    return Fitted(head, recipe, held_out)


def _adjusted(head: Linear, labels: IntArray) -> Linear:
    """Take part of its log share from the score of each label that was taught."""
    kinds, counts = np.unique(labels, return_counts=True)
    bias = head.bias.copy()
    bias[kinds] -= ADJUSTMENT * np.log(counts / len(labels))
    return Linear(head.weight, bias)


def log_loss(logits: FloatArray, labels: IntArray) -> float:
    """Mean negative log-likelihood of the right labels."""
    top = logits - logits.max(axis=1, keepdims=True)
    likely = top[np.arange(len(labels)), labels] - np.log(np.exp(top).sum(axis=1))
    return float(-likely.mean())


class _Basis:
    """Features with each block scaled to length one on average, so that gains and strengths mean the same."""

    def __init__(self, features: FloatArray, blocks: Sequence[Block]) -> None:
        self.features, self._blocks = features, blocks
        self._length = []
        for block in blocks:
            squares = (features[:, block.columns] ** 2).sum(axis=1)
            there = squares > 0
            self._length.append(float(np.sqrt(squares[there].mean())) if there.any() else 1.0)
        self._turned: dict[tuple[float, ...], tuple[FloatArray, FloatArray, FloatArray]] = {}

    def _turn(self, gains: tuple[float, ...]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Scale [D], and the scaled features in the few directions that N posts span, [N, R] and [R, D].

        A squared penalty leaves a fit within that span, so that it is the same fit at a tenth of the cost.
        """
        if gains not in self._turned:
            scale = np.zeros(self.features.shape[1])
            for block, length, gain in zip(self._blocks, self._length, gains, strict=True):
                scale[block.columns] = gain / length
            left, values, right = np.linalg.svd(self.features * scale, full_matrices=False)
            kept = values > 1e-9 * max(values[0], 1e-12)
            self._turned[gains] = (scale, (left * values)[:, kept], right[kept])
        return self._turned[gains]

    def fit(self, recipe: Recipe, labels: IntArray, rows: IntArray, n_labels: int) -> Linear:
        scale, turned, directions = self._turn(recipe.gains)
        weight = np.zeros((n_labels, self.features.shape[1]))
        # A label that this fold lacks is as unlikely as one post in a hundred makes it.
        bias = np.full(n_labels, np.log(0.01))
        kinds, at = np.unique(labels[rows], return_inverse=True)
        found, bias[kinds] = _solve(turned[rows], at, len(kinds), recipe.strength)
        weight[kinds] = (found @ directions) * scale
        return Linear(weight, bias)


def _solve(x: FloatArray, labels: IntArray, n_labels: int, strength: float) -> tuple[FloatArray, FloatArray]:
    """Fit a logistic regression, weights [K, R] and biases [K], by Newton's method.

    On a hundred posts it takes a millisecond, where a solver made for large data takes four.
    """
    n, width = x.shape
    if n_labels * width > _MOST_NUMBERS:
        return logistic_regression(x, labels, n_labels, strength)
    rows = np.concatenate([x, np.ones((n, 1))], axis=1)
    wanted = np.eye(n_labels)[labels]
    # The biases are free but for a trace, without which they could all rise together.
    penalty = np.full((n_labels, width + 1), 1 / strength)
    penalty[:, -1] = 1e-4

    def loss_of(theta: FloatArray) -> tuple[float, FloatArray]:
        logits = rows @ theta.T
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probs = powers / powers.sum(axis=1, keepdims=True)
        likely = np.log(np.maximum((probs * wanted).sum(axis=1), 1e-300))
        return float(0.5 * (penalty * theta**2).sum() - likely.sum()), probs

    theta = np.zeros((n_labels, width + 1))
    loss, probs = loss_of(theta)
    for _ in range(_MOST_STEPS):
        slope = (probs - wanted).T @ rows + penalty * theta
        if np.abs(slope).max() < 1e-4:
            break
        bend = np.diag(penalty.ravel())
        size = width + 1
        for one in range(n_labels):
            for other in range(n_labels):
                pull = probs[:, one] * ((one == other) - probs[:, other])
                block = slice(one * size, (one + 1) * size), slice(other * size, (other + 1) * size)
                bend[block] += rows.T @ (pull[:, None] * rows)
        step = np.linalg.solve(bend, slope.ravel()).reshape(theta.shape)
        length = 1.0
        while True:
            after, probs_after = loss_of(theta - length * step)
            if after <= loss or length < 1e-3:
                break
            length /= 2
        theta, loss, probs = theta - length * step, after, probs_after
    return theta[:, :-1], theta[:, -1]


def _choose(
    basis: _Basis,
    labels: IntArray,
    groups: Sequence[int],
    rows: IntArray,
    n_labels: int,
    recipes: Sequence[Recipe],
    seed: int,
) -> Recipe:
    """Choose the recipe under which posts that were left out are the likeliest; ties go to the first."""
    folds = [(np.setdiff1d(rows, test), test) for test in _folds(labels, groups, rows, N_INNER, seed)]
    losses = [
        sum(
            log_loss(basis.fit(recipe, labels, train, n_labels).logits(basis.features[test]), labels[test])
            * len(test)
            for train, test in folds
        )
        for recipe in recipes
    ]
    return recipes[int(np.argmin(losses))]


def _folds(
    labels: IntArray, groups: Sequence[int], rows: IntArray, n_folds: int, seed: int
) -> list[IntArray]:
    """Cut rows into folds that no group crosses; fewer where a label has fewer groups.

    A fold is left out whose rest holds one label alone: nothing could be fitted on it.
    """
    kinds: dict[int, set[int]] = {}
    for row in rows:
        kinds.setdefault(int(labels[row]), set()).add(groups[row])
    n = max(2, min(n_folds, *(len(found) for found in kinds.values())))
    cut = grouped_folds(labels[rows].tolist(), [groups[row] for row in rows], n, seed)
    folds = [rows[part] for part in cut if len(part)]
    return [part for part in folds if len(set(labels[np.setdiff1d(rows, part)])) > 1]
