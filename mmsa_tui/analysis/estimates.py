"""Shares, differences and scores with intervals, from a random audit and the model's labels together.

Arrays in, numbers out; knows no store. The model's answers for all posts are corrected by people's
labels of a random sample: prediction-powered inference (A. Angelopoulos et al., Science 382, 2023,
with the tuning of arXiv:2311.01453) in its design-based form (N. Egami et al., NeurIPS 2023), which is
the regression estimator of survey statistics (C.-E. Särndal et al., Model Assisted Survey Sampling,
1992, chapter 6). The posts that the model gives a label and the others are bounded apart, with the
effective sample size of that estimator, and the bounds are joined, so that they hold for shares near 0, for
small groups and where the model seldom errs; `benchmarks/coverage.py` measures it. Without a model, for the
few and for scores the interval is Wilson's. What is fitted is paid for in the variance; a t quantile on top
of it made the intervals of small groups hold 96.3 % instead of 95.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mmsa_tui.analysis.intervals import (
    QUANTILE,
    BoolArray,
    FloatArray,
    IntArray,
    bound_in_parts,
    effective_size,
    variance_of_mean,
    wilson,
)

FEW = 10
"""With fewer audited posts the model's answers are left out of it, and the estimate is called rough."""

MANY = 80
"""With so many the model's plain answer is fitted beside its probability; in fewer it would fit noise."""


@dataclass(frozen=True)
class Population:
    """All different posts of a source, one row each, and what people said of a random part.

    Attributes:
        labels: K names.
        sizes: [N] how many posts a row stands for.
        probs: [N, K] the model's probabilities; zeros where it has none.
        predicted: [N] index of the model's label, -1 where it has none.
        strata: [N] number of the stratum a row was drawn from.
        clusters: [N] number of the group of copies a row is in.
        audited: [N] whether people labelled it in the audit.
        given: [N, K] share of the coders who gave each label; zeros where it was not audited, and for a
            label that is none of the K.
    """

    labels: tuple[str, ...]
    sizes: FloatArray
    probs: FloatArray
    predicted: IntArray
    strata: IntArray
    clusters: IntArray
    audited: BoolArray
    given: FloatArray

    @cached_property
    def weights(self) -> FloatArray:
        """[N] the inverse of the audited share of a row's stratum; strata without any are pooled."""
        n_strata = int(self.strata.max()) + 1 if len(self.strata) else 0
        size = np.bincount(self.strata, minlength=n_strata).astype(float)
        drawn = np.bincount(self.strata[self.audited], minlength=n_strata).astype(float)
        bare = drawn == 0
        # Nobody stands for a stratum that nobody looked at but the others, all alike.
        spread = size.sum() / max(size[~bare].sum(), 1.0) if bare.any() else 1.0
        per_stratum = np.divide(size, drawn, out=np.zeros_like(size), where=~bare) * spread
        found: FloatArray = per_stratum[self.strata]
        return found

    @property
    def has_answers(self) -> bool:
        """Whether a model has given any row a label; without one the sample speaks alone."""
        return bool((self.predicted >= 0).any())

    @cached_property
    def bare(self) -> BoolArray:
        """[N] whether nobody looked at any row of a row's stratum."""
        n_strata = int(self.strata.max()) + 1 if len(self.strata) else 0
        drawn = np.bincount(self.strata[self.audited], minlength=n_strata)
        return np.asarray(drawn[self.strata] == 0, dtype=bool)

    @cached_property
    def fraction(self) -> FloatArray:
        """[N] the share of a row's stratum that was audited."""
        return np.asarray(np.clip(1 / np.maximum(self.weights, 1.0), 0, 1), dtype=float)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share with its 95 % interval, all between 0 and 1.

    `value`, `low` and `high` are None where nothing was audited. `raw` is what the model's labels alone
    say, None where it gave none. `n_audited` posts were looked at. `is_rough` says that these are few.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    raw: float | None
    n_audited: int

    @property
    def is_rough(self) -> bool:
        return self.n_audited < FEW


@dataclass(frozen=True, slots=True)
class Difference:
    """How much larger a share is in one group than in another, with its 95 % interval.

    `p_value` is two-sided; `adjusted` is Holm's, over all differences asked for together. All are None
    where a group has no audited post.
    """

    name: str
    first: Estimate
    second: Estimate
    value: float | None
    low: float | None
    high: float | None
    p_value: float | None
    adjusted: float | None = None


