"""Whether a head for a codebook is to be used: better than guessing, not worse than the one in use.

Every figure is of posts that were judged by a head which had not seen them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mmsa_tui.model.metrics import BoolArray, FloatArray, IntArray, macro_f1
from mmsa_tui.retrain.verdict import Check, Verdict
from training.chance import percentile_interval
from training.few_shot.head import Learned
from training.retrain.rehearsal import Corrected

LEAST_COMPARED = 20
"""Labels new to the model in use from which the two are compared."""
_ROUNDS = 2_000


def judge(
    learned: Learned,
    corrected: Corrected,
    labels: Sequence[str],
    before: tuple[IntArray, BoolArray] | None = None,
) -> Verdict:
    """Judge a head.

    Args:
        before: the labels that the model in use gives, [N], and which posts it had not learned.
    """
    truth, answers = corrected.labels.numpy(), learned.held_out.argmax(1)
    groups = np.unique(np.array(corrected.groups, dtype=object).astype(str), return_inverse=True)[1]
    chance = 1 / len(labels)

    def recall(rows: IntArray) -> float:
        return _macro_recall(truth[rows], answers[rows])

    everything = np.arange(len(truth))
    value = recall(everything)
    low, high = percentile_interval(_resampled(recall, groups))
    better = low > chance
    checks = [
        Check(
            "mean recall of labels",
            better,
            ""
            if better
            else f"the mean recall of the labels, {value:.2f} [{low:.2f}, {high:.2f}], is not surely above"
            f" guessing ({chance:.2f}): label more posts, or make the definitions sharper",
            chance,
            value,
            value - chance,
            (low - chance, high - chance),
        ),
        Check("macro-F1", True, "", None, macro_f1(truth, answers)),
    ]
    n_new = 0
    if before is not None:
        theirs, is_new = before
        rows = np.flatnonzero(is_new)
        n_new = len(rows)
        if n_new >= LEAST_COMPARED:
            checks.append(_compared(truth[rows], answers[rows], theirs[rows], groups[rows]))
    return Verdict(all(check.passed for check in checks), tuple(checks), 0, len(truth), n_new)


def _compared(truth: IntArray, answers: IntArray, theirs: IntArray, groups: IntArray) -> Check:
    """Compare with the model in use on labels that neither has learned."""
    gain = (answers == truth).astype(float) - (theirs == truth).astype(float)
    low, high = percentile_interval(_resampled(lambda rows: float(gain[rows].mean()), groups))
    worse = high < 0
    return Check(
        "accuracy on new labels",
        not worse,
        f"it is right less often than the model in use on {len(truth)} labels new to that one"
        if worse
        else "",
        float((theirs == truth).mean()),
        float((answers == truth).mean()),
        float(gain.mean()),
        (low, high),
    )


def _resampled(statistic: Callable[[IntArray], float], groups: IntArray) -> FloatArray:
    """Draw groups of copies with replacement, and reckon each time, [rounds]."""
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    rng = np.random.default_rng(0)
    return np.array(
        [
            statistic(np.concatenate([members[at] for at in rng.integers(0, len(members), len(members))]))
            for _ in range(_ROUNDS)
        ]
    )


def _macro_recall(truth: IntArray, answers: IntArray) -> float:
    return float(np.mean([np.mean(answers[truth == label] == label) for label in np.unique(truth)]))
