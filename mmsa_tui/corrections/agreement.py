"""How far analysts agree beyond chance, with intervals, and where they do not.

Pure arithmetic over labels: knows no file, store or screen. A rating is a class index, or
`MISSING` where an analyst has not judged a post.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from mmsa_tui.records import Measured

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    IntArray = npt.NDArray[np.int64]
    FloatArray = npt.NDArray[np.float64]

MISSING = -1
ROUNDS = 2_000
"""Bootstrap resamples; the ends of a 95 % percentile interval then rest on 50 values each."""


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two analysts on the posts both have judged.

    `confusion` is [K, K] counts: row = the first one's label, column = the second one's.
    `percent` is the share, 0 to 1, of equal labels; `kappa` is Cohen's.
    """

    first: str
    second: str
    n_posts: int
    percent: Measured
    kappa: Measured
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A post with different labels: its key, and each analyst's label, "" where there is none."""

    post: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of any number of analysts; `alpha` is Krippendorff's, for nominal data.

    `percent` is the share of equal labels among all pairs of ratings of one post. `n_posts` are
    those that two analysts or more have judged.
    """

    raters: tuple[str, ...]
    labels: tuple[str, ...]
    n_posts: int
    percent: Measured
    alpha: Measured
    pairs: tuple[PairAgreement, ...]
    disagreements: tuple[Disagreement, ...]


def measure_agreement(
    ratings: Mapping[str, Mapping[str, str]], labels: Sequence[str], *, rounds: int = ROUNDS, seed: int = 0
) -> Agreement:
    """Compare analysts.

    Args:
        ratings: analyst -> post -> label; a post that is not there has not been judged.
        labels: the labels in their order; others that occur follow.

    Raises:
        ValueError: fewer than two analysts, or no post that two of them have judged.
    """
    raters = tuple(ratings)
    if len(raters) < 2:
        raise ValueError("it takes two analysts to agree")
    order = _order(ratings, labels)
    posts = list(dict.fromkeys(post for rated in ratings.values() for post in rated))
    table = _tabulate(ratings, posts, order)
    shared = (table != MISSING).sum(0) >= 2
    if not shared.any():
        raise ValueError("no post has been judged by two of them")
    # Who has judged nothing that another has, too, is no part of what is measured.
    takes_part = (table[:, shared] != MISSING).any(1)
    raters = tuple(rater for rater, does in zip(raters, takes_part, strict=True) if does)
    table = table[takes_part][:, shared]
    names = [post for post, is_shared in zip(posts, shared, strict=True) if is_shared]
    percent, alpha = _overall(table, len(order), rounds, seed)
    pairs = (
        _compare(raters[i], raters[j], table[i], table[j], len(order), rounds, seed)
        for i, j in combinations(range(len(raters)), 2)
    )
    return Agreement(
        raters=raters,
        labels=order,
        n_posts=len(names),
        percent=percent,
        alpha=alpha,
        pairs=tuple(pair for pair in pairs if pair is not None),
        disagreements=_disagreements(raters, order, names, table),
    )


def _order(ratings: Mapping[str, Mapping[str, str]], labels: Sequence[str]) -> tuple[str, ...]:
    found = {label for rated in ratings.values() for label in rated.values()}
    return (*labels, *sorted(found - set(labels)))


def _tabulate(
    ratings: Mapping[str, Mapping[str, str]], posts: Sequence[str], labels: Sequence[str]
) -> IntArray:
    """Make the table [raters, posts] of class indices."""
    import numpy as np

    index = {label: i for i, label in enumerate(labels)}
    rows = [
        [index[rated[post]] if post in rated else MISSING for post in posts] for rated in ratings.values()
    ]
    return np.array(rows, dtype=np.int64)


def _units(table: IntArray, n_labels: int) -> tuple[IntArray, FloatArray]:
    """Give each post's ratings by label, [posts, K], and its share of the coincidence diagonal, [posts].

    Posts with fewer than two ratings pair with nothing and count nothing.
    """
    import numpy as np

    counts = np.stack([(table == label).sum(0) for label in range(n_labels)], axis=1)
    n_ratings = counts.sum(1)
    counts = counts * (n_ratings >= 2)[:, None]
    equal = (counts * (counts - 1)).sum(1) / np.maximum(n_ratings - 1, 1)
    return counts, equal


def _alphas(totals: FloatArray | IntArray, equal: FloatArray) -> FloatArray:
    """Alpha from label totals [R, K] and diagonals of the coincidence matrix [R].

    Source: K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011.
    """
    import numpy as np

    n = totals.sum(1)
    observed = n - equal
    expected = n**2 - (totals**2).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - (n - 1) * observed / expected, np.nan)


def _kappas(cells: FloatArray) -> FloatArray:
    """Kappa from tables of counts [R, K, K].

    Source: J. Cohen, A coefficient of agreement for nominal scales, 1960.
    """
    import numpy as np

    n = cells.sum((1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = np.trace(cells, axis1=1, axis2=2) / n
        expected = (cells.sum(1) * cells.sum(2)).sum(1) / n**2
        return np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)


def _overall(table: IntArray, n_labels: int, rounds: int, seed: int) -> tuple[Measured, Measured]:
    import numpy as np

    counts, equal = _units(table, n_labels)
    n_ratings = counts.sum(1)
    n_pairs = n_ratings * (n_ratings - 1)
    n_equal = (counts * (counts - 1)).sum(1)
    sums = _resample(np.column_stack([counts, equal, n_equal, n_pairs]), rounds, seed)
    percents = sums[:, -2] / sums[:, -1]
    alphas = _alphas(sums[:, :n_labels], sums[:, n_labels])
    alpha = float(_alphas(counts.sum(0)[None], np.array([equal.sum()]))[0])
    return _estimate(float(n_equal.sum() / n_pairs.sum()), percents), _estimate(alpha, alphas)


def _compare(
    first: str, second: str, a: IntArray, b: IntArray, n_labels: int, rounds: int, seed: int
) -> PairAgreement | None:
    import numpy as np

    both = (a != MISSING) & (b != MISSING)
    n = int(both.sum())
    if not n:
        return None
    cell = np.eye(n_labels * n_labels, dtype=np.int8)[a[both] * n_labels + b[both]]
    counts = cell.sum(0, dtype=float).reshape(n_labels, n_labels)
    cells = _resample(cell, rounds, seed).reshape(-1, n_labels, n_labels)
    percents = np.trace(cells, axis1=1, axis2=2) / n
    return PairAgreement(
        first=first,
        second=second,
        n_posts=n,
        percent=_estimate(float(np.trace(counts) / n), percents),
        kappa=_estimate(float(_kappas(counts[None])[0]), _kappas(cells)),
        confusion=tuple(tuple(int(v) for v in row) for row in counts),
    )


def _resample(parts: FloatArray | IntArray, rounds: int, seed: int) -> FloatArray:
    """Sum the rows of [posts, M] over posts drawn with replacement, once a round: [rounds, M]."""
    import numpy as np

    # Posts with equal rows are exchangeable, and there are few different rows: drawing how many of
    # each come up takes the same time for 100,000 posts as for 100.
    kinds, n_each = np.unique(parts, axis=0, return_counts=True)
    n = int(n_each.sum())
    drawn = np.random.default_rng(seed).multinomial(n, n_each / n, size=rounds)
    summed: FloatArray = np.matmul(drawn.astype(np.float64), kinds.astype(np.float64))
    return summed


def _estimate(value: float, resampled: FloatArray) -> Measured:
    import numpy as np

    # A resample in which everybody gives one label says nothing of agreement beyond chance.
    resampled = resampled[np.isfinite(resampled)]
    known = None if np.isnan(value) else value
    if not len(resampled):
        return Measured(known, None, None)
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Measured(known, float(low), float(high))


def _disagreements(
    raters: Sequence[str], labels: Sequence[str], posts: Sequence[str], table: IntArray
) -> tuple[Disagreement, ...]:
    found: list[Disagreement] = []
    for post, column in zip(posts, table.T, strict=True):
        given = column[column != MISSING]
        if (given != given[0]).any():
            named = {
                rater: "" if label == MISSING else labels[label]
                for rater, label in zip(raters, column, strict=True)
            }
            found.append(Disagreement(post, named))
    return tuple(found)