def estimate_shares(population: Population, members: FloatArray | None = None) -> list[Estimate]:
    """Estimate the share of each label among some of the posts.

    Args:
        members: [N] how many posts each row counts for, 0 where it is not among them; all by default.
    """
    chosen = population.sizes if members is None else members
    return [
        _estimate(
            label,
            population,
            chosen,
            population.given[:, at],
            population.probs[:, at],
            (population.predicted == at).astype(float),
        )
        for at, label in enumerate(population.labels)
    ]


def estimate_accuracy(population: Population, members: FloatArray | None = None) -> Estimate:
    """Estimate in how large a share of the posts the model's label is people's."""
    chosen = population.sizes if members is None else members
    chosen = chosen * (population.predicted >= 0)
    at = np.maximum(population.predicted, 0)[:, None]
    right = np.take_along_axis(population.given, at, axis=1)[:, 0]
    confidence = np.take_along_axis(population.probs, at, axis=1)[:, 0]
    found = _estimate("accuracy", population, chosen, right, confidence, None)
    return Estimate(found.name, found.value, found.low, found.high, None, found.n_audited)


def estimate_precision(population: Population) -> list[Estimate]:
    """Estimate, for each label, how often people agree where the model gives it."""
    found = []
    for at, label in enumerate(population.labels):
        one = _estimate(
            label,
            population,
            population.sizes * (population.predicted == at),
            population.given[:, at],
            population.probs[:, at],
            None,
        )
        found.append(Estimate(label, one.value, one.low, one.high, None, one.n_audited))
    return found


def estimate_recall(population: Population) -> list[Estimate]:
    """Estimate, for each label, how often the model gives it where people do.

    Which other posts people would give it is not known, so the audited posts alone speak.
    """
    found = []
    asked = population.audited & (population.sizes > 0)
    for at, label in enumerate(population.labels):
        sample = np.flatnonzero(asked & (population.given[:, at] > 0))
        weights = population.weights[sample] * population.given[sample, at]
        hit = (population.predicted[sample] == at).astype(float)
        found.append(_wilson_mean(label, hit, weights, population, sample))
    return found


def compare(
    population: Population, first: FloatArray, second: FloatArray, names: Sequence[str] | None = None
) -> list[Difference]:
    """Compare the share of each label in two groups without a common post; p-values are adjusted together.

    Copies of a post may be in both: as if they were independent, which is too wide rather than too narrow.
    """
    found = []
    one, two = estimate_shares(population, first), estimate_shares(population, second)
    for name, a, b in zip(names or population.labels, one, two, strict=True):
        found.append(difference(name, a, b))
    return adjust(found)


def difference(name: str, first: Estimate, second: Estimate) -> Difference:
    """Take one share less another with R. Newcombe's hybrid of their intervals (Stat. Med. 17, 1998)."""
    if first.value is None or second.value is None:
        return Difference(name, first, second, None, None, None, None)
    value = first.value - second.value
    low, high = _hybrid(first, second)
    # How many standard errors the side of the interval towards 0 holds.
    side = value - low if value > 0 else high - value
    p_value = _two_sided(abs(value) / side * QUANTILE) if side > 0 else float(value == 0)
    return Difference(name, first, second, value, low, high, p_value)


def adjust(found: Sequence[Difference]) -> list[Difference]:
    """Adjust p-values for how many there are (S. Holm, Scand. J. Stat. 6, 1979)."""
    known = sorted((one.p_value, at) for at, one in enumerate(found) if one.p_value is not None)
    adjusted: dict[int, float] = {}
    largest = 0.0
    for rank, (p_value, at) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * p_value))
        adjusted[at] = largest
    return [
        Difference(
            *(one.name, one.first, one.second, one.value, one.low, one.high, one.p_value), adjusted.get(at)
        )
        for at, one in enumerate(found)
    ]


def posts_needed(population: Population, half_width: float) -> int:
    """Say how many audited posts the widest interval of a share needs for a wished half width.

    Before enough are audited it is reckoned without the model's help.
    """
    n_all = len(population.sizes)
    shares = estimate_shares(population)
    widths = [(one.high - one.low) / 2 for one in shares if one.high is not None and one.low is not None]
    n_audited = int(population.audited.sum())
    if n_audited < 3 * FEW or not widths:
        needed = 0.25 * (QUANTILE / half_width) ** 2
        return min(n_all, math.ceil(needed / (1 + needed / max(n_all, 1))))
    # Widths shrink with the root of the number; the correction for a finite source is undone and redone.
    free = n_audited / max(1 - n_audited / n_all, 1e-9) * (max(widths) / half_width) ** 2
    return min(n_all, max(math.ceil(free / (1 + free / n_all)), 1))


