"""Logistic regression by a library, in the shape that heads have: a row of weights for each label."""

from __future__ import annotations

import numpy as np

from mmsa_tui.model.metrics import FloatArray, IntArray


def logistic_regression(
    x: FloatArray, labels: IntArray, n_labels: int, strength: float, weight: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Fit weights [K, D] and biases [K].

    Args:
        x: [N, D]. labels: [N] class indices below `n_labels`, each of which occurs.
        strength: inverse penalty of a squared weight. weight: what each post counts, [N].
    """
    from sklearn.linear_model import LogisticRegression

    # One row of weights for two labels has twice the penalty of a row for each.
    model = LogisticRegression(C=2 * strength if n_labels == 2 else strength, max_iter=500)
    model.fit(x, labels, sample_weight=weight)
    found, bias = model.coef_, model.intercept_
    if n_labels == 2:
        # One row stands for both: half of it for the second class, half against the first.
        return np.concatenate([-found, found]) / 2, np.concatenate([-bias, bias]) / 2
    return found, bias
