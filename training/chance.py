"""What chance alone could do: resampling, sign test, permutation test. Arrays in, numbers out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from mmsa_tui.model.metrics import FloatArray, IntArray


def resample(
    statistic: Callable[[IntArray], float], n: int, *, rounds: int = 2_000, seed: int = 0
) -> FloatArray:
    """Compute a statistic of row indices on bootstrap resamples of n rows, [rounds].

    A comparison of two models is paired when the statistic reads both at the rows it is given.
    """
    rng = np.random.default_rng(seed)
    return np.array([statistic(rng.integers(0, n, n)) for _ in range(rounds)])


def resample_counts(kinds: IntArray, n_kinds: int, *, rounds: int = 2_000, seed: int = 0) -> FloatArray:
    """Count the kinds of posts in bootstrap resamples, [rounds, n_kinds].

    The same as resampling rows and counting, for statistics that need no more than counts.

    Args:
        kinds: [N] in 0 .. n_kinds - 1.
    """
    shares = np.bincount(kinds, minlength=n_kinds) / len(kinds)
    drawn = np.random.default_rng(seed).multinomial(len(kinds), shares, size=rounds)
    return drawn.astype(np.float64)


def percentile_interval(values: FloatArray) -> tuple[float, float]:
    """The middle 95 % of resampled values."""
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))


def is_more(worse: int, better: int, chance: float) -> bool:
    """Whether so many more got worse than better that chance is an unlikely reason (sign test)."""
    n = worse + better
    tail = sum(math.comb(n, k) for k in range(worse, n + 1)) / 2**n
    return worse > better and tail < chance


def chance_of_fit(
    scores: FloatArray, truth: IntArray, strata: IntArray, *, rounds: int = 2_000, seed: int = 0
) -> float:
    """How often labels dealt out anew within strata fit posts as well as the given ones do.

    Args:
        scores: [N, K], how well each label fits each post.
        truth: [N] class indices, the labels given.
        strata: [N]; labels change places only among posts of one stratum.

    Returns:
        The chance, never 0 (the given order counts as one of the deals); 1.0 on fewer than two posts.
    """
    if len(truth) < 2:
        return 1.0
    rng = np.random.default_rng(seed)
    rows = np.arange(len(truth))
    observed = scores[rows, truth].sum()
    order = np.argsort(strata, kind="stable")
    dealt = np.empty_like(truth)
    as_good = 0
    for _ in range(rounds):
        # Sorting by stratum and then at random shuffles inside all strata at once.
        dealt[order] = truth[np.lexsort((rng.random(len(truth)), strata))]
        as_good += bool(scores[rows, dealt].sum() >= observed - 1e-9)
    return (as_good + 1) / (rounds + 1)
