"""The gate: is a retrained head good enough to take the place of the one in use?

Arrays in, a verdict with reasons out; knows no model, file or store. Two sets of posts are judged:
the frozen split, which nothing was ever fitted on, to see what the change costs, and corrections
that were held out, to see what it brings. A refit moves a few predictions whatever it learned, and
with 60 posts of a class one post is 1.7 points: a figure counts as worse when it is so by more than
the allowance and by more than such noise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from mmsa_tui.model.metrics import FloatArray, IntArray, calibration_error
from mmsa_tui.retrain.verdict import COHERENCE, Check, Verdict
from training.chance import chance_of_fit, is_more, percentile_interval, resample, resample_counts

_LEAST_PROB = 0.01
"""Probabilities count as no less than this: a single very sure mistake must not decide a test."""


@dataclass(frozen=True)
class GateRules:
    """What a candidate is allowed; shares and scores run from 0 to 1.

    macro_f1_loss: the lower bound of the change of macro-F1, with `certainty` on one side, may not
        lie below minus this; a frozen split of 600 posts cannot prove less.
    recall_loss, ece_rise: how far a class's recall may fall, with the same certainty, and the
        calibration error rise.
    negative_flips: share of the frozen split that was right and may now be wrong.
    chance: how unlikely under "nothing but chance" an effect must be to be believed.
    """

    macro_f1_loss: float = 0.04
    certainty: float = 0.9
    recall_loss: float = 0.02
    ece_rise: float = 0.01
    negative_flips: float = 0.08
    chance: float = 0.05
    rounds: int = 2_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.rounds < 100:
            raise ValueError("a gate needs 100 rounds or more")


@dataclass(frozen=True)
class Judged:
    """Posts with people's labels, and what both heads say of them.

    truth: [N] class indices. before, after: [N, K] calibrated probabilities of the head in use and
    of the candidate.
    """

    truth: IntArray
    before: FloatArray
    after: FloatArray

    def __len__(self) -> int:
        return len(self.truth)


def decide(
    frozen: Judged,
    held_out: Judged,
    unseen: Judged,
    labels: Sequence[str],
    rules: GateRules | None = None,
    alone: Mapping[str, Judged] | None = None,
    n_new: int | None = None,
) -> Verdict:
    """Compare a candidate with the head in use.

    Args:
        frozen: the frozen split.
        held_out: corrections that neither head was fitted on; may be empty.
        unseen: all corrections that the head in use was not fitted on, `held_out` among them; the
            candidate was fitted on the others, so only `before` is read of those.
        alone: the frozen split as it is judged with only a part of each post, by name of the part.
        n_new: corrections to learn from, or taken back, that the head in use did not know of; None if
            that does not matter.

    Raises:
        ValueError: the frozen split is empty.
    """
    if not len(frozen):
        raise ValueError("the frozen split holds no post to judge by")
    rules = rules or GateRules()
    checks = (
        _macro_f1(frozen, rules),
        *(_macro_f1(posts, rules, f" {part}") for part, posts in (alone or {}).items() if len(posts)),
        _accuracy(frozen, rules),
        *_recalls(frozen, labels, rules),
        _calibration(frozen, rules),
        _negative_flips(frozen, rules),
        _held_out(held_out, rules),
        _coherence(held_out, unseen, rules),
        *(_news(n_new) if n_new is not None else ()),
    )
    return Verdict(all(check.passed for check in checks), checks, len(frozen), len(held_out), len(unseen))


@dataclass(frozen=True)
class _Flips:
    """How rightness changes on some posts: [N] of +1 newly right, -1 no longer right, 0 as before."""

    before: float
    after: float
    change: FloatArray

    @classmethod
    def of(cls, posts: Judged) -> _Flips:
        was_right, is_right = posts.before.argmax(1) == posts.truth, posts.after.argmax(1) == posts.truth
        return cls(float(was_right.mean()), float(is_right.mean()), is_right.astype(float) - was_right)

    @property
    def gained(self) -> int:
        return int((self.change > 0).sum())

    @property
    def lost(self) -> int:
        return int((self.change < 0).sum())

    @property
    def noise(self) -> float:
        """Standard error of the mean change if there were none."""
        return math.sqrt(self.gained + self.lost) / len(self.change)

    def interval(self, rules: GateRules) -> tuple[float, float]:
        kinds = (self.change + 1).astype(np.int64)
        counts = resample_counts(kinds, 3, rounds=rules.rounds, seed=rules.seed)
        return percentile_interval((counts[:, 2] - counts[:, 0]) / len(kinds))

    def check(self, name: str, passed: bool, said: str, rules: GateRules) -> Check:
        change = self.after - self.before
        return Check(name, passed, said, self.before, self.after, change, self.interval(rules))


def _macro_f1(posts: Judged, rules: GateRules, part: str = "") -> Check:
    k = posts.before.shape[1]
    kinds = (posts.truth * k + posts.before.argmax(1)) * k + posts.after.argmax(1)
    everything = np.bincount(kinds, minlength=k**3).reshape(1, k, k, k).astype(float)
    before, after = _macro_f1s(everything.sum(3))[0], _macro_f1s(everything.sum(2))[0]
    drawn = resample_counts(kinds, k**3, rounds=rules.rounds, seed=rules.seed).reshape(-1, k, k, k)
    values = _macro_f1s(drawn.sum(2)) - _macro_f1s(drawn.sum(3))
    low = float(np.quantile(values, 1 - rules.certainty))
    return Check(
        f"macro-F1{part}",
        low >= -rules.macro_f1_loss,
        f"macro-F1{part} changes by {after - before:+.3f} on the frozen split, by {low:+.3f} at worst (with"
        f" {rules.certainty:.0%} certainty); {-rules.macro_f1_loss:+.3f} is allowed",
        float(before),
        float(after),
        float(after - before),
        percentile_interval(values),
    )


def _accuracy(posts: Judged, rules: GateRules) -> Check:
    flips = _Flips.of(posts)
    passed = not is_more(flips.lost, flips.gained, rules.chance)
    said = f"{flips.lost} posts of the frozen split got worse and {flips.gained} better"
    return flips.check("accuracy", passed, said + ("" if passed else ": more than chance explains"), rules)


def _recalls(posts: Judged, labels: Sequence[str], rules: GateRules) -> list[Check]:
    checks = []
    for index, label in enumerate(labels):
        own = posts.truth == index
        if not own.any():
            checks.append(Check(f"recall {label}", True, f"no post of the frozen split is {label}"))
            continue
        flips = _Flips.of(Judged(posts.truth[own], posts.before[own], posts.after[own]))
        change = flips.after - flips.before
        # Three classes are tried: one standard error each would refuse every third harmless change.
        allowed = -rules.recall_loss - NormalDist().inv_cdf(rules.certainty) * flips.noise
        checks.append(
            Check(
                f"recall {label}",
                change >= allowed,
                f"of {own.sum()} {label} posts {flips.lost} are no longer found and {flips.gained} newly:"
                f" {change:+.3f}; {allowed:+.3f} is allowed, noise included",
                flips.before,
                flips.after,
                change,
                flips.interval(rules),
            )
        )
    return checks


def _calibration(posts: Judged, rules: GateRules) -> Check:
    before, after = (calibration_error(posts.truth, probs) for probs in (posts.before, posts.after))
    values = resample(
        lambda rows: (
            calibration_error(posts.truth[rows], posts.after[rows])
            - calibration_error(posts.truth[rows], posts.before[rows])
        ),
        len(posts),
        # A standard error needs fewer rounds than the end of an interval.
        rounds=max(100, rules.rounds // 10),
        seed=rules.seed,
    )
    allowed = rules.ece_rise + NormalDist().inv_cdf(rules.certainty) * float(values.std())
    return Check(
        "calibration error",
        after - before <= allowed,
        f"the calibration error changes by {after - before:+.3f}; {allowed:+.3f} is allowed, noise included",
        before,
        after,
        after - before,
    )


def _negative_flips(posts: Judged, rules: GateRules) -> Check:
    share = _Flips.of(posts).lost / len(posts)
    return Check(
        "negative flips",
        share <= rules.negative_flips,
        f"{share:.1%} of the frozen split was right and is wrong now; {rules.negative_flips:.1%} is allowed",
        after=share,
    )


def _held_out(posts: Judged, rules: GateRules) -> Check:
    if not len(posts):
        return Check("held-out corrections", False, "no correction is held out yet to judge by: make more")
    flips = _Flips.of(posts)
    passed = not is_more(flips.lost, flips.gained, 2 * rules.chance)
    said = (
        f"of {len(posts)} corrections held out {flips.gained} are newly got right and {flips.lost} no longer"
    )
    doubt = "" if passed else ": it has not learned what analysts mean"
    return flips.check("held-out corrections", passed, said + doubt, rules)


def _coherence(held_out: Judged, unseen: Judged, rules: GateRules) -> Check:
    """Tell corrections that follow from the posts from labels that might be anyone's.

    Three ones are tried, each against the labels dealt out anew among the posts: the head in use
    finds the labels likelier where they were given than elsewhere; it does so even among posts it
    judges alike, as when only its mistakes were corrected; or the candidate does, among held-out
    posts, for something the head in use knew nothing of.
    """
    before = _scores(unseen.before)
    nobody = np.zeros(len(unseen), dtype=np.int64)
    tries = [
        chance_of_fit(scores, truth, strata, rounds=rules.rounds, seed=rules.seed)
        for scores, truth, strata in (
            (before, unseen.truth, nobody),
            (before, unseen.truth, unseen.before.argmax(1)),
            (_scores(held_out.after), held_out.truth, held_out.before.argmax(1)),
        )
    ]
    # Three tries share what one is allowed (Bonferroni).
    chance = min(1.0, len(tries) * min(tries))
    # Random labels must not pass in 1 of 20 retrains either: they do harm that no split shows.
    passed = chance <= rules.chance / 5
    return Check(
        COHERENCE,
        passed,
        f"labels dealt out at random would fit the posts as well as these {len(unseen)} corrections with a"
        f" chance of {chance:.3f}"
        + ("" if passed else ": they cannot be told from random ones, or are too few to tell"),
    )


def _news(n_new: int) -> tuple[Check, ...]:
    """Refuse what can only be worse: learned once more, the same corrections teach noise."""
    if n_new:
        return ()
    return (
        Check("new corrections", False, "the bundle in use has learned all of these corrections already"),
    )


def _scores(probs: FloatArray) -> FloatArray:
    scores: FloatArray = np.log(np.maximum(probs, _LEAST_PROB))
    return scores


def _macro_f1s(tables: FloatArray) -> FloatArray:
    """Macro-F1 of each table of counts [R, K, K], over the labels that occur; rows are the truth."""
    hits = np.diagonal(tables, axis1=1, axis2=2)
    total = tables.sum(1) + tables.sum(2)
    f1 = np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0)
    occurs = tables.sum(2) > 0
    mean: FloatArray = (f1 * occurs).sum(1) / np.maximum(occurs.sum(1), 1)
    return mean
