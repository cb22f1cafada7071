"""How far a mean over a sample can be from that over all posts: its variance, and an interval from it.

Arrays in, numbers out. Knows designs (weights, copies, a finite source), not what is estimated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

QUANTILE = 1.959964
"""Of the normal distribution: 95 % lie within."""
_STEADY = 0.25
"""Variance of one imagined post, so that a sample without a single error does not claim certainty."""


def variance_of_mean(
    residual: FloatArray, w: FloatArray, fraction: FloatArray, clusters: IntArray, n_terms: int
) -> float:
    """Estimate the variance of a weighted mean of residuals, drawn without replacement, copies together."""
    n = len(residual)
    if n <= n_terms:
        return _STEADY / n
    return _squares(residual, w, fraction, clusters) * n / (n - n_terms)


def effective_size(
    mean: float,
    model_variance: float,
    plain_variance: float,
    w: FloatArray,
    fraction: FloatArray,
) -> float:
    """Say how many posts drawn plainly would tell as much.

    What weights, copies and a finite source do is taken from the plain variance where it can be seen
    in it, else from the weights; what the model brings from the ratio of the two variances.
    """
    n = len(w)
    steady = _STEADY / n**2
    gain = min(1.0, (model_variance + steady) / (plain_variance + steady))
    binomial = mean * (1 - mean) / n
    audited = float(fraction.mean())
    kish = n * float((w**2).sum()) / float(w.sum()) ** 2 * max(1 - audited, 1e-6)
    # With few posts of a kind their own variance is no guide.
    trust = min(1.0, mean * (1 - mean) * n / 5)
    design = kish + trust * (plain_variance / binomial - kish) if binomial > 0 else kish
    return n / max(design, 1e-6) / gain / _uneven(w) ** 2


def _uneven(w: FloatArray) -> float:
    """Say how much wider an interval is for a variance that few posts of much weight tell.

    Student's quantile with F. Satterthwaite's degrees of freedom (Biometrics Bulletin 2, 1946), against that
    of as many posts of one weight: 1 where all weigh the same.
    """
    from scipy.special import stdtrit

    n = len(w)
    freedom = float((w**2).sum()) ** 2 / float((w**4).sum())
    # Below two degrees of freedom the quantile runs away, and nobody audits so few.
    few, many = stdtrit([max(freedom, 2.0), max(n, 2.0)], 0.975)
    return float(few / many)


def bound_in_parts(
    value: float,
    y: FloatArray,
    residual: FloatArray,
    w: FloatArray,
    fraction: FloatArray,
    clusters: IntArray,
    parts: Sequence[tuple[BoolArray, float]],
    n_terms: int,
) -> tuple[float, float]:
    """Bound a mean over several kinds of posts, each of a known share: where the model says yes, and no.

    Each part is bounded by itself, and the distances are added in squares, side by side (G. Zou and
    A. Donner, Stat. Med. 27, 2008; R. Newcombe's interval of a difference is a case of it). So errors that
    go one way widen the interval that way, and a part without an error has the room that its own bound
    leaves, however seldom the model errs.

    Args:
        value: the mean to bound.
        y: [n] what people said of the sample.
        residual: [n] what the model leaves of it unexplained, around 0 over all parts.
        parts: for each kind, [n] which of the sample are of it, and its share of all posts.
        n_terms: how many terms were fitted.
    """
    n = len(y)
    below = above = apart = 0.0
    for of_it, part in parts:
        here, chance = w[of_it], fraction[of_it]
        size = len(here)
        mean = float((here * y[of_it]).sum() / here.sum())
        # What is fitted is fitted once, over all parts.
        unexplained = _squares(residual[of_it], here, chance, clusters[of_it])
        plain = _squares(y[of_it] - mean, here, chance, clusters[of_it]) * size / max(size - 1, 1)
        n_effective = effective_size(mean, unexplained * n / (n - n_terms), plain, here, chance)
        low, high = each_side(mean, n_effective)
        below += (part * (mean - low)) ** 2
        above += (part * (high - mean)) ** 2
        apart += (float(here.sum() / w.sum())) ** 2 * unexplained
    # Copies may lie in several parts, and then err together.
    together = _squares(residual, w, fraction, clusters)
    wider = math.sqrt(max(1.0, together / apart)) if apart > 0 else 1.0
    middle = min(max(value, 0.0), 1.0)
    return max(0.0, middle - wider * math.sqrt(below)), min(1.0, middle + wider * math.sqrt(above))


def wilson(share: float, n: float) -> tuple[float, float]:
    """Bound a share with E. Wilson's score interval (JASA 22, 1927)."""
    square = QUANTILE**2 / n
    middle = (share + square / 2) / (1 + square)
    half = math.sqrt(max(share * (1 - share) * square + square**2 / 4, 0.0)) / (1 + square)
    # Rounding may put a bound on the wrong side of a share of 0 or 1.
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))


def each_side(share: float, n: float) -> tuple[float, float]:
    """Bound a share below and above, each side with an error of 2.5 % of its own.

    T. Cai's bounds of second order (J. Stat. Plan. Inference 131, 2005). Those of Wilson's interval err too
    seldom on the side of the middle and too often on the other; that evens out within one interval, but not
    between sides of several.
    """
    square = QUANTILE**2
    towards = square / 3 + 1 / 6
    middle = (share * n + towards) / (n + 2 * towards)
    spread = share * (1 - share)
    second = (square / 18 + 7 / 36) - spread * (13 * square + 17) / 18
    half = QUANTILE * math.sqrt(max(spread + second / n, 0.0) / n)
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))


def _squares(residual: FloatArray, w: FloatArray, fraction: FloatArray, clusters: IntArray) -> float:
    """Add up what each group of copies does to a weighted mean, squared."""
    scaled = w / w.sum() * residual * np.sqrt(1 - fraction)
    _, group = np.unique(clusters, return_inverse=True)
    return float((np.bincount(group, weights=scaled) ** 2).sum())
