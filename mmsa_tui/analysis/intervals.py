"""How far a mean over a sample can be from that over all posts: its variance, and an interval from it.

Arrays in, numbers out. Knows designs (weights, copies, a finite source), not what is estimated.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

QUANTILE = 1.959964
"""Of the normal distribution: 95 % lie within."""
_UNSEEN = 2.0
"""Errors that may be there where none is seen. The rule of three (J. Hanley, JAMA 249, 1983) says three, and
with it groups were held in up to 99 % of draws; with two a model that errs in 1 % of posts still is."""
_STEADY = 0.25
"""Variance of one imagined post, so that a sample without a single error does not claim certainty."""


def variance_of_mean(
    residual: FloatArray, w: FloatArray, fraction: FloatArray, clusters: IntArray, n_terms: int
) -> float:
    """Estimate the variance of a weighted mean of residuals, drawn without replacement, copies together."""
    n = len(residual)
    if n <= n_terms:
        return _STEADY / n
    share = w / w.sum() * residual
    scaled = share * np.sqrt(1 - fraction)
    _, group = np.unique(clusters, return_inverse=True)
    together = np.bincount(group, weights=scaled)
    return float((together**2).sum() * n / (n - n_terms))


def unseen_errors(residual: FloatArray, w: FloatArray, fraction: FloatArray, clusters: IntArray) -> float:
    """Add to the variance what errors may be there that a sample shows few of, or none.

    Of a model that errs once in two hundred posts most samples of two hundred show one error or none, and
    their spread promises far too much. No error seen leaves room for `_UNSEEN`; from so many on, the more
    errors are seen the less is added.
    """
    n = len(residual)
    _, group = np.unique(clusters, return_inverse=True)
    seen = np.bincount(group, weights=n * w / w.sum() * residual * np.sqrt(1 - fraction))
    trust = min(1.0, _UNSEEN / max(float((seen**2).sum()), 1e-9))
    return (_UNSEEN / QUANTILE) ** 2 * trust * float((1 - fraction).mean()) / n**2


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
    return n / max(design, 1e-6) / gain


def wilson(share: float, n: float) -> tuple[float, float]:
    """Bound a share with E. Wilson's score interval (JASA 22, 1927)."""
    square = QUANTILE**2 / n
    middle = (share + square / 2) / (1 + square)
    half = math.sqrt(max(share * (1 - share) * square + square**2 / 4, 0.0)) / (1 + square)
    # Rounding may put a bound on the wrong side of a share of 0 or 1.
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))