def _estimate(
    name: str,
    population: Population,
    sizes: FloatArray,
    given: FloatArray,
    probs: FloatArray,
    says_so: FloatArray | None,
) -> Estimate:
    """Estimate a mean over posts.

    Args:
        sizes: [N] how many posts each row counts for.
        given: [N] what people said, known where `audited`.
        probs: [N] what the model expects of it.
        says_so: [N] the model's plain answer, where it has one of the same meaning.
    """
    total = sizes.sum()
    sample = np.flatnonzero(population.audited & (sizes > 0))
    n = len(sample)
    plain = says_so if says_so is not None else probs
    has_answers = bool((population.predicted[sizes > 0] >= 0).any())
    raw = float((sizes * plain).sum() / total) if total > 0 and has_answers else None
    if not n or total <= 0:
        return Estimate(name, None, None, None, raw, 0)
    if n == int((sizes > 0).sum()):
        known = float((sizes * given).sum() / total)
        return Estimate(name, known, known, known, raw, n)
    w = population.weights[sample] * sizes[sample]
    y = given[sample]
    terms = [np.ones(len(sizes))]
    if n >= FEW and has_answers:
        terms.append(probs)
    if says_so is not None and n >= MANY and has_answers:
        terms.append(says_so)
    x = np.stack(terms, axis=1)
    beta = _fit(x[sample], y, w)
    value = float((sizes @ x) @ beta / total)
    # Without an intercept's exactness the mean residual would be missing; lstsq may drop a term.
    residual = y - x[sample] @ beta
    value += float((w * residual).sum() / w.sum())
    fraction = _fraction(population, sizes > 0, sample)
    clusters = population.clusters[sample]
    clipped = min(max(value, 0.0), 1.0)
    parts = _parts(says_so, sizes, sample) if len(terms) > 1 else []
    if len(parts) > 1:
        low, high = bound_in_parts(clipped, y, residual, w, fraction, clusters, parts, len(terms))
        return Estimate(name, clipped, low, high, raw, n)
    mean = float((w * y).sum() / w.sum())
    model_variance = variance_of_mean(residual, w, fraction, clusters, len(terms))
    plain_variance = variance_of_mean(y - mean, w, fraction, clusters, 1)
    low, high = wilson(clipped, effective_size(mean, model_variance, plain_variance, w, fraction))
    return Estimate(name, clipped, low, high, raw, n)


def _parts(says_so: FloatArray | None, sizes: FloatArray, sample: IntArray) -> list[tuple[BoolArray, float]]:
    """Part a sample by the model's plain answer, [n] each, with the share of all posts that has it.

    An answer of which nobody looked at a post is no part: its posts are judged by the others.
    """
    if says_so is None:
        return []
    found = []
    for answer in (0.0, 1.0):
        of_it = says_so[sample] == answer
        if of_it.any():
            found.append((of_it, float(sizes[says_so == answer].sum() / sizes.sum())))
    return found


def _wilson_mean(
    name: str, hit: FloatArray, weights: FloatArray, population: Population, sample: IntArray
) -> Estimate:
    n = len(sample)
    if not n:
        return Estimate(name, None, None, None, None, 0)
    w = weights * population.sizes[sample]
    mean = float((w * hit).sum() / w.sum())
    fraction = population.fraction[sample]
    variance = variance_of_mean(hit - mean, w, fraction, population.clusters[sample], 1)
    n_effective = effective_size(mean, variance, variance, w, fraction)
    low, high = wilson(mean, n_effective)
    return Estimate(name, mean, low, high, None, n)


def _fit(x: FloatArray, y: FloatArray, w: FloatArray) -> FloatArray:
    """Fit by weighted least squares; a slope of the probabilities below 0 or above 1 only adds noise."""
    root = np.sqrt(w)[:, None]
    beta = np.linalg.lstsq(x * root, y * root[:, 0], rcond=1e-9)[0]
    if x.shape[1] == 2:
        slope = min(max(float(beta[1]), 0.0), 1.0)
        beta = np.array([float((w * (y - slope * x[:, 1])).sum() / w.sum()), slope])
    return np.asarray(beta, dtype=float)


def _fraction(population: Population, members: BoolArray, sample: IntArray) -> FloatArray:
    """Say how much of what each audited post stands for was audited, [n].

    Where a group has strata that nobody looked at, one that was looked at through and through stands for
    them too: of three posts one answer is not the whole truth.
    """
    found = population.fraction[sample]
    if (population.bare & members).any():
        return np.minimum(found, len(sample) / int(members.sum()))
    return found


def _hybrid(first: Estimate, second: Estimate) -> tuple[float, float]:
    assert first.value is not None and first.low is not None and first.high is not None
    assert second.value is not None and second.low is not None and second.high is not None
    value = first.value - second.value
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return max(-1.0, value - below), min(1.0, value + above)


def _two_sided(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))
